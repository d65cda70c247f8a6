"""Notebook 10: exercises and quiz."""

from collections import namedtuple
from collections.abc import Callable
from math import ceil
from random import Random
from typing import Any

from mlkit.measure.stats import wilson
from mlkit.ties import exceeds
from mlkit.widgets.exercises import (
    Case,
    Exercise,
    against,
    cases,
    choice,
    judgement,
    near,
    not_number,
)
from mlkit.widgets.lessons import Verdict, questions

# As in the course's decision card.
Way = namedtuple("Way", "pattern right of dollars_per_thousand seconds")
Limits = namedtuple("Limits", "most_dollars most_seconds least")
_ALONE = Way("alone", 60, 100, 0.30, 2.0)
_PAIR = Way("pair", 80, 100, 0.20, 3.0)
_CROWD = Way("crowd", 90, 100, 0.10, 4.0)
_LUCKY = Way("lucky", 6, 10, 0.05, 1.0)
_STOPS = "Right, but where nobody keeps every limit your code stops with {kind}. Give None there."
_NOBODY = (
    "Where nobody keeps every limit you give {got!r}. Then there is nothing to recommend: give"
    " None."
)


def _simplest(ways: list[Way], limits: Limits) -> str | None:
    for way in ways:
        kept = (
            way.dollars_per_thousand <= limits.most_dollars and way.seconds <= limits.most_seconds
        )
        if kept and wilson(way.right, way.of).low >= limits.least:
            return str(way.pattern)
    return None


def _drawn_ways(seeded: Random) -> tuple[list[Way], Limits]:
    ways = [
        Way(name, seeded.randint(10, 40), 40, seeded.randint(1, 9) / 10, seeded.randint(1, 9))
        for name in seeded.sample(("alone", "pair", "chain", "crowd"), seeded.randint(1, 4))
    ]
    return ways, Limits(seeded.randint(3, 9) / 10, seeded.randint(3, 9), seeded.choice((0.3, 0.6)))


# `recommend(ways, limits)`: the name of the first way whose cost, time and lower end of the
# interval keep the limits, or None.
recommend = Exercise(
    [
        Case(
            ([_ALONE], Limits(1.0, 9.0, 0.1)),
            "alone",
            "Where one way keeps every limit with room to spare, you give {got!r}. Give the name of"
            " its pattern.",
        ),
        Case(
            ([_LUCKY, _PAIR], Limits(1.0, 9.0, 0.55)),
            "pair",
            "6 of 10 are 60%, but they could well be luck. The share is not the lower end of its"
            " interval: compare that one.",
        ),
        Case(
            ([_ALONE, _PAIR, _CROWD], Limits(1.0, 9.0, 0.4)),
            "alone",
            "Several keep every limit, and you do not take the first. The ways go from simple to"
            " complex, and simple is what you want, not cheap and not best.",
        ),
        Case(
            ([_ALONE, _PAIR, _CROWD], Limits(0.15, 9.0, 0.4)),
            "crowd",
            "What costs more than `most_dollars` passes. Is the price compared at all?",
        ),
        Case(
            ([_PAIR, _ALONE, _CROWD], Limits(1.0, 2.5, 0.4)),
            "alone",
            "What takes longer than `most_seconds` passes. Is the time compared at all?",
        ),
        Case(
            ([_PAIR], Limits(0.2, 3.0, 0.4)),
            "pair",
            "At most means that exactly as much is still allowed, in dollars and in seconds.",
        ),
        Case(
            ([_ALONE, _CROWD], Limits(1.0, 9.0, 0.6)),
            "crowd",
            "60 of 100 against a limit of 60%: the share reaches it, and the lower end of its"
            " interval does not.",
        ),
        *(
            Case((ways, Limits(0.01, 9.0, 0.99)), None, _NOBODY, {Exception: _STOPS})
            for ways in ([_ALONE, _PAIR, _CROWD], [])
        ),
        *against(_simplest, _drawn_ways),
    ],
    "Right. Who has few questions has wide intervals, and must show more before a pattern is worth"
    " its price.",
)


def _in_parts(got: float) -> bool:
    """A test: a number with a fraction."""
    return got != int(got)


def _fewest_servers(requests_per_day: int, service_seconds: float, most_busy: float) -> int:
    return max(1, ceil(requests_per_day * service_seconds / 86_400 / most_busy))


def _drawn_traffic(seeded: Random) -> tuple[int, float, float]:
    # 7 and 11 do not divide a day's seconds, and 1,000 does not divide 86,400: never an even number
    # of servers, which rounding errors could push over the edge
    requests = 1000 * seeded.randint(1, 60)
    return requests, seeded.choice((7.0, 11.0)), seeded.choice((0.5, 0.7, 0.8, 0.9))


