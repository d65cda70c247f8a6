"""The capstone of notebook 10: a learner's own prompts, and all patterns on them."""

import inspect
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from course import systems
from course.spreadsheet import table_of
from mlkit import paths
from mlkit.engines.request import check_prompt
from mlkit.errors import BadPrompt, EngineError, NotRecorded, SettingError, Unparsed
from mlkit.kit import Kit
from mlkit.measure.graders import GRADERS
from mlkit.measure.matrix import Matrix, measure
from mlkit.measure.tasks import Task, TaskError
from mlkit.parsing import label_in, quoted
from mlkit.trace import Runnable

MOST = 50
COLUMNS = ("input", "grader", "gold")
ON_RECORDINGS = (
    "On recordings there are answers to the ten prompts of data/own_prompts.csv, and only to what"
    " the nine ask. Nothing is wrong with yours: they need a live model. The line under the first"
    " cell says how; then give kit in the place of kit.recorded. Or count by hand, and use your"
    " counts."
)


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
    wrong = (
        "is no place of prompts; wanted is the name of a CSV file, as"
        ' "my_prompts.csv", or a list of (input, grader, gold).'
    )
    name, rows = table_of(prompts, COLUMNS, wrong)
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


def _task(number: int, place: str, row: Mapping[str, Any]) -> Task:
    texts = (row["input"], row["grader"])
    prompt, grader = (text.strip() if isinstance(text, str) else "" for text in texts)
    if not prompt:
        raise TaskError(f"{place}: the input is empty, or no text. Write the prompt there.")
    try:
        check_prompt(prompt, 0)  # how long it may be depends on who will be asked
    except BadPrompt as error:
        raise TaskError(f"{place}: {error}") from None
    name, gold = _gold(place, grader, row["gold"])
    labels, gold = (tuple(gold), gold[0]) if name == "label" else ((), gold)
    return Task(f"own-{number:02}", "own", "own", "test", prompt, name, gold, labels=labels)


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
        problem = GRADERS[name].problem(right) if name in GRADERS else ""
    except (Unparsed, ValueError, TypeError, AttributeError, RecursionError):
        problem = f"is {quoted(gold)}, and that is no gold for the grader {grader}"
    if problem:
        raise TaskError(f"{place}: gold {problem}. For {grader} write, for example:  {example}")
    return name, right


def _texts(gold: Any) -> list[str]:
    if not isinstance(gold, str | list | tuple):
        raise TypeError("neither a text nor a list of texts")
    return [text.strip() for text in (gold.split("|") if isinstance(gold, str) else gold)]


def _labels(gold: Any) -> list[str]:
    labels = _texts(gold)
    if not 1 < len(labels) <= MOST or [label_in(text, labels) for text in labels] != labels:
        raise Unparsed("one label is no choice, nor are two that are the same")
    return labels


def _typed(gold: Any) -> Any:
    return json.loads(gold.strip().removeprefix("$")) if isinstance(gold, str) else gold


# What a learner writes -> the kit's grader, how its gold is read, and an example of a gold.
_GRADING: Mapping[str, tuple[str, Callable[[Any], Any], str]] = {
    "number": ("number", _typed, "2.5"),
    "text": ("short", lambda gold: {"accept": _texts(gold)}, "pump|bike pump"),
    "label": ("label", _labels, "no|yes"),
    "expression": ("expression", _typed, "2.5"),
    "constraints": ("constraints", _typed, '{"mentions": ["ring"], "max_words": 8}'),
    "python": (
        "python",
        _typed,
        '{"expression": "n * p", "variables": {"n": {"range": [1, 9]}, "p": {"range": [2, 50]}}}',
    ),
}


def _need_pattern(name: str, pattern: Any, taken: Iterable[str]) -> None:
    """Raises SettingError for what cannot be run beside the nine."""
    problem = ""
    if name in taken:
        problem = "has the name of one of the nine. Give it another."
    elif isinstance(pattern, type):
        problem = f"is a class. Give one of it:  {pattern.__name__}(...)"
    elif not callable(pattern) and not hasattr(pattern, "run"):
        problem = f"is {quoted(pattern)}. Give an async function (ask, prompt), or what has a run."
    elif inspect.isroutine(run := getattr(pattern, "run", pattern)):
        waits = inspect.iscoroutinefunction(run)
        problem = "" if waits else "does not wait for its calls. Write:  async def"
    if problem:
        raise SettingError(f"Your pattern {quoted(name)} {problem}")


async def run_all(
    kit: Kit,
    prompts: Sequence[Task],
    progress: bool = True,
    own: Mapping[str, Runnable] | None = None,
) -> Matrix:
    """All patterns (short answers) on your prompts, and beside them your own, by name: each an
    async function (ask, prompt) or an object with such a `run`. A bar says how much time is left.

    An answer that fails is a wrong one; its cell says why. Raises EngineError where nothing at all
    was answered, NotRecorded where recordings are asked for what they do not hold.
    """
    patterns: dict[str, Runnable] = {**systems.for_any_prompt(kit.cast)}
    for name, pattern in (own or {}).items():
        _need_pattern(name, pattern, patterns)
        patterns[name] = pattern
    subjects = {name: systems.fixed(pattern) for name, pattern in patterns.items()}
    bar = "all patterns" if progress else ""
    try:
        measured = await measure(kit.ask, subjects, prompts, progress=bar, strict=kit.recording)
    except NotRecorded as error:
        raise NotRecorded(f"{ON_RECORDINGS} ({error})") from None
    errors = [cell.error for row in measured.cells for (cell,) in row]
    if all(errors):
        why = errors[0] if errors else "There are no prompts."
        raise EngineError(f"No pattern answered any prompt. {why}")
    return measured


async def own_prompts(kit: Kit) -> Matrix:
    """All patterns on the ten prompts of data/own_prompts.csv."""
    return await run_all(kit, read_prompts(example()), kit.recording)
