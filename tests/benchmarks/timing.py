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
