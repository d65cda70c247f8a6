"""Exercise checks and quiz of notebook 09."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from mlkit.ties import exceeds
from mlkit.widgets.lessons import NOT_WRITTEN, Choice, Verdict, is_stub


def lead(answer: Callable[[Sequence[str | None], float, int], str | None]) -> Verdict:
    """`answer(answers, threshold, lead)`: as `decide`, but the winner also needs `lead` votes more
    than any other answer.
    """
    if answer(["a", "a", "a"], 0.7, 2) != "a":
        got = answer(["a", "a", "a"], 0.7, 2)
        return Verdict(
            False,
            (
                "Not written yet, or it escalates always: where all three agree, give back their"
                " answer."
                if got is None
                else (
                    f"Where all three say 'a', you give {got!r}. Give the answer itself, or None to"
                    " escalate."
                )
            ),
        )
    cases = (
        (
            (["a", "a", "b", "c", "d"], 0.7, 1),
            None,
            (
                "Two of five reach no threshold of 0.7. The lead comes on top of the old rule; it"
                " does not replace it."
            ),
        ),
        (
            (["a", "b"], 0.5, 1),
            None,
            "One vote each is a lead of nothing. Is the answer that came first preferred?",
        ),
        (
            (["a", "a", "a", "b", "b"], 0.6, 2),
            None,
            (
                "Three against two is a lead of one. Is the winner's own count compared with"
                " `lead`? A lead is a difference."
            ),
        ),
        (
            (["a", "a", None], 0.7, 1),
            None,
            "Two of three do not reach 0.7. A member that failed still counts among all.",
        ),
        (
            (["a", "a", None], 0.6, 2),
            "a",
            (
                "None is no rival: a member that failed votes for nothing. Two against nothing is a"
                " lead of two."
            ),
        ),
        (
            (["a", "a", "a", "b", "b"], 0.6, 1),
            "a",
            (
                "Three of five reach 0.6, and they are one ahead, which is enough where one is"
                " asked for."
            ),
        ),
        (
            (["a", "a", "a", "b", "c"], 0.6, 2),
            "a",
            (
                "The others do not add up: they disagree with each other. What counts is the"
                " largest of them."
            ),
        ),
        (
            ([None, None, None], 0.7, 1),
            None,
            (
                "Where nobody answered there is no answer to give. That, too, is a case for the"
                " strong model."
            ),
        ),
    )
    for asked, right, hint in cases:
        if answer(*asked) != right:
            return Verdict(False, hint)
    return Verdict(True, "Right. A stricter rule escalates more: safer answers, and a higher bill.")


def price_ratio(answer: Callable[[int, float], float]) -> Verdict:
    """`answer(voters, escalated)`: from how many times the price of one cheap vote on the strong
    model must cost, so that votes and escalations together cost no more than the strong model
    alone.
    """
    got: Any = answer(3, 0.4)
    if is_stub(got):
        return NOT_WRITTEN
    if isinstance(got, bool) or not isinstance(got, int | float):
        return Verdict(False, f"It should give a number of times; it gave {type(got).__name__}.")
    hints = {
        3.0: (
            "The votes are paid for on every message, also on those that are escalated in the end."
            " You seem to pay them only where they agree."
        ),
        1 / 0.6: "That is right for one voter. All voters are paid.",
        3 / 0.4: (
            "You divide by the share that is escalated. What the strong model is spared is the"
            " rest."
        ),
        0.6 / 3: (
            "That is a vote's price as a share of the strong model's. The question is how many"
            " times dearer the strong one must be."
        ),
        3 * 0.6: (
            "More escalation should make the ratio higher, and yours falls. Write down the two"
            " costs and set them equal."
        ),
        3.4: (
            "That is what the ensemble costs where a vote and a strong answer have the same price."
            " Find the price at which it equals the strong model alone."
        ),
    }
    for wrong, hint in hints.items():
        if math.isclose(got, wrong, rel_tol=1e-6):
            return Verdict(False, hint)
    if not math.isclose(got, 5.0, rel_tol=1e-6):
        return Verdict(
            False,
            f"For three voters and 40% escalated you get {got:.4g}. Let a vote cost 1 and a strong"
            " answer r. The ensemble pays all votes, and r for the escalated share. Set that equal"
            " to r.",
        )
    try:
        hopeless = answer(3, 1.0)
    except ZeroDivisionError:
        hopeless = None
    if hopeless != math.inf:
        return Verdict(
            False,
            "Right, but for one case: if everything is escalated the votes are paid for nothing,"
            " and no price is high enough. Give back math.inf there.",
        )
    if not math.isclose(answer(1, 0.5), 2.0):
        return Verdict(
            False,
            "Right for three voters, but not for one. Is the number of voters written into the"
            " code?",
        )
    return Verdict(
        True,
        "Right. Below this ratio the ensemble costs more than the model that it is meant to spare.",
    )


def judged(
    low: float, high: float, escalated: float, vote_dollars: float, strong_dollars: float
) -> Callable[[Any], Verdict]:
    """The judge of a sentence about five voters: `low` and `high` bound the difference to the
    strong model (shares).

    The answer is a mapping of "as_good" ("shown", "not shown" or "worse"), "cheaper" (True or
    False) and "most_voters".
    """
    as_good = "shown" if exceeds(low, -0.05) else "worse" if exceeds(0, high) else "not shown"
    pays = [
        n
        for n in range(1, 20)
        if exceeds(strong_dollars, n * vote_dollars + escalated * strong_dollars)
    ]
    cheaper, most = 5 in pays, max(pays, default=0)
    as_good_hints = {
        "shown": (
            "No difference was found, and that is less than finding that there is none. Look at the"
            " lower end of the interval: is a loss of more than 5 points ruled out?"
        ),
        "worse": "The interval reaches above 0, so a loss is not shown either.",
        "not shown": "Look at both ends of the interval again: one of them settles it.",
    }

    def judge(answer: Any) -> Verdict:
        if (
            not isinstance(answer, Mapping)
            or not {"as_good", "cheaper", "most_voters"} <= answer.keys()
        ):
            return Verdict(False, 'Give a dictionary with "as_good", "cheaper" and "most_voters".')
        if any(is_stub(value) for value in answer.values()):
            return Verdict(False, "Not judged yet: replace each ... with your answer.")
        if answer["as_good"] not in as_good_hints:
            return Verdict(False, '"as_good" is one of "shown", "not shown" and "worse".')
        if answer["as_good"] != as_good:
            return Verdict(False, as_good_hints[answer["as_good"]])
        if answer["cheaper"] != cheaper:
            return Verdict(
                False,
                '"cheaper" is True or False. Fewer strong answers are only one side of the bill:'
                " add what all five votes cost on all messages, and compare the sum with the strong"
                " model alone.",
            )
        if answer["most_voters"] != most:
            return Verdict(
                False,
                f"With {answer['most_voters']} voters, all their votes and the escalated share"
                " together: is that below the strong model alone? And would it still be with one"
                " voter more?",
            )
        return Verdict(
            True, "Right. Quality and price are two questions, and each needs its own numbers."
        )

    return judge


QUIZ = (
    (
        "Four members vote, and the threshold is 0.7. How many must agree?",
        [
            Choice("Two.", "Two of four are 0.5, and that is less than 0.7."),
            Choice(
                "Three.",
                "Three of four are 0.75, the first share that reaches 0.7. A threshold always means"
                " a whole number of votes.",
                right=True,
            ),
            Choice("Four.", "Four reach it as well, but three are enough: 0.75 is more than 0.7."),
        ],
    ),
    (
        (
            "Three models vote. Where not all three agree, one of these three, which always answers"
            " the same, is asked again. What comes out?"
        ),
        [
            Choice(
                "The answer of the majority.",
                "Only where all three agree. In all other cases the one that is asked again"
                " decides.",
            ),
            Choice(
                "A better answer than from any of the three.",
                "No new answer comes in: the last word has someone who spoke already.",
            ),
            Choice(
                "Exactly what that one model would have answered alone.",
                "If all agree, its answer wins; if not, its answer is taken. The other two are paid"
                " and never change anything.",
                right=True,
            ),
        ],
    ),
    (
        "All five samples of one model agree. What do you know?",
        [
            Choice(
                "The answer is right.",
                "Look at the recorded failure above: five of five, and wrong.",
            ),
            Choice(
                "The model would most likely say so again. How often it is right then, you must"
                " measure.",
                "Samples of one model share its blind spots, so agreement can be a shared mistake.",
                right=True,
            ),
            Choice(
                "Nothing at all.",
                "It tells something: here, answers on which all agreed were right more often than"
                " split ones. It is only much less than it looks.",
            ),
        ],
    ),
)
