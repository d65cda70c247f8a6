"""Claims about whole patterns, each after its rule: C2 to C4, C9, C10, C14 to C16."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from statistics import fmean
from typing import NamedTuple

import numpy as np

from course import studies, systems, timings
from course.claims.article import CLAIMED, CRITERIA, RANKS, Finding, finding, in_words
from course.timings import Timed
from mlkit.kit import Kit
from mlkit.measure.matrix import Matrix, tokens
from mlkit.measure.stats import difference, mean_interval, wilson
from mlkit.models import list_prices
from mlkit.ties import exceeds, highest, lowest, reaches

PLANNING = ("plan", "synthesize")  # roles of a planner
SUPERVISING = ("assign", "review")  # roles of a supervisor


class Family(NamedTuple):
    """One family of patterns as it was measured here, means over its patterns."""

    family: str
    dollars_per_thousand: float
    seconds: float
    right: float  # in [0, 1]
    calls: float  # for each answer

    @property
    def measured(self) -> tuple[float, float, float, float]:
        """In the order of CRITERIA."""
        return self[1:]


async def c2(kit: Kit) -> Finding:
    """Supported if three times one answer's wall time lies in the pipeline's interval."""
    walls = wall_seconds(kit)
    ratio = mean_interval(walls["pipeline"] / walls["single_model"])
    runs = [run for run in _timed(kit, "pipeline") if not run.error]
    shares = ", ".join(
        f"{role} {np.mean([_seconds(run, role) / _seconds(run) for run in runs]):.0%}"
        for role in ("classify", "extract", "reason")
    )
    return finding(
        "C2",
        f"Three stages take {ratio.mean:.1f} times as long as one answer (95% interval"
        f" {ratio.low:.1f} to {ratio.high:.1f}). It is tokens and sizes that count, not stages:"
        f" {shares} of the time.",
        ratio.n,
        reaches(3, ratio.low) and reaches(ratio.high, 3),
    )


async def c3(kit: Kit) -> Finding:
    """Supported if different models in the stages are clearly better than one in all."""
    measured = await studies.orders(kit)
    models, stages, lost = (
        difference(measured.column("pipeline"), measured.column(other))
        for other in ("pipeline, one model", "one prompt", "pipeline, forgets")
    )
    return finding(
        "C3",
        f"Orders: {_right(measured, 'pipeline')} by a pipeline of a small and a large model,"
        f" {_right(measured, 'pipeline, one model')} with the large one in all stages (difference"
        f" {models.points()}), {_right(measured, 'one prompt')} by one prompt for all three steps"
        f" ({stages.points()}). Stages that still see the request gain {lost.points()} over stages"
        " that see only the output before them.",
        models.n,
        models.above,
    )


async def c4(kit: Kit) -> Finding:
    """Supported if an oracle in the classifier's place clearly gains on the desk."""
    sent, routed = await studies.routed(kit)
    every = await studies.specialists(kit)
    kinds = np.array([task.kind for task in every.tasks])
    right, wrong = (
        wilson(int(routed[here].sum()), int(here.sum())) for here in (sent == kinds, sent != kinds)
    )
    gain = difference(studies.answered_by(every, kinds), routed)
    measured = (await studies.orders(kit)).of(["router", "right paragraph"])
    named = [
        row[0][0].run.result.label == systems.queue(task)
        for task, row in zip(measured.tasks, measured.cells, strict=True)
    ]
    of_orders = difference(measured.column("right paragraph"), measured.column("router"))
    return finding(
        "C4",
        f"Desk, routed by the small model: right class {right} right answers, wrong class {wrong};"
        f" a classifier that never errs would gain {gain.points()}. Orders: {np.mean(named):.0%}"
        f" classified right, and a perfect classifier would gain {of_orders.points()}.",
        gain.n + of_orders.n,
        gain.above,
    )


