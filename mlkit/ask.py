"""The one question a pattern may ask: `reply = await ask(member, prompt)`. All else hangs on it."""

import asyncio
import re
from collections.abc import Awaitable, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    import numpy as np

# The calls that had to finish before the next one could start. `together` forks and joins it.
frontier: ContextVar[frozenset[int]] = ContextVar("frontier", default=frozenset())


@dataclass(frozen=True)
class Member:
    """A model together with how it is asked. Two members may share a model."""

    model: str
    system: str = "You are a helpful assistant."
    shots: tuple[tuple[str, str], ...] = ()  # worked examples: (prompt, answer), earlier turns
    temperature: float = 0.0  # in [0, 2]; 0 always takes the likeliest token
    seed: int = 0
    max_tokens: int = 128  # caps the answer, and what is thought before it
    think: bool = False  # whether a model that can is to think first
    schema: str = ""  # JSON schema that its answers must fit, as text; "" for none
    name: str = ""  # how charts call the member; the model's name, unless told

    def __post_init__(self) -> None:
        if not self.model:
            raise ValueError("a member needs a model, for example Member('qwen2.5-coder:0.5b')")
        if not 0 <= self.temperature <= 2:
            raise ValueError(f"temperature is {self.temperature}; it goes from 0 (no chance) to 2")
        if self.max_tokens < 1:
            raise ValueError(f"max_tokens is {self.max_tokens}; it must be at least 1")
        object.__setattr__(self, "shots", tuple(map(tuple, self.shots)))
        object.__setattr__(self, "name", self.name or self.model)


@dataclass(frozen=True)
class Reply:
    """One answer, and what it took."""

    text: str
    member: Member
    prompt_tokens: int = 0
    output_tokens: int = 0
    queue_seconds: float = 0.0  # waiting for a free lane
    load_seconds: float = 0.0  # loading the model
    prompt_seconds: float = 0.0  # reading the prompt
    output_seconds: float = 0.0  # writing the answer
    done_reason: str = "stop"  # or "length", where max_tokens cut the answer off
    # The likeliest first tokens with their probabilities, in [0, 1], when labels were asked for.
    choices: Mapping[str, float] = field(default_factory=dict)
    thinking: str = ""  # what the model thought before it answered; no part of the text
    # Those of the output tokens that were thinking. An estimate: engines count both together, so it
    # is the share of the pieces in which the answer came.
    thinking_tokens: int = 0
    server_queue_seconds: float = 0.0  # waiting at a server that others ask too

    @property
    def said(self) -> str:
        """The text without thoughts that stand in it, as some models write them."""
        return without_thinking(self.text)

    @property
    def seconds(self) -> float:
        """How long a server was busy with this call: everything but the queues."""
        return self.load_seconds + self.prompt_seconds + self.output_seconds

    @property
    def cut_off(self) -> bool:
        """True where the answer ran into max_tokens, so that its end is missing."""
        return self.done_reason == "length"


def without_thinking(text: str) -> str:
    """The text without `<think>...</think>`: all that follows a thought which is never closed goes
    too, and all that stands before the end of one which was opened before the text begins.
    """
    closed = re.sub(r"<think>.*?(</think>|\Z)", " ", text, flags=re.DOTALL | re.IGNORECASE)
    answer = re.split("</think>", closed, flags=re.IGNORECASE)[-1]
    return text if answer == text else answer.strip()


@dataclass(frozen=True)
class Failure:
    """What stands in the place of an answer that did not come."""

    error: Exception
    seconds: float = 0.0  # how long it took to fail


class Ask(Protocol):
    """Ask one member one prompt.

    `role` names the call in the trace ("classify", "vote 2"). `format` is a JSON schema that the
    answer must fit. `labels` are one-word answers whose probabilities are wanted (`Reply.choices`).
    Raises an `mlkit.errors.MlkitError` when no answer comes.
    """

    async def __call__(
        self,
        member: Member,
        prompt: str,
        *,
        role: str = "",
        format: dict[str, Any] | None = None,
        labels: Sequence[str] | None = None,
    ) -> Reply: ...


class Embed(Protocol):
    """Turn n texts into unit vectors, shape (n, d): their dot product is the cosine similarity."""

    async def __call__(self, texts: Sequence[str]) -> "np.ndarray": ...


async def together(*awaitables: Awaitable[Any], limit: int | None = None) -> list[Any]:
    """Run all at once (at most `limit` at a time) and give the results in order.

    What fails leaves a `Failure` in its place, so one failing never loses the others. Cancelling
    this cancels all.
    """
    gate = asyncio.Semaphore(limit or len(awaitables))
    try:
        async with asyncio.TaskGroup() as group:
            branches = [group.create_task(_branch(awaitable, gate)) for awaitable in awaitables]
    finally:
        for awaitable in awaitables:
            # One that was cancelled before it began would warn that nobody awaited it.
            if asyncio.iscoroutine(awaitable):
                awaitable.close()
    done = [branch.result() for branch in branches]
    if done:
        frontier.set(frozenset().union(*(ends for _, ends in done)))
    return [result for result, _ in done]


async def ask_all(
    ask: Ask, members: Sequence[Member], prompt: str, role: str, **options: Any
) -> tuple[Reply | Failure, ...]:
    """Ask all members the same at once, as "role 1", "role 2" ...; the replies in their order."""
    asked = [
        ask(member, prompt, role=f"{role} {number}", **options)
        for number, member in enumerate(members, 1)
    ]
    return tuple(await together(*asked))


async def _branch(awaitable: Awaitable[Any], gate: asyncio.Semaphore) -> tuple[Any, frozenset[int]]:
    """One branch: its result or Failure, and the calls it ended with (a task cannot set ours)."""
    async with gate:
        try:
            result = await awaitable
        except Exception as error:
            result = Failure(error)
        return result, frontier.get()
