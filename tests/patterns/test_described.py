"""What each pattern's result says of itself in a sentence: the decision that a bench shows."""

import asyncio
from typing import Any

import pytest

from mlkit.ask import Member
from mlkit.errors import EngineError
from mlkit.patterns.consensus_ensemble import ConsensusEnsemble
from mlkit.patterns.fan_out import ModelFanOut
from mlkit.patterns.pipeline import ModelPipeline, Stage
from mlkit.patterns.planner_executor import PlannerExecutor
from mlkit.patterns.router import ModelRouter
from mlkit.patterns.single_model import SingleModel
from mlkit.patterns.supervisor_worker import SupervisorWorker
from mlkit.patterns.voting import ModelVoting
from mlkit.patterns.weighted_ensemble import WeightedEnsemble
from tests.conftest import Scripted

A, B, C = THREE = tuple(Member(f"qwen:{name}") for name in "abc")


def described(pattern: Any, **script: Any) -> str:
    """What the result says of itself; a role's blanks are written as _."""
    ask = Scripted({role.replace("_", " "): answer for role, answer in script.items()})
    return asyncio.run(pattern.run(ask, "What?")).describe()


def test_a_single_model_says_that_it_was_asked() -> None:
    said = described(SingleModel(A), answer="yes")
    assert said == "One member was asked, and what it said is the answer."


def longer(text: str) -> str:
    return "" if len(text) > 3 else "it is short"


def test_a_pipeline_names_its_stages_their_tries_and_what_did_not_pass() -> None:
    stages = (Stage("read", A, "", longer, 1), Stage("write", B, "", longer, 0))
    script: dict[str, Any] = {"read": ["no", "longer"], "read_retry_1": "longer", "write": "no"}
    said = described(ModelPipeline(stages), **script)
    assert said == ("Passed through read (2 tries), write; write did not pass: it is short.")


SPECIALISTS = {"math": B, "general": C}
MATH = {"text": "math", "choices": {"math": 0.6, "general": 0.2}}


@pytest.mark.parametrize(
    ("answer", "threshold", "said"),
    [
        (
            MATH,
            0.0,
            "The classifier named math with certainty 0.60, and its specialist answered.",
        ),
        (
            MATH,
            0.7,
            "The classifier named math with certainty 0.60; that is not enough, so general"
            " answered.",
        ),
        ("hm", 0.0, "No class was named; that is not enough, so general answered."),
    ],
)
def test_a_router_says_what_was_named_how_surely_and_who_answered(
    answer: Any, threshold: float, said: str
) -> None:
    router = ModelRouter(A, SPECIALISTS, threshold=threshold)
    assert described(router, classify=answer, math="4", general="four") == said


ANSWERS = {"answer_1": "one", "answer_2": "two", "answer_3": "three"}


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({}, "Of 3 answers the first, number 1, stands."),
        ({"pick": lambda text: text == "two"}, "Of 3 answers the checker picked number 2."),
        (
            {"pick": lambda text: False},
            "Of 3 answers the first, number 1, stands: the checker accepted none.",
        ),
        ({"fuse": A}, "Of 3 answers 3 were made into one."),
    ],
)
def test_a_fan_out_says_whose_answer_was_picked_and_how(options: dict[str, Any], said: str) -> None:
    assert described(ModelFanOut(THREE, **options), **ANSWERS, fuse="all") == said


@pytest.mark.parametrize(
    ("third", "said"),
    [
        ("two", "'two' wins with 2 of 3 votes."),
        ("three", "'one' wins with 1 of 3 votes; others had as many, and the first stands."),
    ],
)
def test_a_vote_says_who_won_with_how_many_and_whether_it_was_a_tie(third: str, said: str) -> None:
    assert described(ModelVoting(THREE), vote_1="one", vote_2="Two.", vote_3=third) == said


def test_a_plan_says_its_steps_what_failed_and_what_was_repaired() -> None:
    def fails(text: str) -> str:
        raise EngineError("no")

    planner = PlannerExecutor(A, B, {}, {"search": str.upper, "math": fails})
    plan = (
        '{"steps": [{"type": "search", "prompt": "a", "needs": []},'
        ' {"type": "math", "prompt": "b", "needs": [1]}, {"type": "phone", "prompt": "c",'
        ' "needs": []}]}'
    )
    said = described(planner, plan=plan, synthesize="done")
    assert said.startswith("The plan: search, math, search; 1 failed. ")
    assert "phone" in said.partition("failed.")[2]


def test_a_supervisor_says_who_worked_and_what_the_review_said() -> None:
    supervisor = SupervisorWorker(A, B, {"anna": B, "ben": C}, 1)
    assign = '{"assignments": [{"worker": "anna", "task": "a"}, {"worker": "ben", "task": "b"}]}'
    back = '{"redo": [{"worker": "ben", "why": "too short"}], "answer": "so far"}'
    done = '{"redo": [], "answer": "done"}'
    script = {"assign": assign, "": "work", "review": [back, done]}
    assert described(supervisor, **script) == (
        "Worked: anna, ben; sent back: ben; in the end accepted."
    )
    script["review"] = [back]
    assert described(supervisor, **script).endswith("sent back: ben, ben; in the end not accepted.")
    alone = SupervisorWorker(A, None, {"anna": B, "ben": C})
    assert described(alone, assign=assign, **{"": "work"}) == "Worked: anna, ben; no review."


def test_a_weighted_ensemble_says_what_each_answer_weighs() -> None:
    pattern = WeightedEnsemble(THREE, (0.5, 0.3, 0.2))
    said = described(pattern, answer_1="one", answer_2="two", answer_3="two")
    assert said == (
        "'one' weighs most: 'one' 0.50, 'two' 0.50; others weighed as much, and the first stands."
    )


@pytest.mark.parametrize(
    ("threshold", "third", "said"),
    [
        (0.6, "no", "'yes' wins with 2 of 3; if 3 had to agree, strong would be asked."),
        (0.6, "yes", "'yes' wins with 3 of 3."),
        (0.7, "no", "No answer has the 3 of 3 that must agree, so strong was asked."),
    ],
)
def test_a_consensus_says_how_many_agree_and_from_where_on_strong_is_asked(
    threshold: float, third: str, said: str
) -> None:
    pattern = ConsensusEnsemble(THREE, A, threshold)
    script = {"vote_1": "yes", "vote_2": "Yes.", "vote_3": third, "escalate": "perhaps"}
    assert described(pattern, **script) == said


def test_a_consensus_says_where_others_had_as_many() -> None:
    pattern = ConsensusEnsemble(THREE, A, 0.3)
    said = described(pattern, vote_1="one", vote_2="two", vote_3="three")
    assert said == (
        "'one' wins with 1 of 3; others had as many, and the first stands; if 2 had to agree,"
        " strong would be asked."
    )
