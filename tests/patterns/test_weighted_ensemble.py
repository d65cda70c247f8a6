"""Weighted ensemble: the rule against voting, and what an evaluator may do."""

import asyncio
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlkit import trace
from mlkit.ask import Member
from mlkit.parsing import most_likely, number_in
from mlkit.patterns.voting import vote
from mlkit.patterns.weighted_ensemble import WeightedEnsemble, decide
from mlkit.schedule import schedule
from tests.conftest import Scripted

MEMBERS = tuple(Member(f"qwen:{n}") for n in range(3))
ANSWER = st.sampled_from(["a", "b", "c", None])
ITEMS = st.lists(st.tuples(ANSWER, st.floats(0, 1), st.integers(0, 99)), min_size=1, max_size=7)


@given(
    answers=st.lists(ANSWER, min_size=1, max_size=9),
    score=st.floats(0.001, 1),
    weight=st.floats(0.001, 1e6),
)
def test_equal_weights_and_constant_scores_are_a_vote(
    answers: list[str | None], score: float, weight: float
) -> None:
    n = len(answers)
    decision, result = decide(answers, n * [score], n * [weight]), vote(answers)
    assert (decision.winner, decision.tie) == (result.winner, result.tie)
    assert math.isclose(decision.support, score * result.count / n)


@given(items=ITEMS, factor=st.integers(1, 1000))
def test_scaling_integer_weights_by_an_integer_changes_nothing(items: list, factor: int) -> None:
    answers, scores, weights = map(list, zip(*items, strict=True))
    if any(weights):
        assert decide(answers, scores, weights) == decide(
            answers, scores, [factor * weight for weight in weights]
        )


@given(items=ITEMS)
def test_nobody_earns_more_than_the_winner(items: list) -> None:
    answers, scores, weights = map(list, zip(*items, strict=True))
    if any(weights):
        decision = decide(answers, scores, weights)
        assert all(total <= decision.support * (1 + 1e-9) for total in decision.totals.values())
        assert 0 <= decision.support <= 1 + 1e-9


@pytest.mark.parametrize("scores", [[1, -1, 1], [1, float("nan"), 1], [1, float("inf"), 1]])
def test_impossible_scores_are_refused(scores: list[float]) -> None:
    with pytest.raises(ValueError, match="finite and 0 or more"):
        decide(["a", "b", "c"], scores, [1, 1, 1])


def test_a_lighter_pair_beats_a_heavier_member() -> None:
    ask = Scripted({"answer 1": "41", "answer 2": "42", "answer 3": "The answer is 42."})
    result = asyncio.run(WeightedEnsemble(MEMBERS, (0.4, 0.3, 0.3)).run(ask, "6 times 7?"))
    assert (result.text, result.decision.support, result.decision.tie) == ("42", 0.6, False)


def test_an_evaluator_that_cannot_read_an_answer_gives_it_nothing() -> None:
    ask = Scripted({"answer 1": "no idea", "answer 2": "42", "answer 3": "no idea"})
    ensemble = WeightedEnsemble(
        MEMBERS, (5, 1, 5), evaluate=lambda reply: number_in(reply.text) > 0
    )
    result = asyncio.run(ensemble.run(ask, "6 times 7?"))
    assert (result.text, result.scores) == ("42", (0.0, 1, 0.0))


def test_label_confidence_can_be_the_score() -> None:
    labels = ("refund", "order")
    ask = Scripted(
        {
            "answer 1": {"text": "refund", "choices": {"ref": 0.5, "order": 0.5}},
            "answer 2": {"text": "order", "choices": {"ref": 0.1, "order": 0.9}},
            "answer 3": "?",
        }
    )
    ensemble = WeightedEnsemble(
        MEMBERS, (1, 1, 1), lambda reply: most_likely(reply, labels).confidence, labels=labels
    )
    result = asyncio.run(ensemble.run(ask, "?"))
    assert (result.text, result.scores) == ("order", (0.5, 0.9, 0.0))


def test_members_answer_at_the_same_time() -> None:
    run = asyncio.run(
        trace.run(Scripted({"": "42"}), WeightedEnsemble(MEMBERS, (1, 1, 1)), "6 times 7?")
    )
    assert schedule(run.calls) == 3 * [(0, 1)]
