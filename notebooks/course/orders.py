"""Orders: the members that fill in the shop's form, and the nine patterns made of them."""

import json
from dataclasses import replace
from typing import Any

from course.shop import member_for
from course.shop.instruction import compact
from course.shop.price_list import DEPARTMENTS, catalogue, department, fault, form_schema, total_of
from course.shop.requests import DOES, EXAMPLES, OTHER_EXAMPLES
from mlkit.ask import Member
from mlkit.models import Cast
from mlkit.patterns.consensus_ensemble import ConsensusEnsemble
from mlkit.patterns.fan_out import ModelFanOut
from mlkit.patterns.pipeline import ModelPipeline, Stage
from mlkit.patterns.planner_executor import PlannerExecutor
from mlkit.patterns.router import ModelRouter
from mlkit.patterns.supervisor_worker import SupervisorWorker
from mlkit.patterns.voting import ModelVoting
from mlkit.patterns.weighted_ensemble import WeightedEnsemble

WORKERS = {"anna": ("repair", "rental", "trade"), "ben": ("order", "refund", "delivery")}


def form_member(member: Member, *names: str, of: Any = (EXAMPLES,)) -> Member:
    """The member that fills in forms: for some departments, or for all and for several at once."""
    shots = tuple(shot for shown in of for name in names or DOES for shot in shown[name].items())
    schema = json.dumps(form_schema(names or DEPARTMENTS))
    return replace(member_for(member, "form"), shots=shots, schema=schema)


def form_writer(member: Member, name: str) -> Member:
    """The member, asked by one of INSTRUCTIONS, whose answer is, or holds, a form."""
    return replace(member_for(member, name), schema=json.dumps(form_schema()))


def order_voters(cast: Cast) -> tuple[Member, ...]:
    """The large model, asked in three ways: with examples; with other examples and the price list;
    with the parts of the form in another order. On fit the small model is right too rarely to vote.
    """
    large, other = form_member(cast.large), form_member(cast.large, of=(OTHER_EXAMPLES,))
    name, system = cast.large.name, f"{other.system}\n\n{catalogue()}"
    return (
        large,
        replace(other, system=system, name=f"{name}, other examples"),
        replace(_rule_first(large), name=f"{name}, rule first"),
    )


def order_pool(cast: Cast) -> tuple[Member, ...]:
    """The voters, and both sizes with all examples."""
    large = replace(specialist(cast.large), name=f"{cast.large.name}, all examples")
    small = replace(specialist(cast.small), name=f"{cast.small.name}, all examples")
    return (*order_voters(cast), large, small)


def _rule_first(member: Member) -> Member:
    """The member whose forms begin with the rule and the days."""
    schema, parts = json.loads(member.schema), ("rule", "days", "things")
    schema["properties"] = {part: schema["properties"][part] for part in parts}
    schema["required"] = list(parts)
    shots = []
    for request, text in member.shots:
        order = json.loads(text)
        shots.append((request, compact({part: order[part] for part in parts})))
    return replace(member, shots=tuple(shots), schema=json.dumps(schema))


def in_one_prompt(member: Member) -> Member:
    """The member that names departments and things before it fills in the form, in one answer."""
    form = form_member(member)
    schema = json.loads(form.schema)
    named = {"type": "array", "items": {"enum": list(DEPARTMENTS)}, "maxItems": 2}
    schema["properties"] = {"departments": named} | schema["properties"]
    schema["required"] = list(schema["properties"])
    shots = []
    for request, text in form.shots:
        order = json.loads(text)
        whose = dict.fromkeys(department(row["name"]) for row in order["things"])
        shots.append((request, compact({"departments": list(whose)} | order)))
    asked = member_for(member, "in one prompt")
    return replace(asked, shots=tuple(shots), schema=json.dumps(schema))


def specialist(member: Member, *names: str) -> Member:
    """The member with all examples, things and rules of some departments only, or of all."""
    return form_member(member, *names, of=(EXAMPLES, OTHER_EXAMPLES))


def known_departments(text: str) -> str:
    """The check after the first stage: what is wrong with the names, or ""."""
    named = [name for name in DEPARTMENTS if name in text.lower()]
    return "" if named else f"it must name one or two of {', '.join(DEPARTMENTS)}"


def has_things(text: str) -> str:
    """The check after the second stage: what is wrong with the things, or ""."""
    return "" if any(character.isdigit() for character in text) else "it gives no number of pieces"


def pipeline(
    cast: Cast, retries: int = 0, keep_original: bool = True, classifier: Member | None = None
) -> ModelPipeline:
    """Small names the departments, general lists the things, large fills in the form."""
    classifies = member_for(classifier or cast.small, "departments")
    return ModelPipeline(
        (
            Stage("classify", classifies, "", known_departments, retries),
            Stage("extract", member_for(cast.general, "things"), "", has_things, retries),
            Stage("reason", form_member(cast.large), "", fault, retries),
        ),
        keep_original,
    )


def router(cast: Cast) -> ModelRouter:
    """Small names the department, or that it is several; large is the specialist of each."""
    specialists = {name: specialist(cast.large, name) for name in DEPARTMENTS}
    specialists["several"] = form_member(cast.large)
    return ModelRouter(member_for(cast.small, "department"), specialists, "several")


def planner_executor(cast: Cast) -> PlannerExecutor:
    """Large plans and puts the forms together; general fills in each department's form."""
    return PlannerExecutor(
        planner=member_for(cast.large, "order plan"),
        synthesizer=form_writer(cast.large, "from results"),
        members={name: specialist(cast.general, name) for name in DEPARTMENTS},
        fallback="order",
    )


def supervisor_worker(cast: Cast) -> SupervisorWorker:
    """Large assigns and reviews; two workers fill in the forms of three departments each."""
    return SupervisorWorker(
        member_for(cast.large, "order assign"),
        form_writer(cast.large, "order review"),
        {name: specialist(cast.general, *does) for name, does in WORKERS.items()},
    )


def fan_out(cast: Cast) -> ModelFanOut:
    """The voters, and the first form in which nothing is wrong."""
    return ModelFanOut(order_voters(cast), lambda text: not fault(text))


def voting(cast: Cast) -> ModelVoting:
    """The voters, counted by the totals of their forms."""
    return ModelVoting(order_voters(cast), total_of)


def weighted_ensemble(cast: Cast) -> WeightedEnsemble:
    """The article's weights, the most for the first voter; nothing for a form with a fault."""
    return WeightedEnsemble(
        order_voters(cast), (0.5, 0.3, 0.2), lambda reply: float(not fault(reply.text)), total_of
    )


def consensus_ensemble(cast: Cast) -> ConsensusEnsemble:
    """The voters; where they differ, the first of them is asked again."""
    voters = order_voters(cast)
    return ConsensusEnsemble(voters, voters[0], 0.7, total_of)
