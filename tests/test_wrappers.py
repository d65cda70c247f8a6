"""The wrappers around anything that can be asked."""

import asyncio
import json
from typing import Any

import numpy as np
import pytest

from mlkit.ask import Failure, Member, Reply, together
from mlkit.engines.recordings import Header, Recording
from mlkit.errors import BadPrompt, EngineError, NotRecorded
from mlkit.wrappers import Event, Limited, Recorder, Remembered, Replay, Texts, Watched, question
from tests.echo import Echo

MEMBER = Member("m", name="the small one")
HEADER = Header("Ollama 0.0", {"m": "digest"}, "a machine", "2026-01-01")
SCHEMA = {"type": "object", "properties": {"n": {"type": "null"}}}


def ask_all(ask: Any, *prompts: str, member: Member = MEMBER) -> list[Any]:
    async def main() -> list[Any]:
        return await together(*(ask(member, prompt) for prompt in prompts))

    return asyncio.run(main())


def replay(memory: dict) -> Replay:
    return Replay(memory, Recording(HEADER, memory).missing)


def recorded(*prompts: str) -> dict:
    memory: dict = {}
    ask_all(Recorder(Echo(), memory), *prompts)
    return memory


@pytest.mark.parametrize(
    "options",
    [{}, {"labels": ("yes", "no")}, {"format": SCHEMA}],
    ids=["plain", "labels", "format"],
)
def test_what_was_recorded_is_replayed_to_whoever_asks_the_same(options):
    memory: dict = {}
    live = asyncio.run(Recorder(Echo(), memory)(MEMBER, "one", role="a", **options))
    other_name = Member("m", name="called otherwise")
    again = asyncio.run(replay(memory)(other_name, "one", role="b", **options))
    assert again.member is other_name and live.member is MEMBER
    assert (again.text, again.choices, again.seconds) == (live.text, live.choices, live.seconds)


@pytest.mark.parametrize(
    "member, options",
    [
        (Member("m", seed=7), {}),
        (Member("m", system="Be short."), {}),
        (Member("m", shots=(("a", "b"),)), {}),
        (Member("m", temperature=0.5), {}),
        (Member("m", max_tokens=5), {}),
        (Member("m", think=True), {}),
        (Member("m", schema="{}"), {}),
        (MEMBER, {"labels": ("yes", "no")}),
        (MEMBER, {"format": SCHEMA}),
    ],
)
def test_the_same_prompt_asked_otherwise_is_a_miss_that_says_so(member, options):
    with pytest.raises(NotRecorded, match="other settings"):
        asyncio.run(replay(recorded("one"))(member, "one", **options))


def test_the_order_of_a_schemas_properties_is_kept_because_it_decides_what_is_written():
    orders = [{name: {"type": "string"} for name in names} for names in ("ab", "ba")]
    asked = [question(MEMBER, "one", {"properties": properties}) for properties in orders]
    assert asked[0] != asked[1]
    assert [list(json.loads(one.format)["properties"]) for one in asked] == [["a", "b"], ["b", "a"]]


def test_a_miss_names_what_was_asked_the_nearest_prompt_and_the_way_to_live():
    missed = ask_all(replay(recorded("one", "three")), "threes")[0].error
    assert isinstance(missed, NotRecorded)
    for said in ("'threes'", "'m'", "nearest recorded prompt is 'three'", "mlkit pull"):
        assert said in str(missed)
    unlike = ask_all(replay(recorded("one", "three")), "zzzzzzzzzz")[0].error
    assert "None of the 2 prompts" in str(unlike)


def test_a_miss_that_no_engine_could_answer_is_refused_as_live():
    with pytest.raises(BadPrompt, match="empty"):
        asyncio.run(replay(recorded("one"))(MEMBER, "  "))


def test_labels_of_another_set_have_the_same_answer():
    assert question(MEMBER, "a", labels=("x",)) == question(MEMBER, "a", labels=("y", "z"))


def test_an_answer_recorded_with_probabilities_is_one_without_them_too():
    memory: dict = {}
    asyncio.run(Recorder(Echo(), memory)(MEMBER, "one", labels=("yes", "no")))
    assert ask_all(replay(memory), "one")[0].text == next(iter(memory.values())).text
    with pytest.raises(NotRecorded):
        asyncio.run(replay(memory)(MEMBER, "one", format=SCHEMA))


