"""Tasks: what is asked, what is right, and the files they stand in."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from mlkit import paths
from mlkit.errors import MlkitError, Unparsed
from mlkit.measure.graders import GRADERS, Grader, label_grader
from mlkit.measure.tools import ToolError

_TEXTS = ("id", "kind", "level", "split", "input", "grader")


class TaskError(MlkitError):
    """A task file is missing, or a line of it is not a task."""


@dataclass(frozen=True)
class Task:
    """One item: what is asked, and what is right."""

    id: str
    kind: str  # of work, as "math"; who answers may be chosen by it
    level: str
    split: str  # "fit" (to choose settings on) or "test" (to report on)
    input: str
    grader: str  # one of GRADERS, "label", or one that its file brings
    gold: Any  # what its grader compares with
    # whatever else its line says
    notes: Mapping[str, Any] = field(default_factory=dict, compare=False)
    labels: tuple[str, ...] = ()  # which answers there are, for the grader "label"
    own_grader: Grader | None = field(default=None, compare=False, repr=False)

    def right(self, text: str) -> bool:
        """Whether a model's text answers it. Any text at all may come; none of it is run."""
        try:
            return bool(self._grader.right(text, self.gold))
        except (Unparsed, ToolError):
            return False

    def answer(self, text: str) -> str:
        """The text in a form in which equal answers are equal. Raises Unparsed if it has none."""
        try:
            return self._grader.answer(text)
        except ToolError as error:
            raise Unparsed(str(error)) from None

    @property
    def _grader(self) -> Grader:
        if self.grader == "label":
            return label_grader(self.labels)
        return self.own_grader or GRADERS[self.grader]


def load(
    name: str, folder: Path | None = None, graders: Mapping[str, Grader] | None = None
) -> list[Task]:
    """All tasks of one file, as "desk". Raises TaskError with file, line and what is wrong.

    `graders` are those that the file brings with it, by name.
    The labels of a file are the golds of all its tasks with the grader "label".
    """
    path = (folder or paths.data() / "tasks") / f"{name}.jsonl"
    restore = "Get it back with:  git checkout -- data/tasks"
    if not path.is_file():
        raise TaskError(f"There is no task file {path.name}. {restore}")
    tasks: dict[str, Task] = {}
    for number, line in enumerate(path.read_text(encoding="utf-8").split("\n"), start=1):
        if not line:
            continue
        try:
            task = _task(json.loads(line), graders or {})
            if task.id in tasks:
                raise ValueError(f"the id {task.id!r} stands there twice; give each task its own")
        except (ValueError, TypeError, LookupError, AttributeError, RecursionError) as error:
            problem = f"has no {error}" if isinstance(error, KeyError) else str(error)
            raise TaskError(
                f"{path.name}, line {number}: {problem}. Mend the line; data/README.md shows the"
                " format."
            ) from None
        tasks[task.id] = task
    if not tasks:
        raise TaskError(f"{path.name} holds no tasks. {restore}")
    labels = tuple(dict.fromkeys(task.gold for task in tasks.values() if task.grader == "label"))
    return [
        replace(task, labels=labels) if task.grader == "label" else task for task in tasks.values()
    ]


def _task(line: Mapping[str, Any], own: Mapping[str, Grader]) -> Task:
    texts = {name: line[name] for name in _TEXTS}
    gold, grader = line["gold"], line["grader"]
    if not all(isinstance(value, str) and value.strip() for value in texts.values()):
        raise ValueError(f"{', '.join(_TEXTS)} must be texts, and none of them empty")
    if line["split"] not in ("fit", "test"):
        raise ValueError(f"split is {line['split']!r}; it is fit or test")
    judges = {**GRADERS, **own, "label": label_grader([gold])}
    if grader not in judges:
        raise ValueError(f"there is no grader {grader!r}; choose one of {', '.join(judges)}")
    if problem := judges[grader].problem(gold):
        raise ValueError(f"gold {problem}")
    notes = {name: value for name, value in line.items() if name not in (*_TEXTS, "gold")}
    return Task(**texts, gold=gold, notes=notes, own_grader=own.get(grader))
