"""Router curve: what each threshold of a router costs and how often it is right, against random
sending and the oracle.
"""

from collections.abc import Sequence
from math import inf, nan
from typing import NamedTuple

import numpy as np
import plotly.graph_objects as go

from mlkit.charts.look import BLACK, GREEN, GREY, MEMBERS, ORANGE, Chart, dollars, dress, whiskers
from mlkit.escaped import in_plotly
from mlkit.measure.stats import wilson
from mlkit.ties import different, exceeds, reaches

_MOST = 100  # thresholds; more are drawn no finer, but for the chosen one


class Item(NamedTuple):
    """A prompt that both models answered."""

    certainty: float  # that the small model will do, in [0, 1]
    small_right: bool
    small_dollars: float
    large_right: bool
    large_dollars: float
    router_dollars: float = 0.0  # what it costs to know the certainty


class Point(NamedTuple):
    way: str  # small alone, large alone, oracle or router
    threshold: (
        float  # prompts less certain than this go to the large model; nan without a threshold
    )
    large_share: float  # of the prompts go to the large model, in [0, 1]
    share: float  # answered right, in [0, 1]
    low: float  # its 95% interval
    high: float
    dollars_per_thousand: float  # prompts


def rows(items: Sequence[Item], threshold: float = inf) -> list[Point]:
    """Both models alone, the oracle (the cheapest that is right, the cheaper where none is), and
    the router at each threshold, the one that parts the prompts as `threshold` does among them.
    """
    if not items:
        return []
    table = np.array([Item(*item) for item in items], float)
    certainty, small_right, small_dollars, large_right, large_dollars, router_dollars = table.T
    cheaper = [exceeds(*pair) for pair in zip(small_dollars, large_dollars, strict=True)]
    better = (large_right > small_right) | ((large_right == small_right) & cheaper)
    thresholds = np.append(different(certainty), inf)
    places = np.linspace(0, len(thresholds) - 1, _MOST).round().astype(int)
    below = (~reaches(thresholds, threshold)).sum()
    some = thresholds[np.unique([*places, below])]
    ways = [
        ("small alone", np.zeros(len(table), bool)),
        ("large alone", np.ones(len(table), bool)),
        ("oracle", better),
    ]
    return [_point(way, nan, table, to_large, 0.0) for way, to_large in ways] + [
        _point("router", at, table, ~reaches(certainty, at), router_dollars.mean())
        for at in map(float, some)
    ]


def _point(
    way: str, threshold: float, table: np.ndarray, to_large: np.ndarray, extra_dollars: float
) -> Point:
    right, cost = np.where(to_large[:, None], table[:, 3:5], table[:, 1:3]).T
    return Point(
        way,
        threshold,
        float(to_large.mean()),
        *wilson(int(right.sum()), len(right)),
        1000 * float(cost.mean() + extra_dollars),
    )


def chosen(points: Sequence[Point], threshold: float) -> Point:
    """The router's point at a threshold."""
    return next(point for point in points if reaches(point.threshold, threshold))


def figure(points: Sequence[Point], threshold: float, source: str) -> go.Figure:
    """The router's curve above the line of random sending is worth its money."""
    chart = go.Figure()
    if points:
        small, large, oracle, *curve = points
        mark = chosen(curve, threshold)
        for name, some, style in (
            (
                "random sending",
                [small, large],
                {"mode": "lines", "line": {"color": GREY, "dash": "dash", "width": 1.5}},
            ),
            ("router", curve, {"mode": "lines", "line": {"color": ORANGE, "width": 2.5}}),
            ("small alone", [small], _marked(small, MEMBERS["small"], "square")),
            ("large alone", [large], _marked(large, MEMBERS["large"], "square")),
            ("oracle", [oracle], _marked(oracle, GREEN, "star")),
            (f"threshold {threshold:.2f}", [mark], _marked(mark, ORANGE, "circle")),
        ):
            chart.add_scatter(
                name=name,
                x=[point.dollars_per_thousand for point in some],
                y=[point.share for point in some],
                **style,
                customdata=[
                    (
                        np.nan_to_num(point.threshold),
                        point.large_share,
                        in_plotly(dollars(point.dollars_per_thousand)),
                    )
                    for point in some
                ],
                hovertemplate=(
                    f"{name}: %{{y:.0%}} right for %{{customdata[2]}} per"
                    " 1,000<br>%{customdata[1]:.0%} to the large model"
                )
                + ", threshold %{customdata[0]:.2f}" * (name == "router")
                + "<extra></extra>",
            )
    dearest = max((point.dollars_per_thousand for point in points), default=1.0)
    chart.update_xaxes(
        title_text=in_plotly("$ per 1,000 prompts"), range=[0, 1.06 * dearest or 1.0]
    )
    chart.update_yaxes(title_text="answered right", tickformat=".0%")
    return dress(chart, reading(points, threshold), source, height=300)


def _marked(point: Point, colour: str, symbol: str) -> dict[str, object]:
    return {
        "mode": "markers",
        "marker": {
            "size": 13,
            "color": colour,
            "symbol": symbol,
            "line": {"color": BLACK, "width": 1},
        },
        "error_y": whiskers(
            [(point.share, point.low, point.high)], color=colour, thickness=1, width=3
        ),
    }


def reading(points: Sequence[Point], threshold: float) -> str:
    """What the threshold does, for what money, beside the large model alone and beside sending as
    many at random.
    """
    if not points:
        return "Nothing was routed, so there is no curve to show."
    small, large, _, *curve = points
    mark = chosen(curve, threshold)
    random = small.share + mark.large_share * (large.share - small.share)
    return (
        f"At {threshold:.2f} the router sends {mark.large_share:.0%} to the large model:"
        f" {mark.share:.0%} right for {dollars(mark.dollars_per_thousand)} per 1,000 (sent at"
        f" random {random:.0%}, the large model alone {large.share:.0%} for"
        f" {dollars(large.dollars_per_thousand)})"
    )


def chart(items: Sequence[Item], threshold: float, source: str) -> Chart:
    """The curve of a router with its chosen threshold, ready to show."""
    points = rows(items, threshold)
    return Chart(figure(points, threshold, source), points, reading(points, threshold))
