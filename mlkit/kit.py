"""`connect()`: what a notebook's first cell calls, and the Kit that it gives."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from mlkit import edition, trace, wrappers
from mlkit.errors import RecordingError
from mlkit.escaped import printable
from mlkit.models import CASTS, ROLES, Cast, cast_named, priced_like
from mlkit.paths import SHIPPED
from mlkit.progress import shown_in_cell

if TYPE_CHECKING:
    import numpy as np

    from mlkit.ask import Member
    from mlkit.engines.choose import Engine


@dataclass(frozen=True)
class Kit:
    """What a notebook needs (`ask`, `embed`, `run`, `cast`), on whatever engine was found."""

    ask: wrappers.Engine
    cast: Cast
    engine: Engine
    recording: bool = False  # whether every answer is being kept, for `mlkit record`
    chosen: Cast | None = None  # the cast before its large member stood in for a hosted one

    async def embed(self, texts: Sequence[str]) -> np.ndarray:
        """Unit vectors for n texts, shape (n, d), from the small model."""
        return await self.ask.embed(self.cast.small.model, texts)

    async def run(self, pattern: trace.Runnable, prompt: str) -> trace.Run:
        """Run a pattern, or an async function (ask, prompt), on one prompt."""
        if self.live:
            async with shown_in_cell() as calls:
                return await trace.run(wrappers.Watched(self.ask, calls.hear), pattern, prompt)
        run = await trace.run(self.ask, pattern, prompt)
        return replace(run, wall_seconds=sum(call.seconds for call in run.calls))

    def recorded_prompts(self, member: Member) -> list[str]:
        """What this member was asked, exactly as it is configured, in the recordings."""
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
        others = {one.model: priced_like(one.model) for one in self.cast.members.values()}
        like = [f"{model} like {other}" for model, other in others.items() if model != other]
        return self.engine.source + (f" · priced: {', '.join(like)}" if like else "")

    @cached_property
    def recorded(self) -> Kit:
        """The kit on recordings, for statistics: of this cast, or of the one that has some."""
        same = self.recording or not self.live
        return self if same else _kit(self.chosen or self.cast, "replay")


def connect(
    cast: str | Cast | None = None,
    engine: str | None = None,
    keep: Callable[[Cast, Engine], wrappers.Memory] | None = None,
) -> Kit:
    """Find an engine, print one line that says which, and give the kit.

    `cast` is one of mlkit.models.CASTS, "small=MODEL,large=MODEL", or your own Cast; without it
    MLKIT_CAST decides, else it is "tiny" ("solo" where only that runs in this process).
    `engine` is "auto", "ollama", "embedded" or "replay"; without it MLKIT_ENGINE, or "auto".
    `keep` makes the memory that every answer goes to, for a recording.
    """
    from mlkit.engines.choose import cast_for, engine_set
    from mlkit.engines.interrupt import show_in_one_line

    show_in_one_line()
    cast = cast or os.environ.get("MLKIT_CAST") or cast_for(engine_set(engine))
    kit = _kit(cast_named(cast) if isinstance(cast, str) else cast, engine, keep)
    print(printable(setup_line(kit)))
    return kit


def _playable(cast: Cast) -> Cast:
    """The cast, the large member for each hosted one that cannot be asked here; says so."""
    from mlkit.engines.hosted import missing

    absent = {role: why for role, member in cast.members.items() if (why := missing(member.model))}
    for role, why in absent.items():
        print(printable(f"{role}: {why} The large member plays {role}."))
    stand_ins: dict[str, Any] = {role: replace(cast.large, name=role) for role in absent}
    return replace(cast, **stand_ins)


def _kit(
    cast: Cast, engine: str | None, keep: Callable[[Cast, Engine], wrappers.Memory] | None = None
) -> Kit:
    # Imported here: engines cost far more than the types, and not every use of mlkit connects.
    from mlkit.engines.choose import choose, engine_set, number
    from mlkit.engines.hosted import Hosted

    lanes, timeout_seconds = int(number("MLKIT_LANES")), number("MLKIT_TIMEOUT_SECONDS")
    found = choose(cast, engine_set(engine), timeout_seconds)
    ask, playing = found.ask, CASTS[SHIPPED] if found.unrecorded else cast
    if found.live:
        playing = cast if keep else _playable(cast)  # a recording is of the cast it is named for
        ask = Hosted(wrappers.Limited(ask, lanes), timeout_seconds)
    if keep:
        ask = wrappers.Recorder(ask, keep(cast, found))
    return Kit(ask, playing, found, recording=keep is not None, chosen=cast)


def setup_line(kit: Kit) -> str:
    """`LIVE · Ollama 0.24.0 · small=... large=...`, or `REPLAY · recorded ... · for live: ...`."""
    header, unrecorded, qwens = kit.engine.header, kit.engine.unrecorded, kit.engine.qwens
    if kit.live:
        line = f"LIVE · {header.engine} · {_players(kit.cast)}{_differs(kit)}"
    else:
        line = f"REPLAY · recorded {header.date} on {header.engine}{_way_to_live(kit.engine)}"
    if unrecorded:
        line += f" · nothing is recorded for {unrecorded}: these are {SHIPPED}'s"
    if qwens:
        cast = f'"small={qwens[0]},large={qwens[-1]}"'
        line += (
            f" · Ollama has {', '.join(qwens)}: to play with them, set MLKIT_CAST={cast} and start"
            f" again, or here: kit = mlkit.connect({cast})"
        )
    return line + edition.behind()


def _players(cast: Cast) -> str:
    """Each model once, with the first role that it plays."""
    roles: dict[str, str] = {}
    for role in ("small", "large", *ROLES):
        roles.setdefault(cast.members[role].model, role)
    return " ".join(f"{role}={model}" for model, role in roles.items())


def _way_to_live(engine: Engine) -> str:
    """Why recordings answer, and how a live model would: as far as one can, here."""
    if any(name.startswith("BINDER_") for name in os.environ):
        return _on_binder()
    if engine.why:
        return f" ({engine.why}) · for live: {engine.way_to_live}, then run this cell again"
    by_variable = os.environ.get("MLKIT_ENGINE") == "replay"
    asked = "lab --replay or MLKIT_ENGINE=replay" if by_variable else 'engine="replay"'
    return f' · asked for by {asked} · for live: kit = mlkit.connect(engine="auto")'


def _on_binder() -> str:
    """There, one small model is all that fits; its weights come with the image if they could."""
    from mlkit.engines.choose import cast_for

    if cast_for("embedded").name == "solo":
        live = 'kit = mlkit.connect(engine="embedded"), on the small model alone'
        return f" · for live, write in this cell: {live}"
    return " · on Binder there are recordings only · for live: run this kit on your own machine"


def _differs(kit: Kit) -> str:
    """A warning where live answers come from another engine or weights than the recorded ones."""
    try:
        recorded = kit.recorded.engine
    except RecordingError:
        return " · nothing is recorded for this cast"
    if recorded.unrecorded:
        return f" · nothing is recorded for {recorded.unrecorded}: statistics are {SHIPPED}'s"
    same = recorded.header.same_models(kit.engine.header)
    return "" if same else " · live answers may differ from the recorded ones"
