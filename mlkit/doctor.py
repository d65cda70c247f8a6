"""What `mlkit doctor` looks at: one line each, and what to type about a line that fails."""

import os
import shutil
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import replace
from importlib import metadata
from pathlib import Path
from typing import NamedTuple

import psutil
from rich.console import Console

from mlkit import paths
from mlkit.engines import choose, weights
from mlkit.errors import MlkitError
from mlkit.escaped import in_rich
from mlkit.models import Cast, cast_named

_GIB = 2**30
_PACKAGES = ("jupyterlab", "ipywidgets", "ollama", "plotly", "xllamacpp")


class Finding(NamedTuple):
    good: bool
    what: str
    seen: str  # what was found, and where it is not good, what to type


_SETTINGS = ("engine", "cast", "lanes", "timeout")  # a wrong one stops the first cell


async def report(cast: Cast, console: Console) -> bool:
    """Print every finding. True where notebooks can run, live or on recordings."""
    fits = True
    for finding in machine():
        _print(console, finding)
        fits = fits and (finding.good or finding.what not in _SETTINGS)
    runnable = []
    for kind in ("ollama", "embedded", "replay"):
        try:
            engine = choose.choose(cast, kind)
        except Exception as error:
            _print(console, Finding(False, kind, _said(error, "uv sync")))
            continue
        runnable.append(kind)
        _print(console, Finding(True, kind, engine.source))
        if engine.live:
            async for finding in _questions(engine, cast):
                _print(console, finding)
    fits = fits and (choose.engine_set() in ("auto", *runnable))
    if runnable and fits:
        console.print("Notebooks can run:  uv run mlkit lab")
    elif runnable:
        console.print("[red]Notebooks stop in their first cell.[/] Set what is marked no above.")
    else:
        console.print(
            "[red]Nothing can run yet.[/] "
            "Begin with:  git checkout -- data/recordings   or:  uv run mlkit pull"
        )
    return bool(runnable) and fits


def machine() -> Iterator[Finding]:
    """What is looked at without asking a model. Nothing that goes wrong in it goes further."""
    looks: tuple[tuple[str, Callable[[], tuple[bool, str]], str], ...] = (
        ("python", _python, "uv python install 3.12"),
        ("packages", _packages, "uv sync"),
        ("home", _home, "HOME=/a/folder"),
        ("disk", _disk, "MLKIT_WEIGHTS=/another/disk"),
        ("memory", _memory, "uv run mlkit lab --replay"),
        ("cores", lambda: (True, choose.machine()), "uv run mlkit lab --replay"),
        ("engine", lambda: (True, choose.engine_set()), "MLKIT_ENGINE=auto"),
        ("cast", _cast, "MLKIT_CAST=tiny"),
        ("lanes", _lanes, "MLKIT_LANES=1"),
        ("timeout", _timeout, "MLKIT_TIMEOUT_SECONDS=300"),
        ("notebooks", _notebooks, "MLKIT_ROOT=/path/of/the/clone"),
    )
    for what, look, fix in looks:
        try:
            good, seen = look()
        except Exception as error:
            good, seen = False, _said(error, fix)
        yield Finding(good, what, seen)


def _said(error: Exception, fix: str) -> str:
    """An error as one line; those that are not ours do not say what to type."""
    text = " ".join(str(error).split())
    return text if isinstance(error, MlkitError) else f"{type(error).__name__}: {text}. Try:  {fix}"


def _python() -> tuple[bool, str]:
    version = ".".join(map(str, sys.version_info[:3]))
    good = (3, 11) <= sys.version_info[:2] <= (3, 13)
    needs = "" if good else ", needs 3.11 to 3.13. Type:  uv python install 3.12"
    return good, version + needs


def _packages() -> tuple[bool, str]:
    return True, ", ".join(f"{name} {metadata.version(name)}" for name in _PACKAGES)


def _home() -> tuple[bool, str]:
    fix = "Scores and weights have no place; set:  HOME=/a/folder"
    paths.check_folder(paths.cache(), fix)
    try:
        Path.home()
    except RuntimeError:
        return False, f"there is no home folder, so {paths.cache()} is used. Set:  HOME=/a/folder"
    return True, "can be written"


def _disk() -> tuple[bool, str]:
    free = shutil.disk_usage(_existing(weights.folder())).free / _GIB
    if free > 4:
        return True, f"{free:.0f} GiB free"
    return False, (
        f"{free:.1f} GiB free; weights take up to 4. Put them elsewhere: "
        " MLKIT_WEIGHTS=/another/disk"
    )


def _memory() -> tuple[bool, str]:
    memory = psutil.virtual_memory()
    seen = f"{memory.available / _GIB:.0f} of {memory.total / _GIB:.0f} GiB free"
    if memory.available > 3 * _GIB:
        return True, seen
    return False, f"{seen}; both models take 3. Use the recordings:  uv run mlkit lab --replay"


def _cast() -> tuple[bool, str]:
    return True, cast_named(os.environ.get("MLKIT_CAST") or "tiny").name


def _lanes() -> tuple[bool, str]:
    lanes = choose.number("MLKIT_LANES")
    slower = "; more than one is slower on one CPU" if lanes > 1 else ""
    return True, f"{lanes} call{'s' * (lanes > 1)} at once{slower}"


def _timeout() -> tuple[bool, str]:
    return True, f"{choose.number('MLKIT_TIMEOUT_SECONDS'):g} s for one answer"


def _notebooks() -> tuple[bool, str]:
    if not paths.notebooks().is_dir():
        return False, (
            "there is no notebooks folder beside the package. Run from a clone, or set: "
            " MLKIT_ROOT=/path/of/the/clone"
        )
    paths.check_folder(paths.notebooks(), "What you change there is not saved.")
    return True, "found"


def _existing(folder: Path) -> Path:
    return folder if folder.exists() else _existing(folder.parent)


async def _questions(engine: choose.Engine, cast: Cast) -> AsyncIterator[Finding]:
    """One live question to each model."""
    members = {member.model: member for member in cast.members.values()}
    for model, member in members.items():
        try:
            reply = await engine.ask(
                replace(member, max_tokens=24), "Name three parts of a bicycle."
            )
        except Exception as error:
            yield Finding(False, f"  {model}", _said(error, "uv run mlkit lab --replay"))
        else:
            yield Finding(
                True,
                f"  {model}",
                f"answers, {reply.output_tokens / max(reply.output_seconds, 1e-9):.2g} tokens/s, "
                f"loaded in {reply.load_seconds:.1f} s",
            )


def _print(console: Console, finding: Finding) -> None:
    mark = "[green]ok  [/]" if finding.good else "[red]no  [/]"
    console.print(mark, in_rich(f"{finding.what:<22} {finding.seen}"), soft_wrap=True)
