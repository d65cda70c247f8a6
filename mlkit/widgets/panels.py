"""Panels: controls on top, a chart that follows them, a sentence that reads it, and its numbers."""

import functools
import itertools
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import ipywidgets as widgets
import traitlets
from IPython.display import clear_output, display

from mlkit.charts import trade_off
from mlkit.charts.look import Chart
from mlkit.charts.table import table_html, table_text
from mlkit.escaped import NO_MATH, in_html, printable
from mlkit.models import Price, Prices
from mlkit.ties import same

_PLOTLY = "application/vnd.plotly.v1+json"
_CONFIG = {"displayModeBar": False}
WIDE = {"width": "auto", "max_width": "760px"}
# Mixed with the colour of the text around it: to be read where Lab is light, and where it is dark.
ERROR, GOOD = (
    f"color-mix(in srgb, {colour} 60%, currentcolor)" for colour in ("#e53935", "#00a070")
)


class Described(widgets.VBox):
    """Widgets that say in words what they are, where widgets do not run (a stored notebook)."""

    def __init__(self, children: Sequence[Any], text: str, **options: Any) -> None:
        self._text = text
        super().__init__(children, **options)

    def _repr_mimebundle_(self, **options: Any) -> dict[str, Any]:
        return super()._repr_mimebundle_(**options) | {"text/plain": printable(self._text)}


class Panel(Described):
    """A chart with its table; the same as text where widgets do not run."""

    def __init__(self, chart: Chart, controls: Sequence[widgets.Widget] = ()) -> None:
        self._table = widgets.HTML()
        self._problem = widgets.HTML()
        self._drawing = widgets.Output(layout={"overflow": "hidden"})
        self.put(chart)
        parts = [*controls, self._problem, self._drawing, self._table]
        super().__init__(parts, self._text, layout={"width": "100%"})

    def put(self, chart: Chart) -> None:
        """Show a chart, at any time. Set, not displayed: what is displayed would be kept as an
        output of the cell that runs, too, and is lost once the click that began it is answered.
        """
        self._drawing.outputs = (
            {"output_type": "display_data", "data": _drawn(chart), "metadata": {}},
        )
        self._describe(chart)

    def draw(self, chart: Chart) -> None:
        """Show a chart as a control changes: the old one stays until it is there, none flickers."""
        with self._drawing:
            clear_output(wait=True)
            display(_drawn(chart), raw=True)
        self._describe(chart)

    def _describe(self, chart: Chart) -> None:
        self.chart, self._text = chart, table_text(chart)
        self._problem.value, self._table.value = "", table_html(chart)

    def complain(self, error: Exception) -> None:
        self._problem.value = error_line(error)


show = Panel  # as a notebook says it


def _drawn(chart: Chart) -> dict[str, Any]:
    """A chart in the form that Lab's plotly extension draws."""
    figure = json.loads(chart.figure.to_json()) | {"config": _CONFIG}
    return {_PLOTLY: figure, "text/plain": printable(chart.reading)}


def explore(draw: Callable[..., Chart], **controls: widgets.ValueWidget) -> Panel:
    """A chart that follows its controls: `draw(**values)` at first and at each change."""
    reset = button("Reset", "Put every control back to where it began", width="80px")
    first = {name: control.value for name, control in controls.items()}
    panel = Panel(draw(**first), [*controls.values(), reset])

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


def compare(
    ways: Callable[..., Sequence[trade_off.Way]],
    prices: Prices,
    source: str,
    models: Sequence[str],
    lines: Mapping[str, float],
    **controls: widgets.ValueWidget,
) -> Panel:
    """The trade-off of some ways, by dollars or by seconds, at prices that can be edited.

    `ways(prices, **values)` gives them, with the values of further controls. `models` are those
    whose prices are shown, and `lines` shares to compare with: {"oracle": 0.81}.
    """

    def draw(edited: Prices, by: str, **values: Any) -> Chart:
        return trade_off.chart(ways({**prices, **edited}, **values), source, by, lines=lines)

    return explore(draw, edited=PriceList(prices, models), by=dollars_or_seconds(), **controls)


def _labelled(text: str, width: str = "235px") -> dict[str, Any]:
    """A control's label, in which Lab would look for mathematics."""
    return {
        "description": f"<span class='{NO_MATH}'>{in_html(text)}</span>",
        "description_allow_html": True,
        "style": {"description_width": width},
    }


