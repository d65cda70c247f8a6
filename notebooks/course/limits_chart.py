"""Who keeps your limits, as a picture: a row for each way, from simple to complex."""

from collections.abc import Callable, Sequence
from math import inf, isnan, nan
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


class Column(NamedTuple):
    """What one of the three plots shows of each way."""

    title: str
    values: Sequence[tuple[float, float, float]]  # with low and high; nan where nobody measured
    least: float  # that is allowed
    most: float
    end: float  # of the axis
    shown: Callable[[float], str]
    places: Sequence[float]  # where the number of a broken limit stands,
    side: str  # and on which side of that


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
    rows = [
        Judged(*way[:3], *wilson(way.right, way.of), *way[3:5], why_not(way, limits) or "kept")
        for way in ways
    ]
    return Chart(figure(ways, limits, source, clock, taken, reading), rows, reading)


def figure(
    ways: Sequence[Way], limits: Limits, source: str, clock: str, taken: str, title: str
) -> go.Figure:
    """The picture of a limits_chart, with one way marked."""
    prices, waits = [way.dollars_per_thousand for way in ways], [way.seconds for way in ways]
    per_thousand, wait = f"{in_plotly('$ per 1,000')}<br>prompts", f"{in_plotly(clock)}<br>a prompt"
    columns = (
        _cost(per_thousand, prices, limits.most_dollars, dollars),
        _cost(wait, waits, limits.most_seconds, seconds),
        _share(ways, limits.least),
    )
    drawn = make_subplots(cols=3, shared_yaxes=True, horizontal_spacing=0.07)
    for number, column in enumerate(columns, 1):
        _add_marks(drawn, number, column, [way.pattern for way in ways])
        _add_limit(drawn, number, column)
    drawn.update_xaxes(nticks=4, tickangle=0, zeroline=False, showgrid=False)
    drawn.update_xaxes(tickformat=".0%", col=3)
    names = [short(way.pattern, 24) for way in ways]
    _name_rows(drawn, names, short(taken, 24))
    dress(drawn, title.replace(" s a prompt", "\xa0s a prompt"), source, height=27 * len(ways))
    margin, height = drawn.layout.margin, drawn.layout.height
    drawn.layout.annotations[-1].yshift = -30  # the source: there are no titles below the axes
    return drawn.update_layout(
        margin_l=48 + round(7.2 * max(map(len, names))),
        margin_t=margin.t + _TITLES,
        margin_b=margin.b - 20,
        height=height + _TITLES - 20,
    )


def _cost(
    title: str, values: Sequence[float], most: float, shown: Callable[[float], str]
) -> Column:
    """One cost of each way, and the most of it that is allowed."""
    end = 1.8 * max([value for value in values if not isnan(value)], default=0) or 1
    alone = [(value, nan, nan) for value in values]
    return Column(title, alone, 0, most, end, shown, values, "middle right")


def _share(ways: Sequence[Way], least: float) -> Column:
    """The share right of each way. A number stands at the edge, or left of the interval."""
    spans = [wilson(way.right, way.of) for way in ways]
    places = [1.02 if span.high < 0.65 else span.low for span in spans]
    title = "right, with<br>interval"
    return Column(title, spans, least, inf, 1.02, "{:.0%}".format, places, "middle left")


def _name_rows(figure: go.Figure, names: Sequence[str], taken: str) -> None:
    """The names at the left, the taken one marked, with a band behind its row."""
    shown = [f"<b>▶ {in_plotly(name)}</b>" if name == taken else in_plotly(name) for name in names]
    if taken in names:
        row = names.index(taken)
        band = {"fillcolor": look.ORANGE, "opacity": 0.2, "line_width": 0, "layer": "below"}
        figure.add_hrect(row - 0.5, row + 0.5, **band)
    bare = {"showgrid": False, "zeroline": False, "automargin": False}
    figure.update_yaxes(tickvals=[*range(len(names))], range=[len(names) - 0.5, -0.5], **bare)
    figure.update_yaxes(ticktext=shown, ticklabelstandoff=6, col=1)


def _add_marks(figure: go.Figure, number: int, column: Column, names: Sequence[str]) -> None:
    """Points of what keeps the limit; crosses of what breaks it, each with its number."""
    kept: list[int] = []
    broken: list[int] = []
    for row, (value, *_) in enumerate(column.values):
        if exceeds(value, column.most) or exceeds(column.least, value):
            broken.append(row)
        elif not isnan(value):
            kept.append(row)
    said = [in_plotly(column.shown(value)) for value, *_ in column.values]
    common = {"cliponaxis": False, "showlegend": False, "row": 1, "col": number}
    for rows, symbol, colour in ((kept, "circle", look.BLUE), (broken, "x", look.RED)):
        values = [column.values[row] for row in rows]
        figure.add_scatter(
            x=[value for value, *_ in values],
            y=rows,
            mode="markers",
            text=[f"{on_hover(names[row])}: {said[row]}" for row in rows],
            marker={"size": 9, "color": colour, "symbol": symbol},
            error_x=whiskers(values, width=3),
            hovertemplate="%{text}<extra></extra>",
            **common,
        )
    figure.add_scatter(
        x=[column.places[row] for row in broken],
        y=broken,
        mode="text",
        text=[f"\xa0\xa0{said[row]}\xa0\xa0" for row in broken],
        textposition=column.side,
        textfont={"size": 11, "color": look.RED},
        hoverinfo="skip",
        **common,
    )


def _add_limit(figure: go.Figure, number: int, column: Column) -> None:
    """The title; shade what is allowed, with a line at the limit where it can be seen."""
    axis = "x domain" if number == 1 else f"x{number} domain"
    above = {"xref": axis, "yref": "paper", "x": 0, "y": 1, "showarrow": False}
    bottom_left = {"xanchor": "left", "yanchor": "bottom", "align": "left"}
    figure.add_annotation(text=column.title, **above, **bottom_left)
    figure.update_xaxes(range=[0, column.end], col=number)
    shaded = {"fillcolor": _ALLOWED, "line_width": 0, "layer": "below"}
    figure.add_vrect(column.least, min(column.most, column.end), col=number, **shaded)
    limit = column.least or column.most
    if limit < column.end:
        figure.add_vline(limit, col=number, line=_LINE, layer="below")
