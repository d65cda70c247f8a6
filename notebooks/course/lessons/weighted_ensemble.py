"""Exercise checks and quiz of notebook 08."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from mlkit.widgets.lessons import NOT_WRITTEN, Choice, Verdict, is_stub


def dictator(answer: Callable[[Sequence[float]], int | None]) -> Verdict:
    """`answer(weights)`: the position of the member that weighs more than all others together, None
    where there is none.
    """
    got: Any = answer([0.2, 0.7, 0.1])
    if is_stub(got):
        return Verdict(
            False,
            NOT_WRITTEN.text + " For weights .2, .7, .1 there is a member that decides alone.",
        )
    if isinstance(got, bool):
        return Verdict(
            False,
            "You say whether there is one. The question is who: give the position, counted from 0.",
        )
    if got == 0.7:
        return Verdict(
            False,
            "That is a weight. Give the position of the member it belongs to, counted from 0.",
        )
    if got == 2:
        return Verdict(
            False, "Python counts from 0: the member in the middle of three has position 1."
        )
    if got != 1:
        return Verdict(
            False,
            f"For weights .2, .7, .1 you get {got!r}. Whose weight is larger than the other two"
            " together?",
        )
    if answer([0.4, 0.35, 0.25]) is not None:
        return Verdict(
            False,
            "For weights .4, .35, .25 you name a member, but the other two can outvote it. "
            "The largest weight is not yet one that decides alone.",
        )
    if answer([0.5, 0.3, 0.2]) is not None:
        return Verdict(
            False,
            "For weights .5, .3, .2 you name a member. Half of all weight is as much as the rest,"
            " not more.",
        )
    if answer([6, 2, 2]) != 0 or answer([2, 2, 2]) is not None or answer([0.03, 0.01, 0.01]) != 0:
        return Verdict(
            False,
            "Right while the weights sum to 1. They need not: 6, 2, 2 says the same as .6, .2, .2. "
            "Compare with the other weights, not with a fixed number.",
        )
    if answer([1, 1, 1, 5, 1]) != 3 or answer([1.0]) != 0:
        return Verdict(
            False,
            "Right for three members, but not for five, or for one alone. Is the number of members"
            " written into the code?",
        )
    return Verdict(
        True,
        "Right. Where this gives a member, the calls to all others buy nothing, as long as every"
        " score is the same.",
    )


def own_confidence(answer: Callable[[str, Mapping[str, float]], float]) -> Verdict:
    """`answer(text, shares)`: the probability of the label that the text names; 0 where it names
    none, or several.
    """
    shares = {"repair": 0.02, "order": 0.01, "refund": 0.07, "advice": 0.14, "complaint": 0.76}
    got: Any = answer("advice", shares)
    if is_stub(got):
        return NOT_WRITTEN
    if not isinstance(got, int | float):
        return Verdict(False, f"It should give a probability; it gave {type(got).__name__}.")
    if math.isclose(got, 0.76):
        return Verdict(
            False,
            "That is how sure the member was of its likeliest label. It wrote another one, and that"
            " one is what gets the score.",
        )
    if math.isclose(got, 1.0):
        return Verdict(
            False,
            "That is the sum of all labels, or a constant. How likely was the one label that was"
            " written?",
        )
    if not math.isclose(got, 0.14):
        return Verdict(
            False,
            f"The member wrote advice, and you get {got!r}. Which of the five probabilities belongs"
            " to that label?",
        )
    try:
        spoken = answer(" Complaint.\n", shares)
    except KeyError:
        return Verdict(
            False,
            'It works for "advice", but not for " Complaint.": a member\'s text is not always the'
            " bare label. label_in finds the label in it.",
        )
    if spoken is None or not math.isclose(spoken, 0.76):
        return Verdict(
            False,
            f'For the text " Complaint." you get {spoken!r}. Capitals, spaces and a full stop do'
            " not change the label.",
        )
    try:
        unread = [answer(text, shares) for text in ("disc", "", "complaint, order")]
    except Exception as error:
        return Verdict(
            False,
            f"A text that names no single label makes your code stop with {type(error).__name__}. "
            "What is such an answer worth to the ensemble?",
        )
    if unread[2] not in (0, None) and unread[:2] == [0, 0]:
        return Verdict(
            False,
            '"complaint, order" names two labels, so it names none that could be counted. What'
            " should it earn?",
        )
    if unread != [0, 0, 0]:
        return Verdict(
            False,
            'The texts "disc", "" and "complaint, order" name no single label; you give them'
            f" {unread}. What should they earn?",
        )
    if not math.isclose(answer("east", {"west": 0.3, "east": 0.7}), 0.7):
        return Verdict(
            False, "Right for the five queues, but not for other labels. Take them from shares."
        )
    return Verdict(True, "Right. Now the score belongs to the answer that it is given for.")


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
    if "B" in chosen:
        return Verdict(
            False,
            "One sentence too many: it trusts a difference of one message. What would the interval"
            " of such a difference say?",
        )
    if "D" in chosen:
        return Verdict(
            False,
            "One sentence too many: it calls weights learned from performance, though they are"
            " reported on the same messages they were chosen on.",
        )
    if "A" not in chosen:
        return Verdict(
            False,
            "What you chose is justified, but a sentence is missing. How many mixes were tried"
            " before this one was reported?",
        )
    if "C" not in chosen:
        return Verdict(
            False,
            "What you chose is justified, but a sentence is missing. Think of what runs for each"
            " answer, right or wrong.",
        )
    if "E" not in chosen:
        return Verdict(
            False,
            "What you chose is justified, but a sentence is missing. What will happen on messages"
            " that nobody has tuned on?",
        )
    return Verdict(
        True, "Right. Choose on one set of messages, report on another, and count the calls."
    )


QUIZ = (
    (
        (
            "Three members have weights .6, .25 and .15, and every answer scores 1. When do the"
            " second and the third change the result?"
        ),
        [
            Choice(
                "When they agree with each other.",
                "Together they earn .4, and the first earns .6 alone. Agreeing does not help them.",
            ),
            Choice(
                "Only when the first gives no answer that can be read.",
                "Its weight exceeds the rest together: it dictates. You pay three calls and read"
                " one answer.",
                right=True,
            ),
            Choice(
                "In about 40% of the messages.",
                "A weight is not a share of messages. It is compared with the other weights,"
                " message by message.",
            ),
        ],
    ),
    (
        (
            "A member names the right one of five queues in half of all messages. Its wrong answers"
            " are spread over the other four. What is its answer worth?"
        ),
        [
            Choice(
                "Nothing: half right is a coin.",
                "A coin has two sides. With five queues, guessing gets one in five.",
            ),
            Choice(
                "Something: what it says is four times as likely to be right as each other queue.",
                "One half against one eighth for each of the four others. Its log-odds weight is ln"
                " 4 = 1.39.",
                right=True,
            ),
            Choice(
                "Less than nothing: vote for another queue.",
                "Only a member that is right less often than a guess would deserve that.",
            ),
        ],
    ),
    (
        (
            "You use each member's confidence as its score. One member is sure of almost"
            " everything, and wrong in half of it. What happens?"
        ),
        [
            Choice(
                "Its high scores make it count for more than it earns.",
                "The ensemble believes what members say about themselves. Compare confidence with"
                " the share right on fit first.",
                right=True,
            ),
            Choice(
                "The weights correct it.",
                "Only if they were learned together with these scores. Weights learned with equal"
                " scores know nothing of it.",
            ),
            Choice(
                "Nothing: confidence is between 0 and 1 for all.",
                "The range is the same, but a member that always says .9 earns more than one that"
                " says .5.",
            ),
        ],
    ),
)
