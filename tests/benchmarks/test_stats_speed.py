"""How long the statistics take: a slider redraws them with every step, so they have to be instant.

Run alone:  uv run pytest -m benchmark -s tests/benchmarks/test_stats_speed.py
"""

import numpy as np
import pytest

from mlkit.measure import stats
from tests.benchmarks.timing import best_seconds, report

pytestmark = pytest.mark.benchmark


def test_a_bootstrap_of_2000_resamples_over_96_items() -> None:
    """100 ms are wanted; fails at three times that."""
    a, b = np.random.default_rng(0).random((2, 96)) < 0.7
    seconds = best_seconds(lambda: stats.difference(a, b))
    report("2,000 resamples of 96 items, seconds", seconds, 0.3, "s")
