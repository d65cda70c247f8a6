"""Decision card: a page to take home. The chosen pattern, the limits, what was measured, and why
the simpler ones fell.
"""

from collections.abc import Sequence
from math import inf
from textwrap import wrap
from typing import NamedTuple

import plotly.graph_objects as go

from mlkit.charts import trade_off
from mlkit.charts.look import BLUE, GREY, INK, ORANGE, PALE, Chart, dollars, seconds
from mlkit.escaped import NO_MATH, in_html, in_plotly, printable
from mlkit.measure.stats import difference, wilson
from mlkit.ties import exceeds

_CELL = "style='text-align: left; vertical-align: top; padding: 2px 12px 2px 0"


class Limits(trade_off.Limits):
    """What is allowed, as a card says it."""

    def __str__(self) -> str:
        said = (
            [f"at most {dollars(self.most_dollars)} per 1,000 prompts"] * (self.most_dollars < inf)
            + [f"at most {seconds(self.most_seconds)} a prompt"] * (self.most_seconds < inf)
            + [f"at least {self.least:.0%} right"] * (self.least > 0)
        )
        return ", ".join(said) or "none"


class Way(NamedTuple):
    """A pattern as it was measured. The first five are what charts/trade_off.py takes."""

    pattern: str
    right: int
    of: int
    dollars_per_thousand: float  # prompts
    seconds: float  # a prompt
    calls: float  # a prompt
    instructions: int  # different ones, which somebody has to write and look after
    grades: tuple[bool, ...]  # prompt by prompt


class Line(NamedTuple):
    about: str
    text: str


def why_not(way: Way, limits: Limits) -> str:
    """Which limits a pattern breaks, and by what; "" where it keeps them all."""
    share, broken = way.right / way.of, []
    if exceeds(way.dollars_per_thousand, limits.most_dollars):
        shown = dollars(way.dollars_per_thousand), dollars(limits.most_dollars)
        broken.append(_beyond(*shown, "more", " per 1,000"))
    if exceeds(way.seconds, limits.most_seconds):
        broken.append(_beyond(seconds(way.seconds), seconds(limits.most_seconds), "more"))
    if exceeds(limits.least, share):
        broken.append(_beyond(f"{share:.0%}", f"{limits.least:.0%}", "less", " right"))
    return "; ".join(broken)


def _beyond(value: str, limit: str, which: str, what: str = "") -> str:
    """A value beyond its limit; where both are the same as they are shown, it says that too."""
    if value == limit:
        return f"a little {which} than {limit}{what}"
    return f"{value}{what} is {which} than {limit}"


def survivors(ways: Sequence[Way], limits: Limits) -> list[Way]:
    """Those that keep every limit, in the order given: from simple to complex, the first is the one
    to take.
    """
    return [way for way in ways if not why_not(way, limits)]


def rows(choice: str, ways: Sequence[Way], limits: Limits, reason: str, made: str) -> list[Line]:
    """What the card says, a line each. `ways` go from simple to complex; `made` says when, with
    what, on what.

    Raises ValueError for a choice that was not measured.
    """
    names = [way.pattern for way in ways]
    if choice not in names:
        raise ValueError(f"{choice!r} was not measured; choose one of {', '.join(names)}")
    chosen, broken = ways[names.index(choice)], why_not(ways[names.index(choice)], limits)
    lines = [
        Line("choice", choice),
        Line("limits", str(limits)),
        Line("measured", _told(chosen)),
        Line("verdict", f"it breaks a limit: {broken}" if broken else "it keeps every limit"),
    ]
    if "single_model" in names and choice != "single_model":
        gain = difference(chosen.grades, ways[names.index("single_model")].grades)
        lines.append(
            Line(
                "against one model",
                gain.points() + ("" if gain.clear else ": these prompts cannot tell the two apart"),
            )
        )
    lines += [
        Line(f"simpler: {way.pattern}", why_not(way, limits) or "it keeps every limit, too")
        for way in ways[: names.index(choice)]
    ]
    return [*lines, *[Line("reason", reason.strip())] * bool(reason.strip()), Line("made", made)]


def _told(way: Way) -> str:
    return (
        f"{way.right} of {way.of} right, {wilson(way.right, way.of)};"
        f" {dollars(way.dollars_per_thousand)} per 1,000 prompts, {seconds(way.seconds)} and"
        f" {way.calls:.1f} call{'s' * (way.calls != 1)} a prompt"
    )


def reading(lines: Sequence[Line]) -> str:
    """The decision in a sentence."""
    said = {line.about: line.text for line in lines}
    return f"Decision card: {said['choice']}; {said['verdict']}"


