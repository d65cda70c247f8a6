"""How sure a number is, and what the theory of voting predicts. Sources stand at each function."""

from math import hypot, inf, isfinite, nan
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from mlkit.ties import TOLERANCE, exceeds, levels

RESAMPLES = 2000  # of a bootstrap


class Interval(NamedTuple):
    """A share and its 95% interval, all in [0, 1]."""

    share: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.share:.0%} (95% interval {self.low:.0%} to {self.high:.0%})"

    def minus(self, other: "Interval", n: int) -> "Difference":
        """The difference to the share of another group (Newcombe 1998, method 10)."""
        gap = self.share - other.share
        low = gap - hypot(self.share - self.low, other.high - other.share)
        high = gap + hypot(self.high - self.share, other.share - other.low)
        return Difference(gap, low, high, n)


class Mean(NamedTuple):
    """A mean over n items and its 95% interval, in the unit of the values."""

    mean: float
    low: float
    high: float
    n: int


class Difference(Mean):
    """The mean of n paired differences, and its 95% interval."""

    @property
    def above(self) -> bool:
        """Whether the whole interval lies above 0."""
        return exceeds(self.low, 0)

    @property
    def below(self) -> bool:
        """Whether the whole interval lies below 0."""
        return exceeds(-self.high, 0)

    def points(self) -> str:
        """Of shares, in points: +12 points (95% interval -3 to +27, n 64)."""
        mean, low, high = (f"{100 * share:+z.0f}" for share in self[:3])  # z: never -0
        return f"{mean} points (95% interval {low} to {high}, n {self.n})"


def wilson(right: int, n: int) -> Interval:
    """The share right/n with its 95% score interval (Wilson 1927); of nothing: from 0 to 1."""
    n = _whole("n", n)
    right = _whole("right", right, 0, n)
    if n == 0:
        return Interval(nan, 0.0, 1.0)
    from scipy.stats import binomtest  # here, because it takes a second to import

    low, high = binomtest(right, n).proportion_ci(method="wilson")
    return Interval(right / n, float(low), float(high))


def difference(a: ArrayLike, b: ArrayLike) -> Difference:
    """mean(a) - mean(b) with its 95% interval, by resampling items in pairs (Koehn 2004).

    a, b: bools or numbers, shape (n,), the same items in one order. Under about 20 items the
    interval is too narrow; with one item, or the same difference at all of them, it has no width.
    """
    first, second = _columns(a, b)
    return Difference(*_bootstrap(first - second))


def mean_interval(values: ArrayLike) -> Mean:
    """The mean of seconds, tokens or dollars (n,) with its 95% bootstrap interval (Efron 1979)."""
    return Mean(*_bootstrap(_columns(values)[0]))


def _bootstrap(values: np.ndarray) -> tuple[float, float, float, int]:
    """Mean, low, high, n: the percentile interval (Efron & Tibshirani 1993, ch. 13)."""
    chosen = np.random.default_rng(0).integers(len(values), size=(RESAMPLES, len(values)))
    low, high = np.percentile(values[chosen].mean(axis=1), [2.5, 97.5])
    return float(values.mean()), float(low), float(high), len(values)


def pareto(costs: ArrayLike, qualities: ArrayLike) -> list[bool]:
    """True where no other point costs no more, is as good, and is better in one (Pareto 1906).

    Both (n,); a point with a nan is False.
    """
    cost, quality = _floats(costs), _floats(qualities)  # not _columns: a nan is allowed
    _need(
        cost.ndim == 1 and cost.shape == quality.shape,
        f"{cost.size} costs and {quality.size} qualities; give one of each for every point",
    )
    known = ~np.isnan(cost + quality)
    places = np.array(levels(np.where(known, cost, inf).tolist()))
    ranks = np.array(levels(np.where(known, quality, -inf).tolist()))
    as_good = (places[:, None] <= places) & (ranks[:, None] >= ranks)
    better = (places[:, None] < places) | (ranks[:, None] > ranks)
    return (known & ~(as_good & better).any(axis=0)).tolist()


def error_correlation(grades: ArrayLike) -> float:
    """How much members err on the same items: the mean of the phi coefficients (Yule 1912) of all
    pairs, in [-1, 1].

    grades: True where right, shape (m, n). A member that is always right or always wrong has no
    coefficient and is left out; nan where no pair is left.
    """
    table = _floats(grades)
    _need(
        table.ndim == 2 and table.size > 0,
        f"grades of shape {table.shape}; give (members, items), at least one of each",
    )
    _need(
        bool(np.isin(table, (0, 1)).all()),
        "a grade is neither True nor False; leave out the items not answered",
    )
    varied = table[table.any(axis=1) & ~table.all(axis=1)]
    if len(varied) < 2:
        return nan
    return float(np.corrcoef(varied)[np.triu_indices(len(varied), k=1)].mean())


def effective_voters(n: int, rho: float) -> float:
    """How many independent voters n correlated ones are worth: n / (1 + (n - 1) rho) (Kish 1965).

    rho: the correlation of their errors, above -1 / (n - 1), the least there can be.
    """
    n, rho = _whole("n", n, 1), _number("rho", rho, -inf, 1)
    _need(
        n == 1 or rho > -1 / (n - 1),
        f"{n} voters with correlation {rho} cannot be; give rho above -1 / (n - 1)",
    )
    return n / (1 + (n - 1) * rho)


