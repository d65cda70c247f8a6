"""Small wrappers around anything that can be asked. Each has the two methods of an engine:
`await ask(member, prompt)` gives a Reply, `await ask.embed(model, texts)` unit vectors.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from contextvars import ContextVar
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from mlkit.ask import Ask, Member, Reply

if TYPE_CHECKING:
    import numpy as np


class Engine(Ask, Protocol):
    """What answers: an Ask that can embed as well."""

    async def embed(self, model: str, texts: Sequence[str]) -> np.ndarray: ...


class Question(NamedTuple):
    """What decides an answer, so that an equal question has the same one."""

    member: Member  # named after its model: what charts call it decides nothing
    prompt: str
    format: str = ""  # the JSON schema as text, "" for none
    # Whether probabilities were wanted; of which labels decides nothing: the likeliest tokens come.
    probabilities: bool = False


class Texts(NamedTuple):
    """Texts that are to be embedded."""

    model: str
    texts: tuple[str, ...]


Asked = Question | Texts
Answer = Any  # a Reply to a Question, an array of unit vectors (n, d) to Texts


class Memory(Protocol):
    """Where answers are kept: a dict, or a journal on disk."""

    def get(self, asked: Asked, /) -> Answer | None: ...
    def __setitem__(self, asked: Asked, answer: Answer, /) -> None: ...


def question(
    member: Member,
    prompt: str,
    format: Mapping[str, Any] | None = None,
    labels: Sequence[str] | None = None,
) -> Question:
    """The Question that a call asks."""
    # Not sorted: the order of the properties is the order in which a model writes them.
    schema = json.dumps(format, ensure_ascii=False) if format else ""
    return Question(replace(member, name=member.model), prompt, schema, bool(labels))


class Replay:
    """Answers from what was recorded alone. `miss` makes the error where there is no answer."""

    def __init__(self, answers: Mapping[Asked, Answer], miss: Callable[[Asked], Exception]) -> None:
        self._answers, self._miss = answers, miss

    async def __call__(
        self, member: Member, prompt: str, *, role: str = "", **options: Any
    ) -> Reply:
        asked = question(member, prompt, **options)
        # Asked for probabilities as well, the member said the same.
        for recorded in (asked, asked._replace(probabilities=True)):
            if recorded in self._answers:
                return replace(self._answers[recorded], member=member)
        raise self._miss(asked)

    async def embed(self, model: str, texts: Sequence[str]) -> np.ndarray:
        """A text has the same vector in any company."""
        import numpy as np  # here, because it costs a third of `import mlkit`

        known: dict[str, np.ndarray] = {}
        for asked, vectors in self._answers.items():
            if isinstance(asked, Texts) and asked.model == model:
                known |= zip(asked.texts, vectors, strict=True)
        if not known.keys() >= {*texts}:
            raise self._miss(Texts(model, tuple(texts)))
        return np.array([known[text] for text in texts])


class Remembered:
    """Asks each question once, and gives the same answer when it is asked again."""

    def __init__(self, ask: Engine, memory: Memory | None = None) -> None:
        self._ask = ask
        self.memory: Memory = {} if memory is None else memory

    async def __call__(
        self, member: Member, prompt: str, *, role: str = "", **options: Any
    ) -> Reply:
        asked = question(member, prompt, **options)
        answer = self.memory.get(asked)
        if answer is None:
            answer = self.memory[asked] = await self._ask(member, prompt, role=role, **options)
        return replace(answer, member=member)

    async def embed(self, model: str, texts: Sequence[str]) -> np.ndarray:
        asked = Texts(model, tuple(texts))
        answer = self.memory.get(asked)
        if answer is None:
            answer = self.memory[asked] = await self._ask.embed(model, texts)
        return answer


class Recorder:
    """Keeps every answer in `memory`, and asks one question at a time, because batching changes
    what a model writes. First comes who begins like the one before: an engine keeps the beginning
    that it has read.
    """

    def __init__(self, ask: Engine, memory: Memory) -> None:
        self._ask = Remembered(ask, memory)
        self._busy, self._last = False, ""
        self._waiting: list[tuple[str, asyncio.Future[None]]] = []

    async def __call__(self, member: Member, prompt: str, **options: Any) -> Reply:
        async with self._turn(repr(replace(member, seed=0))):
            return await self._ask(member, prompt, **options)

    async def embed(self, model: str, texts: Sequence[str]) -> np.ndarray:
        async with self._turn(model):
            return await self._ask.embed(model, texts)

    @asynccontextmanager
    async def _turn(self, beginning: str) -> AsyncIterator[None]:
        if self._busy:
            called = asyncio.get_running_loop().create_future()
            self._waiting.append((beginning, called))
            try:
                await called
            except asyncio.CancelledError:
                if not called.cancelled():  # it was its turn: the next one goes in its place
                    self._call_next()
                raise
        self._busy, self._last = True, beginning
        try:
            yield
        finally:
            self._call_next()

    def _call_next(self) -> None:
        self._waiting = [turn for turn in self._waiting if not turn[1].cancelled()]
        self._busy = bool(self._waiting)
        if self._waiting:
            alike = [turn for turn in self._waiting if turn[0] == self._last]
            turn = (alike or self._waiting)[0]
            self._waiting.remove(turn)
            turn[1].set_result(None)


Watcher = Callable[..., None]  # of what happened to a call, and of the words that came
_watcher: ContextVar[Watcher] = ContextVar("watcher", default=lambda kind, words="": None)


def watcher() -> Watcher:
    """Who is told that the call at hand "started", that its model is "reading", and of its "words"
    as they come: by lanes and by engines. Nobody, unless the call is Watched.
    """
    return _watcher.get()


class Limited:
    """At most `lanes` calls at once; the others wait, which their Reply tells as queue_seconds.

    More than one lane on one CPU is slower, not faster: see notebook 04.
    """

    def __init__(self, ask: Engine, lanes: int) -> None:
        if lanes < 1:
            raise ValueError(f"lanes is {lanes}; it takes at least one")
        self._ask, self._lane = ask, asyncio.Semaphore(lanes)

    async def __call__(self, member: Member, prompt: str, **options: Any) -> Reply:
        waits, asked = self._lane.locked(), time.perf_counter()
        async with self._lane:
            queue_seconds = time.perf_counter() - asked if waits else 0.0
            watcher()("started")
            reply = await self._ask(member, prompt, **options)
        return replace(reply, queue_seconds=queue_seconds) if waits else reply

    async def embed(self, model: str, texts: Sequence[str]) -> np.ndarray:
        async with self._lane:
            return await self._ask.embed(model, texts)


class Event(NamedTuple):
    """Something that happened to a call. Calls are numbered from 1, in the order they began."""

    # "asked", "waiting", "started", "loading", "reading", "words"; then "done", "failed", "stopped"
    kind: str
    number: int
    role: str
    member: Member
    prompt: str
    seconds: float = 0.0  # since it was asked
    words: str = ""  # that came
    result: Reply | Exception | None = None  # the answer, or why none came
    labels: Sequence[str] = ()  # whose probabilities were wanted


class Watched:
    """Tells what happens to each call while it happens: `tell(event)`, as a progress line wants."""

    def __init__(self, ask: Ask, tell: Callable[[Event], None]) -> None:
        self._ask, self._tell, self._asked = ask, tell, 0

    async def __call__(
        self, member: Member, prompt: str, *, role: str = "", **options: Any
    ) -> Reply:
        self._asked += 1
        number, started = self._asked, time.perf_counter()

        def tell(kind: str, words: str = "", result: Reply | Exception | None = None) -> None:
            seconds = time.perf_counter() - started
            who = role or member.name
            labels = options.get("labels") or ()
            self._tell(Event(kind, number, who, member, prompt, seconds, words, result, labels))

        tell("asked")
        before = _watcher.set(tell)
        try:
            reply = await self._ask(member, prompt, role=role, **options)
        except asyncio.CancelledError:
            tell("stopped")
            raise
        except Exception as error:
            tell("failed", result=error)
            raise
        finally:
            _watcher.reset(before)
        tell("done", result=reply)
        return reply
