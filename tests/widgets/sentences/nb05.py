"""The panels of notebook 05: name and controls -> its sentence, as (state, **settings)."""

import math
from itertools import combinations
from statistics import mean
from typing import Any

from tests.widgets.sentences import Expected, dollars, five, one, seconds, trade_off, voted


def votes(state: Any, edited: Any, by: str) -> Expected:
    """Three members, the best on fit first; their vote; votes of three and five samples."""
    prices = state.prices | edited
    fit = {
        name: sum(cell.right for cell in one(state.triage, name, split="fit"))
        for name in state.triage.subjects
    }
    team = sorted(fit, key=lambda name: -fit[name])
    alone = {name: one(state.triage, name, split="test") for name in team}
    samples = five(state.samples, "large", kind="triage")
    rows = {name: [[cell] for cell in cells] for name, cells in alone.items()}
    rows["vote of three members"] = [list(row) for row in zip(*alone.values(), strict=True)]
    rows["vote of three samples, large"] = [row[:3] for row in samples]
    rows["vote of five samples, large"] = samples
    points = [
        (
            name,
            sum(map(voted, cells)),
            len(cells),
            1000 * dollars((cell for row in cells for cell in row), prices) / len(cells),
            mean(sum(map(seconds, row)) for row in cells),
        )
        for name, cells in rows.items()
    ]
    return trade_off(points, by)


def meanings(state: Any, threshold: float) -> Expected:
    """Groups of neighbours of neighbours; the text most like all others of the largest one wins."""
    vectors = [state.meanings[task.id] for task in state.texts.tasks]
    held, keeps = [], []
    for same, row in zip(vectors, five(state.texts, "large"), strict=True):
        close = same @ same.T
        groups: list[set[int]] = []
        for n in range(5):
            near = [some for some in groups if any(close[n, other] >= threshold for other in some)]
            groups = [some for some in groups if some not in near] + [{n}.union(*near)]
        sums = {n: math.fsum(close[n, other] for other in group) for group in groups for n in group}
        most = max(map(len, groups))
        first = min(min(group) for group in groups if len(group) == most)
        group = next(group for group in groups if first in group)
        best = max(sums[n] for n in group)
        # Two alike are as like each other: the first of equals, whatever the last bit says.
        medoid = min(n for n in group if sums[n] > best - 1e-9)
        held.append(most)
        keeps.append(row[medoid].right)
    strange = [(a @ b.T >= threshold).mean() for a, b in combinations(vectors, 2)]
    alone = mean(cell.right for cell in one(state.picking, "one answer"))
    return [threshold, mean(n > 2 for n in held), mean(strange), mean(keeps), alone]


SENTENCES: dict = {"05 edited, by": votes, "05 threshold": meanings}
