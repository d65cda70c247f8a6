"""Exercise checks and quiz of notebook 05."""

import math
from collections.abc import Callable, Hashable, Sequence
from typing import Any

from mlkit.widgets.lessons import NOT_WRITTEN, Choice, Verdict, is_stub

_FORTY_TWO = {
    " 42 ": "The spaces around it are no part of an answer.",
    "42.": "A full stop at the end does not change the number.",
    "42.00": "Two texts can be the same number. What would you compare instead of the letters?",
    "$42.00": "The currency stands in the question. It should not make another answer.",
    "The answer is 42": (
        "Some members write a sentence around the number. Look for the number in it."
    ),
    "the answer is 42.": (
        "The same sentence with a small letter and a full stop is still the same answer."
    ),
}


def same(answer: Callable[[str], Hashable]) -> Verdict:
    """`answer(text)`: a form in which equal answers are equal, numbers and labels alike."""
    got = {
        text: answer(text)
        for text in ("42", "42.5", "-42", "4200", "7", "refund", "Refund.", "order", *_FORTY_TWO)
    }
    if all(is_stub(value) for value in got.values()):
        return NOT_WRITTEN
    empty = [text for text, value in got.items() if value is None or value == ""]
    if empty:
        return Verdict(
            False, f"For {empty[0]!r} your function gives nothing back, so this vote would be lost."
        )
    if got["42"] == got["7"] or got["refund"] == got["order"]:
        one, other = ("42", "7") if got["42"] == got["7"] else ("refund", "order")
        return Verdict(
            False,
            f"{one!r} and {other!r} became the same answer. What differs must stay different.",
        )
    if got["42.00"] == got["4200"]:
        return Verdict(
            False, "'42.00' and '4200' became the same. A point inside a number is not a full stop."
        )
    if got["42.5"] == got["42"]:
        return Verdict(
            False, "'42.5' and '42' became the same. A whole number is not the only kind of answer."
        )
    if got["-42"] == got["42"]:
        return Verdict(False, "'-42' and '42' became the same. Was a sign lost on the way?")
    for text, hint in _FORTY_TWO.items():
        if got[text] != got["42"]:
            return Verdict(False, f"{text!r} and '42' are still two answers. {hint}")
    if got["Refund."] != got["refund"]:
        return Verdict(
            False,
            "'Refund.' and 'refund' are still two answers. Labels are written in more than one way,"
            " too.",
        )
    return Verdict(
        True,
        "Right. What counts as the same is a decision, and it is made before anything is counted.",
    )


def winner(answer: Callable[[Sequence[str | None]], str | None]) -> Verdict:
    """`answer(answers)`: the most common answer; None in a tie or where nobody voted; a None among
    them is no vote.
    """
    if is_stub(answer(["refund", "refund", "order"])):
        return NOT_WRITTEN
    if (got := answer(["order", "refund", "refund"])) != "refund":
        return Verdict(
            False,
            f"Two voters say refund and one says order: you give {got!r}. How often does each"
            " answer occur?",
        )
    if answer(["refund", "refund", "order", "repair", "advice"]) != "refund":
        return Verdict(
            False,
            "Two of five say refund, and nobody else agrees with anybody. The most common answer"
            " wins; it need not have more than half.",
        )
    for tied in (
        ["refund", "order"],
        ["order", "refund", "repair"],
        ["order", "order", "refund", "refund", "repair"],
    ):
        if (got := answer(tied)) is not None:
            return Verdict(
                False,
                f"{tied} is a tie, and you give {got!r}. Here the order of the voters, or the"
                " alphabet, has decided. The rule says something else.",
            )
    if answer([None, None, "repair"]) != "repair":
        return Verdict(
            False,
            "[None, None, 'repair'] has one vote, for repair. An answer that could not be read is"
            " no vote, and it is no candidate either.",
        )
    for nobody in ([None, None], []):
        try:
            got = answer(nobody)
        except (ValueError, IndexError):
            return Verdict(
                False,
                f"With {nobody} nobody has voted, and your function raises an error. What does the"
                " rule say?",
            )
        if got is not None:
            return Verdict(False, f"With {nobody} nobody has voted, and you give {got!r}.")
    return Verdict(
        True,
        'Right. A rule that says "tie" aloud lets you decide what a tie is worth: a person, or a'
        " stronger model.",
    )


