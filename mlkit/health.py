"""What `mlkit doctor` looks at: one line each, and what to type about a line that fails."""

import os
import shutil
import sys
from collections.abc import Iterator
from dataclasses import replace
from importlib import metadata
from typing import NamedTuple

import psutil
from rich.console import Console

from mlkit import paths
from mlkit.engines import choose, weights
from mlkit.engines.chat import Chat
from mlkit.errors import MlkitError
from mlkit.escaped import in_rich
from mlkit.models import Cast

_GIB = 2**30
_PACKAGES = ("jupyterlab", "ipywidgets", "ollama", "plotly", "xllamacpp")


class Finding(NamedTuple):
    good: bool
    what: str
    seen: str  # what was found, and where it is not good, what to type


async def report(cast: Cast, console: Console) -> bool:
    """Print every finding. True where notebooks can run, live or on recordings."""
    for finding in machine():
        _print(console, finding)
    runnable = False
    for kind in ("ollama", "embedded", "replay"):
        try:
            engine = choose.choose(cast, kind)
        except MlkitError as error:
            _print(console, Finding(False, kind, str(error)))
            continue
        runnable = True
        _print(console, Finding(True, kind, engine.source))
        if engine.live:
            async for finding in _questions(engine, cast):
                _print(console, finding)
    console.print(
        "Notebooks can run:  uv run mlkit lab"
        if runnable
        else (
            "[red]Nothing can run yet.[/] "
            "Begin with:  git checkout -- data/recordings   or:  uv run mlkit pull"
        )
    )
    return runnable


def machine() -> Iterator[Finding]:
    """Python, packages, disk, memory, cores, lanes."""
    version = ".".join(map(str, sys.version_info[:3]))
    yield Finding(
        sys.version_info >= (3, 11),
        "python",
        (
            version
            if sys.version_info >= (3, 11)
            else f"{version}, needs 3.11 or later. Type:  uv python install 3.12"
        ),
    )
    yield Finding(
        True, "packages", ", ".join(f"{name} {metadata.version(name)}" for name in _PACKAGES)
    )
    free = shutil.disk_usage(_existing(weights.folder())).free / _GIB
    yield Finding(
        free > 4,
        "disk",
        (
            f"{free:.0f} GiB free"
            if free > 4
            else (
                f"{free:.1f} GiB free; weights take up to 4. Put them elsewhere: "
                " MLKIT_WEIGHTS=/another/disk"
            )
        ),
    )
    memory = psutil.virtual_memory()
    yield Finding(
        memory.available > 3 * _GIB,
        "memory",
        f"{memory.available / _GIB:.0f} of {memory.total / _GIB:.0f} GiB free"
        + (
            ""
            if memory.available > 3 * _GIB
            else "; both models take 3. Use the recordings:  uv run mlkit lab --replay"
        ),
    )
    yield Finding(True, "cores", choose.machine())
    lanes = int(os.environ.get("MLKIT_LANES", 1))
    yield Finding(
        True,
        "lanes",
        f"{lanes} call{'s' * (lanes > 1)} at once"
        + ("; more than one is slower on one CPU" if lanes > 1 else ""),
    )
    yield Finding(
        paths.notebooks().is_dir(),
        "notebooks",
        (
            "found"
            if paths.notebooks().is_dir()
            else (
                "there is no notebooks folder beside the package. Run from a clone, or set: "
                " MLKIT_ROOT=/path/of/the/clone"
            )
        ),
    )


def _existing(folder: os.PathLike[str]) -> os.PathLike[str]:
    return folder if folder.exists() else _existing(folder.parent)


async def _questions(engine: choose.Engine, cast: Cast) -> Iterator[Finding]:
    """One live question to each model."""
    chat = Chat(choose.host(), engine.transport)
    members = {member.model: member for member in cast.members.values()}
    for model, member in members.items():
        try:
            reply = await chat(replace(member, max_tokens=24), "Name three parts of a bicycle.")
        except MlkitError as error:
            yield Finding(False, f"  {model}", str(error))
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
