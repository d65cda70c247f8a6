import itertools
import math
import warnings

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlkit.measure import stats
from mlkit.measure.stats import wilson

SHARES = st.floats(0, 1)
CHANCE = np.random.default_rng(1)
GRADES = CHANCE.random((4, 200)) < np.array([[0.9], [0.7], [0.5], [0.3]])  # members x items


@pytest.mark.parametrize(
    "right, n, low, high",
    [(8, 10, 0.490, 0.943), (0, 10, 0.0, 0.278), (10, 10, 0.722, 1.0), (50, 100, 0.404, 0.596)],
)
def test_wilson_gives_the_published_intervals(right, n, low, high):
    """Wilson's formula by hand: (p + z2/2n -+ z sqrt(p(1-p)/n + z2/4n2)) / (1 + z2/n), z = 1.96."""
    interval = wilson(right, n)
    assert interval.share == right / n
    assert (interval.low, interval.high) == (
        pytest.approx(low, abs=5e-4),
        pytest.approx(high, abs=5e-4),
    )


@pytest.mark.parametrize("right, n", [(0, 3), (2, 3), (17, 40), (399, 400)])
def test_wilson_agrees_with_statsmodels(right, n):
    proportion = pytest.importorskip("statsmodels.stats.proportion")  # no wheel: Windows on ARM
    assert wilson(right, n)[1:] == pytest.approx(
        proportion.proportion_confint(right, n, method="wilson"), abs=1e-9
    )


def test_nothing_measured_is_nothing_known():
    assert wilson(0, 0)[1:] == (0.0, 1.0)


def test_an_interval_reads_in_percent():
    assert str(wilson(8, 10)) == "80% (95% interval 49% to 94%)"


def test_more_right_than_asked_cannot_be():
    with pytest.raises(ValueError, match="cannot be"):
        wilson(3, 2)


# Bootstrap


def test_a_difference_agrees_with_the_paired_bootstrap_of_scipy(monkeypatch):
    from scipy.stats import bootstrap

    a, b = GRADES[0, :64].astype(float), GRADES[1, :64].astype(float)
    monkeypatch.setattr(stats, "RESAMPLES", 20_000)
    ours = stats.difference(a, b)
    theirs = bootstrap(
        (a, b),
        lambda x, y, axis: x.mean(axis) - y.mean(axis),
        paired=True,
        method="percentile",
        n_resamples=20_000,
        rng=1,
    ).confidence_interval
    assert ours.mean == pytest.approx(a.mean() - b.mean()) and ours.n == 64
    assert ours[1:3] == pytest.approx(
        tuple(theirs), abs=0.016
    )  # one item of 64: the steps between the possible means


def test_a_mean_agrees_with_the_bootstrap_of_scipy(monkeypatch):
    from scipy.stats import bootstrap

    seconds = np.random.default_rng(3).lognormal(size=50)
    theirs = bootstrap(
        (seconds,), np.mean, method="percentile", n_resamples=20_000, rng=1
    ).confidence_interval
    monkeypatch.setattr(stats, "RESAMPLES", 20_000)
    ours = stats.mean_interval(seconds)
    assert ours.mean == pytest.approx(seconds.mean()) and ours.n == 50
    assert ours[1:3] == pytest.approx(tuple(theirs), rel=0.02)


def test_pairing_narrows_the_interval_of_members_that_agree():
    a, b = np.repeat([1, 0], 32), np.repeat([1, 0], [31, 33])
    paired = stats.difference(a, b)
    assert paired.high - paired.low < 0.06  # unpaired it would be about 0.34


@given(st.lists(st.tuples(st.integers(-9, 9), st.integers(-9, 9)), min_size=1, max_size=30))
def test_a_difference_exchanged_turns_its_sign(pairs):
    a, b = zip(*pairs, strict=True)
    one, other = stats.difference(a, b), stats.difference(b, a)
    assert (one.mean, one.low, one.high) == pytest.approx((-other.mean, -other.high, -other.low))
    assert (one.above, one.below) == (other.below, other.above)


def test_the_same_values_have_the_same_interval():
    a, b = np.random.default_rng(7).random((2, 64))
    assert stats.difference(a, b) == stats.difference(a, b) != stats.difference(a, b[::-1])


