"""Exercise checks and quiz of notebook 01."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from mlkit.widgets.lessons import NOT_WRITTEN, Choice, Verdict, is_stub


def _value(read: Callable[[str], Any], text: str) -> Any:
    """What a reader makes of a text: a number, or the error for a text that it cannot read."""
    try:
        return read(text)
    except (
        TimeoutError,
        NameError,
        TypeError,
        AttributeError,
        KeyError,
    ):  # not the text is broken, but the code
        raise
    except Exception as error:
        return error


def _is(value: Any, right: float) -> bool:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return number and abs(value - right) < 0.005


def before_equals(
    recorded: Sequence[tuple[str, float, bool]],
) -> Callable[[Callable[[str], float]], Verdict]:
    """The judge of `answer(text)`: the value of the calculation before the first equals sign, where
    there is one.

    A reader that passes is counted on `recorded`: texts of a model, each with its right number, and
    whether it counted as right.
    """
    cases = (
        ("(45 + 30) * 6", 450, "It has no equals sign, and should be worked out as before."),
        (
            "3 * 6 + 24 = 42",
            42,
            "The equals sign, and what stands behind it, must be cut off before it is worked out.",
        ),
        (
            "48 + 19 - 12 = 65",
            55,
            (
                "65 is what the model thinks it comes to. Let Python count: work out what stands"
                " before the equals sign."
            ),
        ),
        (
            "2 * 35 + 18 = 70 + 18 = 88",
            88,
            "There are two equals signs. The calculation is what stands before the first of them.",
        ),
        (
            "$12 + $8 * 6 = $12 + $48 = $62",
            60,
            (
                "Dollar signs are no problem for arithmetic; cut at the first equals sign, and give"
                " it the rest."
            ),
        ),
    )

    def judge(answer: Callable[[str], float]) -> Verdict:
        for text, right, hint in cases:
            got = _value(answer, text)
            if is_stub(got):
                return NOT_WRITTEN
            if not _is(got, right):
                said = (
                    f"raised {type(got).__name__}"
                    if isinstance(got, Exception)
                    else f"gave {got!r}"
                )
                return Verdict(False, f"For {text!r} your reader {said}. {hint}")
        for text in ("about 12", "First, we add the two prices."):
            if not isinstance(got := _value(answer, text), Exception):
                return Verdict(
                    False,
                    f"{text!r} is no calculation, and your reader gave {got!r}. Let the error of"
                    " arithmetic pass: an answer that cannot be read counts as wrong, and must not"
                    " look like a number.",
                )
        before, after = (
            sum(was for *_, was in recorded),
            sum(_is(_value(answer, text), gold) for text, gold, _ in recorded),
        )
        return Verdict(
            True,
            f"Right. Of {len(recorded)} recorded answers, {before} were right as they stood; with "
            f"your reader it is {after}.",
        )

    return judge


def oracle(answer: Callable[[Sequence[Sequence[bool]]], float]) -> Verdict:
    """`answer(grades)`: the share of items that at least one member gets right; grades[m][i] is
    member m on item i.
    """
    grades = [[True, False, False, True, False], [False, True, False, True, False]]
    got: Any = answer(grades)
    if is_stub(got):
        return NOT_WRITTEN
    if got == 3:
        return Verdict(
            False, "That is a count. A share is the count divided by the number of items."
        )
    if got == 0.4:
        return Verdict(
            False,
            "That is the share of one member, the mean over members, or the items that nobody gets"
            " right. The oracle sends each item to a member that gets it right, if there is one.",
        )
    if got == 0.2:
        return Verdict(
            False, "That counts items that all members get right. For the oracle, one is enough."
        )
    if got == 0.8:
        return Verdict(
            False,
            "Items that two members get right are counted twice. Go item by item, not grade by"
            " grade.",
        )
    if not isinstance(got, int | float) or not math.isclose(got, 0.6):
        return Verdict(
            False,
            f"With two members and five items you get {got!r}. Go item by item: is any grade True?",
        )
    if not math.isclose(answer([[False], [False], [True]]), 1.0):
        return Verdict(
            False,
            "Right for two members, but not for three. Is the number of members written into the"
            " code?",
        )
    return Verdict(True, "Right. No way of choosing among these members can beat this number.")


_WORDS = ("better", "worse", "cannot tell")


def judged(gains: Mapping[str, Any], halved: str) -> Callable[[Any], Verdict]:
    """The judge of some differences (measure.stats.Difference): each is "better", "worse" or
    "cannot tell".

    "tasks" is about how many tasks would make the interval of the difference called `halved` half
    as wide.
    """

    def judge(answer: Any) -> Verdict:
        if not isinstance(answer, Mapping) or not {*gains, "tasks"} <= answer.keys():
            return Verdict(False, f"Give a dictionary with {', '.join(gains)} and tasks.")
        if any(is_stub(value) for value in answer.values()):
            return Verdict(False, "Not judged yet: replace each ... with your answer.")
        for name, gain in gains.items():
            right = "better" if gain.above else "worse" if gain.below else "cannot tell"
            if answer[name] not in _WORDS:
                return Verdict(False, f"{name}: {answer[name]!r} is none of {', '.join(_WORDS)}.")
            if answer[name] == right:
                continue
            if not gain.clear:
                return Verdict(
                    False,
                    f"{name}: look at both ends of the interval. Is 0 between them? Then no"
                    " difference at all would make such a result unsurprising, too.",
                )
            if answer[name] == "cannot tell":
                return Verdict(
                    False, f"{name}: both ends of the interval lie on the same side of 0."
                )
            return Verdict(
                False,
                f"{name}: look at the sign. The number says how much the first of the two is ahead"
                " of the second.",
            )
        return _tasks(answer["tasks"], gains[halved].n)

    return judge


def _tasks(guess: Any, n: int) -> Verdict:
    if isinstance(guess, bool) or not isinstance(guess, int | float):
        return Verdict(False, f"tasks is a number; it is {type(guess).__name__}.")
    if math.isclose(guess, 2 * n, rel_tol=0.1):
        return Verdict(
            False,
            "Twice as many tasks make an interval narrower by the root of 2, which is 1.4. That is"
            " not half as wide.",
        )
    if math.isclose(guess, 3 * n, rel_tol=0.1):
        return Verdict(False, "tasks is the number of all tasks, not of those that come on top.")
    if not math.isclose(guess, 4 * n, rel_tol=0.1):
        return Verdict(
            False,
            f"The width goes with one over the root of the number of tasks, and that number is {n}"
            " now. Compare 22, 88 and 352 in section 5.",
        )
    return Verdict(
        True, "Right. An interval tells what you know, and what it would cost to know more."
    )


QUIZ = (
    (
        "A model gets 3 of 10 sums right when it works step by step. What do you do first?",
        [
            Choice(
                "Take a model ten times the size.",
                "Perhaps later. It costs more, and you do not know yet what this one can do.",
            ),
            Choice(
                "Ask the same model in another way, and measure again.",
                "It is the cheapest thing to try. Here it gave the small model twice as many right"
                " answers.",
                right=True,
            ),
            Choice(
                "Ask five times and take the majority.",
                "That takes five calls, and they are asked in the way that did not suit the model."
                " Notebook 05 measures what a majority brings.",
            ),
        ],
    ),
    (
        (
            "Model A gets 9 of 10 right, model B gets 7 of 10. The intervals are 60% to 98% and 40%"
            " to 89%. What do you know?"
        ),
        [
            Choice(
                "A is better by 20 points.",
                "Ten items cannot say that: any share from 60% to 89% fits both.",
            ),
            Choice("They are equal.", "That is not shown either. It may well be that A is better."),
            Choice(
                "Not which one is better: it takes more items.",
                "Intervals shrink with the root of the number of items.",
                right=True,
            ),
        ],
    ),
    (
        "Two models: best single 80%, oracle 82%. What is a perfect router worth here?",
        [
            Choice(
                "At most 2 points.", "No choice between the two can beat the oracle.", right=True
            ),
            Choice(
                "Up to 20 points.",
                "The other 18 points are items that both models get wrong. Choosing cannot repair"
                " them.",
            ),
            Choice(
                "That depends on the router.",
                "How near it comes does. But the oracle is the ceiling for all of them.",
            ),
        ],
    ),
)
