"""Notebook 06: exercises, quiz, and what is read out of recorded plans."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from random import Random
from typing import Any, NamedTuple

from course.shop import paragraphs
from mlkit.measure.tasks import Task
from mlkit.widgets.exercises import Case, Exercise, against, choice, judgement
from mlkit.widgets.lessons import Verdict, questions

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
# Words of the plans in the planner's own examples.
FROM_THE_EXAMPLES = ("discount", "school", "on an order")


class Inputs(NamedTuple):
    """What a plan hands to those who calculate."""

    words: str  # the prompts of the math steps, and of the steps that they need
    found: str  # the results of the steps that they need


def math_inputs(result: Any) -> Inputs:
    """What the math steps of a plan get to read."""
    words, found = [], []
    for step in result.steps:
        if step.type == "math":
            needed = [n for n, other in enumerate(result.steps) if other.number in step.needs]
            words += [step.prompt, *(result.steps[n].prompt for n in needed)]
            found += [result.results[n] for n in needed if isinstance(result.results[n], str)]
    return Inputs("; ".join(words).lower(), "\n".join(found))


def lost_fields(task: Task, result: Any) -> list[str]:
    """The fields of an order that count, and no longer stand in what the plan hands on."""
    words = math_inputs(result).words
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


def added_discounts(task: Task, result: Any) -> list[str]:
    """Discounts that the plan grants, and the request has no reason for."""
    words, request = math_inputs(result).words, task.input.lower()
    return [who for who in ("school", "student", "member") if who in words and who not in request]


def copied_words(task: Task, result: Any) -> list[str]:
    """Words of the planner's examples in a plan, and not in the request: seen without a model."""
    words = "; ".join(step.prompt for step in result.steps).lower()
    return [word for word in FROM_THE_EXAMPLES if word in words and word not in task.input.lower()]


def calculation(run: Any) -> str:
    """The last calculation that an executor wrote, up to an equals sign; "" for none."""
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
    if lost_fields(task, result) or added_discounts(task, result):
        return "plan"
    wanted = [paragraphs()[topic.replace("_", "-")] for topic in task.notes["paragraphs"]]
    if any(paragraph not in math_inputs(result).found for paragraph in wanted):
        return "search"
    steps = zip(result.steps, result.results, strict=True)
    totals = [value for step, value in steps if step.type == "math" and isinstance(value, str)]
    return "synthesis" if any(task.right(total) for total in totals) else "arithmetic"


class Cost(NamedTuple):
    """What the pattern costs where a token of the planner costs `price_ratio` of the executors'."""

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
_MISSING = "and then the step goes to the fallback."
_NAMED: tuple[tuple[Any, str, str], ...] = (
    ("search", "search", "A step of the type search does not stay one."),
    (
        "Math",
        "math",
        '"Math" is math with a capital letter, and it goes to the fallback. Models do not keep to'
        " small letters.",
    ),
    (" math ", "math", '" math " with spaces around it goes to the fallback.'),
    ("phone", "search", "An executor that nobody has, phone, does not go to the fallback."),
    (
        "aftermath",
        "search",
        '"aftermath" is taken for math. A name counts as a whole, not where it stands inside'
        " another word.",
    ),
    ("ma", "search", '"ma" is taken for math. A part of a name is no name.'),
    ("", "search", "An empty type is no known type. It goes to the fallback."),
    (None, "search", f"A plan is data from a model: a type may be missing (None), {_MISSING}"),
    (7, "search", f"A plan is data from a model: a type may be a number, {_MISSING}"),
)
_OTHERS = "Another list of types, or another fallback: are search and math written into your code?"

_CAPITALS = (
    "A list of types may have capitals, too. Compare both without them, and give the name as it"
    " stands in `types`."
)


def _meant(named: Any, types: Sequence[str], fallback: str) -> str:
    name = named.strip().lower() if isinstance(named, str) else ""
    return next((known for known in types if known.lower() == name), fallback)


def _drawn_type(seeded: Random) -> tuple[Any, tuple[str, ...], str]:
    types = tuple(seeded.sample(("search", "math", "SQL", "Web page"), seeded.randint(1, 3)))
    known = seeded.choice(types)
    written = (known, known.upper(), f" {known.lower()} ", f"{known}s", known[:2], "phone", None, 7)
    return seeded.choice(written), types, seeded.choice(types)


# `executor(named, types, fallback)`: the known type that a model meant, or else the fallback.
executor = Exercise(
    [
        *(
            Case(
                (named, _TYPES, "search"),
                right,
                hint,
                dict.fromkeys(
                    (AttributeError, TypeError), f"It fails on the type {named!r}. {hint}"
                ),
            )
            for named, right, hint in _NAMED
        ),
        Case(("phone", _TYPES, "math"), "math", _OTHERS),
        Case(("Sql", ("sql",), "sql"), "sql", _OTHERS),
        Case(("SQL", ("SQL", "search"), "search"), "SQL", _CAPITALS),
        Case((" sql", ("SQL", "search"), "search"), "SQL", _CAPITALS),
        *against(_meant, _drawn_type),
    ],
    "Right. What is meant is understood, what is unknown goes to the fallback, and nothing gets"
    " lost.",
    {
        None: (
            "For {args[0]!r} it gives nothing back. A step without an executor would never be done."
        )
    },
)

