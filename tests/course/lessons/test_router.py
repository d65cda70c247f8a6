"""The exercises of notebook 03 accept what is right, and tell a stub and the usual mistakes what is
missing.
"""

import re
from dataclasses import dataclass

import pytest
from course.lessons import router

from mlkit.measure import tasks
from mlkit.measure.stats import Difference
from mlkit.widgets.lessons import check, quiz
from tests.course.lessons.answers import passes, stub


def raises(*_):
    raise KeyError("math")


KNOWN = ("code", "math", "creative", "general")


def right_route(label, confidence, mass, threshold=0.6):
    if mass < 0.5:
        return "person"
    return label if label in KNOWN and confidence * mass >= threshold else "general"


ROUTE = [
    ("right", right_route, "Right"),
    (
        "right, written otherwise",
        lambda label, c, m, t=0.6: (
            "person" if not m >= 0.5 else "general" if label not in KNOWN or c * m < t else label
        ),
        "Right",
    ),
    ("stub", stub, "Not written yet"),
    (
        "as it was",
        lambda label, c, m, t=0.6: label if label in KNOWN and c * m >= t else "general",
        "Look at the mass",
    ),
    (
        "confidence alone",
        lambda label, c, m, t=0.6: (
            "person" if m < 0.5 else label if label in KNOWN and c >= t else "general"
        ),
        "confidence times mass",
    ),
    (
        "unknown labels pass",
        lambda label, c, m, t=0.6: "person" if m < 0.5 else label if c * m >= t else "general",
        "nobody covers",
    ),
    (
        "unsure to a person",
        lambda label, c, m, t=0.6: (
            "person" if m < 0.5 or c * m < t else label if label in KNOWN else "general"
        ),
        "to the fallback, not to a person",
    ),
    (
        "unknown first",
        lambda label, c, m, t=0.6: (
            "general"
            if label not in KNOWN
            else "person"
            if m < 0.5
            else label
            if c * m >= t
            else "general"
        ),
        "order of your two tests",
    ),
    (
        "above, not at",
        lambda label, c, m, t=0.6: (
            "person" if m < 0.5 else label if label in KNOWN and c * m > t else "general"
        ),
        ">=",
    ),
    (
        "mass at one half",
        lambda label, c, m, t=0.6: (
            "person" if m <= 0.5 else label if label in KNOWN and c * m >= t else "general"
        ),
        "not below 0.5",
    ),
    (
        "threshold written in",
        lambda label, c, m, t=0.6: right_route(label, c, m, min(t, 0.6)),
        "written into your code",
    ),
    ("everything to a person", lambda label, c, m, t=0.6: "person", "Only a low mass"),
    ("wrong specialist", lambda label, c, m, t=0.6: "code", "specialist of its own"),
]


@pytest.mark.parametrize(
    "answer, hint", [case[1:] for case in ROUTE], ids=[case[0] for case in ROUTE]
)
def test_exercise_route(answer, hint):
    passes(router.route(answer), hint)


def right_kind(prompt):
    if "Python" in prompt:
        return "code"
    if "\n\nQuestion:" in prompt:
        return "general"
    return "creative" if re.search(r"\b(words?|lines?)\b", prompt) else "math"


def by_signs(prompt):
    signs = {"code": ("python",), "general": ("question:",), "creative": (" word", " line")}
    return next(
        (kind for kind, words in signs.items() if any(word in prompt.lower() for word in words)),
        "math",
    )


