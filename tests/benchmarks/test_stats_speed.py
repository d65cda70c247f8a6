"""How long the statistics take: a slider redraws them with every step, so they have to be instant.

Run alone:  uv run pytest -m benchmark -s tests/benchmarks/test_stats_speed.py
"""

import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from mlkit import stats

pytestmark = pytest.mark.benchmark


def best_seconds(work: Callable[[], Any], rounds: int = 7) -> float:
    """The fastest of several rounds: what else runs on this machine can only slow one down."""
    def once() -> float:
        started = time.perf_counter()
        work()
        return time.perf_counter() - started
    return min(once() for _ in range(rounds))


def test_a_difference_of_2000_resamples_over_64_items_takes_less_than_100_ms() -> None:
    a, b = np.random.default_rng(0).random((2, 64)) < 0.7
    seconds = best_seconds(lambda: stats.difference(a, b, resamples=2000))
    print(f"\ndifference: {seconds * 1000:.2f} ms for 2,000 resamples of 64 items (at most 100)")
    assert seconds < 0.1
