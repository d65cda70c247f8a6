"""Speed as ratios measured in one run, interleaved, so that a slow machine changes both sides
alike.
"""

import asyncio
import statistics
import subprocess
import sys
import time

import ollama
import pytest

import mlkit
from mlkit import paths
from mlkit.ask import Member, together
from mlkit.engines.ollama import Ollama
from mlkit.engines.recordings import load_folder
from mlkit.engines.request import messages_for, options_for
from tests.benchmarks.timing import report

pytestmark = pytest.mark.benchmark
MEMBER = Member("m")


async def seconds(awaitable) -> float:
    started = time.perf_counter()
    await awaitable
    return time.perf_counter() - started


async def streamed(client: ollama.AsyncClient) -> str:
    """The least that a notebook without the kit would do."""
    asked = messages_for(MEMBER, "hello")
    chunks = await client.chat("m", asked, stream=True, options=options_for(MEMBER))
    return "".join([chunk.message.content async for chunk in chunks])


def test_one_ask_against_the_bare_client(server):
    async def main() -> tuple[list[float], list[float]]:
        async with server("fine") as address:
            ours, bare = Ollama(address), ollama.AsyncClient(address, timeout=30)
            rounds = [
                (
                    await seconds(ours(MEMBER, "hello")),
                    await seconds(streamed(bare)),
                )
                for _ in range(400)
            ]
        return [pair[0] for pair in rounds], [pair[1] for pair in rounds]

    ours, bare = asyncio.run(main())
    report(
        "one ask / one bare ollama.AsyncClient call, median",
        statistics.median(ours) / statistics.median(bare),
        1.05,
    )


def test_importing_the_kit_against_importing_ollama():
    def importing(module: str) -> float:
        started = time.perf_counter()
        subprocess.run([sys.executable, "-c", f"import {module}"], check=True)
        return time.perf_counter() - started

    rounds = [(importing("mlkit"), importing("ollama")) for _ in range(7)]
    ours, theirs = (min(pair[side] for pair in rounds) for side in (0, 1))
    report("import mlkit / import ollama, best of 7", ours / theirs, 1.1)


def test_together_against_its_slowest_member():
    members, call_seconds = 64, 0.05

    async def main() -> float:
        return await seconds(together(*(asyncio.sleep(call_seconds) for _ in range(members))))

    best = min(asyncio.run(main()) for _ in range(5))
    report("together of 64 x 50 ms, seconds", best, 1.05 * call_seconds + 0.0002 * members, "s")


def test_a_thousand_replayed_asks():
    """About .3 s on two cores; fails at three times that."""
    kit = mlkit.connect(engine="replay")
    prompt = kit.recorded_prompts(kit.cast.small)[0]

    async def main() -> float:
        return await seconds(together(*(kit.ask(kit.cast.small, prompt) for _ in range(1000))))

    report("1,000 replayed asks, seconds", min(asyncio.run(main()) for _ in range(3)), 0.9, "s")


def test_loading_all_recordings():
    """About 1 s on two cores; fails at three times that."""

    def loading() -> float:
        started = time.perf_counter()
        load_folder(paths.recordings("tiny"))
        return time.perf_counter() - started

    report("loading all recordings, seconds", min(loading() for _ in range(3)), 3.0, "s")
