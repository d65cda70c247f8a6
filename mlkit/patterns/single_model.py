"""Single model: one member answers. The number that every other pattern must beat."""

from dataclasses import dataclass

from mlkit.ask import Ask, Member


@dataclass(frozen=True)
class Answered:
    """What the one model answered."""

    text: str
    cut_off: bool  # True where max_tokens ended the answer

    def describe(self) -> str:
        return "One member was asked, and what it said is the answer."


@dataclass(frozen=True)
class SingleModel:
    """Ask one member, and take what it says."""

    member: Member

    async def run(self, ask: Ask, prompt: str) -> Answered:
        reply = await ask(self.member, prompt, role="answer")
        return Answered(reply.text, reply.cut_off)
