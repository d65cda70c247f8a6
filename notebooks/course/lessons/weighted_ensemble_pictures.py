"""Notebook 08: what weights decide, and how often they are right."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import plotly.graph_objects as go

from course import orders, studies
from course.shop import QUEUES
from course.shop.price_list import fault
from course.studies.votes import voted, weighted
from mlkit.ask import Member, Reply
from mlkit.charts import trade_off
from mlkit.charts.look import BLUE, INK, PALE, Chart, charted, whiskers
from mlkit.escaped import in_plotly
from mlkit.kit import Kit
from mlkit.measure.matrix import Matrix
from mlkit.measure.stats import difference, wilson
from mlkit.models import Prices, list_prices
from mlkit.parsing import most_likely_or_none
from mlkit.ties import exceeds, highest, same
from mlkit.trace import Call
from mlkit.widgets import panels

TEAM = ("large", "small", "large, rules")  # from the best on fit down
ARTICLE, EQUAL = (0.5, 0.3, 0.2), (1.0, 1.0, 1.0)
Evaluate = Callable[[list[Any], list[float]], Sequence[float]]  # of answers, and how sure each is
Weight = Callable[[int, int, int], float]  # of right answers, of all, and of possible answers


def team(kit: Kit) -> dict[str, Member]:
    """The three who name the queue."""
    members = studies.triage_members(kit)
    return {name: replace(members[name], name=name) for name in TEAM}


async def messages(kit: Kit) -> Matrix:
    """What the three answered to the 96 messages."""
    return (await studies.triage(kit)).of(TEAM)


def probabilities(calls: Sequence[Call]) -> str:
    """What each member wrote, and how likely each queue was to it, among the five: a table."""
    lines = [f"{'':<14}{'wrote':<11}" + "".join(f"{queue:>11}" for queue in QUEUES)]
    for name, call in zip(TEAM, calls, strict=True):
        if isinstance(call.reply, Reply):
            shares = [most_likely_or_none(call.reply, (queue,)).mass for queue in QUEUES]
            each = "".join(f"{share / (sum(shares) or 1):>11.0%}" for share in shares)
            lines.append(f"{name:<14}{call.reply.text:<11}{each}")
    return "\n".join(lines)


def sheet(matrix: Matrix, numbers: Sequence[int]) -> str:
    """The answers to some messages, with a star where they are right: to count by hand."""
    heads = ("message", *matrix.subjects)
    lines = ["".join(f"{head:<16}" for head in heads)]
    for task, row in zip(matrix.tasks, matrix.cells, strict=True):
        if int(task.id.removeprefix("triage-")) in numbers:
            said = (f"{cell.answer}{' *' * cell.right}" for (cell,) in row)
            lines.append("".join(f"{each:<16}" for each in (task.id, *said)))
    return "\n".join(line.rstrip() for line in lines)


def right(matrix: Matrix, weights: Sequence[float], evaluate: Evaluate | None = None) -> np.ndarray:
    """Whether the answer with the highest total is right, message by message: shape (n,).

    Every answer scores 1, or what `evaluate` gives for a message's answers and how sure their
    members are.
    """
    if not evaluate:
        return weighted(matrix, weights)
    said, likely = matrix.answers[:, :, 0], matrix.likely(QUEUES)
    sure = [[found.confidence for (found,) in row] for row in likely]
    scores = [evaluate(list(row), each) for row, each in zip(said, sure, strict=True)]
    return weighted(matrix, weights, np.array(scores))


async def compared(kit: Kit, weight: Weight) -> str:
    """Five ways on both workloads, and the differences that matter. A form with a fault scores 0;
    of orders, the answers that can be given are those that were given on fit.
    """
    triage, members = await messages(kit), await studies.order_members(kit)
    voters = members.of([voter.name for voter in orders.order_voters(kit.cast)])
    seen = len({answer for answer in voters.of(split="fit").answers.flat if answer is not None})
    columns = [_ways(triage, weight, len(QUEUES)), _ways(voters, weight, seen)]
    samples = (await studies.samples(kit)).of(["large"], kind="triage").tokens[:, 0, :3]
    tokens = triage.of(split="test").tokens.sum(axis=1).mean(), samples.sum(axis=1).mean()
    lines = [
        "tokens for a message: three members {:.0f}, three samples of large {:.0f}".format(*tokens),
        f"possible answers: messages {len(QUEUES)}, orders {seen} (different order totals on fit)",
        f"{'right on test':<24}{'messages, of 64':>17}{'orders, of 96':>17}",
    ]
    for name in columns[0]:
        lines.append(f"{name:<24}" + "".join(f"{column[name].sum():>17}" for column in columns))
    for what, column in zip(("messages", "orders"), columns, strict=True):
        for other in ("the article's weights", "equal weights", "best alone, by fit"):
            gain = difference(column["learned weights"], column[other]).points()
            lines.append(f"{what}: learned weights minus {other}: {gain}")
    return "\n".join(lines)


def _ways(matrix: Matrix, weight: Weight, answers: int) -> dict[str, np.ndarray]:
    """Whether each way is right, test item by test item; what is learned is learned on fit."""
    fit, test = matrix.of(split="fit"), matrix.of(split="test")
    counts = fit.right[:, :, 0].sum(axis=0)
    learned = [weight(int(count), len(fit.tasks), answers) for count in counts]
    sound = [[not cell.error and not fault(cell.text) for (cell,) in row] for row in test.cells]
    orders_only = test.tasks[0].grader == "form"
    scores = np.array(sound, float) if orders_only else np.ones((len(test.tasks), len(counts)))
    ways = {"equal weights": EQUAL, "the article's weights": ARTICLE, "learned weights": learned}
    return {
        "best alone, by fit": test.column(highest(matrix.subjects, fit.share)) > 0,
        **{name: weighted(test, weights, scores) for name, weights in ways.items()},
        "oracle of the three": np.any(test.right[:, :, 0], axis=1),
    }


async def dollars(kit: Kit, learned: Sequence[float], guess: float | None) -> panels.Panel:
    """Dollars or seconds against the share right, on the test messages; `guess` is of 64."""
    test = (await messages(kit)).of(split="test")
    samples = (await studies.samples(kit)).of(["large"], kind="triage")
    three = samples.answers[:, 0, :3], samples.right[:, 0, :3]
    lines = trade_off.baselines(test.right, guess, len(test.tasks))

    def ways(prices: Prices) -> list[trade_off.Way]:
        return [
            *trade_off.ways(test, prices),
            _together("3 samples of large", voted(*three), samples, prices),
            _together("the article's weights", right(test, ARTICLE), test, prices),
            _together("learned weights", right(test, learned), test, prices),
        ]

    return panels.compare(ways, list_prices(), kit.source, kit.cast.models, lines)


def _together(name: str, grades: np.ndarray, asked: Matrix, prices: Prices) -> trade_off.Way:
    """A way that pays for three answers to each message."""
    spent, took = asked.dollars(prices), asked.seconds
    three = (each.reshape(len(grades), -1)[:, :3].sum(axis=1) for each in (spent, took))
    return trade_off.way(name, grades, *three)


class Way(NamedTuple):
    who_decides: str
    right: int
    of: int
    share: float
    low: float  # its 95% interval
    high: float


def decided_by(weights: Sequence[float], said: np.ndarray) -> str:
    """Who decides, where each answer scores 1; `said` are the answers, of shape (n, 3)."""
    heaviest = highest(range(3), weights.__getitem__)
    rest, name = sum(weights) - weights[heaviest], trade_off.quoted(TEAM[heaviest])
    tied = same(weights[heaviest], rest)  # then the first member has its way, and no other
    if not (exceeds(weights[heaviest], rest) or (tied and heaviest == 0)):
        return f"the majority; {name} where all three differ"
    empty = sum(answer is None for answer in said[:, heaviest])
    others = f" (the others on {empty}, where it names no queue)" if empty and rest else ""
    return f"{name} decides alone{others}"


def four_ways(matrix: Matrix, weights: Sequence[float], source: str) -> Chart:
    """How often the present weights are right, beside the four ways in which three can decide."""
    each = {f"{trade_off.quoted(TEAM[n])} alone": np.eye(3)[n].tolist() for n in range(3)}
    mixes = {"these weights": weights, **each, "the majority": EQUAL}
    of = len(matrix.tasks)
    counts = {name: int(right(matrix, mix).sum()) for name, mix in mixes.items()}
    ways = [Way(name, count, of, *wilson(count, of)) for name, count in counts.items()]
    mix = "\u00a0/\u00a0".join(f"{weight:.2f}" for weight in weights)  # on one line
    what = f"{ways[0].right} of the {of} {matrix.tasks[0].split} messages right"
    who = decided_by(weights, matrix.answers[:, :, 0])
    said = f"{what} with {mix}: {who}"
    chart = go.Figure()
    chart.add_bar(
        orientation="h",
        y=[in_plotly(way.who_decides) for way in ways],
        x=[way.share for way in ways],
        text=[f"{way.right} of {way.of}" for way in ways],
        textposition="inside",
        insidetextanchor="start",
        marker_color=[BLUE] + [PALE] * (len(ways) - 1),
        error_x=whiskers((way[3:6] for way in ways), color=INK),
        hoverinfo="skip",
    )
    chart.update_xaxes(title_text="answered right", tickformat=".0%", range=[0, 1])
    chart.update_yaxes(autorange="reversed", ticklabelstandoff=6, showgrid=False)
    return charted(chart, ways, said, source, height=230)
