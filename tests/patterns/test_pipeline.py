"""Pipeline: what each stage sees, and how the gate works."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlkit import trace
from mlkit.ask import Member
from mlkit.patterns.pipeline import ModelPipeline, Stage
from mlkit.schedule import schedule
from tests.conftest import Scripted

A, B, C = Member("qwen:a"), Member("qwen:b"), Member("qwen:c")
SCRIPT = {"classify": "order", "extract": "2 bells", "reason": "10"}


def prompts(pipeline: ModelPipeline, script: dict = SCRIPT) -> dict[str, str]:
    ask = Scripted(dict(script))
    asyncio.run(pipeline.run(ask, "Two bells, please."))
    return {role: prompt for _, prompt, role in ask.asked}


def stages(**options) -> tuple[Stage, ...]:
    return (
        Stage("classify", A, "Name the kind."),
        Stage("extract", B, "List the facts.", **options),
        Stage("reason", C),
    )


def test_each_stage_sees_its_task_and_only_the_previous_output() -> None:
    assert prompts(ModelPipeline(stages())) == {
        "classify": "Name the kind.\n\nTwo bells, please.",
        "extract": "List the facts.\n\norder",
        "reason": "2 bells",
    }


def test_keep_original_shows_the_request_and_every_output() -> None:
    seen = prompts(ModelPipeline(stages(), keep_original=True))
    assert seen["reason"] == "Request: Two bells, please.\nclassify: order\nextract: 2 bells"


def test_a_stage_that_only_thought_gave_nothing() -> None:
    result = asyncio.run(
        ModelPipeline(stages()).run(Scripted(SCRIPT | {"extract": "<think>2 bells"}), "?")
    )
    assert [stage.complaint for stage in result.stages] == ["", "the answer is empty", ""]


def test_thoughts_go_neither_to_the_next_stage_nor_to_the_gate() -> None:
    script = SCRIPT | {"extract": "<think>2 or 3 bells?</think>2 bells"}
    gate = {"check": lambda text: "" if text.startswith("2") else "it has no number"}
    seen = prompts(ModelPipeline(stages(**gate), keep_original=True), script)
    assert seen["reason"].endswith("extract: 2 bells")
    assert prompts(ModelPipeline(stages(**gate)), script)["reason"] == "2 bells"


def test_a_gate_asks_again_with_the_complaint_until_it_passes() -> None:
    ask = Scripted(SCRIPT | {"extract": ["bells", "2 bells"]})
    gate = {"check": lambda text: "" if "2" in text else "it has no number", "retries": 2}
    result = asyncio.run(ModelPipeline(stages(**gate)).run(ask, "Two bells, please."))
    assert [stage.tries for stage in result.stages] == [1, 2, 1]
    assert "it has no number" in ask.asked[2][1]
    assert (result.stages[1].text, result.stages[1].complaint) == ("2 bells", "")


@given(retries=st.integers(0, 5))
def test_a_gate_that_never_passes_ends_after_its_retries_and_says_so(retries: int) -> None:
    pipeline = ModelPipeline(stages(check=lambda text: "never good enough", retries=retries))
    run = asyncio.run(trace.run(Scripted(dict(SCRIPT)), pipeline, "Two bells, please."))
    assert len(run.calls) == 3 + retries
    assert (run.result.text, run.result.stages[1].complaint) == ("10", "never good enough")


def test_a_check_that_says_whether_and_not_what_is_refused() -> None:
    pipeline = ModelPipeline(stages(check=lambda text: "bells" in text))  # True for a good text
    with pytest.raises(TypeError, match="check of stage 'extract' gave True; it gives what is wro"):
        asyncio.run(pipeline.run(Scripted(dict(SCRIPT)), "Two bells, please."))


def test_stages_run_one_after_another() -> None:
    run = asyncio.run(
        trace.run(Scripted(dict(SCRIPT)), ModelPipeline(stages()), "Two bells, please.")
    )
    assert schedule(run.calls) == [(0, 1), (1, 2), (2, 3)]
