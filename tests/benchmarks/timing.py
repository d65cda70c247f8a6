"""How the benchmarks of this folder take the time."""

import time
from collections.abc import Callable
from typing import Any


def best_seconds(work: Callable[[], Any], rounds: int = 7) -> float:
    """The fastest of several rounds: what else runs on this machine can only slow one down."""

    def once() -> float:
        started = time.perf_counter()
        work()
        return time.perf_counter() - started

    return min(once() for _ in range(rounds))


def report(what: str, measured: float, limit: float, unit: str = "x") -> None:
    """Print what was measured, and fail where it is more than the limit."""
    print(f"\n{what:<58} {measured:8.3f} {unit:<3} (at most {limit:g})", end="")
    assert measured <= limit
