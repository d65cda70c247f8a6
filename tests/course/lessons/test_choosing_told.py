"""What the text of notebook 10 says of its numbers and of the edits that it names."""

import asyncio
import re
from contextlib import redirect_stdout
from io import StringIO
from typing import Any

import nbformat
import pytest
from course import capstone, card, systems, ways
from course.claims import patterns
from course.lessons import choosing_pictures
from course.studies import composite_orders
from course.ways import Limits, Way, survivors

from mlkit import paths
from mlkit.measure.graders import spoken
from mlkit.measure.stats import difference
from mlkit.models import list_prices
from tests.pictures import kit, study

CELLS = {
    cell.id: cell.source
    for cell in nbformat.read(paths.notebooks() / "10_choosing.ipynb", as_version=4).cells
}
ORDERS = study("orders")


@pytest.fixture(scope="module")
def nine() -> dict[str, Way]:
    found = ways.ways(ORDERS, list_prices(), patterns.wall_seconds(kit()))
    return {way.pattern: way for way in found}


def printed(cell: str, names: dict[str, Any], *changes: tuple[str, str]) -> list[str]:
    """What a cell prints after its lines were changed."""
    source = CELLS[cell]
    for old, new in changes:
        assert source.count(old) == 1, old
        source = source.replace(old, new)
    with redirect_stdout(StringIO()) as said:
        exec(source, names)
    return said.getvalue().splitlines()


@pytest.mark.parametrize(
    "changes, kept",
    [
        ((), ["two"]),
        ((("least=0.70", "least=0.60"),), ["one", "two"]),
        ((("least=0.70", "least=0.78"), ("most_seconds=5", "most_seconds=10")), ["chain"]),
    ],
)
def test_the_edits_of_the_rule_leave_the_ways_that_the_text_says(changes, kept):
    names = {"read_counts": ways.read_counts, "Limits": Limits}
    assert printed("rule", names) == []
    rows = printed("made-up", names, *changes)
    assert [row.split()[0] for row in rows if row.endswith("keeps every limit")] == kept


def test_the_repair_takes_the_lead_away():
    grades = {name: ORDERS.column(name) for name in ORDERS.subjects}
    names = {"grades": grades, "draws": choosing_pictures.draws(96)}
    change = ("return grades[best][first]", "return grades[best][others]")
    before, after = (printed("repair", dict(names), *some) for some in ((), (change,)))
    (lucky, alone), (repaired, same) = (
        [float(row.split(": ")[1].split("%")[0]) for row in rows] for rows in (before, after)
    )
    assert lucky > alone + 3 and repaired <= alone == same
    assert f"Repaired, the report says {repaired}%" in CELLS["exercise-text"]


def test_the_draw_is_one_in_which_the_supervisor_wins_and_then_fails():
    first, others = choosing_pictures.draws(96)[36]
    shares = {name: ORDERS.column(name)[first].mean() for name in ORDERS.subjects}
    most = max(shares.values())
    assert [name for name in shares if shares[name] == most] == ["supervisor_worker"]
    pair = [ORDERS.column(name)[others].mean() for name in ("supervisor_worker", "single_model")]
    assert pair[0] < pair[1]


def test_what_the_text_says_of_the_nine(nine):
    one = nine["single_model"]
    gains = {name: ways.gain(way, one) for name, way in nine.items()}
    assert not any(gain.above for gain in gains.values())
    worse = {name for name, gain in gains.items() if gain.below}
    assert worse == {"router", "pipeline", "supervisor_worker", "planner_executor"}
    assert nine["fan_out"].right - one.right == 3
    times = {
        name: way.dollars_per_thousand / one.dollars_per_thousand for name, way in nine.items()
    }
    assert f"{times['fan_out']:.1f}" == "2.8" and f"{1 - times['router']:.0%}" == "5%"


