"""The stick: what is on it, and what it says. Wheels and weights are stood in for; with the real
ones it was followed by hand, without a network.
"""

import subprocess
import sys
from pathlib import Path

import pytest
from course import pack, set_up_from_stick

from mlkit import paths
from mlkit.engines import weights
from mlkit.errors import MlkitError


@pytest.fixture
def stick(tmp_path, monkeypatch) -> Path:
    """A stick with a small kit, one wheel and two weights."""
    clone = tmp_path / "clone"
    clone.mkdir()
    (clone / "README.md").write_text("the kit")
    (clone / "__pycache__").mkdir()
    (clone / "uv.lock").write_text("addresses")
    model = tmp_path / "model.gguf"
    model.write_bytes(b"weights")
    monkeypatch.setattr(paths, "root", lambda: clone)
    monkeypatch.setattr(weights, "fetch", lambda model_name: model)
    uv = tmp_path / "uv-0.9"
    uv.write_text("uv")
    monkeypatch.setenv("UV", str(uv))
    monkeypatch.setenv("PATH", str(tmp_path))  # no git on this machine
    monkeypatch.setattr(pack, "_run", lambda command: "a-package==1.0\n")
    (tmp_path / "stick" / "wheels").mkdir(parents=True)
    (tmp_path / "stick" / "wheels" / "a_package-1.0.whl").write_bytes(b"a wheel")
    pack.pack(tmp_path / "stick")
    return tmp_path / "stick"


def set_up(stick: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "set_up.py", *arguments],
        cwd=stick,
        capture_output=True,
        text=True,
        check=False,
    )


def test_all_that_is_needed_is_there(stick):
    assert (stick / "mlkit" / "README.md").read_text() == "the kit"
    assert [path.name for path in (stick / "mlkit").iterdir()] == ["README.md"]
    assert (stick / set_up_from_stick.uv_name()).read_text() == "uv"
    assert (stick / "weights" / "model.gguf").is_file()
    requirements = (stick / "requirements.txt").read_text().split()
    assert requirements == ["a-package==1.0", "hatchling", "editables"]
    assert "python set_up.py" in (stick / "START.md").read_text()
    names = {line.partition("  ")[2] for line in (stick / "SHA256.txt").read_text().splitlines()}
    assert {"weights/model.gguf", "wheels/a_package-1.0.whl", "set_up.py"} <= names


def test_git_names_the_files_where_there_is_a_clone(tmp_path, monkeypatch):
    for name in ("README.md", "docs/page.md", "notes.txt"):
        (tmp_path / "clone" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "clone" / name).write_text(name)
    for command in (["init", "--quiet"], ["add", "README.md", "docs"]):
        subprocess.run(["git", *command], cwd=tmp_path / "clone", check=True)
    monkeypatch.setattr(paths, "root", lambda: tmp_path / "clone")
    pack._copy_kit(tmp_path / "kit")
    assert sorted(path.name for path in (tmp_path / "kit").rglob("*.*")) == ["README.md", "page.md"]


def test_an_unpacked_kit_is_not_copied_into_itself(tmp_path, monkeypatch):
    monkeypatch.setattr(paths, "root", lambda: tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(MlkitError, match="stick is a folder of the kit. Take one outside"):
        pack._copy_kit(tmp_path / "stick" / "mlkit")


@pytest.mark.parametrize("harm", ["changed", "gone"])
def test_a_damaged_file_is_named_before_anything_is_installed(stick, tmp_path, harm):
    wheel = stick / "wheels" / "a_package-1.0.whl"
    wheel.write_bytes(b"other") if harm == "changed" else wheel.unlink()
    done = set_up(stick, str(tmp_path / "here"))
    assert done.returncode == 1 and not (tmp_path / "here").exists()
    assert done.stderr == (
        "Damaged or missing on this stick: wheels/a_package-1.0.whl. Take another stick.\n"
    )


def test_a_folder_that_is_there_is_not_written_over(stick, tmp_path):
    (tmp_path / "here").mkdir()
    done = set_up(stick, str(tmp_path / "here"))
    assert done.returncode == 1 and "is there already. Name another" in done.stderr


def test_a_program_that_fails_is_one_line():
    with pytest.raises(MlkitError, match="Packing stopped: no such index Check the network"):
        pack._run([sys.executable, "-c", "import sys; sys.exit('first line\\nno such index')"])
