"""The exercises, the quiz and the helpers of notebook 04, and the edits that it names."""

import ast
import asyncio
import heapq
import inspect
import re
from dataclasses import replace
from itertools import combinations
from math import comb, prod
from typing import Any

import nbformat
import pytest
from course import studies
from course.lessons import fan_out

import mlkit
from mlkit import paths
from mlkit.kit import Kit
from mlkit.measure.stats import difference, mean_interval, wilson
from mlkit.widgets.lessons import check, quiz
from mlkit.wrappers import Remembered
from tests.course.lessons.answers import stub
from tests.widgets.sentences.nb04 import middle


@pytest.fixture(scope="module")
def kit() -> Kit:
    return mlkit.connect(engine="replay")


# The exercises


def by_counting(right, of, n):
    draws = list(combinations(range(of), n))
    return sum(any(one < right for one in draw) for draw in draws) / len(draws)


BEST_OF = [
    ("right", lambda right, of, n: 1 - comb(of - right, n) / comb(of, n), "✓ Right"),
    ("right, by counting", by_counting, "✓ Right"),
    (
        "right, step by step",
        lambda right, of, n: 1 - prod(max(of - right - k, 0) / (of - k) for k in range(n)),
        "✓ Right",
    ),
    ("stub", stub, "Not written yet"),
    ("none is right", lambda right, of, n: comb(of - right, n) / comb(of, n), "none of the two"),
    ("put back", lambda right, of, n: 1 - (1 - right / of) ** n, "does not go back"),
    ("all right", lambda right, of, n: comb(right, n) / comb(of, n), "both are right"),
    ("just one", lambda right, of, n: right * (of - right) / comb(of, 2), "leaves out the pair"),
    ("added up", lambda right, of, n: n * right / of, "counted twice"),
    ("one sample", lambda right, of, n: right / of, "chance of one sample"),
    ("always two", lambda right, of, n: 1 - comb(of - right, 2) / comb(of, 2), "Can all four"),
    ("of five", lambda right, of, n: 1 - comb(5 - right, n) / comb(5, n), "ZeroDivisionError"),
    ("for none", lambda right, of, n: by_counting(right, of, n) or 1.0, "no right text"),
    ("a text", lambda right, of, n: "70%", "it gave str"),
    ("raises", lambda right, of, n: right[of], "raised TypeError"),
]


@pytest.mark.parametrize(
    "answer, shown", [case[1:] for case in BEST_OF], ids=[case[0] for case in BEST_OF]
)
def test_exercise_best_of(answer, shown, capsys):
    check(fan_out.best_of, answer)
    assert shown in " ".join(capsys.readouterr().out.split())


def on_a_list(seconds, servers):
    free = [0.0] * servers
    for one in seconds:
        free[free.index(min(free))] += one
    return max(free)


def on_a_heap(seconds, servers):
    free, last = [0.0] * servers, 0.0
    for one in seconds:
        last = max(last, end := heapq.heappop(free) + one)
        heapq.heappush(free, end)
    return last


def in_turn(seconds, servers):
    return max(sum(seconds[first::servers]) for first in range(servers))


def in_batches(seconds, servers):
    return sum(max(seconds[first : first + servers]) for first in range(0, len(seconds), servers))


def longest_first(seconds, servers):
    return on_a_list(sorted(seconds, reverse=True), servers)


def to_the_busiest(seconds, servers):
    free = [0.0] * servers
    for n, one in enumerate(seconds):
        place = n if n < servers else free.index(max(free))
        free[place] += one
    return max(free)


def without_idle_servers(seconds, servers):
    return on_a_list(seconds, servers) if servers <= len(seconds) else sum(seconds)


def no_members(seconds, servers):
    return on_a_list(seconds, servers) if seconds else max(seconds)


