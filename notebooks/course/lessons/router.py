"""Notebook 03: its exercises, its quiz, and what it adds up routers from."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from random import Random
from typing import Any, NamedTuple

import numpy as np

from course.shop import KINDS
from mlkit.measure.matrix import Matrix
from mlkit.measure.stats import Difference
from mlkit.measure.tasks import Task
from mlkit.models import Prices
from mlkit.widgets.exercises import Exercise, against, cases, gain_choices, judgement, none_of
from mlkit.widgets.lessons import Verdict, questions


class Outcome(NamedTuple):
    """How a way of answering did, task by task: arrays of one number for each."""

    right: np.ndarray
    tokens: np.ndarray
    dollars: np.ndarray
    seconds: np.ndarray

    def after(self, call: Outcome) -> Outcome:
        """The same answers, with what a call before them took added."""
        return Outcome(
            self.right, *(mine + before for mine, before in zip(self[1:], call[1:], strict=True))
        )


def outcome(matrix: Matrix, prices: Prices, columns: Sequence[int] | int = 0) -> Outcome:
    """What a Matrix's subjects did, at these prices: its first subject, or the one of each task's
    column.
    """
    tables = (matrix.right, matrix.tokens, matrix.dollars(prices), matrix.seconds)
    return Outcome(*(table[np.arange(len(matrix.tasks)), columns, 0] for table in tables))


def _way_out(label: str, confidence: float, label_mass: float, threshold: float) -> str:
    if label_mass < 0.5:
        return "person"
    return label if label in KINDS and confidence * label_mass >= threshold else "general"


def _drawn_label(seeded: Random) -> tuple[str, float, float, float]:
    label, threshold = seeded.choice((*KINDS, "weather")), seeded.choice((0.1, 0.3, 0.6, 0.8))
    return label, round(seeded.random(), 2), round(seeded.random(), 2), threshold


# answer(label, confidence, label_mass, threshold): a specialist, "general" for the unsure and the
# unknown, and "person" where less than half of the probability is on known labels.
route = Exercise(
    cases(
        """
"math", 0.9, 0.95, 0.6 -> "math"
A sure and known label, math, goes to {got!r}. It has a specialist of its own.
"person": A label with confidence 0.9 and mass 0.95 goes to a person. Only a low mass should: below
0.5.

"weather", 0.9, 0.95, 0.6 -> "general"
A label that nobody covers, weather, does not reach the fallback. Being sure of it does not make a
specialist for it.

"math", 0.9, 0.3, 0.6 -> "person"
With a label mass of 0.3 the answer was probably no label at all, however confident it looks among
the labels. Look at the mass before you look at anything else.

"weather", 0.9, 0.3, 0.6 -> "person"
A low mass and an unknown label: the order of your two tests matters. Nobody should answer a prompt
that the classifier did not understand.

"math", 0.9, 0.4, 0.3 -> "person"
0.9 x 0.4 is 0.36, and that reaches the threshold of 0.3. But the mass of 0.4 says that it was
probably no label at all. Look at the mass before you look at the certainty.

"math", 0.4, 0.95, 0.6 -> "general"
A known label with confidence 0.4 is below the threshold of 0.6. It should go to the fallback, not
to a person and not to its specialist.

"math", 0.65, 0.9, 0.6 -> "general"
0.65 x 0.9 is 0.585, and that is below 0.6. The certainty is confidence times mass, not the
confidence alone.

"math", 0.6, 1.0, 0.6 -> "math"
A certainty of exactly the threshold counts as sure: it takes >=, not >.

"math", 0.9, 0.5, 0.3 -> "math"
A mass of exactly 0.5 is not below 0.5, and the threshold is 0.3 here. Does your rule use the
threshold for the mass, too?

"code", 0.75, 0.95, 0.8 -> "general"
With a threshold of 0.8, a certainty of 0.71 is too low. Is 0.6 written into your code?
"""
    )
    + against(_way_out, _drawn_label),
    "Right. Three ways out: a specialist, the fallback, and nobody at all.",
)

_PROMPTS = cases(
    r"""
"Write a Python expression for the price of n saddles at p dollars each. Use "
"the variables n and p." -> "code"
A request for a Python expression is not named code. Is there a word that all of them share?

"A customer buys 3 chains at $24 each and pays with a $100 note. How many "
"dollars of change does she get?" -> "math"
A sum is not named math. What is left over when it is none of the other three?

"Please give me one line of Python for a bill of b dollars with 15 percent off."
" Variable: b." -> "code"
This asks for Python, and it has numbers in it, too. Numbers alone do not make a sum: test for
Python first.

"Write a slogan for a bike bell. Mention the word ring. At most 8 words." -> "creative"
A slogan is not named creative. Which words do the rules of all these tasks share?

