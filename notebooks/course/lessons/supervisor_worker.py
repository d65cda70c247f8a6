"""Notebook 07: the formats of two calls, exercises, quiz."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from heapq import heapreplace
from random import Random
from typing import Any

from IPython.display import HTML

from mlkit.ask import Member
from mlkit.parsing import rows_schema
from mlkit.patterns.supervisor_worker import MAX_PIECES, SupervisorWorker
from mlkit.widgets.exercises import Exercise, against, cases, not_number
from mlkit.widgets.lessons import questions
from mlkit.widgets.told import Told


def assigning(workers: Iterable[str]) -> dict[str, Any]:
    """The format of an assignment: rows of a worker and a task."""
    row = {"worker": {"enum": list(workers)}, "task": {"type": "string"}}
    return rows_schema("assignments", row, MAX_PIECES)


def reviewing(reviewer: Member, workers: Iterable[str]) -> dict[str, Any]:
    """The format of a review: rows of a worker and a reason, and a form as the answer."""
    row = {"worker": {"enum": list(workers)}, "why": {"type": "string"}}
    schema = rows_schema("redo", row, MAX_PIECES, "answer")
    schema["properties"]["answer"] = json.loads(reviewer.schema)
    return schema


def shown(pattern: SupervisorWorker) -> list[Told | HTML]:
    """What all are told, each with the format of its answer; for anna to be opened."""
    workers, reviewer = pattern.workers, pattern.reviewer or pattern.workers["ben"]
    anna, ben = (Told(replace(workers[name], name=name)) for name in _WORKERS)
    return [
        Told(replace(pattern.supervisor, name="the supervisor"), format=assigning(workers)),
        ben,
        HTML(anna.html()),
        Told(replace(reviewer, name="the reviewer"), format=reviewing(reviewer, workers)),
    ]


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
    return not isinstance(got, Mapping) or any(
        isinstance(pieces, str) or not isinstance(pieces, Sequence) for pieces in got.values()
    )


def _one_owner(rows: list[tuple[str, str]], workers: Sequence[str]) -> dict[str, list[str]]:
    pieces: dict[str, list[str]] = {worker: [] for worker in workers}
    for number, (worker, piece) in enumerate(rows):
        if piece.strip().lower() not in [other.strip().lower() for _, other in rows[:number]]:
            least_busy = min(workers, key=lambda one: len(pieces[one]))
            pieces[worker if worker in pieces else least_busy].append(piece)
    return pieces


def _drawn_rows(seeded: Random) -> tuple[list[tuple[str, str]]]:
    names, pieces = (*_WORKERS, "carla"), ("bell", "Bell ", "cup", "Cup", "bag", "Price of a bag")
    rows = range(seeded.randint(0, 6))
    return ([(seeded.choice(names), seeded.choice(pieces)) for _ in rows],)


# `assignments(rows, workers)`: no doubles; the least busy does what is for nobody we know.
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

_TIMES = """
2, [4, 4], 2, 2 -> 1.5
2.0: 2.0 would be the work alone, or everything divided by the number of workers. The supervisor's
own seconds stay as they are.
0.66666667: That is how many times slower. Divide the time with one worker by the time with several.
8.0: 8 is the time with two workers, in seconds. How many times as fast as with one worker is that?
1.66666667: One of the supervisor's two jobs is missing: it assigns before the work, and reviews
after it.
1.0: It gives 1: nothing is gained. Do two workers work at the same time?

2, [6, 2], 2, 2 -> 1.2
1.5: You cut the work into equal parts, as Amdahl's law does. A piece cannot be cut: the review
waits for the longest.

1, [2, 2, 2], 1, 2 -> 1.33333333
2.0: Three pieces and two workers: one of them has two pieces, one after the other. More than
`workers` cannot work at once.

1, [3, 1, 1, 1], 1, 2 -> 1.6
1.33333333: The pieces [3, 1, 1, 1] are not dealt out in turn. The next piece goes to whoever is
free first.

1, [1, 1, 6], 1, 2 -> 1.11111111
1.25: You begin with the longest: keep the order given.
"""
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


# `times_as_fast(assign, pieces, review, workers)`, all in seconds, against one worker.
times_as_fast = Exercise(
    [replace(case, hint=_NOT_AS_FAST) for case in cases(_TIMES)] + against(_faster, _drawn_work),
    "Right. Pieces are lumps: the speed-up by Amdahl's law is the best that could be, and rarely"
    " what you get.",
    {not_number: "It should give a number of times; it gave {kind}."},
)


QUIZ = questions("""
The supervisor's own calls take 6 of 10 seconds. How fast can any number of workers make it?
- 2.5 times as fast as one worker.
> That is 10 / 4, as if the workers' seconds stayed and the supervisor's went away.
+ 1.7 times as fast as one worker.
> The 6 seconds stay, whatever the workers do: 10 / 6 is about 1.7. This is Amdahl's limit.
- 10 times as fast as one worker.
> Workers only share the workers' part: the supervisor's 6 seconds are still there.

The reviewer got the list, and the share right did not rise. What did the counts here show?
- No answer changed: it did not use the list.
> "cash" came out of the list. What did the line of the table count as won, and as lost?
- It repaired no answer, and only spoilt some.
> Count both: it won some orders as well.
+ It repaired some answers, and spoilt others.
> Here it won 3 orders and lost 5. A small change can hide many repairs and new mistakes.

Two workers and a review get fewer right than one model alone. What do you measure next?
- A third worker, for the pieces that fail.
> First find out which part loses. A third worker's piece comes from the same assignment.
+ One worker alone, without any review.
> It shows handing out and joining alone. Here the loss began there, before any review.
- One more round, for the pieces that fail.
> A second try repairs only what the review finds, and it is paid for each time.
""")
