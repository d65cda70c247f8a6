"""The pictures of notebook 05: ticks and crosses, a run, and texts that count as one."""

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any, NamedTuple

import numpy as np
import plotly.graph_objects as go

from course.studies.votes import correlation
from mlkit.charts.look import BLACK, BLUE, GREY, ORANGE, RED, Chart, charted
from mlkit.measure import stats


def ticks(voters: Mapping[str, str]) -> str:
    """Each voter's ticks, the majority's, and on how many messages two voters err together."""
    right = np.array([[mark == "✓" for mark in marks] for marks in voters.values()])
    majority = right.sum(axis=0) > len(right) / 2
    lines = [
        f"{name:<10}{'  '.join('✘✓'[int(one)] for one in row)}   {row.sum()} of {len(row)}"
        for name, row in [*zip(voters, right, strict=True), ("majority", majority)]
    ]
    errs = dict(zip(voters, ~right, strict=True))
    pairs = [f"{a}{b} {(errs[a] & errs[b]).sum()}" for a, b in combinations(voters, 2)]
    together = correlation(right.T)
    lines.append(f"both err: {', '.join(pairs)}; mean error correlation {together:.2f}")
    return "\n".join(lines)


def majorities(p: float) -> str:
    """How often a majority of independent voters is right, two answers being possible."""
    shares = ", ".join(f"{n}: {stats.condorcet(p, n):.0%}" for n in (1, 3, 5, 15, 51))
    return f"each right {p:.0%} of the time; voters and majority right: {shares}"


class Step(NamedTuple):
    """Shares in [0, 1]."""

    threshold: float
    majority: float  # of the tasks where more than half of the texts are one group
    strangers: float  # of the pairs of texts for different tasks that pass as the same
    keeps: float  # of the winning texts that keep all rules


def similarity(
    ladder: Sequence[tuple[float, ...]], threshold: float, alone: float, source: str
) -> Chart:
    """What comes of each threshold; `alone` is the share of single answers that keep the rules."""
    steps = [Step(*row) for row in ladder]
    here = next(step for step in steps if step.threshold == threshold)
    figure = go.Figure()
    for name, colour, dash, shares in (
        ("tasks with a majority", BLUE, "solid", [step.majority for step in steps]),
        ("strangers taken as one", RED, "dash", [step.strangers for step in steps]),
        ("winner keeps the rules", ORANGE, "dot", [step.keeps for step in steps]),
        ("one call keeps the rules", BLACK, "dashdot", [alone] * len(steps)),
    ):
        figure.add_scatter(
            name=name,
            x=[step.threshold for step in steps],
            y=shares,
            mode="lines",
            line={"color": colour, "dash": dash, "width": 2},
            hovertemplate=f"{name}: %{{y:.0%}}, at %{{x:.2f}}<extra></extra>",
        )
    figure.add_vline(x=threshold, line={"width": 1, "color": GREY})
    figure.update_xaxes(title_text="similarity from which two texts count as one")
    figure.update_yaxes(title_text="share", range=[-0.02, 1.02], tickformat=".0%", zeroline=False)
    reading = (
        f"At {threshold:.2f}: {here.majority:.0%} of the tasks have a majority,"
        f" {here.strangers:.0%} of the strangers pass as one, and {here.keeps:.0%} of all winners"
        f" keep the rules (one call: {alone:.0%})"
    )
    return charted(figure, steps, reading, source, height=280)


def examples(shown: Any, alike: float) -> str:
    """A sum and an order as a voter writes them; who votes on orders; when texts are the same."""
    sums, orders = shown.samples.of(["large"], kind="math"), next(iter(shown.orders.values()))
    lines = []
    for what, matrix, by in (
        ("sum", sums.of(id="math-06"), ", counted as"),
        ("order", orders.of(id="order-012"), "\n   counted by its total in dollars:"),
    ):
        (task,), cell = matrix.tasks, matrix.cells[0][0][0]
        gold = task.gold["total"] if isinstance(task.gold, dict) else task.gold
        lines.append(f"{what}: {task.input}")
        lines.append(f"   a voter writes {cell.text}{by} {cell.answer}; right: {gold}")
    lines += [f"{name}: {' · '.join(each.subjects)}" for name, each in shown.orders.items()]
    lines += [
        "   (the shop's: large, asked in three ways; rule first: the form begins with its rule;",
        "   on fit: whose errors there are least alike; all examples: large's and the others)",
        f"texts: two count as one from a similarity of {alike} (section 7)",
    ]
    return "\n".join(lines)


def _points(difference: stats.Difference, unit: str = " points", n: str = "") -> str:
    """To one decimal, as the shares beside it, so that they add up."""
    mean, low, high = (f"{100 * share:+z.1f}" for share in difference[:3])
    return f"{mean}{unit} ({low} to {high}{n})"


def table(votes: Sequence[Any]) -> str:
    """A line for each vote, of at most 84 characters, under two of heads."""
    lines = [
        f"{'':<29}{'one':>7}{'average':>9}{'':>7}{'error':>7}  vote minus one call,",
        f"{'n':>29}{'call':>7}{'voter':>9}{'vote':>7}{'corr.':>7}  points (95% interval)",
    ]
    for each in votes:
        gain = _points(each.gain, "")
        if (each.won == each.one).all():
            gain = "0 (same items right)"
        lines.append(
            f"{each.voters:<25}{each.gain.n:>4}{each.one.mean():>7.1%}{each.right.mean():>9.1%}"
            f"{each.won.mean():>7.1%}{each.correlation:>7.2f}  {gain}"
        )
    return "\n".join(lines)


def found(votes: Sequence[Any]) -> str:
    """How many votes clearly help: over one call, and over the average of their own voters."""
    lines = []
    for what, gains in (
        ("one call", {each.voters: each.gain for each in votes}),
        ("their average voter", {each.voters: each.over_a_voter for each in votes}),
    ):
        clear = {name: gain for name, gain in gains.items() if gain.above}
        lines.append(f"clearly better than {what}: {len(clear)} of {len(votes)} votes")
        lines += [
            f"   {name:<25}{_points(gain, n=f', n {gain.n}')}" for name, gain in clear.items()
        ]
    return "\n".join(lines)
