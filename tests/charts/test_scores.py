import pytest

from mlkit.charts import scores
from mlkit.charts.look import Chart
from mlkit.measure.stats import wilson

LINES = [
    scores.Score("step by step", "small", 3, 4, *wilson(3, 4)[1:], 100, 0.5),
    scores.Score("expression", "large", 4, 4, *wilson(4, 4)[1:], 25, 0.25),
]


def test_the_figure_puts_points_and_intervals_where_the_rows_say():
    chart = scores.chart(LINES, "a finding", "here")
    (points,) = chart.figure.data
    assert tuple(points.x) == (0.75, 1.0)
    assert points.x[0] - points.error_x.arrayminus[0] == pytest.approx(LINES[0].low)
    assert points.x[0] + points.error_x.array[0] == pytest.approx(LINES[0].high)
    assert "3 of 4<br>100 tokens<br>&#36;0.50 per 1,000" in {
        note.text for note in chart.figure.layout.annotations
    }
    assert isinstance(chart, Chart) and chart.rows == LINES


def test_no_grades_at_all_is_drawn_as_nothing_known():
    empty = scores.Score("asked", "small", 0, 0, 0.0, 1.0, 0.0, 0.0)
    (points,) = scores.chart([empty], "nothing", "here").figure.data
    assert points.x[0] - points.error_x.arrayminus[0] == 0 and points.error_x.array[0] == 1
