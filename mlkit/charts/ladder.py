"""Agreement ladder: what it takes and gives when k of n votes must agree, and all else goes to a
strong model.
"""

from collections.abc import Sequence
from math import nan
from typing import NamedTuple

import numpy as np
import plotly.graph_objects as go
from numpy.typing import ArrayLike
from plotly.subplots import make_subplots

from mlkit.charts.look import BLACK, BLUE, ORANGE, Chart, dollars, dress, whiskers
from mlkit.escaped import in_plotly
from mlkit.measure.stats import break_even_escalation, wilson


class Rung(NamedTuple):
    way: str  # "2 of 3", or the strong model alone
    needed: int  # votes that must agree; 0 for the strong model alone
    escalated: float  # share of the items that the strong model answers, in [0, 1]
    right: float  # share answered right, in [0, 1]
    low: float  # 95% interval of right
    high: float
    dollars_per_thousand: float  # items


def rows(
    agreed: ArrayLike,
    majority_right: ArrayLike,
    strong_right: ArrayLike,
    voters: int,
    cheap_dollars: float,
    strong_dollars: float,
) -> list[Rung]:
    """A rung for each k from 1 to `voters`, and last the strong model alone; none where there are
    no items.

    agreed: votes for the most common answer; majority_right: whether it is right; strong_right:
    whether the strong model is; all (items,). cheap_dollars: of all votes, strong_dollars: of one
    strong answer; both per 1,000 items.
    """
    votes, majority, strong = (
        np.asarray(agreed),
        np.asarray(majority_right, bool),
        np.asarray(strong_right, bool),
    )
    if not votes.size:
        return []
    rungs = []
    for needed in range(1, voters + 1):
        escalated = votes < needed
        right = wilson(int(np.where(escalated, strong, majority).sum()), votes.size)
        share = float(escalated.mean())
        rungs.append(
            Rung(
                f"{needed} of {voters}",
                needed,
                share,
                *right,
                cheap_dollars + share * strong_dollars,
            )
        )
    return [
        *rungs,
        Rung(
            "the strong model alone", 0, 1.0, *wilson(int(strong.sum()), votes.size), strong_dollars
        ),
    ]


def break_even(rungs: Sequence[Rung]) -> float:
    """The share that may be escalated before it costs more than the strong model alone; nan where
    that costs nothing.
    """
    first, strong = rungs[0], rungs[-1].dollars_per_thousand
    return (
        break_even_escalation(
            max(0.0, first.dollars_per_thousand - first.escalated * strong), strong
        )
        if strong
        else nan
    )


def reading(rungs: Sequence[Rung], chosen: int) -> str:
    """The finding in a sentence: the chosen rung beside the strong model alone."""
    if not rungs:
        return "No vote was measured, so there is no agreement to show."
    now, strong = rungs[chosen - 1], rungs[-1]
    return (
        f"{now.way}: {now.escalated:.0%} escalated, {now.right:.0%} right,"
        f" {dollars(now.dollars_per_thousand)} per 1,000; {strong.way}: {strong.right:.0%} right,"
        f" {dollars(strong.dollars_per_thousand)}"
    )


def figure(rungs: Sequence[Rung], chosen: int, source: str, title: str = "") -> go.Figure:
    """Three charts over the votes needed: right, escalated, dollars; lines for the strong model
    alone and break-even.
    """
    chart = make_subplots(rows=3, shared_xaxes=True, vertical_spacing=0.06)
    if rungs:
        _draw(chart, rungs, chosen)
    chart.update_yaxes(title_text="right", range=[-0.03, 1.03], tickformat=".0%", row=1)
    chart.update_yaxes(title_text="escalated", range=[-0.03, 1.03], tickformat=".0%", row=2)
    chart.update_yaxes(title_text=in_plotly("$ per 1,000"), rangemode="tozero", row=3)
    chart.update_xaxes(title_text=f"votes that must agree, of {max(len(rungs) - 1, 0)}", row=3)
    chart.update_xaxes(dtick=1 if len(rungs) <= 16 else None, tickformat="d")
    return dress(chart, title or reading(rungs, chosen), source, height=400)


def _draw(chart: go.Figure, rungs: Sequence[Rung], chosen: int) -> None:
    steps, strong, even = rungs[:-1], rungs[-1], break_even(rungs)
    for row, (field, format, line, name, dash) in enumerate(
        (
            ("right", ".0%", strong.right, strong.way, "dash"),
            (
                "escalated",
                ".0%",
                even,
                f"break-even, {even:.0%} escalated" if even == even else "no break-even",
                "dot",
            ),
            ("dollars_per_thousand", "$.3~g", strong.dollars_per_thousand, strong.way, "dash"),
        ),
        1,
    ):
        chart.add_scatter(
            x=[0.5, len(steps) + 0.5],
            y=[line] * 2,
            name=name,
            mode="lines",
            showlegend=row < 3,
            line={"color": BLACK, "dash": dash, "width": 1.5},
            hovertemplate=f"%{{y:{format}}}",
            row=row,
            col=1,
        )
        values = [getattr(rung, field) for rung in steps]
        hover = f"%{{x}} of {len(steps)}: %{{y:{format}}}<extra></extra>"
        chart.add_scatter(
            x=[rung.needed for rung in steps],
            y=values,
            name="agreement",
            mode="lines+markers",
            line={"color": BLUE},
            marker={"size": 9},
            error_y=(
                whiskers((rung.right, rung.low, rung.high) for rung in steps) if row == 1 else None
            ),
            cliponaxis=False,
            showlegend=False,
            hovertemplate=hover,
            row=row,
            col=1,
        )
        chart.add_scatter(
            x=[chosen],
            y=[values[chosen - 1]],
            name="chosen",
            mode="markers",
            showlegend=row == 1,
            marker={
                "size": 14,
                "color": ORANGE,
                "symbol": "diamond",
                "line": {"color": BLACK, "width": 1},
            },
            hovertemplate=hover,
            row=row,
            col=1,
        )


def chart(rungs: Sequence[Rung], chosen: int, source: str) -> Chart:
    """The ladder with the chosen number of votes marked, ready to show."""
    return Chart(figure(rungs, chosen, source), rungs, reading(rungs, chosen))
