import asyncio
import gc
from dataclasses import dataclass
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlkit.ask import Failure, Member, Reply, together
from mlkit.errors import SettingError
from mlkit.schedule import schedule
from mlkit.trace import Call, run

MEMBER = Member("m")


@st.composite
def call_graphs(draw):
    """Up to 12 calls; each waits for any of the calls before it."""
    seconds = draw(st.lists(st.floats(0.01, 10), max_size=12))
    calls = []
    for number, output_seconds in enumerate(seconds):
        after = (
            draw(st.frozensets(st.sampled_from(range(number)), max_size=3))
            if number
            else frozenset()
        )
        calls.append(
            Call(number, "", MEMBER, Reply("", MEMBER, output_seconds=output_seconds), after)
        )
    return calls


def makespan(times):
    return max((end for _, end in times), default=0.0)


def critical_path(calls):
    ends = {}
    for call in calls:
        ends[call.id] = call.seconds + max((ends[number] for number in call.after), default=0.0)
    return max(ends.values(), default=0.0)


@given(call_graphs(), st.integers(1, 5))
def test_k_servers_keep_within_grahams_bounds(calls, k):
    total, path, end = (
        sum(call.seconds for call in calls),
        critical_path(calls),
        makespan(schedule(calls, servers=k)),
    )
    assert end >= max(path, total / k) - 1e-9
    assert end <= total / k + (1 - 1 / k) * path + 1e-9


@given(call_graphs(), st.integers(1, 5))
def test_no_more_than_k_calls_run_at_any_moment_and_none_before_its_parents(calls, k):
    times = schedule(calls, servers=k)
    for start, _ in times:
        assert sum(begin <= start < end for begin, end in times) <= k
    for call, (start, _) in zip(calls, times, strict=True):
        assert all(times[number][1] <= start + 1e-9 for number in call.after)


@given(call_graphs())
def test_one_server_takes_the_sum_and_enough_servers_the_critical_path(calls):
    assert makespan(schedule(calls, servers=1)) == pytest.approx(
        sum(call.seconds for call in calls)
    )
    assert makespan(schedule(calls)) == pytest.approx(critical_path(calls))


@given(call_graphs())
def test_a_placed_server_never_runs_two_calls_at_once(calls):
    times = schedule(calls, place=lambda call: call.id % 2)
    for server in (0, 1):
        mine = sorted(
            time for call, time in zip(calls, times, strict=True) if call.id % 2 == server
        )
        assert all(end <= start + 1e-9 for (_, end), (start, _) in pairwise(mine))


def test_schedule_refuses_what_makes_no_sense():
    call = Call(0, "", MEMBER, Reply("", MEMBER), frozenset({7}))
    with pytest.raises(ValueError, match="not among them"):
        schedule([call])
    with pytest.raises(ValueError, match="at least one"):
        schedule([], servers=0)
    with pytest.raises(ValueError, match="not both"):
        schedule([], servers=1, place=lambda call: 0)


@dataclass(frozen=True)
class Diamond:
    """One call, then two together, of which one fails, then one."""

    async def run(self, ask, prompt):
        await ask(MEMBER, prompt, role="first")
        await together(ask(MEMBER, prompt, role="left"), ask(MEMBER, prompt, role="right"))
        return await ask(MEMBER, prompt, role="last")


def test_a_trace_knows_who_waited_for_whom_failures_included(scripted):
    ask = scripted({"": "yes", "right": RuntimeError("broken")})
    done = asyncio.run(run(ask, Diamond(), "hello"))
    after = {call.role: {done.calls[number].role for number in call.after} for call in done.calls}
    assert after == {
        "first": set(),
        "left": {"first"},
        "right": {"first"},
        "last": {"left", "right"},
    }
    assert isinstance(next(call for call in done.calls if call.role == "right").reply, Failure)
    assert done.wall_seconds > 0


def test_branches_inside_branches_join(scripted):
    class Nested:
        async def run(self, ask, prompt):
            async def branch(name):
                await ask(MEMBER, prompt, role=f"{name}1")
                await ask(MEMBER, prompt, role=f"{name}2")

            await together(branch("a"), together(branch("b"), branch("c")))
            return await ask(MEMBER, prompt, role="last")

    done = asyncio.run(run(scripted({"": "yes"}), Nested(), "hello"))
    by_role = {call.role: call for call in done.calls}
    assert {done.calls[number].role for number in by_role["last"].after} == {"a2", "b2", "c2"}
    assert {done.calls[number].role for number in by_role["c2"].after} == {"c1"}


async def forgets(ask, prompt):
    return ask(Member("m"), prompt)


class Answers:
    async def run(self, ask, prompt):
        return "42"


@pytest.mark.filterwarnings("ignore:coroutine .* was never awaited:RuntimeWarning")
@pytest.mark.parametrize(
    "pattern, problem",
    [
        (Answers, "Answers'> is no pattern. Give an async function"),
        (Member("m"), "Member.* is no pattern"),
        (None, "None is no pattern"),
        (forgets, "forgets does not wait for its calls. Write  async def  and  await"),
        (lambda ask, prompt: "42", "does not wait for its calls"),
    ],
)
def test_what_is_no_pattern_or_does_not_wait_is_told(scripted, pattern, problem):
    with pytest.raises(SettingError, match=problem):
        asyncio.run(run(scripted({"": "42"}), pattern, "6 * 7?"))
    gc.collect()  # the call that was forgotten warns here, and not in another test


def test_runs_that_overlap_keep_their_own_calls(scripted):
    async def main():
        ask = scripted({"": "yes"}, seconds=0.001)
        return await together(*(run(ask, Diamond(), f"run {number}") for number in range(8)))

    for done in asyncio.run(main()):
        assert [call.id for call in done.calls] == [0, 1, 2, 3]
        assert done.calls[0].after == frozenset()


def test_a_run_inside_a_run_leaves_the_outer_trace_alone(scripted):
    ask = scripted({"": "yes"})
    inner = []

    class Outer:
        async def run(self, outer_ask, prompt):
            await outer_ask(MEMBER, prompt, role="before")
            inner.append(await run(ask, Diamond(), prompt))
            return await outer_ask(MEMBER, prompt, role="behind")

    before, behind = asyncio.run(run(ask, Outer(), "hello")).calls
    assert behind.after == {before.id}
    assert inner[0].calls[0].after == frozenset()
