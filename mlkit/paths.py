"""Where things lie on this machine, and how they are written there."""

import os
import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mlkit.errors import WriteError

ROOM = "Make room there, or take a folder that you can write to."
SHIPPED = "tiny"  # the cast whose recordings come with the kit


def root() -> Path:
    """The folder of notebooks/ and data/: MLKIT_ROOT, or the clone this package runs from."""
    return Path(os.environ.get("MLKIT_ROOT") or Path(__file__).resolve().parents[1])


def data() -> Path:
    return root() / "data"


def recordings(cast: str) -> Path:
    """The folder of a cast's recordings, whether it is there or not."""
    return data() / "recordings" / re.sub(r"[^\w.=,-]", "_", cast)


def timings(cast: str) -> Path:
    """The folder of what was timed with a cast, whether it is there or not."""
    return data() / "timings" / recordings(cast).name


def recorded(cast: str) -> str:
    """The cast whose recordings this one shows: its own where none is missing, else SHIPPED's."""
    own, shipped = (
        {file.name for file in recordings(each).glob("*.jsonl")} for each in (cast, SHIPPED)
    )
    complete = own >= shipped and (timings(cast) / "latency.jsonl").is_file()
    return cast if complete else SHIPPED


def notebooks() -> Path:
    return root() / "notebooks"


def series() -> list[Path]:
    """The notebooks of the course, in the order they are read."""
    return sorted(notebooks().glob("*.ipynb"))


def cache() -> Path:
    """What this machine keeps: in the user's home, or among temporary files where there is none."""
    try:
        return Path.home() / ".cache" / "mlkit"
    except RuntimeError:
        return Path(tempfile.gettempdir()) / "mlkit"


@contextmanager
def writing(place: Path, fix: str = ROOM) -> Iterator[None]:
    """Around all that writes to `place`: an OSError becomes a WriteError that ends with `fix`."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or error
        if isinstance(error, FileExistsError | NotADirectoryError):
            reason = "a file stands where a folder should be"
        raise WriteError(f"Could not write {from_here(place)}: {reason}. {fix}") from None


def write(path: Path, content: str | bytes, fix: str = ROOM) -> Path:
    """Write a file whole or not at all, with the folders above it. Raises WriteError."""
    half_written = path.with_name(f"{path.name}.partial")
    with writing(path, fix):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with half_written.open("wb") as file:
                file.write(content if isinstance(content, bytes) else content.encode())
                file.flush()
                os.fsync(file.fileno())  # a full disk may say so only now
            half_written.replace(path)
        finally:
            half_written.unlink(missing_ok=True)
    return path


def whole_lines(path: Path) -> list[str]:
    """The lines of a file that runs append to. One that a killed run cut off is removed from it."""
    written = path.read_bytes()
    whole = written[: written.rfind(b"\n") + 1]
    if whole != written:
        write(path, whole)
    return whole.decode().split("\n")[:-1]


def check_folder(folder: Path, fix: str = ROOM) -> None:
    """Try whether a folder can be written to; it is made if it is missing. Raises WriteError."""
    with writing(folder, fix):
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"tried")


def check_jupyter() -> None:
    """Jupyter starts no kernel, and no Lab, where it cannot write down how to reach it."""
    from jupyter_core.paths import jupyter_runtime_dir

    fix = "Set another folder:  JUPYTER_RUNTIME_DIR=/another/folder   or another HOME"
    check_folder(Path(jupyter_runtime_dir()), fix)


def from_here(path: Path) -> Path:
    """A path as one would type it here: below the working directory without what lies above."""
    try:
        return path.relative_to(Path.cwd())
    except (ValueError, OSError):
        return path
