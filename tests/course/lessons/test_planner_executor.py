"""The exercises of notebook 06 accept what is right, and tell a stub and the usual mistakes what is
missing.
"""

import math
from types import SimpleNamespace

import pytest
from course.lessons import planner_executor as exercises
from course.shop import paragraphs

from mlkit.ask import Failure
from mlkit.errors import Unparsed
from mlkit.measure import tasks
from mlkit.patterns.planner_executor import Planned, Step
from mlkit.widgets.lessons import check, quiz
from tests.course.lessons.answers import passes, stub


def raises(*_):
    raise KeyError("math")


def right_executor(named, types, fallback):
    name = named.strip().lower() if isinstance(named, str) else ""
    return next((known for known in types if known.lower() == name), fallback)


EXECUTOR = [
    ("right", right_executor, "Right"),
    (
        "right, written otherwise",
        lambda n, t, f: next((one for one in t if one.upper() == str(n).strip().upper()), f),
        "Right",
    ),
    ("stub", stub, "Not written yet"),
    ("as it was", lambda n, t, f: n if n in t else f, "capital letter"),
    ("no strip", lambda n, t, f: n.lower() if n.lower() in t else f, "spaces around"),
    (
        "inside another word",
        lambda n, t, f: next((one for one in t if one in str(n).lower()), f),
        "aftermath",
    ),
    (
        "a part of a name",
        lambda n, t, f: next((one for one in t if str(n).strip().lower() in one), f),
        "A part of a name",
    ),
    (
        "fails on none",
        lambda n, t, f: n.strip().lower() if n.strip().lower() in t else f,
        "fails on the type None",
    ),
    ("nothing for unknown", lambda n, t, f: right_executor(n, t, None), "nothing back"),
    ("unknown ones pass", lambda n, t, f: str(n).strip().lower(), "does not go to the fallback"),
    (
        "written in",
        lambda n, t, f: right_executor(n, ("search", "math"), "search"),
        "written into your code",
    ),
]


@pytest.mark.parametrize(
    "answer, hint", [case[1:] for case in EXECUTOR], ids=[case[0] for case in EXECUTOR]
)
def test_exercise_executor(answer, hint):
    passes(exercises.executor(answer), hint)


def right_break_even(planning, executing, alone):
    return executing / (alone - planning) if alone > planning else math.inf


def by_cases(planning, executing, alone):
    saved = alone - planning
    if saved <= 0:
        return float("inf")
    return executing * (1 / saved)


BREAK_EVEN = [
    ("right", right_break_even, "Right"),
    ("right, written otherwise", by_cases, "Right"),
    ("stub", stub, "Not written yet"),
    ("upside down", lambda p, e, a: (a - p) / e, "other way round"),
    ("planning left out", lambda p, e, a: e / a, "own tokens are missing"),
    ("one price", lambda p, e, a: (p + e) / a, "at one price"),
    ("nonsense", lambda p, e, a: p, "Write both costs down"),
    ("no infinity", lambda p, e, a: e / (a - p), "Give math.inf"),
    (
        "infinity at equal only",
        lambda p, e, a: math.inf if a == p else e / (a - p),
        "Give math.inf",
    ),
    ("written in", lambda p, e, a: 0.75 if a > p else math.inf, "written into your code"),
]


@pytest.mark.parametrize(
    "answer, hint", [case[1:] for case in BREAK_EVEN], ids=[case[0] for case in BREAK_EVEN]
)
def test_exercise_break_even(answer, hint):
    passes(exercises.break_even(answer), hint)


RIGHT = {"one": "plan", "two": "search", "three": "arithmetic"}
JUDGED = [
    ("right", RIGHT, "Right"),
    ("right, in another order", dict(reversed(RIGHT.items())), "Right"),
    ("stub", dict.fromkeys(RIGHT, ...), "Not judged yet"),
    ("none", dict.fromkeys(RIGHT), "Not judged yet"),
    ("the last fault", RIGHT | {"one": "arithmetic"}, "tell the executor"),
    ("found, not planned", RIGHT | {"one": "search"}, "still in the plan"),
    ("the calculation", RIGHT | {"two": "arithmetic"}, "could it have been right"),
    ("planned, not found", RIGHT | {"two": "plan"}, "what came back"),
    ("clumsy plan", RIGHT | {"three": "plan"}, "clumsy"),
    ("the last call", RIGHT | {"three": "synthesis"}, "only repeats"),
    ("the found", RIGHT | {"three": "search"}, "read the calculation"),
    ("another word", RIGHT | {"one": "planner"}, "is none of"),
    ("one missing", {"one": "plan"}, "Give a dictionary with"),
    ("no mapping", None, "Give a dictionary with"),
]


