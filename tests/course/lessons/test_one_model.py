"""Notebook 01: what its lesson counts, computed again; its exercises; the edits that it names."""

import ast
import asyncio
import re
from collections import Counter
from types import SimpleNamespace

import nbformat
import pytest
from course import studies
from course.lessons import benches, one_model
from course.shop import member_for

import mlkit
from mlkit import paths
from mlkit.measure.stats import difference, wilson
from mlkit.measure.tools import ToolError, arithmetic
from mlkit.widgets.lessons import check, quiz
from tests.widgets.sentences import hits, one, tokens


@pytest.fixture(scope="module")
def kit():
    return mlkit.connect(engine="replay")


@pytest.fixture(scope="module")
def shop(kit):
    return asyncio.run(one_model.measured(kit))


def prose_of(*ids: str) -> str:
    cells = nbformat.read(paths.notebooks() / "01_one_model.ipynb", as_version=4).cells
    return "\n".join(cell.source for cell in cells if cell.id in ids)


# --- What it counts


def test_the_desk_is_the_88_test_tasks_and_the_sums_are_22(shop):
    assert {task.split for task in (*shop.desk.tasks, *shop.sums.tasks)} == {"test"}
    assert (len(shop.desk.tasks), len(shop.sums.tasks)) == (88, 22)
    assert [task.id for task in shop.samples.tasks] == [task.id for task in shop.sums.tasks]


def test_shares_gains_and_tokens_are_those_of_the_recordings(shop):
    lines = shop.shares().splitlines()
    assert len(lines) == len(one_model.WAYS)
    for line, (way, subject) in zip(lines, one_model.WAYS.items(), strict=True):
        cells = one(shop.desk, subject)
        spent = sum(tokens(cell.calls) for cell in cells) / 88
        assert shop.share(way) == hits(cells) / 88
        assert line == f"{way:<17}{wilson(hits(cells), 88)} right, {spent:.0f} tokens a task"
    better = [cell.right for cell in one(shop.desk, "large by kind")]
    worse = [cell.right for cell in one(shop.desk, "small")]
    gain = difference(better, worse).points()
    assert shop.gain("large by kind", "small in one way") == gain


@pytest.mark.parametrize("size", ["small", "large"])
def test_the_budget_counts_one_prompt_the_other_and_five_samples(shop, size):
    prose, expression = one(shop.sums, f"{size}, prose"), one(shop.sums, f"{size}, 4")
    voted = spent = 0
    for task, row in zip(shop.samples.tasks, shop.samples.of([size]).cells, strict=True):
        counts = Counter(cell.answer for cell in row[0] if cell.answer is not None)
        voted += bool(counts) and task.right(counts.most_common(1)[0][0])
        spent += sum(tokens(cell.calls) for cell in row[0])
    said = [
        list(map(int, re.findall(r"(\d+) right +([\d,]+) tokens", line.replace(",", ""))[0]))
        for line in shop.budget(size).splitlines()[:3]
    ]
    for (right, shown), (wanted, whole) in zip(
        said,
        [
            (hits(prose), sum(tokens(cell.calls) for cell in prose)),
            (hits(expression), sum(tokens(cell.calls) for cell in expression)),
            (voted, spent),
        ],
        strict=True,
    ):
        assert right == wanted and abs(shown - whole / 22) <= 0.5
    gain = difference([cell.right for cell in expression], [cell.right for cell in prose])
    assert shop.budget(size).splitlines()[3].endswith(gain.points())


def test_a_check_that_finds_something_has_it_asked_again(shop):
    def invented(answer, question):
        return one_model.numbers(answer) - one_model.numbers(question)

    assert one_model.numbers("5 x 0.20 + 10.5 - 1") == {5.0, 10.5}
    assert (
        shop.repaired("large", 4, 4, invented)
        == "large: right 18 of 22, then 18; the check finds 4, 1 of them wrong"
    )
    assert (
        shop.repaired("large", 4, 3, invented)
        == "large: right 18 of 22, then 19; the check finds 4, 1 of them wrong"
    )
    assert (
        shop.repaired("small", 0, 3, invented)
        == "small: right 2 of 22, then 11; the check finds 13, 13 of them wrong"
    )
    nothing = shop.repaired("large", 4, 0, lambda answer, question: False)
    assert nothing.endswith("then 18; the check finds 0, 0 of them wrong")


