"""Claims about whole patterns. Their rules stand in rules.md."""

from collections.abc import Callable, Sequence
from functools import partial
from statistics import fmean

import numpy as np

from course import studies, systems, timings
from course.claims.article import CLAIMED, CRITERIA, RANKS, UNITS
from course.claims.verdicts import Measured, NotMeasured, least, measured, points, raised, within
from course.timings import Timed
from mlkit.kit import Kit
from mlkit.measure.matrix import Matrix, merged, tokens
from mlkit.measure.stats import Difference, difference, mean_interval, wilson
from mlkit.models import list_prices
from mlkit.schedule import schedule
from mlkit.ties import exceeds, highest, lowest

PLANNING = ("plan", "synthesize")  # roles of a planner
SUPERVISING = ("assign", "review")  # roles of a supervisor
PRICE_RATIO = 0.90 / 0.20  # of the article's planner (32b) and executors (7b), at list prices


async def c2a(kit: Kit) -> Measured:
    runs = _timed(kit, "pipeline")
    added = mean_interval(_by_task(runs, lambda run: _seconds(run) / run.wall_seconds))
    value = f"The stages take {added.mean:.1%} of the run's seconds."
    return measured(value, within(added, 1, 0.1), "%")


async def c2b(kit: Kit) -> Measured:
    walls = wall_seconds(kit)
    times = mean_interval(walls["pipeline"] / walls["single_model"])
    value = f"{times.mean:.1f} times one answer (95% interval {times.low:.1f} to {times.high:.1f})."
    return measured(value, within(times, 3, 0.6), "times")


async def c3(kit: Kit) -> Measured:
    orders = await studies.orders_and_variants(kit)
    gain = difference(orders.column("pipeline"), orders.column("pipeline, one model"))
    return points("Orders, a small and a large model minus the large one in all stages", gain)


async def c4(kit: Kit) -> Measured:
    sent, routed = await studies.routed(kit)
    known = sent == np.array([task.kind for task in (await studies.specialists(kit)).tasks])
    right, wrong = (wilson(int(routed[here].sum()), int(here.sum())) for here in (known, ~known))
    value = f"Desk, given the right class {right} are right, given a wrong one {wrong}."
    return measured(value, right.minus(wrong, len(known)))


async def c9(kit: Kit) -> Measured:
    orders = await studies.orders(kit)
    gain = difference(orders.column("planner_executor"), orders.column("single_model"))
    planning = _tokens(orders, "planner_executor", lambda role: role in PLANNING)
    doing = _tokens(orders, "planner_executor", lambda role: role not in PLANNING)
    alone = _tokens(orders, "single_model", lambda role: True)
    cost, less = (planning + doing / PRICE_RATIO) / alone, alone.mean() - planning.mean()
    even = f"a price ratio of {doing.mean() / less:.1f}" if exceeds(less, 0) else "no price ratio"
    value = f"Orders: {gain.points()}, at {cost.mean():.0%} of the cost; break-even at {even}."
    return measured(value, least(mean_interval(1 - cost), raised(gain)), "%")


async def c10(kit: Kit) -> Measured:
    runs = [run for run in _timed(kit, "supervisor_worker") if not run.error]

    def share(run: Timed) -> float:
        critical = max(end for _, end in schedule(run.calls))
        return sum(_seconds(run, role) for role in SUPERVISING) / critical

    path = mean_interval(_by_task(runs, share))
    value = f"Assigning and reviewing take {path.mean:.0%} of the critical path."
    return measured(value, path, "%", line=0.5)


async def c14_mixed_work(kit: Kit) -> Measured:
    return points("Desk, routed minus one way", await _routing_gains(kit, "large"))


async def c14_quality(kit: Kit) -> Measured:
    orders = merged(await studies.orders(kit), await studies.order_samples(kit))
    names = [*wall_seconds(kit)][1:]
    odd = np.arange(len(orders.tasks)) % 2 == 1

    def best(half: np.ndarray) -> str:
        return highest(names, lambda name: orders.column(name)[half].mean())

    one, other = best(odd), best(~odd)
    grades = np.where(odd, orders.column(other), orders.column(one))
    alone = difference(grades, orders.column("single_model"))
    samples = difference(grades, orders.column("large, 5 samples"))
    value = f"The best of each half ({one}; {other}), minus the large model alone: {alone.points()}"
    value += f"; minus five samples of it: {samples.points()}."
    return measured(value, least(alone, samples))


async def c14_cost(kit: Kit) -> Measured:
    orders, names = await studies.orders(kit), [*wall_seconds(kit)]
    dollars = orders.of(names).dollars(list_prices())[:, :, 0].T
    return _saving(orders, dict(zip(names, dollars, strict=True)), "dollars")


