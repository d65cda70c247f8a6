"""How much a notebook asks of its reader, counted on the main path: what one has to read in order.

Cells with one of the tags `deeper`, `home` and `exercise` do not count: what goes deeper, what is
taken home, and the stubs and solutions of exercises. An exercise after the main path is tagged
`deeper` as well.
"""

import ast
import re
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import nbformat

OFF_THE_PATH = {"deeper", "home", "exercise"}


class Counts(NamedTuple):
    """What is counted, or the most of it that is allowed."""

    minutes: int  # by the formula
    words: int
    code: int  # lines that are not empty, imports and comments too
    imports: int  # lines
    longest_cell: int  # lines, of any code cell but those to take home
    widest_line: int  # characters, of any code cell


LIMITS = Counts(35, 1200, 90, 10, 20, 100)
LIMITS_OF_10 = Counts(45, 1600, 120, 10, 20, 100)


def limits_of(notebook: Path) -> Counts:
    return LIMITS_OF_10 if notebook.name.startswith("10_") else LIMITS


class Counted(NamedTuple):
    """A notebook's counts, and two numbers that have no limit of their own."""

    counts: Counts
    cells: int
    exercises: int


def minutes(words: int, code: int, exercises: int) -> int:
    """What a fresh reader takes: 50 words or 15 lines of code a minute, 4 minutes an exercise."""
    return round(words / 50 + code / 15 + 4 * exercises)


def count(notebook: Path) -> Counted:
    cells = nbformat.read(notebook, as_version=4).cells
    path = [cell for cell in cells if not OFF_THE_PATH & _tags(cell)]
    words = sum(len(_words(cell.source)) for cell in path if cell.cell_type == "markdown")
    sources = [cell.source for cell in path if cell.cell_type == "code"]
    code, exercises = sum(map(lines, sources)), sum(map(_is_exercise, cells))
    everywhere = [cell for cell in cells if cell.cell_type == "code"]
    counts = Counts(
        minutes(words, code, exercises),
        words,
        code,
        sum(map(_import_lines, sources)),
        max(lines(cell.source) for cell in everywhere if "home" not in _tags(cell)),
        max(len(line) for cell in everywhere for line in cell.source.splitlines()),
    )
    return Counted(counts, len(path), exercises)


def lines(source: str) -> int:
    return sum(bool(line.strip()) for line in source.splitlines())


def table(counted: dict[str, Counted]) -> str:
    """All of it, a line for each notebook."""
    head = (*Counts._fields, *Counted._fields[1:])
    rows = [(name, *one.counts, *one[1:]) for name, one in counted.items()]
    width = max(len(name) for name in counted)
    return "\n".join(
        f"{name:<{width}}  "
        + "  ".join(f"{value:>{len(field)}}" for value, field in zip(row, head))
        for name, *row in [("", *(field.replace("_", " ") for field in head)), *rows]
    )


def _tags(cell: nbformat.NotebookNode) -> set[str]:
    return set(cell.metadata.get("tags", ()))


def _words(markdown: str) -> Sequence[str]:
    """Words as they are read: no tags, no addresses of links, no marks that stand alone."""
    text = re.sub(r"<[^>]*>|\]\([^)]*\)", " ", markdown)
    return [word for word in text.split() if re.search(r"\w", word)]


def _is_exercise(cell: nbformat.NotebookNode) -> bool:
    """Whether it checks an answer, and is not after the main path."""
    checks = cell.cell_type == "code" and re.search(r"^check\(", cell.source, re.MULTILINE)
    return bool(checks) and not {"deeper", "home"} & _tags(cell)


def _import_lines(source: str) -> int:
    found = [node for node in ast.walk(ast.parse(source)) if isinstance(node, _IMPORTS)]
    return sum((node.end_lineno or 0) - node.lineno + 1 for node in found)


_IMPORTS = (ast.Import, ast.ImportFrom)
