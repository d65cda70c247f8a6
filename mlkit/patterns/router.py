"""Router: classify the prompt, then ask the specialist for its class."""

from collections.abc import Mapping
from dataclasses import dataclass

from mlkit.ask import Ask, Member
from mlkit.parsing import FLOOR, most_likely_or_none
from mlkit.ties import reaches


@dataclass(frozen=True)
class Routed:
    """What the router answered, and why it went where it went."""

    text: str
    label: str  # "" where the classifier named no class
    confidence: float  # probability of the label among the known ones, in [0, 1]
    label_mass: float  # probability that the answer was any known label, in [0, 1]
    measured: bool  # False where the engine gives no probabilities, and the label is all there is
    specialist: str
    cut_off: bool  # True where max_tokens ended the answer

    def describe(self) -> str:
        """Where the prompt went, and why, in a sentence."""
        sure = f" with certainty {self.confidence * self.label_mass:.2f}" if self.measured else ""
        named = f"The classifier named {self.label}{sure}" if self.label else "No class was named"
        if self.label == self.specialist:
            return f"{named}, and its specialist answered."
        return f"{named}; that is not enough, so {self.specialist} answered."


@dataclass(frozen=True)
class ModelRouter:
    """Send each prompt to the specialist for its class.

    A class nobody covers, or one less sure than `threshold` (in [0, 1]) or than FLOOR, goes to
    `fallback`.
    """

    classifier: Member
    specialists: Mapping[str, Member]
    fallback: str = "general"
    threshold: float = 0.0

    def __post_init__(self) -> None:
        if self.fallback not in self.specialists:
            known = ", ".join(self.specialists) or "none given"
            raise ValueError(
                f"fallback {self.fallback!r} has no specialist; choose one of: {known}"
            )
        if not 0 <= self.threshold <= 1:
            raise ValueError(f"threshold is {self.threshold}; it is a probability, from 0 to 1")

    async def run(self, ask: Ask, prompt: str) -> Routed:
        reply = await ask(self.classifier, prompt, role="classify", labels=tuple(self.specialists))
        likely = most_likely_or_none(reply, self.specialists)
        specialist = self.route(likely.label, likely.certainty)
        answer = await ask(self.specialists[specialist], prompt, role=specialist)
        return Routed(answer.text, *likely, specialist, answer.cut_off)

    def route(self, label: str, certainty: float) -> str:
        """The specialist for a classification. Pure: a slider can move the threshold for free."""
        sure = reaches(certainty, max(self.threshold, FLOOR))  # below it no label was meant
        return label if sure and label in self.specialists else self.fallback
