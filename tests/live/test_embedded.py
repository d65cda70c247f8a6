"""The embedded engine under a notebook's habits: asked again, interrupted, shut down in the middle
of an answer.

One thread computes: on a machine that also runs an Ollama, two threads would spin against its own,
and the times would tell of that instead.
"""

import asyncio
import contextlib
import subprocess
import sys
import textwrap
import time
from collections.abc import AsyncIterator

import httpx
import ollama
import pytest

from mlkit.engines import weights
from mlkit.engines.embedded import Embedded

pytestmark = pytest.mark.live

MODEL = "qwen2.5-coder:0.5b"
# llama.cpp cannot be stopped within a batch, which takes 1 to 2 s at a thread; what is not stopped
# takes half a minute.
STOPS_SECONDS = 4
LONG = "The quick brown fox jumps over the lazy dog. " * 350  # 3,500 tokens: half a minute to read
PROMPTS = (
    "What is the capital of France?",
    "Add 17 and 25.",
    "Name a prime number above 50.",
    "Write a haiku about rain.",
    "Translate 'good morning' into German.",
    "What does len([1, 2, 3]) return?",
    "Is a whale a fish?",
    "Write a Python function that doubles a number.",
    "List three colours.",
    "Who wrote Hamlet?",
)


@pytest.fixture(scope="module")
def embedded() -> Embedded:
    return Embedded({MODEL: weights.path(MODEL)}, threads=1)


async def ask(transport: Embedded | None, text: str, tokens: int = 4) -> ollama.ChatResponse:
    client = (
        ollama.AsyncClient(transport=transport)
        if transport
        else ollama.AsyncClient("http://127.0.0.1:11434")
    )
    options = {"temperature": 0, "num_predict": tokens, "num_ctx": 4096}
    return await client.chat(MODEL, [{"role": "user", "content": text}], options=options)


async def stream(transport: Embedded, text: str) -> AsyncIterator[ollama.ChatResponse]:
    options = {"temperature": 0, "num_predict": 2000, "num_ctx": 4096}
    client = ollama.AsyncClient(transport=transport)
    return await client.chat(
        MODEL, [{"role": "user", "content": text}], options=options, stream=True
    )


async def seconds_to_next_answer(transport: Embedded) -> float:
    """How long a short question takes, less what it takes by itself: the rest is what had to be
    stopped first.
    """
    began = time.monotonic()
    reply = await ask(transport, "hi")
    assert reply.message.content
    return time.monotonic() - began - (reply.prompt_eval_duration + reply.eval_duration) / 1e9


def test_repeated_prefix_is_not_read_again(embedded: Embedded) -> None:
    prefix = "You sort the mail of a small shop, carefully and politely. " * 30

    async def twice() -> list[ollama.ChatResponse]:
        return [await ask(embedded, prefix + end) for end in ("Sort this.", "Sort that.")]

    first, second = asyncio.run(twice())
    assert (
        second.prompt_eval_count == first.prompt_eval_count > 300
    )  # all tokens count, cached or not
    assert second.prompt_eval_duration < first.prompt_eval_duration / 5


def test_cancelled_answer_stops(embedded: Embedded) -> None:
    async def cancel() -> float:
        parts = await stream(embedded, "Write a long story about a lighthouse.")
        with contextlib.suppress(asyncio.CancelledError):  # ours, of the line below
            async for _ in parts:
                asyncio.current_task().cancel()
        asyncio.current_task().uncancel()
        return await seconds_to_next_answer(embedded)

    assert asyncio.run(cancel()) < STOPS_SECONDS


def test_closed_stream_stops(embedded: Embedded) -> None:
    async def close() -> float:
        parts = await stream(embedded, "Write a long story about a lighthouse.")
        async for _ in parts:
            break
        await parts.aclose()
        return await seconds_to_next_answer(embedded)

    assert asyncio.run(close()) < STOPS_SECONDS


def test_cancel_while_the_prompt_is_read(embedded: Embedded) -> None:
    async def cancel() -> float:
        asking = asyncio.create_task(ask(embedded, LONG))
        done, _ = await asyncio.wait({asking}, timeout=1)
        assert not done  # it is at the prompt still
        asking.cancel()
        waited = await seconds_to_next_answer(embedded)
        assert asking.cancelled()
        return waited

    waited = asyncio.run(cancel())
    print(f"stopped within {waited:.2f} s")
    assert waited < STOPS_SECONDS


