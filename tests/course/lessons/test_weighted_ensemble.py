"""The exercises and the quiz of notebook 08."""

import pytest
from course.lessons import weighted_ensemble as lesson

from mlkit.errors import MlkitError
from mlkit.parsing import label_in
from mlkit.widgets.lessons import check, quiz
from tests.course.lessons.answers import stub


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
