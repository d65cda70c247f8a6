"""A quiz written as text is what the widgets take."""

import pytest

from mlkit.widgets.lessons import Choice, questions, quiz

TEXT = """
Two models: best 80%,
oracle 82%. What now?
- Up to 20 - 2 points.
> No: both are
wrong there.
+ At most 2 points,
not more.
> Right > wrong.

Second?
+ a
> b
"""


def test_questions_choices_and_reasons_are_read_with_their_lines_joined():
    assert questions(TEXT) == (
        (
            "Two models: best 80%, oracle 82%. What now?",
            [
                Choice("Up to 20 - 2 points.", "No: both are wrong there."),
                Choice("At most 2 points, not more.", "Right > wrong.", right=True),
            ],
        ),
        ("Second?", [Choice("a", "b", right=True)]),
    )
    quiz(*questions(TEXT))


def test_a_choice_without_a_reason_is_refused_by_its_name():
    with pytest.raises(ValueError, match="'Never.' says no reason"):
        questions("When?\n- Never.\n+ Now.\n> It is time.")
