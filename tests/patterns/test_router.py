"""Router: where a prompt goes, given its label and how sure that is."""

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from mlkit import trace
from mlkit.ask import Member
from mlkit.parsing import FLOOR
from mlkit.patterns.router import ModelRouter
from mlkit.schedule import schedule
from tests.conftest import Scripted

A, B = Member("qwen:a"), Member("qwen:b")
SCRIPT = {
    "classify": {"text": "math", "choices": {"math": 0.6, "code": 0.2, "the": 0.1}},
    "math": "42",
    "general": "g",
}


def router(threshold: float = 0.0) -> ModelRouter:
    return ModelRouter(A, {"code": A, "math": B, "general": A}, threshold=threshold)


def test_certainty_is_confidence_times_mass() -> None:
    result = asyncio.run(router(0.6).run(Scripted(dict(SCRIPT)), "6 times 7?"))
    assert (result.specialist, result.confidence, result.label_mass, result.measured) == (
        "math",
        0.6 / 0.8,
        0.8,
        True,
    )
    assert (
        asyncio.run(router(0.61).run(Scripted(dict(SCRIPT)), "6 times 7?")).specialist == "general"
    )


def test_without_probabilities_the_result_says_so() -> None:
    result = asyncio.run(router(0.9).run(Scripted(SCRIPT | {"classify": "Math."}), "6 times 7?"))
    assert (result.specialist, result.measured) == ("math", False)


@given(certainty=st.floats(0, 1), low=st.floats(0, 1), high=st.floats(0, 1))
def test_a_higher_threshold_never_routes_more(certainty: float, low: float, high: float) -> None:
    low, high = sorted((low, high))
    if router(high).route("math", certainty) == "math":
        assert router(low).route("math", certainty) == "math"


def test_a_label_below_the_floor_falls_back_at_threshold_0_too() -> None:
    assert router().route("math", FLOOR) == "math"
    assert router().route("math", FLOOR - 0.01) == "general"
    unsure = {"text": "math", "choices": {"math": 0.1, "code": 0.08, "weather": 0.7}}
    result = asyncio.run(router().run(Scripted(SCRIPT | {"classify": unsure}), "6 times 7?"))
    assert (result.specialist, result.label) == ("general", "math")
    assert (round(result.confidence, 3), round(result.label_mass, 3)) == (0.556, 0.18)


def test_where_no_label_was_meant_the_mass_says_so() -> None:
    other = {"text": "weather", "choices": {"weather": 0.9, "math": 0.06, "code": 0.01}}
    result = asyncio.run(router().run(Scripted(SCRIPT | {"classify": other}), "Will it rain?"))
    assert (result.specialist, result.label, result.confidence) == ("general", "", 0.0)
    assert round(result.label_mass, 3) == 0.07


@given(label=st.text(), certainty=st.floats(0, 1))
def test_an_unknown_label_falls_back(label: str, certainty: float) -> None:
    assert router().route(f"?{label}", certainty) == "general"


def test_two_calls_in_series() -> None:
    run = asyncio.run(trace.run(Scripted(dict(SCRIPT)), router(), "6 times 7?"))
    assert schedule(run.calls) == [(0, 1), (1, 2)]
