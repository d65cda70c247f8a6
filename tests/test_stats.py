import pytest

from mlkit.stats import wilson


@pytest.mark.parametrize("right, n, low, high", [(8, 10, 0.490, 0.943), (0, 10, 0.0, 0.278), (10, 10, 0.722, 1.0), (50, 100, 0.404, 0.596)])
def test_wilson_gives_the_published_intervals(right, n, low, high):
    """Wilson's formula by hand: (p + z2/2n -+ z sqrt(p(1-p)/n + z2/4n2)) / (1 + z2/n), z = 1.96."""
    interval = wilson(right, n)
    assert interval.share == right / n
    assert (interval.low, interval.high) == (pytest.approx(low, abs=5e-4), pytest.approx(high, abs=5e-4))


def test_nothing_measured_is_nothing_known():
    assert wilson(0, 0)[1:] == (0.0, 1.0)


def test_more_right_than_asked_cannot_be():
    with pytest.raises(ValueError, match="cannot be"):
        wilson(3, 2)
