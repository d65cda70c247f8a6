"""What the series measures. Each study asks one set of questions; `mlkit record` keeps its answers
in a file of its own.

In a notebook: `desk = await studies.desk(kit.recorded)`. The same call on a live kit asks the
models.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from course import capstone, orders
from course.article import JUDGE, JUDGE_SHOTS
from course.shop import KINDS, QUEUES, asked, by_kind, classifier
from mlkit.ask import Member
from mlkit.kit import Kit
from mlkit.measure import tasks
from mlkit.measure.matrix import Matrix, alone, measure, merged
from mlkit.measure.tasks import Task
from mlkit.models import Cast
from mlkit.parsing import most_likely
from mlkit.patterns.router import ModelRouter

SAMPLES = 5
PAIRS = 24


def _always(member: Member) -> Callable[[str], Member]:
    """The member, whatever the task's kind."""
    return lambda kind: member


async def desk(kit: Kit, progress: bool = False) -> Matrix:
    """Both models on the mixed workload: asked in one way for all kinds ("small", "large"), and in
    the way of each task's kind ("small by kind", "large by kind").
    """
    small, large = kit.cast.small, kit.cast.large
    subjects = {
        "small": alone(lambda kind: asked(small, "all")),
        "large": alone(lambda kind: asked(large, "all")),
        "small by kind": alone(by_kind(small)),
        "large by kind": alone(by_kind(large)),
    }
    return await measure(
        kit.ask, subjects, tasks.load("desk"), progress=_bar(progress, "desk"), strict=kit.recording
    )


def router(cast: Cast) -> ModelRouter:
    """The article's router for the desk: the small model names the kind, and each kind's
    specialist is asked in the way of its kind.
    """
    specialists = {
        "code": asked(cast.coder, "code"),
        "math": asked(cast.large, "math"),
        "creative": asked(cast.writer, "creative"),
        "general": asked(cast.general, "general"),
    }
    return ModelRouter(classifier(cast.small), specialists)


async def specialists(kit: Kit, progress: bool = False) -> Matrix:
    """The article's four specialists on every test task, of their own kind or not: coder ("code"),
    large model ("math"), writer ("creative") and general model ("general"), each asked in the way
    of its own kind.
    """
    subjects = {
        kind: alone(_always(member)) for kind, member in router(kit.cast).specialists.items()
    }
    test = [task for task in tasks.load("desk") if task.split == "test"]
    return await measure(
        kit.ask, subjects, test, progress=_bar(progress, "specialists"), strict=kit.recording
    )


async def routing(kit: Kit, progress: bool = False) -> Matrix:
    """The small and the large model as classifiers of the desk's tasks, read as the router reads
    them: the likeliest of the four kinds.
    """
    kinds = [
        replace(task, grader="label", gold=task.kind, labels=KINDS) for task in tasks.load("desk")
    ]
    subjects = {
        name: alone(_always(classifier(member)), KINDS) for name, member in _two_sizes(kit).items()
    }
    named = await measure(
        kit.ask, subjects, kinds, progress=_bar(progress, "routing"), strict=kit.recording
    )
    return named.labelled(KINDS)


def sent(named: Matrix, rule: ModelRouter) -> np.ndarray:
    """The specialist that a router sends each task to, by what its classifier (the first subject)
    answered: shape (n,).
    """
    likely = named.likely(tuple(rule.specialists))
    return np.array([rule.route(row[0][0].label, row[0][0].certainty) for row in likely])


async def routed(kit: Kit) -> tuple[np.ndarray, np.ndarray]:
    """`router` on the desk's test tasks, put together from recorded parts: where each is sent, and
    the grade of that specialist's answer; both of shape (n,).
    """
    named, every = (await routing(kit)).of(["small"], split="test"), await specialists(kit)
    kinds = sent(named, router(kit.cast))
    return kinds, answered_by(every, kinds)


def answered_by(every: Matrix, kinds: Sequence[str] | np.ndarray) -> np.ndarray:
    """The grade on each task of the specialist that is named for it: shape (n,)."""
    return np.array([every.column(kind)[n] for n, kind in enumerate(kinds)])


async def triage(kit: Kit, progress: bool = False) -> Matrix:
    """Three members name the queue, with probabilities: the small and the large model from
    examples, and the large one from rules.
    """
    return await measure(
        kit.ask,
        {name: alone(_always(member), QUEUES) for name, member in triage_members(kit).items()},
        tasks.load("triage"),
        progress=_bar(progress, "triage"),
    )


def triage_members(kit: Kit) -> dict[str, Member]:
    small, large = kit.cast.small, kit.cast.large
    return {
        "small": asked(small, "triage"),
        "large": asked(large, "triage"),
        "large, rules": asked(large, "rules"),
    }


