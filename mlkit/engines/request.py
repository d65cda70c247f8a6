"""What of a member and a prompt goes to an engine, and what no engine can answer."""

import asyncio
import json
import random
import re
from collections.abc import Sequence
from typing import Any

from mlkit.ask import Member, Reply
from mlkit.errors import BadPrompt, EngineError, EngineTimeout, SettingError
from mlkit.wrappers import watcher

BUSY_SECONDS = (0.5, 1, 2, 4, 8, 16)  # between tries while a server's queue is full: 32 s in all
CONTEXT_TOKENS = 4096
# Beyond the context Ollama drops the beginning without a word; English runs to about 4 characters a
# token.
PROMPT_CHARACTERS = 3 * CONTEXT_TOKENS
FILLS_CONTEXT = (
    f"The prompt with its system message and examples does not fit the {CONTEXT_TOKENS:,} tokens of"
    " context, so its beginning would be dropped without a word. Shorten it (in English about"
    f" {PROMPT_CHARACTERS:,} characters fit), or ask about one part at a time."
)
_UNSENDABLE = re.compile("[\0\ud800-\udfff]")


async def wait_for_room(seconds: float) -> None:
    """Before a full server is asked again: wait about so long, each asker another time; told."""
    watcher()("waiting")
    await asyncio.sleep(seconds * random.uniform(0.5, 1.5))
    watcher()("started")


def check_prompt(prompt: str, characters: int) -> None:
    """Raise BadPrompt for what an engine would misread; `characters` are all that go along."""
    if not prompt.strip():
        raise BadPrompt("The prompt is empty. Write a question into it.")
    if unsendable := _UNSENDABLE.search(prompt):
        kind = "a NUL" if unsendable[0] == "\0" else "half of a character (a lone surrogate)"
        raise BadPrompt(
            f"The prompt holds {kind} at position {unsendable.start()}. Clean it with  "
            "prompt.encode('utf-8', 'ignore').decode().replace('\\0', '')"
        )
    if characters > PROMPT_CHARACTERS:
        raise BadPrompt(FILLS_CONTEXT)


def check_told(*texts: str) -> None:
    """Raise SettingError where what a member is always told cannot be sent."""
    if unsendable := [text for text in texts if _UNSENDABLE.search(text)]:
        raise SettingError(
            "A member's model, system, shots or schema hold a NUL or half of a character (a lone"
            f" surrogate): {unsendable[0][:80]!a}. Take it out."
        )


def messages_for(member: Member, prompt: str) -> list[dict[str, str]]:
    """The chat as it is sent: system, shots as earlier turns, prompt. Raises as check_told does."""
    # The system message is always sent, even when empty: without one, model templates put in their
    # own.
    messages = [{"role": "system", "content": member.system}]
    for question, answer in member.shots:
        messages += [
            {"role": "user", "content": question},
            {"role": "assistant", "content": answer},
        ]
    check_told(member.model, *(message["content"] for message in messages))
    return [*messages, {"role": "user", "content": prompt}]


def checked_messages(member: Member, prompt: str) -> list[dict[str, str]]:
    """The chat as it is sent to a model on this machine. Raises BadPrompt as check_prompt does."""
    messages = messages_for(member, prompt)
    check_prompt(prompt, sum(len(message["content"]) for message in messages))
    return messages


def check_texts(texts: Sequence[str]) -> None:
    """Raise BadPrompt for a text that no engine can embed."""
    for text in texts:
        check_prompt(text, len(text))


# Ollama's defaults of today, sent all the same: defaults differ between engines and change with a
# version. The repeat_penalty was 1.1 until Ollama 0.32.9, which punishes a small model for copying
# a price or a label.
SAMPLING = {"top_k": 40, "top_p": 0.9, "min_p": 0.0, "repeat_penalty": 1.0}


def options_for(member: Member) -> dict[str, float]:
    """How tokens are chosen, whole, under Ollama's names."""
    return {
        "temperature": float(member.temperature),
        "seed": member.seed,
        "num_predict": member.max_tokens,
        "num_ctx": CONTEXT_TOKENS,
        **SAMPLING,
    }


def wanted_schema(member: Member, format: dict[str, Any] | None) -> dict[str, Any] | None:
    """What an answer must fit: what the call asks for, else what the member always answers in."""
    schema = format or (json.loads(member.schema) if member.schema else None)
    check_told(json.dumps(schema, ensure_ascii=False).replace("\\u0000", "\0"))
    return schema


def thinking_tokens(thoughts: Sequence[str], texts: Sequence[str], written: int) -> int:
    """About how many of the tokens written were thinking: as many as of the pieces that came."""
    return round(written * len(thoughts) / max(1, len(thoughts) + len(texts)))


def answered(reply: Reply) -> Reply:
    """The reply, where it answers. Raises EngineError where its tokens went into thinking."""
    thought = reply.thinking or reply.thinking_tokens or reply.text.strip()
    if reply.said.strip() or not thought or reply.done_reason not in ("stop", "length"):
        return reply
    member = reply.member
    raise EngineError(
        f"{member.model!r} spent its {reply.output_tokens} tokens on thinking and gave no answer."
        " Keep it from thinking, Member(..., think=False), or give it more than"
        f" max_tokens={member.max_tokens}"
    )


def cannot_think(model: str) -> EngineError:
    return EngineError(
        f"{model!r} cannot think. Set Member(..., think=False), or ask a model that can, such as"
        " qwen3:1.7b"
    )


def took_too_long(model: str, seconds: float) -> EngineTimeout:
    return EngineTimeout(
        f"{model!r} took longer than {seconds:g} s to answer. Ask for fewer tokens (max_tokens),"
        " take a smaller model, or wait longer:  MLKIT_TIMEOUT_SECONDS=900"
    )
