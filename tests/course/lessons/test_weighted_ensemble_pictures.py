"""The pictures of notebook 08."""

import pytest
from course.lessons import weighted_ensemble_pictures as pictures

from mlkit.charts.look import BLUE, GREEN, ORANGE

PARTS = pictures.rows(
    ["42", "41", "42"], ["large", "writer", "general"], [5, 3, 2], [0.2, 1.0, 0.5]
)
GRID = pictures.mixes(lambda first, second, third: 0.5 + 0.4 * second - 0.1 * third, steps=10)


def test_weights_are_scaled_and_multiplied_with_the_scores():
    assert [part.weight for part in PARTS] == pytest.approx([0.5, 0.3, 0.2])
    assert [part.earned for part in PARTS] == pytest.approx([0.1, 0.3, 0.1])
    assert pictures.totals(PARTS) == pytest.approx({"41": 0.3, "42": 0.2}) and list(
        pictures.totals(PARTS)
    ) == ["41", "42"]


def test_bars_are_stacked_by_answer_with_the_winner_on_top():
    figure = pictures.chart(PARTS, "here").figure
    assert [bar.y[0] for bar in figure.data] == [1, 0, 1]
    assert [bar.x[0] for bar in figure.data] == pytest.approx([0.1, 0.3, 0.1])
    assert figure.layout.barmode == "stack"
    assert [bar.marker.color for bar in figure.data] == [BLUE, ORANGE, GREEN]  # of PARTS' members
    assert figure.layout.yaxis.ticktext == ("<b>41<br>0.30, wins</b>", "42<br>0.20")


@pytest.mark.parametrize(
    "heights, end",
    [
        ([7, 2, 1], "; large dictates: its weight exceeds the rest together"),
        ([503, 300, 197], "; large dictates: its weight exceeds the rest together"),
        ([5, 3, 2], "wins with 0.50"),
        ([1, 6, 1], "; writer dictates: its weight exceeds the rest together"),
    ],
)
def test_a_weight_above_all_others_together_is_named_in_the_title(heights, end):
    chart = pictures.chart(
        pictures.rows(["a", "b", "c"], ["large", "writer", "general"], heights, [1, 1, 1]), "here"
    )
    assert chart.reading.endswith(end)
    assert ("dictates" in chart.figure.layout.title.text) == ("dictates" in chart.reading)


def test_a_tie_goes_to_the_answer_given_first_even_where_rounding_says_otherwise():
    parts = pictures.rows(["a", "b", "b"], ["x", "y", "z"], [0.3, 0.1, 0.2], [1, 1, 1])
    assert pictures.chart(parts, "here").reading == "a ties and, given first, wins with 0.50"


@pytest.mark.parametrize("parts", [[], pictures.rows([None, "b"], ["x", "y"], [1, 1], [1, 0])])
def test_nothing_earned_makes_a_chart_that_says_so(parts):
    figure = pictures.chart(parts, "here").figure
    assert "No answer earned anything" in figure.layout.title.text and figure.data == ()


def test_names_are_text_and_long_ones_are_cut_on_the_axis_only():
    figure = pictures.chart(
        pictures.rows(["x" * 200, "<b>x</b>"], ["$a$", "y" * 200], [1, 1], [1, 1]), "here"
    ).figure
    assert "<b>x" not in figure.to_json() and "$a$" not in figure.to_json()
    assert (
        "x" * 27 + "…" in figure.layout.yaxis.ticktext[0]
        and "x" * 28 not in figure.layout.yaxis.ticktext[0]
    )
    assert "x" * 200 in figure.data[0].hovertext and "y" * 200 in figure.data[1].hovertext


def test_a_hundred_members_are_one_stack():
    parts = pictures.rows(["a"] * 100, [f"member {n}" for n in range(100)], [1] * 100, [1] * 100)
    figure = pictures.chart(parts, "here").figure
    assert {bar.y for bar in figure.data} == {(0,)} and len(figure.data) == 100


def test_mixes_fill_the_triangle():
    assert len(GRID) == 66 and all(sum(mix[:3]) == pytest.approx(1) for mix in GRID)
    assert {mix[:3] for mix in GRID} >= {(1, 0, 0), (0, 1, 0), (0, 0, 1)}


def test_the_simplex_has_its_members_at_the_corners_and_marks_the_present_weights():
    figure = pictures.simplex(
        GRID, pictures.Mix(0.5, 0.3, 0.2, 0.6), ["large", "writer", "$a$"], "here", "the title"
    )
    mixes, present = figure.data
    assert figure.layout.title.text == "the title" and "$a$" not in figure.to_json()
    corners = {mix[:3]: (mixes.x[n], mixes.y[n]) for n, mix in enumerate(GRID) if max(mix) == 1}
    assert corners == {(1, 0, 0): (0, 0), (0, 1, 0): (1, 0), (0, 0, 1): (0.5, 1)}
    assert mixes.marker.color == tuple(mix.right for mix in GRID)
    assert (present.x[0], present.y[0]) == pytest.approx((0.4, 0.2))


def read(*present: float) -> str:
    return pictures.simplex_reading(GRID, pictures.Mix(*present)).replace("\u00a0", " ")


def test_the_simplex_reads_present_and_best():
    assert (
        read(0.5, 0.3, 0.2, 0.6)
        == "Weights 0.5 / 0.3 / 0.2: 60% right; the best of the 66 mixes drawn, 0 / 1 / 0: 90%"
    )
    assert read(0, 1, 0, 0.9).endswith("90% right, and none of the 66 mixes drawn is better")


def test_present_weights_between_the_drawn_mixes_are_read_as_they_are():
    assert read(1 / 3, 1 / 3, 1 / 3, 0.6875).startswith("Weights 0.33 / 0.33 / 0.33: 69% right;")
    assert read(0.01, 0.985, 0.005, 0.95).endswith(
        "95% right, and none of the 66 mixes drawn is better"
    )
