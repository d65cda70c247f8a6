"""Notebook 09: its exercises and quiz, what it counts, and the edits that it names."""

import ast
import asyncio
import math
from collections import Counter
from typing import Any

import nbformat
import numpy as np
import pytest
from course import studies
from course.lessons import benches
from course.lessons import consensus_ensemble as checks
from course.lessons import consensus_ensemble_pictures as pictures

import mlkit
from mlkit import paths
from mlkit.measure.stats import difference
from mlkit.votes import vote
from mlkit.widgets.lessons import check, quiz


def with_lead(answers, threshold, lead):
    result = vote(answers)
    second = max(
        [count for answer, count in result.tally.items() if answer != result.winner], default=0
    )
    return (
        result.winner
        if result.count / result.of >= threshold and result.count - second >= lead
        else None
    )


def with_lead_by_sorting(answers, threshold, lead):
    given = [answer for answer in answers if answer is not None]
    counts = sorted(((given.count(one), one) for one in set(given)), reverse=True) + [
        (0, None),
        (0, None),
    ]
    (first, winner), (second, _) = counts[:2]
    if first < threshold * len(answers) or first < second + lead:
        return None
    return winner


@pytest.mark.parametrize("answer", [with_lead, with_lead_by_sorting])
def test_a_rule_with_a_lead_passes(answer):
    assert checks.lead(answer).passed


def without_threshold(answers, threshold, lead):
    return with_lead(answers, 0, lead)


def count_as_lead(answers, threshold, lead):
    result = vote(answers)
    return (
        result.winner
        if not result.tie and result.count / result.of >= threshold and result.count >= lead
        else None
    )


def no_lead(answers, threshold, lead):
    result = vote(answers)
    return result.winner if result.count / result.of >= threshold else None


def of_those_who_answered(answers, threshold, lead):
    return with_lead(
        [answer for answer in answers if answer is not None] or [None], threshold, lead
    )


def none_is_a_rival(answers, threshold, lead):
    return with_lead([str(answer) for answer in answers], threshold, lead)


def against_all_others(answers, threshold, lead):
    result = vote(answers)
    others = sum(result.tally.values()) - result.count
    return (
        result.winner
        if result.count / result.of >= threshold and result.count - others >= lead
        else None
    )


def more_than_the_lead(answers, threshold, lead):
    return with_lead(answers, threshold, lead + 1) or (
        with_lead(answers, threshold, lead) if len(answers) == 3 else None
    )


@pytest.mark.parametrize(
    "answer, hint",
    [
        (lambda answers, threshold, lead: None, "Not written yet"),
        (lambda answers, threshold, lead: ..., "Not written yet"),
        (lambda answers, threshold, lead: True, "Give the answer itself"),
        (without_threshold, "on top of the old rule"),
        (no_lead, "a lead of nothing"),
        (count_as_lead, "A lead is a difference"),
        (of_those_who_answered, "still counts among all"),
        (none_is_a_rival, "None is no rival"),
        (more_than_the_lead, "one ahead"),
        (against_all_others, "do not add up"),
    ],
)
def test_a_wrong_lead_gets_a_hint_that_names_what_is_wrong(answer, hint):
    verdict = checks.lead(answer)
    assert not verdict.passed and hint in verdict.text


def ratio(voters, escalated):
    return voters / (1 - escalated) if escalated < 1 else math.inf


def ratio_by_trying(voters, escalated):
    if escalated == 1:
        return float("inf")
    low, high = 0.0, 1e6
    for _ in range(200):
        middle = (low + high) / 2
        low, high = (low, middle) if voters + escalated * middle <= middle else (middle, high)
    return high


@pytest.mark.parametrize("answer", [ratio, ratio_by_trying])
def test_the_price_ratio_passes(answer):
    assert checks.price_ratio(answer).passed


@pytest.mark.parametrize(
    "answer, hint",
    [
        (lambda voters, escalated: None, "Not written yet"),
        (lambda voters, escalated: ..., "Not written yet"),
        (lambda voters, escalated: "5", "a number of times"),
        (lambda voters, escalated: True, "a number of times"),
        (lambda voters, escalated: voters, "paid for on every message"),
        (lambda voters, escalated: 1 / (1 - escalated), "All voters are paid"),
        (lambda voters, escalated: voters / escalated, "is the rest"),
        (lambda voters, escalated: (1 - escalated) / voters, "how many times as"),
        (lambda voters, escalated: voters * (1 - escalated), "yours falls"),
        (lambda voters, escalated: voters + escalated, "have the same price"),
        (lambda voters, escalated: 17, "you get 17"),
        (lambda voters, escalated: voters / (1 - escalated), "math.inf"),
        (
            lambda voters, escalated: 3 / (1 - escalated) if escalated < 1 else math.inf,
            "not for one",
        ),
    ],
)
def test_a_wrong_price_ratio_gets_a_hint_that_names_what_is_wrong(answer, hint):
    verdict = checks.price_ratio(answer)
    assert not verdict.passed and hint in verdict.text