async def c14_latency(kit: Kit) -> Measured:
    return _saving(await studies.orders(kit), wall_seconds(kit), "wall seconds")


async def c15a(kit: Kit) -> Measured:
    return points("Desk, by kind minus routed", await _routing_gains(kit, "large by kind", -1))


c15b = c14_mixed_work


async def _in_order(kit: Kit, criterion: str) -> Measured:
    """One column of the second table: whether its pairs of families stand in the claimed order."""
    values = (await by_family(kit))[criterion]
    ranks = {family: RANKS[words[CRITERIA.index(criterion)]] for family, words in CLAIMED.items()}
    gaps = {
        f"{low} and {high}".lower(): difference(values[high], values[low])
        for low, first in ranks.items()
        for high, second in ranks.items()
        if first and second and first < second
    }
    kept = sum(exceeds(gap.mean, 0) for gap in gaps.values())
    worst = lowest(gaps, lambda pair: gaps[pair].high)
    value = f"{kept} of {len(gaps)} pairs stand in this order; least of all {worst}."
    return measured(value, least(*gaps.values()), UNITS[criterion])


c16_cost = partial(_in_order, criterion="cost")
c16_latency = partial(_in_order, criterion="latency")
c16_quality = partial(_in_order, criterion="quality")
c16_complexity = partial(_in_order, criterion="complexity")


async def by_family(kit: Kit) -> dict[str, dict[str, np.ndarray]]:
    """By criterion and family: the values on each order or timed prompt, means of its patterns."""
    orders, walls, prices = await studies.orders(kit), wall_seconds(kit), list_prices()
    of = {
        one: orders.of([name for name in systems.FAMILIES[one] if name in walls]) for one in CLAIMED
    }
    return {
        "cost": {one: 1000 * of[one].dollars(prices).mean(axis=(1, 2)) for one in of},
        "latency": {one: np.mean([walls[name] for name in of[one].subjects], axis=0) for one in of},
        "quality": {one: of[one].right.mean(axis=(1, 2)) for one in of},
        "complexity": {one: of[one].calls.mean(axis=(1, 2)) for one in of},
    }


def wall_seconds(kit: Kit) -> dict[str, np.ndarray]:
    """For each pattern that was timed, the wall seconds on each prompt, means over the rounds."""
    runs = _timed(kit, *systems.NINE)
    by_name = {name: [run for run in runs if run.pattern == name] for name in systems.NINE}
    return {
        name: _by_task(some, lambda run: run.wall_seconds) for name, some in by_name.items() if some
    }


def _saving(orders: Matrix, spent: dict[str, np.ndarray], what: str) -> Measured:
    """What the pattern that spends least saves, and what it loses, beside one model."""
    one, *others = spent
    name = lowest(others, lambda name: spent[name].mean())
    saved = mean_interval(1 - spent[name] / spent[one])
    gain = difference(orders.column(name), orders.column(one))
    value = f"{name} takes {1 - saved.mean:.2f} times the {what} of one model; orders right:"
    return measured(f"{value} {gain.points()}.", least(saved, raised(gain)), "%")


async def _routing_gains(kit: Kit, over: str, sign: int = 1) -> Difference:
    """Routing the desk minus one member for everything, or the other way round."""
    alone = (await studies.desk(kit)).of(split="test").column(over)
    return difference(sign * (await studies.routed(kit))[1], sign * alone)


def _timed(kit: Kit, *patterns: str) -> list[Timed]:
    """The timed runs of some patterns."""
    if not timings.file("latency", kit.cast.name).is_file():
        raise NotMeasured("There are no latencies; type:  uv run mlkit record latency")
    return [run for run in timings.load_latency(kit.cast.name)[1] if run.pattern in patterns]


def _by_task(runs: Sequence[Timed], value: Callable[[Timed], float]) -> np.ndarray:
    """The mean value on each prompt over its rounds, in the order of the prompts' names."""
    tasks = sorted({run.task for run in runs})
    return np.array([fmean(value(run) for run in runs if run.task == task) for task in tasks])


def _seconds(run: Timed, role: str = "") -> float:
    """What the calls of a role took ("work" stands for "work anna" too); of all, unless told."""
    return sum(call.seconds for call in run.calls if role in ("", call.role.split()[0]))


def _tokens(orders: Matrix, name: str, counts: Callable[[str], bool]) -> np.ndarray:
    """For each order, the tokens of the calls whose role counts."""
    cells = [row[0][0] for row in orders.of([name]).cells]
    return np.array([tokens(call for call in cell.calls if counts(call.role)) for cell in cells])
