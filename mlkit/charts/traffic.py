"""Traffic: how long requests wait and what it costs in a month, for one server and more."""

from collections.abc import Sequence
from math import inf, log
from typing import NamedTuple

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from mlkit.charts.look import BLUE, GREY, ORANGE, PALE, Chart, dollars, dress, seconds
from mlkit.escaped import in_plotly

_HOURS_PER_MONTH = 365 * 24 / 12
_OVERLOADED = "overloaded: no steady state"


class Load(NamedTuple):
    servers: int
    busy: float  # of their time, by what is asked of them; 1 and more is too much
    p95_wait_seconds: (
        float  # 95% of the requests wait no longer for a server; inf without a steady state
    )
    dollars_per_month: float
    state: str  # "steady", or "overloaded: no steady state"


def rows(
    requests_per_day: float, service_seconds: float, dollars_per_hour: float, most: int = 8
) -> list[Load]:
    """1 to `most` servers that share one queue, all paid by the hour whether busy or not."""
    offered = requests_per_day * service_seconds / 86400  # in servers kept busy (erlangs)
    return [
        Load(
            servers,
            offered / servers,
            p95_wait(offered, servers, service_seconds),
            servers * dollars_per_hour * _HOURS_PER_MONTH,
            "steady" if offered < servers else _OVERLOADED,
        )
        for servers in range(1, most + 1)
    ]


def p95_wait(offered: float, servers: int, service_seconds: float) -> float:
    """The wait in seconds that 95% of the requests stay within, in the M/M/k queue; inf where it
    has no steady state.

    P(wait > t) = C exp(-(k - a) t / s): a = `offered` erlangs, k servers, s seconds each, C the
    Erlang C formula (Erlang 1917; Gross & Harris, Fundamentals of Queueing Theory, ch. 2). Requests
    come at random at an even rate all day, and service times are exponential: even service waits
    less, a rush hour more.
    """
    if offered >= servers:
        return inf
    blocked = 1.0  # Erlang B, one server more each round
    for k in range(1, servers + 1):
        blocked = offered * blocked / (k + offered * blocked)
    waits = blocked / (
        1 - offered / servers * (1 - blocked)
    )  # Erlang C: the share of the requests that wait at all
    return log(waits / 0.05) * service_seconds / (servers - offered) if waits > 0.05 else 0.0


def reading(loads: Sequence[Load], chosen: int) -> str:
    """The finding in a sentence: the wait and the price with the chosen number of servers."""
    if not loads:
        return "No number of servers is given, so there is no wait to show."
    now = next(load for load in loads if load.servers == chosen)
    count = (
        f"{now.servers} server{'s' * (now.servers > 1)}, {dollars(now.dollars_per_month)} a month"
    )
    if now.p95_wait_seconds == inf:
        return (
            f"{count}: overloaded, no steady state, asked for {now.busy:.0%} of the time there is"
        )
    wait = f"wait at most {_time(now.p95_wait_seconds)}" if now.p95_wait_seconds else "do not wait"
    return f"{count}: 95% of the requests {wait}; busy {now.busy:.0%} of the time"


def figure(loads: Sequence[Load], chosen: int, source: str, title: str = "") -> go.Figure:
    """Waits above, dollars below, over the number of servers; the chosen one in another colour, the
    overloaded hatched.
    """
    chart = make_subplots(rows=2, shared_xaxes=True, vertical_spacing=0.1)
    top = 1.2 * (
        max((load.p95_wait_seconds for load in loads if load.p95_wait_seconds < inf), default=0.0)
        or 1.0
    )
    if overloaded := [load.servers for load in loads if load.p95_wait_seconds == inf]:
        chart.add_bar(
            name=_OVERLOADED,
            x=overloaded,
            y=[top] * len(overloaded),
            row=1,
            col=1,
            hoverinfo="x+name",
            marker={
                "color": PALE,
                "line": {"color": GREY},
                "pattern": {"shape": "/", "fgcolor": GREY},
            },
        )
    for name, colour in (("chosen", ORANGE), ("other", BLUE)):
        _draw(
            chart,
            [load for load in loads if (load.servers == chosen) == (name == "chosen")],
            name,
            colour,
            len(loads) <= 10,
        )
    chart.update_layout(barmode="overlay", showlegend=True)
    chart.update_xaxes(dtick=1 if len(loads) <= 16 else None, tickformat="d").update_xaxes(
        title_text="servers", row=2
    )
    chart.update_yaxes(title_text="p95 wait, seconds", range=[0, top], row=1)
    dearest = max((load.dollars_per_month for load in loads), default=0.0)
    chart.update_yaxes(title_text=in_plotly("$ per month"), range=[0, 1.2 * dearest or 1], row=2)
    return dress(chart, title or reading(loads, chosen), source, height=340)


def _draw(chart: go.Figure, group: Sequence[Load], name: str, colour: str, written: bool) -> None:
    bars = {
        "name": name,
        "marker": {"color": colour},
        "textposition": "outside",
        "textangle": 0,
        "textfont": {"size": 11},
        "cliponaxis": False,
        "constraintext": "none",
        "col": 1,
        "x": [load.servers for load in group],
    }
    waits = [load.p95_wait_seconds if load.p95_wait_seconds < inf else None for load in group]
    chart.add_bar(
        y=waits,
        text=["" if wait is None or not written else _time(wait) for wait in waits],
        row=1,
        showlegend=False,
        customdata=[load.busy for load in group],
        hovertemplate=(
            "%{x} servers: 95% wait at most %{y:.3~g} s, busy %{customdata:.0%}<extra></extra>"
        ),
        **bars,
    )
    chart.add_bar(
        y=[load.dollars_per_month for load in group],
        texttemplate="%{y:$.3~s}" if written else None,
        row=2,
        showlegend=name == "chosen",
        hovertemplate="%{x} servers: %{y:$,.0f} a month<extra></extra>",
        **bars,
    )


def _time(wait_seconds: float) -> str:
    return (
        "0 s"
        if wait_seconds == 0
        else seconds(wait_seconds)
        if wait_seconds < 7200
        else f"{wait_seconds / 3600:,.0f} h"
    )


def chart(
    requests_per_day: float,
    service_seconds: float,
    dollars_per_hour: float,
    chosen: int,
    source: str,
) -> Chart:
    """Waits and dollars for 1 to 8 servers, or up to the chosen number, which is marked; ready to
    show.
    """
    loads = rows(requests_per_day, service_seconds, dollars_per_hour, max(8, chosen))
    return Chart(figure(loads, chosen, source), loads, reading(loads, chosen))
