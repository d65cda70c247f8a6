"""Fan-out: all at once, in order; and who picks."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlkit import trace
from mlkit.ask import Member
from mlkit.errors import EngineError
from mlkit.patterns.fan_out import ModelFanOut
from mlkit.schedule import schedule
from tests.conftest import Scripted

MEMBERS = tuple(Member(f"qwen:{n}") for n in range(5))
SCRIPT = {f"answer {n}": f"text {n}" for n in range(1, 6)}


def test_without_a_pick_the_first_answer_is_the_text() -> None:
    result = asyncio.run(ModelFanOut(MEMBERS).run(Scripted(dict(SCRIPT)), "?"))
    assert (result.text, result.pick.by, [answer.text for answer in result.answers]) == (
        "text 1",
        "order",
        [*SCRIPT.values()],
    )


def test_a_checker_picks_the_first_that_it_accepts() -> None:
    result = asyncio.run(
        ModelFanOut(MEMBERS, pick=lambda text: text > "text 2").run(Scripted(dict(SCRIPT)), "?")
    )
    assert (result.text, result.pick.by) == ("text 3", "checker")


def test_a_checker_that_accepts_none_is_reported() -> None:
    result = asyncio.run(
        ModelFanOut(MEMBERS, pick=lambda text: False).run(Scripted(dict(SCRIPT)), "?")
    )
    assert (result.text, result.pick.by, result.pick.complaint) == (
        "text 1",
        "order",
        "the checker accepted none",
    )


def test_an_answer_that_is_only_thought_is_none_and_no_checker_reads_thoughts() -> None:
    script = SCRIPT | {"answer 1": "<think>text 9", "answer 2": "<think>no</think>text 2"}
    seen: list[str] = []
    result = asyncio.run(ModelFanOut(MEMBERS).run(Scripted(dict(script)), "?"))
    asyncio.run(ModelFanOut(MEMBERS, pick=seen.append).run(Scripted(script), "?"))
    assert result.pick.member == 1
    assert [text.strip() for text in seen] == ["text 2", "text 3", "text 4", "text 5"]


@given(letter=st.sampled_from("ABCDE"), seed=st.integers(), prompt=st.text())
def test_the_judges_letter_names_the_answer_it_saw_there(
    letter: str, seed: int, prompt: str
) -> None:
    ask = Scripted(SCRIPT | {"judge": letter})
    result = asyncio.run(
        ModelFanOut(MEMBERS, pick=Member("qwen:judge"), seed=seed).run(ask, prompt)
    )
    question = ask.asked[-1][1]
    assert f"Answer {letter}: {result.text}" in question
    assert result.pick.member == result.pick.shown["ABCDE".index(letter)]
    assert sorted(result.pick.shown) == [0, 1, 2, 3, 4]


def test_the_seed_decides_the_order_and_orders_differ() -> None:
    def shown(seed: int) -> tuple[int, ...]:
        ask = Scripted(SCRIPT | {"judge": "A"})
        return asyncio.run(
            ModelFanOut(MEMBERS, pick=Member("qwen:judge"), seed=seed).run(ask, "?")
        ).pick.shown

    assert shown(1) == shown(1)
    assert len({shown(seed) for seed in range(10)}) > 5


def test_the_critical_path_is_one_call_then_the_judge() -> None:
    run = asyncio.run(
        trace.run(
            Scripted(SCRIPT | {"judge": "A"}), ModelFanOut(MEMBERS, pick=Member("qwen:judge")), "?"
        )
    )
    assert schedule(run.calls) == 5 * [(0, 1)] + [(1, 2)]


def test_who_fuses_sees_all_answers_and_writes_the_text() -> None:
    ask = Scripted(SCRIPT | {"answer 2": ValueError("gone"), "fuse": "text of all"})
    result = asyncio.run(ModelFanOut(MEMBERS, fuse=Member("qwen:fuse")).run(ask, "What?"))
    assert (result.text, result.pick.by, result.pick.member) == ("text of all", "fuse", None)
    (prompt,) = [prompt for _, prompt, role in ask.asked if role == "fuse"]
    shown = [f"Answer {'ABCDE'[n]}: text {place + 1}" for n, place in enumerate(result.pick.shown)]
    assert prompt == "\n\n".join(["Question: What?", *shown])
    assert sorted(result.pick.shown) == [0, 2, 3, 4]


def test_where_fusing_fails_the_first_answer_stands_and_the_reason_is_told() -> None:
    ask = Scripted(SCRIPT | {"fuse": EngineError("no room")})
    result = asyncio.run(ModelFanOut(MEMBERS, fuse=Member("qwen:fuse")).run(ask, "What?"))
    assert (result.text, result.pick.by, result.pick.member) == ("text 1", "order", 0)
    assert result.pick.complaint == "no room"


@pytest.mark.parametrize("fused", ["", " \n", "<think>Which of them?"])
def test_what_is_fused_to_nothing_is_a_failed_fuse(fused: str) -> None:
    ask = Scripted(SCRIPT | {"fuse": fused})
    result = asyncio.run(ModelFanOut(MEMBERS, fuse=Member("qwen:fuse")).run(ask, "What?"))
    assert (result.text, result.pick.by, result.pick.member) == ("text 1", "order", 0)
    assert "made of all is empty" in result.pick.complaint
