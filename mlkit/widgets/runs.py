"""Your runs: what the benches of a notebook did, as points of dollars and seconds."""

from collections.abc import Sequence
from functools import cache
from typing import Any, NamedTuple

import ipywidgets as widgets
import plotly.graph_objects as go

from mlkit.charts.look import BLUE, Chart, charted
from mlkit.escaped import in_plotly
from mlkit.ties import lowest
from mlkit.widgets.panels import Panel, button, line

_MARKS = {"right": "circle", "wrong": "x", "": "circle-open"}


class BenchRun(NamedTuple):
    """One run of a pattern on one prompt."""

    number: int
    pattern: str
    prompt: str
    answer: str
    dollars_per_thousand: float  # at list prices
    work_seconds: float
    calls: int
    answered: str  # "live" or "recorded"
    judged: str = ""  # "right" or "wrong", as the learner says


def runs_chart(runs: Sequence[BenchRun]) -> Chart:
    """A point for each run; dollars to the right, seconds upwards."""
    figure = go.Figure()
    figure.add_scatter(
        x=[run.dollars_per_thousand for run in runs],
        y=[run.work_seconds for run in runs],
        text=[str(run.number) for run in runs],
        customdata=[in_plotly(run.pattern) for run in runs],
        mode="markers+text",
        textposition="top center",
        marker={"size": 11, "color": BLUE, "symbol": [_MARKS[run.judged] for run in runs]},
        cliponaxis=False,
        hovertemplate="%{text} %{customdata}: $%{x:.3f}, %{y:.1f} s<extra></extra>",
    )
    figure.update_xaxes(title_text="dollars per 1,000 prompts like this", rangemode="tozero")
    figure.update_yaxes(title_text="work seconds", rangemode="tozero")
    source = "your runs · ● right, × wrong, ○ not judged"
    return charted(figure, runs, runs_reading(runs), source, 260)


def runs_reading(runs: Sequence[BenchRun]) -> str:
    """Of the runs on the last prompt that were judged right, the cheapest and the fastest."""
    right = [run for run in runs if run.judged == "right"]
    said = f"{len(runs)} run{'s' * (len(runs) > 1)}, {len(right)} judged right"
    alike = [run for run in right if run.prompt == runs[-1].prompt]
    if len(alike) < 2:
        return said
    cheap = lowest(alike, lambda run: run.dollars_per_thousand)
    fast = lowest(alike, lambda run: run.work_seconds)
    if cheap == fast:
        return f"{said}: cheapest and fastest on this prompt is {_named(cheap)}"
    return f"{said}: on this prompt cheapest is {_named(cheap)}, fastest {_named(fast)}"


def setting(value: Any) -> str:
    """A setting as a few characters."""
    if isinstance(value, tuple):
        return " / ".join(map(setting, value))
    return f"{value:g}" if isinstance(value, float) else str(value)[:30]


def _begins(text: str) -> str:
    """A text, or how it begins and how long it is."""
    return text if len(text) <= 80 else f"{text[:60]} … ({len(text):,} characters)"


def _named(run: BenchRun) -> str:
    """A run by its number and its pattern, without the settings: those are in the table."""
    return f"run {run.number} ({run.pattern.partition(',')[0]})"


class Runs(widgets.VBox):
    """The chart of all runs, with buttons that judge the last one; before the first, nothing."""

    children: Sequence[Any]

    def __init__(self) -> None:
        self.runs: list[BenchRun] = []
        self._title = widgets.HTML()
        self.buttons = {
            "right": button("Right", "Judge the answer of the last run as right"),
            "wrong": button("Wrong", "Judge the answer of the last run as wrong"),
            "clear": button("Clear", "Forget all runs"),
        }
        self.buttons["right"].on_click(lambda _: self.judge("right"))
        self.buttons["wrong"].on_click(lambda _: self.judge("wrong"))
        self.buttons["clear"].on_click(lambda _: self.clear())
        super().__init__(layout={"width": "100%"})

    def add(self, pattern: str, prompt: str, answer: str, *took: Any) -> None:
        """Add a run; `took` are the further fields of a BenchRun."""
        number = 1 + max((run.number for run in self.runs), default=0)
        self.runs.append(BenchRun(number, pattern, _begins(prompt), _begins(answer), *took))
        self._draw()

    def judge(self, judged: str) -> None:
        """Say whether the answer of the last run was right."""
        self.runs[-1] = self.runs[-1]._replace(judged=judged)
        self._draw()

    def clear(self) -> None:
        self.runs.clear()
        self.children = []

    def _draw(self) -> None:
        chart, last = runs_chart(tuple(self.runs)), self.runs[-1]
        self._title.value = line(
            f"Your runs. Was the answer of run {last.number} ({last.pattern}) right:"
            f" {last.answer!r}?"
        )
        if self.children:
            self.children[-1].put(chart)
        else:
            buttons = widgets.HBox([*self.buttons.values()])
            self.children = [self._title, buttons, Panel(chart)]


@cache
def shared_runs() -> Runs:
    """The one that the benches of a notebook share, once there is a bench."""
    return Runs()
