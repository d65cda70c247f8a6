"""How a member is asked."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Instruction:
    """A system message, worked examples in their order, and the most tokens of an answer."""

    system: str
    examples: Mapping[str, str] = field(default_factory=dict)  # prompt -> answer
    max_tokens: int | None = None  # as many as the member has, unless told
