"""How far a run is: what each of its calls is doing, while it does it."""

import asyncio
import html
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from mlkit.ask import Member, Reply
from mlkit.escaped import printable
from mlkit.wrappers import Event

AFTER_SECONDS = 1.0  # a cell that takes less shows nothing
TICK_SECONDS = 0.1  # between two pictures of a run that is under way
# Ollama tells nothing until the first word: it may load, read, or answer somebody else first.
_STATES = {"asked": "waiting", "started": "loading or reading", "words": "writing"}


@dataclass
class CallCard:
    """One call: what is known of it so far."""

    number: int
    role: str
    member: Member
    prompt: str
    labels: Sequence[str] = ()
    asked: float = field(default_factory=time.perf_counter)
    state: str = "waiting"
    seconds: float = 0.0  # since it was asked, at what was heard last
    words: str = ""
    reply: Reply | None = None
    error: Exception | None = None

    def hear(self, event: Event) -> None:
        """Take in what happened to the call; an engine may tell late that it loads."""
        if self.ended:
            return
        self.state = _STATES.get(event.kind, event.kind)
        self.seconds = event.seconds
        self.words += event.words
        if isinstance(event.result, Reply):
            self.reply = event.result
        elif event.result is not None:
            self.error = event.result

    @property
    def ended(self) -> bool:
        return self.state in ("done", "failed", "stopped")

    def status(self) -> str:
        """How far it is, in a few words: "writing, 3 s", or "1.2 s, 40 tokens read, 12 written"."""
        if self.reply:
            cut_off = ", cut off by max_tokens" if self.reply.cut_off else ""
            queued = self.reply.server_queue_seconds
            waited = f" after {queued:.1f} s of waiting" if queued else ""
            return (
                f"{self.reply.seconds:.1f} s{waited}, {self.reply.prompt_tokens} tokens read,"
                f" {self.reply.output_tokens} written{cut_off}"
            )
        if self.ended:
            return f"{self.state} after {self.seconds:.1f} s"
        return f"{self.state}, {time.perf_counter() - self.asked:.0f} s"


class Calls(list[CallCard]):
    """The calls of a run in the order in which they began; `hear` is what `Watched` tells."""

    def hear(self, event: Event) -> None:
        """Take in what happened to a call."""
        if event.kind == "asked":
            self.append(
                CallCard(event.number, event.role, event.member, event.prompt, event.labels)
            )
        self[event.number - 1].hear(event)


def progress_line(cards: Sequence[CallCard], seconds: float) -> str:
    """One line for all: "call 3 (vote 2, large): writing, so far 11 s"."""
    working = [card for card in cards if not card.ended]
    if not working:
        return f"{len(cards)} calls, so far {seconds:.0f} s"
    one = working[0]
    others = f" and {len(working) - 1} more" if len(working) > 1 else ""
    who = f"call {one.number} ({one.role}, {one.member.name}){others}"
    return f"{who}: {one.state}, so far {seconds:.0f} s"


@asynccontextmanager
async def shown_in_cell() -> AsyncIterator[Calls]:
    """In a notebook, from AFTER_SECONDS to the end, a line that says which call is at work."""
    calls = Calls()
    ipython = sys.modules.get("IPython")
    if not ipython or not getattr(ipython.get_ipython(), "kernel", None):
        yield calls
        return
    line = asyncio.create_task(_keep_telling(calls))
    try:
        yield calls
    finally:
        line.cancel()


async def _keep_telling(calls: Calls) -> None:
    from IPython.display import display

    started = time.perf_counter()
    await asyncio.sleep(AFTER_SECONDS)
    shown = display(_line(calls, started), raw=True, display_id=True)
    try:
        while True:
            await asyncio.sleep(TICK_SECONDS)
            shown.update(_line(calls, started), raw=True)
    finally:
        shown.update({"text/html": "", "text/plain": ""}, raw=True)


def _line(calls: Calls, started: float) -> dict[str, Any]:
    text = printable(progress_line(calls, time.perf_counter() - started))
    said = f"<span role='status' aria-live='polite'>{html.escape(text)}</span>"
    return {"text/html": said, "text/plain": text}
