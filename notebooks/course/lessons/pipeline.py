"""Notebook 02: its exercises, its quiz, and what it reads out of recorded pipelines."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from random import Random
from typing import Any

from course.shop import paragraphs
from mlkit.measure.matrix import Matrix
from mlkit.measure.stats import Difference
from mlkit.measure.tasks import Task
from mlkit.models import Prices
from mlkit.trace import Call
from mlkit.widgets.exercises import (
    Case,
    Exercise,
    against,
    cases,
    gain_choices,
    judgement,
    none_of,
    not_number,
)
from mlkit.widgets.lessons import Verdict, questions

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
    wanted: list[tuple[str, ...]] = [
        (f"${number}",) if number in prices else _RULES[number]
        for number in re.findall(r"\d+(?:\.\d+)?", task.notes["expression"])
        if number in prices or number in _RULES
    ]
    if "third_job" in task.gold["fields"]:
        wanted.append(("free",))  # the cheapest of three jobs: it stands in no calculation
    return [ways[0] for ways in wanted if not any(_names(extracted, fact) for fact in ways)]


def _names(text: str, fact: str) -> bool:
    words = text.replace("%", " percent").replace("  ", " ")
    return re.search(rf"(?<!\d){re.escape(fact)}(?![\d.]*\d)", words) is not None


def lenient(text: str) -> str:
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
    runs: Sequence[Any], baseline: Sequence[Any], value: Callable[[Any], float]
) -> list[float]:
    """For each prompt that both have runs of, in the order of their names: the mean value of
    `runs`, as a multiple of that of `baseline`.
    """

    def mean(some: Sequence[Any], task: str) -> float:
        values = [value(run) for run in some if run.task == task]
        return sum(values) / len(values)

    both = {run.task for run in runs} & {run.task for run in baseline}
    return [mean(runs, task) / mean(baseline, task) for task in sorted(both)]


def in_a_row(runs: Sequence[Sequence[Call]]) -> list[Call]:
    """The calls of several runs as one list: numbered through, and named after the order that they
    belong to.
    """
    calls: list[Call] = []
    for number, run in enumerate(runs, 1):
        first = len(calls)
        for call in run:
            after = frozenset(first + id for id in call.after)
            role = f"order {number}, {call.role}"
            calls.append(replace(call, id=first + call.id, role=role, after=after))
    return calls


def priced(matrix: Matrix, subject: str, prices: Prices) -> float:
    """Dollars per 1,000 prompts of one subject, with a price for each member's name."""
    return matrix.score(subject, prices).dollars_per_thousand


_GATE = cases(
    """
"I will give it back for no less than $65.", "60 - 65" -> "refuses"
60 - 65 passes, and 65 is the customer's limit of $65.

"Go ahead if it stays under $30.", "9 * 3" -> "passes"
It refuses 9 * 3 for a customer whose limit is $30, and no 30 stands there.

"I can pay $65.", "60-65" -> "refuses"
60-65, without spaces, passes. Is the 65 read as minus 65, or not found without spaces around it?

"My limit is $65.", "65" -> "refuses"
A calculation that is nothing but the limit passes.

"At most $30, please.", "130 * 2" -> "passes"
It refuses 130 * 2 for the limit of $30. The 30 in 130 is no 30.

"At most $30, please.", "15 * 2 + 300" -> "passes"
It refuses 15 * 2 + 300 for the limit of $30. The 30 in 300 is no 30.

"At least $50 back, please.", "72 * 0.50" -> "passes"
It refuses 72 * 0.50 for the limit of $50. What stands behind a point belongs to the number before
it.

"I live 14 miles from you. At most $35.", "26 + 14" -> "passes"
It refuses the 14 of 14 miles. Only dollar amounts are meant.

"I pay $40 for the repair and $20 for the van.", "24 + 20" -> "refuses"
A request may name two amounts, and the second one passes.

"Two helmets, please.", "2 * 45" -> "passes"
It refuses a calculation where the request names no amount at all.
"""
)
_NO_TEXT = (
    'For {args[1]!r} it gives {got!r}. A gate gives a text: the complaint, or "" where all is well.'
    " The pipeline puts this text into the next prompt."
)


def _limits_used(request: str, calculation: str) -> str:
    amounts = set(re.findall(r"\$(\d+)", request))
    used = amounts.intersection(re.findall(r"\d+(?:\.\d+)?", calculation))
    return "refuses" if used else "passes"


def _drawn_order(seeded: Random) -> tuple[str, str]:
    limit, other = seeded.sample((14, 20, 35, 50, 65), 2)
    requests = (
        f"At most ${limit}, please.",
        f"I live {other} miles from you, and I pay ${limit}.",
        f"I pay ${other} for the repair and ${limit} for the van.",
        f"A parcel for {limit} children, please.",
    )
    numbers = (limit, other, f"1{limit}", f"{limit}0", f"0.{limit}", f"{limit}.5", 3)
    sign = seeded.choice((" + ", "+", " * ", "-"))
    return seeded.choice(requests), sign.join(map(str, seeded.sample(numbers, 2)))


