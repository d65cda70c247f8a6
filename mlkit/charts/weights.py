"""Weights: what each member adds to each answer's total, and how accuracy changes over all mixes of
three weights.
"""

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
    """What each member's answer earns: one row a member. Weights are 0 or more, and one is above
    0.
    """
    total = fsum(weights)
    return [
        Part(answer, member, weight / total, score, weight / total * score)
        for answer, member, weight, score in zip(answers, members, weights, scores, strict=True)
    ]


def totals(parts: Sequence[Part]) -> dict[str, float]:
    """What each answer earned, the winner first; among equals, the one given first."""
    earned = {part.answer: 0.0 for part in parts if part.answer is not None}
    for part in parts:
        if part.answer is not None:
            earned[part.answer] += part.earned
    return dict(ranked(earned.items(), lambda pair: pair[1]))


def reading(parts: Sequence[Part]) -> str:
    """The finding in a sentence: which answer wins, and whether one weight alone decides."""
    earned = totals(parts)
    if not any(earned.values()):
        return "No answer earned anything, so there is no winner to show."
    winner, most = next(iter(earned.items()))
    tied = sum(same(value, most) for value in earned.values()) > 1
    won = (
        f"{short(winner)} {'ties and, given first,' if tied else ''} wins with {most:.2f}".replace(
            "  ", " "
        )
    )
    largest = highest(parts, lambda part: part.weight)
    if len(parts) == 1 or not exceeds(largest.weight, 0.5):
        return won
    return f"{won}; {short(largest.member)} dictates: its weight exceeds the rest together"


def figure(parts: Sequence[Part], source: str, title: str = "") -> go.Figure:
    """A bar for each answer, stacked from what its members earned it; the winner is marked."""
    earned = totals(parts)
    lines: dict[str | None, int] = {answer: line for line, answer in enumerate(earned)}
    members = list(dict.fromkeys(part.member for part in parts))
    drawn = [part for part in parts if part.earned > 0 and part.answer is not None]
    ends: dict[str | None, float] = dict.fromkeys(earned, 0.0)
    bases = []
    for part in drawn:
        bases.append(ends[part.answer])
        ends[part.answer] += part.earned
    chart = go.Figure(
        go.Bar(
            orientation="h",
            y=[lines[part.answer] for part in drawn],
            x=[part.earned for part in drawn],
            base=bases,
            text=[in_plotly(short(part.member)) for part in drawn],
            textposition="inside",
            insidetextanchor="middle",
            textangle=0,
            marker={
                "color": [_colour(part.member, members) for part in drawn],
                "line": {"color": "white", "width": 2},
            },
            customdata=[
                (in_plotly(part.answer or ""), in_plotly(part.member), part.weight, part.score)
                for part in drawn
            ],
            hovertemplate=(
                "%{customdata[0]}<br>%{customdata[1]}: weight %{customdata[2]:.2f} x score"
                " %{customdata[3]:.2f} = %{x:.2f}<extra></extra>"
            ),
        )
    )
    labels = [f"{in_plotly(short(answer))}<br>{total:.2f}" for answer, total in earned.items()]
    if drawn:
        labels[0] = f"<b>{labels[0]}, wins</b>"
    chart.update_layout(
        uniformtext={"minsize": 11, "mode": "hide"}
    )  # a name that does not fit its part is in the hover text
    chart.update_xaxes(title_text="weight x score", rangemode="tozero")
    chart.update_yaxes(
        autorange="reversed",
        tickvals=list(lines.values()),
        ticktext=labels,
        ticklabelstandoff=6,
        showgrid=False,
    )
    return dress(chart, title or reading(parts), source, height=50 + 44 * len(earned))


def chart(parts: Sequence[Part], source: str) -> Chart:
    """What the weights decided, ready to show."""
    return Chart(figure(parts, source), parts, reading(parts))


def mixes(right: Callable[[float, float, float], float], steps: int = 20) -> list[Mix]:
    """The share right, `right(first, second, third)`, at every mix of three weights in `steps`
    steps from 0 to 1.
    """
    grid = (
        (one / steps, two / steps, (steps - one - two) / steps)
        for one in range(steps + 1)
        for two in range(steps + 1 - one)
    )
    return [Mix(*weights, right(*weights)) for weights in grid]


def simplex_reading(grid: Sequence[Mix], present: Mix) -> str:
    """The finding in a sentence: how often the present weights are right, which need not be among
    those drawn, and the best of these.
    """
    if not grid:
        return "No mix of weights was measured, so there is nothing to compare."
    best = highest(grid, lambda mix: mix.right)
    now = f"Weights {_listed(present[:3])}: {present.right:.0%} right"
    if not exceeds(best.right, present.right):
        return f"{now}, and none of the {len(grid)} mixes drawn is better"
    return f"{now}; the best of the {len(grid)} mixes drawn, {_listed(best[:3])}: {best.right:.0%}"


def simplex(
    grid: Sequence[Mix],
    present: Mix,
    names: Sequence[str],
    source: str,
    title: str = "",
) -> go.Figure:
    """A triangle whose corners are one member alone; each point a mix, lighter where it is right
    more often.
    """
    chart = go.Figure()
    chart.add_scatter(
        x=[_across(mix) for mix in grid],
        y=[mix.third for mix in grid],
        mode="markers",
        name="mix",
        marker={
            "size": 12,
            "symbol": "hexagon2",
            "color": [mix.right for mix in grid],
            "colorscale": "Cividis",
            "colorbar": {"thickness": 12, "tickformat": ".0%"},
        },
        cliponaxis=False,
        showlegend=False,
        customdata=[(_listed(mix[:3]), mix.right) for mix in grid],
        hovertemplate="%{customdata[0]}: %{customdata[1]:.1%} right<extra></extra>",
    )
    chart.add_scatter(
        x=[_across(present)],
        y=[present.third],
        mode="markers",
        name="present weights",
        cliponaxis=False,
        hoverinfo="name",
        marker={
            "size": 16,
            "symbol": "diamond",
            "color": ORANGE,
            "line": {"color": BLACK, "width": 2},
        },
    )
    for x, y, anchor, name in zip(
        (0, 1, 0.5), (0, 0, 1), ("left", "right", "center"), names, strict=True
    ):
        chart.add_annotation(
            x=x,
            y=y,
            yshift=14 if y else -20,
            xanchor=anchor,
            text=in_plotly(short(name, 20)),
            hovertext=in_plotly(name),
            showarrow=False,
        )
    chart.update_layout(showlegend=True)
    chart.update_xaxes(visible=False, range=[-0.05, 1.05], constrain="domain")
    chart.update_yaxes(visible=False, range=[-0.16, 1.16], scaleanchor="x", scaleratio=3**0.5 / 2)
    return dress(chart, title or simplex_reading(grid, present), source, height=330)


def simplex_chart(grid: Sequence[Mix], present: Mix, names: Sequence[str], source: str) -> Chart:
    """All mixes of three members' weights with the present ones marked, ready to show."""
    return Chart(simplex(grid, present, names, source), grid, simplex_reading(grid, present))


def _across(mix: Mix) -> float:
    return mix.second + mix.third / 2


def _listed(weights: Sequence[float]) -> str:
    return "\u00a0/\u00a0".join(
        f"{weight:.2g}" for weight in weights
    )  # stays on one line of a title


def _colour(member: str, members: Sequence[str]) -> str:
    colours = TEMPLATE.layout.colorway
    return MEMBERS.get(member, colours[members.index(member) % len(colours)])