async def samples(kit: Kit, progress: bool = False) -> Matrix:
    """Five samples at temperature 0.7 of the small and the large model: on the test tasks of
    triage, and on the desk's test sums.
    """
    return await _sampled(
        kit,
        [task for task in (*tasks.load("triage"), *_of("desk", "math")) if task.split == "test"],
        progress,
    )


async def texts(kit: Kit, progress: bool = False) -> Matrix:
    """Five samples at temperature 0.7 of the small and the large model on the desk's free texts to
    test on.
    """
    return await _sampled(
        kit, [task for task in _of("desk", "creative") if task.split == "test"], progress
    )


async def _sampled(kit: Kit, items: Sequence[Task], progress: bool) -> Matrix:
    subjects = {
        name: alone(by_kind(replace(member, temperature=0.7)))
        for name, member in _two_sizes(kit).items()
    }
    return await measure(
        kit.ask, subjects, items, SAMPLES, _bar(progress, "samples"), strict=kit.recording
    )


async def meanings(kit: Kit, progress: bool = False) -> dict[str, np.ndarray]:
    """For each free text's task, the unit vectors of the large model's five samples: shape (5,
    d).
    """
    written = await texts(kit, progress)
    column = written.subjects.index("large")
    return {
        task.id: await kit.embed([cell.text for cell in row[column]])
        for task, row in zip(written.tasks, written.cells, strict=True)
    }


async def examples(kit: Kit, progress: bool = False) -> Matrix:
    """The desk's test sums with 0 to 4 examples, and step by step in prose; both models."""
    subjects = {
        f"{name}, {count}": alone(_always(asked(member, "math", count)))
        for name, member in _two_sizes(kit).items()
        for count in range(5)
    }
    sums = [task for task in _of("desk", "math") if task.split == "test"]
    counted = await measure(
        kit.ask, subjects, sums, progress=_bar(progress, "examples"), strict=kit.recording
    )
    prose = {
        f"{name}, prose": alone(_always(asked(member, "prose")))
        for name, member in _two_sizes(kit).items()
    }
    # Prose ends in a number, where the others write an expression.
    numbers = [replace(task, grader="number") for task in sums]
    talked = await measure(
        kit.ask, prose, numbers, progress=_bar(progress, "prose"), strict=kit.recording
    )
    return merged(counted, talked)


class Judged(NamedTuple):
    """What a judge said of two answers, of which one is right, in both orders."""

    task: Task
    right_is_first: bool  # True where the small model's answer is the right one
    first: int  # position picked (0 or 1) with the small model's answer shown first
    swapped: int  # the same with the large model's answer shown first


async def judge(kit: Kit, progress: bool = False) -> list[Judged]:
    """The large model judges 24 pairs of answers to test tasks of the desk (the small and the large
    model's, of which one is right), each pair in both orders.
    """
    measured = (await desk(kit)).of(["small", "large"], split="test")
    member = replace(kit.cast.large, system=JUDGE, shots=JUDGE_SHOTS, max_tokens=2)
    judged: list[Judged] = []
    for task, cells, right in zip(
        measured.tasks, measured.cells, measured.right[:, :, 0], strict=True
    ):
        if right[0] != right[1] and len(judged) < PAIRS:
            one, other = cells[0][0].text, cells[1][0].text
            judged.append(
                Judged(
                    task,
                    bool(right[0]),
                    await _pick(kit, member, task.input, one, other),
                    await _pick(kit, member, task.input, other, one),
                )
            )
    return judged


async def _pick(kit: Kit, member: Member, question: str, *answers: str) -> int:
    listed = "\n\n".join(
        f"Answer {letter}: {text}" for letter, text in zip("AB", answers, strict=True)
    )
    reply = await kit.ask(
        member, f"Question: {question}\n\n{listed}", role="judge", labels=("A", "B")
    )
    return "AB".index(most_likely(reply, "AB").label)


def _two_sizes(kit: Kit) -> dict[str, Member]:
    return {"small": kit.cast.small, "large": kit.cast.large}


def _of(name: str, kind: str) -> list[Task]:
    return [task for task in tasks.load(name) if task.kind == kind]


def _bar(progress: bool, name: str) -> str:
    return name if progress else ""


STUDIES: Mapping[str, Callable[[Kit, bool], Coroutine[Any, Any, Any]]] = {
    "desk": desk,
    "routing": routing,
    "triage": triage,
    "samples": samples,
    "texts": meanings,
    "examples": examples,
    "judge": judge,
    "order_members": orders.members_alone,
    "specialists": specialists,
    "orders": orders.orders,
    "own": capstone.own_prompts,
}
