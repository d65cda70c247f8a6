"""The pictures of notebook 10: the article's claims beside our ranks, and traffic on servers."""

import html
from math import exp, inf, log, nan

import pytest
from course.lessons import choosing_pictures as pictures

from mlkit.charts.look import ORANGE

RANKS = {"low": 1, "medium": 2, "high": 3, "variable": None}
CLAIMED = {
    "one": ("low", "low", "variable", "low"),
    "two": ("high", "high", "high", "medium"),
    "three": ("high", "medium", "low", "high"),
}
MEASURED = {"one": (0.1, 5.0, 0.3, 1.0), "two": (0.2, 1.0, 0.5, nan), "three": (0.3, 3.0, 0.5, 2.0)}
CELLS = pictures.claims(CLAIMED, MEASURED, RANKS)


def cell(family: str, criterion: str) -> pictures.Claim:
    return next(one for one in CELLS if (one.family, one.criterion) == (family, criterion))


def test_there_is_a_cell_for_each_family_and_criterion_family_by_family():
    assert [one[:2] for one in CELLS] == [
        (family, criterion) for family in CLAIMED for criterion in pictures.CRITERIA
    ]


def test_equal_words_leave_several_places_open_and_any_of_them_agrees():
    assert cell("two", "cost")[2:] == ("high", "2 to 3", 0.2, "2", "agrees")
    assert cell("three", "cost")[2:] == ("high", "2 to 3", 0.3, "3", "agrees")


def test_another_order_differs():
    assert cell("one", "latency")[2:] == ("low", "1", 5.0, "3", "differs")
    assert cell("three", "latency").verdict == "agrees"


def test_without_a_word_or_a_number_there_is_no_rank_and_the_others_move_up():
    assert cell("one", "quality")[2:] == ("variable", "", 0.3, "", "no rank")
    assert cell("two", "complexity").verdict == "no rank"
    assert cell("three", "complexity")[3:] == ("2", 2.0, "2", "agrees")


def test_equal_values_share_their_places():
    assert (
        cell("two", "quality").measured_rank == cell("three", "quality").measured_rank == "1 to 2"
    )
    assert cell("three", "quality").verdict == "agrees"


def test_the_grid_tells_verdicts_apart_by_colour_and_by_mark():
    (grid,) = pictures.claims_chart(CLAIMED, MEASURED, RANKS, "here").figure.data
    verdicts = ["agrees", "differs", "no rank"]
    drawn = [
        (z, text[0])
        for line, texts in zip(grid.z, grid.text, strict=True)
        for z, text in zip(line, texts, strict=True)
    ]
    assert drawn == [
        (verdicts.index(one.verdict), "✓✗–"[verdicts.index(one.verdict)]) for one in CELLS
    ]
    assert (
        grid.text[0][1] == "✗ low<br>theirs 1<br>ours 3"
        and grid.text[0][2] == "– variable<br>no rank"
    )
    assert len({colour for _, colour in grid.colorscale}) == 3


def test_the_reading_counts_agreement():
    assert (
        pictures.claims_chart(CLAIMED, MEASURED, RANKS, "here").reading
        == "The article's rank and ours agree in 8 of 10 cells, least on latency (1 of 3)"
    )


@pytest.mark.parametrize(
    "name, shown",
    [("<b>x</b>", "&lt;b&gt;x&lt;/b&gt;"), ("$a$", "&#36;a&#36;"), ("x" * 200, "x" * 27 + "…")],
)
def test_names_are_text_and_long_ones_are_cut_on_the_axis_only(name, shown):
    figure = pictures.claims_chart(
        {name: CLAIMED["one"]}, {name: MEASURED["one"]}, RANKS, "here"
    ).figure
    assert (
        figure.layout.yaxis.ticktext == (shown,)
        and "<b>x" not in figure.to_json()
        and "$a$" not in figure.to_json()
    )
    assert html.unescape(figure.data[0].customdata[0][0]) == f"{name}: measured 0.1"