async def c9(kit: Kit) -> Finding:
    """Supported if some price of the planner breaks even, at under ten points lost."""
    measured = await studies.orders(kit)
    gain = difference(measured.column("planner_executor"), measured.column("single_model"))

    def mean_tokens(name: str, counts: Callable[[str], bool]) -> float:
        cells = [row[0][0] for row in measured.of([name]).cells]
        return fmean(tokens(call for call in cell.calls if counts(call.role)) for cell in cells)

    planning = mean_tokens("planner_executor", lambda role: role in PLANNING)
    doing = mean_tokens("planner_executor", lambda role: role not in PLANNING)
    alone = mean_tokens("single_model", lambda role: True)
    breaks_even = (
        f"would cost the same if the planner's tokens were {doing / (alone - planning):.1f} times"
        " as dear as the executors'"
        if exceeds(alone, planning)
        else "is dearer than the large model alone, whatever the executors cost"
    )
    return finding(
        "C9",
        f"Orders: {_right(measured, 'planner_executor')} by planner and executors,"
        f" {_right(measured, 'single_model')} by the large model alone with the handbook in its"
        f" prompt ({gain.points()}). Planning and summing up take {planning:.0f} tokens an order,"
        f" executing {doing:.0f}, the large model alone {alone:.0f}: the pattern {breaks_even}.",
        gain.n,
        exceeds(alone, planning) and exceeds(gain.low, -0.1),
    )


async def c10(kit: Kit) -> Finding:
    """Supported if the supervisor clearly takes more than half of the wall time."""
    runs = [run for run in _timed(kit, "supervisor_worker") if not run.error]
    share = mean_interval(
        _by_task(
            runs, lambda run: sum(_seconds(run, role) for role in SUPERVISING) / run.wall_seconds
        )
    )
    return finding(
        "C10",
        f"Assigning and reviewing take {share.mean:.0%} (95% interval {share.low:.0%} to"
        f" {share.high:.0%}) of the wall time, so that any number of workers makes it at most"
        f" {1 / share.mean:.1f} times as fast.",
        share.n,
        exceeds(share.low, 0.5),
    )


async def c14(kit: Kit) -> Finding:
    """Supported if mixed work, quality, cost or latency clearly gains, each on its own."""
    _, routed = await studies.routed(kit)
    mixed = difference(routed, (await _desk(kit)).column("large"))
    measured = await studies.orders(kit)
    walls = wall_seconds(kit)
    names = [name for name in walls if name != "single_model"]
    prices = {name: measured.score(name, list_prices()).dollars_per_thousand for name in walls}
    seconds = {name: mean_interval(walls[name] / walls["single_model"]) for name in names}
    best = highest(names, measured.share)
    quality, budget = (
        difference(measured.column(name), measured.column("single_model"))
        for name in (best, "large, 5 samples")
    )
    cheapest = lowest(names, prices.__getitem__)
    dollars = prices[cheapest] / prices["single_model"]
    fastest = lowest(names, lambda name: seconds[name].mean)
    fast = seconds[fastest]
    gains = {
        "mixed workloads": mixed.above,
        "quality": quality.above,
        "cost": exceeds(1, dollars),
        "latency": exceeds(1, fast.high),
    }
    pays = [what for what, holds in gains.items() if holds]
    return finding(
        "C14",
        f"Mixed work: routing the desk gains {mixed.points()} over the large model asked in one"
        f" way. Quality: the best of {in_words(len(names))} patterns on these orders ({best}) gains"
        f" {quality.points()} over the large model, five samples of that model {budget.points()}."
        f" Cost: the cheapest ({cheapest}) takes {dollars:.2f} times its dollars."
        f" Latency: the fastest ({fastest}) takes {fast.mean:.2f} times its seconds (95%"
        f" interval {fast.low:.2f} to {fast.high:.2f}). It paid for:"
        f" {', '.join(pays) or 'none of the four'}.",
        mixed.n + quality.n,
        bool(pays),
    )


