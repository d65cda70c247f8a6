"""How far a run is, in words: for each call, for all in one line, and in a cell."""

import asyncio
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import IPython
import pytest

from mlkit import progress
from mlkit.ask import Member, Reply
from mlkit.errors import EngineError
from mlkit.kit import connect
from mlkit.progress import Calls, progress_line
from mlkit.wrappers import Event, Limited, Watched, watcher
from tests.conftest import Scripted

LARGE = Member("qwen:large", name="large")


def heard(*events: tuple[int, str, dict[str, Any]]) -> Calls:
    calls = Calls()
    for number, kind, more in events:
        calls.hear(Event(kind, number, f"vote {number}", LARGE, "What?", **more))
    return calls


@pytest.mark.parametrize(
    ("kinds", "said"),
    [
        (["asked"], "waiting"),
        (["asked", "started"], "loading or reading"),
        (["asked", "started", "reading"], "reading"),
        (["asked", "started", "words"], "writing"),
    ],
)
def test_a_call_under_way_says_what_it_is_doing(kinds, said):
    (card,) = heard(*((1, kind, {}) for kind in kinds))
    assert card.status() == f"{said}, 0 s" and not card.ended


def test_words_add_up_until_the_answer_is_there():
    words = [(1, "words", {"words": "one "}), (1, "words", {"words": "two"})]
    (card,) = heard((1, "asked", {}), *words)
    assert card.words == "one two"
    reply = Reply("one two", LARGE, 7, 2, prompt_seconds=1.0, output_seconds=0.5)
    card.hear(Event("done", 1, "vote 1", LARGE, "What?", 1.6, result=reply))
    assert card.ended and card.status() == "1.5 s, 7 tokens read, 2 written"
    card.reply = replace(reply, done_reason="length")
    assert card.status().endswith("cut off by max_tokens")


def test_a_call_that_failed_or_was_stopped_says_so():
    failed, stopped = heard(
        (1, "asked", {}),
        (2, "asked", {}),
        (1, "failed", {"seconds": 2.0, "result": EngineError("full")}),
        (2, "stopped", {"seconds": 3.04}),
    )
    assert (failed.status(), stopped.status()) == ("failed after 2.0 s", "stopped after 3.0 s")
    assert failed.ended and stopped.ended


def test_all_calls_in_one_line():
    assert progress_line(heard(), 1.2) == "0 calls, so far 1 s"
    calls = heard((1, "asked", {}), (2, "asked", {}), (2, "started", {}), (1, "stopped", {}))
    assert progress_line(calls, 11.2) == ("call 2 (vote 2, large): loading or reading, so far 11 s")
    calls += heard((1, "asked", {}))
    assert "(vote 2, large) and 1 more: " in progress_line(calls, 11.2)


def test_a_watched_call_tells_all_that_happens_to_it_and_a_cancelled_one_that_it_was_stopped():
    events: list[str] = []

    async def ask(member: Member, prompt: str, **options: Any) -> Reply:
        watcher()("words", "ye")
        await asyncio.Event().wait()
        raise AssertionError

    async def play() -> None:
        watched = Watched(Limited(ask, 1), lambda event: events.append(event.kind))
        task = asyncio.create_task(watched(LARGE, "What?"))
        while "words" not in events:
            await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(play())
    assert events == ["asked", "started", "words", "stopped"]


@pytest.fixture
def cell(monkeypatch) -> list[dict[str, str]]:
    """A notebook's kernel, and what was shown in its cell so far."""
    shown: list[dict[str, str]] = []
    handle = SimpleNamespace(update=lambda data, raw: shown.append(data))

    def display(data: dict[str, str], raw: bool, display_id: bool) -> Any:
        handle.update(data, raw)
        return handle

    here = SimpleNamespace(kernel=True, set_custom_exc=lambda *_: None)
    monkeypatch.setattr(IPython, "get_ipython", lambda: here)
    monkeypatch.setattr("IPython.display.display", display)
    monkeypatch.setattr(progress, "TICK_SECONDS", 0.001)
    return shown


def live(ask: Any) -> Any:
    kit = connect(engine="replay")
    return replace(kit, ask=ask, engine=replace(kit.engine, kind="ollama"))


def test_a_run_in_a_cell_says_after_a_second_what_it_is_doing_and_leaves_nothing(cell, monkeypatch):
    assert progress.AFTER_SECONDS == 1.0  # it would be long here
    monkeypatch.setattr(progress, "AFTER_SECONDS", 0.0)

    async def ask(member: Member, prompt: str, **options: Any) -> Reply:
        while len(cell) < 2:
            await asyncio.sleep(0)
        return Reply("yes", member)

    async def pattern(ask: Any, prompt: str) -> str:
        return (await ask(LARGE, prompt, role="vote <1>")).text

    async def play() -> None:
        await live(ask).run(pattern, "What?")
        await asyncio.sleep(0)  # as a kernel goes on

    asyncio.run(play())
    assert "call 1 (vote <1>, large): waiting, so far 0 s" in cell[1]["text/plain"]
    assert "vote &lt;1&gt;" in cell[1]["text/html"] and "aria-live" in cell[1]["text/html"]
    assert cell[-1] == {"text/html": "", "text/plain": ""}


def test_a_call_that_has_ended_hears_no_more():
    calls = heard((1, "asked", {}), (1, "stopped", {"seconds": 2.0}), (1, "reading", {}))
    assert calls[0].status() == "stopped after 2.0 s"


def test_a_short_run_in_a_cell_shows_nothing(cell):
    async def pattern(ask: Any, prompt: str) -> str:
        return (await ask(LARGE, prompt)).text

    asyncio.run(live(Scripted({"": "yes"})).run(pattern, "What?"))
    assert cell == []
