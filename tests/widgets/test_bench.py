"""The bench, pressed and moved as a learner does: in a thread of its own, as Lab handles clicks."""

import asyncio
import contextlib
import itertools
import re
from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import Any, NamedTuple

import pytest
from course.shop import QUEUES, member_for

from mlkit.ask import Ask, Failure, Member, together
from mlkit.engines.ollama import Ollama
from mlkit.errors import EngineError, MlkitError
from mlkit.kit import Kit, connect
from mlkit.measure import tasks
from mlkit.models import cost_dollars, list_prices
from mlkit.parsing import plain
from mlkit.patterns.consensus_ensemble import ConsensusEnsemble
from mlkit.patterns.single_model import SingleModel
from mlkit.patterns.voting import ModelVoting
from mlkit.widgets.bench import MOST_CALLS, Bench, bench, try_it
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


def cards(box: Bench) -> str:
    return "".join(card.value for card in box.cards.children)


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
    assert "2 calls, 2.0 s of work" in box.status.value
    assert "&lt;b&gt;yes no" in box.decision.value
    assert "1. vote 1" in cards(box) and "2. vote 2" in cards(box)
    assert "&lt;b&gt;yes" in cards(box) and "<b>yes" not in cards(box)
    (run,) = box.runs.runs
    assert (run.pattern, run.calls, run.work_seconds) == ("vote, count 2", 2, 2.0)


def test_what_is_known_of_an_answer_is_said_below_it_as_text():
    kit, _ = scripted_kit({"": "<b>4</b>"})

    async def play() -> Bench:
        box = bench(
            kit,
            lambda: SingleModel(Member("m")),
            ["What is 2 + 3?"],
            Runs(),
            lambda prompt, text: f"{prompt} {text}; right is 5.",
        )
        await press(box.run, box)
        return box

    said = asyncio.run(play()).decision.value
    assert "What is 2 + 3? &lt;b&gt;4&lt;/b&gt;; right is 5." in said


def test_a_control_decides_again_without_a_call_and_says_what_it_needs():
    async def play() -> list[str]:
        kit, ask = scripted_kit({"": "yes"})
        box = counted(kit)
        await press(box.run, box)
        said = []
        for count in (1, 3):
            await move(box.controls["count"], count, box)
            said.append(f"{len(ask.asked)} {box.status.value}")
        assert len(box.last.calls) == 1  # of the setting that could be decided
        await press(box.run, box)
        said.append(f"{len(ask.asked)} {box.status.value}")
        return said

    one, three, ran = asyncio.run(play())
    assert one.startswith("2 ") and "1 call," in one
    assert three.startswith("2 ") and "needs a call that was not made: 1 of large." in three
    assert "Press Run" in three
    assert ran.startswith("3 ") and "3 calls" in ran


def test_what_is_missing_is_counted_up_to_what_depends_on_it():
    async def chain(ask: Ask, prompt: str) -> str:
        first = await together(*(ask(member, prompt) for member in (SMALL, LARGE)))
        texts = [getattr(one, "text", "failed") for one in first]
        return (await ask(LARGE, " ".join(texts), role="sum")).text

    async def play() -> tuple[str, str]:
        kit, ask = scripted_kit({"": "yes"})
        kind = steps("kind", "one", ["one", "chain"])
        box = bench(
            kit, lambda kind: chain if kind == "chain" else voters(1), ["?"], Runs(), kind=kind
        )
        await press(box.run, box)
        await move(kind, "chain", box)
        said = box.status.value
        await press(box.run, box)
        return said, box.status.value

    said, ran = asyncio.run(play())
    assert "needs a call that was not made: 1 of large. Press Run" in said and "follows" in said
    assert "3 calls" in ran


def test_a_failed_call_is_one_line_and_the_others_go_on():
    async def play() -> Bench:
        kit, _ = scripted_kit({"vote 1": EngineError("It is full."), "vote 2": "no"})
        box = counted(kit)
        await press(box.run, box)
        return box

    box = asyncio.run(play())
    assert "EngineError: It is full." in cards(box)
    assert "? no" in box.decision.value
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
        cards(box).count("counts as")
        == 2
        == cards(box).count(repr(plain("yes"))[1:-1] + "&#x27;</div>")
    )
    assert "wins with 2 of 2 votes" in box.decision.value


