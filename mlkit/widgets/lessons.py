"""What makes a notebook a lesson: predict before you run, quiz, and checks for exercises."""

import contextlib
import functools
import inspect
import io
import itertools
import json
import re
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
from mlkit.widgets.panels import ERROR, GOOD, WIDE, Described, button, slider, status

LIMIT_SECONDS = 5.0  # for all cases of an exercise
LAST_LINES = 5  # of what an answer printed


class Prediction(Described):
    """A guess, made before the cell that measures it. `value` is None until it is locked in."""

    def __init__(self, question: str, low: float, high: float, step: float, unit: str) -> None:
        self.value: float | None = None
        self._unit = unit
        digits = "d" if step == int(step) else ".2f"
        guess = slider(f"my guess, {unit}", (low + high) / 2, low, high, step, digits)
        lock, said = button("This is my guess", "", "primary", width="160px"), widgets.HTML()

        def keep(_: Any) -> None:
            self.value = guess.value
            said.value = status(f"You said {self._text_of(guess.value)}. Now run on, and see.")

        lock.on_click(keep)
        title = widgets.HTML(f"<b>Predict.</b> {in_html(question)}")
        super().__init__([title, guess, lock, said], f"Predict. {question}")

    def against(self, measured: float) -> str:
        """The guess beside the measurement, as a sentence."""
        said = "You made no guess; "
        if self.value is not None:
            said = f"You said {self._text_of(self.value)}, "
        return f"{said}measured: {self._text_of(measured)}."

    def _text_of(self, value: float) -> str:
        return f"{value:.3g}{'' if self._unit == '%' else ' '}{self._unit}"


predict = Prediction  # as a notebook says it


class Choice(NamedTuple):
    text: str
    why: str  # shown when it is chosen, right or wrong
    right: bool = False


Question = tuple[str, Sequence[Choice]]


def questions(text: str) -> tuple[Question, ...]:
    """Questions with their choices, from a text that parts them by blank lines:

    What takes a machine's time?
    - Reading a recording.
    > It takes less than a millisecond, and no model.
    + Calls on your own machine.
    > The machine has a price per hour.

    A "+" begins the right choice, a "-" a wrong one, and a ">" what is said when it is chosen. Each
    may go on over the next lines.
    """
    return tuple(_question(block) for block in re.split(r"\n\s*\n", text.strip()))


def _question(block: str) -> Question:
    question, *rest = re.split(r"^([-+]) ", block, flags=re.MULTILINE)
    choices = []
    for sign, body in zip(rest[::2], rest[1::2], strict=True):
        text, mark, why = body.partition("\n> ")
        if not mark:
            raise ValueError(
                f"The choice {body.strip()!r} says no reason: a line that begins with >."
            )
        choices.append(Choice(_joined(text), _joined(why), right=sign == "+"))
    return _joined(question), choices


def _joined(lines: str) -> str:
    return " ".join(lines.split())


def quiz(*questions: Question) -> Described:
    """Multiple choice, one question after another. Each choice gets its own explanation.

    Raises ValueError where a question has not exactly one right choice.
    """
    text, boxes = ["Quiz."], []
    for number, (question, choices) in enumerate(questions, start=1):
        text += [f"{number}. {question}", *(f"   - {choice.text}" for choice in choices)]
        title, options = _asked(number, question, choices)
        verdict = widgets.HTML()
        options.observe(functools.partial(_answer, choices, verdict), "index")
        boxes.append(widgets.VBox([title, options, verdict], layout={"margin": "0 0 12px 0"}))
    return Described(boxes, "\n".join(text))


def _asked(
    number: int, question: str, choices: Sequence[Choice]
) -> tuple[widgets.HTML, widgets.RadioButtons]:
    """A question, and the choices of which one can be taken."""
    if sum(choice.right for choice in choices) != 1:
        raise ValueError(f"question {number} needs exactly one right choice")
    title = f"<div style='line-height: 1.4'><b>{number}.</b> {in_html(question)}</div>"
    texts = [printable(choice.text) for choice in choices]
    return widgets.HTML(title), widgets.RadioButtons(options=texts, index=None, layout=WIDE)


