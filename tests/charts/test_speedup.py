from math import isnan, nan

import pytest

from mlkit.charts import speedup

MEASURED = {2: (1.4, 1.2, 1.7), 12: (2.5, nan, nan)}


def test_rows_follow_amdahl_and_hold_what_was_measured():
    speeds = speedup.rows(0.25, MEASURED, most=4)
    assert [speed.workers for speed in speeds] == [1, 2, 3, 4, 12]
    assert [speed.times_expected for speed in speeds] == pytest.approx([1, 1.6, 2, 16 / 7, 3.2])
    assert speeds[1][2:] == (1.4, 1.2, 1.7) and isnan(speeds[0].times)


def test_the_figure_draws_curve_limit_and_measured_points():
    figure = speedup.chart(0.25, "here", MEASURED, most=4).figure
    curve, limit, measured = figure.data
    assert curve.x == (1, 2, 3, 4, 12) and curve.y[-1] == pytest.approx(3.2)
    assert (
        limit.y == (4, 4) and limit.name == "limit, 4.0 times" and figure.layout.yaxis.range[1] > 4
    )
    assert measured.x == (2, 12) and measured.y == (1.4, 2.5)
    assert measured.y[0] + measured.error_y.array[0] == pytest.approx(1.7)
    assert measured.y[0] - measured.error_y.arrayminus[0] == pytest.approx(1.2)
    assert isnan(measured.error_y.array[1])


@pytest.mark.parametrize("serial_share", [0, 0.01])
def test_a_limit_far_off_is_not_drawn(serial_share):
    assert [trace.name for trace in speedup.chart(serial_share, "here").figure.data] == [
        "by Amdahl's law",
        "measured",
    ]


def test_the_reading_tells_the_most_workers_the_limit_and_the_measurement():
    assert (
        speedup.chart(0.25, "here", {2: (1.4, 1.2, 1.7)}).reading
        == "With 25% of the time the supervisor's own, 8 workers are 2.9 times as fast as one; no"
        " number of them beats 4.0; measured with 2: 1.4"
    )
    assert speedup.chart(0, "here").reading.endswith("8 workers are 8.0 times as fast as one")


def test_none_one_and_a_hundred_numbers_of_workers_are_drawn():
    assert "No number of workers" in speedup.figure([], 0.25, "here").layout.title.text
    assert speedup.chart(0.25, "here", most=1).figure.data[0].y == (1,)
    assert len(speedup.chart(0.25, "here", most=100).figure.data[0].x) == 100


def test_a_serial_share_that_cannot_be_is_refused():
    with pytest.raises(ValueError, match="give \\[0, 1\\]"):
        speedup.chart(1.5, "here")
