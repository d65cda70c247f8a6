"""Every chart of the kit from the recordings, and with rows that are hard to draw: what
tests/browser/test_gallery.py draws.
"""

from collections.abc import Callable

import plotly.graph_objects as go
from course.lessons import one_model_pictures as pictures
from course.lessons import pipeline_pictures
from course.systems import NINE

from mlkit.charts import trade_off, waterfall
from mlkit.measure.stats import Interval, wilson
from mlkit.models import list_prices
from tests.pictures import every, kit, study

LONG = (
    "A way of asking with a name that goes on and on, <b>in bold</b>, for $5 and more, until nobody"
    " reads it any more"
)


def _waterfall() -> go.Figure:
    run = max(
        (cell.run for row in study("orders").cells for [cell] in row if cell.run),
        key=lambda run: len(run.calls),
    )
    return waterfall.chart(run.calls, kit().source, list_prices(), 2).figure


def _scores() -> go.Figure:
    triage = study("triage").of(split="test")
    lines = [
        pictures.Score("five queues", name, one.right, one.of, *one.interval[1:], one.tokens, 0.01)
        for name in triage.subjects
        for one in [triage.score(name, list_prices())]
    ]
    return pictures.score_chart(
        lines, "Three members name the queue of a message", kit().source
    ).figure


def _trade_off(names: list[str], lines: dict[str, float]) -> go.Figure:
    measured = [
        (name, 20 + 3 * n % 40, 64, 0.02 + 0.01 * (n * 7 % 10), 0.5 + n % 4)
        for n, name in enumerate(names)
    ]
    source = "numbers made up, to be hard to draw"
    return trade_off.chart(measured, source, lines=lines).figure


def _compound(stages: dict[str, Interval]) -> go.Figure:
    steps = pipeline_pictures.rows(stages, wilson(12, 32))
    return pipeline_pictures.figure(steps, f"{len(stages)} stages and the whole", kit().source)


LINES = {"oracle": 0.97, "random": 0.52}
FIGURES: dict[str, Callable[[], go.Figure | str]] = {
    "waterfall": _waterfall,
    "scores": _scores,
    "trade_off": lambda: _trade_off(list(NINE), LINES),
    "trade_off-hard": lambda: _trade_off([*NINE, LONG, *(f"member {n}" for n in range(90))], LINES),
    "compound": lambda: _compound(
        {"classify": wilson(26, 32), "extract": wilson(20, 32), "reason": wilson(28, 32)}
    ),
    "compound-hard": lambda: _compound({LONG: wilson(26, 32), "b": wilson(0, 0)}),
    "empty-scores": lambda: pictures.score_chart([], "Nothing was measured", kit().source).figure,
    **every("FIGURES"),
}
