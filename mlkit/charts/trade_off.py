"""Trade-off: what each way costs, in dollars or in seconds, against how often it is right."""

from collections.abc import Mapping, Sequence
from itertools import pairwise, product
from math import copysign, hypot, isfinite
from typing import Any, NamedTuple

import numpy as np
import plotly.graph_objects as go

from mlkit.charts import look
from mlkit.charts.look import Chart, charted, dollars, on_hover, seconds, short, whiskers
from mlkit.escaped import in_plotly
from mlkit.measure.matrix import Matrix
from mlkit.measure.stats import pareto, wilson
from mlkit.models import Prices
from mlkit.ties import highest, ranked, same

# Name, right, of, dollars per 1,000 prompts, seconds a prompt.
Way = tuple[str, int, int, float, float]
DOLLARS, SECONDS = "dollars_per_thousand", "seconds"  # the two costs, as a Point names them
_PAPER = look.TEMPLATE.layout.paper_bgcolor  # behind names, so that no line runs through them
_AXES = {DOLLARS: "$ per 1,000 prompts", SECONDS: "seconds per prompt"}
_UNSEEN = "rgba(0, 0, 0, 0)"
# Pixels of the plot: how wide in a cell of 500, in a picture and on a page of 1,400; how tall.
_WIDE, _TALL = np.array([400, 660, 1300]), 320
# Pixels to the right and up from a point to where its name begins: beside it, or away from it.
_BESIDE = [(right, up) for up in (15, -15, 0) for right in (9, -9)]
_AWAY = sorted(product((25, -25, 50, -50, 90, -90), range(112, -113, -14)), key=lambda p: hypot(*p))
Lines = Mapping[str, float]  # shares to compare with: {"oracle": 0.81}
Place = tuple[int, int]
Spots = Sequence[tuple[Any, ...]]  # of each point: right for each _WIDE, up, its interval's ends
Box = tuple[Any, float, Any, float]  # its middle for each _WIDE, and how high; half its size
NO_LINES: Lines = {}


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


def ways(matrix: Matrix, prices: Prices, names: Mapping[str, str] | None = None) -> list[Way]:
    """The subjects of a matrix; or some, by their names on the chart: {"large alone": "large"}."""
    named = names or {subject: subject for subject in matrix.subjects}
    found = [(name, matrix.score(subject, prices)) for name, subject in named.items()]
    return [(name, one.right, one.of, one.dollars_per_thousand, one.seconds) for name, one in found]


def baselines(right: np.ndarray, guess: float | None = None, of: float = 100) -> dict[str, float]:
    """Lines to compare ways with: any of them right, one of them by chance; a guess, of so many.

    right: bools, shape (n, ways) or (n, ways, 1).
    """
    found = {"oracle": float(right.any(axis=1).mean()), "random": float(right.mean())}
    return found if guess is None else found | {"your guess": guess / of}


def rows(measured: Sequence[Way], cost: str = DOLLARS) -> list[Point]:
    """A point for each way; `cost` names the one to compare by."""
    shares = [wilson(right, of) for _, right, of, *_ in measured]
    costs = [one[3] if cost == DOLLARS else one[4] for one in measured]
    fronts = pareto(costs, [share.share for share in shares])
    found = zip(measured, shares, fronts, strict=True)
    return [
        Point(name, right, of, *share, price, wait, "no" if front else "yes")
        for (name, right, of, price, wait), share, front in found
    ]