_INFINITE = (
    "Planning takes {args[0]:,} tokens, the large model alone {args[2]:,}. At which price would"
    " that be made good? Give math.inf."
)
_ONE_ORDER = (
    "It is right for one order, and not for others. Are numbers of that order written into your"
    " code?"
)


def _equal_cost(planning: int, executing: int, alone: int) -> float:
    return executing / (alone - planning) if alone > planning else math.inf


def _drawn_tokens(seeded: Random) -> tuple[int, int, int]:
    return seeded.randint(1, 20) * 100, seeded.randint(0, 20) * 100, seeded.randint(1, 20) * 100


# `break_even(planning, executing, alone)`: how many times the executors' price a token of the
# planner must cost for equal costs.
break_even = Exercise(
    [
        Case(
            (700, 600, 1500),
            0.75,
            "For 700 planning, 600 executing and 1,500 alone it is not right yet. Write both costs"
            " down, with a price of r for the planner's tokens and 1 for the executors', and ask"
            " where they are equal.",
            {
                800 / 600: "That is the other way round: for 700, 600 and 1,500 tokens, executing"
                " is 0.75 of what is saved.",
                600 / 1500: "The planner's own tokens are missing. They have the same price as"
                " those of the large model alone.",
                1300 / 1500: "That takes all tokens at one price. Only planning and the large"
                " model alone have the planner's.",
            },
        ),
        Case((1500, 600, 1500), math.inf, _INFINITE, {ZeroDivisionError: _INFINITE}),
        Case((1800, 600, 1500), math.inf, _INFINITE, {ZeroDivisionError: _INFINITE}),
        Case((500, 0, 1000), 0, _ONE_ORDER),
        Case((200, 1600, 1000), 2, _ONE_ORDER),
        *against(_equal_cost, _drawn_tokens),
    ],
    "Right. The price ratio helps only as far as planning is shorter than doing it all.",
)

_EARLIER = {
    "plan": "go back to the beginning. Read the request once more, and tick off in the plan what"
    " changes the price.",
    "search": "the plan names all that counts. Now look at what came back for it.",
    "arithmetic": "what was planned was found. Now read the calculation.",
    "synthesis": "one step has the right total. What became of it?",
}
_MISTAKEN = {  # what is right: {what was said: hint}
    "search": {
        "arithmetic": "the calculation is wrong. But could it have been right, with the paragraph"
        " that it was given?",
    },
    "plan": {
        "arithmetic": "the calculation is wrong. But did anybody tell the executor all that"
        " counts?",
        "search": "the paragraph is the right one. Is all that the customer wrote still in the"
        " plan?",
    },
    "arithmetic": {
        "plan": "the plan may be clumsy, but does it leave out anything that changes the price?",
        "synthesis": "the last call only repeats what it was given. Where does that number come"
        " from?",
    },
    "synthesis": {},
}


def judged(right: Mapping[str, str]) -> Callable[[Mapping[str, str]], Verdict]:
    """A check of {order: the first of FAULTS in its trace}; `right` has the right ones."""
    listed = ", ".join(map(repr, FAULTS))
    cases = [
        choice(
            order,
            fault,
            FAULTS,
            f"{order}: {_EARLIER[fault]}",
            {said: f"{order}: {hint}" for said, hint in _MISTAKEN[fault].items()},
        )
        for order, fault in right.items()
    ]
    return judgement(
        cases,
        "Right. The first fault is the one to mend: what comes after it never had a chance.",
        undecided=f"Not judged yet: put one of {listed} in the place of each ...",
    )


QUIZ = questions("""
A plan has a step of the type email, and there is no such executor. What should the program do?
- Look for a function of that name and call it.
> Then a model decides which code runs. A plan is data: it may only choose from a list that you
wrote.
+ Give the step to a known executor, the fallback, and write down that it did.
> The run goes on, and the list of repairs tells you later how often it happened.
- Leave the step out.
> Then the steps that need it go without a result, and nobody learns of it.

All plans of a day pass the validator without a repair. What do you know?
+ The plans are well-formed: known executors, not too long, no step that waits for a later one.
> That is what a validator sees. It has not read the request.
- The plans are good.
> In this notebook all 32 plans pass, and many of them have lost something that changes the price.
- The executors will do their work well.
> The validator has not seen them at work.

The planner's model is ten times as expensive as the executors'. When does the pattern cost less
than that model alone?
- Always: most of the work is done by the cheap ones.
> The planner is paid for the plan and for the answer. If that takes as many tokens as doing it
all, nothing is saved.
+ When planning and summing up take clearly fewer of its tokens than doing it all.
> Only what the expensive model no longer reads or writes can be saved. The executors' price decides
how much of it is left.
- Never: three calls cost more than one.
> Calls have no price. Tokens have, and here the planner did not have to read the handbook.
""")