def _answer(choices: Sequence[Choice], verdict: widgets.HTML, change: Mapping[str, Any]) -> None:
    chosen = choices[change["new"]]
    colour, mark = (GOOD, "Right.") if chosen.right else (ERROR, "Not quite.")
    verdict.value = (
        f"<div role='status' style='line-height: 1.4'><b style='color: {colour}'>{mark}</b>"
        f" {in_html(chosen.why)}</div>"
    )


def concept_test(
    questions: Sequence[Question], when: str, kept: str | Path, explain: bool = False
) -> Described:
    """The same questions before the series and after it: a score, kept in the file `kept` under
    `when`, beside the other one, once all are answered. `explain` says why to each question that
    went wrong: for after the series.
    """
    asked = [_asked(number, *question) for number, question in enumerate(questions, start=1)]
    done, said = button("Count my score", "", "primary", width="160px"), widgets.HTML()

    def count(_: Any) -> None:
        open_ones = [str(n) for n, (_, one) in enumerate(asked, start=1) if one.index is None]
        if open_ones:
            said.value = status(f"Not answered yet: {', '.join(open_ones)}. Nothing is counted.")
            return
        score, reasons = 0, []
        pairs = zip(asked, questions, strict=True)
        for number, ((_, options), (_, choices)) in enumerate(pairs, start=1):
            right = next(n for n, choice in enumerate(choices) if choice.right)
            if options.index == right:
                score += 1
            else:
                reasons.append(f"{number}. {choices[right].why}")
        scores = _scores(Path(kept)) | {when: score}
        lines = [", ".join(f"{name}: {one} of {len(questions)}" for name, one in scores.items())]
        try:
            paths.write(Path(kept), json.dumps(scores), "It is not kept: note your score on paper.")
        except WriteError as error:
            lines.append(str(error))
        said.value = "".join(map(status, [*lines, *(reasons if explain else [])]))

    done.on_click(count)
    text = [f"{number}. {question}" for number, (question, _) in enumerate(questions, start=1)]
    parts = [*itertools.chain(*asked), done, said]
    return Described(parts, "\n".join(["Concept test.", *text]))


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
    """Whether an exercise stands as it was given: nothing comes back, or the value is the `...`."""
    return answer is None or answer is Ellipsis


class OutOfTime(BaseException):
    """An answer takes too long. No Exception, so that no `except Exception` of its own ends it."""


def check(judge: Callable[[Any], Verdict], answer: Any) -> None:
    """Print whether an exercise is solved, or a hint; a wrong answer is no error.

    `answer` is what the learner wrote. It is stopped after LIMIT_SECONDS; the last that it printed,
    in the case that the hint is about, comes below.
    """
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        passed, text = _verdict(judge, answer)
    said = f"{'✓' if passed else '✗'} {printable(text)}"
    for line in said.splitlines():
        print(textwrap.fill(line, 110, break_long_words=False))
    if lines := printed.getvalue().splitlines():
        print("Your code printed, at the end:", *map(printable, lines[-LAST_LINES:]), sep="\n  ")


def _verdict(judge: Callable[[Any], Verdict], answer: Any) -> Verdict:
    """The verdict, or what stopped it, and the input on which it stopped."""
    try:
        return _within(LIMIT_SECONDS, judge, answer)
    except (Exception, OutOfTime) as error:
        text = f"Your code raised {type(error).__name__}: {error}"
        if isinstance(error, OutOfTime):
            text = f"It did not end within {LIMIT_SECONDS:g} seconds. Does a loop never stop?"
        return Verdict(False, "\n".join([text, *getattr(error, "__notes__", [])]))


def _within(limit_seconds: float, judge: Callable[[Any], Verdict], answer: Any) -> Verdict:
    """The verdict; OutOfTime in what Python code runs longer, on any system, in any thread."""
    ends = time.monotonic() + limit_seconds

    def watch(frame: FrameType, event: str, arg: Any) -> Any:
        if time.monotonic() > ends:
            raise OutOfTime
        return watch

    before = sys.gettrace()
    sys.settrace(watch)
    try:
        return judge(answer)
    finally:
        sys.settrace(before)


def source(thing: Any) -> Markdown:
    """The source of a class or a function of the kit, as it runs: folded, it is long."""
    title = f"<summary>The source of {thing.__name__}</summary>"
    code = in_markdown(inspect.getsource(thing))
    return Markdown(f"<details>{title}\n\n{code}\n\n</details>")
