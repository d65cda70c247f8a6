"""What the sentence of each panel says, computed again from the recordings alone: a module for each
notebook, with a function for each panel in SENTENCES. Here is what they share.
"""

import math
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from statistics import mean
from types import SimpleNamespace
from typing import Any

from mlkit.ask import Failure
from mlkit.parsing import most_likely

Expected = list[Any]  # what a sentence says, in its order: texts, and numbers as they are unrounded


# --- Cells of what was measured


def one(matrix: Any, subject: str, **wanted: Any) -> list[Any]:
    """A subject's first answer to each task."""
    return [row[0][0] for row in matrix.of([subject], **wanted).cells]


def five(matrix: Any, subject: str, **wanted: Any) -> list[Any]:
    """A subject's samples for each task."""
    return [row[0] for row in matrix.of([subject], **wanted).cells]


def dollars(cells: Iterable[Any], prices: Any, by: str = "model") -> float:
    """What all calls of some cells cost, with prices for models, or for members' names."""
    return (
        math.fsum(
            call.reply.prompt_tokens * prices[getattr(call.member, by)].prompt
            + call.reply.output_tokens * prices[getattr(call.member, by)].output
            for cell in cells
            for call in cell.calls
            if not isinstance(call.reply, Failure)
        )
        / 1e6
    )


def tokens(calls: Iterable[Any]) -> int:
    return sum(call.reply.prompt_tokens + call.reply.output_tokens for call in calls)


def seconds(cell: Any) -> float:
    """What servers spent on a cell, models that were loaded left out."""
    loads = [getattr(call.reply, "load_seconds", 0) for call in cell.calls]
    return sum(call.reply.seconds for call in cell.calls) - sum(x for x in loads if x > 0.5)


def hits(cells: Iterable[Any]) -> int:
    return sum(bool(cell.right) for cell in cells)


def unloaded(calls: Iterable[Any]) -> list[Any]:
    """The calls of several cells as if asked at once, with every model loaded before."""
    return [
        replace(call, id=n, after=frozenset(), reply=replace(call.reply, load_seconds=0.0))
        for n, call in enumerate(calls)
    ]


def finished(calls: Sequence[Any], machine: Callable[[Any], Any], machines: int = 1) -> float:
    """When the last call ends, if each takes the first of its machines that is free: whichever can
    start first does.
    """
    free: dict[Any, list[float]] = {}
    ends: dict[int, float] = {}
    waiting = list(calls)
    while waiting:
        starts = []
        for call in waiting:
            if call.after <= ends.keys():
                mine = free.setdefault(machine(call), [0.0] * machines)
                ready = max([ends[number] for number in call.after], default=0.0)
                starts.append((max(ready, min(mine)), call.id, call, mine))
        start, _, call, mine = min(starts, key=lambda start: start[:2])
        mine[mine.index(min(mine))] = ends[call.id] = start + call.reply.seconds
        waiting.remove(call)
    return max(ends.values())


def most_common(answers: Iterable[Any]) -> tuple[Any, int]:
    """The most common answer, the first among equals, and how many gave it."""
    counts = Counter(answer for answer in answers if answer is not None)
    return counts.most_common(1)[0] if counts else (None, 0)


def voted(cells: Sequence[Any]) -> bool:
    """Whether the most common answer of some cells is right."""
    winner = most_common(cell.answer for cell in cells)[0]
    return any(cell.right for cell in cells if winner is not None and cell.answer == winner)


def likely(cell: Any, labels: Sequence[str]) -> Any:
    return most_likely(cell.calls[0].reply, labels)


def certainty(cell: Any, labels: Sequence[str]) -> float:
    """The probability of the likeliest label."""
    found = likely(cell, labels)
    return found.confidence * found.mass


# --- What sentences of one form say


def waterfall(
    calls: Sequence[Any], prices: Any, machine: Callable[[Any], Any] = bool, machines: int = 1
) -> Expected:
    phases = {"loading": 0.0, "reading": 0.0, "writing": 0.0, "failing": 0.0}
    for call in calls:
        if isinstance(call.reply, Failure):
            phases["failing"] += call.reply.seconds
        else:
            phases["loading"] += call.reply.load_seconds
            phases["reading"] += call.reply.prompt_seconds
            phases["writing"] += call.reply.output_seconds
    most = max(phases, key=lambda phase: phases[phase])
    cost = 1000 * dollars([SimpleNamespace(calls=calls)], prices)
    wall = finished(calls, machine, machines)
    return [len(calls), wall, cost, 1000, phases[most] / sum(phases.values()), most]


def shared(calls: Sequence[Any], state: Any, machines: int) -> Expected:
    """A waterfall on machines that share the calls, at the list prices."""
    return waterfall(calls, state.prices, lambda call: "any", machines)


Point = tuple[str, int, int, float, float]  # name, right, of, dollars per 1,000, seconds


def point(name: str, cells: Sequence[Any], prices: Any, by: str = "model") -> Point:
    cost = 1000 * dollars(cells, prices, by) / len(cells)
    return name, hits(cells), len(cells), cost, mean(map(seconds, cells))


def trade_off(points: Sequence[Point], by: str) -> Expected:
    """Who is not beaten, the best first, and how many are."""
    cost = 4 if by == "seconds" else 3
    front = [
        mine
        for mine in points
        if not any(
            (other[cost] <= mine[cost] and other[1] >= mine[1])
            and (other[cost] < mine[cost] or other[1] > mine[1])
            for other in points
        )
    ]
    beaten = len(points) - len(front)
    word = "Not beaten on seconds" if by == "seconds" else "Not beaten on dollars"
    return [word, *listed(front, cost), *([beaten] if beaten else [])]


def listed(points: Sequence[Point], cost: int) -> Expected:
    """Up to five names: the one right most often, then from the cheapest on; and how many more."""
    ordered = sorted(points, key=lambda one: one[cost])
    best = max(ordered, key=lambda one: one[1] / one[2])
    kept = [best, *(one for one in ordered if one is not best)][:5]
    more = len(ordered) - len(kept)
    return [*(one[0] for one in kept), *([more] if more else [])]
