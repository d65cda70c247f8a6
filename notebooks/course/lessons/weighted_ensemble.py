"""Notebook 08: exercises and quiz."""

import re
from collections.abc import Callable
from random import Random
from typing import Any

from mlkit.widgets.exercises import Case, Exercise, against, cases, not_number
from mlkit.widgets.lessons import NOT_WRITTEN, Verdict, is_stub, questions

_ONE_RULES = " For weights .2, .7, .1 there is a member that decides alone."
_SUM_TO_1 = (
    "Right while the weights sum to 1. They need not: 6, 2, 2 says the same as .6, .2, .2. Compare"
    " with the other weights, not with a fixed number."
)
_THREE_ONLY = (
    "Right for three members, but not for five, or for one alone. Is the number of members written"
    " into the code?"
)


def _heavier_than_all(weights: list[int]) -> int | None:
    heaviest = max(weights)
    return weights.index(heaviest) if 2 * heaviest > sum(weights) else None


def _drawn_weights(seeded: Random) -> tuple[list[int]]:
    return (seeded.choices((1, 2, 3, 5, 9), k=seeded.randint(1, 5)),)


# `dictator(weights)`: the position of the member that weighs more than all others together, None
# where there is none.
dictator = Exercise(
    [
        Case(
            ([0.2, 0.7, 0.1],),
            1,
            "For weights .2, .7, .1 you get {got!r}. Whose weight is larger than the other two"
            " together?",
            {
                is_stub: NOT_WRITTEN.text + _ONE_RULES,
                bool: "You say whether there is one. The question is who: give the position,"
                " counted from 0.",
                0.7: "That is a weight. Give the position of the member it belongs to, counted from"
                " 0.",
                2: "Python counts from 0: the member in the middle of three has position 1.",
            },
        ),
        *cases(
            """
[0.4, 0.35, 0.25] -> None
For weights .4, .35, .25 you name a member, but the other two can outvote it. The largest weight is
not yet one that decides alone.

[0.5, 0.3, 0.2] -> None
For weights .5, .3, .2 you name a member. Half of all weight is as much as the rest, not more.
"""
        ),
        Case(([6, 2, 2],), 0, _SUM_TO_1),
        Case(([2, 2, 2],), None, _SUM_TO_1),
        Case(([0.03, 0.01, 0.01],), 0, _SUM_TO_1),
        Case(([1, 1, 1, 5, 1],), 3, _THREE_ONLY),
        Case(([1.0],), 0, _THREE_ONLY),
        *against(_heavier_than_all, _drawn_weights),
    ],
    "Right. Where this gives a member, the calls to all others buy nothing, as long as every score"
    " is the same.",
)

_SHARES = {"repair": 0.02, "order": 0.01, "refund": 0.07, "advice": 0.14, "complaint": 0.76}
_STOPS = (
    "A text that names no single label makes your code stop with {kind}. What is such an answer"
    " worth to the ensemble?"
)
_TEXTS = ["disc", "", "complaint, order"]  # none of them names a single label


def _confidences(answer: Callable[..., Any], text: str | list[str], shares: Any) -> Any:
    """What an answer gives for one text, or for each of several."""
    if isinstance(text, list):
        return [answer(each, shares) for each in text]
    return answer(text, shares)


def _two_labels_count(got: list[Any]) -> bool:
    return got[:2] == [0, 0] and got[2] not in (0, None)


def _of_the_written(text: str, shares: dict[str, float]) -> float:
    named = [label for label in shares if re.search(rf"\b{label}\b", text.lower())]
    return shares[named[0]] if len(named) == 1 else 0


def _drawn_confidence(seeded: Random) -> tuple[str, dict[str, float]]:
    labels = seeded.sample(("repair", "order", "refund", "east", "west"), seeded.randint(2, 4))
    shares = {label: seeded.randint(1, 25) / 100 for label in labels}
    one, other = seeded.sample(labels, 2)
    return seeded.choice((one, f" {one.title()}.\n", f"{one}, {other}", "disc", "")), shares


