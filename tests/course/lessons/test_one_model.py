"""The newer exercises of notebook 01 (widgets/test_lessons.py has the oracle), and its picture."""

import re

import pytest
from course.lessons import one_model

from mlkit.charts.look import MEMBERS
from mlkit.measure.stats import Difference, wilson
from mlkit.measure.tools import ToolError, arithmetic
from mlkit.widgets.lessons import check, quiz

RECORDED = [
    ("2 + 2", 4, True),
    ("64 - 18 + 40 = 86", 86, False),
    ("12 + 8 * 6 = 72", 60, False),
    ("10 hours", 29, False),
    ("3 * 3 = 9", 12, False),
]
judge = one_model.before_equals(RECORDED)


@pytest.mark.parametrize(
    "read",
    [
        lambda text: float(arithmetic(text.split("=")[0])),
        lambda text: float(arithmetic(re.match(r"[^=]*", text)[0])),
        lambda text: float(arithmetic(text[: text.index("=")] if "=" in text else text)),
    ],
)
def test_a_reader_that_stops_at_the_first_equals_sign_passes_and_is_counted(read):
    verdict = judge(read)
    assert (
        verdict.passed
        and "Of 5 recorded answers, 1 were right as they stood; with your reader it is 3"
        in verdict.text
    )


def zero_for_all_else(text):
    try:
        return float(arithmetic(text.split("=")[0]))
    except ToolError:
        return 0.0


@pytest.mark.parametrize(
    "read, hint",
    [
        (lambda text: None, "Not written yet"),
        (lambda text: ..., "Not written yet"),
        (lambda text: float(arithmetic(text)), "raised ToolError. The equals sign"),
        (lambda text: float(arithmetic(text.rpartition("=")[2])), "Let Python count"),
        (lambda text: float(arithmetic(text.rpartition("=")[0] or text)), "two equals signs"),
        (lambda text: float(arithmetic(text[: text.index("=")])), "has no equals sign"),
        (lambda text: arithmetic(text.split("=")[0]), "gave '450'"),
        (
            lambda text: float(arithmetic(text.split("=")[text.count("=") == 1])),
            "65 is what the model",
        ),
        (zero_for_all_else, "must not look like a number"),
    ],
)
def test_a_wrong_reader_gets_a_hint_that_names_what_is_wrong(read, hint):
    verdict = judge(read)
    assert not verdict.passed and hint in verdict.text


def test_a_reader_that_raises_something_else_is_told_so(capsys):
    check(judge, lambda text: {}[text])
    assert "✗ Your code raised KeyError" in capsys.readouterr().out


GAINS = {
    "prompt": Difference(0.16, 0.07, 0.25, 88),
    "examples": Difference(0.05, -0.18, 0.27, 22),
    "no example": Difference(-0.32, -0.5, -0.14, 22),
}
RIGHT = {"prompt": "better", "examples": "cannot tell", "no example": "worse", "tasks": 88}
judgement = one_model.judged(GAINS, "examples")


@pytest.mark.parametrize(
    "answer",
    [
        RIGHT,
        RIGHT | {"tasks": 90},
        {
            "tasks": 22 * 2.0**2,
            "no example": "worse",
            "examples": "cannot tell",
            "prompt": "better",
        },
    ],
)
def test_the_right_judgement_passes(answer):
    assert judgement(answer).passed


@pytest.mark.parametrize(
    "answer, hint",
    [
        (None, "Give a dictionary"),
        (..., "Give a dictionary"),
        ({"prompt": "better"}, "Give a dictionary"),
        (dict.fromkeys(RIGHT, ...), "Not judged yet"),
        (RIGHT | {"prompt": "yes"}, "is none of"),
        (RIGHT | {"examples": "better"}, "Is 0 between them"),
        (RIGHT | {"prompt": "cannot tell"}, "the same side of 0"),
        (RIGHT | {"no example": "better"}, "look at the sign"),
        (RIGHT | {"tasks": 44}, "the root of 2"),
        (RIGHT | {"tasks": 66}, "on top"),
        (RIGHT | {"tasks": 22}, "one over the root"),
        (RIGHT | {"tasks": "88"}, "it is str"),
        (RIGHT | {"tasks": True}, "it is bool"),
    ],
)
def test_a_wrong_judgement_gets_a_hint_that_names_what_is_wrong(answer, hint):
    verdict = judgement(answer)
    assert not verdict.passed and hint in verdict.text


