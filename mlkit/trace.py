"""What a run did: which calls, after which, for how long."""

import inspect
import itertools
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Protocol

from mlkit.ask import Ask, Failure, Member, Reply, frontier
from mlkit.errors import SettingError, quoted


@dataclass(frozen=True)
class Call:
    """One question of a run."""

    id: int
    role: str
    member: Member
    reply: Reply | Failure
    after: frozenset[int] = frozenset()  # ids of the calls that had to finish before it

    @property
    def seconds(self) -> float:
        """How long a server was busy with it; for a failed call, how long it took to fail."""
        return self.reply.seconds


@dataclass(frozen=True)
class Run:
    """What a pattern answered, the calls it made, and how long it took."""

    result: Any
    calls: tuple[Call, ...]  # in the order they were asked
    # measured live; on recordings the sum of the calls, which were made one after another
    wall_seconds: float


class Pattern(Protocol):
    """A way of combining models: configuration, and one `run`."""

    async def run(self, ask: Ask, prompt: str) -> Any: ...


# A pattern, or an async function of an Ask and a prompt that answers: what one builds in a cell.
Runnable = Pattern | Callable[[Ask, str], Awaitable[Any]]


async def result_of(pattern: Runnable, ask: Ask, prompt: str) -> Any:
    """What a pattern answers. Raises SettingError for what is none, or forgets to wait."""
    run = pattern if callable(pattern) else getattr(pattern, "run", None)
    if run is None or isinstance(pattern, type):
        raise SettingError(
            f"{quoted(pattern)} is no pattern. Give an async function (ask, prompt), or an object"
            " with such a run; of a class, an instance."
        )
    waiting = run(ask, prompt)
    result = await waiting if inspect.isawaitable(waiting) else waiting
    if result is waiting or inspect.isawaitable(result):
        name = getattr(pattern, "__name__", type(pattern).__name__)
        raise SettingError(f"{name} does not wait for its calls. Write  async def  and  await")
    return result


def text_of(result: Any) -> str:
    """The text of a result: a function may give just that. Raises SettingError where none is."""
    text = getattr(result, "text", result)
    if not isinstance(text, str):
        raise SettingError(f"A pattern gave {quoted(result)}; give a text, or what has a .text")
    return text


async def run(ask: Ask, pattern: Runnable, prompt: str) -> Run:
    """Run a pattern on one prompt, in a trace of its own: runs that overlap never mix."""
    calls: list[Call] = []
    ids = itertools.count()

    async def traced(member: Member, prompt: str, *, role: str = "", **options: Any) -> Reply:
        number, after, asked = next(ids), frontier.get(), time.perf_counter()
        reply: Reply | Failure
        try:
            reply = await ask(member, prompt, role=role, **options)
        except Exception as error:
            reply = Failure(error, time.perf_counter() - asked)
        calls.append(Call(number, role or member.name, member, reply, after))
        frontier.set(frozenset({number}))
        if isinstance(reply, Failure):
            raise reply.error
        return reply

    before = frontier.set(frozenset())
    started = time.perf_counter()
    try:
        result = await result_of(pattern, traced, prompt)
    finally:
        frontier.reset(before)
    wall_seconds = time.perf_counter() - started
    return Run(result, tuple(sorted(calls, key=lambda call: call.id)), wall_seconds)
