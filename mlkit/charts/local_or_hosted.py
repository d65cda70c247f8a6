"""Local or hosted: what the same answers cost on your own machine (by the hour) and on a server (by
the token).
"""

from collections.abc import Sequence
from typing import NamedTuple

import plotly.graph_objects as go

from mlkit.ask import Reply
from mlkit.charts.look import BLUE, GREY, ORANGE, Chart, dollars, dress
from mlkit.escaped import in_plotly
from mlkit.ties import exceeds
from mlkit.trace import Call

_HOURLY = (0.0, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0)


class Cost(NamedTuple):
    dollars_per_hour: float  # of the machine
    local: float  # US dollars per 1,000 runs, by the second
    hosted: float  # US dollars per 1,000 runs, by the token


def rows(
    calls: Sequence[Call], dollars_per_million_tokens: float, dollars_per_hour: float
) -> list[Cost]:
    """Both costs along the price of a machine's hour, the chosen one among them; the model is
    loaded already.
    """
    hourly = sorted({*_HOURLY, dollars_per_hour})
    # Loading happens once, not a thousand times.
    busy_seconds = sum(call.seconds - getattr(call.reply, "load_seconds", 0.0) for call in calls)
    answers = [call.reply for call in calls if isinstance(call.reply, Reply)]
    tokens = sum(reply.prompt_tokens + reply.output_tokens for reply in answers)
    return [
        Cost(
            hour,
            1000 * busy_seconds * hour / 3600,
            1000 * tokens * dollars_per_million_tokens / 1e6,
        )
        for hour in hourly
    ]


def break_even(costs: Sequence[Cost]) -> float:
    """The dollars per hour above which local costs more than hosted."""
    last = costs[-1]
    return last.hosted / last.local * last.dollars_per_hour


def reading(costs: Sequence[Cost], dollars_per_hour: float) -> str:
    now = next(cost for cost in costs if cost.dollars_per_hour == dollars_per_hour)
    if exceeds(now.local, now.hosted):
        times = f", {now.local / now.hosted:.3g} times as much" if now.hosted else ""
        verdict = (
            f"local costs {dollars(now.local)} per 1,000 runs, hosted {dollars(now.hosted)}: local"
            f" is dearer{times}"
        )
    else:
        verdict = (
            f"local costs {dollars(now.local)} per 1,000 runs, hosted {dollars(now.hosted)}: local"
            " is not dearer"
        )
    return (
        f"At {dollars(dollars_per_hour)} an hour {verdict}; they meet at"
        f" {dollars(break_even(costs))} an hour"
    )


def figure(costs: Sequence[Cost], dollars_per_hour: float, source: str) -> go.Figure:
    """Local rises with the price of the hour; hosted does not care. Where they cross, the choice
    turns.
    """
    hours = [cost.dollars_per_hour for cost in costs]
    now = next(cost for cost in costs if cost.dollars_per_hour == dollars_per_hour)
    chart = go.Figure()
    for name, colour, values in (
        ("local", BLUE, [cost.local for cost in costs]),
        ("hosted", ORANGE, [cost.hosted for cost in costs]),
    ):
        chart.add_scatter(
            x=hours,
            y=values,
            name=name,
            mode="lines",
            line={"color": colour, "width": 3},
            showlegend=False,
        )
        chart.add_annotation(
            x=hours[-1],
            y=values[-1],
            text=name,
            font={"color": colour},
            showarrow=False,
            xanchor="right",
            yanchor="bottom",
            yshift=4,
        )
    chart.add_scatter(
        x=[dollars_per_hour] * 2,
        y=[now.local, now.hosted],
        mode="markers",
        name="chosen",
        showlegend=False,
        cliponaxis=False,
        marker={"size": 12, "color": [BLUE, ORANGE], "line": {"color": "white", "width": 2}},
    )
    chart.add_vline(x=dollars_per_hour, line={"color": GREY, "dash": "dot", "width": 1})
    chart.update_xaxes(title_text=in_plotly("price of the machine, $ per hour"), rangemode="tozero")
    chart.update_yaxes(title_text=in_plotly("$ per 1,000 runs"), rangemode="tozero")
    return dress(chart, reading(costs, dollars_per_hour), source, height=260)


def chart(
    calls: Sequence[Call], source: str, dollars_per_million_tokens: float, dollars_per_hour: float
) -> Chart:
    costs = rows(calls, dollars_per_million_tokens, dollars_per_hour)
    return Chart(figure(costs, dollars_per_hour, source), costs, reading(costs, dollars_per_hour))
