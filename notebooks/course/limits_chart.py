"""Who keeps your limits, as a picture: a row for each way, from simple to complex."""

from collections.abc import Callable, Sequence
from math import isnan
from typing import NamedTuple

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from course.ways import Limits, Way, survivors, why_not
from mlkit.charts import look
from mlkit.charts.look import Chart, dollars, dress, on_hover, seconds, short, whiskers
from mlkit.escaped import in_plotly
from mlkit.measure.stats import wilson
from mlkit.ties import exceeds

WORK = "work seconds"
_ALLOWED = "rgba(0, 158, 115, 0.13)"
_TITLES = 34  # pixels above the plots, for what each column shows
_LINE = {"color": look.INK, "dash": "dot", "width": 1.5}
# Row, value, whether it breaks the limit, and where its number stands then.
Mark = tuple[int, float, bool, float]


class Judged(NamedTuple):
    """A way beside the limits."""

    pattern: str
    right: int
    of: int
    share: float  # right/of, in [0, 1]
    low: float  # its 95% interval
    high: float
    dollars_per_thousand: float  # prompts
    seconds: float  # a prompt
    limits: str  # "kept", or which are broken and by what


def limits_rows(ways: Sequence[Way], limits: Limits) -> list[Judged]:
    return [
        Judged(*way[:3], *wilson(way.right, way.of), *way[3:5], why_not(way, limits) or "kept")
        for way in ways
    ]


def limits_reading(ways: Sequence[Way], limits: Limits) -> str:
    """Who is the simplest of those that keep every limit."""
    left = survivors(ways, limits)
    said = f"A{str(limits)[1:]}" if limits != Limits() else "Without a limit"
    if not left:
        return f"{said}: none of {len(ways)} is left. Ease a limit, or automate nothing"
    which = f"the simplest of {len(left)} that are left"
    if len(left) == 1:
        which = f"the only one of {len(ways)} that is left"
    return f"{said}: take {left[0].pattern}, {which}"


def limits_chart(ways: Sequence[Way], limits: Limits, source: str, clock: str = WORK) -> Chart:
    """Dollars, seconds (`clock` says which) and share right of each way. What a limit allows is
    shaded; a cross with its number breaks it; the simplest that keeps all is marked.
    """
    reading = limits_reading(ways, limits)
    taken = next((way.pattern for way in survivors(ways, limits)), "")
    drawn = figure(ways, limits, source, clock, taken, reading)
    return Chart(drawn, limits_rows(ways, limits), reading)


def figure(
    ways: Sequence[Way], limits: Limits, source: str, clock: str, taken: str, title: str
) -> go.Figure:
    """The picture of a limits_chart, with one way marked."""
    drawn = make_subplots(cols=3, shared_yaxes=True, horizontal_spacing=0.07)
    whole = [way.pattern for way in ways]
    prices, waits = [way.dollars_per_thousand for way in ways], [way.seconds for way in ways]
    _add_costs(drawn, 1, whole, prices, limits.most_dollars, dollars)
    _add_costs(drawn, 2, whole, waits, limits.most_seconds, seconds)
    _add_shares(drawn, ways, limits.least)
    drawn.update_xaxes(nticks=4, tickangle=0, zeroline=False, showgrid=False)
    names = [short(way.pattern, 24) for way in ways]
    _name_rows(drawn, names, short(taken, 24))
    dress(drawn, title.replace(" s a prompt", "\xa0s a prompt"), source, height=27 * len(ways))
    _name_columns(
        drawn, ("$ per 1,000<br>prompts", f"{clock}<br>a prompt", "right, with<br>interval")
    )
    return drawn.update_layout(margin_l=48 + round(7.2 * max(map(len, names))))


def _name_rows(figure: go.Figure, names: Sequence[str], taken: str) -> None:
    """The names at the left, the taken one marked, with a band behind its row."""
    shown = [f"<b>▶ {in_plotly(name)}</b>" if name == taken else in_plotly(name) for name in names]
    if taken in names:
        row = names.index(taken)
        figure.add_hrect(
            row - 0.5, row + 0.5, fillcolor=look.ORANGE, opacity=0.2, line_width=0, layer="below"
        )
    bare = {"showgrid": False, "zeroline": False, "automargin": False}
    figure.update_yaxes(tickvals=[*range(len(names))], range=[len(names) - 0.5, -0.5], **bare)
    figure.update_yaxes(ticktext=shown, ticklabelstandoff=6, col=1)


