"""The nine patterns filled for the shop: every cast fills them, what the examples show is what the
patterns read, and the checks say what is wrong.
"""

import asyncio
from pathlib import Path

import pytest
from course import studies, systems
from course.claims.article import CLAIMED
from course.shop import INSTRUCTIONS, paragraphs
from course.shop.orders import TOPICS

import mlkit
from mlkit import paths, trace
from mlkit.errors import Unparsed
from mlkit.measure import tasks
from mlkit.models import CASTS
from mlkit.parsing import label_in
from mlkit.patterns.planner_executor import parse_plan
from mlkit.patterns.supervisor_worker import parse_assignments, parse_review

TINY = CASTS["tiny"]
PATTERN_FILES = {path.stem for path in (Path(mlkit.__file__).parent / "patterns").glob("[a-z]*.py")}


def test_there_is_one_for_each_file_of_patterns():
    assert systems.NINE.keys() == PATTERN_FILES


@pytest.mark.parametrize("cast", CASTS)
def test_every_cast_fills_every_pattern(cast):
    assert systems.for_orders(CASTS[cast]).keys() == systems.NINE.keys()
    assert systems.for_any_prompt(CASTS[cast]).keys() == systems.NINE.keys()


def test_every_pattern_is_of_a_family_of_the_articles_table():
    assert set(systems.FAMILIES) == set(CLAIMED)
    assert sorted(sum(systems.FAMILIES.values(), [])) == sorted(systems.NINE)


def answers(name):
    return list(INSTRUCTIONS[name].examples.values())


def repairs(planner, instruction):
    return [parse_plan(one, planner.types, "search", 6)[1] for one in answers(instruction)]


def test_examples_of_plans_need_no_repair():
    assert repairs(systems.planner_executor(TINY), "plan") == [(), (), ()]
    assert repairs(systems.order_planner_executor(TINY), "order plan") == [(), (), ()]


def test_examples_of_assignments_name_only_workers():
    workers = tuple(systems.supervisor_worker(TINY).workers)
    assert [parse_assignments(answer, workers)[1] for answer in answers("assign")] == [
        (),
        ("coder got nothing to do.",),  # a request that one worker can do alone
    ]


def test_examples_of_reviews_can_be_read_and_the_last_one_accepts():
    reviews = [parse_review(answer, ("general", "coder")) for answer in answers("review")]
    assert [bool(review.redo) for review in reviews] == [
        True,
        False,
    ]  # small models copy the last example


def test_examples_of_routing_show_every_specialist_equally_often():
    specialists = list(systems.router(TINY).specialists)
    shown = [label_in(label, specialists) for label in answers("any kind")]
    assert {shown.count(specialist) for specialist in specialists} == {2}


def test_every_queue_of_the_orders_has_a_word_and_a_paragraph():
    queues = {task.gold["queue"].partition("_")[0] for task in tasks.load("orders")}
    assert queues == TOPICS.keys() and set(TOPICS.values()) <= paragraphs().keys()
    assert set(answers("order queue")) == TOPICS.keys()


@pytest.mark.parametrize(
    ("check", "good", "bad"),
    [
        (
            systems.known_queue,
            ["repair", "Trade."],
            {"": "must be one of", "repair or rental": "must be one of", "sale": "must be one of"},
        ),
        (
            systems.has_numbers,
            ["tandem: $34 a day"],
            {"": "names no price", "a tandem": "names no price"},
        ),
        (
            systems.can_be_worked_out,
            ["34 * 2", "68"],
            {
                "": "not one arithmetic",
                "34 dollars": "not one arithmetic",
                "34 or 68": "not one arithmetic",
            },
        ),
    ],
)
def test_a_gate_lets_good_outputs_pass_and_says_what_is_wrong_with_others(check, good, bad):
    assert [check(text) for text in good] == len(good) * [""]
    for text, complaint in bad.items():
        assert complaint in check(text)


def test_votes_are_counted_by_value_and_what_cannot_be_worked_out_is_spoilt():
    assert systems.total_of("34 * 2") == systems.total_of("68.0") == "68"
    with pytest.raises(Unparsed):
        systems.total_of("sixty-eight")


def test_what_a_search_finds_stands_before_the_request(scripted):
    ask = scripted({"answer": "68"})
    found = asyncio.run(
        trace.run(ask, studies.LookUp(TINY.large, lambda query: f"Found for {query}"), "a tandem")
    )
    assert (
        found.result.text == "68" and ask.asked[0][1] == "Found for a tandem\n\nRequest: a tandem"
    )


def test_the_last_line_is_the_answer_of_one_that_thinks_first(scripted):
    found = asyncio.run(
        trace.run(
            scripted({"answer": "rental\ntandem: $34\n34 * 2\n"}),
            studies.LastLine(TINY.large),
            "a tandem",
        )
    )
    assert found.result.text == "34 * 2"


def test_members_differ_in_size_or_in_how_they_are_asked():
    large, bare, small = systems.order_voters(TINY)
    assert (
        large.model == bare.model != small.model
        and not bare.shots
        and len({large.system, bare.system}) == 2
    )
    assert all(
        "A tandem" in member.system or "a tandem" in member.system
        for member in (large, bare, small)
    )


def test_a_planner_searches_the_handbook_that_is_shipped():
    planner = systems.order_planner_executor(TINY)
    assert (
        "$34" in planner.tools["search"]("rental price of a tandem")
        and (paths.data() / "handbook.md").is_file()
    )