def broken(*_):
    raise KeyError("queue")


@pytest.mark.parametrize("judge", [checks.lead, checks.price_ratio])
def test_an_answer_that_raises_is_told_so(judge, capsys):
    check(judge, broken)
    assert capsys.readouterr().out.startswith("✗ Your code raised KeyError: 'queue'\n")


def test_the_quiz_has_three_questions_with_one_right_choice_each_and_a_reason_for_all():
    assert len(checks.QUIZ) == 3
    for _, choices in checks.QUIZ:
        assert sum(choice.right for choice in choices) == 1
        assert all(len(choice.why) > 20 for choice in choices)
        lengths = [len(choice.text) for choice in choices]
        assert max(lengths) <= 1.3 * min(lengths)
    quiz(*checks.QUIZ)


# What is counted


@pytest.fixture(scope="module")
def kit() -> Any:
    return mlkit.connect(engine="replay")


@pytest.fixture(scope="module")
def found(kit) -> pictures.Triage:
    return asyncio.run(pictures.measured(kit))


def ballots(found: pictures.Triage, voters: int) -> list[tuple[bool, int]]:
    """For each message whether the most common vote is right, and how many gave it."""
    counted = []
    for task, row in zip(found.alone.tasks, found.votes.answers[:, 0, :voters], strict=True):
        votes = Counter(answer for answer in row if answer is not None)
        winner, count = votes.most_common(1)[0]
        counted.append((winner == task.gold, count))
    return counted


@pytest.mark.parametrize("voters", [3, 5])
def test_a_rung_escalates_what_has_too_few_votes(found, voters):
    for needed, rung in enumerate(pictures.rungs(found, voters), 1):
        rows = list(zip(ballots(found, voters), found.large, strict=True))
        asked = [count < needed for (_, count), _ in rows]
        right = [bool(large) if count < needed else good for (good, count), large in rows]
        assert (rung.way, rung.right, rung.of) == (f"{needed} of {voters}", sum(right), 64)
        assert rung.escalated == pytest.approx(np.mean(asked))
        assert rung.share == pytest.approx(sum(right) / 64) and rung.low < rung.share < rung.high
        kept = [good for (good, count), _ in rows if count >= needed]
        assert (rung.agreed, rung.agreed_right) == (len(kept), sum(kept))
        votes, large = found.votes.of(["small"]), found.alone.of(["large"])
        for field in ("tokens", "seconds"):
            spent = [
                getattr(votes, field)[n, 0, :voters].sum()
                + asked[n] * getattr(large, field)[n, 0, 0]
                for n in range(64)
            ]
            assert getattr(rung, field) == pytest.approx(np.mean(spent))


def table(text: str) -> list[list[str]]:
    return [line.split() for line in text.splitlines()]


def test_the_table_shows_the_ladder_both_models_and_the_equal_budget(found):
    rows = table(pictures.ladder(found))
    assert rows[3] == "3 of 3 59% 39 680 1.64 12 of 26 right".split()
    assert rows[4][:2] == ["small", "24"] and rows[5][:2] == ["large", "40"]
    *_, right, tokens = rows[6]
    four = found.votes.of(["large"])
    good = 0
    for task, row in zip(four.tasks, four.answers[:, 0, :4], strict=True):
        votes = Counter(answer for answer in row if answer is not None)
        good += votes.most_common(1)[0][0] == task.gold
    assert int(right) == good == 35
    assert int(tokens) == round(four.tokens[:, 0, :4].sum() / 64)
    assert abs(int(tokens) - 680) < four.tokens[:, 0, 3].mean()  # the nearest number of samples


def test_the_text_says_of_agreement_and_money_what_the_ladder_says(found):
    one, two, three = pictures.rungs(found, 3)
    assert one.escalated == 0 and three.agreed_right / three.agreed < 0.5
    assert abs(three.agreed_right / three.agreed - two.agreed_right / two.agreed) < 0.06
    ratios = [3 / (1 - rung.escalated) for rung in (one, two, three)]
    assert ratios[0] < ratios[1] < 4.5 < ratios[2]
    alone, votes = found.alone.of(["large"]).seconds[:, 0, 0], found.votes.of(["small"])
    agreed = np.array([len({*row}) == 1 for row in votes.answers[:, 0, :3].tolist()])
    spent = votes.seconds[:, 0, :3].sum(axis=1) + np.where(agreed, 0, alone)
    assert spent.mean() == pytest.approx(three.seconds)
    more = difference(spent, alone)  # "by seconds, too, they are not shown to differ"
    assert more.low < 0 < more.high
    assert three.right < found.large.sum() and two.right + 10 < found.large.sum()


