"""Notebook 04: its exercises, its quiz, samples as one fan-out, and the best of some."""

import heapq
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import Any

import numpy as np

from mlkit.measure.matrix import Cell, Matrix
from mlkit.measure.stats import Difference
from mlkit.models import Prices
from mlkit.trace import Call
from mlkit.widgets.exercises import (
    Case,
    Exercise,
    against,
    cases,
    gain_choices,
    judgement,
    not_number,
)
from mlkit.widgets.lessons import Verdict, questions


def as_fan_out(samples: Sequence[Cell]) -> list[Call]:
    """The calls of some samples (cells of a Matrix) as those of one fan-out. Loading is left out:
    it happens once.
    """
    calls: list[Any] = [sample.calls[0] for sample in samples]
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
class BestOf:
    """The best of the answers of all subjects of a Matrix, the first `samples` of each: what they
    took, and whether any of them is right.
    """

    matrix: Matrix
    samples: int = 1

    @property
    def right(self) -> np.ndarray:
        """Bools, shape (n,): whether any answer to the task is right, which a perfect checker
        finds.
        """
        return np.asarray(self.matrix.right[:, :, : self.samples].any(axis=(1, 2)))

    @property
    def tokens(self) -> int:
        return int(self.matrix.tokens[:, :, : self.samples].sum())

    def dollars(self, prices: Prices) -> float:
        """For all tasks together."""
        return float(self.matrix.dollars(prices)[:, :, : self.samples].sum())

    def seconds(self, servers: str) -> float:
        """The mean wall seconds of a task: the slowest answer with a server for "each", the sum
        with one for "all".
        """
        each = self.matrix.seconds[:, :, : self.samples].reshape(len(self.matrix.tasks), -1)
        return float((each.max(axis=1) if servers == "each" else each.sum(axis=1)).mean())


def _broken(text: str) -> list[str]:
    """The broken rules of the made-up texts that `fewest` is tried on."""
    if text is None:
        raise LookupError(
            "broken(None): a member that failed has no text to check. Leave it out before you"
            " count."
        )
    return ["a rule"] * _RULES_BROKEN[text]


_RULES_BROKEN = {"clean": 0, "one": 1, "one more": 1, "two": 2, "three": 3}


def _fewest_broken(texts: list[str | None]) -> str | None:
    came = [text for text in texts if text is not None]
    return min(came, key=_RULES_BROKEN.__getitem__, default=None)


def _drawn_texts(seeded: Random) -> tuple[list[str | None]]:
    return (seeded.choices([*_RULES_BROKEN, None], k=seeded.randint(1, 6)),)


_RAISED = (
    "With failed members it raised {kind}: {got}. None among the texts is a member that failed."
)
_FAILED = {LookupError: "{got}", ValueError: _RAISED, TypeError: _RAISED}
# answer(texts, broken): the text with the fewest broken rules, the first among equals; None is a
# member that failed.
fewest = Exercise(
    [
        *cases(
            """
["two", "one", "three"] -> "one"
Of texts with two, one and three broken rules, yours took {got!r}. How many rules does that one
break?

["clean", "one"] -> "clean"
The first text breaks no rule at all, and yours took {got!r}. Is an empty list of complaints taken
for no text?

["one", "one more"] -> "one"
Two texts break one rule each, and yours took {got!r}. Among equals, the first one counts.

["three"] -> "three"
One text came, with three broken rules, and yours gave {got!r}. A poor answer is still the best
there is.
"""
        ),
        Case(
            ([None, "two", None, "one"],),
            "one",
            "Members 1 and 3 failed, and of the others' texts yours took {got!r}. The others still"
            " count.",
            _FAILED,
        ),
        Case(
            ([None, None],),
            None,
            "All members failed, and yours gave {got!r}. There is nothing to pick: give None.",
            _FAILED,
        ),
        *against(_fewest_broken, _drawn_texts),
    ],
    "Right. It does not make more answers right, but where none is, it gives away less.",
    {int: "It gave {got!r}. Give back the text itself, not its place and not a count."},
    lambda answer, texts: answer(texts, _broken),
)


