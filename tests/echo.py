"""In place of a live engine, for what happens around one."""

import asyncio
from collections.abc import Sequence
from typing import Any

import numpy as np

from mlkit.ask import Member, Reply


class Echo:
    """Answers with the length of the prompt, and counts what it is asked."""

    def __init__(self, error: Exception | None = None) -> None:
        self.asked: list[str] = []
        self.error, self.running, self.most = error, 0, 0

    async def __call__(self, member: Member, prompt: str, **options: Any) -> Reply:
        self.asked.append(prompt)
        self.running += 1
        self.most = max(self.most, self.running)
        await asyncio.sleep(0)
        self.running -= 1
        if self.error:
            raise self.error
        choices = {"yes": 0.9, "no": 0.1} if options.get("labels") else {}
        return Reply(str(len(prompt)), member, 3, 1, output_seconds=0.5, choices=choices)

    async def embed(self, model: str, texts: Sequence[str]) -> np.ndarray:
        self.asked += texts
        return np.eye(max(len(texts), 2))[: len(texts)]
