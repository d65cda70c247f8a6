"""Tasks load or say what is wrong, by file and line; the shipped ones are as promised."""

import ast
import json
from collections import Counter
from pathlib import Path

import pytest
from course.shop import INSTRUCTIONS, KINDS, QUEUES

from mlkit import paths
from mlkit.measure.tasks import TaskError, load

SHIPPED = {name: load(name) for name in ("desk", "triage", "texts")}
ALL = [task for shipped in SHIPPED.values() for task in shipped]
GOOD = {
    "id": "math-01",
    "kind": "math",
    "level": "two-step",
    "split": "fit",
    "input": "2 + 3?",
    "grader": "expression",
    "gold": 5,
}
BAD = [
    ("not JSON", lambda line: "{", "Expecting property name"),
    (
        "no split",
        lambda line: {key: value for key, value in line.items() if key != "split"},
        "has no 'split'",
    ),
    ("other split", lambda line: line | {"split": "train"}, "split is 'train'; it is fit or test"),
    (
        "unknown grader",
        lambda line: line | {"grader": "opinion"},
        "there is no grader 'opinion'; choose one of number, expression",
    ),
    (
        "gold of the wrong type",
        lambda line: line | {"gold": "5"},
        "gold is '5'; this grader takes a number",
    ),
    ("gold that is no number", lambda line: line | {"gold": float("nan")}, "gold is nan"),
    ("empty input", lambda line: line | {"input": " "}, "none of them empty"),
    ("a list", lambda line: [], "list indices"),
    (
        "a label that is no text",
        lambda line: line | {"grader": "label", "gold": 3},
        "gold is 3, no text",
    ),
    (
        "python that divides by zero",
        lambda line: (
            line
            | {
                "grader": "python",
                "gold": {"expression": "1 / n", "variables": {"n": {"range": [0, 0]}}},
            }
        ),
        "gold cannot be worked out",
    ),
    (
        "short that refuses itself",
        lambda line: line | {"grader": "short", "gold": {"accept": ["30 days"], "reject": ["30"]}},
        "gold accepts '30 days', which its own reject refuses",
    ),
    (
        "nothing to choose from",
        lambda line: (
            line
            | {
                "grader": "python",
                "gold": {"expression": "n", "variables": {"n": {"one_of": []}}},
            }
        ),
        "gold cannot be worked out",
    ),
    (
        "an empty answer",
        lambda line: line | {"grader": "short", "gold": {"accept": ["the"]}},
        "accepts an answer without a word",
    ),
    (
        "a mention that is no word",
        lambda line: line | {"grader": "constraints", "gold": {"mentions": [1]}},
        "gold has a mentions of the wrong type",
    ),
    (
        "unknown constraint",
        lambda line: line | {"grader": "constraints", "gold": {"rhymes": True}},
        "gold is not an object of mentions",
    ),
    (
        "constraint of a wrong type",
        lambda line: line | {"grader": "constraints", "gold": {"lines": "2"}},
        "gold has a lines of the wrong type",
    ),
]


@pytest.mark.parametrize(
    ("change", "complaint"), [case[1:] for case in BAD], ids=[case[0] for case in BAD]
)
def test_a_bad_line_is_refused_by_file_and_line(tmp_path: Path, change, complaint):
    changed = change(dict(GOOD))
    bad = changed if isinstance(changed, str) else json.dumps(changed)
    (tmp_path / "own.jsonl").write_text(f"{json.dumps(GOOD | {'id': 'math-00'})}\n{bad}\n")
    with pytest.raises(TaskError, match="data/README.md") as refused:
        load("own", tmp_path)
    assert str(refused.value).startswith("own.jsonl, line 2: ") and complaint in str(refused.value)


def test_the_same_id_twice_a_missing_file_and_an_empty_one_are_refused(tmp_path: Path):
    (tmp_path / "own.jsonl").write_text(2 * f"{json.dumps(GOOD)}\n")
    with pytest.raises(TaskError, match=r"own.jsonl, line 2: the id 'math-01' stands there twice"):
        load("own", tmp_path)
    (tmp_path / "own.jsonl").write_text("")
    with pytest.raises(TaskError, match="holds no tasks"):
        load("own", tmp_path)
    with pytest.raises(TaskError, match="git checkout -- data/tasks"):
        load("nowhere", tmp_path)


