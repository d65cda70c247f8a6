"""Notebook 01: one model on recorded answers, its exercises, its quiz."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from random import Random
from typing import Any

from course import studies
from mlkit.charts import trade_off
from mlkit.errors import MlkitError
from mlkit.kit import Kit
from mlkit.measure.matrix import Cell, Matrix, agreed
from mlkit.measure.stats import difference
from mlkit.measure.tasks import Task
from mlkit.measure.tools import arithmetic
from mlkit.models import list_prices
from mlkit.widgets.exercises import Exercise, against, cases, not_number
from mlkit.widgets.lessons import Prediction, questions
from mlkit.widgets.panels import Panel, compare

Check = Callable[[str, str], Any]  # of an answer and its question; true where something is odd
WAYS = {  # on charts -> in the study
    "small in one way": "small",
    "large in one way": "large",
    "small by kind": "small by kind",
    "large by kind": "large by kind",
}


@dataclass(frozen=True)
class Shop:
    """What one model was asked: the desk's test tasks, and its sums in more ways."""

    desk: Matrix  # small and large, each in one way for all kinds and by kind
    sums: Matrix  # small and large, each with 0 to 4 examples ("small, 4") and "small, prose"
    samples: Matrix  # five of small and of large, of the same sums
    source: str
    models: Sequence[str]

    def task(self, task_id: str) -> Task:
        return studies.with_id(self.sums.tasks, task_id)

    def answer(self, size: str, examples: int, task: Task) -> Cell:
        """The expression that a size wrote with so many examples."""
        return self.sums.cell(f"{size}, {examples}", task.id)

    def repaired(self, size: str, first: int, again: int, check: Check) -> str:
        """How many sums are right where what `check` finds odd is asked again."""
        before = {task: self.answer(size, first, task) for task in self.sums.tasks}
        odd = [task for task, cell in before.items() if check(cell.text, task.input)]
        after = before | {task: self.answer(size, again, task) for task in odd}
        then, now = (sum(cell.right for cell in cells.values()) for cells in (before, after))
        wrong = sum(not before[task].right for task in odd)
        return (
            f"{size}: right {then} of {len(before)}, then {now}; the check finds {len(odd)},"
            f" {wrong} of them wrong"
        )

    def share(self, way: str) -> float:
        return self.desk.share(WAYS[way])

    def gain(self, one: str, other: str) -> str:
        """How many points more one way has right on the desk, task by task."""
        return difference(self.desk.column(WAYS[one]), self.desk.column(WAYS[other])).points()

    def shares(self) -> str:
        """How far each way gets, and on how many tokens."""
        scores = {way: self.desk.score(subject, list_prices()) for way, subject in WAYS.items()}
        return "\n".join(
            f"{way:<17}{one.interval} right, {one.tokens:.0f} tokens a task"
            for way, one in scores.items()
        )

    def trade_off(self, guess: Prediction) -> Panel:
        """Four ways of asking one model."""
        lines = trade_off.baselines(self.desk.right, guess.value)
        ways = partial(trade_off.ways, self.desk, names=WAYS)
        return compare(ways, list_prices(), self.source, self.models, lines)

    def eight(self) -> list[tuple[Task, bool]]:
        """Eight test tasks, two of each kind, and whether small by kind is right."""
        right = self.desk.column("small by kind") > 0
        return [(self.desk.tasks[n], bool(right[n])) for n in range(1, len(right), 11)]

    def budget(self, size: str) -> str:
        """What a size makes of its tokens on the sums, and what the better prompt gains."""
        prose, once = self.sums.of([f"{size}, prose"]), self.sums.of([f"{size}, 4"])
        five = self.samples.of([size])
        voted, _ = agreed(five.answers[:, 0])
        most = zip(five.tasks, voted, strict=True)
        right = sum(value is not None and task.right(value) for task, value in most)
        rows = [
            ("step by step", prose.right.sum(), prose.tokens.mean()),
            ("expression", once.right.sum(), once.tokens.mean()),
            ("expression, most common of 5", right, five.tokens.sum(axis=2).mean()),
        ]
        gain = difference(once.right[:, 0, 0], prose.right[:, 0, 0]).points()
        lines = [f"{size}, {way:<29}{n:>3} right {spent:>6,.0f} tokens" for way, n, spent in rows]
        return "\n".join([*lines, f"{size}, expression minus step by step: {gain}"])


