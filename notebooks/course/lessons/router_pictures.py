"""Pictures of notebook 03: where prompts were routed, what a threshold costs, how sure is right."""

from collections.abc import Iterable, Sequence
from math import inf, nan
from typing import Any, NamedTuple

import numpy as np
import plotly.graph_objects as go

from mlkit.charts import look
from mlkit.charts.look import Chart, dollars, on_hover, short, whiskers
from mlkit.escaped import in_plotly
from mlkit.measure import calibration
from mlkit.measure.stats import wilson
from mlkit.ties import different, exceeds, reaches


class Sent(NamedTuple):
    """The prompts of one kind that were routed to one specialist."""

    kind: str
    routed: str  # the kind that the router took it for
    prompts: int
    right: int  # of them
    dollars_per_thousand: float  # prompts like these, routing included


def confusion_rows(routed: Iterable[tuple[str, str, bool, float]]) -> list[Sent]:
    """A row for each pair that occurs, from each prompt's (kind, routed kind, answered right,
    dollars), as they first occur.
    """
    pairs: dict[tuple[str, str], list[tuple[bool, float]]] = {}
    for kind, label, right, price in routed:
        pairs.setdefault((kind, label), []).append((right, price))
    return [
        Sent(
            *pair,
            len(some),
            sum(right for right, _ in some),
            1000 * sum(price for _, price in some) / len(some),
        )
        for pair, some in pairs.items()
    ]


def confusion(routed: Iterable[tuple[str, str, bool, float]], source: str) -> Chart:
    """Where prompts of each kind were routed, how many were answered right, and for what money: a
    row for each kind, blue where it belongs, orange elsewhere, the darker the more of the row.
    """
    rows = confusion_rows(routed)
    kinds = list(dict.fromkeys(row.kind for row in rows))
    labels = list(dict.fromkeys(row.routed for row in rows))
    routes = sorted(labels, key=lambda label: kinds.index(label) if label in kinds else len(kinds))
    shades, texts, hovers = ([[empty] * len(routes) for _ in kinds] for empty in (0.0, "", ""))
    for row in rows:
        y, x = kinds.index(row.kind), routes.index(row.routed)
        share = row.prompts / sum(other.prompts for other in rows if other.kind == row.kind)
        price = in_plotly(dollars(row.dollars_per_thousand))
        shades[y][x] = share if row.kind == row.routed else -share
        texts[y][x] = f"<b>{row.prompts}</b><br>{row.right} right<br>{price}"
        where = on_hover(f"{row.kind}, routed to {row.routed}")
        hovers[y][x] = f"{where}<br>{texts[y][x]} per 1,000"
    wide = 40 // max(len(kinds), len(routes))  # characters
    figure = look.grid(
        [short(kind, 16) for kind in kinds],
        [short(route, wide) for route in routes],
        z=shades,
        text=texts,
        texttemplate="%{text}",
        textfont={"size": 12, "color": look.INK},
        hovertext=hovers,
        hovertemplate="%{hovertext}<extra></extra>",
        zmin=-1,
        zmax=1,
        showscale=False,
        opacity=0.6,
        colorscale=[[0, look.ORANGE], [0.5, "white"], [1, look.BLUE]],
    )
    figure.update_xaxes(title_text=in_plotly("kind by row, routed by column; $ per 1,000"))
    height = max(120, 58 * len(kinds))
    return look.charted(figure, rows, confusion_reading(rows), source, height)


def confusion_reading(rows: Sequence[Sent]) -> str:
    """How many were routed where they belong, and how often each sort was answered right."""
    home, astray = (
        [row for row in rows if (row.kind == row.routed) == belongs] for belongs in (True, False)
    )
    at_home, strays = (sum(row.prompts for row in some) for some in (home, astray))
    reading = f"{at_home} of {at_home + strays} prompts go where they belong"
    if home:
        reading += f", {sum(row.right for row in home) / at_home:.0%} of them answered right"
    if astray:
        share = sum(row.right for row in astray) / strays
        reading += f"; of the {strays} that go astray, {share:.0%}"
    return reading