def slider(
    label: str, value: float, low: float, high: float, step: float, digits: str = ".2f"
) -> widgets.FloatSlider:
    """A slider for a number; `label` names it with its unit. Its readout can be typed into."""
    numbers = {"value": value, "min": low, "max": high, "step": step, "readout_format": digits}
    return widgets.FloatSlider(**numbers, **_labelled(label), layout=WIDE)


def steps(label: str, value: Any, options: Sequence[Any]) -> widgets.ValueWidget:
    """One of the settings that were measured: a slider for numbers; for words buttons, or a menu
    where they are more than four. An option is a value, or a label with its value.
    """
    values = [option[1] if isinstance(option, tuple) else option for option in options]
    set_to = {"value": value, "options": list(options), **_labelled(label)}
    if all(type(each) in (int, float) for each in values):
        return widgets.SelectionSlider(**set_to, layout=WIDE)
    if len(values) > 4:
        return widgets.Dropdown(**set_to, layout=WIDE)
    set_to["style"]["button_width"] = "auto"
    buttons = widgets.ToggleButtons(**set_to, layout=WIDE)
    return buttons.add_class("widget-inline-hbox")  # beside their label, as all others


def dollars_or_seconds() -> widgets.ValueWidget:
    """What a trade-off compares by."""
    options = [("dollars", trade_off.DOLLARS), ("seconds", trade_off.SECONDS)]
    return steps("compare by", trade_off.DOLLARS, options)


class Shares(widgets.VBox):
    """Sliders for weights that sum to one: moving one scales the others. `value` is a tuple."""

    value = traitlets.Tuple()

    def __init__(self, **weights: float) -> None:
        self._sliders = [slider(name, 0, 0, 1, 0.01) for name in weights]
        super().__init__(self._sliders)
        for n, one in enumerate(self._sliders):
            one.observe(functools.partial(self._moved, n), "value")
        self.value = tuple(weight / sum(weights.values()) for weight in weights.values())

    def _moved(self, n: int, change: Mapping[str, float]) -> None:
        """Scale the others so that all sum to one; to equal ones, where they were nothing."""
        if same(change["new"], round(self.value[n], 2)):  # it only follows
            return
        share, others = change["new"], sum(self.value) - self.value[n]
        parts = [one / others if others > 1e-9 else 1 / (len(self.value) - 1) for one in self.value]
        scaled = [(1 - share) * part for part in parts]
        self.value = (*scaled[:n], share, *scaled[n + 1 :])

    @traitlets.observe("value")
    def _follow(self, change: Mapping[str, Any]) -> None:
        for one, share in zip(self._sliders, self.value, strict=True):
            # To its step: from anywhere else the browser would move it, and send that back.
            one.value = round(share, 2)


class PriceList(widgets.VBox):
    """Boxes for prices of models, in dollars per million tokens. `value` is a mapping to Price."""

    value = traitlets.Dict()

    def __init__(self, prices: Prices, models: Sequence[str]) -> None:
        self._boxes = {
            model: [
                _price_box(f"{model}, read", prices[model].prompt),
                _price_box(f"{model}, written", prices[model].output),
            ]
            for model in models
        }
        title = widgets.HTML(line("Dollars per million tokens:"))
        wrapped = {"flex_flow": "row wrap"}  # on a narrow page, the second box below the first
        rows = [widgets.HBox(pair, layout=wrapped) for pair in self._boxes.values()]
        super().__init__([title, *rows])
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
    numbers = {"value": price, "min": 0, "max": 1000, "step": 0.05, "layout": {"width": "330px"}}
    return widgets.BoundedFloatText(**numbers, **_labelled(label, "auto"))


def line(text: str, colour: str = "inherit") -> str:
    """A text as a line of HTML."""
    return f"<div style='line-height: 1.5; color: {colour}'>{in_html(text)}</div>"


def status(text: str) -> str:
    """A line that is read aloud when it changes."""
    return f"<div role='status' aria-live='polite'>{line(text)}</div>"


def button(
    text: str, said: str, style: str = "", disabled: bool = False, width: str = "90px"
) -> widgets.Button:
    """A button; `said` tells what it does."""
    return widgets.Button(
        description=text,
        tooltip=said,
        button_style=style,
        disabled=disabled,
        layout={"width": width},
    )


def error_line(error: Exception) -> str:
    """An error as a line of HTML."""
    return line(f"{type(error).__name__}: {error}", ERROR)
