"""What makes a notebook a lesson: predict before you run, quiz, and checks for exercises."""

import inspect
import itertools
import json
import sys
import textwrap
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import FrameType
from typing import Any, NamedTuple

import ipywidgets as widgets
from IPython.display import Markdown

from mlkit import paths
from mlkit.errors import WriteError
from mlkit.escaped import in_html, in_markdown, printable
from mlkit.widgets.panels import Described, slider

LIMIT_SECONDS = 5.0


class Prediction(Described):
    """A guess, made before anything is run. `value` is None until the learner locks it in."""

    def __init__(self, question: str, low: float, high: float, step: float, unit: str) -> None:
        self.value: float | None = None
        self._unit = unit
        guess = slider(
            f"my guess, {unit}",
            (low + high) / 2,
            low,
            high,
            step,
            "d" if step == int(step) else ".2f",
        )
        lock = widgets.Button(
            description="This is my guess", button_style="primary", layout={"width": "160px"}
        )
        said = widgets.HTML()

        def keep(_: Any) -> None:
            self.value = guess.value
            said.value = in_html(f"You said {self._text_of(guess.value)}. Now run on, and see.")

        lock.on_click(keep)
        box = widgets.VBox(
            [widgets.HTML(f"<b>Predict.</b> {in_html(question)}"), guess, lock, said]
        )
        super().__init__(box, f"Predict. {question}")

    def against(self, measured: float) -> str:
        """The guess beside the measurement, as a sentence."""
        said = (
            f"You said {self._text_of(self.value)}, "
            if self.value is not None
            else "You made no guess; "
        )
        return f"{said}measured: {self._text_of(measured)}."

    def _text_of(self, value: float) -> str:
        return f"{value:.3g}{'' if self._unit == '%' else ' '}{self._unit}"


def predict(question: str, low: float, high: float, step: float, unit: str) -> Prediction:
    """Ask for a number before the cell that measures it. Its `value` can be drawn on the later
    chart.
    """
    return Prediction(question, low, high, step, unit)


class Choice(NamedTuple):
    text: str
    why: str  # shown when it is chosen, right or wrong
    right: bool = False


def quiz(*questions: tuple[str, Sequence[Choice]]) -> Described:
    """Multiple choice, one question after another. Each choice gets its own explanation."""
    text = "\n".join(
        f"{number}. {question}\n" + "\n".join(f"   - {choice.text}" for choice in choices)
        for number, (question, choices) in enumerate(questions, start=1)
    )
    boxes = [
        _question(number, question, choices)
        for number, (question, choices) in enumerate(questions, start=1)
    ]
    return Described(widgets.VBox(boxes), f"Quiz.\n{text}")


def _question(number: int, question: str, choices: Sequence[Choice]) -> widgets.VBox:
    if sum(choice.right for choice in choices) != 1:
        raise ValueError(f"question {number} needs exactly one right choice")
    options = widgets.RadioButtons(
        options=[printable(choice.text) for choice in choices],
        index=None,
        layout={"width": "100%", "max_width": "760px"},
    )
    verdict = widgets.HTML()

    def answer(change: Mapping[str, Any]) -> None:
        chosen = choices[change["new"]]
        mark = (
            "<b style='color: #00704f'>Right.</b>"
            if chosen.right
            else "<b style='color: #a40000'>Not quite.</b>"
        )
        verdict.value = (
            f"<div role='status' style='line-height: 1.4'>{mark} {in_html(chosen.why)}</div>"
        )

    options.observe(answer, "index")
    title = widgets.HTML(
        f"<div style='line-height: 1.4'><b>{number}.</b> {in_html(question)}</div>"
    )
    return widgets.VBox([title, options, verdict], layout={"margin": "0 0 12px 0"})


