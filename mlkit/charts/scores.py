"""Scores: the share of right answers for each way of asking, with its interval and its cost."""

from collections.abc import Sequence
from typing import NamedTuple

import plotly.graph_objects as go

from mlkit.charts.look import BLACK, GREY, MEMBERS, Chart, charted, dollars, whiskers
from mlkit.escaped import in_plotly


class Score(NamedTuple):
    way: str  # how the member was asked
    member: str
    right: int
    of: int
    low: float  # 95% interval of right/of, in [0, 1]
    high: float
    tokens_per_answer: float
    dollars_per_thousand: float  # answers


def chart(scores: Sequence[Score], title: str, source: str) -> Chart:
    """A point with its interval for each way of asking, and its numbers beside it.

    The title says the finding, and is the sentence under the chart.
    """
    names = [f"{in_plotly(score.member)}, {in_plotly(score.way)}" for score in scores]
    shares = [score.right / max(score.of, 1) for score in scores]
    colours = [MEMBERS.get(score.member, BLACK) for score in scores]
    figure = go.Figure()
    figure.add_scatter(
        x=shares,
        y=names,
        mode="markers",
        showlegend=False,
        marker={"size": 12, "color": colours, "line": {"color": GREY, "width": 1}},
        error_x=whiskers((x, one.low, one.high) for x, one in zip(shares, scores, strict=True)),
    )
    for score, name in zip(scores, names, strict=True):
        price = in_plotly(dollars(score.dollars_per_thousand))
        numbers = [f"{score.right} of {score.of}", f"{score.tokens_per_answer:.0f} tokens"]
        figure.add_annotation(
            text="<br>".join([*numbers, f"{price} per 1,000"]),
            x=1.03,
            y=name,
            xanchor="left",
            align="left",
            showarrow=False,
            font={"size": 12},
        )
    ticks = [0, 0.25, 0.5, 0.75, 1]
    figure.update_xaxes(range=[-0.02, 1.55], tickvals=ticks, tickformat=".0%")
    figure.update_xaxes(title_text="answered right")
    figure.update_yaxes(autorange="reversed", type="category", ticksuffix="  ")
    return charted(figure, list(scores), title, source, height=70 + 56 * len(scores))
