"""Exercise checks and quiz of notebook 01."""

import math
from collections.abc import Callable, Sequence
from typing import Any

from mlkit.lessons import NOT_WRITTEN, Choice, Verdict, is_stub


def oracle(answer: Callable[[Sequence[Sequence[bool]]], float]) -> Verdict:
    """`answer(grades)`: the share of items that at least one member gets right; grades[m][i] is member m on item i."""
    grades = [[True, False, False, True, False], [False, True, False, True, False]]
    got: Any = answer(grades)
    if is_stub(got):
        return NOT_WRITTEN
    if got == 3:
        return Verdict(False, "That is a count. A share is the count divided by the number of items.")
    if got == 0.4:
        return Verdict(False, "That is the share of one member, the mean over members, or the items that nobody gets right. "
                              "The oracle sends each item to a member that gets it right, if there is one.")
    if got == 0.2:
        return Verdict(False, "That counts items that all members get right. For the oracle, one is enough.")
    if got == 0.8:
        return Verdict(False, "Items that two members get right are counted twice. Go item by item, not grade by grade.")
    if not isinstance(got, int | float) or not math.isclose(got, 0.6):
        return Verdict(False, f"With two members and five items you get {got!r}. Go item by item: is any grade True?")
    if not math.isclose(answer([[False], [False], [True]]), 1.0):
        return Verdict(False, "Right for two members, but not for three. Is the number of members written into the code?")
    return Verdict(True, "Right. No way of choosing among these members can beat this number.")


QUIZ = (
    ("A model gets 3 of 10 sums right when it works step by step. What do you do first?", [
        Choice("Take a model ten times the size.", "Perhaps later. It costs more, and you do not know yet what this one can do."),
        Choice("Ask the same model in another way, and measure again.",
               "It is the cheapest thing to try. Here it changed the score of one model and the price of the other.", right=True),
        Choice("Ask five times and take the majority.", "That is notebook 05. Below one half, a majority makes things worse."),
    ]),
    ("Model A gets 9 of 10 right, model B gets 7 of 10. The intervals are 60% to 98% and 40% to 89%. What do you know?", [
        Choice("A is better by 20 points.", "Ten items cannot say that: the intervals overlap over most of their length."),
        Choice("They are equal.", "That is not shown either. It may well be that A is better."),
        Choice("Not which one is better: it takes more items.", "Intervals shrink with the root of the number of items.", right=True),
    ]),
    ("Two models: best single 80%, oracle 82%. What is a perfect router worth here?", [
        Choice("At most 2 points.", "No choice between the two can beat the oracle.", right=True),
        Choice("Up to 20 points.", "The other 18 points are items that both models get wrong. Choosing cannot repair them."),
        Choice("That depends on the router.", "How near it comes does. But the oracle is the ceiling for all of them."),
    ]),
)
