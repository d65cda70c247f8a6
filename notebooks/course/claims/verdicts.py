"""What a claim is, what is measured about it, and the one function that makes its verdict.

The interval of a rule is turned so that above the rule's line supports the claim and below it
contradicts it. Where several conditions must hold, each is moved so that its line is 0.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from math import isnan, nan
from typing import NamedTuple

from mlkit.errors import MlkitError
from mlkit.kit import Kit
from mlkit.measure.stats import Difference, Mean
from mlkit.ties import exceeds

MARGIN = 0.05  # "at most 5 points less often right"


class NotMeasured(MlkitError):
    """What a rule asks for is not measured yet. The message says what is missing."""


class Measured(NamedTuple):
    """What was measured about a claim: in words, and the interval of its rule."""

    value: str
    n: int = 0  # items behind it; none for a computation
    low: float = nan  # in the unit; nan where nothing is measured yet
    high: float = nan
    unit: str = "points"
    line: float = 0.0  # above it supports the claim, below it contradicts it


SIDES = {"supported": "above", "contradicted": "below", "cannot tell": "not clear of"}  # the line

Measure = Callable[[Kit], Awaitable[Measured]]


def verdict(measured: Measured) -> str:
    """What the interval says. An end that is the line but for rounding is on neither side."""
    if isnan(measured.low):
        return "not measured yet"
    if exceeds(measured.low, measured.line):
        return "supported"
    return "contradicted" if exceeds(measured.line, measured.high) else "cannot tell"


class Finding(NamedTuple):
    """A claim and what was measured about it."""

    claim: "Claim"
    measured: Measured

    @property
    def interval(self) -> str:
        """For example "+3 to +12.5 points: above 0"; empty where nothing is measured yet. A
        share is printed without a sign, and a value that was computed without an interval.
        """
        _, _, low, high, unit, line = self.measured
        if isnan(low):
            return ""
        sign = "" if line > 0 else "+"
        ends = " to ".join(f"{end:{sign}z.3g}" for end in dict.fromkeys((low, high)))
        return f"{ends} {unit}: {SIDES[verdict(self.measured)]} {line:z.3g}"

    def __str__(self) -> str:
        head = f"{self.claim.id}. {self.claim.words}\n{self.claim.rule}\n{self.measured.value}"
        return f"{head}\n-> {verdict(self.measured)} ({self.interval or 'no interval'})"


@dataclass(frozen=True)
class Claim:
    """A claim of the article, and the rule that its verdict follows from."""

    id: str
    notebook: int  # that measures it
    words: str  # the claim in our words
    rule: str  # "Supported if ..."
    measure: Measure

    async def found(self, kit: Kit) -> Finding:
        try:
            return Finding(self, await self.measure(kit))
        except NotMeasured as missing:
            return Finding(self, Measured(str(missing)))


def measured(value: str, change: Mean, unit: str = "points", line: float = 0.0) -> Measured:
    """A value, and the interval of its rule with its line; shares become points or per cent."""
    scale = 100 if unit in ("points", "%") else 1
    low, high = scale * change.low, scale * change.high
    return Measured(value, change.n, low, high, unit, scale * line)


def points(what: str, gain: Difference, margin: float = 0.0) -> Measured:
    """A gain in points that supports a claim where it exceeds minus the margin."""
    return measured(f"{what}: {gain.points()}.", gain, line=-margin)


def raised(change: Mean) -> Mean:
    """The change with the margin added."""
    return Mean(change.mean + MARGIN, change.low + MARGIN, change.high + MARGIN, change.n)


def within(value: Mean, target: float, tolerance: float) -> Mean:
    """The tolerance minus the distance to the target: below 0 where a value is too far from it."""
    mean, *ends = (abs(one - target) for one in value[:3])
    near = 0.0 if value.low <= target <= value.high else min(ends)
    return Mean(tolerance - mean, tolerance - max(ends), tolerance - near, value.n)


def least(*changes: Mean) -> Mean:
    """Of several conditions the one furthest from being met: all must hold, one can contradict."""
    means, lows, highs, counts = zip(*changes, strict=True)
    return Mean(min(means), min(lows), min(highs), min(counts))
