"""Ways of answering, as they were measured or as their owner counted them, and who keeps limits."""

from collections.abc import Iterable, Mapping, Sequence
from math import inf, isfinite, nan
from pathlib import Path
from re import fullmatch
from typing import Any, NamedTuple

import numpy as np

from course.spreadsheet import table_of
from mlkit.charts.look import dollars, seconds
from mlkit.measure.matrix import Matrix
from mlkit.measure.stats import Difference, difference, wilson
from mlkit.measure.tasks import TaskError
from mlkit.models import Prices
from mlkit.numbers import whole_number
from mlkit.parsing import quoted
from mlkit.ties import exceeds

COLUMNS = ("way", "right", "of", "dollars", "seconds")  # of own counts
MOST = 20  # own counts that a chart can show
ONE = "single_model"


class Way(NamedTuple):
    """A pattern as it was measured. The first five are what charts/trade_off.py takes; of own
    counts no more is known.
    """

    pattern: str
    right: int
    of: int
    dollars_per_thousand: float  # prompts
    seconds: float  # a prompt
    calls: float = nan  # a prompt
    instructions: int = 0  # different ones, which somebody has to write and look after
    grades: tuple[bool, ...] = ()  # prompt by prompt
    spread: float = 1.0  # of wall seconds: standard deviation over mean; 1 where nobody measured


def ways(
    measured: Matrix, prices: Prices, clock: Mapping[str, np.ndarray] | None = None
) -> list[Way]:
    """The patterns from simple to complex: fewest whole calls a prompt, then fewest different
    instructions, then as listed.

    Seconds are wall seconds where `clock` has them by pattern; without it they are work seconds,
    loading left out.
    """
    found = []
    for name in measured.subjects:
        one, score = measured.of([name]), measured.score(name, prices)
        calls = [call for row in one.cells for call in row[0][0].calls]
        instructions = {(call.member.system, call.member.shots) for call in calls}
        seconds, spread = score.seconds, 1.0
        if clock is not None:
            walls = np.asarray(clock.get(name, nan))
            seconds = float(walls.mean())
            spread = float(walls.std()) / seconds
        grades = tuple(one.right[:, 0, 0].tolist())
        spent = (score.dollars_per_thousand, seconds, score.calls)
        found.append(Way(name, score.right, score.of, *spent, len(instructions), grades, spread))
    return sorted(found, key=lambda way: (round(way.calls), way.instructions))


class Limits(NamedTuple):
    """What is allowed; as it stands, anything is."""

    most_dollars: float = inf  # per 1,000 prompts
    most_seconds: float = inf  # a prompt
    least: float = 0.0  # the share that must be right, in [0, 1]

    def __str__(self) -> str:
        said = []
        if self.most_dollars < inf:
            said.append(f"at most {dollars(self.most_dollars)} per 1,000 prompts")
        if self.most_seconds < inf:
            said.append(f"at most {seconds(self.most_seconds)} a prompt")
        if self.least > 0:
            said.append(f"at least {self.least:.0%} right")
        return ", ".join(said) or "none"


def why_not(way: Way, limits: Limits) -> str:
    """Which limits a pattern breaks, and by what; "" where it keeps them all."""
    share, said = way.right / way.of, []
    if exceeds(way.dollars_per_thousand, limits.most_dollars):
        shown = dollars(way.dollars_per_thousand), dollars(limits.most_dollars)
        said.append(_beyond(*shown, "more", " per 1,000"))
    if exceeds(way.seconds, limits.most_seconds):
        said.append(_beyond(seconds(way.seconds), seconds(limits.most_seconds), "more"))
    if exceeds(limits.least, share):
        said.append(_beyond(f"{share:.0%}", f"{limits.least:.0%}", "less", " right"))
    return "; ".join(said)


def _beyond(value: str, limit: str, which: str, what: str = "") -> str:
    """A value beyond its limit; where both are the same as they are shown, it says that too."""
    if value == limit:
        return f"a little {which} than {limit}{what}"
    return f"{value}{what} is {which} than {limit}"