FINISHED = [
    ("right", on_a_list, "✓ Right"),
    ("right, on a heap", on_a_heap, "✓ Right"),
    ("stub", stub, "Not written yet"),
    (
        "slowest",
        lambda seconds, servers: max(seconds),
        "only where each member has a server of its own",
    ),
    ("sum", lambda seconds, servers: sum(seconds), "single server"),
    ("shared out", lambda seconds, servers: sum(seconds) / servers, "cut in two"),
    ("in turn", in_turn, "free first"),
    ("in batches", in_batches, "free first"),
    ("longest first", longest_first, "order of the members is kept"),
    ("to the busiest", to_the_busiest, "free first"),
    ("idle servers", without_idle_servers, "stay idle"),
    ("raises for nobody", no_members, "no members there is nothing to wait for"),
    ("a text", lambda seconds, servers: "5 s", "it gave str"),
    ("raises", lambda seconds, servers: seconds[10], "raised IndexError"),
]


@pytest.mark.parametrize(
    "answer, shown", [case[1:] for case in FINISHED], ids=[case[0] for case in FINISHED]
)
def test_exercise_finished(answer, shown, capsys):
    check(fan_out.finished, answer)
    assert shown in " ".join(capsys.readouterr().out.split())


def test_hints_give_no_answer_away():
    hints = [
        shown for cases in (BEST_OF, FINISHED) for _, _, shown in cases if not shown.startswith("✓")
    ]
    assert not any(re.search(r"\b5\b|0\.7|comb", hint) for hint in hints)


def test_quiz_has_three_questions_with_one_right_choice_a_reason_each_and_options_alike_in_length():
    assert len(fan_out.QUIZ) == 3
    quiz(*fan_out.QUIZ)  # refuses a question without exactly one right choice
    for _, choices in fan_out.QUIZ:
        assert all(choice.why.endswith((".", "?")) for choice in choices)
        lengths = [len(choice.text) for choice in choices]
        assert max(lengths) - min(lengths) <= 8


# The helpers


def test_samples_have_the_recorded_seeds_and_without_chance_are_one_question(kit):
    task = fan_out.text_task("text-15")
    five = fan_out.samples(kit.cast.large, task)
    cells = asyncio.run(studies.texts(kit)).of(["large"], id="text-15").cells[0][0]
    assert [one.seed for one in five] == [cell.calls[0].member.seed for cell in cells]
    assert [one.name for one in five[:2]] == ["sample 1", "sample 2"]
    assert {one.seed for one in fan_out.samples(kit.cast.large, task, 3, 0)} == {0}


def test_answers_are_listed_with_both_checkers(kit):
    task = fan_out.text_task("text-15")
    run = asyncio.run(mlkit.trace.run(kit.ask, asks_all(kit, task), task.input))
    rows = fan_out.listed(run.calls, lambda text: "store" not in text, task).splitlines()[1:]
    assert [row.split("  ")[0] for row in rows] == [f"sample {n}" for n in range(1, 6)]
    assert ["refuses" in row for row in rows] == [True, True, False, False, False]
    assert "it says open" in rows[0] and " right " in rows[1]


def asks_all(kit: Kit, task: Any) -> Any:
    async def ask_all(ask: Any, prompt: str) -> str:
        for member in fan_out.samples(kit.cast.large, task):
            await ask(member, prompt, role=member.name)
        return ""

    return ask_all


def test_the_ways_are_graded_and_paid_for_as_measured(kit):
    ways, texts = asyncio.run(fan_out.ways(kit)), asyncio.run(studies.texts(kit)).of(["large"])
    picked = asyncio.run(studies.picking(kit))
    assert (ways.column("checker") == texts.right[:, 0].any(axis=1)).all()
    for name in ("one answer", "judge", "fuse"):
        assert (ways.column(name) == picked.column(name)).all()
    for name in ("checker", "vote by meaning"):
        assert (ways.of([name]).tokens[:, 0, 0] == texts.tokens[:, 0].sum(axis=1)).all()
    first, *rows = fan_out.table(ways).splitlines()
    assert first.split() == "right of 44 tokens minus one answer".split()
    assert rows[0].split() == ["one", "answer", "31", "193", "-"]
    assert rows[-1].split()[:4] == ["checker", "40", "965", "+20"]


