"""What the series measures. Each study asks one set of questions; `mlkit record` keeps its answers
in a file of its own.

In a notebook: `desk = await studies.desk(kit.recorded)`. The same call on a live kit asks the
models; `progress` names a bar that says how far it is.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np

from course import capstone, systems
from course.shop import KINDS, QUEUES, member_for
from mlkit import paths
from mlkit.ask import Ask, Member, Reply
from mlkit.kit import Kit
from mlkit.measure import tasks
from mlkit.measure.matrix import Matrix, Subject, alone, measure, merged, seed_for
from mlkit.measure.tasks import Task
from mlkit.measure.tools import search
from mlkit.models import Cast
from mlkit.parsing import most_likely
from mlkit.patterns.router import ModelRouter
from mlkit.patterns.single_model import SingleModel
from mlkit.patterns.voting import ModelVoting
from mlkit.trace import Pattern

SAMPLES = 5
PAIRS = 24
Subjects = dict[str, Subject]


def each(members: Mapping[str, Member], labels: tuple[str, ...] | None = None) -> Subjects:
    """Each member alone, whatever the task's kind."""

    def always(member: Member) -> Subject:
        return alone(lambda kind: member, labels)

    return {name: always(member) for name, member in members.items()}


def _by_kind(member: Member) -> Subject:
    """The member asked in the way of each task's kind, as by someone who knows it beforehand."""
    return alone(lambda kind: member_for(member, kind))


def _two_sizes(kit: Kit) -> dict[str, Member]:
    return {"small": kit.cast.small, "large": kit.cast.large}


async def desk(kit: Kit, progress: str = "") -> Matrix:
    """Both models on the mixed workload: asked in one way for all kinds ("small", "large"), and in
    the way of each task's kind ("small by kind", "large by kind").
    """
    sizes = _two_sizes(kit).items()
    subjects = each({name: member_for(member, "all") for name, member in sizes})
    subjects |= {f"{name} by kind": _by_kind(member) for name, member in sizes}
    return await measured(kit, progress, subjects, tasks.load("desk"))


async def specialists(kit: Kit, progress: str = "") -> Matrix:
    """The article's four specialists on every test task, of their own kind or not: coder ("code"),
    large model ("math"), writer ("creative") and general model ("general"), each asked in the way
    of its own kind.
    """
    subjects = each(systems.desk_router(kit.cast).specialists)
    return await measured(kit, progress, subjects, _test("desk"))


def kinds_of_the_desk() -> list[Task]:
    """The desk's tasks as labels: right is who names a task's kind."""
    desk = tasks.load("desk")
    return [replace(task, grader="label", gold=task.kind, labels=KINDS) for task in desk]


async def routing(kit: Kit, progress: str = "") -> Matrix:
    """Both sizes name the kind of the desk's tasks, read as the router reads them."""
    kinds = kinds_of_the_desk()
    members = {name: member_for(member, "kind") for name, member in _two_sizes(kit).items()}
    return (await measured(kit, progress, each(members, KINDS), kinds)).labelled(KINDS)


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


async def triage(kit: Kit, progress: str = "") -> Matrix:
    """Three members name the queue, with probabilities: both sizes by examples, large by rules."""
    subjects = each(triage_members(kit), QUEUES)
    return await measured(kit, progress, subjects, tasks.load("triage"))


def triage_members(kit: Kit) -> dict[str, Member]:
    """Who names the queue, by name."""
    return {
        "small": member_for(kit.cast.small, "triage"),
        "large": member_for(kit.cast.large, "triage"),
        "large, rules": member_for(kit.cast.large, "rules"),
    }


async def samples(kit: Kit, progress: str = "") -> Matrix:
    """Five samples at temperature 0.7 of both sizes, on the test tasks of triage and of sums."""
    return await sampled(kit, [*_test("triage"), *_test("desk", "math")], progress)


async def texts(kit: Kit, progress: str = "") -> Matrix:
    """Five samples at temperature 0.7 of both sizes on the desk's free texts to test on."""
    return await sampled(kit, _test("desk", "creative"), progress)


async def sampled(kit: Kit, items: Sequence[Task], progress: str) -> Matrix:
    """Five samples at temperature 0.7 of both sizes, asked in the way of each task's kind."""
    sizes = _two_sizes(kit).items()
    subjects = {name: _by_kind(replace(member, temperature=0.7)) for name, member in sizes}
    return await measured(kit, progress, subjects, items, SAMPLES)


async def meanings(kit: Kit, progress: str = "") -> dict[str, np.ndarray]:
    """The unit vectors of the large model's five samples for each free text: shape (5, d)."""
    written = await texts(kit, progress)
    column = written.subjects.index("large")
    return {
        task.id: await kit.embed([cell.text for cell in row[column]])
        for task, row in zip(written.tasks, written.cells, strict=True)
    }


