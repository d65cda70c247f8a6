"""What is known of an answer to a task of the course: what it comes to, and what is right."""

from contextlib import suppress
from functools import cache

from course import studies
from course.shop.price_list import total_of
from mlkit.errors import MlkitError
from mlkit.measure import tasks
from mlkit.measure.graders import broken_constraints
from mlkit.measure.tasks import Task
from mlkit.measure.tools import arithmetic
from mlkit.parsing import number_in


def grade(prompt: str, text: str) -> str:
    """One sentence for a bench; "" where the prompt is no task of the course."""
    task = _tasks().get(prompt)
    if not task:
        return ""
    gold = task.gold
    match task.grader:
        case "constraints":
            broken = ", ".join(broken_constraints(text, gold))
            return f"Not right: {broken}." if broken else "It keeps every rule."
        case "python":
            return f"Right is what always gives the same as: {gold['expression']}"
        case "short":
            return f"Right is: {gold['accept'][0]}"
        case "label":
            return f"Right is: {gold}"
    form = task.grader == "form"
    right = f"right is {gold['total']:.12g} dollars" if form else f"right is {gold:.12g}"
    with suppress(MlkitError):
        return f"It comes to {total_of(text) if form else arithmetic(text)}; {right}."
    with suppress(MlkitError):  # as step by step does
        return f"It ends with {number_in(text):.12g}, which nobody worked out; {right}."
    return f"Nothing can be worked out as it stands; {right}."


@cache
def _tasks() -> dict[str, Task]:
    plain = [task for name in ("desk", "texts", "triage") for task in tasks.load(name)]
    return {task.input: task for task in [*plain, *studies.order_tasks()]}
