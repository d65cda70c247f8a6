"""Studies of orders, on which all nine are compared: members, patterns, and their variants."""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any

from course import orders as filled
from course import systems
from course.shop.price_list import DEPARTMENTS, catalogue, dollars, joined, total_of
from course.studies.measuring import measured, of_patterns, with_id
from mlkit.kit import Kit
from mlkit.measure import tasks
from mlkit.measure.graders import Grader
from mlkit.measure.matrix import Matrix, merged, seed_for
from mlkit.measure.tasks import Task
from mlkit.models import Cast
from mlkit.parsing import quoted
from mlkit.patterns.fan_out import ModelFanOut
from mlkit.patterns.single_model import SingleModel
from mlkit.patterns.voting import ModelVoting
from mlkit.trace import Pattern

HALF = 8  # test orders of each level on which variants are measured; the nine take all 16


def _not_a_form(gold: Any) -> str:
    try:
        total = dollars(gold)
    except (LookupError, TypeError, ValueError, AttributeError):
        return f"is {quoted(gold)}, which is no form of the shop"
    return "" if total == gold["total"] else f"has the total {gold['total']}; its form says {total}"


# An order is right if its total is.
GRADER = Grader(lambda text, gold: total_of(text) == f"{gold['total']:.12g}", total_of, _not_a_form)


def order_tasks(split: str = "", half: bool = False) -> list[Task]:
    """The orders of a split, or all; `half` takes the first HALF of each level."""
    by_level: dict[str, list[Task]] = {}
    for task in tasks.load("orders", graders={"form": GRADER}):
        if split in ("", task.split):
            by_level.setdefault(task.level, []).append(task)
    return [task for some in by_level.values() for task in (some[:HALF] if half else some)]


def order(task_id: str) -> Task:
    """A test order by its id."""
    return with_id(order_tasks("test"), task_id)


async def order_members(kit: Kit) -> Matrix:
    """A pool of members on all orders: the voters, and two more that were asked otherwise."""
    pool = {member.name: SingleModel(member) for member in filled.order_pool(kit.cast)}
    return await of_patterns(kit, pool, order_tasks())


async def orders(kit: Kit) -> Matrix:
    """The nine on the 96 test orders."""
    return await of_patterns(kit, systems.for_orders(kit.cast), order_tasks("test"))


async def order_samples(kit: Kit) -> Matrix:
    """Five samples of the large model vote: what the tokens of a vote buy from one member."""
    return await sampled_votes(kit, {"large, 5 samples": 5})


async def sampled_votes(kit: Kit, counts: Mapping[str, int]) -> Matrix:
    """So many samples of the large model vote on the test orders, at temperature 0.7, by name."""
    large = replace(filled.order_voters(kit.cast)[0], temperature=0.7)

    def vote(task: Task, sample: int, count: int) -> ModelVoting:
        voters = (replace(large, seed=seed_for(task, n)) for n in range(count))
        return ModelVoting(tuple(voters), total_of)

    subjects = {name: partial(vote, count=count) for name, count in counts.items()}
    return await measured(kit, subjects, order_tasks("test"))


def stages(cast: Cast) -> dict[str, Pattern]:
    """The pipeline otherwise: forgetful, tried again, of one model, and in one prompt."""
    return {
        "pipeline, forgets": filled.pipeline(cast, keep_original=False),
        "pipeline, 1 retry": filled.pipeline(cast, 1),
        "pipeline, 2 retries": filled.pipeline(cast, 2),
        "pipeline, one model": filled.pipeline(cast, classifier=cast.large),
        "one prompt": SingleModel(filled.in_one_prompt(cast.large)),
    }


def plans(cast: Cast) -> dict[str, Pattern]:
    """The planner's executors otherwise: they see the request, or are small."""
    planner = filled.planner_executor(cast)
    small = {name: filled.specialist(cast.small, name) for name in DEPARTMENTS}
    return {
        "executors see the request": replace(planner, keep_request=True),
        "small executors": replace(planner, members=small),
        "small executors see the request": replace(planner, members=small, keep_request=True),
    }


def reviews(cast: Cast) -> dict[str, Pattern]:
    """The supervisor otherwise: one worker, no review, a reviewer that knows, other rounds."""
    two = filled.supervisor_worker(cast)
    one = {"anna": filled.form_member(cast.general)}
    knows = filled.form_writer(cast.large, "order review")
    knows = replace(knows, system=f"{knows.system}\n\n{catalogue()}")
    return {
        "one worker, no review": replace(two, workers=one, reviewer=None, combine=joined),
        "two workers, no review": replace(two, reviewer=None, combine=joined),
        "two workers, 0 rounds": replace(two, rounds=0),
        "two workers, 2 rounds": replace(two, rounds=2),
        "reviewer with the list": replace(two, reviewer=knows),
    }


async def order_variants(kit: Kit) -> Matrix:
    """All variants on 48 test orders, and the voters' forms put together by the large model."""
    cast = kit.cast
    fuse = ModelFanOut(filled.order_voters(cast), fuse=filled.form_writer(cast.large, "fuse"))
    every = stages(cast) | plans(cast) | reviews(cast) | {"fuse": fuse}
    return await of_patterns(kit, every, order_tasks("test", half=True))


async def orders_and_variants(kit: Kit) -> Matrix:
    """The nine and all variants on the 48 test orders that both have."""
    variants, nine = await order_variants(kit), await orders(kit)
    return merged(nine.of(id={task.id for task in variants.tasks}), variants)