def test_the_eight_are_two_of_each_kind_and_half_of_them_right(shop):
    eight = shop.eight()
    assert Counter(task.kind for task, _ in eight) == dict.fromkeys(
        ("code", "math", "creative", "general"), 2
    )
    assert [task.id for task, _ in eight[:3]] == ["code-03", "code-20", "math-03"]
    assert sum(right for _, right in eight) == 4 and "Four of eight" in prose_of("again-text")
    for task, right in eight:
        assert shop.desk.cell("small by kind", task.id).right == right


def test_a_draw_takes_as_many_and_puts_each_back():
    draws = [one_model.draw([True, False, False], seed) for seed in range(50)]
    assert {len(draw) for draw in draws} == {3}
    assert {sum(draw) for draw in draws} == {0, 1, 2, 3}
    assert one_model.draw([True, False], 3) == one_model.draw([True, False], 3)
    assert one_model.marks([True, False, True]) == "✓ × ✓   2 of 3"


def test_the_lines_of_the_chart_are_chance_the_oracle_and_a_guess(shop, monkeypatch):
    seen = {}
    monkeypatch.setattr(one_model, "compare", lambda *given: seen.update(given[4]))
    shop.trade_off(SimpleNamespace(value=40.0))
    columns = [one(shop.desk, subject) for subject in one_model.WAYS.values()]
    assert seen["random"] == pytest.approx(sum(map(hits, columns)) / 4 / 88)
    assert seen["oracle"] == sum(any(cell.right for cell in row) for row in zip(*columns)) / 88
    assert seen["your guess"] == 0.4


def test_what_the_notebook_says_in_words_is_so(shop):
    share = shop.share("large by kind")
    assert 0.63 < share < 0.7 and "about two of three tasks" in prose_of("key-points")
    assert wilson(round(88 * share), 88).low < 0.6 and "sure to keep 60%" in prose_of(
        "cheapest-solution"
    )
    assert "All four lie above 0" in prose_of("gains-read")
    for line in prose_of("gains").splitlines():
        if pair := re.findall(r'\("(.*?)", "(.*?)"\)', line):
            ((better, worse),) = pair
            first, second = (shop.desk.column(one_model.WAYS[way]) for way in (better, worse))
            assert difference(first, second).above
    for size, clear in (("large", True), ("small", False)):
        gain = difference(shop.sums.column(f"{size}, 4"), shop.sums.column(f"{size}, prose"))
        assert gain.above == clear
    for size in ("small", "large"):
        tokens_by_kind, tokens_one_way = (
            shop.desk.of([way]).tokens.mean() for way in (f"{size} by kind", size)
        )
        assert tokens_by_kind < tokens_one_way
        once, voted = re.findall(r"(\d+) right", shop.budget(size))[1:3]
        assert int(voted) <= int(once)
    assert "Five times the tokens get no more right." in prose_of("budget-read")
    quick, slow = (shop.desk.of([f"{size} by kind"]).seconds.mean() for size in ("small", "large"))
    assert quick < slow


# --- The edits that the notebook names


def test_every_edit_of_the_model_is_recorded_and_does_what_is_said(kit, shop):
    names = {"kit": kit, "member_for": member_for, "arithmetic": arithmetic, "ToolError": ToolError}
    source = prose_of("build").partition("run = await")[0]
    exec(source, names)
    question = shop.task("math-19").input
    said = {}
    for size in ("small", "large"):
        for way, counts in (("math", range(5)), ("prose", [4])):
            for count in counts:
                answer = names["my_model"](kit.ask, question, size, way, count)
                said[size, way, count] = asyncio.run(answer).rpartition("->")[2].strip()
    assert [said["large", "math", n] for n in range(5)] == ["536"] * 5
    assert [said["small", "math", n] == "536" for n in range(5)] == [False] * 3 + [True] * 2
    assert said["small", "prose", 4] == said["large", "prose", 4] == "no calculation"
    assert "20% off" in member_for(kit.cast.small, "math").shots[2][0]


def test_the_bench_asks_for_an_expression_with_examples_or_step_by_step(kit):
    play = benches.play("single_model", kit)
    small, large = kit.cast.small, kit.cast.large
    assert play.build("large", "expression", 3).member == member_for(large, "math", 3)
    assert play.build("small", "step by step", 3).member == member_for(small, "prose")


def test_the_first_cell_of_the_repair_is_the_one_whose_edits_are_named():
    assert prose_of("repair").startswith("first, again = 4, 4 ")
    assert ast.parse(prose_of("repair"))


# --- Its exercises


