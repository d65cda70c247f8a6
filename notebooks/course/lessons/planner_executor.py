"""Exercise checks and quiz of notebook 06, and what it reads out of recorded plans."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from course.shop import paragraphs
from mlkit.measure.tasks import Task
from mlkit.widgets.lessons import NOT_WRITTEN, Choice, Verdict, is_stub

_NUMBERS = {2: "2|two|both", 3: "3|three", 4: "4|four", 5: "5|five", 6: "6|six"}
# Conditions of an order, and the words by which a plan may name each.
_CONDITIONS = {
    "express": "express|same day|today",
    "school": "school",
    "student": "student",
    "member": "member",
    "after_6_pm": "after 6|6 pm|evening|past seven",
    "setting_up": "set|setting",
    "delivery": "deliver",
    "membership_years": "membership",
}
FROM_THE_EXAMPLES = (
    "discount",
    "school",
    "on an order",
)  # words of the plans in the planner's own examples


class Handed(NamedTuple):
    """What a plan hands to those who calculate."""

    words: str  # the prompts of the math steps, and of the steps that they need
    found: str  # the results of the steps that they need


def handed(result: Any) -> Handed:
    words, found = [], []
    for step in result.steps:
        if step.type == "math":
            needed = [n for n, other in enumerate(result.steps) if other.number in step.needs]
            words += [step.prompt, *(result.steps[n].prompt for n in needed)]
            found += [result.results[n] for n in needed if isinstance(result.results[n], str)]
    return Handed("; ".join(words).lower(), "\n".join(found))


def lost(task: Task, result: Any) -> list[str]:
    """What counts in an order, and no longer stands in what the plan hands on: fields of the order,
    by name.
    """
    words = handed(result).words
    signs = {name: _sign(name, value) for name, value in task.gold["fields"].items()}
    return [name for name, sign in signs.items() if sign and not re.search(rf"\b(?:{sign})", words)]


def _sign(name: str, value: Any) -> str:
    """A pattern for the words that name a field; "" where it changes no price."""
    if name in ("job", "second_job", "third_job", "item", "second_item"):
        return re.escape(value.split()[0].rstrip("s")[:8])
    if name in ("quantity", "second_quantity", "days"):
        return _NUMBERS.get(value, "") if value < 30 else f"{value}"
    if name == "miles":
        return f"{value}|fourteen|more than 10" if value > 10 else ""
    if name == "age_years":
        return f"{value}|six|seven|eight" if value > 6 else ""
    if name == "receipt" or name == "paid_in":
        return {False: "receipt", "cash": "cash"}.get(value, "")
    return _CONDITIONS.get(name, "") if value else ""


def added(task: Task, result: Any) -> list[str]:
    """Discounts that the plan grants, and the request has no reason for."""
    words, request = handed(result).words, task.input.lower()
    return [who for who in ("school", "student", "member") if who in words and who not in request]


def copied(task: Task, result: Any) -> list[str]:
    """Words of the planner's examples that this plan uses, and the request does not: all that a
    check can see without a model.
    """
    words = "; ".join(step.prompt for step in result.steps).lower()
    return [word for word in FROM_THE_EXAMPLES if word in words and word not in task.input.lower()]


def written(run: Any) -> str:
    """The last calculation that an executor wrote, read with good will: without what stands behind
    an equals sign. "" for none.
    """
    texts = [
        call.reply.text
        for call in run.calls
        if call.role.endswith(" math") and hasattr(call.reply, "text")
    ]
    return texts[-1].partition("=")[0].strip() if texts else ""


FAULTS = ("plan", "search", "arithmetic", "synthesis")


def first_fault(task: Task, cell: Any) -> str:
    """The first place where an order went wrong, one of FAULTS; "" where its answer is right."""
    result = cell.run.result
    if cell.right:
        return ""
    if lost(task, result) or added(task, result):
        return "plan"
    if any(
        paragraphs()[topic.replace("_", "-")] not in handed(result).found
        for topic in task.notes["paragraphs"]
    ):
        return "search"
    values = [
        value
        for step, value in zip(result.steps, result.results, strict=True)
        if step.type == "math" and isinstance(value, str)
    ]
    return "synthesis" if any(task.right(value) for value in values) else "arithmetic"


class Cost(NamedTuple):
    """What the pattern costs where the planner's tokens are `price_ratio` times as dear as the
    executors'.
    """

    price_ratio: float
    planning: float  # all three as shares of what the large model alone costs
    executing: float
    pattern: float


def cost(price_ratio: float, planning: float, executing: float, alone: float) -> Cost:
    """From the tokens of an order: of planner and synthesizer, of all executors, and of the large
    model alone.
    """
    plans, does = planning / alone, executing / (price_ratio * alone)
    return Cost(price_ratio, plans, does, plans + does)


_TYPES = ("search", "math")
_NAMED = (
    ("search", "search", "A step of the type search does not stay one."),
    (
        "Math",
        "math",
        (
            '"Math" is math with a capital letter, and it goes to the fallback. Models do not keep'
            " to small letters."
        ),
    ),
    (" math ", "math", '" math " with spaces around it goes to the fallback.'),
    ("phone", "search", "An executor that nobody has, phone, does not go to the fallback."),
    (
        "aftermath",
        "search",
        (
            '"aftermath" is taken for math. A name counts as a whole, not where it stands inside'
            " another word."
        ),
    ),
    ("ma", "search", '"ma" is taken for math. A part of a name is no name.'),
    ("", "search", "An empty type is no known type. It goes to the fallback."),
    (
        None,
        "search",
        (
            "A plan is data from a model: a type may be missing (None), and then the step goes to"
            " the fallback."
        ),
    ),
    (
        7,
        "search",
        (
            "A plan is data from a model: a type may be a number, and then the step goes to the"
            " fallback."
        ),
    ),
)


def executor(answer: Callable[[Any, tuple[str, ...], str], str]) -> Verdict:
    """`answer(named, types, fallback)`: the known type that a model meant, or else the fallback."""
    if is_stub(answer("search", _TYPES, "search")):
        return NOT_WRITTEN
    for named, right, hint in _NAMED:
        try:
            given = answer(named, _TYPES, "search")
        except (AttributeError, TypeError):
            return Verdict(False, f"It fails on the type {named!r}. {hint}")
        if given is None:
            return Verdict(
                False,
                f"For {named!r} it gives nothing back. A step without an executor would never be"
                " done.",
            )
        if given != right:
            return Verdict(False, hint)
    if answer("phone", _TYPES, "math") != "math" or answer("Sql", ("sql",), "sql") != "sql":
        return Verdict(
            False,
            "Another list of types, or another fallback: are search and math written into your"
            " code?",
        )
    return Verdict(
        True,
        "Right. What is meant is understood, what is unknown goes to the fallback, and nothing gets"
        " lost.",
    )


def break_even(answer: Callable[[float, float, float], float]) -> Verdict:
    """`answer(planning, executing, alone)`: how many times as dear the planner's tokens must be for
    equal costs.
    """
    first = answer(700, 600, 1500)
    if is_stub(first):
        return NOT_WRITTEN
    if math.isclose(first, 800 / 600):
        return Verdict(
            False,
            "That is the other way round: for 700, 600 and 1,500 tokens, executing is 0.75 of what"
            " is saved.",
        )
    if math.isclose(first, 600 / 1500):
        return Verdict(
            False,
            "The planner's own tokens are missing. They have the same price as those of the large"
            " model alone.",
        )
    if math.isclose(first, 1300 / 1500):
        return Verdict(
            False,
            "That takes all tokens at one price. Only planning and the large model alone have the"
            " planner's.",
        )
    if not math.isclose(first, 0.75):
        return Verdict(
            False,
            "For 700 planning, 600 executing and 1,500 alone it is not right yet. Write both costs"
            " down, with a price of r for the planner's tokens and 1 for the executors', and ask"
            " where they are equal.",
        )
    for planning, alone in ((1500, 1500), (1800, 1500)):
        try:
            given = answer(planning, 600, alone)
        except ZeroDivisionError:
            given = 0.0
        if given != math.inf:
            return Verdict(
                False,
                f"Planning takes {planning:,} tokens, the large model alone {alone:,}. At which"
                " price would that be made good? Give math.inf.",
            )
    if not math.isclose(answer(500, 0, 1000), 0, abs_tol=1e-12) or not math.isclose(
        answer(200, 1600, 1000), 2
    ):
        return Verdict(
            False,
            "It is right for one order, and not for others. Are numbers of that order written into"
            " your code?",
        )
    return Verdict(
        True, "Right. The price ratio helps only as far as planning is shorter than doing it all."
    )


def judged(right: Mapping[str, str]) -> Callable[[Mapping[str, str]], Verdict]:
    """A check of {order: the first of FAULTS in its trace}; `right` has the right ones."""

    def judge(answer: Mapping[str, str]) -> Verdict:
        if not isinstance(answer, Mapping) or answer.keys() != right.keys():
            return Verdict(False, f"It takes one judgement for each of: {', '.join(right)}.")
        if any(is_stub(given) for given in answer.values()):
            return Verdict(
                False,
                f"Not judged yet: put one of {', '.join(map(repr, FAULTS))} in the place of"
                " each ...",
            )
        for order, given in answer.items():
            if given not in FAULTS:
                return Verdict(
                    False, f"{order}: {given!r} is none of {', '.join(map(repr, FAULTS))}."
                )
            if given != right[order]:
                return Verdict(
                    False, f"{order}: {_HINTS.get((right[order], given), _EARLIER[right[order]])}"
                )
        return Verdict(
            True,
            "Right. The first fault is the one to mend: what comes after it never had a chance.",
        )

    return judge


_EARLIER = {
    "plan": (
        "go back to the beginning. Read the request once more, and tick off in the plan what"
        " changes the price."
    ),
    "search": "the plan names all that counts. Now look at what came back for it.",
    "arithmetic": "what was planned was found. Now read the calculation.",
    "synthesis": "one step has the right total. What became of it?",
}
_HINTS = {
    (
        "search",
        "arithmetic",
    ): (
        "the calculation is wrong. But could it have been right, with the paragraph that it was"
        " given?"
    ),
    (
        "plan",
        "arithmetic",
    ): "the calculation is wrong. But did anybody tell the executor all that counts?",
    (
        "plan",
        "search",
    ): "the paragraph is the right one. Is all that the customer wrote still in the plan?",
    (
        "arithmetic",
        "plan",
    ): "the plan may be clumsy, but does it leave out anything that changes the price?",
    (
        "arithmetic",
        "synthesis",
    ): "the last call only repeats what it was given. Where does that number come from?",
}


QUIZ = (
    (
        (
            "A plan has a step of the type email, and there is no such executor. What should the"
            " program do?"
        ),
        [
            Choice(
                "Look for a function of that name and call it.",
                "Then a model decides which code runs. A plan is data: it may only choose from a"
                " list that you wrote.",
            ),
            Choice(
                "Give the step to a known executor, the fallback, and write down that it did.",
                "The run goes on, and the list of repairs tells you later how often it happened.",
                right=True,
            ),
            Choice(
                "Leave the step out.",
                "Then the steps that need it go without a result, and nobody learns of it.",
            ),
        ],
    ),
    (
        "All plans of a day pass the validator without a repair. What do you know?",
        [
            Choice(
                "The plans are well-formed: known executors, not too long, no step that waits for a"
                " later one.",
                "That is what a validator sees. It has not read the request.",
                right=True,
            ),
            Choice(
                "The plans are good.",
                "In this notebook all 32 plans pass, and many of them have lost something that"
                " changes the price.",
            ),
            Choice(
                "The executors will do their work well.", "The validator has not seen them at work."
            ),
        ],
    ),
    (
        (
            "The planner's model is ten times as dear as the executors'. When does the pattern cost"
            " less than that model alone?"
        ),
        [
            Choice(
                "Always: most of the work is done by the cheap ones.",
                "The planner is paid for the plan and for the answer. If that takes as many tokens"
                " as doing it all, nothing is saved.",
            ),
            Choice(
                "When planning and summing up take clearly fewer of its tokens than doing it all.",
                "Only what the dear model no longer reads or writes can be saved. The executors'"
                " price decides how much of it is left.",
                right=True,
            ),
            Choice(
                "Never: three calls cost more than one.",
                "Calls have no price. Tokens have, and here the planner did not have to read the"
                " handbook.",
            ),
        ],
    ),
)
