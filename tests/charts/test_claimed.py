import html
from math import nan

import pytest

from mlkit.charts import claimed

RANKS = {"low": 1, "medium": 2, "high": 3, "variable": None}
CLAIMED = {
    "one": ("low", "low", "variable", "low"),
    "two": ("high", "high", "high", "medium"),
    "three": ("high", "medium", "low", "high"),
}
MEASURED = {"one": (0.1, 5.0, 0.3, 1.0), "two": (0.2, 1.0, 0.5, nan), "three": (0.3, 3.0, 0.5, 2.0)}
CELLS = claimed.rows(CLAIMED, MEASURED, RANKS)


def cell(family: str, criterion: str) -> claimed.Cell:
    return next(one for one in CELLS if (one.family, one.criterion) == (family, criterion))


def test_there_is_a_cell_for_each_family_and_criterion_family_by_family():
    assert [one[:2] for one in CELLS] == [
        (family, criterion) for family in CLAIMED for criterion in claimed.CRITERIA
    ]


def test_equal_words_leave_several_places_open_and_any_of_them_agrees():
    assert cell("two", "cost")[2:] == ("high", "2 to 3", 0.2, "2", "agrees")
    assert cell("three", "cost")[2:] == ("high", "2 to 3", 0.3, "3", "agrees")


def test_another_order_differs():
    assert cell("one", "latency")[2:] == ("low", "1", 5.0, "3", "differs")
    assert cell("three", "latency").verdict == "agrees"


def test_without_a_word_or_a_number_there_is_no_rank_and_the_others_move_up():
    assert cell("one", "quality")[2:] == ("variable", "", 0.3, "", "no rank")
    assert cell("two", "complexity").verdict == "no rank"
    assert cell("three", "complexity")[3:] == ("2", 2.0, "2", "agrees")


def test_equal_values_share_their_places():
    assert (
        cell("two", "quality").measured_rank == cell("three", "quality").measured_rank == "1 to 2"
    )
    assert cell("three", "quality").verdict == "agrees"


def test_the_grid_tells_verdicts_apart_by_colour_and_by_mark():
    (grid,) = claimed.figure(CELLS, "here").data
    verdicts = ["agrees", "differs", "no rank"]
    drawn = [
        (z, text[0])
        for line, texts in zip(grid.z, grid.text, strict=True)
        for z, text in zip(line, texts, strict=True)
    ]
    assert drawn == [
        (verdicts.index(one.verdict), "✓✗–"[verdicts.index(one.verdict)]) for one in CELLS
    ]
    assert (
        grid.text[0][1] == "✗ low<br>theirs 1<br>ours 3"
        and grid.text[0][2] == "– variable<br>no rank"
    )
    assert len({colour for _, colour in grid.colorscale}) == 3


def test_the_reading_counts_agreement():
    assert (
        claimed.chart(CLAIMED, MEASURED, RANKS, "here").reading
        == "The article's rank and ours agree in 8 of 10 cells, least on latency (1 of 3)"
    )


def test_nothing_to_compare_is_said_in_the_title():
    assert (
        "Nothing was both claimed and measured"
        in claimed.chart({}, {}, RANKS, "here").figure.layout.title.text
    )
    one = claimed.chart({"a": CLAIMED["one"]}, {"a": (nan, nan, nan, nan)}, RANKS, "here")
    assert "nothing to compare" in one.reading and list(one.figure.data[0].z[0]) == [2, 2, 2, 2]


@pytest.mark.parametrize(
    "name, shown",
    [("<b>x</b>", "&lt;b&gt;x&lt;/b&gt;"), ("$a$", "&#36;a&#36;"), ("x" * 200, "x" * 27 + "…")],
)
def test_names_are_text_and_long_ones_are_cut_on_the_axis_only(name, shown):
    figure = claimed.chart({name: CLAIMED["one"]}, {name: MEASURED["one"]}, RANKS, "here").figure
    assert (
        figure.layout.yaxis.ticktext == (shown,)
        and "<b>x" not in figure.to_json()
        and "$a$" not in figure.to_json()
    )
    assert html.unescape(figure.data[0].customdata[0][0]) == f"{name}: measured 0.1"


def test_every_line_has_room_for_three_lines_of_text():
    hundred = {f"family {n}": CLAIMED["one"] for n in range(100)}
    figures = [
        claimed.chart(some, dict.fromkeys(some, MEASURED["one"]), RANKS, "here").figure
        for some in (CLAIMED, hundred)
    ]
    assert figures[1].layout.height - figures[0].layout.height >= 97 * 60
