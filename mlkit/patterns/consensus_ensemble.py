"""Consensus ensemble: if enough members agree, their answer wins; else a strong member is asked."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from mlkit.ask import Ask, Failure, Member, Reply, ask_all
from mlkit.parsing import plain, quoted
from mlkit.ties import reaches
from mlkit.votes import Vote, answer_in, check_members, vote


def decide(answers: Sequence[str | None], threshold: float) -> str | None:
    """The most common answer if its share of all reaches `threshold`; None: ask someone stronger.

    None among the answers is a member that failed; it counts among all. Of equals the first wins.
    """
    result = vote(answers)
    return result.winner if reaches(result.count / result.of, threshold) else None


def votes_needed(n: int, threshold: float) -> int:
    """The fewest of n members whose share reaches `threshold`. Of three at 0.7: all three."""
    return next(votes for votes in range(1, n + 1) if reaches(votes / n, threshold))


@dataclass(frozen=True)
class Agreed:
    """The agreed answer, or the strong member's, and how it came about."""

    text: str
    escalated: bool  # True where too few agreed, and the strong member answered
    needed: int  # members who had to agree
    vote: Vote
    answers: tuple[Reply | Failure, ...]  # in the order of the members, failed ones too
    counted: tuple[str | None, ...]  # what each counts as; None for nothing
    cut_off: bool  # True where max_tokens ended the answer

    def describe(self) -> str:
        """Whether enough agreed, in a sentence, and from where on the strong member is asked."""
        most, of = self.vote.count, self.vote.of
        if self.escalated:
            return f"No answer has the {self.needed} of {of} that must agree, so strong was asked."
        more = f"; if {most + 1} had to agree, strong would be asked" if most < of else ""
        tie = "; others had as many, and the first stands" if self.vote.tie else ""
        return f"{quoted(self.vote.winner)} wins with {most} of {of}{tie}{more}."


@dataclass(frozen=True)
class ConsensusEnsemble:
    """Ask all members at once; where too few of them agree, ask `strong`."""

    members: Sequence[Member]
    # may be one of the members, as in the article, but then this never costs less than it alone
    strong: Member
    threshold: float = 0.7  # the share of the members that must agree, in [0, 1]
    normalise: Callable[[str], str] = plain

    def __post_init__(self) -> None:
        check_members(self.members)
        if not 0 <= self.threshold <= 1:
            raise ValueError(
                f"threshold is {self.threshold}; it is the share of members that must agree, from 0"
                " to 1"
            )

    async def run(self, ask: Ask, prompt: str) -> Agreed:
        replies = await ask_all(ask, self.members, prompt, "vote")
        answers = [answer_in(reply, self.normalise) for reply in replies]
        agreed = decide(answers, self.threshold)
        best: Reply | Failure
        if agreed is None:
            best = await ask(self.strong, prompt, role="escalate")
        else:
            best = replies[answers.index(agreed)]
        assert isinstance(best, Reply)  # only a reply can win
        how = agreed is None, votes_needed(len(answers), self.threshold), vote(answers)
        return Agreed(best.text, *how, replies, tuple(answers), best.cut_off)
