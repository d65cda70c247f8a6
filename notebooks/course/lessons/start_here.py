"""Notebook 00: its exercises, its quiz, its picture of local and hosted costs, and its edits."""

import math
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from functools import partial
from itertools import combinations
from random import Random
from typing import Any, NamedTuple

import plotly.graph_objects as go
from ipywidgets import FloatSlider

from mlkit.charts.look import BLUE, GREY, ORANGE, Chart, charted, dollars
from mlkit.escaped import in_plotly
from mlkit.kit import Kit
from mlkit.measure.matrix import tokens
from mlkit.ties import exceeds
from mlkit.trace import Call
from mlkit.widgets.exercises import Exercise, against, cases, judgement, near, none_of, not_number
from mlkit.widgets.lessons import Verdict, questions
from mlkit.widgets.panels import slider


class CountedReply(NamedTuple):
    """As much of a reply as its price takes."""

    prompt_tokens: int
    output_tokens: int


def _dollars(reply: CountedReply, prompt_price: float, output_price: float) -> float:
    return (reply.prompt_tokens * prompt_price + reply.output_tokens * output_price) / 1000


def _drawn_reply(seeded: Random) -> tuple[CountedReply, float, float]:
    reply = CountedReply(seeded.randint(1, 900), seeded.randint(1, 90))
    return reply, seeded.randint(1, 40) / 10, seeded.randint(1, 90) / 10


# answer(reply, prompt_price, output_price): dollars for 1,000 such calls, prices in dollars per
# million tokens.
_DOLLARS = """
CountedReply(prompt_tokens=40, output_tokens=10), 0.5, 3.0 -> 0.05
For 40 tokens read at $0.50 and 10 written at $3.00 a million, you get {got:.4g} dollars per 1,000
calls. Multiply each count by its own price, then add.
0.00005: That is one call. The question is about 1,000 of them.
50000: Prices are dollars per million tokens: something is a million times too much.
0.025: Only the prompt price is used. Tokens read and tokens written have a price each.
0.15: Only the output price is used. Tokens read and tokens written have a price each.
0.125: The two prices are swapped: prompt_tokens are what the model reads.
0.03: The prompt is not free: tokens read cost too.
0.02: The answer is not free: tokens written cost too.
50: Something is a thousand times too much: 1,000 calls, prices per million tokens.
"""
dollars_per_thousand = Exercise(
    cases(_DOLLARS, CountedReply=CountedReply) + against(_dollars, _drawn_reply),
    "Right. Tokens read and tokens written are counted apart, because servers price them apart.",
    {not_number: "It should give a number of dollars; it gave {kind}."},
)


class TimedCall(NamedTuple):
    """As much of a call in a trace as its critical path takes."""

    id: int
    seconds: float
    after: frozenset[int]


def _wall(answer: Callable[[Sequence[TimedCall]], Any], asked: Sequence[tuple[float, list]]) -> Any:
    """The answer for calls of these seconds, each after the ones with these numbers."""
    calls = [TimedCall(n, took, frozenset(after)) for n, (took, after) in enumerate(asked)]
    return answer(calls)


def _critical_path(calls: Sequence[TimedCall]) -> float:
    ends: dict[int, float] = {}
    for call in calls:
        ends[call.id] = call.seconds + max((ends[number] for number in call.after), default=0)
    return max(ends.values())


def _drawn_calls(seeded: Random) -> tuple[list[tuple[int, list[int]]]]:
    return (
        [
            (seeded.randint(1, 9), sorted(seeded.sample(range(n), seeded.randint(0, min(n, 2)))))
            for n in range(seeded.randint(1, 6))
        ],
    )


