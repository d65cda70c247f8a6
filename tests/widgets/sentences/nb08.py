"""The panels of notebook 08: name and controls -> its sentence, as (state, **settings)."""

import math
from collections.abc import Sequence
from statistics import mean
from typing import Any

from tests.widgets.sentences import (
    Expected,
    dollars,
    five,
    hits,
    one,
    point,
    seconds,
    trade_off,
)
from tests.widgets.sentences import voted as majority

TEAM = ("large", "small", "large, rules")


def winner(answers: Sequence[Any], weights: Sequence[float]) -> Any:
    """The answer with most weight, the first among equals; None where nobody gave one."""
    earned: dict[Any, float] = {}
    for answer, weight in zip(answers, weights, strict=True):
        if answer is not None:
            earned[answer] = earned.get(answer, 0.0) + weight
    most = max(earned.values(), default=0.0)
    best = [answer for answer in earned if math.isclose(earned[answer], most, rel_tol=1e-9)]
    return best[0] if most else None


def rows(state: Any, split: str) -> list[Any]:
    return list(zip(*(one(state.triage, name, split=split) for name in TEAM), strict=True))


def right(state: Any, split: str, weights: Sequence[float]) -> int:
    """How often the winner is the queue that the message is for."""
    golds = [task.gold for task in state.triage.of(split=split).tasks]
    said = ([cell.answer for cell in row] for row in rows(state, split))
    return sum(winner(row, weights) == gold for row, gold in zip(said, golds, strict=True))


def four_ways(state: Any, mix: Sequence[float], split: str) -> Expected:
    first, *_ = places = sorted(range(3), key=lambda n: (-round(mix[n], 9), n))
    cells, others = rows(state, split), sum(mix[n] for n in places[1:])
    told: Expected = [right(state, split, mix), len(cells), split, *mix]
    if mix[first] < others * (1 - 1e-9) or (first and math.isclose(mix[first], others)):
        return [*told, "the majority", TEAM[first], "where all three differ"]
    told += [TEAM[first], "decides alone"]
    empty = sum(row[first].answer is None for row in cells)
    return [*told, "the others on", empty] if empty and others else told


def ensembles(state: Any, edited: Any, by: str) -> Expected:
    everyone = rows(state, "test")
    samples = [row[:3] for row in five(state.samples, "large", kind="triage")]
    of = len(state.triage.of(split="fit").tasks)
    counts = [hits(one(state.triage, name, split="fit")) for name in TEAM]
    # Log-odds of five answers, of shares smoothed by one success and one failure.
    learned = [max(0.0, math.log(4 * (count + 1) / (of - count + 1))) for count in counts]
    ways = (
        ("3 samples of large", sum(map(majority, samples)), samples),
        ("the article's weights", right(state, "test", (0.5, 0.3, 0.2)), everyone),
        ("learned weights", right(state, "test", learned), everyone),
    )
    points = [point(name, one(state.triage, name, split="test"), edited) for name in TEAM]
    for name, count, three in ways:
        cost = 1000 * dollars((cell for row in three for cell in row), edited) / len(three)
        points.append(
            (name, count, len(three), cost, mean(sum(map(seconds, row)) for row in three))
        )
    return trade_off(points, by)


SENTENCES: dict = {"08 mix, split": four_ways, "08 edited, by": ensembles}