KIND = [
    ("right", right_kind, "Right"),
    ("right, written otherwise", by_signs, "Right"),
    ("stub", stub, "Not written yet"),
    ("no last return", lambda p: "code" if "Python" in p else None, "gives nothing back"),
    (
        "numbers make a sum",
        lambda p: (
            "code" if "Use the variables" in p else "math" if re.search(r"\d", p) else right_kind(p)
        ),
        "Numbers alone",
    ),
    (
        "words only",
        lambda p: (
            "code"
            if "Python" in p
            else "general"
            if "Question:" in p
            else "creative"
            if "word" in p
            else "math"
        ),
        "a rule about lines",
    ),
    (
        "words before the question",
        lambda p: (
            "code"
            if "Python" in p
            else (
                "creative"
                if re.search("word|line", p)
                else "general"
                if "Question:" in p
                else "math"
            )
        ),
        "A paragraph can hold any word",
    ),
    (
        "dollars make a sum",
        lambda p: right_kind(p) if "$" in p or right_kind(p) != "math" else "general",
        "without a price",
    ),
    ("another name", lambda p: "Code" if "Python" in p else right_kind(p), "The kinds are"),
]


@dataclass
class Asked:
    input: str
    kind: str


TASKS = [
    Asked("Write it in Python.", "code"),
    Asked("2 bells at $5?", "math"),
    Asked("A line about rain, in Python or not.", "creative"),
]


@pytest.mark.parametrize(
    "answer, hint", [case[1:] for case in KIND], ids=[case[0] for case in KIND]
)
def test_exercise_kind_of(answer, hint):
    passes(router.kind_of(TASKS)(answer), hint)


def test_a_right_rule_is_counted_on_the_tasks():
    assert "3 test tasks it names 2" in router.kind_of(TASKS)(right_kind).text


def test_the_rule_of_the_solution_names_every_test_task_of_the_desk():
    test = [task for task in tasks.load("desk") if task.split == "test"]
    assert "88 test tasks it names 88" in router.kind_of(test)(right_kind).text


def test_a_call_before_adds_its_costs_and_leaves_the_grades():
    answer, call = router.Outcome([True], 2, 0.2, 1.0), router.Outcome([False], 3, 0.3, 0.5)
    assert answer.after(call) == router.Outcome([True], 5, 0.5, 1.5)


GAINS = {
    "a": Difference(-0.08, -0.14, -0.02, 88),
    "b": Difference(0.04, -0.03, 0.1, 88),
    "c": Difference(0.16, 0.07, 0.25, 88),
}
RIGHT = {"a": "not worth it", "b": "cannot tell", "c": "worth it"}
JUDGED = [
    ("right", RIGHT, "Right"),
    ("right, in another order", dict(reversed(RIGHT.items())), "Right"),
    ("stub", dict.fromkeys(RIGHT, ...), "Not judged yet"),
    ("none", dict.fromkeys(RIGHT), "Not judged yet"),
    ("positive is enough", RIGHT | {"b": "worth it"}, "both ends"),
    ("not clear is not worth it", RIGHT | {"b": "not worth it"}, "both ends"),
    ("wide says nothing", RIGHT | {"c": "cannot tell"}, "Is 0 inside"),
    ("sign ignored", RIGHT | {"a": "worth it"}, "the sign"),
    ("other words", RIGHT | {"a": "no"}, "is none of"),
    ("one missing", {"a": "not worth it"}, "Give a dictionary with"),
    ("no mapping", "worth it", "Give a dictionary with"),
]


@pytest.mark.parametrize(
    "answer, hint", [case[1:] for case in JUDGED], ids=[case[0] for case in JUDGED]
)
def test_exercise_judged(answer, hint):
    passes(router.judged(GAINS)(answer), hint)


@pytest.mark.parametrize("judge", [router.route, router.kind_of(TASKS)], ids=["route", "kind_of"])
def test_an_answer_that_raises_is_told_so(judge, capsys):
    check(judge, raises)
    assert "✗ Your code raised KeyError" in capsys.readouterr().out


def test_the_quiz_has_three_questions_each_with_one_right_choice_and_every_choice_explained():
    assert len(router.QUIZ) == 3
    assert all(
        [choice.right for choice in choices].count(True) == 1
        and all(choice.why for choice in choices)
        for _, choices in router.QUIZ
    )
    quiz(*router.QUIZ)
