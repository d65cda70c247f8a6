"""`connect()`: what a notebook's first cell calls, and the Kit that it gives."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from mlkit import trace
from mlkit.escaped import printable
from mlkit.models import CASTS, Cast

if TYPE_CHECKING:
    import numpy as np

    from mlkit.ask import Ask, Member
    from mlkit.engines.choose import Engine


@dataclass(frozen=True)
class Kit:
    """The four things a notebook needs (`ask`, `embed`, `run`, `cast`), on whatever engine was
    found.
    """

    ask: Ask
    cast: Cast
    engine: Engine

    async def embed(self, texts: Sequence[str]) -> np.ndarray:
        """Unit vectors for n texts, shape (n, d), from the small model."""
        return await self.ask.embed(self.cast.small.model, texts)

    async def run(self, pattern: trace.Pattern, prompt: str) -> trace.Run:
        """Run a pattern on one prompt; the Run holds its result, its calls and its wall time."""
        run = await trace.run(self.ask, pattern, prompt)
        if self.live:
            return run
        recorded_seconds = sum(call.seconds for call in run.calls)
        return trace.Run(run.result, run.calls, recorded_seconds)

    def recorded_prompts(self, member: Member) -> list[str]:
        """What this member was asked, exactly as it is configured, in the recordings: what a menu
        can offer.
        """
        from mlkit.engines.chat import messages_for, options_for
        from mlkit.engines.recording import load_folder
        from mlkit.paths import recordings

        asked = [
            exchange.request
            for exchange in load_folder(recordings(self.cast.name)).exchanges.values()
        ]
        return sorted(
            {
                request["messages"][-1]["content"]
                for request in asked
                if request["model"] == member.model
                and request.get("options") == options_for(member)
                and request.get("messages", [])[:-1] == messages_for(member, "")[:-1]
                and not request.keys() & {"format", "logprobs"}
            }
        )

    @property
    def live(self) -> bool:
        return self.engine.live

    @property
    def source(self) -> str:
        """Where the numbers come from, for the footer of a chart."""
        return self.engine.source

    @cached_property
    def recorded(self) -> Kit:
        """The same kit on the recordings, whatever this one runs on: for statistics."""
        making_them = "MLKIT_RECORD" in os.environ
        return self if making_them or not self.live else _kit(self.cast, "replay")


def connect(cast: str | Cast | None = None, engine: str | None = None) -> Kit:
    """Find an engine, print one line that says which, and give the kit.

    `cast` is one of mlkit.models.CASTS, or your own; without it MLKIT_CAST decides, else "tiny".
    `engine` is "auto", "ollama", "embedded" or "replay"; without it MLKIT_ENGINE decides, else
    "auto".
    """
    cast = cast or os.environ.get("MLKIT_CAST") or "tiny"
    if isinstance(cast, str) and cast not in CASTS:
        raise ValueError(f"there is no cast {cast!r}; choose one of {', '.join(CASTS)}")
    playing = _playable(CASTS[cast] if isinstance(cast, str) else cast)
    kit = _kit(playing, engine or os.environ.get("MLKIT_ENGINE") or "auto")
    print(printable(setup_line(kit)))
    return kit


def _playable(cast: Cast) -> Cast:
    """The cast, with the large member in the place of hosted ones that cannot be asked here; says
    so for each.
    """
    from mlkit.engines.hosted import missing

    absent = {role: why for role, member in cast.members.items() if (why := missing(member.model))}
    for role, why in absent.items():
        print(printable(f"{role}: {why} The large member plays {role}."))
    return replace(cast, **{role: replace(cast.large, name=role) for role in absent})


def _kit(cast: Cast, engine: str) -> Kit:
    # Imported here: the client and its engines cost far more than the types, and not every use of
    # mlkit connects.
    from mlkit.engines.chat import Chat
    from mlkit.engines.choose import choose, host
    from mlkit.engines.hosted import Hosted

    found = choose(cast, engine)
    # Recordings never queue, and a Recorder keeps a queue of its own.
    lanes = (
        int(os.environ.get("MLKIT_LANES", 1))
        if found.live and "MLKIT_RECORD" not in os.environ
        else 1_000_000
    )
    where = host() if found.kind == "ollama" else "http://localhost"
    chat = Chat(where, found.transport, lanes, float(os.environ.get("MLKIT_TIMEOUT_SECONDS", 300)))
    return Kit(Hosted(chat) if found.live else chat, cast, found)


def setup_line(kit: Kit) -> str:
    """`LIVE · Ollama 0.24.0 · small=... large=...`, or `REPLAY · recorded ... · for live: ...`."""
    header = kit.engine.header
    if not kit.live:
        why = f" ({kit.engine.why})" if kit.engine.why else ""
        return (
            f"REPLAY · recorded {header.date} on {header.engine}{why} · for live: start Ollama, or"
            " type uv run mlkit pull in a terminal, then run this cell again"
        )
    roles = {
        role: member.model
        for role, member in kit.cast.members.items()
        if role in ("small", "large")
    }
    roles |= {
        role: member.model
        for role, member in kit.cast.members.items()
        if member.model not in roles.values()
    }
    who = " ".join(f"{role}={model}" for role, model in roles.items())
    return f"LIVE · {header.engine} · {who}{_differs(kit)}"


def _differs(kit: Kit) -> str:
    """A warning where live answers come from other weights, or another engine, than the recorded
    ones.
    """
    from mlkit.engines.recording import load_folder
    from mlkit.errors import RecordingError
    from mlkit.paths import recordings

    try:
        recorded = load_folder(recordings(kit.cast.name)).header
    except RecordingError:
        return " · nothing is recorded for this cast"
    return (
        ""
        if recorded.same_models(kit.engine.header)
        else " · live answers may differ from the recorded ones"
    )
