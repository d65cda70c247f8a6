"""Waterfall: where the time of a run went, call by call: queue, load, prompt, thinking, output."""

from collections.abc import Sequence
from typing import NamedTuple

import plotly.graph_objects as go

from mlkit import ties
from mlkit.ask import Failure
from mlkit.charts.look import GREY, ORANGE, PALE, PINK, RED, SKY, Chart, charted, dollars, seconds
from mlkit.escaped import in_plotly
from mlkit.models import Prices, cost_dollars
from mlkit.schedule import schedule
from mlkit.trace import Call

# The same colour for the same thing in every waterfall, and what its seconds went to.
PHASES = {
    "queue": (PALE, "waiting for a server"),
    "load": (GREY, "loading the model"),
    "prompt": (SKY, "reading the prompt"),
    "thinking": (PINK, "thinking (estimated)"),
    "output": (ORANGE, "writing the answer"),
    "failed": (RED, "failing"),
}


class Bar(NamedTuple):
    call: str
    phase: str  # queue, load, prompt, thinking, output or failed
    start_seconds: float
    seconds: float
    tokens: int  # read (prompt), written (output), thought (thinking, an estimate), else 0


def rows(calls: Sequence[Call], servers: int | None = None) -> list[Bar]:
    """The phases of all calls as asked, laid out for `servers` as `schedule` does."""
    laid_out = zip(calls, schedule(calls, servers), strict=True)
    ends = {call.id: end for call, (_, end) in laid_out}
    bars = []
    for call in calls:
        at = max((ends[id] for id in call.after), default=0.0)
        queue_seconds = ends[call.id] - call.seconds - at
        for phase, duration, tokens in [("queue", queue_seconds, 0), *_phases(call)]:
            if duration > 1e-9:
                bars.append(Bar(f"{call.id + 1}  {call.role}", phase, at, duration, tokens))
            at += duration
    return bars


def _phases(call: Call) -> list[tuple[str, float, int]]:
    reply = call.reply
    if isinstance(reply, Failure):
        return [("failed", reply.seconds, 0)]
    # Engines time thinking and answer as one; its part of the seconds is as large as of the tokens.
    thought = reply.thinking_tokens / max(1, reply.output_tokens)
    written = reply.output_tokens - reply.thinking_tokens
    return [
        ("load", reply.load_seconds, 0),
        ("prompt", reply.prompt_seconds, reply.prompt_tokens),
        ("thinking", thought * reply.output_seconds, reply.thinking_tokens),
        ("output", (1 - thought) * reply.output_seconds, written),
    ]


def reading(bars: Sequence[Bar], dollars_per_thousand: float) -> str:
    """The finding in a sentence: how long, how much, and what most of the time went to."""
    if not bars:
        return "Nothing was asked, so there is no time to show."
    wall = max(bar.start_seconds + bar.seconds for bar in bars)
    spent = {phase: 0.0 for phase in PHASES if phase != "queue"}
    for bar in bars:
        if bar.phase in spent:
            spent[bar.phase] += bar.seconds
    most = ties.highest(spent, spent.__getitem__)
    count = len({bar.call for bar in bars})
    share = spent[most] / sum(spent.values())
    return (
        f"{count} call{'s' if count > 1 else ''}: {seconds(wall)},"
        f" {dollars(dollars_per_thousand)} per 1,000 prompts; {share:.0%} of the models' time went"
        f" to {PHASES[most][1]}"
    )


def chart(calls: Sequence[Call], source: str, prices: Prices, servers: int | None = 1) -> Chart:
    """The waterfall of a run's calls on `servers`: a line for each call, time to the right."""
    bars = rows(calls, servers)
    names = list(dict.fromkeys(in_plotly(bar.call) for bar in bars))
    figure = go.Figure()
    for phase, (colour, meaning) in PHASES.items():
        drawn = [bar for bar in bars if bar.phase == phase]
        if drawn:
            said = f"{meaning}: %{{x:.2f}} s, %{{customdata}} tokens<extra></extra>"
            figure.add_bar(
                name=meaning,
                orientation="h",
                marker={"color": colour, "line": {"color": GREY, "width": 0.5}},
                y=[in_plotly(bar.call) for bar in drawn],
                x=[bar.seconds for bar in drawn],
                base=[bar.start_seconds for bar in drawn],
                customdata=[bar.tokens for bar in drawn],
                hovertemplate=said,
            )
    figure.update_layout(barmode="overlay", showlegend=True)
    figure.update_xaxes(title_text="seconds since the first question", rangemode="tozero")
    figure.update_yaxes(autorange="reversed", type="category", ticksuffix="  ")
    figure.update_yaxes(categoryorder="array", categoryarray=names)
    sentence = reading(bars, 1000 * cost_dollars(calls, prices))
    return charted(figure, bars, sentence, source, height=44 + 38 * len(names))
