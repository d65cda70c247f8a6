"""The nine patterns on orders: built from a cast, with the shop's handbook in reach, and checks
that say what is wrong.
"""

import asyncio
from pathlib import Path

import pytest
from course import orders
from course.shop import paragraphs

import mlkit
from mlkit import paths, trace
from mlkit.errors import Unparsed
from mlkit.measure import tasks
from mlkit.models import CASTS

TINY = CASTS["tiny"]
PATTERN_FILES = {path.stem for path in (Path(mlkit.__file__).parent / "patterns").glob("[a-z]*.py")}


def test_there_is_one_for_each_file_of_patterns():
    assert orders.nine(TINY).keys() == PATTERN_FILES


def test_every_queue_of_the_orders_has_a_word_and_a_paragraph():
    queues = {task.gold["queue"].partition("_")[0] for task in tasks.load("orders")}
    assert queues == orders.TOPICS.keys() and set(orders.TOPICS.values()) <= paragraphs().keys()
    assert {label for _, label in orders.QUEUE_SHOTS} == orders.TOPICS.keys()


@pytest.mark.parametrize(
    ("check", "good", "bad"),
    [
        (
            orders.known_queue,
            ["repair", "Trade."],
            {"": "must be one of", "repair or rental": "must be one of", "sale": "must be one of"},
        ),
        (
            orders.has_numbers,
            ["tandem: $34 a day"],
            {"": "names no price", "a tandem": "names no price"},
        ),
        (
            orders.can_be_worked_out,
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
    assert orders.arithmetic_or_plain("34 * 2") == orders.arithmetic_or_plain("68.0") == "68"
    with pytest.raises(Unparsed):
        orders.arithmetic_or_plain("sixty-eight")


def test_what_a_search_finds_stands_before_the_request(scripted):
    ask = scripted({"answer": "68"})
    found = asyncio.run(
        trace.run(ask, orders.LookUp(TINY.large, lambda query: f"Found for {query}"), "a tandem")
    )
    assert (
        found.result.text == "68" and ask.asked[0][1] == "Found for a tandem\n\nRequest: a tandem"
    )


def test_the_last_line_is_the_answer_of_one_that_thinks_first(scripted):
    found = asyncio.run(
        trace.run(
            scripted({"answer": "rental\ntandem: $34\n34 * 2\n"}),
            orders.LastLine(TINY.large),
            "a tandem",
        )
    )
    assert found.result.text == "34 * 2"


def test_members_differ_in_size_or_in_how_they_are_asked():
    large, bare, small = orders.members(TINY)
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
    planner = orders.planner_executor(TINY)
    assert (
        "$34" in planner.tools["search"]("rental price of a tandem")
        and (paths.data() / "handbook.md").is_file()
    )
