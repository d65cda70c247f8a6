"""What a run did: which calls, after which, for how long; and when they would run on k servers."""

import itertools
import time
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from mlkit.ask import Ask, Failure, Member, Reply, frontier


@dataclass(frozen=True)
class Call:
    """One question of a run. `after` holds the ids of the calls that had to finish before it could start."""
    id: int
    role: str
    member: Member
    reply: Reply | Failure
    after: frozenset[int] = frozenset()

    @property
    def seconds(self) -> float:
        """How long a server was busy with it; for a failed call, how long it took to fail."""
        return self.reply.seconds


@dataclass(frozen=True)
class Run:
    """What a pattern answered, the calls it made in the order they were asked, and how long it took.

    `wall_seconds` is measured where models answer live. On recordings it is the recorded calls one after another,
    which is how they were made.
    """
    result: Any
    calls: tuple[Call, ...]
    wall_seconds: float


class Pattern(Protocol):
    """A way of combining models: configuration, and one `run`."""
    async def run(self, ask: Ask, prompt: str) -> Any: ...


async def run(ask: Ask, pattern: Pattern, prompt: str) -> Run:
    """Run a pattern on one prompt, in a trace of its own: runs never mix, not even when they overlap."""
    calls: list[Call] = []
    ids = itertools.count()

    async def traced(member: Member, prompt: str, *, role: str = "", **options: Any) -> Reply:
        id, after, asked = next(ids), frontier.get(), time.perf_counter()
        reply: Reply | Failure
        try:
            reply = await ask(member, prompt, role=role, **options)
        except Exception as error:
            reply = Failure(error, time.perf_counter() - asked)
        calls.append(Call(id, role or member.name, member, reply, after))
        frontier.set(frozenset({id}))
        if isinstance(reply, Failure):
            raise reply.error
        return reply

    before = frontier.set(frozenset())
    started = time.perf_counter()
    try:
        result = await pattern.run(traced, prompt)
    finally:
        frontier.reset(before)
    wall_seconds = time.perf_counter() - started
    return Run(result, tuple(sorted(calls, key=lambda call: call.id)), wall_seconds)


def schedule(calls: Sequence[Call], servers: int | None = None,
             place: Callable[[Call], Hashable] | None = None) -> list[tuple[float, float]]:
    """When each call would start and end, in seconds, if nothing but servers and `after` held it up.

    `servers=k`: k servers share the calls. `place`: each call runs on the server it names, for example
    `lambda call: call.member.model` for one machine per model. Neither: as many servers as it takes.
    List scheduling: whichever call can start first does (ties: in the order asked), and no server idles while a
    call is ready, so max(critical path, sum/k) <= end <= sum/k + (1 - 1/k) x critical path (Graham 1969).
    """
    if servers is not None and servers < 1:
        raise ValueError(f"servers is {servers}; it takes at least one")
    if servers is not None and place is not None:
        raise ValueError("give servers (shared by all) or place (one for each), not both")
    shared = [0.0] * servers if servers else []
    placed: dict[Hashable, float] = {}
    times: dict[int, tuple[float, float]] = {}

    def start(call: Call) -> float:
        ready = max((times[id][1] for id in call.after), default=0.0)
        return max(ready, min(shared, default=0.0), placed.get(place(call), 0.0) if place else 0.0)

    waiting = sorted(calls, key=lambda call: call.id)
    while waiting:
        able = [call for call in waiting if call.after <= times.keys()]
        if not able:
            raise ValueError("the calls wait for each other in a circle, or for a call that is not among them")
        first = min(able, key=start)
        begin = start(first)
        end = begin + first.seconds
        times[first.id] = (begin, end)
        if shared:
            shared[shared.index(min(shared))] = end
        if place:
            placed[place(first)] = end
        waiting.remove(first)
    return [times[call.id] for call in calls]
