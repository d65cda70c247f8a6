"""Voting: ask several members the same, count the answers, and let the most common win."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

from mlkit.ask import Ask, Embed, Failure, Member, Reply, ask_all
from mlkit.parsing import plain, quoted
from mlkit.ties import highest, reaches
from mlkit.votes import Vote, answer_in, check_members, nothing_usable, vote

if TYPE_CHECKING:
    import numpy as np


def similar(vectors: "np.ndarray", threshold: float) -> list[int]:
    """Who speaks for each of n texts, unit vectors (n, d): the position of its group's medoid.

    Two texts share a group where their cosine similarity reaches `threshold`, and so do their
    neighbours' neighbours. The medoid is the text most like all the others of its group, the first
    among equals.
    """
    alike = vectors @ vectors.T  # (n, n), cosines in [-1, 1]
    group = list(range(len(vectors)))
    for one, other in combinations(range(len(vectors)), 2):
        if reaches(alike[one, other], threshold):
            group = [group[one] if each == group[other] else each for each in group]
    inside = {each: [n for n, its in enumerate(group) if its == each] for each in group}
    likeness = [alike[n, inside[each]].sum() for n, each in enumerate(group)]
    return [highest(inside[each], likeness.__getitem__) for each in group]


@dataclass(frozen=True)
class Voted:
    """The winning answer, as its first voter (or its group's medoid) wrote it."""

    text: str
    vote: Vote
    answers: tuple[Reply | Failure, ...]  # in the order of the members
    counted: tuple[str | None, ...]  # what each counts as; None for nothing
    cut_off: bool  # True where max_tokens ended the winning answer

    def describe(self) -> str:
        """Who won, in a sentence."""
        vote = self.vote
        won = f"{quoted(vote.winner)} wins with {vote.count} of {vote.of} votes"
        return f"{won}; others had as many, and the first stands." if vote.tie else f"{won}."


@dataclass(frozen=True)
class ModelVoting:
    """Ask all members at once and let them vote."""

    members: Sequence[Member]
    # equal answers become the same; one it cannot read (Unparsed) is spoilt
    normalise: Callable[[str], str] = plain
    embed: Embed | None = None  # with it, answers of similar meaning are the same,
    threshold: float = 0.9  # from this cosine similarity on, in [-1, 1]

    def __post_init__(self) -> None:
        check_members(self.members)
        if not -1 <= self.threshold <= 1:
            raise ValueError(
                f"threshold is {self.threshold}; it is a cosine similarity, from -1 to 1"
            )

    async def run(self, ask: Ask, prompt: str) -> Voted:
        replies = await ask_all(ask, self.members, prompt, "vote")
        answers = [answer_in(reply, self.normalise) for reply in replies]
        if not any(answers):
            raise nothing_usable(replies)
        speakers = await self._speakers(replies, answers)
        votes = tuple(answer and answers[speakers[n]] for n, answer in enumerate(answers))
        result = vote(votes)
        best = replies[speakers[votes.index(result.winner)]]
        assert isinstance(best, Reply)  # only a reply can win
        return Voted(best.text, result, replies, votes, best.cut_off)

    async def _speakers(
        self, replies: Sequence[Reply | Failure], answers: Sequence[str | None]
    ) -> dict[int, int]:
        """By member that answered, whose answer stands for its own: an equal one, or the medoid."""
        came = [n for n, answer in enumerate(answers) if answer is not None]
        if self.embed is None:
            return {n: answers.index(answers[n]) for n in came}
        texts = [reply.said for n in came if isinstance(reply := replies[n], Reply)]
        medoids = similar(await self.embed(texts), self.threshold)
        return {n: came[medoid] for n, medoid in zip(came, medoids, strict=True)}
