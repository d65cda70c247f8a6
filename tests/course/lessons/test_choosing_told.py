"""What the text of notebook 10 says of its numbers and of the edits that it names."""

from contextlib import redirect_stdout
from io import StringIO
from typing import Any

import nbformat
import pytest
from course import card, ways
from course.claims import patterns
from course.lessons import choosing_pictures
from course.ways import Limits, Way, survivors

from mlkit import paths
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
    rows = printed("rule", names, *changes)
    assert [row.split()[0] for row in rows if row.endswith("keeps every limit")] == kept


def test_the_repair_takes_the_lead_away():
    names = {"orders": ORDERS, "draws": choosing_pictures.draws(96)}
    change = ("return share(best, first)", "return share(best, others)")
    before, after = (printed("repair", dict(names), *some) for some in ((), (change,)))
    (lucky, alone), (repaired, same) = (
        [float(row.split(": ")[1].split("%")[0]) for row in rows] for rows in (before, after)
    )
    assert lucky > alone + 3 and repaired <= alone == same


def test_the_draw_is_one_in_which_the_supervisor_wins_and_then_fails():
    first, others = choosing_pictures.draws(96)[36]
    shares = {name: ORDERS.column(name)[first].mean() for name in ORDERS.subjects}
    assert max(shares, key=shares.get) == "supervisor_worker"
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


@pytest.mark.parametrize(
    "limits, left",
    [
        (Limits(0.25, 12, 0.64), ["fan_out"]),
        (Limits(0.20, 12, 0.64), []),
    ],
)
def test_the_limits_that_the_text_names_leave_whom_it_says(nine, limits, left):
    assert [way.pattern for way in survivors(list(nine.values()), limits)] == left


def test_the_stricter_rule_leaves_fan_out_alone_at_55_percent(nine):
    sure = [name for name, way in nine.items() if ways.wilson(way.right, way.of).low >= 0.55]
    assert sure == ["fan_out"]


def test_the_card_of_the_notebook_reads_as_the_text_says():
    counted = ways.read_counts([("one", 41, 50, 0.1, 1.2), ("two", 43, 50, 0.14, 1.5)])
    lines = card.rows("two", counted, Limits(least=0.85), "", "here")
    assert any(line.about == "how sure" and "74%" in line.text for line in lines)
