from math import inf, isnan, nan

import pytest

from mlkit.charts import router_curve
from mlkit.charts.look import MEMBERS
from mlkit.charts.router_curve import Item
from mlkit.measure.stats import wilson

# certainty, small right, its dollars, large right, its dollars, the router's dollars
ITEMS = [
    Item(0.9, True, 0.001, True, 0.004, 0.0005),
    Item(0.8, True, 0.001, False, 0.004, 0.0005),
    Item(0.2, False, 0.001, True, 0.004, 0.0005),
    Item(0.2, False, 0.001, False, 0.004, 0.0005),
]


def test_the_lines_to_compare_with_come_first():
    *_, oracle = points = router_curve.rows(ITEMS)[:3]
    assert [(point.way, point.share, point.large_share) for point in points] == [
        ("small alone", 0.5, 0),
        ("large alone", 0.5, 1),
        ("oracle", 0.75, 0.25),
    ]
    # The oracle pays for the large model at the third item alone: nobody is right at the fourth.
    assert [point.dollars_per_thousand for point in points] == pytest.approx([1, 4, 1.75])
    assert isnan(oracle.threshold) and oracle[3:6] == wilson(3, 4)


def test_each_threshold_sends_the_less_certain_to_the_large_model():
    curve = router_curve.rows(ITEMS)[3:]
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
    assert router_curve.chosen(router_curve.rows(ITEMS), threshold).large_share == large_share


def test_the_figure_draws_the_curve_the_line_of_chance_and_the_marks():
    points = router_curve.rows(ITEMS)
    traces = {trace.name: trace for trace in router_curve.figure(points, 0.5, "here").data}
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
        router_curve.chart(items, 0.5, "here").reading
        == "At 0.50 the router sends 50% to the large model: 100% right for $3.00 per 1,000 "
        "(sent at random 75%, the large model alone 100% for $4.00)"
    )


def test_nothing_routed_says_so_and_one_item_is_drawn():
    assert "Nothing was routed" in router_curve.chart([], 0.5, "here").figure.layout.title.text
    chart = router_curve.chart(ITEMS[:1], 0.5, "here")
    assert len(chart.rows) == 5 and "sends 0% to the large model: 100% right" in chart.reading


def test_a_point_without_an_interval_is_drawn():
    points = [point._replace(low=nan, high=nan) for point in router_curve.rows(ITEMS)]
    traces = {trace.name: trace for trace in router_curve.figure(points, 0.5, "here").data}
    assert traces["oracle"].y == (0.75,) and isnan(traces["oracle"].error_y.array[0])


def test_of_many_thresholds_a_hundred_are_drawn_from_end_to_end():
    curve = router_curve.rows(
        [Item(number / 1000, True, 0.001, True, 0.002) for number in range(1000)]
    )[3:]
    assert len(curve) == 100 and (curve[0].large_share, curve[-1].large_share) == (0, 1)


def test_a_threshold_between_those_drawn_is_measured_itself():
    """Of 1,000 certainties 100 are drawn: what the sentence says is not the next one of these."""
    items = [Item(n / 1000, False, 0.001, True, 0.004) for n in range(1000)]
    assert len(router_curve.rows(items)) == 103
    chart = router_curve.chart(items, 0.508, "here")
    assert "At 0.51 the router sends 51% to the large model: 51% right for $2.52" in chart.reading
    mark = next(trace for trace in chart.figure.data if trace.name == "threshold 0.51")
    assert mark.y == (0.508,)
