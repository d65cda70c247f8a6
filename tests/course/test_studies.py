"""The studies on the shipped recordings: what was measured, on which tasks, with which subjects."""

import asyncio

import numpy as np
import pytest
from course import studies
from course.shop import KINDS, QUEUES
from course.systems import NINE

import mlkit
from mlkit.ask import Member
from tests.conftest import Scripted


@pytest.fixture(scope="module")
def kit():
    return mlkit.connect(engine="replay")


def study(name: str, kit):
    return asyncio.run(studies.STUDIES[name](kit))


# By study: how many tasks and samples, and which subjects.
SHAPES = {
    "desk": ((132, 1), ["small", "large", "small by kind", "large by kind"]),
    "routing": ((132, 1), ["small", "large"]),
    "triage": ((96, 1), ["small", "large", "large, rules"]),
    "samples": ((86, 5), ["small", "large"]),
    "specialists": ((88, 1), ["code", "math", "creative", "general"]),
    "order_members": (
        (144, 1),
        [
            *("large", "large, other examples", "large, rule first"),
            *("large, all examples", "small, all examples"),
        ],
    ),
    "orders": ((96, 1), [*NINE]),
    "order_samples": ((96, 1), ["large, 5 samples"]),
    "order_variants": (
        (48, 1),
        [
            *("pipeline, forgets", "pipeline, 1 retry", "pipeline, 2 retries"),
            *("pipeline, one model", "one prompt", "executors see the request"),
            *("small executors", "small executors see the request"),
            *("one worker, no review", "two workers, no review", "two workers, 0 rounds"),
            *("two workers, 2 rounds", "reviewer with the list", "fuse"),
        ],
    ),
    "picking": ((44, 1), ["one answer", "judge", "judge, other order", "fuse"]),
    "rewriting": ((44, 1), ["small, checked", "large, checked"]),
    "examples": (
        (22, 1),
        [
            *(f"{who}, {count}" for who in ("small", "large") for count in range(5)),
            "small, prose",
            "large, prose",
        ],
    ),
}


@pytest.mark.parametrize("name", SHAPES)
def test_a_study_holds_every_answer_it_promises(kit, name):
    matrix = study(name, kit)
    (tasks, samples), subjects = SHAPES[name]
    assert matrix.subjects == subjects
    assert matrix.right.shape == (tasks, len(subjects), samples)
    errors = {
        cell.error.partition(":")[0]
        for row in matrix.cells
        for samples in row
        for cell in samples
        if cell.error
    }
    votes = ("orders", "order_samples", "order_variants")  # or what must be read on the way
    assert errors <= ({"Unparsed"} if name in votes else set())
    single = ("desk", "routing", "triage", "samples", "specialists", "order_members", "examples")
    assert (matrix.calls == 1).all() == (name in single)
    assert (matrix.calls > 0).all() and (matrix.tokens > 0).all() and (matrix.seconds > 0).all()


def test_samples_of_one_member_differ_and_are_of_test_tasks_only(kit):
    matrix = study("samples", kit)
    assert {task.split for task in matrix.tasks} == {"test"}
    texts = [len({cell.text for cell in row[0]}) for row in matrix.cells]
    assert max(texts) > 1


def test_labels_were_asked_with_their_probabilities(kit):
    for name, labels in (("triage", QUEUES), ("routing", KINDS)):
        matrix = study(name, kit)
        measured = [
            likely for row in matrix.likely(labels) for samples in row for likely in samples
        ]
        assert all(likely.measured for likely in measured)
        certainty = matrix.certainty(labels)
        assert ((certainty >= 0) & (certainty <= 1)).all() and certainty.std() > 0.05


def test_meanings_are_unit_vectors_of_five_samples(kit):
    vectors = study("texts", kit)
    assert len(vectors) == 44
    for each in vectors.values():
        assert each.shape[0] == 5 and np.allclose(np.linalg.norm(each, axis=1), 1)


def test_a_judge_saw_each_pair_in_both_orders(kit):
    judged = study("judge", kit)
    assert len(judged) == 24
    assert {one.first for one in judged} | {one.swapped for one in judged} <= {0, 1}
    assert all(one.task.split == "test" for one in judged)


def test_prose_is_judged_by_the_number_it_ends_in(kit):
    matrix = study("examples", kit)
    prose = matrix.of(["large, prose"])
    assert (
        0 < prose.share("large, prose") < 1
        and max(len(row[0][0].text.split()) for row in prose.cells) > 30
    )


@pytest.mark.parametrize(
    "checked, accepted",
    [
        *(
            (text, True)
            for text in ("yes", "Yes.", "yes, it has 12 words", "<think>no?</think>Yes")
        ),
        *(
            (text, False)
            for text in ("no, it has 3 lines", "Yes, but it is too long", "<think>yes")
        ),
        *((text, False) for text in ("yesterday", "not yes", "", "yes or no")),
    ],
)
def test_a_text_is_written_again_until_the_checker_says_yes(checked, accepted):
    ask = Scripted({"write": "<think>a bell?</think>Ring it", "check": checked})
    writer, checker = Member("m"), Member("c")
    result = asyncio.run(studies.write_and_check(ask, "A slogan.", writer, checker))
    assert len(result.written) == (1 if accepted else 3) and result.text == "Ring it"
    assert not [prompt for _, prompt, _ in ask.asked if "think>" in prompt]
