"""What the server can do wrong, and what a person could type wrong: each becomes an error of ours
that names the fix.
"""

import asyncio

import pytest

from mlkit.ask import Member
from mlkit.engines.ollama import Chat
from mlkit.engines.request import PROMPT_CHARACTERS
from mlkit.errors import (
    BadPrompt,
    EngineBusy,
    EngineError,
    EngineTimeout,
    EngineUnreachable,
    ModelMissing,
)

MEMBER = Member("m")

SERVER = [
    ("full", EngineBusy, "Ask again in a moment"),
    ("broken", EngineError, "mlkit doctor"),
    ("not found", ModelMissing, "ollama pull m"),
    ("html", EngineError, "OLLAMA_HOST"),
    ("truncated json", EngineError, "OLLAMA_HOST"),
    ("other json", EngineError, "OLLAMA_HOST"),
    ("dies mid-answer", EngineUnreachable, "ollama serve"),
    ("hangs up", EngineUnreachable, "ollama serve"),
    ("hangs", EngineTimeout, "MLKIT_TIMEOUT_SECONDS"),
]


@pytest.mark.parametrize("fault, error, fix", SERVER, ids=[fault for fault, *_ in SERVER])
def test_a_server_that_misbehaves(server, fault, error, fix):
    async def main():
        async with server(fault) as address:
            async with asyncio.timeout(
                10
            ):  # far more than the timeout that is tested, far less than the default
                with pytest.raises(error, match=fix):
                    await Chat(address, timeout_seconds=0.3)(MEMBER, "hello")

    asyncio.run(main())


def test_a_server_that_is_not_there():
    async def main():
        with pytest.raises(EngineUnreachable, match="ollama serve"):
            await Chat("http://127.0.0.1:1")(MEMBER, "hello")

    asyncio.run(main())


PROMPTS = [
    ("empty", "", "Write a question"),
    ("white", " \n\t", "Write a question"),
    ("too long", "word " * 20_000, "Cut it"),
    ("lone surrogate", "caf\ud800", "position 3"),
    ("NUL", "a\0b", "position 1"),
]


@pytest.mark.parametrize(
    "prompt, fix", [case[1:] for case in PROMPTS], ids=[case[0] for case in PROMPTS]
)
def test_a_prompt_no_engine_can_answer_is_refused_before_anything_is_sent(server, prompt, fix):
    async def main():
        async with server("broken") as address:
            with pytest.raises(BadPrompt, match=fix):
                await Chat(address)(MEMBER, prompt)

    asyncio.run(main())


def test_system_and_examples_count_towards_the_context(server):
    half = "w" * (PROMPT_CHARACTERS // 2 + 1)

    async def main():
        async with server("fine") as address:
            assert (await Chat(address)(MEMBER, half)).text == "ok"
            with pytest.raises(BadPrompt, match="with its system message and examples"):
                await Chat(address)(Member("m", shots=((half, ""),)), half)

    asyncio.run(main())
