"""Supervisor-worker: any text gives pieces that can be worked on, and a review that ends."""

import asyncio
import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from mlkit import trace
from mlkit.ask import Member
from mlkit.errors import Unparsed
from mlkit.patterns.supervisor_worker import SupervisorWorker, parse_assignments, parse_review
from mlkit.schedule import schedule
from tests.conftest import Scripted
from tests.patterns.test_planner_executor import JSON, WORDS

A, B, C = Member("qwen:a"), Member("qwen:b"), Member("qwen:c")
WORKERS = ("general", "coder")
PIECE = st.fixed_dictionaries(
    {"worker": st.sampled_from([*WORKERS, "oracle"]) | JSON, "task": WORDS | JSON}
)
ROWS = st.lists(JSON | PIECE, max_size=12)
REVIEW = st.tuples(ROWS, JSON).map(lambda both: json.dumps({"redo": both[0], "answer": both[1]}))


@given(
    text=st.text() | JSON.map(json.dumps) | ROWS.map(lambda rows: json.dumps({"assignments": rows}))
)
def test_any_text_gives_pieces_for_known_workers(text: str) -> None:
    tasks, repairs = parse_assignments(text, WORKERS)
    assert set(tasks) <= set(WORKERS)
    assert all(task.strip() for task in tasks.values())
    assert len(tasks) == len(WORKERS) or repairs


@given(text=st.text() | JSON.map(json.dumps) | REVIEW)
def test_any_text_gives_a_review_or_unparsed(text: str) -> None:
    try:
        review = parse_review(text, WORKERS)
    except Unparsed:
        return
    assert review.answer.strip() and set(review.redo) <= set(WORKERS)


def review(answer: str, **redo: str) -> str:
    return json.dumps(
        {"redo": [{"worker": worker, "why": why} for worker, why in redo.items()], "answer": answer}
    )


def test_thoughts_and_chatter_around_a_review_and_the_pieces_are_left_out() -> None:
    text = f"<think>{review('no')}</think>Here you are:\n```\n{review('42', coder='short')}\n```"
    around = "What stands around the object is left out."
    assert parse_review(text, WORKERS) == ("42", {"coder": "short"}, "", (around,))
    tasks, repairs = parse_assignments(f"Sure! {json.dumps({'assignments': PIECES})}", WORKERS)
    assert tasks == {"general": "explain", "coder": "write"}
    assert repairs == ("What stands around the object is left out.",)


def test_what_was_repaired_in_a_review_is_said() -> None:
    assert parse_review(review("42"), WORKERS).notes == ()
    twice = parse_review(f"{review('41')} {review('42', coder='short')}", WORKERS)
    assert twice.notes == ('2 objects have "answer"; the last is read.',) + (
        ('2 objects have "redo"; the last is read.',)
    )
    assert parse_review('{"redo": [], "answer": "one\ntwo",}', WORKERS).notes == (
        "A line break inside a text is written out.",
        "A comma before a closing bracket is left out.",
    )
    (note,) = parse_review('{"redo": [{"worker": "coder"}], "answer": "42"}', WORKERS).notes
    assert note == "Number 1 of the redo has no why and is left out."


def test_work_that_is_sent_back_to_nobody_is_not_accepted_and_complaints_add_up() -> None:
    lost = parse_review(review("42", Coder="all wrong"), WORKERS)
    assert lost.problem == "It sends work back; to whom and why cannot be read." and not lost.redo
    assert lost.notes == ("It sends work back to 'Coder', who did none.",)
    rows = [{"worker": "coder", "why": why} for why in ("short", "no unit")]
    both = parse_review(json.dumps({"redo": rows, "answer": "42"}), WORKERS)
    assert both.redo == {"coder": "short\nno unit"} and not both.problem
    result = asyncio.run(
        SupervisorWorker(A, A, {"general": B, "coder": C}).run(
            Scripted(SCRIPT | {"review": review("42", Coder="all wrong")}), "?"
        )
    )
    assert not result.accepted and result.text == "42"


PIECES = [{"worker": "general", "task": "explain"}, {"worker": "coder", "task": "write"}]
SCRIPT = {
    "assign": json.dumps({"assignments": PIECES}),
    "work general": "It is so.",
    "work coder": ["1", "2"],
    "review": [review("first", coder="too short"), review("second")],
}


