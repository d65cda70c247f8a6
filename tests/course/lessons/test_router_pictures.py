"""The pictures of notebook 03: rows, figures and the sentences that read them."""

from math import inf, isnan

import pytest
from course.lessons import router_pictures as pictures
from course.lessons.router_pictures import Item

from mlkit.charts.look import MEMBERS
from mlkit.measure.stats import wilson

# kind, routed to, answered right, dollars
ROUTED = [
    ("math", "math", True, 0.0001),
    ("math", "math", False, 0.0003),
    ("math", "code", False, 0.0001),
    ("math", "math", True, 0.0002),
    ("code", "code", True, 0.0002),
    ("code", "other", True, 0.0004),
]


def test_cells_count_prompts_and_right_answers_and_average_the_price():
    cells = pictures.confusion_rows(ROUTED)
    assert [cell[:4] for cell in cells] == [
        ("math", "math", 3, 2),
        ("math", "code", 1, 0),
        ("code", "code", 1, 1),
        ("code", "other", 1, 1),
    ]
    assert [cell.dollars_per_thousand for cell in cells] == pytest.approx([0.2, 0.1, 0.2, 0.4])


def test_the_figure_has_a_row_for_each_kind_and_its_share_as_shade():
    figure = pictures.confusion(ROUTED, "here").figure
    heat = figure.data[0]
    assert figure.layout.yaxis.ticktext == ("math", "code") and figure.layout.xaxis.ticktext == (
        "math",
        "code",
        "other",
    )
    assert [list(row) for row in heat.z] == [
        [0.75, -0.25, 0],
        [0, 0.5, -0.5],
    ]  # above 0 where it belongs, below where not
    assert heat.text[0][0] == "<b>3</b><br>2 right<br>&#36;0.20" and heat.text[1][0] == ""
    assert (
        heat.hovertext[0][1] == "math, routed to code<br><b>1</b><br>0 right<br>&#36;0.10 per 1,000"
    )


@pytest.mark.parametrize(
    "routed, reading",
    [
        (
            ROUTED,
            (
                "4 of 6 prompts go where they belong, 75% of them answered right; of the 2 that go"
                " astray, 50%"
            ),
        ),
        (ROUTED[:2], "2 of 2 prompts go where they belong, 50% of them answered right"),
        (ROUTED[2:3], "0 of 1 prompts go where they belong; of the 1 that go astray, 0%"),
    ],
)
def test_the_reading_counts_the_strays_and_their_right_answers(routed, reading):
    chart = pictures.confusion(routed, "here")
    assert chart.reading == reading
    assert chart.figure.layout.title.text.replace("<br>", " ") == reading


@pytest.mark.parametrize(
    "name, shown",
    [("<b>x</b>", "&lt;b&gt;x&lt;/b&gt;"), ("$a$", "&#36;a&#36;"), ("n" * 200, "n" * 15 + "…")],
)
def test_odd_names_are_text_and_long_ones_whole_on_hover(name, shown):
    figure = pictures.confusion([(name, name, True, 0.0)], "here").figure
    assert figure.layout.yaxis.ticktext == (shown,)
    hover = figure.data[0].hovertext[0][0]
    assert (
        hover.replace("<br>", "").count(shown.strip("…")) >= 2
        and "<b>x" not in hover
        and "$" not in hover
    )


# certainty, small right, its dollars, large right, its dollars, the router's dollars
ITEMS = [
    Item(0.9, True, 0.001, True, 0.004, 0.0005),
    Item(0.8, True, 0.001, False, 0.004, 0.0005),
    Item(0.2, False, 0.001, True, 0.004, 0.0005),
    Item(0.2, False, 0.001, False, 0.004, 0.0005),
]


def test_the_lines_to_compare_with_come_first():
    *_, oracle = points = pictures.curve_rows(ITEMS)[:3]
    assert [(point.way, point.share, point.large_share) for point in points] == [
        ("small alone", 0.5, 0),
        ("large alone", 0.5, 1),
        ("oracle", 0.75, 0.25),
    ]
    # The oracle pays for the large model at the third item alone: nobody is right at the fourth.
    assert [point.dollars_per_thousand for point in points] == pytest.approx([1, 4, 1.75])
    assert isnan(oracle.threshold) and oracle[3:6] == wilson(3, 4)


def test_each_threshold_sends_the_less_certain_to_the_large_model():
    curve = pictures.curve_rows(ITEMS)[3:]
    assert [(point.threshold, point.large_share, point.share) for point in curve] == [
        (0.2, 0, 0.5),
        (0.8, 0.5, 0.75),
        (0.9, 0.75, 0.5),
        (inf, 1, 0.5),
    ]
    assert [point.dollars_per_thousand for point in curve] == pytest.approx([1.5, 3.0, 3.75, 4.5])


