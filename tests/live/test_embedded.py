"""The embedded engine under a notebook's habits: asked again, cancelled, left in the middle of an
answer.

One thread computes: on a machine that also runs an Ollama, two threads would spin against its own,
and the times would tell of that instead.
"""

import asyncio
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable, Coroutine
from typing import Any

import httpx
import pytest

from mlkit.ask import Member
from mlkit.engines import weights
from mlkit.engines.embedded import Embedded
from mlkit.errors import EngineTimeout

pytestmark = pytest.mark.live

MODEL = "qwen2.5-coder:0.5b"
WRITER = Member(MODEL, max_tokens=2000)
BRIEF = Member(MODEL, max_tokens=4)
STORY = "Write a long story about a lighthouse."
# llama.cpp cannot be stopped within a batch, which takes 1 to 2 s at a thread; what is not stopped
# takes half a minute.
STOPS_SECONDS = 4
LONG = "The quick brown fox jumps over the lazy dog. " * 250  # 2,500 tokens
CALLS: dict[str, Callable[[Embedded], Coroutine[Any, Any, Any]]] = {
    "writing": lambda ask: ask(WRITER, STORY),
    "reading": lambda ask: ask(BRIEF, LONG),
    "embedding": lambda ask: ask.embed(MODEL, [LONG]),
    "embedding a list": lambda ask: ask.embed(MODEL, [STORY] * 2000),
}


@pytest.fixture(scope="module")
def embedded() -> Embedded:
    return Embedded({MODEL: weights.path(MODEL)}, threads=1)


async def seconds_to_next_answer(ask: Embedded) -> float:
    """How long a short question takes, less what it takes by itself: the rest is what had to be
    stopped first.
    """
    began = time.monotonic()
    reply = await ask(BRIEF, "hi")
    assert reply.text
    return time.monotonic() - began - reply.seconds


def test_repeated_prefix_is_not_read_again(embedded: Embedded) -> None:
    prefix = "You sort the mail of a small shop, carefully and politely. " * 30

    async def main() -> None:
        first, second = [await embedded(BRIEF, prefix + end) for end in ("Sort this.", "Do that.")]
        assert second.prompt_tokens == first.prompt_tokens > 300  # all count, cached or not
        assert second.prompt_seconds < first.prompt_seconds / 5

    asyncio.run(main())


@pytest.mark.parametrize("doing", CALLS)
def test_a_cancelled_call_stops(embedded: Embedded, doing: str) -> None:
    async def main() -> float:
        await embedded(BRIEF, "hi")  # loads the model
        calling, waiting = (asyncio.create_task(CALLS[doing](embedded)) for _ in range(2))
        done, _ = await asyncio.wait({calling, waiting}, timeout=1)
        assert not done
        calling.cancel(), waiting.cancel()  # the one that waits must never run
        waited = await seconds_to_next_answer(embedded)
        assert calling.cancelled() and waiting.cancelled()
        return waited

    waited = asyncio.run(main())
    print(f"{doing} stopped within {waited:.2f} s")
    assert waited < STOPS_SECONDS


@pytest.mark.parametrize("doing", ["writing", "reading"])
def test_the_timeout_stops_the_model(doing: str) -> None:
    ask = Embedded({MODEL: weights.path(MODEL)}, threads=1)

    async def main() -> float:
        await ask(BRIEF, "hi")  # loads the model
        ask._timeout_seconds, began = 0.5, time.monotonic()
        with pytest.raises(EngineTimeout, match="longer than 0.5 s"):
            await CALLS[doing](ask)
        assert time.monotonic() - began < 1.5
        ask._timeout_seconds = 60
        return await seconds_to_next_answer(ask)

    assert asyncio.run(main()) < STOPS_SECONDS


def test_a_loop_that_closes_in_the_middle_of_a_call_stops_the_model(embedded: Embedded) -> None:
    loop = asyncio.new_event_loop()
    calling = loop.create_task(CALLS["writing"](embedded))
    loop.run_until_complete(asyncio.wait({calling}, timeout=1))
    loop.close()
    assert asyncio.run(seconds_to_next_answer(embedded)) < STOPS_SECONDS
    calling._log_destroy_pending = False  # it is, and asyncio would say so


def test_two_engines_at_once_as_in_two_notebooks() -> None:
    engines = [Embedded({MODEL: weights.path(MODEL)}, threads=1) for _ in range(2)]

    async def main() -> list[Any]:
        return await asyncio.gather(*(ask(BRIEF, "Say yes.") for ask in engines))

    one, other = asyncio.run(main())
    assert one.text == other.text and one.output_tokens


@pytest.mark.parametrize("ending, code", [("pass", 0), ("raise SystemExit(3)", 3)])
@pytest.mark.parametrize("doing", ["writing", "reading", "embedding"])
def test_python_exits_in_the_middle_of_a_call(doing: str, ending: str, code: int) -> None:
    program = textwrap.dedent(f"""
        import asyncio
        from mlkit.engines import weights
        from tests.live.test_embedded import BRIEF, CALLS, MODEL, Embedded
        ask = Embedded({{MODEL: weights.path(MODEL)}}, threads=1)
        async def main():
            await ask(BRIEF, "hi")  # loads the model
            calling = asyncio.create_task(CALLS[{doing!r}](ask))
            done, _ = await asyncio.wait({{calling}}, timeout=0.7)
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
    asyncio.run(Embedded({MODEL: weights.path(MODEL)}, threads=1)(BRIEF, "hi"))
    assert capfd.readouterr() == ("", "")


def test_its_port_needs_a_key(embedded: Embedded) -> None:
    asyncio.run(embedded(BRIEF, "hi"))
    (server,) = embedded._worker._servers.values()
    address = f"{server.listening_address}/completion"
    assert httpx.post(address, json={"prompt": "hi", "n_predict": 1}).status_code == 401