def test_every_card_opens_to_all_that_was_told():
    member = replace(SMALL, system="Be short.", shots=(("2+2?", "4"),))

    async def play() -> str:
        kit, _ = scripted_kit({"": "yes"})
        box = try_it(kit, member, "What?")
        await press(box.run, box)
        return cards(box)

    shown = asyncio.run(play())
    for told in ("Be short.", "2+2?", "\n4<", "What?"):
        assert told in shown


def live_kit(address: str) -> Kit:
    kit, _ = scripted_kit({})
    return replace(kit, ask=Limited(Ollama(address), 1))


async def until(seen: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not seen():
            await asyncio.sleep(0)


async def stopped(box: Bench, when: Callable[[], bool]) -> None:
    """Press Run, wait until something is so, and press Stop."""
    await asyncio.to_thread(box.run.click)
    await until(when)
    await asyncio.to_thread(box.stop.click)
    await until(lambda: not box.run.disabled)


def test_stop_ends_the_calls_and_says_so(server):
    async def play() -> Bench:
        async with server("hangs") as address:
            live = live_kit(address)
            box = try_it(live, live.cast.small, "What?")
            await stopped(box, live.ask._lane.locked)
            assert not live.ask._lane.locked()
            return box

    box = asyncio.run(play())
    assert "Stopped." in box.status.value and "stopped after" in cards(box)


@pytest.mark.parametrize(("fault", "said"), [("dies mid-answer", "did not answer, or went away")])
def test_an_engine_that_goes_away_is_one_line_and_the_next_run_asks_again(server, fault, said):
    async def play() -> list[str]:
        async with server(fault) as address:
            live = live_kit(address)
            box = try_it(live, live.cast.small, "What?")
            shown = []
            for _ in range(2):
                await press(box.run, box)
                shown.append(box.status.value)
            return shown

    assert all("EngineUnreachable" in one and said in one for one in asyncio.run(play()))


async def waits_for_ever(ask: Ask, prompt: str) -> str:
    await ask(SMALL, prompt)
    await asyncio.Event().wait()
    return ""


async def asks_for_ever(ask: Ask, prompt: str) -> str:
    while True:
        await ask(SMALL, prompt)


async def asks_whatever_is_said(ask: Ask, prompt: str) -> str:
    for _ in range(1000):
        await together(ask(SMALL, prompt))
    return "done"


class CatchesWhateverComes:
    """Goes on for ever; not in a test, where the loop waits for all of its tasks in the end."""

    stopped = False

    async def run(self, ask: Ask, prompt: str) -> str:
        for seed in itertools.count():
            if self.stopped:
                break
            try:
                await ask(replace(SMALL, seed=seed), prompt)
            except:  # noqa: E722
                pass
        return ""


async def never_gives_up(ask: Ask, prompt: str) -> str:
    for _ in range(100_000):  # for ever, if nobody hears Stop
        with contextlib.suppress(MlkitError):
            await ask(SMALL, prompt)
    return "done"


def on(kit: Kit, pattern: Any, prompt: str = "What?", **controls: Any) -> Bench:
    """A bench for a pattern that no control changes."""
    return bench(kit, lambda **_: pattern, [prompt], Runs(), **controls)


def test_a_pattern_that_never_ends_is_stopped():
    async def play() -> str:
        kit, ask = scripted_kit({"": "yes"})
        box = on(kit, waits_for_ever)
        await stopped(box, lambda: bool(ask.asked))
        return box.status.value

    assert "Stopped." in asyncio.run(play())


def test_stop_is_heard_though_a_pattern_catches_whatever_comes():
    async def play() -> str:
        kit, ask = scripted_kit({"": "yes"}, seconds=0.1)
        pattern = CatchesWhateverComes()
        box = on(kit, pattern)
        await stopped(box, lambda: len(ask.asked) > 0)
        asked = len(box.cards.calls)
        await asyncio.sleep(0)
        assert len(box.cards.calls) == asked
        pattern.stopped = True
        return box.status.value

    assert "Stopped." in asyncio.run(play())


@pytest.mark.parametrize("pattern", [asks_for_ever, asks_whatever_is_said, never_gives_up])
def test_a_pattern_that_asks_a_thousand_times_meets_a_limit_that_says_so(pattern):
    async def play() -> Bench:
        kit, ask = scripted_kit({"": "yes"})
        box = on(kit, pattern)
        await press(box.run, box)
        assert len(ask.asked) == 1  # the others are remembered
        return box

    box = asyncio.run(play())
    assert f"TooManyCalls: It asks more than {MOST_CALLS} times" in box.status.value
    assert len(box.cards.children) == MOST_CALLS and not box.runs.runs


def test_deciding_again_comes_to_an_end(monkeypatch):
    monkeypatch.setattr("mlkit.widgets.bench.DECIDE_SECONDS", 0.1)
    n = steps("number", 1, [1, 2])

    def build(n: int) -> Any:
        return voters(1) if n == 1 else waits_for_ever

    async def play() -> str:
        kit, _ = scripted_kit({"": "yes"})
        box = bench(kit, build, ["What?"], Runs(), n=n)
        await press(box.run, box)
        await move(n, 2, box)
        return box.status.value

    assert "does not come to an end" in asyncio.run(play())


def test_of_two_moves_the_newest_counts():
    n = steps("number", 1, [1, 2, 3])

    async def play() -> str:
        kit, _ = scripted_kit({"": "yes"})
        begun, may_end = asyncio.Event(), asyncio.Event()

        def build(n: int) -> Any:
            async def numbered(ask: Ask, prompt: str) -> str:
                await ask(SMALL, prompt)
                if n == 2:
                    begun.set()
                    await may_end.wait()
                return f"answer {n}"

            return numbered

        box = bench(kit, build, ["What?"], Runs(), n=n)
        await press(box.run, box)
        await asyncio.to_thread(setattr, n, "value", 2)
        slow = box._task
        await begun.wait()
        await move(n, 3, box)
        may_end.set()
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.wrap_future(slow)
        return box.decision.value

    assert "answer 3" in asyncio.run(play())


async def first_of_five(ask: Ask, prompt: str) -> str:
    asked = [asyncio.create_task(ask(replace(SMALL, seed=n), prompt)) for n in range(5)]
    done, _ = await asyncio.wait(asked, return_when=asyncio.FIRST_COMPLETED)
    return next(iter(done)).result().text


async def fails_while_others_are_asked(ask: Ask, prompt: str) -> str:
    await first_of_five(ask, prompt)
    raise ValueError("no more")


@pytest.mark.parametrize("pattern", [first_of_five, fails_while_others_are_asked])
def test_calls_that_nobody_waits_for_end_with_the_run(pattern):
    async def play() -> tuple[Bench, int]:
        kit, ask = scripted_kit({"": "yes"}, seconds=0.02)
        box = on(kit, pattern)
        await press(box.run, box)
        asked = len(ask.asked)
        assert not kit.ask._lane.locked()
        await press(box.run, box)  # what was answered is remembered, what was stopped asked again
        return box, asked

    box, asked = asyncio.run(play())
    assert asked <= 2 and cards(box).count("stopped after") >= 3


def test_the_labels_stand_on_a_card_as_bars_and_progress_is_read_aloud():
    async def play() -> Bench:
        kit = connect(engine="replay")
        member = member_for(kit.cast.small, "triage")
        prompt = tasks.load("triage")[0].input

        async def labelled(ask: Ask, prompt: str) -> str:
            return (await ask(member, prompt, labels=QUEUES)).text

        box = on(kit, labelled, prompt)
        await press(box.run, box)
        return box

    box = asyncio.run(play())
    (call,) = box.last.calls
    bars = re.findall(r"width: (\d+)px'></span> (\w+) ([\d.]+)<", cards(box))
    width, label, share = bars[0]
    assert label == call.reply.text and len(bars) == 3
    assert abs(int(width) - 60 * float(share)) <= 1
    assert "role='status' aria-live='polite'" in box.status.value
    (run,) = box.runs.runs
    dollars = 1000 * cost_dollars(box.last.calls, list_prices())
    assert run.dollars_per_thousand == dollars > 0 and run.answered == "recorded"
    assert f"&#36;{dollars:.3f} per 1,000 prompts like this" in box.status.value


def test_another_prompt_takes_away_what_answered_the_one_before():
    async def play() -> Bench:
        kit, _ = scripted_kit({"": "yes"})
        box = counted(kit)
        await press(box.run, box)
        assert "yes" in box.decision.value and len(box.cards.children) == 2
        await asyncio.to_thread(setattr, box.menu, "value", "Why?")
        assert not box.decision.value and not box.cards.children
        await asyncio.to_thread(setattr, box.controls["count"], "value", 1)
        assert "Another prompt: press Run." in box.status.value  # there is nothing to decide
        return box

    box = asyncio.run(play())
    assert box.prompt.value == "Why?"


def test_a_prompt_that_is_changed_during_a_run_has_no_answer_after_it():
    async def play() -> Bench:
        kit, _ = scripted_kit({"": "yes"})
        begun, may_end = asyncio.Event(), asyncio.Event()

        async def slow(ask: Ask, prompt: str) -> str:
            begun.set()
            await may_end.wait()
            return (await ask(SMALL, prompt)).text

        box = on(kit, slow)
        await asyncio.to_thread(box.run.click)
        await begun.wait()
        await asyncio.to_thread(setattr, box.prompt, "value", "Another?")
        may_end.set()
        await settled(box)
        return box

    box = asyncio.run(play())
    assert box.decision.value == "" and "Another prompt: press Run." in box.status.value
    assert [run.prompt for run in box.runs.runs] == ["What?"]


def test_an_edited_example_can_be_had_back():
    async def play() -> tuple[Bench, Bench]:
        kit, _ = scripted_kit({})
        box, one = counted(kit), bench(kit, voters, "What?", Runs(), count=steps("n", 1, [1]))
        box.prompt.value = "What else?"
        assert box.menu.value is None
        box.menu.index = 0
        return box, one

    box, one = asyncio.run(play())
    assert box.prompt.value == "What?"
    assert [value for _, value in one.menu.options] == ["What?"]  # a prompt is one, too


def test_a_result_that_cannot_describe_itself_is_one_line_where_a_control_moves_too():
    class Broken(NamedTuple):
        text: str

        def describe(self) -> str:
            raise ValueError("no words")

    async def play() -> list[str]:
        kit, _ = scripted_kit({"": "yes"})
        n = steps("number", 1, [1, 2])

        def build(n: int) -> Any:
            async def answer(ask: Ask, prompt: str) -> Any:
                text = (await ask(SMALL, prompt)).text
                return Broken(text) if n == 2 else text

            return answer

        box = bench(kit, build, ["What?"], Runs(), n=n)
        await press(box.run, box)
        await move(n, 2, box)
        return [box.status.value, box.decision.value]

    status, decision = asyncio.run(play())
    assert "ValueError: no words" in status


def raises(**_: Any) -> Any:
    raise ValueError("no such <b>setting</b>")


@pytest.mark.parametrize(
    ("build", "said"),
    [
        (raises, "ValueError: no such &lt;b&gt;setting&lt;/b&gt;"),
        (lambda: None, "SettingError: None is no pattern"),
        (lambda: len, "TypeError"),  # a function of something else
        (
            lambda: lambda ask, prompt: "at once",
            "does not wait for its calls",
        ),  # one that is not async
    ],
)
def test_a_build_that_raises_or_gives_no_pattern_is_one_line(build, said):
    async def play() -> Bench:
        kit, _ = scripted_kit({"": "yes"})
        box = bench(kit, build, ["What?"], Runs())
        await press(box.run, box)
        return box

    box = asyncio.run(play())
    assert said in box.status.value and "role='alert'" in box.status.value
    assert not box.run.disabled and box.stop.disabled


def test_a_control_whose_pattern_cannot_be_built_says_why():
    async def play() -> str:
        kit, _ = scripted_kit({"": "yes"})
        n = steps("number", 1, [1, 0])
        box = bench(kit, lambda n: ModelVoting([SMALL] * n), ["What?"], Runs(), n=n)
        await press(box.run, box)
        await move(n, 0, box)
        return box.status.value

    assert "ValueError: there are no members" in asyncio.run(play())


@pytest.mark.parametrize(
    ("prompt", "said"),
    [(" \n", "The prompt is empty"), ("long " * 20_000, "does not fit the 4,096 tokens")],
)
def test_a_prompt_that_nobody_can_answer_says_why_before_anything_is_sent(prompt, said):
    async def play() -> str:
        live = live_kit("http://127.0.0.1:1")
        box = try_it(live, live.cast.small, "What?")
        await asyncio.to_thread(setattr, box.prompt, "value", prompt)
        await press(box.run, box)
        assert prompt.strip() or not box.cards.children
        return box.status.value

    assert f"BadPrompt: {said}" in asyncio.run(play()).replace(
        "The prompt with its system message and examples does", "does"
    )


def test_a_bench_waits_while_another_runs_and_says_so():
    async def play() -> list[str]:
        kit, ask = scripted_kit({"": "yes"})
        begun, may_end = asyncio.Event(), asyncio.Event()

        async def slow(ask: Ask, prompt: str) -> str:
            begun.set()
            await may_end.wait()
            return (await ask(SMALL, prompt)).text

        one, other = on(kit, slow), on(kit, voters(1), "Why?")
        await asyncio.to_thread(one.run.click)
        await begun.wait()
        await asyncio.to_thread(other.run.click)
        await until(lambda: bool(other.status.value))
        said = [other.status.value, str(len(ask.asked))]
        may_end.set()
        await settled(one)
        await settled(other)
        return [*said, one.status.value, other.status.value]

    waiting, asked, *ended = asyncio.run(play())
    assert "Another bench runs; this one waits for it." in waiting and asked == "0"
    assert all("1 call," in one for one in ended)


def test_a_bench_that_waits_for_its_turn_can_be_stopped():
    async def play() -> str:
        kit, ask = scripted_kit({"": "yes"})
        one, other = on(kit, waits_for_ever), on(kit, voters(1))
        await asyncio.to_thread(one.run.click)
        await until(lambda: bool(ask.asked))
        await stopped(other, lambda: "waits" in other.status.value)
        await asyncio.to_thread(one.stop.click)
        await until(lambda: not one.run.disabled)
        await press(other.run, other)
        return other.status.value

    assert "1 call," in asyncio.run(play())


def test_a_control_that_is_moved_during_a_run_counts_after_it():
    async def play() -> Bench:
        kit, ask = scripted_kit({"": "yes"})
        begun, may_end = asyncio.Event(), asyncio.Event()
        count = steps("voters", 2, [1, 2])

        def build(count: int) -> Any:
            async def slow(ask: Ask, prompt: str) -> str:
                begun.set()
                await may_end.wait()
                return await voters(count)(ask, prompt)

            return slow

        box = bench(kit, build, ["What?"], Runs(), count=count)
        await asyncio.to_thread(box.run.click)
        await begun.wait()
        await asyncio.to_thread(setattr, count, "value", 1)
        may_end.set()
        await until(lambda: "1 call," in box.status.value)
        assert len(ask.asked) == 2
        return box

    box = asyncio.run(play())
    assert [run.pattern for run in box.runs.runs] == ["slow, count 2"]  # as it was asked


def test_a_free_control_changes_the_decision_and_leaves_the_cards_alone():
    async def play() -> tuple[list[str], list[Any]]:
        kit, _ = scripted_kit({"vote 1": "yes", "vote 2": "Yes", "vote 3": "no"})
        members = (SMALL, LARGE, replace(LARGE, seed=1))
        needed = steps("needed", 3, [1, 2, 3])

        def build(needed: int) -> ConsensusEnsemble:
            return ConsensusEnsemble(members, SMALL, needed / 3)

        box = bench(kit, build, ["What?"], Runs(), needed=needed)
        await press(box.run, box)
        changed: list[Any] = []
        decided, before = [box.decision.value], box.cards.children[:3]
        for card in before:
            card.observe(changed.append, "value")
        await move(needed, 2, box)
        assert box.cards.children == before
        waterfall = box._drawing.children[0]
        await until(lambda: len({bar.call for bar in waterfall.chart.rows}) == 3)  # not strong's
        return [*decided, box.decision.value], changed

    (three, two), changed = asyncio.run(play())
    assert "No answer has the 3 of 3 that must agree, so strong was asked." in three
    assert "wins with 2 of 3; if 3 had to agree, strong would be asked." in two
    assert changed == []


def test_a_learners_own_class_and_function_work_without_any_change_to_the_kit():
    class Shout:
        async def run(self, ask: Ask, prompt: str) -> str:
            return (await ask(SMALL, prompt)).text.upper()

    async def play() -> list[Bench]:
        kit, _ = scripted_kit({"": "yes"})
        made = [on(kit, Shout()), on(kit, voters(1))]
        for box in made:
            await press(box.run, box)
        return made

    shout, vote = asyncio.run(play())
    assert "YES" in shout.decision.value and shout.runs.runs[0].pattern == "Shout"
    assert "yes" in vote.decision.value and vote.runs.runs[0].pattern == "vote"


def test_after_a_switch_to_live_a_new_bench_takes_own_prompts_and_the_old_ones_runs():
    async def play() -> tuple[Bench, Bench]:
        recorded, runs = connect(engine="replay"), Runs()
        member, prompt = recorded.cast.small, recorded.recorded_prompts(recorded.cast.small)[0]
        before = bench(recorded, lambda: SingleModel(member), [prompt], runs)
        await press(before.run, before)
        live, _ = scripted_kit({"": "yes"})
        after = bench(live, lambda: SingleModel(member), [prompt], runs)
        await asyncio.to_thread(setattr, after.prompt, "value", "My own?")
        await press(after.run, after)
        return before, after

    before, after = asyncio.run(play())
    assert before.prompt.disabled and not after.prompt.disabled
    assert [run.number for run in after.runs.runs] == [1, 2]
    assert "My own?" in cards(after)


def test_on_recordings_a_bench_offers_the_recorded_prompts_and_says_how_to_go_live():
    async def play() -> Bench:
        kit = connect(engine="replay")
        members = (member_for(kit.cast.small, "triage"), member_for(kit.cast.large, "triage"))

        async def both(ask: Ask, prompt: str) -> str:
            replies = [await ask(member, prompt, labels=QUEUES) for member in members]
            return " ".join(reply.text for reply in replies)

        prompts = [task.input for task in tasks.load("triage")[:3]]
        box = bench(kit, lambda: both, prompts, Runs())
        assert [value for _, value in box.menu.options] == prompts
        box.menu.index = 2
        assert box.prompt.value == prompts[2] and box.prompt.disabled
        await press(box.run, box)
        return box

    box = asyncio.run(play())
    assert "go live" in box.children[0].value
    assert "2 calls" in box.status.value and "0." in cards(box)  # bars with probabilities


def test_try_it_offers_what_was_recorded_for_its_member():
    async def play() -> Bench:
        kit = connect(engine="replay")
        prompts = kit.recorded_prompts(kit.cast.small)
        box = try_it(kit, kit.cast.small, prompts[0])
        assert box.prompt.value == prompts[0]
        assert {value for _, value in box.menu.options} == set(prompts)
        await press(box.run, box)
        return box

    assert "tokens read" in cards(asyncio.run(play()))


def test_runs_are_judged_and_forgotten():
    runs = Runs()
    assert runs.children == ()  # nothing to see before the first
    runs.add("vote", "What?", "4", 0.2, 3.0, 3, "live")
    runs.buttons["right"].click()
    runs.add("other", "Which?", "5", 0.05, 0.5, 1, "live")
    runs.buttons["right"].click()
    runs.add("single <b>", "What?", "6", 0.1, 1.0, 1, "recorded")
    panel = runs.children[-1]
    # Another prompt, and a run that is not judged right, are no rivals.
    assert panel.chart.reading == "3 runs, 2 judged right"
    runs.buttons["right"].click()
    assert [run.judged for run in runs.runs] == ["right"] * 3
    best = "3 runs, 3 judged right: cheapest and fastest on this prompt is run 3 (single <b>)"
    assert panel.chart.reading == best
    assert "single &lt;b&gt;" in panel._table.value and "recorded" in panel._table.value
    assert "the answer of run 3 (single &lt;b&gt;) right: &#x27;6&#x27;?" in runs.children[0].value
    runs.buttons["wrong"].click()
    assert runs.runs[-1].judged == "wrong"
    runs.buttons["clear"].click()
    assert runs.runs == [] and runs.children == ()


def test_a_member_nobody_recorded_has_no_prompts_to_offer():
    assert connect(engine="replay").recorded_prompts(Member("nobody")) == []


@pytest.mark.parametrize("live", [True, False])
def test_a_bench_says_in_words_what_it_is_where_widgets_do_not_run(live: bool):
    async def made() -> str:
        kit = scripted_kit({})[0] if live else connect(engine="replay")
        return counted(kit)._repr_mimebundle_()["text/plain"]

    assert "press Run" in asyncio.run(made()) and "What?" in asyncio.run(made())