def _last_end(seconds: list[float], machines: int) -> float:
    free = [0.0] * machines
    for one in seconds:
        heapq.heapreplace(free, free[0] + one)
    return max(free)


def _drawn_members(seeded: Random) -> tuple[list[float], int]:
    seconds = [seeded.randint(1, 12) / 2 for _ in range(seeded.randint(0, 6))]
    return seconds, seeded.randint(1, 4)


_NOBODY = "Right, but for one case: with no members there is nothing to wait for. Give 0."
# answer(seconds, machines): when the last answer is there, where a free machine takes the next
# member in order.
finished = Exercise(
    [
        *cases(
            """
[4.0, 3.0, 2.0], 2 -> 5.0
Members of 4, 3 and 2 seconds on two machines: who is free first, and when? It gave {got:.4g}.
4: That is the slowest member. It is the answer only where each member has a machine of its own.
9: That is all the work, one after the other: the answer for a single machine.
4.5: All the work shared out evenly would need a call that is cut in two. One call runs on one
machine.
6: Did the third member wait for the first machine, or for both of them? It goes to the machine
that is free first.

[4.0, 3.0, 2.0], 1 -> 9.0
With one machine, all wait for each other. It gave {got:.4g}.

[4.0, 3.0, 2.0], 5 -> 4.0
With more machines than members, some machines stay idle, and nothing else changes. It gave
{got:.4g}.

[1.0, 1.0, 6.0], 2 -> 7.0
Members of 1, 1 and 6 seconds on two machines: the order of the members is kept, and the long one
comes last. It gave {got:.4g}.

[6.0, 1.0, 1.0, 1.0], 2 -> 6.0
Members of 6, 1, 1 and 1 seconds on two machines: while one machine is busy for long, the other can
do several short calls. It gave {got:.4g}.
"""
        ),
        Case(([], 2), 0, _NOBODY, {ValueError: _NOBODY, IndexError: _NOBODY}),
        *against(_last_end, _drawn_members),
    ],
    "Right. This is what the servers slider does with the recorded calls.",
    {not_number: "It should give seconds; it gave {kind}."},
)


def judged(results: Mapping[str, Difference]) -> Callable[[Any], Verdict]:
    """The judge of comparisons: "better", "worse" or "not shown", by whether the interval excludes
    0.
    """
    words = ("better", "worse", "not shown")
    listed = ", ".join(map(repr, words))
    entries = gain_choices(
        results,
        words,
        clear=(
            "{args[0]!r}: all of its interval lies on one side of 0. On which side, and what does"
            " that say?"
        ),
        unclear=(
            "{args[0]!r}: its interval holds 0, or ends there. A gain of nothing would not be"
            " surprising, nor would a larger one."
        ),
    )
    return judgement(
        entries,
        praise="Right. A gain that is likely, a gain that is shown, and a loss that is shown: three"
        " different things to build on.",
        undecided=f"Not judged yet: put one of {listed} in the place of each ...",
    )


QUIZ = questions(
    """
Three members need 2, 3 and 7 seconds. Each has a machine of its own. When are all answers there?
- After 4 seconds, the mean.
> The mean says how long one answer takes. The last answer is waited for, too.
+ After 7 seconds, with the slowest.
> The wall seconds are those of the slowest member; the bill is the sum of all three.
- After 12 seconds, the sum.
> Those are the wall seconds on one machine, and what you pay for. With three machines the calls
overlap.

A judge sees two answers and picks A. You swap the two, and it picks A again. What has it told you?
- That A is clearly the better answer.
> A was another answer the second time. The letter stayed, the answer changed.
+ Nothing about the answers: it picked a place.
> In its second look it picked the answer that it had turned down in the first.
- That both answers are wrong.
> It was never asked that. It had to pick one, and it picked the same place twice.

You may add one thing to a fan-out of three members, to get more right answers. What first?
- Two more members.
> The right answer is then more often among the five. But somebody must still find it.
- A larger model as one of the members.
> It may be worth it, but then ask it alone first: it may be as good without the others.
+ A program that can tell whether an answer keeps the rules.
> A right answer among others is worth nothing until it is found. A checker finds it, and costs no
tokens.
"""
)
