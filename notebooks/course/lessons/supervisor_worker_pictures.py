"""Notebook 07: what each part of the pattern gains, what a review repairs, and where time goes."""

import json
from collections.abc import Callable
from statistics import fmean
from typing import Any, NamedTuple

import numpy as np
import plotly.graph_objects as go

from course import studies
from course.shop.price_list import joined
from mlkit.charts.look import BLACK, DOTTED, ORANGE, Chart, charted
from mlkit.kit import Kit
from mlkit.measure.matrix import Matrix, merged, tokens
from mlkit.measure.stats import difference
from mlkit.schedule import schedule

# What is added, by which way, beside which without it; and what the studies call that way.
PARTS = (
    ("an assignment", "one worker", "large alone", "one worker, no review"),
    ("a second worker", "two workers", "one worker", "two workers, no review"),
    ("a review", "0 rounds", "two workers", "two workers, 0 rounds"),
    ("a second try", "1 round", "0 rounds", "supervisor_worker"),
    ("a third try", "2 rounds", "1 round", "two workers, 2 rounds"),
    ("the list", "with the list", "1 round", "reviewer with the list"),
    ("more examples", "all examples", "large alone", "large, all examples"),
    ("all of it", "1 round", "large alone", "supervisor_worker"),
)
STUDIED = {"large alone": "single_model"} | {way: study for _, way, _, study in PARTS}
BESIDE = ("0 rounds", "2 rounds", "with the list")  # where "1 round" lies on the chart
SHOWN = [way for way in STUDIED if way not in BESIDE]


async def measured(kit: Kit) -> Matrix:
    """All ways of this page on 48 test orders, under the names that they have on it."""
    variants = await studies.orders_and_variants(kit)
    pool = (await studies.order_members(kit)).of(id={task.id for task in variants.tasks})
    every = merged(variants, pool).of([*STUDIED.values()])
    return Matrix(every.tasks, [*STUDIED], every.cells)


async def others(kit: Kit) -> Matrix:
    """The pattern, and the model alone, on the other 48 test orders."""
    ways = ["large alone", "1 round"]
    whole = (await studies.orders(kit)).of([STUDIED[way] for way in ways])
    seen = {task.id for task in (await studies.orders_and_variants(kit)).tasks}
    rest = whole.of(id={task.id for task in whole.tasks} - seen)
    return Matrix(rest.tasks, ways, rest.cells)


def parts(orders: Matrix, fresh: Matrix) -> str:
    """What each part adds: right, tokens, orders won and lost, points; last, on all test orders."""
    alone = orders.of(["large alone"])
    names = f"{'adds':<17}{'way':<14}{'without it':<13}"
    head = f"{names}{'right':>5}{'tokens':>8}{'won':>5}{'lost':>5}  points"
    first = f"{'':<17}{'large alone':<27}{alone.right.sum():>5}{alone.tokens.mean():>8,.0f}"
    lines = [_change(part, way, before, [orders]) for part, way, before, _ in PARTS]
    both = _change("all of it, on 96", "1 round", "large alone", [orders, fresh])
    return "\n".join([head, first, *lines, both])


def _change(part: str, way: str, before: str, halves: list[Matrix]) -> str:
    now, then = (
        np.concatenate([half.column(name) > 0 for half in halves]) for name in (way, before)
    )
    spent = np.mean([half.of([way]).tokens for half in halves])
    counts = f"{now.sum():>5}{spent:>8,.0f}{(now & ~then).sum():>5}{(then & ~now).sum():>5}"
    change = difference(now, then).points().replace(" points", "").replace("95% interval ", "")
    return f"{part:<17}{way:<14}{before:<13}{counts}  {change.partition(', n')[0]})"


# A new answer, of the one as it was and of the workers' forms.
Decide = Callable[[dict[str, Any], list[dict[str, Any]]], dict[str, Any]]


class Decided(NamedTuple):
    """Which orders are right, with the workers' forms merely joined, and as decided."""

    joined: np.ndarray  # (n,) bools
    right: np.ndarray  # (n,)

    def __str__(self) -> str:
        repaired, spoilt = self.right & ~self.joined, self.joined & ~self.right
        return (
            f"{self.right.sum()} of {len(self.right)} right: {self.joined.sum()} with the forms"
            f" only joined, + {repaired.sum()} repaired, - {spoilt.sum()} spoilt"
        )


def decided(orders: Matrix, way: str, rule: Decide = lambda answer, forms: answer) -> Decided:
    """The same answers, decided again by a rule. No model is asked."""
    before, after = [], []
    for task, row in zip(orders.tasks, orders.of([way]).cells, strict=True):
        (cell,) = row[0]
        first: dict[str, Any] = {call.role: call.reply for call in reversed(cell.calls)}
        texts = [reply.text for role, reply in first.items() if role.startswith("work")]
        work = [json.loads(reply.text) for reply in cell.run.result.work.values()]
        before.append(task.right(joined(texts)))
        after.append(task.right(json.dumps(rule(json.loads(cell.text), work))))
    return Decided(np.array(before), np.array(after))