def test_the_sheet_to_count_by_hand_gives_what_the_text_says(found, cells):
    numbers = [2, 3, 23, 38, 47, 64]
    assert f"pictures.sheet(data, {numbers})" in cells["sheet"]
    lines = pictures.sheet(found, numbers).splitlines()[1:]
    outcome = {2: [0, 0], 3: [0, 0]}
    large_right = 0
    for line in lines:
        parts = [line.ljust(65)[at : at + 13].strip() for at in range(13, 65, 13)]
        *said, large = parts
        large_right += "*" in large
        words = [one.split()[0] for one in said]
        winner, count = Counter(words).most_common(1)[0]
        for needed, tally in outcome.items():
            final = large if count < needed else said[words.index(winner)]
            tally[0] += count < needed
            tally[1] += "*" in final
    assert (outcome, large_right) == ({2: [1, 4], 3: [3, 5]}, 5)


def test_inside_the_vote_the_strong_model_is_never_overruled(kit):
    first, second, third = asyncio.run(pictures.inside(kit)).splitlines()
    orders = asyncio.run(studies.orders(kit))
    alone, voted = (orders.of([name]) for name in ("single_model", "consensus_ensemble"))
    assert (alone.answers == voted.answers).all()
    assert first == f"large alone: {alone.right.sum()} of 96 orders right"
    twice = sum(len(row[0][0].calls) == 4 for row in voted.cells)
    assert "own on 96," in second and second.endswith(f"twice on {twice}")
    ratio = voted.tokens.sum() / alone.tokens.sum()
    assert third.startswith(f"tokens: {ratio:.1f} times")


def half(found: pictures.Triage) -> list[str]:
    named = pictures.named_on_fit(found)
    return [queue for queue, (right, of) in named.items() if right >= of / 2]


def test_fit_says_whom_to_believe(found):
    named = pictures.named_on_fit(found)
    cells = [row[0][0] for row in found.fit.of(["small"]).cells]
    for queue, (right, of) in named.items():
        mine = [cell for cell in cells if cell.answer == queue]
        assert (right, of) == (sum(cell.right for cell in mine), len(mine))
    assert half(found) == ["repair", "order", "refund", "complaint"]


@pytest.mark.parametrize("calls, all_queues", [(3, True), (3, False), (1, True), (1, False)])
def test_what_is_believed_is_counted_as_by_hand(found, calls, all_queues):
    trusted = list(pictures.named_on_fit(found)) if all_queues else half(found)
    once = found.alone.of(["small"])
    kept = wrong = right = 0
    for n, task in enumerate(found.alone.tasks):
        said = found.votes.answers[n, 0, :3] if calls == 3 else once.answers[n, 0]
        believed = len(set(said)) == 1 and said[0] in trusted
        kept += believed
        wrong += believed and said[0] != task.gold
        right += said[0] == task.gold if believed else bool(found.large[n])
    first, second, third = pictures.believed(found, trusted, calls).splitlines()
    assert first == f"given without asking large: {kept}, of these wrong: {wrong}"
    assert second.startswith(f"right: {right} of 64; minus large alone: ")
    share = calls * 0.2 / 0.9 + 1 - kept / 64
    assert third.endswith(f"{share:.0%} of large alone")


def test_the_repair_does_what_the_text_says(found):
    numbers = {}
    for name, trusted in (("all", list(pictures.named_on_fit(found))), ("half", half(found))):
        for calls in (3, 1):
            numbers[name, calls] = pictures.believed(found, trusted, calls)
    assert "26, of these wrong: 14" in numbers["all", 3]
    assert "9, of these wrong: 3" in numbers["half", 3] and "to +0," in numbers["half", 3]
    assert all("right: 39 of 64" in numbers[name, 3] for name in ("all", "half"))
    assert "-14 to -2" in numbers["half", 1] and "82% of large" in numbers["half", 1]


