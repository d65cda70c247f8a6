"""Graders judge right answers written many ways, wrong ones, hedges and attacks."""

import pytest
from course.shop import QUEUES

from mlkit.errors import Unparsed
from mlkit.measure.graders import GRADERS, broken_constraints, draws, spoken
from mlkit.measure.tasks import Task


def task(grader: str, gold) -> Task:
    return Task("x-01", "x", "any", "test", "?", grader, gold, labels=QUEUES)


DISCOUNT = {
    "expression": "n * p * (1 - d / 100)",
    "variables": {"n": {"range": [1, 8]}, "p": {"range": [5, 90]}, "d": {"range": [1, 60]}},
}
MEMBER = {
    "expression": "p * 0.9 if member else p",
    "variables": {"p": {"range": [1, 50]}, "member": {"one_of": [True, False]}},
}
DAYS = {"accept": ["30 days", "thirty days", "30"], "reject": ["14", "14 days", "60"]}
SIGN = {"mentions": ["bell"], "forbidden": ["cheap"], "min_words": 4, "max_words": 8, "lines": 2}
RIGHT = {
    "number": (
        57.5,
        [
            "57.5",
            "57.50",
            "$57.50",
            "The answer is 57.5",
            "Answer: 57.5.",
            "3 bells cost 15\nSo it is 57.5",
            "**57.5**",
            "57.500",
            "It costs $57.5 in all.",
            "= 57.5",
            "10 + 47.5 = 57.5\n\nThe answer is $57.50.",
        ],
    ),
    "expression": (
        57.5,
        [
            "57.5",
            "50 + 7.5",
            "(2 * 25) + 7.50",
            "115 / 2",
            "`50 + 7.5`",
            "$50 + $7.5",
            "50+7.5=",
            "50 + 7.5.",
            "23 * 2.5",
            "round(57.499, 2)",
            " 57.50 ",
        ],
    ),
    "python": (
        DISCOUNT,
        [
            "n * p * (1 - d / 100)",
            "p*n*(100-d)/100",
            "n * p - n * p * d / 100",
            "`n*p*(1-d/100)`",
            "(1 - d/100) * n * p",
            "```python\nn * p * (1 - d / 100)\n```",
            "n * (p - p * d / 100)",
            "n*p*(1-(d*0.01))",
            "sum([n * p, -n * p * d / 100])",
            "  n * p * (1 - d / 100)  ",
        ],
    ),
    "label": (
        "repair",
        [
            "repair",
            "Repair",
            "repair.",
            "REPAIR",
            " repair\n",
            "The queue is repair",
            "**repair**",
            "Label: repair",
            "'repair'",
            "It is a repair!",
        ],
    ),
    "short": (
        DAYS,
        [
            "30 days",
            "30",
            "thirty days",
            "Within 30 days.",
            "The 30 days",
            "30 DAYS!",
            "It is 30 days",
            "up to 30 days after purchase",
            "* 30 days",
            "30  days",
        ],
    ),
    "constraints": (
        SIGN,
        [
            "Ring the bell.\nWe come.",
            "Our bells\nring all day",
            "A BELL\nfor every bike",
            "One bell,\n\ntwo wheels, fun.",
        ],
    ),
}
WRONG = {
    "number": [
        "",
        "57",
        "12 or 57.5",
        "575",
        "fifty",
        "57.5 or 58, I think",
        "1" * 400,
        "10**10**10",
        "57.51",
    ],
    "expression": [
        "",
        "57",
        "50 + 7.5 = 57.5",
        "the total is 57.5",
        "10**10**10",
        "'57.5'",
        "__import__('os').getpid()",
        "57.5 or 12",
        "1/0",
        "9**9**9",
        "x",
        "50 + 7.5 dollars",
        "(" * 90,
        "57.5 # or 58",
    ],
    "python": [
        "",
        "n * p",
        "n * p * d / 100",
        "import os",
        "__import__('os').system('ls')",
        "n.__class__",
        "10**10**10",
        "'a' * 10**9",
        "total = n * p",
        "lambda: n",
        "[n for n in (1, 2)]",
        "def f(): pass",
        "n * p * (1 - d / 100)\nn",
        "open('x')",
        "while True: pass",
        "n * p * (1 - d)",
        "print(n)",
        "(" * 150,
        "f'{n}'",
        "(10**30)**100",
        "n * p * (1 - d / 100) # or n",
        "list('abc')",
    ],
    "label": [
        "",
        "order",
        "repair or order",
        "repairs",
        "I cannot say",
        "disrepair",
        "repair, not refund",
    ],
    "short": [
        "",
        "14 days",
        "30 or 14 days",
        "30 or 31",
        "130 days",
        "30 days, or 60 if unused",
        "I do not know",
        (
            "You can bring it back within 30 days if you still have the receipt and it was never"
            " used at all"
        ),
    ],
    "constraints": [
        "",
        "Ring the bell. We come.",
        "Ring the bell.\nIt is cheap.",
        "The door\nis open today",
        "bell\nbell",
        "Ring the bell and we come to you\nwith tea and cake for all",
    ],
}


