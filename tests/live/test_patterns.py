"""All nine patterns on real models, twice: on an Ollama server and on the embedded engine.
Structure only, never text.
"""

import asyncio
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import pytest
from course import capstone, systems

import mlkit
from mlkit.ask import Failure, Reply
from mlkit.kit import Kit
from mlkit.models import Cast
from mlkit.schedule import schedule
from mlkit.trace import Call, Run

# The last sum of the example file: its answers are recorded for every pattern.
PROMPT = capstone.read_prompts(capstone.example())[3].input


def pattern_for(name: str, cast: Cast) -> Any:
    """The pattern as it is filled for any prompt."""
    return systems.for_any_prompt(cast)[name]


class Right(NamedTuple):
    """What must hold of a run: of its result, and of how its calls lie in time (serial: in a row,
    parallel: together).
    """

    result: Callable[[Any], bool]
    layout: Callable[[tuple[Call, ...]], bool]


def series(n: int) -> Callable[[tuple[Call, ...]], bool]:
    """n calls, each after the one before."""
    return lambda calls: (
        len(calls) == n
        and all(
            start == pytest.approx(end)
            for (_, end), (start, _) in zip(schedule(calls), schedule(calls)[1:], strict=False)
        )
    )


def at_once(calls: tuple[Call, ...], n: int) -> bool:
    """The first n calls start together, so that their critical path is the slowest of them, and
    their cost the sum.
    """
    times = schedule(calls[:n])
    slowest = max(call.seconds for call in calls[:n])
    return (
        len(times) == n
        and max(end for _, end in times) == pytest.approx(slowest)
        and all(start == 0 for start, _ in times)
    )


def planned(calls: tuple[Call, ...]) -> bool:
    return (
        calls[0].role == "plan"
        and calls[-1].role == "synthesize"
        and schedule(calls)[-1][0] == pytest.approx(max(end for _, end in schedule(calls)[:-1]))
    )


def supervised(calls: tuple[Call, ...]) -> bool:
    work = [call for call in calls if call.role.startswith("work")]
    first = [call for call in work if call.after == {0}]
    return calls[0].role == "assign" and calls[-1].role == "review" and len(first) >= 1


RIGHT = {
    "single_model": Right(lambda result: isinstance(result.cut_off, bool), series(1)),
    "pipeline": Right(
        lambda result: [stage.name for stage in result.stages] == ["classify", "extract", "reason"],
        series(3),
    ),
    "router": Right(
        lambda result: (
            result.measured
            and result.specialist in ("code", "math", "creative", "general")
            and 0 < result.confidence <= 1
            and 0 < result.label_mass <= 1
        ),
        series(2),
    ),
    "fan_out": Right(
        lambda result: all(isinstance(answer, Reply) for answer in result.answers),
        lambda calls: at_once(calls, 3),
    ),
    "voting": Right(
        lambda result: result.vote.of == 3 and sum(result.vote.tally.values()) == 3,
        lambda calls: at_once(calls, 3),
    ),
    "planner_executor": Right(
        lambda result: 1 <= len(result.steps) == len(result.results) <= 6 and not result.repairs,
        planned,
    ),
    "supervisor_worker": Right(
        lambda result: (
            set(result.tasks) <= {"general", "coder"}
            and result.reviews
            and not any("Expected" in repair for repair in result.repairs)
        ),
        supervised,
    ),
    "weighted_ensemble": Right(
        lambda result: 0 < result.decision.support <= 1, lambda calls: at_once(calls, 3)
    ),
    "consensus_ensemble": Right(
        lambda result: result.needed == 3 and sum(result.vote.tally.values()) == 3,
        lambda calls: at_once(calls, 3) and (len(calls) == 3 or calls[3].after == {0, 1, 2}),
    ),
}


def assert_right(name: str, run: Run) -> None:
    """A pattern that RIGHT does not know has to give a text, and nothing else."""
    assert run.result.text.strip()
    if name in RIGHT:
        assert RIGHT[name].result(run.result), run.result
        assert RIGHT[name].layout(run.calls), [(call.role, call.after) for call in run.calls]


@pytest.fixture(scope="module", params=["ollama", "embedded"])
def kit(request: pytest.FixtureRequest) -> Kit:
    return mlkit.connect(engine=request.param)


@pytest.fixture(scope="module")
def loop(kit: Kit) -> Iterator[asyncio.Runner]:
    """One event loop for a kit, as in a notebook: its connections do not survive the loop they were
    opened in.
    """
    with asyncio.Runner() as runner:
        yield runner


@pytest.mark.live
@pytest.mark.parametrize("name", systems.NINE)
def test_a_pattern_on_real_models(kit: Kit, loop: asyncio.Runner, name: str) -> None:
    run: Run = loop.run(kit.run(pattern_for(name, kit.cast), PROMPT))
    assert_right(name, run)
    assert not any(isinstance(call.reply, Failure) for call in run.calls)
    assert all(call.reply.output_tokens > 0 and call.seconds > 0 for call in run.calls)
    assert (
        run.wall_seconds >= max(end for _, end in schedule(run.calls)) * 0.9
    )  # the engine's own clock against ours