# answer(calls): how long a run takes when no call waits for a server, only for the calls it needs.
# Here a call is its seconds, and the numbers of the calls that it needs.
wall_seconds = Exercise(
    cases(
        """
[(2, []), (3, []), (1, []), (4, [0, 1, 2])] -> 7
Calls of 2, 3 and 1 seconds run together; one of 4 seconds needs all three. You get {got!r}.
10: That is the sum of all calls: how long one server takes. Here three run at the same time, and
the last waits for the slowest of them, not for their sum.
4: That is the longest call alone. It needs others, and cannot start before they have ended.
3: The call that needs the other three is missing: it starts only when they have ended.
6: A call that needs three others waits for the slowest of them, not for the first one in the list.
5: A call that needs three others waits for the slowest of them, not for the quickest.

[(1, []), (2, [0]), (3, [1])] -> 6
Three calls of 1, 2 and 3 seconds, each of which needs the one before it: nothing runs together
here. You get {got!r}.

[(1, []), (4, []), (4, [0]), (1, [1])] -> 5
Two chains run side by side: 1 then 4 seconds, and 4 then 1. A call waits for the calls in its own
`after`, not for a whole round of others. You get {got!r}.

[(5, []), (1, []), (1, [1])] -> 5
A call of 5 seconds runs beside two short ones that follow each other. The call that was asked last
is not always the one that ends last. You get {got!r}.
"""
    )
    + against(
        lambda asked: _wall(_critical_path, asked),
        _drawn_calls,
        "For calls of these seconds, each with the numbers of the calls that it needs, {given},"
        " it should give {right}, and it {said}.",
    ),
    "Right. This is the critical path, and no number of servers makes the run shorter than that.",
    {not_number: "It should give a number of seconds; it gave {kind}."},
    _wall,
)


_OWN_MACHINE = """
"always_busy" -> busy
An hour holds so many runs as the seconds of one fit into it. What does the host charge for that
many?

"half_idle" -> idle
The hour costs the same, whether the machine works or waits. How many runs are left in it when it
waits for half of it?

"meet_at" -> meet
At ${got:.4g} an hour the two do not cost the same. Count the runs of an hour, and what the host
charges for them.
"""


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
    words = ("machine", "host")
    busy, idle = (words[dollars_per_hour >= price] for price in (meet, meet / 2))
    *which, price = cases(_OWN_MACHINE, busy=busy, idle=idle, meet=near(meet / 2, 0.05))
    stranger = {none_of(words): "{args[0]}: {got!r} is none of 'machine', 'host'."}
    known = {
        not_number: '"meet_at" is a number of dollars for an hour; it is {kind}.',
        near(meet, 0.05): "That is the price where the machine works all the time. Here it waits"
        " for half of each hour.",
        near(2 * meet, 0.05): "Waiting makes a run on the machine cost more, so its hour may cost"
        " less, not more.",
        near(meet / 7200, 0.05): "That is dollars for a second. The machine is paid by the hour.",
    }
    return judgement(
        [*(replace(case, known=stranger) for case in which), replace(price, known=known)],
        "Right. Before you buy a machine, ask how many hours a day it would work.",
    )


class Cost(NamedTuple):
    dollars_per_hour: float  # of the machine
    local: float  # US dollars per 1,000 prompts, by the second
    hosted: float  # US dollars per 1,000 prompts, by the token


def meeting(calls: Sequence[Call], dollars_per_million: float) -> float:
    """The price of a machine's hour at which local and hosted cost the same, in US dollars."""
    worth = tokens(calls) * dollars_per_million / 1e6  # of one run, at the host
    return 3600 * worth / _busy_seconds(calls)


def _busy_seconds(calls: Sequence[Call]) -> float:
    """Of one run, with the model loaded already: that happens once, not a thousand times."""
    return sum(call.seconds - getattr(call.reply, "load_seconds", 0.0) for call in calls)


def hour_slider(calls: Sequence[Call], highest: float) -> FloatSlider:
    """The price of a machine's hour, up to where local meets the highest price of a host."""
    end = max(0.1, math.ceil(100 * meeting(calls, highest)) / 100)
    return slider("your machine, $ per hour", 0.05, 0.001, end, 0.001, ".3f")


def cost_rows(
    calls: Sequence[Call], dollars_per_million: float, dollars_per_hour: float
) -> list[Cost]:
    """Both costs, as far as twice the chosen price of an hour and twice that where they meet."""
    hosted = 1000 * tokens(calls) * dollars_per_million / 1e6
    meet = meeting(calls, dollars_per_million)
    end = 2 * max(meet, dollars_per_hour)
    hourly = sorted({0.0, end / 4, end / 2, 3 * end / 4, end, meet, dollars_per_hour})
    a_dollar = 1000 * _busy_seconds(calls) / 3600  # what 1,000 prompts cost at one dollar an hour
    return [Cost(hour, a_dollar * hour, hosted) for hour in hourly]


