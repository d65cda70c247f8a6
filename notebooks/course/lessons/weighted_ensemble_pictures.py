"""Notebook 08: what weights decide, and how often every mix of three weights is right."""

from collections.abc import Callable, Sequence
from math import fsum
from typing import NamedTuple

import plotly.graph_objects as go

from mlkit.charts.look import BLACK, MEMBERS, ORANGE, TEMPLATE, Chart, dress, short
from mlkit.escaped import in_plotly
from mlkit.ties import exceeds, highest, ranked, same


class Part(NamedTuple):
    answer: str | None  # None where the member gave none
    member: str
    weight: float  # of all weights, which sum to 1
    score: float
    earned: float  # weight x score


class Mix(NamedTuple):
    first: float  # the three weights, which sum to 1
    second: float
    third: float
    right: float  # share answered right with them, in [0, 1]


def rows(
    answers: Sequence[str | None],
    members: Sequence[str],
    weights: Sequence[float],
    scores: Sequence[float],
) -> list[Part]:
    """What each member's answer earns: one row a member. Weights are 0 or more, one above 0."""
    total = fsum(weights)
    return [
        Part(answer, member, weight / total, score, weight / total * score)
        for answer, member, weight, score in zip(answers, members, weights, scores, strict=True)
    ]


def totals(parts: Sequence[Part]) -> dict[str, float]:
    """What each answer earned, the winner first; among equals, the one given first."""
    earned: dict[str, float] = {}
    for part in parts:
        if part.answer is not None:
            earned[part.answer] = earned.get(part.answer, 0.0) + part.earned
    return dict(ranked(earned.items(), lambda pair: pair[1]))


def reading(parts: Sequence[Part]) -> str:
    """Which answer wins, and whether one weight alone decides."""
    earned = totals(parts)
    if not any(earned.values()):
        return "No answer earned anything, so there is no winner to show."
    winner, most = next(iter(earned.items()))
    tied = sum(same(value, most) for value in earned.values()) > 1
    wins = "ties and, given first, wins" if tied else "wins"
    largest = highest(parts, lambda part: part.weight)
    dictates = f"; {short(largest.member)} dictates: its weight exceeds the rest together"
    alone = exceeds(largest.weight, 0.5)
    return f"{short(winner)} {wins} with {most:.2f}{dictates if alone else ''}"


def figure(parts: Sequence[Part], source: str, title: str = "") -> go.Figure:
    """A bar for each answer, stacked from what its members earned it; the winner is marked."""
    earned, palette = totals(parts), TEMPLATE.layout.colorway
    chart = go.Figure()
    for n, part in enumerate(parts):
        if part.answer is None or not part.earned:
            continue
        chart.add_bar(
            orientation="h",
            y=[list(earned).index(part.answer)],
            x=[part.earned],
            text=[in_plotly(short(part.member))],
            textposition="inside",
            insidetextanchor="middle",
            textangle=0,
            marker_color=MEMBERS.get(part.member, palette[n % len(palette)]),
            marker_line={"color": "white", "width": 2},
            hoverinfo="text",
            hovertext=(
                f"{in_plotly(part.answer)}<br>{in_plotly(part.member)}: weight {part.weight:.2f} x"
                f" score {part.score:.2f} = {part.earned:.2f}"
            ),
            showlegend=False,
        )
    labels = [f"{in_plotly(short(answer))}<br>{total:.2f}" for answer, total in earned.items()]
    if chart.data:
        labels[0] = f"<b>{labels[0]}, wins</b>"
    # A name that does not fit its part is in the hover text.
    chart.update_layout(barmode="stack", uniformtext={"minsize": 11, "mode": "hide"})
    chart.update_xaxes(title_text="weight x score", rangemode="tozero")
    chart.update_yaxes(
        autorange="reversed",
        tickvals=list(range(len(labels))),
        ticktext=labels,
        ticklabelstandoff=6,
        showgrid=False,
    )
    return dress(chart, title or reading(parts), source, height=50 + 44 * len(earned))


def chart(parts: Sequence[Part], source: str) -> Chart:
    """What the weights decided, ready to show."""
    return Chart(figure(parts, source), parts, reading(parts))


def mixes(right: Callable[[float, float, float], float], steps: int = 20) -> list[Mix]:
    """The share right at every mix of three weights in `steps` steps from 0 to 1."""
    grid = (
        (one / steps, two / steps, (steps - one - two) / steps)
        for one in range(steps + 1)
        for two in range(steps + 1 - one)
    )
    return [Mix(*weights, right(*weights)) for weights in grid]


def simplex_reading(grid: Sequence[Mix], present: Mix) -> str:
    """How often the present weights are right, which need not be drawn, and the best drawn."""
    best = highest(grid, lambda mix: mix.right)
    now = f"Weights {_listed(present)}: {present.right:.0%} right"
    if not exceeds(best.right, present.right):
        return f"{now}, and none of the {len(grid)} mixes drawn is better"
    return f"{now}; the best of the {len(grid)} mixes drawn, {_listed(best)}: {best.right:.0%}"


def simplex(
    grid: Sequence[Mix], present: Mix, names: Sequence[str], source: str, title: str
) -> go.Figure:
    """A triangle with one member alone at each corner; mixes are lighter where right more often."""
    colours = {
        "color": [mix.right for mix in grid],
        "colorscale": "Cividis",
        "colorbar": {"thickness": 12, "tickformat": ".0%"},
    }
    diamond = {"symbol": "diamond", "color": ORANGE, "line": {"color": BLACK, "width": 2}}
    chart = go.Figure()
    chart.add_scatter(
        x=[mix.second + mix.third / 2 for mix in grid],
        y=[mix.third for mix in grid],
        name="mix",
        marker={"size": 12, "symbol": "hexagon2", **colours},
        showlegend=False,
        customdata=[(_listed(mix), mix.right) for mix in grid],
        hovertemplate="%{customdata[0]}: %{customdata[1]:.1%} right<extra></extra>",
    )
    chart.add_scatter(
        x=[present.second + present.third / 2],
        y=[present.third],
        name="present weights",
        marker={"size": 16, **diamond},
        hoverinfo="name",
    )
    chart.update_traces(mode="markers", cliponaxis=False)
    corners = ((0, 0, -20, "left"), (1, 0, -20, "right"), (0.5, 1, 14, "center"))
    for (x, y, shift, anchor), name in zip(corners, names, strict=True):
        label = {"text": in_plotly(short(name, 20)), "hovertext": in_plotly(name)}
        chart.add_annotation(x=x, y=y, yshift=shift, xanchor=anchor, showarrow=False, **label)
    chart.update_layout(showlegend=True)
    chart.update_xaxes(visible=False, range=[-0.05, 1.05], constrain="domain")
    chart.update_yaxes(visible=False, range=[-0.16, 1.16], scaleanchor="x", scaleratio=3**0.5 / 2)
    return dress(chart, title, source, height=330)


def _listed(mix: Mix) -> str:
    """The three weights, on one line of a title."""
    return "\u00a0/\u00a0".join(f"{weight:.2g}" for weight in mix[:3])
