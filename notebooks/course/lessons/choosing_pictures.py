"""Notebook 10: the article's claims beside our ranks, and traffic on one server and more."""

from collections.abc import Mapping, Sequence
from itertools import product
from math import inf, isnan, log
from typing import Any, NamedTuple

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from mlkit import ties
from mlkit.charts.look import (
    BLUE,
    GREY,
    ORANGE,
    PALE,
    Chart,
    charted,
    dollars,
    grid,
    seconds,
    short,
)
from mlkit.escaped import in_plotly

CRITERIA = ("cost", "latency", "quality", "complexity")
# Black text is legible on each colour, and the mark says the same without colour.
_VERDICTS = {"agrees": ("✓", "#cfe8f7"), "differs": ("✗", "#f9ddb0"), "no rank": ("–", PALE)}


class Claim(NamedTuple):
    family: str
    criterion: str
    claimed: str  # the article's word
    claimed_rank: str  # among the families, 1 the lowest; "3 to 4" where several have the word
    measured: float  # in the unit of the criterion
    measured_rank: str
    verdict: str  # agrees (a place that the word leaves open is ours), differs, or no rank


def claims(
    claimed: Mapping[str, Sequence[str]],
    measured: Mapping[str, Sequence[float]],
    ranks: Mapping[str, int | None],
) -> list[Claim]:
    """Each family by each of CRITERIA, from the article's words and our values by family.

    ranks: what each word stands for, None for no rank ("variable"). Only families with both, a rank
    and a value, are ranked.
    """
    found = []
    for family, (column, criterion) in product(claimed, enumerate(CRITERIA)):
        words = {name: ranks[line[column]] for name, line in claimed.items()}
        values = {name: line[column] for name, line in measured.items()}
        known = [name for name in claimed if words[name] and not isnan(values[name])]
        theirs, ours, verdict = "", "", "no rank"
        if family in known:
            places = [_places(family, {n: each[n] for n in known}) for each in (words, values)]
            theirs, ours = (" to ".join(map(str, sorted({*both}))) for both in places)
            overlap = max(first for first, _ in places) <= min(last for _, last in places)
            verdict = "agrees" if overlap else "differs"
        word = claimed[family][column]
        found.append(Claim(family, criterion, word, theirs, values[family], ours, verdict))
    return found


def _places(name: str, values: Mapping[str, Any]) -> tuple[int, int]:
    """The first and the last place, from 1 for the lowest, that one shares with its equals."""
    lower = sum(ties.exceeds(values[name], other) for other in values.values())
    return lower + 1, lower + sum(ties.same(values[name], other) for other in values.values())


def claims_reading(cells: Sequence[Claim]) -> str:
    """In how many cells the article and we agree, and on which criterion least."""
    agree: dict[str, list[bool]] = {}
    for cell in cells:
        if cell.verdict != "no rank":
            agree.setdefault(cell.criterion, []).append(cell.verdict == "agrees")
    least = ties.lowest(agree, lambda criterion: sum(agree[criterion]) / len(agree[criterion]))
    return (
        f"The article's rank and ours agree in {sum(map(sum, agree.values()))} of"
        f" {sum(map(len, agree.values()))} cells, least on {least} ({sum(agree[least])} of"
        f" {len(agree[least])})"
    )


def claims_chart(
    claimed: Mapping[str, Sequence[str]],
    measured: Mapping[str, Sequence[float]],
    ranks: Mapping[str, int | None],
    source: str,
) -> Chart:
    """The article's table beside ours: a line for each family, with whether we agree, the article's
    word and rank, and our rank.
    """
    cells = claims(claimed, measured, ranks)
    lines = [cells[n : n + len(CRITERIA)] for n in range(0, len(cells), len(CRITERIA))]
    figure = grid(
        [short(line[0].family) for line in lines],
        CRITERIA,
        z=[[list(_VERDICTS).index(cell.verdict) for cell in line] for line in lines],
        zmin=-0.5,
        zmax=2.5,
        showscale=False,
        colorscale=[
            (edge / 3, colour)
            for n, (_, colour) in enumerate(_VERDICTS.values())
            for edge in (n, n + 1)
        ],
        text=[[_text(cell) for cell in line] for line in lines],
        texttemplate="%{text}",
        textfont={"size": 12, "color": "black"},
        customdata=[
            [f"{in_plotly(cell.family)}: measured {cell.measured:.3g}" for cell in line]
            for line in lines
        ],
        hovertemplate="%{customdata}<br>%{text}<extra></extra>",
    )
    return charted(figure, cells, claims_reading(cells), source, height=30 + 62 * len(lines))