def test_the_vote_by_meaning_takes_the_middle_of_the_largest_group(kit):
    ways, texts = asyncio.run(fan_out.ways(kit)), asyncio.run(studies.texts(kit)).of(["large"])
    vectors = asyncio.run(studies.meanings(kit))
    for task, (five,), ((voted,),) in zip(
        texts.tasks, texts.cells, ways.of(["vote by meaning"]).cells
    ):
        assert voted.text == five[middle(vectors[task.id])].text, task.id


def test_lines_are_of_the_five_and_the_guess_is_one_where_it_was_made():
    assert fan_out.lines([0, 5, 1, 0], None) == {"oracle": 0.5, "random": 0.3}
    assert fan_out.lines([0, 5, 1, 0], 3)["your guess"] == 0.75


def test_a_pair_says_whose_answer_the_judge_took_in_each_order(kit):
    judged, raw = asyncio.run(fan_out.pairs(kit)), asyncio.run(studies.judge(kit))
    assert len(judged) == 24
    for pair, one in zip(judged, raw):
        assert one.task.right(getattr(pair, pair.right))
        assert pair.small_first == ("small" if one.first == 0 else "large")
        assert pair.large_first == ("large" if one.swapped == 0 else "small")
    assert "A is small, B is large: the judge takes small" in str(judged[3])
    assert "right: large" in str(judged[3])


def pair(right: str, small_first: str, large_first: str) -> fan_out.Pair:
    return fan_out.Pair("?", "a", "b", right, small_first, large_first)


PAIRS = [
    pair("large", "small", "large"),
    pair("small", "small", "small"),
    pair("large", "large", "large"),
]


def test_settled_counts_what_settle_takes_beside_no_judge():
    said = fan_out.settled(PAIRS, lambda first, second: first)
    assert "place A 4 of 6 times" in said and "in 2 of 3 pairs" in said
    assert "settled: 2 of 3 right" in said and "model's answer: 2 of 3 right" in said
    assert "settled: 3 of 3" in fan_out.settled(PAIRS, lambda first, second: second)
    with pytest.raises(ValueError, match="settle gave None"):
        fan_out.settled(PAIRS, lambda first, second: None)


# The edits that the notebook names, on the recordings


CELLS = {
    cell.id: cell.source
    for cell in nbformat.read(paths.notebooks() / "04_fan_out.ipynb", as_version=4).cells
}
RULE = ("len(words) <= 22", 'len(words) <= 22 and not {"now", "open"} & {*words}')
TO_BUILD = ("setup", "case-told", "checker", "build")


