"""How all charts look: colours, template, title, footer. Every chart file starts here."""

import math
import textwrap
from collections.abc import Iterable, Sequence
from typing import NamedTuple

import plotly.graph_objects as go

from mlkit.escaped import in_plotly, printable

# Okabe and Ito (2008): eight colours that people with any kind of colour vision tell apart.
BLACK, ORANGE, SKY, GREEN = "#000000", "#E69F00", "#56B4E9", "#009E73"
YELLOW, BLUE, RED, PINK = "#F0E442", "#0072B2", "#D55E00", "#CC79A7"
INK, GREY, PALE = "#1b1f24", "#656c75", "#e3e6ea"
# The same colour for the same thing in every chart.
MEMBERS = {"small": SKY, "large": BLUE, "general": GREEN, "coder": PINK, "writer": ORANGE}
SMALL = {"size": 11, "color": GREY}  # the font of what explains the rest
DOTTED = {"dash": "dot", "color": GREY, "width": 1.5}  # a line to compare with

_FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', sans-serif"
_AXIS = {
    "gridcolor": PALE,
    "zerolinecolor": GREY,
    "linecolor": GREY,
    "automargin": True,
    "title": {"standoff": 8, "font": {"size": 13}},
}
_TOP_LEFT = {"x": 0, "xanchor": "left", "y": 1, "yanchor": "top"}
# A white card with dark ink is legible in Lab's light theme and in its dark one.
TEMPLATE = go.layout.Template(
    layout={
        "font": {"family": _FONT, "size": 13, "color": INK},
        "title": {"font": {"size": 15}, "xref": "container", "yref": "container"} | _TOP_LEFT,
        "colorway": [BLUE, ORANGE, GREEN, PINK, SKY, RED, YELLOW, BLACK],
        "paper_bgcolor": "white",
        "plot_bgcolor": "white",
        "xaxis": _AXIS,
        "yaxis": _AXIS,
        "legend": _TOP_LEFT | {"orientation": "h", "yanchor": "bottom", "traceorder": "normal"},
        "hoverlabel": {"font": {"family": _FONT}, "namelength": -1},  # names whole
        "bargap": 0.35,
    }
)


class Chart(NamedTuple):
    """A figure, the rows it is drawn from, and one sentence that reads it: what a panel shows."""

    figure: go.Figure
    rows: Sequence[NamedTuple]  # their fields name the columns
    reading: str


def dress(figure: go.Figure, title: str, source: str, height: int = 360) -> go.Figure:
    """Give a figure the house template, a title that says the finding, and the source of its data.

    Texts are escaped and wrapped for a cell 500 pixels wide. `height` is without title and footer.
    """
    title_lines = [in_plotly(line) for line in _even_lines(printable(title), 60)]
    source_lines = [in_plotly(line) for line in _even_lines(printable(f"Source: {source}"), 76)]
    above, below = 24 + 20 * len(title_lines) + _legend_height(figure), 62 + 14 * len(source_lines)
    # Plotly hangs one line from its top, but sets several with the first baseline there.
    pad = {"t": 12 if len(title_lines) == 1 else 23, "l": 12}
    figure.update_layout(
        template=TEMPLATE,
        title={"text": "<br>".join(title_lines), "pad": pad},
        autosize=True,
        height=height + above + below,
        margin={"l": 12, "r": 24, "t": above, "b": below},
    )
    below_right = {"x": 1, "xanchor": "right", "y": 0, "yanchor": "top", "yshift": -50}
    paper = {"xref": "paper", "yref": "paper", "align": "right", "showarrow": False, "font": SMALL}
    figure.add_annotation(text="<br>".join(source_lines), **below_right, **paper)
    return figure


def charted(
    figure: go.Figure, rows: Sequence[NamedTuple], reading: str, source: str, height: int = 360
) -> Chart:
    """A figure with its reading as its title, ready to show; otherwise as `dress`."""
    return Chart(dress(figure, reading, source, height), rows, reading)


def _even_lines(text: str, most: int) -> list[str]:
    """A text on as few lines as can be, about equally long, so that no last word stands alone."""
    lines = textwrap.wrap(text, most) or [""]
    for width in range(math.ceil(len(text) / len(lines)), most):
        even = textwrap.wrap(text, width)
        if len(even) == len(lines):
            return even
    return lines


def _legend_height(figure: go.Figure) -> int:
    """Room for the legend above the chart, in pixels, when the cell is 500 pixels wide."""
    shown = [trace.name or "" for trace in figure.data if trace.showlegend is not False]
    if len(shown) < 2 and not figure.layout.showlegend:
        return 6
    widths = [48 + 7 * len(name) for name in shown]
    # what does not fit on one line stands in columns as wide as the widest name
    columns = 400 // max(widths, default=400) if sum(widths) > 400 else len(shown)
    return 8 + 20 * math.ceil(len(shown) / max(1, columns))


def on_hover(text: str) -> str:
    """A text whole, on lines short enough for a box that shows on hover."""
    return "<br>".join(map(in_plotly, textwrap.wrap(printable(text), 50)))


def short(name: str, most: int = 28) -> str:
    """A name for an axis: cut where it would take the room of the chart."""
    return name if len(name) <= most else f"{name[: most - 1]}…"


def whiskers(intervals: Iterable[tuple[float, float, float]], **style: object) -> dict[str, object]:
    """Error bars from (middle, low, high) for each point; none where an end is nan."""
    known = list(intervals)
    return {
        "color": GREY,
        "thickness": 1.5,
        "array": [high - middle for middle, _, high in known],
        "arrayminus": [middle - low for middle, low, _ in known],
    } | style


def seconds(value: float) -> str:
    """Seconds with the digits that matter: 0.042 s, 1.3 s, 95 s."""
    digits = 3 if value < 0.1 else 2 if value < 1 else 1 if value < 60 else 0
    return f"{value:.{digits}f} s"


def dollars(value: float) -> str:
    """Dollars with two digits that matter: $0.0042, $0.30, $12.50."""
    if value >= 0.1 or value == 0:
        return f"${value:,.2f}"
    return f"${value:.2g}" if value >= 0.0001 else f"${value:.1e}"
