"""The stop button of a notebook, while a model is at work."""

import asyncio
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

BEAT_SECONDS = 0.1
STOPPED = "Interrupted: the cell was stopped, and with it the calls that it was waiting for."


@contextmanager
def interruptible() -> Iterator[None]:
    """Within this, the event loop wakes every BEAT_SECONDS.

    ipykernel hands an interrupt to the loop without waking it, so that without a beat the stop
    button works only once the answer is there.
    """
    loop = asyncio.get_running_loop()
    timer: asyncio.TimerHandle

    def beat() -> None:
        nonlocal timer
        timer = loop.call_later(BEAT_SECONDS, beat)

    beat()
    try:
        yield
    finally:
        timer.cancel()


def show_in_one_line() -> None:
    """In a notebook, an interrupted cell says so in one line instead of a traceback."""
    ipython = sys.modules.get("IPython")
    if ipython and (shell := ipython.get_ipython()):
        shell.set_custom_exc((asyncio.CancelledError,), _show)


def _show(shell: Any, kind: Any, error: Any, trace: Any, tb_offset: int | None = None) -> None:
    error._render_traceback_ = lambda: [STOPPED]  # IPython's hook
    shell.showtraceback((kind, error, trace))