def condorcet(p: float, n: int, rho: float = 0.0) -> float:
    """The probability that most of n voters are right, each with probability p (Condorcet 1785).

    Two answers are possible: all who are wrong agree. A tie (even n) counts half. rho in [0, 1],
    the correlation of any two: 0 binomial (Boland 1989), 1 all alike, so p; between them
    beta-binomial (the Polya urn of Ladha 1995), which is one model of correlation among many.
    """
    n, p, rho = _whole("n", n, 1, 10_000), _number("p", p, 0, 1), _number("rho", rho, 0, 1)
    # The probability of 0, 1, ... right voters; one voter more each round.
    counts = np.array([1 - p, p])
    for voted in range(1, n):
        next_right = (p * (1 - rho) + rho * np.arange(voted + 1)) / (1 + rho * (voted - 1))
        counts = np.append(counts * (1 - next_right), 0) + np.append(0, counts * next_right)
    return _ahead(2 * np.arange(n + 1) - n, counts)


def weighted_majority(shares: ArrayLike, weights: ArrayLike) -> float:
    """The probability that a weighted vote of independent voters is right (Nitzan & Paroush 1982).

    shares: how often each is right; weights: any finite ones; both (n,), n at most 20 (all 2^n
    outcomes are added up). Two answers are possible: a tie counts half, and a negative weight is a
    vote for the other answer.
    """
    rights, heights = _columns(_shares(shares), weights)
    _need(
        len(rights) <= 20,
        f"{len(rights)} voters have 2^{len(rights)} outcomes, too many to add up; give 20 or fewer",
    )
    leads, chances = np.zeros(1), np.ones(1)
    for right, weight in zip(rights, heights, strict=True):
        leads = np.append(leads + weight, leads - weight)
        chances = np.append(chances * right, chances * (1 - right))
    leads[abs(leads) <= TOLERANCE * abs(heights).sum()] = 0  # .1 + .2 - .3 is a tie
    return _ahead(leads, chances)


def _ahead(leads: np.ndarray, chances: np.ndarray) -> float:
    """The probability of a lead above 0; a lead of 0 counts half."""
    return float(chances @ (1 + np.sign(leads)) / 2)


def log_odds(shares: ArrayLike) -> np.ndarray:
    """The best weights for independent voters: ln(p / (1 - p)), (n,) (Nitzan & Paroush 1982).

    Negative below one half; WeightedEnsemble wants np.maximum(0, log_odds(shares)). Shares of 0 and
    1 are to be smoothed first: (right + 1) / (of + 2) (Laplace 1774).
    """
    p = _shares(shares)
    _need(
        bool(np.all((p > 0) & (p < 1))),
        f"shares are {p}; 0 and 1 have no finite weight: use (right + 1) / (of + 2)",
    )
    return np.log(p / (1 - p))


def _need(holds: bool, otherwise: str) -> None:
    """Raise ValueError(otherwise) unless it holds."""
    if not holds:
        raise ValueError(otherwise)


def _number(name: str, value: float, least: float, most: float) -> float:
    """The value as a float. Raises ValueError for what is none, or not from `least` to `most`."""
    number = float(_floats(value)) if np.ndim(_floats(value)) == 0 else nan
    _need(
        isfinite(number) and least <= number <= most,
        f"{name} cannot be {value}; give a number in [{least}, {most}]",
    )
    return number


def _whole(name: str, value: int, least: int = 0, most: int = 2**53) -> int:
    """The value as a whole number. Raises ValueError for what is none, or out of range."""
    number = _number(name, value, least, most)
    _need(number.is_integer(), f"{name} cannot be {value}; give a whole number")
    return int(number)


def _floats(values: ArrayLike) -> np.ndarray:
    """The values as floats; None is nan. Raises ValueError for what is no number, or no table."""
    try:
        return np.asarray(values, float)
    except (TypeError, ValueError, OverflowError) as error:
        raise ValueError(f"a value is no number ({error}); give numbers") from None


def _shares(values: ArrayLike) -> np.ndarray:
    """The values as floats. Raises ValueError unless all are in [0, 1]."""
    shares = _floats(values)
    within = bool(np.all((shares >= 0) & (shares <= 1)))
    _need(within, f"values are {shares}; give shares, in [0, 1]")
    return shares


def _columns(*values: ArrayLike) -> list[np.ndarray]:
    """Each as floats (n,). Raises ValueError for no items, unequal lengths and missing values."""
    columns = [_floats(column) for column in values]
    shapes = [column.shape for column in columns]
    _need(
        all(len(shape) == 1 and shape[0] > 0 for shape in shapes),
        f"shapes {shapes}; give (n,), at least one item",
    )
    _need(
        len(set(shapes)) == 1,
        f"unequal lengths {[len(column) for column in columns]}; give the same items, in one order",
    )
    _need(
        all((abs(column) <= 1e100).all() for column in columns),
        "a value is nan, infinite or above 1e100; leave that item out",
    )
    return columns
