"""Notebook 06: where orders were lost, repairs of the merge, what it costs; exercises and quiz."""

import json
import math
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from random import Random
from typing import Any, NamedTuple

import numpy as np
import plotly.graph_objects as go

from course import studies
from course.shop.price_list import PRICES, RULES, add_up, total_of
from mlkit.ask import Member, Reply
from mlkit.charts.look import BLUE, DOTTED, GREEN, GREY, SKY, Chart, charted
from mlkit.errors import Unparsed
from mlkit.kit import Kit
from mlkit.measure.matrix import Matrix, merged, tokens
from mlkit.measure.stats import difference
from mlkit.measure.tasks import Task
from mlkit.parsing import object_in
from mlkit.patterns.planner_executor import Step
from mlkit.trace import Run
from mlkit.widgets.exercises import Exercise, against, cases
from mlkit.widgets.lessons import questions
from mlkit.widgets.told import Told

order = studies.order  # a test order, by its id
PLANNER = "planner-executor"
_COLOURS = {"all at once": GREY, "plan": BLUE, "merge": SKY, "steps": GREEN}
EXECUTORS = ("executors see the request", "small executors", "small executors see the request")
Form = dict[str, Any]
Merge = Callable[[list[Form], str], Form]  # of forms and the request: one form


def told(name: str, member: Member, format: dict[str, Any] | None = None) -> Told:
    """What a member is told, by the name of its role."""
    return Told(replace(member, name=name), format=format)


def dollars_of(text: str) -> str:
    """What the form in a text comes to."""
    try:
        return f"${total_of(text)}"
    except Unparsed:
        return "no form"


def trace(task: Task, run: Run) -> str:
    """An order, all that was written for it, and what each form comes to."""
    lines = [f"{'request':<14} {task.input}"]
    for call in run.calls:
        role = call.role.replace("synthesize", "merge")
        text = call.reply.text.strip() if isinstance(call.reply, Reply) else "failed"
        came_to = "" if role == "plan" else f"  = {dollars_of(text)}"
        lines.append(f"{role:<14} {text}{came_to}")
    answer = dollars_of(getattr(run.result, "text", run.result))
    return "\n".join([*lines, f"{'answer':<14} {answer}, right is ${task.gold['total']:g}"])


def forms_in(texts: Sequence[Any]) -> list[Form]:
    """The forms in some texts; what is none is left out."""
    return [object_in(text, "things")[0] for text in texts if dollars_of(str(text)) != "no form"]


def add_up_named(forms: list[Form], request: str) -> Form:
    """The same, without things that the request does not name."""
    whole = add_up(forms)
    return whole | {"things": [row for row in whole["things"] if named(row["name"], request)]}


def named(thing: str, text: str) -> bool:
    """Whether a text has every word of a thing, by its beginning."""
    return all(word.rstrip("s")[:5] in text.lower() for word in re.split("[ -]", thing))


async def measured(kit: Kit) -> Matrix:
    """The pattern, and the large model asked in three ways, on the 96 test orders."""
    nine = (await studies.orders(kit)).of(["single_model", "planner_executor"])
    more = (await studies.order_members(kit)).of(["large, all examples"], split="test")
    every = merged(merged(nine, more), await studies.order_samples(kit))
    return Matrix(every.tasks, ["large alone", PLANNER, *every.subjects[2:]], every.cells)


def table(whole: Matrix) -> str:
    """A line for each way: right, tokens an order, and the pattern minus this way."""
    lines = [f"{'':<20} right     tokens an order   {PLANNER} minus this way"]
    for name in whole.subjects:
        right, tokens = whole.column(name).sum(), whole.of([name]).tokens.mean()
        gain = difference(whole.column(PLANNER), whole.column(name)).points()
        counts = f"{name:<20} {right:.0f} of {len(whole.tasks)}  {tokens:>15,.0f}"
        lines.append(counts if name == PLANNER else f"{counts}   {gain}")
    return "\n".join(lines)


