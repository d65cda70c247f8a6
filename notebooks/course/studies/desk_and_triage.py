"""Studies of the desk and of triage: one member, a router, examples, samples."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from course import systems
from course.shop import KINDS, QUEUES, member_for
from course.studies.measuring import by_kind, each, measured, sampled, to_test, two_sizes
from mlkit.ask import Member
from mlkit.kit import Kit
from mlkit.measure import tasks
from mlkit.measure.matrix import Matrix, merged
from mlkit.measure.tasks import Task
from mlkit.parsing import most_likely
from mlkit.patterns.router import ModelRouter

PAIRS = 24


async def desk(kit: Kit) -> Matrix:
    """Both models on the mixed workload: asked in one way for all kinds ("small", "large"), and in
    the way of each task's kind ("small by kind", "large by kind").
    """
    sizes = two_sizes(kit).items()
    subjects = each({name: member_for(member, "all") for name, member in sizes})
    subjects |= {f"{name} by kind": by_kind(member) for name, member in sizes}
    return await measured(kit, subjects, tasks.load("desk"))


async def specialists(kit: Kit) -> Matrix:
    """The article's four specialists on every test task, of their own kind or not: coder ("code"),
    large model ("math"), writer ("creative") and general model ("general"), each asked in the way
    of its own kind.
    """
    subjects = each(systems.desk_router(kit.cast).specialists)
    return await measured(kit, subjects, to_test("desk"))


async def routing(kit: Kit) -> Matrix:
    """Both sizes name the kind of the desk's tasks."""
    sizes = two_sizes(kit).items()
    return await _kinds(kit, {name: member_for(member, "kind") for name, member in sizes})


async def classifiers(kit: Kit) -> dict[int, Matrix]:
    """The small model names the kind of the desk's tasks with 0, 4 and 8 examples."""
    small = kit.cast.small
    return {
        count: await _kinds(kit, {"small": member_for(small, "kind", count)}) for count in (0, 4, 8)
    }


async def _kinds(kit: Kit, members: Mapping[str, Member]) -> Matrix:
    """Who names a task's kind is right; read as the router reads it."""
    desk = tasks.load("desk")
    kinds = [replace(task, grader="label", gold=task.kind, labels=KINDS) for task in desk]
    return (await measured(kit, each(members, KINDS), kinds)).labelled(KINDS)


def sent(named: Matrix, rule: ModelRouter) -> np.ndarray:
    """Where a router sends each task, by what its classifier, the first subject, said: (n,)."""
    likely = named.likely(tuple(rule.specialists))
    return np.array([rule.route(row[0][0].label, row[0][0].certainty) for row in likely])


async def routed(kit: Kit) -> tuple[np.ndarray, np.ndarray]:
    """The router on the desk's test tasks, put together from recorded parts: where each is sent,
    and the grade of that specialist's answer; both of shape (n,).
    """
    named, every = (await routing(kit)).of(["small"], split="test"), await specialists(kit)
    kinds = sent(named, systems.desk_router(kit.cast))
    return kinds, answered_by(every, kinds)


def answered_by(every: Matrix, kinds: Sequence[str] | np.ndarray) -> np.ndarray:
    """The grade on each task of the specialist that is named for it: shape (n,)."""
    return np.array([every.column(kind)[n] for n, kind in enumerate(kinds)])


async def triage(kit: Kit) -> Matrix:
    """Three members name the queue, with probabilities: both sizes by examples, large by rules."""
    subjects = each(triage_members(kit), QUEUES)
    return await measured(kit, subjects, tasks.load("triage"))


def triage_members(kit: Kit) -> dict[str, Member]:
    """Who names the queue, by name."""
    members = {name: member_for(member, "triage") for name, member in two_sizes(kit).items()}
    return members | {"large, rules": member_for(kit.cast.large, "rules")}


async def samples(kit: Kit) -> Matrix:
    """Five samples at temperature 0.7 of both sizes, on the test tasks of triage and of sums."""
    return await sampled(kit, [*to_test("triage"), *to_test("desk", "math")])


async def examples(kit: Kit) -> Matrix:
    """The desk's test sums with 0 to 4 examples, and step by step in prose; both models."""
    sizes, sums = two_sizes(kit).items(), to_test("desk", "math")
    counted = {
        f"{name}, {count}": member_for(member, "math", count)
        for name, member in sizes
        for count in range(5)
    }
    prose = {f"{name}, prose": member_for(member, "prose") for name, member in sizes}
    # Prose ends in a number, where the others write an expression.
    numbers = [replace(task, grader="number") for task in sums]
    written = await measured(kit, each(counted), sums)
    return merged(written, await measured(kit, each(prose), numbers))


class Judged(NamedTuple):
    """What a judge said of two answers, of which one is right, in both orders."""

    task: Task
    right_is_first: bool  # True where the small model's answer is the right one
    first: int  # position picked (0 or 1) with the small model's answer shown first
    swapped: int  # the same with the large model's answer shown first


async def judge(kit: Kit) -> list[Judged]:
    """The large model judges 24 pairs of answers to test tasks of the desk (the small and the large
    model's, of which one is right), each pair in both orders.
    """
    measured = (await desk(kit)).of(["small", "large"], split="test")
    member = member_for(kit.cast.large, "judge")
    judged: list[Judged] = []
    for task, ((small,), (large,)) in zip(measured.tasks, measured.cells, strict=True):
        if small.right != large.right and len(judged) < PAIRS:
            first = await _pick(kit, member, task.input, small.text, large.text)
            swapped = await _pick(kit, member, task.input, large.text, small.text)
            judged.append(Judged(task, small.right, first, swapped))
    return judged


async def _pick(kit: Kit, member: Member, question: str, one: str, other: str) -> int:
    """The position of the answer that the judge prefers: 0 or 1."""
    prompt = f"Question: {question}\n\nAnswer A: {one}\n\nAnswer B: {other}"
    reply = await kit.ask(member, prompt, role="judge", labels=("A", "B"))
    return "AB".index(most_likely(reply, "AB").label)
