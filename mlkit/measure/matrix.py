"""Measure members and patterns on tasks, once; then look at the answers as often as you like."""

from __future__ import annotations

import asyncio
import warnings
import zlib
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from mlkit import trace
from mlkit.ask import Ask, Failure, Member, Reply
from mlkit.errors import BadPrompt, MlkitError, NotRecorded, SettingError, Unparsed
from mlkit.measure.stats import Interval, wilson
from mlkit.measure.tasks import Task
from mlkit.models import Prices, cost_dollars
from mlkit.parsing import Likely, most_likely_or_none
from mlkit.trace import Run
from mlkit.votes import vote

LOADED_SECONDS = 0.5  # a longer load is a model that is loaded, once for all items: no item's time

# What is measured: the pattern for a task and a sample's number, from 0.
Subject = Callable[[Task, int], trace.Runnable]


def single(member: Member, labels: Sequence[str] | None = None) -> trace.Runnable:
    """A member alone, as a pattern; `labels` asks for their probabilities."""
    return lambda ask, prompt: ask(member, prompt, role="answer", labels=labels)


def alone(member_for: Callable[[str], Member], labels: tuple[str, ...] | None = None) -> Subject:
    """A subject that asks the member for the task's kind; one that samples gets new seeds."""

    def pattern_for(task: Task, sample: int) -> trace.Runnable:
        member = member_for(task.kind)
        if member.temperature:
            member = replace(member, seed=seed_for(task, sample))
        return single(member, labels)

    return pattern_for


def seed_for(task: Task, sample: int) -> int:
    """A seed of its own for each task and sample, the same each time.

    With one seed for all, a sample of one token would be the likeliest, or far-fetched, everywhere.
    """
    return zlib.crc32(f"{task.id} {sample}".encode()) // 2


@dataclass(frozen=True)
class Cell:
    """One subject's answer to one task."""

    right: bool
    answer: str | None  # in countable form; None where there is none
    run: Run
    error: str = ""  # why no answer came; that counts as wrong, and its calls cost what they cost

    @property
    def text(self) -> str:
        return "" if self.error else trace.text_of(self.run.result)

    @property
    def seconds(self) -> float:
        """How long servers were busy with it, but for models that were loaded."""
        spent = [(call.seconds, getattr(call.reply, "load_seconds", 0.0)) for call in self.calls]
        return sum(busy - (load if load > LOADED_SECONDS else 0.0) for busy, load in spent)

    @property
    def tokens(self) -> int:
        """Read and written."""
        return tokens(self.calls)

    @property
    def calls(self) -> Sequence[trace.Call]:
        return self.run.calls

    def likely(self, labels: Sequence[str]) -> Likely:
        """The likeliest label of the first answer in the run, as a router reads it."""
        reply = self.calls[0].reply if self.calls else None
        if isinstance(reply, Reply):
            return most_likely_or_none(reply, labels)
        return Likely("", 0.0, 0.0, measured=False)


def tokens(calls: Iterable[trace.Call]) -> int:
    """What calls read and wrote; failed ones count nothing."""
    replies = [call.reply for call in calls if isinstance(call.reply, Reply)]
    return sum(reply.prompt_tokens + reply.output_tokens for reply in replies)


class Score(NamedTuple):
    """How often one subject was right, and what an answer of it took."""

    right: int
    of: int  # answers: tasks x samples
    interval: Interval  # the share right/of with its 95% interval
    tokens: float  # for an answer, read and written
    dollars_per_thousand: float  # answers, at list prices
    seconds: float  # a server's, for an answer
    calls: float  # for an answer


