"""Votes: what members who are asked the same need, and how their answers are counted."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from mlkit.ask import Failure, Member, Reply
from mlkit.errors import Unparsed
from mlkit.parsing import quoted


@dataclass(frozen=True)
class Vote:
    """How a vote went."""

    winner: str | None  # None where nobody answered
    count: int  # votes for the winner
    of: int  # members asked, failed ones too
    tie: bool  # True where others had as many votes, and the first member's answer won
    tally: dict[str, int]


def vote(answers: Sequence[str | None]) -> Vote:
    """The most common answer, the first given among equals. None is a member without an answer."""
    tally = dict(Counter(answer for answer in answers if answer is not None))
    count = max(tally.values(), default=0)
    leaders = [answer for answer in tally if tally[answer] == count]
    return Vote(leaders[0] if leaders else None, count, len(answers), len(leaders) > 1, tally)


def answer_in(reply: Reply | Failure, normalise: Callable[[str], str]) -> str | None:
    """A member's answer in countable form; None where nothing came, or nothing that can be read."""
    if isinstance(reply, Failure):
        return None
    try:
        answer = normalise(reply.text)
    except Unparsed:
        return None
    return None if answer == "" else answer


def check_members(members: Sequence[Member]) -> None:
    """Raise ValueError where there are no members, or where two would always answer the same."""
    if not members:
        raise ValueError(
            "there are no members; give at least one, for example Member('qwen2.5-coder:0.5b')"
        )
    if len({replace(member, name="same") for member in members}) < len(members):
        raise ValueError(
            "two members are the same, so they would agree whatever is asked; give each its own"
            " model, system message, shots, or seed with a temperature above 0"
        )


def nothing_usable(replies: Iterable[Reply | Failure]) -> Exception:
    """The error for when no answer counts: the first failure's own, where there is one."""
    texts = []
    for reply in replies:
        if isinstance(reply, Failure):
            return reply.error
        texts.append(quoted(reply.text))
    return Unparsed(
        f"No member gave an answer that can be counted: {', '.join(texts)}. Count answers in"
        " another form (normalise), or show the members examples of an answer (shots)."
    )
