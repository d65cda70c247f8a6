"""Pipeline: stages in a row, each reading what the one before it wrote."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from mlkit.ask import Ask, Member
from mlkit.parsing import without_thinking


def not_empty(text: str) -> str:
    """The check of a stage without its own: what is wrong with an output, "" where nothing is."""
    return "" if without_thinking(text).strip() else "the answer is empty"


@dataclass(frozen=True)
class Stage:
    """One step of the way; up to `retries` times it tries again where `check` finds a fault."""

    name: str
    member: Member
    task: str = ""
    check: Callable[[str], str] = not_empty
    retries: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.retries <= 10:
            raise ValueError(f"stage {self.name!r} has retries={self.retries}; it takes 0 to 10")


class Staged(NamedTuple):
    """What one stage wrote."""

    name: str
    text: str
    tries: int
    complaint: str  # what its check still finds wrong after the last try, else ""
    cut_off: bool


@dataclass(frozen=True)
class Piped:
    """What the last stage wrote, and every stage before it."""

    text: str
    stages: tuple[Staged, ...]
    cut_off: bool  # True where max_tokens ended any stage's output: its end was lost on the way

    def describe(self) -> str:
        """How the stages went, in a sentence."""
        stages = [
            f"{stage.name} ({stage.tries} tries)" if stage.tries > 1 else stage.name
            for stage in self.stages
        ]
        faults = [
            f"{one.name} did not pass: {one.complaint}" for one in self.stages if one.complaint
        ]
        return "; ".join([f"Passed through {', '.join(stages)}", *faults]) + "."


@dataclass(frozen=True)
class ModelPipeline:
    """Pass a prompt through stages."""

    stages: Sequence[Stage]
    keep_original: bool = False  # True: each stage still sees the request and all outputs so far

    def __post_init__(self) -> None:
        names = [stage.name for stage in self.stages]
        if not names:
            raise ValueError(
                "a pipeline has no stages; give at least one, for example Stage('answer', member)"
            )
        if len(set(names)) < len(names):
            raise ValueError(
                "stage names must differ, to be told apart in the trace; these are"
                f" {', '.join(names)}"
            )

    async def run(self, ask: Ask, prompt: str) -> Piped:
        done: list[Staged] = []
        for stage in self.stages:
            done.append(await self._pass(ask, stage, self._prompt(stage, prompt, done)))
        return Piped(done[-1].text, tuple(done), any(staged.cut_off for staged in done))

    def _prompt(self, stage: Stage, original: str, done: Sequence[Staged]) -> str:
        """A stage's task, and what it may see."""
        seen = done[-1].text if done else original
        if done and self.keep_original:
            seen = "\n".join(
                [f"Request: {original}", *(f"{staged.name}: {staged.text}" for staged in done)]
            )
        return f"{stage.task}\n\n{seen}" if stage.task else seen

    async def _pass(self, ask: Ask, stage: Stage, prompt: str) -> Staged:
        """One stage through its gate: ask, check, and ask again with the complaint."""
        reply = await ask(stage.member, prompt, role=stage.name)
        tries = 1
        while (complaint := _complaint(stage, reply.said)) and tries <= stage.retries:
            again = f"{prompt}\n\nYour last answer was refused: {complaint}. Answer again."
            reply = await ask(stage.member, again, role=stage.name)
            tries += 1
        return Staged(stage.name, reply.said, tries, complaint, reply.cut_off)


def _complaint(stage: Stage, text: str) -> str:
    complaint = stage.check(text)
    if not isinstance(complaint, str):  # True for a good text would read as a fault
        raise TypeError(
            f"the check of stage {stage.name!r} gave {complaint!r}; it gives what is wrong with a"
            ' text in words, and "" where nothing is'
        )
    return complaint