def gate(recorded: Sequence[tuple[str, str, bool]]) -> Exercise:
    """A check of `answer(request, calculation)`: "" or a complaint, where a dollar amount of the
    request stands in the calculation. Then counts what it refuses of the recorded (request,
    calculation, right).
    """

    def praise(answer: Callable[[str, str], str]) -> str:
        right, wrong = (
            [bool(answer(request, text)) for request, text, good in recorded if good == kind]
            for kind in (True, False)
        )
        left = len(wrong) - sum(wrong) + len(right) - sum(right)
        return (
            f"Right. Of the recorded calculations it refuses {sum(wrong)} of {len(wrong)} wrong"
            f" ones and {sum(right)} of {len(right)} right ones, and it asks no model. Of the"
            f" {left} that are left, {len(right) - sum(right)} are right."
        )

    drawn = against(
        _limits_used, _drawn_order, "Of the request {args[0]!r} it {got} {args[1]!r}. Look again."
    )
    return Exercise([*_GATE, *drawn], praise, {none_of(("passes", "refuses")): _NO_TEXT}, _gated)


def _gated(answer: Callable[[str, str], str], request: str, calculation: str) -> Any:
    said = answer(request, calculation)
    if not isinstance(said, str):
        return said
    return "refuses" if said else "passes"


# answer(right, caught, retries): how often a stage ends right, if every try is right with `right`.
retried = Exercise(
    cases(
        """
0.6, 0.5, 0 -> 0.6
Without a retry the gate changes nothing: a stage that is right in 60% stays at 60%.

0.6, 0.5, 1 -> 0.72
A stage right in 60%, a gate that catches half of the wrong, one retry: you give {got:.3g}. Of 100
outputs, how many are right at once? How many are wrong and caught? How many of those does the
retry mend?
0.84: You let the gate see every wrong output. It sees only the share `caught` of them.
0.8: Among the wrong outputs half are caught, and you count all of these as mended. A retry is a
try: it can be wrong again.
0.9: Half of all outputs would be sent back so. Only wrong outputs are: how many are those?
0.78: You send back right outputs. The gate catches a share of the wrong ones: how many of 100 are
wrong?
0.12: That is what the retry adds. What was right at once is right still.

0.6, 0.5, 2 -> 0.744
One retry is right, two are not. The second retry gets only what was wrong and caught twice.

0.5, 1.0, 10 -> 0.99951171875
With ten retries it goes wrong. Does your function know only up to two?

0.0, 1.0, 2 -> 0.0
Try the ends: a stage that is never right stays so, and one that is always right does, too.

1.0, 0.5, 2 -> 1.0
Try the ends: a stage that is never right stays so, and one that is always right does, too.
"""
    )
    + against(
        after_retries,
        lambda seeded: (
            seeded.randint(0, 20) / 20,
            seeded.randint(0, 20) / 20,
            seeded.randint(0, 5),
        ),
    ),
    "Right. It holds if a retry is as good as a first try. Section 5 shows what came of that here.",
    {not_number: "It should give a share, and gives {kind}."},
)


def judged(gains: Mapping[str, Difference], unchanged: int) -> Callable[[Any], Verdict]:
    """A check of {name: "shown" or "not shown", ..., "could still change": a share}. `gains` are
    the measured differences by name, and `unchanged` is the number of items, of which none changed
    its grade.
    """
    entries = gain_choices(
        gains,
        ("shown", "not shown", "not shown"),
        clear="{args[0]}: look at both ends of the interval. Is 0 between them?",
        unclear="{args[0]}: look at both ends of the interval. Does it leave room for no gain at"
        " all?",
    )
    return judgement(
        [*entries, _rule_of_three(unchanged)],
        praise='Right. "It changed nothing here" and "it changes nothing" are two sentences.',
        undecided="Not judged yet: replace each ... by your judgement.",
    )


def _rule_of_three(n: int) -> Case:
    """Where none of n changed, about 3/n still could."""
    return Case(
        ("could still change",),
        lambda share: 2.8 / n <= share <= 3.5 / n,
        "{args[0]}: {got:.3g} is not it. The rule stands in the exercise; n is the number of"
        " orders.",
        {
            not_number: "{args[0]}: give a number, a share of the orders; this is {kind}.",
            0: (f"{{args[0]}}: none of {n} did. Does that tell you that none of a thousand would?"),
            lambda share: share > 1: (
                "{args[0]}: {got:g} is not in [0, 1]. Is it a number of orders, or a percentage?"
            ),
            1 / n: "{args[0]}: that would be one order of these, and the rule is not about one.",
        },
    )


QUIZ = questions(
    """
Three stages, each right in 90% of the cases. They err independently, and each can only work with
what the one before it wrote. How often is the end right?
- In 90%: a chain is as strong as its weakest link.
> That is true of steel, where the links hold or break together. Here each stage gets its own
chance to be wrong.
+ In about 73%.
> 0.9 x 0.9 x 0.9. With ten such stages it would be 35%.
- In 70%: 10% is lost three times.
> Nearly. The second stage can only spoil what the first left right: 10% of 90%.

A gate checks that the last stage wrote one calculation that can be worked out. What does it catch?
+ Answers that cannot be used, and hardly any that are wrong.
> It checks the form. A calculation with a wrong price in it has the right form.
- Most wrong answers.
> In the recordings nearly all wrong answers were well-formed calculations of the wrong numbers.
- The errors of the stages before it.
> It does not look at them. What went wrong there arrives in good form.

You buy a machine for each of the three stages. What gets faster?
- Every answer: three machines share the work.
> A stage waits for the one before it. One order takes as long as before, on any number of
machines.
- Nothing: stages wait for each other.
> Within one order they do. But while stage 3 works on it, stage 1 can begin the next.
+ Many orders together, up to the speed of the slowest stage; one order alone does not.
> As on an assembly line: how long a car takes, and how many leave in a day, are two numbers.
"""
)
