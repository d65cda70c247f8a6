"""What a bench says of an answer."""

import pytest
from course import answers, studies
from hypothesis import given
from hypothesis import strategies as st

from mlkit.measure import tasks

TASKS = {task.id: task for name in ("desk", "texts", "triage") for task in tasks.load(name)}
ORDERS = studies.order_tasks()
FORM = '{"things":[{"name":"lamp","pieces":2}],"days":1,"rule":"none"}'


@pytest.mark.parametrize(
    "task_id, text, said",
    [
        ("math-19", "(12 * 55) * (1 - 0.20) + 8", "It comes to 536; right is 536."),
        (
            "math-19",
            "So it is \\boxed{696} dollars.",
            "It ends with 696, which nobody worked out; right is 536.",
        ),
        ("math-19", "12 or 13", "Nothing can be worked out as it stands; right is 536."),
        ("creative-02", " ", "Not right: it is empty."),
        ("text-15", "Our shop is open now.", "Not right: it says now, it says open."),
        ("text-15", "We welcome you on Saturdays.", "It keeps every rule."),
        ("code-01", "n * p", "Right is what always gives the same as: n * p * (1 - d / 100)"),
    ],
)
def test_what_an_answer_of_the_desk_comes_to_and_what_is_right(task_id, text, said):
    assert answers.grade(TASKS[task_id].input, text) == said


def test_a_form_comes_to_dollars_and_a_message_has_its_queue():
    order = next(task for task in ORDERS if task.gold["total"] == 94)
    assert answers.grade(order.input, FORM) == "It comes to 44; right is 94 dollars."
    message = tasks.load("triage")[0]
    assert answers.grade(message.input, "advice") == "Right is: repair"


def test_of_a_prompt_of_ones_own_nothing_is_known():
    assert answers.grade("How many spokes has a wheel?", "36") == ""


SAID = (
    "It comes to ",
    "It ends with ",
    "Nothing can be",
    "Right is",
    "Not right: ",
    "It keeps every",
)


@given(st.sampled_from([*TASKS.values(), *ORDERS]), st.text())
def test_whatever_a_model_says_there_is_a_sentence(task, text):
    assert answers.grade(task.input, text).startswith(SAID)
