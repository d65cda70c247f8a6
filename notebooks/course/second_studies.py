"""What the second edition measures beside what the first did. Recorded into a folder of its own
until one commit switches.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from course import second, studies
from course.shop import KINDS, member_for
from course.shop.price_list import DEPARTMENTS, dollars, joined, total_of
from course.systems import fixed
from mlkit.ask import Ask, Member
from mlkit.kit import Kit
from mlkit.measure import tasks
from mlkit.measure.graders import Grader
from mlkit.measure.matrix import Matrix, Subject, seed_for
from mlkit.measure.tasks import Task
from mlkit.models import Cast
from mlkit.parsing import quoted
from mlkit.patterns.fan_out import ModelFanOut
from mlkit.patterns.single_model import SingleModel
from mlkit.patterns.voting import ModelVoting
from mlkit.trace import Pattern, Runnable

HALF = 8  # test orders of each level on which variants are measured; the nine take all 16
TRIES = 3  # texts that are written before the last one stands


def _not_a_form(gold: Any) -> str:
    try:
        total = dollars(gold)
    except (LookupError, TypeError, ValueError, AttributeError):
        return f"is {quoted(gold)}, which is no form of the shop"
    return "" if total == gold["total"] else f"has the total {gold['total']}; its form says {total}"


# An order is right if its total is.
GRADER = Grader(
    right=lambda text, gold: total_of(text) == f"{gold['total']:.12g}",
    answer=total_of,
    problem=_not_a_form,
)


def requests(split: str = "", half: bool = False) -> list[Task]:
    """The orders of a split, or all; `half` takes the first HALF of each level."""
    every = [
        one for one in tasks.load("requests", graders={"form": GRADER}) if split in ("", one.split)
    ]
    by_level: dict[str, list[Task]] = {}
    for task in every:
        by_level.setdefault(task.level, []).append(task)
    return [task for some in by_level.values() for task in (some[:HALF] if half else some)]


async def _patterns(
    kit: Kit, progress: str, patterns: Mapping[str, Runnable], items: Sequence[Task]
) -> Matrix:
    """What patterns answer, all items under way together."""
    subjects = {name: fixed(pattern) for name, pattern in patterns.items()}
    return await studies.measured(kit, progress, subjects, items, at_once=len(items))


async def order_members(kit: Kit, progress: str = "") -> Matrix:
    """A pool of members on all orders: the voters, and two more that were asked otherwise."""
    pool = {member.name: SingleModel(member) for member in second.order_pool(kit.cast)}
    return await _patterns(kit, progress, pool, requests())


async def orders(kit: Kit, progress: str = "") -> Matrix:
    """The nine on the 96 test orders."""
    return await _patterns(kit, progress, second.for_orders(kit.cast), requests("test"))


async def order_samples(kit: Kit, progress: str = "") -> Matrix:
    """Five samples of the large model vote: what the tokens of a vote buy from one member."""
    large = replace(second.order_voters(kit.cast)[0], temperature=0.7)

    def vote(task: Task, sample: int) -> ModelVoting:
        voters = tuple(replace(large, seed=seed_for(task, n)) for n in range(5))
        return ModelVoting(voters, total_of)

    subjects: dict[str, Subject] = {"large, 5 samples": vote}
    return await studies.measured(kit, progress, subjects, requests("test"))


def stages(cast: Cast) -> dict[str, Pattern]:
    """The pipeline otherwise: forgetful, tried again, of one model, and in one prompt."""
    return {
        "pipeline, forgets": second.pipeline(cast, keep_original=False),
        "pipeline, 1 retry": second.pipeline(cast, 1),
        "pipeline, 2 retries": second.pipeline(cast, 2),
        "pipeline, one model": second.pipeline(cast, classifier=cast.large),
        "one prompt": SingleModel(second.in_one_prompt(cast.large)),
    }


def plans(cast: Cast) -> dict[str, Pattern]:
    """The planner's executors otherwise: they see the request, or are small."""
    planner = second.planner_executor(cast)
    small = {name: second.specialist(cast.small, name) for name in DEPARTMENTS}
    return {
        "executors see the request": replace(planner, keep_request=True),
        "small executors": replace(planner, members=small),
        "small executors see the request": replace(planner, members=small, keep_request=True),
    }


