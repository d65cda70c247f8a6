from math import isnan, nan

import pytest

from mlkit.charts import ladder

# Four items, three votes: all agree and are right; two agree and are wrong, then right; none agree,
# the first is wrong.
RUNGS = ladder.rows(
    [3, 2, 2, 1], [True, False, True, False], [True, True, False, False], 3, 0.02, 0.08
)


def test_each_rung_escalates_what_has_too_few_votes():
    assert [rung.way for rung in RUNGS] == ["1 of 3", "2 of 3", "3 of 3", "the strong model alone"]
    assert [rung.escalated for rung in RUNGS] == [0, 0.25, 0.75, 1]
    assert [rung.right for rung in RUNGS] == [0.5, 0.5, 0.5, 0.5]
    assert [rung.dollars_per_thousand for rung in RUNGS] == pytest.approx([0.02, 0.04, 0.08, 0.08])


def test_what_is_escalated_is_as_right_as_the_strong_model():
    rungs = ladder.rows([1, 2], [True, False], [False, True], 2, 0, 1)
    assert [rung.right for rung in rungs] == [0.5, 0, 0.5]


def test_break_even_is_where_a_rung_costs_as_much_as_the_strong_model():
    assert ladder.break_even(RUNGS) == pytest.approx(0.75) == RUNGS[2].escalated
    assert isnan(ladder.break_even(ladder.rows([1], [True], [True], 1, 0, 0)))


def test_the_figure_draws_three_ladders_with_their_lines_and_the_chosen_rung():
    figure = ladder.chart(RUNGS, 2, "here").figure
    for number, field, line in (
        (0, "right", 0.5),
        (1, "escalated", 0.75),
        (2, "dollars_per_thousand", 0.08),
    ):
        reference, steps, chosen = figure.data[3 * number : 3 * number + 3]
        assert reference.y == pytest.approx((line, line))
        assert steps.x == (1, 2, 3) and steps.y == tuple(
            getattr(rung, field) for rung in RUNGS[:-1]
        )
        assert (chosen.x, chosen.y) == ((2,), (getattr(RUNGS[1], field),))
        assert chosen.marker.color != steps.line.color
    right = figure.data[1]
    assert [y + up for y, up in zip(right.y, right.error_y.array, strict=True)] == pytest.approx(
        [rung.high for rung in RUNGS[:-1]]
    )
    assert [
        y - down for y, down in zip(right.y, right.error_y.arrayminus, strict=True)
    ] == pytest.approx([rung.low for rung in RUNGS[:-1]])


def test_the_reading_sets_the_chosen_rung_beside_the_strong_model():
    assert (
        ladder.chart(RUNGS, 2, "here").reading
        == "2 of 3: 25% escalated, 50% right, $0.04 per 1,000; the strong model alone: 50% right,"
        " $0.08"
    )


def test_no_items_make_a_chart_that_says_so():
    assert ladder.rows([], [], [], 3, 0.02, 0.08) == []
    assert "No vote was measured" in ladder.chart([], 2, "here").figure.layout.title.text


def test_one_item_a_hundred_votes_and_intervals_that_are_missing_are_drawn():
    hundred = ladder.rows([60], [True], [False], 100, 0.02, 0.08)
    figure = ladder.chart([rung._replace(low=nan, high=nan) for rung in hundred], 60, "here").figure
    assert len(figure.data[1].x) == 100 and all(map(isnan, figure.data[1].error_y.array))
    assert figure.data[4].y[59:61] == (0, 1)
