from math import nan

import pytest

from mlkit.charts import quality
from mlkit.charts.look import MEMBERS
from mlkit.measure.stats import wilson

GRADED = [
    ("math", "two-step", "small", True),
    ("math", "two-step", "small", False),
    ("math", "two-step", "large", True),
    ("math", "three-step", "small", False),
    ("math", "three-step", "large", False),
    ("math", "three-step", "large", True),
    ("code", "formula", "small", True),
    ("code", "formula", "large", False),
    ("code", "formula", "tuned", False),
]
LINES = {"oracle": {"math": 0.9, "code": 0.8}, "random": {"code": 0.5}}


def test_answers_are_counted_by_kind_level_and_member():
    cells = quality.rows(GRADED)
    assert [cell[:5] for cell in cells[:2]] == [
        ("math", "two-step", "small", 1, 2),
        ("math", "two-step", "large", 1, 1),
    ]
    assert cells[0][5:] == wilson(1, 2) and len(cells) == 7


def test_every_cell_stands_in_the_panel_of_its_kind_above_its_level():
    cells, seen = quality.rows(GRADED), []
    figure = quality.figure(cells, "here", LINES)
    for trace in (trace for trace in figure.data if trace.mode == "markers"):
        axis = figure.layout["xaxis" + trace.xaxis[1:]]
        kind = figure.layout.annotations[int(trace.xaxis[1:] or 1) - 1].text
        for x, y, low, high in zip(
            trace.x, trace.y, trace.error_y.arrayminus, trace.error_y.array, strict=True
        ):
            seen.append(
                (
                    kind,
                    axis.ticktext[round(x)],
                    trace.name,
                    y,
                    pytest.approx(y - low),
                    pytest.approx(y + high),
                )
            )
    assert len(seen) == len(cells)
    for kind, level, member, *_, share, low, high in cells:
        assert (kind, level, member, share, low, high) in seen


def test_members_stand_side_by_side_in_their_colours_and_once_in_the_legend():
    figure = quality.figure(quality.rows(GRADED), "here")
    points = {(trace.legendgroup, trace.xaxis): trace for trace in figure.data}
    assert points["small", "x"].x[0] < points["large", "x"].x[0]
    assert points["small", "x2"].marker.color == MEMBERS["small"]
    assert points["tuned", "x2"].marker.color not in {MEMBERS["small"], MEMBERS["large"]}
    assert sorted(trace.name for trace in figure.data if trace.showlegend) == [
        "large",
        "small",
        "tuned",
    ]


def test_lines_cross_the_panels_of_their_kinds_and_no_other():
    figure = quality.figure(quality.rows(GRADED), "here", LINES)
    lines = {(trace.name, trace.xaxis): trace for trace in figure.data if trace.mode == "lines"}
    assert {place: line.y for place, line in lines.items()} == {
        ("oracle", "x"): (0.9, 0.9),
        ("oracle", "x2"): (0.8, 0.8),
        ("random", "x2"): (0.5, 0.5),
    }
    assert (
        lines["oracle", "x"].line.dash
        == lines["oracle", "x2"].line.dash
        != lines["random", "x2"].line.dash
    )
    assert [place for place, line in lines.items() if line.showlegend] == [
        ("oracle", "x"),
        ("random", "x2"),
    ]


def test_the_reading_tells_the_leader_and_the_hardest_level():
    # math: large 2 of 3, small 1 of 3; code: small 1 of 1. The best at math, three-step is large
    # with 1 of 2.
    graded = [
        *GRADED,
        ("general", "look-up", "large", True),
        ("general", "look-up", "small", False),
    ]
    chart = quality.chart(graded, "here")
    assert (
        chart.reading
        == "large is best at 2 of 3 kinds; hardest is math, three-step, where the best (large) gets"
        " 1 of 2 right"
    )


def test_no_answers_and_a_cell_without_an_interval_are_drawn():
    assert "Nothing was graded" in quality.figure([], "here").layout.title.text
    figure = quality.figure([quality.Cell("math", "one", "small", 1, 2, 0.5, nan, nan)], "here")
    assert (
        figure.data[0].y == (0.5,)
        and figure.data[0].error_y.array[0] != figure.data[0].error_y.array[0]
    )


def test_a_hundred_members_get_no_legend():
    figure = quality.figure(
        quality.rows(("math", "one", f"m{number}", True) for number in range(100)), "here"
    )
    assert len(figure.data) == 100 and not figure.layout.showlegend
    xs = [trace.x[0] for trace in figure.data]
    assert len(set(xs)) == 100 and min(xs) > -0.5 and max(xs) < 0.5


@pytest.mark.parametrize(
    "name, shown",
    [("<b>x</b>", "&lt;b&gt;x&lt;/b&gt;"), ("$a$", "&#36;a&#36;"), ("n" * 200, "n" * 13 + "…")],
)
def test_odd_names_are_text_and_long_ones_whole_on_hover(name, shown):
    figure = quality.figure(quality.rows([(name, name, name, True)]), "here", {name: {name: 0.5}})
    line, points = figure.data
    assert line.name == points.name == shown
    assert points.hovertext[0].replace("<br>", "").count(shown.strip("…")) >= 3
    for text in (
        figure.layout.annotations[0].text,
        *figure.layout.xaxis.ticktext,
        points.hovertext[0],
    ):
        assert "<b>" not in text and "$" not in text
    assert len(figure.layout.annotations[0].text) <= 28
