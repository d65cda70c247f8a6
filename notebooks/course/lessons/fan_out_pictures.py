"""Pictures of notebook 04: when answers come, two models on one machine, and the best of n."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from math import comb, nan
from statistics import median
from typing import NamedTuple

import plotly.graph_objects as go

from course import timings
from mlkit.ask import Reply
from mlkit.charts import waterfall
from mlkit.charts.look import BLUE, DOTTED, MEMBERS, Chart, charted, whiskers
from mlkit.escaped import in_plotly
from mlkit.measure.stats import mean_interval
from mlkit.models import list_prices
from mlkit.trace import Call


def when(calls: Sequence[Call], source: str) -> Callable[[int], Chart]:
    """The waterfall of samples for a number of servers that share them."""
    return lambda servers: waterfall.chart(
        read_by_each(calls, servers), source, list_prices(), servers
    )


def read_by_each(calls: Sequence[Call], servers: int) -> list[Call]:
    """Samples asked at once, if each server reads their prompt once: its first call takes as long
    for it as the slowest did.
    """
    replies = [call.reply for call in calls if isinstance(call.reply, Reply)]
    longest = max((reply.prompt_seconds for reply in replies), default=0.0)
    return [
        replace(call, reply=replace(call.reply, prompt_seconds=longest))
        if n < servers and isinstance(call.reply, Reply)
        else call
        for n, call in enumerate(calls)
    ]


class Lane(NamedTuple):
    """How two models share one machine, and how long both take: seconds of all repeats."""

    way: str
    median: float
    fastest: float
    slowest: float


def lanes() -> Chart:
    """Two models on one machine with two cores: every repeat of each way a point."""
    header, timed = timings.load_lanes()
    rows = []
    for way in dict.fromkeys(one.way for one in timed):
        took = [one.seconds for one in timed if one.way == way]
        rows.append(Lane(way, median(took), min(took), max(took)))
    figure = go.Figure()
    figure.add_scatter(
        x=[one.seconds for one in timed],
        y=[one.way for one in timed],
        mode="markers",
        marker={"size": 11, "color": BLUE, "opacity": 0.6},
    )
    figure.update_xaxes(type="log", range=[0, 2], tickvals=[1, 2, 5, 10, 20, 50, 100])
    figure.update_xaxes(title_text="seconds until both had answered (logarithmic)")
    figure.update_yaxes(autorange="reversed", ticksuffix="  ")
    in_turn, at_once, one_thread = (row.median for row in rows)
    reading = (
        f"Both models at once: {at_once / in_turn:.0f} times as long as one after the other; with"
        f" one thread each: {one_thread / in_turn:.1f} times"
    )
    source = f"timed {header.date} on {header.engine}, {header.machine}"
    return charted(figure, rows, reading, source, 180)


class Best(NamedTuple):
    """The best of some samples of one model, as a checker picks it."""

    model: str
    samples: int
    share_right: float  # in [0, 1], the mean over all texts
    low: float  # its 95% interval
    high: float


def best_rows(counts: Mapping[str, Sequence[int]]) -> list[Best]:
    """For each model and each number of samples; `counts` are how many of five are right."""
    rows = []
    for model, right in counts.items():
        for n in range(1, 6):
            mean = mean_interval([1 - comb(5 - one, n) / comb(5, n) for one in right])
            rows.append(Best(model, n, *mean[:3]))
    return rows


def best_of(
    counts: Mapping[str, Sequence[int]], one_answer: float, source: str
) -> Callable[[int], Chart]:
    """The best of n for each n; the chosen one with its interval. `one_answer` is of large."""
    rows = best_rows(counts)

    def draw(samples: int) -> Chart:
        figure = go.Figure()
        for place, model in enumerate(counts):
            mine = [row for row in rows if row.model == model]
            colour = MEMBERS.get(model, BLUE)
            chosen = [row if row.samples == samples else (*row[:3], nan, nan) for row in mine]
            figure.add_scatter(
                x=[row.samples + 0.07 * place for row in mine],  # intervals stand side by side
                y=[row.share_right for row in mine],
                name=in_plotly(f"{model}, best by a checker"),
                line={"color": colour},
                marker={
                    "size": [14 if row.samples == samples else 7 for row in mine],
                    "opacity": 1,
                },
                error_y=whiskers((row[2:] for row in chosen), color=colour),
            )
        said = {"annotation_text": f"one answer of large {one_answer:.0%}"}
        figure.add_hline(one_answer, line=DOTTED, annotation_position="bottom right", **said)
        figure.update_xaxes(title_text="samples", dtick=1, range=[0.7, 5.3])
        figure.update_yaxes(title_text="answered right", tickformat=".0%", range=[0.4, 1.02])
        now, alone = (
            ", ".join(f"{row.model} {row.share_right:.0%}" for row in rows if row.samples == n)
            for n in (samples, 1)
        )
        reading = f"The best of {samples} by a checker: {now} right; one by chance: {alone}"
        return charted(figure, rows, reading, source, 280)

    return draw