def survivors(ways: Sequence[Way], limits: Limits) -> list[Way]:
    """Those that keep every limit, from simple to complex: the first is the one to take."""
    return [way for way in ways if not why_not(way, limits)]


def baseline(ways: Sequence[Way]) -> Way:
    """What the others must beat: the single model, or the first of them."""
    return next((way for way in ways if way.pattern == ONE), ways[0])


def gain(way: Way, one: Way) -> Difference:
    """Share right minus that of another: prompt by prompt where that is known (bootstrap), else
    from the two counts (Newcombe 1998, method 10), which cannot be as narrow.
    """
    if way.grades and len(way.grades) == len(one.grades):
        return difference(way.grades, one.grades)
    mine, other = wilson(way.right, way.of), wilson(one.right, one.of)
    return mine.minus(other, min(way.of, one.of))


def told(gain: Difference) -> str:
    """A gain with its interval, and in words what it shows."""
    if gain.low == gain.high == 0:
        return f"{gain.points()}: right on the same prompts"
    if gain.above or gain.below:
        return f"{gain.points()}: clearly {'better' if gain.above else 'worse'}"
    return f"{gain.points()}: the interval holds 0, so no difference is shown"


def read_counts(counts: str | Path | Iterable[Any]) -> list[Way]:
    """Your own counts, from simple to complex as you list them: a CSV file with the columns way,
    right, of, dollars (per 1,000 prompts) and seconds (a prompt), or a list with these in each row.

    Decimal commas are read. Raises TaskError, with the line that is wrong.
    """
    wrong = (
        'holds no counts; wanted is the name of a CSV file, as "my_counts.csv", or a list of'
        " (way, right, of, dollars, seconds)."
    )
    name, rows = table_of(counts, COLUMNS, wrong)
    if not 1 <= len(rows) <= MOST:
        raise TaskError(
            f"{len(rows)} ways in {name}; give 1 to {MOST}, one a line, with {', '.join(COLUMNS)}."
        )
    read = [_counted(*row) for row in rows]
    for n, (place, _) in enumerate(rows):
        if read[n].pattern in [way.pattern for way in read[:n]]:
            raise TaskError(f"{place}: {quoted(read[n].pattern)} stands there twice. Rename one.")
    return read


def _counted(place: str, row: Mapping[str, Any]) -> Way:
    name = row["way"].strip() if isinstance(row["way"], str) else ""
    if not name:
        raise TaskError(f"{place}: way is {quoted(row['way'])}. Write a name there.")
    of = _whole(place, "of", row["of"], 1, 10**9)
    right = _whole(place, "right", row["right"], 0, of)
    price, wait = (_amount(place, column, row[column]) for column in COLUMNS[3:])
    return Way(name, right, of, price, wait)


def _whole(place: str, column: str, value: Any, least: int, most: int) -> int:
    number = _number(value)
    if not (least <= number <= most and number == int(number)):
        raise TaskError(
            f"{place}: {column} is {quoted(value)}. Write a whole number from {least} to {most:,}."
        )
    return int(number)


def _amount(place: str, column: str, value: Any) -> float:
    if isinstance(value, str) and fullmatch(r"[1-9]\d{0,2},\d{3}", value.strip()):
        whole, _, rest = value.strip().partition(",")
        raise TaskError(
            f"{place}: {column} is {quoted(value)}, which may be {whole}{rest} or {whole}.{rest}."
            " Write the one that you mean."
        )
    number = _number(value)
    cut = isinstance(value, str) and fullmatch(r"0\d.*", value.strip())  # 076: part of 0,076
    if cut or not (isfinite(number) and 0 <= number < 1e9):
        raise TaskError(
            f"{place}: {column} is {quoted(value)}. Write a number from 0 on, as 0.25 or 0,25."
        )
    return number


def _number(value: Any) -> float:
    """The value as a number; nan where it is none, or unclear."""
    if isinstance(value, str):
        return whole_number(value.strip()) if len(value) < 99 else nan
    if isinstance(value, bool) or not isinstance(value, int | float):
        return nan
    return float(value) if abs(value) < 1e300 else nan
