"""CSV files as spreadsheets write them: each row by its columns, with the place where it stands."""

import codecs
import csv
import io
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from mlkit.measure.tasks import TaskError
from mlkit.parsing import quoted

_SEPARATOR = re.compile(r'"?sep=([^\w\s"]|\t)"?\n', re.IGNORECASE)  # Excel's own first line


def table_of(
    given: str | Path | Iterable[Any], columns: Collection[str], wrong: str
) -> tuple[str, list[tuple[str, Mapping[str, Any]]]]:
    """What a table is called, and its rows by column, each with its place: of a CSV file, or of a
    list. Raises TaskError for a row that has not all columns; `wrong` says what is no table.
    """
    rows: Iterable[tuple[str, Any]]
    if isinstance(given, str | Path):
        name, rows = Path(given).name, _rows_of(Path(given), columns)
    elif isinstance(given, Iterable) and not isinstance(given, bytes):
        name, rows = "the list", ((f"row {n}", row) for n, row in enumerate(given, 1))
    else:
        raise TaskError(f"{quoted(given)} {wrong}")
    return name, [(place, _by_column(place, row, columns)) for place, row in rows]


def _by_column(place: str, row: Any, columns: Collection[str]) -> Mapping[str, Any]:
    if isinstance(row, Sequence) and not isinstance(row, str) and len(row) == len(columns):
        row = dict(zip(columns, row, strict=True))
    if not isinstance(row, Mapping):
        raise TaskError(
            f"{place}: it is {quoted(row)}; wanted is ({', '.join(columns)}), or a dictionary of"
            " these."
        )
    _need_columns(place, row, columns)
    return row


def _rows_of(file: Path, wanted: Collection[str]) -> Iterator[tuple[str, Mapping[str, str]]]:
    """Where each row of a CSV file stands, and the row by column; a line without any text is none.

    UTF-8 or UTF-16. The separator is a comma, a semicolon or a tab, or what the first line names
    (sep=;). Raises TaskError, with the line that is wrong.
    """
    text = _text(file)
    named = _SEPARATOR.match(text)
    above, text = (1, text[named.end() :]) if named else (0, text)
    first_line = text.lstrip().partition("\n")[0]
    separator = named[1] if named else max(",;\t", key=first_line.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    columns: list[str] = []
    starts = above + 1
    try:
        for cells in reader:
            place, starts = f"{file.name}, line {starts}", above + reader.line_num + 1
            if not any(cell.strip() for cell in cells):
                continue
            if not columns:
                columns = [cell.strip().lower() for cell in cells]
                _need_columns(place, columns, wanted)
            elif any(cell.strip() for cell in cells[len(columns) :]):
                raise TaskError(
                    f"{place}: it has more cells than the first line. Put a cell that holds"
                    f" {_SPOKEN.get(separator, repr(separator))} into double quotes."
                )
            else:
                yield place, dict(zip(columns, cells, strict=False))
    except csv.Error as error:
        raise TaskError(
            f"{file.name}, line {starts}: {error}. A quoted text ends with a quote; a quote within"
            f" it is doubled; a cell holds at most {csv.field_size_limit():,} characters."
        ) from None


_SPOKEN = {",": "a comma, a decimal comma too,", ";": "a semicolon", "\t": "a tab"}


def _need_columns(place: str, columns: Collection[str], wanted: Collection[str]) -> None:
    if missing := [name for name in wanted if name not in columns]:
        found = ", ".join(map(quoted, list(columns)[:8]))
        if len(columns) > 8:
            found += f" and {len(columns) - 8} more"
        *first, last = wanted
        raise TaskError(
            f"{place}: found {found}; wanted are {', '.join(first)} and {last}. Missing:"
            f" {', '.join(missing)}."
        )


def _text(file: Path) -> str:
    try:
        data = file.read_bytes()
    except (OSError, ValueError):  # ValueError: a name that no file can have
        raise TaskError(
            f"There is no file {quoted(str(file))} to read in this folder. Save your CSV file"
            " beside the notebook."
        ) from None
    try:
        return data.decode(_encoding(data)).replace("\r\n", "\n").replace("\r", "\n")
    except UnicodeDecodeError:
        raise TaskError(
            f"{file.name} is no text in UTF-8 or UTF-16. Save it from your spreadsheet as:  CSV"
            " UTF-8"
        ) from None


def _encoding(data: bytes) -> str:
    """UTF-16 where a mark says so, or every other byte of a western text is 0; else UTF-8."""
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    odd, even = data[1::2].count(0), data[::2].count(0)
    if 3 * max(odd, even) > len(data) > 1:  # of text with only a few letters beyond Latin
        return "utf-16-le" if odd > even else "utf-16-be"
    return "utf-8-sig"
