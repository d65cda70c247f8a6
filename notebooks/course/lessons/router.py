"""Notebook 03: routers made of recorded parts, its exercises, its quiz."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from random import Random
from typing import Any, NamedTuple

import numpy as np

from course import studies, systems
from course.shop import KINDS
from mlkit.charts import trade_off
from mlkit.charts.look import short
from mlkit.kit import Kit
from mlkit.measure.matrix import Matrix
from mlkit.measure.stats import difference
from mlkit.measure.tasks import Task
from mlkit.models import Prices, list_prices
from mlkit.parsing import Likely
from mlkit.patterns.router import ModelRouter
from mlkit.ties import reaches
from mlkit.widgets.exercises import Exercise, against, cases
from mlkit.widgets.lessons import Prediction, questions
from mlkit.widgets.panels import Panel, compare

# Tasks to choose a threshold on by hand: sure and right, sure and wrong, unsure and right.
EIGHT = "creative-12 math-01 code-10 general-01 math-31 code-04 general-20 creative-04".split()
Rule = Callable[[str], str]  # gives the kind of a prompt, and asks no model


class Outcome(NamedTuple):
    """How a way of answering did: arrays of one number for each task."""

    right: np.ndarray
    tokens: np.ndarray
    dollars: np.ndarray
    seconds: np.ndarray


def outcome(matrix: Matrix, subjects: Iterable[str] | str, prices: Prices | None = None) -> Outcome:
    """What one subject did, or the one that is named for each task; at list prices unless told."""
    names = [subjects] * len(matrix.tasks) if isinstance(subjects, str) else subjects
    columns = [matrix.subjects.index(name) for name in names]
    tables = (matrix.right, matrix.tokens, matrix.dollars(prices or list_prices()), matrix.seconds)
    return Outcome(*(table[np.arange(len(matrix.tasks)), columns, 0] for table in tables))


def gain(one: Outcome, other: Outcome) -> str:
    """How much more often the one is right, with its interval."""
    return difference(one.right, other.right).points()


@dataclass(frozen=True)
class Desk:
    """The desk's tasks with the recorded parts that any router on them is made of."""

    named: Matrix  # both sizes name the kind: the fit tasks too
    alone: Matrix  # one model, asked in one way for all kinds
    every: Matrix  # each specialist on each test task, of its own kind or not
    rule: ModelRouter
    source: str

    @cached_property
    def kinds(self) -> np.ndarray:
        """The right kind of each test task."""
        return np.array([task.kind for task in self.every.tasks])

    @property
    def fit(self) -> Sequence[Task]:
        return self.named.of(split="fit").tasks

    def task(self, task_id: str) -> Task:
        return studies.with_id(self.every.tasks, task_id)

    def likely(self, who: str, split: str = "test") -> list[Likely]:
        """What a classifier says of each task, read as the router reads it."""
        return [row[0][0] for row in self.named.of([who], split=split).likely(KINDS)]

    def sent(self, who: str) -> np.ndarray:
        """Whom each test task goes to, by what this classifier said."""
        return studies.sent(self.named.of([who], split="test"), self.rule)

    def routed(self, who: str, prices: Prices | None = None) -> Outcome:
        """The classifier's call, then the answer of the specialist that it names."""
        answer = outcome(self.every, self.sent(who), prices)
        call = outcome(self.named.of(split="test"), who, prices)
        spent = (mine + before for mine, before in zip(answer[1:], call[1:], strict=True))
        return Outcome(answer.right, *spent)

    def ruled(self, rule: Rule, prices: Prices | None = None) -> Outcome:
        """The answers of the specialists that a rule names, without a call before."""
        return outcome(self.every, [rule(task.input) for task in self.every.tasks], prices)

    @cached_property
    def known(self) -> Outcome:
        """The answers of each task's own specialist, without a call before."""
        return outcome(self.every, self.kinds)

    def ways(self, rule: Rule, prices: Prices) -> list[trade_off.Way]:
        one_way = {f"{name} in one way": name for name in self.alone.subjects}
        found = {name: outcome(self.alone, who, prices) for name, who in one_way.items()}
        found["code for all"] = outcome(self.every, "code", prices)
        found["rule"] = self.ruled(rule, prices)
        found["router"] = self.routed("small", prices)
        return [trade_off.way(name, one.right, *one[2:]) for name, one in found.items()]

    def trade_off(self, rule: Rule, guess: Prediction) -> Panel:
        """The router beside its rivals."""
        lines = {
            "random specialist": float(self.every.right.mean()),
            "kind always known": float(self.known.right.mean()),
            "oracle": float(self.every.right.any(axis=1).mean()),
        }
        if guess.value is not None:
            lines["your guess"] = guess.value / 100
        models = [self.rule.classifier.model, self.rule.specialists["math"].model]
        return compare(
            lambda prices: self.ways(rule, prices), list_prices(), self.source, models, lines
        )

    def gains(self, rule: Rule) -> str:
        """The router beside its rivals in pairs, then whom it sends, and what it takes."""
        small, large, alone = *map(self.routed, ("small", "large")), outcome(self.alone, "large")
        pairs = {
            "router, minus large in one way": (small, alone),
            "router, minus rule": (small, self.ruled(rule)),
            "large classifier, minus small classifier": (large, small),
            "kind always known, minus large in one way": (self.known, alone),
        }
        rows = [f"{f'{name}:':<43}{gain(*pair)}" for name, pair in pairs.items()]
        hits = [(self.sent(who) == self.kinds).sum() for who in ("small", "large")]
        rows.append(f"tasks sent right: {hits[0]} by the small classifier, {hits[1]} by the large")
        spent = [round(one.tokens.mean()) for one in (small, alone)]
        return "\n".join([*rows, f"tokens a prompt: router {spent[0]}, one way {spent[1]}"])

    def wrongly_sent(self) -> str:
        """What the small classifier's errors cost, against the specialists of the tasks' kinds."""
        right, known = self.routed("small").right, self.known.right
        wrong = self.sent("small") != self.kinds
        cost = difference(known[wrong], right[wrong]).points()
        return (
            f"{wrong.sum()} tasks sent wrong: {right[wrong].sum()} right; by their own specialist:"
            f" {known[wrong].sum()}, {cost}\n"
            f"{(~wrong).sum()} tasks sent right: {right[~wrong].sum()} right\n"
            f"wrong answers in all: {(~right).sum()}; with the kind always known: {(~known).sum()}"
        )

    def gained(self, after: Rule, before: Rule) -> str:
        """What answers a rule gains over an earlier one, and over one model."""
        new, old, alone = self.ruled(after), self.ruled(before), outcome(self.alone, "large")
        return (
            f"after, minus before:           {gain(new, old)}\n"
            f"after, minus large in one way: {gain(new, alone)}"
        )

    def counted(self, rule: Rule) -> str:
        """How many kinds a rule names right on fit, then on test, and what comes of it there."""
        test = sum(rule(task.input) == task.kind for task in self.every.tasks)
        answer, of, fit = self.ruled(rule), len(self.kinds), len(self.fit)
        return (
            f"kinds named right: {fit - len(self.misnamed(rule))} of {fit} on fit, {test} of {of}"
            f" on test; answered right: {answer.right.sum()} of {of}"
        )

    def misnamed(self, rule: Rule) -> list[str]:
        """The fit tasks whose kind a rule names wrong: the beginnings of their last lines."""
        named = [(task, rule(task.input)) for task in self.fit]
        return [
            f"{task.kind}, not {kind}: {short(task.input.splitlines()[-1], 68)}"
            for task, kind in named
            if kind != task.kind
        ]

    def decided(self, threshold: float, fallback: str) -> tuple[Any, ...]:
        """What `threshold_chart` draws; `fallback` is a specialist, or "large in one way"."""
        alone = self.alone.column("large")
        other = alone if fallback == "large in one way" else self.every.column(fallback)
        kept = studies.answered_by(self.every, self.sent("small"))
        likely = self.likely("small")
        right = [one.label == kind for one, kind in zip(likely, self.kinds, strict=True)]
        items = np.column_stack([[one.certainty for one in likely], right, kept, other])
        return items, threshold, fallback, float(alone.mean()), self.source

    def chosen(self, least: float) -> float:
        """The lowest threshold from which so many of small's labels on fit are right, rounded."""
        likely = self.likely("small", "fit")
        right = [one.label == task.kind for one, task in zip(likely, self.fit, strict=True)]
        return round(_lowest([one.certainty for one in likely], right, least), 2)

    def eight(self) -> str:
        """Eight fit tasks, the surest label first: a line for each."""
        said = zip(self.likely("small", "fit"), self.fit, strict=True)
        some = sorted(said, key=lambda pair: -pair[0].certainty)
        rows = ["certainty  mass  label    kind     the end of the prompt"]
        for one, task in some:
            if task.id in EIGHT:
                end = task.input.rpartition("\n")[2]
                end = end if len(end) <= 56 else f"... {end[-52:]}"
                kinds = f"{one.label:<9}{task.kind:<9}"
                rows.append(f"{one.certainty:>9.2f}  {one.mass:.2f}  {kinds}{end}")
        return "\n".join(rows)

    def astray(self, who: str) -> str:
        """Where prompts of each kind are sent: how many, and how many of them answered right."""
        sent, right = self.sent(who), outcome(self.every, self.sent(who)).right
        rows = [f"{'kind':<10}" + "".join(f"{'to ' + kind:<15}" for kind in KINDS)]
        for kind in KINDS:
            fields = [(self.kinds == kind) & (sent == label) for label in KINDS]
            texts = [f"{here.sum()}: {right[here].sum()} right" for here in fields]
            rows.append(f"{kind:<10}" + "".join(f"{text:<15}" for text in texts))
        return "\n".join(row.rstrip() for row in rows)