def test_the_title_of_the_priced_chart_says_whose_answers_and_whose_prices(kit, found):
    chart = pictures.priced(kit, found).chart
    assert chart.reading.endswith(
        "Answers of qwen2.5-coder:0.5b and qwen2.5-coder:1.5b, priced as qwen2.5:7b and qwen2.5:32b"
    )
    assert [point.pattern for point in chart.rows if point.beaten == "yes"] == ["3 of 3"]
    notes = [note.text for note in chart.figure.layout.annotations]
    either = np.array([good for good, _ in ballots(found, 3)]) | found.large
    mean = (sum(good for good, _ in ballots(found, 3)) + found.large.sum()) / 128
    assert f"oracle {either.mean():.0%}" in notes and f"random {mean:.0%}" in notes
    assert sum(note.startswith("Source:") for note in notes) == 1


@pytest.mark.parametrize("threshold, needed", [(0, 1), (0.66, 2), (0.67, 3), (0.7, 3), (1, 3)])
def test_the_threshold_is_drawn_over_the_rungs_that_it_means(found, threshold, needed):
    chart = pictures.threshold_chart(found, 75, "here", threshold, 3)
    assert chart.reading.startswith(f"A threshold of {threshold:.2f} demands {needed} of 3: ")
    drawn = {trace.name: trace for trace in chart.figure.data if trace.name}
    ladder = pictures.rungs(found, 3)
    for name, values in (
        ("right, of all", [rung.share for rung in ladder]),
        ("escalated", [rung.escalated for rung in ladder]),
        ("right, where enough agree", [rung.agreed_right / rung.agreed for rung in ladder]),
    ):
        assert list(drawn[name].y) == pytest.approx([values[0], *values])
        assert list(drawn[name].x) == pytest.approx([0, 1 / 3, 2 / 3, 1])
    assert set(drawn["large alone"].y) == {40 / 64}
    assert set(drawn["your guess, where all agree"].y) == {0.75}
    assert {shape.x0 for shape in chart.figure.layout.shapes} == {threshold}


def test_without_a_guess_none_is_drawn(found):
    names = [one.name for one in pictures.threshold_chart(found, None, "", 0.7, 3).figure.data]
    assert "your guess, where all agree" not in names and "large alone" in names


# The edits that the notebook names


@pytest.fixture(scope="module")
def cells() -> dict[str, str]:
    path = paths.notebooks() / "09_consensus_ensemble.ipynb"
    return {cell.id: cell.source for cell in nbformat.read(path, as_version=4).cells}


REFUND = "refund, from large (votes: "
EDITS = [
    ("", "", f"{REFUND}order 2, refund 1)", 4),
    ("threshold = 0.7", "threshold = 0.67", f"{REFUND}order 2, refund 1)", 4),
    ("threshold = 0.7", "threshold = 0.66", "order (votes: order 2, refund 1)", 3),
    ("samples[:3]", "samples[:5]", f"{REFUND}order 3, refund 1, advice 1)", 6),
    ("samples[:3]", "[large, *samples[:2]]", f"{REFUND}refund 1, order 2)", 4),
    ('"triage-90"', '"triage-34"', "order, from large (votes: order 1, refund 2)", 4),
]


async def run(sources: list[str], found: pictures.Triage) -> Any:
    kit = mlkit.connect(engine="replay")
    names: dict[str, Any] = {"kit": kit, "mlkit": mlkit, "benches": benches, "Counter": Counter}
    names["messages"] = {task.id: task for task in found.alone.tasks}
    names["large"] = studies.triage_members(kit)["large"]
    for text in sources:
        made = eval(compile(text, "cell", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT), names)
        if made is not None:
            await made
    return names["run"]


@pytest.mark.parametrize("old, new, said, calls", EDITS)
def test_an_edit_that_is_named_stands_there_once_and_is_recorded(
    cells, found, old, new, said, calls
):
    source, text = cells["settings"], cells["run-read"]
    assert not old or (source.count(old) == 1 and f"`{old}` to `" in text)
    assert not new or f"`{new.removeprefix('threshold = ')}`" in text or f"`{new}`" in text
    made = asyncio.run(run([source.replace(old, new), cells["pattern"]], found))
    assert (made.result, len(made.calls)) == (said, calls)
    asked = [call.member.model for call in made.calls].count("qwen2.5-coder:1.5b")
    assert asked == (2 if "large" in new else calls > 3)


def test_on_the_other_message_the_two_are_right(found):
    (gold,) = [task.gold for task in found.alone.tasks if task.id == "triage-34"]
    assert gold == "refund"


@pytest.mark.parametrize("strong, times", [("outside", 1), ("a voter too", 2)])
def test_on_the_bench_a_voter_too_is_asked_twice(kit, strong, times):
    play = benches.play("consensus_ensemble", kit)
    made = asyncio.run(kit.run(play.build(3, strong), play.prompts[0]))
    asked = [call.member.name for call in made.calls]
    assert made.result.escalated and made.result.text == "refund"
    assert asked.count("large") == times and len(asked) == 4
