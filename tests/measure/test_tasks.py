"""Tasks load or say what is wrong, by file and line; graders judge right answers written many ways,
wrong ones, and attacks.
"""

import ast
import json
from collections import Counter
from pathlib import Path

import pytest

from mlkit.errors import Unparsed
from mlkit.measure import tasks
from mlkit.measure.tasks import (
    KINDS,
    QUEUES,
    Task,
    TaskError,
    broken_constraints,
    decision,
    draws,
    load,
)

SHIPPED = {name: load(name) for name in ("desk", "triage", "orders")}
ALL = [task for shipped in SHIPPED.values() for task in shipped]


def task(grader: str, gold) -> Task:
    return Task("x-01", "x", "any", "test", "?", grader, gold)


DISCOUNT = {
    "expression": "n * p * (1 - d / 100)",
    "variables": {"n": {"range": [1, 8]}, "p": {"range": [5, 90]}, "d": {"range": [1, 60]}},
}
MEMBER = {
    "expression": "p * 0.9 if member else p",
    "variables": {"p": {"range": [1, 50]}, "member": {"one_of": [True, False]}},
}
DAYS = {"accept": ["30 days", "thirty days", "30"], "reject": ["14", "14 days", "60"]}
SIGN = {"mentions": ["bell"], "forbidden": ["cheap"], "min_words": 4, "max_words": 8, "lines": 2}
TANDEM = {
    "queue": "rental",
    "fields": {"item": "tandem"},
    "total": 68,
    "limit": 70,
    "limit_is": "max",
    "decision": "go",
}
RIGHT = {
    "number": (
        57.5,
        [
            "57.5",
            "57.50",
            "$57.50",
            "The answer is 57.5",
            "Answer: 57.5.",
            "3 bells cost 15\nSo it is 57.5",
            "**57.5**",
            "57.500",
            "It costs $57.5 in all.",
            "= 57.5",
            "10 + 47.5 = 57.5\n\nThe answer is $57.50.",
        ],
    ),
    "expression": (
        57.5,
        [
            "57.5",
            "50 + 7.5",
            "(2 * 25) + 7.50",
            "115 / 2",
            "`50 + 7.5`",
            "$50 + $7.5",
            "50+7.5=",
            "50 + 7.5.",
            "23 * 2.5",
            "round(57.499, 2)",
            " 57.50 ",
        ],
    ),
    "python": (
        DISCOUNT,
        [
            "n * p * (1 - d / 100)",
            "p*n*(100-d)/100",
            "n * p - n * p * d / 100",
            "`n*p*(1-d/100)`",
            "(1 - d/100) * n * p",
            "```python\nn * p * (1 - d / 100)\n```",
            "n * (p - p * d / 100)",
            "n*p*(1-(d*0.01))",
            "sum([n * p, -n * p * d / 100])",
            "  n * p * (1 - d / 100)  ",
        ],
    ),
    "label": (
        "repair",
        [
            "repair",
            "Repair",
            "repair.",
            "REPAIR",
            " repair\n",
            "The queue is repair",
            "**repair**",
            "Label: repair",
            "'repair'",
            "It is a repair!",
        ],
    ),
    "kind": ("math", ["math", "Math.", "It is math"]),
    "fields": (
        {"item": "bell", "quantity": 3},
        [
            '{"item": "bell", "quantity": 3}',
            '{"quantity": 3.0, "item": "Bell"}',
            '```json\n{"item":"bell","quantity":"3"}\n```',
            'Here: {"item": "bell", "quantity": 3, "more": null}',
        ],
    ),
    "short": (
        DAYS,
        [
            "30 days",
            "30",
            "thirty days",
            "Within 30 days.",
            "The 30 days",
            "30 DAYS!",
            "It is 30 days",
            "up to 30 days after purchase",
            "* 30 days",
            "30  days",
        ],
    ),
    "constraints": (
        SIGN,
        [
            "Ring the bell.\nWe come.",
            "Our bells\nring all day",
            "A BELL\nfor every bike",
            "One bell,\n\ntwo wheels, fun.",
        ],
    ),
    "order": (TANDEM, ["68", "34 * 2", "2*34", "$68.00"]),
}
WRONG = {
    "number": [
        "",
        "57",
        "12 or 57.5",
        "575",
        "fifty",
        "57.5 or 58, I think",
        "1" * 400,
        "10**10**10",
        "57.51",
    ],
    "expression": [
        "",
        "57",
        "50 + 7.5 = 57.5",
        "the total is 57.5",
        "10**10**10",
        "'57.5'",
        "__import__('os').getpid()",
        "57.5 or 12",
        "1/0",
        "9**9**9",
        "x",
        "50 + 7.5 dollars",
        "(" * 90,
        "57.5 # or 58",
    ],
    "python": [
        "",
        "n * p",
        "n * p * d / 100",
        "import os",
        "__import__('os').system('ls')",
        "n.__class__",
        "10**10**10",
        "'a' * 10**9",
        "total = n * p",
        "lambda: n",
        "[n for n in (1, 2)]",
        "def f(): pass",
        "n * p * (1 - d / 100)\nn",
        "open('x')",
        "while True: pass",
        "n * p * (1 - d)",
        "print(n)",
        "(" * 150,
        "f'{n}'",
        "(10**30)**100",
        "n * p * (1 - d / 100) # or n",
        "list('abc')",
    ],
    "label": [
        "",
        "order",
        "repair or order",
        "repairs",
        "I cannot say",
        "disrepair",
        "repair, not refund",
    ],
    "kind": ["", "code", "math or code"],
    "fields": [
        "",
        "{}",
        '{"item": "bell"}',
        '{"item": "bell", "quantity": 4}',
        "item: bell, quantity: 3",
        "[3]",
        '{"item": ' + 5000 * "1" + "}",
        '{"item": "bell", "quantity": null}',
    ],
    "short": [
        "",
        "14 days",
        "30 or 14 days",
        "130 days",
        "30 days, or 60 if unused",
        "I do not know",
        (
            "You can bring it back within 30 days if you still have the receipt and it was never"
            " used at all"
        ),
    ],
    "constraints": [
        "",
        "Ring the bell. We come.",
        "Ring the bell.\nIt is cheap.",
        "The door\nis open today",
        "bell\nbell",
        "Ring the bell and we come to you\nwith tea and cake for all",
    ],
    "order": ["", "69", "34 * 2 if it fits", "go", "34 + 2"],
}


