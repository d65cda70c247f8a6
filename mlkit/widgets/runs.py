"""Your runs: what the benches of a notebook did, as points of dollars and seconds."""

from typing import NamedTuple

import ipywidgets as widgets
import plotly.graph_objects as go

from mlkit.charts.look import BLUE, Chart, dress
from mlkit.escaped import in_plotly
from mlkit.widgets.panels import Panel

_MARKS = {"right": "circle", "wrong": "x", "": "circle-open"}


class BenchRun(NamedTuple):
    """One run of a pattern on one prompt."""

    number: int
    pattern: str
    prompt: str
    dollars_per_thousand: float  # at list prices
    seconds: float
    calls: int
    judged: str = ""  # "right" or "wrong", as the learner says


def runs_chart(runs: list[BenchRun]) -> Chart:
    """A point for each run; dollars to the right, seconds upwards."""
    figure = go.Figure()
    figure.add_scatter(
        x=[run.dollars_per_thousand for run in runs],
        y=[run.seconds for run in runs],
        text=[f"{run.number} {in_plotly(run.pattern)}" for run in runs],
        mode="markers+text",
        textposition="top center",
        marker={"size": 11, "color": BLUE, "symbol": [_MARKS[run.judged] for run in runs]},
        cliponaxis=False,
        hovertemplate="%{text}: $%{x:.3f} per 1,000, %{y:.1f} s<extra></extra>",
    )
    figure.update_xaxes(title_text="dollars per 1,000 prompts like this", rangemode="tozero")
    figure.update_yaxes(title_text="seconds", rangemode="tozero")
    reading = runs_reading(runs)
    return Chart(dress(figure, reading, "your runs in this notebook", 220), runs, reading)


def runs_reading(runs: list[BenchRun]) -> str:
    """The cheapest and the fastest, in a sentence."""
    if not runs:
        return "Nothing has run yet."
    cheap = min(runs, key=lambda run: (run.dollars_per_thousand, run.number))
    fast = min(runs, key=lambda run: (run.seconds, run.number))
    right = sum(run.judged == "right" for run in runs)
    return (
        f"{len(runs)} run{'s' if len(runs) > 1 else ''}, {right} judged right: cheapest"
        f" {cheap.pattern} (run {cheap.number}), fastest {fast.pattern} (run {fast.number})"
    )


class Runs(widgets.VBox):
    """The chart of all runs, with buttons that judge the last one. `runs` is what it shows."""

    def __init__(self) -> None:
        self.runs: list[BenchRun] = []
        self._panel = Panel(runs_chart([]))
        buttons = {
            "right": "Judge the last run as right",
            "wrong": "Judge the last run as wrong",
            "clear": "Forget all runs",
        }
        made = {
            name: widgets.Button(
                description=name.capitalize(), tooltip=said, layout={"width": "90px"}
            )
            for name, said in buttons.items()
        }
        made["right"].on_click(lambda _: self.judge("right"))
        made["wrong"].on_click(lambda _: self.judge("wrong"))
        made["clear"].on_click(lambda _: self.clear())
        super().__init__([widgets.HBox(list(made.values())), self._panel])

    def add(self, pattern: str, prompt: str, dollars: float, seconds: float, calls: int) -> None:
        """Add a run; dollars are for a thousand like it."""
        number = 1 + max((run.number for run in self.runs), default=0)
        self.runs.append(BenchRun(number, pattern, prompt[:60], dollars, seconds, calls))
        self._panel.draw(runs_chart(self.runs))

    def judge(self, judged: str) -> None:
        """Say whether the answer of the last run was right."""
        if self.runs:
            self.runs[-1] = self.runs[-1]._replace(judged=judged)
            self._panel.draw(runs_chart(self.runs))

    def clear(self) -> None:
        self.runs.clear()
        self._panel.draw(runs_chart(self.runs))


RUNS: list[Runs] = []  # the one that the benches of a notebook share, once there is a bench


def shared_runs() -> Runs:
    if not RUNS:
        RUNS.append(Runs())
    return RUNS[0]
