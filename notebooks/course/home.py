"""Take it home: whom a pattern without the kit asks, in a notebook that may run on recordings."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from mlkit.ask import Member
from mlkit.engines.interrupt import interruptible
from mlkit.engines.request import messages_for, options_for
from mlkit.errors import NotRecorded
from mlkit.kit import Kit
from mlkit.progress import shown_in_cell
from mlkit.wrappers import Event


def client(kit: Kit) -> Any:
    """The real `ollama.AsyncClient` where Ollama answers; elsewhere one whose `chat` answers from
    kit.ask, in the same form. While a live one works, a line says for how long.
    """
    if kit.engine.kind != "ollama":
        return Shown(StandIn(kit)) if kit.live else StandIn(kit)
    from mlkit.engines.address import host
    from mlkit.engines.ollama import connection

    return Shown(connection(host()))


def as_dict(member: Member) -> dict[str, Any]:
    """A member in plain Python: model, messages before the prompt, options, form of its answers."""
    told = {"messages": messages_for(member, "")[:-1], "options": options_for(member)}
    return {"model": member.model, "form": json.loads(member.schema or "null")} | told


class Shown:
    """A client whose calls show their progress in the cell, and end with its stop button."""

    def __init__(self, client: Any) -> None:
        self._client = client

    async def chat(self, model: str, messages: Sequence[Any], **options: Any) -> Any:
        async with shown_in_cell() as calls:
            calls.hear(Event("asked", 1, "take home", Member(model), ""))
            with interruptible():
                return await self._client.chat(model=model, messages=messages, **options)


class StandIn:
    """`chat` as the official client has it, as far as the take-home cells use it."""

    def __init__(self, kit: Kit) -> None:
        self._kit = kit

    async def chat(
        self,
        model: str,
        messages: Sequence[Mapping[str, str]],
        *,
        think: bool = False,
        format: dict[str, Any] | None = None,
        options: Mapping[str, Any] | None = None,
        logprobs: bool = False,
        top_logprobs: int = 0,
    ) -> dict[str, Any]:
        """The answer stands under ["message"]["content"]; with `logprobs` the likeliest first
        tokens under ["logprobs"][0]["top_logprobs"], each with "token" and "logprob".
        """
        member = _member(model, messages, think, options or {})
        *_, prompt = (message["content"] for message in messages)
        role, labels = "take home", ("any",) if logprobs else None
        try:  # recordings know the format of a member, or of one call
            asked = member if format is None else replace(member, schema=json.dumps(format))
            reply = await self._kit.ask(asked, prompt, role=role, labels=labels)
        except NotRecorded:
            if format is None:
                raise
            # a review's format holds the form of its answer, which is the reviewer's own
            form = format.get("properties", {}).get("answer", {})
            asked = replace(member, schema=json.dumps(form) if "properties" in form else "")
            reply = await self._kit.ask(asked, prompt, role=role, format=format, labels=labels)
        likeliest = [
            {"token": token, "logprob": math.log(max(share, 1e-12))}
            for token, share in reply.choices.items()
        ]
        return {
            "message": {"role": "assistant", "content": reply.text},
            "prompt_eval_count": reply.prompt_tokens,
            "eval_count": reply.output_tokens,
            "logprobs": [{"top_logprobs": likeliest}],
        }


def _member(
    model: str, messages: Sequence[Mapping[str, str]], think: bool, options: Mapping[str, Any]
) -> Member:
    """Who is asked so: the system message, then examples as earlier turns."""
    texts = [message["content"] for message in messages[:-1]]
    system = texts.pop(0) if messages[0]["role"] == "system" else ""
    return Member(
        model,
        system,
        tuple(zip(texts[::2], texts[1::2], strict=True)),
        temperature=options.get("temperature", 0.0),
        seed=options.get("seed", 0),
        max_tokens=options.get("num_predict", 128),
        think=think,
    )
