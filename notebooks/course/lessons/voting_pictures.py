"""The pictures of notebook 05: ticks and crosses, a run, and texts that count as one."""

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import NamedTuple

import numpy as np
import plotly.graph_objects as go

from mlkit.charts import waterfall
from mlkit.charts.look import BLACK, BLUE, GREY, ORANGE, RED, Chart, charted
from mlkit.measure import stats
from mlkit.models import list_prices
from mlkit.trace import Call


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
    together = stats.mean_correlation(stats.error_correlation(right))
    lines.append(f"both err: {', '.join(pairs)}; mean error correlation {together:.2f}")
    return "\n".join(lines)


def majorities(p: float) -> str:
    """How often a majority of independent voters is right, two answers being possible."""
    shares = ", ".join(f"{n}: {stats.condorcet(p, n):.0%}" for n in (1, 3, 5, 15, 51))
    return f"each right {p:.0%} of the time; voters and majority right: {shares}"


def timeline(calls: Sequence[Call], source: str) -> Chart:
    """The waterfall of a run, at list prices."""
    return waterfall.chart(calls, source, list_prices())


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
