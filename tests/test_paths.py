"""Where the kit writes: whole or not at all, and where it cannot, one line that says where."""

import errno
import os
import re
import subprocess
import sys
from pathlib import Path

import course
import pytest

import mlkit
from mlkit import paths
from mlkit.errors import WriteError


@pytest.fixture
def taken(tmp_path: Path) -> Path:
    """A file that stands where a folder should be: even root cannot write into it."""
    (tmp_path / "taken").write_text("not a folder")
    return tmp_path / "taken"


def failing(monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    """Bytes go out of this program, and then the disk says no."""

    def fsync(descriptor: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", fsync)


def test_a_file_is_written_with_the_folders_above_it(tmp_path):
    file = tmp_path / "deep" / "er" / "note.txt"
    assert paths.write(file, "Grüße\n") == file
    assert file.read_bytes() == "Grüße\n".encode()
    assert [file.name for file in file.parent.iterdir()] == ["note.txt"]


@pytest.mark.parametrize(
    "number, reason", [(errno.ENOSPC, "No space left"), (errno.EROFS, "Read-only file system")]
)
def test_what_cannot_be_written_leaves_what_stood_there(number, reason, tmp_path, monkeypatch):
    file = tmp_path / "note.txt"
    file.write_text("older")
    monkeypatch.chdir(tmp_path)
    failing(monkeypatch, number)
    with pytest.raises(WriteError, match=f"^Could not write note.txt: {reason}.*Another disk"):
        paths.write(file, "newer", "Another disk.")
    assert file.read_text() == "older" and [file.name for file in tmp_path.iterdir()] == [
        "note.txt"
    ]


def test_a_file_in_the_place_of_a_folder_is_named(taken):
    for place in (taken / "note.txt", taken / "deep" / "note.txt"):
        with pytest.raises(WriteError, match=r"taken.*note\.txt: a file stands where a folder"):
            paths.write(place, "text")
    assert taken.read_text() == "not a folder"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a disk that is full")
def test_a_full_disk_while_a_line_is_added():
    with (
        pytest.raises(WriteError, match="/dev/full: No space left"),
        paths.writing(Path("/dev/full")),
        Path("/dev/full").open("a") as file,
    ):
        file.write("one line")


def test_a_folder_is_tried_by_writing_and_left_empty(tmp_path, taken):
    paths.check_folder(tmp_path / "new")
    assert not any((tmp_path / "new").iterdir())
    with pytest.raises(WriteError, match="a file stands where a folder"):
        paths.check_folder(taken)


def test_without_a_home_the_cache_is_among_the_temporary_files(monkeypatch, tmp_path):
    def homeless() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", homeless)
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.delenv("MLKIT_WEIGHTS", raising=False)
    from mlkit.engines import weights

    assert weights.folder() == tmp_path / "mlkit" / "weights"


def test_all_of_it_can_be_imported_from_the_wheel_alone_which_says_what_is_missing(tmp_path):
    """The wheel has no data/."""
    tops = (Path(mlkit.__file__).parent, Path(course.__file__).parent)
    files = [file.relative_to(top.parent) for top in tops for file in top.rglob("*.py")]
    names = [file.with_suffix("").as_posix().replace("/", ".") for file in files]
    modules = [name for name in names if not name.endswith("__") and ".lab." not in name]
    code = f"import importlib, mlkit; [importlib.import_module(name) for name in {modules}]"
    done = subprocess.run(
        [sys.executable, "-c", f"{code}; mlkit.connect(engine='replay')"],
        env=os.environ | {"MLKIT_ROOT": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    said = f"RecordingError: There is no {tmp_path / 'data'}, .*clone.*MLKIT_ROOT="
    assert re.search(said, done.stderr.strip().splitlines()[-1]), done.stderr
