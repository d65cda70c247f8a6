"""The exercises and the quiz of notebook 02, and what it reads out of recorded pipelines."""

import re
from dataclasses import replace

import pytest
from course.lessons import pipeline
from course.shop import paragraphs
from course.timings import Timed

from mlkit.ask import Failure, Member, Reply
from mlkit.measure import tasks
from mlkit.measure.matrix import Cell, Matrix
from mlkit.measure.stats import Difference
from mlkit.models import Price
from mlkit.trace import Call, Run
from mlkit.widgets.lessons import check, quiz
from tests.course.lessons.answers import stub

ORDERS = {task.id: task for task in tasks.load("orders")}


# Exercise 1


def right_gate(request, calculation):
    amounts = set(re.findall(r"\$(\d+)", request))
    used = [number for number in re.findall(r"\d+(?:\.\d+)?", calculation) if number in amounts]
    return f"it uses {used[0]}" if used else ""


def by_words(request, calculation):
    named = {word.strip(".,;:?!") for word in request.split() if word.startswith("$")}
    for sign in "+-*/()":
        calculation = calculation.replace(sign, " ")
    return "; ".join(
        f"{number} is the customer's" for number in calculation.split() if f"${number}" in named
    )


def by_value(request, calculation):
    amounts = {float(amount) for amount in re.findall(r"\$(\d+)", request)}
    return (
        "the limit is in it"
        if amounts & {float(number) for number in re.findall(r"\d+\.?\d*", calculation)}
        else ""
    )


def with_pattern(pattern, numbers=None):
    """A gate that looks for each amount in its own way, or among numbers found in the
    calculation.
    """

    def answer(request, calculation):
        amounts = re.findall(r"\$(\d+)", request)
        if numbers:
            return "no" if set(amounts) & set(re.findall(numbers, calculation)) else ""
        return "no" if any(re.search(pattern % one, calculation) for one in amounts) else ""

    return answer


GATE = [
    ("right", right_gate, "Right"),
    ("right, by words", by_words, "Right"),
    ("right, by value", by_value, "Right"),
    ("stub", stub, "Not written yet"),
    ("prints", lambda *_: print("hm"), "Not written yet"),
    ("lets all pass", lambda *_: "", "60 - 65 passes"),
    ("refuses all", lambda *_: "no", "no 30 stands there"),
    ("says True", lambda request, text: bool(right_gate(request, text)), "gives a text"),
    ("complains or None", lambda request, text: right_gate(request, text) or None, "gives a text"),
    ("signed numbers", with_pattern("", r"-?\d+(?:\.\d+)?"), "without spaces"),
    (
        "split at spaces",
        lambda request, text: (
            "x" if set(re.findall(r"\$(\d+)", request)) & set(text.split()) else ""
        ),
        "without spaces",
    ),
    ("parts of numbers", with_pattern("%s"), "in 130"),
    ("beginnings of numbers", with_pattern(r"\b%s"), "in 300"),
    ("at word ends", with_pattern(r"\b%s\b"), "behind a point"),
    (
        "any number",
        lambda request, text: (
            "x" if set(re.findall(r"\d+", request)) & set(re.findall(r"[\d.]+", text)) else ""
        ),
        "14 miles",
    ),
    (
        "first amount only",
        lambda request, text: right_gate(request.partition("and")[0], text),
        "two amounts",
    ),
    (
        "needs an amount",
        lambda request, text: "x" if "$" not in request else right_gate(request, text),
        "names no amount",
    ),
    ("raises", lambda request, text: 1 / 0, "raised ZeroDivisionError"),
]
RECORDED = [
    ("At most $65.", "60 - 65", False),
    ("At most $65.", "60 * 2", False),
    ("At most $30.", "9 * 3", True),
    ("At most $30.", "30", True),
]


@pytest.mark.parametrize(
    "answer, shown", [case[1:] for case in GATE], ids=[case[0] for case in GATE]
)
def test_exercise_gate(answer, shown, capsys):
    check(pipeline.gate(RECORDED), answer)
    assert_shown(shown, capsys)


def assert_shown(shown, capsys):
    out = capsys.readouterr().out
    assert shown in out
    assert ("✓" in out) == (shown == "Right")


