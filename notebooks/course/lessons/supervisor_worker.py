"""Exercise checks and quiz of notebook 07, and what it reads out of recorded work."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from mlkit.ask import Reply
from mlkit.widgets.lessons import NOT_WRITTEN, Choice, Verdict, is_stub


def named(text: str) -> set[str]:
    """The things that a worker wrote a price or a rule for: what stands before the colon of each
    line, totals left out.
    """
    return {line.partition(":")[0].strip() for line in text.splitlines() if ":" in line} - {"total"}


def priced(calls: Sequence[Any], prices: Mapping[str, Any]) -> float:
    """Dollars of some calls, with a price for each member's name, in dollars per million tokens.
    Failed calls cost nothing.
    """
    return (
        sum(
            call.reply.prompt_tokens * prices[call.member.name].prompt
            + call.reply.output_tokens * prices[call.member.name].output
            for call in calls
            if isinstance(call.reply, Reply)
        )
        / 1e6
    )


BELL, LOCK, PUMP = "price of a bell", "price of a lock", "price of a pump"
_PIECES: tuple[tuple[list[tuple[str, str]], dict[str, list[str]], str], ...] = (
    (
        [("anna", BELL), ("anna", LOCK)],
        {"anna": [BELL, LOCK]},
        (
            "Two different pieces of anna are both needed, and both hers. Does the second one"
            " replace the first, or go to someone else?"
        ),
    ),
    (
        [("ben", BELL), ("anna", LOCK)],
        {"ben": [BELL], "anna": [LOCK]},
        (
            "Each known worker keeps their own piece. Do you hand out pieces that have a good owner"
            " already?"
        ),
    ),
    (
        [("anna", BELL), ("anna", BELL)],
        {"anna": [BELL]},
        "anna got the same piece twice, and does it twice.",
    ),
    (
        [("anna", BELL), ("ben", BELL)],
        {"anna": [BELL]},
        (
            "anna and ben got the same piece, and both do it. A double is a double, whoever has it:"
            " look at the pieces of all workers."
        ),
    ),
    (
        [("anna", "Price of a bell "), ("ben", BELL)],
        {"anna": ["Price of a bell "]},
        (
            "'Price of a bell ' and 'price of a bell' are the same piece: compare without capitals,"
            " and without blanks at the ends."
        ),
    ),
    (
        [("anna", BELL), ("carla", LOCK)],
        {"anna": [BELL], "ben": [LOCK]},
        (
            "carla is no worker. Her piece goes to the one with the fewest pieces, and that is ben,"
            " who has none."
        ),
    ),
    (
        [("carla", BELL)],
        {"anna": [BELL]},
        (
            "Nobody knows carla, nobody has anything yet: among equals, the first of `workers`"
            " takes it."
        ),
    ),
    (
        [("carla", BELL), ("carla", LOCK), ("carla", PUMP)],
        {"anna": [BELL, PUMP], "ben": [LOCK]},
        "Three pieces of nobody we know: count again after each of them who has the fewest.",
    ),
    (
        [("anna", BELL), ("carla", BELL)],
        {"anna": [BELL]},
        "carla's piece is a double of anna's. Drop doubles of unknown workers, too.",
    ),
    (
        [],
        {},
        "Without rows there is nothing to do, and nothing to give back but an empty dictionary.",
    ),
)


def assignments(
    answer: Callable[[Sequence[tuple[str, str]], Sequence[str]], Mapping[str, Sequence[str]]],
) -> Verdict:
    """`answer(rows, workers)`: the pieces of each worker, without doubles; what is for nobody we
    know goes to the least busy.
    """
    for rows, right, hint in _PIECES:
        got = answer(list(rows), ("anna", "ben"))
        if is_stub(got):
            return NOT_WRITTEN
        if not isinstance(got, Mapping) or any(
            isinstance(pieces, str) or not isinstance(pieces, Sequence) for pieces in got.values()
        ):
            return Verdict(
                False, f"Give a dictionary from each worker to a list of pieces; it gave {got!r}."
            )
        if strangers := sorted(map(str, set(got) - {"anna", "ben"})):
            return Verdict(
                False, f"It gives work to {', '.join(strangers)}, and there is no such worker."
            )
        tidy = {
            worker: [str(piece).strip().lower() for piece in pieces]
            for worker, pieces in got.items()
            if pieces
        }
        if tidy != {
            worker: [piece.strip().lower() for piece in pieces] for worker, pieces in right.items()
        }:
            return Verdict(False, hint)
    return Verdict(
        True, "Right. Each piece has one owner, and a wrong name costs nothing but a line of code."
    )


_TIMES: tuple[tuple[tuple[float, list[float], float, int], float, dict[float, str]], ...] = (
    (
        (2, [4, 4], 2, 2),
        1.5,
        {
            2.0: (
                "2.0 would be the work alone, or everything divided by the number of workers. The"
                " supervisor's own seconds stay as they are."
            ),
            2 / 3: (
                "That is how many times slower. Divide the time with one worker by the time with"
                " several."
            ),
            8.0: (
                "8 is the time with two workers, in seconds. How many times as fast as with one"
                " worker is that?"
            ),
            10 / 6: (
                "One of the supervisor's two jobs is missing: it assigns before the work, and"
                " reviews after it."
            ),
            1.0: "It gives 1: nothing is gained. Do two workers work at the same time?",
        },
    ),
    (
        (2, [6, 2], 2, 2),
        1.2,
        {
            1.5: (
                "You cut the work into equal parts, as Amdahl's law does. A piece cannot be cut:"
                " the review waits for the longest."
            )
        },
    ),
    (
        (1, [2, 2, 2], 1, 2),
        8 / 6,
        {
            2.0: (
                "Three pieces and two workers: one of them has two pieces, one after the other."
                " More than `workers` cannot work at once."
            )
        },
    ),
    (
        (1, [3, 1, 1, 1], 1, 2),
        1.6,
        {
            8 / 6: (
                "The pieces [3, 1, 1, 1] are not dealt out in turn. The next piece goes to whoever"
                " is free first."
            )
        },
    ),
    ((1, [5], 1, 4), 1.0, {}),
    ((2, [2, 2, 2, 2], 2, 4), 2.0, {}),
)


def times_as_fast(answer: Callable[[float, Sequence[float], float, int], float]) -> Verdict:
    """`answer(assign, pieces, review, workers)`: how many times as fast as with one worker; all in
    seconds.
    """
    for asked, right, hints in _TIMES:
        assign, pieces, review, workers = asked
        got: Any = answer(assign, list(pieces), review, workers)
        if is_stub(got):
            return NOT_WRITTEN
        if isinstance(got, bool) or not isinstance(got, int | float):
            return Verdict(
                False, f"It should give a number of times; it gave {type(got).__name__}."
            )
        if not math.isclose(got, right, rel_tol=1e-6):
            told = next(
                (hint for wrong, hint in hints.items() if math.isclose(got, wrong, rel_tol=1e-6)),
                "",
            )
            return Verdict(
                False,
                told
                or f"For assign {assign}, pieces {pieces}, review {review} and {workers} workers "
                f"it gives {got:.3g}. Write down when each worker is free again, and when the "
                "review can start.",
            )
    return Verdict(
        True,
        "Right. Pieces are lumps: the speed-up by Amdahl's law is the best that could be, and"
        " rarely what you get.",
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
    rounds = "none" if not repaired else "two"

    def judge(answer: Any) -> Verdict:
        if not isinstance(answer, Mapping) or not {"tells", "ceiling", "rounds"} <= answer.keys():
            return Verdict(False, 'Give a dictionary with "tells", "ceiling" and "rounds".')
        if any(is_stub(answer[name]) for name in ("tells", "ceiling", "rounds")):
            return Verdict(False, "Not judged yet: replace each ... with your answer.")
        if answer["tells"] not in ("shown", "not shown"):
            return Verdict(False, '"tells" is "shown" or "not shown".')
        if answer["tells"] != tells:
            return Verdict(
                False,
                (
                    "One share is higher than the other, but look at their intervals: do they"
                    " overlap?"
                    if tells == "not shown"
                    else "Look at the two intervals again: they do not overlap."
                ),
            )
        if answer["ceiling"] != right + wrong_sent_back:
            return Verdict(
                False,
                (
                    "That is one group of two. The ceiling counts those that are right, and those"
                    " that could become right."
                    if answer["ceiling"] in (wrong_sent_back, right)
                    else (
                        "Count two groups: what is right already, and what was wrong and came back"
                        " for a second try. What is never sent back is never repaired."
                    )
                ),
            )
        if answer["rounds"] not in ("none", "two", "more"):
            return Verdict(False, '"rounds" is "none", "two" or "more".')
        if answer["rounds"] != rounds:
            return Verdict(
                False,
                (
                    "What did the rounds that were paid for repair? And would the same reason bring"
                    " more the next time?"
                    if rounds == "none"
                    else "Something was repaired; look at the printed number again."
                ),
            )
        return Verdict(
            True,
            "Right. What a review can repair is limited by what it finds, and by what a second try"
            " can change.",
        )

    return judge


QUIZ = (
    (
        (
            "With one worker, the supervisor's own calls take 60% of the time. How fast can any"
            " number of workers make it?"
        ),
        [
            Choice(
                "2.5 times as fast.",
                "That is 1 / 0.4, as if the workers' share stayed and the supervisor's went away."
                " It is the other way round.",
            ),
            Choice(
                "About 1.7 times as fast.",
                "The 60% stay, whatever the workers do: 1 / 0.6 is about 1.7. This is Amdahl's"
                " limit.",
                right=True,
            ),
            Choice(
                "There is no limit: each worker makes it faster.",
                "Workers only share the workers' part. When that is nearly nothing, the"
                " supervisor's part is still there.",
            ),
        ],
    ),
    (
        (
            'A reviewer refuses a result because "it gives no price". The result has a price. What'
            " helps for certain?"
        ),
        [
            Choice(
                "One more round.",
                "The worker did nothing that it could mend. A false reason brings the same result"
                " again, or a change at random.",
            ),
            Choice(
                "Another example in the reviewer's prompt.",
                "It may help, and it must be measured: here the reviewer copied the words of the"
                " only example that sends work back. Another example has other words to copy.",
            ),
            Choice(
                "Check the reason with code before the work goes back.",
                "Whether a text has a price in it can be seen without a model. Such a check is"
                " cheap, and copies no example.",
                right=True,
            ),
        ],
    ),
    (
        (
            "Two workers got different pieces of a request, and each of them priced the whole"
            " request. What is lost?"
        ),
        [
            Choice(
                "Time, tokens, and perhaps the right total.",
                "Nothing was divided, so nothing got faster; both were paid for; and who adds them"
                " up counts everything twice.",
                right=True,
            ),
            Choice(
                "Nothing: two results are safer than one.",
                "They would be, if someone compared them. Here they are meant to be parts, and"
                " parts are added up.",
            ),
            Choice(
                "The run: it ends with an error.",
                "No: everything has the right form. That is why such a failure stays unseen until"
                " someone reads the results.",
            ),
        ],
    ),
)
