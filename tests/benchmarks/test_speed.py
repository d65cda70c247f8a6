"""Speed as ratios measured in one run, interleaved, so that a slow machine changes both sides
alike.
"""

import asyncio
import json
import random
import re
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import httpx
import numpy as np
import ollama
import pytest

import mlkit
from mlkit import paths
from mlkit.ask import Member, together
from mlkit.engines import choose
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


@asynccontextmanager
async def keeping_connections() -> AsyncIterator[str]:
    """A loopback server that answers at once and, as Ollama does, keeps a connection open."""
    said = {"model": "m", "message": {"role": "assistant", "content": "ok"}, "done": True}
    body = json.dumps(said | {"done_reason": "stop"}).encode() + b"\n"
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/x-ndjson\r\nContent-Length: {len(body)}"

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                asked = (await reader.readuntil(b"\r\n\r\n")).lower()
                await reader.readexactly(int(re.search(rb"content-length: (\d+)", asked)[1]))
                writer.write(f"{head}\r\n\r\n".encode() + body)
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    server.close()


def test_one_ask_through_the_kit_against_the_bare_client(monkeypatch):
    """The kit opens a connection for each request, so that one that is interrupted leaves none. The
    limit is on what the kit adds to a bare client that does so too; how a bare one that keeps its
    connection compares is printed.
    """

    async def main() -> np.ndarray:
        async with keeping_connections() as address:
            found = choose.Engine("ollama", choose.Header("", {}, "", ""), Ollama(address))
            monkeypatch.setattr(choose, "choose", lambda *_: found)
            each = httpx.Limits(max_keepalive_connections=0)
            ours = mlkit.connect(engine="ollama").ask
            alike = ollama.AsyncClient(address, timeout=30, limits=each)
            bare = ollama.AsyncClient(address, timeout=30)
            sides = [
                lambda: ours(MEMBER, "hello"),
                lambda: streamed(alike),
                lambda: streamed(bare),
            ]
            taken = np.empty((2400, 3))
            for row in taken:
                for side in random.sample(range(3), 3):  # none always comes after the same other
                    row[side] = await seconds(sides[side]())
            return taken

    ours, alike, bare = 1000 * np.median(asyncio.run(main()), axis=0)
    print(
        f"\none ask: {ours:.2f} ms; bare {alike:.2f} ms, on a kept connection {bare:.2f} ms", end=""
    )
    print(f"\none ask / one bare call on a kept connection: {ours / bare:.2f} x", end="")
    report("one ask / one bare call, each on a connection of its own", ours / alike, 1.05)


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
