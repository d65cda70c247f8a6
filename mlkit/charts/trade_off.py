"""Trade-off: what each pattern costs, in dollars or in seconds, against how often it is right; who
is beaten, and who fits.
"""

from collections.abc import Sequence
from math import inf, isfinite
from typing import NamedTuple

import plotly.graph_objects as go

from mlkit.charts.look import BLUE, GREY, Chart, dollars, dress, on_hover, seconds, short, whiskers
from mlkit.escaped import in_plotly
from mlkit.measure.stats import pareto, wilson
from mlkit.ties import ranked, reaches

_AXES = {"dollars_per_thousand": "$ per 1,000 prompts", "seconds": "seconds per prompt"}
_WIDE, _TALL = (
    400,
    320,
)  # pixels of the plot in a cell 500 wide; in a wider one labels only move apart
_PLACES = {
    f"{height} {side}": (right, up)
    for height, up in (("top", 1), ("bottom", -1), ("middle", 0))
    for side, right in (("right", 1), ("left", -1))
}


class Point(NamedTuple):
    pattern: str
    right: int
    of: int
    share: float  # right/of, in [0, 1]
    low: float  # its 95% interval
    high: float
    dollars_per_thousand: float  # prompts
    seconds: float  # for a prompt
    front: bool  # no other costs no more, is as good, and is better in one
    fits: bool  # costs, waits and errs no more than is allowed


def rows(
    measured: Sequence[tuple[str, int, int, float, float]],
    cost: str = "dollars_per_thousand",
    most_dollars: float = inf,
    most_seconds: float = inf,
    least: float = 0.0,
) -> list[Point]:
    """A point for each (pattern, right, of, dollars_per_thousand, seconds).

    `cost` names the one to compare by. What is allowed: `most_dollars` per 1,000 prompts,
    `most_seconds` per prompt, and a share of `least` that must be right.
    """
    points = [
        Point(name, right, of, *wilson(right, of), price, seconds, front=False, fits=False)
        for name, right, of, price, seconds in measured
    ]
    fronts = pareto([getattr(point, cost) for point in points], [point.share for point in points])
    return [
        point._replace(
            front=front,
            fits=reaches(most_dollars, point.dollars_per_thousand)
            and reaches(most_seconds, point.seconds)
            and reaches(point.share, least),
        )
        for point, front in zip(points, fronts, strict=True)
    ]


def figure(
    points: Sequence[Point],
    source: str,
    cost: str = "dollars_per_thousand",
    most_dollars: float = inf,
    most_seconds: float = inf,
    least: float = 0.0,
) -> go.Figure:
    """The Pareto front is a stair in blue, the dominated are grey, what does not fit is hollow.
    Names without room: on hover.

    The region of what is allowed is shaded; a limit on the cost that is not drawn makes hollow
    points within it.
    """
    drawn = _drawn(points, cost)
    ends = [
        end for point in drawn for end in (point.share, point.low, point.high) if isfinite(end)
    ] or [0, 1]
    bottom, top = min(ends) - 0.04, max(ends) + 0.04
    wide = 1.08 * max((getattr(point, cost) for point in drawn), default=1) or 1
    chart = go.Figure()
    if min(most_dollars, most_seconds) < inf or least > 0:
        edge = min(most_seconds if cost == "seconds" else most_dollars, wide)
        _shade(chart, edge, min(max(least, bottom), top), top)
    spots = [
        (
            _WIDE * getattr(point, cost) / wide,
            *(_TALL * (end - bottom) / (top - bottom) for end in point[3:6]),
        )
        for point in drawn
    ]
    places = _places(spots, [short(point.pattern) for point in drawn])
    for name, front in (("Pareto front", True), ("dominated", False)):
        _draw(
            chart,
            name,
            [pair for pair in zip(drawn, places, strict=True) if pair[0].front == front],
            cost,
        )
    chart.update_xaxes(title_text=in_plotly(_AXES[cost]), range=[0, wide])
    chart.update_yaxes(title_text="answered right", tickformat=".0%", range=[bottom, top])
    return dress(
        chart, reading(points, cost, most_dollars, most_seconds, least), source, height=_TALL
    )


def _shade(chart: go.Figure, edge: float, floor: float, top: float) -> None:
    chart.add_scatter(
        name="allowed",
        x=[0, edge, edge, 0],
        y=[floor, floor, top, top],
        fill="toself",
        mode="lines",
        line={"width": 1, "dash": "dot", "color": GREY},
        fillcolor="rgba(0, 158, 115, 0.13)",
        hoverinfo="skip",
    )


