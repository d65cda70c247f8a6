"""What `mlkit doctor` looks at: one line each, and what to type about a line that fails."""

import asyncio
import os
import platform
import shutil
import sys
from collections.abc import Callable
from dataclasses import replace
from importlib import metadata
from pathlib import Path
from typing import Any

import psutil
from rich.console import Console

from mlkit import paths
from mlkit.ask import Failure, Member, together
from mlkit.engines import choose, weights
from mlkit.engines.hosted import Hosted, missing
from mlkit.errors import EngineError, EngineTimeout, MlkitError, typed
from mlkit.escaped import in_rich, printable
from mlkit.models import Cast, cast_named

_GIB = 2**30
_PACKAGES = ("jupyterlab", "ipywidgets", "ollama", "plotly")
_MEASURE = "How good live models are: a button at the end of notebook 01 measures them."
_RECORDED = f"Use the recordings:  {typed('lab --replay')}"
_SETTINGS = {"engine", "cast", "lanes", "timeout"}  # a wrong one stops the first cell
WORKSHOP_SECONDS = 20.0  # for the answers of one engine, so that a room is looked at in a minute


async def report(console: Console, workshop: bool = False) -> bool:
    """Print a line for everything that is looked at. True where notebooks can run, live or on
    recordings. `workshop` adds one line at the end that can be sent to others: no name, no path.
    """
    wrong = {what for what, look, fix in LOOKS if not _tell(console, what, _result(look), fix)}
    limit = WORKSHOP_SECONDS if workshop else None
    local = ("ollama", "embedded") if getattr(_result(_cast), "models", True) else ("hosted",)
    runs = {kind: await _runs(console, kind, limit) for kind in (*local, "replay")}
    asked = _result(choose.engine_set)
    there = [kind for kind, state in runs.items() if state != "not there"]
    taken = next((kind for kind in there if asked in ("auto", kind)), "")
    good = not wrong & _SETTINGS and runs.get(taken) == "answers"
    if good:
        console.print(f"Notebooks can run:  {typed('lab')}")
        console.print(f"{_MEASURE} What recordings take:  {typed('record --plan')}", soft_wrap=True)
    elif runs.get(taken) == "too slow":
        console.print(f"Live is slow here. {_RECORDED}")
    elif there or wrong & _SETTINGS:
        console.print("[red]Notebooks stop in their first cell.[/] Set what is marked no above.")
    else:
        begin = f"Begin with:  git checkout -- data/recordings   or:  {typed('pull')}"
        console.print(f"[red]Nothing can run yet.[/] {begin}")
    if workshop:
        said = "Send this line to whoever asked for it:"
        console.print(f"{said}\n{_in_one_line(wrong, runs, taken)}", soft_wrap=True)
    return good


def _in_one_line(wrong: set[str], runs: dict[str, str], taken: str) -> str:
    """What a machine can do, for a chat."""
    system = f"{platform.system()} {platform.machine()}, Python {platform.python_version()}"
    engines = ", ".join(f"{kind} {state}" for kind, state in runs.items())
    ready = f"ready ({taken})" if runs.get(taken) == "answers" else "NOT READY"
    problems = f" · look at: {', '.join(sorted(wrong))}" if wrong else ""
    version = metadata.version("mlkit")
    return f"mlkit {version} · {ready} · {system} · {choose.machine()} · {engines}{problems}"


async def _runs(console: Console, kind: str, limit: float | None) -> str:
    """The state of an engine. A live one has `limit` seconds to answer a question to each model."""
    engine = _result(lambda: choose.choose(_cast(), kind))
    if isinstance(engine, Exception):
        _tell(console, kind, engine, "uv sync")
        return "not there"
    _tell(console, kind, engine.source)
    engine = replace(engine, ask=Hosted(engine.ask))
    members = {member.model: member for member in _cast().members.values()} if engine.live else {}
    try:
        async with asyncio.timeout(limit):
            answers = [
                _tell(console, f"  {model}", await _answer(engine, member), typed("lab --replay"))
                for model, member in members.items()
                if not missing(model) or model == _cast().large.model  # who plays for all others
            ]
    except TimeoutError:
        slow = f"too slow: {limit:g} s were not enough for all models. {_RECORDED}"
        _tell(console, kind, EngineTimeout(slow))
        return "too slow"
    return "answers" if all(answers) else "fails"


