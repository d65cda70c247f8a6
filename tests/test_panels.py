import asyncio
from dataclasses import replace
from typing import NamedTuple

import ipywidgets as widgets
import plotly.graph_objects as go
import pytest

from mlkit import panels
from mlkit.ask import Member
from mlkit.charts.look import Chart
from mlkit.engines.chat import Chat
from mlkit.kit import connect


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
        await asyncio.to_thread(ask.click)  # as Lab does: in a thread that has another loop, or none
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
            live = replace(connect(engine="replay"), ask=Chat(address))
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
