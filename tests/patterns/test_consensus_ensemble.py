"""Consensus ensemble: how many must agree, and when the strong member is asked."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlkit import trace
from mlkit.ask import Member
from mlkit.patterns.consensus_ensemble import ConsensusEnsemble, decide, votes_needed
from mlkit.schedule import schedule
from tests.conftest import Scripted

MEMBERS = tuple(Member(f"qwen:{n}") for n in range(3))
ANSWERS = st.lists(st.sampled_from(["a", "b", "c", None]), min_size=1, max_size=9)


@pytest.mark.parametrize("step", [lambda n: n / 100, lambda n: n * 0.01])
def test_votes_needed_agrees_with_decide_everywhere(step) -> None:
    for n in range(1, 101):
        for hundredths in range(101):
            votes = votes_needed(n, step(hundredths))
            exact = max(1, -(-hundredths * n // 100))
            assert votes == exact
            assert decide(votes * ["a"] + (n - votes) * [None], step(hundredths)) == "a"
            assert (
                votes == 1
                or decide((votes - 1) * ["a"] + (n - votes + 1) * [None], step(hundredths)) is None
            )


def test_seven_tenths_of_three_are_three() -> None:
    assert (votes_needed(3, 0.7), votes_needed(3, 2 / 3), votes_needed(5, 0.7)) == (3, 2, 4)


@given(answers=ANSWERS)
def test_threshold_one_accepts_only_unanimity(answers: list[str | None]) -> None:
    assert decide(answers, 1.0) == (answers[0] if len(set(answers)) == 1 else None)


@given(answers=ANSWERS)
def test_threshold_one_nth_accepts_any_answer(answers: list[str | None]) -> None:
    assert (decide(answers, 1 / len(answers)) is None) == (not any(answers))


@given(answers=ANSWERS, low=st.floats(0, 1), high=st.floats(0, 1))
def test_a_lower_threshold_never_escalates_more(
    answers: list[str | None], low: float, high: float
) -> None:
    low, high = sorted((low, high))
    assert decide(answers, high) in (None, decide(answers, low))


def test_agreement_takes_the_voters_own_words_and_asks_nobody_else() -> None:
    ask = Scripted(
        {"vote 1": "The answer is 42.", "vote 2": "42", "vote 3": "41", "escalate": "strong"}
    )
    result = asyncio.run(
        ConsensusEnsemble(MEMBERS, MEMBERS[0], threshold=0.6).run(ask, "6 times 7?")
    )
    assert (result.text, result.escalated, result.needed, result.vote.tally) == (
        "The answer is 42.",
        False,
        2,
        {"42": 2, "41": 1},
    )
    assert len(ask.asked) == 3


def test_a_tie_is_reported() -> None:
    ask = Scripted({"vote 1": "a", "vote 2": "b", "vote 3": "", "escalate": "strong"})
    result = asyncio.run(ConsensusEnsemble(MEMBERS, MEMBERS[0], threshold=0.3).run(ask, "?"))
    assert (result.text, result.vote.tie) == ("a", True)


def test_escalation_comes_after_all_votes() -> None:
    ask = Scripted({"vote 1": "a", "vote 2": "b", "vote 3": "c", "escalate": "strong"})
    run = asyncio.run(trace.run(ask, ConsensusEnsemble(MEMBERS, MEMBERS[0]), "?"))
    assert run.result.text == "strong"
    assert schedule(run.calls) == 3 * [(0, 1)] + [(1, 2)]
