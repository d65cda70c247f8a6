"""The panels of notebook 06: name and controls -> its sentence, as (state, **settings)."""

from typing import Any

from tests.widgets.sentences import Expected, one, point, tokens, trade_off


def cells_of(state: Any) -> dict[str, list[Any]]:
    """The ways on the chart, by their names there."""
    members = state.order_members.of(split="test")
    return {
        "large alone": one(state.orders, "single_model"),
        "planner-executor": one(state.orders, "planner_executor"),
        "large, all examples": one(members, "large, all examples"),
    }


def measured(state: Any, edited: Any, by: str) -> Expected:
    points = [point(name, cells, edited) for name, cells in cells_of(state).items()]
    return trade_off(points, by)


def price_ratio(state: Any, ratio: float) -> Expected:
    """Plan, merge and steps, in what the large model alone costs."""
    cells = cells_of(state)
    alone = sum(tokens(cell.calls) for cell in cells["large alone"])
    calls = [call for cell in cells["planner-executor"] for call in cell.calls]

    def share(*roles: str) -> float:
        return tokens(call for call in calls if call.role in roles) / alone

    plan, merge, whole = share("plan"), share("synthesize"), tokens(calls) / alone
    steps = (whole - plan - merge) / ratio
    return [ratio, "planner-executor", plan + merge + steps, "plan", plan, merge, steps]


SENTENCES: dict = {"06 edited, by": measured, "06 ratio": price_ratio}