async def _answer(engine: choose.Engine, member: Member) -> str | Exception:
    """How fast a model answers, or why it does not."""
    asked = replace(member, max_tokens=24)
    (reply,) = await together(engine.ask(asked, "Name three parts of a bicycle."))
    if isinstance(reply, Failure):
        return reply.error
    if not reply.said.strip():
        return EngineError(f"it answers without a word ({reply.output_tokens} tokens). {_RECORDED}")
    speed = reply.output_tokens / max(reply.output_seconds, 1e-9)
    return f"answers, {speed:.2g} tokens/s, loaded in {reply.load_seconds:.1f} s"


def _cast() -> Cast:
    return cast_named(os.environ.get("MLKIT_CAST") or "tiny")


def _result(look: Callable[[], Any]) -> Any:
    """What a look gives, or the error that it ends in: what goes wrong is a line, and no more."""
    try:
        return look()
    except Exception as error:
        return error


def _python() -> str:
    fix = "it takes 3.11 to 3.13. Type:  uv python install 3.12"
    return _checked((3, 11) <= sys.version_info[:2] <= (3, 13), platform.python_version(), fix)


def _packages() -> str:
    return ", ".join(f"{name} {metadata.version(name)}" for name in _PACKAGES)


def _home() -> str:
    Path.home()  # raises where there is none
    paths.check_folder(paths.cache(), "Scores and weights have no place; set:  HOME=/a/folder")
    return "can be written"


def _disk() -> str:
    folder = weights.folder()
    free = shutil.disk_usage(next(each for each in (folder, *folder.parents) if each.exists())).free
    fix = "weights take up to 4. Put them elsewhere:  MLKIT_WEIGHTS=/another/disk"
    return _checked(free > 4 * _GIB, f"{free / _GIB:.1f} GiB free", fix)


def _memory() -> str:
    memory = psutil.virtual_memory()
    seen = f"{memory.available / _GIB:.0f} of {memory.total / _GIB:.0f} GiB free"
    fix = f"both models take 3. {_RECORDED}"
    return _checked(memory.available > 3 * _GIB, seen, fix)


def _notebooks() -> str:
    fix = "run from a clone, or set:  MLKIT_ROOT=/path/of/the/clone"
    _checked(paths.notebooks().is_dir(), f"{paths.notebooks()} is not there", fix)
    paths.check_folder(paths.notebooks(), "What you change there is not saved.")
    return "found"


def _checked(good: bool, seen: str, problem: str) -> str:
    if not good:
        raise MlkitError(f"{seen}; {problem}")
    return seen


# What is looked at without asking a model, and what to type where an error does not say so.
LOOKS: tuple[tuple[str, Callable[[], str], str], ...] = (
    ("python", _python, "uv python install 3.12"),
    ("packages", _packages, "uv sync"),
    ("home", _home, "HOME=/a/folder"),
    ("disk", _disk, "MLKIT_WEIGHTS=/another/disk"),
    ("memory", _memory, typed("lab --replay")),
    ("cores", choose.machine, typed("lab --replay")),
    ("engine", choose.engine_set, "MLKIT_ENGINE=auto"),
    ("cast", lambda: _cast().name, "MLKIT_CAST=tiny"),
    ("lanes", lambda: f"{choose.number('MLKIT_LANES')} calls at once", "MLKIT_LANES=1"),
    (
        "timeout",
        lambda: f"{choose.number('MLKIT_TIMEOUT_SECONDS'):g} s",
        "MLKIT_TIMEOUT_SECONDS=300",
    ),
    ("notebooks", _notebooks, "MLKIT_ROOT=/path/of/the/clone"),
)


def _tell(console: Console, what: str, seen: str | Exception, fix: str = "") -> bool:
    """One line; True where it is a good one. Errors that are not ours do not say what to type."""
    good = not isinstance(seen, Exception)
    text = " ".join(printable(str(seen)).split())
    if not isinstance(seen, str | MlkitError):
        text = f"{type(seen).__name__}: {text}. Try:  {fix}"
    mark = "[green]ok  [/]" if good else "[red]no  [/]"
    console.print(mark, in_rich(f"{what:<22} {text}"), soft_wrap=True)
    return good
