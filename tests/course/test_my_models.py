"""Measuring the cast in hand: pressed, stopped, failed, and beside what is recorded."""

import asyncio
import json
import re
from collections import Counter
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest
from course import my_models, orders, studies
from course.my_models import MyModels, answers_of, items_of, measure_my_models

from mlkit.ask import Ask, Member, Reply
from mlkit.errors import EngineUnreachable
from mlkit.kit import Kit, connect
from mlkit.models import CASTS
from tests.conftest import Scripted


@pytest.fixture
def recorded() -> Kit:
    return connect(engine="replay")


def live(recorded: Kit, ask: Any, cast: str = "tiny") -> Kit:
    engine = replace(recorded.engine, kind="ollama")
    return Kit(ask, CASTS[cast], engine)


def as_recorded(recorded: Kit) -> dict[str, str]:
    """What the recorded model wrote, by the prompt."""
    answered = asyncio.run(answers_of(recorded.cast, recorded.ask, items_of()))
    return {
        task.input: row[0][0].text
        for one in answered.values()
        for task, row in zip(one.tasks, one.cells, strict=True)
    }


async def pressed(panel: MyModels) -> None:
    """As in Lab: a click comes from a thread that has another loop, or none."""
    await asyncio.to_thread(panel.start.click)
    async with asyncio.timeout(20):
        await asyncio.wrap_future(panel._task)


def test_twelve_fit_items_of_a_workload_are_of_all_its_kinds_and_levels(recorded):
    items = items_of()
    assert {len(some) for some in items.values()} == {12}
    assert {task.split for some in items.values() for task in some} == {"fit"}
    assert {*Counter(task.kind for task in items["desk"]).values()} == {3}
    assert {task.level for task in items["triage"]} == {"clear", "distractor", "hard"}


def test_on_recordings_it_shows_the_recorded_rows_and_how_to_go_live(recorded):
    panel = asyncio.run(measure_my_models(recorded))
    assert panel.children == (panel.status, panel.table) and "go live" in panel.status.value
    desk, triage = (
        asyncio.run(study(recorded)).of([name])
        for study, name in ((studies.desk, "large by kind"), (studies.triage, "large"))
    )
    wanted = {task.id for some in panel._items.values() for task in some}
    for row, measured in zip(panel.chart.rows, (desk, triage), strict=False):
        of = [n for n, task in enumerate(measured.tasks) if task.id in wanted]
        assert row.right == f"{measured.right[of].sum()} of 12"
        assert row.seconds_an_answer == pytest.approx(measured.seconds[of].mean())
        assert row.models == "tiny, qwen2.5-coder:1.5b" and row.right in panel.table.value
    text = panel._repr_mimebundle_()["text/plain"]
    assert my_models.ON_RECORDINGS in text
    assert all(row.right in text for row in panel.chart.rows)


def test_the_button_measures_the_cast_in_hand_and_sets_it_beside_the_recorded_one(recorded):
    texts = as_recorded(recorded)
    desk = {task.input for task in items_of()["desk"]}
    ask = Scripted({"": lambda prompt: texts[prompt] if prompt in desk else "a poem"})

    async def click() -> MyModels:
        panel = await measure_my_models(live(recorded, ask, "laptop"))
        assert "yours, " not in panel.table.value
        await pressed(panel)
        return panel

    panel = asyncio.run(click())
    assert {member.model for member, *_ in ask.asked} == {CASTS["laptop"].large.model}
    assert len(ask.asked) == 12 * len(panel._items)
    found = {(row.workload, row.models): row.right for row in panel.chart.rows}
    assert found["desk", "yours, qwen2.5:14b"] == found["desk", "tiny, qwen2.5-coder:1.5b"]
    assert found["triage", "yours, qwen2.5:14b"] == "0 of 12"
    assert "tiny did better on items like these" in panel.table.value
    assert f"{len(ask.asked)} calls" in panel.status.value and panel.stop.disabled


def test_the_same_answers_are_said_to_be_right_on_the_same_items(recorded):
    texts = as_recorded(recorded)

    async def click() -> MyModels:
        panel = await measure_my_models(live(recorded, Scripted({"": texts.__getitem__})))
        await pressed(panel)
        return panel

    assert "Yours and tiny are right on the same items." in asyncio.run(click()).table.value


class Hanging:
    """Answers five calls, and no more until it is let go."""

    def __init__(self) -> None:
        self.asked, self.go = 0, asyncio.Event()

    async def __call__(self, member: Member, prompt: str, **options: Any) -> Reply:
        self.asked += 1
        if self.asked > 5:
            await self.go.wait()
        return Reply("refund", member, output_seconds=1.0)


def test_stop_ends_it_and_start_goes_on_where_it_was(recorded):
    async def click() -> tuple[str, str, int, int]:
        ask = Hanging()
        panel = await measure_my_models(live(recorded, ask))
        await asyncio.to_thread(panel.start.click)
        async with asyncio.timeout(20):
            while ask.asked < 6:
                await asyncio.sleep(0)
            counted = panel.status.value
            await asyncio.to_thread(panel.stop.click)
            while panel.start.disabled:
                await asyncio.sleep(0)
        stopped = panel.status.value
        ask.go.set()
        await pressed(panel)
        return counted, stopped, ask.asked, 12 * len(panel._items)

    counted, stopped, asked, calls = asyncio.run(click())
    assert f"5 of {calls} calls" in counted and "s left" in counted
    assert "Stopped." in stopped and asked == calls + 1


def test_an_engine_that_goes_away_is_no_wrong_answer(recorded):
    gone = EngineUnreachable("The Ollama went away. Start it:  ollama serve")
    ask = Scripted({"answer": ["refund", "refund", gone]})

    async def click() -> MyModels:
        panel = await measure_my_models(live(recorded, ask))
        await pressed(panel)
        return panel

    panel = asyncio.run(click())
    assert "ollama serve" in panel.status.value and len(ask.asked) < 12
    assert "yours, " not in panel.table.value and panel.stop.disabled


def test_the_seconds_left_follow_what_the_recorded_ones_took(recorded):
    panel = asyncio.run(measure_my_models(live(recorded, Scripted({}))))
    for number in range(2):
        panel._hear(SimpleNamespace(kind="asked", seconds=0.0))
        panel._hear(SimpleNamespace(kind=("done", "failed")[number], seconds=7.0))
    done = panel._shares[:2].sum()
    left = 14 * (panel._shares.sum() - done) / done
    assert f"2 of {len(panel._shares)} calls, about {left:.0f} s left" in panel.status.value


def test_a_larger_model_is_said_to_take_longer(recorded):
    async def minutes(cast: str) -> int:
        panel = await measure_my_models(live(recorded, Scripted({}), cast))
        return int(re.search(r"about (\d+) min", panel.start.description)[1])

    assert asyncio.run(minutes("laptop")) > 3 * asyncio.run(minutes("tiny"))


def test_orders_are_asked_for_forms_and_graded_by_their_totals(recorded):
    some = items_of()["orders"]
    assert {*Counter(task.level for task in some).values()} == {2}
    forms = {task.input: json.dumps(task.gold) for task in some}
    ask: Ask = Scripted({"": forms.__getitem__})
    cast = recorded.cast
    answered = asyncio.run(answers_of(cast, ask, {"orders": some}))
    assert answered["orders"].right.all() and len(ask.asked) == 12
    assert {member for member, *_ in ask.asked} == {orders.form_member(cast.large)}
