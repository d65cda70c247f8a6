"""Panels: controls on top, a chart that follows them, a sentence that reads it, and the numbers
behind it.
"""

import asyncio
import base64
import concurrent.futures
import functools
import itertools
import json
import os
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import anywidget
import ipywidgets as widgets
import numpy as np
import plotly.graph_objects as go
import traitlets
from IPython.display import clear_output, display
from plotly.basedatatypes import BasePlotlyType

from mlkit.ask import Member, Reply
from mlkit.charts.look import Chart
from mlkit.escaped import NO_MATH, in_html, printable
from mlkit.kit import Kit
from mlkit.models import Price, Prices
from mlkit.patterns.single_model import SingleModel
from mlkit.widgets.export import picture, save

_PLOTLY = "application/vnd.plotly.v1+json"


class Panel(widgets.VBox):
    """A chart with its table. Where widgets do not run (a stored notebook), the same as a picture
    and as text.

    `smooth` keeps one figure and changes its parts, twice as fast: for the one chart of a notebook
    where dragging matters. It takes a chart whose traces and annotations keep their number.
    """

    def __init__(
        self, chart: Chart, controls: Sequence[widgets.Widget] = (), smooth: bool = False
    ) -> None:
        self._table = widgets.HTML()
        self._problem = widgets.HTML()
        if smooth:
            self._drawing = go.FigureWidget(chart.figure)
            self._drawing._config = {
                "displayModeBar": False,
                "responsive": True,
            }  # as _drawn does; plotly has no other way to say it
        else:
            self._drawing = widgets.Output(layout={"width": "100%", "overflow": "hidden"})
            # Set, not displayed: what is displayed while a cell runs would be kept as an output of
            # that cell too.
            self._drawing.outputs = (
                {"output_type": "display_data", "data": _drawn(chart), "metadata": {}},
            )
        self._describe(chart)
        super().__init__(
            [*controls, self._problem, self._drawing, *([_Fit()] if smooth else []), self._table],
            layout={"width": "100%"},
        )

    def draw(self, chart: Chart) -> None:
        """Show another chart. The old one stays until the new one is there, so nothing flickers."""
        if isinstance(self._drawing, go.FigureWidget):
            with self._drawing.batch_update():
                for old, new in zip(self._drawing.data, chart.figure.data, strict=True):
                    old.update(_changed(old, new))
                self._drawing.layout.update(_changed(self._drawing.layout, chart.figure.layout))
        else:
            with self._drawing:
                clear_output(wait=True)
                display(_drawn(chart), raw=True)
        self._describe(chart)

    def _describe(self, chart: Chart) -> None:
        self.chart = chart
        self._problem.value = ""
        self._table.value = table_html(chart)

    def save(self, path: str | Path) -> Path:
        """Write the chart as it stands now as a picture, PNG or SVG by the end of the name. Raises
        ExportError.
        """
        return save(self.chart, path)

    def complain(self, error: Exception) -> None:
        self._problem.value = _line(f"{type(error).__name__}: {error}", "#a40000")

    def _repr_mimebundle_(self, **options: Any) -> dict[str, Any]:
        bundle = super()._repr_mimebundle_(**options) | {"text/plain": table_text(self.chart)}
        if os.environ.get(
            "MLKIT_PICTURES"
        ):  # set while notebooks are stored, because it takes a browser
            bundle["image/png"] = base64.b64encode(picture(self.chart.figure)).decode()
        return bundle


class _Fit(anywidget.AnyWidget):
    """Nothing to see: a FigureWidget is drawn 700 pixels wide before it has a place; this lets it
    look at its room again.
    """

    _esm = (
        "const fit = el => el.isConnected ? setTimeout(() => dispatchEvent(new Event('resize')),"
        " 200) : requestAnimationFrame(() => fit(el));export default { render: ({ el }) =>"
        " fit(el) }"
    )


def _changed(old: BasePlotlyType, new: BasePlotlyType) -> dict[str, Any]:
    """The properties of `new` that `old` has not: to set the others again costs as much as
    drawing.
    """
    before, after = old.to_plotly_json(), new.to_plotly_json()
    return {
        name: value
        for name, value in after.items()
        if name != "template" and not _same(before.get(name), value)
    }


def _same(one: Any, other: Any) -> bool:
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(_same(one[name], other[name]) for name in one)
    return np.array_equal(one, other)


def _drawn(chart: Chart) -> dict[str, Any]:
    """A chart in the form that Lab's plotly extension draws."""
    figure = json.loads(chart.figure.to_json())
    return {
        _PLOTLY: figure | {"config": {"displayModeBar": False}},
        "text/plain": printable(chart.reading),
    }


def show(chart: Chart) -> Panel:
    """A chart without controls."""
    return Panel(chart)


