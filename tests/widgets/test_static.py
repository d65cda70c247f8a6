"""Widgets as pages show them that have no kernel."""

import ipywidgets
import nbformat
import plotly.graph_objects as go
import pytest
from nbconvert import HTMLExporter

from mlkit.charts.look import Chart
from mlkit.escaped import NO_MATH
from mlkit.widgets import panels, static
from mlkit.widgets.lessons import Choice, quiz
from tests.charts.test_table import Row


def page(*shown: ipywidgets.Widget, drop_defaults: bool = True, **options: str) -> str:
    """A notebook with these widgets as outputs of one cell, saved with its state, as a page."""
    outputs = [
        nbformat.v4.new_output(
            "display_data", {static.VIEW: {"model_id": one.model_id}, "text/plain": "a widget"}
        )
        for one in shown
    ]
    node = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("", outputs=outputs)])
    state = ipywidgets.Widget.get_manager_state(drop_defaults=drop_defaults)
    node.metadata["widgets"] = {static.STATE: state}
    exporter = HTMLExporter(template_name="basic")
    exporter.register_preprocessor(static.StaticWidgets(**options), enabled=True)
    return exporter.from_notebook_node(node)[0]


def chart(number: float) -> Chart:
    figure = go.Figure(layout={"title": {"text": f"title {number}"}})
    return Chart(figure, [Row("a & b", number)], f"It reads {number}.")


@pytest.mark.parametrize("drop_defaults", [True, False])
def test_a_panel_shows_its_chart_as_it_stood_its_controls_and_its_table(drop_defaults):
    panel = panels.explore(chart, number=panels.slider("a limit, $", 7, 0, 9, 1, "d"))
    shown = page(panel, drop_defaults=drop_defaults, plotlyjs="plotly.min.js")
    assert "title 7.0" in shown
    assert "<p>a limit, $: <b>7</b></p>" in shown  # for a chart, a pair of dollars is no formula
    assert f'<div class="{NO_MATH}">' in shown
    assert "The numbers behind the chart" in shown and "a &amp; b" in shown
    assert 'aria-label="It reads 7.0."' in shown
    assert "Reset" not in shown and "a widget" not in shown


def test_plotly_comes_once_with_the_page_or_from_its_address():
    both = [panels.show(chart(1)), panels.show(chart(2))]
    assert page(*both).count("plotly.js v") == 1
    shown = page(*both, plotlyjs="plotly.min.js")
    assert shown.count('src="plotly.min.js"') == 1 and "plotly.js v" not in shown


def test_a_quiz_shows_its_questions_and_choices():
    shown = page(quiz(("What <costs>?", [Choice("a call", "so", right=True), Choice("time", "")])))
    assert "What &lt;costs&gt;?" in shown and "<li>a call</li><li>time</li>" in shown


def test_a_control_says_what_is_chosen():
    menu = panels.steps("way", "b", [("the <first>", "a"), ("the second", "b")])
    assert "<p>way: <b>the second</b></p>" in page(menu)


def test_without_a_state_there_is_the_text():
    node = nbformat.v4.new_notebook(
        cells=[
            nbformat.v4.new_code_cell(
                "",
                outputs=[
                    nbformat.v4.new_output(
                        "display_data", {static.VIEW: {"model_id": "gone"}, "text/plain": "a text"}
                    )
                ],
            )
        ]
    )
    converted, _ = static.StaticWidgets().preprocess(node, {})
    assert converted.cells[0].outputs[0].data == {"text/plain": "a text"}
