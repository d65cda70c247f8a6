"""Decision card: the chosen pattern, the limits, what was measured, and why simpler ones fell."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
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


@dataclass(frozen=True)
class DecisionCard:
    """The card for a choice among ways, which go from simple to complex: as a chart for `show`, as
    a picture with longer lines, and as HTML. Raises ValueError for a choice that was not measured.
    """

    choice: str
    ways: Sequence[Way]
    limits: Limits
    source: str  # where the numbers come from
    reason: str = ""  # in your own words
    clock: str = WORK  # what the seconds are

    def __post_init__(self) -> None:
        names = [way.pattern for way in self.ways]
        if self.choice not in names:
            raise ValueError(f"{self.choice!r} was not measured; choose one of {', '.join(names)}")

    @cached_property
    def lines(self) -> list[Line]:
        """What the card says, a line each."""
        limits, place = self.limits, [way.pattern for way in self.ways].index(self.choice)
        chosen, one = self.ways[place], baseline(self.ways)
        kept = why_not(chosen, limits)
        lines = [
            Line("choice", self.choice),
            Line("limits", str(limits)),
            Line("measured", _told(chosen, self.clock)),
            Line("result", f"it breaks a limit: {kept}" if kept else "it keeps every limit"),
        ]
        low = wilson(chosen.right, chosen.of).low
        if not kept and exceeds(limits.least, low):
            doubt = f"its share may be as low as {low:.0%}, the limit is {limits.least:.0%}"
            lines.append(Line("how sure", f"not sure: {doubt}"))
        others = [way for way in self.ways if way is not chosen]
        if chosen is not one:
            lines.append(Line(f"against {one.pattern}", _against(chosen, one)))
        elif others:
            best = highest(others, lambda way: way.right / way.of)
            lines.append(Line(f"given up: {best.pattern}", _against(best, one)))
        for way in self.ways[:place]:
            fell = why_not(way, limits) or "it keeps every limit, too"
            lines.append(Line(f"simpler: {way.pattern}", fell))
        if self.reason.strip():
            lines.append(Line("reason", self.reason.strip()))
        return [*lines, Line("source", self.source)]

    @cached_property
    def chart(self) -> Chart:
        return self._drawn(70)  # letters in a line of a cell 500 pixels wide

    @cached_property
    def picture(self) -> Chart:
        return self._drawn(110)

    def _drawn(self, most: int) -> Chart:
        """The limits with the choice marked, and below it the lines of the card."""
        title, lines = f"Decision card: {self.choice}", self.lines
        figure = limits_chart.figure(
            self.ways, self.limits, self.source, self.clock, self.choice, title
        )
        figure.layout.title.text = f"<b>{figure.layout.title.text}</b>"
        text = [part for line in lines if line.about != "source" for part in _wrapped(line, most)]
        margin = figure.layout.margin
        more = _LINE * len(text) + 24
        paper = {"xref": "paper", "yref": "paper", "x": 0, "y": 0, "showarrow": False}
        hung = {"xanchor": "left", "yanchor": "top", "align": "left", "font": {"size": 12}}
        below = {"xshift": 12 - margin.l, "yshift": -margin.b}
        figure.add_annotation(text="<br>".join(text), **paper, **hung, **below)
        figure.update_layout(height=figure.layout.height + more, margin_b=margin.b + more)
        result = next(line.text for line in lines if line.about == "result")
        return Chart(figure, lines, f"{title}; {result}")

    @property
    def html(self) -> str:
        """The card as HTML that needs nothing else. All text is escaped."""
        said = "".join(
            f"<tr><td {_CELL}; color: {GREY}; white-space: nowrap'>{in_html(line.about)}</td>"
            f"<td {_CELL}'>{in_html(line.text)}</td></tr>"
            for line in self.lines
        )
        titles = ("pattern", "right, 95% interval", "", "&#36; per 1,000", self.clock, "limits")
        head = "".join(f"<th {_CELL}'>{title}</th>" for title in titles)
        body = "".join(_row(way, way.pattern == self.choice, self.limits) for way in self.ways)
        return (
            f"<div class='{NO_MATH}' style='background: white; color: {INK};"
            f" border: 1px solid {GREY}; padding: 16px; max-width: 900px; font: 14px/1.45"
            " system-ui, sans-serif'><b style='font-size: 20px'>Decision card:"
            f" {in_html(self.choice)}</b><table style='border-collapse: collapse; margin: 8px 0;"
            f" color: {INK}'>{said}</table><table style='border-collapse: collapse;"
            f" color: {INK}'><tr>{head}</tr>{body}</table></div>"
        )

    def save(self, folder: str | Path = ".", png: bool = True) -> list[Path]:
        """Write decision_card.html, and decision_card.png if wanted, over older ones; gives their
        paths. Raises ExportError where no picture can be drawn; the HTML is written by then. Raises
        WriteError where the folder cannot be written to.
        """
        page = f"<!doctype html><meta charset='utf-8'><title>Decision card</title>{self.html}\n"
        fix = 'Choose another folder:  my_card.save("/another/folder")'
        file = paths.write(Path(folder) / "decision_card.html", page, fix)
        if not png:
            return [file]
        drawn = export.picture(self.picture.figure)
        return [file, paths.write(file.with_suffix(".png"), drawn, fix)]


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


def _wrapped(line: Line, most: int) -> list[str]:
    first, *more = wrap(printable(f"{line.about}: {line.text}"), most, subsequent_indent="      ")
    about, text = first[: len(line.about)], first[len(line.about) :]
    return [f"<b>{in_plotly(about)}</b>{in_plotly(text)}", *map(in_plotly, more)]


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
    middle, left, right, limit = (5 + 150 * end for end in (share, low, high, limits.least))
    line = f"<path d='M{limit:.0f} 0v18' stroke='{INK}' stroke-dasharray='3 2'/>"
    return (
        f"<svg width='160' height='18' viewBox='0 0 160 18' role='img' aria-label='{share:.0%},"
        f" {low:.0%} to {high:.0%}'><path d='M5 9h150' stroke='{PALE}' stroke-width='2'/><path"
        f" d='M{left:.0f} 9H{right:.0f}' stroke='{GREY}' stroke-width='2'/>"
        f"{line if limits.least > 0 else ''}"
        f"<circle cx='{middle:.0f}' cy='9' r='5' fill='{colour}'/></svg>"
    )
