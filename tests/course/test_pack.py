"""The stick: what is on it, and what it says. Wheels and weights are stood in for; with the real
ones it was followed by hand, without a network.
"""

import ast
import hashlib
import os
import platform
import subprocess
import sys
from dataclasses import replace
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
    sha256 = hashlib.sha256(b"weights").hexdigest()
    pinned = {name: replace(of, sha256=sha256) for name, of in weights.WEIGHTS.items()}
    monkeypatch.setattr(weights, "WEIGHTS", pinned)
    uv = tmp_path / "uv-0.9"
    uv.write_text("uv")
    monkeypatch.setenv("UV", str(uv))
    monkeypatch.setenv("PATH", str(tmp_path))  # no git on this machine
    monkeypatch.setattr(pack, "_run", lambda command: "a-package==1.0\n")
    (tmp_path / "stick" / "wheels").mkdir(parents=True)
    (tmp_path / "stick" / "wheels" / "a_package-1.0.whl").write_bytes(b"a wheel")
    pack.pack(tmp_path / "stick")
    return tmp_path / "stick"


def set_up(
    stick: Path, *arguments: str, start: tuple[str, ...] = ("set_up.py",), **environment: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *start, *arguments],
        cwd=stick,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
    )


NO_SH = pytest.mark.skipif(os.name == "nt", reason="uv is stood in for by a shell script")


def with_uv(stick: Path, script: str) -> Path:
    """The stick with a uv that anybody may read and nobody run, as a stick without modes has it."""
    (stick / "uv").write_text(f"#!/bin/sh\n{script}\n")
    (stick / "uv").chmod(0o644)
    pack._write_page(stick)
    return stick


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


@pytest.mark.parametrize("name", ["MACHINE.txt", "SHA256.txt"])
def test_a_stick_without_its_lists_is_one_line(stick, tmp_path, name):
    (stick / name).unlink()
    done = set_up(stick, str(tmp_path / "here"))
    assert done.returncode == 1 and not (tmp_path / "here").exists()
    assert name in done.stderr and done.stderr.count("\n") == 1


@pytest.mark.parametrize(
    "other", ["linux riscv64 with Python 3.11", f"{sys.platform} x86_64 with Python 3.99"]
)
def test_another_machine_or_python_is_told_before_anything_is_read(stick, tmp_path, other):
    (stick / "MACHINE.txt").write_text(other)
    (stick / "SHA256.txt").unlink()
    here = set_up_from_stick.machine()
    # As an old Python would run it.
    run = "runpy.run_path('set_up.py', None, '__main__')"
    old = f"import hashlib, runpy; del hashlib.file_digest; {run}"
    done = set_up(stick, str(tmp_path / "here"), start=("-c", old))
    assert done.returncode == 1 and not (tmp_path / "here").exists()
    assert done.stderr.startswith(f"This stick is for {other}; this is {here}. ")
    assert done.stderr.count("\n") == 1 and "with that Python" in done.stderr


def test_old_pythons_read_it_as_far_as_its_first_line():
    source = Path(set_up_from_stick.__file__).read_text(encoding="utf-8")
    tree = ast.parse(source, feature_version=(3, 6))
    # What stands at a function's head is computed as the file is read.
    heads = [
        node
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef)
        for head in [function.returns, *(argument.annotation for argument in function.args.args)]
        for node in ast.walk(head)
    ]
    assert heads
    assert [node for node in heads if isinstance(node, ast.Subscript | ast.BinOp)] == []


def test_the_page_names_system_processor_and_python(stick):
    page = (stick / "START.md").read_text()
    assert f"For {sys.platform} {platform.machine()} with Python {sys.version_info[0]}." in page


def test_packing_again_leaves_a_whole_stick(stick, tmp_path):
    (stick / "wheels" / "b_package-1.0.whl").write_bytes(bytes(100_000_000))  # the page's size
    (stick / "weights" / "model.gguf").write_bytes(b"weigh")  # as an interrupted copy leaves it
    pack.pack(stick)
    assert (stick / "weights" / "model.gguf").read_bytes() == b"weights"
    done = set_up(stick, str(tmp_path))  # it is there: the check of the stick came before
    assert "is there already" in done.stderr


