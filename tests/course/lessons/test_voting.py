"""The exercises and the quiz of notebook 05."""

import re
from collections import Counter

import pytest
from course.lessons import voting

from mlkit.parsing import plain
from mlkit.votes import vote
from mlkit.widgets.lessons import check, quiz

NUMBER = re.compile(r"-?\d+(?:\.\d+)?")


def stub(*_): ...


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
    check(voting.judgement, answer)
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