# `servers(requests_per_day, service_seconds, most_busy)`: the fewest servers that are busy for at
# most this share of a day.
servers = Exercise(
    cases(
        """
30000, 10.0, 0.7 -> 5
For 30,000 requests of 10 seconds each, busy for at most 70%, you get {got:g}. How many seconds of
work arrive in a day, and how many may one server take?
4: Those are busy for 87% of the time, not for at most 70%. What does `most_busy` do in your code?
And half a server cannot be bought.
3: More idle time takes more servers, not fewer. Do you multiply where you should divide?
120: You seem to put a whole day's work into one hour. A day has 86,400 seconds.
84: You seem to put a whole day's work into one hour. A day has 86,400 seconds.

20000, 12.0, 0.8 -> 4
3.47 servers' worth of work does not fit on three. Which way do you round?

8640, 10.0, 0.5 -> 2
Two servers are busy for exactly 50%, and at most 50% is asked for. Do you add one although it fits?

0, 10.0, 0.7 -> 1
Right, but with no request at all you give no server. Somebody has to be there: at least one.
"""
    )
    + against(_fewest_servers, _drawn_traffic),
    "Right. It is the average that fits; who comes at a busy moment waits all the same, which is"
    " what the p95 is for.",
    {
        not_number: "It should give a number of servers; it gave {kind}.",
        _in_parts: "{got:.3g} servers cannot be bought. Round, and think about in which direction.",
    },
)

_BETTER = {
    "shown": "Is 0 inside the interval? Then no difference is also possible.",
    "worse": "The interval would have to lie below 0 as a whole.",
    "not shown": "Look at both ends of the interval: both lie on the same side of 0.",
}


_NOT_SQUARED = (
    "To make an interval half as wide takes four times the orders, not twice: its width goes with"
    " one over the square root."
)
_WHOLE_WIDTH = (
    "You seem to make the whole width 5 points. It is half the width, what stands on either side"
    " of the mean, that is asked for."
)


def judged(low: float, high: float, n: int, times_dollars: float) -> Callable[[Any], Verdict]:
    """The judge of a sentence about the best of nine: `low` and `high` bound its difference to one
    model, on `n` items.

    The answer is a mapping of "better" ("shown", "not shown" or "worse"), "times_dollars", and
    "orders": how many it takes to make half the width of the interval 5 points.
    """
    better = "shown" if exceeds(low, 0) else "worse" if exceeds(0, high) else "not shown"
    times = (high - low) / 2 / 0.05
    enough = near(n * times**2, 0.15)
    others = {said: hint for said, hint in _BETTER.items() if said != better}
    entries = [
        choice("better", better, _BETTER, "", others),
        Case(
            ("times_dollars",),
            near(times_dollars, 0.06),
            '"times_dollars": divide what it costs by what the single model costs. Both stand in'
            " the line above.",
        ),
        Case(
            ("orders",),
            enough,
            '"orders": half the width now, divided by 5 points, says how many times narrower.'
            f" Square that, and multiply by {n}.",
            {
                lambda got: not enough(got) and near(n * times, 0.15)(got): _NOT_SQUARED,
                lambda got: not enough(got) and near(n * (2 * times) ** 2, 0.15)(got): _WHOLE_WIDTH,
            },
        ),
    ]
    return judgement(
        entries,
        "Right. Not shown is not the same as equal: it means that the question is still open, and"
        " what it would take to close it.",
    )


QUIZ = questions("""
Two patterns keep all your limits. One makes four calls and is right in 12 points more cases (95%
interval −3 to +28). The other is one model. Which do you take today?
- The one with four calls: 12 points are a lot.
> They may also be a loss of 3. What it costs more is certain, what it gains is not.
+ The one model, until more questions show the gain.
> It keeps the limits too, and it is simpler. The other one has to show its gain before it is paid
for.
- Neither: without a clear difference nothing may be used.
> Both keep the limits, so both will do. Where two will do, take the one that is easier to keep
running.

You try nine patterns on 32 orders and report the share of the best one. On the next 32 orders it
will most likely do
+ worse than reported.
> The best of nine is good and lucky. The luck does not come along. Report it on questions that you
did not choose it by.
- as reported: it was measured.
> It was measured on the questions on which it was chosen, and that flatters.
- better, because it is the best.
> It is the best of those nine on those 32. Next time the luck may be another's.

Your only server is busy for 60% of the time. A campaign doubles your requests. What happens to the
wait?
- It doubles.
> Waiting does not grow in proportion to the requests. Look at what is asked of the server: more
than there is.
- It grows by 20%.
> What is asked for is 120% of the server's time, and a queue does not shrug that off.
+ It grows for as long as the campaign lasts.
> 120% of the time is asked for. There is no steady state: each hour the queue is longer than the
hour before.
""")
