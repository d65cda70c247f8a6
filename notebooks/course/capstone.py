"""The capstone of notebook 10: a learner's own prompts, and all patterns on them."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from course import systems
from mlkit import paths
from mlkit.engines.request import check_prompt
from mlkit.errors import BadPrompt, EngineError
from mlkit.kit import Kit
from mlkit.measure.graders import GRADERS
from mlkit.measure.matrix import Matrix, measure
from mlkit.measure.tasks import Task, TaskError
from mlkit.parsing import quoted

MOST = 50
COLUMNS = ("input", "grader", "gold")
_SEPARATOR = re.compile(r'"?sep=([^\w\s"]|\t)"?\n', re.IGNORECASE)  # Excel's own first line


def example() -> Path:
    """Ten prompts to begin with. Copy the file, open it in any spreadsheet, and write your own."""
    return paths.data() / "own_prompts.csv"


def read_prompts(prompts: str | Path | Iterable[Any]) -> list[Task]:
    """Your own prompts as tasks: a CSV file with the columns input, grader and gold, or a list with
    these three in each row.

    gold, by grader: number, expression: 27; text: answers that are right, as pump|bike pump; label:
    the right one before the others, as no|yes; constraints, python: JSON, as in data/tasks. At most
    50. Raises TaskError, with the line that is wrong.
    """
    if not isinstance(prompts, str | Path | Iterable) or isinstance(prompts, bytes):
        raise TaskError(
            f"{quoted(prompts)} is no place of prompts; wanted is the name of a CSV file, as"
            ' "my_prompts.csv", or a list of (input, grader, gold).'
        )
    rows: list[tuple[str, Any]]
    if isinstance(prompts, str | Path):
        rows, name = list(_lines(Path(prompts))), Path(prompts).name
    else:
        rows, name = [(f"row {n}", row) for n, row in enumerate(prompts, 1)], "the list"
    if not rows:
        raise TaskError(
            f"There is no prompt in {name}. Write one a line, with {', '.join(COLUMNS)}."
        )
    if len(rows) > MOST:
        raise TaskError(
            f"{len(rows)} prompts in {name} are too many: all patterns on each would take hours."
            f" Keep {MOST} or fewer."
        )
    return [_task(n, *row) for n, row in enumerate(rows, 1)]


def _lines(file: Path) -> Iterable[tuple[str, Mapping[str, str]]]:
    """Where each row of a CSV file stands, and the row by column. The separator is a comma, a
    semicolon or a tab, or what the first line names (sep=;); a line without any text is none.
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
                _need_columns(place, columns)
            elif any(cell.strip() for cell in cells[len(columns) :]):
                raise TaskError(
                    f"{place}: it has more cells than the first line. Put a text that holds a comma"
                    " into double quotes."
                )
            else:
                yield place, dict(zip(columns, cells, strict=False))
    except csv.Error as error:
        raise TaskError(
            f"{file.name}, line {starts}: {error}. A quoted text ends with a quote; a quote within"
            f" it is doubled; a cell holds at most {csv.field_size_limit():,} characters."
        ) from None


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise TaskError(
            f"{file.name} is no text in UTF-8. Save it from your spreadsheet as:  CSV UTF-8"
        ) from None
    except (OSError, ValueError):  # ValueError: a name that no file can have
        raise TaskError(
            f"There is no file {quoted(str(file))} to read in this folder. Save your CSV file"
            " beside the notebook."
        ) from None


def _need_columns(place: str, columns: Collection[str]) -> None:
    if missing := [name for name in COLUMNS if name not in columns]:
        found = ", ".join(map(quoted, list(columns)[:8]))
        if len(columns) > 8:
            found += f" and {len(columns) - 8} more"
        raise TaskError(
            f"{place}: found {found}; wanted are input, grader and gold. Missing:"
            f" {', '.join(missing)}."
        )