def test_cancelled_embedding_stops(embedded: Embedded) -> None:
    async def cancel() -> float:
        asking = asyncio.create_task(ollama.AsyncClient(transport=embedded).embed(MODEL, LONG))
        done, _ = await asyncio.wait({asking}, timeout=1)
        assert not done
        asking.cancel()
        return await seconds_to_next_answer(embedded)

    waited = asyncio.run(cancel())
    print(f"embedding stopped within {waited:.2f} s")
    assert waited < STOPS_SECONDS + 1  # it looks once a second whether we are still there


def test_cancelled_while_waiting_never_runs(embedded: Embedded) -> None:
    async def cancel() -> float:
        running, waiting = (asyncio.create_task(ask(embedded, LONG)) for _ in range(2))
        await asyncio.wait({running, waiting}, timeout=1)
        running.cancel(), waiting.cancel()
        return await seconds_to_next_answer(embedded)

    assert asyncio.run(cancel()) < STOPS_SECONDS


def test_close_stops_and_can_be_used_again(embedded: Embedded) -> None:
    async def close() -> None:
        asking = asyncio.create_task(ask(embedded, LONG))
        await asyncio.wait({asking}, timeout=1)
        await embedded.aclose()
        with pytest.raises(ollama.ResponseError, match="canceled"):
            await asyncio.wait_for(asking, 10)
        assert (await ask(embedded, "hi")).message.content

    asyncio.run(close())


def test_lone_surrogate_and_nul_leave_the_worker_alive(embedded: Embedded) -> None:
    with pytest.raises(ollama.ResponseError, match="NUL"):
        asyncio.run(ask(embedded, "a\0b"))
    assert asyncio.run(ask(embedded, "hi")).message.content


@pytest.mark.parametrize("ending, code", [("pass", 0), ("raise SystemExit(3)", 3)])
@pytest.mark.parametrize("doing", ["writing", "reading", "embedding"])
def test_python_exits_in_the_middle_of_a_call(doing: str, ending: str, code: int) -> None:
    call = {
        "writing": (
            "client.chat(M, [{'role': 'user', 'content': 'Write a long story about a"
            " lighthouse.'}], options=O, stream=False)"
        ),
        "reading": (
            "client.chat(M, [{'role': 'user', 'content': 'The quick brown fox. ' * 700}],"
            " options=O)"
        ),
        "embedding": "client.embed(M, 'The quick brown fox. ' * 700, options=O)",
    }[doing]
    program = textwrap.dedent(f"""
        import asyncio, ollama, sys, time
        from mlkit.engines import weights
        from mlkit.engines.embedded import Embedded
        M, O = {MODEL!r}, dict(num_ctx=4096, temperature=0)
        client = ollama.AsyncClient(transport=Embedded({{M: weights.path(M)}}, threads=1))
        async def main():
            await client.chat(M, [])  # loads the model
            asking = asyncio.create_task({call})
            done, _ = await asyncio.wait({{asking}}, timeout=0.7)
            assert not done
            print("leaving", flush=True)
            {ending}
        asyncio.run(main())
    """)
    with subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, text=True
    ) as child:
        assert child.stdout.readline() == "leaving\n"
        began = time.monotonic()
        assert child.wait(timeout=30) == code
        assert time.monotonic() - began < 5


def test_llama_cpp_prints_nothing(capfd: pytest.CaptureFixture[str]) -> None:
    asyncio.run(ask(Embedded({MODEL: weights.path(MODEL)}, threads=1), "hi"))
    assert capfd.readouterr() == ("", "")


def test_its_port_needs_a_key(embedded: Embedded) -> None:
    asyncio.run(ask(embedded, "hi"))
    ((server, _),) = embedded._worker.loaded.values()
    assert (
        httpx.post(
            f"{server.listening_address}/completion", json={"prompt": "hi", "n_predict": 1}
        ).status_code
        == 401
    )


def test_report_agreement_with_ollama(embedded: Embedded) -> None:
    async def first_words() -> list[tuple[str, str]]:
        return [
            tuple([(await ask(engine, prompt, 8)).message.content for engine in (embedded, None)])
            for prompt in PROMPTS
        ]

    pairs = asyncio.run(first_words())
    same_token = sum(ours.split()[:1] == theirs.split()[:1] for ours, theirs in pairs)
    print(
        f"\nsame first word: {same_token} of {len(pairs)}; all 8 tokens the same:"
        f" {sum(a == b for a, b in pairs)}"
    )
    assert same_token >= len(pairs) * 0.7
