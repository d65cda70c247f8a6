from typing import NamedTuple

import ipywidgets as widgets
import plotly.graph_objects as go
import pytest

from mlkit.charts.look import Chart
from mlkit.charts.trade_off import way
from mlkit.models import Price
from mlkit.widgets import panels


class Row(NamedTuple):
    name: str
    share_right: float


def chart(share: float, name: str = "small") -> Chart:
    return Chart(go.Figure(go.Bar(x=[share])), [Row(name, share)], f"{share:.0%} right")


def drawn(panel: panels.Panel) -> dict:
    return panel._drawing.outputs[0]["data"][panels._PLOTLY]


def test_a_panel_follows_its_slider_and_reset_puts_it_back():
    share = panels.slider("share", 0.5, 0, 1, 0.1)
    panel = panels.explore(chart, share=share)
    assert panel.chart.reading == "50% right"
    assert drawn(panel)["data"][0]["x"] == [0.5]
    share.value = 0.8
    assert panel.chart.reading == "80% right" and "80% right" in panel._table.value
    (reset,) = (child for child in panel.children if isinstance(child, widgets.Button))
    reset.click()
    assert share.value == 0.5 and panel.chart.reading == "50% right"


def test_a_chart_that_cannot_be_drawn_says_so_in_one_line_and_the_slider_lives_on():
    def draw(share: float) -> Chart:
        if share > 0.9:
            raise ValueError("<b>too much</b>")
        return chart(share)

    share = panels.slider("share", 0.5, 0, 1, 0.1)
    panel = panels.explore(draw, share=share)
    with pytest.raises(ValueError, match="too much"):
        share.value = 1.0
    assert "ValueError: &lt;b&gt;too much" in panel._problem.value
    share.value = 0.7
    assert panel._problem.value == "" and panel.chart.reading == "70% right"


def test_a_stored_panel_is_the_sentence_and_the_numbers():
    text = panels.show(chart(0.25))._repr_mimebundle_()["text/plain"]
    assert text == "25% right\n\nname   share right\nsmall  0.25"


def test_what_a_model_wrote_is_never_html():
    panel = panels.show(chart(0.5, name="<script>alert(1)</script>"))
    assert "<script>" not in panel._table.value and "&lt;script&gt;" in panel._table.value


def test_moving_one_weight_moves_the_others_in_proportion_and_reset_puts_all_back():
    weights = panels.Shares(large=0.5, writer=0.3, general=0.2)
    drawn_with = []
    panel = panels.explore(
        lambda weights: drawn_with.append(weights) or chart(weights[0]), weights=weights
    )
    weights.children[0].value = 0.0
    assert weights.value == pytest.approx((0.0, 0.6, 0.4)) and [
        one.value for one in weights.children
    ] == pytest.approx([0, 0.6, 0.4])
    weights.children[2].value = 1.0
    assert weights.value == pytest.approx((0, 0, 1)) and drawn_with[-1] == weights.value
    weights.children[2].value = 0.5  # the others were nothing: they share what is left
    assert weights.value == pytest.approx((0.25, 0.25, 0.5)) and len(drawn_with) == 4
    panel.children[1].click()
    assert [one.value for one in weights.children] == pytest.approx([0.5, 0.3, 0.2])


def test_weights_given_as_any_numbers_are_shares():
    assert panels.Shares(a=2, b=6).value == (0.25, 0.75)


def test_a_handle_that_the_browser_sets_to_its_step_is_no_move():
    weights, seen = panels.Shares(a=1, b=1, c=1), []
    weights.observe(lambda change: seen.append(change["new"]), "value")
    for slider in weights.children:
        slider.set_state(
            {"value": round(slider.value / slider.step) * slider.step}
        )  # as it comes from the browser
    assert seen == [] and weights.value == (1 / 3, 1 / 3, 1 / 3)
    weights.children[0].set_state({"value": 0.35})
    assert len(seen) == 1 and sum(weights.value) == pytest.approx(1)
    assert [slider.value for slider in weights.children] == [0.35, 0.32, 0.32]


def test_prices_can_be_typed_and_reset():
    listed = panels.PriceList(
        {"a": Price(0.1, 0.2), "b": Price(3, 15), "c": Price(1, 1)}, ["a", "b"]
    )
    panel = panels.explore(lambda prices: chart(prices["b"].output / 100), prices=listed)
    box = listed.children[2].children[1]
    assert listed.value == {"a": (0.1, 0.2), "b": (3, 15)} and "b, written" in box.description
    box.value = 50
    assert panel.chart.reading == "50% right" and listed.value["b"] == Price(3, 50)
    box.value = -4  # no price is below nothing
    assert box.value == 0
    panel.children[1].click()
    assert listed.value == {"a": Price(0.1, 0.2), "b": Price(3, 15)} and box.value == 15


def test_ways_are_compared_by_dollars_or_seconds_at_prices_that_can_be_edited():
    def ways(prices, machines):
        paid = [prices["a"].output, prices["c"].output]
        return [
            way("small", [True, False], paid[0] / 1000, [1.0, 3.0]),
            way("large", [True, True], paid[1] / 1000, 8 / machines),
        ]

    prices = {"a": Price(1, 2), "b": Price(1, 1), "c": Price(1, 4)}
    machines = panels.steps("machines", 1, [1, 8])
    panel = panels.compare(ways, prices, "here", ["a"], {}, machines=machines)
    listed, by = panel.children[:2]
    costs = [(row.dollars_per_thousand, row.seconds) for row in panel.chart.rows]
    assert costs == [(2, 2), (4, 8)] and list(listed.value) == ["a"]
    listed.value = {"a": Price(1, 5)}
    assert panel.chart.reading == "Not beaten on dollars: large; 1 other is beaten"
    by.index = 1
    assert panel.chart.reading == "Not beaten on seconds: large and small"
    machines.value = 8
    assert panel.chart.reading == "Not beaten on seconds: large; 1 other is beaten"
