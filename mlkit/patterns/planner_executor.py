"""Planner-executor: a planner writes a plan, executors do its steps, results become one answer."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from mlkit.ask import Ask, Failure, Member, together
from mlkit.parsing import rows_in, rows_schema


class Step(NamedTuple):
    """One step of a plan."""

    number: int
    type: str
    prompt: str
    needs: tuple[int, ...] = ()  # numbers of earlier steps whose results it reads


def parse_plan(
    text: str, types: Sequence[str], fallback: str, max_steps: int
) -> tuple[tuple[Step, ...], tuple[str, ...]]:
    """Read a plan and make it safe to run: the steps, and what was repaired, a sentence each.

    Safe is: known types, at most `max_steps`, and each needs only steps before it.
    """
    rows, repairs = rows_in(text, "steps", "prompt", max_steps)
    steps: dict[int, Step] = {}
    for number, row in rows.items():
        kind: Any = row.get("type")  # a model may write anything there
        needs = row.get("needs") or []
        if kind not in types:
            repairs.append(f"Step {number} has the unknown type {kind!r}; {fallback} does it.")
            kind = fallback
        needs = needs if isinstance(needs, list) else [needs]
        earlier = tuple(n for n in steps if n in needs)
        if len(earlier) < len(needs):
            repairs.append(
                f"Step {number} needs {needs}; of these, only {list(earlier)} are steps before it."
            )
        steps[number] = Step(number, kind, row["prompt"], earlier)
    return tuple(steps.values()), tuple(repairs)


@dataclass(frozen=True)
class Planned:
    """The answer, every step with its result, and what had to be repaired in the plan."""

    text: str
    steps: tuple[Step, ...]
    results: tuple[str | Failure, ...]  # one for each step
    repairs: tuple[str, ...]
    cut_off: bool  # True where max_tokens ended the answer

    def describe(self) -> str:
        """What was planned, and what came of it, in a sentence."""
        failed = sum(isinstance(result, Failure) for result in self.results)
        faults = f"; {failed} failed" if failed else ""
        repaired = f" {' '.join(self.repairs)}" if self.repairs else ""
        types = ", ".join(step.type for step in self.steps)
        return f"The plan: {types}{faults}.{repaired}"


@dataclass(frozen=True)
class PlannerExecutor:
    """Plan, do the steps (independent ones together), let `synthesizer` answer from the results."""

    planner: Member
    synthesizer: Member
    members: Mapping[str, Member]  # a step goes to the member for its type, where there is one,
    # and then through the tool for its type, if any
    tools: Mapping[str, Callable[[str], str]] = field(default_factory=dict)
    # does steps of an unknown type, and the whole request where the plan has no steps
    fallback: str = "search"
    max_steps: int = 6
    keep_request: bool = False  # True: who does a step sees the whole request, too

    def __post_init__(self) -> None:
        if self.fallback not in self.types:
            known = ", ".join(self.types) or "none given"
            raise ValueError(
                f"fallback {self.fallback!r} has no member and no tool; choose one of: {known}"
            )
        if self.max_steps < 1:
            raise ValueError(f"max_steps is {self.max_steps}; a plan needs at least one")

    @property
    def types(self) -> list[str]:
        return list({**self.members, **self.tools})

    @property
    def plan_format(self) -> dict[str, Any]:
        """The JSON schema of a plan: at most `max_steps` steps, each of a known type."""
        row = {
            "type": {"enum": self.types},
            "prompt": {"type": "string"},
            "needs": {"type": "array", "items": {"type": "integer"}, "maxItems": self.max_steps},
        }
        return rows_schema("steps", row, self.max_steps)

    async def run(self, ask: Ask, prompt: str) -> Planned:
        reply = await ask(self.planner, prompt, role="plan", format=self.plan_format)
        planned, repairs = parse_plan(reply.text, self.types, self.fallback, self.max_steps)
        steps = planned or (Step(1, self.fallback, prompt),)
        results: dict[Step, str | Failure] = {}
        while waiting := [step for step in steps if step not in results]:
            # A step needs only steps before it, so the first one waiting can always go: this ends.
            undone = {step.number for step in waiting}
            ready = [step for step in waiting if not undone & {*step.needs}]
            done = await together(*(self._do(ask, prompt, step, results) for step in ready))
            results |= zip(ready, done, strict=True)
        answer = await ask(
            self.synthesizer, f"Request: {prompt}\n\nResults:\n{_told(results)}", role="synthesize"
        )
        return Planned(
            answer.text, steps, tuple(results[step] for step in steps), repairs, answer.cut_off
        )

    async def _do(
        self, ask: Ask, request: str, step: Step, results: Mapping[Step, str | Failure]
    ) -> str:
        """Do one step: what its member writes, or else its own prompt, through the tool."""
        text = step.prompt
        if step.type in self.members:
            needed = {
                other: result for other, result in results.items() if other.number in step.needs
            }
            whole = f"It is part of this request: {request}" if self.keep_request else ""
            prompt = "\n\n".join(filter(None, (text, _told(needed), whole)))
            role = f"step {step.number} {step.type}"
            text = (await ask(self.members[step.type], prompt, role=role)).said
        return str(self.tools[step.type](text)) if step.type in self.tools else text


def _told(results: Mapping[Step, str | Failure]) -> str:
    """Steps and what they gave, a line each; failures too: the next model must know of them."""
    return "\n".join(
        f"{step.prompt}: " + (f"failed ({result.error})" if isinstance(result, Failure) else result)
        for step, result in results.items()
    )
