"""The panels of notebook 04: name and controls -> its sentence, as (state, **settings)."""

from collections import Counter
from dataclasses import replace
from itertools import combinations
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
    shared,
    trade_off,
)


def middle(vectors: Any) -> int:
    """The text most like the others of its group, of the largest group of similar texts."""
    alike = [[float(sum(a * b)) for b in vectors] for a in vectors]
    groups = [{n} for n in range(len(vectors))]
    for a, b in combinations(range(len(vectors)), 2):
        if alike[a][b] >= 0.9 - 1e-9:
            both = groups[a] | groups[b]
            for member in both:
                groups[member] = both
    largest = Counter(map(frozenset, groups)).most_common(1)[0][0]
    # rounded: in a pair both are as like, and the first stands
    likeness = {n: round(sum(alike[n][m] for m in largest), 6) for n in sorted(largest)}
    return max(likeness, key=lambda n: likeness[n])


def picked(state: Any, edited: Any, by: str) -> Expected:
    prices = state.prices | edited
    points = [
        point(name, one(state.picking, name), prices) for name in ("one answer", "judge", "fuse")
    ]
    rows = five(state.texts, "large")
    cost = 1000 * dollars((cell for row in rows for cell in row), prices) / len(rows)
    wait = mean(sum(map(seconds, row)) for row in rows)
    middles = [middle(state.meanings[task.id]) for task in state.texts.tasks]
    voted = hits(row[n] for row, n in zip(rows, middles, strict=True))
    checked = sum(any(cell.right for cell in row) for row in rows)
    points += [("vote by meaning", voted, len(rows), cost, wait)]
    points += [("checker", checked, len(rows), cost, wait)]
    return trade_off(points, by)


def best_of(state: Any, samples: int) -> Expected:
    """Every choice of so many of the five is as likely."""
    said: Expected = [samples, "by a checker"]
    for n in (samples, 1):
        for model in ("large", "small"):
            rows = five(state.texts, model)
            draws = [few for row in rows for few in combinations(row, n)]
            said += [model, mean(any(cell.right for cell in few) for few in draws)]
    return said


def servers_read(state: Any, servers: int) -> Expected:
    """All samples are asked at once, so the first ones are each the first of a server, and read the
    prompt there as long as the slowest did.
    """
    calls = state.names["run"].calls
    longest = max(call.reply.prompt_seconds for call in calls)
    first = [
        replace(call, reply=replace(call.reply, prompt_seconds=longest)) for call in calls[:servers]
    ]
    return shared([*first, *calls[servers:]], state, servers)


SENTENCES: dict = {
    "04 servers": servers_read,
    "04 edited, by": picked,
    "04 samples": best_of,
}
