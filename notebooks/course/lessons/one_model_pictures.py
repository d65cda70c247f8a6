"""The pictures of notebook 01: prompts side by side, draws of tasks, what examples do."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
import plotly.graph_objects as go

from mlkit.ask import Member
from mlkit.charts.look import BLACK, BLUE, GREY, MEMBERS, ORANGE, Chart, charted, dollars, whiskers
from mlkit.escaped import in_plotly
from mlkit.measure.matrix import Matrix
from mlkit.models import list_prices
from mlkit.widgets.told import Told

DRAWS = 200


@dataclass(frozen=True, repr=False)
class SideBySide:
    """What members are told, beside each other, or below each other where there is no room."""

    told: Sequence[Told]

    def _repr_html_(self) -> str:
        column = "<div style='flex: 1 1 320px; min-width: 0'>{}</div>"
        columns = "".join(column.format(one.html(opened=True)) for one in self.told)
        return f"<div style='display: flex; flex-wrap: wrap; gap: 24px'>{columns}</div>"

    def __repr__(self) -> str:
        return "\n\n".join(map(repr, self.told))


def side_by_side(prompt: str, **members: Member) -> SideBySide:
    """What each member is told, under the name of its way."""
    ways = {name.replace("_", " "): member for name, member in members.items()}
    return SideBySide([Told(replace(one, name=way), prompt) for way, one in ways.items()])


class Drawn(NamedTuple):
    """What came of drawing so many tasks, again and again."""

    tasks: int
    draws: int
    middle: float  # the share right of all tasks, in [0, 1]
    low: float  # 95% of the draws lie from here
    high: float  # to here


def drawn_shares(right: Sequence[bool], tasks: int) -> np.ndarray:
    """The share right in each of DRAWS draws of so many tasks, each put back: (DRAWS,)."""
    chosen = np.random.default_rng(1).integers(len(right), size=(DRAWS, tasks))
    return np.asarray(right, float)[chosen].mean(axis=1)


def drawn(right: Sequence[bool], tasks: int) -> Drawn:
    low, high = np.percentile(drawn_shares(right, tasks), [2.5, 97.5])
    return Drawn(tasks, DRAWS, float(np.mean(right)), float(low), float(high))


def draws_chart(right: Sequence[bool], name: str, source: str) -> Chart:
    """How far the share right scatters in draws of 8 tasks, and of as many as there are."""
    rows = [drawn(right, tasks) for tasks in (8, len(right))]
    figure = go.Figure()
    for row, colour in zip(rows, (ORANGE, BLUE), strict=True):
        _row_of_draws(figure, row, drawn_shares(right, row.tasks), colour)
    figure.update_xaxes(title_text="share right in a draw", tickformat=".0%", range=[-0.03, 1.03])
    labels = [f"{row.tasks} tasks" for row in rows]
    figure.update_yaxes(tickvals=[1, 0], ticktext=labels, range=[-0.45, 1.75], showgrid=False)
    figure.update_yaxes(zeroline=False)
    few, all_of_them = (f"{row.low:.0%} to {row.high:.0%}" for row in rows)
    title = (
        f"{name}, drawn {DRAWS} times: 95% of the draws of 8 tasks lie from {few},"
        f" of {len(right)} tasks from {all_of_them}"
    )
    return charted(figure, rows, title, source, height=250)


def _row_of_draws(figure: go.Figure, row: Drawn, shares: np.ndarray, colour: str) -> None:
    """Each draw a dot, equal ones stacked; below them a bar over the middle 95%."""
    floor = 1.0 if row.tasks == 8 else 0.0
    places, counts = np.unique(shares.round(6), return_counts=True)
    heights = [floor + 0.65 * (n + 0.5) / counts.max() for count in counts for n in range(count)]
    figure.add_scatter(
        x=np.repeat(places, counts),
        y=heights,
        mode="markers",
        marker={"size": 4, "color": colour},
        showlegend=False,
        hovertemplate=f"a draw of {row.tasks} tasks: %{{x:.0%}} right<extra></extra>",
    )
    ends = {"x": [row.low, row.high], "y": [floor - 0.1] * 2}
    figure.add_scatter(
        **ends, mode="lines", line={"color": colour, "width": 6}, showlegend=False, hoverinfo="skip"
    )


class Score(NamedTuple):
    way: str  # how the member was asked
    member: str
    right: int
    of: int
    low: float  # 95% interval of right/of, in [0, 1]
    high: float
    tokens_per_answer: float
    dollars_per_thousand: float  # answers


def score_chart(scores: Sequence[Score], title: str, source: str) -> Chart:
    """A point with its interval for each way of asking, its numbers beside it; `title` reads it."""
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


def examples_chart(sums: Matrix, count: int, source: str) -> Chart:
    """Both sizes with so many examples, beside step by step."""
    rows = []
    for size in ("small", "large"):
        for subject, way in (("prose", "step by step"), (str(count), "expression")):
            one = sums.score(f"{size}, {subject}", list_prices())
            took = one.tokens, one.dollars_per_thousand
            rows.append(Score(way, size, one.right, one.of, *one.interval[1:], *took))
    small, large = (row for row in rows if row.way == "expression")
    lost = [
        sum(answer is None for answer in sums.of([f"{size}, {count}"]).answers[:, 0, 0])
        for size in ("small", "large")
    ]
    title = (
        f"Examples sent along, {count}: small {small.right} of {small.of}, large {large.right} of"
        f" {large.of} right; cannot be worked out: {lost[0]} and {lost[1]}"
    )
    chart = score_chart(rows, title, source)
    chart.figure.update_yaxes(showgrid=False)  # it would run through the numbers at the right
    return chart
