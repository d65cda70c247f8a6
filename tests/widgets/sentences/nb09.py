"""The panels of notebook 09: name and controls -> its sentence, as (state, **settings)."""

from statistics import mean
from typing import Any, NamedTuple

from tests.widgets.sentences import (
    Expected,
    dollars,
    five,
    hits,
    most_common,
    one,
    point,
    seconds,
    trade_off,
    voted,
)


class Rung(NamedTuple):
    escalated: list[bool]
    right: int
    seconds: float


def rung(state: Any, needed: int, voters: int) -> Rung:
    """So many votes of small must agree, else large answers."""
    ballots = [row[:voters] for row in five(state.samples, "small", kind="triage")]
    large = one(state.triage, "large", split="test")
    asked = [most_common(cell.answer for cell in row)[1] < needed for row in ballots]
    rows = list(zip(asked, ballots, large, strict=True))
    right = sum(cell.right if more else voted(row) for more, row, cell in rows)
    spent = [sum(map(seconds, row)) + more * seconds(cell) for more, row, cell in rows]
    return Rung(asked, right, mean(spent))


def threshold(state: Any, threshold: float, voters: int) -> Expected:
    needed = next(k for k in range(1, voters + 1) if k / voters >= threshold - 1e-9)
    now = rung(state, needed, voters)
    share, n = mean(now.escalated), len(now.escalated)
    alone = hits(one(state.triage, "large", split="test"))
    said: Expected = [
        "threshold of",
        threshold,
        "demands",
        needed,
        "of",
        voters,
        share,
        "escalated",
    ]
    return [*said, now.right, "of", n, "large alone", alone, "over", voters / (1 - share)]


def priced(state: Any, edited: Any, by: str) -> Expected:
    own = state.cast.small.model, state.cast.large.model
    paid = {own[0]: edited["qwen2.5:7b"], own[1]: edited["qwen2.5:32b"]}
    small, large = (one(state.triage, name, split="test") for name in ("small", "large"))
    n = len(small)
    votes = [cell for row in five(state.samples, "small", kind="triage") for cell in row[:3]]
    cheap, strong = (1000 * dollars(cells, paid) / n for cells in (votes, large))
    points = [point("small", small, paid), point("large", large, paid)]
    for needed in (1, 2, 3):
        now = rung(state, needed, 3)
        cost = cheap + mean(now.escalated) * strong
        points.append((f"{needed} of 3", now.right, n, cost, now.seconds))
    said = trade_off(points, by)
    return [*said, f"Answers of {own[0]} and {own[1]}, priced as qwen2.5:7b and qwen2.5:32b"]


SENTENCES: dict = {"09 threshold, voters": threshold, "09 edited, by": priced}
