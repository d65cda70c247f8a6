"""Scores: the share of right answers for each way of asking, with its interval and its cost."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import plotly.graph_objects as go

from mlkit.charts.look import BLACK, GREY, MEMBERS, ORANGE, Chart, charted, dollars, whiskers
from mlkit.escaped import in_plotly
from mlkit.measure.stats import wilson

_LINE_HEIGHT = 15  # pixels, of the names above the lines to compare with


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
    right, of = sum(grades), len(grades)
    each = max(of, 1)
    interval = wilson(right, of)[1:]
    return Score(way, member, right, of, *interval, tokens / each, 1000 * dollars_total / each)


def chart(
    scores: Sequence[Score], title: str, source: str, lines: Mapping[str, float] | None = None
) -> Chart:
    """A point with its interval for each way of asking, and its numbers beside it; `lines` are
    shares to compare with ("oracle": 0.9).

    The title says the finding, and is the sentence under the chart.
    """
    lines = lines or {}
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
        _note(
            figure, [*numbers, f"{price} per 1,000"], x=1.03, y=name, xanchor="left", align="left"
        )
    for n, (name, share) in enumerate(lines.items()):
        _compare_with(figure, name, share, n)
    ticks = [0, 0.25, 0.5, 0.75, 1]
    figure.update_xaxes(range=[-0.02, 1.55], tickvals=ticks, tickformat=".0%")
    figure.update_xaxes(title_text="answered right")
    figure.update_yaxes(autorange="reversed", type="category", ticksuffix="  ")
    shown = charted(figure, list(scores), title, source, height=70 + 56 * len(scores))
    figure.layout.margin.t += _LINE_HEIGHT * len(lines)
    figure.layout.height += _LINE_HEIGHT * len(lines)
    return shown


def _compare_with(chart: go.Figure, name: str, share: float, n: int) -> None:
    """The n-th line to compare with, from top to bottom; its name stands in a row of its own."""
    colour = ORANGE if name == "your guess" else BLACK
    dash = ("dot", "dash", "dashdot")[n % 3]
    chart.add_vline(x=share, line={"dash": dash, "color": colour, "width": 1.5})
    place = {"yref": "paper", "yanchor": "bottom", "yshift": 2 + _LINE_HEIGHT * n}
    _note(chart, [in_plotly(name)], x=share, y=1, xanchor="center", **place)


def _note(chart: go.Figure, texts: Sequence[str], **place: object) -> None:
    chart.add_annotation(text="<br>".join(texts), showarrow=False, font={"size": 12}, **place)
