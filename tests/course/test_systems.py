"""The nine patterns filled for the shop: every cast fills them, what the examples show is what the
patterns read, and the checks say what is wrong.
"""

from pathlib import Path

import pytest
from course import orders, systems
from course.claims.article import CLAIMED
from course.shop import INSTRUCTIONS
from course.shop.price_list import form
from course.shop.requests import DOES, EXAMPLES

import mlkit
from mlkit.errors import Unparsed
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


def repairs(planner, plans):
    return {parse_plan(plan, planner.types, planner.fallback, 6)[1] for plan in plans}


def test_examples_of_plans_need_no_repair():
    assert repairs(systems.planner_executor(TINY), answers("plan")) == {()}
    assert repairs(orders.planner_executor(TINY), answers("order plan")) == {()}


def test_examples_of_assignments_name_only_workers():
    workers = tuple(systems.supervisor_worker(TINY).workers)
    assert [parse_assignments(answer, workers)[1] for answer in answers("assign")] == [
        (),
        ("coder got nothing to do.",),  # a request that one worker can do alone
    ]
    pattern = orders.supervisor_worker(TINY)
    for answer in answers("order assign"):
        tasks, repaired = parse_assignments(answer, tuple(pattern.workers))
        assert tasks and not [one for one in repaired if "nothing to do" not in one]


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


def test_every_department_has_an_example_of_its_own_and_so_have_several():
    assert EXAMPLES.keys() == DOES.keys() == set(answers("department"))


@pytest.mark.parametrize(
    ("check", "good", "bad"),
    [
        (orders.known_departments, ["repair", "rental, order"], {"": "it must name", "?": "it"}),
        (orders.has_things, ["1 tandem"], {"": "no number", "a tandem": "no number"}),
    ],
)
def test_a_gate_lets_good_outputs_pass_and_says_what_is_wrong_with_others(check, good, bad):
    assert [check(text) for text in good] == len(good) * [""]
    for text, complaint in bad.items():
        assert complaint in check(text)


def test_votes_are_counted_by_totals_and_what_is_no_form_is_spoilt():
    vote = orders.voting(TINY)
    assert vote.normalise(form(("lamp", 2))) == "44"
    with pytest.raises(Unparsed):
        vote.normalise("two lamps")