def explore(
    draw: Callable[..., Chart], smooth: bool = False, **controls: widgets.ValueWidget
) -> Panel:
    """A chart that follows its controls: `draw(**values)` is called at first and at each change.
    `smooth` as in Panel.
    """
    reset = widgets.Button(
        description="Reset",
        tooltip="Put every control back to where it began",
        layout={"width": "80px"},
    )
    first = {name: control.value for name, control in controls.items()}
    panel = Panel(draw(**first), [*controls.values(), reset], smooth)

    def redraw(_: Any) -> None:
        try:
            panel.draw(draw(**{name: control.value for name, control in controls.items()}))
        except Exception as error:
            panel.complain(error)
            raise

    def put_back(_: Any) -> None:
        for name, control in controls.items():
            control.value = first[name]

    for control in controls.values():
        control.observe(redraw, "value")
    reset.on_click(put_back)
    return panel


def slider(
    label: str, value: float, low: float, high: float, step: float, format: str = ".2f"
) -> widgets.FloatSlider:
    """A slider for a number; `label` names it with its unit. Arrow keys move it, and its readout
    can be typed into.
    """
    return widgets.FloatSlider(
        value,
        min=low,
        max=high,
        step=step,
        description=_label(label),
        description_allow_html=True,
        readout_format=format,
        style={"description_width": "235px"},
        layout={"width": "100%", "max_width": "760px"},
    )


def steps(label: str, value: Any, options: Sequence[Any]) -> widgets.SelectionSlider:
    """A slider that snaps to the settings that were measured."""
    return widgets.SelectionSlider(
        options=list(options),
        value=value,
        description=_label(label),
        description_allow_html=True,
        style={"description_width": "235px"},
        layout={"width": "100%", "max_width": "760px"},
    )


def agreement(label: str, voters: int, value: int) -> widgets.SelectionSlider:
    """A slider for how many of the voters must agree; its value is that number, and it says "2 of 3
    (0.67)".
    """
    return steps(
        label,
        value,
        [(f"{votes} of {voters} ({votes / voters:.2f})", votes) for votes in range(1, voters + 1)],
    )


class Shares(widgets.VBox):
    """Sliders for weights that sum to one: moving one moves the others, which keep their
    proportions. `value` is a tuple.
    """

    value = traitlets.Tuple()

    def __init__(self, **weights: float) -> None:
        self._sliders = [slider(name, 0, 0, 1, 0.01) for name in weights]
        self._following = False
        super().__init__(self._sliders)
        for n, one in enumerate(self._sliders):
            one.observe(functools.partial(self._moved, n), "value")
        self.value = tuple(weight / sum(weights.values()) for weight in weights.values())

    def _moved(self, n: int, change: Mapping[str, float]) -> None:
        if not self._following:
            self.value = balanced(self.value, n, change["new"])

    @traitlets.observe("value")
    def _follow(self, change: Mapping[str, Any]) -> None:
        self._following = True
        for one, share in zip(self._sliders, self.value, strict=True):
            one.value = round(
                share, 2
            )  # to its step: from anywhere else the browser would move it, and send that back
        self._following = False


def balanced(shares: Sequence[float], n: int, share: float) -> tuple[float, ...]:
    """The shares with the n-th set, and the others scaled so that all sum to one; equal where they
    were all nothing.
    """
    others = sum(shares) - shares[n]
    rest = [
        (1 - share) * (one / others if others > 1e-9 else 1 / (len(shares) - 1)) for one in shares
    ]
    return tuple(share if m == n else one for m, one in enumerate(rest))


class PriceList(widgets.VBox):
    """Boxes for the prices of some models, in dollars per million tokens read and written. `value`
    is a mapping to Price.
    """

    value = traitlets.Dict()

    def __init__(self, prices: Prices, models: Sequence[str]) -> None:
        self._boxes = {
            model: [
                _price_box(f"{model}, {what}", price)
                for what, price in zip(("read", "written"), prices[model], strict=True)
            ]
            for model in models
        }
        super().__init__(
            [
                widgets.HTML(_line("Dollars per million tokens:")),
                *map(widgets.HBox, self._boxes.values()),
            ]
        )
        for box in itertools.chain(*self._boxes.values()):
            box.observe(self._read, "value")
        self._read(None)

    def _read(self, _: Any) -> None:
        self.value = {
            model: Price(*(box.value for box in boxes)) for model, boxes in self._boxes.items()
        }

    @traitlets.observe("value")
    def _follow(self, _: Any) -> None:
        for model, price in self.value.items():
            for box, amount in zip(self._boxes[model], price, strict=True):
                box.value = amount


def _price_box(label: str, price: float) -> widgets.BoundedFloatText:
    return widgets.BoundedFloatText(
        price,
        min=0,
        max=1000,
        step=0.05,
        description=_label(label),
        description_allow_html=True,
        style={"description_width": "auto"},
        layout={"width": "330px"},
    )


