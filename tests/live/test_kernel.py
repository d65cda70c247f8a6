"""A notebook's kernel, interrupted in the middle of a live call: the call ends, and the next one is
answered.
"""

import os
import time

import nbformat
import pytest
from jupyter_client.manager import start_new_kernel

from mlkit import paths

pytestmark = pytest.mark.live

SETUP = (
    "import mlkit; from dataclasses import replace; kit = mlkit.connect(); small = kit.cast.small"
)
# Says "asking" once a second while the call runs, so that the interrupt comes in its middle, not
# before it is sent.
LONG = """
import asyncio
async def tick():
    while True:
        await asyncio.sleep(1)
        print('asking', flush=True)
ticking = asyncio.ensure_future(tick())
try:
    await kit.ask(replace(small, max_tokens=2000), 'Write a very long story about a bicycle.')
finally:
    ticking.cancel()
"""
SHORT = "print((await kit.ask(replace(small, max_tokens=4), 'Say yes.')).output_tokens > 0)"


def run(client, code: str, timeout_seconds: float = 120, said=lambda text: None) -> tuple[str, str]:
    """Run code in the kernel; gives its status and what it printed."""
    printed = []

    def note(message: dict) -> None:
        if message["msg_type"] == "stream":
            printed.append(message["content"]["text"])
            said(message["content"]["text"])

    reply = client.execute_interactive(
        code, timeout=timeout_seconds, output_hook=note, allow_stdin=False
    )
    return reply["content"]["status"], "".join(printed)


@pytest.mark.parametrize("engine", ["ollama", "embedded"])
def test_an_interrupted_call_leaves_the_kernel_able_to_ask_again(engine):
    manager, client = start_new_kernel(
        kernel_name="python3", env=os.environ | {"MLKIT_ENGINE": engine}
    )
    try:
        assert run(client, SETUP)[1].startswith("LIVE")
        assert run(client, SHORT) == (
            "ok",
            "True\n",
        )  # loads the model, so that the next call is in its middle at once
        started = time.perf_counter()
        status, _ = run(client, LONG, said=lambda text: manager.interrupt_kernel())
        assert status == "error" and time.perf_counter() - started < 10
        assert run(client, SHORT) == ("ok", "True\n")
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)


def test_from_recordings_to_live_in_the_middle_by_running_the_first_cell_again(tmp_path):
    cells = {
        cell.id: cell.source
        for cell in nbformat.read(paths.notebooks() / "00_start_here.ipynb", as_version=4).cells
    }
    nothing = {
        "MLKIT_ENGINE": "auto",
        "OLLAMA_HOST": "http://127.0.0.1:9",
        "MLKIT_WEIGHTS": str(tmp_path),
    }
    manager, client = start_new_kernel(kernel_name="python3", env=os.environ | nothing)
    try:
        assert run(client, cells["setup"])[1].startswith("REPLAY")
        assert run(client, cells["ask"])[0] == "ok"
        assert run(client, SHORT)[0] == "error"  # nobody recorded it
        run(
            client, f"import os; os.environ['OLLAMA_HOST'] = {os.environ.get('OLLAMA_HOST', '')!r}"
        )  # Ollama runs now
        assert run(client, cells["setup"])[1].startswith("LIVE · Ollama")
        assert run(client, cells["ask"])[0] == "ok"
        assert run(client, SHORT) == ("ok", "True\n")
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
