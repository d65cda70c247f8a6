"""What our transport costs on top of llama.cpp: tokens per second through it, and bare, in one
interleaved run.
"""

import asyncio
import statistics
import time

import ollama
import pytest
import xllamacpp

from mlkit.engines import weights, wire
from mlkit.engines.embedded import Embedded, _cores, _params

pytestmark = [pytest.mark.live, pytest.mark.benchmark]

MODEL, TOKENS, ROUNDS = "qwen2.5-coder:0.5b", 48, 11
MESSAGES = [{"role": "user", "content": "Write a long story about a lighthouse."}]
OPTIONS = {"temperature": 0, "num_predict": TOKENS, "num_ctx": 4096}


def test_at_least_095_of_bare_speed() -> None:
    file = weights.path(MODEL)
    bare = xllamacpp.Server(_params(file, 4096, _cores(), key=""))
    client = ollama.AsyncClient(transport=Embedded({MODEL: file}))
    asked = wire.question({"model": MODEL, "messages": MESSAGES, "options": OPTIONS})

    def through() -> float:
        began = time.perf_counter()
        reply = asyncio.run(client.chat(MODEL, MESSAGES, options=OPTIONS))
        return reply.eval_count / (time.perf_counter() - began)

    def direct() -> float:
        items, began = [], time.perf_counter()
        bare.handle_completions(asked, lambda item: items.append(item))
        return items[-1]["timings"]["predicted_n"] / (time.perf_counter() - began)

    through(), direct()  # both loaded, both with the prompt in their cache
    pairs = [(through(), direct()) for _ in range(ROUNDS)]
    ours, theirs = (statistics.median(column) for column in zip(*pairs, strict=True))
    ratio = statistics.median(one / other for one, other in pairs)
    print(
        f"\nthrough mlkit {ours:.1f} tokens/s, bare {theirs:.1f} tokens/s, ratio {ratio:.3f}"
        " (prompt from cache)"
    )
    assert ratio >= 0.95