@pytest.fixture(scope="module")
def judge(kit):
    desk = asyncio.run(studies.desk(kit)).of(["small"], split="test", kind="math")
    return one_model.before_equals(
        [(task, row[0][0]) for task, row in zip(desk.tasks, desk.cells, strict=True)]
    )


@pytest.mark.parametrize(
    "read",
    [
        lambda text: float(arithmetic(text.split("=")[0])),
        lambda text: float(arithmetic(re.match(r"[^=]*", text)[0])),
        lambda text: float(arithmetic(text[: text.index("=")] if "=" in text else text)),
    ],
)
def test_a_reader_that_stops_at_the_first_equals_sign_passes_and_is_counted(judge, read):
    verdict = judge(read)
    assert verdict.passed
    assert (
        "Of 22 recorded answers, 4 were right as they stood; with your reader it is 9"
        in verdict.text
    )


def zero_for_all_else(text):
    try:
        return float(arithmetic(text.split("=")[0]))
    except ToolError:
        return 0.0


@pytest.mark.parametrize(
    "read, hint",
    [
        (lambda text: None, "Not written yet"),
        (lambda text: ..., "Not written yet"),
        (lambda text: float(arithmetic(text)), "raised ToolError. The equals sign"),
        (lambda text: float(arithmetic(text.rpartition("=")[2])), "Let Python count"),
        (lambda text: float(arithmetic(text.rpartition("=")[0] or text)), "two equals signs"),
        (lambda text: float(arithmetic(text[: text.index("=")])), "has no equals sign"),
        (lambda text: arithmetic(text.split("=")[0]), "gave '450'"),
        (
            lambda text: float(arithmetic(text.split("=")[text.count("=") == 1])),
            "65 is what the model",
        ),
        (zero_for_all_else, "must not look like a number"),
    ],
)
def test_a_wrong_reader_gets_a_hint_that_names_what_is_wrong(judge, read, hint):
    verdict = judge(read)
    assert not verdict.passed and hint in verdict.text


def test_a_reader_that_raises_something_else_is_told_so(judge, capsys):
    check(judge, lambda text: {}[text])
    assert "✗ Your code raised KeyError" in capsys.readouterr().out


def sure(ways, least):
    return [(dollars, name) for name, dollars, share, low in ways if low >= least]


@pytest.mark.parametrize(
    "answer",
    [
        lambda ways, least: min(sure(ways, least))[1] if sure(ways, least) else None,
        lambda ways, least: next((name for _, name in sorted(sure(ways, least))), None),
        lambda ways, least: min(sure(ways, least), default=(0, None))[1],
    ],
)
def test_the_cheapest_way_that_is_sure_passes(answer):
    assert one_model.cheapest(answer).passed


def by_share(ways, least):
    kept = [(dollars, name) for name, dollars, share, low in ways if share >= least]
    return min(kept)[1] if kept else None


@pytest.mark.parametrize(
    "answer, hint",
    [
        (lambda ways, least: None, "Not written yet"),
        (by_share, "its interval begins at 52%"),
        (lambda ways, least: min(sure(ways, least))[1], "nothing to choose from"),
        (lambda ways, least: sorted(sure(ways, least))[0][1], "there is no first one"),
        (lambda ways, least: max(sure(ways, least), default=(0, None))[1], "one that costs less"),
        (
            lambda ways, least: next((name for _, name in sure(ways, least)), None),
            "The list has no order",
        ),
        (
            lambda ways, least: min(
                [(way[1], way[0]) for way in ways if way[3] > least], default=(0, None)
            )[1],
            "60% is kept",
        ),
        (lambda ways, least: min(way[1:2] + way[:1] for way in ways)[1], "52%"),
    ],
)
def test_a_wrong_choice_gets_a_hint_that_names_what_is_wrong(answer, hint):
    verdict = one_model.cheapest(answer)
    assert not verdict.passed and hint in verdict.text


def test_the_quiz_has_three_questions_each_with_one_right_choice_and_every_choice_explained():
    assert len(one_model.QUIZ) == 3
    assert all(
        [choice.right for choice in choices].count(True) == 1
        and all(len(choice.why) > 20 for choice in choices)
        for _, choices in one_model.QUIZ
    )
    quiz(*one_model.QUIZ)
    for _, choices in one_model.QUIZ:
        lengths = [len(choice.text) for choice in choices]
        assert max(lengths) <= 1.8 * min(lengths)


def test_the_long_call_shows_that_it_is_at_work():
    """kit.run does, and kit.ask does not: step by step writes 198 tokens."""
    assert "await kit.run(" in prose_of("step") and "kit.ask(" not in prose_of("step")
