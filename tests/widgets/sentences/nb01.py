"""The panels of notebook 01: name and controls -> its sentence, as (state, **settings)."""

from typing import Any

from tests.widgets.sentences import Expected, hits, one, point, trade_off


def single_models(state: Any, edited: Any, by: str) -> Expected:
    prices = {**state.prices, **edited}
    ways = {
        "small in one way": "small",
        "large in one way": "large",
        "small by kind": "small by kind",
        "large by kind": "large by kind",
    }
    return trade_off(
        [point(way, one(state.desk, name, split="test"), prices) for way, name in ways.items()], by
    )


def with_examples(state: Any, count: int) -> Expected:
    small, large = (one(state.examples, f"{size}, {count}") for size in ("small", "large"))
    lost = [sum(cell.answer is None for cell in cells) for cells in (small, large)]
    return [count, "small", hits(small), len(small), "large", hits(large), len(large), *lost]


SENTENCES = {"01 edited, by": single_models, "01 count": with_examples}
