"""Sets mlkit up from this folder, without a network:  python set_up.py [FOLDER] [--weights FOLDER]

`mlkit pack` puts this on the stick. Any Python 3 reads it far enough to say which one it takes.
"""

import argparse
import hashlib
import os
import platform
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
    folder, shared = options.folder.resolve(), options.weights and options.weights.resolve()
    try:
        sums = check()
        if folder.exists():
            sys.exit(f"{folder} is there already. Name another:  python set_up.py /a/folder")
        print("The stick is whole. Copying and installing: about two minutes.")
        install(folder, shared, sums)
    except (OSError, subprocess.CalledProcessError) as error:
        why = error if isinstance(error, OSError) else "what uv says stands above"
        fix = f'python set_up.py /a/folder --weights "{STICK / "weights"}"'
        sys.exit(f"Not set up: {why}. Another folder, with the models left on the stick:  {fix}")
    print(f"Done. Now type\n{to_type(folder, shared, os.name)}")


def machine() -> str:
    """What a stick is packed for, and what this is."""
    return f"{sys.platform} {platform.machine()} with Python {'{}.{}'.format(*sys.version_info)}"


def check() -> "dict[str, str]":
    """The SHA-256 of each file. Ends where the stick is for another machine, or is damaged."""
    packed_for = (STICK / "MACHINE.txt").read_text(encoding="utf-8")
    if machine() != packed_for:
        fix = "Start set_up.py with that Python, or pack another stick on a machine like this one."
        sys.exit(f"This stick is for {packed_for}; this is {machine()}. {fix}")
    lines = (STICK / "SHA256.txt").read_text(encoding="utf-8").splitlines()
    sums = {name: wanted for wanted, _, name in (line.partition("  ") for line in lines)}
    damaged = [name for name, wanted in sums.items() if digest(STICK / name) != wanted]
    if damaged:
        sys.exit(f"Damaged or missing on this stick: {', '.join(damaged)}. Take another stick.")
    return sums


def digest(file: Path) -> str:
    """The SHA-256 of a file, as hex; "" where there is none."""
    if not file.is_file():
        return ""
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def install(folder: Path, shared: "Path | None", sums: "dict[str, str]") -> None:
    """The kit with its environment, and the models unless shared. What fails leaves no folder."""
    uv = folder / uv_name()
    places = {"mlkit": folder, uv.name: uv}
    if not shared:
        places["weights"] = Path.home() / ".cache" / "mlkit" / "weights"
    with_wheels = ["pip", "install", "--quiet", "--no-index", "--find-links", STICK / "wheels"]
    try:
        for name, wanted in sums.items():
            top, _, rest = name.partition("/")
            if top in places and digest(places[top] / rest) != wanted:
                (places[top] / rest).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(STICK / name, places[top] / rest)  # no modes: it may be read-only
        uv.chmod(0o755)
        for command in (
            ["venv", "--quiet", "--python", sys.executable],
            [*with_wheels, "-r", STICK / "requirements.txt"],
            [*with_wheels, "--no-deps", "--no-build-isolation", "--editable", "."],
        ):
            environment = os.environ | {"UV_OFFLINE": "1"}
            subprocess.run([uv, *command], cwd=folder, check=True, env=environment)
    except BaseException:  # Ctrl-C, too
        shutil.rmtree(folder, ignore_errors=True)
        raise


def to_type(folder: Path, shared: "Path | None", system: str) -> str:
    """The lines that open the notebooks and run the tests, on Windows ("nt") or elsewhere."""
    run, setting = "./uv run --no-sync", f'MLKIT_WEIGHTS="{shared}" ' if shared else ""
    if system == "nt":
        run, setting = ".\\uv run --no-sync", setting and f"$env:{setting.rstrip()}\n  "
    return f'  cd "{folder}"\n  {setting}{run} mlkit lab\nand for the tests\n  {run} pytest'


def uv_name() -> str:
    return "uv.exe" if os.name == "nt" else "uv"


if __name__ == "__main__":
    main()
