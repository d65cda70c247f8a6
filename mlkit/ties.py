"""Choosing among floats by one rule, the same on every machine.

Two processors add the same numbers up to sums that differ in the last bit. So here numbers closer
than a billionth (of the larger one, and never less than 1e-12) are equal, and among equals the one
that stands first is chosen.
"""

from collections.abc import Callable, Iterable, Sequence
from math import isclose, isinf
from typing import Any, TypeVar

TOLERANCE = 1e-9
_LEAST = 1e-12

Item = TypeVar("Item")


def same(one: float, other: float) -> bool:
    """Whether two numbers are equal but for rounding."""
    return isclose(one, other, rel_tol=TOLERANCE, abs_tol=_LEAST)


def reaches(value: Any, limit: float) -> Any:
    """Whether a number, or each of an array, is `limit` or more."""
    return value >= limit - _slack(limit)


def exceeds(value: Any, limit: float) -> Any:
    """Whether a number, or each of an array, is more than `limit`."""
    return value > limit + _slack(limit)


def highest(items: Iterable[Item], value: Callable[[Item], float]) -> Item:
    """The item with the highest value; the first of equal ones. Raises ValueError for no items."""
    listed = ranked(items, value)
    if not listed:
        raise ValueError("there is nothing to choose from; give at least one item")
    return listed[0]


def lowest(items: Iterable[Item], value: Callable[[Item], float]) -> Item:
    """The item with the lowest value; the first of equal ones. Raises ValueError for no items."""
    return highest(items, lambda item: -value(item))


def ranked(items: Iterable[Item], value: Callable[[Item], float]) -> list[Item]:
    """The items from the highest value down; equal ones in the order given."""
    listed = list(items)
    places = levels([value(item) for item in listed])
    return [listed[n] for n in sorted(range(len(listed)), key=lambda n: -places[n])]


def levels(values: Sequence[float]) -> list[int]:
    """For each number its place among the different ones: 0 for the lowest, equal ones alike."""
    place, places, before = -1, [0] * len(values), float("nan")
    for n in sorted(range(len(values)), key=lambda n: values[n]):
        place += not same(before, values[n])
        places[n], before = place, values[n]
    return places


def _slack(limit: float) -> float:
    return 0.0 if isinf(limit) else max(TOLERANCE * abs(limit), _LEAST)
