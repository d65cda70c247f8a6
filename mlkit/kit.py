"""`connect()`: what a notebook's first cell calls, and the Kit that it gives."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from mlkit import trace, wrappers
from mlkit.escaped import printable
from mlkit.models import CASTS, Cast, cast_named, priced_like
from mlkit.paths import SHIPPED

if TYPE_CHECKING:
    import numpy as np

    from mlkit.ask import Member
    from mlkit.engines.choose import Engine


@dataclass(frozen=True)
class Kit:
    """The four things a notebook needs (`ask`, `embed`, `run`, `cast`), on whatever engine was
    found.
    """

    ask: wrappers.Engine
    cast: Cast
    engine: Engine
    recording: bool = False  # whether every answer is being kept, for `mlkit record`

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
        recording = self.recorded.engine.recording
        questions = recording.questions if recording else []
        wanted = wrappers.question(member, "")
        return sorted(one.prompt for one in questions if one._replace(prompt="") == wanted)

    @property
    def live(self) -> bool:
        return self.engine.live

    @property
    def source(self) -> str:
        """Where the numbers come from, for the footer of a chart."""
        others = {model: priced_like(model) for model in self.cast.models}
        like = [f"{model} like {other}" for model, other in others.items() if model != other]
        return self.engine.source + (f" · priced: {', '.join(like)}" if like else "")

    @cached_property
    def recorded(self) -> Kit:
        """The kit on the recordings, whatever this one runs on: for statistics. Where nothing is
        recorded for this cast, it is the cast that comes with recordings.
        """
        return self if self.recording or not self.live else _kit(self.cast, "replay")


def connect(
    cast: str | Cast | None = None,
    engine: str | None = None,
    keep: Callable[[Cast, Engine], wrappers.Memory] | None = None,
) -> Kit:
    """Find an engine, print one line that says which, and give the kit.

    `cast` is one of mlkit.models.CASTS, "small=MODEL,large=MODEL", or your own Cast; without it
    MLKIT_CAST decides, else "tiny".
    `engine` is "auto", "ollama", "embedded" or "replay"; without it MLKIT_ENGINE decides, else
    "auto".
    `keep` makes the memory that every answer goes to, for a recording.
    """
    cast = cast or os.environ.get("MLKIT_CAST") or "tiny"
    from mlkit.engines.choose import engine_set
    from mlkit.engines.interrupt import show_in_one_line

    show_in_one_line()

    playing = _playable(cast_named(cast) if isinstance(cast, str) else cast)
    kit = _kit(playing, engine or engine_set(), keep)
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
    stand_ins: dict[str, Any] = {role: replace(cast.large, name=role) for role in absent}
    return replace(cast, **stand_ins)


def _kit(
    cast: Cast, engine: str, keep: Callable[[Cast, Engine], wrappers.Memory] | None = None
) -> Kit:
    # Imported here: engines cost far more than the types, and not every use of mlkit connects.
    from mlkit.engines.choose import choose, number
    from mlkit.engines.hosted import Hosted

    lanes, timeout_seconds = int(number("MLKIT_LANES")), number("MLKIT_TIMEOUT_SECONDS")
    found = choose(cast, engine, timeout_seconds)
    ask = Hosted(wrappers.Limited(found.ask, lanes)) if found.live else found.ask
    if keep:
        ask = wrappers.Recorder(ask, keep(cast, found))
    shown = CASTS[SHIPPED] if found.unrecorded else cast
    return Kit(ask, shown, found, recording=keep is not None)


def setup_line(kit: Kit) -> str:
    """`LIVE · Ollama 0.24.0 · small=... large=...`, or `REPLAY · recorded ... · for live: ...`."""
    header = kit.engine.header
    if not kit.live:
        return (
            f"REPLAY · recorded {header.date} on {header.engine}{_way_to_live(kit.engine)}"
            f"{_stand_in(kit)}{_other_qwens(kit)}"
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
    return f"LIVE · {header.engine} · {who}{_differs(kit)}{_other_qwens(kit)}"


def _stand_in(kit: Kit) -> str:
    """Whose answers these are, where it is not the cast that was asked for."""
    cast = kit.engine.unrecorded
    return f" · nothing is recorded for {cast}: these are {SHIPPED}'s" if cast else ""


def _other_qwens(kit: Kit) -> str:
    """How to play with what Ollama has, where it does not have the cast's models."""
    qwens = kit.engine.qwens
    if not qwens:
        return ""
    cast = f'"small={qwens[0]},large={qwens[-1]}"'
    return (
        f" · Ollama has {', '.join(qwens)}: to play with them, set MLKIT_CAST={cast} and start"
        f" again, or here: kit = mlkit.connect({cast})"
    )


def _way_to_live(engine: Engine) -> str:
    """Why recordings answer, and how a live model would: as far as one can, here."""
    if any(name.startswith("BINDER_") for name in os.environ):
        return " · on Binder there are recordings only · for live: run this kit on your own machine"
    if engine.why:
        return f" ({engine.why}) · for live: {engine.way_to_live}, then run this cell again"
    by_variable = os.environ.get("MLKIT_ENGINE") == "replay"
    asked = "lab --replay or MLKIT_ENGINE=replay" if by_variable else 'engine="replay"'
    return f' · asked for by {asked} · for live: kit = mlkit.connect(engine="auto")'


def _differs(kit: Kit) -> str:
    """A warning where live answers come from other weights, or another engine, than the recorded
    ones.
    """
    from mlkit.errors import RecordingError
    from mlkit.paths import recorded

    shown = recorded(kit.cast.name)
    if shown != kit.cast.name:
        return f" · nothing is recorded for {kit.cast.name}: statistics are {shown}'s"
    try:
        header = kit.recorded.engine.header
    except RecordingError:
        return " · nothing is recorded for this cast"
    return (
        ""
        if header.same_models(kit.engine.header)
        else " · live answers may differ from the recorded ones"
    )