def test_the_quiz_has_three_questions_each_with_one_right_choice_and_every_choice_explained():
    assert len(one_model.QUIZ) == 3
    assert all(
        [choice.right for choice in choices].count(True) == 1
        and all(len(choice.why) > 20 for choice in choices)
        for _, choices in one_model.QUIZ
    )
    quiz(*one_model.QUIZ)


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


def test_answers_are_counted_by_kind_level_and_member():
    cells = one_model.quality_rows(GRADED)
    assert [cell[:5] for cell in cells[:2]] == [
        ("math", "two-step", "small", 1, 2),
        ("math", "two-step", "large", 1, 1),
    ]
    assert cells[0][5:] == wilson(1, 2) and len(cells) == 7


def test_every_cell_stands_in_the_panel_of_its_kind_above_its_level():
    cells, seen = one_model.quality_rows(GRADED), []
    figure = one_model.quality(GRADED, "here").figure
    for trace in figure.data:
        across, top = (
            figure.layout["xaxis" + trace.xaxis[1:]].domain,
            figure.layout["yaxis" + trace.yaxis[1:]].domain[1],
        )
        (kind,) = (
            note.text
            for note in figure.layout.annotations
            if (note.x, note.y) == pytest.approx((sum(across) / 2, top))
        )
        for x, y, low, high in zip(
            trace.x, trace.y, trace.error_y.arrayminus, trace.error_y.array, strict=True
        ):
            assert abs(low) + abs(high) > 0
            level = x.replace("-<br>", "-")
            seen.append(
                (kind, level, trace.name, y, pytest.approx(y - low), pytest.approx(y + high))
            )
    assert len(seen) == len(cells)
    for kind, level, member, *_, share, low, high in cells:
        assert (kind, level, member, share, low, high) in seen


def test_members_stand_side_by_side_in_their_colours_and_once_in_the_legend():
    figure = one_model.quality(GRADED, "here").figure
    points = {(trace.legendgroup, trace.xaxis): trace for trace in figure.data}
    assert figure.layout.scattermode == "group"
    assert list(dict.fromkeys(trace.name for trace in figure.data)) == ["small", "large", "tuned"]
    assert points["small", "x2"].marker.color == MEMBERS["small"]
    assert points["tuned", "x2"].marker.color not in {MEMBERS["small"], MEMBERS["large"]}
    assert sorted(trace.name for trace in figure.data if trace.showlegend) == [
        "large",
        "small",
        "tuned",
    ]


def test_the_reading_tells_the_leader_and_the_hardest_level():
    # math: large 2 of 3, small 1 of 3; code: small 1 of 1. The best at math, three-step is large
    # with 1 of 2.
    graded = [
        *GRADED,
        ("general", "look-up", "large", True),
        ("general", "look-up", "small", False),
    ]
    chart = one_model.quality(graded, "here")
    assert (
        chart.reading
        == "large is best at 2 of 3 kinds; hardest is math, three-step, where the best (large) gets"
        " 1 of 2 right"
    )


@pytest.mark.parametrize(
    "name, shown",
    [("<b>x</b>", "&lt;b&gt;x&lt;/b&gt;"), ("$a$", "&#36;a&#36;"), ("n" * 200, "n" * 13 + "…")],
)
def test_odd_names_are_text_and_long_ones_whole_on_hover(name, shown):
    figure = one_model.quality([(name, name, name, True)], "here").figure
    (points,) = figure.data
    assert points.name == shown
    assert points.customdata[0][0].replace("<br>", "").count(shown.strip("…")) >= 3
    for text in (
        figure.layout.annotations[0].text,
        points.x[0],
        points.customdata[0][0],
    ):
        assert "<b>" not in text and "$" not in text
    assert len(figure.layout.annotations[0].text) <= 28
