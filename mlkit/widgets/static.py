"""A notebook's widgets as they were last seen, where no kernel runs them.

`on_save` is called by Jupyter's server whenever a notebook is saved, `StaticWidgets` by nbconvert:
settings in mlkit/lab say so, which are installed to where Jupyter looks for them.
"""

import re
from collections.abc import Iterator, Mapping
from html import unescape
from itertools import groupby
from typing import Any

from nbconvert.preprocessors import Preprocessor
from nbformat.v4 import new_output
from traitlets import Unicode

from mlkit.escaped import NO_MATH, in_html

VIEW = "application/vnd.jupyter.widget-view+json"
STATE = "application/vnd.jupyter.widget-state+json"
PLOTLY = "application/vnd.plotly.v1+json"
_KNOWN = {f"@jupyter-widgets/{module}" for module in ("base", "controls", "output")}
States = Mapping[str, Mapping[str, Any]]  # of widgets, by their id


def on_save(model: Any, **_: Any) -> None:
    """Put charts, tables and texts in the place of widgets in the file, not on the page."""
    if model["type"] == "notebook":
        still(model["content"])


def still(notebook: Any) -> None:
    """Replace the outputs that are widgets of which the notebook holds the state. Widgets of other
    packages, which we cannot draw, stay, with the state of all.
    """
    metadata = notebook["metadata"]
    states = metadata.get("widgets", {}).get(STATE, {}).get("state", {})
    left = False
    for cell in notebook["cells"]:
        outputs: list[Any] = []
        for output in cell.get("outputs", ()):
            id = output.get("data", {}).get(VIEW, {}).get("model_id")
            drawn = id in states and {*_modules(id, states)} <= _KNOWN
            outputs += _outputs(id, states) if drawn else [output]
            left = left or bool(id and not drawn)
        if "outputs" in cell:
            cell["outputs"] = outputs
    if not left:
        metadata.pop("widgets", None)


def _modules(id: str, states: States) -> Iterator[str]:
    widget = states.get(id.removeprefix("IPY_MODEL_"), {})
    yield widget.get("model_module", "")
    for child in widget.get("state", {}).get("children", ()):
        yield from _modules(child, states)


def _outputs(id: str, states: States) -> Iterator[Any]:
    """A widget as outputs: what is a chart, and as one piece what stands between two of them."""
    for is_chart, some in groupby(_parts(id, states), lambda part: not isinstance(part, str)):
        if is_chart:
            yield from (new_output("display_data", data) for data in some)
        elif shown := "".join(some):
            html = f"<div class='{NO_MATH}'>{shown}</div>"
            yield new_output("display_data", {"text/html": html})


def _parts(id: str, states: States) -> Iterator[Any]:
    """Pieces of HTML, and charts as the data of an output, from top to bottom."""
    # Lab leaves out of a state what is as the widget began; its name always stands beside it.
    widget = states.get(id.removeprefix("IPY_MODEL_"), {})
    state, kind = widget.get("state", {}), widget.get("model_name", "")
    for child in state.get("children", ()):
        yield from _parts(child, states)
    for output in state.get("outputs", ()):
        data = output.get("data", {})
        text = output.get("text") or data.get("text/plain", "")
        yield data if PLOTLY in data else f"<pre>{in_html(''.join(text))}</pre>"
    if kind == "HTMLModel":
        yield state.get("value", "")
    elif kind != "ButtonModel":
        yield _control(state)


def _control(state: Mapping[str, Any]) -> str:
    """What a control is set to; the choices, where none is taken."""
    label = unescape(re.sub("<[^>]*>", "", state.get("description", "")))
    choices, index = state.get("_options_labels"), state.get("index")
    if choices and index is None:
        return f"<ul>{''.join(f'<li>{in_html(choice)}</li>' for choice in choices)}</ul>"
    value = choices[index] if choices else state.get("value")
    if not isinstance(value, str | int | float):
        return ""
    shown = value if isinstance(value, str) else f"{value:g}"
    return f"<p>{in_html(label)}: <b>{in_html(shown)}</b></p>"


class StaticWidgets(Preprocessor):
    """For nbconvert: no widgets, and charts that a page without a kernel can draw and zoom."""

    plotlyjs = Unicode(
        "", help="Where pages find plotly.js; else it comes with the first chart of each page."
    ).tag(config=True)

    def preprocess(self, nb: Any, resources: Any) -> tuple[Any, Any]:
        still(nb)
        plotlyjs: str | bool = self.plotlyjs or True
        for output in (one for cell in nb.cells for one in cell.get("outputs", ())):
            if len(output.get("data", {})) > 1:  # whose state is not here; its text is
                output.data.pop(VIEW, None)
            if PLOTLY in output.get("data", {}):
                output.data = {"text/html": _page(output.data, plotlyjs)}
                plotlyjs = False
        return nb, resources


def _page(data: Mapping[str, Any], plotlyjs: str | bool) -> str:
    """A chart as HTML."""
    from plotly.io import to_html  # here: Jupyter's server, which only saves, needs no plotly

    figure = {name: data[PLOTLY][name] for name in ("data", "layout")}
    said = in_html("".join(data.get("text/plain", "A chart; its numbers are below it.")))
    options = {"include_plotlyjs": plotlyjs, "full_html": False, "validate": False}
    drawn = to_html(figure, config=data[PLOTLY].get("config"), **options)
    return f"<div role='img' class='{NO_MATH}' aria-label='{said}'>{drawn}</div>"
