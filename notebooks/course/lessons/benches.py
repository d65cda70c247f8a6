"""What each notebook's bench plays with: a pattern of the shop, its settings, and prompts.

In a notebook: `play = benches.play("router", kit)`, then
`bench(kit, play.build, play.prompts, grade=play.grade, **play.controls)`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, NamedTuple

import numpy as np
from ipywidgets import ValueWidget

from course import answers, orders, studies, systems
from course.shop import KINDS, QUEUES, member_for
from course.studies import composite_orders
from mlkit.ask import Ask, Embed, Member, Reply
from mlkit.errors import MlkitError, Unparsed
from mlkit.kit import Kit
from mlkit.measure import tasks
from mlkit.measure.matrix import seed_for
from mlkit.measure.tasks import Task
from mlkit.measure.tools import ToolError, arithmetic
from mlkit.parsing import label_in, most_likely, plain
from mlkit.patterns.consensus_ensemble import Agreed, ConsensusEnsemble
from mlkit.patterns.fan_out import FannedOut, ModelFanOut
from mlkit.patterns.router import ModelRouter
from mlkit.patterns.single_model import SingleModel
from mlkit.patterns.voting import ModelVoting, Voted
from mlkit.patterns.weighted_ensemble import WeightedEnsemble
from mlkit.trace import Runnable
from mlkit.widgets.panels import Shares, slider, steps

PROMPTS = 8  # about so many examples on a menu
# Messages of triage on which its three members differ; in the first half, two against one.
DIVIDED = ("53", "96", "32", "81", "38", "41", "43", "86")
# Free texts; in the last four it hangs on the judge's order whether its pick is right.
TEXTS = {"creative-02", "creative-11", "text-03", "text-15"}
TEXTS |= {"creative-23", "creative-26", "creative-32", "text-18"}
# Messages of triage on which three samples of the small model split two to one, or agree.
SPLIT = ("90", "34", "23", "05", "03", "20", "46", "93")
queue_in = partial(label_in, labels=QUEUES)


class Play(NamedTuple):
    """What `bench` takes. A control is labelled "free" where no value of it needs a call."""

    build: Callable[..., Runnable]
    prompts: list[str]
    controls: dict[str, ValueWidget]
    grade: Callable[[str, str], str] = answers.grade


def play(name: str, kit: Kit) -> Play:
    """The bench of a pattern, by the name of its file; without settings where it has none here."""
    if name in _PLAYS:
        return _PLAYS[name](kit)
    pattern = systems.for_orders(kit.cast)[name]
    return Play(lambda: pattern, _requests(), {})


def _some(name: str, kind: str = "", count: int = PROMPTS) -> list[Task]:
    """Test tasks of a file, from all over it."""
    every = [one for one in tasks.load(name) if one.split == "test" and kind in ("", one.kind)]
    return every[:: max(1, len(every) // count)][:count]


def _requests() -> list[str]:
    """Orders on which all variants are recorded too, one or two of each level."""
    every = studies.order_tasks("test", half=True)
    return [task.input for task in every[:: len(every) // PROMPTS]]


def _single_model(kit: Kit) -> Play:
    ways = {"expression": "math", "step by step": "prose"}  # the latter has no examples

    def build(size: str, way: str, examples: int) -> SingleModel:
        return SingleModel(member_for(kit.cast.members[size], ways[way], examples))

    controls = {
        "size": steps("model (new calls)", "large", ["small", "large"]),
        "way": steps("asked for (new calls)", "expression", list(ways)),
        "examples": steps("examples (new calls)", 4, [0, 1, 2, 3, 4]),
    }
    return Play(build, [task.input for task in _some("desk", "math")], controls)


def _pipeline(kit: Kit) -> Play:
    alone = SingleModel(orders.order_voters(kit.cast)[0])

    def build(way: str, retries: int, keep_original: str) -> Runnable:
        piped = orders.pipeline(kit.cast, retries, keep_original == "yes")
        return alone if way == "large alone" else piped

    controls = {
        "way": steps("way (new calls)", "pipeline", ["pipeline", "large alone"]),
        "retries": steps("retries (new calls)", 0, [0, 1, 2]),
        "keep_original": steps("keep_original (new calls)", "yes", ["yes", "no"]),
    }
    return Play(build, _requests(), controls)


def _router(kit: Kit) -> Play:
    sizes = {f"small, {count} examples": (kit.cast.small, count) for count in (0, 4, 8)}
    sizes["large, 8 examples"] = kit.cast.large, 8

    def build(classifier: str, threshold: float, fallback: str) -> ModelRouter:
        router, (member, examples) = systems.desk_router(kit.cast), sizes[classifier]
        named = member_for(member, "kind", examples)
        return replace(router, classifier=named, threshold=threshold, fallback=fallback)

    controls = {
        "classifier": steps("classifier (new calls)", "small, 8 examples", list(sizes)),
        "threshold": slider("threshold (new calls of the fallback)", 0.0, 0.0, 1.0, 0.05),
        "fallback": steps("fallback (new calls)", "general", KINDS),
    }
    return Play(build, [task.input for task in _some("desk")], controls)


def _samples(member: Member, task: Task | None, count: int) -> list[Member]:
    """A member so often, each time with the seed that was recorded for the task."""
    seeds = [seed_for(task, n) if task else n for n in range(count)]
    return [replace(member, temperature=0.7, seed=seed) for seed in seeds]


def _fan_out(kit: Kit) -> Play:
    known = {task.input: task for task in studies.text_tasks() if task.id in TEXTS}
    large, by_program = kit.cast.large, ["nobody: the first", "a checker"]
    judge, fuser = member_for(large, "judge"), member_for(large, "fuse texts")

    def build(count: int, picker: str) -> Runnable:
        if not kit.live and count < 5 and picker not in by_program:
            raise MlkitError("On recordings a judge, or who fuses, sees all: set samples to 5.")

        async def fan_out(ask: Ask, prompt: str) -> FannedOut:
            task = known.get(prompt)
            members = _samples(member_for(large, "creative"), task, count)
            checker = task.right if task else lambda text: True  # no rules are known of it
            pattern = {
                "nobody: the first": ModelFanOut(members),
                "a checker": ModelFanOut(members, checker),
                "a judge": ModelFanOut(members, judge),
                "a judge, other order": ModelFanOut(members, judge, seed=1),
                "fuse": ModelFanOut(members, fuse=fuser),
            }[picker]
            return await pattern.run(ask, prompt)

        return fan_out

    pickers = [*by_program, "a judge", "a judge, other order", "fuse"]
    controls = {
        "count": steps("samples (new calls)", 5, [1, 2, 3, 4, 5]),
        "picker": steps("who picks (new calls)", "a checker", pickers),
    }
    return Play(build, list(known), controls)


def value_of(text: str) -> str:
    """What a calculation comes to. Raises Unparsed where there is none."""
    try:
        return arithmetic(text)
    except ToolError as error:
        raise Unparsed(str(error)) from None


def _remembering(kit: Kit) -> Embed:
    """Embeds no text twice."""
    vectors: dict[str, np.ndarray] = {}

    async def embed(texts: Sequence[str]) -> np.ndarray:
        if new := [text for text in dict.fromkeys(texts) if text not in vectors]:
            vectors.update(zip(new, await kit.embed(new), strict=True))
        return np.array([vectors[text] for text in texts])

    return embed


def _voting(kit: Kit) -> Play:
    some = [*_some("triage", count=4), *_some("desk", "math", 2), *_some("desk", "creative", 2)]
    known = {task.input: task for task in some}
    large, embed = kit.cast.large, _remembering(kit)
    ways: dict[str, Callable[[str], str]]
    ways = {"as written": str, "tidied": plain, "value of the sum": value_of}

    def build(voters: int, normaliser: str, similarity: float | str) -> Runnable:
        async def voting(ask: Ask, prompt: str) -> Voted:
            task, members = known.get(prompt), systems.samples(*[large] * voters)
            if task:
                members = tuple(_samples(member_for(large, task.kind), task, voters))
            free = task is None or task.kind == "creative"
            alike = (embed, float(similarity)) if free and similarity != "off" else ()
            voted = await ModelVoting(members, ways[normaliser], *alike).run(ask, prompt)
            if free:  # with the run, so that the slider is free
                await embed([one.text for one in voted.answers if isinstance(one, Reply)])
            return voted

        return voting

    levels = [(f"{level:.2f}", level) for level in (0.7, 0.8, 0.9, 0.95)]
    controls = {
        "voters": steps("voters (new calls)", 5, [1, 3, 5]),
        "normaliser": steps("the same is (free)", "tidied", list(ways)),
        "similarity": steps("free texts: similar from (free)", "off", [("off", "off"), *levels]),
    }
    return Play(build, list(known), controls)


def _planner_executor(kit: Kit) -> Play:
    planner = orders.planner_executor(kit.cast)
    small = {name: orders.specialist(kit.cast.small, name) for name in planner.members}
    planners = {
        "as built": planner,
        "with the request": replace(planner, keep_request=True),
        "small executors": replace(planner, members=small),
    }
    alone = SingleModel(orders.order_voters(kit.cast)[0])

    def build(way: str, max_steps: int = planner.max_steps) -> Runnable:
        return alone if way == "large alone" else replace(planners[way], max_steps=max_steps)

    controls = {"way": steps("way (new calls)", "as built", [*planners, "large alone"])}
    if kit.live:  # on recordings all plans were made with the same limit
        controls["max_steps"] = steps("steps (new calls)", planner.max_steps, [1, 2, 3, 4, 6])
    return Play(build, _requests(), controls)


def _supervisor_worker(kit: Kit) -> Play:
    two, others = orders.supervisor_worker(kit.cast), composite_orders.reviews(kit.cast)
    named: dict[str, Runnable] = {
        "large alone": SingleModel(orders.order_voters(kit.cast)[0]),
        "one worker": others["one worker, no review"],
        "two workers": others["two workers, no review"],
        "0 rounds": others["two workers, 0 rounds"],
        "1 round": two,
        "2 rounds": others["two workers, 2 rounds"],
        "with the list": others["reviewer with the list"],
    }
    who = steps("who works and reviews (new calls)", "large alone", list(named))
    return Play(lambda who: named[who], _requests(), {"who": who})


def _weighted_ensemble(kit: Kit) -> Play:
    """On messages, and not on orders: their members say how likely each answer is."""
    team, members = ("large", "small", "large, rules"), studies.triage_members(kit)
    named = [replace(members[name], name=name) for name in team]
    scores: dict[str, Callable[[Reply], float]] = {
        "1": lambda reply: 1.0,
        "its probability": lambda reply: most_likely(reply, QUEUES).confidence,
    }

    def build(weights: Sequence[float], score: str) -> WeightedEnsemble:
        return WeightedEnsemble(named, weights, scores[score], queue_in, QUEUES)

    labels = (f"weight of {name} (free)" for name in team)
    controls: dict[str, ValueWidget] = {
        "weights": Shares(**dict(zip(labels, (0.5, 0.3, 0.2), strict=True))),
        "score": steps("an answer scores (free)", "1", list(scores)),
    }
    every = {task.id: task.input for task in tasks.load("triage")}
    return Play(build, [every[f"triage-{number}"] for number in DIVIDED], controls)


def triage_voters(kit: Kit, task: Task | None, count: int) -> list[Member]:
    """Samples of the small model that name the queue, with the seeds recorded for a message."""
    some = _samples(studies.triage_members(kit)["small"], task, count)
    return [replace(one, name=f"small {n}") for n, one in enumerate(some, 1)]


def _consensus_ensemble(kit: Kit) -> Play:
    """On messages, and not on orders: there a cheaper model votes."""
    every = {task.id: task for task in tasks.load("triage")}
    known = {every[f"triage-{n}"].input: every[f"triage-{n}"] for n in SPLIT}
    large = studies.triage_members(kit)["large"]

    def build(needed: int, strong: str) -> Runnable:
        async def consensus(ask: Ask, prompt: str) -> Agreed:
            voters = triage_voters(kit, known.get(prompt), 3)
            members = voters if strong == "outside" else [large, *voters[:2]]
            return await ConsensusEnsemble(members, large, needed / 3, queue_in).run(ask, prompt)

        return consensus

    controls = {
        "needed": steps("votes needed, of 3 (new calls)", 3, [1, 2, 3]),
        "strong": steps("the large model is (new calls)", "outside", ["outside", "a voter too"]),
    }
    return Play(build, list(known), controls)


def _choosing(kit: Kit) -> Play:
    nine = systems.for_any_prompt(kit.cast)
    alone: Any = systems.for_any_prompt(kit.recorded.cast)["single_model"]
    prompts = kit.recorded_prompts(alone.member)  # all nine have answered them
    chosen = steps("pattern (new calls)", "single_model", [*nine])
    return Play(lambda pattern: nine[pattern], prompts, {"pattern": chosen})


_PLAYS: Mapping[str, Callable[[Kit], Play]] = {
    "choosing": _choosing,
    "single_model": _single_model,
    "pipeline": _pipeline,
    "router": _router,
    "fan_out": _fan_out,
    "voting": _voting,
    "planner_executor": _planner_executor,
    "supervisor_worker": _supervisor_worker,
    "weighted_ensemble": _weighted_ensemble,
    "consensus_ensemble": _consensus_ensemble,
}