@dataclass(frozen=True)
class Matrix:
    """Tasks x subjects x samples of measured answers.

    `right`, `answers`, `seconds`, `tokens` and `calls` are arrays of this shape, (n, m, s); seconds
    are a server's, not a clock's.
    """

    tasks: Sequence[Task]
    subjects: Sequence[str]
    cells: Sequence[Sequence[Sequence[Cell]]]

    @cached_property
    def right(self) -> np.ndarray:
        return self._array(lambda cell: cell.right, bool)

    @cached_property
    def answers(self) -> np.ndarray:
        return self._array(lambda cell: cell.answer, object)

    @cached_property
    def seconds(self) -> np.ndarray:
        return self._array(lambda cell: cell.seconds, float)

    @cached_property
    def tokens(self) -> np.ndarray:
        return self._array(lambda cell: cell.tokens, int)

    @cached_property
    def calls(self) -> np.ndarray:
        return self._array(lambda cell: len(cell.calls), int)

    def dollars(self, prices: Prices) -> np.ndarray:
        """List-price equivalents in US dollars."""
        return self._array(lambda cell: cost_dollars(cell.calls, prices), float)

    def likely(self, labels: Sequence[str]) -> list[list[list[Likely]]]:
        """The likeliest label of each answer, with its probability and the mass of all labels."""
        return [[[cell.likely(labels) for cell in cells] for cells in row] for row in self.cells]

    def certainty(self, labels: Sequence[str]) -> np.ndarray:
        """The probability of each answer's label among all tokens, in [0, 1]; 0 for no label."""
        return self._array(lambda cell: cell.likely(labels).certainty, float)

    def labelled(self, labels: Sequence[str]) -> Matrix:
        """The same answers as a router reads them: the likeliest label, whatever was written."""

        def read(cell: Cell, task: Task) -> Cell:
            label = cell.likely(labels).label
            return replace(cell, right=task.right(label), answer=label or None)

        cells = [
            [[read(cell, task) for cell in samples] for samples in row]
            for task, row in zip(self.tasks, self.cells, strict=True)
        ]
        return Matrix(self.tasks, self.subjects, cells)

    def of(self, subjects: Sequence[str] | None = None, **wanted: Any) -> Matrix:
        """Some subjects, in the order given, on some tasks: `matrix.of(kind="math", split="test")`;
        of a set, any of its values: `matrix.of(id={"math-01", "math-02"})`.

        Raises ValueError for a subject or a value that was not measured.
        """
        subjects = list(self.subjects if subjects is None else subjects)
        columns = [self._column_of(name) for name in subjects]
        allowed = {key: one if isinstance(one, set) else {one} for key, one in wanted.items()}
        sets = {key: one for key, one in wanted.items() if isinstance(one, set)}
        rows = [
            n
            for n, task in enumerate(self.tasks)
            if all(getattr(task, key) in values for key, values in allowed.items())
        ]
        if not rows or any(
            one - {getattr(task, key) for task in self.tasks} for key, one in sets.items()
        ):
            raise ValueError(f"no task has {wanted}; there are {len(self.tasks)} tasks")
        cells = [[self.cells[n][m] for m in columns] for n in rows]
        return Matrix([self.tasks[n] for n in rows], subjects, cells)

    def cell(self, subject: str, task_id: str) -> Cell:
        """One subject's first answer to a task. Raises ValueError where it was not measured."""
        return self.of([subject], id=task_id).cells[0][0][0]

    def column(self, subject: str) -> np.ndarray:
        """One subject's grades on each task, its mean over samples: shape (n,)."""
        column = self._column_of(subject)
        if not self.right.size:
            raise ValueError("no task was measured; give measure(...) at least one")
        return self.right[:, column].mean(axis=1)

    def share(self, subject: str) -> float:
        """The share of right answers, over all tasks and samples."""
        return float(self.column(subject).mean())

    def score(self, subject: str, prices: Prices) -> Score:
        """How often one subject was right, and what an answer of it took."""
        one = self.of([subject])
        right, of = int(one.right.sum()), one.right.size
        return Score(
            right,
            of,
            wilson(right, of),
            float(one.tokens.mean()),
            float(1000 * one.dollars(prices).mean()),
            float(one.seconds.mean()),
            float(one.calls.mean()),
        )

    def _column_of(self, subject: str) -> int:
        if subject not in self.subjects:
            raise ValueError(
                f"{subject!r} was not measured here; choose among {', '.join(self.subjects)}"
            )
        return self.subjects.index(subject)

    def _array(self, value: Callable[[Cell], Any], kind: type) -> np.ndarray:
        samples = len(self.cells[0][0]) if self.cells and self.cells[0] else 0
        flat = [value(cell) for row in self.cells for cells in row for cell in cells]
        return np.array(flat, dtype=kind).reshape(len(self.tasks), len(self.subjects), samples)


