"""Single model: one call, its answer as it is."""

import asyncio

from mlkit import trace
from mlkit.ask import Member
from mlkit.patterns.single_model import SingleModel
from tests.conftest import Scripted


def test_one_call_and_its_answer() -> None:
    run = asyncio.run(
        trace.run(Scripted({"answer": " 42 "}), SingleModel(Member("qwen:a")), "What is 6 times 7?")
    )
    assert (run.result.text, [call.role for call in run.calls]) == (" 42 ", ["answer"])
