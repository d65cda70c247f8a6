import pytest

from mlkit.charts import scores
from mlkit.charts.look import Chart
from mlkit.measure.stats import wilson

LINES = [
    scores.score("step by step", "small", [True, False, True, True], 400, 0.002),
    scores.score("expression", "large", [True] * 4, 100, 0.001),
]


def test_a_score_counts_and_divides_by_the_number_of_answers():
    small = LINES[0]
    assert (small.right, small.of, small.tokens_per_answer) == (3, 4, 100)
    assert small.dollars_per_thousand == pytest.approx(0.5)
    assert (small.low, small.high) == wilson(3, 4)[1:]


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
    empty = scores.score("asked", "small", [], 0, 0.0)
    assert (empty.right, empty.of, empty.low, empty.high) == (0, 0, 0.0, 1.0)
    scores.chart([empty], "nothing", "here")