@pytest.mark.parametrize(
    ("grader", "text"), [(grader, text) for grader, (_, texts) in RIGHT.items() for text in texts]
)
def test_a_right_answer_is_right_however_it_is_written(grader, text):
    assert task(grader, RIGHT[grader][0]).right(text)


@pytest.mark.parametrize(
    ("grader", "text"), [(grader, text) for grader, texts in WRONG.items() for text in texts]
)
def test_a_wrong_answer_a_hedge_or_an_attack_is_wrong(grader, text):
    assert not task(grader, RIGHT[grader][0]).right(text)


@pytest.mark.parametrize("grader", RIGHT)
def test_what_a_model_thinks_first_is_not_graded(grader):
    one = task(grader, RIGHT[grader][0])
    right, wrong = RIGHT[grader][1][0], WRONG[grader][1]
    assert one.right(f"<think>{wrong}</think>{right}")
    assert not one.right(f"<think>{right}</think>{wrong}") and not one.right(f"<think>{right}")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("A", "a"),
        ("The answer is A.", "answer is a"),
        ("a refund", "refund"),
        ("The", ""),
        ("−5 degrees", "-5 degrees"),
        ("3-5 days", "3 5 days"),
        ("1,234", "1234"),
        ("1,5", "1,5"),
    ],
)
def test_a_letter_and_a_sign_are_spoken_and_an_article_is_not(text, words):
    assert spoken(text) == words


@pytest.mark.parametrize(
    ("accept", "text"),
    [
        *(("12", text) for text in ("12", "$12.00", "twelve is 12", "It is 12.")),
        *(("-5", text) for text in ("-5", "−5", "\u20115", "It is -5 degrees")),
        *(("1.5", text) for text in ("1.5", "1,5", "1½", "3/2")),
        *(("12000", text) for text in ("12k", "12,000", "12 thousand")),
        *(("8 pm", text) for text in ("8 PM", "8pm", "At 8 pm.", "6 pm + 2 hours = 8 pm")),
        *(("refund", text) for text in ("refund", "No, a refund.", "Not here. Refund!")),
        *(("no", text) for text in ("No", "No, it is not.", "No it isn't", "no refund")),
        ("not refundable", "It is not refundable."),
    ],
)
def test_a_short_answer_is_right_in_any_spelling_of_its_number(accept, text):
    assert task("short", {"accept": [accept]}).right(text)


@pytest.mark.parametrize(
    ("accept", "text"),
    [
        *(("12", text) for text in ("12k", "not 12", "12e3", "10-12", "12 thousand", "12:30")),
        *(("3", "3/4"), ("1", "1½"), ("1", "1_000"), ("1.5", "1.5 million"), ("60", "60 * 12")),
        *(("5", text) for text in ("\u20115", "–5", "- 5", "-\\$5", "-**5**", "5 mln", "15")),
        *(("refund", text) for text in ("no refund", "not a refund", "not, I think, a refund")),
        *(("refund", text) for text in ("anything but refund", "refund? No", "refunds")),
        ("5 days", "not 5 days"),
    ],
)
def test_a_short_answer_that_is_another_number_or_denied_is_wrong(accept, text):
    assert not task("short", {"accept": [accept]}).right(text)


def test_every_grader_is_in_both_lists():
    assert RIGHT.keys() == WRONG.keys() == {*GRADERS, "label"}


def test_a_condition_must_hold_on_both_sides():
    assert task("python", MEMBER).right("p - p * 0.1 * member")
    assert not task("python", MEMBER).right("p * 0.9") and not task("python", MEMBER).right("p")
    assert {inputs["member"] for inputs in draws(MEMBER["variables"])} == {True, False}


def test_hidden_inputs_are_the_same_each_time_and_reach_both_ends():
    assert (
        draws(DISCOUNT["variables"]) == draws(DISCOUNT["variables"])
        and len(draws(DISCOUNT["variables"])) == 20
    )
    assert {inputs["n"] for inputs in draws({"n": {"range": [1, 2]}})} == {1, 2}


def test_equal_answers_have_equal_forms_and_what_cannot_be_read_is_unparsed():
    assert task("expression", 6).answer("2 * 3") == task("expression", 6).answer("6.0") == "6"
    assert task("label", "repair").answer("Repair.") == "repair"
    assert task("short", DAYS).answer("The 30 days.") == task("short", DAYS).answer("30 days")
    for grader, text in (("expression", "six"), ("label", "repair or order"), ("number", "none")):
        with pytest.raises(Unparsed):
            task(grader, RIGHT[grader][0]).answer(text)


def test_broken_constraints_are_named():
    assert broken_constraints("A cheap thing", SIGN) == [
        "it does not mention bell",
        "it says cheap",
        "it has 3 words",
        "it has 1 line",
    ]
