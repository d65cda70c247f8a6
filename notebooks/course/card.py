"""Decision card: the chosen pattern, the limits, what was measured, and why simpler ones fell."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from textwrap import wrap
from typing import NamedTuple

from mlkit import paths
from mlkit.charts import trade_off
from mlkit.charts.look import BLUE, GREY, INK, ORANGE, PALE, Chart, dollars, seconds
from mlkit.charts.trade_off import Limits
from mlkit.escaped import NO_MATH, in_html, in_plotly, printable
from mlkit.kit import Kit
from mlkit.measure.matrix import Matrix
from mlkit.measure.stats import difference, wilson
from mlkit.models import Prices
from mlkit.ties import exceeds
from mlkit.widgets import export

_CELL = "style='text-align: left; vertical-align: top; padding: 2px 12px 2px 0"
_LINE = 18  # pixels, of a line of text below the picture


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


def ways(measured: Matrix, prices: Prices) -> list[Way]:
    """The patterns from simple to complex: fewest whole calls a prompt, then fewest different
    instructions, then as listed. Seconds are a server's, all calls of a prompt one after another,
    loading left out.
    """
    every = [_way(measured, name, prices) for name in measured.subjects]
    return sorted(every, key=lambda way: (round(way.calls), way.instructions))


def _way(measured: Matrix, pattern: str, prices: Prices) -> Way:
    one, score = measured.of([pattern]), measured.score(pattern, prices)
    calls = [call for row in one.cells for call in row[0][0].calls]
    return Way(
        pattern,
        score.right,
        score.of,
        score.dollars_per_thousand,
        score.seconds,
        score.calls,
        len({(call.member.system, call.member.shots) for call in calls}),
        tuple(bool(grade) for grade in one.right[:, 0, 0]),
    )


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
    """Those that keep every limit, from simple to complex: the first is the one to take."""
    return [way for way in ways if not why_not(way, limits)]


class Line(NamedTuple):
    """A line of the card."""

    about: str
    text: str


def rows(choice: str, ways: Sequence[Way], limits: Limits, reason: str, made: str) -> list[Line]:
    """What the card says, a line each. `ways` go from simple to complex; `made` says when, with
    what, on what.

    Raises ValueError for a choice that was not measured.
    """
    by_name = {way.pattern: way for way in ways}
    if choice not in by_name:
        raise ValueError(f"{choice!r} was not measured; choose one of {', '.join(by_name)}")
    chosen, broken = by_name[choice], why_not(by_name[choice], limits)
    lines = [
        Line("choice", choice),
        Line("limits", str(limits)),
        Line("measured", _told(chosen)),
        Line("verdict", f"it breaks a limit: {broken}" if broken else "it keeps every limit"),
    ]
    if "single_model" in by_name and choice != "single_model":
        gain = difference(chosen.grades, by_name["single_model"].grades)
        doubt = "" if gain.clear else ": these prompts cannot tell the two apart"
        lines.append(Line("against one model", gain.points() + doubt))
    for way in ways[: list(by_name).index(choice)]:
        kept = why_not(way, limits) or "it keeps every limit, too"
        lines.append(Line(f"simpler: {way.pattern}", kept))
    if reason.strip():
        lines.append(Line("reason", reason.strip()))
    return [*lines, Line("made", made)]


def _told(way: Way) -> str:
    calls = "call" if way.calls == 1 else "calls"
    return (
        f"{way.right} of {way.of} right, {wilson(way.right, way.of)};"
        f" {dollars(way.dollars_per_thousand)} per 1,000 prompts, {seconds(way.seconds)} and"
        f" {way.calls:.1f} {calls} a prompt"
    )


def chart(
    choice: str, ways: Sequence[Way], limits: Limits, lines: Sequence[Line], source: str
) -> Chart:
    """The trade-off with the choice ringed, and below it the lines of the card."""
    points = trade_off.rows([way[:5] for way in ways], limits=limits)
    figure = trade_off.figure(points, source, limits=limits)
    figure.add_scatter(
        name="chosen",
        mode="markers",
        marker={"size": 20, "symbol": "circle-open", "color": ORANGE, "line": {"width": 3}},
        x=[way.dollars_per_thousand for way in ways if way.pattern == choice],
        y=[way.right / way.of for way in ways if way.pattern == choice],
        hoverinfo="skip",
    )
    figure.layout.title.text = f"<b>{in_plotly(f'Decision card: {choice}')}</b>"
    text = [part for line in lines for part in _wrapped(line)]
    below, more = figure.layout.margin.b, _LINE * len(text) + 24
    figure.add_annotation(
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
    figure.update_layout(height=figure.layout.height + more, margin_b=below + more)
    verdict = next(line.text for line in lines if line.about == "verdict")
    return Chart(figure, lines, f"Decision card: {choice}; {verdict}")


def _wrapped(line: Line) -> list[str]:
    first, *more = wrap(printable(f"{line.about}: {line.text}"), 60, subsequent_indent="      ")
    about, text = first[: len(line.about)], first[len(line.about) :]
    return [f"<b>{in_plotly(about)}</b>{in_plotly(text)}", *map(in_plotly, more)]


def page(choice: str, ways: Sequence[Way], limits: Limits, lines: Sequence[Line]) -> str:
    """The card as HTML that needs nothing else. All text is escaped."""
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
    """A decision card: as a chart for `show`, and as HTML."""

    chart: Chart
    html: str

    def save(self, folder: str | Path = ".", png: bool = True) -> list[Path]:
        """Write decision_card.html, and decision_card.png if wanted, over older ones. Gives their
        paths.

        Raises ExportError where no picture can be drawn; the HTML is written by then. Raises
        WriteError where the folder cannot be written to.
        """
        file = paths.write(
            Path(folder) / "decision_card.html",
            f"<!doctype html><meta charset='utf-8'><title>Decision card</title>{self.html}\n",
            'Choose another folder:  my_card.save("/another/folder")',
        )
        return [file, export.save(self.chart, file.with_suffix(".png"))] if png else [file]


def decision_card(
    choice: str, measured: Sequence[Way], limits: Limits, kit: Kit, reason: str = ""
) -> Card:
    """The card for a choice among `ways(...)`, with the reason in your own words.

    Raises ValueError for one not measured.
    """
    made = f"{kit.engine.header.date}, cast {kit.cast.name}, {measured[0].of} prompts, {kit.source}"
    lines = rows(choice, measured, limits, reason, made)
    return Card(
        chart(choice, measured, limits, lines, kit.source), page(choice, measured, limits, lines)
    )
