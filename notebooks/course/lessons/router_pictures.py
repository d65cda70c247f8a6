"""Notebook 03: what a threshold does to labels and answers, and the queues of triage's messages."""

from collections.abc import Sequence
from math import nan
from typing import NamedTuple

import numpy as np
import plotly.graph_objects as go

from course import studies
from course.shop import QUEUES
from mlkit.charts import look
from mlkit.charts.look import Chart
from mlkit.kit import Kit
from mlkit.parsing import FLOOR
from mlkit.ties import reaches

# The levels of triage's messages, and a short one of each.
LEVELS = {
    "clear": ("one wish, in the usual words", "triage-26"),
    "distractor": ("one wish, beside words of another queue", "triage-37"),
    "hard": ("the wish is not said, or is one of several", "triage-80"),
}


class Step(NamedTuple):
    """What one threshold does."""

    threshold: float
    kept: int  # labels that are sure enough
    of: int
    labels_right: float  # of those that are kept, in [0, 1]; nan where none is
    kept_answers_right: float  # the same of their answers
    answers_right: float  # of all answers, in [0, 1]


def step(items: np.ndarray, threshold: float) -> Step:
    """Labels below the threshold give way to the fallback.

    items: (n, 4), of each prompt how certain its label is; whether the label is right, whether the
    answer is if the label is kept, and if it is not.
    """
    kept = reaches(items[:, 0], threshold)
    labels, theirs = items[kept, 1:3].mean(axis=0).tolist() if kept.any() else (nan, nan)
    answers = np.where(kept, items[:, 2], items[:, 3])
    return Step(threshold, int(kept.sum()), len(items), labels, theirs, float(answers.mean()))


def reading(mark: Step, fallback: str) -> str:
    """What the threshold keeps, and what comes of it."""
    named = f"{mark.kept} of {mark.of} labels are kept, {mark.labels_right:.0%} of them right"
    kept = f"At threshold {mark.threshold:.2f}, {named if mark.kept else 'no label is kept'}"
    return f"{kept}; with fallback {fallback} {mark.answers_right:.0%} of all answers are right"


def threshold_chart(
    items: np.ndarray, threshold: float, fallback: str, alone: float, source: str
) -> Chart:
    """How many labels kept and how many answers are right at each threshold, of `items` as in
    `step`; `alone` is the large model's share without a router.
    """
    rows = [step(items, n / 100) for n in range(round(100 * FLOOR), 101)]
    mark = step(items, threshold)
    figure = go.Figure()
    labels, answers = [row.labels_right for row in rows], [row.answers_right for row in rows]
    _line(figure, "right labels, of those kept", labels, mark, mark.labels_right, look.BLUE)
    _line(figure, "right answers, of all", answers, mark, mark.answers_right, look.ORANGE)
    if empty := [row.threshold for row in rows if not row.kept]:
        middle = {"x": (empty[0] + 1) / 2, "y": 1, "yanchor": "top"}
        figure.add_annotation(text="nothing kept", showarrow=False, font=look.SMALL, **middle)
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


async def queues(kit: Kit) -> str:
    """How often each size names the queue of triage's messages, and one message of each level."""
    named = (await studies.triage(kit)).of(["small", "large"], split="test").labelled(QUEUES)
    rows = []
    for level, (what, task_id) in LEVELS.items():
        here, (task,) = named.of(level=level), named.of(id=task_id).tasks
        shares = ", ".join(f"{who} {here.share(who):.0%}" for who in here.subjects)
        rows.append(f"{level} ({what}), {len(here.tasks)} messages, named right: {shares}")
        rows.append(f'  "{task.input}" goes to {task.gold}')
    return "\n".join(rows)
