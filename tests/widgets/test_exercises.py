"""An exercise made of data gives the first hint that fits, and the praise where none does."""

from math import inf

import numpy as np
import pytest

from mlkit.widgets import lessons
from mlkit.widgets.exercises import (
    Case,
    Exercise,
    against,
    cases,
    judgement,
    near,
    none_of,
    not_number,
)
from mlkit.widgets.lessons import NOT_WRITTEN, Verdict, check

HALVES = Exercise(
    [
        Case(
            (3,),
            1.5,
            "Half of {args[0]} you get as {got:.3g}.",
            {1: "Half a thing counts, too.", 6: "That is twice as much.", bool: "True or false?"},
        ),
        Case((0,), 0, "Nothing has a half, and you {said}.", {ZeroDivisionError: "{got}, {kind}"}),
    ],
    "Right.",
    {not_number: "It should give a number; it gave {kind}."},
)


def raises(_):
    raise LookupError("gone")


@pytest.mark.parametrize(
    "answer, hint",
    [
        (lambda n: n // 2, "Half a thing counts, too."),
        (lambda n: n * 2.0000001, "That is twice as much."),
        (lambda n: n * 2.001, "Half of 3 you get as 6."),
        (lambda n: "1.5", "It should give a number; it gave str."),
        (lambda n: True, "True or false?"),
        (lambda n: 1.5, "Nothing has a half, and you gave 1.5."),
        (lambda n: n / 2 / (n > 0), "division by zero, ZeroDivisionError"),
        (lambda n: n / 2 if n else None, "It should give a number; it gave NoneType."),
    ],
)
def test_the_first_hint_that_fits_is_told(answer, hint):
    verdict = HALVES(answer)
    assert not verdict.passed and hint in verdict.text


def test_what_is_right_is_praised():
    assert HALVES(lambda n: n / 2) == Verdict(True, "Right.")
    assert HALVES(lambda n: n / 2 + 1e-12).passed


@pytest.mark.parametrize("stub", [lambda n: None, lambda n: ...])
def test_a_stub_is_told_so_unless_the_case_knows_better(stub):
    assert HALVES(stub) is NOT_WRITTEN
    own = Exercise([Case((1,), 2, "No.", {None: "Nothing?", ...: "Nothing?"})], "Right.")
    assert own(stub) == Verdict(False, "Nothing?")


def test_an_error_that_no_case_knows_is_raised_with_its_input():
    with pytest.raises(LookupError, match="gone") as caught:
        HALVES(raises)
    assert caught.value.__notes__ == ["Its input was 3."]


def test_an_answer_that_does_not_end_is_told_its_input(monkeypatch, capsys):
    def endless(n):
        while n:
            pass

    monkeypatch.setattr(lessons, "LIMIT_SECONDS", 0.1)
    check(HALVES, endless)
    assert capsys.readouterr().out.endswith("Does a loop never stop?\nIts input was 3.\n")


def test_cases_against_a_reference_are_the_same_each_time_and_say_what_is_right():
    drawn = against(lambda n: n / 3, lambda seeded: (seeded.randint(1, 99),))
    assert drawn == against(lambda n: n / 3, lambda seeded: (seeded.randint(1, 99),))
    assert len(drawn) == 200 and len({case.args for case in drawn}) > 50
    (number,) = next(case.args for case in drawn if case.args[0] % 3 == 1)
    exercise = Exercise([case for case in drawn if case.args == (number,)], "Right.")
    assert exercise(lambda n: n / 3).passed
    said = f"For {number} it should give {number / 3:.8g}, and it gave {number // 3}."
    assert exercise(lambda n: n // 3).text == said


def test_a_number_of_numpy_is_a_number():
    assert HALVES(lambda n: np.float32(n) / 2).passed
    assert not_number(np.bool_(True)) and not not_number(np.int64(1))


def test_an_error_can_be_what_is_right():
    exercise = Exercise([Case((1,), LookupError, "You {said}.")], "Right.")
    assert exercise(raises).passed
    assert exercise(lambda n: n).text == "You gave 1."


def test_each_case_is_called_once_with_arguments_that_no_answer_can_spoil():
    seen = []

    def spoils(items):
        seen.append(list(items))
        items.clear()
        return 2

    exercise = Exercise([Case(([1, 2],), 2, "")], "Right.")
    assert exercise(spoils).passed and exercise(spoils).passed
    assert seen == [[1, 2], [1, 2]]


def test_praise_can_count_with_the_answer():
    exercise = Exercise([Case((1,), 2, "")], lambda answer: f"Right: {answer(20)}.")
    assert exercise(lambda n: n + 1) == Verdict(True, "Right: 21.")


def test_braces_of_an_answer_are_no_part_of_the_hint(capsys):
    check(Exercise([Case((), 1, "You {said}.")], ""), lambda: "{args}")
    assert capsys.readouterr().out == "✗ You gave '{args}'.\n"


WORDS = ("yes", "no")
UNDECIDED = Verdict(False, "Not judged yet: replace each ... with your answer.")
judge = judgement(
    [
        Case(("better",), "yes", "{args[0]}: look again.", {none_of(WORDS): "{got!r} is no word."}),
        Case(("share",), near(0.5, 0.1), "share: {got:g} is not it."),
    ],
    praise="Right.",
)


@pytest.mark.parametrize(
    "answer, verdict",
    [
        ({"better": "yes", "share": 0.54}, Verdict(True, "Right.")),
        ({"better": "yes", "share": 0.56}, Verdict(False, "share: 0.56 is not it.")),
        ({"better": "no", "share": 0.5}, Verdict(False, "better: look again.")),
        ({"better": "si", "share": 0.5}, Verdict(False, "'si' is no word.")),
        ({"better": "yes", "share": ...}, UNDECIDED),
        ({"better": "yes"}, Verdict(False, "Give a dictionary with 'better', 'share'.")),
        (None, Verdict(False, "Give a dictionary with 'better', 'share'.")),
    ],
)
def test_a_judgement_is_tried_entry_by_entry(answer, verdict):
    assert judge(answer) == verdict


def test_cases_are_read_from_a_text():
    text = """
[4.0, 3.0], 2 -> 4.0
Who is free first: a
machine? {got}
7: All the work, one
after the other.
ValueError: It {said}.
"x": No text.

"a"
" b" -> "c"
Another.

None -> inf
[HALF] -> HALF
Two of one hint.
"""
    assert cases(text, HALF=0.5) == [
        Case(
            ([4.0, 3.0], 2),
            4.0,
            "Who is free first: a machine? {got}",
            {7: "All the work, one after the other.", ValueError: "It {said}.", "x": "No text."},
        ),
        Case(("a b",), "c", "Another."),
        Case((None,), inf, "Two of one hint."),
        Case(([0.5],), 0.5, "Two of one hint."),
    ]
