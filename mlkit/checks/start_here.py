"""Exercise checks and quiz of notebook 00."""

import math
from collections.abc import Callable
from typing import Any

from mlkit.ask import Member, Reply
from mlkit.lessons import NOT_WRITTEN, Choice, Verdict, is_stub

_REPLY = Reply("text", Member("some-model"), prompt_tokens=40, output_tokens=10, load_seconds=2.0, prompt_seconds=0.5,
               output_seconds=1.5)


def dollars_per_thousand(answer: Callable[[Reply, float, float], float]) -> Verdict:
    """`answer(reply, prompt_price, output_price)`: dollars for 1,000 such calls, prices in dollars per million tokens."""
    got: Any = answer(_REPLY, 0.5, 3.0)
    if is_stub(got):
        return NOT_WRITTEN
    if not isinstance(got, int | float):
        return Verdict(False, f"It should give a number of dollars; it gave {type(got).__name__}.")
    right = 1000 * (40 * 0.5 + 10 * 3.0) / 1e6
    hints = {
        right / 1000: "That is one call. The question is about 1,000 of them.",
        right * 1e6: "Prices are dollars per million tokens: something is a million times too much.",
        1000 * 50 * 0.5 / 1e6: "Only the prompt price is used. Tokens read and tokens written have a price each.",
        1000 * 50 * 3.0 / 1e6: "Only the output price is used. Tokens read and tokens written have a price each.",
        1000 * (40 * 3.0 + 10 * 0.5) / 1e6: "The two prices are swapped: prompt_tokens are what the model reads.",
        1000 * 10 * 3.0 / 1e6: "The prompt is not free: tokens read cost too.",
        1000 * 40 * 0.5 / 1e6: "The answer is not free: tokens written cost too.",
        right * 1000: "Something is a thousand times too much: 1,000 calls, prices per million tokens.",
    }
    for wrong, hint in hints.items():
        if math.isclose(got, wrong, rel_tol=1e-6):
            return Verdict(False, hint)
    if not math.isclose(got, right, rel_tol=1e-6):
        return Verdict(False, f"For 40 tokens read at $0.50 and 10 written at $3.00 a million, you get {got:.4g} dollars "
                              "per 1,000 calls. Multiply each count by its own price, then add.")
    return Verdict(True, "Right. Tokens read and tokens written are counted apart, because servers price them apart.")


QUIZ = (
    ("The setup line says REPLAY. Where do the answers come from?", [
        Choice("They were made up for this notebook.",
               "Nothing here is made up. A question that was never recorded gives an error, not an answer."),
        Choice("A real model gave them earlier, and they were kept.",
               "Each recording names the engine, the models, the machine and the date.", right=True),
        Choice("From a model on the internet.", "In replay nothing leaves your machine."),
    ]),
    ("A run has three calls that can go together and one that needs all three. You have ten servers. What decides how long it takes?", [
        Choice("The sum of all four calls.", "That is how long it takes on one server."),
        Choice("The slowest single call.",
               "Nearly: but the last call cannot start before the slowest of the three has ended."),
        Choice("The slowest of the three, plus the last one.",
               "That is the critical path. More servers do not shorten it.", right=True),
    ]),
    ("Which of these takes a machine's time?", [
        Choice("Calls on your own machine.",
               "The machine has a price per hour, and the chart above shows from where on that is more than the host's price.", right=True),
        Choice("Reading a recording.", "It takes less than a millisecond, and no model."),
        Choice("Moving a slider on a chart of finished calls.",
               "The calls are done. Only the arithmetic is done again: measure once, sweep for ever."),
    ]),
)