"Write a poem of exactly two lines about a wet road." -> "creative"
This text has a rule about lines, and none about words. Look for both.

"Rental: a city bike costs $18 a day and a tandem $34.\n\nQuestion: What does a"
" tandem cost for a day?" -> "general"
A paragraph with a question below it is not named general. How do these prompts end?

"Opening hours: the shop is open from 9 am to 6 pm, in other words all "
"day.\n\nQuestion: When does it close?" -> "general"
A paragraph can hold any word at all. Test for what only these prompts have: the line that begins
with Question:

"Tom rides 14 miles, stops, and rides twice as far again. How many miles is that in all?" -> "math"
A sum without a price is not named math. Not every sum is about dollars.
"""
)


def _kind(prompt: str) -> str:
    if "Python" in prompt:
        return "code"
    if "\n\nQuestion:" in prompt:
        return "general"
    return "creative" if re.search(r"\b(words?|lines?)\b", prompt) else "math"


def _drawn_prompt(seeded: Random) -> tuple[str]:
    """A prompt as the desk's are."""
    n, p, thing = seeded.randint(2, 40), seeded.randint(2, 90), seeded.choice(("bell", "saddle"))
    prompts = (
        f"Write a Python expression for the price of {n} {thing}s at p dollars each. Use p.",
        f"What do {n} {thing}s at ${p} each come to, in dollars?",
        f"We had {p} {thing}s and sold {n} of them. How many are left?",
        f"A sign about a {thing}. Mention the word ride. At most {n} words.",
        f"Write a poem about a {thing}, in exactly {n} lines.",
        f"Rental: a {thing} costs ${p} a day.\n\nQuestion: What do {n} days cost?",
        f"Order: in other words, a {thing} costs ${p}.\n\nQuestion: What does it cost?",
    )
    return (seeded.choice(prompts),)


def kind_of(tasks: Sequence[Task]) -> Exercise:
    """A check of `answer(prompt)`, one of KINDS, that then counts how many of the tasks it names
    right.
    """

    def praise(answer: Callable[[str], str]) -> str:
        named = sum(answer(task.input) == task.kind for task in tasks)
        return (
            f"Right. Of the desk's {len(tasks)} test tasks it names {named}, and it asks no model."
        )

    mistakes = {
        None: (
            "For some prompts your function gives nothing back. End it with a return for all the"
            " rest."
        ),
        none_of(KINDS): f"It gives {{got!r}}. The kinds are {', '.join(KINDS)}.",
    }
    return Exercise([*_PROMPTS, *against(_kind, _drawn_prompt)], praise, mistakes)


def judged(differences: Mapping[str, Difference]) -> Callable[[Any], Verdict]:
    """A check of {router: "worth it", "not worth it" or "cannot tell"}; `differences` are the
    measured ones, by router.
    """
    words = ("worth it", "not worth it", "cannot tell")
    listed = ", ".join(map(repr, words))
    entries = gain_choices(
        differences,
        words,
        clear="{args[0]}: look at the sign of the difference. Which of the two did better, the"
        " router or what it is compared with?",
        unclear="{args[0]}: look at both ends of the interval. 0 lies between them, or is one of"
        " them.",
        unsure="{args[0]}: an interval can be wide and still say something. Is 0 inside it?",
    )
    return judgement(
        entries,
        praise="Right. The interval decides, not the number in front of it.",
        undecided=f"Not judged yet: put one of {listed} in the place of each ...",
    )


QUIZ = questions(
    """
A classifier says math, with a certainty of 0.95, and it is well calibrated. What do you know?
- The answer will be right in about 95% of such cases.
> The number is about the label. Whether the specialist can do the sum is another question.
+ The label is right in about 95% of such cases.
> That is what calibrated means, and it is all that this number says.
- The small model will do for this prompt.
> Knowing what a prompt is about does not tell how hard it is. In this notebook that guess was
worse than chance.

The small and the large model cost the same for each token. What can a router that chooses between
the two save?
- Dollars: fewer prompts go to the large model.
> At the same price it does not matter who answers, and the classifier's call comes on top.
+ No dollars, but perhaps seconds.
> The small model answers faster. Whether that makes up for the classifier's call is a thing to
measure.
- Half of both.
> Neither: the dollars go up, and the seconds depend on how many prompts the small model takes.

You try 20 thresholds on your test tasks, and report the best of the 20. What is wrong?
- Nothing: every one of them was measured.
> The best of 20 is lucky as well as good, and the luck does not come back with the next tasks.
- 20 thresholds are too few.
> With more of them, the luckiest would be luckier still.
+ The threshold was chosen on the tasks that it is reported on.
> Choose on fit, report on test. What looks best on its own tasks looks worse on new ones.
"""
)