async def measured(kit: Kit) -> Desk:
    """The desk's tasks, from the recordings."""
    alone = (await studies.desk(kit)).of(["small", "large"], split="test")
    parts = await studies.routing(kit), alone, await studies.specialists(kit)
    return Desk(*parts, systems.desk_router(kit.cast), kit.source)


def _way_out(label: str, certainty: float, mass: float, threshold: float) -> str:
    if mass < 0.5:
        return "person"
    return label if label in KINDS and certainty >= threshold else "general"


def _drawn_label(seeded: Random) -> tuple[str, float, float, float]:
    mass = round(seeded.random(), 2)
    certainty = round(mass * seeded.uniform(0.3, 1), 2)
    return seeded.choice((*KINDS, "weather")), certainty, mass, seeded.choice((0.1, 0.3, 0.6, 0.8))


# answer(label, certainty, mass, threshold): a specialist, "general", or "person".
route = Exercise(
    cases("""
"math", 0.9, 0.95, 0.6 -> "math"
A sure and known label goes to {got!r}. It has a specialist of its own.
"person": A mass of 0.95 goes to a person. Only a low mass should: below 0.5.

"weather", 0.9, 0.95, 0.6 -> "general"
A label that nobody covers does not reach the fallback. Being sure of it makes no specialist.

"math", 0.3, 0.35, 0.2 -> "person"
A certainty of 0.3 reaches the threshold of 0.2. But the mass of 0.35 says that it was probably no
label at all. Look at the mass before you look at the certainty.

"weather", 0.1, 0.3, 0.6 -> "person"
A low mass and an unknown label: the order of your tests matters. Look at the mass first.

"math", 0.4, 0.95, 0.6 -> "general"
A known label with certainty 0.4 is below the threshold of 0.6: it goes to the fallback.

"math", 0.6, 0.9, 0.6 -> "math"
A certainty of exactly the threshold counts as sure: it takes >=, not >.

"math", 0.45, 0.5, 0.3 -> "math"
A mass of exactly 0.5 is not below 0.5, and the threshold is 0.3 here. Does your rule use the
threshold for the mass, or 0.6 in its place?

"code", 0.71, 0.95, 0.8 -> "general"
With a threshold of 0.8, a certainty of 0.71 is too low. Is 0.6 written into your code?
""")
    + against(_way_out, _drawn_label),
    "Right. Three ways out: a specialist, the fallback, and nobody at all.",
)