async def examples(kit: Kit, progress: str = "") -> Matrix:
    """The desk's test sums with 0 to 4 examples, and step by step in prose; both models."""
    sizes, sums = _two_sizes(kit).items(), _test("desk", "math")
    counted = {
        f"{name}, {count}": member_for(member, "math", count)
        for name, member in sizes
        for count in range(5)
    }
    prose = {f"{name}, prose": member_for(member, "prose") for name, member in sizes}
    # Prose ends in a number, where the others write an expression.
    numbers = [replace(task, grader="number") for task in sums]
    return merged(
        await measured(kit, progress, each(counted), sums),
        await measured(kit, progress, each(prose), numbers),
    )


class Judged(NamedTuple):
    """What a judge said of two answers, of which one is right, in both orders."""

    task: Task
    right_is_first: bool  # True where the small model's answer is the right one
    first: int  # position picked (0 or 1) with the small model's answer shown first
    swapped: int  # the same with the large model's answer shown first


async def judge(kit: Kit, progress: str = "") -> list[Judged]:
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


@dataclass(frozen=True)
class LookUp:
    """Search the handbook, and put what was found before the prompt."""

    member: Member
    find: Callable[[str], str]

    async def run(self, ask: Ask, prompt: str) -> Reply:
        return await ask(self.member, f"{self.find(prompt)}\n\nRequest: {prompt}", role="answer")


@dataclass(frozen=True)
class LastLine:
    """Ask a member that thinks first, and take the last line of what it wrote."""

    member: Member

    async def run(self, ask: Ask, prompt: str) -> Reply:
        reply = await ask(self.member, prompt, role="answer")
        return replace(reply, text=reply.text.strip().rpartition("\n")[2])


async def order_members(kit: Kit, progress: str = "") -> Matrix:
    """The voters, and the large model with less in reach of the handbook, on all orders."""
    order = member_for(kit.cast.large, "order")
    patterns = {
        **{
            voter.name: systems.fixed(SingleModel(voter))
            for voter in systems.order_voters(kit.cast)
        },
        "no handbook": systems.fixed(SingleModel(order)),
        "search": systems.fixed(LookUp(order, search(paths.data() / "handbook.md", 2))),
        "right paragraph": lambda task, sample: SingleModel(
            systems.order_specialist(kit.cast.large, systems.queue(task))
        ),
    }
    every = tasks.load("orders")
    return await measured(kit, progress, patterns, every, at_once=len(every))


def order_variants(cast: Cast) -> dict[str, Pattern]:
    """What the nine are compared with: other settings, and fewer or no stages."""
    one_prompt = systems.with_handbook(member_for(cast.large, "order in one prompt"))
    return {
        "pipeline, forgets": systems.order_pipeline(cast, keep_original=False),
        "pipeline, 1 retry": systems.order_pipeline(cast, 1),
        "pipeline, 2 retries": systems.order_pipeline(cast, 2),
        "pipeline, one model": systems.order_pipeline(cast, classifier=cast.large),
        "one prompt": LastLine(one_prompt),
        "supervisor, 0 rounds": systems.order_supervisor_worker(cast, 0),
        "supervisor, 2 rounds": systems.order_supervisor_worker(cast, 2),
    }


def five_samples(cast: Cast) -> Subject:
    """The large model votes with itself: what the tokens of a vote would buy from one member."""
    large = replace(systems.order_member(cast.large), temperature=0.7)
    return lambda task, sample: ModelVoting(
        tuple(replace(large, seed=seed_for(task, n)) for n in range(5)), systems.total_of
    )


async def orders(kit: Kit, progress: str = "") -> Matrix:
    """All patterns and their variants on the 32 test orders, and before them the members alone."""
    members = (await order_members(kit, progress)).of(split="test")
    patterns = systems.for_orders(kit.cast) | order_variants(kit.cast)
    subjects = {name: systems.fixed(pattern) for name, pattern in patterns.items()}
    subjects["large, 5 samples"] = five_samples(kit.cast)
    test = members.tasks
    return merged(members, await measured(kit, progress, subjects, test, at_once=len(test)))


def _test(name: str, kind: str = "") -> list[Task]:
    """The tasks of a file to test on; of one kind, where one is named."""
    return [task for task in tasks.load(name) if task.split == "test" and kind in ("", task.kind)]


async def measured(
    kit: Kit,
    progress: str,
    subjects: Mapping[str, Subject],
    items: Sequence[Task],
    samples: int = 1,
    at_once: int = 1,
) -> Matrix:
    """What subjects answer. While it is recorded, an error of the engine ends it."""
    return await measure(kit.ask, subjects, items, samples, progress, at_once, kit.recording)


Study = Callable[[Kit, str], Coroutine[Any, Any, Any]]  # of a kit, and what its bar is called
STUDIES: Mapping[str, Study] = {
    "desk": desk,
    "routing": routing,
    "triage": triage,
    "samples": samples,
    "texts": meanings,
    "examples": examples,
    "judge": judge,
    "order_members": order_members,
    "specialists": specialists,
    "orders": orders,
    "own": capstone.own_prompts,
}
