"""The pictures that only notebook 10 draws."""

from typing import Any

from course import card, limits_chart
from course.claims import patterns
from course.ways import Limits, Way, ways

from mlkit.models import list_prices
from tests.pictures import kit, study

LIMITS = Limits(0.2, 12.0, 0.6)


def _nine() -> list[Way]:
    return ways(study("orders"), list_prices(), patterns.wall_seconds(kit()))


def _limits() -> Any:
    return limits_chart.limits_chart(_nine(), LIMITS, kit().source, "wall seconds").figure


def _card() -> Any:
    made = card.DecisionCard(
        "fan_out", _nine(), LIMITS, kit().source, "It is right most often.", "wall seconds"
    )
    return made.chart.figure


def _named(name: str) -> Any:
    return limits_chart.limits_chart([Way(name, 3, 9, 0.1, 2.0)], LIMITS, "here")


def _sourced(text: str) -> Any:
    return limits_chart.limits_chart([Way("one", 3, 9, 0.1, 2.0)], LIMITS, text)


FIGURES: dict = {"limits": _limits, "decision card": _card}
NAMED: dict = {"limits": _named}
SOURCED: dict = {"limits": _sourced}
