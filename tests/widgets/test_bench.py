"""The bench, pressed and moved as a learner does: in a thread of its own, as Lab handles clicks."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import Any

import pytest
from course.shop import QUEUES, member_for

from mlkit.ask import Ask, Failure, Member, together
from mlkit.engines.ollama import Ollama
from mlkit.errors import EngineError
from mlkit.kit import Kit, connect
from mlkit.measure import tasks
from mlkit.parsing import plain
from mlkit.patterns.voting import ModelVoting
from mlkit.widgets.bench import Bench, bench, try_it
from mlkit.widgets.panels import steps
from mlkit.widgets.runs import Runs
from mlkit.wrappers import Limited
from tests.conftest import Scripted

SMALL, LARGE = Member("qwen:small", name="small"), Member("qwen:large", name="large")


async def press(widget: Any, box: Bench) -> None:
    """Click, and wait until the bench is done with it."""
    await asyncio.to_thread(widget.click)
    await settled(box)


async def move(control: Any, value: Any, box: Bench) -> None:
    await asyncio.to_thread(setattr, control, "value", value)
    await settled(box)


async def settled(box: Bench) -> None:
    async with asyncio.timeout(5):
        await asyncio.wrap_future(box._task)


def scripted_kit(script: dict[str, Any], seconds: float = 0.0) -> tuple[Kit, Scripted]:
    ask = Scripted(script, seconds=seconds)
    kit = connect(engine="replay")
    engine = replace(kit.engine, kind="ollama")
    return replace(kit, ask=Limited(ask, 1), engine=engine), ask


def voters(count: int = 2) -> Callable[[Ask, str], Coroutine[Any, Any, str]]:
    async def vote(ask: Ask, prompt: str) -> str:
        members = [SMALL, LARGE, replace(LARGE, seed=1)][:count]
        asked = [ask(member, prompt, role=f"vote {n}") for n, member in enumerate(members, 1)]
        return " ".join(getattr(reply, "text", "?") for reply in await together(*asked))

    return vote


def counted(kit: Kit, value: int = 2) -> Bench:
    return bench(kit, voters, ["What?", "Why?"], Runs(), count=steps("voters", value, [1, 2, 3]))


def test_a_run_shows_each_answer_the_whole_and_a_point():
    async def play() -> Bench:
        kit, _ = scripted_kit({"vote 1": "<b>yes", "vote 2": "no"})
        box = counted(kit)
        await press(box.run, box)
        return box

    box = asyncio.run(play())
    assert "2 calls, 2.0 s" in box.status.value
    assert "&lt;b&gt;yes no" in box._decision.value
    assert "1. vote 1" in box._answers.value and "2. vote 2" in box._answers.value
    assert "&lt;b&gt;yes" in box._answers.value and "<b>yes" not in box._answers.value
    (run,) = box._runs.runs
    assert (run.pattern, run.calls, run.seconds) == ("vote, count 2", 2, 2.0)


def test_a_control_decides_again_without_a_call_and_says_what_it_needs():
    async def play() -> list[str]:
        kit, ask = scripted_kit({"": "yes"})
        box = counted(kit)
        await press(box.run, box)
        said = []
        for count in (1, 3):
            await move(box._controls["count"], count, box)
            said.append(f"{len(ask.asked)} {box.status.value}")
        assert len(box.last.calls) == 1  # of the setting that could be decided
        await press(box.run, box)
        said.append(f"{len(ask.asked)} {box.status.value}")
        return said

    one, three, ran = asyncio.run(play())
    assert one.startswith("2 ") and "1 calls" in one
    assert three.startswith("2 ") and "qwen:large 1 more" in three and "Press Run" in three
    assert ran.startswith("3 ") and "3 calls" in ran


def test_a_failed_call_is_one_line_and_the_others_go_on():
    async def play() -> Bench:
        kit, _ = scripted_kit({"vote 1": EngineError("It is full."), "vote 2": "no"})
        box = counted(kit)
        await press(box.run, box)
        return box

    box = asyncio.run(play())
    assert "EngineError: It is full." in box._answers.value
    assert "? no" in box._decision.value
    assert isinstance(box.last.calls[0].reply, Failure)


def test_a_pattern_that_cannot_answer_says_why_in_one_line():
    async def play() -> str:
        kit, _ = scripted_kit({"": EngineError("It is full.")})
        box = bench(kit, lambda: ModelVoting((SMALL, LARGE)), ["What?"], Runs())
        await press(box.run, box)
        assert not box.run.disabled and box.stop.disabled
        return box.status.value

    assert "EngineError: It is full." in asyncio.run(play())


def test_a_vote_shows_what_answers_count_as_and_who_won():
    async def play() -> Bench:
        kit, _ = scripted_kit({"vote 1": "Yes.", "vote 2": "yes"})
        box = bench(kit, lambda: ModelVoting((SMALL, LARGE)), ["What?"], Runs())
        await press(box.run, box)
        return box

    box = asyncio.run(play())
    assert (
        box._answers.value.count("counts as")
        == 2
        == box._answers.value.count(repr(plain("yes"))[1:-1] + "&#x27;</div>")
    )
    assert "wins with 2 of 2 votes" in box._decision.value


def test_every_card_opens_to_all_that_was_told():
    member = replace(SMALL, system="Be short.", shots=(("2+2?", "4"),))

    async def play() -> str:
        kit, _ = scripted_kit({"": "yes"})
        box = try_it(kit, member, "What?")
        await press(box.run, box)
        return box._answers.value

    shown = asyncio.run(play())
    for told in ("Be short.", "2+2?", ">4<", "What?"):
        assert told in shown


def test_stop_ends_the_calls_and_says_so(server):
    async def play() -> str:
        async with server("hangs") as address:
            kit, _ = scripted_kit({})
            live = replace(kit, ask=Limited(Ollama(address), 1))
            box = try_it(live, live.cast.small, "What?")
            await asyncio.to_thread(box.run.click)
            async with asyncio.timeout(5):
                while not live.ask._lane.locked():
                    await asyncio.sleep(0)
                await asyncio.to_thread(box.stop.click)
                while box.run.disabled:
                    await asyncio.sleep(0)
            return box.status.value

    assert "Stopped." in asyncio.run(play())


def test_on_recordings_a_bench_offers_the_recorded_prompts_and_says_how_to_go_live():
    async def play() -> Bench:
        kit = connect(engine="replay")
        members = (member_for(kit.cast.small, "triage"), member_for(kit.cast.large, "triage"))

        async def both(ask: Ask, prompt: str) -> str:
            replies = [await ask(member, prompt, labels=QUEUES) for member in members]
            return " ".join(reply.text for reply in replies)

        prompts = [task.input for task in tasks.load("triage")[:3]]
        box = bench(kit, lambda: both, prompts, Runs())
        assert [value for _, value in box.prompt.options] == prompts
        await press(box.run, box)
        return box

    box = asyncio.run(play())
    assert "go live" in box.children[0].value
    assert "2 calls" in box.status.value and "0." in box._answers.value  # bars with probabilities


def test_try_it_offers_what_was_recorded_for_its_member():
    async def play() -> Bench:
        kit = connect(engine="replay")
        prompts = kit.recorded_prompts(kit.cast.small)
        box = try_it(kit, kit.cast.small, prompts[0])
        assert box.prompt.value == prompts[0]
        assert {value for _, value in box.prompt.options} == set(prompts)
        await press(box.run, box)
        return box

    assert "tokens read" in asyncio.run(play())._answers.value


def test_runs_are_judged_and_forgotten():
    runs = Runs()
    runs.add("vote", "What?", 0.2, 3.0, 3)
    runs.add("single", "What?", 0.1, 1.0, 1)
    right, wrong, clear = runs.children[0].children
    right.click()
    assert [run.judged for run in runs.runs] == ["", "right"]
    assert "2 runs, 1 judged right: cheapest single (run 2)" in runs._panel.chart.reading
    wrong.click()
    assert runs.runs[-1].judged == "wrong"
    clear.click()
    assert runs.runs == [] and "Nothing has run yet" in runs._panel.chart.reading


def test_a_member_nobody_recorded_has_no_prompts_to_offer():
    assert connect(engine="replay").recorded_prompts(Member("nobody")) == []


@pytest.mark.parametrize("live", [True, False])
def test_a_bench_says_in_words_what_it_is_where_widgets_do_not_run(live: bool):
    async def made() -> str:
        kit = scripted_kit({})[0] if live else connect(engine="replay")
        return counted(kit)._repr_mimebundle_()["text/plain"]

    assert "press Run" in asyncio.run(made()) and "What?" in asyncio.run(made())