def chart(
    measured: Sequence[Way], source: str, cost: str = DOLLARS, lines: Lines = NO_LINES
) -> Chart:
    """The trade-off of the ways measured; `lines` are shares to compare with, as {"oracle": 0.81}.

    Who is not beaten is on a blue stair, the others are grey. A name without room beside its point
    stands away, with a line to it; without any room it shows on hover.
    """
    points = rows(measured, cost)
    drawn = _drawn(points, cost)
    front = [point for point in drawn if point.beaten == "no"]
    ends = [*lines.values(), *(end for point in drawn for end in point[3:6])] or [0, 1]
    bottom, top = min(ends) - 0.04, max(ends) + 0.04
    begin, end = _ends([getattr(point, cost) for point in drawn])

    def at(x: float, *shares: float) -> tuple[Any, ...]:
        up = (_TALL * (share - bottom) / (top - bottom) for share in shares)
        return _WIDE * (x - begin) / (end - begin), *up

    figure = go.Figure()
    stair = _stair(front, cost, (end - begin) / 50)
    line = {"mode": "lines", "line_color": look.BLUE, "hoverinfo": "skip", "showlegend": False}
    figure.add_scatter(x=[x for x, _ in stair], y=[y for _, y in stair], **line)
    _draw(figure, front, cost, "not beaten", look.BLUE, 1)
    _draw(figure, drawn[len(front) :], cost, "beaten", look.GREY, 0.7)
    spots = [at(getattr(point, cost), *point[3:6]) for point in drawn]
    high = {f"{name} {share:.0%}": at(0, share)[1] for name, share in lines.items()}
    left = _crowded(spots, high)
    names = [short(point.pattern) for point in drawn]
    places = _places(spots, names, high, [at(*corner) for corner in stair], left)
    for name, share in zip(high, lines.values(), strict=True):
        _line(figure, name, share, left)
    placed = zip(drawn, places, strict=True)
    named = tuple(_name(point, place, cost) for point, place in placed if place)
    figure.layout.annotations += named
    said = _AXES[cost] + (" (axis does not begin at 0)" if begin else "")
    figure.update_xaxes(title_text=in_plotly(said), range=[begin, end])
    figure.update_yaxes(title_text="answered right", tickformat=".0%", range=[bottom, top])
    return charted(figure, points, _reading(front, len(drawn), cost), source, _TALL)


def _ends(costs: Sequence[float]) -> tuple[float, float]:
    """Where the axis begins and ends: at 0, but not where that leaves most of it empty."""
    least, most = min(costs, default=0), max(costs, default=0)
    if most - least >= 0.4 * most or same(least, most):
        return 0, 1.08 * most or 1
    return least - (most - least) / 2, most + (most - least) / 5


def _stair(front: Sequence[Point], cost: str, before: float) -> list[tuple[float, float]]:
    """From point to point, level first; it rises a little before the next, beside its interval."""
    ends = [(getattr(point, cost), point.share) for point in front]
    corners = [*ends[:1]]
    for (x, y), (next_x, next_y) in pairwise(ends):
        rise = max((x + next_x) / 2, next_x - before)
        corners += [(rise, y), (rise, next_y), (next_x, next_y)]
    return corners


def _line(chart: go.Figure, name: str, share: float, left: bool) -> None:
    """A share to compare with, whatever it costs; its name stands above it, at one end."""
    label = {"text": in_plotly(name), "font": look.SMALL, "bgcolor": _PAPER, "yshift": 2}
    end = "top left" if left else "top right"
    chart.add_hline(
        share, line=look.DOTTED, layer="below", annotation=label, annotation_position=end
    )


def _draw(
    figure: go.Figure, some: Sequence[Point], cost: str, name: str, colour: str, opacity: float
) -> None:
    """The points of the front or the others."""
    figure.add_scatter(
        name=name,
        x=[getattr(point, cost) for point in some],
        y=[point.share for point in some],
        cliponaxis=False,
        mode="markers",
        opacity=opacity,
        marker={"size": 11, "color": colour},
        error_y=whiskers((point[3:6] for point in some), color=colour, thickness=1, width=3),
        hovertext=[_told(point) for point in some],
        hovertemplate="%{hovertext}<extra></extra>",
    )


def _name(point: Point, place: Place, cost: str) -> dict[str, Any]:
    """The name of a point, with a line to it where it stands away."""
    (right, up), colour = place, look.BLUE if point.beaten == "no" else look.GREY
    text = {"text": in_plotly(short(point.pattern)), "font": {"size": 11, "color": colour}}
    at = {"x": getattr(point, cost), "y": point.share, "ax": right, "ay": -up}
    side = {"xanchor": "left" if right > 0 else "right", "bgcolor": _PAPER, "borderpad": 0}
    line = {"arrowhead": 0, "arrowwidth": 1, "arrowcolor": colour if place in _AWAY else _UNSEEN}
    return text | at | side | line


