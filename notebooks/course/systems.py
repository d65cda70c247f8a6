"""The nine patterns filled for the shop, each twice: made for its orders, and for any prompt.

Every other list of patterns derives from NINE, at the end of this file.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, NamedTuple

from course.shop import member_for, paragraphs
from course.shop.orders import EXAMPLES, LATE_TOTAL, TANDEM_TOTAL, TOPICS
from mlkit import paths
from mlkit.ask import Member
from mlkit.errors import Unparsed
from mlkit.measure.matrix import Subject
from mlkit.measure.tasks import Task
from mlkit.measure.tools import ToolError, arithmetic, search
from mlkit.models import Cast
from mlkit.parsing import label_in
from mlkit.patterns.consensus_ensemble import ConsensusEnsemble
from mlkit.patterns.fan_out import ModelFanOut
from mlkit.patterns.pipeline import ModelPipeline, Stage
from mlkit.patterns.planner_executor import PlannerExecutor
from mlkit.patterns.router import ModelRouter
from mlkit.patterns.single_model import SingleModel
from mlkit.patterns.supervisor_worker import SupervisorWorker
from mlkit.patterns.voting import ModelVoting
from mlkit.patterns.weighted_ensemble import WeightedEnsemble
from mlkit.trace import Pattern, Runnable

MAX_TOKENS = 32  # of a plain answer to any prompt

# Orders


def queue(task: Task) -> str:
    """The word in TOPICS for an order's queue."""
    return task.gold["queue"].partition("_")[0]


def with_handbook(member: Member) -> Member:
    """The member with the whole handbook in its system message."""
    handbook = "\n\n".join(paragraphs().values())
    return replace(member, system=f"{member.system}\n\nHandbook:\n\n{handbook}")


def order_member(member: Member) -> Member:
    """The member with the whole handbook and the examples of every queue."""
    shots = tuple(shot for examples in EXAMPLES.values() for shot in examples.items())
    return replace(with_handbook(member_for(member, "order")), shots=shots)


def order_specialist(member: Member, queue: str) -> Member:
    """The member with one paragraph of the handbook: what a specialist knows."""
    order = member_for(member, "order")
    system = f"{order.system}\n\n{paragraphs()[TOPICS[queue]]}"
    return replace(order, system=system, shots=tuple(EXAMPLES[queue].items()))


def order_voters(cast: Cast) -> tuple[Member, ...]:
    """The large model, the large model asked in other words without examples, and the small one."""
    bare = with_handbook(member_for(cast.large, "order, bare"))
    return (
        order_member(cast.large),
        replace(bare, name=f"{cast.large.name}, bare"),
        order_member(cast.small),
    )


def known_queue(text: str) -> str:
    """The check after the first stage: what is wrong with a queue's name, or ""."""
    try:
        label_in(text, TOPICS)
    except Unparsed:
        return f"it must be one of {', '.join(TOPICS)}"
    return ""


def has_numbers(text: str) -> str:
    """The check after the second stage: what is wrong with the prices and rules, or ""."""
    return "" if any(character.isdigit() for character in text) else "it names no price"


def can_be_worked_out(text: str) -> str:
    """The check after the last stage: what is wrong with the calculation, or ""."""
    try:
        arithmetic(text)
    except ToolError:
        return "it is not one arithmetic expression with numbers only"
    return ""


def total_of(text: str) -> str:
    """The value of a calculation. Raises Unparsed, so that a vote for none is spoilt."""
    try:
        return arithmetic(text)
    except ToolError as error:
        raise Unparsed(str(error)) from None


def order_pipeline(
    cast: Cast, retries: int = 0, keep_original: bool = True, classifier: Member | None = None
) -> ModelPipeline:
    """Small names the queue, general extracts prices and rules, large writes the calculation."""
    classify = member_for(classifier or cast.small, "order queue")
    extract = with_handbook(member_for(cast.general, "order facts"))
    reason = member_for(cast.large, "order total")
    return ModelPipeline(
        (
            Stage("classify", classify, "", known_queue, retries),
            Stage("extract", extract, "", has_numbers, retries),
            Stage("reason", reason, "", can_be_worked_out, retries),
        ),
        keep_original,
    )


