"""Sets mlkit up from this folder, without a network:  python set_up.py [FOLDER] [--weights FOLDER]

`mlkit pack` puts this file on the stick; it uses nothing but Python.
"""

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

STICK = Path(__file__).resolve().parent


def main() -> None:
    parser = argparse.ArgumentParser(description="Set mlkit up from this stick.")
    parser.add_argument("folder", nargs="?", type=Path, default=Path.home() / "mlkit")
    parser.add_argument("--weights", type=Path, help="a folder of models that all share")
    options = parser.parse_args()
    damaged = check()
    if damaged:
        sys.exit(f"Damaged or missing on this stick: {', '.join(damaged)}. Take another stick.")
    if options.folder.exists():
        sys.exit(f"{options.folder} is there already. Name another:  python set_up.py /a/folder")
    print("The stick is whole. Copying and installing: about two minutes.")
    install(options.folder)
    share = f'MLKIT_WEIGHTS="{options.weights}" ' if options.weights else ""
    if not options.weights:
        copy_weights(Path.home() / ".cache" / "mlkit" / "weights")
    uv = options.folder / uv_name()
    print(f'Done. Now type\n  cd "{options.folder}"\n  {share}"{uv}" run --no-sync mlkit lab')
    print(f'and for the tests\n  "{uv}" run --no-sync pytest')


def check() -> list[str]:
    """Names of files that are not as they were packed."""
    wrong = []
    for line in (STICK / "SHA256.txt").read_text(encoding="utf-8").splitlines():
        wanted, _, name = line.partition("  ")
        file = STICK / name
        if not file.is_file() or digest(file) != wanted:
            wrong.append(name)
    return wrong


def digest(file: Path) -> str:
    """The SHA-256 of a file, as hex."""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def install(folder: Path) -> None:
    """The kit with an environment of its own, from the wheels of the stick."""
    shutil.copytree(STICK / "mlkit", folder)
    uv = folder / uv_name()
    shutil.copy(STICK / uv_name(), uv)
    with_wheels = ["pip", "install", "--quiet", "--no-index", "--find-links", STICK / "wheels"]
    for command in (
        ["venv", "--quiet", "--python", sys.executable],
        [*with_wheels, "-r", STICK / "requirements.txt"],
        [*with_wheels, "--no-deps", "--no-build-isolation", "--editable", "."],
    ):
        environment = os.environ | {"UV_OFFLINE": "1"}
        subprocess.run([uv, *command], cwd=folder, check=True, env=environment)


def copy_weights(place: Path) -> None:
    place.mkdir(parents=True, exist_ok=True)
    for file in (STICK / "weights").iterdir():
        if not (place / file.name).is_file():
            shutil.copy(file, place)


def uv_name() -> str:
    return "uv.exe" if os.name == "nt" else "uv"


if __name__ == "__main__":
    main()
