"""An exercise as data: what an answer is tried on, what is right, a hint for each known mistake."""

import copy
import math
import numbers
import operator
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any

from mlkit.widgets.lessons import NOT_WRITTEN, OutOfTime, Verdict, is_stub


@dataclass(frozen=True)
class Case:
    """What an answer is tried on, and what is to come of it.

    `right`, and what stands before each hint in `known`, is a value (numbers within a millionth), a
    type (of an exception: that it is raised), or a test of what came. `known` is looked at first.
    Hints may use {got}, {kind} (its type), {said} ("gave 3", "raised KeyError"), {right}, {args},
    and {given} (the arguments as one would write them).
    """

    args: tuple[Any, ...]
    right: Any
    hint: str
    known: Mapping[Any, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Exercise:
    """Tries an answer on each case, once: the first hint that fits, or the praise.

    `known` are mistakes that can come with any case. `praise` may be a function of the answer. An
    error that no case knows is raised, with a note of its input. An answer that still
    stands as it was given is told so.
    """

    cases: Sequence[Case]
    praise: str | Callable[[Any], str]
    known: Mapping[Any, str] = field(default_factory=dict)
    call: Callable[..., Any] = lambda answer, *args: answer(*args)

    def __call__(self, answer: Any) -> Verdict:
        for number, case in enumerate(self.cases):
            expected = tuple(
                kind
                for kind in (case.right, *case.known)
                if isinstance(kind, type) and issubclass(kind, Exception)
            )
            try:
                got = self.call(answer, *copy.deepcopy(case.args))  # which its code may change
            except expected as error:
                got = error
            except (Exception, OutOfTime) as error:
                error.add_note(f"Its input was {_given(case.args)}.")
                raise
            hint = _hint(case.known, got)
            if not hint and number == 0 and is_stub(got):
                return NOT_WRITTEN
            hint = hint or _hint(self.known, got)
            if hint or not _matches(got, case.right):
                return Verdict(False, _fill(hint or case.hint, got, case))
        return Verdict(True, self.praise if isinstance(self.praise, str) else self.praise(answer))


def against(
    reference: Callable[..., Any],
    draw: Callable[[Random], tuple[Any, ...]],
    hint: str = "For {given} it should give {right}, and it {said}.",
) -> list[Case]:
    """200 cases that are drawn, the same each time; right is what the reference gives for them."""
    seeded = Random(16)
    drawn = [draw(seeded) for _ in range(200)]
    return [Case(args, reference(*args), hint) for args in drawn]


def judgement(entries: Sequence[Case], praise: str) -> Callable[[Any], Verdict]:
    """An exercise whose answer is a mapping; each case has the name of an entry as its argument."""
    names = [case.args[0] for case in entries]
    exercise = Exercise(entries, praise, call=operator.getitem)

    def judge(answer: Any) -> Verdict:
        if not isinstance(answer, Mapping) or not {*names} <= answer.keys():
            return Verdict(False, f"Give a dictionary with {', '.join(map(repr, names))}.")
        if any(is_stub(answer[name]) for name in names):
            return Verdict(False, "Not judged yet: replace each ... with your answer.")
        return exercise(answer)

    return judge


def cases(text: str, **names: Any) -> list[Case]:
    """Cases from a text that parts them by blank lines:

    [4.0, 3.0], 2 -> 4.0
    [3.0, 4.0], 2 -> 4.0
    Who is free first, and when?
    7: That is all the work, one after the other.
    ValueError: With two machines your code {said}.

    What the answer is called with and what is right is Python, which may use inf and `names`. The
    first hint is for any other value; one after a value and a colon is for that value.
    """
    blocks = re.split(r"\n\s*\n", text.strip())
    return [case for block in blocks for case in _cases(block, names)]


def _cases(block: str, names: Mapping[str, Any]) -> list[Case]:
    names = {"inf": math.inf, **names}
    *calls, told = re.split(r" -> (.*)\n?", block)
    hint, *rest = (" ".join(part.split()) for part in _WRONG.split(told))
    known = {eval(value, names): why for value, why in zip(rest[::2], rest[1::2], strict=True)}
    pairs = zip(calls[::2], calls[1::2], strict=True)
    return [
        Case(eval(f"({args},)", names), eval(right, names), hint, known) for args, right in pairs
    ]


_WRONG = re.compile(r"""^(-?[\d.]+|"[^"\n]*"|None|bool|Exception|\w+Error): """, re.MULTILINE)


def not_number(value: Any) -> bool:
    """A test: no real number (numpy's are some); a bool is none."""
    return isinstance(value, bool) or not isinstance(value, numbers.Real)


def near(right: float, by: float) -> Callable[[Any], bool]:
    """A test: a number that differs by at most the share `by`."""
    return lambda got: not not_number(got) and math.isclose(got, right, rel_tol=by)


def none_of(words: Collection[Any]) -> Callable[[Any], bool]:
    """A test: none of these."""
    return lambda got: got not in words


def _hint(known: Mapping[Any, str], got: Any) -> str:
    return next((hint for mistake, hint in known.items() if _matches(got, mistake)), "")


def _matches(got: Any, wanted: Any) -> bool:
    if isinstance(wanted, type):
        return isinstance(got, wanted)
    if callable(wanted):
        return wanted(got)
    if not not_number(wanted) and not not_number(got):
        return math.isclose(got, wanted, rel_tol=1e-6, abs_tol=1e-9)
    return got == wanted and (isinstance(wanted, bool) or not isinstance(got, bool))


def _given(args: tuple[Any, ...]) -> str:
    return ", ".join(map(repr, args)) or "nothing"


def _fill(hint: str, got: Any, case: Case) -> str:
    kind, given = type(got).__name__, _given(case.args)
    said = f"raised {kind}" if isinstance(got, Exception) else f"gave {_shown(got)}"
    right = _shown(case.right)
    return hint.format(got=got, kind=kind, said=said, right=right, args=case.args, given=given)


def _shown(value: Any) -> str:
    return f"{value:.8g}" if isinstance(value, float) else repr(value)
