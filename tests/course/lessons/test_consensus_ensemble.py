"""The exercises, the quiz and the picture of notebook 09."""

import math
from math import isnan, nan

import numpy as np
import pytest
from course.lessons import consensus_ensemble as checks

from mlkit.votes import vote
from mlkit.widgets.lessons import check


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
        (lambda answers, threshold, lead: ..., "or None to escalate"),
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


judge = checks.judged(low=-0.09, high=0.03, escalated=0.6, vote_dollars=0.2, strong_dollars=0.9)
RIGHT = {"as_good": "not shown", "cheaper": False, "most_voters": 1}


@pytest.mark.parametrize(
    "answer",
    [RIGHT, dict(most_voters=1.0, cheaper=5 * 0.2 + 0.6 * 0.9 < 0.9, as_good="not" + " shown")],
)
def test_the_right_judgement_passes(answer):
    assert judge(answer).passed


@pytest.mark.parametrize(
    "answer, hint",
    [
        (None, "Give a dictionary"),
        (..., "Give a dictionary"),
        ({"as_good": "shown"}, "Give a dictionary"),
        ({"as_good": ..., "cheaper": ..., "most_voters": ...}, "Not judged yet"),
        (RIGHT | {"as_good": "yes"}, "is none of"),
        (RIGHT | {"as_good": "shown"}, "lower end of the interval"),
        (RIGHT | {"as_good": "worse"}, "reaches above 0"),
        (RIGHT | {"cheaper": True}, "one side of the bill"),
        (RIGHT | {"cheaper": "no"}, "True or False"),
        (RIGHT | {"most_voters": 2}, "With 2 voters"),
        (RIGHT | {"most_voters": 0}, "one voter more"),
    ],
)
def test_a_wrong_judgement_gets_a_hint_that_names_what_is_wrong(answer, hint):
    verdict = judge(answer)
    assert not verdict.passed and hint in verdict.text


def test_the_judge_takes_numpy_numbers_as_a_notebook_gives_them():
    assert checks.judged(-0.09, 0.03, np.float64(0.6), 0.2, 0.9)(RIGHT).passed


def test_the_judge_follows_what_was_measured():
    better = checks.judged(
        low=-0.02, high=0.03, escalated=0.1, vote_dollars=0.1, strong_dollars=0.9
    )
    assert better({"as_good": "shown", "cheaper": True, "most_voters": 8}).passed
    assert "settles it" in better({"as_good": "not shown", "cheaper": True, "most_voters": 8}).text
    worse = checks.judged(low=-0.2, high=-0.03, escalated=0.9, vote_dollars=0.2, strong_dollars=0.9)
    assert worse({"as_good": "worse", "cheaper": False, "most_voters": 0}).passed


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


# Four items, three votes: all agree and are right; two agree and are wrong, then right; none agree,
# the first is wrong.
RUNGS = checks.rows(
    [3, 2, 2, 1], [True, False, True, False], [True, True, False, False], 3, 0.02, 0.08
)


def test_each_rung_escalates_what_has_too_few_votes():
    assert [rung.way for rung in RUNGS] == ["1 of 3", "2 of 3", "3 of 3", "the strong model alone"]
    assert [rung.escalated for rung in RUNGS] == [0, 0.25, 0.75, 1]
    assert [rung.right for rung in RUNGS] == [0.5, 0.5, 0.5, 0.5]
    assert [rung.dollars_per_thousand for rung in RUNGS] == pytest.approx([0.02, 0.04, 0.08, 0.08])


def test_what_is_escalated_is_as_right_as_the_strong_model():
    rungs = checks.rows([1, 2], [True, False], [False, True], 2, 0, 1)
    assert [rung.right for rung in rungs] == [0.5, 0, 0.5]


def test_break_even_is_where_a_rung_costs_as_much_as_the_strong_model():
    assert checks.break_even(RUNGS) == pytest.approx(0.75) == RUNGS[2].escalated


def test_the_figure_draws_three_ladders_with_their_lines_and_the_chosen_rung():
    figure = checks.chart(RUNGS, 2, "here").figure
    for number, field, line in (
        (0, "right", 0.5),
        (1, "escalated", 0.75),
        (2, "dollars_per_thousand", 0.08),
    ):
        reference, steps = figure.data[2 * number : 2 * number + 2]
        assert reference.y == pytest.approx((line, line))
        assert steps.x == (1, 2, 3) and steps.y == tuple(
            getattr(rung, field) for rung in RUNGS[:-1]
        )
        assert [colour != steps.line.color for colour in steps.marker.color] == [0, 1, 0]
    right = figure.data[1]
    assert [y + up for y, up in zip(right.y, right.error_y.array, strict=True)] == pytest.approx(
        [rung.high for rung in RUNGS[:-1]]
    )
    assert [
        y - down for y, down in zip(right.y, right.error_y.arrayminus, strict=True)
    ] == pytest.approx([rung.low for rung in RUNGS[:-1]])


def test_the_reading_sets_the_chosen_rung_beside_the_strong_model():
    assert (
        checks.chart(RUNGS, 2, "here").reading
        == "2 of 3: 25% escalated, 50% right, $0.04 per 1,000; the strong model alone: 50% right,"
        " $0.08"
    )


def test_one_item_a_hundred_votes_and_intervals_that_are_missing_are_drawn():
    hundred = checks.rows([60], [True], [False], 100, 0.02, 0.08)
    figure = checks.chart([rung._replace(low=nan, high=nan) for rung in hundred], 60, "here").figure
    assert len(figure.data[1].x) == 100 and all(map(isnan, figure.data[1].error_y.array))
    assert figure.data[3].y[59:61] == (0, 1)


def test_agreement_snaps_to_votes_and_says_how_many_of_how_many():
    votes = checks.agreement("votes needed", 3, 2)
    assert [label for label, _ in votes.options] == [
        "1 of 3 (0.33)",
        "2 of 3 (0.67)",
        "3 of 3 (1.00)",
    ] and votes.value == 2
