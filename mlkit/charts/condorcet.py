"""Condorcet: how often a majority is right as voters are added, and how much members err on the
same items.
"""

from collections.abc import Sequence
from itertools import combinations
from math import isnan, isqrt, nan
from typing import NamedTuple

import numpy as np
import plotly.graph_objects as go
from numpy.typing import ArrayLike

from mlkit.charts.look import BLACK, BLUE, GREY, ORANGE, RED, SKY, Chart, dress, short, whiskers
from mlkit.escaped import in_plotly
from mlkit.measure.stats import condorcet, effective_voters, mean_correlation
from mlkit.ties import highest


class Majority(NamedTuple):
    voters: int
    expected: float  # share right by the theory, at the given p and error correlation, in [0, 1]
    independent: float  # share right if their errors were independent
    share: float  # measured; nan where it was not
    low: float  # 95% interval
    high: float


class Pair(NamedTuple):
    member: str
    other: str
    correlation: float  # of their errors, in [-1, 1]; nan where one is always right or always wrong


def rows(
    p: float, rho: float, measured: Sequence[tuple[int, float, float, float]] = ()
) -> list[Majority]:
    """1, 3, ... 15 voters, each right with probability p; and all measured (voters, share, low,
    high).
    """
    others = {*range(1, 16, 2)} - {point[0] for point in measured}
    points = sorted([*measured, *((n, nan, nan, nan) for n in others)], key=lambda point: point[0])
    return [
        Majority(n, condorcet(p, n, rho), condorcet(p, n), *interval) for n, *interval in points
    ]


def reading(majorities: Sequence[Majority], p: float, rho: float) -> str:
    """The finding in a sentence: what the largest majority is worth, and the largest that was
    measured.
    """
    if not majorities:
        return "No number of voters is given, so there is no majority to show."
    most = majorities[-1]
    theory = (
        f"Voters right {p:.0%} of the time, error correlation {rho:.2g}: a majority of"
        f" {most.voters} is right {most.expected:.0%} of the time ({most.independent:.0%} if"
        " independent)"
    )
    measured = [one for one in majorities if not isnan(one.share)]
    return (
        f"{theory}; measured with {measured[-1].voters}: {measured[-1].share:.0%}"
        if measured
        else theory
    )


def figure(
    majorities: Sequence[Majority], p: float, rho: float, source: str, title: str = ""
) -> go.Figure:
    """The curve, the same without correlation, the measured points, and lines at one voter and at
    one half.
    """
    voters = [one.voters for one in majorities]
    chart = go.Figure()
    for name, colour, dash, shares in (
        ("majority", BLUE, "solid", [one.expected for one in majorities]),
        ("if independent", SKY, "dash", [one.independent for one in majorities]),
        ("one voter", BLACK, "dot", [p] * len(voters)),
        ("one half", GREY, "dashdot", [0.5] * len(voters)),
    ):
        chart.add_scatter(
            name=name,
            x=voters,
            y=shares,
            mode="lines",
            line={"color": colour, "dash": dash, "width": 2},
            hovertemplate=f"{name}: %{{y:.1%}}, %{{x}} voters<extra></extra>",
        )
    measured = [one for one in majorities if not isnan(one.share)]
    chart.add_scatter(
        name="measured",
        x=[one.voters for one in measured],
        y=[one.share for one in measured],
        mode="markers",
        marker={"size": 10, "color": ORANGE, "line": {"color": BLACK, "width": 1}},
        cliponaxis=False,
        error_y=whiskers((one.share, one.low, one.high) for one in measured),
        hovertemplate="measured: %{y:.1%}, %{x} voters<extra></extra>",
    )
    chart.update_xaxes(
        title_text="voters",
        tick0=1,
        dtick=2 if max(voters, default=1) <= 21 else None,
        tickformat="d",
    )
    chart.update_yaxes(
        title_text="majority right", range=[-0.02, 1.02], tickformat=".0%", zeroline=False
    )
    return dress(chart, title or reading(majorities, p, rho), source, height=280)


