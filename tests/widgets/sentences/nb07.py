"""The panels of notebook 07: name and controls -> its sentence, as (state, **settings)."""

from statistics import mean
from types import SimpleNamespace
from typing import Any

from tests.widgets.sentences import Expected, finished, one, point, trade_off

NAMES = {
    "large alone": "single_model",
    "one worker": "one worker, no review",
    "two workers": "two workers, no review",
    "1 round": "supervisor_worker",
}


def offices(state: SimpleNamespace, edited: Any, by: str) -> Expected:
    variants = state.orders_and_variants
    ids = {task.id for task in variants.tasks}
    members = [
        cell
        for task, cell in zip(
            state.order_members.tasks, one(state.order_members, "large, all examples")
        )
        if task.id in ids
    ]
    points = [point(name, one(variants, study), edited) for name, study in NAMES.items()]
    cost = "seconds" if by == "seconds" else "dollars"
    return trade_off([*points, point("all examples", members, edited)], cost)


def workers(state: SimpleNamespace, longer: float) -> Expected:
    """Up to 8 workers share the pieces; the supervisor's own seconds stay."""
    runs = [run.calls for run in state.timed if run.pattern == "supervisor_worker"]
    supervising = ("assign", "review")
    own = mean(sum(call.seconds for call in calls if call.role in supervising) for calls in runs)
    work = mean(
        sum(call.seconds for call in calls if call.role not in supervising) for calls in runs
    )
    said: Expected = [longer, own + longer * work, 1, own + longer * work / 8, 8, own]
    if longer == 1:
        said += ["measured", 2, mean(finished(calls, lambda call: call.id) for calls in runs)]
    return said


SENTENCES: dict = {"07 edited, by": offices, "07 longer": workers}