def _draw(chart: go.Figure, name: str, some: Sequence[tuple[Point, str]], cost: str) -> None:
    """The points of the front or the others, each with the place of its label."""
    front = name == "Pareto front"
    colour = BLUE if front else GREY
    chart.add_scatter(
        name=name,
        x=[getattr(point, cost) for point, _ in some],
        y=[point.share for point, _ in some],
        cliponaxis=False,
        mode="lines+markers+text" if front else "markers+text",
        line={"shape": "hv"},
        opacity=1 if front else 0.7,
        text=[in_plotly(short(point.pattern)) if place else "" for point, place in some],
        textfont={"size": 11, "color": colour},
        textposition=[place or "middle right" for _, place in some],
        marker={
            "size": 11,
            "color": colour,
            "symbol": ["circle" if point.fits else "circle-open" for point, _ in some],
        },
        error_y=whiskers(
            ((point.share, point.low, point.high) for point, _ in some),
            color=colour,
            thickness=1,
            width=3,
        ),
        hovertext=[_told(point) for point, _ in some],
        hovertemplate="%{hovertext}<extra></extra>",
    )


def _drawn(points: Sequence[Point], cost: str) -> list[Point]:
    """Those with a cost and a share, the front first, each by cost."""
    known = [point for point in points if isfinite(getattr(point, cost) + point.share)]
    by_cost = ranked(known, lambda point: -getattr(point, cost))
    return sorted(by_cost, key=lambda point: not point.front)


def _places(spots: Sequence[tuple[float, float, float, float]], labels: Sequence[str]) -> list[str]:
    """Where each label meets no marker, label or edge, and no interval if that can be; "" for
    nowhere. spots: x, y, low, high.
    """
    # A box is its middle, half its width and half its height, in pixels.
    taken = [(x, y, 6.0, 6.0) for x, y, _, _ in spots]
    whiskers = [(x, (low + high) / 2, 3.0, (high - low) / 2) for x, _, low, high in spots]
    places = []
    for (x, y, _, _), label in zip(spots, labels, strict=True):
        half = 4 + 3.2 * len(label)
        boxes = {
            place: (x + right * (9 + half), y + up * 14, half, 7.0)
            for place, (right, up) in _PLACES.items()
        }
        free = [
            place
            for others in (taken + whiskers, taken)
            for place, box in boxes.items()
            if _clear(box, others)
        ]
        places.append(free[0] if free else "")
        taken += [boxes[place] for place in free[:1]]
    return places


def _clear(
    box: tuple[float, float, float, float], others: Sequence[tuple[float, float, float, float]]
) -> bool:
    x, y, wide, tall = box
    return (
        wide <= x <= _WIDE - wide
        and tall <= y <= _TALL - tall
        and not any(
            abs(x - left) <= wide + half and abs(y - low) <= tall + high
            for left, low, half, high in others
        )
    )


def _told(point: Point) -> str:
    return (
        f"{on_hover(point.pattern)}<br>{point.right} of {point.of} right"
        f" (95% interval {point.low:.0%} to"
        f" {point.high:.0%})<br>{in_plotly(dollars(point.dollars_per_thousand))} per 1,000,"
        f" {seconds(point.seconds)} each"
    )


def reading(
    points: Sequence[Point],
    cost: str = "dollars_per_thousand",
    most_dollars: float = inf,
    most_seconds: float = inf,
    least: float = 0.0,
) -> str:
    """Who fits, and which of them costs least; where all is allowed, who is on the front."""
    drawn = _drawn(points, cost)
    if not drawn:
        return "No pattern was measured, so there is no trade-off to show."
    costs = [f"{dollars(most_dollars)} per 1,000"] * (most_dollars < inf) + [
        seconds(most_seconds)
    ] * (most_seconds < inf)
    asked = " and ".join(
        [f"within {' and '.join(costs)}"] * bool(costs)
        + [f"at least {least:.0%} right"] * (least > 0)
    )
    wanted = [point for point in drawn if (point.fits if asked else point.front)]
    left = ranked(wanted, lambda point: -getattr(point, cost))
    names = [short(point.pattern) for point in left[:3]] + [f"{len(left) - 3} more"] * (
        len(left) > 3
    )
    listed = (
        ", ".join(names[:-1]) + " and " * (len(names) > 1) + names[-1] if names else "no pattern"
    )
    if asked:
        first = (
            f"; the {'fastest' if cost == 'seconds' else 'cheapest'} is {short(left[0].pattern)}"
            if len(left) > 1
            else ""
        )
        return f"{asked[0].upper()}{asked[1:]}: {listed}{first}"
    beaten = len(drawn) - len(left)
    rest = f"; {beaten} of {len(drawn)} {'are' if beaten > 1 else 'is'} beaten" if beaten else ""
    return f"Worth the {'time' if cost == 'seconds' else 'cost'}: {listed}{rest}"


def chart(
    measured: Sequence[tuple[str, int, int, float, float]],
    source: str,
    cost: str = "dollars_per_thousand",
    most_dollars: float = inf,
    most_seconds: float = inf,
    least: float = 0.0,
) -> Chart:
    """The trade-off of the patterns measured, ready to show."""
    limits = (cost, most_dollars, most_seconds, least)
    points = rows(measured, *limits)
    return Chart(figure(points, source, *limits), points, reading(points, *limits))