def chart(
    p: float, rho: float, source: str, measured: Sequence[tuple[int, float, float, float]] = ()
) -> Chart:
    """The Condorcet curve with its measured points, ready to show."""
    majorities = rows(p, rho, measured)
    return Chart(figure(majorities, p, rho, source), majorities, reading(majorities, p, rho))


def pairs(names: Sequence[str], matrix: ArrayLike) -> list[Pair]:
    """Every two members with the correlation of their errors, from
    `stats.error_correlation(grades)`, shape (n, n).
    """
    square = np.asarray(matrix, float)
    return [
        Pair(names[i], names[j], float(square[i, j])) for i, j in combinations(range(len(names)), 2)
    ]


def heatmap_reading(correlations: Sequence[Pair]) -> str:
    """The finding in a sentence: the mean correlation, and how many independent voters these are
    worth.
    """
    if not correlations:
        return "Errors correlate between two members or more; fewer were measured."
    square = _square(correlations)
    mean, members = mean_correlation(square), len(square)
    if isnan(mean):
        return (
            f"{members} members, but none errs on some items and not on others, so no correlation"
            " is known"
        )
    worth = (
        f"worth {effective_voters(members, mean):.1f} independent voters"
        if mean > 0
        else "they do not err together"
    )
    closest = highest(
        (pair for pair in correlations if not isnan(pair.correlation)),
        lambda pair: pair.correlation,
    )
    return (
        f"{members} members, mean error correlation {mean:.2f}: {worth}; most alike are"
        f" {short(closest.member)} and {short(closest.other)} ({closest.correlation:.2f})"
    )


def heatmap(correlations: Sequence[Pair], source: str, title: str = "") -> go.Figure:
    """Red where two members err on the same items, blue where on others, empty where nothing is
    known.
    """
    square = _square(correlations)
    names = _names(correlations)
    places, step = list(range(len(names))), 1 + len(names) // 16
    hover = [[f"{in_plotly(one)} and {in_plotly(other)}" for other in names] for one in names]
    chart = go.Figure(
        go.Heatmap(
            x=places,
            y=places,
            z=square.tolist(),
            customdata=hover,
            zmin=-1,
            zmax=1,
            xgap=1,
            ygap=1,
            colorscale=[(0, BLUE), (0.5, "#f7f7f7"), (1, RED)],
            texttemplate="%{z:.2f}" if len(names) <= 8 else None,
            colorbar={"thickness": 12, "tickvals": [-1, 0, 1]},
            hovertemplate="%{customdata}: %{z:.2f}<extra></extra>",
            hoverongaps=False,
        )
    )
    chart.update_xaxes(
        tickvals=places[::step],
        ticktext=[str(place + 1) for place in places[::step]],
        ticks="",
        title_text="error correlation with member",
        showgrid=False,
        zeroline=False,
    )
    chart.update_yaxes(
        autorange="reversed",
        tickvals=places,
        showgrid=False,
        zeroline=False,
        ticks="",
        ticklabelstandoff=6,
        ticktext=[f"{place + 1}  {in_plotly(short(name))}" for place, name in enumerate(names)],
    )
    height = 60 + max(16 * len(names), min(50 * len(names), 300))
    return dress(chart, title or heatmap_reading(correlations), source, height)


def heatmap_chart(names: Sequence[str], matrix: ArrayLike, source: str) -> Chart:
    """The correlation of the members' errors, ready to show."""
    correlations = pairs(names, matrix)
    return Chart(heatmap(correlations, source), correlations, heatmap_reading(correlations))


def _names(correlations: Sequence[Pair]) -> list[str]:
    others = (
        1 + isqrt(1 + 8 * len(correlations))
    ) // 2 - 1  # n members make n (n - 1) / 2 pairs, the first n - 1 with the first
    return (
        [correlations[0].member, *(pair.other for pair in correlations[:others])]
        if correlations
        else []
    )


def _square(correlations: Sequence[Pair]) -> np.ndarray:
    """The pairs as a matrix, shape (n, n); nan on the diagonal, for it says nothing."""
    square = np.full((len(_names(correlations)),) * 2, np.nan)
    upper = np.triu_indices(len(square), 1)
    square[upper] = square.T[upper] = [pair.correlation for pair in correlations]
    return square
