"""The exercises, the quiz and the pictures of notebook 05."""

import re
from collections import Counter
from math import isnan, nan

import numpy as np
import pytest
from course.lessons import voting

from mlkit.parsing import plain
from mlkit.votes import vote
from mlkit.widgets.lessons import check, quiz
from tests.course.lessons.answers import stub

NUMBER = re.compile(r"-?\d+(?:\.\d+)?")


def by_regex(text):
    found = NUMBER.search(text)
    return float(found[0]) if found else text.strip(" .").lower()


SAME = [
    ("right", by_regex, "Right"),
    ("right, with the kit's own", plain, "Right"),
    ("stub", stub, "Not written yet"),
    ("nothing changed", lambda text: text, "' 42 ' and '42' are still two"),
    ("stripped", lambda text: text.strip(" ."), "'42.00' and '42' are still two"),
    ("digits only", lambda text: re.sub(r"\D", "", text) or text, "not a full stop"),
    (
        "whole numbers",
        lambda text: int(float(NUMBER.search(text)[0])) if NUMBER.search(text) else text,
        "'42.5' and '42'",
    ),
    ("no sign", lambda text: abs(by_regex(text)) if NUMBER.search(text) else text, "sign"),
    ("all the same", lambda text: 1, "must stay different"),
    (
        "numbers only",
        lambda text: float(NUMBER.search(text)[0]) if NUMBER.search(text) else None,
        "gives nothing back",
    ),
    (
        "labels as they stand",
        lambda text: float(NUMBER.search(text)[0]) if NUMBER.search(text) else text,
        "'Refund.' and 'refund'",
    ),
    (
        "no sentences",
        lambda text: float(text.strip(" .$")) if NUMBER.fullmatch(text.strip(" .$")) else text,
        "sentence around",
    ),
    (
        "currency left",
        lambda text: (
            float(text.strip(" .")) if NUMBER.fullmatch(text.strip(" .")) else text.strip(".")
        ),
        "currency",
    ),
    ("raises", float, "raised ValueError"),
]


@pytest.mark.parametrize(
    "answer, shown", [case[1:] for case in SAME], ids=[case[0] for case in SAME]
)
def test_exercise_same(answer, shown, capsys):
    check(voting.same, answer)
    assert shown in " ".join(capsys.readouterr().out.split())


def by_hand(answers):
    counts = Counter(one for one in answers if one is not None).most_common(2)
    if not counts or (len(counts) == 2 and counts[0][1] == counts[1][1]):
        return None
    return counts[0][0]


def with_vote(answers):
    result = vote(answers)
    return None if result.tie else result.winner


def more_than_half(answers):
    return next((one for one in answers if answers.count(one) > len(answers) / 2), None)


def with_nobody_forgotten(answers):
    votes = [one for one in answers if one is not None]
    most = max(map(votes.count, votes))
    leaders = {one for one in votes if votes.count(one) == most}
    return leaders.pop() if len(leaders) == 1 else None


def with_none_counted(answers):
    counts = Counter(answers).most_common(2)
    tied = len(counts) == 2 and counts[0][1] == counts[1][1]
    return None if not counts or tied else counts[0][0]


WINNER = [
    ("right", by_hand, "Right"),
    ("right, with the kit's own", with_vote, "Right"),
    ("stub", stub, "Not written yet"),
    ("first answer", lambda answers: answers[0], "How often"),
    ("first in a tie", lambda answers: Counter(answers).most_common(1)[0][0], "is a tie"),
    (
        "the alphabet in a tie",
        lambda answers: max(sorted(set(answers)), key=answers.count),
        "is a tie",
    ),
    ("more than half", more_than_half, "need not"),
    ("None counted", with_none_counted, "no candidate either"),
    ("nobody voted", with_nobody_forgotten, "raises an error"),
    (
        "a word for nobody",
        lambda answers: "nobody" if not any(answers) else by_hand(answers),
        "nobody has voted, and you give",
    ),
    ("raises", lambda answers: 1 / 0, "raised ZeroDivisionError"),
    ("prints", print, "Not written yet"),
]


@pytest.mark.parametrize(
    "answer, shown", [case[1:] for case in WINNER], ids=[case[0] for case in WINNER]
)
def test_exercise_winner(answer, shown, capsys):
    check(voting.winner, answer)
    assert shown in " ".join(capsys.readouterr().out.split())


JUDGEMENT = [
    ("right", (3 / (1 + 2 * 0.6), "B"), "Right"),
    ("right, rounded", (1.4, " b"), "Right"),
    ("stub", (..., ...), "Not written yet"),
    ("half a stub", (1.36, ...), "Not written yet"),
    ("none", (None, None), "Not written yet"),
    ("independent", (3, "B"), "do not correlate at all"),
    ("one other", (3 / 1.6, "B"), "two others"),
    ("three others", (3 / 2.8, "B"), "with itself"),
    ("a share taken away", (1.2, "B"), "taking away"),
    ("the wrong way round", (1.8, "B"), "fewer voters"),
    ("the divisor", (2.2, "B"), "divided"),
    ("far off", (17, "B"), "at its ends"),
    ("text", ("1.4", "B"), "it is str"),
    ("gain believed", (1.36, "A"), "the interval"),
    ("no effect believed", (1.36, "C"), "not shown"),
    ("no such letter", (1.36, "D"), "one of"),
]