def test_a_right_gate_is_counted_on_what_was_recorded():
    assert "1 of 2 wrong ones and 1 of 2 right ones" in pipeline.gate(RECORDED)(right_gate).text
    assert "Of the 2 that are left, 1 are right" in pipeline.gate(RECORDED)(right_gate).text


# Exercise 2


def by_recursion(right, caught, retries):
    return (
        right
        if retries == 0
        else right + (1 - right) * caught * by_recursion(right, caught, retries - 1)
    )


def by_loop(right, caught, retries):
    ends, waiting = 0.0, 1.0
    for _ in range(retries + 1):
        ends += waiting * right
        waiting *= (1 - right) * caught
    return ends


RETRIED = [
    ("right", by_recursion, "Right"),
    ("right, in a loop", by_loop, "Right"),
    ("right, the kit's own", pipeline.after_retries, "Right"),
    ("stub", stub, "Not written yet"),
    ("text", lambda *_: "72%", "gives str"),
    ("retries when there are none", lambda p, c, r: p + (1 - p) * c * p, "Without a retry"),
    ("every wrong one caught", lambda p, c, r: 1 - (1 - p) ** (r + 1), "sees only the share"),
    ("every caught one mended", lambda p, c, r: p + (1 - p) * c if r else p, "A retry is a try"),
    ("half of all sent back", lambda p, c, r: p + c * p if r else p, "Only wrong outputs"),
    ("right ones sent back", lambda p, c, r: p + p * c * p if r else p, "right outputs"),
    ("the gain alone", lambda p, c, r: (1 - p) * c * p if r else p, "right at once is right still"),
    ("one retry for all", lambda p, c, r: p + (1 - p) * c * p * min(r, 1), "two are not"),
    ("twice the gain", lambda p, c, r: p + (1 - p) * c * p * r, "two are not"),
    ("up to two", lambda p, c, r: by_loop(p, c, min(r, 2)), "up to two"),
    ("a guess", lambda p, c, r: 0.65 if r else p, "Of 100 outputs"),
    ("none for zero", lambda p, c, r: by_loop(p, c, r) if p < 1 else 0.0, "the ends"),
    ("raises", lambda p, c, r: p / 0, "raised ZeroDivisionError"),
]


@pytest.mark.parametrize(
    "answer, shown", [case[1:] for case in RETRIED], ids=[case[0] for case in RETRIED]
)
def test_exercise_retried(answer, shown, capsys):
    check(pipeline.retried, answer)
    assert_shown(shown, capsys)


# Exercise 3

GAINS = {"a": Difference(0.09, -0.06, 0.25, 32), "b": Difference(0.25, 0.09, 0.41, 32)}
RIGHT = {"a": "not shown", "b": "shown", "could still change": 3 / 32}
JUDGED = [
    ("right", RIGHT, "Right"),
    (
        "right, rounded, in another order",
        dict(reversed((RIGHT | {"could still change": 0.09}).items())),
        "Right",
    ),
    ("stub", dict.fromkeys(RIGHT, ...), "Not judged yet"),
    ("half a stub", RIGHT | {"could still change": ...}, "Not judged yet"),
    ("none", dict.fromkeys(RIGHT), "Not judged yet"),
    ("a gain believed", RIGHT | {"a": "shown"}, "no gain at all"),
    ("a gain doubted", RIGHT | {"b": "not shown"}, "Is 0 between"),
    ("another word", RIGHT | {"b": "yes"}, "none of"),
    ("never", RIGHT | {"could still change": 0}, "none of a thousand"),
    ("one order", RIGHT | {"could still change": 1 / 32}, "one order"),
    ("a number of orders", RIGHT | {"could still change": 3}, "percentage"),
    ("per cent", RIGHT | {"could still change": 9.4}, "percentage"),
    ("too many", RIGHT | {"could still change": 0.5}, "is not it"),
    ("text", RIGHT | {"could still change": "3/32"}, "this is str"),
    ("one missing", {"a": "shown"}, "Give a dictionary with"),
    ("no mapping", None, "Give a dictionary with"),
]


@pytest.mark.parametrize(
    "answer, shown", [case[1:] for case in JUDGED], ids=[case[0] for case in JUDGED]
)
def test_exercise_judged(answer, shown, capsys):
    check(pipeline.judged(GAINS, 32), answer)
    assert_shown(shown, capsys)


