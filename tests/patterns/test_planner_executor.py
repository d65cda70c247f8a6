"""Planner-executor: any text gives a plan that can be run, and each step sees what it needs."""

import asyncio
import json

from hypothesis import given
from hypothesis import strategies as st

from mlkit import trace
from mlkit.ask import Failure, Member
from mlkit.patterns.planner_executor import PlannerExecutor, parse_plan
from mlkit.schedule import schedule
from tests.conftest import Scripted

A, B, C = Member("qwen:a"), Member("qwen:b"), Member("qwen:c")
TYPES = ("search", "math")
WORDS = st.text(max_size=5)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 9) | st.floats(allow_nan=True) | WORDS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=8,
)
STEP = st.fixed_dictionaries(
    {
        "type": st.sampled_from([*TYPES, "oracle"]) | JSON,
        "prompt": WORDS | JSON,
        "needs": st.lists(st.integers(-1, 9), max_size=4) | JSON,
    }
)
ROWS = st.lists(JSON | STEP, max_size=9)


@given(text=st.text() | JSON.map(json.dumps) | ROWS.map(lambda rows: json.dumps({"steps": rows})))
def test_any_text_gives_steps_that_can_be_run(text: str) -> None:
    steps, repairs = parse_plan(text, TYPES, "search", 5)
    assert steps or repairs
    assert len(steps) <= 5
    for position, step in enumerate(steps):
        assert step.type in TYPES and step.prompt.strip()
        assert set(step.needs) <= {earlier.number for earlier in steps[:position]}


def plan(*steps: tuple[str, str, list[int]]) -> str:
    return json.dumps(
        {
            "steps": [
                {"type": kind, "prompt": prompt, "needs": needs} for kind, prompt, needs in steps
            ]
        }
    )


def test_a_good_plan_needs_no_repair() -> None:
    text = plan(("search", "a", []), ("search", "b", []), ("math", "c", [2, 1]))
    steps, repairs = parse_plan(text, TYPES, "search", 5)
    assert ([step.needs for step in steps], repairs) == ([(), (), (1, 2)], ())


def test_what_was_repaired_in_the_text_of_a_plan_is_said() -> None:
    good = plan(("search", "a", []), ("math", "b", [1]))
    for text, repair in (
        (f"<think>{plan(('math', 'z', []))}</think>{good}", ""),
        (f"Here is the plan:\n```json\n{good}\n```", "What stands around"),
        (good.replace("]}]}", "]},]}"), "A comma before"),
        (f"{plan(('math', 'z', []))}\n{good}", '2 objects have "steps"'),
        (good[:-2] + ', {"type": "math", "prompt": "and th', "It is cut off; the 2 whole steps"),
    ):
        steps, repairs = parse_plan(text, TYPES, "search", 5)
        assert [(step.prompt, step.needs) for step in steps] == [("a", ()), ("b", (1,))]
        assert [each.startswith(repair) for each in repairs] == ([True] if repair else [])


def executor(**tools) -> PlannerExecutor:
    return PlannerExecutor(A, B, {"math": C}, {"search": lambda query: f"found {query}"} | tools)


SCRIPT = {
    "plan": plan(("search", "bell", []), ("math", "lock", []), ("math", "sum", [1])),
    "step 2 math": "20",
    "step 3 math": "5",
    "synthesize": "25",
}


def test_a_step_sees_only_the_results_that_it_needs() -> None:
    ask = Scripted(dict(SCRIPT))
    asyncio.run(executor().run(ask, "?"))
    prompts = {role: prompt for _, prompt, role in ask.asked}
    assert (prompts["step 2 math"], prompts["step 3 math"]) == ("lock", "sum\n\nbell: found bell")
    assert prompts["synthesize"] == "Request: ?\n\nResults:\nbell: found bell\nlock: 20\nsum: 5"


def test_thoughts_go_neither_to_a_tool_nor_to_the_next_step() -> None:
    thought = {role: f"<think>hm</think>{text}" for role, text in SCRIPT.items()}
    ask = Scripted(dict(SCRIPT | thought | {"plan": SCRIPT["plan"]}))
    asyncio.run(executor(math=lambda text: f"={text}").run(ask, "?"))
    assert not [prompt for _, prompt, _ in ask.asked if "think>" in prompt]


def test_what_a_member_writes_goes_through_its_tool() -> None:
    result = asyncio.run(executor(math=lambda text: f"={text}").run(Scripted(dict(SCRIPT)), "?"))
    assert result.results == ("found bell", "=20", "=5")


def test_a_tool_may_give_a_number() -> None:
    ask = Scripted(dict(SCRIPT))
    result = asyncio.run(executor(math=lambda text: 4.5).run(ask, "?"))
    assert result.results == ("found bell", "4.5", "4.5")
    assert ask.asked[-1][1].endswith("lock: 4.5\nsum: 4.5")


def test_a_tool_that_breaks_is_a_failed_step_that_the_synthesis_hears_of() -> None:
    def broken(text: str) -> str:
        raise KeyError("shelf")

    ask = Scripted(dict(SCRIPT))
    result = asyncio.run(executor(search=broken).run(ask, "?"))
    assert isinstance(result.results[0], Failure)
    assert "bell: failed ('shelf')" in ask.asked[-1][1]


def test_independent_steps_run_together() -> None:
    script = {"plan": plan(("math", "a", []), ("math", "b", []), ("math", "c", [1, 2])), "": "1"}
    run = asyncio.run(trace.run(Scripted(script), executor(), "?"))
    assert schedule(run.calls) == [(0, 1), (1, 2), (1, 2), (2, 3), (3, 4)]


def test_who_does_a_step_sees_the_request_only_where_it_is_kept() -> None:
    steps = [{"type": "code", "prompt": "do it", "needs": []}]
    script = {"plan": json.dumps({"steps": steps}), "": "done"}
    for keep, wanted in (
        (False, "do it"),
        (True, "do it\n\nIt is part of this request: All of it"),
    ):
        ask = Scripted(dict(script))
        member = Member("qwen:m")
        pattern = PlannerExecutor(
            member, member, {"code": member}, fallback="code", keep_request=keep
        )
        asyncio.run(pattern.run(ask, "All of it"))
        assert [prompt for _, prompt, role in ask.asked if role == "step 1 code"] == [wanted]
