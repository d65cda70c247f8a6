"""The table behind a chart, for those who cannot see it: as text and as HTML."""

import math
from collections.abc import Sequence
from typing import Any, NamedTuple

from mlkit.charts.look import Chart
from mlkit.escaped import in_html, printable


def table_text(chart: Chart) -> str:
    """The sentence, then the rows in columns: for screen readers and stored notebooks."""
    table = [[printable(cell).replace("\n", " ") for cell in row] for row in _table(chart.rows)]
    return "\n".join([printable(chart.reading), "", lined_up(table)])


def lined_up(rows: Sequence[Sequence[str]]) -> str:
    """Rows of cells as columns of text."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )


def table_html(chart: Chart) -> str:
    """The same as a table that opens on a click or on Enter; all text is escaped."""
    return (
        "<div role='status' aria-live='polite' style='line-height:"
        f" 1.4'>{in_html(chart.reading)}</div><details><summary>The numbers behind the"
        f" chart</summary>{rows_html(chart.rows)}</details>"
    )


def rows_html(rows: Sequence[NamedTuple]) -> str:
    """Rows as a table; all text is escaped."""
    head, *body = _table(rows)
    named = "<th scope='col' style='text-align: left; padding-right: 1.5em'>{}</th>"
    value = "<td style='padding-right: 1.5em'>{}</td>"
    lines = [
        "<tr>" + "".join(form.format(in_html(cell)) for cell in row) + "</tr>"
        for form, row in [(named, head), *((value, row) for row in body)]
    ]
    return f"<table>{''.join(lines)}</table>"


def _table(rows: Sequence[NamedTuple]) -> list[list[str]]:
    """The names of the columns, then the values of each row; no column in which nothing stands."""
    if not rows:
        return [["nothing measured"]]
    head = [name.replace("_", " ") for name in rows[0]._fields]
    body = [[_cell(value) for value in row] for row in rows]
    kept = [n for n in range(len(head)) if any(row[n] for row in body)]
    return [[row[n] for n in kept] for row in [head, *body]]


def _cell(value: Any) -> str:
    if not isinstance(value, float):
        return str(value)
    if math.isnan(value):
        return "-"  # where nothing was measured
    return f"{value:,.0f}" if abs(value) >= 999.5 else f"{value:.3g}"
