"""Notebook 07: exercises, quiz, Amdahl's curve, and what is read out of recorded work."""

from collections.abc import Callable, Mapping, Sequence
from heapq import heapreplace
from math import inf, isnan, nan
from random import Random
from typing import Any, NamedTuple

import plotly.graph_objects as go

from mlkit.charts.look import BLACK, BLUE, ORANGE, Chart, charted, whiskers
from mlkit.measure.stats import speed_up
from mlkit.widgets.exercises import Case, Exercise, against, cases, choice, judgement, not_number
from mlkit.widgets.lessons import Verdict, questions


def items(text: str) -> set[str]:
    """What a worker wrote a price or a rule for: what stands before a colon, totals left out."""
    return {line.partition(":")[0].strip() for line in text.splitlines() if ":" in line} - {"total"}


_WORKERS = ("anna", "ben")


class _Strangers(str):
    """The names of those who got work, and are no workers."""


def _assigned(answer: Callable[..., Any], rows: list[tuple[str, str]]) -> Any:
    """What an answer assigns, without blanks at the ends, and without idle workers."""
    got = answer(rows, _WORKERS)
    if _shapeless(got):
        return got
    if strangers := sorted(map(str, set(got) - {*_WORKERS})):
        return _Strangers(", ".join(strangers))
    return {who: [str(piece).strip() for piece in pieces] for who, pieces in got.items() if pieces}


def _shapeless(got: Any) -> bool:
    """A test: no mapping to lists."""
    return not isinstance(got, Mapping) or any(
        isinstance(pieces, str) or not isinstance(pieces, Sequence) for pieces in got.values()
    )


def _one_owner(rows: list[tuple[str, str]], workers: Sequence[str]) -> dict[str, list[str]]:
    pieces: dict[str, list[str]] = {worker: [] for worker in workers}
    plain = [piece.strip().lower() for _, piece in rows]
    for number, (worker, piece) in enumerate(rows):
        if plain[number] not in plain[:number]:
            least_busy = min(workers, key=lambda one: len(pieces[one]))
            pieces[worker if worker in pieces else least_busy].append(piece)
    return pieces


def _drawn_rows(seeded: Random) -> tuple[list[tuple[str, str]]]:
    names, pieces = (*_WORKERS, "carla"), ("bell", "Bell ", "cup", "Cup", "bag", "Price of a bag")
    rows = range(seeded.randint(0, 6))
    return ([(seeded.choice(names), seeded.choice(pieces)) for _ in rows],)


# `assignments(rows, workers)`: the pieces of each worker, without doubles; what is for nobody we
# know goes to the least busy.
assignments = Exercise(
    cases(
        """
[("anna", "bell"), ("anna", "cup")] -> {"anna": ["bell", "cup"]}
Two different pieces of anna are both needed, and both hers. Does the second one replace the first,
or go to someone else?

[("ben", "bell"), ("anna", "cup")] -> {"ben": ["bell"], "anna": ["cup"]}
Each known worker keeps their own piece. Do you hand out pieces that have a good owner already?

[("anna", "bell"), ("anna", "bell")] -> {"anna": ["bell"]}
anna got the same piece twice, and does it twice.

[("anna", "bell"), ("ben", "bell")] -> {"anna": ["bell"]}
anna and ben got the same piece, and both do it. A double is a double, whoever has it: look at the
pieces of all workers.

[("anna", "Price of a Bell")] -> {"anna": ["Price of a Bell"]}
anna is to get 'Price of a Bell' as it was written: compare without capitals, give with them.

[("anna", "Price of a bell "), ("ben", "price of a bell")] -> {"anna": ["Price of a bell"]}
'Price of a bell ' and 'price of a bell' are the same piece: compare without capitals, and without
blanks at the ends.

[("anna", "bell"), ("carla", "cup")] -> {"anna": ["bell"], "ben": ["cup"]}
carla is no worker. Her piece goes to the one with the fewest pieces, and that is ben, who has none.

[("carla", "bell")] -> {"anna": ["bell"]}
Nobody knows carla, nobody has anything yet: among equals, the first of `workers` takes it.

[("carla", "bell"), ("carla", "cup"), ("carla", "bag")] -> {"anna": ["bell", "bag"], "ben": ["cup"]}
Three pieces of nobody we know: count again after each of them who has the fewest.

[("anna", "bell"), ("carla", "bell")] -> {"anna": ["bell"]}
carla's piece is a double of anna's. Drop doubles of unknown workers, too.

[] -> {}
Without rows there is nothing to do, and nothing to give back but an empty dictionary.
"""
    )
    + against(lambda rows: _assigned(_one_owner, rows), _drawn_rows),
    "Right. Each piece has one owner, and a wrong name costs nothing but a line of code.",
    {
        _Strangers: "It gives work to {got}, and there is no such worker.",
        _shapeless: "Give a dictionary from each worker to a list of pieces; it gave {got!r}.",
    },
    call=_assigned,
)

