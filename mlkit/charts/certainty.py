"""Certainty: what does it gain to leave the least sure answers out?"""

from collections.abc import Sequence

import plotly.graph_objects as go

from mlkit.charts.look import BLUE, DOTTED, Chart, charted
from mlkit.measure import calibration
from mlkit.measure.calibration import CoveragePoint
from mlkit.ties import lowest


def coverage_reading(covered: Sequence[CoveragePoint]) -> str:
    """How many are wrong when all are answered, and when about half are."""
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
    """How many answers are wrong as only the surest are given: to the right ever less sure ones;
    the shaded area is the mean share wrong. One or more answers, confidences in [0, 1].
    """
    covered = calibration.risk_coverage(confidence, right)
    # Each step is as high as the risk at its right end.
    stair = [covered[0]._replace(coverage=0.0), *covered]
    chart = go.Figure()
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
    chart.add_scatter(
        name="in any order",
        x=[0, 1],
        y=[covered[-1].risk] * 2,
        mode="lines",
        hoverinfo="skip",
        line=DOTTED,
    )
    said = "share answered, the surest first"
    chart.update_xaxes(title_text=said, tickformat=".0%", range=[-0.04, 1.02])
    chart.update_yaxes(title_text="wrong among the answered", tickformat=".0%", rangemode="tozero")
    return charted(chart, covered, coverage_reading(covered), source, height=280)
