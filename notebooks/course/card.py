"""Decision card: the chosen pattern, the limits, what was measured, and why simpler ones fell."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import isnan
from pathlib import Path
from textwrap import wrap
from typing import NamedTuple

from course import limits_chart
from course.limits_chart import WORK
from course.ways import Limits, Way, baseline, gain, told, why_not
from mlkit import paths
from mlkit.charts.look import BLUE, GREY, INK, ORANGE, PALE, Chart, dollars, seconds
from mlkit.escaped import NO_MATH, in_html, in_plotly, printable
from mlkit.measure.stats import wilson
from mlkit.ties import exceeds, highest
from mlkit.widgets import export

_CELL = "style='text-align: left; vertical-align: top; padding: 2px 12px 2px 0"
_LINE = 17  # pixels, of a line of text below the picture


class Line(NamedTuple):
    """A line of the card."""

    about: str
    text: str


def rows(
    choice: str,
    ways: Sequence[Way],
    limits: Limits,
    reason: str,
    source: str,
    clock: str = WORK,
) -> list[Line]:
    """What the card says, a line each. `ways` go from simple to complex; `source` says where their
    numbers come from, `clock` which seconds they have.

    Raises ValueError for a choice that was not measured.
    """
    by_name = {way.pattern: way for way in ways}
    if choice not in by_name:
        raise ValueError(f"{choice!r} was not measured; choose one of {', '.join(by_name)}")
    chosen, one = by_name[choice], baseline(ways)
    kept = why_not(chosen, limits)
    lines = [
        Line("choice", choice),
        Line("limits", str(limits)),
        Line("measured", _told(chosen, clock)),
        Line("result", f"it breaks a limit: {kept}" if kept else "it keeps every limit"),
    ]
    low = wilson(chosen.right, chosen.of).low
    if not kept and exceeds(limits.least, low):
        doubt = f"not sure: its share may be as low as {low:.0%}, the limit is {limits.least:.0%}"
        lines.append(Line("how sure", doubt))
    others = [way for way in ways if way is not chosen]
    if chosen is not one:
        lines.append(Line(f"against {one.pattern}", _against(chosen, one)))
    elif others:
        best = highest(others, lambda way: way.right / way.of)
        lines.append(Line(f"given up: {best.pattern}", _against(best, one)))
    for way in ways[: list(by_name).index(choice)]:
        fell = why_not(way, limits) or "it keeps every limit, too"
        lines.append(Line(f"simpler: {way.pattern}", fell))
    if reason.strip():
        lines.append(Line("reason", reason.strip()))
    return [*lines, Line("source", source)]


def _told(way: Way, clock: str) -> str:
    said = (
        f"{way.right} of {way.of} right, {wilson(way.right, way.of)};"
        f" {dollars(way.dollars_per_thousand)} per 1,000 prompts"
    )
    if not isnan(way.seconds):
        said += f", {seconds(way.seconds)} a prompt ({clock})"
    if not isnan(way.calls):
        said += f", {way.calls:.1f} {'call' if way.calls == 1 else 'calls'}"
    return said


def _against(way: Way, one: Way) -> str:
    """What a way gains or loses to one model, and for how many times its cost."""
    said = told(gain(way, one))
    if one.dollars_per_thousand > 0:
        said += f"; {way.dollars_per_thousand / one.dollars_per_thousand:.1f} times the dollars"
    if one.seconds > 0 and not isnan(way.seconds):
        said += f", {way.seconds / one.seconds:.1f} times the seconds"
    return said


def chart(
    choice: str,
    ways: Sequence[Way],
    limits: Limits,
    lines: Sequence[Line],
    source: str,
    clock: str = WORK,
    most: int = 70,
) -> Chart:
    """The limits with the choice marked, and below it the lines of the card: of at most 70 letters
    in a cell of 500 pixels, of 110 in a saved picture.
    """
    title = f"Decision card: {choice}"
    figure = limits_chart.figure(ways, limits, source, clock, choice, title)
    figure.layout.title.text = f"<b>{figure.layout.title.text}</b>"
    text = [part for line in lines if line.about != "source" for part in _wrapped(line, most)]
    margin = figure.layout.margin
    more = _LINE * len(text) + 24
    figure.add_annotation(
        text="<br>".join(text),
        xref="paper",
        yref="paper",
        x=0,
        y=0,
        xshift=12 - margin.l,
        yshift=-margin.b,
        xanchor="left",
        yanchor="top",
        align="left",
        showarrow=False,
        font={"size": 12},
    )
    figure.update_layout(height=figure.layout.height + more, margin_b=margin.b + more)
    result = next(line.text for line in lines if line.about == "result")
    return Chart(figure, lines, f"{title}; {result}")


def _wrapped(line: Line, most: int) -> list[str]:
    first, *more = wrap(printable(f"{line.about}: {line.text}"), most, subsequent_indent="      ")
    about, text = first[: len(line.about)], first[len(line.about) :]
    return [f"<b>{in_plotly(about)}</b>{in_plotly(text)}", *map(in_plotly, more)]


def page(
    choice: str, ways: Sequence[Way], limits: Limits, lines: Sequence[Line], clock: str = WORK
) -> str:
    """The card as HTML that needs nothing else. All text is escaped."""
    said = "".join(
        f"<tr><td {_CELL}; color: {GREY}; white-space: nowrap'>{in_html(line.about)}</td>"
        f"<td {_CELL}'>{in_html(line.text)}</td></tr>"
        for line in lines
    )
    titles = ("pattern", "right, 95% interval", "", "&#36; per 1,000", clock, "limits")
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
        in_html(why_not(way, limits) or "kept"),
    )
    return "<tr>" + "".join(f"<td {_CELL}'>{cell}</td>" for cell in cells) + "</tr>"


def _bar(way: Way, limits: Limits, colour: str) -> str:
    """The share, its interval, and where the limit is, on a scale from 0 to 1."""
    share, low, high = wilson(way.right, way.of)
    limit = ""
    if limits.least > 0:
        limit = (
            f"<path d='M{5 + 150 * limits.least:.0f} 0v18' stroke='{INK}' stroke-dasharray='3 2'/>"
        )
    return (
        f"<svg width='160' height='18' viewBox='0 0 160 18' role='img' aria-label='{share:.0%},"
        f" {low:.0%} to {high:.0%}'><path d='M5 9h150' stroke='{PALE}' stroke-width='2'/><path"
        f" d='M{5 + 150 * low:.0f} 9H{5 + 150 * high:.0f}' stroke='{GREY}'"
        f" stroke-width='2'/>{limit}<circle cx='{5 + 150 * share:.0f}' cy='9' r='5'"
        f" fill='{colour}'/></svg>"
    )


@dataclass(frozen=True)
class Card:
    """A decision card: as a chart for `show`, as a picture with longer lines, and as HTML."""

    chart: Chart
    picture: Chart
    html: str

    def save(self, folder: str | Path = ".", png: bool = True) -> list[Path]:
        """Write decision_card.html, and decision_card.png if wanted, over older ones. Gives their
        paths.

        Raises ExportError where no picture can be drawn; the HTML is written by then. Raises
        WriteError where the folder cannot be written to.
        """
        page = f"<!doctype html><meta charset='utf-8'><title>Decision card</title>{self.html}\n"
        fix = 'Choose another folder:  my_card.save("/another/folder")'
        written = [paths.write(Path(folder) / "decision_card.html", page, fix)]
        if png:
            drawn = export.picture(self.picture.figure)
            written.append(paths.write(Path(folder) / "decision_card.png", drawn, fix))
        return written


def decision_card(
    choice: str,
    ways: Sequence[Way],
    limits: Limits,
    source: str,
    reason: str = "",
    clock: str = WORK,
) -> Card:
    """The card for a choice among ways, with the reason in your own words; `source` says where the
    numbers come from, and `clock` what their seconds are.

    Raises ValueError for one not measured.
    """
    lines = rows(choice, ways, limits, reason, source, clock)
    return Card(
        chart(choice, ways, limits, lines, source, clock),
        chart(choice, ways, limits, lines, source, clock, most=110),
        page(choice, ways, limits, lines, clock),
    )
