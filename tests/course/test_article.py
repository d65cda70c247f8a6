"""The article's shapes: every cast fills them, and what the examples show is what the patterns
read.
"""

import pytest
from course import article

from mlkit.models import CASTS
from mlkit.parsing import label_in
from mlkit.patterns.planner_executor import parse_plan
from mlkit.patterns.supervisor_worker import parse_assignments, parse_review

SHAPES = [
    article.single_model,
    article.pipeline,
    article.router,
    article.fan_out,
    article.voting,
    article.supervisor_worker,
    article.weighted_ensemble,
    article.consensus_ensemble,
    article.saving_consensus,
    lambda cast: article.planner_executor(cast, str, str),
]


@pytest.mark.parametrize("cast", CASTS)
def test_every_cast_fills_every_shape(cast: str) -> None:
    assert all(shape(CASTS[cast]) for shape in SHAPES)


def test_examples_of_plans_need_no_repair() -> None:
    types = article.planner_executor(CASTS["tiny"], str, str).types
    assert [parse_plan(answer, types, "search", 6)[1] for _, answer in article.PLAN_SHOTS] == [
        (),
        (),
        (),
    ]


def test_examples_of_assignments_name_only_workers() -> None:
    workers = tuple(article.supervisor_worker(CASTS["tiny"]).workers)
    repairs = [
        repair
        for _, answer in article.ASSIGN_SHOTS
        for repair in parse_assignments(answer, workers)[1]
    ]
    assert repairs == [
        "coder got nothing to do."
    ]  # an example of a request that one worker can do alone


def test_examples_of_reviews_can_be_read_and_the_last_one_accepts() -> None:
    reviews = [parse_review(answer, ("general", "coder")) for _, answer in article.REVIEW_SHOTS]
    assert [bool(review.redo) for review in reviews] == [
        True,
        False,
    ]  # small models copy the last example


def test_examples_of_routing_show_every_specialist_equally_often() -> None:
    specialists = list(article.router(CASTS["tiny"]).specialists)
    shown = [label_in(label, specialists) for _, label in article.ROUTE_SHOTS]
    assert {shown.count(specialist) for specialist in specialists} == {2}