def _text(cell: Claim) -> str:
    ranks = f"theirs {cell.claimed_rank}<br>ours {cell.measured_rank}"
    word, mark = in_plotly(short(cell.claimed, 9)), _VERDICTS[cell.verdict][0]
    return f"{mark} {word}<br>{ranks if cell.measured_rank else cell.verdict}"


_HOURS_PER_MONTH = 365 * 24 / 12


class Load(NamedTuple):
    servers: int
    busy: float  # of their time, by what is asked of them; 1 and more is too much
    p95_wait_seconds: float  # 95% of the requests wait no longer; inf without a steady state
    dollars_per_month: float


def loads(
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
    waits = blocked / (1 - offered / servers * (1 - blocked))  # Erlang C: the share that waits
    return log(waits / 0.05) * service_seconds / (servers - offered) if waits > 0.05 else 0.0


def traffic_reading(loads: Sequence[Load], chosen: int) -> str:
    """The wait and the price with the chosen number of servers."""
    now = loads[chosen - 1]
    name = "1 server" if chosen == 1 else f"{chosen} servers"
    count = f"{name}, {dollars(now.dollars_per_month)} a month"
    if now.p95_wait_seconds == inf:
        return (
            f"{count}: overloaded, no steady state, asked for {now.busy:.0%} of the time there is"
        )
    wait = f"wait at most {_time(now.p95_wait_seconds)}" if now.p95_wait_seconds else "do not wait"
    return f"{count}: 95% of the requests {wait}; busy {now.busy:.0%} of the time"


def _add_bars(figure: go.Figure, rows: Sequence[Load], chosen: int) -> None:
    """Waits and dollars, the chosen number in another colour."""
    bars = {
        "x": [load.servers for load in rows],
        "marker": {"color": [ORANGE if load.servers == chosen else BLUE for load in rows]},
        "showlegend": False,
        "textposition": "outside",
        "textangle": 0,
        "textfont": {"size": 11},
        "cliponaxis": False,
        "constraintext": "none",
        "col": 1,
    }
    written = len(rows) <= 10  # else there is no room
    waits = [load.p95_wait_seconds if load.busy < 1 else None for load in rows]
    figure.add_bar(
        y=waits,
        text=["" if wait is None or not written else _time(wait) for wait in waits],
        row=1,
        customdata=[load.busy for load in rows],
        hovertemplate=(
            "%{x} servers: 95% wait at most %{y:.3~g} s, busy %{customdata:.0%}<extra></extra>"
        ),
        **bars,
    )
    figure.add_bar(
        y=[load.dollars_per_month for load in rows],
        texttemplate="%{y:$.3~s}" if written else None,
        row=2,
        hovertemplate="%{x} servers: %{y:$,.0f} a month<extra></extra>",
        **bars,
    )


def traffic_chart(
    requests_per_day: float,
    service_seconds: float,
    dollars_per_hour: float,
    chosen: int,
    source: str,
) -> Chart:
    """1 to 8 servers, or up to the chosen number: waits above, dollars below; the chosen number in
    another colour, the overloaded hatched.
    """
    rows = loads(requests_per_day, service_seconds, dollars_per_hour, max(8, chosen))
    figure = make_subplots(rows=2, shared_xaxes=True, vertical_spacing=0.1)
    top = 1.2 * max((load.p95_wait_seconds for load in rows if load.busy < 1), default=0)
    top = top or 1.2
    if overloaded := [load.servers for load in rows if load.busy >= 1]:
        hatched = {"shape": "/", "fgcolor": GREY}
        figure.add_bar(
            name="overloaded: no steady state",
            x=overloaded,
            y=[top] * len(overloaded),
            row=1,
            col=1,
            hoverinfo="x+name",
            marker={"color": PALE, "line": {"color": GREY}, "pattern": hatched},
        )
    _add_bars(figure, rows, chosen)
    figure.update_layout(barmode="overlay", showlegend=True)
    figure.update_xaxes(dtick=1 if len(rows) <= 16 else None, tickformat="d")
    figure.update_xaxes(title_text="servers", row=2)
    figure.update_yaxes(title_text="p95 wait, seconds", range=[0, top], row=1)
    most_dollars = 1.2 * rows[-1].dollars_per_month
    figure.update_yaxes(title_text=in_plotly("$ per month"), range=[0, most_dollars], row=2)
    return charted(figure, rows, traffic_reading(rows, chosen), source, height=340)


def _time(wait_seconds: float) -> str:
    if wait_seconds >= 7200:
        return f"{wait_seconds / 3600:,.0f} h"
    return seconds(wait_seconds) if wait_seconds else "0 s"