def after(cells: tuple[str, ...], *edits: tuple[str, str]) -> dict[str, Any]:
    """What the cells leave behind, with some texts in them replaced."""
    names: dict[str, Any] = {"display": lambda *shown: None}

    async def run() -> None:
        for cell_id in cells:
            code = CELLS[cell_id]
            for old, new in edits:
                code = code.replace(old, new)
            made = compile(code, cell_id, "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
            if inspect.isawaitable(ran := eval(made, names)):
                await ran

    asyncio.run(run())
    return names


@pytest.mark.parametrize(
    "edits, came, taken",
    [
        ([], 5, "Our store is open Saturdays."),
        ([RULE], 5, "Happy Saturdays! Our new store is ready for you."),
        ([("count=5", "count=3")], 3, "Our store is open Saturdays."),
        ([("count=5", "count=1"), RULE], 1, "Our store is open Saturdays."),
        ([("cast.large", "cast.small"), RULE], 5, "Enjoy your weekend with us!"),
        ([("temperature=0.7", "temperature=0")], 5, "Welcome to our new Saturday opening!"),
    ],
)
def test_edits_of_the_pattern_are_recorded(edits, came, taken, monkeypatch):
    monkeypatch.setenv("MLKIT_ENGINE", "replay")
    names = after(TO_BUILD, *edits)
    assert len(names["run"].calls) == came and names["run"].result.startswith(taken)
    if edits == [("temperature=0.7", "temperature=0")]:
        assert len({call.reply.text for call in names["run"].calls}) == 1


def test_the_texts_of_the_notebook_name_the_edits_and_what_comes_of_them(monkeypatch):
    monkeypatch.setenv("MLKIT_ENGINE", "replay")
    for edit in (*RULE, "`count=5` to `3`", "`kit.cast.large` to `kit.cast.small`"):
        assert edit in CELLS["edit-text"]
    assert "`temperature=0.7` to `0`" in CELLS["edit-text"]
    repair = 'return small_first if small_first == large_first else "large"'
    assert "`return large_first`" in CELLS["repair-text"] and repair in CELLS["repair-text"]
    for line, right in (("small_first", 10), ("large_first", 19), (repair[7:], 21)):
        assert f" {right}" in CELLS["repair-text"]
        edited = ("    return small_first\n", f"    return {line}\n")
        names = after(("setup", "pair", "settle"), edited)
        said = fan_out.settled(names["judged"], names["settle"])
        assert f"settled: {right} of 24" in said and "model's answer: 22 of 24" in said


def points_in(cell: str, a: Any, b: Any) -> bool:
    """Whether a cell's text has the difference with its interval, as (+4 points, -8 to +17)."""
    mean, low, high = (f"{100 * share:+z.0f}" for share in difference(a, b)[:3])
    return f"({mean} points, {low} to {high})" in CELLS[cell]


def test_the_differences_in_the_texts_are_those_of_the_recordings(kit):
    judged = asyncio.run(fan_out.pairs(kit))
    first, second = (
        [getattr(pair, order) == pair.right for pair in judged]
        for order in ("small_first", "large_first")
    )
    assert points_in("repair-text", second, first)
    ways, counts = asyncio.run(fan_out.ways(kit)), asyncio.run(fan_out.counts(kit))
    best_of_two = [fan_out.chance(right, 5, 2) for right in counts["small"]]
    assert points_in("break-text", best_of_two, ways.column("one answer"))
    desk = asyncio.run(studies.desk(kit)).of(split="fit")
    assert not {pair.question for pair in judged} & {task.input for task in desk.tasks}
    large, small = (desk.column(name).sum() for name in ("large", "small"))
    said = f"(large: {large:.0f} of {len(desk.tasks)} other tasks right; small: {small:.0f})"
    assert said in CELLS["repair-text"]


def test_the_checker_of_the_measurement_loses_no_text_to_the_vote_and_five_has_two_intervals(kit):
    ways = asyncio.run(fan_out.ways(kit))
    checker = ways.column("checker")
    assert (checker >= ways.column("vote by meaning")).all()
    both = wilson(int(checker.sum()), len(checker)), mean_interval(checker)
    said = ", ".join(f"{one.low:.0%} to {one.high:.0%}" for one in both).replace(", ", " and ")
    assert said in CELLS["deeper-more"]


def test_the_question_says_what_one_answer_gets(kit):
    question = fan_out.question(asyncio.run(fan_out.ways(kit)))
    assert question.startswith("Each of 44 short texts") and "in 31 of them" in question


def test_the_example_by_hand_is_that_of_the_case(kit):
    texts = asyncio.run(studies.texts(kit)).of(["large"], id="text-15")
    assert texts.right[0, 0].tolist() == [False, True, True, False, True]
    assert fan_out.chance(3, 5, 2) == pytest.approx(0.9)


def test_one_that_hangs_does_not_lose_the_others(monkeypatch):
    monkeypatch.setenv("MLKIT_ENGINE", "replay")
    names = after((*TO_BUILD, "hang"), ("else 1 ", "else 0.2 "), RULE)
    assert len(names["hung"].calls) == 4
    assert names["hung"].result == "Happy Saturdays! Our new store is ready for you."


def test_the_kit_of_the_notebook_asks_no_question_twice(kit):
    asked = []

    class Counting:
        async def __call__(self, member: Any, prompt: str, **options: Any) -> Any:
            asked.append(prompt)
            return await kit.ask(member, prompt, **options)

    once = fan_out.asks_once(replace(kit, ask=Counting()))
    assert isinstance(once.ask, Remembered)
    task = fan_out.text_task("text-15")
    (member,) = fan_out.samples(kit.cast.large, task, 1)

    async def twice() -> None:
        for _ in range(2):
            await once.ask(member, task.input)

    asyncio.run(twice())
    assert asked == [task.input]
