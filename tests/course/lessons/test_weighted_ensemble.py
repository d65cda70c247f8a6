"""The exercises, the quiz and the pictures of notebook 08."""

import pytest
from course.lessons import weighted_ensemble as lesson

from mlkit.charts.look import BLUE, GREEN, ORANGE
from mlkit.errors import MlkitError
from mlkit.parsing import label_in
from mlkit.widgets.lessons import check, quiz


def stub(*_): ...


def raises(*_):
    raise ZeroDivisionError("no")


def in_a_loop(weights):
    for position in range(len(weights)):
        others = [weight for other, weight in enumerate(weights) if other != position]
        if weights[position] > sum(others):
            return position
    return None


def from_1(weights):
    place = in_a_loop(weights)
    return None if place is None else place + 1


DICTATOR = [
    ("right", lambda w: next((n for n, one in enumerate(w) if one > sum(w) / 2), None), "Right."),
    ("right, written otherwise", in_a_loop, "Right."),
    ("stub", stub, "Not written yet"),
    ("the largest", lambda w: w.index(max(w)), "The largest weight is not yet"),
    (
        "half is enough",
        lambda w: next((n for n, one in enumerate(w) if one >= sum(w) / 2), None),
        "as much as the rest",
    ),
    (
        "weights that sum to 1",
        lambda w: next((n for n, one in enumerate(w) if one > 0.5), None),
        "need not",
    ),
    ("whether", lambda w: max(w) > sum(w) / 2, "who: give the position"),
    ("the weight", lambda w: max(w), "That is a weight"),
    ("from 1", from_1, "counts from 0"),
    ("three only", lambda w: in_a_loop(w[:3]), "not for five"),
    ("a name", lambda w: "large", "you get 'large'"),
]


@pytest.mark.parametrize(
    "answer, hint", [case[1:] for case in DICTATOR], ids=[case[0] for case in DICTATOR]
)
def test_exercise_dictator(answer, hint):
    verdict = lesson.dictator(answer)
    assert hint in verdict.text and verdict.passed == (hint == "Right.")


def own(text, shares):
    try:
        return shares[label_in(text, shares)]
    except MlkitError:
        return 0


def own_by_words(text, shares):
    named = [label for label in shares if label in text.lower()]
    return shares[named[0]] if len(named) == 1 else 0.0


OWN = [
    ("right", own, "Right."),
    ("right, written otherwise", own_by_words, "Right."),
    ("stub", stub, "Not written yet"),
    ("the likeliest", lambda text, shares: max(shares.values()), "likeliest label"),
    ("a constant", lambda text, shares: 1.0, "a constant"),
    ("as it stands", lambda text, shares: shares[text], "not always the bare label"),
    ("as it stands, else 0", lambda text, shares: shares.get(text, 0), "Capitals, spaces"),
    ("stops", lambda text, shares: shares[label_in(text, shares)], "stop with Unparsed"),
    (
        "adds up",
        lambda text, shares: sum(p for label, p in shares.items() if label in text.lower()),
        "names two labels",
    ),
    (
        "nothing for the unread",
        lambda text, shares: own(text, shares) or None,
        "What should they earn",
    ),
    ("another label", lambda text, shares: shares["refund"], "you get 0.07"),
    ("a text", lambda text, shares: text, "it gave str"),
    (
        "five queues only",
        lambda text, shares: own(text, shares) if "advice" in shares else 0,
        "not for other labels",
    ),
]


@pytest.mark.parametrize("answer, hint", [case[1:] for case in OWN], ids=[case[0] for case in OWN])
def test_exercise_own_confidence(answer, hint):
    verdict = lesson.own_confidence(answer)
    assert hint in verdict.text and verdict.passed == (hint == "Right.")


REPORT = [
    ("right", {"A", "C", "E"}, "Right."),
    ("right, written otherwise", "a, c, e", "Right."),
    ("right, as a list", ["E", "C", "A"], "Right."),
    ("stub", ..., "Not answered yet"),
    ("nothing", None, "Not answered yet"),
    ("one message", {"A", "B", "C", "E"}, "difference of one message"),
    ("learned on test", {"A", "C", "D", "E"}, "reported on the same"),
    ("many tries", {"C", "E"}, "How many mixes"),
    ("calls", {"A", "E"}, "what runs for each answer"),
    ("new messages", {"A", "C"}, "nobody has tuned on"),
    ("other letters", {"X"}, "five sentences"),
    ("a number", 3, "letters themselves"),
    ("a function", stub, "letters themselves"),
]


@pytest.mark.parametrize(
    "answer, hint", [case[1:] for case in REPORT], ids=[case[0] for case in REPORT]
)
def test_exercise_report(answer, hint):
    verdict = lesson.report(answer)
    assert hint in verdict.text and verdict.passed == (hint == "Right.")


