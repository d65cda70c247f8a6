"""How sure a number is, and what the theory of voting, cascades and calibration predicts. Sources
stand at each function.
"""

from collections.abc import Sequence
from math import nan
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from mlkit.ties import TOLERANCE, exceeds, highest, levels

_MOST = 10**6  # resamples or bins: more would take all memory, or hours


class Interval(NamedTuple):
    """A share and its 95% interval, all in [0, 1]."""

    share: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.share:.0%} (95% interval {self.low:.0%} to {self.high:.0%})"


class Mean(NamedTuple):
    """A mean over n items and its 95% interval, in the unit of the values."""

    mean: float
    low: float
    high: float
    n: int

    def __str__(self) -> str:
        return f"{self.mean:.4g} (95% interval {self.low:.4g} to {self.high:.4g}, n {self.n})"


class Difference(Mean):
    """How much higher one mean is than another: the mean of n paired differences, and its 95%
    interval.
    """

    @property
    def clear(self) -> bool:
        """Whether the interval excludes 0."""
        return self.above or self.below

    @property
    def above(self) -> bool:
        """Whether the whole interval lies above 0."""
        return exceeds(self.low, 0)

    @property
    def below(self) -> bool:
        """Whether the whole interval lies below 0."""
        return exceeds(-self.high, 0)

    def points(self) -> str:
        """A difference of shares in percentage points: +12 points (95% interval -3 to +27, n
        64).
        """
        mean, low, high = (f"{100 * share:+z.0f}" for share in self[:3])  # z: never -0
        return f"{mean} points (95% interval {low} to {high}, n {self.n})"

    def __str__(self) -> str:
        return f"{self.mean:+z.4g} (95% interval {self.low:+z.4g} to {self.high:+z.4g}, n {self.n})"


class Covered(NamedTuple):
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


class Baselines(NamedTuple):
    """The lines that keep a chart honest, as shares in [0, 1]."""

    random: float  # a member chosen at random for each item
    best: float  # the best single member
    best_member: int  # its row in the grades
    oracle: float  # a member chosen knowing who is right


def wilson(right: int, n: int) -> Interval:
    """The share right/n with its 95% score interval (Wilson 1927). With nothing measured: anywhere
    from 0 to 1.
    """
    right, n = _whole("right", right, 0), _whole("n", n, 0)
    _need(right <= n, f"{right} right of {n} cannot be")
    if n == 0:
        return Interval(nan, 0.0, 1.0)
    from scipy.stats import binomtest  # here, because it takes a second to import

    low, high = binomtest(right, n).proportion_ci(method="wilson")
    return Interval(right / n, float(low), float(high))


def difference(a: ArrayLike, b: ArrayLike, resamples: int = 2000, seed: int = 0) -> Difference:
    """mean(a) - mean(b) with its 95% interval, by resampling the items that both answered (paired:
    Koehn 2004).

    a, b: bools or numbers, shape (n,), the same items in one order. Under about 20 items the
    interval is too narrow; with one item, or the same difference at all of them, it has no width.
    """
    first, second = _columns(a, b)
    return Difference(*_bootstrap(first - second, resamples, seed))


def mean_interval(values: ArrayLike, resamples: int = 2000, seed: int = 0) -> Mean:
    """The mean of seconds, tokens or dollars, shape (n,), with its 95% bootstrap interval (Efron
    1979).
    """
    return Mean(*_bootstrap(_columns(values)[0], resamples, seed))


def _bootstrap(values: np.ndarray, resamples: int, seed: int) -> tuple[float, float, float, int]:
    """Mean, low, high, n: percentile interval (Efron & Tibshirani 1993, ch. 13). Takes 16 bytes x
    resamples x n.
    """
    resamples, seed = _whole("resamples", resamples, 1, _MOST), _whole("seed", seed, 0)
    chosen = np.random.default_rng(seed).integers(len(values), size=(resamples, len(values)))
    low, high = np.percentile(values[chosen].mean(axis=1), [2.5, 97.5])
    return float(values.mean()), float(low), float(high), len(values)


