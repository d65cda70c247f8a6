"""The exercises and the quiz of notebook 10."""

import math
from itertools import pairwise

import nbformat
import pytest
from course.lessons import choosing as checks

from mlkit import paths
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


def cost(way, wrong_dollars):
    return way.dollars_per_thousand / 1000 + (way.of - way.right) / way.of * wrong_dollars


def cheapest(ways, wrong_dollars, person_dollars):
    best, least = "always ask", person_dollars
    for way in ways:
        if cost(way, wrong_dollars) < least:
            best, least = way.pattern, cost(way, wrong_dollars)
    return best


def cheapest_of_all(ways, wrong_dollars, person_dollars):
    """With the person first among equals."""
    prices = {"always ask": person_dollars}
    for way in ways:
        prices[way.pattern] = (1 - way.right / way.of) * wrong_dollars + (
            way.dollars_per_thousand / 1000
        )
    return min(prices, key=prices.get)


@pytest.mark.parametrize("answer", [cheapest, cheapest_of_all])
def test_the_cheapest_with_its_mistakes_passes(answer):
    assert checks.cheapest(answer).passed


def chosen(price, keeps=lambda cost, person: cost < person):
    """The way that costs least by some price, where it is kept against the person."""

    def answer(ways, wrong, person):
        best = min(ways, key=lambda way: price(way, wrong), default=None)
        kept = best is not None and keeps(price(best, wrong), person)
        return best.pattern if kept else "always ask"

    return answer


@pytest.mark.parametrize(
    "answer, hint",
    [
        (lambda *_: None, "Not written yet"),
        (lambda *_: ..., "Not written yet"),
        (lambda ways, *_: ways[0], "as text; it gave Way"),
        (lambda *_: 4.0, "as text; it gave float"),
        (lambda *_: "alone", "right least often"),
        (chosen(lambda way, wrong: way.right / way.of * wrong), "40 mistakes in 100 cost $8"),
        (chosen(cost, lambda cost, person: True), "Then nobody needs"),
        (lambda ways, *_: max(ways, key=lambda way: way.right).pattern, "Then nobody needs"),
        (
            chosen(lambda way, wrong: way.dollars_per_thousand + (1 - way.right / way.of) * wrong),
            "Do you divide by",
        ),
        (chosen(lambda way, wrong: (1 - way.right / way.of) * wrong), "Do its dollars count"),
        (chosen(cost, lambda cost, person: cost <= person), "as much as the person"),
        (
            lambda ways, wrong, person: (
                cheapest(ways, wrong, person) if min(ways, key=lambda way: way.of) else ""
            ),
            "without any way your code raised ValueError",
        ),
        (lambda ways, *rest: cheapest(ways, *rest) if ways else "", "Without any way"),
        (
            lambda ways, wrong, person: cheapest([w for w in ways if w.of != 40], wrong, person),
            "it should give",
        ),
    ],
)
def test_a_wrong_cheapest_gets_a_hint_that_names_what_is_wrong(answer, hint):
    verdict = checks.cheapest(answer)
    assert not verdict.passed and hint in verdict.text


def test_the_task_says_what_to_give_for_each_list_that_the_check_tries():
    (path,) = paths.notebooks().glob("10_*.ipynb")
    cells = nbformat.read(path, as_version=4).cells
    (task,) = [cell.source for cell in cells if cell.id == "exercise-2-text"]
    empty = [case.right for case in checks.cheapest.cases if not case.args[0]]
    assert empty and f'No ways: `"{empty[0]}"`.' in task


def test_no_drawn_costs_are_nearly_even():
    from random import Random

    seeded = Random(16)
    for _ in range(200):
        ways, wrong, person = checks._drawn_costs(seeded)
        prices = sorted({person, *(cost(way, wrong) for way in ways)})
        assert all(high - low > 1e-6 or high == low for low, high in pairwise(prices))


def test_an_answer_that_raises_is_told(capsys):
    check(checks.recommend, lambda ways, limits: ways[0].name)
    check(checks.cheapest, lambda *_: 1 / 0)
    assert capsys.readouterr().out.count("✗ Your code raised") == 2


def test_the_quiz_has_three_questions_with_one_right_choice_each_and_every_choice_explained():
    assert len(checks.QUIZ) == 3 and quiz(*checks.QUIZ)
    assert all(len(choice.why) > 30 for _, choices in checks.QUIZ for choice in choices)
    assert [sum(choice.right for choice in choices) for _, choices in checks.QUIZ] == [1, 1, 1]
    for _, choices in checks.QUIZ:  # the length of a choice gives nothing away
        lengths = [len(choice.text) for choice in choices]
        assert max(lengths) - min(lengths) < 12
