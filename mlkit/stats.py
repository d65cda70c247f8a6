"""How sure a number is. Sources stand at each function."""

from typing import NamedTuple


class Interval(NamedTuple):
    """A share and its 95% interval, all in [0, 1]."""
    share: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.share:.0%} (95% interval {self.low:.0%} to {self.high:.0%})"


def wilson(right: int, n: int) -> Interval:
    """The share right/n with its 95% score interval (Wilson 1927). With nothing measured: anywhere from 0 to 1."""
    if not 0 <= right <= n:
        raise ValueError(f"{right} right of {n} cannot be")
    if n == 0:
        return Interval(float("nan"), 0.0, 1.0)
    from scipy.stats import binomtest  # here, because it takes a second to import

    interval = binomtest(right, n).proportion_ci(method="wilson")
    return Interval(right / n, float(interval.low), float(interval.high))
