"""Speed-up: how many times faster a supervisor with more workers is, and the limit that its own
time sets.
"""

from collections.abc import Mapping, Sequence
from math import inf, isnan, nan
from typing import NamedTuple

import plotly.graph_objects as go

from mlkit.charts.look import BLACK, BLUE, ORANGE, Chart, dress, whiskers
from mlkit.measure.stats import speed_up

NOT_MEASURED = (nan, nan, nan)


class Speed(NamedTuple):
    workers: int
    times_expected: float  # as fast as with one worker, by Amdahl's law
    times: float  # as measured; nan where it was not
    low: float  # 95% interval of times
    high: float


def rows(
    serial_share: float,
    measured: Mapping[int, tuple[float, float, float]] | None = None,
    most: int = 8,
) -> list[Speed]:
    """1 to `most` workers, and those measured as (times, low, high); serial_share in [0, 1] is the
    supervisor's own time.
    """
    points = measured or {}
    return [
        Speed(workers, speed_up(serial_share, workers), *points.get(workers, NOT_MEASURED))
        for workers in sorted({*range(1, most + 1), *points})
    ]


def reading(speeds: Sequence[Speed], serial_share: float) -> str:
    """The finding in a sentence: what most workers give, the limit, and the largest number that was
    measured.
    """
    if not speeds:
        return "No number of workers is given, so there is no speed-up to show."
    most = speeds[-1]
    limit = f"; no number of them beats {1 / serial_share:.1f}" if serial_share else ""
    measured = [speed for speed in speeds if not isnan(speed.times)]
    seen = f"; measured with {measured[-1].workers}: {measured[-1].times:.1f}" if measured else ""
    return (
        f"With {serial_share:.0%} of the time the supervisor's own, {most.workers}"
        f" worker{'s' * (most.workers > 1)} are {most.times_expected:.1f} times as fast as"
        f" one{limit}{seen}"
    )


def figure(speeds: Sequence[Speed], serial_share: float, source: str, title: str = "") -> go.Figure:
    """Amdahl's curve with the measured points on it, and its limit as a line where the chart
    reaches so far.
    """
    workers = [speed.workers for speed in speeds]
    measured = [speed for speed in speeds if not isnan(speed.times)]
    top = 1.15 * max(
        (value for speed in speeds for value in speed[1:] if not isnan(value)), default=1.0
    )
    limit = 1 / serial_share if serial_share else inf
    chart = go.Figure()
    chart.add_scatter(
        name="by Amdahl's law",
        x=workers,
        y=[speed.times_expected for speed in speeds],
        mode="lines+markers",
        line={"color": BLUE, "width": 2},
        marker={"size": 5},
        hovertemplate="%{x} workers: %{y:.2f} times as fast by Amdahl's law<extra></extra>",
    )
    if workers and limit < 2 * top:
        top = max(top, 1.1 * limit)
        chart.add_scatter(
            name=f"limit, {limit:.1f} times",
            x=[workers[0], workers[-1]],
            y=[limit] * 2,
            mode="lines",
            line={"color": BLACK, "dash": "dash", "width": 1.5},
            hoverinfo="name",
        )
    chart.add_scatter(
        name="measured",
        x=[speed.workers for speed in measured],
        y=[speed.times for speed in measured],
        mode="markers",
        marker={"size": 11, "color": ORANGE, "line": {"color": BLACK}},
        cliponaxis=False,
        error_y=whiskers((speed.times, speed.low, speed.high) for speed in measured),
        hovertemplate="%{x} workers: measured %{y:.2f} times as fast<extra></extra>",
    )
    chart.update_xaxes(
        title_text="workers", dtick=1 if max(workers, default=1) <= 16 else None, tickformat="d"
    )
    chart.update_yaxes(title_text="times as fast as with one", range=[0, top])
    return dress(chart, title or reading(speeds, serial_share), source, height=270)


def chart(
    serial_share: float,
    source: str,
    measured: Mapping[int, tuple[float, float, float]] | None = None,
    most: int = 8,
) -> Chart:
    """Speed-up against the number of workers, ready to show."""
    speeds = rows(serial_share, measured, most)
    return Chart(figure(speeds, serial_share, source), speeds, reading(speeds, serial_share))
