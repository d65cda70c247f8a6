"""The nine patterns filled for the shop, each twice: made for its orders, and for any prompt."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, NamedTuple

from course import orders
from course.shop import member_for
from mlkit import paths
from mlkit.ask import Member
from mlkit.measure.matrix import Subject
from mlkit.measure.tools import arithmetic, search
from mlkit.models import Cast
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


def desk_router(cast: Cast) -> ModelRouter:
    """Small names the kind; each kind's specialist is asked in the way of its kind."""
    specialists = {
        "code": member_for(cast.coder, "code"),
        "math": member_for(cast.large, "math"),
        "creative": member_for(cast.writer, "creative"),
        "general": member_for(cast.general, "general"),
    }
    return ModelRouter(member_for(cast.small, "kind"), specialists)


# For any prompt: the article's systems with the roles that it names.
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


def consensus_ensemble(cast: Cast) -> ConsensusEnsemble:
    """Large, writer and general vote; where they differ, the large one, a voter, is asked again."""
    voters = samples(cast.large, cast.writer, cast.general)
    return ConsensusEnsemble(voters, voters[0], 0.7)


class System(NamedTuple):
    """A pattern filled from a cast, and its family in the article's second table."""

    family: str
    for_orders: Callable[[Cast], Pattern]
    for_any_prompt: Callable[[Cast], Pattern]


# Every other list of patterns derives from this one.
NINE: Mapping[str, System] = {
    "single_model": System(
        "Single", lambda cast: SingleModel(orders.order_voters(cast)[0]), single_model
    ),
    "pipeline": System("Sequential", orders.pipeline, pipeline),
    "router": System("Sequential", orders.router, router),
    "fan_out": System("Parallel", orders.fan_out, lambda cast: ModelFanOut(voting(cast).members)),
    "voting": System("Parallel", orders.voting, voting),
    "planner_executor": System("Hierarchical", orders.planner_executor, planner_executor),
    "supervisor_worker": System("Hierarchical", orders.supervisor_worker, supervisor_worker),
    "weighted_ensemble": System("Ensemble", orders.weighted_ensemble, weighted_ensemble),
    "consensus_ensemble": System("Ensemble", orders.consensus_ensemble, consensus_ensemble),
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
