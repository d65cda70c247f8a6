"""Whether answers are right as often as the model is sure, and what leaving some out gains."""

from collections.abc import Sequence
from math import nan
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from mlkit.measure.inputs import columns_of, shares_of, whole_of
from mlkit.ties import TOLERANCE, levels


class CoveragePoint(NamedTuple):
    """What happens when only the items with a confidence of `threshold` or more are answered."""

    coverage: float  # share of the items answered, in (0, 1]
    risk: float  # share of the answered that is wrong, in [0, 1]
    threshold: float  # the lowest confidence answered


class Bin(NamedTuple):
    """The n items with a confidence above `low` and at most `high`."""

    low: float
    high: float
    n: int
    confidence: float  # their mean confidence, in [0, 1]
    accuracy: float  # the share of them that is right, in [0, 1]


def risk_coverage(confidence: ArrayLike, right: ArrayLike) -> list[CoveragePoint]:
    """How wrong the answered items are as fewer are answered (El-Yaniv & Wiener 2010).

    Both (n,), answered from the most confident on. Equal confidences are taken together, since no
    threshold can part them: one row for each that occurs.
    """
    sure, correct = columns_of(confidence, shares_of(right))
    places = np.array(levels(sure.tolist()))
    order = sorted(range(len(sure)), key=lambda n: -places[n])
    sure, wrong = sure[order], np.cumsum(1 - correct[order])
    ends = np.flatnonzero(np.append(np.diff(places[order]) != 0, True))
    return [
        CoveragePoint(float((end + 1) / len(sure)), float(wrong[end] / (end + 1)), float(sure[end]))
        for end in ends
    ]


def area_under(rows: Sequence[CoveragePoint]) -> float:
    """The mean risk over all coverages, in [0, 1]: AURC (Geifman et al. 2019). nan for no rows."""
    widths = np.diff([0.0, *(row.coverage for row in rows)])
    return float(widths @ [row.risk for row in rows]) if rows else nan


def reliability(confidence: ArrayLike, right: ArrayLike, bins: int = 10) -> list[Bin]:
    """How often answers of like confidence are right, in bins (DeGroot & Fienberg 1983).

    Both (n,), confidence in [0, 1]. A bin holds low < confidence <= high (Guo et al. 2017); the
    first holds 0 as well.
    """
    sure, correct = columns_of(shares_of(confidence), shares_of(right))
    edges = np.linspace(0, 1, whole_of("bins", bins, 1, 10**6) + 1)
    place = np.searchsorted(edges[1:-1] + TOLERANCE, sure)
    found = []
    for b in np.unique(place):
        inside = place == b
        means = float(sure[inside].mean()), float(correct[inside].mean())
        found.append(Bin(float(edges[b]), float(edges[b + 1]), int(inside.sum()), *means))
    return found


def calibration_error(bins: Sequence[Bin]) -> float:
    """The mean gap of confidence and share right (ECE, Guo et al. 2017); nan for no bins."""
    gaps = [abs(one.accuracy - one.confidence) for one in bins]
    return float(np.average(gaps, weights=[one.n for one in bins])) if bins else nan
