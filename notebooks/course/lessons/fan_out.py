"""Exercise checks and quiz of notebook 04, and its helpers: answers side by side, samples as one
fan-out, the best of some.
"""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from typing import Any

import numpy as np

from mlkit.escaped import NO_MATH, in_html, printable
from mlkit.widgets.lessons import NOT_WRITTEN, Choice, Verdict, is_stub


@dataclass(frozen=True)
class Shown:
    """HTML for a notebook, and the same in plain words for where it is not drawn."""

    html: str
    text: str

    def _repr_html_(self) -> str:
        return self.html

    def __repr__(self) -> str:
        return printable(self.text)


def side_by_side(answers: Mapping[str, str], notes: Mapping[str, str] | None = None) -> Shown:
    """Answers in columns, by name. What an answer does not share with the first one is marked; in
    the first, what it does not share with all the others. `notes` stand below.
    """
    names, texts, below = (
        list(answers),
        [re.split(r"(\s+)", text.strip()) for text in answers.values()],
        notes or {},
    )
    shared = [_shared(text, [texts[0]] if n else texts[1:]) for n, text in enumerate(texts)]
    cells = "".join(
        "<td style='text-align: left; vertical-align: top; white-space: pre-wrap; padding: 4px"
        f" 12px'>{_marked(text, same, '<mark>', '</mark>', in_html)}</td>"
        for text, same in zip(texts, shared, strict=True)
    )
    head = "".join(
        f"<th style='text-align: left; padding: 4px 12px'>{in_html(name)}</th>" for name in names
    )
    foot = "".join(
        "<td style='text-align: left; vertical-align: top; padding: 4px"
        f" 12px'><i>{in_html(below.get(name, ''))}</i></td>"
        for name in names
    )
    lines = [
        f"{name}: {_marked(text, same, '«', '»', str)}"
        + (f"\n   ({below[name]})" if name in below else "")
        for name, text, same in zip(names, texts, shared, strict=True)
    ]
    table = f"<table class='{NO_MATH}'><tr>{head}</tr><tr>{cells}</tr><tr>{foot}</tr></table>"
    return Shown(table, "\n".join(lines))


def _shared(words: Sequence[str], others: Sequence[Sequence[str]]) -> list[bool]:
    """Which words stand in all the others too, in the same order; case and punctuation at their
    ends do not count.
    """
    same = [True] * len(words)
    for other in others:
        blocks = SequenceMatcher(
            None, [_bare(word) for word in words], [_bare(word) for word in other], autojunk=False
        ).get_matching_blocks()
        found = {block.a + step for block in blocks for step in range(block.size)}
        same = [kept and place in found for place, kept in enumerate(same)]
    return [one or not word.strip() for one, word in zip(same, words, strict=True)]


def _bare(word: str) -> str:
    return word.casefold().strip(".,!?;:\"'") or word


def _marked(
    words: Sequence[str],
    same: Sequence[bool],
    opens: str,
    closes: str,
    escape: Callable[[str], str],
) -> str:
    return "".join(
        escape(word) if kept or not word else f"{opens}{escape(word)}{closes}"
        for word, kept in zip(words, same, strict=True)
    )


def as_fan_out(samples: Sequence[Any]) -> list[Any]:
    """The calls of some samples (cells of a Matrix) as those of one fan-out. Loading is left out:
    it happens once.
    """
    calls = [cell.calls[0] for cell in samples]
    return [
        replace(
            call,
            id=n,
            role=f"answer {n + 1}",
            after=frozenset(),
            reply=replace(call.reply, load_seconds=0.0),
        )
        for n, call in enumerate(calls)
    ]


@dataclass(frozen=True)
class Tried:
    """The answers of all subjects of a Matrix, the first `samples` of each: what they took, and
    whether any of them is right.
    """

    matrix: Any
    samples: int

    @property
    def right(self) -> np.ndarray:
        """Bools, shape (n,): whether any answer to the task is right, which a perfect checker
        finds.
        """
        return self.matrix.right[:, :, : self.samples].any(axis=(1, 2))

    @property
    def tokens(self) -> int:
        return int(self.matrix.tokens[:, :, : self.samples].sum())

    def dollars(self, prices: Mapping[str, Any]) -> float:
        """For all tasks together."""
        return float(self.matrix.dollars(prices)[:, :, : self.samples].sum())

    def seconds(self, servers: str) -> float:
        """The mean wall time of a task: the slowest answer with a server for "each", the sum with
        one for "all".
        """
        each = self.matrix.seconds[:, :, : self.samples].reshape(len(self.matrix.tasks), -1)
        return float((each.max(axis=1) if servers == "each" else each.sum(axis=1)).mean())


