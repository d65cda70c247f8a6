"""Loading what was measured, moving a threshold over it, and missing a question among thousands."""

import asyncio
import time

import numpy as np
import pytest
from course import studies

import mlkit
from mlkit.measure.matrix import agreed
from mlkit.ties import reaches
from tests.benchmarks.timing import best_seconds, report

pytestmark = pytest.mark.benchmark


def test_a_threshold_sweeps_over_what_was_measured():
    """50 ms are wanted; fails at three times that."""
    chance = np.random.default_rng(0)
    answers = chance.choice(np.array(["repair", "order", "refund"], dtype=object), (1000, 5))

    def sweep() -> None:
        _, shares = agreed(answers)
        sure = [reaches(shares, float(threshold)) for threshold in np.linspace(0, 1, 101)]
        assert np.shape(sure) == (101, 1000)

    seconds = best_seconds(sweep)
    report("1,000 items x 5 members x 101 thresholds, seconds", seconds, 0.15, "s")


def test_a_study_loads_in_little_more_than_its_questions_take():
    kit = mlkit.connect(engine="replay")
    started = time.perf_counter()
    matrix = asyncio.run(studies.triage(kit))
    seconds = time.perf_counter() - started
    print(
        f"\n{matrix.right.size} recorded answers: {1000 * seconds / matrix.right.size:.2f} ms each"
    )
    assert seconds / matrix.right.size < 0.002


def test_all_that_was_measured_loads_in_two_seconds():
    kit = mlkit.connect(engine="replay")

    async def load():
        for study in studies.STUDIES.values():
            await study(kit)

    seconds = best_seconds(lambda: asyncio.run(load()), rounds=3)
    print(f"\nall {len(studies.STUDIES)} studies: {seconds:.2f} s of 2")
    assert seconds < 3 * 2


def test_a_question_that_is_not_recorded_is_refused_at_once():
    """The nearest recorded prompt is looked for among thousands."""
    kit = mlkit.connect(engine="replay")
    started = time.perf_counter()
    with pytest.raises(mlkit.MlkitError, match="No recording answers"):
        asyncio.run(
            kit.ask(
                kit.cast.large,
                "I moved to the seaside and need a tandem, three years old, " * 20
                + "What do 4 inner tubes cost?",
            )
        )
    seconds = time.perf_counter() - started
    print(f"\na question that is not recorded: {1000 * seconds:.0f} ms")
    assert seconds < 1
