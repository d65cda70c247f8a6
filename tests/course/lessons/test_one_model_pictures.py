"""The pictures of notebook 01: prompts side by side, draws of tasks, what examples do."""

import asyncio

import numpy as np
import pytest
from course.lessons import one_model
from course.lessons import one_model_pictures as pictures
from course.shop import member_for

import mlkit
from mlkit.charts.look import Chart
from mlkit.measure.stats import wilson
from tests.widgets.sentences import hits, one

RIGHT = [True] * 48 + [False] * 40


def test_two_members_are_shown_whole_side_by_side_each_under_its_way():
    member = mlkit.Member("m", "be <b>short</b>", (("one?", "1"),))
    shown = pictures.side_by_side("how many?", step_by_step=member, short=member)
    html, text = shown._repr_html_(), repr(shown)
    assert html.count("<details") == html.count(" open") == 2 and "flex-wrap: wrap" in html
    assert "What step by step is told (m)" in html and "What short is told (m)" in html
    assert "<b>" not in html and text.count("be <b>short</b>") == text.count("how many?") == 2


def test_draws_scatter_around_the_share_and_less_where_there_are_more_tasks():
    few, many = (pictures.drawn(RIGHT, tasks) for tasks in (8, 88))
    assert few.middle == many.middle == pytest.approx(48 / 88)
    assert few.tasks == 8 and many.tasks == 88 and few.draws == pictures.DRAWS
    for row in (few, many):
        shares = pictures.drawn_shares(RIGHT, row.tasks)
        within = np.mean((shares >= row.low - 1e-9) & (shares <= row.high + 1e-9))
        assert len(shares) == pictures.DRAWS and 0.95 <= within <= 0.99
        assert shares.mean() == pytest.approx(48 / 88, abs=0.03)
        assert np.allclose(shares * row.tasks, (shares * row.tasks).round())
    width = (few.high - few.low) / (many.high - many.low)
    assert width == pytest.approx(11**0.5, rel=0.2)  # one over the root of the number


def test_each_draw_is_a_dot_and_the_bar_holds_the_middle():
    chart = pictures.draws_chart(RIGHT, "a way", "here")
    eight, bar_of_eight, all_of_them, bar = chart.figure.data
    assert chart.rows == [pictures.drawn(RIGHT, 8), pictures.drawn(RIGHT, 88)]
    for dots, tasks in ((eight, 8), (all_of_them, 88)):
        shares = pictures.drawn_shares(RIGHT, tasks)
        assert np.allclose(np.sort(dots.x), np.sort(shares), atol=1e-5)
        assert len(set(zip(dots.x, dots.y, strict=True))) == pictures.DRAWS
    assert max(bar.y) < min(all_of_them.y) and max(all_of_them.y) < min(bar_of_eight.y)
    assert list(bar.x) == [chart.rows[1].low, chart.rows[1].high]
    assert list(bar_of_eight.x) == [chart.rows[0].low, chart.rows[0].high]
    assert chart.reading.startswith("a way, drawn 200 times: 95% of the draws of 8 tasks lie from ")
    assert chart.reading.endswith(f"of 88 tasks from {bar.x[0]:.0%} to {bar.x[1]:.0%}")


@pytest.mark.parametrize("count", range(5))
def test_the_examples_stand_beside_step_by_step_with_their_numbers(count):
    shop = asyncio.run(one_model.measured(mlkit.connect(engine="replay")))
    chart = pictures.examples_chart(shop.sums, count, "here")
    found = {(row.member, row.way): row for row in chart.rows}
    for size in ("small", "large"):
        cells = one(shop.sums, f"{size}, {count}")
        row = found[size, "expression"]
        assert (row.right, row.of) == (hits(cells), 22)
        assert row.tokens_per_answer == pytest.approx(sum(cell.tokens for cell in cells) / 22)
        assert found[size, "step by step"].right == hits(one(shop.sums, f"{size}, prose"))
    assert chart.figure.layout.yaxis.showgrid is False
    assert len(member_for(mlkit.Member("m"), "math", count).shots) == count


# Scores

LINES = [
    pictures.Score("step by step", "small", 3, 4, *wilson(3, 4)[1:], 100, 0.5),
    pictures.Score("expression", "large", 4, 4, *wilson(4, 4)[1:], 25, 0.25),
]


def test_the_figure_puts_points_and_intervals_where_the_rows_say():
    chart = pictures.score_chart(LINES, "a finding", "here")
    (points,) = chart.figure.data
    assert tuple(points.x) == (0.75, 1.0)
    assert points.x[0] - points.error_x.arrayminus[0] == pytest.approx(LINES[0].low)
    assert points.x[0] + points.error_x.array[0] == pytest.approx(LINES[0].high)
    assert "3 of 4<br>100 tokens<br>&#36;0.50 per 1,000" in {
        note.text for note in chart.figure.layout.annotations
    }
    assert isinstance(chart, Chart) and chart.rows == LINES


def test_no_grades_at_all_is_drawn_as_nothing_known():
    empty = pictures.Score("asked", "small", 0, 0, 0.0, 1.0, 0.0, 0.0)
    (points,) = pictures.score_chart([empty], "nothing", "here").figure.data
    assert points.x[0] - points.error_x.arrayminus[0] == 0 and points.error_x.array[0] == 1
