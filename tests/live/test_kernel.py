"""A notebook's kernel, interrupted in the middle of a live call: the call ends, and the next one is
answered.
"""

import os
import threading
import time

import nbformat
import psutil
import pytest
from jupyter_client.manager import start_new_kernel

from mlkit import paths
from mlkit.engines.interrupt import STOPPED

pytestmark = pytest.mark.live

SMALL = "from dataclasses import replace; small = kit.cast.small"
SETUP = "import mlkit; kit = mlkit.connect(); " + SMALL
LONG = "await kit.ask(replace(small, max_tokens=2000), 'Write a very long story about a bicycle.')"
FAN_OUT = """
from mlkit.ask import together
asked = (replace(small, max_tokens=2000, seed=n, temperature=1.0) for n in range(4))
await together(*(kit.ask(member, 'Write a very long story.') for member in asked))
"""
OPEN = (
    "import psutil; print(len([one for one in psutil.Process().net_connections('inet')"
    " if one.raddr and one.raddr.port == PORT]))"
)
SHORT = "print((await kit.ask(replace(small, max_tokens=4), 'Say yes.')).output_tokens > 0)"
STOPS_SECONDS = {"ollama": 2, "embedded": 4}  # within which the model has ended


def run(client, code: str, timeout_seconds: float = 120) -> tuple[str, str]:
    """Run code in the kernel; gives its status and what it printed or showed as an error."""
    printed = []

    def note(message: dict) -> None:
        content = message["content"]
        if message["msg_type"] == "stream":
            printed.append(content["text"])
        if message["msg_type"] == "error":
            printed.append("\n".join(content["traceback"]))

    reply = client.execute_interactive(
        code, timeout=timeout_seconds, output_hook=note, allow_stdin=False
    )
    return reply["content"]["status"], "".join(printed)


def computes(engine: str, kernel: int) -> bool:
    """Whether the model's process works, as a quarter of a second of its time tells."""
    processes = [psutil.Process(kernel)]
    if engine == "ollama":
        listed = psutil.process_iter(["name", "cmdline"])
        processes = [one for one in listed if "runner" in (one.info["cmdline"] or ())]
    before = [sum(one.cpu_times()[:2]) for one in processes]
    time.sleep(0.25)
    after = [sum(one.cpu_times()[:2]) for one in processes]
    return sum(after) - sum(before) > 0.05


@pytest.mark.parametrize("asked", [LONG, FAN_OUT], ids=["ask", "fan-out"])
@pytest.mark.parametrize("engine", ["ollama", "embedded"])
def test_the_stop_button_stops_the_cell_and_the_model(engine, asked):
    """Interrupted in the middle of an answer, with nothing but the kit to wake the event loop."""
    manager, client = start_new_kernel(
        kernel_name="python3", env=os.environ | {"MLKIT_ENGINE": engine}
    )
    port = int(os.environ.get("OLLAMA_HOST", ":11434").rpartition(":")[2])
    pressed = []

    def press() -> None:
        pressed.append(time.perf_counter())
        manager.interrupt_kernel()

    try:
        assert run(client, SETUP)[1].startswith("LIVE")
        assert run(client, SHORT) == ("ok", "True\n")  # loads the model
        button = threading.Timer(5, press)
        button.start()
        status, shown = run(client, asked)
        back_seconds = time.perf_counter() - pressed[0]
        assert (status, shown) == ("error", STOPPED)
        assert run(client, OPEN.replace("PORT", str(port))) == ("ok", "0\n")
        while computes(engine, manager.provisioner.pid):
            pass
        ended_seconds = time.perf_counter() - pressed[0]
        print(f"\n{engine}: cell back after {back_seconds:.2f} s, model {ended_seconds:.2f} s")
        assert run(client, SHORT) == ("ok", "True\n")
        assert back_seconds < 0.5
        assert ended_seconds < STOPS_SECONDS[engine]
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
        assert run(client, SMALL)[0] == "ok"
        assert "NotRecorded" in run(client, SHORT)[1]
        run(
            client, f"import os; os.environ['OLLAMA_HOST'] = {os.environ.get('OLLAMA_HOST', '')!r}"
        )  # Ollama runs now
        assert run(client, cells["setup"])[1].startswith("LIVE · Ollama")
        assert run(client, cells["ask"])[0] == "ok"
        assert run(client, SMALL)[0] == "ok"
        assert run(client, SHORT) == ("ok", "True\n")
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
