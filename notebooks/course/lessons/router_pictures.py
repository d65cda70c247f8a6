"""The picture of notebook 03: what a threshold does to the labels, and to the answers."""

from collections.abc import Iterable, Sequence
from math import nan
from typing import NamedTuple

import plotly.graph_objects as go

from mlkit.charts import look
from mlkit.charts.look import Chart
from mlkit.parsing import FLOOR
from mlkit.ties import reaches


class Item(NamedTuple):
    """A prompt, and what comes of it either way."""

    certainty: float  # of its label
    label_right: bool
    specialist_right: bool  # the answer, if the label is kept
    fallback_right: bool  # the answer, if not


class Step(NamedTuple):
    """What one threshold does."""

    threshold: float
    kept: int  # labels that are sure enough
    of: int
    labels_right: float  # of those that are kept, in [0, 1]; nan where none is
    answers_right: float  # of all answers, in [0, 1]


def step(items: Sequence[Item], threshold: float) -> Step:
    """Labels below the threshold give way to the fallback."""
    kept = [reaches(item.certainty, threshold) for item in items]
    labels = [item.label_right for item, one in zip(items, kept, strict=True) if one]
    answers = [item[2] if one else item[3] for item, one in zip(items, kept, strict=True)]
    share = sum(labels) / len(labels) if labels else nan
    return Step(threshold, len(labels), len(items), share, sum(answers) / len(items))


def reading(mark: Step, fallback: str) -> str:
    """What the threshold keeps, and what comes of it."""
    named = f"{mark.kept} of {mark.of} labels are kept, {mark.labels_right:.0%} of them right"
    kept = f"At threshold {mark.threshold:.2f}, {named if mark.kept else 'no label is kept'}"
    return f"{kept}; with fallback {fallback} {mark.answers_right:.0%} of all answers are right"


def threshold_chart(
    found: Iterable[tuple[float, bool, bool, bool]],
    threshold: float,
    fallback: str,
    alone: float,
    source: str,
) -> Chart:
    """How many labels kept and how many answers are right at each threshold, from what Items hold;
    `alone` is the large model's share without a router.
    """
    items = [Item(*one) for one in found]
    rows = [step(items, n / 100) for n in range(round(100 * FLOOR), 101)]
    mark = step(items, threshold)
    figure = go.Figure()
    labels, answers = [row.labels_right for row in rows], [row.answers_right for row in rows]
    _line(figure, "right labels, of those kept", labels, mark, mark.labels_right, look.BLUE)
    _line(figure, "right answers, of all", answers, mark, mark.answers_right, look.ORANGE)
    flat = {"x": [FLOOR, 1], "y": [alone, alone], "line": look.DOTTED, "hoverinfo": "skip"}
    figure.add_scatter(name=f"large in one way, {alone:.0%}", mode="lines", **flat)
    figure.update_xaxes(title_text="threshold", range=[FLOOR - 0.01, 1.01])
    figure.update_yaxes(title_text="share right", tickformat=".0%", range=[0, 1.05])
    return look.charted(figure, rows[::5], reading(mark, fallback), source, height=290)


def _line(
    figure: go.Figure, name: str, shares: Sequence[float], mark: Step, share: float, colour: str
) -> None:
    """A line over all thresholds, with a point at the one that is set."""
    figure.add_scatter(
        name=name,
        x=[FLOOR + n / 100 for n in range(len(shares))],
        y=list(shares),
        mode="lines",
        line={"color": colour, "width": 2.5},
        hovertemplate=f"threshold %{{x:.2f}}: %{{y:.0%}} {name}<extra></extra>",
    )
    edge = {"color": look.BLACK, "width": 1}
    figure.add_scatter(
        x=[mark.threshold],
        y=[share],
        mode="markers",
        marker={"size": 12, "color": colour, "line": edge},
        showlegend=False,
        hoverinfo="skip",
        cliponaxis=False,
    )