def reviews(cast: Cast) -> dict[str, Pattern]:
    """The supervisor otherwise: one worker, no review, a reviewer that knows, other rounds."""
    two = second.supervisor_worker(cast)
    one = {"anna": second.form_member(cast.general)}
    knows = second.reviewer(cast)
    knows = replace(knows, system=f"{knows.system}\n\n{second.price_list()}")
    return {
        "one worker, no review": replace(two, workers=one, reviewer=None, combine=joined),
        "two workers, no review": replace(two, reviewer=None, combine=joined),
        "two workers, 0 rounds": replace(two, rounds=0),
        "two workers, 2 rounds": replace(two, rounds=2),
        "reviewer with the list": replace(two, reviewer=knows),
    }


def fused_orders(cast: Cast) -> dict[str, Pattern]:
    """The voters' forms, put together by the large model."""
    fuse = second.told(cast.large, "fuse")
    schema = second.form_member(cast.large).schema
    return {"fuse": ModelFanOut(second.order_voters(cast), fuse=replace(fuse, schema=schema))}


async def order_variants(kit: Kit, progress: str = "") -> Matrix:
    """All variants on 48 test orders."""
    every = stages(kit.cast) | plans(kit.cast) | reviews(kit.cast) | fused_orders(kit.cast)
    return await _patterns(kit, progress, every, requests("test", half=True))


def texts() -> list[Task]:
    """The 44 free texts to test on: the desk's 22, and 22 more."""
    desk = [task for task in tasks.load("desk") if task.split == "test" and task.kind == "creative"]
    return [*desk, *tasks.load("texts")]


async def free_texts(kit: Kit, progress: str = "") -> Matrix:
    """Five samples at temperature 0.7 of both sizes on the 44 free texts."""
    return await studies.sampled(kit, texts(), progress)


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
        written.append((await ask(writer, asked, role="write")).text)
        text = f"Task: {prompt}\n\nText: {written[-1]}"
        found.append((await ask(checker, text, role="check")).text.strip())
        if found[-1].lower().startswith("yes"):
            break
        asked = f"{prompt}\n\nYour last text was: {written[-1]}\nIt was refused: {found[-1]}"
    return Rewritten(written[-1], tuple(written), tuple(found))


async def rewriting(kit: Kit, progress: str = "") -> Matrix:
    """Write, check by a model, write again, on the 44 texts: both sizes write, large checks."""
    checker = second.told(kit.cast.large, "check text")
    patterns = {
        f"{name}, checked": partial(
            write_and_check, writer=member_for(member, "creative"), checker=checker
        )
        for name, member in (("small", kit.cast.small), ("large", kit.cast.large))
    }
    return await _patterns(kit, progress, patterns, texts())


async def picking(kit: Kit, progress: str = "") -> Matrix:
    """Three samples of the large model on the 44 texts: a judge picks, twice shuffled; or they are
    fused.
    """
    judge, fuse = member_for(kit.cast.large, "judge"), second.told(kit.cast.large, "fuse texts")

    def members(task: Task) -> list[Member]:
        large = replace(member_for(kit.cast.large, "creative"), temperature=0.7)
        return [replace(large, seed=seed_for(task, n)) for n in range(3)]

    subjects: dict[str, Subject] = {
        "judge": lambda task, sample: ModelFanOut(members(task), judge),
        "judge, other order": lambda task, sample: ModelFanOut(members(task), judge, seed=1),
        "fuse": lambda task, sample: ModelFanOut(members(task), fuse=fuse),
    }
    return await studies.measured(kit, progress, subjects, texts())


async def classifiers(kit: Kit, progress: str = "") -> dict[int, Matrix]:
    """The small model names the kind of the desk's tasks with 0, 4 and 8 examples."""
    kinds = studies.kinds_of_the_desk()
    found = {}
    for count in (0, 4, 8):
        member = member_for(kit.cast.small, "kind", count)
        subjects = studies.each({"small": member}, KINDS)
        named = await studies.measured(kit, progress, subjects, kinds)
        found[count] = named.labelled(KINDS)
    return found


SECOND: Mapping[str, studies.Study] = {
    "order_members": order_members,
    "orders": orders,
    "order_variants": order_variants,
    "order_samples": order_samples,
    "free_texts": free_texts,
    "picking": picking,
    "rewriting": rewriting,
    "classifiers": classifiers,
}