def judgement(answer: tuple[Any, Any]) -> Verdict:
    """`answer`: what three voters with error correlation 0.6 are worth, and which of the readings
    A, B, C is right.
    """
    effective, reading = answer
    if is_stub(effective) or is_stub(reading):
        return Verdict(False, "Not written yet: replace both ... with your answers.")
    if not isinstance(effective, int | float):
        return Verdict(
            False, f"effective should be a number of voters; it is {type(effective).__name__}."
        )
    hints = {
        3.0: "Three voters are worth three only if their errors do not correlate at all.",
        3 / 1.6: "Each voter has two others to be like, not one.",
        3 / 2.8: "A voter is not compared with itself: how many others are there?",
        3 * 0.4: (
            "The correlation does not work by taking away a share of the voters. Which formula"
            " stands in section 5?"
        ),
        3 * 0.6: "More correlation must mean fewer voters. Which formula stands in section 5?",
        2.2: "This is the number by which three is still to be divided.",
    }
    for wrong, hint in hints.items():
        if math.isclose(effective, wrong, abs_tol=0.01):
            return Verdict(False, hint)
    if not math.isclose(effective, 3 / 2.2, abs_tol=0.04):
        return Verdict(
            False,
            f"{effective:.3g} voters is not it. Try the formula of section 5 at its ends first:"
            " with correlation 0 three voters are worth three, with correlation 1 they are worth"
            " one.",
        )
    chosen = str(reading).strip().upper()
    if chosen == "A":
        return Verdict(
            False,
            "The number of voters is right. But look at the interval: does it leave only gains?",
        )
    if chosen == "C":
        return Verdict(
            False,
            "The number of voters is right. But a gain that is not shown is something else than a"
            " gain that is not there.",
        )
    if chosen != "B":
        return Verdict(
            False, 'The number of voters is right. The reading is one of "A", "B" and "C".'
        )
    return Verdict(
        True,
        "Right. Three voters that are this alike are hardly more than one, and 22 items cannot show"
        " a small gain.",
    )


QUIZ = (
    (
        (
            "Many voters, each right in 40% of the cases. There are two answers, and their errors"
            " are independent. What does a larger vote do?"
        ),
        [
            Choice(
                "It gets better: many heads know more than one.",
                "That needs heads that are right more often than not. These agree on the wrong"
                " answer more and more surely.",
            ),
            Choice(
                "It gets worse with each voter.",
                "With two answers, all who are wrong agree. Voting makes the more common answer"
                " certain, and here that is the wrong one.",
                right=True,
            ),
            Choice(
                "It stays at 40%.",
                "Only if the voters were all alike, that is, if their errors correlated by 1.",
            ),
        ],
    ),
    (
        (
            "Five calls of the same model with the same prompt, temperature 0.7 and the same seed"
            " give five equal answers. What do you know?"
        ),
        [
            Choice(
                "The model is sure.",
                "The five calls threw the same dice. They had to agree, whatever the model thinks.",
            ),
            Choice(
                "As much as after one call.",
                "Same model, same prompt, same seed: one vote, paid for five times.",
                right=True,
            ),
            Choice(
                "The answer is probably right.",
                "Nothing was learned about that. And even voters that throw their own dice can"
                " agree on an error.",
            ),
        ],
    ),
    (
        (
            "Five free texts: by embeddings, three of them mean the same. What follows for the text"
            " in their middle?"
        ),
        [
            Choice(
                "It keeps the rules of the task.",
                "Nobody has looked at the rules. In the recordings, at a threshold of 0.9, the"
                " chosen texts keep them no more often than others.",
            ),
            Choice(
                "It is the best of the five.",
                "It is the most typical of the five. A text that stands out, for good or bad, never"
                " wins such a vote.",
            ),
            Choice(
                "It is typical of what this model writes here.",
                "Similarity finds the common text. Whether it is any good, a checker must say.",
                right=True,
            ),
        ],
    ),
)