def best_of(matrix: Any, samples: int = 1) -> Tried:
    """The best of the answers of all subjects, taking the first `samples` of each."""
    return Tried(matrix, samples)


def fewest(
    answer: Callable[[Sequence[str | None], Callable[[str], Sequence[str]]], str | None],
) -> Verdict:
    """`answer(texts, broken)`: the text with the fewest broken rules, the first among equals; None
    is a member that failed.
    """
    problems = {
        "clean": [],
        "one": ["a"],
        "one more": ["b"],
        "two": ["a", "b"],
        "three": ["a", "b", "c"],
    }

    def broken(text: str) -> list[str]:
        if text is None:
            raise LookupError(
                "broken(None): a member that failed has no text to check. Leave it out before you"
                " count."
            )
        return problems[text]

    got: Any = answer(["two", "one", "three"], broken)
    if is_stub(got):
        return NOT_WRITTEN
    if isinstance(got, int):
        return Verdict(
            False, f"It gave {got!r}. Give back the text itself, not its place and not a count."
        )
    cases = (
        (
            ["two", "one", "three"],
            "one",
            (
                "Of texts with two, one and three broken rules, yours took {}. How many rules does"
                " that one break?"
            ),
        ),
        (
            ["clean", "one"],
            "clean",
            (
                "The first text breaks no rule at all, and yours took {}. Is an empty list of"
                " complaints taken for no text?"
            ),
        ),
        (
            ["one", "one more"],
            "one",
            "Two texts break one rule each, and yours took {}. Among equals, the first one counts.",
        ),
        (
            ["three"],
            "three",
            (
                "One text came, with three broken rules, and yours gave {}. A poor answer is still"
                " the best there is."
            ),
        ),
    )
    for texts, right, hint in cases:
        if (got := answer(texts, broken)) != right:
            return Verdict(False, hint.format(repr(got)))
    try:
        with_failed, nobody = (
            answer([None, "two", None, "one"], broken),
            answer([None, None], broken),
        )
    except LookupError as error:
        return Verdict(False, str(error))
    except (ValueError, TypeError, IndexError) as error:
        return Verdict(
            False,
            f"With failed members it raised {type(error).__name__}: {error}. None among the texts"
            " is a member that failed.",
        )
    if with_failed != "one":
        return Verdict(
            False,
            f"Members 1 and 3 failed, and of the others' texts yours took {with_failed!r}. The"
            " others still count.",
        )
    if nobody is not None:
        return Verdict(
            False,
            f"All members failed, and yours gave {nobody!r}. There is nothing to pick: give None.",
        )
    return Verdict(
        True, "Right. It does not make more answers right, but where none is, it gives away less."
    )


def finished(answer: Callable[[Sequence[float], int], float]) -> Verdict:
    """`answer(seconds, machines)`: when the last answer is there, where a free machine takes the
    next member in order.
    """
    got: Any = answer([4.0, 3.0, 2.0], 2)
    if is_stub(got):
        return NOT_WRITTEN
    if isinstance(got, bool) or not isinstance(got, int | float):
        return Verdict(False, f"It should give seconds; it gave {type(got).__name__}.")
    hints = {
        4.0: (
            "That is the slowest member. It is the answer only where each member has a machine of"
            " its own."
        ),
        9.0: "That is all the work, one after the other: the answer for a single machine.",
        4.5: (
            "All the work shared out evenly would need a call that is cut in two. One call runs on"
            " one machine."
        ),
        6.0: (
            "Did the third member wait for the first machine, or for both of them? It goes to the"
            " machine that is free first."
        ),
    }
    for wrong, hint in hints.items():
        if math.isclose(got, wrong):
            return Verdict(False, hint)
    cases = (
        (
            ([4.0, 3.0, 2.0], 2),
            5.0,
            "Members of 4, 3 and 2 seconds on two machines: who is free first, and when?",
        ),
        (([4.0, 3.0, 2.0], 1), 9.0, "With one machine, all wait for each other."),
        (
            ([4.0, 3.0, 2.0], 5),
            4.0,
            "With more machines than members, some machines stay idle, and nothing else changes.",
        ),
        (
            ([1.0, 1.0, 6.0], 2),
            7.0,
            (
                "Members of 1, 1 and 6 seconds on two machines: the order of the members is kept,"
                " and the long one comes last."
            ),
        ),
        (
            ([6.0, 1.0, 1.0, 1.0], 2),
            6.0,
            (
                "Members of 6, 1, 1 and 1 seconds on two machines: while one machine is busy for"
                " long, the other can do several short calls."
            ),
        ),
    )
    for asked, right, hint in cases:
        if not math.isclose(given := answer(*asked), right):
            return Verdict(False, f"{hint} It gave {given:.4g}.")
    try:
        nothing = answer([], 2)
    except (ValueError, IndexError):
        nothing = None
    if nothing != 0:
        return Verdict(
            False, "Right, but for one case: with no members there is nothing to wait for. Give 0."
        )
    return Verdict(True, "Right. This is what the servers slider does with the recorded calls.")