class Item(NamedTuple):
    """A prompt that both models answered."""

    certainty: float  # that the small model will do, in [0, 1]
    small_right: bool
    small_dollars: float
    large_right: bool
    large_dollars: float
    router_dollars: float = 0.0  # what it costs to know the certainty


class Point(NamedTuple):
    """What one way of choosing between the two models does."""

    way: str  # small alone, large alone, oracle or router
    threshold: float  # less certain prompts go to the large model; nan where there is none
    large_share: float  # of the prompts go to the large model, in [0, 1]
    share: float  # answered right, in [0, 1]
    low: float  # its 95% interval
    high: float
    dollars_per_thousand: float  # prompts


def curve_rows(items: Sequence[Item]) -> list[Point]:
    """Both models alone, the oracle (the cheapest that is right, the cheaper where none is), and
    the router at each threshold that parts the prompts.
    """
    table = np.array([Item(*item) for item in items], float)
    certainty, small_right, small_dollars, large_right, large_dollars, router_dollars = table.T
    cheaper = [exceeds(*pair) for pair in zip(small_dollars, large_dollars, strict=True)]
    better = (large_right > small_right) | ((large_right == small_right) & cheaper)
    extra = router_dollars.mean()
    return [
        _point("small alone", nan, table, np.zeros(len(table), bool), 0.0),
        _point("large alone", nan, table, np.ones(len(table), bool), 0.0),
        _point("oracle", nan, table, better, 0.0),
        *(
            _point("router", threshold, table, ~reaches(certainty, threshold), extra)
            for threshold in [*map(float, different(certainty)), inf]
        ),
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


def router_curve(items: Sequence[Item], threshold: float, source: str) -> Chart:
    """What each threshold costs and how often it is right, against random sending and oracle. The
    router's curve above the line of random sending is worth its money.
    """
    points = curve_rows(items)
    small, large, oracle, *curve = points
    dashes = {"color": look.GREY, "dash": "dash", "width": 1.5}
    figure = go.Figure()
    for trace in (
        _trace("random sending", [small, large], mode="lines", line=dashes),
        _trace("router", curve, mode="lines", line={"color": look.ORANGE, "width": 2.5}),
        _mark("small alone", small, look.MEMBERS["small"], "square"),
        _mark("large alone", large, look.MEMBERS["large"], "square"),
        _mark("oracle", oracle, look.GREEN, "star"),
        _mark(f"threshold {threshold:.2f}", chosen(curve, threshold), look.ORANGE, "circle"),
    ):
        figure.add_scatter(**trace)
    most = max(point.dollars_per_thousand for point in points)
    figure.update_xaxes(title_text=in_plotly("$ per 1,000 prompts"), range=[0, 1.06 * most or 1.0])
    figure.update_yaxes(title_text="answered right", tickformat=".0%")
    return look.charted(figure, points, curve_reading(points, threshold), source, height=300)


def _trace(name: str, points: Sequence[Point], **style: object) -> dict[str, Any]:
    at = ", threshold %{customdata[0]:.2f}" if name == "router" else ""
    return {
        "name": name,
        "x": [point.dollars_per_thousand for point in points],
        "y": [point.share for point in points],
        "customdata": [
            (
                np.nan_to_num(point.threshold),
                point.large_share,
                in_plotly(dollars(point.dollars_per_thousand)),
            )
            for point in points
        ],
        "hovertemplate": (
            f"{name}: %{{y:.0%}} right for %{{customdata[2]}} per 1,000<br>%{{customdata[1]:.0%}}"
            f" to the large model{at}<extra></extra>"
        ),
        **style,
    }


def _mark(name: str, point: Point, colour: str, symbol: str) -> dict[str, Any]:
    edge = {"color": look.BLACK, "width": 1}
    interval = [(point.share, point.low, point.high)]
    return _trace(
        name,
        [point],
        mode="markers",
        marker={"size": 13, "color": colour, "symbol": symbol, "line": edge},
        error_y=whiskers(interval, color=colour, thickness=1, width=3),
    )


def curve_reading(points: Sequence[Point], threshold: float) -> str:
    """What the threshold does, for what money, beside the large model alone and beside sending as
    many at random.
    """
    small, large, _, *curve = points
    mark = chosen(curve, threshold)
    random = small.share + mark.large_share * (large.share - small.share)
    return (
        f"At {threshold:.2f} the router sends {mark.large_share:.0%} to the large model:"
        f" {mark.share:.0%} right for {dollars(mark.dollars_per_thousand)} per 1,000 (sent at"
        f" random {random:.0%}, the large model alone {large.share:.0%} for"
        f" {dollars(large.dollars_per_thousand)})"
    )


class Group(NamedTuple):
    """Answers of like confidence."""

    above: float  # their confidence is above this (the first group holds 0 too)
    to: float  # and at most this
    n: int
    confidence: float  # their mean, in [0, 1]
    share: float  # answered right, in [0, 1]
    low: float  # its 95% interval
    high: float


def _diagonal(groups: Sequence[Group]) -> go.Figure:
    """The line of answers as sure as right, the gaps to it, and how many answers each group has."""
    sure = [group.confidence for group in groups]
    still = {"hoverinfo": "skip"}
    figure = go.Figure()
    figure.add_scatter(
        name="as sure as right", x=[0, 1], y=[0, 1], mode="lines", line=look.DOTTED, **still
    )
    figure.add_bar(
        name="gap",
        x=sure,
        y=[group.share - group.confidence for group in groups],
        base=sure,
        width=0.02,
        marker={"color": look.ORANGE, "opacity": 0.6},
        **still,
    )
    figure.add_scatter(
        name="number of answers",
        x=[(group.above + group.to) / 2 for group in groups],
        y=[-0.07] * len(groups),
        text=[f"{group.n}" for group in groups],
        mode="text",
        textfont=look.SMALL,
        showlegend=False,
        **still,
    )
    return figure


def reliability_chart(confidence: Sequence[float], right: Sequence[bool], source: str) -> Chart:
    """How sure answers are against how often they are right, in ten groups of like confidence (in
    [0, 1]): points on the diagonal are as sure as right; the calibration error is the mean gap.
    """
    bins = calibration.reliability(confidence, right)
    groups = [Group(*one[:4], *wilson(round(one.accuracy * one.n), one.n)) for one in bins]
    sure, shares = [group.confidence for group in groups], [group.share for group in groups]
    figure = _diagonal(groups)
    figure.add_scatter(
        name="answers",
        x=sure,
        y=shares,
        mode="markers",
        marker={"size": 10, "color": look.BLUE},
        cliponaxis=False,
        error_y=whiskers((group[4:] for group in groups), color=None, thickness=1.3, width=3),
        customdata=[(group.n, group.low, group.high) for group in groups],
        hovertemplate=(
            "%{customdata[0]} answers, sure of %{x:.0%}, right %{y:.0%} "
            "(95% interval %{customdata[1]:.0%} to %{customdata[2]:.0%})<extra></extra>"
        ),
    )
    said = "confidence (small numbers: answers in each group)"
    figure.update_xaxes(title_text=said, tickformat=".0%", range=[-0.02, 1.02])
    figure.update_yaxes(title_text="answered right", tickformat=".0%")
    figure.update_yaxes(range=[-0.13, 1.05], tickvals=[0, 0.25, 0.5, 0.75, 1])
    reading = (
        f"Sure of {np.mean(confidence):.0%} on average, right in {np.mean(right):.0%} of"
        f" {len(right)}: calibration error (ECE) {calibration.calibration_error(bins):.2f}"
    )
    return look.charted(figure, groups, reading, source, height=320)