def error_correlation(grades: ArrayLike) -> np.ndarray:
    """How much members err on the same items: the phi coefficient (Pearson 1900; Yule 1912) of
    their errors, shape (m, m).

    grades: True where right, shape (m, n). In [-1, 1]; nan for a member that is always right or
    always wrong.
    """
    errors = ~_graded(grades)
    centred = errors - errors.mean(axis=1, keepdims=True)
    with np.errstate(invalid="ignore"):  # 0 / 0 is the nan that is wanted
        scaled = centred / np.linalg.norm(centred, axis=1, keepdims=True)
        return np.clip(scaled @ scaled.T, -1.0, 1.0)


def mean_correlation(matrix: ArrayLike) -> float:
    """The mean of the pairs in a correlation matrix (m, m): off the diagonal, nans left out; nan if
    none is left.
    """
    square = _floats(matrix)
    _need(
        square.ndim == 2 and square.shape[0] == square.shape[1],
        f"shape {square.shape} is not (m, m); give error_correlation(grades)",
    )
    pairs = square[~np.eye(len(square), dtype=bool) & ~np.isnan(square)]
    return float(pairs.mean()) if pairs.size else nan


def effective_voters(n: int, rho: float) -> float:
    """How many independent voters n correlated ones are worth: n / (1 + (n - 1) rho) (design
    effect, Kish 1965).

    rho: mean correlation of their errors, above -1 / (n - 1) (the least that n voters can have) and
    at most 1.
    """
    n, rho = _whole("n", n, 1), _number("rho", rho)
    possible = n >= 1 and (n == 1 or rho > -1 / (n - 1)) and rho <= 1
    _need(
        possible,
        f"{n} voters with correlation {rho} cannot be; give n 1 or more, rho above -1 / (n - 1) and"
        " at most 1",
    )
    return n / (1 + (n - 1) * rho)


def condorcet(p: float, n: int, rho: float = 0.0) -> float:
    """The probability that the majority of n voters is right, where each is right with probability
    p (Condorcet 1785).

    Two answers are possible: all who are wrong agree. A tie (even n) counts half. rho in [0, 1],
    the correlation of any two: 0 binomial (Boland 1989), 1 all alike, so p; between them
    beta-binomial (the Polya urn of Ladha 1995), which is one model of correlation among many: votes
    with the same p and rho can have another majority.
    """
    n, p, rho = _whole("n", n, 1), _number("p", p), _number("rho", rho)
    _need(
        n <= 10_000 and 0 <= p <= 1 and 0 <= rho <= 1,
        f"n {n}, p {p}, rho {rho}; give n 1 to 10,000, p and rho in [0, 1]",
    )
    counts = np.array(
        [1 - p, p]
    )  # the probability of 0, 1, ... right voters, one voter more each round
    for voted in range(1, n):
        next_right = (p * (1 - rho) + rho * np.arange(voted + 1)) / (1 + rho * (voted - 1))
        counts = np.append(counts * (1 - next_right), 0) + np.append(0, counts * next_right)
    return float(
        counts @ (1 + np.sign(2 * np.arange(n + 1) - n)) / 2
    )  # ahead 1, tied one half, behind 0


