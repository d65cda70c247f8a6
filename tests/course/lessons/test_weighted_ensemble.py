"""Notebook 08: its exercises and quiz, what it counts, and the edits that it names."""

import ast
import asyncio
import re
from dataclasses import replace
from math import log
from typing import Any

import nbformat
import numpy as np
import pytest
from course.lessons import weighted_ensemble as lesson
from course.lessons import weighted_ensemble_pictures as pictures

import mlkit
from mlkit import paths
from mlkit.measure.matrix import Matrix
from mlkit.parsing import most_likely
from mlkit.widgets.lessons import check, quiz
from tests.course.lessons.answers import passes, stub
from tests.pictures import study


def raises(*_):
    raise ZeroDivisionError("no")


def in_a_loop(weights):
    for position in range(len(weights)):
        others = [weight for other, weight in enumerate(weights) if other != position]
        if weights[position] > sum(others):
            return position
    return None


def from_1(weights):
    place = in_a_loop(weights)
    return None if place is None else place + 1


DICTATOR = [
    ("right", lambda w: next((n for n, one in enumerate(w) if one > sum(w) / 2), None), "Right"),
    ("right, written otherwise", in_a_loop, "Right"),
    ("stub", stub, "Not written yet"),
    ("the largest", lambda w: w.index(max(w)), "The largest weight is not yet"),
    (
        "half is enough",
        lambda w: next((n for n, one in enumerate(w) if one >= sum(w) / 2), None),
        "as much as the rest",
    ),
    (
        "weights that sum to 1",
        lambda w: next((n for n, one in enumerate(w) if one > 0.5), None),
        "need not",
    ),
    ("whether", lambda w: max(w) > sum(w) / 2, "who: give the position"),
    ("the weight", lambda w: max(w), "That is a weight"),
    ("from 1", from_1, "counts from 0"),
    ("three only", lambda w: in_a_loop(w[:3]), "not for five"),
    ("a name", lambda w: "large", "you get 'large'"),
]


def odds(grades, answers, extra=1, least=0.0):
    columns = list(zip(*grades))
    shares = [(sum(one) + extra) / (len(one) + 2 * extra) for one in columns]
    return [max(least, log((answers - 1) * share / (1 - share))) for share in shares]


def learned(grades, answers):
    each = odds(grades, answers)
    return [one / sum(each) for one in each] if sum(each) else [1 / len(each)] * len(each)


def unguarded(grades, answers):
    each = odds(grades, answers)
    return [one / sum(each) for one in each]


def by_numpy(grades, answers):
    return np.array(learned(np.array(grades).tolist(), answers))


def below_0(grades, answers):
    each = odds(grades, answers, least=-9.0)
    return [one / (sum(each) or 1) for one in each]


def unsmoothed(grades, answers):
    each = odds(grades, answers, extra=0)
    return [one / sum(each) for one in each]


LEARN = [
    ("right", learned, "Right"),
    ("right, an array", by_numpy, "Right"),
    ("right, a tuple", lambda *args: tuple(learned(*args)), "Right"),
    ("stub", stub, "Not written yet"),
    ("a number", lambda *_: 0.75, "it gave float"),
    ("a dictionary", lambda *_: {"large": 0.75}, "it gave dict"),
    ("a text", lambda *_: "large", "it gave str"),
    ("names", lambda *_: ["large", "small"], "you give ['large', 'small']"),
    ("not divided", odds, "These are the log-odds"),
    ("for two answers", lambda grades, _: learned(grades, 2), "for two answers"),
    ("for each message", lambda grades, k: learned(list(zip(*grades)), k), "for each message"),
    ("not smoothed", unsmoothed, "not smoothed"),
    ("below 0", below_0, "below 0 becomes 0"),
    ("nobody", unguarded, "Give equal weights there"),
    ("two only", lambda grades, k: learned(grades, k)[:2], "For ["),
    ("five only", lambda grades, k: learned(grades, 5 if k > 2 else 2), "For ["),
    ("two members", lambda grades, k: [learned(grades, k)[n] for n in (0, -1)], "alone you give"),
]


@pytest.mark.parametrize(
    "judge, answer, hint",
    [(lesson.dictator, *case[1:]) for case in DICTATOR]
    + [(lesson.learn, *case[1:]) for case in LEARN],
    ids=[f"dictator-{case[0]}" for case in DICTATOR] + [f"learn-{case[0]}" for case in LEARN],
)
def test_an_answer_is_told_what_is_right_or_wrong_with_it(judge, answer, hint):
    passes(judge(answer), hint)


def test_shares_that_are_not_smoothed_have_no_finite_weight():
    def nearly(grades, answers):  # right by accident on the first case
        return [0.75, 0.25] if len(grades) == 4 else unsmoothed(grades, answers)

    passes(lesson.learn(nearly), "its weight has no end")


@pytest.mark.parametrize("judge", [lesson.dictator, lesson.learn])
def test_an_answer_that_raises_is_told_so(judge, capsys):
    check(judge, raises)
    assert capsys.readouterr().out.startswith("✗ Your code raised ZeroDivisionError")


