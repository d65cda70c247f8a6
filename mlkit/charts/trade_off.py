"""Trade-off: what each way costs, in dollars or in seconds, against how often it is right."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from math import isfinite
from typing import Any, NamedTuple

import numpy as np
import plotly.graph_objects as go

from mlkit.charts.look import (
    BLUE,
    DOTTED,
    GREY,
    SMALL,
    Chart,
    dollars,
    dress,
    on_hover,
    seconds,
    short,
    whiskers,
)
from mlkit.escaped import in_plotly
from mlkit.measure.matrix import Matrix
from mlkit.measure.stats import pareto, wilson
from mlkit.models import Prices
from mlkit.ties import highest, ranked

# Name, right, of, dollars per 1,000 prompts, seconds a prompt.
Way = tuple[str, int, int, float, float]
DOLLARS, SECONDS = "dollars_per_thousand", "seconds"  # the two costs, as a Point names them
_AXES = {DOLLARS: "$ per 1,000 prompts", SECONDS: "seconds per prompt"}
# Pixels of the plot in a cell 500 wide; in a wider one labels only move apart.
_WIDE, _TALL = 400, 320
_PLACES = {
    f"{height} {side}": (right, up)
    for height, up in (("top", 1), ("bottom", -1), ("middle", 0))
    for side, right in (("right", 1), ("left", -1))
}


NO_LINES: Mapping[str, float] = {}


class Point(NamedTuple):
    pattern: str
    right: int
    of: int
    share: float  # right/of, in [0, 1]
    low: float  # its 95% interval
    high: float
    dollars_per_thousand: float  # prompts
    seconds: float  # for a prompt
    beaten: str  # "yes" where another costs no more, is as good, and is better in one; else "no"


def way(name: str, right: Any, dollars_each: Any, seconds_each: Any) -> Way:
    """A way from its grades, and what each prompt took, or one took on average."""
    costs = 1000 * float(np.mean(dollars_each)), float(np.mean(seconds_each))
    return name, int(np.sum(right)), len(right), *costs


def ways(matrix: Matrix, names: Mapping[str, str], prices: Prices) -> list[Way]:
    """Subjects of a matrix, each under the name it has on the chart: {"large alone": "large"}."""
    found = [(name, matrix.score(subject, prices)) for name, subject in names.items()]
    return [(name, one.right, one.of, one.dollars_per_thousand, one.seconds) for name, one in found]


def rows(measured: Sequence[Way], cost: str = DOLLARS) -> list[Point]:
    """A point for each way; `cost` names the one to compare by."""
    shares = [wilson(right, of) for _, right, of, *_ in measured]
    costs = [one[3] if cost == DOLLARS else one[4] for one in measured]
    fronts = pareto(costs, [share.share for share in shares])
    return [
        Point(name, right, of, *share, price, wait, "no" if front else "yes")
        for (name, right, of, price, wait), share, front in zip(
            measured, shares, fronts, strict=True
        )
    ]


def figure(
    points: Sequence[Point],
    source: str,
    cost: str = DOLLARS,
    lines: Mapping[str, float] = NO_LINES,
) -> go.Figure:
    """Who is not beaten is on a blue stair, the others are grey. Names without room show on
    hover.
    """
    drawn = _drawn(points, cost)
    ends = [end for point in drawn for end in point[3:6] if isfinite(end)] or [0, 1]
    ends += lines.values()
    bottom, top = min(ends) - 0.04, max(ends) + 0.04
    wide = 1.08 * max((getattr(point, cost) for point in drawn), default=1) or 1
    chart = go.Figure()

    def up(share: float) -> float:
        return _TALL * (share - bottom) / (top - bottom)

    spots = [(_WIDE * getattr(point, cost) / wide, *map(up, point[3:6])) for point in drawn]
    names = [short(point.pattern) for point in drawn]
    left = _crowded(spots, [up(share) for share in lines.values()])
    front = [spot for spot, point in zip(spots, drawn, strict=True) if point.beaten == "no"]
    places = _places(spots, names, [up(share) for share in lines.values()], front, left)
    for beaten in ("no", "yes"):
        some = [n for n, point in enumerate(drawn) if point.beaten == beaten]
        _draw(chart, [drawn[n] for n in some], [places[n] for n in some], cost, beaten == "no")
    for name, share in lines.items():
        _line(chart, f"{name} {share:.0%}", share, left)
    chart.update_xaxes(title_text=in_plotly(_AXES[cost]), range=[0, wide])
    chart.update_yaxes(title_text="answered right", tickformat=".0%", range=[bottom, top])
    return dress(chart, reading(points, cost), source, height=_TALL)


def _line(chart: go.Figure, name: str, share: float, left: bool) -> None:
    """A share to compare with, whatever it costs; its name stands above it, at one end."""
    label = {"text": in_plotly(name), "font": SMALL}
    end = "top left" if left else "top right"
    chart.add_hline(share, line=DOTTED, layer="below", annotation=label, annotation_position=end)


def _draw(
    chart: go.Figure, some: Sequence[Point], places: Sequence[str], cost: str, front: bool
) -> None:
    """The points of the front or the others, each with the place of its label."""
    colour = BLUE if front else GREY
    labels = [in_plotly(short(point.pattern)) for point in some]
    chart.add_scatter(
        name="not beaten" if front else "beaten",
        x=[getattr(point, cost) for point in some],
        y=[point.share for point in some],
        cliponaxis=False,
        mode="lines+markers+text" if front else "markers+text",
        line={"shape": "hv"},
        opacity=1 if front else 0.7,
        text=[label if place else "" for label, place in zip(labels, places, strict=True)],
        textfont={"size": 11, "color": colour},
        textposition=[place or "middle right" for place in places],
        marker={"size": 11, "color": colour},
        error_y=whiskers((point[3:6] for point in some), color=colour, thickness=1, width=3),
        hovertext=[_told(point) for point in some],
        hovertemplate="%{hovertext}<extra></extra>",
    )


def _drawn(points: Sequence[Point], cost: str) -> list[Point]:
    """Those with a cost and a share, the front first, each by cost."""
    known = [point for point in points if isfinite(getattr(point, cost) + point.share)]
    by_cost = ranked(known, lambda point: -getattr(point, cost))
    return sorted(by_cost, key=lambda point: point.beaten)


def _crowded(spots: Sequence[tuple[float, ...]], lines: Sequence[float]) -> bool:
    """Whether a point or its interval would cross the name of a line at the right."""
    right = [(low, high) for x, _, low, high in spots if x > _WIDE - 86]
    return any(low < y + 16 and y < high for low, high in right for y in lines)


def _places(
    spots: Sequence[tuple[float, ...]],
    labels: Sequence[str],
    lines: Sequence[float] = (),
    front: Sequence[tuple[float, ...]] = (),
    left: bool = False,
) -> list[str]:
    """Where each label meets no marker, label, line or edge, and not the stair of the front (and no
    interval, if it can); "" for none.
    """
    # A spot is x, y, low, high; a box its middle, half its width, half its height: in pixels.
    taken = [(x, y, 6.0, 6.0) for x, y, _, _ in spots]
    taken += [(_WIDE / 2, y, _WIDE / 2, 1.0) for y in lines]
    at = 40.0 if left else _WIDE - 40.0
    taken += [(at, y + 8, 40.0, 8.0) for y in lines]  # the name of the line
    for (x, y, *_), (next_x, next_y, *_) in pairwise(front):
        taken.append(((x + next_x) / 2, y, (next_x - x) / 2, 1.0))
        taken.append((next_x, (y + next_y) / 2, 1.0, (next_y - y) / 2))
    intervals = [(x, (low + high) / 2, 3.0, (high - low) / 2) for x, _, low, high in spots]
    places = []
    for (x, y, _, _), label in zip(spots, labels, strict=True):
        half = 4 + 3.2 * len(label)
        boxes = {
            place: (x + right * (9 + half), y + up * 14, half, 7.0)
            for place, (right, up) in _PLACES.items()
        }
        free = [
            place
            for others in (taken + intervals, taken)
            for place, box in boxes.items()
            if _clear(box, others)
        ]
        places.append(free[0] if free else "")
        taken += [boxes[place] for place in free[:1]]
    return places


def _clear(box: tuple[float, ...], others: Sequence[tuple[float, ...]]) -> bool:
    x, y, wide, tall = box
    inside = wide <= x <= _WIDE - wide and tall <= y <= _TALL - tall
    return inside and not any(
        abs(x - left) <= wide + half and abs(y - low) <= tall + high
        for left, low, half, high in others
    )


def _told(point: Point) -> str:
    interval = f"95% interval {point.low:.0%} to {point.high:.0%}"
    costs = f"{dollars(point.dollars_per_thousand)} per 1,000, {seconds(point.seconds)} each"
    return (
        f"{on_hover(point.pattern)}<br>{point.right} of {point.of} right ({interval})"
        f"<br>{in_plotly(costs)}"
    )


def reading(points: Sequence[Point], cost: str = DOLLARS) -> str:
    """Who is on the front: no other way costs no more, is as good, and is better in one."""
    drawn = _drawn(points, cost)
    if not drawn:
        return "No pattern was measured, so there is no trade-off to show."
    front = [point for point in drawn if point.beaten == "no"]
    said = f"Not beaten on {'seconds' if cost == SECONDS else 'dollars'}: {_listed(front)}"
    beaten = len(drawn) - len(front)
    if not beaten:
        return said
    return f"{said}; {beaten} {'others are' if beaten > 1 else 'other is'} beaten"


def _listed(points: Sequence[Point]) -> str:
    """Up to five by name, the one that is right most often first, and how many more. A name with a
    comma is quoted.
    """
    best = highest(points, lambda point: point.share)
    kept = [best, *(point for point in points if point is not best)][:5]
    names = [quoted(short(point.pattern)) for point in kept]
    if len(points) > len(kept):
        names.append(f"{len(points) - len(kept)} more")
    if len(names) < 2:
        return names[0]
    return f"{', '.join(names[:-1])} and {names[-1]}"


def quoted(name: str) -> str:
    return f'"{name}"' if "," in name else name


def chart(
    measured: Sequence[Way],
    source: str,
    cost: str = DOLLARS,
    lines: Mapping[str, float] = NO_LINES,
) -> Chart:
    """The trade-off of the ways measured, ready to show; `lines` are shares to compare with, as
    {"oracle": 0.81}.
    """
    points = rows(measured, cost)
    return Chart(figure(points, source, cost, lines), points, reading(points, cost))
