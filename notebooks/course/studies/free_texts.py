"""Studies of free texts: samples of them, their meanings, who picks among them, and a loop."""

from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from course.shop import member_for
from course.studies.measuring import SAMPLES, by_kind, measured, of_patterns, sampled, to_test
from mlkit.ask import Ask, Member
from mlkit.kit import Kit
from mlkit.measure import tasks
from mlkit.measure.matrix import Matrix, Subject, seed_for
from mlkit.measure.tasks import Task
from mlkit.parsing import most_likely_or_none
from mlkit.patterns.fan_out import ModelFanOut

TRIES = 3  # texts that are written before the last one stands


def text_tasks() -> list[Task]:
    """The 44 free texts to test on: the desk's 22, and 22 more."""
    return [*to_test("desk", "creative"), *tasks.load("texts")]


async def texts(kit: Kit) -> Matrix:
    """Five samples at temperature 0.7 of both sizes on the 44 free texts."""
    return await sampled(kit, text_tasks())


async def meanings(kit: Kit) -> dict[str, np.ndarray]:
    """The unit vectors of the large model's five samples for each free text: shape (5, d)."""
    written = (await texts(kit)).of(["large"])
    return {
        task.id: await kit.embed([cell.text for cell in row[0]])
        for task, row in zip(written.tasks, written.cells, strict=True)
    }


@dataclass(frozen=True)
class Rewritten:
    """The last text, and what the checker said of each."""

    text: str
    written: tuple[str, ...]
    found: tuple[str, ...]  # "yes", or what is wrong


async def write_and_check(ask: Ask, prompt: str, writer: Member, checker: Member) -> Rewritten:
    """The smallest loop: write, have a model check, write again, at most TRIES times."""
    written: list[str] = []
    found: list[str] = []
    asked = prompt
    while len(written) < TRIES:
        written.append((await ask(writer, asked, role="write")).said)
        text = f"Task: {prompt}\n\nText: {written[-1]}"
        reply = await ask(checker, text, role="check")
        found.append(reply.said.strip())
        if most_likely_or_none(reply, ("yes", "no", "but")).label == "yes":
            break
        asked = f"{prompt}\n\nYour last text was: {written[-1]}\nIt was refused: {found[-1]}"
    return Rewritten(written[-1], tuple(written), tuple(found))


async def rewriting(kit: Kit) -> Matrix:
    """Write, check by a model, write again, on the 44 texts: both sizes write, large checks."""
    checker = member_for(kit.cast.large, "check text")
    loop = partial(write_and_check, checker=checker)
    patterns = {
        f"{name}, checked": partial(loop, writer=member_for(member, "creative"))
        for name, member in (("small", kit.cast.small), ("large", kit.cast.large))
    }
    return await of_patterns(kit, patterns, text_tasks())


async def picking(kit: Kit) -> Matrix:
    """Five samples of the large model on the 44 texts: a judge picks, twice shuffled; or they are
    fused. "one answer" is the large model's at temperature 0.
    """
    judge, fuse = member_for(kit.cast.large, "judge"), member_for(kit.cast.large, "fuse texts")

    def members(task: Task) -> list[Member]:
        large = replace(member_for(kit.cast.large, "creative"), temperature=0.7)
        return [replace(large, seed=seed_for(task, n)) for n in range(SAMPLES)]

    subjects: dict[str, Subject] = {
        "one answer": by_kind(kit.cast.large),
        "judge": lambda task, sample: ModelFanOut(members(task), judge),
        "judge, other order": lambda task, sample: ModelFanOut(members(task), judge, seed=1),
        "fuse": lambda task, sample: ModelFanOut(members(task), fuse=fuse),
    }
    return await measured(kit, subjects, text_tasks())