def weighted_majority(shares: ArrayLike, weights: ArrayLike) -> float:
    """The exact probability that the weighted vote of independent voters is right (Nitzan & Paroush
    1982).

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
    return float(chances @ (1 + np.sign(leads)) / 2)  # ahead 1, tied one half, behind 0


def log_odds(shares: ArrayLike) -> np.ndarray:
    """The best weights for independent voters right this often: ln(p / (1 - p)), shape (n,) (Nitzan
    & Paroush 1982).

    Negative below one half, and WeightedEnsemble wants weights of 0 or more: clip with
    np.maximum(0, log_odds(shares)).
    """
    p = _shares(shares)
    _need(
        bool(np.all((p > 0) & (p < 1))),
        f"shares are {p}; 0 and 1 have no finite weight: use smoothed(right, of)",
    )
    return np.log(p / (1 - p))


def smoothed(right: ArrayLike, of: ArrayLike) -> np.ndarray:
    """The share right / of drawn to one half, never 0 or 1: (right + 1) / (of + 2) (rule of
    succession, Laplace 1774).
    """
    rights, asked = _floats(right), _floats(of)
    _need(
        rights.shape == asked.shape or asked.ndim == 0,
        f"shapes {rights.shape} and {asked.shape}; give one `of` for all, or one for each",
    )
    _need(
        bool(np.all((rights >= 0) & (rights <= asked) & np.isfinite(asked))),
        f"{rights} right of {asked} cannot be",
    )
    return (rights + 1) / (asked + 2)


def break_even_escalation(cheap: float, strong: float) -> float:
    """The share of items that may be escalated before it costs more than the strong model alone: 1
    - cheap / strong.

    From cheap + share x strong = strong (a cascade: FrugalGPT, Chen et al. 2023), in [0, 1]; cheap:
    all calls made before.
    """
    cheap, strong = _number("cheap", cheap), _number("strong", strong)
    _need(
        cheap >= 0 and strong > 0,
        f"costs are {cheap} and {strong}; give cheap 0 or more, strong above 0",
    )
    return max(0.0, 1 - cheap / strong)


def risk_coverage(confidence: ArrayLike, right: ArrayLike) -> list[Covered]:
    """How wrong the answered items are as fewer are answered, from the most confident on (El-Yaniv
    & Wiener 2010).

    Both (n,). Equal confidences are taken together, since no threshold can part them: one row for
    each that occurs.
    """
    sure, correct = _columns(confidence, _shares(right))
    places = np.array(levels(sure.tolist()))
    order = sorted(range(len(sure)), key=lambda n: -places[n])
    sure, wrong = sure[order], np.cumsum(1 - correct[order])
    ends = np.flatnonzero(np.append(np.diff(places[order]) != 0, True))
    return [
        Covered(float((end + 1) / len(sure)), float(wrong[end] / (end + 1)), float(sure[end]))
        for end in ends
    ]


def area_under(rows: Sequence[Covered]) -> float:
    """The mean risk over all coverages, in [0, 1], less is better: AURC (Geifman et al. 2019). nan
    for no rows.
    """
    _need_rows(rows, Covered)
    widths = np.diff([0.0, *(row.coverage for row in rows)])
    return float(widths @ [row.risk for row in rows]) if rows else nan


def reliability(confidence: ArrayLike, right: ArrayLike, bins: int = 10) -> list[Bin]:
    """How often answers of like confidence are right: the equal-width bins with items (DeGroot &
    Fienberg 1983).

    Both (n,), confidence in [0, 1]. A bin holds low < confidence <= high (Guo et al. 2017); the
    first holds 0 as well.
    """
    sure, correct = _columns(_shares(confidence), _shares(right))
    edges = np.linspace(0, 1, _whole("bins", bins, 1, _MOST) + 1)
    place = np.searchsorted(edges[1:-1] + TOLERANCE, sure)
    return [
        Bin(
            float(edges[b]),
            float(edges[b + 1]),
            int((place == b).sum()),
            float(sure[place == b].mean()),
            float(correct[place == b].mean()),
        )
        for b in np.unique(place)
    ]


def calibration_error(bins: Sequence[Bin]) -> float:
    """The mean gap of confidence and accuracy over the items, in [0, 1]: ECE (Guo et al. 2017). nan
    for no bins.
    """
    _need_rows(bins, Bin)
    gaps = [abs(one.accuracy - one.confidence) for one in bins]
    return float(np.average(gaps, weights=[one.n for one in bins])) if bins else nan


def baselines(grades: ArrayLike, fit_grades: ArrayLike | None = None) -> Baselines:
    """Random choice, best single member and oracle on the test grades (m, n) (as in RouterBench, Hu
    et al. 2024).

    The best member is chosen on fit_grades (m, k) where given; chosen on the test itself it
    flatters. Ties: the first row.
    """
    test = _graded(grades)
    fit = test if fit_grades is None else _graded(fit_grades)
    _need(
        len(fit) == len(test),
        f"{len(fit)} members in fit_grades, {len(test)} in grades; give the same in both",
    )
    best = highest(range(len(fit)), lambda member: fit[member].mean())
    return Baselines(
        float(test.mean()), float(test[best].mean()), best, float(test.any(axis=0).mean())
    )


def pareto(costs: ArrayLike, qualities: ArrayLike) -> list[bool]:
    """True where no other point costs no more, is as good, and is better in one (Pareto 1906); both
    (n,); nan: False.
    """
    cost, quality = _floats(costs), _floats(qualities)  # not _columns: a nan is allowed
    _need(
        cost.ndim == 1 and cost.shape == quality.shape,
        f"{cost.size} costs and {quality.size} qualities; give one of each for every point",
    )
    known = ~np.isnan(cost + quality)
    places, ranks = (np.array(levels(each[known].tolist())) for each in (cost, quality))
    as_good = (places[:, None] <= places) & (ranks[:, None] >= ranks)
    better = (places[:, None] < places) | (ranks[:, None] > ranks)
    front = np.zeros(len(known), bool)
    front[known] = ~(as_good & better).any(axis=0)
    return front.tolist()


def compound(shares: ArrayLike) -> float:
    """The probability that independent steps all succeed: their product (series system, Barlow &
    Proschan 1975).
    """
    return float(_shares(shares).prod())


def speed_up(serial_share: float, workers: int) -> float:
    """How many times faster: 1 / (s + (1 - s) / workers), s the share of the time that nobody can
    share (Amdahl 1967).
    """
    serial_share, sharing = _number("serial_share", serial_share), _number("workers", workers)
    _need(
        0 <= serial_share <= 1 and sharing >= 1,
        f"{serial_share} serial, {workers} workers; give [0, 1], and 1 or more",
    )
    return 1 / (serial_share + (1 - serial_share) / sharing)


def _need(holds: bool, otherwise: str) -> None:
    """Raise ValueError(otherwise) unless it holds."""
    if not holds:
        raise ValueError(otherwise)


def _number(name: str, value: float) -> float:
    """The value as a float. Raises ValueError for what is none, and for nan and infinite."""
    number = _floats(value)
    _need(
        number.ndim == 0 and bool(np.isfinite(number)), f"{name} cannot be {value}; give a number"
    )
    return float(number)


def _whole(name: str, value: int, least: int, most: int = 2**53) -> int:
    """The value as a whole number. Raises ValueError for what is none, less than `least`, or more
    than `most`.
    """
    number = _number(name, value)
    _need(
        number.is_integer() and least <= number <= most,
        f"{name} cannot be {value}; give a whole number from {least} to {most:,}",
    )
    return int(number)


def _need_rows(rows: Sequence[Any], kind: type) -> None:
    _need(
        isinstance(rows, Sequence) and all(isinstance(row, kind) for row in rows),
        f"rows cannot be {type(rows).__name__}; give a list of {kind.__name__}",
    )


def _floats(values: ArrayLike) -> np.ndarray:
    """The values as floats; None is nan. Raises ValueError for what is no number, or no table."""
    try:
        return np.asarray(values, float)
    except (TypeError, ValueError, OverflowError) as error:
        raise ValueError(f"a value is no number ({error}); give numbers") from None


def _shares(values: ArrayLike) -> np.ndarray:
    """The values as floats. Raises ValueError unless all are in [0, 1]."""
    shares = _floats(values)
    _need(
        bool(np.all((shares >= 0) & (shares <= 1))), f"values are {shares}; give shares, in [0, 1]"
    )
    return shares


def _columns(*values: ArrayLike) -> list[np.ndarray]:
    """Each as floats (n,), one number an item. Raises ValueError for no items, unequal lengths and
    missing values.
    """
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


def _graded(grades: ArrayLike) -> np.ndarray:
    """Grades as bools (m, n). Raises ValueError for another shape, for none, and for what is
    neither True nor False.
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
    return table == 1