_NUMBERS = {2: "two|both", 3: "three", 4: "four", 5: "five", 6: "six", 10: "ten", 12: "dozen"}
_RULES = {  # the words by which a plan may name a rule
    "express": "express|today",
    "no receipt": "no receipt|without",
    "after 30 days": "ago",
    "after 6 pm": "pm|evening",
    "over 10 miles": "miles",
}


def plan_faults(task: Task, steps: Sequence[Step]) -> list[str]:
    """What a plan leaves out of its order, or adds: departments, things, days, the rule."""
    gold, found = task.gold, []
    wanted = {row["name"]: row["pieces"] for row in gold["things"]}
    for name in PRICES:
        words = " ".join(step.prompt.lower() for step in steps if step.type == name)
        if words and name not in task.notes["departments"]:
            found.append(name)
        for thing in PRICES[name]:
            says = named(thing, words) and _says_number(words, wanted.get(thing, 1))
            found += [thing] * (says != (thing in wanted))
        if name == "rental" and words and not _says_number(words, gold["days"]):
            found.append("days")
        rule = rf"\b({_RULES.get(gold['rule'], gold['rule'])})"
        if gold["rule"] in RULES[name] and not re.search(rule, words):
            found.append(gold["rule"])
    return found


def _says_number(words: str, number: int) -> bool:
    return number == 1 or bool(re.search(rf"\b({number}|{_NUMBERS.get(number, number)})\b", words))


def lost_in(task: Task, cell: Any) -> str:
    """Who lost an order: "plan", "step" or "merge"; "" where its answer is right."""
    if cell.right:
        return ""
    steps, results = cell.run.result.steps, cell.run.result.results
    if task.right(json.dumps(add_up(forms_in(results)))):
        return "merge"
    return "plan" if plan_faults(task, steps) else "step"


def where_orders_die(whole: Matrix) -> str:
    """How many orders were lost by whom, each with the first as an example."""
    cells = [row[0][0] for row in whole.of([PLANNER]).cells]
    lost = [lost_in(task, cell) for task, cell in zip(whole.tasks, cells, strict=True)]
    lines = [f"{lost.count(''):>3} of {len(lost)} right"]
    for who in ("plan", "step", "merge"):
        n = lost.index(who)
        lines.append(f"{lost.count(who):>3} lost in the {who}, as {whole.tasks[n].input!r}")
    rule = sum(
        who == "plan" and task.gold["rule"] in plan_faults(task, cell.run.result.steps)
        for who, task, cell in zip(lost, whole.tasks, cells, strict=True)
    )
    lines.insert(2, f"    ({rule} of these plans leave out the rule that changes the price)")
    return "\n".join(lines)


def grades(whole: Matrix, name: str, merge: Merge) -> np.ndarray:
    """Grades of a way whose forms a program puts together: shape (n,), no call."""
    right = []
    for task in whole.tasks:
        forms = forms_in(whole.cell(name, task.id).run.result.results)
        right.append(task.right(json.dumps(merge(forms, task.input))))
    return np.array(right, float)


def moved(whole: Matrix, merge: Merge) -> str:
    """How many orders a merge gets right, beside the model's, and what it mends and breaks."""
    before, after = whole.column(PLANNER), grades(whole, PLANNER, merge)
    return (
        f"merged by the large model {before.sum():.0f} of {len(before)} right, by your program"
        f" {after.sum():.0f}: {((after - before) > 0).sum()} mended,"
        f" {((before - after) > 0).sum()} broken; {difference(after, before).points()}"
    )