def test_every_line_has_room_for_three_lines_of_text():
    hundred = {f"family {n}": CLAIMED["one"] for n in range(100)}
    figures = [
        pictures.claims_chart(some, dict.fromkeys(some, MEASURED["one"]), RANKS, "here").figure
        for some in (CLAIMED, hundred)
    ]
    assert figures[1].layout.height - figures[0].layout.height >= 97 * 60


# Traffic

DAY = 86400
LOADS = pictures.loads(1.5 * DAY / 10, 10, 2.0)  # one and a half servers' worth


def test_one_server_waits_as_the_mm1_queue():
    wait = pictures.p95_wait(0.5, 1, 10)  # P(wait > t) = rho exp(-(1 - rho) t / s)
    assert 0.5 * exp(-0.5 * wait / 10) == pytest.approx(0.05)


def test_two_servers_wait_by_the_erlang_c_formula():
    waiting = 1.5**2 / 2 * 4 / (1 + 1.5 + 1.5**2 / 2 * 4)  # a^k/k! k/(k-a) over the sum
    assert LOADS[1].p95_wait_seconds == pytest.approx(log(waiting / 0.05) * 10 / 0.5)


def test_rows_tell_load_price_and_where_there_is_no_steady_state():
    assert [load.servers for load in LOADS] == list(range(1, 9))
    assert [load.busy for load in LOADS[:3]] == pytest.approx([1.5, 0.75, 0.5])
    assert LOADS[2].dollars_per_month == pytest.approx(3 * 2 * 730)
    assert LOADS[0].p95_wait_seconds == inf
    assert LOADS[7].p95_wait_seconds == 0  # fewer than 5% wait at all


@pytest.mark.parametrize("servers", [1, 2])
def test_exactly_as_much_as_the_servers_can_do_has_no_steady_state(servers):
    assert pictures.p95_wait(servers, servers, 10) == inf


def test_the_figure_draws_waits_dollars_the_overloaded_and_the_chosen():
    overloaded, waits, prices = pictures.traffic_chart(
        1.5 * DAY / 10, 10, 2.0, 2, "here"
    ).figure.data
    assert (
        overloaded.x == (1,)
        and overloaded.name == "overloaded: no steady state"
        and overloaded.marker.pattern.shape == "/"
    )
    assert waits.x == prices.x == tuple(load.servers for load in LOADS)
    assert waits.y == (None, *(load.p95_wait_seconds for load in LOADS[1:]))
    assert prices.y == tuple(load.dollars_per_month for load in LOADS)
    for bars in (waits, prices):
        assert [colour == ORANGE for colour in bars.marker.color] == [n == 1 for n in range(8)]


def test_the_reading_tells_the_wait_and_the_price_or_that_there_is_no_steady_state():
    wait = LOADS[1].p95_wait_seconds
    assert (
        pictures.traffic_reading(LOADS, 2)
        == f"2 servers, $2,920.00 a month: 95% of the requests wait at most {wait:.1f} s; busy 75%"
        " of the time"
    )
    assert (
        pictures.traffic_reading(LOADS, 1)
        == "1 server, $1,460.00 a month: overloaded, no steady state, asked for 150% of the time"
        " there is"
    )
    assert "95% of the requests do not wait" in pictures.traffic_reading(LOADS, 8)


def test_no_requests_and_many_servers():
    quiet = pictures.traffic_chart(0, 10, 0, 1, "here")
    assert (
        all(load.p95_wait_seconds == 0 and load.busy == 0 for load in quiet.rows)
        and "do not wait" in quiet.reading
    )
    many = pictures.traffic_chart(5e6, 10, 2.0, 600, "here").figure
    assert set(many.data[-2].text) == {""} and many.data[-1].texttemplate is None


def test_more_servers_than_are_usually_drawn_are_drawn_up_to_the_chosen_one():
    crowd = pictures.traffic_chart(10 * DAY / 10, 10, 2.0, 13, "here")
    assert crowd.reading.startswith("13 servers, $18,980.00 a month: 95% of the requests wait")
    assert [load.servers for load in crowd.rows] == list(range(1, 14))
