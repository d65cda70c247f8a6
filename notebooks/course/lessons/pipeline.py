"""Notebook 02: its orders, its exercises, its quiz, and what it reads out of recorded pipelines."""

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from random import Random
from statistics import fmean
from textwrap import indent
from typing import Any

from IPython.display import HTML

from course import orders, studies
from course.shop.price_list import PRICES, RULES, department, total_of
from mlkit.ask import Member, Reply
from mlkit.errors import Unparsed
from mlkit.kit import Kit
from mlkit.measure.matrix import Matrix, merged
from mlkit.measure.stats import difference
from mlkit.models import Cast
from mlkit.parsing import object_in
from mlkit.trace import Runnable
from mlkit.widgets.exercises import Exercise, against, cases, none_of, not_number
from mlkit.widgets.lessons import questions
from mlkit.widgets.told import told

order = studies.order  # a test order, by its id
MORE = "large, all examples"
# The names on the chart, of what was measured.
WAYS = {
    "large alone": "single_model",
    "one prompt": "one prompt",
    "equal budget": MORE,
    "pipeline": "pipeline",
}
# The settings of the slider.
KEPT = [("forgotten", "pipeline, forgets"), ("kept", "pipeline")]
KEPT += [(f"kept, {retries}", f"pipeline, {retries}") for retries in ("1 retry", "2 retries")]


def members(cast: Cast) -> list[Member]:
    """Who classifies, who extracts, who reasons."""
    return [stage.member for stage in orders.pipeline(cast).stages]


def folded(member: Member) -> HTML:
    """What a member is told, to be opened: it is long."""
    return HTML(told(member).html())


def bill(form: str | Mapping[str, Any]) -> str:
    """How a form comes to its total: 1 lamp at $22 + ... = $73."""
    text = form if isinstance(form, str) else json.dumps(form)
    try:
        total = total_of(text)
    except Unparsed as error:
        return str(error)
    filled, _ = object_in(text, "things")
    rows = [_row(thing["name"], thing["pieces"], filled) for thing in filled["things"]]
    return f"{' + '.join(rows) or 'nothing'} = ${total}"


def _row(name: str, pieces: int, filled: Mapping[str, Any]) -> str:
    whose, rule = department(name), filled["rule"]
    days = f" x {filled['days']} days" if whose == "rental" else ""
    changed = f" x {RULES[whose][rule]:g} ({rule})" if rule in RULES[whose] else ""
    return f"{pieces} {name} at ${PRICES[whose][name]}{days}{changed}"


async def overheard(kit: Kit, pattern: Callable[..., Any], request: str) -> str:
    """What each call of a pattern reads, and what it writes, whole."""
    said: list[str] = []

    async def heard(member: Member, prompt: str, *, role: str = "", **options: Any) -> Reply:
        reply: Reply = await kit.ask(member, prompt, role=role, **options)
        for what, text in (("reads", prompt), ("writes", reply.text)):
            said.append(f"{role} {what}\n{indent(text, '    ')}")
        return reply

    await pattern(heard, request)
    return "\n".join(said)


async def on_orders(kit: Kit, pattern: Runnable) -> list[bool]:
    """Whether what a pattern writes is right, for each of the 48 orders."""
    todo = studies.order_tasks("test", half=True)
    return [task.right((await kit.run(pattern, task.input)).result) for task in todo]


async def measured(kit: Kit) -> Matrix:
    """The nine and their variants on 48 orders, and the large model with more examples."""
    whole, pool = await studies.orders_and_variants(kit), await studies.order_members(kit)
    return merged(whole, pool.of([MORE], id={task.id for task in whole.tasks}))