def test_whole_weights_are_not_copied_again(stick):
    before = (stick / "weights" / "model.gguf").stat().st_mtime_ns
    pack.pack(stick)
    assert (stick / "weights" / "model.gguf").stat().st_mtime_ns == before


def test_a_script_that_finds_uv_is_not_packed(stick, monkeypatch, tmp_path):
    (tmp_path / "shim").write_text("#!/bin/sh\nexec pyenv exec uv")
    monkeypatch.setenv("UV", str(tmp_path / "shim"))
    with pytest.raises(MlkitError, match="uv run mlkit pack"):
        pack.pack(stick)
    assert (stick / set_up_from_stick.uv_name()).read_text() == "uv"


@NO_SH
def test_it_copies_the_kit_and_the_weights_and_installs(stick, tmp_path):
    with_uv(stick, 'echo "$@" >> said.txt')
    cached = tmp_path / "home" / ".cache" / "mlkit" / "weights"
    cached.mkdir(parents=True)
    (cached / "model.gguf").write_bytes(b"weigh")  # as an interrupted copy leaves it
    done = set_up(stick, str(tmp_path / "here"), HOME=str(tmp_path / "home"))
    assert (done.returncode, done.stderr) == (0, "")
    assert f'cd "{tmp_path / "here"}"\n  ./uv run --no-sync mlkit lab\n' in done.stdout
    assert (tmp_path / "here" / "README.md").read_text() == "the kit"
    assert (cached / "model.gguf").read_bytes() == b"weights"
    made, filled, kit = (tmp_path / "here" / "said.txt").read_text().splitlines()
    assert made.startswith("venv ") and sys.executable in made
    wheels = f"pip install --quiet --no-index --find-links {stick / 'wheels'} "
    assert filled == f"{wheels}-r {stick / 'requirements.txt'}"
    assert kit == f"{wheels}--no-deps --no-build-isolation --editable ."


@NO_SH
def test_folders_may_be_named_from_where_one_is_and_weights_shared(stick, tmp_path):
    with_uv(stick, "exit 0")
    done = set_up(stick, "../here", "--weights", "weights", HOME=str(tmp_path / "home"))
    assert done.returncode == 0 and (tmp_path / "here" / "uv").is_file()
    assert f'MLKIT_WEIGHTS="{stick / "weights"}" ./uv run' in done.stdout
    assert not (tmp_path / "home").exists()


@NO_SH
@pytest.mark.parametrize("wrong", ["uv", "home"])
def test_what_fails_is_one_line_and_leaves_no_folder(stick, tmp_path, wrong):
    with_uv(stick, "exit 2" if wrong == "uv" else "exit 0")
    home = tmp_path / "home"
    home.write_text("a file") if wrong == "home" else home.mkdir()
    done = set_up(stick, str(tmp_path / "here"), HOME=str(home))
    assert done.returncode == 1 and not (tmp_path / "here").exists()
    assert done.stderr.startswith("Not set up: ") and done.stderr.count("\n") == 1
    assert done.stderr.endswith(f'python set_up.py /a/folder --weights "{stick / "weights"}"\n')


def test_what_to_type_is_for_the_system():
    folder, shared = Path("here"), Path("models")
    assert set_up_from_stick.to_type(folder, shared, "posix").splitlines() == [
        '  cd "here"',
        '  MLKIT_WEIGHTS="models" ./uv run --no-sync mlkit lab',
        "and for the tests",
        "  ./uv run --no-sync pytest",
    ]
    windows = set_up_from_stick.to_type(folder, shared, "nt").splitlines()
    assert windows[1:3] == [
        '  $env:MLKIT_WEIGHTS="models"',
        "  .\\uv run --no-sync mlkit lab",
    ]
    assert "MLKIT_WEIGHTS" not in set_up_from_stick.to_type(folder, None, "nt")


def test_a_folder_that_is_there_is_not_written_over(stick, tmp_path):
    (tmp_path / "here").mkdir()
    done = set_up(stick, str(tmp_path / "here"))
    assert done.returncode == 1 and "is there already. Name another" in done.stderr


def test_a_program_that_fails_is_one_line():
    with pytest.raises(MlkitError, match="Packing stopped: no such index Check the network"):
        pack._run([sys.executable, "-c", "import sys; sys.exit('first line\\nno such index')"])
