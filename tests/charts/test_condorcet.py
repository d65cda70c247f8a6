from math import isnan, nan

import numpy as np
import pytest

from mlkit.charts import condorcet

MEASURED = [(3, 0.7, 0.6, 0.8), (4, 0.5, 0.4, 0.6), (3, 0.62, nan, nan)]
MATRIX = np.array([[1, 0.5, nan], [0.5, 1, -0.2], [nan, -0.2, 1]])


def test_rows_hold_the_odd_numbers_to_15_and_all_that_was_measured():
    rows = condorcet.rows(0.6, 0, MEASURED)
    assert [row.voters for row in rows] == [1, 3, 3, 4, 5, 7, 9, 11, 13, 15]
    assert rows[1].expected == pytest.approx(0.6**3 + 3 * 0.6**2 * 0.4) == rows[1].independent
    assert rows[1][3:] == (0.7, 0.6, 0.8) and isnan(rows[0].share)


def test_errors_in_common_take_the_gain_away():
    rows = condorcet.rows(0.6, 1)
    assert [row.expected for row in rows] == pytest.approx([0.6] * 8)
    assert rows[-1].independent > 0.75


def test_the_figure_draws_curves_lines_and_measured_points():
    chart = condorcet.chart(0.6, 0.5, "here", MEASURED)
    majority, independent, one, half, measured = chart.figure.data
    assert majority.y == tuple(row.expected for row in chart.rows) and majority.x == tuple(
        row.voters for row in chart.rows
    )
    assert independent.y == tuple(row.independent for row in chart.rows)
    assert set(one.y) == {0.6} and set(half.y) == {0.5}
    assert measured.x == (3, 3, 4) and measured.y == (0.7, 0.62, 0.5)
    assert measured.y[0] + measured.error_y.array[0] == pytest.approx(0.8)
    assert measured.y[0] - measured.error_y.arrayminus[0] == pytest.approx(0.6)
    assert isnan(measured.error_y.array[1])


def test_the_reading_tells_theory_and_measurement():
    assert (
        condorcet.chart(0.6, 1, "here", MEASURED).reading
        == "Voters right 60% of the time, error correlation 1: a majority of 15 is right 60% of the"
        " time (79% if independent); measured with 4: 50%"
    )
    assert "measured" not in condorcet.chart(0.6, 1, "here").reading


def test_without_rows_the_title_says_what_is_missing():
    assert "No number of voters" in condorcet.figure([], 0.6, 0, "here").layout.title.text
    assert "Errors correlate between two" in condorcet.heatmap([], "here").layout.title.text
    assert condorcet.heatmap_chart(["alone"], [[1.0]], "here").rows == []


def test_pairs_are_taken_once_and_drawn_on_both_sides_of_an_empty_diagonal():
    chart = condorcet.heatmap_chart(["a", "b", "c"], MATRIX, "here")
    assert (
        chart.rows[0] == ("a", "b", 0.5)
        and chart.rows[2] == ("b", "c", -0.2)
        and isnan(chart.rows[1].correlation)
    )
    (cells,) = chart.figure.data
    assert np.array_equal(
        np.array(cells.z, float), np.where(np.eye(3), nan, MATRIX), equal_nan=True
    )
    assert (cells.zmin, cells.zmax) == (-1, 1)


def test_the_heatmap_reads_as_voters_that_would_be_worth_as_much():
    reading = condorcet.heatmap_chart(["a", "b", "c"], MATRIX, "here").reading  # mean 0.15: 3 / 1.3
    assert (
        reading
        == "3 members, mean error correlation 0.15: worth 2.3 independent voters; most alike are a"
        " and b (0.50)"
    )
    assert (
        "do not err together"
        in condorcet.heatmap_chart(["a", "b"], [[1, -1], [-1, 1]], "here").reading
    )
    assert (
        "no correlation is known"
        in condorcet.heatmap_chart(["a", "b"], [[nan, nan], [nan, nan]], "here").reading
    )


@pytest.mark.parametrize("members, numbers", [(8, "%{z:.2f}"), (9, None), (100, None)])
def test_cells_have_numbers_where_there_is_room(members, numbers):
    figure = condorcet.heatmap_chart(["m"] * members, np.eye(members), "here").figure
    assert figure.data[0].texttemplate == numbers
    assert len(figure.layout.yaxis.ticktext) == members and len(figure.layout.xaxis.tickvals) <= 20


def test_names_are_text_and_long_ones_are_cut_on_the_axis_only():
    figure = condorcet.heatmap_chart(["x" * 200, "<b>x</b>", "$a$"], MATRIX, "here").figure
    assert "<b>" not in figure.to_json() and "$a$" not in figure.to_json()
    assert (
        figure.layout.yaxis.ticktext[0] == "1  " + "x" * 27 + "…"
        and "x" * 200 in figure.data[0].customdata[0][1]
    )