@pytest.mark.parametrize(
    ("grader", "text"), [(grader, text) for grader, (_, texts) in RIGHT.items() for text in texts]
)
def test_a_right_answer_is_right_however_it_is_written(grader, text):
    assert task(grader, RIGHT[grader][0]).right(text)


@pytest.mark.parametrize(
    ("grader", "text"), [(grader, text) for grader, texts in WRONG.items() for text in texts]
)
def test_a_wrong_answer_a_hedge_or_an_attack_is_wrong(grader, text):
    assert not task(grader, RIGHT[grader][0]).right(text)


def test_every_grader_is_in_both_lists():
    assert RIGHT.keys() == WRONG.keys() == tasks.GRADERS.keys()


def test_a_condition_must_hold_on_both_sides():
    assert task("python", MEMBER).right("p - p * 0.1 * member")
    assert not task("python", MEMBER).right("p * 0.9") and not task("python", MEMBER).right("p")
    assert {inputs["member"] for inputs in draws(MEMBER["variables"])} == {True, False}


def test_hidden_inputs_are_the_same_each_time_and_reach_both_ends():
    assert (
        draws(DISCOUNT["variables"]) == draws(DISCOUNT["variables"])
        and len(draws(DISCOUNT["variables"])) == 20
    )
    assert {inputs["n"] for inputs in draws({"n": {"range": [1, 2]}})} == {1, 2}


def test_equal_answers_have_equal_forms_and_what_cannot_be_read_is_unparsed():
    assert task("expression", 6).answer("2 * 3") == task("expression", 6).answer("6.0") == "6"
    assert task("label", "repair").answer("Repair.") == "repair"
    assert task("short", DAYS).answer("The 30 days.") == task("short", DAYS).answer("30 days")
    for grader, text in (("expression", "six"), ("label", "repair or order"), ("number", "none")):
        with pytest.raises(Unparsed):
            task(grader, RIGHT[grader][0]).answer(text)


def test_broken_constraints_are_named():
    assert broken_constraints("A cheap thing", SIGN) == [
        "it does not mention bell",
        "it says cheap",
        "it has 3 words",
        "it has 1 line",
    ]


@pytest.mark.parametrize(
    ("text", "gold", "wanted"),
    [
        ("34 * 2", TANDEM, "go"),
        ("71", TANDEM, "ask"),
        ("70", TANDEM, "go"),
        ("I do not know", TANDEM, "ask"),
        ("60", TANDEM | {"limit": 50, "limit_is": "min"}, "go"),
        ("49", TANDEM | {"limit": 50, "limit_is": "min"}, "ask"),
    ],
)
def test_the_decision_follows_from_the_total_and_the_limit(text, gold, wanted):
    assert decision(text, gold) == wanted


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
        "label outside",
        lambda line: line | {"grader": "label", "gold": "sale"},
        "gold is 'sale'; choose one of repair, order",
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
    (
        "decision that does not follow",
        lambda line: line | {"grader": "order", "gold": TANDEM | {"decision": "ask"}},
        "gold says 'ask', but its total and limit say 'go'",
    ),
    (
        "order without a limit",
        lambda line: line | {"grader": "order", "gold": {"total": 3}},
        "gold is not an object of queue",
    ),
    (
        "no fields",
        lambda line: line | {"grader": "fields", "gold": []},
        "gold is not an object of fields",
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


# The shipped tasks


def test_ids_are_unique_over_all_files_and_counts_are_as_promised():
    assert len({task.id for task in ALL}) == len(ALL) == 276
    assert Counter(task.kind for task in SHIPPED["desk"]) == dict.fromkeys(KINDS, 33)
    assert (len(SHIPPED["triage"]), len(SHIPPED["orders"])) == (96, 48)
    assert set(Counter(task.gold for task in SHIPPED["triage"]).values()) <= {19, 20} and {
        task.gold for task in SHIPPED["triage"]
    } == {*QUEUES}


def test_a_third_of_every_level_is_for_fitting():
    for (kind, level), count in Counter((task.kind, task.level) for task in ALL).items():
        fit = sum(task.split == "fit" for task in ALL if (task.kind, task.level) == (kind, level))
        assert abs(fit - count / 3) <= 1, (kind, level, fit, count)


def test_no_task_is_asked_twice_and_none_leaks_into_the_examples():
    from course.shop import INSTRUCTIONS

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
    for order in SHIPPED["orders"]:
        assert order.right(order.notes["expression"]), order.id


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
    texts = set(tasks.paragraphs().values())
    assert len(texts) == 10
    general = [each for each in SHIPPED["desk"] if each.kind == "general"]
    assert all(each.input.partition("\n\n")[0] in texts for each in general) and len(general) == 33