def supervisor(rounds: int) -> SupervisorWorker:
    return SupervisorWorker(A, B, {"general": B, "coder": C}, rounds)


def test_only_the_piece_sent_back_is_redone_with_the_reason() -> None:
    ask = Scripted(
        {
            role: list(answers) if isinstance(answers, list) else answers
            for role, answers in SCRIPT.items()
        }
    )
    result = asyncio.run(supervisor(1).run(ask, "Explain and write."))
    assert [role for _, _, role in ask.asked] == [
        "assign",
        "work general",
        "work coder",
        "review",
        "work coder",
        "review",
    ]
    assert "too short" in ask.asked[4][1]
    assert (result.text, result.accepted, result.work["coder"].text) == ("second", True, "2")


@given(rounds=st.integers(0, 10))
def test_a_review_that_never_accepts_ends_with_the_best_so_far(rounds: int) -> None:
    ask = Scripted(SCRIPT | {"work coder": "1", "review": review("so far", coder="too short")})
    result = asyncio.run(supervisor(rounds).run(ask, "Explain and write."))
    assert (result.text, result.accepted, len(result.reviews)) == ("so far", False, rounds + 1)


def test_a_last_review_that_cannot_be_read_leaves_the_answer_before() -> None:
    ask = Scripted(
        SCRIPT | {"work coder": "1", "review": [review("first", coder="too short"), "What?"]}
    )
    result = asyncio.run(supervisor(1).run(ask, "Explain and write."))
    assert (result.text, result.accepted) == ("first", False)
    assert "Expected a JSON object" in result.reviews[1].problem


def test_thoughts_of_workers_do_not_go_to_the_review() -> None:
    ask = Scripted(SCRIPT | {"work coder": "<think>2?</think>1", "review": review("42")})
    asyncio.run(supervisor(1).run(ask, "Explain and write."))
    assert ask.asked[-1][1].endswith("coder: 1")


def test_workers_work_at_the_same_time() -> None:
    ask = Scripted(SCRIPT | {"work coder": "1", "review": review("42")})
    run = asyncio.run(trace.run(ask, supervisor(1), "Explain and write."))
    assert schedule(run.calls) == [(0, 1), (1, 2), (1, 2), (2, 3)]


def assigned() -> str:
    rows = [{"worker": "a", "task": "one"}, {"worker": "b", "task": "two"}]
    return json.dumps({"assignments": rows})


def test_without_a_reviewer_the_workers_texts_are_combined() -> None:
    pattern = SupervisorWorker(A, None, {"a": B, "b": C}, combine=" + ".join)
    ask = Scripted({"assign": assigned(), "work a": "1", "work b": "2"})
    result = asyncio.run(pattern.run(ask, "?"))
    assert (result.text, result.reviews, result.accepted) == ("1 + 2", (), True)
    ask = Scripted({"assign": assigned(), "work a": "<think>2?</think>1", "work b": "2"})
    assert asyncio.run(pattern.run(ask, "?")).text == "1 + 2"
    ask = Scripted({"assign": assigned(), "work a": ValueError("gone"), "work b": "2"})
    assert asyncio.run(pattern.run(ask, "?")).text == "2"


def test_a_reviewer_with_a_schema_answers_with_such_an_object() -> None:
    schema = {"type": "object", "properties": {"n": {"type": "integer"}}}
    reviewer = Member("qwen:r", schema=json.dumps(schema))
    formats = []

    class Watching(Scripted):
        async def __call__(self, member: Member, prompt: str, **options: Any) -> Any:
            formats.append(options.get("format"))
            return await super().__call__(member, prompt, **options)

    said = json.dumps({"redo": [], "answer": {"n": 3}})
    ask = Watching({"assign": assigned(), "work a": "1", "work b": "2", "review": said})
    result = asyncio.run(SupervisorWorker(A, reviewer, {"a": B, "b": C}).run(ask, "?"))
    assert (result.text, result.accepted) == ('{"n":3}', True)
    assert formats[-1]["properties"]["answer"] == schema
