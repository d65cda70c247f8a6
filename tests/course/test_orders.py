"""Orders: forms, their totals, and who fills them in."""

import asyncio
import json
from collections import Counter

import pytest
from course import orders, studies
from course.shop.price_list import (
    DEPARTMENTS,
    PRICES,
    RULES,
    department,
    dollars,
    fault,
    form,
    form_schema,
    joined,
    total_of,
)
from course.shop.requests import EXAMPLES, OTHER_EXAMPLES, REQUESTS
from course.studies.composite_orders import GRADER

from mlkit import paths
from mlkit.errors import Unparsed
from mlkit.measure.tasks import TaskError
from mlkit.models import CASTS
from tests.conftest import Scripted

TINY = CASTS["tiny"]
REQUESTS_OF_CUSTOMERS = studies.order_tasks()


def test_a_rule_and_days_count_for_their_own_department_alone() -> None:
    order = form(("cargo bike", 2), ("lamp", 1), days=3, rule="student")
    assert total_of(order) == f"{2 * 40 * 3 * 0.75 + 22:g}"
    assert total_of(form(("puncture", 1), ("wheel", 1), rule="express")) == "52.5"


@pytest.mark.parametrize(
    "text",
    [
        "two lamps",
        '{"things": 3, "days": 1, "rule": "none"}',
        '{"things": [{"name": "boat", "pieces": 1}], "days": 1, "rule": "none"}',
        '{"things": [{"name": "lamp", "pieces": 0}], "days": 1, "rule": "none"}',
        '{"things": [{"name": "lamp", "pieces": true}], "days": 1, "rule": "none"}',
        '{"things": [{"name": "lamp", "pieces": 1}], "days": -2, "rule": "none"}',
        '{"things": [{"name": "lamp", "pieces": 1}], "days": 1}',
        f"{form(('bell', 2))} or {form(('bell', 3))}",
    ],
)
def test_what_is_no_form_has_no_total(text: str) -> None:
    with pytest.raises(Unparsed):
        total_of(text)
    assert fault(text) == "it is not a form of the shop"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (form(), "nothing on it"),
        (form(("lamp", 1), rule="express"), "express changes nothing"),
        (form(("lamp", 1), days=2), "nothing that is rented"),
        (form(("tandem", 1), ("lamp", 1), days=2, rule="school"), ""),
        (f"{form(('bell', 2))} So the form is: {form(('bell', 2))}", ""),
    ],
)
def test_a_fault_is_seen_without_knowing_what_was_wanted(text: str, said: str) -> None:
    assert said in fault(text) and bool(said) == bool(fault(text))


def test_forms_are_joined_and_what_is_none_is_left_out() -> None:
    one, other = form(("tandem", 1), days=2), form(("lamp", 2), rule="school")
    assert joined([one, "?", other]) == form(("tandem", 1), ("lamp", 2), days=2, rule="school")


def test_no_thing_and_no_rule_stands_in_two_departments() -> None:
    things = [thing for prices in PRICES.values() for thing in prices]
    rules = [rule for some in RULES.values() for rule in some]
    assert len(set(things)) == len(things) and len(set(rules)) == len(rules)
    assert set(RULES) == set(PRICES) == set(DEPARTMENTS)


def test_every_example_is_a_form_that_its_schema_allows() -> None:
    for shown in (EXAMPLES, OTHER_EXAMPLES):
        for name, some in shown.items():
            for text in some.values():
                assert fault(text) == ""
                whose = {department(row["name"]) for row in json.loads(text)["things"]}
                assert whose == {name} if name in DEPARTMENTS else len(whose) == 2


def test_no_example_is_a_request_that_is_measured() -> None:
    measured = {task.input for task in REQUESTS_OF_CUSTOMERS}
    shown = {
        request for some in (EXAMPLES, OTHER_EXAMPLES) for each in some.values() for request in each
    }
    shown |= {request for one in REQUESTS.values() for request in one.examples}
    assert not measured & shown


def test_the_orders_are_split_by_level_one_to_two() -> None:
    counts = Counter((task.level, task.split) for task in REQUESTS_OF_CUSTOMERS)
    assert len({level for level, _ in counts}) == 6
    assert set(counts.values()) == {8, 16}
    assert len(studies.order_tasks("test", half=True)) == 48


def test_gold_fits_the_schema_and_is_right_and_anything_else_is_wrong() -> None:
    names = form_schema()["properties"]["things"]["items"]["properties"]["name"]["enum"]
    for task in REQUESTS_OF_CUSTOMERS:
        assert {row["name"] for row in task.gold["things"]} <= set(names)
        assert task.right(json.dumps(task.gold)) and task.gold["total"] == dollars(task.gold)
        assert not task.right(form(*_things(task.gold), ("bell", 1)))
        assert len({department(row["name"]) for row in task.gold["things"]}) <= 2


def _things(gold: dict) -> list[tuple[str, int]]:
    return [(row["name"], row["pieces"]) for row in gold["things"]]


def test_a_gold_whose_total_is_not_its_forms_is_refused(tmp_path, monkeypatch) -> None:
    line = {
        "id": "o",
        "kind": "order",
        "level": "l",
        "split": "fit",
        "input": "?",
        "grader": "form",
    }
    gold = json.loads(form(("lamp", 1))) | {"total": 21}
    (tmp_path / "orders.jsonl").write_text(json.dumps(line | {"gold": gold}))
    from mlkit.measure import tasks

    with pytest.raises(TaskError, match="its form says 22"):
        tasks.load("orders", tmp_path, {"form": GRADER})


def test_the_voters_differ_and_a_specialist_knows_its_department_alone() -> None:
    pool = orders.order_pool(TINY)
    assert len({(one.model, one.system, one.shots, one.schema) for one in pool}) == len(pool) == 5
    rental = orders.specialist(TINY.large, "rental")
    assert "tandem" in rental.schema and "helmet" not in rental.schema
    assert {
        department(row["name"]) for _, text in rental.shots for row in json.loads(text)["things"]
    } == {"rental"}


def test_every_price_and_rule_of_the_list_has_a_paragraph() -> None:
    handbook = (paths.data() / "handbook.md").read_text(encoding="utf-8")
    missing = [
        str(price)
        for prices in PRICES.values()
        for price in prices.values()
        if f"${price}" not in handbook
    ]
    assert missing == []


def test_a_text_is_written_again_until_the_checker_says_yes_and_three_times_at_most() -> None:
    writer, checker = TINY.small, TINY.large
    for said, wrote in ((["yes"], 1), (["no, too long", "Yes."], 2), (["no"], 3)):
        ask = Scripted({"write": ["one", "two", "three"], "check": list(said)})
        result = asyncio.run(studies.write_and_check(ask, "A text.", writer, checker))
        assert len(result.written) == wrote and result.text == result.written[-1]
        assert [member for member, _, _ in ask.asked] == [writer, checker] * wrote
