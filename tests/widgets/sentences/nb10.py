"""The panels of notebook 10: name and controls -> its sentence, as (state, **settings)."""

from collections import Counter
from functools import cache
from statistics import mean
from typing import Any

from course import timings
from course.shop.price_list import total_of
from course.systems import NINE

from mlkit.errors import Unparsed
from tests.widgets.sentences import (
    Expected,
    Point,
    dollars,
    hits,
    most_common,
    one,
    point,
    trade_off,
)


@cache
def timed_tasks() -> list[str]:
    return [task.id for task in timings.prompts()]


def waits(state: Any, name: str) -> float:
    """Wall seconds of a pattern: the mean of each prompt's rounds, then of the prompts."""
    runs = [run for run in state.timed if run.pattern == name]
    return mean(
        mean(run.wall_seconds for run in runs if run.task == task_id) for task_id in timed_tasks()
    )


def nine(state: Any, prices: Any) -> list[Point]:
    points = []
    for name in NINE:
        cells = one(state.orders, name)
        cost = 1000 * dollars(cells, prices) / len(cells)
        points.append((name, hits(cells), len(cells), cost, waits(state, name)))
    return points


def total(text: str) -> str | None:
    try:
        return total_of(text)
    except Unparsed:
        return None


def samples(state: Any, count: int, prices: Any) -> Point:
    """The large model's first samples vote, counted by the totals of their forms."""
    cells = one(state.order_samples, "large, 5 samples")
    golds = [f"{task.gold['total']:.12g}" for task in state.order_samples.tasks]
    first = [cell.calls[:count] for cell in cells]
    won = [most_common(total(call.reply.text) for call in calls)[0] for calls in first]
    right = sum(winner == gold for winner, gold in zip(won, golds, strict=True))
    tokens = Counter[str]()
    for calls in first:
        for call in calls:
            tokens["read"] += call.reply.prompt_tokens
            tokens["written"] += call.reply.output_tokens
    price = prices[cells[0].calls[0].member.model]
    cost = (tokens["read"] * price.prompt + tokens["written"] * price.output) / 1e6
    return f"large ×{count}", right, len(cells), 1000 * cost / len(cells), float("nan")


def priced(state: Any, edited: Any, by: str) -> Expected:
    prices = {**state.prices, **edited}
    points = nine(state, prices)
    if by != "seconds":  # the others were not timed
        points += [samples(state, count, prices) for count in (3, 5)]
        members = state.order_members.of(split="test")
        points.append(point("large, all examples", one(members, "large, all examples"), prices))
    said = trade_off(points, by)
    return [part for each in said for part in (words(each) if isinstance(each, str) else [each])]


def words(name: str) -> Expected:
    """A name as a sentence says it: the number in it is one."""
    text, mark, count = name.partition("×")
    return [text + mark, int(count)] if mark else [name]


def limited(state: Any, most_dollars: float, most_seconds: float, least: float) -> Expected:
    ordered = sorted(nine(state, state.prices), key=lambda one: simplicity(state, one[0]))
    left = [
        name
        for name, right, of, cost, wait in ordered
        if cost <= most_dollars and wait <= most_seconds and right / of >= least / 100
    ]
    said: Expected = [most_dollars, 1000, most_seconds, *([least / 100] if least > 0 else [])]
    if not left:
        return [*said, "none of", len(ordered), "automate nothing"]
    if len(left) == 1:
        return [*said, "take", left[0], "the only one of", len(ordered)]
    return [*said, "take", left[0], "the simplest of", len(left)]


def simplicity(state: Any, name: str) -> tuple[int, int]:
    """Whole calls an order, then different prompts."""
    calls = [call for cell in one(state.orders, name) for call in cell.calls]
    prompts = {(call.member.system, call.member.shots) for call in calls}
    return round(len(calls) / len(state.orders.tasks)), len(prompts)


SENTENCES: dict = {
    "10 edited, by": priced,
    "10 most_dollars, most_seconds, least": limited,
}