# `own_confidence(text, shares)`: the probability of the label that the text names; 0 where it names
# none, or several.
own_confidence = Exercise(
    [
        Case(
            ("advice", _SHARES),
            0.14,
            "The member wrote advice, and you get {got!r}. Which of the five probabilities belongs"
            " to that label?",
            {
                is_stub: NOT_WRITTEN.text,
                not_number: "It should give a probability; it gave {kind}.",
                0.76: "That is how sure the member was of its likeliest label. It wrote another"
                " one, and that one is what gets the score.",
                1.0: "That is the sum of all labels, or a constant. How likely was the one label"
                " that was written?",
            },
        ),
        Case(
            (" Complaint.\n", _SHARES),
            0.76,
            'For the text " Complaint." you get {got!r}. Capitals, spaces and a full stop do not'
            " change the label.",
            {
                KeyError: 'It works for "advice", but not for " Complaint.": a member\'s text is'
                " not always the bare label. label_in finds the label in it."
            },
        ),
        Case(
            (_TEXTS, _SHARES),
            [0, 0, 0],
            'The texts "disc", "" and "complaint, order" name no single label; you give them'
            " {got}. What should they earn?",
            {
                Exception: _STOPS,
                _two_labels_count: '"complaint, order" names two labels, so it names none that'
                " could be counted. What should it earn?",
            },
        ),
        Case(
            ("east", {"west": 0.3, "east": 0.7}),
            0.7,
            "Right for the five queues, but not for other labels. Take them from shares.",
        ),
        *against(_of_the_written, _drawn_confidence),
    ],
    "Right. Now the score belongs to the answer that it is given for.",
    call=_confidences,
)

_sentences = Exercise(
    cases(
        """
"B" -> False
One sentence too many: it trusts a difference of one message. What would the interval of such a
difference say?

"D" -> False
One sentence too many: it calls weights learned from performance, though they are reported on the
same messages they were chosen on.

"A" -> True
What you chose is justified, but a sentence is missing. How many mixes were tried before this one
was reported?

"C" -> True
What you chose is justified, but a sentence is missing. Think of what runs for each answer, right
or wrong.

"E" -> True
What you chose is justified, but a sentence is missing. What will happen on messages that nobody
has tuned on?
"""
    ),
    "Right. Choose on one set of messages, report on another, and count the calls.",
    call=lambda chosen, letter: letter in chosen,
)


def report(answer: Any) -> Verdict:
    """`answer`: the set of letters of the sentences that the result justifies."""
    if is_stub(answer):
        return Verdict(
            False, 'Not answered yet. Replace the ... by a set of letters, such as {"A"}.'
        )
    if callable(answer) or isinstance(answer, int | float):
        return Verdict(False, 'Give the letters themselves, as a set: {"A"}, or {"A", "B"}.')
    chosen = {letter for part in answer for letter in str(part).upper() if letter.isalpha()}
    if not chosen <= set("ABCDE"):
        return Verdict(
            False,
            "There are five sentences, A to E. Give the letters of those that the result"
            " justifies.",
        )
    return _sentences(chosen)


QUIZ = questions("""
Three members have weights .6, .25 and .15, and every answer scores 1. When do the second and the
third change the result?
- When they agree with each other.
> Together they earn .4, and the first earns .6 alone. Agreeing does not help them.
+ Only when the first gives no answer that can be read.
> Its weight exceeds the rest together: it dictates. You pay three calls and read one answer.
- In about 40% of the messages.
> A weight is not a share of messages. It is compared with the other weights, message by message.

A member names the right one of five queues in half of all messages. Its wrong answers are spread
over the other four. What is its answer worth?
- Nothing: half right is a coin.
> A coin has two sides. With five queues, guessing gets one in five.
+ Something: what it says is four times as likely to be right as each other queue.
> One half against one eighth for each of the four others. Its log-odds weight is ln 4 = 1.39.
- Less than nothing: vote for another queue.
> Only a member that is right less often than a guess would deserve that.

You use each member's confidence as its score. One member is sure of almost everything, and wrong
in half of it. What happens?
+ Its high scores make it count for more than it earns.
> The ensemble believes what members say about themselves. Compare confidence with the share right
on fit first.
- The weights correct it.
> Only if they were learned together with these scores. Weights learned with equal scores know
nothing of it.
- Nothing: confidence is between 0 and 1 for all.
> The range is the same, but a member that always says .9 earns more than one that says .5.
""")
