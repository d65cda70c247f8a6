"""Our client on a real Ollama: what only the real thing can show."""

import asyncio
from dataclasses import replace

import pytest

import mlkit
from mlkit.ask import Member
from mlkit.errors import BadPrompt, EngineError, ModelMissing

pytestmark = pytest.mark.live


def test_a_model_that_the_server_does_not_have():
    kit = mlkit.connect(engine="ollama")

    async def main() -> None:
        with pytest.raises(ModelMissing, match="ollama pull qwen2.5-coder:900b"):
            await kit.ask(Member("qwen2.5-coder:900b"), "hello")

    asyncio.run(main())


@pytest.mark.parametrize("engine", ["ollama", "embedded"])
def test_a_prompt_that_fills_the_context_is_refused_not_cut(engine):
    """Short enough in characters, too long in tokens: every digit is one."""
    kit = mlkit.connect(engine=engine)

    async def main() -> None:
        with pytest.raises(BadPrompt, match="does not fit the 4,096 tokens"):
            await kit.ask(replace(kit.cast.small, max_tokens=1), "7" * 6000)

    asyncio.run(main())


@pytest.mark.parametrize("engine", ["ollama", "embedded"])
def test_a_model_that_cannot_think_answers_and_refuses_to_think(engine):
    kit = mlkit.connect(engine=engine)
    member = replace(kit.cast.small, max_tokens=8)

    async def main() -> None:
        reply = await kit.ask(member, "Say yes.")
        assert reply.text and (reply.thinking, reply.thinking_tokens) == ("", 0)
        with pytest.raises(EngineError, match=rf"'{member.model}' cannot think.*think=False"):
            await kit.ask(replace(member, think=True), "Say yes.")

    asyncio.run(main())


@pytest.mark.parametrize("engine", ["ollama", "embedded"])
def test_texts_become_unit_vectors_that_tell_likeness(engine):
    kit = mlkit.connect(engine=engine)
    vectors = asyncio.run(
        kit.embed(["The chain is broken.", "My bike's chain broke.", "Opening hours on Sunday"])
    )
    alike = vectors @ vectors.T
    assert alike.shape == (3, 3) and alike.diagonal() == pytest.approx(1)
    assert alike[0, 1] > alike[0, 2]