@pytest.mark.parametrize(
    "answer, shown", [case[1:] for case in JUDGEMENT], ids=[case[0] for case in JUDGEMENT]
)
def test_exercise_judgement(answer, shown, capsys):
    check(voting.judged, answer)
    out = capsys.readouterr().out
    assert shown in out
    assert ("✓" in out) == (shown == "Right")


@pytest.mark.parametrize(
    "judge, cases", [(voting.same, SAME), (voting.winner, WINNER)], ids=["same", "winner"]
)
def test_only_right_answers_pass(judge, cases, capsys):
    for _, answer, shown in cases:
        check(judge, answer)
        assert ("✓" in capsys.readouterr().out) == (shown == "Right")


def test_the_quiz_has_three_questions_with_one_right_choice_each_and_every_choice_explained():
    assert len(voting.QUIZ) == 3
    for _, choices in voting.QUIZ:
        assert sum(choice.right for choice in choices) == 1
        assert all(choice.why for choice in choices)
    quiz(*voting.QUIZ)


MEASURED = [(3, 0.7, 0.6, 0.8), (4, 0.5, 0.4, 0.6), (3, 0.62, nan, nan)]
MATRIX = np.array([[1, 0.5, nan], [0.5, 1, -0.2], [nan, -0.2, 1]])


def test_rows_hold_the_odd_numbers_to_15_and_all_that_was_measured():
    rows = voting.rows(0.6, 0, MEASURED)
    assert [row.voters for row in rows] == [1, 3, 3, 4, 5, 7, 9, 11, 13, 15]
    assert rows[1].expected == pytest.approx(0.6**3 + 3 * 0.6**2 * 0.4) == rows[1].independent
    assert rows[1][3:] == (0.7, 0.6, 0.8) and isnan(rows[0].share)


def test_errors_in_common_take_the_gain_away():
    rows = voting.rows(0.6, 1)
    assert [row.expected for row in rows] == pytest.approx([0.6] * 8)
    assert rows[-1].independent > 0.75


def test_the_figure_draws_curves_lines_and_measured_points():
    rows = voting.rows(0.6, 0.5, MEASURED)
    figure = voting.figure(rows, 0.6, 0.5, "here")
    majority, independent, one, half, measured = figure.data
    assert majority.y == tuple(row.expected for row in rows)
    assert majority.x == tuple(row.voters for row in rows)
    assert independent.y == tuple(row.independent for row in rows)
    assert set(one.y) == {0.6} and set(half.y) == {0.5}
    assert measured.x == (3, 3, 4) and measured.y == (0.7, 0.62, 0.5)
    assert measured.y[0] + measured.error_y.array[0] == pytest.approx(0.8)
    assert measured.y[0] - measured.error_y.arrayminus[0] == pytest.approx(0.6)
    assert isnan(measured.error_y.array[1])
    assert "measured with 4: 50%" in figure.layout.title.text.replace("<br>", " ")


def test_the_reading_tells_theory_and_measurement():
    assert (
        voting.reading(voting.rows(0.6, 1, MEASURED), 0.6, 1)
        == "Voters right 60% of the time, error correlation 1: a majority of 15 is right 60% of the"
        " time (79% if independent); measured with 4: 50%"
    )
    assert "measured" not in voting.reading(voting.rows(0.6, 1), 0.6, 1)


def test_pairs_are_taken_once_and_drawn_on_both_sides_of_an_empty_diagonal():
    chart = voting.heatmap_chart(["a", "b", "c"], MATRIX, "here")
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
    reading = voting.heatmap_chart(["a", "b", "c"], MATRIX, "here").reading  # mean 0.15: 3 / 1.3
    assert (
        reading
        == "3 members, mean error correlation 0.15: worth 2.3 independent voters; most alike are a"
        " and b (0.50)"
    )
    assert (
        "do not err together"
        in voting.heatmap_chart(["a", "b"], [[1, -1], [-1, 1]], "here").reading
    )
    assert (
        "no correlation is known"
        in voting.heatmap_chart(["a", "b"], [[nan, nan], [nan, nan]], "here").reading
    )


@pytest.mark.parametrize("members, numbers", [(8, "%{z:.2f}"), (9, None), (20, None)])
def test_cells_have_numbers_where_there_is_room(members, numbers):
    figure = voting.heatmap_chart(["m"] * members, np.eye(members), "here").figure
    assert figure.data[0].texttemplate == numbers
    assert len(figure.layout.yaxis.ticktext) == len(figure.layout.xaxis.tickvals) == members


def test_names_are_text_and_long_ones_are_cut_on_the_axis_only():
    figure = voting.heatmap_chart(["x" * 200, "<b>x</b>", "$a$"], MATRIX, "here").figure
    assert "<b>" not in figure.to_json() and "$a$" not in figure.to_json()
    assert (
        figure.layout.yaxis.ticktext[0] == "1  " + "x" * 27 + "…"
        and "x" * 200 in figure.data[0].customdata[0][1]
    )
