"""Calibration and risk are what the textbooks say, and what other libraries give."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlkit.measure import calibration
from tests.measure.test_stats import GRADES

CONFIDENCE, RIGHT = [0.5, 0.9, 0.5, 0.7], [True, True, False, False]


def test_risk_at_each_coverage_by_hand():
    assert calibration.risk_coverage(CONFIDENCE, RIGHT) == [
        (0.25, 0.0, 0.9),
        (0.5, 0.5, 0.7),
        (1.0, 0.5, 0.5),
    ]
    assert calibration.area_under(calibration.risk_coverage(CONFIDENCE, RIGHT)) == pytest.approx(
        0 * 0.25 + 0.5 * 0.25 + 0.5 * 0.5
    )
    assert math.isnan(calibration.area_under([]))


@given(
    st.lists(st.tuples(st.sampled_from([0.1, 0.4, 0.8]), st.booleans()), min_size=1, max_size=20),
    st.randoms(),
)
def test_the_order_of_the_items_does_not_change_the_risk(items, chance):
    shuffled = chance.sample(items, len(items))
    assert calibration.risk_coverage(*zip(*items, strict=True)) == calibration.risk_coverage(
        *zip(*shuffled, strict=True)
    )


def test_without_ties_the_area_is_the_mean_risk_over_all_coverages():
    sure, right = np.random.default_rng(5).permutation(50) / 50, GRADES[1, :50]
    ranked = [right[i] for i in np.argsort(-sure)]
    risks = [1 - np.mean(ranked[:k]) for k in range(1, 51)]
    assert calibration.area_under(calibration.risk_coverage(sure, right)) == pytest.approx(
        np.mean(risks)
    )


@pytest.mark.parametrize("bins", [5, 10])
def test_reliability_agrees_with_scikit_learn(bins):
    from sklearn.calibration import calibration_curve

    sure = np.random.default_rng(2).integers(0, 21, 300) / 20  # many on an edge, 0 and 1 among them
    right = np.random.default_rng(4).random(300) < sure
    found = calibration.reliability(sure, right, bins)
    accuracy, confidence = calibration_curve(right, sure, n_bins=bins)
    assert [one.accuracy for one in found] == pytest.approx(accuracy)
    assert [one.confidence for one in found] == pytest.approx(confidence)
    assert sum(one.n for one in found) == 300


def test_a_bin_holds_its_upper_edge_and_empty_bins_are_left_out():
    found = calibration.reliability([0.0, 0.25, 0.3, 1.0], [0, 1, 0, 1], bins=4)
    assert found == [(0, 0.25, 2, 0.125, 0.5), (0.25, 0.5, 1, 0.3, 0), (0.75, 1, 1, 1, 1)]
    assert calibration.calibration_error(found) == pytest.approx((2 * 0.375 + 0.3 + 0) / 4)
    assert math.isnan(calibration.calibration_error([]))


@pytest.mark.parametrize("sure, right", [([1.2], [1]), ([-0.1], [1]), ([0.5], [2])])
def test_confidence_and_grades_are_shares(sure, right):
    with pytest.raises(ValueError, match=r"in \[0, 1\]"):
        calibration.reliability(sure, right)