def table(matrix: Matrix) -> str:
    """Each way's right orders, tokens and seconds an order, and what the pipeline gains over it."""
    said = [f"way           right  tokens  seconds  pipeline minus it (95%, n {len(matrix.tasks)})"]
    for name, subject in WAYS.items():
        one = matrix.of([subject])
        row = f"{name:<14}{one.right.sum():>5}{one.tokens.mean():>8,.0f}{one.seconds.mean():>9.2f}"
        gain = difference(matrix.column("pipeline"), matrix.column(subject)).points()
        gain = re.sub(r"95% interval |, n \d+", "", gain)  # they stand in the head
        said.append(row if name == "pipeline" else f"{row}  {gain}")
    return "\n".join(said)


def stage_grades(matrix: Matrix, subject: str) -> dict[str, list[bool]]:
    """Whether each order's departments are right, and its list: all things, pieces, no more."""
    grades: dict[str, list[bool]] = {"classify": [], "extract": []}
    for task, row in zip(matrix.tasks, matrix.of([subject]).cells, strict=True):
        named, listed, _ = row[0][0].run.result.stages
        things = sorted(f"{thing['pieces']} {thing['name']}" for thing in task.gold["things"])
        wanted = sorted(task.notes["departments"])
        grades["classify"].append(sorted(named.text.split(", ")) == wanted)
        grades["extract"].append(sorted(listed.text.split("\n")) == things)
    return grades


def times(runs: Iterable[Any]) -> str:
    """What the calls of the timing run took, a line each: means over its prompts."""
    named: dict[str, list[Reply]] = {}
    ways = {subject: name for name, subject in WAYS.items()}
    for run in runs:
        for call in run.calls if run.pattern in ways else ():
            if isinstance(call.reply, Reply):
                whose = f"{ways[run.pattern]}, {call.role} ({call.member.name})"
                named.setdefault(whose, []).append(call.reply)
    said = ["call                          tokens read  written  work seconds"]
    for name, some in named.items():
        each = [(one.prompt_tokens, one.output_tokens, one.seconds) for one in some]
        read, written, seconds = map(fmean, zip(*each, strict=True))
        said.append(f"{name:<30}{read:>11.0f}{written:>9.0f}{seconds:>14.1f}")
    return "\n".join(said)


def forms(matrix: Matrix) -> list[tuple[str, str, bool]]:
    """The pipeline's forms: request, form, and whether its total is right."""
    rows = zip(matrix.tasks, matrix.of(["pipeline"]).cells, strict=True)
    return [(task.input, row[0][0].text, row[0][0].right) for task, row in rows]


def classifiers(matrix: Matrix) -> tuple[list[bool], list[bool], int, int]:
    """Of the pipeline: whether its departments and totals are right; then how many departments are
    with the large classifier, and how many totals.
    """
    named, larger = (
        stage_grades(matrix, name)["classify"] for name in ("pipeline", "pipeline, one model")
    )
    totals, after = matrix.column("pipeline"), matrix.column("pipeline, one model")
    return named, [bool(right) for right in totals], sum(larger), int(after.sum())


def promised(stage_right: Sequence[bool], total_right: Sequence[bool], then: int) -> float:
    """How many totals would be right if the stage, right on `then` orders, decided it: those with a
    right stage keep their share of right totals, and those with a wrong one theirs.
    """
    pairs = list(zip(stage_right, total_right, strict=True))
    good, bad = (fmean(total for stage, total in pairs if stage == kind) for kind in (True, False))
    return then * good + (len(pairs) - then) * bad