def cost_reading(now: Cost, meet: float) -> str:
    """Which of the two costs more at this price, and where they meet."""
    verdict = "local costs no more"
    if exceeds(now.local, now.hosted):
        verdict = f"local costs {now.local / now.hosted:.3g} times as much"
    return (
        f"At {dollars(now.dollars_per_hour)} an hour local costs {dollars(now.local)} per 1,000"
        f" prompts, hosted {dollars(now.hosted)}: {verdict}; they meet at {dollars(meet)} an hour"
    )


def local_or_hosted(
    calls: Sequence[Call], source: str, dollars_per_million: float, dollars_per_hour: float
) -> Chart:
    """What 1,000 such runs cost on your own machine (by the hour) and hosted (by the token). Local
    rises with the price of the hour, hosted does not; where they cross, the choice turns.
    """
    costs = cost_rows(calls, dollars_per_million, dollars_per_hour)
    now = next(cost for cost in costs if cost.dollars_per_hour == dollars_per_hour)
    meet = meeting(calls, dollars_per_million)
    chart = go.Figure()
    hours = [cost.dollars_per_hour for cost in costs]
    for name, colour in (("local", BLUE), ("hosted", ORANGE)):
        values = [getattr(cost, name) for cost in costs]
        line = {"color": colour, "width": 3}
        chart.add_scatter(x=hours, y=values, name=name, mode="lines", line=line, showlegend=False)
        at_its_end = {"x": hours[-1], "y": values[-1], "xanchor": "left", "xshift": 6}
        chart.add_annotation(text=name, font={"color": colour}, showarrow=False, **at_its_end)
    chart.add_scatter(
        x=[dollars_per_hour] * 2,
        y=[now.local, now.hosted],
        mode="markers",
        name="chosen",
        showlegend=False,
        cliponaxis=False,
        marker={"size": 12, "color": [BLUE, ORANGE], "line": {"color": "white", "width": 2}},
    )
    chart.add_vline(x=dollars_per_hour, line={"color": GREY, "dash": "dot", "width": 1})
    chart.update_xaxes(title_text=in_plotly("price of the machine, $ per hour"), rangemode="tozero")
    money = {"title_text": in_plotly("$ per 1,000 prompts"), "rangemode": "tozero"}
    chart.update_yaxes(**money, ticklabelstandoff=6)
    return charted(chart, costs, cost_reading(now, meet), source, height=260)


# What the bench of one call offers beside the question.
TRIED = (
    "A tube costs 6 dollars and a tyre costs 28. What do two of each cost?",
    "What is a torque wrench for? Answer in one sentence.",
    "Write a polite note in two sentences: the bicycle is ready.",
)
SUBJECTS = (("brakes", "tyres", "lights"), ("chain", "saddle", "helmet"))


async def edits(kit: Kit, question: str, door_note: Callable[..., Awaitable[str]]) -> None:
    """Ask, with the notebook's own question and function, all that it tells a learner to change:
    the model, the cap, the prompt, the subjects, one subject fewer. `mlkit record` does.
    """
    for member in (kit.cast.small, kit.cast.large):
        for prompt in (question, *TRIED):
            await kit.ask(member, prompt)
        for cap in (8, 24):
            await kit.ask(replace(member, max_tokens=cap), question)
        note = partial(door_note, writer=member)
        for subjects in SUBJECTS:
            for some in (subjects, *combinations(subjects, 2)):
                await kit.run(note, ", ".join(some))


QUIZ = questions("""
The setup line says REPLAY. Where do the answers come from?
- They were made up for this notebook by its authors.
> Nothing here is made up. A question that was never recorded gives an error, not an answer.
+ A real model gave them earlier, and they were kept.
> Each recording names the engine, the models, the machine and the date.
- A model on the internet gives them, here and now.
> In replay nothing leaves your machine.

A run has three calls that can go together and one that needs all three. You have ten servers. What
decides how long it takes?
- The sum of all four calls, one after another.
> That is how long it takes on one server.
- The slowest of all four calls, taken by itself.
> Nearly: but the last call cannot start before the slowest of the three has ended.
+ The slowest of the three, plus the last call.
> That is the critical path. More servers do not shorten it.

Your machine answers in half the time after a repair, and its hour costs the same. At which price of
an hour does it now cost as much as the host?
- At half of the price at which it did before.
> It gives more answers in an hour than before, so its hour may cost more, not less.
- At the same price at which it did before.
> The host is paid by the token, your machine by its seconds: these are half as many now.
+ At twice the price at which it did before.
> An hour holds twice as many answers, and the host charges for each. A fast machine may cost more.
""")