def _drawn(points: Sequence[Point], cost: str) -> list[Point]:
    """Those with a cost and a share, the front first, each by cost."""
    known = [point for point in points if isfinite(getattr(point, cost) + point.share)]
    by_cost = ranked(known, lambda point: -getattr(point, cost))
    return sorted(by_cost, key=lambda point: point.beaten)


def _half(text: str) -> float:
    return 4 + 3.2 * len(text)


def _crowded(spots: Spots, lines: Lines) -> bool:
    """Whether a point or its interval would cross the name of a line at the right."""
    return any(
        low < y + 16 and y < high and x[0] > _WIDE[0] - 2 * _half(name) - 6
        for (x, _, low, high), (name, y) in product(spots, lines.items())
    )


def _places(
    spots: Spots, names: Sequence[str], lines: Lines, stair: Spots, left: bool
) -> list[Place | None]:
    """Where each name meets no marker, name, line or edge, and not the stair (and no interval, if
    it can), however wide the chart is; None for nowhere.
    """
    taken: list[Box] = [(x, y, 6, 6) for x, y, *_ in spots]
    for name, y in lines.items():
        half = _half(name)
        taken += [(_WIDE / 2, y, _WIDE / 2, 1), (half if left else _WIDE - half, y + 8, half, 8)]
    for (x, y), (to_x, to_y) in pairwise(stair):
        taken.append(((x + to_x) / 2, (y + to_y) / 2, (to_x - x) / 2 + 1, (to_y - y) / 2 + 1))
    intervals = [(x, (low + high) / 2, 3, (high - low) / 2) for x, _, low, high in spots]
    places = []
    for (x, y, *_), name in zip(spots, names, strict=True):
        free = (
            (place, [box, *line])
            for others in (taken + intervals, taken)
            for place in (*_BESIDE, *_AWAY)
            for box, *line in [_boxes(x, y, name, place)]
            if _clear(box, others) and all(_clear(piece, taken) for piece in line)
        )
        place, boxes = next(free, (None, []))
        places.append(place)
        taken += boxes
    return places


def _boxes(x: Any, y: float, name: str, place: Place) -> list[Box]:
    """What a name takes: its own box, and pieces of the line to it where it stands away."""
    (right, up), half = place, _half(name)
    box = (x + right + copysign(half, right), y + up, half, 8)
    parts = [part / 16 for part in range(6, 16)] if place in _AWAY else []
    return [box, *((x + part * right, y + part * up, 1, 1) for part in parts)]


def _clear(box: Box, others: Sequence[Box]) -> bool:
    x, y, wide, tall = box
    inside = tall <= y <= _TALL - tall and np.all((wide <= x) & (x <= _WIDE - wide))
    return bool(inside) and not any(
        abs(y - low) <= tall + high and np.any(abs(x - left) <= wide + half)
        for left, low, half, high in others
    )


def _told(point: Point) -> str:
    interval = f"95% interval {point.low:.0%} to {point.high:.0%}"
    costs = f"{dollars(point.dollars_per_thousand)} per 1,000, {seconds(point.seconds)} each"
    return (
        f"{on_hover(point.pattern)}<br>{point.right} of {point.of} right ({interval})"
        f"<br>{in_plotly(costs)}"
    )


def _reading(front: Sequence[Point], of: int, cost: str) -> str:
    """Who is on the front: no other way costs no more, is as good, and is better in one."""
    if not front:
        return "No pattern was measured, so there is no trade-off to show."
    said = f"Not beaten on {'seconds' if cost == SECONDS else 'dollars'}: {_listed(front)}"
    beaten = of - len(front)
    if not beaten:
        return said
    return f"{said}; {beaten} {'others are' if beaten > 1 else 'other is'} beaten"


def _listed(points: Sequence[Point]) -> str:
    """Up to five by name, the one that is right most often first, and how many more."""
    best = highest(points, lambda point: point.share)
    kept = [best, *(point for point in points if point is not best)][:5]
    names = [quoted(short(point.pattern)) for point in kept]
    if len(points) > len(kept):
        names.append(f"{len(points) - len(kept)} more")
    *others, last = names
    return f"{', '.join(others)} and {last}" if others else last


def quoted(name: str) -> str:
    return f'"{name}"' if "," in name else name
