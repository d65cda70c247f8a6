"""The capstone of notebook 10: a learner's own prompts, the nine patterns on them, and a decision
card to take home.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from course import timings
from mlkit import paths
from mlkit.engines.request import check_prompt
from mlkit.errors import BadPrompt, EngineError, MlkitError
from mlkit.kit import Kit
from mlkit.measure.graders import GRADERS
from mlkit.measure.matrix import Matrix, measure
from mlkit.measure.tasks import Task, TaskError
from mlkit.models import Prices
from mlkit.parsing import quoted
from mlkit.trace import Pattern
from mlkit.widgets import export

if TYPE_CHECKING:
    from mlkit.charts.card import Limits, Way
    from mlkit.charts.look import Chart

MOST = 50
COLUMNS = ("input", "grader", "gold")
_SEPARATOR = re.compile(r'"?sep=([^\w\s"]|\t)"?\n', re.IGNORECASE)  # Excel's own first line


def example() -> Path:
    """Ten prompts to begin with. Copy the file, open it in any spreadsheet, and write your own."""
    return paths.data() / "own_prompts.csv"


def own(prompts: str | Path | Iterable[Any]) -> list[Task]:
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
            f"{len(rows)} prompts in {name} are too many: nine patterns on each would take hours."
            f" Keep {MOST} or fewer."
        )
    return [_task(n, *row) for n, row in enumerate(rows, 1)]


def _lines(file: Path) -> Iterable[tuple[str, Mapping[str, str]]]:
    """Where each row of a CSV file stands, and the row by column. Comma, semicolon or tab, or what
    the first line names (sep=;); a line without any text is none.
    """
    text = _text(file)
    named = _SEPARATOR.match(text)
    above, text = (1, text[named.end() :]) if named else (0, text)
    reader = csv.reader(
        io.StringIO(text, newline=""),
        delimiter=named[1] if named else max(",;\t", key=text.lstrip().partition("\n")[0].count),
        strict=True,
    )
    columns: list[str] = []
    starts = above + 1
    try:
        for cells in reader:
            place, starts = f"{file.name}, line {starts}", above + reader.line_num + 1
            if any(cell.strip() for cell in cells) and not columns:
                columns = [cell.strip().lower() for cell in cells]
                _need_columns(place, columns)
            elif any(cell.strip() for cell in cells[len(columns) :]):
                raise TaskError(
                    f"{place}: it has more cells than the first line. Put a text that holds a comma"
                    " into double quotes."
                )
            elif any(cell.strip() for cell in cells):
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
        found += f" and {len(columns) - 8} more" * (len(columns) > 8)
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
    if grader.lower() not in _GOLDS:
        raise TaskError(
            f"{place}: there is no grader {quoted(grader)}; choose one of {', '.join(_GOLDS)}."
        )
    name, read = _GOLDS[grader.lower()]
    try:
        gold = read(row["gold"])
        problem = GRADERS[name].problem(gold)
    except (ValueError, TypeError, AttributeError, RecursionError):
        problem = f"is {quoted(row['gold'])}, and that is no gold for the grader {grader.lower()}"
    if problem:
        raise TaskError(
            f"{place}: gold {problem}. For {grader.lower()} write, for example: "
            f" {_EXAMPLES[grader.lower()]}"
        )
    return Task(
        f"own-{number:02}",
        "own",
        "own",
        "test",
        prompt,
        name,
        gold,
        {name: value for name, value in row.items() if name not in COLUMNS},
    )


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


# What a learner writes -> the grader of mlkit.measure.graders, and how its gold is read.
_GOLDS: Mapping[str, tuple[str, Callable[[Any], Any]]] = {
    "number": ("number", _typed),
    "text": ("short", lambda gold: {"accept": _texts(gold)}),
    "label": ("short", _label),
    "expression": ("expression", _typed),
    "constraints": ("constraints", _typed),
    "python": ("python", _typed),
}
_EXAMPLES = {
    "number": "27",
    "text": "pump|bike pump",
    "label": "no|yes",
    "expression": "27",
    "constraints": '{"mentions": ["ring"], "max_words": 8}',
    "python": (
        '{"expression": "n * p", "variables": {"n": {"range": [1, 9]}, "p": {"range": [2, 50]}}}'
    ),
}


@dataclass(frozen=True)
class _Kept:
    """A pattern whose every error is one of ours, so that measuring keeps it as a wrong answer and
    goes on.
    """

    pattern: Pattern

    async def run(self, ask: Any, prompt: str) -> Any:
        try:
            return await self.pattern.run(ask, prompt)
        except MlkitError:
            raise
        except Exception as error:
            raise MlkitError(f"{type(error).__name__}: {error}") from error


async def run_nine(kit: Kit, prompts: Sequence[Task], progress: bool = True) -> Matrix:
    """The nine patterns (timings.nine: short answers) on your prompts, with a bar that says how
    much time is left.

    An answer that fails is a wrong one; its cell says why. Raises EngineError where nothing at all
    was answered.
    """
    subjects = {
        name: lambda task, sample, pattern=_Kept(pattern): pattern
        for name, pattern in timings.nine(kit.cast).items()
    }
    measured = await measure(
        kit.ask,
        subjects,
        prompts,
        progress="nine patterns" if progress else "",
        strict=kit.recording,
    )
    errors = [cell.error for row in measured.cells for (cell,) in row]
    if all(errors):
        raise EngineError(
            f"No pattern answered any prompt. {errors[0] if errors else 'There are no prompts.'}"
        )
    return measured


async def own_prompts(kit: Kit, progress: bool = False) -> Matrix:
    """The nine patterns on the ten prompts of data/own_prompts.csv."""
    return await run_nine(kit, own(example()), progress)


def ways(measured: Matrix, prices: Prices) -> list[Way]:
    """The patterns from simple to complex: fewest whole calls a prompt, then fewest different
    instructions, then as listed. Seconds are a server's, all calls of a prompt one after another,
    loading left out.
    """
    every = [_way(measured, name, prices) for name in measured.subjects]
    return sorted(every, key=lambda way: (round(way.calls), way.instructions))


def _way(measured: Matrix, pattern: str, prices: Prices) -> Way:
    from mlkit.charts.card import (
        Way,  # here and below, because drawing takes longer to import than all else
    )

    one, score = measured.of([pattern]), measured.score(pattern, prices)
    instructions = {
        (call.member.system, call.member.shots) for row in one.cells for call in row[0][0].calls
    }
    return Way(
        pattern,
        score.right,
        score.of,
        score.dollars_per_thousand,
        score.seconds,
        score.calls,
        len(instructions),
        tuple(bool(grade) for grade in one.right[:, 0, 0]),
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


def card(choice: str, measured: Sequence[Way], limits: Limits, kit: Kit, reason: str = "") -> Card:
    """The card for a choice among `ways(...)`, with the reason in your own words. Raises ValueError
    for one not measured.
    """
    from mlkit.charts import card as drawn

    made = f"{kit.engine.header.date}, cast {kit.cast.name}, {measured[0].of} prompts, {kit.source}"
    lines = drawn.rows(choice, measured, limits, reason, made)
    return Card(
        drawn.chart(choice, measured, limits, reason, made, kit.source),
        drawn.page(choice, measured, limits, lines),
    )
