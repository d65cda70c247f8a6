"""Notebook 10: its tables, an equal budget, the draws of its break, and traffic on servers."""

from collections.abc import Callable, Mapping, Sequence
from math import inf, isnan, log
from typing import Any

import numpy as np

from course.shop.price_list import total_of
from course.ways import ways as counted
from mlkit.charts.look import dollars, seconds
from mlkit.charts.table import lined_up
from mlkit.errors import Unparsed
from mlkit.measure.matrix import Matrix
from mlkit.measure.stats import difference, wilson
from mlkit.models import Prices
from mlkit.parsing import quoted
from mlkit.ties import reaches


def table(ways: Sequence[Any]) -> str:
    """The ways as lines of text: right with its interval, minus one model, and what they take."""
    alone = next(way for way in ways if way.pattern == "single_model")
    rows = [("way", "right", "95% interval", "minus one model", "$", "seconds", "calls", "prompts")]
    for way in ways:
        _, low, high = wilson(way.right, way.of)
        gain = [f"{100 * end:+z.0f}" for end in difference(way.grades, alone.grades)[:3]]
        rows.append(
            (
                way.pattern,
                f"{way.right} of {way.of}",
                f"{low:.0%} to {high:.0%}",
                "{} ({} to {})".format(*gain) if way is not alone else "",
                f"{way.dollars_per_thousand:.3f}",
                "-" if isnan(way.seconds) else f"{way.seconds:.1f}",
                f"{way.calls:.1f}",
                str(way.instructions),
            )
        )
    return lined_up(rows)


def answers(measured: Matrix, task_id: str, names: Sequence[str] = ()) -> str:
    """One task whole: its text, what is right, and what each way answered; of a form its total."""
    some = measured.of(names or measured.subjects, id=task_id)
    (task,), (row,) = some.tasks, some.cells
    right = f"a total of ${task.gold['total']}" if task.grader == "form" else task.gold
    rows = [
        ("✓" if cell.right else "·", name, _answer(cell, task.grader == "form"))
        for name, (cell,) in zip(some.subjects, row, strict=True)
    ]
    return f"{task.input}\nright: {right}\n{lined_up(rows)}"


def _answer(cell: Any, is_form: bool) -> str:
    if cell.error:
        return f"none: {cell.error}"[:100]
    if not is_form:
        return quoted(cell.text)
    try:
        return f"${total_of(cell.text):<5} {cell.text}"
    except Unparsed:
        return f"none   {cell.text}"


def priced(
    orders: Matrix, more: Matrix, clock: Mapping[str, np.ndarray]
) -> Callable[[Prices], list[Any]]:
    """The nine, and more ways, which were not timed, at any prices: what `compare` draws."""

    def at(prices: Prices) -> list[Any]:
        every = counted(orders, prices, clock) + counted(more, prices, {})
        return [way[:5] for way in every]

    return at


def draws(items: int, count: int = 16, times: int = 1000) -> list[tuple[np.ndarray, np.ndarray]]:
    """So often `count` items by chance, and as many others; the same each time."""
    chance = np.random.default_rng(0)
    mixed = (chance.permutation(items) for _ in range(times))
    return [(one[:count], one[count : 2 * count]) for one in mixed]


def only_one_right(measured: Matrix, places: Sequence[int], way: str, other: str) -> str:
    """The id of the first task of some on which one way is right and the other wrong, or ""."""
    mine, others = measured.column(way), measured.column(other)
    found = (measured.tasks[n].id for n in places if mine[n] and not others[n])
    return next(found, "")


def families(
    claimed: Mapping[str, Sequence[str]], values: Mapping[str, Mapping[str, np.ndarray]]
) -> str:
    """Each family by each criterion: the article's word, and our mean beside it."""
    shown = {
        "cost": "${:.3f}",
        "latency": "{:.1f} s",
        "quality": "{:.0%}",
        "complexity": "{:.1f} calls",
    }
    rows: list[tuple[str, ...]] = [("family", *(part for name in shown for part in (name, "ours")))]
    for family, words in claimed.items():
        ours = [form.format(values[name][family].mean()) for name, form in shown.items()]
        pairs = zip(words, ours, strict=True)
        rows.append((family, *(part for pair in pairs for part in pair)))
    return lined_up(rows)


def wait_within(
    share: float, offered: float, servers: int, service_seconds: float, spread: float = 1.0
) -> float:
    """The wait in seconds that this share of the requests stays within; inf where the queue has no
    steady state. `spread` is the standard deviation of the service times over their mean.

    P(wait > t) = C exp(-(k - a) t / s): a = `offered` erlangs, k servers, s seconds each, C the
    Erlang C formula (M/M/k: Erlang 1917; Gross & Harris, Fundamentals of Queueing Theory, ch. 2).
    It is exact for exponential service times, of spread 1; with others waits are about
    (1 + spread²) / 2 as long (M/G/k: Allen, Probability, Statistics and Queueing Theory, ch. 5).
    Requests come at random at an even rate all day; a rush hour waits longer.
    """
    if offered >= servers:
        return inf
    blocked = 1.0  # Erlang B, one server more each round
    for k in range(1, servers + 1):
        blocked = offered * blocked / (k + offered * blocked)
    waits = blocked / (1 - offered / servers * (1 - blocked))  # Erlang C: the share that waits
    longer = 1 - share
    if waits <= longer:
        return 0.0
    return log(waits / longer) * service_seconds / (servers - offered) * (1 + spread**2) / 2


def traffic(
    ways: Sequence[Any], requests_per_day: float, most_wait: float, dollars_per_hour: float
) -> str:
    """For each way the fewest servers at which 95% wait no longer than allowed, and their price in
    a month, beside the list price of the same tokens; over 50 it says no more.
    """
    rows = [("way", "servers", "busy", "95% wait at most", "own servers", "hosted tokens")]
    for way in ways:
        offered = requests_per_day * way.seconds / 86_400
        waits = {k: wait_within(0.95, offered, k, way.seconds, way.spread) for k in range(1, 51)}
        servers = next((k for k, wait in waits.items() if reaches(most_wait, wait)), None)
        hosted = dollars(requests_per_day * 365 / 12 * way.dollars_per_thousand / 1000)
        if servers is None:
            rows.append((way.pattern, "over 50", "", "", "", hosted))
            continue
        own = dollars(servers * dollars_per_hour * 365 * 24 / 12)
        wait = seconds(waits[servers]) if waits[servers] else "0 s"
        rows.append((way.pattern, str(servers), f"{offered / servers:.0%}", wait, own, hosted))
    return lined_up(rows)
