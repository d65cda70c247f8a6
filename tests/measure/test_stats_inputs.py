"""Whatever the statistics are given, they answer with numbers or say in a ValueError what they
want: never another error, never a warning, never nan where none is promised.
"""

import inspect
import math
import warnings

import numpy as np
import pytest

from mlkit.measure import stats

GOOD = {
    "wilson": (3, 4),
    "difference": ([1, 0], [0, 0]),
    "mean_interval": ([1.5, 2],),
    "error_correlation": ([[1, 0], [0, 1]],),
    "effective_voters": (3, 0.5),
    "condorcet": (0.7, 3, 0.1),
    "weighted_majority": ([0.7, 0.6], [1, 2]),
    "log_odds": ([0.7, 0.6],),
    "pareto": ([1, 2], [0.5, 0.6]),
}
BAD = {
    "None": None,
    "text": "seven",
    "texts": ["a", "b"],
    "nan": math.nan,
    "nans": [math.nan, math.nan],
    "empty": [],
    "one": [0.5],
    "zero": 0,
    "fraction": 1.5,
    "negative": -1,
    "infinite": math.inf,
    "huge": 10**400,
    "table": [[0.5, 0.5], [0.5, 0.5]],
    "ragged": [[1], [1, 0]],
    "complex": 1j,
    "object": object(),
    "empty table": [[], []],
    "big": [1e308, -1e308],
}
# nan is the documented answer where there is nothing to take a mean of.
NAN_PROMISED = {"error_correlation", "wilson"}


def test_every_public_function_is_in_the_table():
    public = {
        name
        for name, value in vars(stats).items()
        if inspect.isfunction(value) and value.__module__ == stats.__name__ and name[0] != "_"
    }
    assert public == GOOD.keys()


def function(name):
    return getattr(stats, name)


def numbers(value) -> list[float]:
    if isinstance(value, tuple | list):
        return [number for part in value for number in numbers(part)]
    return np.ravel(value).astype(float).tolist()


@pytest.mark.parametrize("bad", BAD)
@pytest.mark.parametrize(
    "name, place", [(name, place) for name, good in GOOD.items() for place in range(len(good))]
)
def test_a_wrong_value_gives_a_number_or_a_value_error(name, place, bad):
    given = list(GOOD[name])
    given[place] = BAD[bad]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            found, said = function(name)(*given), ""
        except ValueError as error:
            found, said = 0.0, str(error)
    assert name in NAN_PROMISED or not any(map(math.isnan, numbers(found)))
    assert not said or ";" in said or "cannot be" in said  # ours: it says what to give


@pytest.mark.parametrize("name", GOOD)
def test_the_values_of_the_table_are_good(name):
    assert numbers(function(name)(*GOOD[name]))
