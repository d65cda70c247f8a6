"""The newer exercises of notebook 01 (the oracle is tested in tests/test_lessons.py)."""

import re

import pytest
from course.lessons import one_model

from mlkit.measure.stats import Difference
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
