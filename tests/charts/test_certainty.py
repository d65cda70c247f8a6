import pytest

from mlkit.charts import certainty
from mlkit.measure.calibration import CoveragePoint


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


def test_one_answer_is_drawn():
    assert len(certainty.coverage_chart([0.5], [True], "here").rows) == 1
