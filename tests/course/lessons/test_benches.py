"""What the notebooks' benches play with: on recordings every setting that is offered can be run on
every prompt that is offered, and one that is called free makes no call.
"""

import asyncio
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from course import systems
from course.lessons import benches
from ipywidgets import FloatSlider, ValueWidget

import mlkit
from mlkit import trace
from mlkit.ask import Failure, Member, Reply
from mlkit.errors import NotRecorded, Unparsed
from mlkit.kit import Kit
from mlkit.widgets.bench import bench
from mlkit.widgets.panels import Shares
from mlkit.widgets.runs import Runs
from mlkit.wrappers import Remembered

OWN = "A customer wants her money back for a lamp that never came."


@pytest.fixture(scope="module")
def kit() -> Kit:
    return mlkit.connect(engine="replay")


def labels(control: ValueWidget) -> list[str]:
    """What a control, or each part of one, is called."""
    if isinstance(control, Shares):
        return [label for part in control.children for label in labels(part)]
    return [control.description]


def offered(control: ValueWidget) -> list[Any]:
    """The values that a control offers; of a slider, those from end to end."""
    if isinstance(control, FloatSlider):
        return [control.min + n * (control.max - control.min) / 10 for n in range(11)]
    if isinstance(control, Shares):
        return [(1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0), (0.3, 0.3, 0.4)]
    options = [one if isinstance(one, tuple) else (one, one) for one in control.options]
    return [value for _, value in options]


def settings(play: benches.Play) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each value of each control, the others as they are at first; and whose value it is."""
    first = {name: control.value for name, control in play.controls.items()}
    yield "", first
    for name, control in play.controls.items():
        for value in offered(control):
            control.value = value
            yield name, first | {name: control.value}
        control.value = first[name]


async def calls_of(kit: Kit, name: str) -> dict[str, int]:
    """How many calls were made for each control, on all prompts, one after another."""
    play, made, asked = benches.play(name, kit), Counter(), []

    async def counted(member: Member, prompt: str, **options: Any) -> Reply:
        asked.append(prompt)
        return await kit.ask(member, prompt, **options)

    for prompt in play.prompts:
        remembered = Remembered(counted)
        for moved, values in settings(play):
            asked.clear()
            try:
                run = await trace.run(remembered, play.build(**values), prompt)
            except Unparsed:  # a legitimate end: no answer counts
                continue
            finally:
                made[moved] += len(asked)
            failed = [call.reply.error for call in run.calls if isinstance(call.reply, Failure)]
            assert not [one for one in failed if isinstance(one, NotRecorded)], (prompt, values)
    return made


@pytest.mark.parametrize("name", [*systems.NINE, "choosing"])
def test_on_recordings_all_that_is_offered_can_be_run_and_what_is_called_free_is(kit, name):
    made = asyncio.run(calls_of(kit, name))
    assert made[""]
    for control, widget in benches.play(name, kit).controls.items():
        free = ["(free)" in label for label in labels(widget)]
        assert all(free) or ("(new calls" in widget.description and not any(free))
        assert not (all(free) and made[control]), f"{control} makes calls, and is called free"


@pytest.mark.parametrize("name", [*systems.NINE, "choosing"])
def test_a_bench_of_each_pattern_runs_and_describes_what_it_decided(kit, name):
    async def play() -> Any:
        made = benches.play(name, kit)
        box = bench(kit, made.build, made.prompts, Runs(), made.grade, **made.controls)
        await asyncio.to_thread(box.run.click)
        async with asyncio.timeout(5):
            await asyncio.wrap_future(box._task)
        return box

    box = asyncio.run(play())
    assert box.last.result.describe() and len(box.cards.children) == len(box.last.calls)
    assert len(box.runs.runs) == 1
    if name in ("voting", "consensus_ensemble", "weighted_ensemble"):
        assert "counts as" in box.cards.children[0].value


def test_a_pattern_without_settings_has_a_bench_too(kit, monkeypatch):
    monkeypatch.delitem(benches._PLAYS, "voting")
    play = benches.play("voting", kit)
    assert play.build() == systems.for_orders(kit.cast)["voting"] and not play.controls


def answering(kit: Kit) -> tuple[Kit, list[Any]]:
    """A live kit whose members answer with their seed; and what is embedded by it."""
    embedded: list[Any] = []

    class Live:
        async def __call__(self, member: Member, prompt: str, **options: Any) -> Reply:
            return Reply(f"answer {member.seed}", member)

        async def embed(self, model: str, texts: Any) -> Any:
            embedded.append(texts)
            return np.eye(len(texts))

    return replace(kit, ask=Live(), engine=replace(kit.engine, kind="ollama")), embedded


def test_live_a_moved_similarity_embeds_nothing_that_the_run_did_not(kit):
    """Nor do fewer voters: the bench calls these controls free."""
    live, embedded = answering(kit)
    build = benches.play("voting", live).build
    for voters, similarity in ((3, "off"), (3, 0.7), (3, 0.9), (1, 0.7), (3, "off")):
        vote = build(voters=voters, normaliser="tidied", similarity=similarity)
        asyncio.run(vote(live.ask, OWN))
        assert len(embedded) == 1


def test_live_a_plan_may_have_fewer_steps_and_an_own_prompt_is_sampled_with_its_own_seeds(kit):
    live, _ = answering(kit)
    assert len(offered(benches.play("planner_executor", live).controls["max_steps"])) > 1
    asked: list[Member] = []

    async def ask(member: Member, prompt: str, **options: Any) -> Reply:
        asked.append(member)
        return Reply("refund", member)

    vote = benches.play("voting", live).build(voters=3, normaliser="tidied", similarity="off")
    assert asyncio.run(vote(ask, OWN)).vote.count == 3
    assert len({member.seed for member in asked}) == 3
