"""What our engine costs on top of llama.cpp: tokens per second through it, and bare, in one
interleaved run.
"""

import asyncio
import statistics
import time

import pytest
import xllamacpp

from mlkit.ask import Member
from mlkit.engines import weights
from mlkit.engines.embedded import Embedded, _cores, completion_request, server_params
from mlkit.engines.request import messages_for

pytestmark = [pytest.mark.live, pytest.mark.benchmark]

ROUNDS = 11
MEMBER = Member("qwen2.5-coder:0.5b", max_tokens=48)
PROMPT = "Write a long story about a lighthouse."


def test_at_least_097_of_bare_speed() -> None:
    file = weights.path(MEMBER.model)
    bare = xllamacpp.Server(server_params(file, _cores(), key=""))
    ask = Embedded({MEMBER.model: file})
    request = completion_request(MEMBER, messages_for(MEMBER, PROMPT), None, choices=False)

    def through() -> float:
        began = time.perf_counter()
        reply = asyncio.run(ask(MEMBER, PROMPT))
        return reply.output_tokens / (time.perf_counter() - began)

    def direct() -> float:
        items, began = [], time.perf_counter()
        bare.handle_chat_completions(request, lambda item: items.append(item))
        return items[-1]["timings"]["predicted_n"] / (time.perf_counter() - began)

    through(), direct()  # both loaded, both with the prompt in their cache
    pairs = [(through(), direct()) for _ in range(ROUNDS)]
    ours, theirs = (statistics.median(column) for column in zip(*pairs, strict=True))
    ratio = statistics.median(one / other for one, other in pairs)
    print(
        f"\nthrough mlkit {ours:.1f} tokens/s, bare {theirs:.1f} tokens/s, ratio {ratio:.3f}"
        " (prompt from cache)"
    )
    assert ratio >= 0.97