@pytest.mark.parametrize(
    "low, high, sides",
    [
        (0.01, 0.2, (True, False)),
        (-0.2, -0.01, (False, True)),
        (-0.01, 0.2, (False, False)),
        (0, 0.2, (False, False)),
        (-0.2, 0, (False, False)),
    ],
)
def test_a_difference_is_above_or_below_where_its_interval_excludes_zero(low, high, sides):
    found = stats.Difference(0.1, low, high, 64)
    assert (found.above, found.below) == sides


def test_a_difference_reads_as_points():
    found = stats.Difference(0.12, -0.03, 0.27, 64)
    assert found.points() == "+12 points (95% interval -3 to +27, n 64)"
    nothing = stats.Difference(-0.001, -0.02, 0.0, 5)
    assert nothing.points() == "+0 points (95% interval -2 to +0, n 5)"


@pytest.mark.parametrize(
    "a, b, says",
    [
        ([], [], "at least one item"),
        ([1, 0], [1], r"unequal lengths \[2, 1\]"),
        ([1, None], [1, 0], "nan"),
        ([[1, 0]], [[1, 0]], "shapes"),
    ],
)
def test_a_difference_needs_the_same_items_measured_for_both(a, b, says):
    with pytest.raises(ValueError, match=says):
        stats.difference(a, b)


# Correlated errors


def test_error_correlation_agrees_with_the_pairs_of_scikit_learn():
    from sklearn.metrics import matthews_corrcoef

    pairs = itertools.combinations(GRADES, 2)
    expected = np.mean([matthews_corrcoef(~one, ~other) for one, other in pairs])
    assert stats.error_correlation(GRADES) == pytest.approx(expected)


@pytest.mark.parametrize(
    "grades, expected",
    [
        ([[1, 1, 0, 0], [1, 1, 0, 0]], 1),
        ([[1, 1, 0, 0], [0, 0, 1, 1]], -1),
        ([[1, 1, 0, 0], [1, 1, 0, 0], [0, 0, 1, 1]], -1 / 3),
        ([[1, 1, 0, 0], [1, 1, 1, 1], [1, 1, 0, 0], [0, 0, 0, 0]], 1),  # two without a coefficient
    ],
)
def test_error_correlation_is_plus_one_for_twins_and_minus_one_for_opposites(grades, expected):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert stats.error_correlation(grades) == pytest.approx(expected)


@pytest.mark.parametrize("grades", [[[1, 0]], [[1, 0], [1, 1]], [[1, 1], [0, 0]]])
def test_error_correlation_is_nan_without_a_pair_that_errs(grades):
    assert math.isnan(stats.error_correlation(grades))


@pytest.mark.parametrize(
    "grades, says",
    [([True, False], "members, items"), ([[], []], "at least one"), ([[1, None]], "neither")],
)
def test_grades_are_members_by_items_and_right_or_wrong(grades, says):
    with pytest.raises(ValueError, match=says):
        stats.error_correlation(grades)


def test_effective_voters():
    assert stats.effective_voters(9, 0.6) == pytest.approx(1.55, abs=5e-3)
    assert stats.effective_voters(9, 0) == 9 and stats.effective_voters(
        9, 1
    ) == 1 == stats.effective_voters(1, -0.5)
    assert stats.effective_voters(3, -0.25) == pytest.approx(6)


@pytest.mark.parametrize("n, rho", [(3, -0.5), (3, -0.6), (3, 1.01), (0, 0), (3, math.nan)])
def test_a_correlation_that_voters_cannot_have_is_refused(n, rho):
    with pytest.raises(ValueError, match="cannot be"):
        stats.effective_voters(n, rho)


# Votes


@pytest.mark.parametrize("n, published", [(1, 0.7), (3, 0.784), (5, 0.837), (7, 0.874)])
def test_condorcet_gives_the_published_probabilities(n, published):
    assert stats.condorcet(0.7, n) == pytest.approx(published, abs=5e-4)


@pytest.mark.parametrize("n", [2, 3, 8, 25])
@pytest.mark.parametrize("p", [0.3, 0.5, 0.8])
@pytest.mark.parametrize("rho", [0, 0.05, 0.4, 0.9])
def test_condorcet_agrees_with_the_distributions_of_scipy(p, n, rho):
    from scipy.stats import betabinom, binom

    spread = (1 - rho) / rho if rho else math.inf
    votes = betabinom(n, p * spread, (1 - p) * spread) if rho else binom(n, p)
    expected = sum(
        votes.pmf(right) * (1 if 2 * right > n else 0.5 * (2 * right == n))
        for right in range(n + 1)
    )
    assert stats.condorcet(p, n, rho) == pytest.approx(expected, abs=1e-9)