def test_what_the_text_says_of_more_budget_for_one_model(nine):
    samples = asyncio.run(composite_orders.sampled_votes(kit(), {"large ×3": 3, "large ×5": 5}))
    right = [int(samples.column(name).sum()) for name in samples.subjects]
    one, most = nine["single_model"], nine["fan_out"]
    members = asyncio.run(composite_orders.order_members(kit()))
    better = members.of(["large, all examples"], split="test")
    examples = int(better.right.sum())
    told = f"samples get {right[0]} and {right[1]} of 96; more *examples* {examples}, at half of"
    assert told in CELLS["measure-read"] and "No gain is shown, either" in CELLS["measure-read"]
    assert one.right < examples
    grades = ORDERS.column("single_model")
    for way in (better, samples):
        for name in way.subjects:
            assert not difference(way.column(name), grades).above
    dollars = 1000 * better.dollars(list_prices()).mean()
    assert 0.45 < dollars / most.dollars_per_thousand < 0.55
    told = f"*large, all examples* takes ${dollars:.2f} and got {examples / 96:.0%}"
    assert told in CELLS["measure-read"]
    assert examples / 96 > 0.65 and dollars < 0.20  # where none of the nine is left
    spent = [samples.of(["large ×5"]).tokens.mean(), ORDERS.of(["fan_out"]).tokens.mean()]
    assert "({:,.0f} tokens against {:,.0f})".format(*spent) in CELLS["claims-read"]


def test_a_model_pays_where_a_mistake_is_as_cheap_as_the_solution_says(nine):
    def highest(name):
        way = nine[name]
        return (3 - way.dollars_per_thousand / 1000) / (1 - way.right / way.of)

    assert max(nine, key=highest) == "fan_out"
    for way, said in (
        ("fan_out", "less than about `${:.2f}`"),
        ("single_model", "below `${:.2f}`"),
    ):
        assert said.format(highest(way)) in CELLS["solution-2"]


def test_the_two_texts_differ_as_often_as_the_text_says():
    voters = systems.for_any_prompt(kit().cast)["voting"].members[:2]
    pairs = [
        [asyncio.run(kit().ask(voter, task.input)).text for voter in voters]
        for task in capstone.read_prompts(capstone.example())
    ]
    differ = [(one, two) for one, two in pairs if one.strip().lower() != two.strip().lower()]
    by_a_mark = [(one, two) for one, two in differ if spoken(one) == spoken(two)]
    assert (len(differ), len(pairs)) == (9, 10)
    assert [{*pair} for pair in by_a_mark] == [{"27", "$27"}, {"yes", "Yes."}]


def test_the_line_for_a_card_of_own_prompts_makes_one():
    (line,) = re.findall(r"Their card: `show\((.*)\)`", CELLS["own-read"])
    made = eval(
        line,
        {
            "card": card,
            "ways": ways.ways,
            "tried": asyncio.run(capstone.own_prompts(kit())),
            "prices": list_prices(),
            "my_limits": Limits(0.35, 3, 0.85),
            "use": kit(),
        },
    )
    assert made.reading.startswith("Decision card: single_model; it breaks a limit: 80% right")


@pytest.mark.parametrize(
    "text, right",
    [
        ("27", True),
        ("$27.", True),
        ("27 dollars", True),
        ("3 bells at $9 each cost $27.", False),
        ("127", False),
        ("-27", False),
        ("27.50", False),
        ("", False),
    ],
)
def test_the_grader_to_take_home_wants_the_answer_alone(text, right):
    names: dict[str, Any] = {}
    exec(CELLS["home"], names)
    assert names["is_right"](text, ["27"]) is right


@pytest.mark.parametrize(
    "limits, left",
    [
        (Limits(0.25, 12, 0.65), ["fan_out"]),
        (Limits(0.20, 12, 0.65), []),
    ],
)
def test_the_limits_that_the_text_names_leave_whom_it_says(nine, limits, left):
    assert [way.pattern for way in survivors(list(nine.values()), limits)] == left


def test_the_stricter_rule_leaves_fan_out_alone_at_55_percent(nine):
    sure = [name for name, way in nine.items() if ways.wilson(way.right, way.of).low >= 0.55]
    assert sure == ["fan_out"]


def test_the_card_of_the_notebook_reads_as_the_text_says():
    counted = ways.read_counts([("one", 41, 50, 0.1, 1.2), ("two", 43, 50, 0.14, 1.5)])
    lines = card.DecisionCard("two", counted, Limits(least=0.85), "here").lines
    assert any(line.about == "how sure" and "74%" in line.text for line in lines)
