from itertools import combinations, pairwise
from math import isnan

import numpy as np
import pytest

from mlkit.ask import Member, Reply
from mlkit.charts import trade_off
from mlkit.charts.look import BLUE, GREY, TEMPLATE
from mlkit.measure.matrix import Cell, Matrix
from mlkit.measure.stats import wilson
from mlkit.models import Price
from mlkit.trace import Call, Run

# pattern, right, of, dollars per thousand, seconds
MEASURED = [
    ("small", 30, 100, 0.02, 1.0),
    ("large", 60, 100, 0.10, 3.0),
    ("router", 55, 100, 0.05, 4.0),
    ("pipeline", 50, 100, 0.15, 5.0),
]
# Three that stand close together, at the left, with long names; another two at the right.
CROWDED = [
    ("single_model", 60, 96, 0.076, 1.79),
    ("voting", 61, 96, 0.216, 2.59),
    ("fan_out", 63, 96, 0.216, 3.14),
    ("weighted_ensemble", 60, 96, 0.216, 3.05),
    ("consensus_ensemble", 61, 96, 0.258, 3.2),
    ("pipeline", 49, 96, 0.121, 8.5),
    ("supervisor_worker", 39, 96, 0.163, 20.1),
    ("planner_executor", 31, 96, 0.14, 22.1),
]
ODD = ["<b>x</b>", "$a$", "n" * 200]


def drawn(figure) -> dict[str, tuple]:
    return {trace.name: trace for trace in figure.data}


def names(figure) -> list:
    """The names of the points: they have an arrow, the names of lines have none."""
    return [one for one in figure.layout.annotations if one.ax is not None]


def place(spot: tuple, name: str, lines=None, stair=(), left=False) -> tuple:
    return trade_off._places([spot], [name], lines or {}, stair, left)[0]


def beaten(points) -> list[str]:
    return [point.beaten for point in points]


def test_the_front_depends_on_what_is_compared():
    assert beaten(trade_off.rows(MEASURED)) == ["no", "no", "no", "yes"]
    assert beaten(trade_off.rows(MEASURED, "seconds")) == ["no", "no", "yes", "yes"]


def test_rows_hold_the_share_and_its_interval():
    points = trade_off.rows(MEASURED)
    assert points[1][3:6] == wilson(60, 100) and points[1].share == 0.6


def test_a_way_counts_and_divides_by_the_number_of_prompts():
    assert trade_off.way("a", [True, False], [0.001, 0.003], [1.0, 2.0]) == ("a", 1, 2, 2.0, 1.5)
    assert trade_off.way("a", [True], 0.002, 4.0) == ("a", 1, 1, 2.0, 4.0)


@pytest.mark.parametrize("prices", [{"m": Price(1, 10)}, {"one": Price(1, 10)}])
def test_ways_of_a_matrix_are_paid_by_model_or_by_member(prices):
    def cell(right: bool) -> Cell:
        reply = Reply("", member, prompt_tokens=100, output_tokens=10, output_seconds=2.0)
        return Cell(right, None, Run(None, (Call(0, "answer", member, reply),), 2.0))

    member = Member("m", name="one")
    matrix = Matrix([None, None], ["x", "y"], [[[cell(True)], [cell(True)]]] * 2)
    found = trade_off.ways(matrix, prices, {"the second": "y"})
    assert found == [("the second", 2, 2, pytest.approx(0.2), 2.0)]
    assert [name for name, *_ in trade_off.ways(matrix, prices)] == ["x", "y"]


def test_ways_are_compared_with_the_oracle_with_chance_and_with_a_guess():
    right = np.array([[True, False], [True, True], [False, False], [False, True]])
    lines = trade_off.baselines(right)
    assert lines == {"oracle": 0.75, "random": 0.5} == trade_off.baselines(right[:, :, None])
    assert trade_off.baselines(right, 0) == lines | {"your guess": 0.0}
    assert trade_off.baselines(right, 12, 48)["your guess"] == 0.25