def _lowest(certainties: Sequence[float], right: Sequence[bool], least: float) -> float:
    for threshold in sorted(certainties):
        kept = [good for sure, good in zip(certainties, right, strict=True) if sure >= threshold]
        if reaches(sum(kept) / len(kept), least):
            return threshold
    return 1.0


def _drawn_labels(seeded: Random) -> tuple[list[float], list[bool], float]:
    count = seeded.randint(1, 8)
    sure = [round(seeded.uniform(0.2, 0.9), 1) for _ in range(count)]
    return sure, [seeded.random() < 0.6 for _ in sure], seeded.choice((0.5, 0.75, 0.8, 1.0))


# answer(certainties, right, least): the lowest certainty from which enough is right, or 1.0.
threshold = Exercise(
    cases("""
[0.9, 0.7, 0.5, 0.3], [True, True, True, False], 0.8 -> 0.5
From 0.5 on, three labels are kept, and all are right; from 0.3 on it is three of four, too few.
Your function {said}.
0.9: 0.9 is enough, but it keeps one label alone. Take the lowest threshold that is enough.
0.3: From 0.3 on (a label of exactly 0.3 is kept) three of four are right, and that is below 0.8.
1.0: 0.5 is enough here. Divide by the number of labels that are kept, not by all of them.

[0.9, 0.7, 0.5], [True, False, True], 0.6 -> 0.5
From 0.5 on two of three are right, and that is enough. From 0.7 on it is one of two; so do not stop
at the first threshold that fails. Your function {said}.

[0.4, 0.8, 0.6], [False, True, True], 0.9 -> 0.6
The certainties come in any order here. Your function {said}.

[0.8, 0.6, 0.6, 0.6], [True, True, False, False], 0.6 -> 0.8
Labels of the same certainty are kept together or not at all: from 0.6 on, two of four are right.
Your function {said}.

[0.9, 0.5], [True, False], 0.5 -> 0.5
One of two is right, and that is exactly {args[2]}: "at least" takes >=, not >.

[0.9, 0.5], [False, True], 0.8 -> 1.0
No threshold is enough here: the surest label is wrong. Then give 1.0, which keeps no label.
ZeroDivisionError: With no label left your function divides by 0.
""")
    + against(_lowest, _drawn_labels),
    "Right. Chosen so on fit, it may be reported on test.",
)

QUIZ = questions("""
A classifier says math, with a certainty of 0.95. What is this number about?
- The chance that the specialist's answer is right.
> Whether the specialist can do the sum is another question. Count the answers for that.
+ How much of the probability the label math has.
> It is about the label and nothing else. How often such labels are right is for you to count.
- The chance that the small model can do the task.
> Knowing what a prompt is about does not tell how hard it is.

A larger classifier names more kinds right, and the answers hardly change. How can that be?
- The answers were graded by a model, so by chance.
> A program grades them. Look at what the other specialist makes of a wrong class.
- The larger classifier takes the specialists' time.
> Time does not change who is right.
+ Some wrong classes cost little: others can do it.
> Errors have prices. Asked for sums, the model still writes good Python.

You try 20 thresholds on your test tasks, and report the best of them. What is wrong?
- Nothing at all, because every one was measured.
> The best of 20 is lucky as well as good, and the luck does not come back with the next tasks.
- 20 thresholds are too few to find the best one.
> With more of them, the luckiest would be luckier still.
+ It was chosen on the tasks it is reported on.
> Choose on fit, report on test. What looks best on its own tasks looks worse on new ones.
""")