_GATE = cases("""
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
It refuses 72 * 0.50 for the limit of $50. What stands behind a point is part of that number.

"I live 14 miles from you. At most $35.", "26 + 14" -> "passes"
It refuses the 14 of 14 miles. Only dollar amounts are meant.

"I pay $40 for the repair and $20 for the van.", "24 + 20" -> "refuses"
A request may name two amounts, and the second one passes.

"Two helmets, please.", "2 * 45" -> "passes"
It refuses a calculation where the request names no amount at all.
""")
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
    request stands in the calculation. Then counts what it refuses of (request, form, right).
    """

    def praise(answer: Callable[[str, str], str]) -> str:
        right, wrong = (
            [bool(answer(request, text)) for request, text, good in recorded if good == kind]
            for kind in (True, False)
        )
        return (
            f"Right, and it asks no model. Of this shop's recorded forms it refuses {sum(wrong)} of"
            f" {len(wrong)} wrong ones and {sum(right)} of {len(right)} right ones."
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


_PROMISED = cases("""
[True, True, False, False, False], [True, True, True, False, False], 2 -> 3.0
With as many right stages as now (2 of these 5) nothing changes: 3 totals are right, and you give
{got:.3g}.
0.6: Give the number of orders, not their share.
2.0: These are totals of orders whose stage is right. One with a wrong stage is right as well.

[True, True, False, False, False], [True, True, True, False, False], 5 -> 5.0
If the stage is right for all 5 orders, all of them get the share of those with a right stage: 2 of
2. You give {got:.3g}.

[True, True, False, False, False], [True, True, True, False, False], 4 -> 4.333333333333333
Stage right: 2 of 2 totals are right. Stage wrong: 1 of 3. Now 4 orders are of the first kind and 1
of the second, and you give {got:.4g}.
4.0: These are the 4 orders whose stage is right. The fifth has a chance as well: keep the fraction.
3.0: That is the count as it is. What do 4 right stages make of it?

[True, False], [False, True], 0 -> 2.0
A stage can be wrong on all orders, too. Here that would even be better.
""")


def _drawn_stage(seeded: Random) -> tuple[list[bool], list[bool], int]:
    n = seeded.randint(2, 12)
    stage = [True, False, *(seeded.random() < 0.5 for _ in range(n - 2))]
    seeded.shuffle(stage)
    return stage, [seeded.random() < 0.5 for _ in stage], seeded.randint(0, n)


def replaced(
    stage_right: Sequence[bool], total_right: Sequence[bool], then: int, after: int
) -> Exercise:
    """A check of `answer(stage_right, total_right, then)`. Then it promises for the recorded, and
    `after` is what came of it.
    """

    def praise(answer: Callable[..., float]) -> str:
        promise, n = answer(list(stage_right), list(total_right), then), len(total_right)
        return (
            f"Right. The small model names the departments of {sum(stage_right)} of {n} orders, the"
            f" large one those of {then}. Your function promises {promise:.1f} right totals instead"
            f" of {sum(total_right)}; measured with the large one: {after}."
        )

    wrong_kind = {not_number: "It should give a number of orders, and gives {kind}."}
    return Exercise([*_PROMISED, *against(promised, _drawn_stage)], praise, wrong_kind)


QUIZ = questions("""
Three stages, each right in 90% of the cases. They err independently, and each can only work with
what the one before it wrote. How often is the end right?
- In 90%, like the weakest of the links.
> True of steel, where links hold or break together. Here each stage has its own chance to err.
+ In 73%, because the shares multiply.
> 0.9 x 0.9 x 0.9. With ten such stages it would be 35%.
- In 70%, because 10% is lost thrice.
> Nearly. The second stage can only spoil what the first left right: 10% of 90%.

In section 8 a stage wrote "1 rental" and "1 order". Why would they pass the gate?
- The stage before it had been right.
> It had: the departments are right. But the gate does not look at them.
- There is no retry left for the stage.
> With 0 retries our gate is not even asked. Asked, it would find nothing to complain about.
+ The gate looks for a number, no more.
> It checks the form of a list. A wrong list of the right form passes.

A stage is wrong on most orders, and yet most totals are right. Which of these do you try first?
+ The pipeline without the stage.
> If nobody needs its output, you save a call. Measure it: one prompt is the pipeline without any.
- A larger model for the stage.
> It may become right more often. But the end did not need it: what would change?
- More retries for the same stage.
> They cost calls, and mend an output that the end did not need.
""")
