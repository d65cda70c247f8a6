"""Choices among floats are the same whatever the last bits are, in whatever order is added."""

import re

import nbformat
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlkit import paths
from mlkit.ask import Member, Reply
from mlkit.measure.stats import pareto
from mlkit.parsing import most_likely_or_none
from mlkit.patterns.consensus_ensemble import votes_needed
from mlkit.patterns.router import ModelRouter
from mlkit.patterns.voting import similar
from mlkit.patterns.weighted_ensemble import decide
from mlkit.ties import exceeds, highest, levels, lowest, ranked, reaches, same

SUM = 0.1 + 0.2  # a hair above 0.3


def test_numbers_that_differ_by_rounding_are_equal():
    assert same(SUM, 0.3)
    assert reaches(0.3, SUM)
    assert not exceeds(SUM, 0.3)
    assert exceeds(0.3001, 0.3)
    assert not same(1e-6, 1.001e-6)  # a price in dollars is small, and still a price
    assert not reaches(1.0, float("inf"))
    assert reaches(np.array([0.29, 0.3, SUM]), SUM).tolist() == [False, True, True]


def test_among_equals_the_first_is_chosen():
    values = {"first": 0.3, "second": SUM, "third": 0.1}
    assert highest(values, values.__getitem__) == "first"
    assert lowest({"a": SUM, "b": 0.3}, {"a": SUM, "b": 0.3}.__getitem__) == "a"
    assert ranked(values, values.__getitem__) == ["first", "second", "third"]
    assert ranked([], float) == []
    assert levels([SUM, 0.1, 0.3]) == [1, 0, 1]
    with pytest.raises(ValueError, match="nothing to choose from"):
        highest([], float)


@given(st.integers(1, 12), st.integers(1, 12))
def test_a_share_as_a_quotient_and_as_a_decimal_mean_the_same_number_of_votes(n, votes):
    votes = min(n, votes)
    assert votes_needed(n, votes / n) == votes_needed(n, votes * (1 / n)) == votes


def shaken(values, chance):
    """The values with other last bits."""
    return np.asarray(values, float) * (1 + 1e-12 * chance.uniform(-1, 1, np.shape(values)))


# Few different values, so that equal sums are the rule.
STEPS = st.lists(st.sampled_from([0.1, 0.2, 0.3, 0.6, 0.7]), min_size=2, max_size=8)
SEEDS = st.integers(0, 99)


@given(STEPS, SEEDS)
def test_who_is_not_beaten_does_not_hang_on_last_bits(values, seed):
    chance = np.random.default_rng(seed)
    assert pareto(values, values[::-1]) == pareto(
        shaken(values, chance), shaken(values[::-1], chance)
    )


@given(STEPS, SEEDS)
def test_votes_by_meaning_do_not_hang_on_last_bits_or_on_the_order_of_adding(cosines, seed):
    chance = np.random.default_rng(seed)
    vectors = np.array([(value, (1 - value**2) ** 0.5, *[0.0] * 30) for value in cosines * 2])
    turned = shaken(vectors, chance)[:, chance.permutation(32)]
    for threshold in (0.9, float(vectors[0] @ vectors[1])):
        assert similar(vectors, threshold) == similar(turned, threshold)


@given(STEPS, SEEDS)
def test_the_likeliest_label_and_the_heaviest_answer_do_not_hang_on_last_bits(values, seed):
    chance, labels = np.random.default_rng(seed), ("repair", "order", "advice")
    tokens = ["re", "repair", "order", "or", "advice", "ad"] * 2
    choices = dict(zip(tokens, np.array(values) / 10))
    order = chance.permutation(len(choices))
    mixed = [(list(choices)[n], shaken(list(choices.values())[n], chance)) for n in order]
    reply, again = (Reply("repair", Member("m"), choices=each) for each in (choices, dict(mixed)))
    one, other = (most_likely_or_none(each, labels).label for each in (reply, again))
    assert one == other
    answers = ["repair", "order", "order", "advice", None] * 2
    one, other = (
        decide(answers[: len(values)], weights, [1.0] * len(values))
        for weights in (values, shaken(values, chance))
    )
    assert (one.winner, one.tie) == (other.winner, other.tie)


@given(st.sampled_from([0.3, 0.6, 0.7, 0.57]), SEEDS)
def test_a_certainty_of_exactly_the_threshold_is_enough(threshold, seed):
    router = ModelRouter(
        Member("m"), {"math": Member("m"), "general": Member("m")}, threshold=threshold
    )
    assert router.route("math", float(shaken(threshold, np.random.default_rng(seed)))) == "math"


def test_nothing_else_chooses_among_floats_or_holds_an_interval_against_a_number():
    """`argmax`, `max` and `<` take a last bit for a difference: ties.py has what to use instead."""
    code = {
        str(file): file.read_text(encoding="utf-8") for file in paths.root().glob("mlkit/**/*.py")
    }
    for file in paths.series():
        cells = nbformat.read(file, as_version=4).cells
        code[file.name] = "\n".join(cell.source for cell in cells if cell.cell_type == "code")
    # whole numbers; or rounded, where there is no kit: of what is equal then, the first
    counts = r"len\b|\S*\.count\b|lambda \w+: (?:len\(|round\(|\w+\.(?:right|date)\b)"
    chooses = re.compile(
        r"\barg(?:max|min|sort|partition)\(|\.(?:low|high) [<>]=? "
        rf"|\b(?:max|min)\([^\n]*key=(?!{counts})"
    )
    found = {name: chooses.findall(text) for name, text in code.items()}
    assert {name: calls for name, calls in found.items() if calls} == {}