def test_vectors_are_replayed_and_a_text_that_has_none_is_a_miss():
    memory: dict = {}
    live = asyncio.run(Recorder(Echo(), memory).embed("m", ["a", "b"]))
    assert np.array_equal(asyncio.run(replay(memory).embed("m", ["a", "b"])), live)
    assert list(memory) == [Texts("m", ("a", "b"))]
    with pytest.raises(NotRecorded, match=r"a \| c"):
        asyncio.run(replay(memory).embed("m", ["a", "c"]))


def test_a_text_has_the_same_vector_among_others():
    memory: dict = {}
    recorder = Recorder(Echo(), memory)
    for texts in (["a", "b"], ["c"]):
        asyncio.run(recorder.embed("m", texts))
    again = asyncio.run(replay(memory).embed("m", ["c", "b"]))
    assert np.array_equal(again[0], memory[Texts("m", ("c",))][0])
    assert np.array_equal(again[1], memory[Texts("m", ("a", "b"))][1])
    with pytest.raises(NotRecorded):
        asyncio.run(replay(memory).embed("other", ["c", "b"]))


def test_what_is_remembered_is_not_asked_again():
    live = Echo()
    ask = Remembered(live)

    async def main() -> list[Reply]:
        return [await ask(MEMBER, prompt) for prompt in ("a", "bb", "a")]

    assert [reply.text for reply in asyncio.run(main())] == ["1", "2", "1"]
    asyncio.run(ask.embed("m", ["c"]))
    asyncio.run(ask.embed("m", ["c"]))
    assert live.asked == ["a", "bb", "c"]


def test_what_the_live_engine_refuses_is_not_kept():
    memory: dict = {}
    failed = ask_all(Recorder(Echo(EngineError("no")), memory), "first")[0]
    assert isinstance(failed.error, EngineError) and memory == {}


def test_recording_asks_one_question_at_a_time():
    live = Echo()
    ask_all(Recorder(live, {}), *"abcdef")
    assert (len(live.asked), live.most) == (6, 1)


def test_recording_asks_first_what_begins_like_the_question_before():
    live = Echo()
    recorder = Recorder(live, {})
    asked = [("x", "1"), ("y", "2"), ("x", "3"), ("y", "4"), ("x", "5")]

    async def main() -> list[Any]:
        return await together(
            *(
                recorder(Member("m", system=system, seed=n), text)
                for n, (system, text) in enumerate(asked)
            )
        )

    assert [reply.text for reply in asyncio.run(main())] == 5 * ["1"]
    assert live.asked == ["1", "3", "5", "2", "4"]


def test_a_question_cancelled_while_it_waits_holds_nobody_up():
    live = Echo()
    recorder = Recorder(live, {})

    async def main() -> None:
        first, second, third = (
            asyncio.create_task(recorder(MEMBER, prompt)) for prompt in ("1", "2", "3")
        )
        while not live.asked:
            await asyncio.sleep(0)
        second.cancel()
        async with asyncio.timeout(5):
            await asyncio.gather(first, third)

    asyncio.run(main())
    assert live.asked == ["1", "3"]


def test_more_calls_than_lanes_wait_and_say_how_long():
    live = Echo()
    replies = ask_all(Limited(live, 2), *"abcd")
    assert live.most == 2
    assert [reply.queue_seconds > 0 for reply in replies] == [False, False, True, True]
    with pytest.raises(ValueError, match="at least one"):
        Limited(live, 0)


def test_a_cancelled_call_gives_its_lane_back():
    class Hangs(Echo):
        async def __call__(self, member: Member, prompt: str, **options: Any) -> Reply:
            self.asked.append(prompt)
            await asyncio.Event().wait()
            raise AssertionError("nothing sets it")

    async def main() -> None:
        live = Hangs()
        limited = Limited(live, 1)
        task = asyncio.create_task(limited(MEMBER, "one"))
        while not live.asked:
            await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        second = asyncio.create_task(limited(MEMBER, "two"))
        async with asyncio.timeout(5):
            while live.asked != ["one", "two"]:
                await asyncio.sleep(0)
        second.cancel()

    asyncio.run(main())


@pytest.mark.parametrize("error", [None, EngineError("no")], ids=["answered", "failed"])
def test_whoever_watches_is_told_of_each_call(error):
    events: list[Event] = []
    (result,) = ask_all(Watched(Echo(error), events.append), "one")
    began, ended = events
    assert (began.kind, began.number, began.member) == ("asked", 1, MEMBER)
    assert ended.kind == ("failed" if error else "done") and ended.seconds > 0
    assert ended.result is (result.error if isinstance(result, Failure) else result)