def test_the_quiz_has_three_questions_with_one_right_choice_each_and_every_choice_explained():
    assert len(pipeline.QUIZ) == 3
    for _, choices in pipeline.QUIZ:
        assert sum(choice.right for choice in choices) == 1
        assert all(choice.why for choice in choices)
    quiz(*pipeline.QUIZ)


# What the notebook reads out of pipelines


@pytest.mark.parametrize(
    "id, extracted, missing",
    [
        ("order-06", "wheels: $28 each, 2 pieces, express: 25 percent more", []),
        ("order-06", "wheels: $28 each, 25% more", []),
        ("order-06", "wheels: $28 each, 2 pieces, express repair", ["25 percent"]),
        ("order-06", "wheels: $280 each, 125 percent", ["$28", "25 percent"]),
        ("order-08", "brake: $20, gear: $24, puncture: $14", ["free"]),
        ("order-08", "brake: $20, gear: $24, the cheapest is free", []),
        ("order-24", "tandem: $34 a day, 4 days", ["half"]),
        ("order-24", "tandem: $34 a day, from day 3 on half", []),
        ("order-34", "bike: $40 each, 2 pieces", ["$26"]),
        ("order-19", "", ["$18", "$5"]),
    ],
)
def test_missing_names_the_prices_and_rules_that_are_not_there(id, extracted, missing):
    assert pipeline.missing(ORDERS[id], extracted) == missing


def test_an_extraction_with_the_whole_handbook_misses_nothing():
    handbook = " ".join(paragraphs().values())
    assert {
        id: lost for id, task in ORDERS.items() if (lost := pipeline.missing(task, handbook))
    } == {}


@pytest.mark.parametrize(
    "text, read",
    [
        ("14 + 20 + 24 = 68", "68"),
        ("total: $28 + $14 = $42", "$42"),
        ("total: $90", "$90"),
        ("2 * 28", "2 * 28"),
    ],
)
def test_good_will_reads_behind_equals_signs_and_colons(text, read):
    assert pipeline.lenient(text) == read


MEMBER = Member("a-model", name="small")


def call(id, role, after=(), member=MEMBER):
    return Call(
        id,
        role,
        member,
        Reply("x", member, prompt_tokens=1000, output_tokens=100),
        frozenset(after),
    )


def test_ratios_compare_each_prompt_with_itself_in_whatever_order_runs_come():
    def timed(*runs):
        return [Timed(0, task, "x", seconds, ()) for task, seconds in runs]

    pipelines, singles = (
        timed(("b", 6.0), ("a", 1.0), ("a", 3.0), ("c", 9.0)),
        timed(("a", 2.0), ("b", 3.0)),
    )
    assert pipeline.ratios(pipelines, singles, lambda run: run.wall_seconds) == [1.0, 2.0]


def test_runs_in_a_row_keep_their_order_within_and_wait_for_no_other_run():
    calls = pipeline.in_a_row(
        [
            [call(0, "classify"), call(1, "reason", {0})],
            [call(0, "classify"), call(1, "reason", {0})],
        ]
    )
    assert [(one.id, one.role, one.after) for one in calls] == [
        (0, "order 1, classify", frozenset()),
        (1, "order 1, reason", frozenset({0})),
        (2, "order 2, classify", frozenset()),
        (3, "order 2, reason", frozenset({2})),
    ]


def test_dollars_go_by_the_members_names_and_failed_calls_are_free():
    failed = Call(2, "reason", MEMBER, Failure(ValueError()))
    run = Run(
        Reply("x", MEMBER),
        (call(0, "classify"), call(1, "reason", {0}, replace(MEMBER, name="large")), failed),
        1.0,
    )
    matrix = Matrix([ORDERS["order-06"]], ["pipeline"], [[[Cell(True, "x", run)]]])
    paid = pipeline.priced(
        matrix, "pipeline", {"small": Price(1.0, 2.0), "large": Price(10.0, 20.0)}
    )
    assert paid == pytest.approx(1000 * (1000 * 1 + 100 * 2 + 1000 * 10 + 100 * 20) / 1e6)