_TIMES: tuple[tuple[tuple[float, list[float], float, int], float, dict[float, str]], ...] = (
    (
        (2, [4, 4], 2, 2),
        1.5,
        {
            2.0: "2.0 would be the work alone, or everything divided by the number of workers. The"
            " supervisor's own seconds stay as they are.",
            2 / 3: "That is how many times slower. Divide the time with one worker by the time with"
            " several.",
            8.0: "8 is the time with two workers, in seconds. How many times as fast as with one"
            " worker is that?",
            10 / 6: "One of the supervisor's two jobs is missing: it assigns before the work, and"
            " reviews after it.",
            1.0: "It gives 1: nothing is gained. Do two workers work at the same time?",
        },
    ),
    (
        (2, [6, 2], 2, 2),
        1.2,
        {
            1.5: "You cut the work into equal parts, as Amdahl's law does. A piece cannot be cut:"
            " the review waits for the longest."
        },
    ),
    (
        (1, [2, 2, 2], 1, 2),
        8 / 6,
        {
            2.0: "Three pieces and two workers: one of them has two pieces, one after the other."
            " More than `workers` cannot work at once."
        },
    ),
    (
        (1, [3, 1, 1, 1], 1, 2),
        1.6,
        {
            8 / 6: "The pieces [3, 1, 1, 1] are not dealt out in turn. The next piece goes to"
            " whoever is free first."
        },
    ),
    ((1, [1, 1, 6], 1, 2), 10 / 9, {1.25: "You begin with the longest: keep the order given."}),
    ((1, [5], 1, 4), 1.0, {}),
    ((2, [2, 2, 2, 2], 2, 4), 2.0, {}),
)
_NOT_AS_FAST = (
    "For assign {args[0]}, pieces {args[1]}, review {args[2]} and {args[3]} workers it gives"
    " {got:.3g}. Write down when each worker is free again, and when the review can start."
)


def _faster(assign: int, pieces: list[int], review: int, workers: int) -> float:
    free = [0] * workers
    for piece in pieces:
        heapreplace(free, free[0] + piece)
    return (assign + sum(pieces) + review) / (assign + max(free) + review)


def _drawn_work(seeded: Random) -> tuple[int, list[int], int, int]:
    pieces = [seeded.randint(1, 9) for _ in range(seeded.randint(1, 6))]
    return seeded.randint(1, 5), pieces, seeded.randint(1, 5), seeded.randint(1, 4)


# `times_as_fast(assign, pieces, review, workers)`: how many times as fast as with one worker; all
# in seconds.
times_as_fast = Exercise(
    [Case(args, right, _NOT_AS_FAST, known) for args, right, known in _TIMES]
    + against(_faster, _drawn_work),
    "Right. Pieces are lumps: the speed-up by Amdahl's law is the best that could be, and rarely"
    " what you get.",
    {not_number: "It should give a number of times; it gave {kind}."},
)

_OVERLAP = {
    "shown": "Look at the two intervals again: they do not overlap.",
    "not shown": "One share is higher than the other, but look at their intervals: do they"
    " overlap?",
}
_ROUNDS = {
    "none": "What did the rounds that were paid for repair? And would the same reason bring more"
    " the next time?",
    "two": "Something was repaired; look at the printed number again.",
}
_ONE_GROUP = (
    "That is one group of two. The ceiling counts those that are right, and those that could become"
    " right."
)


def judged(
    right: int, wrong_sent_back: int, repaired: int, parted: bool
) -> Callable[[Any], Verdict]:
    """The judge of a sentence about the review.

    `right` first answers are right; of the wrong ones `wrong_sent_back` were sent back and
    `repaired` came back right; `parted`: the intervals of the shares sent back, of wrong and of
    right answers, do not overlap.
    """
    tells = "shown" if parted else "not shown"
    rounds = "two" if repaired else "none"
    ceiling = right + wrong_sent_back
    entries = [
        choice("tells", tells, _OVERLAP, _OVERLAP[tells]),
        Case(
            ("ceiling",),
            ceiling,
            "Count two groups: what is right already, and what was wrong and came back for a second"
            " try. What is never sent back is never repaired.",
            {n: _ONE_GROUP for n in (wrong_sent_back, right) if n != ceiling},
        ),
        choice("rounds", rounds, (*_ROUNDS, "more"), _ROUNDS[rounds]),
    ]
    return judgement(
        entries,
        "Right. What a review can repair is limited by what it finds, and by what a second try can"
        " change.",
    )