async def c15(kit: Kit) -> Finding:
    """Supported if routing clearly gains on the mix, and not where all tasks are alike."""
    _, routed = await studies.routed(kit)
    desk = await _desk(kit)
    mixed, alike = (difference(routed, desk.column(other)) for other in ("large", "large by kind"))
    shown = {True: "is shown", False: "is not shown"}
    return finding(
        "C15",
        f"On the mix, routing gains {mixed.points()} over the large model asked in one way. Where"
        " all tasks are of one kind, that model is asked in the way of this kind, and routing"
        f" gains {alike.points()} over it. So that it does not pay there {shown[alike.below]};"
        " that it does on a mix, so that being alike makes the difference,"
        f" {shown[mixed.above]}.",
        mixed.n,
        mixed.above and not alike.above,
    )


async def c16(kit: Kit) -> Finding:
    """Supported if more than nine in ten pairs of families stand in the claimed order."""
    families = await table(kit)
    kept = [_in_order(families, n) for n in range(len(CRITERIA))]
    listed = ", ".join(
        f"{criterion} {right} of {of}"
        for criterion, (right, of) in zip(CRITERIA, kept, strict=True)
    )
    right, of = map(sum, zip(*kept, strict=True))
    return finding(
        "C16",
        "Of the pairs of families that the table puts in an order, measured in this order:"
        f" {listed}. The table stands below.",
        len((await studies.orders(kit)).tasks),
        right / of > 0.9,
    )


async def table(kit: Kit) -> list[Family]:
    """The second table as measured: orders, seconds by the clock, calls for complexity."""
    measured, walls = await studies.orders(kit), wall_seconds(kit)
    families = []
    for family in CLAIMED:
        names = [name for name in systems.FAMILIES[family] if name in walls]
        scores = [measured.score(name, list_prices()) for name in names]
        families.append(
            Family(
                family,
                fmean(score.dollars_per_thousand for score in scores),
                fmean(walls[name].mean() for name in names),
                fmean(score.interval.share for score in scores),
                fmean(score.calls for score in scores),
            )
        )
    return families


def wall_seconds(kit: Kit) -> dict[str, np.ndarray]:
    """For each pattern that was timed, the wall seconds on each prompt, means over the rounds."""
    runs = {name: _timed(kit, name) for name in systems.NINE}
    return {
        name: _by_task(some, lambda run: run.wall_seconds) for name, some in runs.items() if some
    }


def _in_order(families: Sequence[Family], criterion: int) -> tuple[int, int]:
    """How many pairs with different claimed ranks are measured in that order, of how many."""
    ranked = [
        (rank, one.measured[criterion])
        for one in families
        if (rank := RANKS[CLAIMED[one.family][criterion]])
    ]
    pairs = [(low, high) for low in ranked for high in ranked if low[0] < high[0]]
    return sum(exceeds(high[1], low[1]) for low, high in pairs), len(pairs)


async def _desk(kit: Kit) -> Matrix:
    return (await studies.desk(kit)).of(split="test")


def _timed(kit: Kit, pattern: str) -> list[Timed]:
    """The timed runs of a pattern."""
    return [run for run in timings.load_latency(kit.cast.name)[1] if run.pattern == pattern]


def _by_task(runs: Sequence[Timed], value: Callable[[Timed], float]) -> np.ndarray:
    """The mean value on each prompt over its rounds, in the order of the prompts' names."""
    tasks = sorted({run.task for run in runs})
    return np.array([fmean(value(run) for run in runs if run.task == task) for task in tasks])


def _seconds(run: Timed, role: str = "") -> float:
    """What the calls of a role took ("work" stands for "work anna" too); of all, unless told."""
    return sum(call.seconds for call in run.calls if role in ("", call.role.split()[0]))


def _right(measured: Matrix, name: str) -> str:
    return str(measured.score(name, list_prices()).interval)