def test_the_figure_draws_the_front_by_cost_and_dims_the_beaten():
    traces = drawn(trade_off.chart(MEASURED, "here").figure)
    front, beaten = traces["not beaten"], traces["beaten"]
    assert (front.x, front.y) == ((0.02, 0.05, 0.10), (0.30, 0.55, 0.60))
    assert (beaten.x, beaten.y) == ((0.15,), (0.5,))
    assert (front.marker.color, beaten.marker.color) == (BLUE, GREY)
    assert beaten.opacity < front.opacity
    assert front.y[0] - front.error_y.arrayminus[0] == pytest.approx(wilson(30, 100).low)
    assert front.y[0] + front.error_y.array[0] == pytest.approx(wilson(30, 100).high)


@pytest.mark.parametrize(
    "cost, reading",
    [
        (trade_off.DOLLARS, "Not beaten on dollars: large, small and router; 1 other is beaten"),
        (trade_off.SECONDS, "Not beaten on seconds: large and small; 2 others are beaten"),
    ],
)
def test_the_reading_tells_the_front(cost, reading):
    chart = trade_off.chart(MEASURED, "here", cost)
    assert chart.reading == reading
    assert chart.figure.layout.title.text.replace("<br>", " ") == reading


def test_the_best_survivor_is_named_first_and_of_many_five_are_named():
    even = [(f"p{number}", 40 + number, 100, number, 1) for number in range(1, 8)]
    assert (
        trade_off.chart(even, "here").reading
        == "Not beaten on dollars: p7, p1, p2, p3, p4 and 2 more"
    )
    assert (
        trade_off.chart(even[:5], "here").reading == "Not beaten on dollars: p5, p1, p2, p3 and p4"
    )


def test_a_name_with_a_comma_is_quoted_in_the_sentence():
    ways = [("large, rules", 6, 10, 0.1, 1.0), ("small", 5, 10, 0.05, 1.0)]
    assert (
        trade_off.chart(ways, "here").reading == 'Not beaten on dollars: "large, rules" and small'
    )


def test_lines_to_compare_with_are_drawn_named_and_free_of_labels():
    figure = trade_off.chart(MEASURED, "here", lines={"oracle": 0.8, "random": 0.55}).figure
    assert [one.y0 for one in figure.layout.shapes] == [0.8, 0.55]
    high = {one.text: one.yshift for one in figure.layout.annotations}
    assert high["oracle 80%"] == high["random 55%"] == 2  # above the line, which it would cover
    assert max(figure.layout.yaxis.range) > 0.8
    spot = (200, 100, 90, 110)
    assert place(spot, "name") == (9, 15)
    assert place(spot, "name", {"oracle 80%": 115}) == (9, -15)


def test_a_name_stands_beside_the_stair_of_the_front():
    stair = [(100, 150), (300, 150), (300, 200)]
    beaten = (120, 136, 126, 146)  # its name, up and to the right, would cross the stair
    assert place(beaten, "name") == (9, 15)
    assert place(beaten, "name", {}, stair) == (9, -15)


def test_the_names_of_lines_stand_at_the_end_that_no_point_crosses():
    ways = [("a", 5, 10, 0.05, 1.0), ("b", 6, 10, 0.1, 1.0)]
    for share, end in ((0.6, "left"), (0.05, "right")):
        chart = trade_off.chart(ways, "here", lines={"oracle": share})
        (name,) = [one for one in chart.figure.layout.annotations if "oracle" in one.text]
        assert name.xanchor == end and name.x == (end == "right")


def test_a_name_that_would_stand_on_another_or_leave_the_chart_stands_elsewhere():
    spots = [(10, 100, 90, 110), (200, 100, 90, 110), (215, 100, 90, 110), (390, 100, 90, 110)]
    places = trade_off._places(spots, ["left", "middle", "middle", "right"], {}, [], False)
    assert places == [(9, 15), (-9, 15), (9, 15), (-9, 15)]


@pytest.mark.parametrize("cost", [trade_off.DOLLARS, trade_off.SECONDS])
def test_every_point_has_its_name_and_no_name_is_on_another_however_wide_the_chart_is(cost):
    figure = trade_off.chart(CROWDED, "here", cost, {"oracle": 0.81, "random": 0.52}).figure
    named = names(figure)
    assert {one.text for one in named} == {name for name, *_ in CROWDED}
    (begin, end), (bottom, top) = figure.layout.xaxis.range, figure.layout.yaxis.range
    for wide in (400, 660, 1300):
        boxes = []
        for one in named:
            x = one.ax + wide * (one.x - begin) / (end - begin)
            y = -one.ay + trade_off._TALL * (one.y - bottom) / (top - bottom)
            length = 6.4 * len(one.text)
            boxes.append((x if one.xanchor == "left" else x - length, y, length))
        assert all(x >= 0 and x + length <= wide for x, _, length in boxes)
        for (x, y, long), (other, high, longer) in combinations(boxes, 2):
            assert abs(y - high) >= 13 or x + long <= other or other + longer <= x


