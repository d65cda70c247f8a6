"""Supervisor-worker: a supervisor hands out pieces, workers do them, a review makes one answer."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from mlkit.ask import Ask, Failure, Member, Reply, together
from mlkit.errors import MlkitError, Unparsed, quoted
from mlkit.parsing import object_in, rows_in, rows_schema
from mlkit.votes import nothing_usable

MAX_PIECES = 8


def parse_assignments(text: str, workers: Sequence[str]) -> tuple[dict[str, str], tuple[str, ...]]:
    """Read who does what: each worker's task, and what had to be repaired, a sentence each.

    A task for nobody we know goes to the first worker; two tasks of one worker become one.
    """
    rows, repairs = rows_in(text, "assignments", "task", MAX_PIECES)
    tasks: dict[str, str] = {}
    for row in rows.values():
        worker: Any = row.get("worker")  # a model may write anything there
        task = row["task"]
        if worker not in workers:
            repairs.append(f"There is no worker {worker!r}; {workers[0]} takes the piece.")
            worker = workers[0]
        if task in tasks.get(worker, "").split("\n"):
            repairs.append(f"{worker} got the same piece twice.")
        else:
            tasks[worker] = f"{tasks.get(worker, '')}\n{task}".strip()
    repairs += [f"{worker} got nothing to do." for worker in workers if worker not in tasks]
    return tasks, tuple(repairs)


class Review(NamedTuple):
    """What the supervisor made of the work."""

    answer: str  # "" where the review gave none
    redo: dict[str, str]  # whose work goes back, and why
    problem: str = ""  # why the review could not be had or read
    notes: tuple[str, ...] = ()  # what was left out or repaired, a sentence each


def parse_review(text: str, workers: Sequence[str]) -> Review:
    """Read a review; only `workers` can be sent back. Raises Unparsed where there is no answer."""
    found, notes = object_in(text, "answer")
    answer = found["answer"]
    if isinstance(answer, dict) and answer:  # in the reviewer's own schema
        answer = json.dumps(answer, ensure_ascii=False, separators=(",", ":"))
    if not isinstance(answer, str) or not answer.strip():
        raise Unparsed(
            f'The review gives no "answer": {quoted(text)}. Show an example in the shots.'
        )
    rows, more = rows_in(text, "redo", "why", MAX_PIECES) if found.get("redo") else ({}, [])
    redo: dict[str, str] = {}
    for row in rows.values():
        worker: Any = row.get("worker")
        if worker in workers:
            redo[worker] = f"{redo.get(worker, '')}\n{row['why']}".strip()
        else:
            more.append(f"It sends work back to {worker!r}, who did none.")
    lost = found.get("redo") and not redo
    problem = "It sends work back; to whom and why cannot be read." if lost else ""
    return Review(answer, redo, problem, tuple(dict.fromkeys(notes + more)))


@dataclass(frozen=True)
class Supervised:
    """The reviewed answer, each worker's task and last result, and how the review went."""

    text: str
    tasks: Mapping[str, str]
    work: Mapping[str, Reply | Failure]
    reviews: tuple[Review, ...]
    accepted: bool  # False where the last review still sent work back, or could not be read
    repairs: tuple[str, ...]  # of the assignments
    cut_off: bool  # True where max_tokens ended a worker's result

    def describe(self) -> str:
        """Who worked, who was sent back, and what the last review said, in a sentence."""
        sent_back = [worker for review in self.reviews for worker in review.redo]
        back = f"; sent back: {', '.join(sent_back)}" if sent_back else ""
        said = "in the end accepted" if self.accepted else "in the end not accepted"
        return f"Worked: {', '.join(self.work)}{back}; {said if self.reviews else 'no review'}."


@dataclass(frozen=True)
class SupervisorWorker:
    """Assign, work, review."""

    supervisor: Member
    # None: there is no review, and `combine` makes one answer of the workers' texts. With a schema
    # of its own, the answer in the review is such an object, and the text its JSON.
    reviewer: Member | None
    workers: Mapping[str, Member]
    rounds: int = 1  # how often a review may send work back; then the last answer given stands
    combine: Callable[[Sequence[str]], str] = "\n\n".join

    def __post_init__(self) -> None:
        if not self.workers:
            raise ValueError(
                "there are no workers; give at least one, for example {'general': member}"
            )
        if not 0 <= self.rounds <= 10:
            raise ValueError(f"rounds is {self.rounds}; a review may send work back 0 to 10 times")

    async def run(self, ask: Ask, prompt: str) -> Supervised:
        names = tuple(self.workers)
        row = {"worker": {"enum": list(names)}, "task": {"type": "string"}}
        schema = rows_schema("assignments", row, MAX_PIECES)
        reply = await ask(self.supervisor, prompt, role="assign", format=schema)
        assigned, repairs = parse_assignments(reply.text, names)
        tasks = assigned or {names[0]: prompt}
        work = await self._work(ask, prompt, tasks)
        if all(isinstance(result, Failure) for result in work.values()):
            raise nothing_usable(work.values())
        reviews = await self._reviewed(ask, prompt, tasks, work)
        best = next((review.answer for review in reversed(reviews) if review.answer), "")
        if not self.reviewer:
            best = self.combine([each.said for each in work.values() if isinstance(each, Reply)])
        accepted = not reviews or not (reviews[-1].redo or reviews[-1].problem)
        cut_off = any(isinstance(result, Reply) and result.cut_off for result in work.values())
        return Supervised(
            best or _told(work), tasks, work, tuple(reviews), accepted, repairs, cut_off
        )

    async def _reviewed(
        self, ask: Ask, prompt: str, tasks: Mapping[str, str], work: dict[str, Reply | Failure]
    ) -> list[Review]:
        """The reviews, until one sends nothing back; `work` holds what was done last."""
        if not self.reviewer:
            return []
        reviews = [await self._review(ask, self.reviewer, prompt, work)]
        while reviews[-1].redo and len(reviews) <= self.rounds:
            again = {
                worker: f"{tasks[worker]}\nYour last result was refused: {why}"
                for worker, why in reviews[-1].redo.items()
            }
            redone = await self._work(ask, prompt, again)
            work |= {
                worker: result for worker, result in redone.items() if isinstance(result, Reply)
            }
            reviews.append(await self._review(ask, self.reviewer, prompt, work))
        return reviews

    async def _work(
        self, ask: Ask, prompt: str, tasks: Mapping[str, str]
    ) -> dict[str, Reply | Failure]:
        whole = f"It is part of this request: {prompt}"
        asked = [
            ask(self.workers[worker], f"{task}\n\n{whole}", role=f"work {worker}")
            for worker, task in tasks.items()
        ]
        return dict(zip(tasks, await together(*asked), strict=True))

    async def _review(
        self, ask: Ask, reviewer: Member, prompt: str, work: Mapping[str, Reply | Failure]
    ) -> Review:
        row = {"worker": {"enum": list(work)}, "why": {"type": "string"}}
        schema = rows_schema("redo", row, MAX_PIECES, "answer")
        if reviewer.schema:
            schema["properties"]["answer"] = json.loads(reviewer.schema)
        told = f"Request: {prompt}\n\n{_told(work)}"
        try:
            reply = await ask(reviewer, told, role="review", format=schema)
            return parse_review(reply.text, tuple(work))
        except MlkitError as error:  # the work is there; a review that fails must not lose it
            return Review("", {}, str(error))


def _told(work: Mapping[str, Reply | Failure]) -> str:
    return "\n\n".join(
        f"{worker}: " + (f"failed ({result.error})" if isinstance(result, Failure) else result.said)
        for worker, result in work.items()
    )
