"""The embedded engine answers as a real Ollama does: the same questions of the course go to both.

Needs an Ollama at 127.0.0.1:11434 with the tiny cast, made from the same GGUF files
(.ci/ollama-up). Two builds of llama.cpp differ in the last digits, so a few texts may differ.
"""

import asyncio
import json

import pytest
from course import shop

from mlkit.ask import Member, Reply
from mlkit.engines import weights
from mlkit.engines.embedded import Embedded
from mlkit.engines.ollama import Ollama
from mlkit.measure.tasks import load

pytestmark = pytest.mark.live

SMALL = Member("qwen2.5-coder:0.5b")
Engine = Embedded | Ollama


@pytest.fixture(scope="module")
def engines() -> tuple[Embedded, Ollama]:
    # One thread: the server has threads of its own, and they would spin against each other.
    ours = Embedded({SMALL.model: weights.path(SMALL.model)}, threads=1)
    return ours, Ollama("http://127.0.0.1:11434")


def questions() -> list[tuple[Member, str, tuple[str, ...]]]:
    """Twenty: ten messages for a queue, with the queues' probabilities, and ten tasks of the
    desk.
    """
    queue = shop.member_for(SMALL, "triage")
    messages = [task.input for task in load("triage") if task.split == "fit"][:10]
    tasks = [task for task in load("desk") if task.split == "fit"][::4][:10]
    tasks.sort(key=lambda task: task.kind)  # what is told again is not read again
    return [(queue, message, shop.QUEUES) for message in messages] + [
        (shop.member_for(SMALL, task.kind), task.input, ()) for task in tasks
    ]


async def answers(ask: Engine) -> list[Reply]:
    return [await ask(member, prompt, labels=labels) for member, prompt, labels in questions()]


def test_the_same_twenty_questions(engines: tuple[Embedded, Ollama]) -> None:
    ours, theirs = (asyncio.run(answers(ask)) for ask in engines)
    pairs = list(zip(ours, theirs, strict=True))
    assert len(pairs) == 20
    same = [one.text.split()[:1] == other.text.split()[:1] for one, other in pairs]
    for (one, other), equal in zip(pairs, same, strict=True):
        if not equal:
            print(f"\nembedded {one.text!r}\nOllama   {other.text!r}")
    apart = max(
        abs(one.choices.get(token, 0.0) - chance)
        for one, other in pairs[:10]
        for token, chance in other.choices.items()
    )
    print(f"\nsame first word: {sum(same)} of 20; probabilities apart by at most {apart:.3f}")
    assert sum(same) >= 18
    assert apart < 0.1
    assert all(len(one.choices) == len(other.choices) == 20 for one, other in pairs[:10])
    assert not any(one.choices or other.choices for one, other in pairs[10:])
    # The same template, and the same reasons for the end of an answer that is the same.
    assert [one.prompt_tokens for one in ours] == [other.prompt_tokens for other in theirs]
    for one, other in pairs:
        assert one.text != other.text or one.done_reason == other.done_reason


def test_a_schema_is_obeyed_by_both(engines: tuple[Embedded, Ollama]) -> None:
    schema = {"type": "object", "properties": {"age": {"type": "integer"}}, "required": ["age"]}
    for ask in engines:
        reply = asyncio.run(ask(SMALL, "Describe a man of 40 as a JSON object.", format=schema))
        answer = json.loads(reply.text)
        assert list(answer) == ["age"] and isinstance(answer["age"], int)


def test_the_same_embeddings(engines: tuple[Embedded, Ollama]) -> None:
    texts = ["The chain is broken.", "Opening hours on Sunday", "ü"]
    ours, theirs = (asyncio.run(ask.embed(SMALL.model, texts)) for ask in engines)
    assert ours.shape == theirs.shape and (ours * ours).sum(axis=1) == pytest.approx(1)
    cosines = (ours * theirs).sum(axis=1)
    print(f"\ncosines {cosines.round(4)}")
    assert (cosines >= 0.99).all()


@pytest.mark.parametrize("engine", [0, 1], ids=["embedded", "ollama"])
def test_a_cancelled_call_is_stopped(engines: tuple[Embedded, Ollama], engine: int) -> None:
    ask, asking_loop = engines[engine], asyncio.new_event_loop()

    async def main() -> float:
        await ask(Member(SMALL.model, max_tokens=4), "hi")  # loads the model
        calling = asyncio.create_task(
            ask(Member(SMALL.model, max_tokens=2000), "Write a long story about a lighthouse.")
        )
        done, _ = await asyncio.wait({calling}, timeout=1.5)
        assert not done
        calling.cancel()
        began = asking_loop.time()
        reply = await ask(Member(SMALL.model, max_tokens=4), "hi")
        return asking_loop.time() - began - reply.seconds

    waited = asking_loop.run_until_complete(main())
    asking_loop.close()
    print(f"\nstopped within {waited:.2f} s")
    assert waited < 4