def concept_test(
    questions: Sequence[tuple[str, Sequence[Choice]]], when: str, kept: Path, explain: bool = False
) -> Described:
    """The same questions before the series and after it: a score, kept in the file `kept` under
    `when`, beside the other one. `explain` says why to each question that went wrong: for after the
    series.
    """
    options = [
        widgets.RadioButtons(
            options=[printable(choice.text) for choice in choices],
            index=None,
            layout={"width": "100%", "max_width": "760px"},
        )
        for _, choices in questions
    ]
    done = widgets.Button(
        description="Count my score", button_style="primary", layout={"width": "160px"}
    )
    said = widgets.HTML()

    def count(_: Any) -> None:
        rights = [
            one.index is not None and choices[one.index].right
            for one, (_, choices) in zip(options, questions, strict=True)
        ]
        scores = _scores(kept) | {when: sum(rights)}
        lines = [
            ", ".join(f"{name}: {score} of {len(questions)}" for name, score in scores.items())
        ]
        try:
            paths.write(kept, json.dumps(scores), "It is not kept: note your score on paper.")
        except WriteError as error:
            lines.append(str(error))
        if explain:
            lines += [
                f"{number}. {next(choice.why for choice in choices if choice.right)}"
                for number, ((_, choices), right) in enumerate(
                    zip(questions, rights, strict=True), start=1
                )
                if not right
            ]
        said.value = "".join(
            f"<div role='status' style='line-height: 1.5'>{in_html(line)}</div>" for line in lines
        )

    done.on_click(count)
    titles = [
        widgets.HTML(f"<div style='line-height: 1.4'><b>{number}.</b> {in_html(question)}</div>")
        for number, (question, _) in enumerate(questions, start=1)
    ]
    text = "\n".join(
        f"{number}. {question}" for number, (question, _) in enumerate(questions, start=1)
    )
    return Described(
        widgets.VBox([*itertools.chain(*zip(titles, options, strict=True)), done, said]),
        f"Concept test.\n{text}",
    )


def _scores(kept: Path) -> dict[str, int]:
    """Scores of earlier; none where the file is not there, or is no longer what it was."""
    try:
        scores = json.loads(kept.read_text())
    except (OSError, ValueError):
        return {}
    return scores if isinstance(scores, dict) else {}


class Verdict(NamedTuple):
    """What an exercise's check finds: passed, and the praise or the hint to show."""

    passed: bool
    text: str


NOT_WRITTEN = Verdict(
    False, "Not written yet: the function gives nothing back. Replace the ... and use return."
)


def is_stub(answer: Any) -> bool:
    """Whether an exercise still stands as it was given: its function gives back nothing, or its
    value is the `...`.
    """
    return answer is None or answer is Ellipsis


def check(judge: Callable[[Any], Verdict], answer: Any) -> None:
    """Print whether an exercise is solved, or a hint. Never raises: a wrong answer is part of
    learning.

    `answer` is what the learner wrote, a function as a rule; it is stopped after LIMIT_SECONDS.
    """
    try:
        with _Deadline(LIMIT_SECONDS):
            verdict = judge(answer)
    except TimeoutError:
        verdict = Verdict(
            False,
            f"It did not end within {LIMIT_SECONDS:g} seconds. Is there a loop that never stops?",
        )
    except Exception as error:
        verdict = Verdict(False, f"Your code raised {type(error).__name__}: {error}")
    print(
        textwrap.fill(
            f"{'✓' if verdict.passed else '✗'} {printable(verdict.text)}",
            110,
            break_long_words=False,
        )
    )


class _Deadline:
    """Raises TimeoutError in whatever Python code runs past the deadline; works on every system and
    in any thread.
    """

    def __init__(self, limit_seconds: float) -> None:
        self._ends = time.monotonic() + limit_seconds

    def __enter__(self) -> None:
        self._before = sys.gettrace()
        sys.settrace(self._watch)

    def __exit__(self, *_: Any) -> None:
        sys.settrace(self._before)

    def _watch(self, frame: FrameType, event: str, arg: Any) -> Any:
        if time.monotonic() > self._ends:
            raise TimeoutError
        return self._watch


def source(thing: Any) -> Markdown:
    """The source of a class or a function of the kit, as it runs."""
    return Markdown(in_markdown(inspect.getsource(thing), "python"))
