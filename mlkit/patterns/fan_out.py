"""Fan-out: the same prompt to all members at once; all answers come back, one may be picked."""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from string import ascii_uppercase
from typing import NamedTuple

from mlkit.ask import Ask, Failure, Member, Reply, ask_all
from mlkit.errors import MlkitError, Unparsed
from mlkit.parsing import most_likely
from mlkit.votes import check_members, nothing_usable


class Pick(NamedTuple):
    """Which answer became the text, and how."""

    member: int | None  # its position among the members; None where one was written from all
    by: str  # "checker", "judge", "fuse", or "order": the first that came
    shown: tuple[int, ...] = ()  # the answers in the order in which a judge, or who fuses, saw them
    complaint: str = ""  # why nobody could pick, or fuse


@dataclass(frozen=True)
class FannedOut:
    """All answers, and the one that was picked as `text`."""

    text: str
    answers: tuple[Reply | Failure, ...]  # in the order of the members
    pick: Pick
    cut_off: bool  # True where max_tokens ended the picked answer

    def describe(self) -> str:
        """Whose answer became the text, in a sentence."""
        came = f"Of {len(self.answers)} answers"
        if self.pick.member is None:
            return f"{came} {len(self.pick.shown)} were made into one."
        if self.pick.by != "order":
            return f"{came} the {self.pick.by} picked number {self.pick.member + 1}."
        why = f": {self.pick.complaint}" if self.pick.complaint else ""
        return f"{came} the first, number {self.pick.member + 1}, stands{why}."


@dataclass(frozen=True)
class ModelFanOut:
    """Ask all members at once, and pick one answer."""

    members: Sequence[Member]
    # a checker (the first answer it accepts), a judge, or None (the first answer)
    pick: Callable[[str], bool] | Member | None = None
    # of the order in which a judge sees the answers: shuffled, because judges favour a position
    seed: int = 0
    # an aggregator, who writes one answer from all; then none is picked (mixture of agents: Wang et
    # al. 2024)
    fuse: Member | None = None

    def __post_init__(self) -> None:
        check_members(self.members)
        if len(self.members) > len(ascii_uppercase):
            raise ValueError(
                f"{len(self.members)} members are too many; a judge has letters for 26"
            )

    async def run(self, ask: Ask, prompt: str) -> FannedOut:
        answers = await ask_all(ask, self.members, prompt, "answer")
        texts = {
            n: text
            for n, answer in enumerate(answers)
            if isinstance(answer, Reply) and (text := answer.said).strip()
        }
        if not texts:
            raise nothing_usable(answers)
        best, pick = await self._best(ask, prompt, answers, texts)
        return FannedOut(best.text, answers, pick, best.cut_off)

    async def _best(
        self, ask: Ask, prompt: str, answers: Sequence[Reply | Failure], texts: dict[int, str]
    ) -> tuple[Reply, Pick]:
        """The reply that becomes the text: one of the answers, or the one that is made of all."""
        if self.fuse:
            shown, question = self._question(prompt, texts)
            try:
                fused = await ask(self.fuse, question, role="fuse")
                if fused.said.strip():
                    return fused, Pick(None, "fuse", shown)
                raise Unparsed("The answer made of all is empty. Raise max_tokens of who fuses.")
            except MlkitError as error:  # the answers are there, and one of them must do
                pick = Pick(next(iter(texts)), "order", shown, str(error))
        else:
            pick = await self._pick(ask, prompt, texts)
        best = answers[pick.member or 0]
        assert isinstance(best, Reply)  # only a reply can be picked
        return best, pick

    async def _pick(self, ask: Ask, prompt: str, texts: dict[int, str]) -> Pick:
        first = next(iter(texts))
        if self.pick is None:
            return Pick(first, "order")
        if isinstance(self.pick, Member):
            return await self._judge(ask, self.pick, prompt, texts)
        for n, text in texts.items():
            if self.pick(text):
                return Pick(n, "checker")
        return Pick(first, "order", (), "the checker accepted none")

    async def _judge(self, ask: Ask, judge: Member, prompt: str, texts: dict[int, str]) -> Pick:
        shown, question = self._question(prompt, texts)
        letters = ascii_uppercase[: len(shown)]
        try:
            reply = await ask(judge, question, role="judge", labels=tuple(letters))
            best = shown[letters.index(most_likely(reply, letters).label)]
        except MlkitError as error:  # the answers are there; a judge that fails must not lose them
            return Pick(next(iter(texts)), "order", shown, str(error))
        return Pick(best, "judge", shown)

    def _question(self, prompt: str, texts: dict[int, str]) -> tuple[tuple[int, ...], str]:
        """The order in which the answers are shown, and the question that shows them so."""
        shown = list(texts)
        random.Random(f"{self.seed} {prompt}").shuffle(shown)
        listed = [
            f"Answer {letter}: {texts[n]}"
            for letter, n in zip(ascii_uppercase, shown, strict=False)
        ]
        return tuple(shown), "\n\n".join([f"Question: {prompt}", *listed])