def figure(
    choice: str, ways: Sequence[Way], limits: Limits, lines: Sequence[Line], source: str
) -> go.Figure:
    """The trade-off with the choice ringed, and below it the lines of the card."""
    points = trade_off.rows([way[:5] for way in ways], limits=limits)
    chart = trade_off.figure(points, source, limits=limits)
    chart.add_scatter(
        name="chosen",
        mode="markers",
        marker={"size": 20, "symbol": "circle-open", "color": ORANGE, "line": {"width": 3}},
        x=[way.dollars_per_thousand for way in ways if way.pattern == choice],
        y=[way.right / way.of for way in ways if way.pattern == choice],
        hoverinfo="skip",
    )
    chart.layout.title.text = f"<b>{in_plotly(f'Decision card: {choice}')}</b>"
    text = [part for line in lines for part in _wrapped(line)]
    below, more = chart.layout.margin.b, 18 * len(text) + 24
    chart.add_annotation(
        text="<br>".join(text),
        xref="paper",
        yref="paper",
        x=0,
        y=0,
        yshift=-below,
        xanchor="left",
        yanchor="top",
        align="left",
        showarrow=False,
        font={"size": 12},
    )
    return chart.update_layout(height=chart.layout.height + more, margin_b=below + more)


def _wrapped(line: Line) -> list[str]:
    first, *more = wrap(printable(f"{line.about}: {line.text}"), 60, subsequent_indent="      ")
    return [
        f"<b>{in_plotly(first[: len(line.about)])}</b>{in_plotly(first[len(line.about) :])}",
        *map(in_plotly, more),
    ]


def page(choice: str, ways: Sequence[Way], limits: Limits, lines: Sequence[Line]) -> str:
    """The card as a piece of HTML that needs nothing else: a picture of each interval in the table.
    All text is escaped.
    """
    said = "".join(
        f"<tr><td {_CELL}; color: {GREY}; white-space: nowrap'>{in_html(line.about)}</td>"
        f"<td {_CELL}'>{in_html(line.text)}</td></tr>"
        for line in lines
    )
    titles = ("pattern", "right, 95% interval", "", "&#36; per 1,000", "seconds", "calls", "limits")
    head = "".join(f"<th {_CELL}'>{title}</th>" for title in titles)
    body = "".join(_row(way, way.pattern == choice, limits) for way in ways)
    return (
        f"<div class='{NO_MATH}' style='background: white; color: {INK};"
        f" border: 1px solid {GREY}; padding: 16px; max-width: 900px; font: 14px/1.45 system-ui,"
        f" sans-serif'><b style='font-size: 20px'>Decision card: {in_html(choice)}</b><table"
        f" style='border-collapse: collapse; margin: 8px 0; color: {INK}'>{said}</table><table"
        f" style='border-collapse: collapse; color: {INK}'><tr>{head}</tr>{body}</table></div>"
    )


def _row(way: Way, chosen: bool, limits: Limits) -> str:
    name = in_html(way.pattern)
    cells = (
        f"<b>{name}</b>" if chosen else name,
        _bar(way, limits, ORANGE if chosen else BLUE),
        f"{way.right}&nbsp;of&nbsp;{way.of}",
        in_html(dollars(way.dollars_per_thousand)),
        seconds(way.seconds),
        f"{way.calls:.1f}",
        in_html(why_not(way, limits) or "kept"),
    )
    return "<tr>" + "".join(f"<td {_CELL}'>{cell}</td>" for cell in cells) + "</tr>"


def _bar(way: Way, limits: Limits, colour: str) -> str:
    """The share, its interval, and where the limit is, on a scale from 0 to 1."""
    share, low, high = wilson(way.right, way.of)
    limit = (
        f"<path d='M{5 + 150 * limits.least:.0f} 0v18' stroke='{INK}' stroke-dasharray='3 2'/>"
        if limits.least > 0
        else ""
    )
    return (
        f"<svg width='160' height='18' viewBox='0 0 160 18' role='img' aria-label='{share:.0%},"
        f" {low:.0%} to {high:.0%}'><path d='M5 9h150' stroke='{PALE}' stroke-width='2'/><path"
        f" d='M{5 + 150 * low:.0f} 9H{5 + 150 * high:.0f}' stroke='{GREY}'"
        f" stroke-width='2'/>{limit}<circle cx='{5 + 150 * share:.0f}' cy='9' r='5'"
        f" fill='{colour}'/></svg>"
    )


def chart(
    choice: str, ways: Sequence[Way], limits: Limits, reason: str, made: str, source: str
) -> Chart:
    """The card as a chart: to show, and to save as a picture."""
    lines = rows(choice, ways, limits, reason, made)
    return Chart(figure(choice, ways, limits, lines, source), lines, reading(lines))
