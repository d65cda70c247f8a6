"""How a member is asked, and JSON as the examples write it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Instruction:
    """A system message, worked examples in their order, and the most tokens of an answer."""

    system: str
    examples: Mapping[str, str] = field(default_factory=dict)  # prompt -> answer
    max_tokens: int | None = None  # as many as the member has, unless told


def compact(value: object) -> str:
    """A value as compact JSON."""
    return json.dumps(value, separators=(",", ":"))


def plan(*steps: tuple[str, str, list[int]]) -> str:
    """A plan: the type and the prompt of each step, and the numbers of those that it needs."""
    rows = [{"type": kind, "prompt": prompt, "needs": needs} for kind, prompt, needs in steps]
    return compact({"steps": rows})


def assigned(**tasks: str) -> str:
    """Assignments, by worker."""
    rows = [{"worker": worker, "task": task} for worker, task in tasks.items()]
    return compact({"assignments": rows})


def reviewed(answer: object, **redo: str) -> str:
    """A review: the answer, and why the work of some goes back to them."""
    rows = [{"worker": worker, "why": why} for worker, why in redo.items()]
    return compact({"redo": rows, "answer": answer})