QUIZ = questions("""
With one worker, the supervisor's own calls take 60% of the time. How fast can any number of
workers make it?
- 2.5 times as fast.
> That is 1 / 0.4, as if the workers' share stayed and the supervisor's went away. It is the other
way round.
+ About 1.7 times as fast.
> The 60% stay, whatever the workers do: 1 / 0.6 is about 1.7. This is Amdahl's limit.
- There is no limit: each worker makes it faster.
> Workers only share the workers' part. When that is nearly nothing, the supervisor's part is still
there.

A reviewer refuses a result because "it gives no price". The result has a price. What helps for
certain?
- One more round.
> The worker did nothing that it could mend. A false reason brings the same result again, or a
change at random.
- Another example in the reviewer's prompt.
> It may help, and it must be measured: here the reviewer copied the words of the only example that
sends work back. Another example has other words to copy.
+ Check the reason with code before the work goes back.
> Whether a text has a price in it can be seen without a model. Such a check is cheap, and copies
no example.

Two workers got different pieces of a request, and each of them priced the whole request. What is
lost?
+ Time, tokens, and perhaps the right total.
> Nothing was divided, so nothing got faster; both were paid for; and who adds them up counts
everything twice.
- Nothing: two results are safer than one.
> They would be, if someone compared them. Here they are meant to be parts, and parts are added up.
- The run: it ends with an error.
> No: everything has the right form. That is why such a failure stays unseen until someone reads
the results.
""")


class Speed(NamedTuple):
    workers: int
    times_expected: float  # as fast as with one worker, by Amdahl's law
    times: float  # as measured; nan where it was not
    low: float  # 95% interval of times
    high: float


Measured = Mapping[int, tuple[float, float, float]]  # by workers: times as fast, low, high


def rows(serial_share: float, measured: Measured, most: int = 8) -> list[Speed]:
    """1 to `most` workers, and those measured; serial_share in [0, 1] is the supervisor's time."""
    return [
        Speed(n, speed_up(serial_share, n), *measured.get(n, (nan, nan, nan)))
        for n in sorted({*range(1, most + 1), *measured})
    ]


def _reading(serial_share: float, speeds: Sequence[Speed], seen: Sequence[Speed]) -> str:
    """What most workers give, the limit, and the largest number that was measured."""
    most = speeds[-1].workers
    count = "1 worker" if most == 1 else f"{most} workers"
    reading = (
        f"With {serial_share:.0%} of the time the supervisor's own, {count} are"
        f" {speeds[-1].times_expected:.1f} times as fast as one"
    )
    if serial_share:
        reading += f"; no number of them beats {1 / serial_share:.1f}"
    if seen:
        reading += f"; measured with {seen[-1].workers}: {seen[-1].times:.1f}"
    return reading


def _add_limit(figure: go.Figure, workers: Sequence[int], limit: float) -> None:
    figure.add_scatter(
        name=f"limit, {limit:.1f} times",
        x=[workers[0], workers[-1]],
        y=[limit] * 2,
        mode="lines",
        line={"color": BLACK, "dash": "dash", "width": 1.5},
        hoverinfo="name",
    )


def chart(serial_share: float, source: str, measured: Measured, most: int = 8) -> Chart:
    """Speed-up against the number of workers: Amdahl's curve, the measured points, and the curve's
    limit where the chart reaches so far.
    """
    speeds = rows(serial_share, measured, most)
    workers = [speed.workers for speed in speeds]
    seen = [speed for speed in speeds if not isnan(speed.times)]
    top = 1.15 * max(value for speed in speeds for value in speed[1:] if not isnan(value))
    limit = 1 / serial_share if serial_share else inf
    figure = go.Figure()
    figure.add_scatter(
        name="by Amdahl's law",
        x=workers,
        y=[speed.times_expected for speed in speeds],
        mode="lines+markers",
        line={"color": BLUE, "width": 2},
        marker={"size": 5},
        hovertemplate="%{x} workers: %{y:.2f} times as fast by Amdahl's law<extra></extra>",
    )
    if limit < 2 * top:
        top = max(top, 1.1 * limit)
        _add_limit(figure, workers, limit)
    figure.add_scatter(
        name="measured",
        x=[speed.workers for speed in seen],
        y=[speed.times for speed in seen],
        mode="markers",
        marker={"size": 11, "color": ORANGE, "line": {"color": BLACK}},
        cliponaxis=False,
        error_y=whiskers(speed[2:] for speed in seen),
        hovertemplate="%{x} workers: measured %{y:.2f} times as fast<extra></extra>",
    )
    figure.update_xaxes(title_text="workers", dtick=1, tickformat="d")
    figure.update_yaxes(title_text="times as fast as with one", range=[0, top])
    reading = _reading(serial_share, speeds, seen)
    return charted(figure, speeds, reading, source, height=270)
