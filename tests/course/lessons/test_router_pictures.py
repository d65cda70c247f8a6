"""The picture of notebook 03: what a threshold does, its figure and its sentence."""

from math import isnan, nan

import numpy as np
import pytest
from course.lessons import router_pictures as pictures
from course.lessons.router_pictures import Step

from mlkit.charts.look import BLUE, ORANGE

# certainty, label right, right if kept, right if not
ITEMS = np.array(
    [
        (0.9, True, True, False),
        (0.7, True, False, True),
        (0.5, False, True, False),
        (0.2, False, False, True),
    ]
)
ARGS = (ITEMS, 0.5, "general", 0.55, "here")


@pytest.mark.parametrize(
    "threshold, found",
    [
        (0.15, Step(0.15, 4, 4, 0.5, 0.5, 0.5)),
        (0.5, Step(0.5, 3, 4, 2 / 3, 2 / 3, 0.75)),  # a certainty of exactly the threshold is kept
        (0.51, Step(0.51, 2, 4, 1.0, 0.5, 0.5)),
        (0.8, Step(0.8, 1, 4, 1.0, 1.0, 0.75)),
    ],
)
def test_a_label_below_the_threshold_gives_way_to_the_fallback(threshold, found):
    assert pictures.step(ITEMS, threshold) == found


def test_where_no_label_is_kept_none_is_right():
    none = pictures.step(ITEMS, 0.95)
    assert none.kept == 0 and none.answers_right == 0.5
    assert isnan(none.labels_right) and isnan(none.kept_answers_right)


def test_the_sentence_tells_what_is_kept_and_what_comes_of_it():
    assert (
        pictures.reading(Step(0.5, 3, 4, 2 / 3, 2 / 3, 0.75), "general")
        == "At threshold 0.50, 3 of 4 labels are kept, 67% of them right; with fallback general 75%"
        " of all answers are right"
    )
    assert (
        pictures.reading(Step(0.95, 0, 4, nan, nan, 0.5), "large in one way")
        == "At threshold 0.95, no label is kept; with fallback large in one way 50% of all answers"
        " are right"
    )


def test_the_figure_draws_both_lines_over_all_thresholds_and_marks_the_one_that_is_set():
    chart = pictures.threshold_chart(ITEMS, 0.5, "general", 0.55, "here")
    labels, label_mark, answers, answer_mark, alone = chart.figure.data
    at = [round(x, 2) for x in labels.x].index(0.5)
    assert (labels.x[0], labels.x[-1]) == (0.15, 1.0)
    assert (labels.y[at], answers.y[at]) == (2 / 3, 0.75)
    assert (label_mark.x, label_mark.y) == ((0.5,), (2 / 3,))
    assert (answer_mark.x, answer_mark.y) == ((0.5,), (0.75,))
    assert (label_mark.marker.color, answer_mark.marker.color) == (BLUE, ORANGE)
    assert (labels.name, answers.name) == ("right labels, of those kept", "right answers, of all")
    assert (alone.y, alone.name) == ((0.55, 0.55), "large in one way, 55%")
    assert chart.reading == pictures.reading(pictures.step(ITEMS, 0.5), "general")


def test_where_the_blue_line_ends_the_picture_says_why():
    said = {one.text: one.x for one in pictures.threshold_chart(*ARGS).figure.layout.annotations}
    assert said["nothing kept"] == pytest.approx((0.91 + 1) / 2)
    sure = np.array([(1.0, True, True, True)])
    kept = pictures.threshold_chart(sure, *ARGS[1:]).figure.layout.annotations
    assert "nothing kept" not in [one.text for one in kept]


def test_the_table_has_every_twentieth():
    rows = pictures.threshold_chart(ITEMS, 0.5, "general", 0.55, "here").rows
    assert [row.threshold for row in rows][:3] == [0.15, 0.2, 0.25] and rows[-1].threshold == 1
    assert rows[7] == pictures.step(ITEMS, 0.5)
