"""What was measured about whole patterns, on orders, on the desk and by the clock: C2 to C4, C9,
C10, C14 to C16.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from statistics import fmean
from typing import NamedTuple

import numpy as np

from course import orders, studies, timings
from course.findings.claims import CLAIMS, Finding, verdict
from course.timings import Timed
from mlkit.kit import Kit
from mlkit.measure.matrix import Matrix, tokens
from mlkit.measure.stats import difference, mean_interval, wilson
from mlkit.models import list_prices
from mlkit.ties import exceeds, highest, lowest, reaches

# The article's second table, from the lowest (1) to the highest (4); "variable" has no rank.
FAMILIES = {
    "Single": ("single_model",),
    "Sequential": ("pipeline", "router"),
    "Parallel": ("fan_out", "voting"),
    "Hierarchical": ("planner_executor", "supervisor_worker"),
    "Ensemble": ("weighted_ensemble", "consensus_ensemble"),
}
RANKS = {"lowest": 1, "low": 1, "medium": 2, "high": 3, "highest": 4, "variable": None}
CLAIMED = {
    "Single": ("lowest", "lowest", "variable", "lowest"),
    "Sequential": ("medium", "high", "high", "medium"),
    "Parallel": ("high", "low", "high", "medium"),
    "Hierarchical": ("high", "high", "highest", "high"),
    "Ensemble": ("highest", "medium", "highest", "highest"),
}
CRITERIA = ("cost", "latency", "quality", "complexity")


class Family(NamedTuple):
    """One family of patterns as the article ranks it and as it was measured here, means over its
    patterns.
    """

    family: str
    claimed: tuple[str, str, str, str]  # cost, latency, quality, complexity
    dollars_per_thousand: float
    seconds: float
    right: float  # in [0, 1]
    calls: float  # for each answer

    @property
    def measured(self) -> tuple[float, float, float, float]:
        """In the order of CRITERIA."""
        return self.dollars_per_thousand, self.seconds, self.right, self.calls


async def c2(kit: Kit) -> Finding:
    """The pipeline's wall time against one answer of the large model to the same prompt."""
    walls = _walls(kit)
    ratio = mean_interval(walls["pipeline"] / walls["single_model"])
    runs = [run for run in _timed(kit) if run.pattern == "pipeline" and not run.error]
    shares = ", ".join(
        f"{role} {np.mean([_seconds(run, role) / _busy(run) for run in runs]):.0%}"
        for role in ("classify", "extract", "reason")
    )
    return Finding(
        "C2",
        CLAIMS["C2"],
        f"Three stages take {ratio.mean:.1f} times as long as one answer (95% interval"
        f" {ratio.low:.1f} to {ratio.high:.1f}). It is tokens and sizes that count, not stages:"
        f" {shares} of the time.",
        ratio.n,
        verdict(reaches(3, ratio.low) and reaches(ratio.high, 3)),
    )


async def c3(kit: Kit) -> Finding:
    """The same pipeline with one model in all stages, and one prompt that does all three."""
    measured = await orders.orders(kit)
    models, stages = (
        difference(measured.column("pipeline"), measured.column(other))
        for other in ("pipeline, one model", "one prompt")
    )
    lost = difference(measured.column("pipeline"), measured.column("pipeline, forgets"))
    return Finding(
        "C3",
        CLAIMS["C3"],
        f"Orders: {_right(measured, 'pipeline')} by a pipeline of a small and a large model,"
        f" {_right(measured, 'pipeline, one model')} with the large one in all stages (difference"
        f" {models.points()}), {_right(measured, 'one prompt')} by one prompt for all three steps"
        f" ({stages.points()}). Stages that still see the request gain {lost.points()} over stages"
        " that see only the output before them.",
        models.n,
        verdict(models.above),
    )


async def c4(kit: Kit) -> Finding:
    """Tasks that the classifier sent to the right and to the wrong specialist; an oracle in its
    place; and the same on orders.
    """
    sent, routed = await studies.routed(kit)
    every = await studies.specialists(kit)
    kinds = np.array([task.kind for task in every.tasks])
    right_class, oracle = sent == kinds, studies.answered_by(every, kinds)
    gain = difference(oracle, routed)
    measured = (await orders.orders(kit)).of(["router", "right paragraph"])
    named = [
        row[0][0].run.result.label == orders.queue(task)
        for task, row in zip(measured.tasks, measured.cells, strict=True)
    ]
    of_orders = difference(measured.column("right paragraph"), measured.column("router"))
    return Finding(
        "C4",
        CLAIMS["C4"],
        "Desk, routed by the small model: right class"
        f" {wilson(int(routed[right_class].sum()), int(right_class.sum()))} right answers, wrong"
        f" class {wilson(int(routed[~right_class].sum()), int((~right_class).sum()))}; a classifier"
        f" that never errs would gain {gain.points()}. Orders: {np.mean(named):.0%} classified"
        f" right, and a perfect classifier would gain {of_orders.points()}.",
        gain.n + of_orders.n,
        verdict(gain.above),
    )


