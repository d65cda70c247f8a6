"""How long the statistics take: a slider redraws them with every step, so they have to be instant.

Run alone:  uv run pytest -m benchmark -s tests/benchmarks/test_stats_speed.py
"""

import numpy as np
import pytest

from mlkit.measure import stats
from tests.benchmarks.timing import best_seconds

pytestmark = pytest.mark.benchmark


def test_a_difference_of_2000_resamples_over_64_items_takes_less_than_100_ms() -> None:
    a, b = np.random.default_rng(0).random((2, 64)) < 0.7
    seconds = best_seconds(lambda: stats.difference(a, b))
    print(f"\ndifference: {seconds * 1000:.2f} ms for 2,000 resamples of 64 items (at most 100)")
    assert seconds < 0.1