def test_a_name_away_from_its_point_has_a_line_to_it():
    figure = trade_off.chart(CROWDED, "here", trade_off.SECONDS).figure
    lines = {one.text: one.arrowcolor for one in names(figure)}
    away = {one.text for one in names(figure) if max(abs(one.ax), abs(one.ay)) > 15}
    assert away and {name for name, line in lines.items() if line in (BLUE, GREY)} == away


def test_names_stand_on_the_colour_of_the_page():
    figure = trade_off.chart(MEASURED, "here", lines={"oracle": 0.8}).figure
    papers = {one.text: one.bgcolor for one in figure.layout.annotations}
    del papers["Source: here"]
    assert papers.keys() == {"small", "large", "router", "pipeline", "oracle 80%"}
    assert {*papers.values()} == {TEMPLATE.layout.paper_bgcolor}


def test_nothing_measured_and_nothing_answered_say_so():
    assert "No pattern was measured" in trade_off.chart([], "here").figure.layout.title.text
    chart = trade_off.chart([("empty", 0, 0, 0.1, 1.0)], "here")
    assert (
        isnan(chart.rows[0].share)
        and chart.rows[0].beaten == "yes"
        and "No pattern was measured" in chart.reading
    )


def test_one_point_is_drawn():
    front = drawn(trade_off.chart([("only", 3, 4, 0.0, 1.0)], "here").figure)["not beaten"]
    assert (front.x, front.y) == ((0.0,), (0.75,))


def test_a_hundred_points_and_odd_names_are_shown_as_text():
    many = [(ODD[number % 3], number, 100, 1 + number * 37 % 100, 1) for number in range(100)]
    figure = trade_off.chart(many, "here").figure
    texts = [one.text for one in names(figure)]
    hovers = [hover for trace in figure.data for hover in trace.hovertext or ()]
    assert len(hovers) == 100 and texts
    assert all("<b>" not in text and "$" not in text and len(text) < 50 for text in texts)
    assert all("<b>" not in hover and "$" not in hover for hover in hovers)
    assert any(hover.replace("<br>", "").startswith("n" * 200) for hover in hovers)


def test_the_stair_joins_the_front_and_rises_on_no_interval():
    figure = trade_off.chart(MEASURED, "here").figure
    (stair,) = (trace for trace in figure.data if trace.mode == "lines")
    front = drawn(figure)["not beaten"]
    corners = list(zip(stair.x, stair.y, strict=True))
    assert {*zip(front.x, front.y, strict=True)} <= {*corners}
    rises = [x for (x, y), (to_x, to_y) in pairwise(corners) if y != to_y and x == to_x]
    a_cap = 3 * figure.layout.xaxis.range[1] / 400  # half the end of an interval, in a cell
    assert len(rises) == 2
    assert all(abs(rise - x) > a_cap for rise in rises for x in front.x)
    assert all(x == to_x or y == to_y for (x, y), (to_x, to_y) in pairwise(corners))


@pytest.mark.parametrize(
    "costs, begins", [((0.7, 0.8, 1.0), True), ((0.5, 0.8, 1.0), False), ((1.0, 1.0), False)]
)
def test_the_axis_begins_at_0_unless_that_leaves_most_of_it_empty_and_says_if_not(costs, begins):
    ways = [(f"w{n}", 50, 100, cost, 1) for n, cost in enumerate(costs)]
    axis = trade_off.chart(ways, "here").figure.layout.xaxis
    begin, end = axis.range
    assert (begin > 0) == begins == ("(axis does not begin at 0)" in axis.title.text)
    assert begin < min(costs) and max(costs) < end
    if begins:
        assert max(costs) - min(costs) > (end - begin) / 2
