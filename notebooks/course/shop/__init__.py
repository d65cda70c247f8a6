"""Every prompt and example of Northside Cycles, each once: desk.py, requests.py, any_prompt.py."""

from dataclasses import replace

from course.shop.any_prompt import ANY_PROMPT
from course.shop.desk import DESK
from course.shop.requests import REQUESTS
from mlkit.ask import Member

QUEUES = ("repair", "order", "refund", "advice", "complaint")  # of triage's messages
KINDS = ("code", "math", "creative", "general")  # of the desk's tasks
INSTRUCTIONS = {**DESK, **ANY_PROMPT, **REQUESTS}


def member_for(member: Member, name: str, examples: int | None = None) -> Member:
    """The member, asked by one of INSTRUCTIONS, with its first `examples` (all, unless told)."""
    chosen = INSTRUCTIONS[name]
    return replace(
        member,
        system=chosen.system,
        shots=tuple(chosen.examples.items())[:examples],
        max_tokens=chosen.max_tokens or member.max_tokens,
    )