def compared(orders: Matrix, way: str, rule: Decide) -> str:
    """A way as recorded and with a rule, beside the model alone."""
    alone = orders.column("large alone")
    return (
        f"large alone: {alone.sum():.0f} of {len(alone)} right\n"
        f"as recorded: {decided(orders, way)}\nguarded:     {decided(orders, way, rule)}"
    )


def case(orders: Matrix, way: str, task_id: str) -> str:
    """One order in one way: what was wanted, each call, the reviewer's last line, the answer."""
    task, cell = studies.with_id(orders.tasks, task_id), orders.cell(way, task_id)
    calls: Any = cell.calls
    lines = [f"{call.role.removeprefix('work '):<10} {call.reply.text}" for call in calls]
    known = calls[-1].member.system.splitlines()[-1]
    answer = f"answer: {cell.answer} · right is {task.gold['total']}"
    return "\n".join([task.input, "", *lines, f"{known} (the end of the list)", answer])


OWN = ("assign", "review")  # roles of the supervisor


class Timed(NamedTuple):
    """Mean seconds of a run, by the clock of the timing run."""

    own: float  # the supervisor's
    work: float  # the workers', one after another
    path: float  # the whole run, the workers at the same time, each on a server of its own
    source: str


def timed(latency: tuple[Any, list[Any]]) -> Timed:
    """How long the pattern takes, from what timings.load_latency gives."""
    header, every = latency
    runs = [run for run in every if run.pattern == "supervisor_worker"]
    own = fmean(sum(call.seconds for call in run.calls if call.role in OWN) for run in runs)
    all_calls = fmean(sum(call.seconds for call in run.calls) for run in runs)
    path = fmean(max(end for _, end in schedule(run.calls)) for run in runs)
    source = f"timed {header.date} · {header.engine} · {header.machine}"
    return Timed(own, all_calls - own, path, source)


def lengths(times: Timed) -> str:
    """How long pieces must be before 8 workers pay, and before the supervisor is under half."""
    half = 4 / 3 * times.own / times.work  # own + half x work / 8 = (own + half x work) / 2
    under = times.own / (times.path - times.own)
    return (
        f"From pieces {half:.1f} times as long on, 8 workers save half of the time.\n"
        f"From {under:.1f} times on, C10 would not be supported: the supervisor's calls would take"
        " less than half."
    )


class Waiting(NamedTuple):
    workers: int
    seconds: float  # of a run, the work cut into equal parts


def chart(times: Timed, longer: float = 1.0) -> Chart:
    """How long a run takes with 1 to 8 workers, if pieces were `longer` times as long."""
    rows = [Waiting(n, times.own + longer * times.work / n) for n in range(1, 9)]
    workers, waits = zip(*rows, strict=True)
    reading = (
        f"Pieces {longer:g} times as long: {waits[0]:.1f} s with 1 worker, {waits[-1]:.1f} s with"
        f" 8; the supervisor's own {times.own:.1f} s stay"
    )
    figure = go.Figure()
    figure.add_scatter(name="by Amdahl's law", x=workers, y=waits, mode="lines+markers")
    stays = {"x": workers, "y": [times.own] * len(rows), "line": DOTTED}
    figure.add_scatter(name="the supervisor's own", mode="lines", **stays)
    if longer == 1:
        reading += f"; measured with 2: {times.path:.1f} s"
        look = {"size": 11, "color": ORANGE, "line": {"color": BLACK}}
        figure.add_scatter(name="measured", x=[2], y=[times.path], mode="markers", marker=look)
    figure.update_xaxes(title_text="workers", dtick=1, tickformat="d")
    figure.update_yaxes(title_text="seconds per prompt", range=[0, 1.1 * waits[0]])
    return charted(figure, rows, reading, times.source, height=270)


async def loop(kit: Kit) -> str:
    """Write, check by a model, write again, beside other ways to spend tokens on 44 texts."""
    checked = (await studies.rewriting(kit)).of(["large, checked"])
    samples, vectors = (await studies.texts(kit)).of(["large"]), await studies.meanings(kit)
    grades, spent = samples.right[:, 0, :3], samples.tokens[:, 0, :3].sum(axis=1).mean()
    three = [vectors[task.id][:3] for task in samples.tasks]
    alike = [int(np.argmax((each @ each.T).sum(axis=1))) for each in three]
    runs = [row[0][0].run.result for row in checked.cells]
    right = [task.right(run.written[0]) for task, run in zip(checked.tasks, runs, strict=True)]
    passed = [run.found[0].lower().startswith("yes") for run in runs]
    rows = {
        "the first text": (sum(right), fmean(tokens(row[0][0].calls[:1]) for row in checked.cells)),
        "write, check, write again": (checked.right.sum(), checked.tokens.mean()),
        "three, the one most like the others": (grades[range(len(grades)), alike].sum(), spent),
        "three, any of them right": (grades.any(axis=1).sum(), spent),
    }
    lines = [f"{f'{len(grades)} texts':<38}right  tokens"]
    lines += [f"{name:<38}{count:>5}{cost:>8,.0f}" for name, (count, cost) in rows.items()]
    wrong = sum(said and not good for said, good in zip(passed, right, strict=True))
    return "\n".join(
        [*lines, f"The checker passes {sum(passed)} first texts; {wrong} of these are wrong."]
    )
