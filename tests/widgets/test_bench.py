import asyncio
from dataclasses import replace

import ipywidgets as widgets

from mlkit.ask import Member
from mlkit.engines.ollama import Chat
from mlkit.kit import connect
from mlkit.widgets import bench
from mlkit.wrappers import Limited


def test_on_recordings_the_try_it_box_offers_the_recorded_prompts(monkeypatch):
    kit = connect(engine="replay")
    prompts = kit.recorded_prompts(kit.cast.small)
    assert prompts

    async def click() -> tuple[widgets.HTML, ...]:
        box = bench.try_it(kit, kit.cast.small, prompts[0])
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
            live = replace(connect(engine="replay"), ask=Limited(Chat(address), 1))
            box = bench.try_it(live, live.cast.small, live.recorded_prompts(live.cast.small)[0])
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
