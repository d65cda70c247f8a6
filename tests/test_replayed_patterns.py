"""All nine patterns on recordings of real runs: the same prompts and the same structure as
tests/live/test_patterns.py.
"""

import asyncio

import pytest

import mlkit
from tests.live.test_patterns import PROMPTS, RIGHT, pattern_for


@pytest.mark.parametrize("name", PROMPTS)
def test_a_pattern_on_recordings_has_the_structure_it_has_live(name):
    kit = mlkit.connect(engine="replay")
    run = asyncio.run(kit.run(pattern_for(name, kit.cast), PROMPTS[name]))
    assert run.result.text.strip()
    assert RIGHT[name].result(run.result), run.result
    assert RIGHT[name].layout(run.calls), [(call.role, call.after) for call in run.calls]
    assert run.wall_seconds == pytest.approx(sum(call.seconds for call in run.calls))


def test_running_a_pattern_twice_gives_the_same_run():
    kit = mlkit.connect(engine="replay")
    runs = [
        asyncio.run(
            kit.run(pattern_for("consensus_ensemble", kit.cast), PROMPTS["consensus_ensemble"])
        )
        for _ in range(2)
    ]
    assert runs[0] == runs[1]
