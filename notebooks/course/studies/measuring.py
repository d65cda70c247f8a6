"""How studies measure: members alone, samples, and all of a file's tasks to test on."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from course.shop import member_for
from course.systems import fixed
from mlkit.ask import Member
from mlkit.kit import Kit
from mlkit.measure import tasks
from mlkit.measure.matrix import Matrix, Subject, alone, measure
from mlkit.measure.tasks import Task
from mlkit.trace import Runnable

SAMPLES = 5
Subjects = dict[str, Subject]


def each(members: Mapping[str, Member], labels: tuple[str, ...] | None = None) -> Subjects:
    """Each member alone, whatever the task's kind."""

    def always(member: Member) -> Subject:
        return alone(lambda kind: member, labels)

    return {name: always(member) for name, member in members.items()}


def by_kind(member: Member) -> Subject:
    """The member asked in the way of each task's kind, as by someone who knows it beforehand."""
    return alone(lambda kind: member_for(member, kind))


def two_sizes(kit: Kit) -> dict[str, Member]:
    return {"small": kit.cast.small, "large": kit.cast.large}


def to_test(name: str, kind: str = "") -> list[Task]:
    """The tasks of a file to test on; of one kind, where one is named."""
    return [task for task in tasks.load(name) if task.split == "test" and kind in ("", task.kind)]


def with_id(items: Sequence[Task], task_id: str) -> Task:
    """The task of this id."""
    return next(task for task in items if task.id == task_id)


async def measured(
    kit: Kit,
    subjects: Mapping[str, Subject],
    items: Sequence[Task],
    samples: int = 1,
    at_once: int = 1,
) -> Matrix:
    """What subjects answer. While it is recorded, there is a bar, and an engine's error ends it."""
    bar = "answers" if kit.recording else ""
    return await measure(kit.ask, subjects, items, samples, bar, at_once, kit.recording)


async def sampled(kit: Kit, items: Sequence[Task]) -> Matrix:
    """Five samples at temperature 0.7 of both sizes, asked in the way of each task's kind."""
    sizes = two_sizes(kit).items()
    subjects = {name: by_kind(replace(member, temperature=0.7)) for name, member in sizes}
    return await measured(kit, subjects, items, SAMPLES)


async def of_patterns(kit: Kit, patterns: Mapping[str, Runnable], items: Sequence[Task]) -> Matrix:
    """What patterns answer, all items under way together."""
    subjects = {name: fixed(pattern) for name, pattern in patterns.items()}
    return await measured(kit, subjects, items, at_once=len(items))
