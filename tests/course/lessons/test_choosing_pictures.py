"""Notebook 10: its tables, an equal budget, draws of orders, and traffic on servers."""

import asyncio
from math import exp, inf, log, nan

import numpy as np
import pytest
from course import orders, ways
from course.claims.article import CLAIMED
from course.lessons import choosing_pictures as pictures
from course.shop.price_list import total_of
from course.studies import composite_orders
from course.ways import Way

from mlkit.measure.matrix import seed_for
from mlkit.measure.stats import difference
from mlkit.models import list_prices
from tests.pictures import kit, study

ORDERS = study("orders")


def test_the_table_has_a_row_for_each_way_with_its_interval_and_its_difference_to_one_model():
    grades = (True,) * 6 + (False,) * 4
    some = [
        Way("single_model", 6, 10, 0.5, 2.0, 1.0, 1, grades),
        Way("voting", 4, 10, 1.5, nan, 3.4, 2, grades[2:] + (False, False)),
    ]
    head, one, vote = pictures.table(some).splitlines()
    assert head.split("  ")[0] == "way" and head.endswith("prompts")
    assert one.split() == "single_model 6 of 10 31% to 83% 0.500 2.0 1.0 1".split()
    low, high = (100 * end for end in difference(some[1].grades, grades)[1:3])
    said = f"-20 ({low:+.0f} to {high:+z.0f})"
    assert vote.split() == f"voting 4 of 10 17% to 69% {said} 1.500 - 3.4 2".split()


def test_an_order_is_shown_whole_with_the_total_and_the_form_of_each_way():
    task = next(one for one in ORDERS.tasks if one.id == "order-134")
    text, right, *rows = pictures.answers(ORDERS, "order-134").splitlines()
    assert text == task.input and right == f"right: a total of ${task.gold['total']}"
    for name, row in zip(ORDERS.subjects, rows, strict=True):
        cell = ORDERS.cell(name, task.id)
        assert row.startswith(f"{'✓' if cell.right else '·'}  {name} ") and cell.text in row
        assert f"${total_of(cell.text)} " in row
    assert len(pictures.answers(ORDERS, "order-134", ["router"]).splitlines()) == 3


def test_what_has_no_total_and_what_failed_is_said():
    class Cell:
        error, text = "", "no form"

    assert pictures._answer(Cell(), True) == "none   no form"
    assert pictures._answer(Cell(), False) == "'no form'"
    Cell.error = "Unparsed: " + "x" * 200
    assert pictures._answer(Cell(), True) == f"none: {Cell.error}"[:100]


def test_samples_are_the_recorded_ones_of_the_large_model():
    found = asyncio.run(composite_orders.sampled_votes(kit(), {"large ×3": 3, "large ×5": 5}))
    assert found.subjects == ["large ×3", "large ×5"]
    assert (found.column("large ×5") == study("order_samples").column("large, 5 samples")).all()
    for task, row in zip(found.tasks, found.cells, strict=True):
        for count, (cell,) in zip((3, 5), row, strict=True):
            seeds = [call.member.seed for call in cell.calls]
            assert seeds == [seed_for(task, n) for n in range(count)]
            assert {call.member.shots for call in cell.calls} == {
                orders.order_voters(kit().cast)[0].shots
            }
    nine = ORDERS.of(["fan_out"]).tokens.mean()
    assert found.of(["large ×3"]).tokens.mean() == pytest.approx(nine, rel=0.1)


def test_the_ways_and_the_samples_are_drawn_at_any_prices_the_samples_untimed():
    samples = asyncio.run(composite_orders.sampled_votes(kit(), {"large ×3": 3}))
    clock = {name: np.array([1.0, 2.0]) for name in ORDERS.subjects}
    drawn = pictures.priced(ORDERS, samples, clock)
    prices = list_prices()
    dear = {
        model: price._replace(prompt=2 * price.prompt, output=2 * price.output)
        for model, price in prices.items()
    }
    for one, two in zip(drawn(prices), drawn(dear), strict=True):
        assert one[:3] == two[:3] and two[3] == pytest.approx(2 * one[3]) and len(one) == 5
    assert [name for name, *_, seconds in drawn(prices) if seconds != 1.5] == ["large ×3"]


def test_draws_are_the_same_each_time_and_no_order_is_in_both_parts():
    draws = pictures.draws(96)
    assert len(draws) == 1000 and all(len(one) == len(other) == 16 for one, other in draws)
    assert not any({*one} & {*other} for one, other in draws)
    again = pictures.draws(96)
    assert all(
        (a == b).all() for one, two in zip(draws, again, strict=True) for a, b in zip(one, two)
    )
    often = np.bincount(np.concatenate([one for one, _ in draws]), minlength=96)
    assert often.min() > 100 and often.max() < 240


