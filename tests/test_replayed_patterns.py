"""All nine patterns on recordings of real runs: the same prompts and the same structure as
tests/live/test_patterns.py; and what is measured of a pattern without running it, from recorded
answers of its members, is what its class does, item by item.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from course import studies, systems
from course.shop import QUEUES, member_for
from course.studies import votes

import mlkit
from mlkit.ask import Member, Reply
from mlkit.errors import NotRecorded, Unparsed
from mlkit.kit import Kit
from mlkit.measure.matrix import agreed, seed_for
from mlkit.measure.tasks import Task
from mlkit.parsing import most_likely
from mlkit.patterns.consensus_ensemble import ConsensusEnsemble, votes_needed
from mlkit.patterns.fan_out import ModelFanOut
from mlkit.patterns.voting import ModelVoting, similar
from mlkit.patterns.weighted_ensemble import WeightedEnsemble, decide
from mlkit.trace import Pattern
from tests.live.test_patterns import PROMPT, assert_right, pattern_for


@pytest.fixture(scope="module")
def kit() -> Kit:
    return mlkit.connect(engine="replay")


@pytest.mark.parametrize("name", systems.NINE)
def test_a_pattern_on_recordings_has_the_structure_it_has_live(kit: Kit, name: str) -> None:
    run = asyncio.run(kit.run(pattern_for(name, kit.cast), PROMPT))
    assert_right(name, run)
    assert run.wall_seconds == pytest.approx(sum(call.seconds for call in run.calls))


def test_running_a_pattern_twice_gives_the_same_run(kit: Kit) -> None:
    runs = [
        asyncio.run(kit.run(pattern_for("consensus_ensemble", kit.cast), PROMPT)) for _ in range(2)
    ]
    assert runs[0] == runs[1]


def results(
    kit: Kit,
    pattern_of: Callable[[Task], Pattern],
    tasks: Sequence[Task],
    labels: tuple[str, ...] | None = None,
) -> list[Any]:
    """What the class gives for each task; None where it finds no answer that counts. Members at
    temperature 0 were recorded with the probabilities of `labels`.
    """
    missed = []

    async def ask(member: Member, prompt: str, **options: Any) -> Reply:
        if labels and not member.temperature:
            options["labels"] = labels
        try:
            return await kit.ask(member, prompt, **options)
        except NotRecorded as error:  # a pattern would go on without it
            missed.append(error)
            raise

    async def result(task: Task) -> Any:
        try:
            return await pattern_of(task).run(ask, task.input)
        except Unparsed:
            return None

    async def every() -> list[Any]:
        return [await result(task) for task in tasks]

    found = asyncio.run(every())
    assert not missed
    return found


def right(tasks: Sequence[Task], found: list[Any]) -> list[bool]:
    return [
        one is not None and task.right(one.text) for task, one in zip(tasks, found, strict=True)
    ]


def study(kit: Kit, name: str) -> Any:
    return asyncio.run(studies.STUDIES[name](kit))


def test_the_router_measured_is_the_router(kit: Kit) -> None:
    sent, grades = asyncio.run(studies.routed(kit))
    named = study(kit, "routing").of(split="test")
    done = {
        who: results(
            kit,
            lambda task, member=member: replace(
                systems.desk_router(kit.cast), classifier=member_for(member, "kind")
            ),
            study(kit, "specialists").tasks,
        )
        for who, member in (("small", kit.cast.small), ("large", kit.cast.large))
    }
    for who, found in done.items():
        assert list(named.of([who]).answers[:, 0, 0]) == [one.label or None for one in found]
        assert list(studies.sent(named.of([who]), systems.desk_router(kit.cast))) == [
            one.specialist for one in found
        ]
    assert list(sent) == [one.specialist for one in done["small"]]
    assert list(grades) == right(study(kit, "specialists").tasks, done["small"])


@pytest.mark.parametrize("threshold", [0.2, 0.5, 0.9])
def test_a_threshold_moved_over_recordings_is_the_routers(kit: Kit, threshold: float) -> None:
    named = study(kit, "routing").of(["small"], split="test")
    rule = replace(systems.desk_router(kit.cast), threshold=threshold, fallback="creative")
    done = results(kit, lambda task: rule, study(kit, "specialists").tasks)
    assert list(studies.sent(named, rule)) == [one.specialist for one in done]


def test_a_vote_measured_from_the_members_is_the_voting(kit: Kit) -> None:
    triage = study(kit, "triage")
    done = results(
        kit,
        lambda task: ModelVoting(tuple(studies.triage_members(kit).values()), task.answer),
        triage.tasks,
        QUEUES,
    )
    assert list(votes.voted(triage.answers[:, :, 0], triage.right[:, :, 0])) == right(
        triage.tasks, done
    )
    assert list(agreed(triage.answers[:, :, 0])[0]) == [one and one.vote.winner for one in done]


def sampled(kit: Kit, who: str, task: Task, n: int = 5) -> tuple[Any, ...]:
    member = replace(member_for(getattr(kit.cast, who), task.kind), temperature=0.7)
    return tuple(replace(member, seed=seed_for(task, number)) for number in range(n))


@pytest.mark.parametrize("who", ["small", "large"])
def test_a_vote_measured_from_samples_is_the_voting(kit: Kit, who: str) -> None:
    matrix = study(kit, "samples").of([who])
    done = results(
        kit, lambda task: ModelVoting(sampled(kit, who, task), task.answer), matrix.tasks
    )
    winners = agreed(matrix.answers[:, 0])[0]
    assert [
        winner is not None and task.right(winner)
        for task, winner in zip(matrix.tasks, winners, strict=True)
    ] == right(matrix.tasks, done)
    assert list(winners) == [one and one.vote.winner for one in done]


def test_a_vote_by_meaning_measured_from_vectors_is_the_voting(kit: Kit) -> None:
    vectors = study(kit, "texts")
    matrix = asyncio.run(studies.texts(kit)).of(["large"])
    done = results(
        kit,
        lambda task: ModelVoting(sampled(kit, "large", task), embed=kit.embed, threshold=0.9),
        matrix.tasks,
    )
    for task, row, one in zip(matrix.tasks, matrix.cells, done, strict=True):
        speakers = similar(vectors[task.id], 0.9)
        chosen = max(speakers, key=speakers.count)
        assert (one.vote.count, one.text) == (speakers.count(chosen), row[0][chosen].text)


EVALUATORS = {
    "constant": (lambda reply: 1.0, lambda matrix: np.ones(matrix.right.shape[:2])),
    "confidence": (
        lambda reply: most_likely(reply, QUEUES).confidence,
        lambda matrix: np.array(
            [[one[0].confidence for one in row] for row in matrix.likely(QUEUES)]
        ),
    ),
}


@pytest.mark.parametrize("weights", [(0.5, 0.3, 0.2), (1, 1, 1), (0, 1, 2)])
@pytest.mark.parametrize("name", EVALUATORS)
def test_weights_measured_from_the_members_are_the_ensembles(
    kit: Kit, name: str, weights: tuple[float, ...]
) -> None:
    evaluate, scores = EVALUATORS[name]
    triage = study(kit, "triage")
    team = tuple(studies.triage_members(kit).values())
    done = results(
        kit,
        lambda task: WeightedEnsemble(team, weights, evaluate, task.answer, QUEUES),
        triage.tasks,
    )
    decided = [
        decide(list(row), list(score), list(weights)).winner
        for row, score in zip(triage.answers[:, :, 0], scores(triage), strict=True)
    ]
    assert decided == [one and one.decision.winner for one in done]
    if name == "constant":
        assert list(votes.weighted(triage, weights)) == right(triage.tasks, done)


@pytest.mark.parametrize("voters", [3, 5])
def test_consensus_measured_from_samples_is_the_ensemble(kit: Kit, voters: int) -> None:
    cheap = study(kit, "samples").of(["small"], kind="triage")
    strong = study(kit, "triage").of(["large"], split="test")
    winners, shares = agreed(cheap.answers[:, 0, :voters])
    golds = np.array([task.gold for task in cheap.tasks])
    for threshold in (0, 0.5, 0.7, 1):
        kept = shares * voters > votes_needed(voters, threshold) - 0.5
        measured = np.where(kept, winners == golds, strong.column("large") > 0)
        done = results(
            kit,
            lambda task, threshold=threshold: ConsensusEnsemble(
                sampled(kit, "small", task, voters),
                studies.triage_members(kit)["large"],
                threshold,
                task.answer,
            ),
            cheap.tasks,
            QUEUES,
        )
        assert list(~kept) == [one.escalated for one in done]
        assert list(measured) == right(cheap.tasks, done)


def test_the_best_of_three_measured_from_the_members_is_the_fan_out(kit: Kit) -> None:
    desk = study(kit, "desk").of(
        ["small by kind", "large", "large by kind"], kind="creative", split="test"
    )
    small, large = kit.cast.small, kit.cast.large
    trio = (member_for(small, "creative"), member_for(large, "all"), member_for(large, "creative"))
    done = results(kit, lambda task: ModelFanOut(trio, task.right), desk.tasks)
    assert list(desk.right[:, :, 0].any(axis=1)) == right(desk.tasks, done)


def test_a_judge_measured_in_both_orders_is_the_fan_outs(kit: Kit) -> None:
    judge = member_for(kit.cast.large, "judge")
    pair = (member_for(kit.cast.small, "all"), member_for(kit.cast.large, "all"))
    judged = study(kit, "judge")
    for seed in range(2):
        done = results(
            kit,
            lambda task, seed=seed: ModelFanOut(pair, judge, seed),
            [one.task for one in judged],
        )
        for one, look in zip(judged, done, strict=True):
            place = one.first if look.pick.shown == (0, 1) else one.swapped
            assert (look.pick.by, look.pick.member) == ("judge", look.pick.shown[place])


@pytest.mark.parametrize("name", systems.NINE)
def test_a_pattern_measured_on_orders_is_its_class(kit: Kit, name: str) -> None:
    measured = study(kit, "orders").of([name])
    done = results(kit, lambda task: systems.NINE[name].for_orders(kit.cast), measured.tasks)
    assert [row[0][0].text for row in measured.cells] == [one.text if one else "" for one in done]
    assert list(measured.right[:, 0, 0]) == right(measured.tasks, done)