@pytest.mark.parametrize(
    "answer, hint", [case[1:] for case in JUDGED], ids=[case[0] for case in JUDGED]
)
def test_exercise_judged(answer, hint):
    passes(exercises.judged(RIGHT)(answer), hint)


@pytest.mark.parametrize(
    "judge", [exercises.executor, exercises.break_even], ids=["executor", "break_even"]
)
def test_an_answer_that_raises_is_told_so(judge, capsys):
    check(judge, raises)
    assert "KeyError" in capsys.readouterr().out


def test_the_quiz_has_three_questions_with_one_right_choice_each_and_explains_all():
    quiz(*exercises.QUIZ)
    assert len(exercises.QUIZ) == 3
    for _, choices in exercises.QUIZ:
        assert sum(choice.right for choice in choices) == 1 and all(
            choice.why for choice in choices
        )


ORDERS = {task.id: task for task in tasks.load("orders")}
PARAGRAPHS = paragraphs()


def planned(words, topic="order", value="83.2", search="price of a pump"):
    steps = (Step(1, "search", search), Step(2, "math", words, (1,)))
    return Planned("", steps, (PARAGRAPHS[topic], value), (), False)


def cell(result, right=False):
    return SimpleNamespace(right=right, run=SimpleNamespace(result=result))


FAULTS = [
    ("the school is lost", "order-14", planned("4 pumps with no discount"), "plan"),
    ("the number is lost", "order-14", planned("pumps with the school discount"), "plan"),
    (
        "a discount is added",
        "order-26",
        planned("the jacket with the school discount", "refund", search="a jacket"),
        "plan",
    ),
    ("another paragraph", "order-14", planned("four pumps for a school", "rental"), "search"),
    ("a wrong sum", "order-14", planned("four pumps for a school", value="104"), "arithmetic"),
    (
        "a sum that cannot be worked out",
        "order-14",
        planned("four pumps for a school", value=Failure(Unparsed("no sum"))),
        "arithmetic",
    ),
    ("the total is not passed on", "order-14", planned("four pumps for a school"), "synthesis"),
]


@pytest.mark.parametrize(
    "order, result, fault", [case[1:] for case in FAULTS], ids=[case[0] for case in FAULTS]
)
def test_first_fault(order, result, fault):
    assert exercises.first_fault(ORDERS[order], cell(result)) == fault


def test_a_right_answer_has_no_fault():
    assert exercises.first_fault(ORDERS["order-14"], cell(planned("pumps"), right=True)) == ""


def test_a_result_that_the_sum_does_not_need_is_lost():
    steps = (Step(1, "search", "four pumps for a school"), Step(2, "math", "the total"))
    result = Planned("", steps, (PARAGRAPHS["order"], "0"), (), False)
    assert exercises.lost_fields(ORDERS["order-14"], result) == ["item", "quantity", "school"]


def test_words_of_the_examples_are_seen_where_the_request_has_not_got_them():
    assert exercises.copied_words(
        ORDERS["order-26"], planned("the jacket with the school discount")
    ) == [
        "discount",
        "school",
    ]
    assert exercises.copied_words(ORDERS["order-14"], planned("four pumps for a school")) == []


def test_a_calculation_is_read_up_to_its_equals_sign():
    calls = [
        SimpleNamespace(role=role, reply=SimpleNamespace(text=text))
        for role, text in (("plan", "{}"), ("step 2 math", "30 + 22 = 52"), ("synthesize", "50"))
    ]
    assert exercises.calculation(SimpleNamespace(calls=calls)) == "30 + 22"
    assert exercises.calculation(SimpleNamespace(calls=calls[:1])) == ""


def test_cost_is_told_in_shares_of_the_large_model_alone():
    assert exercises.cost(2.0, 500, 1000, 1000) == (2.0, 0.5, 0.5, 1.0)