async def variants(kit: Kit) -> str:
    """Executors of four kinds on 48 test orders, each with three merges, and large alone."""
    half = await studies.orders_and_variants(kit)
    alone, best = half.column("single_model"), np.zeros(len(half.tasks))
    lines = [f"{'right of 48, merged by':<32} the model  a program  a program, named things"]
    for name in ("planner_executor", *EXECUTORS):
        by = [half.column(name), *(grades(half, name, merge) for merge in (add_up, add_up_named))]
        best = max(best, by[2], key=sum)
        counts = "".join(f"{one.sum():<11.0f}" for one in by).rstrip()
        lines.append(f"{name.replace('_', '-'):<32} {counts}")
    gain = f"the best of these minus large alone: {difference(best, alone).points()}"
    return "\n".join([*lines, f"large alone, in one call: {alone.sum():.0f}", gain])


class Part(NamedTuple):
    way: str
    part: str
    tokens: float  # an order
    cost: float  # as a share of what the large model alone costs


def parts(whole: Matrix, price_ratio: float) -> list[Part]:
    """The parts of both ways, where a token of planner and merge costs `price_ratio` times one of
    the steps, and the large model alone is paid like the planner.
    """
    alone = float(whole.of(["large alone"]).tokens.mean())
    spent = dict.fromkeys(("plan", "merge", "steps"), 0.0)
    for ((cell,),) in whole.of([PLANNER]).cells:
        for call in cell.calls:
            part = {"plan": "plan", "synthesize": "merge"}.get(call.role, "steps")
            spent[part] += tokens([call]) / len(whole.tasks)
    found = [Part("large alone", "all at once", alone, 1.0)]
    for part, count in spent.items():
        ratio = price_ratio if part == "steps" else 1
        found.append(Part(PLANNER, part, count, count / alone / ratio))
    return found


def chart(whole: Matrix, price_ratio: float, source: str) -> Chart:
    """One bar for each way, in its parts."""
    found = parts(whole, price_ratio)
    figure = go.Figure()
    for way, part, _, cost in found:
        style = {"orientation": "h", "marker": {"color": _COLOURS[part]}, "textposition": "inside"}
        said = f"{part} {cost:.0%}" if cost > 0.2 else ""  # else there is no room
        figure.add_bar(name=part, y=[way], x=[cost], text=[said], **style)
    figure.add_vline(1, line=DOTTED, layer="below")
    figure.update_layout(barmode="stack", xaxis_showgrid=False)
    figure.update_xaxes(range=[0, 2], tickformat=".0%", title_text="of what large alone costs")
    figure.update_yaxes(autorange="reversed", ticksuffix="  ")
    plan, merge, steps = (part.cost for part in found[1:])
    reading = (
        f"At a price ratio of {price_ratio:g}, {PLANNER} costs {plan + merge + steps:.0%} of the"
        f" large model alone: plan {plan:.0%}, merge {merge:.0%}, steps {steps:.0%}"
    )
    return charted(figure, found, reading, source, height=190)


def _meant(named: Any, types: Sequence[str], fallback: str) -> str:
    name = named.strip().lower() if isinstance(named, str) else ""
    return next((known for known in types if known.lower() == name), fallback)


def _drawn_type(seeded: Random) -> tuple[Any, tuple[str, ...], str]:
    types = tuple(seeded.sample(("order", "rental", "SQL", "Web page"), seeded.randint(1, 3)))
    known = seeded.choice(types)
    written = (known, known.upper(), f" {known.lower()} ", f"{known}s", known[:2], "phone")
    return seeded.choice((*written, None, 7, [known])), types, seeded.choice(types)


