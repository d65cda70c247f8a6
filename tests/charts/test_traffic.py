from math import exp, inf, log

import pytest

from mlkit.charts import traffic
from mlkit.charts.look import ORANGE

DAY = 86400
LOADS = traffic.rows(1.5 * DAY / 10, 10, 2.0)  # one and a half servers' worth


def test_one_server_waits_as_the_mm1_queue():
    wait = traffic.p95_wait(0.5, 1, 10)  # P(wait > t) = rho exp(-(1 - rho) t / s)
    assert 0.5 * exp(-0.5 * wait / 10) == pytest.approx(0.05)


def test_two_servers_wait_by_the_erlang_c_formula():
    waiting = 1.5**2 / 2 * 4 / (1 + 1.5 + 1.5**2 / 2 * 4)  # a^k/k! k/(k-a) over the sum
    assert LOADS[1].p95_wait_seconds == pytest.approx(log(waiting / 0.05) * 10 / 0.5)


def test_rows_tell_load_price_and_where_there_is_no_steady_state():
    assert [load.servers for load in LOADS] == list(range(1, 9))
    assert [load.busy for load in LOADS[:3]] == pytest.approx([1.5, 0.75, 0.5])
    assert LOADS[2].dollars_per_month == pytest.approx(3 * 2 * 730)
    assert (
        LOADS[0].p95_wait_seconds == inf
        and LOADS[0].state == "overloaded: no steady state"
        and LOADS[1].state == "steady"
    )
    assert LOADS[7].p95_wait_seconds == 0  # fewer than 5% wait at all


@pytest.mark.parametrize("servers", [1, 2])
def test_exactly_as_much_as_the_servers_can_do_has_no_steady_state(servers):
    assert traffic.p95_wait(servers, servers, 10) == inf


def test_the_figure_draws_waits_dollars_the_overloaded_and_the_chosen():
    overloaded, chosen_wait, chosen_dollars, waits, prices = traffic.figure(LOADS, 2, "here").data
    assert (
        overloaded.x == (1,)
        and overloaded.name == "overloaded: no steady state"
        and overloaded.marker.pattern.shape == "/"
    )
    assert (
        chosen_wait.x == (2,)
        and chosen_wait.y == (LOADS[1].p95_wait_seconds,)
        and chosen_wait.marker.color == ORANGE
    )
    assert (
        chosen_dollars.y == (LOADS[1].dollars_per_month,) and chosen_dollars.marker.color == ORANGE
    )
    others = [load for load in LOADS if load.servers != 2]
    assert (
        waits.x == prices.x == tuple(load.servers for load in others)
        and waits.marker.color != ORANGE
    )
    assert waits.y == (None, *(load.p95_wait_seconds for load in others[1:]))
    assert prices.y == tuple(load.dollars_per_month for load in others)


def test_the_reading_tells_the_wait_and_the_price_or_that_there_is_no_steady_state():
    wait = LOADS[1].p95_wait_seconds
    assert (
        traffic.reading(LOADS, 2)
        == f"2 servers, $2,920.00 a month: 95% of the requests wait at most {wait:.1f} s; busy 75%"
        " of the time"
    )
    assert (
        traffic.reading(LOADS, 1)
        == "1 server, $1,460.00 a month: overloaded, no steady state, asked for 150% of the time"
        " there is"
    )
    assert "95% of the requests do not wait" in traffic.reading(LOADS, 8)


def test_no_requests_none_to_draw_and_many_servers():
    quiet = traffic.chart(0, 10, 0, 1, "here")
    assert (
        all(load.p95_wait_seconds == 0 and load.busy == 0 for load in quiet.rows)
        and "do not wait" in quiet.reading
    )
    assert "No number of servers" in traffic.figure([], 1, "here").layout.title.text
    many = traffic.figure(traffic.rows(5e6, 10, 2.0, most=700), 600, "here")
    assert set(many.data[-2].text) == {""} and many.data[-1].texttemplate is None


def test_more_servers_than_are_usually_drawn_are_drawn_up_to_the_chosen_one():
    crowd = traffic.chart(10 * DAY / 10, 10, 2.0, 13, "here")
    assert crowd.reading.startswith("13 servers, $18,980.00 a month: 95% of the requests wait")
    assert [load.servers for load in crowd.rows] == list(range(1, 14))
