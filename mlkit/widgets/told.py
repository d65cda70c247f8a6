"""All that a model is told, in one view that folds: instructions, examples, prompt, format."""

import json
from dataclasses import dataclass
from typing import Any

from mlkit.ask import Member
from mlkit.escaped import NO_MATH, in_html, printable

# the line break is no part of the text: without it a first one in the text would be lost
_WHOLE_WORDS = "white-space: pre-wrap; word-break: normal; overflow-wrap: anywhere"
_PART = f"<div><i>{{}}</i><pre style='{_WHOLE_WORDS}'>\n{{}}</pre></div>"
_FORMAT = "format of its answer"  # folded: it may list every thing and every rule
_FOLDED = _PART.replace("div>", "details>").replace("<i>{}</i>", "<summary><i>{}</i></summary>")


@dataclass(frozen=True, repr=False)
class Told:
    """What a member is told before it answers, as the last line of a cell: open, and it folds.

    `format` is the JSON schema of one call; without it the member's own counts, if it has one.
    """

    member: Member
    prompt: str = ""
    format: dict[str, Any] | None = None

    def parts(self) -> list[tuple[str, str]]:
        """What it is told, in this order, each part with its name."""
        told = [("instructions", self.member.system)]
        for number, (question, answer) in enumerate(self.member.shots, 1):
            told += [(f"example {number}", question), (f"answer to example {number}", answer)]
        if self.prompt:
            told.append(("prompt", self.prompt))
        schema = self.format or json.loads(self.member.schema or "null")
        if schema:
            told.append((_FORMAT, json.dumps(schema, indent=2, ensure_ascii=False)))
        return told

    def html(self, opened: bool = False) -> str:
        """For a page: a summary that opens on a click or on Enter, and every text escaped."""
        form = {_FORMAT: _FOLDED}
        parts = [form.get(name, _PART).format(name, in_html(text)) for name, text in self.parts()]
        title = f"<summary>{in_html(self._title())}</summary>"
        return f"<details class='{NO_MATH}'{' open' * opened}>{title}{''.join(parts)}</details>"

    def _title(self) -> str:
        name, model = self.member.name, self.member.model
        return f"What {name} is told{f' ({model})' if name != model else ''}"

    def _repr_html_(self) -> str:
        return self.html(opened=True)

    def __repr__(self) -> str:
        """The same as text, where no HTML is shown."""
        indented = "\n".join(
            f"{name}:\n" + "\n".join(f"    {line}" for line in printable(text).splitlines())
            for name, text in self.parts()
        )
        return f"{printable(self._title())}\n{indented}"


told = Told  # as a notebook says it