@pytest.mark.parametrize(
    "threshold, large_share", [(0, 0), (0.2, 0), (0.21, 0.5), (0.8, 0.5), (1, 1)]
)
def test_a_threshold_is_the_point_that_sends_as_many(threshold, large_share):
    assert pictures.chosen(pictures.curve_rows(ITEMS), threshold).large_share == large_share


def test_the_figure_draws_the_curve_the_line_of_chance_and_the_marks():
    points = pictures.curve_rows(ITEMS)
    traces = {trace.name: trace for trace in pictures.router_curve(ITEMS, 0.5, "here").figure.data}
    assert traces["router"].x == tuple(point.dollars_per_thousand for point in points[3:])
    assert traces["router"].y == tuple(point.share for point in points[3:])
    assert traces["random sending"].x == tuple(point.dollars_per_thousand for point in points[:2])
    assert traces["random sending"].y == (0.5, 0.5)
    assert (traces["threshold 0.50"].x, traces["threshold 0.50"].y) == (
        (pytest.approx(3.0),),
        (0.75,),
    )
    assert (traces["oracle"].x, traces["oracle"].y) == ((pytest.approx(1.75),), (0.75,))
    assert traces["oracle"].y[0] - traces["oracle"].error_y.arrayminus[0] == pytest.approx(
        wilson(3, 4).low
    )
    assert traces["oracle"].y[0] + traces["oracle"].error_y.array[0] == pytest.approx(
        wilson(3, 4).high
    )
    assert [traces[f"{name} alone"].marker.color for name in ("small", "large")] == [
        MEMBERS["small"],
        MEMBERS["large"],
    ]


def test_the_reading_compares_with_chance_and_with_the_large_model():
    items = [item._replace(large_right=True) for item in ITEMS]
    assert (
        pictures.router_curve(items, 0.5, "here").reading
        == "At 0.50 the router sends 50% to the large model: 100% right for $3.00 per 1,000 "
        "(sent at random 75%, the large model alone 100% for $4.00)"
    )


def test_one_item_is_drawn():
    chart = pictures.router_curve(ITEMS[:1], 0.5, "here")
    assert len(chart.rows) == 5 and "sends 0% to the large model: 100% right" in chart.reading


def test_of_many_thresholds_the_chosen_one_is_told():
    items = [Item(n / 1000, False, 0.001, True, 0.004) for n in range(1000)]
    chart = pictures.router_curve(items, 0.508, "here")
    assert "At 0.51 the router sends 51% to the large model: 51% right for $2.52" in chart.reading
    mark = next(trace for trace in chart.figure.data if trace.name == "threshold 0.51")
    assert mark.y == (0.508,)


CONFIDENCE, RIGHT = [0.95, 0.95, 0.95, 0.95, 0.55, 0.55], [True, True, True, False, True, False]


def test_groups_compare_confidence_with_the_share_right():
    unsure, sure = pictures.reliability_chart(CONFIDENCE, RIGHT, "here").rows
    assert (unsure.n, unsure.confidence, unsure.share) == (2, pytest.approx(0.55), 0.5)
    assert (sure.above, sure.to, sure.n, sure.confidence) == pytest.approx((0.9, 1.0, 4, 0.95))
    assert sure[4:] == wilson(3, 4)


def test_the_figure_puts_points_intervals_gaps_and_counts_where_the_rows_say():
    figure = pictures.reliability_chart(CONFIDENCE, RIGHT, "here").figure
    diagonal, gap, counts, points = figure.data
    assert diagonal.x == diagonal.y == (0, 1)
    assert points.x == pytest.approx((0.55, 0.95)) and points.y == (0.5, 0.75)
    assert points.y[1] - points.error_y.arrayminus[1] == pytest.approx(wilson(3, 4).low)
    assert points.y[1] + points.error_y.array[1] == pytest.approx(wilson(3, 4).high)
    assert [base + height for base, height in zip(gap.base, gap.y, strict=True)] == pytest.approx(
        points.y
    )
    assert gap.base == points.x == gap.x
    assert (counts.text, counts.x) == (("2", "4"), pytest.approx((0.55, 0.95)))


def test_the_reading_tells_the_means_and_the_calibration_error():
    # Gaps: 0.05 at 2 of 6, 0.20 at 4 of 6.
    chart = pictures.reliability_chart(CONFIDENCE, RIGHT, "here")
    assert (
        chart.reading == "Sure of 82% on average, right in 67% of 6: calibration error (ECE) 0.15"
    )
    assert chart.figure.layout.title.text.replace("<br>", " ") == chart.reading
