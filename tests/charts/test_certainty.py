from math import nan

import pytest

from mlkit.charts import certainty
from mlkit.charts.certainty import Group
from mlkit.measure.calibration import CoveragePoint
from mlkit.measure.stats import wilson

CONFIDENCE, RIGHT = [0.95, 0.95, 0.95, 0.95, 0.55, 0.55], [True, True, True, False, True, False]


def test_groups_compare_confidence_with_the_share_right():
    unsure, sure = certainty.reliability_rows(CONFIDENCE, RIGHT)
    assert (unsure.n, unsure.confidence, unsure.share) == (2, pytest.approx(0.55), 0.5)
    assert (sure.above, sure.to, sure.n, sure.confidence) == pytest.approx((0.9, 1.0, 4, 0.95))
    assert sure[4:] == wilson(3, 4)


def test_the_figure_puts_points_intervals_gaps_and_counts_where_the_rows_say():
    groups = certainty.reliability_rows(CONFIDENCE, RIGHT)
    diagonal, gap, points, counts = certainty.reliability_figure(groups, "here").data
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
    chart = certainty.reliability_chart(CONFIDENCE, RIGHT, "here")
    assert (
        chart.reading == "Sure of 82% on average, right in 67% of 6: calibration error (ECE) 0.15"
    )
    assert chart.figure.layout.title.text.replace("<br>", " ") == chart.reading


def test_a_group_without_an_interval_is_drawn():
    *_, points, _ = certainty.reliability_figure(
        [Group(0.5, 0.6, 1, 0.55, 1.0, nan, nan)], "here"
    ).data
    assert points.y == (1.0,) and points.error_y.array[0] != points.error_y.array[0]


def test_coverage_counts_the_wrong_among_the_surest():
    chart = certainty.coverage_chart([0.9, 0.8, 0.8, 0.3], [True, False, True, False], "here")
    assert chart.rows == [
        CoveragePoint(0.25, 0.0, 0.9),
        CoveragePoint(0.75, pytest.approx(1 / 3), 0.8),
        CoveragePoint(1.0, 0.5, 0.3),
    ]


def test_the_stair_shades_the_area_that_the_reading_tells():
    chart = certainty.coverage_chart([0.9, 0.8, 0.7, 0.3], [True, True, False, False], "here")
    stair, level = chart.figure.data
    assert stair.x == (0, 0.25, 0.5, 0.75, 1) and stair.y == (0, 0, 0, pytest.approx(1 / 3), 0.5)
    assert (stair.line.shape, stair.fill) == (
        "vh",
        "tozeroy",
    )  # each step as high as the risk at its right end
    assert level.y == (0.5, 0.5)
    assert (
        chart.reading
        == "Answering all, 50% are wrong; only the surest 50%, 0% (area under the curve 0.21)"
    )


def test_equal_confidences_cannot_be_parted():
    chart = certainty.coverage_chart([0.7] * 4, [True, True, True, False], "here")
    assert chart.reading == "All answers are equally sure, so no threshold parts them: 25% wrong"


@pytest.mark.parametrize("draw", [certainty.reliability_chart, certainty.coverage_chart])
def test_no_answers_say_so_and_one_is_drawn(draw):
    assert "No answer came with a confidence" in draw([], [], "here").figure.layout.title.text
    assert len(draw([0.5], [True], "here").rows) == 1