def try_it(kit: Kit, member: Member, prompt: str) -> widgets.VBox:
    """Ask a member anything; on recordings, choose among the prompts that were recorded for it."""
    if kit.live:
        question = widgets.Textarea(prompt, rows=2, layout={"width": "100%", "max_width": "760px"})
    else:
        question = widgets.Dropdown(
            options=kit.recorded_prompts(member),
            value=prompt,
            layout={"width": "100%", "max_width": "760px"},
        )
    ask = widgets.Button(
        description="Ask", button_style="primary", tooltip="Send the prompt to the model"
    )
    stop = widgets.Button(description="Stop", disabled=True, tooltip="Stop the model")
    state, answer = widgets.HTML(), widgets.HTML()
    # Lab handles clicks in a thread of its own, with a loop of its own; the kit's connections
    # belong to this one.
    loop = asyncio.get_running_loop()
    task: concurrent.futures.Future | None = None

    async def run() -> None:
        started = time.perf_counter()
        clock = asyncio.create_task(_tick(state, started))
        try:
            done = await kit.run(SingleModel(member), question.value)
        except asyncio.CancelledError:
            state.value = _line("Stopped.")
        except Exception as error:
            state.value = _line(f"{type(error).__name__}: {error}", "#a40000")
        else:
            reply = done.calls[0].reply
            assert isinstance(reply, Reply)  # a call that fails raises
            state.value = _line(
                f"{reply.seconds:.1f} s, {reply.prompt_tokens} tokens read, {reply.output_tokens}"
                " written" + (", cut off by max_tokens" if reply.cut_off else "")
            )
            answer.value = f"<pre style='white-space: pre-wrap'>{in_html(done.result.text)}</pre>"
        finally:
            clock.cancel()
            ask.disabled, stop.disabled = False, True

    def start(_: Any) -> None:
        nonlocal task
        ask.disabled, stop.disabled, answer.value = True, False, ""
        task = asyncio.run_coroutine_threadsafe(run(), loop)

    ask.on_click(start)
    stop.on_click(lambda _: task.cancel() if task else None)
    where = (
        "A live model answers."
        if kit.live
        else "On recordings: choose one of the prompts that were recorded."
    )
    box = widgets.VBox(
        [widgets.HTML(_line(where)), question, widgets.HBox([ask, stop]), state, answer]
    )
    return Described(box, f"Try it. {where}")


async def _tick(state: widgets.HTML, started: float) -> None:
    while True:
        state.value = _line(f"The model is working: {time.perf_counter() - started:.0f} s")
        await asyncio.sleep(0.5)


class Described(widgets.VBox):
    """A widget that says in words what it is where widgets do not run."""

    def __init__(self, child: widgets.Widget, text: str) -> None:
        self._text = text
        super().__init__([child])

    def _repr_mimebundle_(self, **options: Any) -> dict[str, Any]:
        return super()._repr_mimebundle_(**options) | {"text/plain": printable(self._text)}


def table_text(chart: Chart) -> str:
    """The sentence, then the rows in columns: for screen readers, for stored notebooks, and for
    tests.
    """
    cells = [_header(chart), *([_one_line(value) for value in row] for row in chart.rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = (
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in cells
    )
    return "\n".join([printable(chart.reading), "", *lines])


def table_html(chart: Chart) -> str:
    """The same as a table that opens on a click or on Enter. All text is escaped: some of it comes
    from models.
    """
    head = "".join(
        f"<th style='text-align: left; padding-right: 1.5em'>{in_html(name)}</th>"
        for name in _header(chart)
    )
    body = "".join(
        "<tr>"
        + "".join(f"<td style='padding-right: 1.5em'>{in_html(_cell(value))}</td>" for value in row)
        + "</tr>"
        for row in chart.rows
    )
    return (
        "<div role='status' aria-live='polite' style='line-height:"
        f" 1.4'>{in_html(chart.reading)}</div><details><summary>The numbers behind the"
        f" chart</summary><table><tr>{head}</tr>{body}</table></details>"
    )


def _header(chart: Chart) -> list[str]:
    return (
        [name.replace("_", " ") for name in chart.rows[0]._fields]
        if chart.rows
        else ["nothing measured"]
    )


def _cell(value: Any) -> str:
    if not isinstance(value, float):
        return str(value)
    return (
        "-" if np.isnan(value) else f"{value:,.0f}" if abs(value) >= 999.5 else f"{value:.3g}"
    )  # - where nothing was measured


def _one_line(value: Any) -> str:
    return printable(_cell(value)).replace("\n", " ")


def _label(text: str) -> str:
    """A control's label: Lab looks for mathematics in it."""
    return f"<span class='{NO_MATH}'>{in_html(text)}</span>"


def _line(text: str, colour: str = "inherit") -> str:
    return f"<div style='line-height: 1.5; color: {colour}'>{in_html(text)}</div>"