async def c9(kit: Kit) -> Finding:
    """At which price of the planner, in prices of an executor, the pattern costs what the large
    model alone does.
    """
    measured = (await orders.orders(kit)).of(["planner_executor", "single_model"])
    gain = difference(measured.column("planner_executor"), measured.column("single_model"))
    planning, doing, alone = (
        fmean(
            tokens(call for call in row[m][0].calls if which(call.role)) for row in measured.cells
        )
        for m, which in ((0, _plans), (0, lambda role: not _plans(role)), (1, lambda role: True))
    )
    breaks_even = (
        f"would cost the same if the planner's tokens were {doing / (alone - planning):.1f} times"
        " as dear as the executors'"
        if exceeds(alone, planning)
        else "is dearer than the large model alone, whatever the executors cost"
    )
    return Finding(
        "C9",
        CLAIMS["C9"],
        f"Orders: {_right(measured, 'planner_executor')} by planner and executors,"
        f" {_right(measured, 'single_model')} by the large model alone with the handbook in its"
        f" prompt ({gain.points()}). Planning and summing up take {planning:.0f} tokens an order,"
        f" executing {doing:.0f}, the large model alone {alone:.0f}: the pattern {breaks_even}.",
        gain.n,
        verdict(exceeds(alone, planning) and exceeds(gain.low, -0.1)),
    )


async def c10(kit: Kit) -> Finding:
    """The supervisor's share of the time between question and answer."""
    runs = [run for run in _timed(kit) if run.pattern == "supervisor_worker" and not run.error]
    share = _by_task(
        runs,
        lambda run: sum(_seconds(run, role) for role in ("assign", "review")) / run.wall_seconds,
    )
    interval = mean_interval(share)
    return Finding(
        "C10",
        CLAIMS["C10"],
        f"Assigning and reviewing take {interval.mean:.0%} (95% interval {interval.low:.0%} to"
        f" {interval.high:.0%}) of the wall time, so that any number of workers makes it at most"
        f" {1 / interval.mean:.1f} times as fast.",
        interval.n,
        verdict(exceeds(interval.low, 0.5)),
    )


async def c14(kit: Kit) -> Finding:
    """Each of the four on its own: mixed work, quality, cost, latency."""
    _, routed = await studies.routed(kit)
    mixed = difference(routed, (await _one_way(kit)).column("large"))
    measured = await orders.orders(kit)
    names = [name for name in _patterns() if name != "single_model"]
    best = highest(names, measured.share)
    quality = difference(measured.column(best), measured.column("single_model"))
    budget = difference(measured.column("large, 5 samples"), measured.column("single_model"))
    prices = _dollars_per_thousand(measured)
    dollars = {name: prices[name] / prices["single_model"] for name in names}
    cheapest = lowest(dollars, dollars.__getitem__)
    walls = _walls(kit)
    ratios = {name: mean_interval(walls[name] / walls["single_model"]) for name in names}
    fastest = lowest(ratios, lambda name: ratios[name].mean)
    cheaper, faster = exceeds(1, dollars[cheapest]), exceeds(1, ratios[fastest].high)
    pays = [
        what
        for what, holds in (
            ("mixed workloads", mixed.above),
            ("quality", quality.above),
            ("cost", cheaper),
            ("latency", faster),
        )
        if holds
    ]
    return Finding(
        "C14",
        CLAIMS["C14"],
        f"Mixed work: routing the desk gains {mixed.points()} over the large model asked in one"
        f" way. Quality: the best of eight patterns on these orders ({best}) gains"
        f" {quality.points()} over the large model, five samples of that model {budget.points()}."
        f" Cost: the cheapest ({cheapest}) takes {dollars[cheapest]:.2f} times its dollars."
        f" Latency: the fastest ({fastest}) takes {ratios[fastest].mean:.2f} times its seconds (95%"
        f" interval {ratios[fastest].low:.2f} to {ratios[fastest].high:.2f}). It paid for:"
        f" {', '.join(pays) or 'none of the four'}.",
        mixed.n + quality.n,
        verdict(bool(pays)),
    )


