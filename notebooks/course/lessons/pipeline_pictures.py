"""The picture of notebook 02: how the shares right of stages compound."""

from collections.abc import Mapping, Sequence
from itertools import accumulate
from operator import mul
from typing import NamedTuple

import plotly.graph_objects as go

from mlkit.charts.look import BLUE, ORANGE, SKY, Chart, dress, short, whiskers
from mlkit.escaped import in_plotly
from mlkit.measure.stats import Interval, wilson


def stages_chart(grades: Mapping[str, Sequence[bool]], whole: Sequence[bool], source: str) -> Chart:
    """How often the first stages are right, by their grades, their product, and the totals."""
    shares = {name: wilson(sum(some), len(some)) for name, some in grades.items()}
    steps = rows(shares, of_all := wilson(int(sum(whole)), len(whole)))
    said = f"Product of two stages {steps[-1].product:.0%}; measured end to end {of_all}"
    return Chart(figure(steps, said, source), steps, said)


class Step(NamedTuple):
    stage: str
    share: float  # right, of this stage alone, in [0, 1]; in the last row, of the whole pipeline
    low: float  # 95% interval of the share
    high: float
    product: float  # of the shares up to here: how often all are right if stages err independently


def rows(stages: Mapping[str, Interval], whole: Interval) -> list[Step]:
    """One row for each stage in its order, and a last one for the whole."""
    products = accumulate((stage.share for stage in stages.values()), mul)
    steps = [Step(name, *stages[name], far) for name, far in zip(stages, products, strict=True)]
    return [*steps, Step("measured end to end", *whole, steps[-1].product)]


def figure(steps: Sequence[Step], title: str, source: str) -> go.Figure:
    """A line for each stage: its share as a point, the product so far as a bar; last, the whole."""
    stages, whole = steps[:-1], steps[-1:]
    lines, names = list(range(len(steps))), [in_plotly(step.stage) for step in stages]
    chart = go.Figure()
    chart.add_bar(
        name="right so far, by the product",
        orientation="h",
        marker={"color": SKY},
        y=lines[:-1],
        x=[step.product for step in stages],
        customdata=names,
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
        customdata=names,
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
    labels = [_label(step, step in whole) for step in steps]
    chart.update_xaxes(range=[0, 1.02], tickformat=".0%", title_text="right")
    chart.update_yaxes(autorange="reversed", tickvals=lines, ticktext=labels, ticklabelstandoff=6)
    chart.update_yaxes(showgrid=False, zeroline=False)
    return dress(chart, title, source, height=50 + 44 * len(steps))


def _label(step: Step, whole: bool) -> str:
    so_far = "" if whole else f", {step.product:.0%} so far"
    return f"{in_plotly(short(step.stage))}<br>{step.share:.0%}{so_far}"