@given(SHARES, SHARES, st.integers(1, 15), SHARES)
def test_condorcet_rises_with_p_and_stays_a_probability(p, other, n, rho):
    low, high = stats.condorcet(min(p, other), n, rho), stats.condorcet(max(p, other), n, rho)
    assert -1e-12 <= low <= high + 1e-12 <= 1 + 2e-12


@given(SHARES, st.integers(1, 15))
def test_voters_who_are_all_alike_are_as_good_as_one(p, n):
    assert stats.condorcet(p, n, rho=1) == pytest.approx(p)


@pytest.mark.parametrize(
    "p, n, rho", [(-0.1, 3, 0), (1.1, 3, 0), (0.7, 0, 0), (0.7, 3, -0.1), (0.7, 3, 1.1)]
)
def test_condorcet_refuses_what_is_no_probability(p, n, rho):
    with pytest.raises(ValueError, match=r"in \[0, 1\]|n cannot be 0; give a number in \[1, "):
        stats.condorcet(p, n, rho)


def test_weighted_majority_gives_the_published_probabilities():
    shares = (0.9, 0.6, 0.6)
    assert stats.weighted_majority(shares, (1, 1, 1)) == pytest.approx(0.792)
    assert stats.weighted_majority(shares, stats.log_odds(shares)) == pytest.approx(0.900)


def test_weighted_majority_agrees_with_all_outcomes_written_out():
    shares, weights = (0.9, 0.6, 0.7, 0.4), (0.5, 0.3, 0.2, 0.0)
    expected = 0.0
    for outcome in itertools.product([True, False], repeat=4):
        chance = math.prod(p if right else 1 - p for p, right in zip(shares, outcome, strict=True))
        lead = round(sum(w if right else -w for w, right in zip(weights, outcome, strict=True)), 6)
        expected += chance * (1.0 if lead > 0 else 0.5 if lead == 0 else 0.0)
    assert stats.weighted_majority(shares, weights) == pytest.approx(expected)


def test_a_tied_weighted_vote_counts_half():
    assert stats.weighted_majority((0.8, 0.6), (1, 1)) == pytest.approx(0.7)
    assert (
        stats.weighted_majority((1, 1, 0), (0.1, 0.2, 0.3)) == 0.5
    )  # .1 + .2 - .3 is not 0 in floats
    assert stats.weighted_majority((0.2,), (-1,)) == pytest.approx(
        0.8
    )  # a vote for the other answer


def test_weighted_majority_with_equal_weights_is_condorcet():
    assert stats.weighted_majority([0.6] * 20, [1] * 20) == pytest.approx(stats.condorcet(0.6, 20))
    with pytest.raises(ValueError, match="20 or fewer"):
        stats.weighted_majority([0.6] * 21, [1] * 21)


@given(st.lists(st.tuples(st.floats(0.01, 0.99), st.floats(0, 5)), min_size=1, max_size=6))
def test_no_weights_beat_the_log_odds(voters):
    shares, weights = zip(*voters, strict=True)
    assert (
        stats.weighted_majority(shares, weights)
        <= stats.weighted_majority(shares, stats.log_odds(shares)) + 1e-9
    )


def test_log_odds():
    assert stats.log_odds([0.9, 0.5, 0.1]) == pytest.approx(
        np.array([math.log(9), 0, -math.log(9)])
    )


@pytest.mark.parametrize("shares", [[0.5, 1.0], [0.0], [1.2], [math.nan]])
def test_a_share_without_finite_log_odds_is_refused(shares):
    with pytest.raises(ValueError, match=r"use \(right|give shares"):
        stats.log_odds(shares)


# Comparisons


def test_pareto_by_hand():
    costs, qualities = (
        [1, 2, 2, 3, 3, 1, math.nan, 0],
        [0.5, 0.7, 0.6, 0.7, 0.9, 0.5, 1.0, math.nan],
    )
    assert stats.pareto(costs, qualities) == [True, True, False, False, True, True, False, False]
    with pytest.raises(ValueError, match="one of each"):
        stats.pareto([1, 2], [1])


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=1, max_size=12))
def test_the_front_is_exactly_the_points_nothing_dominates(points):
    def beaten(point):
        return any(o != point and o[0] <= point[0] and o[1] >= point[1] for o in points)

    assert stats.pareto(*zip(*points, strict=True)) == [not beaten(point) for point in points]


def test_a_count_may_be_as_large_as_one_likes():
    assert wilson(1_000_000, 2_000_000).share == 0.5