async def c15(kit: Kit) -> Finding:
    """Routing against one model, on the mix, and on each kind alone, where the model can be asked
    in that kind's way.
    """
    _, routed = await studies.routed(kit)
    one_way = await _one_way(kit)
    mixed, alike = (
        difference(routed, one_way.column(other)) for other in ("large", "large by kind")
    )
    shown = {True: "is shown", False: "is not shown"}
    return Finding(
        "C15",
        CLAIMS["C15"],
        f"On the mix, routing gains {mixed.points()} over the large model asked in one way. Where"
        " all tasks are of one kind, that model is asked in the way of this kind, and routing"
        f" gains {alike.points()} over it. So that it does not pay there {shown[alike.below]};"
        " that it does on a mix, so that being alike makes the difference,"
        f" {shown[mixed.above]}.",
        mixed.n,
        verdict(mixed.above and not alike.above),
    )


async def c16(kit: Kit) -> Finding:
    """How many pairs of families stand in the claimed order."""
    families = await table(kit)
    kept = {criterion: _in_order(families, n) for n, criterion in enumerate(CRITERIA)}
    listed = ", ".join(f"{criterion} {right} of {of}" for criterion, (right, of) in kept.items())
    right, of = (sum(pair[n] for pair in kept.values()) for n in (0, 1))
    return Finding(
        "C16",
        CLAIMS["C16"],
        "Of the pairs of families that the table puts in an order, measured in this order:"
        f" {listed}. The table stands below.",
        len((await orders.orders(kit)).tasks),
        verdict(right / of > 0.9),
    )


async def table(kit: Kit) -> list[Family]:
    """The article's second table beside ours. Cost and quality on orders, latency by the clock,
    complexity as calls an answer.
    """
    measured, walls = await orders.orders(kit), _walls(kit)
    dollars = _dollars_per_thousand(measured)
    calls = {name: measured.of([name]).calls.mean() for name in _patterns()}
    return [
        Family(
            family,
            CLAIMED[family],
            *(
                float(np.mean([value[name] for name in names]))
                for value in (
                    dollars,
                    {name: wall.mean() for name, wall in walls.items()},
                    {name: measured.share(name) for name in names},
                    calls,
                )
            ),
        )
        for family, names in FAMILIES.items()
    ]


def _in_order(families: Sequence[Family], criterion: int) -> tuple[int, int]:
    """How many pairs with different claimed ranks are measured in that order, and how many there
    are.
    """
    ranked = [
        (rank, one.measured[criterion])
        for one in families
        if (rank := RANKS[one.claimed[criterion]])
    ]
    pairs = [(low, high) for low in ranked for high in ranked if low[0] < high[0]]
    return sum(exceeds(high[1], low[1]) for low, high in pairs), len(pairs)


async def _one_way(kit: Kit) -> Matrix:
    return (await studies.desk(kit)).of(split="test")


def _dollars_per_thousand(measured: Matrix) -> dict[str, float]:
    every = 1000 * measured.of(_patterns()).dollars(list_prices()).mean(axis=(0, 2))
    return dict(zip(_patterns(), every, strict=True))


def _patterns() -> list[str]:
    return [name for names in FAMILIES.values() for name in names]


def _timed(kit: Kit) -> list[Timed]:
    return timings.load_latency(kit.cast.name)[1]


def _walls(kit: Kit) -> dict[str, np.ndarray]:
    """For each pattern, the wall seconds on each prompt, means over the rounds."""
    runs = _timed(kit)
    return {
        name: _by_task([run for run in runs if run.pattern == name], lambda run: run.wall_seconds)
        for name in _patterns()
    }


def _by_task(runs: Sequence[Timed], value: Callable[[Timed], float]) -> np.ndarray:
    """The mean value on each prompt over its rounds, by prompt: each pattern begins on another
    one.
    """
    return np.array(
        [
            np.mean([value(run) for run in runs if run.task == task])
            for task in sorted({run.task for run in runs})
        ]
    )


def _seconds(run: Timed, role: str) -> float:
    return sum(call.seconds for call in run.calls if call.role.split()[0] == role)


def _busy(run: Timed) -> float:
    return sum(call.seconds for call in run.calls)


def _plans(role: str) -> bool:
    return role in ("plan", "synthesize")


def _right(measured: Matrix, name: str) -> str:
    return str(measured.score(name, list_prices()).interval)
