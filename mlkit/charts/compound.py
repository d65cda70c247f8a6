"""Compound accuracy: how often each stage of a pipeline is right, their running product, and the
whole as measured.
"""

from collections.abc import Mapping, Sequence
from math import isnan, nan
from typing import NamedTuple

import plotly.graph_objects as go

from mlkit.charts.look import BLUE, ORANGE, SKY, Chart, dress, short, whiskers
from mlkit.escaped import in_plotly
from mlkit.measure.stats import Interval, compound
from mlkit.ties import exceeds, lowest

NOT_MEASURED = Interval(nan, nan, nan)


class Step(NamedTuple):
    stage: str
    share: float  # right, of this stage alone, in [0, 1]; in the last row, of the whole pipeline
    low: float  # 95% interval of the share
    high: float
    product: float  # of the shares up to here: how often all are right if stages err independently


def rows(stages: Mapping[str, Interval], whole: Interval = NOT_MEASURED) -> list[Step]:
    """One row for each stage in its order, and a last one for the whole; none where no stage was
    measured.
    """
    shares = [stage.share for stage in stages.values()]
    products = [_product(shares[:end]) for end in range(1, len(shares) + 1)]
    steps = [
        Step(name, *stage, product)
        for (name, stage), product in zip(stages.items(), products, strict=True)
    ]
    return [*steps, Step("measured end to end", *whole, products[-1])] if steps else []


def _product(shares: Sequence[float]) -> float:
    return nan if any(map(isnan, shares)) else compound(shares)


def reading(steps: Sequence[Step]) -> str:
    """The finding in a sentence: the product, the weakest stage, and whether the whole does as the
    product says.
    """
    if not steps:
        return "No stage was measured, so there is no product to show."
    *stages, whole = steps
    known = [stage for stage in stages if not isnan(stage.share)]
    if len(known) < len(stages):
        return (
            f"Only {len(known)} of {len(stages)} stages were measured, so their product is not"
            " known"
        )
    weakest = lowest(stages, lambda stage: stage.share)
    count = f"{len(stages)} stage{'s' * (len(stages) > 1)}"
    expected = (
        f"{count}, the weakest {short(weakest.stage)} with {weakest.share:.0%}: "
        f"{whole.product:.0%} right by the product"
    )
    if isnan(whole.share):
        return f"{expected}; not measured end to end"
    how = (
        "more"
        if exceeds(whole.low, whole.product)
        else "less"
        if exceeds(whole.product, whole.high)
        else "in line with that"
    )
    interval = (
        ""
        if isnan(whole.low + whole.high)
        else f" (95% interval {whole.low:.0%} to {whole.high:.0%}), {how}"
    )
    return f"{expected}; measured end to end: {whole.share:.0%}{interval}"


def figure(steps: Sequence[Step], source: str, title: str = "") -> go.Figure:
    """A line for each stage: its own share as a point, the product so far as a bar; last, the whole
    as a bar beside it.
    """
    stages, whole = list(steps[:-1]), list(steps[-1:])
    lines = list(range(len(steps)))
    chart = go.Figure()
    chart.add_bar(
        name="right so far, by the product",
        orientation="h",
        marker={"color": SKY},
        y=lines[:-1],
        x=[step.product for step in stages],
        customdata=[in_plotly(step.stage) for step in stages],
        hovertemplate="%{customdata}: product so far %{x:.1%}<extra></extra>",
    )
    chart.add_scatter(
        name="this stage alone",
        mode="markers",
        marker={"size": 10, "color": BLUE},
        y=lines[:-1],
        x=[step.share for step in stages],
        error_x=whiskers(step[1:4] for step in stages),
        cliponaxis=False,
        customdata=[in_plotly(step.stage) for step in stages],
        hovertemplate="%{customdata}: %{x:.1%} right<extra></extra>",
    )
    chart.add_bar(
        name="measured end to end",
        orientation="h",
        marker={"color": ORANGE},
        y=lines[-1:],
        x=[step.share for step in whole],
        error_x=whiskers(step[1:4] for step in whole),
        hovertemplate="measured end to end: %{x:.1%}<extra></extra>",
    )
    chart.update_xaxes(range=[0, 1.02], tickformat=".0%", title_text="right")
    chart.update_yaxes(
        autorange="reversed",
        tickvals=lines,
        ticktext=[_label(step, step in whole) for step in steps],
        ticklabelstandoff=6,
        showgrid=False,
        zeroline=False,
    )
    return dress(chart, title or reading(steps), source, height=50 + 44 * len(steps))


def _label(step: Step, whole: bool) -> str:
    share = "not measured" if isnan(step.share) else f"{step.share:.0%}"
    so_far = "" if whole or isnan(step.product) else f", {step.product:.0%} so far"
    return f"{in_plotly(short(step.stage))}<br>{share}{so_far}"


def chart(stages: Mapping[str, Interval], source: str, whole: Interval = NOT_MEASURED) -> Chart:
    """The stages and the whole ready to show, each given as a share with its interval:
    `stats.wilson(right, of)`.
    """
    steps = rows(stages, whole)
    return Chart(figure(steps, source), steps, reading(steps))
