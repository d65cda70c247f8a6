"""A folder for a stick (`mlkit pack`): all that a machine like this one needs without a network."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

from course import set_up_from_stick
from mlkit import paths
from mlkit.engines import weights
from mlkit.errors import MlkitError
from mlkit.models import CASTS

BUILD = ("hatchling", "editables")  # what installs the kit itself
UNPACKED = (".git", ".venv", "__pycache__", "*.egg-info", ".*_cache", "screenshots", "uv.lock")
EXPORT = "export --quiet --no-hashes --no-annotate --no-header --no-emit-project --all-extras"
PAGE = """# mlkit from this stick, without a network

For {machine}. You need nothing else.

1. Open a terminal in this folder and type:  `python set_up.py`
   It checks the stick, and sets the kit up in a folder `mlkit` of your home ({size:.1f} GB; two
   minutes). Another place:  `python set_up.py /another/folder`
2. It ends with the two lines to type: one opens the notebooks, one runs the tests.

To go on without copying the models (a read-only folder that all share):
`python set_up.py --weights /the/shared/folder`
"""


def pack(folder: Path, tell: Callable[[str], None] = lambda said: None) -> None:
    """Fill `folder` with uv, the wheels for this platform, the models' weights, the kit, and a page
    of instructions. What is there already is fetched no more. Raises MlkitError, WriteError.
    """
    with paths.writing(folder):
        for name in ("wheels", "weights"):
            (folder / name).mkdir(parents=True, exist_ok=True)
        tell("the kit")
        _copy_kit(folder / "mlkit")
        uv = Path(os.environ.get("UV") or shutil.which("uv") or "uv")
        if not uv.is_file() or uv.read_bytes()[:2] == b"#!":  # a script would lead to no uv there
            raise MlkitError("uv is not to be found. Type:  pip install uv && uv run mlkit pack")
        shutil.copy(uv, folder / set_up_from_stick.uv_name())
        tell("wheels")
        _fetch_wheels(folder, uv)
        for model in CASTS["tiny"].models:
            tell(f"weights of {model}")
            file = weights.fetch(model)
            copy = folder / "weights" / file.name
            if set_up_from_stick.digest(copy) != weights.WEIGHTS[model].sha256:
                shutil.copy(file, copy)  # an earlier one may have been interrupted
        shutil.copy(set_up_from_stick.__file__, folder / "set_up.py")
        tell("check sums")
        _write_page(folder)


def _copy_kit(place: Path) -> None:
    """The kit's files: what git knows, or, without git or in no clone, all but what tools left."""
    shutil.rmtree(place, ignore_errors=True)
    root, names = paths.root().resolve(), ""
    if shutil.which("git"):
        listed = ["git", "ls-files"]
        names = subprocess.run(listed, cwd=root, capture_output=True, text=True, check=False).stdout
    if not names:
        if root in place.parents:  # the copy would hold itself
            raise MlkitError(f"{place.parent} is a folder of the kit. Take one outside of it.")
        shutil.copytree(root, place, ignore=shutil.ignore_patterns(*UNPACKED))
    for name in names.splitlines():
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(root / name, place / name)


def _fetch_wheels(folder: Path, uv: Path) -> None:
    needed = _run([str(uv), *EXPORT.split()])
    (folder / "requirements.txt").write_text(needed + "\n".join(BUILD) + "\n", encoding="utf-8")
    download = "-m pip download --quiet --only-binary=:all: --dest"
    _run([sys.executable, *download.split(), str(folder / "wheels"), "-r",
          str(folder / "requirements.txt")])  # fmt: skip


def _run(command: Iterable[str]) -> str:
    """What a program says. Raises MlkitError with its last line where it fails."""
    done = subprocess.run([*command], cwd=paths.root(), capture_output=True, text=True, check=False)
    if done.returncode:
        last = (done.stderr.strip() or "it ended without a word").splitlines()[-1]
        raise MlkitError(f"Packing stopped: {last} Check the network; then type the same again.")
    return done.stdout


def _write_page(folder: Path) -> None:
    """The page, and check sums of all files."""
    machine = set_up_from_stick.machine()
    (folder / "MACHINE.txt").write_text(machine, encoding="utf-8")
    size = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) / 1e9
    page = PAGE.format(machine=machine, size=size)
    (folder / "START.md").write_text(page, encoding="utf-8")
    files = sorted(
        file for file in folder.rglob("*") if file.is_file() and file.name != "SHA256.txt"
    )
    digest = set_up_from_stick.digest
    sums = [f"{digest(file)}  {file.relative_to(folder).as_posix()}\n" for file in files]
    (folder / "SHA256.txt").write_text("".join(sums), encoding="utf-8")