def order_router(cast: Cast) -> ModelRouter:
    """Small names the queue; its specialist is the large model with the queue's paragraph."""
    specialists = {queue: order_specialist(cast.large, queue) for queue in TOPICS}
    return ModelRouter(member_for(cast.small, "order queue"), specialists, "order")


def order_planner_executor(cast: Cast) -> PlannerExecutor:
    """Large plans and writes the total; steps search, or have general write a calculation."""
    rental, delivery = (paragraphs()[topic] for topic in ("rental", "delivery"))
    shots = (
        (
            "1 tandem and 2 child seats, each for 2 days\n\nrental price of a tandem:"
            f" {rental}\nrental price of a child seat: {rental}",
            TANDEM_TOTAL,
        ),
        (
            f"delivery of 2 parcels after 6 pm\n\ndelivery of a parcel after 6 pm: {delivery}",
            LATE_TOTAL,
        ),
    )
    return PlannerExecutor(
        planner=member_for(cast.large, "order plan"),
        synthesizer=member_for(cast.large, "order from results"),
        members={"math": replace(member_for(cast.general, "order"), shots=shots)},
        tools={"search": search(paths.data() / "handbook.md"), "math": arithmetic},
    )


def order_supervisor_worker(cast: Cast, rounds: int = 1) -> SupervisorWorker:
    """Large assigns and reviews; two workers that know the handbook price the pieces."""
    worker = with_handbook(member_for(cast.general, "order work"))
    return SupervisorWorker(
        member_for(cast.large, "order assign"),
        member_for(cast.large, "order review"),
        {"anna": worker, "ben": worker},
        rounds,
    )


def order_fan_out(cast: Cast) -> ModelFanOut:
    """The voters, and the first answer that can be worked out."""
    return ModelFanOut(order_voters(cast), lambda text: not can_be_worked_out(text))


def order_voting(cast: Cast) -> ModelVoting:
    """The voters, counted by the value of their calculations."""
    return ModelVoting(order_voters(cast), total_of)


def order_weighted_ensemble(cast: Cast) -> WeightedEnsemble:
    """The article's weights, the most for the strongest; nothing for what cannot be worked out."""
    return WeightedEnsemble(
        order_voters(cast),
        (0.5, 0.3, 0.2),
        lambda reply: float(not can_be_worked_out(reply.text)),
        total_of,
    )


def order_consensus_ensemble(cast: Cast) -> ConsensusEnsemble:
    """The voters; where they differ, the first of them is asked again."""
    voters = order_voters(cast)
    return ConsensusEnsemble(voters, voters[0], 0.7, total_of)


# The desk


def desk_router(cast: Cast) -> ModelRouter:
    """Small names the kind; each kind's specialist is asked in the way of its kind."""
    specialists = {
        "code": member_for(cast.coder, "code"),
        "math": member_for(cast.large, "math"),
        "creative": member_for(cast.writer, "creative"),
        "general": member_for(cast.general, "general"),
    }
    return ModelRouter(member_for(cast.small, "kind"), specialists)


# Any prompt: the article's systems with the roles that it names


def single_model(cast: Cast) -> SingleModel:
    """The large model, told to give the answer alone, as the voters are."""
    return SingleModel(member_for(cast.large, "answer"))


def pipeline(cast: Cast) -> ModelPipeline:
    """Small classifies, general extracts the facts, large reasons."""
    return ModelPipeline(
        (
            Stage("classify", member_for(cast.small, "request")),
            Stage("extract", member_for(cast.general, "facts")),
            Stage("reason", member_for(cast.large, "reason")),
        ),
        keep_original=True,
    )


def router(cast: Cast) -> ModelRouter:
    """Small classifies; coder, large model, writer and general model are the specialists."""
    specialists = {
        "code": member_for(cast.coder, "python"),
        "math": member_for(cast.large, "work out"),
        "creative": cast.writer,
        "general": cast.general,
    }
    return ModelRouter(member_for(cast.small, "any kind"), specialists)


