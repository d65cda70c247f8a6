"""The exercises and the quiz of notebook 10."""

import math

import pytest
from course.lessons import choosing as checks

from mlkit.measure.stats import wilson
from mlkit.widgets.lessons import check, quiz


def keeps(way, limits, share=lambda way: wilson(way.right, way.of).low):
    return (
        way.dollars_per_thousand <= limits.most_dollars
        and way.seconds <= limits.most_seconds
        and share(way) >= limits.least
    )


def simplest(ways, limits):
    for way in ways:
        if keeps(way, limits):
            return way.pattern
    return None


def simplest_in_a_line(ways, limits):
    return next((way.pattern for way in ways if keeps(way, limits)), None)


@pytest.mark.parametrize("answer", [simplest, simplest_in_a_line])
def test_the_simplest_that_keeps_every_limit_for_certain_passes(answer):
    assert checks.recommend(answer).passed


def picked(key):
    return lambda ways, limits: min((way for way in ways if keeps(way, limits)), key=key).pattern


def without(*names):
    """The rule with some limits forgotten."""
    return lambda ways, limits: simplest_in_a_line(
        ways, limits._replace(**dict.fromkeys(names, math.inf))
    )


@pytest.mark.parametrize(
    "answer, hint",
    [
        (lambda ways, limits: None, "Not written yet"),
        (lambda ways, limits: ..., "Not written yet"),
        (
            lambda ways, limits: next((way for way in ways if keeps(way, limits)), None),
            "Give the name",
        ),
        (
            lambda ways, limits: next(
                (way.pattern for way in ways if keeps(way, limits, lambda way: way.right / way.of)),
                None,
            ),
            "could well be luck",
        ),
        (
            lambda ways, limits: next(
                (
                    way.pattern
                    for way in ways
                    if keeps(way, limits, lambda way: wilson(way.right, way.of).high)
                ),
                None,
            ),
            "could well be luck",
        ),
        (picked(lambda way: way.dollars_per_thousand), "you do not take the first"),
        (picked(lambda way: -way.right / way.of), "you do not take the first"),
        (without("most_dollars"), "Is the price compared"),
        (without("most_seconds"), "Is the time compared"),
        (
            lambda ways, limits: next(
                (
                    way.pattern
                    for way in ways
                    if keeps(way, limits) and way.seconds < limits.most_seconds
                ),
                None,
            ),
            "exactly as much",
        ),
        (
            lambda ways, limits: next(way.pattern for way in ways if keeps(way, limits)),
            "stops with StopIteration",
        ),
        (lambda ways, limits: simplest(ways, limits) or "none", "give None"),
        (
            lambda ways, limits: (
                simplest([way for way in ways if way.of > 20 or limits.least < 0.55], limits)
                or (ways[0].pattern if ways else None)
            ),
            "you give 'alone'",
        ),
    ],
)
def test_a_wrong_recommendation_gets_a_hint_that_names_what_is_wrong(answer, hint):
    verdict = checks.recommend(answer)
    assert not verdict.passed and hint in verdict.text


def needed(requests_per_day, service_seconds, most_busy):
    return max(1, math.ceil(requests_per_day * service_seconds / 86_400 / most_busy))


def needed_by_counting(requests_per_day, service_seconds, most_busy):
    count = 1
    while requests_per_day * service_seconds > count * 86_400 * most_busy:
        count += 1
    return float(count)


@pytest.mark.parametrize("answer", [needed, needed_by_counting])
def test_the_fewest_servers_pass(answer):
    assert checks.servers(answer).passed


@pytest.mark.parametrize(
    "answer, hint",
    [
        (lambda *_: None, "Not written yet"),
        (lambda *_: ..., "Not written yet"),
        (lambda *_: "5", "a number of servers"),
        (lambda *_: True, "a number of servers"),
        (
            lambda requests, each, busy: math.ceil(requests * each / 86_400),
            "What does `most_busy` do",
        ),
        (
            lambda requests, each, busy: int(requests * each / 86_400 / busy),
            "What does `most_busy` do",
        ),
        (
            lambda requests, each, busy: math.ceil(requests * each / 86_400 * busy),
            "multiply where you should divide",
        ),
        (lambda requests, each, busy: math.ceil(requests * each / 3_600 / busy), "86,400 seconds"),
        (lambda requests, each, busy: requests * each / 86_400 / busy, "cannot be bought"),
        (lambda requests, each, busy: requests, "you get 30000"),
        (
            lambda requests, each, busy: round(requests * each / 86_400 / busy),
            "Which way do you round",
        ),
        (lambda requests, each, busy: int(requests * each / 86_400 / busy + 1), "although it fits"),
        (lambda requests, each, busy: math.ceil(requests * each / 86_400 / busy), "at least one"),
    ],
)
def test_a_wrong_number_of_servers_gets_a_hint_that_names_what_is_wrong(answer, hint):
    verdict = checks.servers(answer)
    assert not verdict.passed and hint in verdict.text


RIGHT = {"better": "not shown", "times_dollars": 1.75, "orders": 312}
judge = checks.judged(-0.03125, 0.28125, 32, 1.7507)


@pytest.mark.parametrize(
    "answer", [RIGHT, {"orders": 300.0, "times_dollars": 1.8, "better": "not shown"}]
)
def test_a_right_judgement_passes(answer):
    assert judge(answer).passed


@pytest.mark.parametrize(
    "answer, hint",
    [
        (None, "Give a dictionary"),
        (312, "Give a dictionary"),
        ({"better": "shown"}, "Give a dictionary"),
        (dict.fromkeys(RIGHT, ...), "Not judged yet"),
        (RIGHT | {"better": "maybe"}, "is none of"),
        (RIGHT | {"better": "shown"}, "Is 0 inside"),
        (RIGHT | {"better": "worse"}, "below 0 as a whole"),
        (RIGHT | {"times_dollars": 0.57}, "divide what it costs"),
        (RIGHT | {"times_dollars": "1.75"}, "divide what it costs"),
        (RIGHT | {"orders": 100}, "four times the orders"),
        (RIGHT | {"orders": 1250}, "It is half the width"),
        (RIGHT | {"orders": 64}, "Square that"),
        (RIGHT | {"orders": True}, "Square that"),
    ],
)
def test_a_wrong_judgement_gets_a_hint_that_names_what_is_wrong(answer, hint):
    verdict = judge(answer)
    assert not verdict.passed and hint in verdict.text


def test_other_results_ask_for_other_judgements():
    shown, worse = checks.judged(0.01, 0.11, 32, 2.0), checks.judged(-0.11, -0.01, 32, 2.0)
    assert (
        shown({"better": "shown", "times_dollars": 2, "orders": 32}).passed
        and worse({"better": "worse", "times_dollars": 2, "orders": 32}).passed
    )
    assert "both lie on the same side" in shown(RIGHT).text


def test_an_answer_that_raises_is_told(capsys):
    check(checks.recommend, lambda ways, limits: ways[0].name)
    check(checks.servers, lambda *_: 1 / 0)
    assert capsys.readouterr().out.count("✗ Your code raised") == 2


def test_the_quiz_has_three_questions_with_one_right_choice_each_and_every_choice_explained():
    assert len(checks.QUIZ) == 3 and quiz(*checks.QUIZ)
    assert all(len(choice.why) > 30 for _, choices in checks.QUIZ for choice in choices)
    assert [sum(choice.right for choice in choices) for _, choices in checks.QUIZ] == [1, 1, 1]
