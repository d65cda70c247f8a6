"""The panels of notebook 06: name and controls -> its sentence, as (state, **settings)."""

from typing import Any

from tests.widgets.sentences import Expected, Point, one, point, tokens


def cells_of(state: Any) -> dict[str, list[Any]]:
    """The ways on the chart, by their names there."""
    members = state.order_members.of(split="test")
    return {
        "large alone": one(state.orders, "single_model"),
        "planner-executor": one(state.orders, "planner_executor"),
        "large, all examples": one(members, "large, all examples"),
    }


def measured(state: Any, edited: Any, by: str) -> Expected:
    """Who is worth the cost, from the cheapest on, and how many others there are."""
    points = [point(name, cells, edited) for name, cells in cells_of(state).items()]
    cost = 4 if by == "seconds" else 3

    def beats(other: Point, mine: Point) -> bool:
        as_good = other[cost] <= mine[cost] and other[1] >= mine[1]
        return as_good and (other[cost] < mine[cost] or other[1] > mine[1])

    front = [mine for mine in points if not any(beats(other, mine) for other in points)]
    names = [mine[0] for mine in sorted(front, key=lambda mine: mine[cost])]
    beaten = len(points) - len(front)
    word = "Not beaten on seconds" if by == "seconds" else "Not beaten on dollars"
    return [word, *names, *([beaten, len(points)] if beaten else [])]


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