def test_a_line_ends_at_a_new_line_only(tmp_path: Path):
    line = json.dumps(GOOD | {"input": "2 + 3?\u2028Now!"}, ensure_ascii=False)
    (tmp_path / "own.jsonl").write_text(f"{line}\n", encoding="utf-8")
    assert load("own", tmp_path)[0].input == "2 + 3?\u2028Now!"


def test_the_labels_of_a_file_are_its_golds(tmp_path: Path):
    lines = [
        json.dumps(GOOD | {"id": f"x-{n}", "grader": "label", "gold": gold})
        for n, gold in enumerate(("yes", "no", "yes"))
    ]
    (tmp_path / "own.jsonl").write_text("\n".join(lines))
    assert [task.labels for task in load("own", tmp_path)] == 3 * [("yes", "no")]
    assert {*load("triage")[0].labels} == {*QUEUES}


# The shipped tasks


def test_ids_are_unique_over_all_files_and_counts_are_as_promised():
    assert len({task.id for task in ALL}) == len(ALL) == 250
    assert Counter(task.kind for task in SHIPPED["desk"]) == dict.fromkeys(KINDS, 33)
    assert (len(SHIPPED["triage"]), len(SHIPPED["texts"])) == (96, 22)
    assert set(Counter(task.gold for task in SHIPPED["triage"]).values()) <= {19, 20} and {
        task.gold for task in SHIPPED["triage"]
    } == {*QUEUES}


def test_a_third_of_every_level_is_for_fitting():
    both = [*SHIPPED["desk"], *SHIPPED["triage"]]  # the short texts are all to test on
    assert {task.split for task in SHIPPED["texts"]} == {"test"}
    for (kind, level), count in Counter((task.kind, task.level) for task in both).items():
        fit = sum(task.split == "fit" for task in both if (task.kind, task.level) == (kind, level))
        assert abs(fit - count / 3) <= 1, (kind, level, fit, count)


def test_no_task_is_asked_twice_and_none_leaks_into_the_examples():
    inputs = [task.input for task in ALL]
    assert len(set(inputs)) == len(inputs)
    assert not set(inputs) & {prompt for one in INSTRUCTIONS.values() for prompt in one.examples}


def test_golds_are_right_by_their_own_graders():
    for each in SHIPPED["desk"]:
        if each.grader == "python":
            assert each.right(each.gold["expression"]), each.id
        if each.grader == "short":
            assert all(each.right(phrase) for phrase in each.gold["accept"]), each.id
            assert not any(each.right(phrase) for phrase in each.gold["reject"]), each.id
        if each.grader == "expression":
            assert each.right(str(each.gold)), each.id


def sides(expression: str) -> list[str]:
    """What the expression would be if its condition always went one way: a branch of its if, or one
    value of its min or max.
    """
    for node in ast.walk(tree := ast.parse(expression, mode="eval").body):
        parts = (
            [node.body, node.orelse]
            if isinstance(node, ast.IfExp)
            else node.args
            if isinstance(node, ast.Call)
            else []
        )
        if parts:
            return [
                ast.unparse(tree).replace(ast.unparse(node), f"({ast.unparse(part)})")
                for part in parts
            ]
    raise AssertionError(f"{expression} holds no condition")


@pytest.mark.parametrize(
    "each",
    [each for each in SHIPPED["desk"] if each.level == "condition"],
    ids=lambda each: each.id,
)
def test_a_condition_comes_up_on_both_sides_of_the_hidden_inputs(each):
    assert not [side for side in sides(each.gold["expression"]) if each.right(side)]


def test_questions_hold_a_paragraph_of_the_handbook_word_for_word():
    handbook = (paths.data() / "handbook.md").read_text(encoding="utf-8").strip().split("\n\n")
    texts = {text for text in handbook if not text.startswith("#")}
    assert len(texts) == 10
    general = [each for each in SHIPPED["desk"] if each.kind == "general"]
    assert all(each.input.partition("\n\n")[0] in texts for each in general) and len(general) == 33
