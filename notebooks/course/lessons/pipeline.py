"""Exercise checks and quiz of notebook 02, and what it reads out of recorded pipelines."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from course.shop import paragraphs
from mlkit.ask import Reply
from mlkit.measure.tasks import Task
from mlkit.widgets.lessons import NOT_WRITTEN, Choice, Verdict, is_stub

# Factors of a right calculation, and how the handbook words each of them.
_RULES = {
    "1.25": ("25 percent",),
    "0.8": ("20 percent",),
    "0.75": ("25 percent",),
    "0.9": ("10 percent",),
    "1.5": ("50 percent",),
    "0.5": ("half", "50 percent"),
    "17": ("half", "50 percent"),
}


def missing(task: Task, extracted: str) -> list[str]:
    """The prices and rules that an order's shortest right calculation uses, and the extraction does
    not name.
    """
    prices = set(re.findall(r"\$(\d+)", " ".join(paragraphs().values())))
    wanted = [
        (f"${number}",) if number in prices else _RULES[number]
        for number in re.findall(r"\d+(?:\.\d+)?", task.notes["expression"])
        if number in prices or number in _RULES
    ]
    if "third_job" in task.gold["fields"]:
        wanted.append(
            ("free",)
        )  # the cheapest of three jobs is, and so it stands in no calculation
    return [either[0] for either in wanted if not any(_names(extracted, one) for one in either)]


def _names(text: str, fact: str) -> bool:
    return (
        re.search(
            rf"(?<!\d){re.escape(fact)}(?![\d.]*\d)",
            text.replace("%", " percent").replace("  ", " "),
        )
        is not None
    )


def kindly(text: str) -> str:
    """A last line read with good will: what stands behind its last equals sign, and behind words
    with a colon.
    """
    return text.rpartition("=")[2].rpartition(":")[2].strip()


def after_retries(right: float, caught: float, retries: int) -> float:
    """How often a stage ends right, if each try is right with `right`, and a gate sends back the
    share `caught` of the wrong.
    """
    return sum(right * ((1 - right) * caught) ** tries for tries in range(retries + 1))


def ratios(
    some: Sequence[Any], others: Sequence[Any], value: Callable[[Any], float]
) -> list[float]:
    """For each prompt that both have runs of, in the order of their names: the mean value of
    `some`, as a multiple of that of `others`.
    """
    one, other = (
        {
            task: [value(run) for run in runs if run.task == task]
            for task in {run.task for run in runs}
        }
        for runs in (some, others)
    )
    return [
        (sum(one[task]) / len(one[task])) / (sum(other[task]) / len(other[task]))
        for task in sorted(one.keys() & other.keys())
    ]


def in_a_row(runs: Sequence[Sequence[Any]]) -> list[Any]:
    """The calls of several runs as one list: numbered through, and named after the order that they
    belong to.
    """
    calls: list[Any] = []
    for number, run in enumerate(runs, 1):
        first = len(calls)
        calls += [
            replace(
                call,
                id=first + call.id,
                role=f"order {number}, {call.role}",
                after=frozenset(first + id for id in call.after),
            )
            for call in run
        ]
    return calls


def priced(matrix: Any, subject: str, prices: Mapping[str, Any]) -> float:
    """Dollars per 1,000 prompts of one subject of a Matrix, with a price for each member's name."""
    calls = [
        call
        for row in matrix.of([subject]).cells
        for call in row[0][0].calls
        if isinstance(call.reply, Reply)
    ]
    paid = (
        call.reply.prompt_tokens * prices[call.member.name].prompt
        + call.reply.output_tokens * prices[call.member.name].output
        for call in calls
    )
    return 1000 * sum(paid) / 1e6 / len(matrix.tasks)