@pytest.mark.parametrize("judge", [lesson.dictator, lesson.own_confidence])
def test_an_answer_that_raises_is_told_so(judge, capsys):
    check(judge, raises)
    assert capsys.readouterr().out.startswith("✗ Your code raised ZeroDivisionError")


def test_the_quiz_has_three_questions_and_explains_every_choice():
    assert len(lesson.QUIZ) == 3
    for _, choices in lesson.QUIZ:
        assert sum(choice.right for choice in choices) == 1
        assert all(choice.why for choice in choices)
    quiz(*lesson.QUIZ)


PARTS = lesson.rows(["42", "41", "42"], ["large", "writer", "general"], [5, 3, 2], [0.2, 1.0, 0.5])
GRID = lesson.mixes(lambda first, second, third: 0.5 + 0.4 * second - 0.1 * third, steps=10)


def test_weights_are_scaled_and_multiplied_with_the_scores():
    assert [part.weight for part in PARTS] == pytest.approx([0.5, 0.3, 0.2])
    assert [part.earned for part in PARTS] == pytest.approx([0.1, 0.3, 0.1])
    assert lesson.totals(PARTS) == pytest.approx({"41": 0.3, "42": 0.2}) and list(
        lesson.totals(PARTS)
    ) == ["41", "42"]


def test_bars_are_stacked_by_answer_with_the_winner_on_top():
    figure = lesson.chart(PARTS, "here").figure
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
    chart = lesson.chart(
        lesson.rows(["a", "b", "c"], ["large", "writer", "general"], heights, [1, 1, 1]), "here"
    )
    assert chart.reading.endswith(end)
    assert ("dictates" in chart.figure.layout.title.text) == ("dictates" in chart.reading)


def test_a_tie_goes_to_the_answer_given_first_even_where_rounding_says_otherwise():
    parts = lesson.rows(["a", "b", "b"], ["x", "y", "z"], [0.3, 0.1, 0.2], [1, 1, 1])
    assert lesson.chart(parts, "here").reading == "a ties and, given first, wins with 0.50"


@pytest.mark.parametrize("parts", [[], lesson.rows([None, "b"], ["x", "y"], [1, 1], [1, 0])])
def test_nothing_earned_makes_a_chart_that_says_so(parts):
    figure = lesson.chart(parts, "here").figure
    assert "No answer earned anything" in figure.layout.title.text and figure.data == ()


def test_names_are_text_and_long_ones_are_cut_on_the_axis_only():
    figure = lesson.chart(
        lesson.rows(["x" * 200, "<b>x</b>"], ["$a$", "y" * 200], [1, 1], [1, 1]), "here"
    ).figure
    assert "<b>x" not in figure.to_json() and "$a$" not in figure.to_json()
    assert (
        "x" * 27 + "…" in figure.layout.yaxis.ticktext[0]
        and "x" * 28 not in figure.layout.yaxis.ticktext[0]
    )
    assert "x" * 200 in figure.data[0].hovertext and "y" * 200 in figure.data[1].hovertext


def test_a_hundred_members_are_one_stack():
    parts = lesson.rows(["a"] * 100, [f"member {n}" for n in range(100)], [1] * 100, [1] * 100)
    figure = lesson.chart(parts, "here").figure
    assert {bar.y for bar in figure.data} == {(0,)} and len(figure.data) == 100


def test_mixes_fill_the_triangle():
    assert len(GRID) == 66 and all(sum(mix[:3]) == pytest.approx(1) for mix in GRID)
    assert {mix[:3] for mix in GRID} >= {(1, 0, 0), (0, 1, 0), (0, 0, 1)}


def test_the_simplex_has_its_members_at_the_corners_and_marks_the_present_weights():
    figure = lesson.simplex(
        GRID, lesson.Mix(0.5, 0.3, 0.2, 0.6), ["large", "writer", "$a$"], "here", "the title"
    )
    mixes, present = figure.data
    assert figure.layout.title.text == "the title" and "$a$" not in figure.to_json()
    corners = {mix[:3]: (mixes.x[n], mixes.y[n]) for n, mix in enumerate(GRID) if max(mix) == 1}
    assert corners == {(1, 0, 0): (0, 0), (0, 1, 0): (1, 0), (0, 0, 1): (0.5, 1)}
    assert mixes.marker.color == tuple(mix.right for mix in GRID)
    assert (present.x[0], present.y[0]) == pytest.approx((0.4, 0.2))


def read(*present: float) -> str:
    return lesson.simplex_reading(GRID, lesson.Mix(*present)).replace("\u00a0", " ")


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
