"""The panels of notebook 03: name and controls -> its sentence, as (state, **settings)."""

from types import SimpleNamespace
from typing import Any

from course.shop import KINDS

from tests.widgets.sentences import Expected, certainty, likely, one, point, trade_off

FLOOR = 0.15  # a label less certain than this was not meant


def by_keyword(prompt: str) -> str:
    if "Python" in prompt:
        return "code"
    if "$" in prompt:
        return "math"
    return "creative" if "word" in prompt else "general"


def specialists(state: Any) -> list[dict[str, Any]]:
    """For each test task, each specialist's answer to it."""
    columns = {kind: one(state.specialists, kind) for kind in KINDS}
    return [dict(zip(columns, cells, strict=True)) for cells in zip(*columns.values(), strict=True)]


def sent(state: Any) -> list[tuple[Any, float]]:
    """The small classifier's cell for each test task, and how sure it is of its label."""
    return [
        (cell, certainty(cell, KINDS) if cell.answer else 0.0)
        for cell in one(state.routing, "small", split="test")
    ]


def routers(state: Any, edited: Any, by: str) -> Expected:
    prices, tasks = {**state.prices, **edited}, state.specialists.tasks
    of = specialists(state)
    routed = []
    for (cell, sure), answers in zip(sent(state), of, strict=True):
        answer = answers[cell.answer if sure >= FLOOR else "general"]
        calls = [*cell.calls, *answer.calls]
        routed.append(SimpleNamespace(right=answer.right, calls=calls))
    ruled = [answers[by_keyword(task.input)] for task, answers in zip(tasks, of, strict=True)]
    points = [
        point("small in one way", one(state.desk, "small", split="test"), prices),
        point("large in one way", one(state.desk, "large", split="test"), prices),
        point("code for all", one(state.specialists, "code"), prices),
        point("rule", ruled, prices),
        point("router", routed, prices),
    ]
    return trade_off(points, by)


def thresholds(state: Any, threshold: float, fallback: str) -> Expected:
    alone = one(state.desk, "large", split="test")
    kept = named = right = 0
    rows = zip(sent(state), specialists(state), state.specialists.tasks, alone, strict=True)
    for (cell, sure), answers, task, large in rows:
        if sure >= threshold:
            label = likely(cell, KINDS).label
            kept, named = kept + 1, named + (label == task.kind)
            right += answers[label].right
        else:
            right += (large if fallback == "large in one way" else answers[fallback]).right
    labels = [kept, len(alone), named / kept] if kept else ["no label is kept"]
    return [threshold, *labels, fallback, right / len(alone)]


SENTENCES = {"03 edited, by": routers, "03 threshold, fallback": thresholds}