def judged(results: Mapping[str, Any]) -> Callable[[Any], Verdict]:
    """The judge of comparisons (a Difference for each name): "better", "worse" or "not shown", by
    whether the interval excludes 0.
    """
    words = ("better", "worse", "not shown")
    truth = {
        name: "better" if gain.above else "worse" if gain.below else "not shown"
        for name, gain in results.items()
    }

    def judge(answer: Any) -> Verdict:
        if not isinstance(answer, Mapping) or not results.keys() <= answer.keys():
            return Verdict(False, f"Give a dictionary with {', '.join(map(repr, results))}.")
        if any(is_stub(answer[name]) for name in results):
            return Verdict(
                False,
                f"Not judged yet: put one of {', '.join(map(repr, words))} in the place of"
                " each ...",
            )
        for name, right in truth.items():
            if answer[name] not in words:
                return Verdict(
                    False,
                    f"{name!r} is {answer[name]!r}; choose one of {', '.join(map(repr, words))}.",
                )
            if answer[name] != right:
                return Verdict(
                    False,
                    f"{name!r}: "
                    + (
                        "its interval holds 0, or ends there. A gain of nothing would not be"
                        " surprising, nor would a larger one."
                        if right == "not shown"
                        else (
                            "all of its interval lies on one side of 0. On which side, and what"
                            " does that say?"
                        )
                    ),
                )
        return Verdict(
            True,
            "Right. A gain that is likely, a gain that is shown, and a loss that is shown: three"
            " different things to build on.",
        )

    return judge


QUIZ = (
    (
        (
            "Three members need 2, 3 and 7 seconds. Each has a machine of its own. When are all"
            " answers there?"
        ),
        [
            Choice(
                "After 4 seconds, the mean.",
                "The mean says how long one answer takes. The last answer is waited for, too.",
            ),
            Choice(
                "After 7 seconds, with the slowest.",
                "The wall time is that of the slowest member; the bill is the sum of all three.",
                right=True,
            ),
            Choice(
                "After 12 seconds, the sum.",
                "That is the wall time on one machine, and what you pay for. With three machines"
                " the calls overlap.",
            ),
        ],
    ),
    (
        (
            "A judge sees two answers and picks A. You swap the two, and it picks A again. What has"
            " it told you?"
        ),
        [
            Choice(
                "That A is clearly the better answer.",
                "A was another answer the second time. The letter stayed, the answer changed.",
            ),
            Choice(
                "Nothing about the answers: it picked a place.",
                "In its second look it picked the answer that it had turned down in the first.",
                right=True,
            ),
            Choice(
                "That both answers are wrong.",
                "It was never asked that. It had to pick one, and it picked the same place twice.",
            ),
        ],
    ),
    (
        (
            "You may add one thing to a fan-out of three members, to get more right answers. What"
            " first?"
        ),
        [
            Choice(
                "Two more members.",
                "The right answer is then more often among the five. But somebody must still"
                " find it.",
            ),
            Choice(
                "A larger model as one of the members.",
                "It may be worth it, but then ask it alone first: it may be as good without the"
                " others.",
            ),
            Choice(
                "A program that can tell whether an answer keeps the rules.",
                "A right answer among others is worth nothing until it is found. A checker finds"
                " it, and costs no tokens.",
                right=True,
            ),
        ],
    ),
)
