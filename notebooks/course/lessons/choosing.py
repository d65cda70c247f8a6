"""Notebook 10: exercises and quiz."""

from collections import namedtuple
from random import Random

from mlkit.measure.stats import wilson
from mlkit.ties import exceeds, lowest
from mlkit.widgets.exercises import Exercise, against, cases
from mlkit.widgets.lessons import questions

# As in the course's decision card.
Way = namedtuple("Way", "pattern right of dollars_per_thousand seconds")
Limits = namedtuple("Limits", "most_dollars most_seconds least")
_NAMES = {
    "Way": Way,
    "Limits": Limits,
    "ALONE": Way("alone", 60, 100, 0.30, 2.0),
    "PAIR": Way("pair", 80, 100, 0.20, 3.0),
    "CROWD": Way("crowd", 90, 100, 0.10, 4.0),
}


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
_RECOMMEND = """
[ALONE], Limits(1.0, 9.0, 0.1) -> "alone"
Where one way keeps every limit with room to spare, you give {got!r}. Give the name of its pattern.

[Way("lucky", 6, 10, 0.05, 1.0), PAIR], Limits(1.0, 9.0, 0.55) -> "pair"
6 of 10 are 60%, but they could well be luck. The share is not the lower end of its interval:
compare that one.

[ALONE, PAIR, CROWD], Limits(1.0, 9.0, 0.4) -> "alone"
Several keep every limit, and you do not take the first. The ways go from simple to complex, and
simple is what you want, not cheap and not best.

[ALONE, PAIR, CROWD], Limits(0.15, 9.0, 0.4) -> "crowd"
What costs more than `most_dollars` passes. Is the price compared at all?

[PAIR, ALONE, CROWD], Limits(1.0, 2.5, 0.4) -> "alone"
What takes longer than `most_seconds` passes. Is the time compared at all?

[PAIR], Limits(0.2, 3.0, 0.4) -> "pair"
At most means that exactly as much is still allowed, in dollars and in seconds.

[ALONE, CROWD], Limits(1.0, 9.0, 0.6) -> "crowd"
60 of 100 against a limit of 60%: the share reaches it, and the lower end of its interval does not.

[ALONE, PAIR, CROWD], Limits(0.01, 9.0, 0.99) -> None
[], Limits(0.01, 9.0, 0.99) -> None
Where nobody keeps every limit you give {got!r}. Then there is nothing to recommend: give None.
Exception: Right, but where nobody keeps every limit your code stops with {kind}. Give None there.
"""
recommend = Exercise(
    cases(_RECOMMEND, **_NAMES) + against(_simplest, _drawn_ways),
    "Right. Who has few questions has wide intervals, and must show more before a pattern is worth"
    " its price.",
)


def _cheapest(ways: list[Way], wrong_dollars: float, person_dollars: float) -> str:
    def dollars(way: Way) -> float:
        return float(way.dollars_per_thousand / 1000 + (1 - way.right / way.of) * wrong_dollars)

    best = lowest(ways, dollars) if ways else None
    if best is None or not exceeds(person_dollars, dollars(best)):
        return "always ask"
    return str(best.pattern)


def _drawn_costs(seeded: Random) -> tuple[list[Way], float, float]:
    # no two costs are nearly even: shares differ by a 40th, and dollars by far less
    ways = _drawn_ways(seeded)[0]
    return ways, seeded.choice((2.0, 5.0, 20.0)), seeded.choice((0.513, 1.313, 3.713))


# `cheapest(ways, wrong_dollars, person_dollars)`: the name of the way whose answer costs least, its
# mistakes counted, or "always ask" where a person costs no more than the best of them.
_CHEAPEST = """
[ALONE, PAIR], 20.0, 9.0 -> "pair"
A mistake costs $20 and a person $9: 40 mistakes in 100 cost $8 an answer, 20 in 100 cost $4. You
say {got!r}.
"alone": You take the way that is right least often. Is a mistake 1 - share?

[ALONE, PAIR], 20.0, 3.0 -> "always ask"
A person costs $3 an answer, and the best way costs $4 with its mistakes. Then nobody needs a model:
give "always ask".

[Way("good", 99, 100, 40.0, 1.0), Way("cheap", 90, 100, 1.0, 1.0)], 10.0, 5.0 -> "good"
`dollars_per_thousand` is for 1,000 prompts, and a mistake and a person are for one. Do you divide
by 1,000?

[Way("good", 99, 100, 900.0, 1.0), Way("cheap", 90, 100, 1.0, 1.0)], 5.0, 2.0 -> "cheap"
A way that is right more often may cost too much itself. Do its dollars count?

[Way("half", 5, 10, 0.0, 1.0)], 4.0, 2.0 -> "always ask"
Half of the answers wrong at $4 cost $2, as much as the person. Where both cost the same, nobody
needs the model: "always ask".

[], 4.0, 2.0 -> "always ask"
Without any way there is the person: give "always ask".
Exception: Right, but without any way your code {said}. Give "always ask".
"""
cheapest = Exercise(
    cases(_CHEAPEST, **_NAMES) + against(_cheapest, _drawn_costs),
    "Right. No model at all belongs in every comparison: it is the simplest of all ways.",
    {lambda got: not isinstance(got, str): "It should give a name, as text; it gave {kind}."},
)

QUIZ = questions("""
Two ways keep all your limits. One makes four calls and is right in 12 points more cases (95%
interval −3 to +28). The other is one model. Which do you take today?
- The one with four calls, for its 12 points.
> They may also be a loss of 3. What it costs more is certain, what it gains is not.
+ The one model, until the gain is shown.
> It keeps the limits too, and it is simpler. The other has to show its gain first.
- Neither, until the difference is clear.
> Both keep the limits, so both will do. Take the one that is easier to keep running.

You try nine patterns on 16 orders and report the share of the best one. On 16 new orders it will
most likely do
+ worse than you reported.
> The best of nine is good and lucky. The luck does not come along.
- the same as you reported.
> It was measured on the orders on which it was chosen, and that flatters.
- better than you reported.
> It is the best of those nine on those 16. Next time the luck may be another's.

Nothing that you measured keeps your limits. What do you report?
- The best of them all, with its share.
> It breaks a limit that you set before you looked. Then the limit was none.
+ That none does, and by how much.
> It is a result: ease a limit, find better members, or leave the work to people.
- A limit that the best of them keeps.
> Who moves the limit after looking has not set one.
""")
