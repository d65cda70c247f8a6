"""Exercise checks and quiz of notebook 00."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from mlkit.ask import Member, Reply
from mlkit.widgets.lessons import NOT_WRITTEN, Choice, Verdict, is_stub

_REPLY = Reply(
    "text",
    Member("some-model"),
    prompt_tokens=40,
    output_tokens=10,
    load_seconds=2.0,
    prompt_seconds=0.5,
    output_seconds=1.5,
)


def dollars_per_thousand(answer: Callable[[Reply, float, float], float]) -> Verdict:
    """`answer(reply, prompt_price, output_price)`: dollars for 1,000 such calls, prices in dollars
    per million tokens.
    """
    got: Any = answer(_REPLY, 0.5, 3.0)
    if is_stub(got):
        return NOT_WRITTEN
    if not isinstance(got, int | float):
        return Verdict(False, f"It should give a number of dollars; it gave {type(got).__name__}.")
    right = 1000 * (40 * 0.5 + 10 * 3.0) / 1e6
    hints = {
        right / 1000: "That is one call. The question is about 1,000 of them.",
        right * 1e6: (
            "Prices are dollars per million tokens: something is a million times too much."
        ),
        1000 * 50 * 0.5 / 1e6: (
            "Only the prompt price is used. Tokens read and tokens written have a price each."
        ),
        1000 * 50 * 3.0 / 1e6: (
            "Only the output price is used. Tokens read and tokens written have a price each."
        ),
        1000
        * (40 * 3.0 + 10 * 0.5)
        / 1e6: "The two prices are swapped: prompt_tokens are what the model reads.",
        1000 * 10 * 3.0 / 1e6: "The prompt is not free: tokens read cost too.",
        1000 * 40 * 0.5 / 1e6: "The answer is not free: tokens written cost too.",
        right * 1000: (
            "Something is a thousand times too much: 1,000 calls, prices per million tokens."
        ),
    }
    for wrong, hint in hints.items():
        if math.isclose(got, wrong, rel_tol=1e-6):
            return Verdict(False, hint)
    if not math.isclose(got, right, rel_tol=1e-6):
        return Verdict(
            False,
            f"For 40 tokens read at $0.50 and 10 written at $3.00 a million, you get {got:.4g}"
            " dollars per 1,000 calls. Multiply each count by its own price, then add.",
        )
    return Verdict(
        True,
        "Right. Tokens read and tokens written are counted apart, because servers price them"
        " apart.",
    )


class _Call(NamedTuple):
    """As much of a call in a trace as its critical path takes."""

    id: int
    seconds: float
    after: frozenset[int]


def _calls(*asked: tuple[float, tuple[int, ...]]) -> list[_Call]:
    """Calls of these seconds, each after the ones with these numbers."""
    return [_Call(id, seconds, frozenset(after)) for id, (seconds, after) in enumerate(asked)]


def wall_seconds(answer: Callable[[Sequence[_Call]], float]) -> Verdict:
    """`answer(calls)`: how long a run takes when no call waits for a machine, only for the calls it
    needs.
    """
    three_then_one = _calls((2, ()), (3, ()), (1, ()), (4, (0, 1, 2)))
    got: Any = answer(three_then_one)
    if is_stub(got):
        return NOT_WRITTEN
    if isinstance(got, bool) or not isinstance(got, int | float):
        return Verdict(False, f"It should give a number of seconds; it gave {type(got).__name__}.")
    hints: dict[float, str] = {
        10: (
            "That is the sum of all calls: how long one machine takes. Here calls that do not need"
            " each other run at the same time."
        ),
        4: (
            "That is the longest call alone. It needs others, and cannot start before they have"
            " ended."
        ),
        3: "The call that needs the other three is missing: it starts only when they have ended.",
        6: (
            "A call that needs three others waits for the slowest of them, not for the first one in"
            " the list."
        ),
        5: "A call that needs three others waits for the slowest of them, not for the quickest.",
    }
    if got in hints:
        return Verdict(False, hints[got])
    cases = (
        (
            three_then_one,
            7,
            "Calls of 2, 3 and 1 seconds run together; one of 4 seconds needs all three.",
        ),
        (
            _calls((1, ()), (2, (0,)), (3, (1,))),
            6,
            (
                "Three calls of 1, 2 and 3 seconds, each of which needs the one before it: nothing "
                "runs together here."
            ),
        ),
        (
            _calls((1, ()), (4, ()), (4, (0,)), (1, (1,))),
            5,
            (
                "Two chains run side by side: 1 then 4 seconds, and 4 then 1. A call waits for "
                "the calls in its own `after`, not for a whole round of others."
            ),
        ),
        (
            _calls((5, ()), (1, ()), (1, (1,))),
            5,
            (
                "A call of 5 seconds runs beside two short ones that follow each other. The call"
                " that was asked last is not always the one that ends last."
            ),
        ),
        (_calls((2, ())), 2, "A run with a single call takes as long as this call."),
    )
    for calls, right, hint in cases:
        given = answer(calls)
        if not isinstance(given, int | float) or not math.isclose(given, right):
            return Verdict(False, f"{hint} You get {given!r}.")
    return Verdict(
        True,
        "Right. This is the critical path, and no number of machines makes the run shorter than"
        " that.",
    )


def own_machine(
    tokens: int, busy_seconds: float, dollars_per_million: float, dollars_per_hour: float
) -> Callable[[Any], Verdict]:
    """The judge of a machine that costs `dollars_per_hour`, against a host, for runs of so many
    tokens and seconds.

    The answer is a mapping of "always_busy" and "half_idle" ("machine" or "host": which is cheaper)
    and "meet_at": the price of an hour at which both cost the same, where the machine works half of
    the time.
    """
    meet = 3600 * tokens * dollars_per_million / 1e6 / busy_seconds  # dollars an hour, always busy
    rights = {
        "always_busy": "machine" if dollars_per_hour < meet else "host",
        "half_idle": "machine" if dollars_per_hour < meet / 2 else "host",
    }
    why = {
        "always_busy": (
            "An hour holds so many runs as the seconds of one fit into it. What does the host"
            " charge for that many?"
        ),
        "half_idle": (
            "The hour costs the same, whether the machine works or waits. How many runs are left in"
            " it when it waits for half of it?"
        ),
    }

    def judge(answer: Any) -> Verdict:
        if not isinstance(answer, Mapping) or not {*rights, "meet_at"} <= answer.keys():
            return Verdict(
                False, 'Give a dictionary with "always_busy", "half_idle" and "meet_at".'
            )
        if any(is_stub(value) for value in answer.values()):
            return Verdict(False, "Not judged yet: replace each ... with your answer.")
        for name, right in rights.items():
            if answer[name] not in ("machine", "host"):
                return Verdict(
                    False, f'"{name}" is "machine" or "host": which of the two is cheaper.'
                )
            if answer[name] != right:
                return Verdict(False, why[name])
        price = answer["meet_at"]
        if isinstance(price, bool) or not isinstance(price, int | float):
            return Verdict(
                False,
                f'"meet_at" is a number of dollars for an hour; it is {type(price).__name__}.',
            )
        for wrong, hint in (
            (
                meet,
                (
                    "That is the price where the machine works all the time. Here it waits for half"
                    " of each hour."
                ),
            ),
            (
                2 * meet,
                "Waiting makes a run on the machine dearer, so its hour may cost less, not more.",
            ),
            (meet / 7200, "That is dollars for a second. The machine is paid by the hour."),
        ):
            if math.isclose(price, wrong, rel_tol=0.05):
                return Verdict(False, hint)
        if not math.isclose(price, meet / 2, rel_tol=0.05):
            return Verdict(
                False,
                f"At ${price:.4g} an hour the two do not cost the same. Count the runs of an hour,"
                " and what the host charges for them.",
            )
        return Verdict(
            True, "Right. Before you buy a machine, ask how many hours a day it would work."
        )

    return judge


QUIZ = (
    (
        "The setup line says REPLAY. Where do the answers come from?",
        [
            Choice(
                "They were made up for this notebook.",
                "Nothing here is made up. A question that was never recorded gives an error, not an"
                " answer.",
            ),
            Choice(
                "A real model gave them earlier, and they were kept.",
                "Each recording names the engine, the models, the machine and the date.",
                right=True,
            ),
            Choice("From a model on the internet.", "In replay nothing leaves your machine."),
        ],
    ),
    (
        (
            "A run has three calls that can go together and one that needs all three. You have ten"
            " servers. What decides how long it takes?"
        ),
        [
            Choice("The sum of all four calls.", "That is how long it takes on one server."),
            Choice(
                "The slowest single call.",
                "Nearly: but the last call cannot start before the slowest of the three has ended.",
            ),
            Choice(
                "The slowest of the three, plus the last one.",
                "That is the critical path. More servers do not shorten it.",
                right=True,
            ),
        ],
    ),
    (
        "Which of these takes a machine's time?",
        [
            Choice(
                "Calls on your own machine.",
                "The machine has a price per hour, and the chart above shows from where on that is"
                " more than the host's price.",
                right=True,
            ),
            Choice("Reading a recording.", "It takes less than a millisecond, and no model."),
            Choice(
                "Moving a slider on a chart of finished calls.",
                "The calls are done. Only the arithmetic is done again: measure once, sweep for"
                " ever.",
            ),
        ],
    ),
)