_GATE = (
    (
        "Go ahead if it stays under $30.",
        "9 * 3",
        False,
        "It refuses 9 * 3 for a customer whose limit is $30, and no 30 stands there.",
    ),
    (
        "I will give it back for no less than $65.",
        "60 - 65",
        True,
        "60 - 65 passes, and 65 is the customer's limit of $65.",
    ),
    (
        "I can pay $65.",
        "60-65",
        True,
        (
            "60-65, without spaces, passes. Is the 65 read as minus 65, or not found without spaces"
            " around it?"
        ),
    ),
    ("My limit is $65.", "65", True, "A calculation that is nothing but the limit passes."),
    (
        "At most $30, please.",
        "130 * 2",
        False,
        "It refuses 130 * 2 for the limit of $30. The 30 in 130 is no 30.",
    ),
    (
        "At most $30, please.",
        "15 * 2 + 300",
        False,
        "It refuses 15 * 2 + 300 for the limit of $30. The 30 in 300 is no 30.",
    ),
    (
        "At least $50 back, please.",
        "72 * 0.50",
        False,
        (
            "It refuses 72 * 0.50 for the limit of $50. What stands behind a point belongs to "
            "the number before it."
        ),
    ),
    (
        "I live 14 miles from you. At most $35.",
        "26 + 14",
        False,
        "It refuses the 14 of 14 miles. Only dollar amounts are meant.",
    ),
    (
        "I pay $40 for the repair and $20 for the van.",
        "24 + 20",
        True,
        "A request may name two amounts, and the second one passes.",
    ),
    (
        "Two helmets, please.",
        "2 * 45",
        False,
        "It refuses a calculation where the request names no amount at all.",
    ),
)


def gate(
    recorded: Sequence[tuple[str, str, bool]],
) -> Callable[[Callable[[str, str], str]], Verdict]:
    """A check of `answer(request, calculation)`: "" or a complaint, where a dollar amount of the
    request stands in the calculation. Then counts what it refuses of the recorded (request,
    calculation, right).
    """

    def judge(answer: Callable[[str, str], str]) -> Verdict:
        if is_stub(answer(*_GATE[0][:2])) and is_stub(answer(*_GATE[1][:2])):
            return NOT_WRITTEN
        for request, calculation, refuse, hint in _GATE:
            said = answer(request, calculation)
            if not isinstance(said, str):
                return Verdict(
                    False,
                    f"For {calculation!r} it gives {said!r}. A gate gives a text: the complaint, or"
                    ' "" where all is well. The pipeline puts this text into the next prompt.',
                )
            if bool(said) != refuse:
                return Verdict(False, hint)
        right, wrong = (
            [bool(answer(request, text)) for request, text, good in recorded if good == kind]
            for kind in (True, False)
        )
        left = len(wrong) - sum(wrong) + len(right) - sum(right)
        return Verdict(
            True,
            f"Right. Of the recorded calculations it refuses {sum(wrong)} of {len(wrong)} wrong"
            f" ones and {sum(right)} of {len(right)} right ones, and it asks no model. Of the"
            f" {left} that are left, {len(right) - sum(right)} are right.",
        )

    return judge


def retried(answer: Callable[[float, float, int], float]) -> Verdict:
    """`answer(right, caught, retries)`: how often a stage ends right, if every try is right with
    `right`.
    """
    first = answer(0.6, 0.5, 1)
    if is_stub(first):
        return NOT_WRITTEN
    if not isinstance(first, int | float):
        return Verdict(False, f"It should give a share, and gives {type(first).__name__}.")
    if not _close(answer(0.6, 0.5, 0), 0.6):
        return Verdict(
            False,
            "Without a retry the gate changes nothing: a stage that is right in 60% stays at 60%.",
        )
    hints = {
        0.84: "You let the gate see every wrong output. It sees only the share `caught` of them.",
        0.8: (
            "Among the wrong outputs half are caught, and you count all of these as mended. A retry"
            " is a try: it can be wrong again."
        ),
        0.9: (
            "Half of all outputs would be sent back so. Only wrong outputs are: how many are those?"
        ),
        0.78: (
            "You send back right outputs. The gate catches a share of the wrong ones: how many of"
            " 100 are wrong?"
        ),
        0.12: "That is what the retry adds. What was right at once is right still.",
    }
    if not _close(first, 0.72):
        known = next((hint for value, hint in hints.items() if _close(first, value)), None)
        return Verdict(
            False,
            known
            or f"A stage right in 60%, a gate that catches half of the wrong, one retry: "
            f"you give {first:.3g}. "
            "Of 100 outputs, how many are right at once? How many are wrong and caught? How "
            "many of those does the retry mend?",
        )
    if not _close(answer(0.6, 0.5, 2), 0.744):
        return Verdict(
            False,
            "One retry is right, two are not. The second retry gets only what was wrong and caught"
            " twice.",
        )
    if not _close(answer(0.5, 1.0, 10), 1 - 0.5**11):
        return Verdict(
            False, "With ten retries it goes wrong. Does your function know only up to two?"
        )
    if not (_close(answer(0.0, 1.0, 2), 0.0) and _close(answer(1.0, 0.5, 2), 1.0)):
        return Verdict(
            False,
            "Try the ends: a stage that is never right stays so, and one that is always right does,"
            " too.",
        )
    return Verdict(
        True,
        "Right. It holds if a retry is as good as a first try. Section 5 shows what came of that"
        " here.",
    )


