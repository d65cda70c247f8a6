"""How much the patterns themselves cost, apart from the models: the rules, the overhead of a call,
and parallelism.

Run alone:  uv run pytest -m benchmark -s tests/benchmarks/test_patterns_speed.py
"""

import asyncio
import random
from collections.abc import Callable
from typing import Any

import pytest

from mlkit import trace
from mlkit.ask import Member, Reply
from mlkit.patterns import consensus_ensemble, weighted_ensemble
from mlkit.patterns.fan_out import ModelFanOut
from mlkit.patterns.voting import ModelVoting, vote
from mlkit.patterns.weighted_ensemble import WeightedEnsemble
from tests.benchmarks.timing import best_seconds
from tests.conftest import Scripted
from tests.faults.test_patterns import GOOD, PATTERNS

pytestmark = pytest.mark.benchmark
ITEMS, MEMBERS = 1000, 5


def _items() -> list[list[str | None]]:
    chance = random.Random(0)
    return [
        [chance.choice(["refund", "order", "repair", None]) for _ in range(MEMBERS)]
        for _ in range(ITEMS)
    ]


@pytest.mark.parametrize(
    ("rule", "decide"),
    [
        ("vote", vote),
        (
            "weighted",
            lambda answers: weighted_ensemble.decide(
                answers, (1.0, 0.9, 0.8, 0.7, 0.6), (5, 4, 3, 2, 1)
            ),
        ),
        ("consensus", lambda answers: consensus_ensemble.decide(answers, 0.7)),
    ],
)
def test_a_rule_over_1000_items_and_5_members_takes_less_than_5_ms(
    rule: str, decide: Callable[[Any], Any]
) -> None:
    items = _items()
    seconds = best_seconds(lambda: [decide(answers) for answers in items], rounds=15)
    print(f"\n{rule}: {seconds * 1000:.2f} ms for {ITEMS} items x {MEMBERS} members, of 5")
    assert seconds < 3 * 0.005


class Instant:
    """An Ask of zero latency: the replies of the fault table's good script, made beforehand."""

    def __init__(self, script: dict[str, str]) -> None:
        self._replies = {role: Reply(text, Member("qwen:a")) for role, text in script.items()}
        self.calls = 0

    async def __call__(
        self, member: Member, prompt: str, *, role: str = "", format: Any = None, labels: Any = None
    ) -> Reply:
        self.calls += 1
        return self._replies[role]


@pytest.mark.parametrize("name", PATTERNS)
def test_a_pattern_adds_less_than_a_fifth_of_a_millisecond_to_each_call(name: str) -> None:
    ask = Instant(GOOD[name])

    async def many() -> None:
        for _ in range(100):
            await PATTERNS[name].run(ask, "What is 6 times 7?")

    asyncio.run(many())
    calls = ask.calls
    seconds = best_seconds(lambda: asyncio.run(many())) / calls
    print(f"\n{name}: {seconds * 1000:.3f} ms a call ({calls // 100} calls a run)")
    assert seconds < 0.0002


@pytest.mark.parametrize(
    "pattern",
    [
        ModelFanOut,
        ModelVoting,
        lambda members: WeightedEnsemble(members, [1] * len(members)),
        lambda members: consensus_ensemble.ConsensusEnsemble(members, members[0]),
    ],
    ids=["fan_out", "voting", "weighted", "consensus"],
)
@pytest.mark.parametrize("n", [1, 3, 10])
def test_parallel_members_take_as_long_as_the_slowest(
    pattern: Callable[[Any], Any], n: int
) -> None:
    members = [Member(f"qwen:{number}") for number in range(n)]
    slowest = 0.2
    seconds = best_seconds(
        lambda: asyncio.run(
            trace.run(Scripted({"": "42"}, seconds=slowest), pattern(members), "?")
        ),
        rounds=3,
    )
    print(f"\n{n} members at {slowest} s each: {seconds:.4f} s")
    assert seconds <= 1.05 * slowest + 0.0002 * n