def _name_columns(figure: go.Figure, titles: Sequence[str]) -> None:
    """What each column shows, above it; the axes have no titles below."""
    for column, title in enumerate(titles, 1):
        figure.add_annotation(
            text=in_plotly(title).replace("&lt;br&gt;", "<br>"),
            xref=f"x{column if column > 1 else ''} domain",
            yref="paper",
            x=0,
            y=1,
            xanchor="left",
            yanchor="bottom",
            align="left",
            showarrow=False,
        )
    margin, height = figure.layout.margin, figure.layout.height + _TITLES - 20
    figure.update_layout(margin_t=margin.t + _TITLES, margin_b=margin.b - 20, height=height)
    for note in figure.layout.annotations:
        if note.yshift == -50:  # the source
            note.yshift = -30


def _add_costs(
    figure: go.Figure,
    column: int,
    names: Sequence[str],
    values: Sequence[float],
    most: float,
    shown: Callable[..., str],
) -> None:
    """One cost of each way, and the most of it that is allowed."""
    known = [(row, value) for row, value in enumerate(values) if not isnan(value)]
    end = 1.8 * max([value for _, value in known], default=0) or 1
    figure.update_xaxes(range=[0, end], col=column)
    marks = [(*one, exceeds(one[1], most), one[1]) for one in known]
    _add_marks(figure, column, names, marks, shown)
    _allow(figure, column, 0, min(most, end), most if most < end else None)


def _add_shares(figure: go.Figure, ways: Sequence[Way], least: float) -> None:
    """The share right of each way with its interval, and the least that is allowed."""
    spans = [wilson(way.right, way.of) for way in ways]
    figure.update_xaxes(range=[0, 1.02], tickformat=".0%", col=3)
    figure.add_scatter(
        x=[span.share for span in spans],
        y=[*range(len(ways))],
        mode="markers",
        marker={"size": 1, "color": look.GREY},
        error_x=whiskers(spans, width=3),
        hoverinfo="skip",
        showlegend=False,
        row=1,
        col=3,
    )
    ends = [-1.02 if span.high < 0.65 else -span.low for span in spans]  # at the edge, or left
    marks = [
        (row, span.share, exceeds(least, span.share), end)
        for row, (span, end) in enumerate(zip(spans, ends, strict=True))
    ]
    _add_marks(figure, 3, [way.pattern for way in ways], marks, "{:.0%}".format)
    _allow(figure, 3, least, 1.02, least or None)


def _allow(figure: go.Figure, column: int, low: float, high: float, line: float | None) -> None:
    """Shade what is allowed, with a line at the limit where it can be seen."""
    figure.add_vrect(low, high, col=column, fillcolor=_ALLOWED, line_width=0, layer="below")
    if line is not None:
        figure.add_vline(line, col=column, line=_LINE, layer="below")


def _add_marks(
    figure: go.Figure,
    column: int,
    names: Sequence[str],
    marks: Sequence[Mark],
    shown: Callable[..., str],
) -> None:
    """Points of what keeps the limit; crosses of what breaks it, each with its number: at the right
    of its end, or at the left where the end is negative.
    """
    common = {"cliponaxis": False, "showlegend": False, "row": 1, "col": column}
    for breaks, symbol, colour in ((False, "circle", look.BLUE), (True, "x", look.RED)):
        some = [mark for mark in marks if mark[2] == breaks]
        figure.add_scatter(
            x=[value for _, value, *_ in some],
            y=[row for row, *_ in some],
            mode="markers",
            text=[f"{on_hover(names[row])}: {in_plotly(shown(value))}" for row, value, *_ in some],
            marker={"size": 9, "color": colour, "symbol": symbol},
            hovertemplate="%{text}<extra></extra>",
            **common,
        )
    broken = [mark for mark in marks if mark[2]]
    figure.add_scatter(
        x=[abs(end) for *_, end in broken],
        y=[row for row, *_ in broken],
        mode="text",
        text=[f"\xa0\xa0{in_plotly(shown(value))}\xa0\xa0" for _, value, *_ in broken],
        textposition=["middle left" if end < 0 else "middle right" for *_, end in broken],
        textfont={"size": 11, "color": look.RED},
        hoverinfo="skip",
        **common,
    )
