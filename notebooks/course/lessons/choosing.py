"""Exercise checks and quiz of notebook 10."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from mlkit.ties import exceeds
from mlkit.widgets.lessons import NOT_WRITTEN, Choice, Verdict, is_stub


class _Way(NamedTuple):
    """As charts/card.py has it."""

    pattern: str
    right: int
    of: int
    dollars_per_thousand: float
    seconds: float


class _Limits(NamedTuple):
    most_dollars: float
    most_seconds: float
    least: float


_ALONE, _PAIR, _CROWD = (
    _Way("alone", 60, 100, 0.30, 2.0),
    _Way("pair", 80, 100, 0.20, 3.0),
    _Way("crowd", 90, 100, 0.10, 4.0),
)
_LUCKY = _Way("lucky", 6, 10, 0.05, 1.0)


def recommend(answer: Callable[[Sequence[Any], Any], str | None]) -> Verdict:
    """`answer(ways, limits)`: the name of the first way whose cost, time and lower end of the
    interval keep the limits, or None.
    """
    easy: Any = answer([_ALONE], _Limits(1.0, 9.0, 0.1))
    if is_stub(easy):
        return NOT_WRITTEN
    if easy != "alone":
        return Verdict(
            False,
            f"Where one way keeps every limit with room to spare, you give {easy!r}. Give the name"
            " of its pattern.",
        )
    cases = (
        (
            ([_LUCKY, _PAIR], _Limits(1.0, 9.0, 0.55)),
            "pair",
            (
                "6 of 10 are 60%, but they could well be luck. The share is not the lower end of"
                " its interval: compare that one."
            ),
        ),
        (
            ([_ALONE, _PAIR, _CROWD], _Limits(1.0, 9.0, 0.4)),
            "alone",
            (
                "Several keep every limit, and you do not take the first. The ways go from simple"
                " to complex, and simple is what you want, not cheap and not best."
            ),
        ),
        (
            ([_ALONE, _PAIR, _CROWD], _Limits(0.15, 9.0, 0.4)),
            "crowd",
            "What costs more than `most_dollars` passes. Is the price compared at all?",
        ),
        (
            ([_PAIR, _ALONE, _CROWD], _Limits(1.0, 2.5, 0.4)),
            "alone",
            "What takes longer than `most_seconds` passes. Is the time compared at all?",
        ),
        (
            ([_PAIR], _Limits(0.2, 3.0, 0.4)),
            "pair",
            "At most means that exactly as much is still allowed, in dollars and in seconds.",
        ),
        (
            ([_ALONE, _CROWD], _Limits(1.0, 9.0, 0.6)),
            "crowd",
            (
                "60 of 100 against a limit of 60%: the share reaches it, and the lower end of its"
                " interval does not."
            ),
        ),
    )
    for asked, right, hint in cases:
        if answer(*asked) != right:
            return Verdict(False, hint)
    return _recommends_none(answer)


def _recommends_none(answer: Callable[[Sequence[Any], Any], str | None]) -> Verdict:
    for ways in ([_ALONE, _PAIR, _CROWD], []):
        try:
            nobody = answer(ways, _Limits(0.01, 9.0, 0.99))
        except Exception as error:
            return Verdict(
                False,
                "Right, but where nobody keeps every limit your code stops with"
                f" {type(error).__name__}. Give None there.",
            )
        if nobody is not None:
            return Verdict(
                False,
                f"Where nobody keeps every limit you give {nobody!r}. Then there is nothing to"
                " recommend: give None.",
            )
    return Verdict(
        True,
        "Right. Who has few questions has wide intervals, and must show more before a pattern is"
        " worth its price.",
    )


def servers(answer: Callable[[float, float, float], int]) -> Verdict:
    """`answer(requests_per_day, service_seconds, most_busy)`: the fewest servers that are busy for
    at most this share of a day.
    """
    got: Any = answer(30_000, 10.0, 0.7)
    if is_stub(got):
        return NOT_WRITTEN
    if isinstance(got, bool) or not isinstance(got, int | float):
        return Verdict(False, f"It should give a number of servers; it gave {type(got).__name__}.")
    hints: dict[float, str] = {
        4: (
            "Those are busy for 87% of the time, not for at most 70%. What does `most_busy` do in"
            " your code? And half a server cannot be bought."
        ),
        3: "More idle time takes more servers, not fewer. Do you multiply where you should divide?",
        120: "You seem to put a whole day's work into one hour. A day has 86,400 seconds.",
        84: "You seem to put a whole day's work into one hour. A day has 86,400 seconds.",
    }
    if got in hints:
        return Verdict(False, hints[got])
    if got != int(got):
        return Verdict(
            False, f"{got:.3g} servers cannot be bought. Round, and think about in which direction."
        )
    if got != 5:
        return Verdict(
            False,
            f"For 30,000 requests of 10 seconds each, busy for at most 70%, you get {got:g}. How"
            " many seconds of work arrive in a day, and how many may one server take?",
        )
    if answer(20_000, 12.0, 0.8) != 4:
        return Verdict(
            False, "3.47 servers' worth of work does not fit on three. Which way do you round?"
        )
    if answer(8_640, 10.0, 0.5) != 2:
        return Verdict(
            False,
            "Two servers are busy for exactly 50%, and at most 50% is asked for. Do you add one"
            " although it fits?",
        )
    if answer(0, 10.0, 0.7) != 1:
        return Verdict(
            False,
            "Right, but with no request at all you give no server. Somebody has to be there: at"
            " least one.",
        )
    return Verdict(
        True,
        "Right. It is the average that fits; who comes at a busy moment waits all the same, which"
        " is what the p95 is for.",
    )


def judged(low: float, high: float, n: int, times_dollars: float) -> Callable[[Any], Verdict]:
    """The judge of a sentence about the best of nine: `low` and `high` bound its difference to one
    model, on `n` items.

    The answer is a mapping of "better" ("shown", "not shown" or "worse"), "times_dollars", and
    "orders": how many it takes to make half the width of the interval 5 points.
    """
    better = "shown" if exceeds(low, 0) else "worse" if exceeds(0, high) else "not shown"
    times = (high - low) / 2 / 0.05
    hints = {
        "shown": "Is 0 inside the interval? Then no difference is also possible.",
        "worse": "The interval would have to lie below 0 as a whole.",
        "not shown": "Look at both ends of the interval: both lie on the same side of 0.",
    }

    def judge(answer: Any) -> Verdict:
        if (
            not isinstance(answer, Mapping)
            or not {"better", "times_dollars", "orders"} <= answer.keys()
        ):
            return Verdict(False, 'Give a dictionary with "better", "times_dollars" and "orders".')
        if any(is_stub(value) for value in answer.values()):
            return Verdict(False, "Not judged yet: replace each ... with your answer.")
        if answer["better"] not in hints:
            return Verdict(False, '"better" is one of "shown", "not shown" and "worse".')
        if answer["better"] != better:
            return Verdict(False, hints[answer["better"]])
        if not _near(answer["times_dollars"], times_dollars, 0.06):
            return Verdict(
                False,
                '"times_dollars": divide what it costs by what the single model costs. Both stand'
                " in the line above.",
            )
        if _near(answer["orders"], n * times**2, 0.15):
            return Verdict(
                True,
                "Right. Not shown is not the same as equal: it means that the question is still"
                " open, and what it would take to close it.",
            )
        if _near(answer["orders"], n * times, 0.15):
            return Verdict(
                False,
                "To make an interval half as wide takes four times the orders, not twice: its width"
                " goes with one over the square root.",
            )
        if _near(answer["orders"], n * (2 * times) ** 2, 0.15):
            return Verdict(
                False,
                "You seem to make the whole width 5 points. It is half the width, what stands on"
                " either side of the mean, that is asked for.",
            )
        return Verdict(
            False,
            '"orders": half the width now, divided by 5 points, says how many times narrower.'
            f" Square that, and multiply by {n}.",
        )

    return judge


def _near(value: Any, right: float, by: float) -> bool:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    return number and math.isclose(value, right, rel_tol=by)


QUIZ = (
    (
        (
            "Two patterns keep all your limits. One makes four calls and is right in 12 points more"
            " cases (95% interval −3 to +28). The other is one model. Which do you take today?"
        ),
        [
            Choice(
                "The one with four calls: 12 points are a lot.",
                "They may also be a loss of 3. What it costs more is certain, what it "
                "gains is not.",
            ),
            Choice(
                "The one model, until more questions show the gain.",
                "It keeps the limits too, and it is simpler. The other one has to show its gain"
                " before it is paid for.",
                right=True,
            ),
            Choice(
                "Neither: without a clear difference nothing may be used.",
                "Both keep the limits, so both will do. Where two will do, take the one that is"
                " easier to keep running.",
            ),
        ],
    ),
    (
        (
            "You try nine patterns on 32 orders and report the share of the best one. On the next"
            " 32 orders it will most likely do"
        ),
        [
            Choice(
                "worse than reported.",
                "The best of nine is good and lucky. The luck does not come along. Report it on"
                " questions that you did not choose it by.",
                right=True,
            ),
            Choice(
                "as reported: it was measured.",
                "It was measured on the questions on which it was chosen, and that flatters.",
            ),
            Choice(
                "better, because it is the best.",
                "It is the best of those nine on those 32. Next time the luck may be another's.",
            ),
        ],
    ),
    (
        (
            "Your only server is busy for 60% of the time. A campaign doubles your requests. What"
            " happens to the wait?"
        ),
        [
            Choice(
                "It doubles.",
                "Waiting does not grow in proportion to the requests. Look at what is asked of the"
                " server: more than there is.",
            ),
            Choice(
                "It grows by 20%.",
                "What is asked for is 120% of the server's time, and a queue does not shrug that"
                " off.",
            ),
            Choice(
                "It grows for as long as the campaign lasts.",
                "120% of the time is asked for. There is no steady state: each hour the queue is"
                " longer than the hour before.",
                right=True,
            ),
        ],
    ),
)
