"""The panels of notebook 02: name and controls -> its sentence, as (state, **settings)."""

from math import sqrt
from typing import Any

from tests.widgets.sentences import Expected, hits, one, point, trade_off


def where_answers_die(state: Any, way: str) -> Expected:
    """The shares of the first two stages, their product, and the right totals."""
    cells = one(state.orders_and_variants, way)
    named = listed = 0
    for task, cell in zip(state.orders_and_variants.tasks, cells, strict=True):
        first, second = (stage.text for stage in cell.run.result.stages[:2])
        named += set(first.split(", ")) == set(task.notes["departments"])
        things = {f"{thing['pieces']} {thing['name']}" for thing in task.gold["things"]}
        listed += set(second.splitlines()) == things
    n, right = len(cells), hits(cells)
    by_product = named / n * listed / n
    return ["two stages", by_product, right / n, 0.95, *wilson(right, n)]


def wilson(right: int, n: int, z: float = 1.959964) -> tuple[float, float]:
    """Wilson (1927)."""
    middle = (right + z * z / 2) / (n + z * z)
    half = z / (n + z * z) * sqrt(right * (n - right) / n + z * z / 4)
    return middle - half, middle + half


def ways(state: Any, edited: Any, by: str) -> Expected:
    prices = {**state.prices, **edited}
    whole = state.orders_and_variants
    cells = {
        "large alone": one(whole, "single_model"),
        "one prompt": one(whole, "one prompt"),
        "equal budget": [
            state.order_members.cell("large, all examples", task.id) for task in whole.tasks
        ],
        "pipeline": one(whole, "pipeline"),
    }
    return trade_off([point(name, some, prices) for name, some in cells.items()], by)


SENTENCES: dict = {"02 way": where_answers_die, "02 edited, by": ways}