executor = Exercise(  # of (named, types, fallback): the known type that was meant, or the fallback
    cases("""
"rental", ("order", "rental"), "order" -> "rental"
A step of the type rental does not stay one.

"Rental", ("order", "rental"), "order" -> "rental"
"Rental" is rental with a capital letter, and it goes to the fallback. Models do not keep to small
letters.

" rental ", ("order", "rental"), "order" -> "rental"
" rental " with spaces around it goes to the fallback.

"phone", ("order", "rental"), "order" -> "order"
An executor that nobody has, phone, does not go to the fallback.

"parental", ("order", "rental"), "order" -> "order"
"parental" is taken for rental. A name counts as a whole, not where it stands inside another word.

"ren", ("order", "rental"), "order" -> "order"
"ren" is taken for rental. A part of a name is no name.

"", ("order", "rental"), "order" -> "order"
An empty type is no known type. It goes to the fallback.

None, ("order", "rental"), "order" -> "order"
A plan is data from a model: a type may be missing (None), and then the step goes to the fallback.
AttributeError: It fails on the type None. A plan is data from a model: a type may be missing.

"phone", ("order", "rental"), "rental" -> "rental"
Another list of types, or another fallback: are order and rental written into your code?

"SQL", ("SQL", "order"), "order" -> "SQL"
" sql", ("SQL", "order"), "order" -> "SQL"
A list of types may have capitals, too. Compare both without them, and give the name as it stands
in `types`.
""")
    + against(_meant, _drawn_type),
    "Right. What is meant is understood, what is unknown goes to the fallback, and nothing gets"
    " lost.",
    {None: "For {args[0]!r} it gives nothing. A step without an executor would never be done."},
)


def _equal_cost(planning: int, executing: int, alone: int) -> float:
    return executing / (alone - planning) if alone > planning else math.inf


break_even = Exercise(  # of (planning, executing, alone): the price ratio at which costs are equal
    cases("""
700, 600, 1500 -> 0.75
For 700 planning, 600 executing and 1,500 alone it is not right yet. Write both costs down, with a
price of r for the planner's tokens and 1 for the executors', and ask where they are equal.
1.3333333333: That is the other way round: for 700, 600 and 1,500 tokens, executing is 0.75 of what
is saved.
0.4: The planner's own tokens are missing. They have the same price as those of the large model
alone.
0.8666666667: That takes all tokens at one price. Only planning and the large model alone have the
planner's.

1500, 600, 1500 -> inf
1800, 600, 1500 -> inf
Planning takes {args[0]:,} tokens, the large model alone {args[2]:,}. At which price would that be
made good? Give math.inf.
ZeroDivisionError: Planning takes {args[0]:,} tokens, the large model alone {args[2]:,}. At which
price would that be made good? Give math.inf.

200, 1600, 1000 -> 2
It is right for one order, and not for others. Are numbers of that order written into your code?
""")
    + against(_equal_cost, lambda seeded: (*(100 * seeded.randint(n, 20) for n in (1, 0, 1)),)),
    "Right. The price ratio helps only as far as planning is shorter than doing it all.",
)

QUIZ = questions("""
A plan has a step of the type email, and there is no such executor. What does the validator do?
- It looks for a function of that name, calls it, and notes that.
> Then a model decides which code runs. A plan is data: it may only choose from a list of yours.
+ It gives the step to a known executor, the fallback, and notes that.
> The run goes on, and the list of repairs tells you later how often it happened.
- It leaves the step out, does all of the others, and notes that.
> Thinkable, and then the customer gets an answer to a part of the request. The kit's does not.

All plans of a day pass the validator without a repair. What do you know?
+ The plans are well-formed: known executors, and not too many steps.
> That is what a validator sees. It has not read the request.
- The plans are good: nothing that the customer wrote is missing.
> In this notebook all plans pass, and most wrong orders were lost in the plan.
- The executors will do their work well, for they know each step.
> The validator has not seen them at work.

The planner is ten times as expensive as its executors. When does the pattern cost less?
- Always, because most of the work is done by the cheap executors.
> The planner is paid for plan and merge. If they take as many tokens as doing it all, nothing is
saved.
+ When plan and merge take clearly fewer tokens than doing it all.
> Only what the expensive model no longer reads or writes is saved. The executors' price decides how
much of it is left.
- Never, because several calls always cost more than a single one.
> Calls have no price. Tokens have, and a plan may be shorter than the work.
""")