async def measured(kit: Kit) -> Shop:
    desk, sums = await studies.desk(kit), await studies.examples(kit)
    samples = (await studies.samples(kit)).of(kind="math")
    return Shop(desk.of(split="test"), sums, samples, kit.source, kit.cast.models)


def marks(right: Sequence[bool]) -> str:
    """A tick for each right answer, a cross for each wrong one, and how many are right."""
    return f"{' '.join('✓' if one else '×' for one in right)}   {sum(right)} of {len(right)}"


def draw(right: Sequence[bool], seed: int) -> list[bool]:
    """As many as there are, drawn by chance, each put back before the next is drawn."""
    return Random(seed).choices(right, k=len(right))


def numbers(text: str) -> set[float]:
    """The numbers above 1 in a text, in digits. (0.9 or 0.20 may stand for a percentage.)"""
    return {float(one) for one in re.findall(r"\d+(?:\.\d+)?", text) if float(one) > 1}


_CALCULATIONS = cases("""
"(45 + 30) * 6" -> 450
For {args[0]!r} your reader {said}. It has no equals sign, and should be worked out as before:
a number, not a text.

"3 * 6 + 24 = 42" -> 42
For {args[0]!r} your reader {said}. The equals sign, and what stands behind it, must be cut
off before it is worked out.

"48 + 19 - 12 = 65" -> 55
For {args[0]!r} your reader {said}. 65 is what the model thinks it comes to. Let Python
count: work out what stands before the equals sign.

"2 * 35 + 18 = 70 + 18 = 88" -> 88
For {args[0]!r} your reader {said}. There are two equals signs. The calculation is
what stands before the first of them.

"$12 + $8 * 6 = $12 + $48 = $62" -> 60
For {args[0]!r} your reader {said}. Dollar signs are no problem for
arithmetic; cut at the first equals sign, and give it the rest.

"about 12" -> Exception
"First, we add the two prices." -> Exception
{args[0]!r} is no calculation, and your reader {said}. Let the error of arithmetic pass: an answer
that cannot be read counts as wrong, and must not look like a number.
""")


def _left_side(text: str) -> Any:
    """The value of what stands before the first equals sign; or Exception, for no calculation."""
    try:
        return float(arithmetic(text.partition("=")[0]))
    except MlkitError:
        return Exception


def _drawn_answer(seeded: Random) -> tuple[str]:
    a, b, c, d = (seeded.randint(1, 60) for _ in range(4))
    sums = (f"{a} + {b} * {c}", f"({a} + {b}) * {c}", f"${a} - ${b}", f"{a}", f"perhaps {a}")
    return (seeded.choice(sums) + seeded.choice(("", f" = {d}", f"={d}", f" = {c} + {d} = {a}")),)


def before_equals(recorded: Sequence[tuple[Task, Cell]]) -> Exercise:
    """The judge of `answer(text)`: the value of the calculation before the first equals sign. A
    reader that passes is counted on `recorded` answers, beside how many counted as right.
    """

    def praise(answer: Callable[[str], Any]) -> str:
        values = [(_value(answer, cell.text), task.gold) for task, cell in recorded]
        after = sum(not not_number(value) and abs(value - gold) < 0.005 for value, gold in values)
        before = sum(cell.right for _, cell in recorded)
        return (
            f"Right. Of {len(recorded)} recorded answers, {before} were right as they stood;"
            f" with your reader it is {after}."
        )

    return Exercise(_CALCULATIONS + against(_left_side, _drawn_answer), praise, call=_value)


