"""Certainty: are answers right as often as models are sure, and what does leaving some out gain?"""

from collections.abc import Sequence
from typing import NamedTuple

import plotly.graph_objects as go

from mlkit.charts.look import BLUE, DOTTED, ORANGE, SMALL, Chart, dress, whiskers
from mlkit.measure import calibration
from mlkit.measure.calibration import Bin, CoveragePoint
from mlkit.measure.stats import wilson
from mlkit.ties import lowest

_LINE = {"mode": "lines", "hoverinfo": "skip"}
_GAP = {"color": ORANGE, "opacity": 0.6}
_COUNTS = {"mode": "text", "textfont": SMALL, "hoverinfo": "skip", "showlegend": False}


class Group(NamedTuple):
    """Answers of like confidence."""

    above: float  # their confidence is above this (the first group holds 0 too)
    to: float  # and at most this
    n: int
    confidence: float  # their mean, in [0, 1]
    share: float  # answered right, in [0, 1]
    low: float  # its 95% interval
    high: float


def reliability_rows(confidence: Sequence[float], right: Sequence[bool]) -> list[Group]:
    """The answers in ten groups of like confidence, those with answers; confidences in [0, 1]."""
    groups = calibration.reliability(confidence, right) if len(confidence) else []
    return [Group(*one[:4], *wilson(round(one.accuracy * one.n), one.n)) for one in groups]


def reliability_figure(groups: Sequence[Group], source: str) -> go.Figure:
    """Points on the diagonal are as sure as right; the calibration error is the mean gap to it."""
    sure, right = [group.confidence for group in groups], [group.share for group in groups]
    gaps = [group.share - group.confidence for group in groups]
    middles = [(group.above + group.to) / 2 for group in groups]
    counts, below = [f"{group.n}" for group in groups], [-0.07] * len(groups)
    chart = go.Figure()
    chart.add_scatter(name="as sure as right", x=[0, 1], y=[0, 1], **_LINE, line=DOTTED)
    chart.add_bar(name="gap", x=sure, y=gaps, base=sure, width=0.02, hoverinfo="skip", marker=_GAP)
    chart.add_scatter(
        name="answers",
        x=sure,
        y=right,
        mode="markers",
        marker={"size": 10, "color": BLUE},
        cliponaxis=False,
        error_y=whiskers((group[4:] for group in groups), color=None, thickness=1.3, width=3),
        customdata=[(group.n, group.low, group.high) for group in groups],
        hovertemplate=(
            "%{customdata[0]} answers, sure of %{x:.0%}, right %{y:.0%} "
            "(95% interval %{customdata[1]:.0%} to %{customdata[2]:.0%})<extra></extra>"
        ),
    )
    chart.add_scatter(name="number of answers", x=middles, y=below, text=counts, **_COUNTS)
    said = "confidence (small numbers: answers in each group)"
    chart.update_xaxes(title_text=said, tickformat=".0%", range=[-0.02, 1.02])
    chart.update_yaxes(title_text="answered right", tickformat=".0%")
    chart.update_yaxes(range=[-0.13, 1.05], tickvals=[0, 0.25, 0.5, 0.75, 1])
    return dress(chart, reliability_reading(groups), source, height=320)


def reliability_reading(groups: Sequence[Group]) -> str:
    """How sure the answers are on average, how often right, and the calibration error."""
    if not groups:
        return "No answer came with a confidence, so there is nothing to compare."
    n = sum(group.n for group in groups)
    sure = sum(group.n * group.confidence for group in groups) / n
    right = sum(group.n * group.share for group in groups) / n
    error = calibration.calibration_error([Bin(*group[:5]) for group in groups])
    return (
        f"Sure of {sure:.0%} on average, right in {right:.0%} of {n}: calibration error (ECE)"
        f" {error:.2f}"
    )


def reliability_chart(confidence: Sequence[float], right: Sequence[bool], source: str) -> Chart:
    """How sure answers are against how often they are right, ready to show."""
    groups = reliability_rows(confidence, right)
    return Chart(reliability_figure(groups, source), groups, reliability_reading(groups))


def coverage_figure(covered: Sequence[CoveragePoint], source: str) -> go.Figure:
    """To the right ever less sure answers are given; the shaded area is the mean share wrong."""
    chart = go.Figure()
    if covered:
        # Each step is as high as the risk at its right end.
        stair = [covered[0]._replace(coverage=0.0), *covered]
        chart.add_scatter(
            name="surest first",
            x=[row.coverage for row in stair],
            y=[row.risk for row in stair],
            mode="lines",
            line={"color": BLUE, "width": 2.5, "shape": "vh"},
            fill="tozeroy",
            fillcolor="rgba(0, 114, 178, 0.15)",
            customdata=[row.threshold for row in stair],
            hovertemplate=(
                "answering %{x:.0%}, confidence %{customdata:.2f} or more: %{y:.0%}"
                " wrong<extra></extra>"
            ),
        )
        level = [covered[-1].risk] * 2
        chart.add_scatter(name="in any order", x=[0, 1], y=level, **_LINE, line=DOTTED)
    said = "share answered, the surest first"
    chart.update_xaxes(title_text=said, tickformat=".0%", range=[-0.04, 1.02])
    chart.update_yaxes(title_text="wrong among the answered", tickformat=".0%", rangemode="tozero")
    return dress(chart, coverage_reading(covered), source, height=280)


def coverage_reading(covered: Sequence[CoveragePoint]) -> str:
    """How many are wrong when all are answered, and when about half are."""
    if not covered:
        return "No answer came with a confidence, so none can be left out."
    everything, half = covered[-1], lowest(covered, lambda row: abs(row.coverage - 0.5))
    if len(covered) == 1:
        return (
            f"All answers are equally sure, so no threshold parts them: {everything.risk:.0%} wrong"
        )
    return (
        f"Answering all, {everything.risk:.0%} are wrong; only the surest {half.coverage:.0%},"
        f" {half.risk:.0%} (area under the curve {calibration.area_under(covered):.2f})"
    )


def coverage_chart(confidence: Sequence[float], right: Sequence[bool], source: str) -> Chart:
    """How many answers are wrong as only the surest are given, ready to show."""
    covered = calibration.risk_coverage(confidence, right) if len(confidence) else []
    return Chart(coverage_figure(covered, source), covered, coverage_reading(covered))
