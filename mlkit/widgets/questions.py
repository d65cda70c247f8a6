"""Questions of a quiz, written as they are read."""

import re

from mlkit.widgets.lessons import Choice, Question


def questions(text: str) -> tuple[Question, ...]:
    """Questions with their choices, from a text that parts them by blank lines:

    What takes a machine's time?
    - Reading a recording.
    > It takes less than a millisecond, and no model.
    + Calls on your own machine.
    > The machine has a price per hour.

    A "+" begins the right choice, a "-" a wrong one, and a ">" what is said when it is chosen. Each
    may go on over the next lines.
    """
    return tuple(_question(block) for block in re.split(r"\n\s*\n", text.strip()))


def _question(block: str) -> Question:
    question, *rest = re.split(r"^([-+]) ", block, flags=re.MULTILINE)
    choices = []
    for sign, body in zip(rest[::2], rest[1::2], strict=True):
        text, mark, why = body.partition("\n> ")
        if not mark:
            raise ValueError(
                f"The choice {body.strip()!r} says no reason: a line that begins with >."
            )
        choices.append(Choice(_joined(text), _joined(why), right=sign == "+"))
    return _joined(question), choices


def _joined(lines: str) -> str:
    return " ".join(lines.split())