def _value(read: Callable[[str], Any], text: str) -> Any:
    """What a reader makes of a text: a number, or the error for a text that it cannot read."""
    try:
        return read(text)
    except (NameError, TypeError, AttributeError, KeyError):
        raise  # not the text is broken, but the code
    except Exception as error:
        return error


def _cheapest(ways: list[tuple[str, float, float, float]], least: float) -> str | None:
    sure = [way for way in ways if way[3] >= least]
    return min(sure, key=lambda way: way[1])[0] if sure else None


def _drawn_ways(seeded: Random) -> tuple[Any, ...]:
    names = ("small", "large", "small, shown", "large, shown")[: seeded.randint(1, 4)]
    ways = []
    for name, price in zip(names, seeded.sample(range(1, 99), len(names)), strict=True):
        low = seeded.randint(10, 90)
        ways.append((name, price / 1000, (low + seeded.randint(1, 9)) / 100, low / 100))
    return ways, seeded.randint(10, 90) / 100


# answer(ways, least): the cheapest way whose interval begins at `least` or above; a way is its
# name, dollars, share right, and the low end of the interval.
cheapest = Exercise(
    cases("""
[("a", 0.02, 0.70, 0.61), ("b", 0.05, 0.85, 0.75)], 0.6 -> "a"
Both are sure to keep 60%: give the name of the one that costs less. Yours {said}.

[("a", 0.05, 0.85, 0.75), ("b", 0.02, 0.70, 0.61)], 0.6 -> "b"
Both are sure to keep 60%, and b costs less. Yours {said}. The list has no order.

[("a", 0.02, 0.65, 0.52), ("b", 0.05, 0.85, 0.75)], 0.6 -> "b"
Only b is sure to keep 60%, and yours {said}.
"a": The share of a is 65%, but its interval begins at 52%. It may keep 60%, and it may not.

[("a", 0.02, 0.40, 0.30), ("b", 0.05, 0.65, 0.52)], 0.6 -> None
No way is sure to keep 60%, and yours {said}. Then nothing can be promised: give None.
ValueError: min() finds nothing to choose from where no way is sure. Give None there.
IndexError: Where no way is sure, there is no first one. Give None there.
"b": The share of b is 65%, but its interval begins at 52%. It may keep 60%, and it may not.

[("a", 0.02, 0.70, 0.60)], 0.6 -> "a"
The interval begins at 60% exactly, and 60% is kept. Yours {said}.
""")
    + against(_cheapest, _drawn_ways),
    "Right. It reads the interval, not only the share.",
)


QUIZ = questions("""
A model gets 3 of 10 sums right when it works step by step. What do you do first?
- Take a model of ten times the size, and measure it.
> Perhaps later. It costs more, and you do not know yet what this one can do.
+ Ask the same model in another way, and measure again.
> It is the cheapest thing to try. On the desk both models got clearly more right.
- Ask it five times, and take the most common answer.
> Five calls, in the way that did not suit the model. Notebook 05 measures what a majority brings.

Model A gets 9 of 10 right, model B gets 7 of 10. Their intervals share a long stretch. What next?
- Take A: it is better by 20 points.
> Ten tasks cannot say that. Two tasks are what they differ by.
- Take the cheaper: they are equal.
> That is not shown either. It may well be that A is better.
+ Compare them task by task, on more.
> Both did the same tasks, so the interval of the difference decides; more tasks make it narrower.

Two models: best single 80%, oracle 82%. What is it worth here to choose a model for each task?
+ At most 2 points, if the choice never errs.
> No choice between the two can beat the oracle.
- Up to 20 points, if the choice never errs.
> The other 18 points are tasks that both models get wrong. Choosing cannot repair them.
- More, the better the models are.
> These two are as good as they are. The oracle is the ceiling for choosing between them.
""")
