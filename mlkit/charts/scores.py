"""Scores: the share of right answers, one line for each way of asking, with its interval and its
cost.
"""

from collections.abc import Sequence
from typing import NamedTuple

import plotly.graph_objects as go

from mlkit.charts.look import BLACK, GREY, MEMBERS, ORANGE, Chart, dollars, dress, whiskers
from mlkit.escaped import in_plotly
from mlkit.measure.stats import wilson


class Score(NamedTuple):
    way: str  # how the member was asked
    member: str
    right: int
    of: int
    low: float  # 95% interval of right/of, in [0, 1]
    high: float
    tokens_per_answer: float
    dollars_per_thousand: float  # answers


def score(
    way: str, member: str, grades: Sequence[bool], tokens: int, dollars_total: float
) -> Score:
    """One line of the chart, from one member's grades on all items and what they took in all."""
    interval = wilson(sum(grades), len(grades))
    each = max(len(grades), 1)
    return Score(
        way,
        member,
        sum(grades),
        len(grades),
        interval.low,
        interval.high,
        tokens / each,
        1000 * dollars_total / each,
    )


def figure(
    scores: Sequence[Score], title: str, source: str, lines: dict[str, float] | None = None
) -> go.Figure:
    """A point with its interval for each way of asking; `lines` are shares to compare with
    ("oracle": 0.9).
    """
    names = [f"{in_plotly(score.member)}, {in_plotly(score.way)}" for score in scores]
    shares = [score.right / max(score.of, 1) for score in scores]
    chart = go.Figure(
        go.Scatter(
            x=shares,
            y=names,
            mode="markers",
            showlegend=False,
            marker={
                "size": 12,
                "color": [MEMBERS.get(score.member, BLACK) for score in scores],
                "line": {"color": GREY, "width": 1},
            },
            error_x=whiskers(
                (share, score.low, score.high) for score, share in zip(scores, shares, strict=True)
            ),
        )
    )
    for score, name in zip(scores, names, strict=True):
        chart.add_annotation(
            x=1.03,
            y=name,
            xanchor="left",
            showarrow=False,
            align="left",
            font={"size": 12},
            text=(
                f"{score.right} of {score.of}<br>{score.tokens_per_answer:.0f} tokens<br>"
                f"{in_plotly(dollars(score.dollars_per_thousand))} per 1,000"
            ),
        )
    for row, (name, share) in enumerate((lines or {}).items()):
        dash = ("dot", "dash", "dashdot")[row % 3]
        chart.add_vline(
            x=share,
            line={"dash": dash, "color": ORANGE if name == "your guess" else BLACK, "width": 1.5},
        )
        chart.add_annotation(
            x=share,
            y=1,
            yref="paper",
            text=in_plotly(name),
            showarrow=False,
            font={"size": 12},
            yanchor="bottom",
            yshift=2 + 15 * row,
            xanchor="center",
        )
    chart.update_xaxes(
        range=[-0.02, 1.55],
        tickvals=[0, 0.25, 0.5, 0.75, 1],
        tickformat=".0%",
        title_text="answered right",
    )
    chart.update_yaxes(autorange="reversed", type="category", ticksuffix="  ")
    dress(chart, title, source, height=70 + 56 * len(scores))
    chart.layout.margin.t += 15 * len(lines or {})
    chart.layout.height += 15 * len(lines or {})
    return chart


def chart(
    scores: Sequence[Score], title: str, source: str, lines: dict[str, float] | None = None
) -> Chart:
    """Scores ready to show; the title says the finding, and is the sentence under the chart."""
    return Chart(figure(scores, title, source, lines), list(scores), title)