def _task(number: int, place: str, row: Any) -> Task:
    """One row as a task. Raises TaskError with its place and what is wrong."""
    if isinstance(row, Sequence) and not isinstance(row, str) and len(row) == len(COLUMNS):
        row = dict(zip(COLUMNS, row, strict=True))
    if not isinstance(row, Mapping):
        raise TaskError(
            f"{place}: it is {quoted(row)}; wanted is ({', '.join(COLUMNS)}), or a dictionary of"
            " these three."
        )
    _need_columns(place, row)
    texts = (row["input"], row["grader"])
    prompt, grader = (text.strip() if isinstance(text, str) else "" for text in texts)
    if not prompt:
        raise TaskError(f"{place}: the input is empty, or no text. Write the prompt there.")
    try:
        check_prompt(prompt, 0)  # how long it may be depends on who will be asked
    except BadPrompt as error:
        raise TaskError(f"{place}: {error}") from None
    name, gold = _gold(place, grader, row["gold"])
    notes = {name: value for name, value in row.items() if name not in COLUMNS}
    return Task(f"own-{number:02}", "own", "own", "test", prompt, name, gold, notes)


def _gold(place: str, grader: str, gold: Any) -> tuple[str, Any]:
    """The grader of mlkit.measure.graders, and what it takes for right. Raises TaskError."""
    if grader.lower() not in _GRADING:
        raise TaskError(
            f"{place}: there is no grader {quoted(grader)}; choose one of {', '.join(_GRADING)}."
        )
    grader = grader.lower()
    name, read, example = _GRADING[grader]
    try:
        right = read(gold)
        problem = GRADERS[name].problem(right)
    except (ValueError, TypeError, AttributeError, RecursionError):
        problem = f"is {quoted(gold)}, and that is no gold for the grader {grader}"
    if problem:
        raise TaskError(f"{place}: gold {problem}. For {grader} write, for example:  {example}")
    return name, right


def _texts(gold: Any) -> list[str]:
    if not isinstance(gold, str | list | tuple):
        raise TypeError("neither a text nor a list of texts")
    return [text.strip() for text in (gold.split("|") if isinstance(gold, str) else gold)]


def _label(gold: Any) -> dict[str, list[str]]:
    right, *others = _texts(gold)
    if not others:
        raise ValueError("one label is no choice")
    return {"accept": [right], "reject": others}


def _typed(gold: Any) -> Any:
    return json.loads(gold.strip().removeprefix("$")) if isinstance(gold, str) else gold


# What a learner writes -> the kit's grader, how its gold is read, and an example of a gold.
_GRADING: Mapping[str, tuple[str, Callable[[Any], Any], str]] = {
    "number": ("number", _typed, "27"),
    "text": ("short", lambda gold: {"accept": _texts(gold)}, "pump|bike pump"),
    "label": ("short", _label, "no|yes"),
    "expression": ("expression", _typed, "27"),
    "constraints": ("constraints", _typed, '{"mentions": ["ring"], "max_words": 8}'),
    "python": (
        "python",
        _typed,
        '{"expression": "n * p", "variables": {"n": {"range": [1, 9]}, "p": {"range": [2, 50]}}}',
    ),
}


async def run_all(kit: Kit, prompts: Sequence[Task], progress: bool = True) -> Matrix:
    """All patterns (short answers) on your prompts, with a bar that says how much time is left.

    An answer that fails is a wrong one; its cell says why. Raises EngineError where nothing at all
    was answered.
    """
    patterns = systems.for_any_prompt(kit.cast)
    subjects = {name: systems.fixed(pattern) for name, pattern in patterns.items()}
    bar = "all patterns" if progress else ""
    measured = await measure(kit.ask, subjects, prompts, progress=bar, strict=kit.recording)
    errors = [cell.error for row in measured.cells for (cell,) in row]
    if all(errors):
        raise EngineError(
            f"No pattern answered any prompt. {errors[0] if errors else 'There are no prompts.'}"
        )
    return measured


async def own_prompts(kit: Kit, progress: str = "") -> Matrix:
    """All patterns on the ten prompts of data/own_prompts.csv."""
    return await run_all(kit, read_prompts(example()), bool(progress))
