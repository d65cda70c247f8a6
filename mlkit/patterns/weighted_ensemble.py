"""Weighted ensemble: scores count by their member's weight; equal answers add up, the most wins."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import inf
from typing import NamedTuple

from mlkit.ask import Ask, Failure, Member, Reply, ask_all
from mlkit.errors import Unparsed
from mlkit.parsing import plain, quoted
from mlkit.ties import same
from mlkit.votes import answer_in, check_members, nothing_usable


class Decision(NamedTuple):
    """What the weights decided. `winner` is None where no answer earned anything."""

    winner: str | None
    support: float  # what the winner earned; in [0, 1] where the scores are
    tie: bool  # True where others earned as much, and the first member's answer won
    totals: dict[str, float]  # what each answer earned


def decide(
    answers: Sequence[str | None], scores: Sequence[float], weights: Sequence[float]
) -> Decision:
    """Sum score x weight over equal answers; the highest total wins.

    None is a member that did not answer. Raises ValueError for scores or weights that are negative
    or not finite.
    """
    if not (min(scores) >= 0 and sum(scores) < inf):
        raise ValueError(f"scores are {list(scores)}; each must be finite and 0 or more")
    totals: dict[str, float] = {}
    for answer, score, share in zip(answers, scores, shares(weights), strict=True):
        if answer is not None:
            totals[answer] = totals.get(answer, 0.0) + score * share
    highest = max(totals.values(), default=0.0)
    leaders = [answer for answer in totals if highest and same(totals[answer], highest)]
    return Decision(leaders[0] if leaders else None, highest, len(leaders) > 1, totals)


def shares(weights: Sequence[float]) -> tuple[float, ...]:
    """The weights, scaled to sum to 1. Raises ValueError for negative, infinite or only zeros."""
    total = sum(weights)
    if not (0 < total < inf and min(weights) >= 0):
        raise ValueError(
            f"weights are {list(weights)}; each must be finite and 0 or more, and one of them"
            " above 0"
        )
    return tuple([weight / total for weight in weights])


@dataclass(frozen=True)
class Weighted:
    """The winning answer as its first member wrote it, and how it was decided."""

    text: str
    decision: Decision
    answers: tuple[Reply | Failure, ...]  # in the order of the members
    counted: tuple[str | None, ...]  # what each counts as; None for nothing
    scores: tuple[float, ...]  # of the answers; 0 where none came, or none that can be read
    cut_off: bool  # True where max_tokens ended the winning answer

    def describe(self) -> str:
        """Which answer weighed most, in a sentence."""
        totals = [f"{quoted(answer)} {total:.2f}" for answer, total in self.decision.totals.items()]
        tie = "; others weighed as much, and the first stands" if self.decision.tie else ""
        return f"{quoted(self.decision.winner)} weighs most: {', '.join(totals)}{tie}."


@dataclass(frozen=True)
class WeightedEnsemble:
    """Ask all members at once; `evaluate` scores each reply, and `weights` say how much each member
    counts.

    An evaluator gives 0 or more: a constant, a check of the format, or how sure the member was,
    from the probabilities of the `labels` asked for (see `most_likely`: its label need not be the
    one written). What it cannot read earns 0.
    """

    members: Sequence[Member]
    weights: Sequence[float]
    evaluate: Callable[[Reply], float] = lambda reply: 1.0
    normalise: Callable[[str], str] = plain
    labels: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        check_members(self.members)
        if len(self.weights) != len(self.members):
            raise ValueError(
                f"{len(self.members)} members but {len(self.weights)} weights; give each member one"
            )
        object.__setattr__(self, "weights", shares(self.weights))

    async def run(self, ask: Ask, prompt: str) -> Weighted:
        replies = await ask_all(ask, self.members, prompt, "answer", labels=self.labels)
        answers = [answer_in(reply, self.normalise) for reply in replies]
        scores = tuple(
            self._score(reply) if isinstance(reply, Reply) and answer is not None else 0.0
            for answer, reply in zip(answers, replies, strict=True)
        )
        decision = decide(answers, scores, self.weights)
        if decision.winner is None:
            raise nothing_usable(replies)
        best = replies[answers.index(decision.winner)]
        assert isinstance(best, Reply)  # only a reply can win
        return Weighted(best.text, decision, replies, tuple(answers), scores, best.cut_off)

    def _score(self, reply: Reply) -> float:
        try:
            return self.evaluate(reply)
        except Unparsed:
            return 0.0
