"""Notebook 08: exercises and quiz."""

from collections.abc import Callable
from math import log
from random import Random
from typing import Any

from mlkit.widgets.exercises import Case, Exercise, against, cases
from mlkit.widgets.lessons import is_stub, questions


def _heavier_than_all(weights: list[int]) -> int | None:
    heaviest = max(weights)
    return weights.index(heaviest) if 2 * heaviest > sum(weights) else None


def _drawn_weights(seeded: Random) -> tuple[list[int]]:
    return (seeded.choices((1, 2, 3, 5, 9), k=seeded.randint(1, 5)),)


# `dictator(weights)`: the position of the member that weighs more than all others together, None
# where there is none.
dictator = Exercise(
    cases("""
[0.2, 0.7, 0.1] -> 1
For weights .2, .7, .1 you get {got!r}. Whose weight is larger than the other two together?
None: Not written yet: the function gives nothing back. Replace the ... and use return. For weights
.2, .7, .1 one member outweighs the others together.
bool: You say whether there is one. The question is who: give the position, counted from 0.
0.7: That is a weight. Give the position of the member it belongs to, counted from 0.
2: Python counts from 0: the member in the middle of three has position 1.

[0.4, 0.35, 0.25] -> None
For weights .4, .35, .25 you name a member, but the other two can outvote it. The largest weight is
not yet one that decides alone.

[0.5, 0.3, 0.2] -> None
For weights .5, .3, .2 you name a member. Half of all weight is as much as the rest, not more.

[6, 2, 2] -> 0
[2, 2, 2] -> None
[0.03, 0.01, 0.01] -> 0
Right while the weights sum to 1. They need not: 6, 2, 2 says the same as .6, .2, .2. Compare with
the other weights, not with a fixed number.

[1, 1, 1, 5, 1] -> 3
[1.0] -> 0
Right for three members, but not for five, or for one alone. Is the number of members written into
the code?
""")
    + against(_heavier_than_all, _drawn_weights),
    "Right. Where this gives a member, the calls to all others buy nothing, as long as every score"
    " is the same.",
)


def _learned(grades: list[list[bool]], answers: int) -> list[float]:
    shares = [(sum(column) + 1) / (len(grades) + 2) for column in zip(*grades, strict=True)]
    odds = [max(0.0, log((answers - 1) * share / (1 - share))) for share in shares]
    return [one / sum(odds) for one in odds] if sum(odds) > 0 else [1 / len(odds)] * len(odds)


def _drawn_grades(seeded: Random) -> tuple[list[list[bool]], int]:
    often = [seeded.random() for _ in range(seeded.randint(1, 4))]
    of = seeded.randint(1, 12)
    return [[seeded.random() < share for share in often] for _ in range(of)], seeded.randint(2, 6)


def _rounded(answer: Callable[..., Any], *args: Any) -> Any:
    """What an answer gives, its numbers rounded, so that lists can be compared."""
    got = answer(*args)
    if is_stub(got) or isinstance(got, str | dict | set) or not hasattr(got, "__iter__"):
        return got
    return [each if isinstance(each, str) else round(float(each), 6) for each in got]


# `learn(grades, answers)`: weights that are 1 together, from who was right on which message.
learn = Exercise(
    [
        Case(
            ([[True, True], [True, False], [True, False], [False, False]], 5),
            [0.75, 0.25],
            "Of four messages one member is right on 3, the other on 1. Of five answers, that makes"
            " the weights .75 and .25; you give {got}.",
            {
                lambda got: got == [2.079442, 0.693147]: "These are the log-odds. Divide each by"
                " their sum, so that they are 1 together.",
                lambda got: got == [1, 0]: "These are the weights for two answers. How many answers"
                " can be given?",
                lambda got: got == [0.896241, 0.103759]: "These are the weights of shares that are"
                " not smoothed: (right + 1) / (of + 2).",
                lambda got: isinstance(got, list) and len(got) == 4: "Give a weight for each"
                " member, not for each message: zip(*grades) gives the columns.",
            },
        ),
        *cases("""
[[True, False], [True, False], [True, False]], 2 -> [1.0, 0.0]
One member is right on all, the other on none; you give {got}. A weight below 0 becomes 0.
Exception: With a member that is always right your code {said}: its weight has no end. Smooth the
shares, (right + 1) / (of + 2).

[[False, False], [False, False]], 2 -> [0.5, 0.5]
Nobody is better than a guess here: give equal weights. You give {got}.
ZeroDivisionError: Where all log-odds are 0 or less, their sum is 0. Give equal weights there.

[[True], [False]], 3 -> [1.0]
With one member alone you give {got}. Is the number of members written into the code?
"""),
        *against(lambda *args: _rounded(_learned, *args), _drawn_grades),
    ],
    "Right. Give it the grades of your fit messages, never those of test.",
    {
        lambda got: not isinstance(got, list): "It should give a list, a weight for each member; it"
        " gave {kind}."
    },
    call=_rounded,
)

QUIZ = questions("""
Three members have weights .6, .25 and .15, and every answer scores 1. When do the second and the
third change the result?
- Whenever they agree with each other.
> Together they earn .4, and the first earns .6 alone. Agreeing does not help them.
+ Only when the first has no answer.
> Its weight exceeds the rest together: it decides alone. You pay three calls and read one answer.
- In about 40% of the messages.
> A weight is not a share of messages. It is compared with the other weights, message by message.

A member names the right one of five queues in half of all messages. Its wrong answers are spread
over the other four. What is its answer worth?
- Nothing, since half right is a coin.
> A coin has two sides. With five queues, guessing gets one in five.
+ Something: it beats a guess by far.
> One half against one eighth for each other queue. Its weight is ln 4 = 1.39.
- Less than nothing: vote against it.
> Only a member that is right less often than a guess would deserve that.

You score each answer by its probability. One member is sure of almost everything, and wrong in
half of it. What happens?
+ It counts for more than it should.
> The ensemble believes what members say about themselves. Compare probability with the share right
on fit first.
- The weights make up for all of it.
> Only if they were learned together with these scores. Weights learned with equal scores know
nothing of it.
- Nothing: all scores are up to 1.
> The range is the same, but a member that always says .9 earns more than one that says .5.
""")