def merged(one: Matrix, other: Matrix) -> Matrix:
    """The subjects of both, measured on the same tasks. Raises ValueError where tasks differ."""
    if [task.id for task in one.tasks] != [task.id for task in other.tasks]:
        raise ValueError(
            "the two were measured on different tasks; take the tasks they share: "
            " matrix.of(split='test')"
        )
    return Matrix(
        one.tasks,
        [*one.subjects, *other.subjects],
        [[*row, *more] for row, more in zip(one.cells, other.cells, strict=True)],
    )


def agreed(answers: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The most common answer of each item, and the share of members that gave it; both (n,).

    answers: shape (n, m), None for none. A slider needs `shares[:, None] >= thresholds`.
    """
    if np.ndim(answers) != 2 or np.size(answers) == 0:
        raise ValueError(
            f"answers of shape {np.shape(answers)}; give (items, members), at least one of each"
        )
    votes = [vote(list(row)) for row in answers]
    winners = np.array([one.winner for one in votes], dtype=object)
    return winners, np.array([one.count / one.of for one in votes])


async def measure(
    ask: Ask,
    subjects: Mapping[str, Subject],
    tasks: Sequence[Task],
    samples: int = 1,
    progress: str = "",
    at_once: int = 1,
    strict: bool = False,
) -> Matrix:
    """Ask every subject every task, `samples` times. Same subjects and tasks: same Matrix.

    An answer that fails becomes a wrong cell that says why; with `strict` (for recording) it ends
    the measurement, unless the prompt is at fault. What is not recorded raises NotRecorded.
    `progress` names a bar with the time left. `at_once` tasks are under way together, so that a
    recorder can ask those first that begin alike.
    """
    if samples < 1 or at_once < 1:
        raise ValueError(f"samples {samples}, at_once {at_once}; give 1 or more of each")
    from tqdm.auto import tqdm  # here, because only who measures needs it

    answers = len(tasks) * len(subjects) * samples
    bar = tqdm(total=answers, desc=progress, unit="answer", disable=not progress)
    gate = asyncio.Semaphore(at_once)

    async def cell(subject: Subject, task: Task, sample: int) -> Cell:
        async with gate:
            found = await _cell(ask, subject(task, sample), task, strict)
        bar.update()
        return found

    # Subject by subject, because changing the model between two calls would load it again.
    columns = [
        await _all([cell(subject, task, sample) for task in tasks for sample in range(samples)])
        for subject in subjects.values()
    ]
    rows = [
        [column[n * samples : (n + 1) * samples] for column in columns] for n in range(len(tasks))
    ]
    return Matrix(list(tasks), list(subjects), rows)


async def _all(cells: Sequence[Coroutine[Any, Any, Cell]]) -> list[Cell]:
    """All of them in order; the first that raises ends the others."""
    under_way = [asyncio.ensure_future(cell) for cell in cells]
    try:
        return await asyncio.gather(*under_way)
    finally:
        for cell in under_way:
            cell.cancel()


@dataclass(frozen=True)
class ErrorAsResult:
    """A pattern whose error is its result, so that the calls before it are kept."""

    pattern: trace.Runnable

    async def run(self, ask: Ask, prompt: str) -> Any:
        try:
            result = await trace.result_of(self.pattern, ask, prompt)
            trace.text_of(result)
            return result
        except Exception as error:
            return error


async def _cell(ask: Ask, pattern: trace.Runnable, task: Task, strict: bool) -> Cell:
    run = await trace.run(ask, ErrorAsResult(pattern), task.input)
    # Also where the pattern went on without the answer: a hole must not pass for an answer.
    for error in [call.reply.error for call in run.calls if isinstance(call.reply, Failure)]:
        if isinstance(error, NotRecorded):
            raise NotRecorded(
                f"Task {task.id}, as it stands now, is not recorded with these prompts: it, or"
                f" they, changed after the recording, or it was made with another cast. {error}"
            ) from None
        if strict and not isinstance(error, BadPrompt):  # which another model may have written
            raise error
    if isinstance(run.result, Exception):
        said = f"{type(run.result).__name__}: {run.result}"
        if not isinstance(run.result, MlkitError) or isinstance(run.result, SettingError):
            if strict:
                raise run.result
            warnings.warn(f"{said}. That answer of a pattern counts as wrong.", stacklevel=1)
        return Cell(False, None, run, said)
    text = trace.text_of(run.result)
    try:
        answer = task.answer(text) or None
    except Unparsed:
        answer = None
    return Cell(task.right(text), answer, run)
