"""Every chart of the kit from the recordings, and with rows that are hard to draw: what
tests/browser/test_gallery.py draws.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache

import numpy as np
import plotly.graph_objects as go
from course import card, studies
from course.card import Limits
from course.claims.article import CLAIMED, RANKS
from course.lessons import (
    choosing_pictures,
    consensus_ensemble,
    fan_out_pictures,
    one_model,
    router_pictures,
    supervisor_worker,
    voting,
    weighted_ensemble_pictures,
)
from course.shop import KINDS, QUEUES
from course.systems import NINE

import mlkit
from mlkit.charts import (
    certainty,
    compound,
    scores,
    trade_off,
    waterfall,
)
from mlkit.measure.matrix import agreed
from mlkit.measure.stats import error_correlation, wilson
from mlkit.models import Price, list_prices

LONG = (
    "A way of asking with a name that goes on and on, <b>in bold</b>, for $5 and more, until nobody"
    " reads it any more"
)


@cache
def kit():
    return mlkit.connect(engine="replay")


@cache
def study(name: str):
    with ThreadPoolExecutor() as thread:  # Playwright keeps an event loop running in this one
        return thread.submit(asyncio.run, getattr(studies, name)(kit())).result()


def _triage():
    return study("triage").of(split="test")


def _waterfall() -> go.Figure:
    run = max(
        (cell.run for row in study("orders").cells for [cell] in row if cell.run),
        key=lambda run: len(run.calls),
    )
    return waterfall.chart(run.calls, kit().source, list_prices(), 2).figure


def _quality() -> go.Figure:
    desk = study("desk").of(split="test")
    graded = [
        (task.kind, task.level, name, bool(cell.right))
        for task, row in zip(desk.tasks, desk.cells, strict=True)
        for name, [cell] in zip(desk.subjects, row, strict=True)
    ]
    return one_model.quality(graded, kit().source).figure


def _card() -> go.Figure:
    ways = card.ways(study("orders").of(list(NINE)), list_prices())
    return card.decision_card(
        "supervisor_worker",
        ways,
        Limits(0.50, 20.0, 0.26),
        kit(),
        f"It gets the most right. {LONG}",
    ).chart.figure


def _ladder() -> go.Figure:
    cheap, strong = study("samples").of(["small"], kind="triage"), _triage().of(["large"])
    winners, shares = agreed(cheap.answers[:, 0, :5])
    golds = np.array([task.gold for task in cheap.tasks])
    dollars = [
        1000 * matrix.dollars(list_prices()).sum() / len(golds) for matrix in (cheap, strong)
    ]
    return consensus_ensemble.chart(
        consensus_ensemble.rows(
            shares * 5, winners == golds, strong.column("large") > 0, 5, *dollars
        ),
        4,
        kit().source,
    ).figure


def _confusion() -> go.Figure:
    routing, desk = (
        study("routing").of(["small"], split="test"),
        study("desk").of(["large by kind"], split="test"),
    )
    dollars = desk.dollars(list_prices())[:, 0, 0]
    return router_pictures.confusion(
        [
            (task.kind, answer or "none", bool(right), float(price))
            for task, answer, right, price in zip(
                desk.tasks, routing.answers[:, 0, 0], desk.right[:, 0, 0], dollars, strict=True
            )
        ],
        kit().source,
    ).figure


def _curve() -> go.Figure:
    sure = study("routing").of(["large"], split="test").certainty(KINDS)[:, 0, 0]
    desk = study("desk").of(["small by kind", "large by kind"], split="test")
    prices = list_prices() | {kit().cast.large.model: Price(0.8, 0.8)}
    right, dollars = desk.right[:, :, 0], desk.dollars(prices)[:, :, 0]
    items = [
        router_pictures.Item(float(one), bool(r[0]), float(d[0]), bool(r[1]), float(d[1]))
        for one, r, d in zip(sure, right, dollars, strict=True)
    ]
    return router_pictures.router_curve(items, 0.7, kit().source).figure


def _sure() -> tuple[np.ndarray, np.ndarray]:
    triage = _triage().of(["large"]).labelled(QUEUES)
    return triage.certainty(QUEUES)[:, 0, 0], triage.right[:, 0, 0]


def _scores() -> go.Figure:
    triage = _triage()
    lines = [
        scores.score(
            "five queues", name, list(triage.right[:, n, 0]), int(triage.tokens[:, n].sum()), 0.01
        )
        for n, name in enumerate(triage.subjects)
    ]
    return scores.chart(
        lines,
        "Three members name the queue of a message",
        kit().source,
        {"best single": 0.55, "your guess": 0.7, "oracle": 0.72},
    ).figure


def _simplex() -> go.Figure:
    grid = weighted_ensemble_pictures.mixes(lambda one, two, three: 0.5 + 0.1 * one - 0.05 * three)
    present = weighted_ensemble_pictures.Mix(0.5, 0.3, 0.2, 0.54)
    title = weighted_ensemble_pictures.simplex_reading(grid, present)
    return weighted_ensemble_pictures.simplex(
        grid, present, _triage().subjects, kit().source, title
    )


def _majority() -> go.Figure:
    measured = [(3, 0.62, 0.5, 0.72), (5, 0.64, 0.55, 0.74)]
    return voting.figure(voting.rows(0.6, 0.2, measured), 0.6, 0.2, kit().source)


def _trade_off(names: list[str], **limits: float) -> go.Figure:
    triage = _triage()
    measured = [
        (name, 20 + 3 * n % 40, len(triage.tasks), 0.02 + 0.01 * (n * 7 % 10), 0.5 + n % 4)
        for n, name in enumerate(names)
    ]
    source = "numbers made up, to be hard to draw"
    return trade_off.chart(measured, source, limits=trade_off.Limits(**limits)).figure


def _flow() -> str:
    measured = study("orders")
    column = measured.subjects.index("supervisor_worker")
    return fan_out_pictures.flow(measured.cells[0][column][0].run.calls).html


FIGURES: dict[str, Callable[[], go.Figure | str]] = {
    "waterfall": _waterfall,
    "quality": _quality,
    "ladder": _ladder,
    "confusion": _confusion,
    "scores": _scores,
    "flow": _flow,
    "card": _card,
    "router_curve": _curve,
    "reliability": lambda: router_pictures.reliability_chart(*_sure(), kit().source).figure,
    "coverage": lambda: certainty.coverage_chart(*_sure(), kit().source).figure,
    "trade_off": lambda: _trade_off(NINE),
    "trade_off-limits": lambda: _trade_off(NINE, most_dollars=0.08, most_seconds=2.5, least=0.4),
    "trade_off-hard": lambda: _trade_off([*NINE, LONG, *(f"member {n}" for n in range(90))]),
    "compound": lambda: (
        compound.chart(
            {"classify": wilson(26, 32), "extract": wilson(20, 32), "reason": wilson(28, 32)},
            kit().source,
            wilson(12, 32),
        ).figure
    ),
    "compound-hard": lambda: (
        compound.chart(
            {LONG: wilson(26, 32), "b": wilson(0, 0)}, kit().source, wilson(12, 32)
        ).figure
    ),
    "condorcet": _majority,
    "correlation": lambda: (
        voting.heatmap_chart(
            _triage().subjects, error_correlation(_triage().right[:, :, 0].T), kit().source
        ).figure
    ),
    "correlation-hard": lambda: (
        voting.heatmap_chart([LONG, *"bcdefghij"], np.eye(10) * 0.5, kit().source).figure
    ),
    "weights": lambda: (
        weighted_ensemble_pictures.chart(
            weighted_ensemble_pictures.rows(
                ["repair", "order", "repair"],
                ["small", "large", "large, rules"],
                [0.2, 0.7, 0.1],
                [1, 0.8, 0.6],
            ),
            kit().source,
        ).figure
    ),
    "simplex": _simplex,
    "speedup": lambda: supervisor_worker.chart(0.6, kit().source, {2: (1.2, 1.1, 1.3)}).figure,
    "traffic": lambda: choosing_pictures.traffic_chart(5000, 12.0, 0.5, 2, kit().source).figure,
    "claimed": lambda: (
        choosing_pictures.claims_chart(
            CLAIMED,
            {family: (0.1 + n, 5.0 * n + 1, 0.2 * n, 1.0 + n) for n, family in enumerate(CLAIMED)},
            RANKS,
            kit().source,
        ).figure
    ),
    "empty-scores": lambda: scores.chart([], "Nothing was measured", kit().source).figure,
}