def planner_executor(cast: Cast) -> PlannerExecutor:
    """Large plans and synthesizes; code goes to coder, math to general and a calculator."""
    return PlannerExecutor(
        planner=member_for(cast.large, "plan"),
        synthesizer=member_for(cast.large, "synthesize"),
        members={
            "code": member_for(cast.coder, "python"),
            "math": member_for(cast.general, "step"),
        },
        tools={"search": search(paths.data() / "handbook.md"), "math": arithmetic},
    )


def supervisor_worker(cast: Cast) -> SupervisorWorker:
    """Large assigns and reviews; general and coder work."""
    return SupervisorWorker(
        member_for(cast.large, "assign"),
        member_for(cast.large, "review"),
        {"general": member_for(cast.general, "work"), "coder": member_for(cast.coder, "python")},
    )


def samples(*members: Member) -> tuple[Member, ...]:
    """Members that sample, each with its own seed, so that one model differs from itself."""
    return tuple(
        replace(member_for(member, "answer"), temperature=0.7, seed=seed, max_tokens=48)
        for seed, member in enumerate(members, 1)
    )


def voting(cast: Cast) -> ModelVoting:
    """The general, the large and the writing model vote."""
    return ModelVoting(samples(cast.general, cast.large, cast.writer))


def weighted_ensemble(cast: Cast) -> WeightedEnsemble:
    """The large, the writing and the general model, with the article's weights."""
    return WeightedEnsemble(samples(cast.large, cast.writer, cast.general), (0.5, 0.3, 0.2))


def consensus_ensemble(cast: Cast, threshold: float = 0.7) -> ConsensusEnsemble:
    """Large, writer and general vote; where they differ, the large one, a voter, is asked again."""
    voters = samples(cast.large, cast.writer, cast.general)
    return ConsensusEnsemble(voters, voters[0], threshold)


def saving_consensus(cast: Cast, threshold: float = 0.7) -> ConsensusEnsemble:
    """The small model votes three times, and only a split asks the large one: it can save money."""
    voters = samples(cast.small, cast.small, cast.small)
    return ConsensusEnsemble(voters, member_for(cast.large, "answer"), threshold)


# The registry


class System(NamedTuple):
    """A pattern filled from a cast, and its family in the article's second table."""

    family: str
    for_orders: Callable[[Cast], Pattern]
    for_any_prompt: Callable[[Cast], Pattern]


NINE: Mapping[str, System] = {
    "single_model": System("Single", lambda cast: SingleModel(order_voters(cast)[0]), single_model),
    "pipeline": System("Sequential", order_pipeline, pipeline),
    "router": System("Sequential", order_router, router),
    "fan_out": System("Parallel", order_fan_out, lambda cast: ModelFanOut(voting(cast).members)),
    "voting": System("Parallel", order_voting, voting),
    "planner_executor": System("Hierarchical", order_planner_executor, planner_executor),
    "supervisor_worker": System("Hierarchical", order_supervisor_worker, supervisor_worker),
    "weighted_ensemble": System("Ensemble", order_weighted_ensemble, weighted_ensemble),
    "consensus_ensemble": System("Ensemble", order_consensus_ensemble, consensus_ensemble),
}
FAMILIES = {
    family: [name for name, system in NINE.items() if system.family == family]
    for family in dict.fromkeys(system.family for system in NINE.values())
}


def for_orders(cast: Cast) -> dict[str, Pattern]:
    """All patterns, made for orders, by the name of their file."""
    return {name: system.for_orders(cast) for name, system in NINE.items()}


def for_any_prompt(cast: Cast) -> dict[str, Pattern]:
    """All patterns for any prompt, by the name of their file, with answers of MAX_TOKENS."""
    members: dict[str, Any] = {
        role: replace(member, max_tokens=MAX_TOKENS) for role, member in cast.members.items()
    }
    short = replace(cast, **members)
    return {name: system.for_any_prompt(short) for name, system in NINE.items()}


def fixed(pattern: Runnable) -> Subject:
    """The pattern as what is measured: the same for every task and sample."""
    return lambda task, sample: pattern