def test_the_first_order_is_found_on_which_one_is_right_and_the_other_is_not():
    mine, other = ORDERS.column("fan_out"), ORDERS.column("router")
    both = next(n for n in range(96) if mine[n] and other[n])
    neither = next(n for n in range(96) if not mine[n] and not other[n])
    one, more = [n for n in range(96) if mine[n] and not other[n]][3:1:-1]
    places = [both, neither, one, more]
    found = pictures.only_one_right(ORDERS, places, "fan_out", "router")
    assert found == ORDERS.tasks[one].id
    assert pictures.only_one_right(ORDERS, [], "fan_out", "router") == ""


def test_the_families_stand_beside_the_words_of_the_article():
    columns = ("cost", "latency", "quality", "complexity")
    values = {
        column: {family: np.array([n, n + 1.0]) for n, family in enumerate(CLAIMED)}
        for column in columns
    }
    head, first, *_, last = pictures.families(CLAIMED, values).splitlines()
    assert head.split() == ["family", *(part for name in columns for part in (name, "ours"))]
    assert (
        first.split() == "Single lowest $0.500 lowest 0.5 s variable 50% lowest 0.5 calls".split()
    )
    assert (
        last.split()
        == "Ensemble highest $4.500 medium 4.5 s highest 450% highest 4.5 calls".split()
    )


# Traffic

DAY = 86_400


def wait(servers: int) -> float:
    return pictures.wait_within(0.95, 1.5, servers, 10)  # one and a half servers' worth


@pytest.mark.parametrize("share", [0.6, 0.95])
def test_one_server_waits_as_the_mm1_queue(share):
    wait = pictures.wait_within(share, 0.5, 1, 10)  # P(wait > t) = rho exp(-(1 - rho) t / s)
    assert 0.5 * exp(-0.5 * wait / 10) == pytest.approx(1 - share)


def test_two_servers_wait_by_the_erlang_c_formula():
    waiting = 1.5**2 / 2 * 4 / (1 + 1.5 + 1.5**2 / 2 * 4)  # a^k/k! k/(k-a) over the sum
    assert wait(2) == pytest.approx(log(waiting / 0.05) * 10 / 0.5)


@pytest.mark.parametrize(("spread", "part"), [(0.0, 0.5), (0.5, 0.625), (1.0, 1.0), (2.0, 2.5)])
def test_the_more_service_times_differ_the_longer_the_wait(spread, part):
    usual = pictures.wait_within(0.95, 0.5, 1, 10)
    assert pictures.wait_within(0.95, 0.5, 1, 10, spread) == pytest.approx(part * usual)


def test_too_few_servers_have_no_steady_state_and_many_let_nobody_wait():
    assert wait(1) == inf
    assert wait(8) == 0  # fewer than 5% wait at all


@pytest.mark.parametrize("servers", [1, 2])
def test_exactly_as_much_as_the_servers_can_do_has_no_steady_state(servers):
    assert pictures.wait_within(0.95, servers, servers, 10) == inf


def test_traffic_takes_the_fewest_servers_that_keep_the_wait():
    way = ways.Way("slow", 1, 2, 3.0, 10.0)
    _, row = pictures.traffic([way], 1.5 * DAY / 10, 5, 0.5).splitlines()
    enough = next(n for n in range(2, 9) if wait(n) <= 5)
    assert wait(enough - 1) > 5
    own, hosted = enough * 0.5 * 730, 1.5 * DAY / 10 * 365 / 12 * 3 / 1000
    assert row.split()[:3] == ["slow", str(enough), f"{1.5 / enough:.0%}"]
    assert row.split()[-2:] == [f"${own:,.2f}", f"${hosted:,.2f}"]


def test_traffic_counts_with_what_a_way_was_seen_to_vary():
    even = ways.Way("even", 1, 2, 3.0, 10.0, spread=0.2)
    uneven = even._replace(pattern="uneven", spread=3.0)
    _, first, second = pictures.traffic([even, uneven], DAY / 10, 10, 0.5).splitlines()
    assert (first.split()[1], second.split()[1]) == ("2", "4")


def test_where_fifty_servers_are_too_few_it_says_so():
    way = ways.Way("slow", 1, 2, 3.0, 10.0)
    _, row = pictures.traffic([way], 60 * DAY / 10, 5, 0.5).splitlines()
    assert row.split()[:3] == ["slow", "over", "50"] and len(row.split()) == 4