def test_the_quiz_has_three_questions_and_options_of_about_equal_length():
    assert len(lesson.QUIZ) == 3
    for _, choices in lesson.QUIZ:
        assert all(choice.why for choice in choices)
        lengths = [len(choice.text) for choice in choices]
        assert max(lengths) <= 1.3 * min(lengths)
    quiz(*lesson.QUIZ)


# What is counted


def part(split: str) -> Matrix:
    return study("triage").of(pictures.TEAM, split=split)


def weight(right, of, answers):
    share = (right + 1) / (of + 2)
    return max(0, log((answers - 1) * share / (1 - share)))


def hits(split: str, *weights: float, evaluate: Any = None) -> int:
    return int(pictures.right(part(split), weights, evaluate).sum())


def test_the_article_s_weights_are_one_member_and_the_learned_ones_the_majority():
    test, fit = part("test"), part("fit")
    learned = [weight(count, 32, 5) for count in fit.right[:, :, 0].sum(axis=0)]
    alone = test.right[:, 0, 0]
    assert (pictures.right(test, (0.5, 0.3, 0.2)) == alone).all()
    assert (pictures.right(test, learned) == pictures.right(test, (1, 1, 1))).all()
    differ = pictures.right(test, learned).astype(int) - alone
    assert sorted(differ[differ != 0]) == [-1, 1, 1, 1]
    two = [weight(count, 32, 2) for count in fit.right[:, :, 0].sum(axis=0)]
    assert (pictures.right(test, two) == alone).all() and alone.sum() == 40


def test_on_fit_no_weights_beat_large_alone_and_on_test_none_the_majority():
    grid = [(a / 20, b / 20, (20 - a - b) / 20) for a in range(21) for b in range(21 - a)]
    assert max(hits("fit", *mix) for mix in grid) == hits("fit", 1, 0, 0) == 22
    assert max(hits("test", *mix) for mix in grid) == hits("test", 1, 1, 1) == 42


def alphabetical(answers, sure):
    order = sorted(range(3), key=lambda n: str(answers[n]))
    return [sure[n] for n in order]


def repaired(answers, sure):
    order = sorted(range(3), key=lambda n: str(answers[n]))
    seen = [sure[n] for n in order]
    return [seen[order.index(n)] for n in range(3)]


def test_the_repair_gives_each_answer_its_own_score_and_the_count_moves():
    article = (0.5, 0.3, 0.2)
    assert repaired(["b", None, "a"], [0.1, 0.2, 0.3]) == [0.1, 0.2, 0.3]
    assert hits("test", *article, evaluate=alphabetical) == 39
    assert hits("test", *article, evaluate=repaired) == 43
    assert hits("fit", *article, evaluate=repaired) == 21
    assert hits("fit", *article) == 22


def test_an_evaluator_sees_each_answer_and_how_likely_it_was_among_the_five():
    odd, seen = part("test").of(id="triage-81"), []

    def evaluate(answers, sure):
        seen.append((answers, sure))
        return [1, 1, 1]

    pictures.right(odd, (1, 1, 1), evaluate)
    ((answers, sure),) = seen
    assert answers == ["order", "repair", "order"]
    assert sure == [
        most_likely(cell.calls[0].reply, pictures.QUEUES).confidence for (cell,) in odd.cells[0]
    ]
    table = pictures.probabilities([cell.calls[0] for (cell,) in odd.cells[0]]).splitlines()
    assert [line[:14].strip() for line in table[1:]] == list(pictures.TEAM)
    assert all(f"{share:.0%}" in line for share, line in zip(sure, table[1:]))


def test_the_best_alone_is_chosen_on_fit_and_not_on_test():
    whole = study("triage").of(pictures.TEAM)
    fit = [task for task in whole.tasks if task.split == "fit"]
    swapped = Matrix(  # on fit, now, only the small member is ever right
        whole.tasks,
        whole.subjects,
        [
            [[replace(cell, right=cell.right and n == 1)] for n, (cell,) in enumerate(row)]
            if task in fit
            else row
            for task, row in zip(whole.tasks, whole.cells)
        ],
    )
    best = pictures._ways(swapped, weight, 5)["best alone, by fit"]
    assert best.sum() == part("test").column("small").sum()


def test_the_sheet_to_count_by_hand_gives_what_the_text_says():
    sheet = pictures.sheet(part("fit"), [1, 4, 13, 22, 42, 45])
    rows = [line[16:].ljust(48) for line in sheet.splitlines()[1:]]
    assert len(rows) == 6
    said = [[row[at : at + 16].split() for at in (0, 16, 32)] for row in rows]
    alone = [sum("*" in row[n] for row in said) for n in range(3)]
    wins = []
    for row in said:
        words = [each[0] for each in row]
        winner = max(words, key=words.count)  # the first, where all differ
        wins.append("*" in row[words.index(winner)])
    assert [*alone, sum(wins)] == [4, 3, 1, 3]


ARTICLE = (0.5, 0.3, 0.2)


