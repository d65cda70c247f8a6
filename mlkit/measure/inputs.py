"""What the statistics accept, and the error that says what to give instead."""

from math import inf, isfinite, nan

import numpy as np
from numpy.typing import ArrayLike


def need(holds: bool, otherwise: str) -> None:
    """Raise ValueError(otherwise) unless it holds."""
    if not holds:
        raise ValueError(otherwise)


def number_of(name: str, value: float, least: float = -inf, most: float = inf) -> float:
    """The value as a float. Raises ValueError for what is none, or not from `least` to `most`."""
    number = float(floats_of(value)) if np.ndim(floats_of(value)) == 0 else nan
    need(
        isfinite(number) and least <= number <= most,
        f"{name} cannot be {value}; give a number in [{least}, {most}]",
    )
    return number


def whole_of(name: str, value: int, least: int = 0, most: int = 2**53) -> int:
    """The value as a whole number. Raises ValueError for what is none, or out of range."""
    number = number_of(name, value, least, most)
    need(number.is_integer(), f"{name} cannot be {value}; give a whole number")
    return int(number)


def floats_of(values: ArrayLike) -> np.ndarray:
    """The values as floats; None is nan. Raises ValueError for what is no number, or no table."""
    try:
        return np.asarray(values, float)
    except (TypeError, ValueError, OverflowError) as error:
        raise ValueError(f"a value is no number ({error}); give numbers") from None


def shares_of(values: ArrayLike) -> np.ndarray:
    """The values as floats. Raises ValueError unless all are in [0, 1]."""
    shares = floats_of(values)
    within = bool(np.all((shares >= 0) & (shares <= 1)))
    need(within, f"values are {shares}; give shares, in [0, 1]")
    return shares


def columns_of(*values: ArrayLike) -> list[np.ndarray]:
    """Each as floats (n,). Raises ValueError for no items, unequal lengths and missing values."""
    columns = [floats_of(column) for column in values]
    shapes = [column.shape for column in columns]
    need(
        all(len(shape) == 1 and shape[0] > 0 for shape in shapes),
        f"shapes {shapes}; give (n,), at least one item",
    )
    need(
        len(set(shapes)) == 1,
        f"unequal lengths {[len(column) for column in columns]}; give the same items, in one order",
    )
    need(
        all((abs(column) <= 1e100).all() for column in columns),
        "a value is nan, infinite or above 1e100; leave that item out",
    )
    return columns


def graded_of(grades: ArrayLike) -> np.ndarray:
    """Grades as bools (m, n). Raises ValueError for another shape, and for what is no bool."""
    table = floats_of(grades)
    need(
        table.ndim == 2 and table.size > 0,
        f"grades of shape {table.shape}; give (members, items), at least one of each",
    )
    need(
        bool(np.isin(table, (0, 1)).all()),
        "a grade is neither True nor False; leave out the items not answered",
    )
    return table == 1
