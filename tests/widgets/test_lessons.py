import errno
import json

import ipywidgets as widgets
import pytest
from course.lessons import concept_test, one_model, start_here

from mlkit.widgets import lessons
from mlkit.widgets.lessons import Choice, Verdict, check, predict, quiz


def test_a_prediction_is_none_until_it_is_locked_in():
    guess = predict("How many?", 0, 10, 1, "of 10")
    question, slider, lock, said = guess.children
    slider.value = 7
    assert guess.value is None and guess.against(5) == "You made no guess; measured: 5 of 10."
    lock.click()
    assert guess.value == 7 and "You said 7 of 10" in said.value
    assert guess.against(5) == "You said 7 of 10, measured: 5 of 10."


def test_each_choice_of_a_quiz_gets_its_own_explanation():
    box = quiz(("Why?", [Choice("a", "because <a>", right=True), Choice("b", "no, b")]))
    _, options, verdict = box.children[0].children
    options.index = 1
    assert "Not quite" in verdict.value and "no, b" in verdict.value
    options.index = 0
    assert "Right." in verdict.value and "&lt;a&gt;" in verdict.value
    assert isinstance(options, widgets.RadioButtons)


@pytest.mark.parametrize("rights", [0, 2])
def test_a_question_without_exactly_one_right_choice_is_refused(rights):
    with pytest.raises(ValueError, match="exactly one"):
        quiz(("Why?", [Choice(str(number), "", right=number < rights) for number in range(3)]))


@pytest.mark.parametrize("questions", [start_here.QUIZ, one_model.QUIZ], ids=["00", "01"])
def test_the_quizzes_have_three_questions_and_explain_every_choice(questions):
    assert len(questions) == 3
    assert all(choice.why for _, choices in questions for choice in choices)
    quiz(*questions)


def endless(*_):
    while True:
        try:
            while True:
                pass
        except Exception:  # no way round the limit
            pass


def judge(answer):
    answer()
    return Verdict(True, "Right.")


@pytest.mark.parametrize(
    "answer, shown",
    [
        (lambda: 1, "✓ Right."),
        (lambda: 1 / 0, "✗ Your code raised ZeroDivisionError"),
        (endless, "✗ It did not end within"),
    ],
)
def test_a_check_never_raises_and_never_hangs(answer, shown, capsys, monkeypatch):
    monkeypatch.setattr(lessons, "LIMIT_SECONDS", 0.2)
    check(judge, answer)
    assert capsys.readouterr().out.startswith(shown)


def test_the_last_that_an_answer_printed_stands_below_the_hint(capsys):
    def talks():
        print(*range(200), "\x1b[2J", sep="\n")
        return 1 / 0

    check(judge, talks)
    last = [f"  {line}" for line in (196, 197, 198, 199, r"\x1b[2J")]
    assert capsys.readouterr().out.splitlines() == [
        "✗ Your code raised ZeroDivisionError: division by zero",
        "Your code printed, at the end:",
        *last,
    ]


def stub(*_): ...


DOLLARS = [
    ("right", lambda r, p, o: 1000 * (r.prompt_tokens * p + r.output_tokens * o) / 1e6, "Right"),
    (
        "right, written otherwise",
        lambda r, p, o: r.prompt_tokens * p / 1e3 + r.output_tokens * o / 1e3,
        "Right",
    ),
    ("stub", stub, "Not written yet"),
    ("one call", lambda r, p, o: (r.prompt_tokens * p + r.output_tokens * o) / 1e6, "one call"),
    ("swapped", lambda r, p, o: (r.prompt_tokens * o + r.output_tokens * p) / 1e3, "swapped"),
    ("per token", lambda r, p, o: 1000 * (r.prompt_tokens * p + r.output_tokens * o), "million"),
    (
        "output price forgotten",
        lambda r, p, o: r.prompt_tokens * p / 1e3,
        "tokens written cost too",
    ),
    ("prompt price forgotten", lambda r, p, o: r.output_tokens * o / 1e3, "tokens read cost too"),
    ("neither", lambda r, p, o: r.prompt_tokens * p + r.output_tokens * o, "thousand times"),
    ("text", lambda r, p, o: "$0.04", "it gave str"),
    ("prints", lambda r, p, o: print(1), "Not written yet"),
]


@pytest.mark.parametrize(
    "answer, hint", [case[1:] for case in DOLLARS], ids=[case[0] for case in DOLLARS]
)
def test_exercise_dollars_per_thousand(answer, hint):
    verdict = start_here.dollars_per_thousand(answer)
    assert hint in verdict.text and verdict.passed == (hint == "Right")


def test_the_concept_test_keeps_both_scores_side_by_side(tmp_path):
    kept, right_choices = tmp_path / "deep" / "scores.json", []
    for when, wrong, shown in (
        ("before", 3, "before: 7 of 10"),
        ("after", 0, "before: 7 of 10, after: 10 of 10"),
    ):
        test = lessons.concept_test(concept_test.TEST, when, kept, explain=when == "before")
        *asked, done, said = test.children
        for number, (options, (_, choices)) in enumerate(
            zip(asked[1::2], concept_test.TEST, strict=True)
        ):
            right = next(n for n, choice in enumerate(choices) if choice.right)
            options.index = right if number >= wrong else (right + 1) % 3
            right_choices.append(right)
        done.click()
        assert (
            shown in said.value
            and said.value.count("Notebook") + said.value.count("notebook") == wrong
        )
    with_one_open = test.children
    with_one_open[5].index = None
    with_one_open[-2].click()
    assert "Not answered yet: 3. Nothing is counted." in with_one_open[-1].value
    assert json.loads(kept.read_text()) == {"before": 7, "after": 10}
    with_one_open[5].index = right_choices[2]
    kept.write_text("[not what it was")
    test.children[-2].click()
    assert "after: 10 of 10" in test.children[-1].value and "before" not in test.children[-1].value


@pytest.mark.parametrize("place", ["taken", "full"])
def test_a_score_that_cannot_be_kept_is_shown_with_where_and_why(place, tmp_path, monkeypatch):
    kept = tmp_path / "cache" / "scores.json"
    if place == "taken":
        kept.parent.write_text("a file")
    else:
        kept.parent.mkdir()
        kept.write_text('{"before": 3}')
        monkeypatch.setattr("os.fsync", no_space)
    test = lessons.concept_test(concept_test.TEST, "after", kept, explain=True)
    *asked, done, said = test.children
    for options, (_, choices) in zip(asked[1::2], concept_test.TEST, strict=True):
        options.index = next(n for n, choice in enumerate(choices) if not choice.right)
    done.click()
    assert "after: 0 of 10" in said.value and ("before: 3 of 10" in said.value) == (place == "full")
    assert f"Could not write {kept}: " in said.value and "note your score" in said.value
    assert said.value.count("otebook") > 5  # the explanations are there too
    assert place == "taken" or kept.read_text() == '{"before": 3}'


def no_space(*_: object, **__: object) -> int:
    raise OSError(errno.ENOSPC, "No space left on device")


def test_the_concept_test_has_ten_questions_with_one_right_choice_and_three_explained():
    assert len(concept_test.TEST) == 10
    for _, choices in concept_test.TEST:
        assert (
            sum(choice.right for choice in choices) == 1
            and all(choice.why for choice in choices)
            and len(choices) == 3
        )
    places = [
        next(n for n, choice in enumerate(choices) if choice.right)
        for _, choices in concept_test.TEST
    ]
    assert {places.count(place) for place in range(3)} <= {
        2,
        3,
        4,
        5,
    }  # no place gives the answer away
