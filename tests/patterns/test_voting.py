"""Voting: counting, ties, spoilt votes, and similarity of meaning."""

import asyncio
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlkit import trace
from mlkit.ask import Member
from mlkit.errors import EngineError
from mlkit.parsing import label_in, number_in, plain
from mlkit.patterns.voting import ModelVoting, similar, vote
from mlkit.schedule import schedule
from mlkit.votes import Vote
from tests.conftest import Scripted

MEMBERS = tuple(Member(f"qwen:{n}") for n in range(3))
ANSWERS = st.lists(st.sampled_from(["a", "b", "c", None]), max_size=9)


@given(answers=ANSWERS, random=st.randoms())
def test_order_changes_nothing_but_ties(answers: list[str | None], random) -> None:
    shuffled = random.sample(answers, len(answers))
    one, other = vote(answers), vote(shuffled)
    assert (one.count, one.of, one.tie, one.tally) == (
        other.count,
        other.of,
        other.tie,
        other.tally,
    )
    assert one.tie or one.winner == other.winner


@given(answers=ANSWERS)
def test_the_count_is_right_and_a_tie_goes_to_the_first(answers: list[str | None]) -> None:
    result = vote(answers)
    tally = Counter(answer for answer in answers if answer is not None)
    assert result.tally == tally and result.of == len(answers)
    if not tally:
        assert (result.winner, result.count) == (None, 0)
    else:
        leaders = [
            answer
            for answer in answers
            if answer is not None and tally[answer] == max(tally.values())
        ]
        assert (result.winner, result.tie) == (leaders[0], len(set(leaders)) > 1)


@pytest.mark.parametrize(
    "text",
    [
        "42",
        "42.",
        "The answer is 42",
        " 42.0 ",
        "**42**",
        "$42.00",
        "Answer: 42",
        "So the answer is: 42.",
    ],
)
def test_forty_two_is_one_answer(text: str) -> None:
    assert plain(text) == "42"


@pytest.mark.parametrize(
    ("one", "other"),
    [("42", "-42"), ("4.2", "42"), ("1,200", "1.2"), ("yes", "no"), ("12345678", "12345679")],
)
def test_different_answers_stay_different(one: str, other: str) -> None:
    assert plain(one) != plain(other)


def test_the_text_is_the_first_voters_own_words() -> None:
    ask = Scripted({"vote 1": "41", "vote 2": "The answer is 42.", "vote 3": "42"})
    result = asyncio.run(ModelVoting(MEMBERS).run(ask, "6 times 7?"))
    assert (result.text, result.vote.tally) == ("The answer is 42.", {"41": 1, "42": 2})


def test_what_the_normaliser_cannot_read_is_a_spoilt_vote() -> None:
    ask = Scripted({"vote 1": "refund or order", "vote 2": "It is a refund.", "vote 3": "Refund"})
    voting = ModelVoting(MEMBERS, normalise=lambda text: label_in(text, ("refund", "order")))
    result = asyncio.run(voting.run(ask, "Money back!"))
    assert result.vote == Vote("refund", 2, 3, False, {"refund": 2})


def test_a_zero_is_a_vote() -> None:
    voting = ModelVoting(MEMBERS, normalise=number_in)
    result = asyncio.run(voting.run(Scripted({"vote 1": "0", "vote 2": "0", "vote 3": "5"}), "?"))
    assert result.vote == Vote(0.0, 2, 3, False, {0.0: 2, 5.0: 1})


def test_dress_and_thoughts_part_no_votes_and_a_letter_is_one() -> None:
    ask = Scripted({"vote 1": "- A", "vote 2": "<think>B?</think>A)", "vote 3": "B"})
    assert asyncio.run(ModelVoting(MEMBERS).run(ask, "A or B?")).vote.tally == {"a": 2, "b": 1}


def test_meanings_are_compared_without_the_thoughts() -> None:
    asked: list[str] = []

    async def embed(texts: list[str]) -> np.ndarray:
        asked.extend(texts)
        return unit(*([1, 0] for _ in texts))

    ask = Scripted({"vote 1": "<think>Hm.</think>Oil.", "": "Oil."})
    asyncio.run(ModelVoting(MEMBERS, embed=embed).run(ask, "It squeaks."))
    assert [text.strip() for text in asked] == ["Oil."] * 3


def unit(*rows: list[float]) -> np.ndarray:
    vectors = np.array(rows, dtype=float)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def test_similar_texts_share_a_medoid() -> None:
    vectors = unit([1, 0], [1, 0.1], [1, 0.2], [0, 1])
    assert similar(vectors, 0.9) == [1, 1, 1, 3]
    assert similar(vectors, 1.0) == [0, 1, 2, 3]
    assert similar(vectors, -1.0) == 4 * [2]


ROWS = st.lists(
    st.lists(st.integers(-5, 5), min_size=3, max_size=3).filter(any), min_size=1, max_size=7
)


@given(ROWS, st.floats(-1, 1), st.randoms())
def test_groups_do_not_depend_on_the_order(rows: list[list[int]], threshold: float, random) -> None:
    vectors = unit(*rows)
    order = random.sample(range(len(rows)), len(rows))
    # Compare on one matrix, because the rounding of a product depends on the order of its rows.
    alike = np.round(vectors @ vectors.T, 9)

    class Rounded:
        def __init__(self, order):
            self.order, self.T = order, self

        def __len__(self):
            return len(self.order)

        def __matmul__(self, other):
            return alike[np.ix_(self.order, self.order)]

    def groups(order: list[int]) -> set[frozenset[int]]:
        medoids = similar(Rounded(order), threshold)
        return {
            frozenset(order[n] for n, its in enumerate(medoids) if its == medoid)
            for medoid in medoids
        }

    assert groups(order) == groups(list(range(len(rows))))


@given(ROWS, st.floats(-1, 1))
def test_a_medoid_is_of_its_own_group(rows: list[list[int]], threshold: float) -> None:
    medoids = similar(unit(*rows), threshold)
    assert all(medoids[medoid] == medoid for medoid in medoids)


def test_free_text_is_voted_on_by_meaning_and_failures_still_count() -> None:
    async def embed(texts: list[str]) -> np.ndarray:
        return unit(*([1, len(text) / 100] if "oil" in text else [-1, 1] for text in texts))

    ask = Scripted(
        {
            "vote 1": "Buy a new one.",
            "vote 2": "Put some oil on it.",
            "vote 3": EngineError("broke"),
            "vote 4": "Use oil.",
        }
    )
    members = (*MEMBERS, Member("qwen:3"))
    result = asyncio.run(ModelVoting(members, embed=embed, threshold=0.9).run(ask, "It squeaks."))
    assert (result.text, result.vote.count, result.vote.of) == ("Put some oil on it.", 2, 4)
    oil = "put some oil on it"
    assert result.counted == ("buy a new one", oil, None, oil)  # by meaning: its group's medoid


def test_voters_vote_at_the_same_time() -> None:
    run = asyncio.run(trace.run(Scripted({"": "42"}), ModelVoting(MEMBERS), "6 times 7?"))
    assert schedule(run.calls) == 3 * [(0, 1)]
