from math import nan

import pytest
from course.lessons import pipeline_pictures

from mlkit.charts.look import BLUE, ORANGE, SKY
from mlkit.measure.stats import Interval

STAGES = {
    "classify": Interval(0.9, 0.8, 0.95),
    "extract": Interval(0.8, 0.7, 0.9),
    "reason": Interval(0.5, 0.4, 0.6),
}
WHOLE = Interval(0.55, 0.45, 0.65)


def test_products_run_along_the_stages_and_stand_beside_the_whole():
    steps = pipeline_pictures.rows(STAGES, WHOLE)
    assert [step.product for step in steps] == pytest.approx([0.9, 0.72, 0.36, 0.36])
    assert [step.stage for step in steps] == [
        "classify",
        "extract",
        "reason",
        "measured end to end",
    ]
    assert (steps[-1].share, steps[-1].low, steps[-1].high) == WHOLE


def test_the_figure_draws_products_shares_and_the_whole_where_the_rows_say():
    steps = pipeline_pictures.rows(STAGES, WHOLE)
    products, alone, whole = pipeline_pictures.figure(steps, "title", "here").data
    assert (products.marker.color, alone.marker.color, whole.marker.color) == (SKY, BLUE, ORANGE)
    assert (
        products.x == pytest.approx((0.9, 0.72, 0.36))
        and alone.x == (0.9, 0.8, 0.5)
        and whole.x == (0.55,)
    )
    assert products.y == alone.y == (0, 1, 2) and whole.y == (3,)
    assert [x + up for x, up in zip(alone.x, alone.error_x.array, strict=True)] == pytest.approx(
        [0.95, 0.9, 0.6]
    )
    assert [
        x - down for x, down in zip(alone.x, alone.error_x.arrayminus, strict=True)
    ] == pytest.approx([0.8, 0.7, 0.4])
    assert whole.x[0] - whole.error_x.arrayminus[0] == pytest.approx(0.45)


def test_names_are_text_and_long_ones_are_cut_on_the_axis_only():
    names = ["x" * 200, "<b>x</b>", "$a$", *map(str, range(97))]
    steps = pipeline_pictures.rows(dict.fromkeys(names, Interval(0.9, nan, nan)), WHOLE)
    figure = pipeline_pictures.figure(steps, "title", "here")
    assert "<b>" not in figure.to_json() and "$a$" not in figure.to_json()
    assert figure.layout.yaxis.ticktext[0].split("<br>")[0] == "x" * 27 + "…"
    assert figure.data[0].customdata[0] == "x" * 200 and len(figure.data[0].x) == 100