def _close(one: Any, other: float) -> bool:
    return isinstance(one, int | float) and math.isclose(one, other, abs_tol=1e-6)


JUDGEMENTS = ("shown", "not shown")


def judged(gains: Mapping[str, Any], unchanged: int) -> Callable[[Mapping[str, Any]], Verdict]:
    """A check of {name: one of JUDGEMENTS, ..., "could still change": a share}. `gains` are the
    measured differences by name, and `unchanged` is the number of items, of which none changed its
    grade.
    """
    right = {name: "shown" if gain.above else "not shown" for name, gain in gains.items()}

    def judge(answer: Mapping[str, Any]) -> Verdict:
        if not isinstance(answer, Mapping) or answer.keys() != {*right, "could still change"}:
            return Verdict(
                False, f"It takes one entry for each of: {', '.join(right)}, could still change."
            )
        if any(is_stub(given) for given in answer.values()):
            return Verdict(False, "Not judged yet: replace each ... by your judgement.")
        for name, wanted in right.items():
            if answer[name] not in JUDGEMENTS:
                return Verdict(
                    False,
                    f"{name}: {answer[name]!r} is none of {', '.join(map(repr, JUDGEMENTS))}.",
                )
            if answer[name] != wanted:
                return Verdict(
                    False,
                    f"{name}: look at both ends of the interval. "
                    + (
                        "Does it leave room for no gain at all?"
                        if wanted == "not shown"
                        else "Is 0 between them?"
                    ),
                )
        return _rule_of_three(answer["could still change"], unchanged)

    return judge


def _rule_of_three(share: Any, n: int) -> Verdict:
    if not isinstance(share, int | float):
        return Verdict(
            False,
            "could still change: give a number, a share of the orders; this is"
            f" {type(share).__name__}.",
        )
    if share == 0:
        return Verdict(
            False,
            f"could still change: none of {n} did. Does that tell you that none of a thousand"
            " would?",
        )
    if share > 1:
        return Verdict(
            False,
            f"could still change: {share:g} is not in [0, 1]. Is it a number of orders, or a"
            " percentage?",
        )
    if _close(share, 1 / n):
        return Verdict(
            False,
            "could still change: that would be one order of these, and the rule is not about one.",
        )
    if not 2.8 / n <= share <= 3.5 / n:
        return Verdict(
            False,
            f"could still change: {share:.3g} is not it. The rule stands in the exercise; n is the"
            " number of orders.",
        )
    return Verdict(
        True, 'Right. "It changed nothing here" and "it changes nothing" are two sentences.'
    )


QUIZ = (
    (
        (
            "Three stages, each right in 90% of the cases. They err independently, and each can"
            " only work with what the one before it wrote. How often is the end right?"
        ),
        [
            Choice(
                "In 90%: a chain is as strong as its weakest link.",
                "That is true of steel, where the links hold or break together. Here each stage"
                " gets its own chance to be wrong.",
            ),
            Choice(
                "In about 73%.",
                "0.9 x 0.9 x 0.9. With ten such stages it would be 35%.",
                right=True,
            ),
            Choice(
                "In 70%: 10% is lost three times.",
                "Nearly. The second stage can only spoil what the first left right: 10% of 90%.",
            ),
        ],
    ),
    (
        (
            "A gate checks that the last stage wrote one calculation that can be worked out. What"
            " does it catch?"
        ),
        [
            Choice(
                "Answers that cannot be used, and hardly any that are wrong.",
                "It checks the form. A calculation with a wrong price in it has the right form.",
                right=True,
            ),
            Choice(
                "Most wrong answers.",
                "In the recordings nearly all wrong answers were well-formed calculations of the"
                " wrong numbers.",
            ),
            Choice(
                "The errors of the stages before it.",
                "It does not look at them. What went wrong there arrives in good form.",
            ),
        ],
    ),
    (
        "You buy a machine for each of the three stages. What gets faster?",
        [
            Choice(
                "Every answer: three machines share the work.",
                "A stage waits for the one before it. One order takes as long as before, on any"
                " number of machines.",
            ),
            Choice(
                "Nothing: stages wait for each other.",
                "Within one order they do. But while stage 3 works on it, stage 1 can begin the"
                " next.",
            ),
            Choice(
                "Many orders together, up to the speed of the slowest stage; one order alone does"
                " not.",
                "As on an assembly line: how long a car takes, and how many leave in a day, are two"
                " numbers.",
                right=True,
            ),
        ],
    ),
)