@pytest.mark.parametrize(
    "mix, end",
    [
        (ARTICLE, "large decides alone"),
        ((1, 1, 1), "the majority; large where all three differ"),
        ((0.3, 0.5, 0.2), "the majority; small where all three differ"),
        ((0.2, 0.6, 0.2), "small decides alone (the others on 1, where it names no queue)"),
        ((0, 0, 1), '"large, rules" decides alone'),
    ],
)
def test_who_decides_is_said_and_counted(mix, end):
    chart = pictures.four_ways(part("test"), mix, "here")
    assert chart.reading.endswith(f": {end}")
    assert [row.right for row in chart.rows[1:]] == [40, 24, 33, 42]
    assert list(chart.figure.data[0].x) == [row.right / 64 for row in chart.rows]
    assert chart.rows[0].right == hits("test", *mix)


def test_orders_are_counted_with_the_checker_that_the_kit_s_ensemble_has():
    kit = mlkit.connect(engine="replay")
    lines = asyncio.run(pictures.compared(kit, weight)).splitlines()
    table = {line[:24].strip(): line[24:].split() for line in lines[3:8]}
    right = study("orders").column("weighted_ensemble").sum()
    assert table["the article's weights"] == ["40", f"{right:.0f}"]
    members = study("order_members").of(study("order_members").subjects[:3])
    on_fit = members.of(split="fit")
    best = max(members.subjects, key=on_fit.share)
    assert table["best alone, by fit"] == [
        "40",
        f"{members.of(split='test').column(best).sum():.0f}",
    ]
    assert table["oracle of the three"] == [
        str(each.of(split="test").right[:, :, 0].any(axis=1).sum())
        for each in (study("triage"), members)
    ]
    assert len(lines) == 14 and "+0 points (95% interval +0 to +0, n 64)" in lines[9]
    seen = {cell.answer for row in on_fit.cells for (cell,) in row} - {None}
    assert lines[1].endswith(f"orders {len(seen)} (different order totals on fit)")


def test_tokens_of_the_equal_budget_are_those_of_three_samples():
    line = asyncio.run(pictures.compared(mlkit.connect(engine="replay"), weight)).splitlines()[0]
    three = study("samples").of(["large"], kind="triage").tokens[:, 0, :3].sum() / 64
    members = part("test").tokens.sum() / 64
    assert line.endswith(f"three members {members:.0f}, three samples of large {three:.0f}")


# The edits that the notebook names


@pytest.fixture(scope="module")
def cells() -> dict[str, str]:
    path = paths.notebooks() / "08_weighted_ensemble.ipynb"
    return {cell.id: cell.source for cell in nbformat.read(path, as_version=4).cells}


EDITS = [
    ("", "", "repair wins: repair 0.50, advice 0.50"),
    ("[0.5, 0.3, 0.2]", "[1, 1, 1]", "advice wins: repair 1.00, advice 2.00"),
    ("return 1", "return most_likely(reply, QUEUES).confidence", "advice wins: repair 0.21, "),
    ('"triage-37"', '"triage-32"', "advice wins: advice 0.50, repair 0.50"),
]


async def run(sources: list[str]) -> str:
    kit = mlkit.connect(engine="replay")
    names: dict[str, Any] = {"kit": kit, "pictures": pictures, "mlkit": mlkit}
    exec("from mlkit.parsing import most_likely", names)
    names |= {"messages": study("triage").of(pictures.TEAM), "team": pictures.team(kit)}
    for text in sources:
        made = eval(compile(text, "cell", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT), names)
        if made is not None:
            await made
    return names["run"].result


@pytest.mark.parametrize("old, new, said", EDITS)
def test_an_edit_that_is_named_stands_there_once_and_is_recorded(cells, old, new, said):
    sources = [cells["pattern"], cells["run"]]
    text = cells["run-read"]
    assert f"`{old}` to `{new}`" in text or not old
    assert not old or "".join(sources).count(old) == 1
    assert asyncio.run(run([one.replace(old, new) for one in sources])).startswith(said)


def test_equal_weights_are_wrong_on_the_other_message(cells):
    sources = [cells["pattern"].replace("[0.5, 0.3, 0.2]", "[1, 1, 1]")]
    sources.append(cells["run"].replace("triage-37", "triage-32"))
    assert asyncio.run(run(sources)).startswith("repair wins")


# The guess


def printed(number: str, cell: str) -> str:
    """What a cell of a notebook has printed."""
    (path,) = paths.notebooks().glob(f"{number}_*.ipynb")
    cells = nbformat.read(path, as_version=4).cells
    (outputs,) = [one.outputs for one in cells if one.id == cell]
    texts = [one.get("text") or one.get("data", {}).get("text/plain", "") for one in outputs]
    return "\n".join(texts)


def test_the_guess_is_no_number_that_05_shows_of_the_same_vote():
    (measured,) = re.findall(r"measured: (\d+) of 64", printed("08", "table"))
    (shown,) = re.findall(r"^vote of three members +(\d+) +64", printed("05", "measure"), re.M)
    (weighted,) = re.findall(r"^the article's weights +(\d+) ", printed("08", "table"), re.M)
    assert measured == weighted != shown
