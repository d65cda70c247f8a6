import asyncio
from dataclasses import replace
from typing import NamedTuple

import ipywidgets as widgets
import plotly.graph_objects as go
import pytest

from mlkit.ask import Member
from mlkit.charts.look import Chart
from mlkit.engines.ollama import Ollama
from mlkit.kit import connect
from mlkit.models import Price
from mlkit.widgets import panels
from mlkit.wrappers import Limited


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


def test_an_empty_chart_has_a_table_that_says_so():
    assert "nothing measured" in panels.table_text(Chart(go.Figure(), [], "Nothing was asked."))


def test_on_recordings_the_try_it_box_offers_the_recorded_prompts(monkeypatch):
    kit = connect(engine="replay")
    prompts = kit.recorded_prompts(kit.cast.small)
    assert prompts

    async def click() -> tuple[widgets.HTML, ...]:
        box = panels.try_it(kit, kit.cast.small, prompts[0])
        question, buttons, state, answer = box.children[0].children[1:]
        ask, stop = buttons.children
        assert list(question.options) == prompts
        await asyncio.to_thread(
            ask.click
        )  # as Lab does: in a thread that has another loop, or none
        async with asyncio.timeout(5):
            while ask.disabled:
                await asyncio.sleep(0)
        assert stop.disabled
        return state, answer

    state, answer = asyncio.run(click())
    assert "tokens read" in state.value and "<pre" in answer.value


def test_stop_ends_the_question_and_says_so(server):
    async def click() -> str:
        async with server("hangs") as address:
            live = replace(connect(engine="replay"), ask=Limited(Ollama(address), 1))
            box = panels.try_it(live, live.cast.small, live.recorded_prompts(live.cast.small)[0])
            _, buttons, state, _ = box.children[0].children[1:]
            ask, stop = buttons.children
            await asyncio.to_thread(ask.click)
            async with asyncio.timeout(5):
                while not live.ask._lane.locked():
                    await asyncio.sleep(0)
                await asyncio.to_thread(stop.click)
                while ask.disabled:
                    await asyncio.sleep(0)
            return state.value

    assert "Stopped." in asyncio.run(click())


def test_a_member_nobody_recorded_has_no_prompts_to_offer():
    assert connect(engine="replay").recorded_prompts(Member("nobody")) == []


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


def test_agreement_snaps_to_votes_and_says_how_many_of_how_many():
    votes = panels.agreement("votes needed", 3, 2)
    assert [label for label, _ in votes.options] == [
        "1 of 3 (0.33)",
        "2 of 3 (0.67)",
        "3 of 3 (1.00)",
    ] and votes.value == 2


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


def test_a_smooth_panel_changes_the_figure_it_has():
    slider = panels.slider("share", 0.25, 0, 1, 0.25)
    panel = panels.explore(lambda share: chart(share), smooth=True, share=slider)
    figure = panel._drawing
    slider.value = 0.75
    assert (
        panel._drawing is figure
        and figure.data[0].x == (0.75,)
        and panel.chart.reading == "75% right"
    )


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0.06864, "0.0686"),
        (12.34, "12.3"),
        (999.4, "999"),
        (999.6, "1,000"),
        (1496.7, "1,497"),
        (float("nan"), "-"),
        (4, "4"),
        ("large", "large"),
    ],
)
def test_numbers_in_a_table_have_the_digits_that_matter(value, shown):
    table = panels.table_text(Chart(go.Figure(), [Row("it", value)], ""))
    assert table.split() == ["name", "share", "right", "it", shown]
