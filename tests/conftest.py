"""Shared by all tests: the shipped recordings, and a scripted Ask for injecting faults."""

import asyncio
import os
import shutil
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import hypothesis
import pytest

from mlkit.ask import Member, Reply
from mlkit.engines import choose
from mlkit.engines.recordings import Recording, load_folder
from tests.misbehaving import misbehaving

# How long an example takes depends on what else the machine does; speed is measured in benchmarks.
hypothesis.settings.register_profile("mlkit", deadline=None)
hypothesis.settings.load_profile("mlkit")


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> None:
    """Two processes for the whole run on recordings. Lanes that ask models, measure speed or drive
    a browser keep to one.
    """
    whole = (
        config.args_source is pytest.Config.ArgsSource.TESTPATHS
        and "not live" in config.option.markexpr
    )
    if whole and config.option.numprocesses is None and "PYTEST_XDIST_WORKER" not in os.environ:
        config.option.numprocesses, config.option.dist = 2, "loadfile"
        config.option.loadscopereorder = False  # by number of tests: those that take long came last


# What tools leave on purpose; the browser lane's pictures are there to be looked at.
_CACHES = {
    *("__pycache__", ".hypothesis", ".mypy_cache", ".pytest_cache", ".ruff_cache", ".venv"),
    *("uv.lock", "screenshots", ".ipynb_checkpoints", ".virtual_documents", ".DS_Store"),
}
_BEFORE = pytest.StashKey[set[str]]()


def _strays(config: pytest.Config) -> set[str]:
    """What git sees beside the committed files, ignored ones too; nothing outside a clone."""
    if not shutil.which("git"):
        return set()
    command = ["git", "status", "--porcelain", "--ignored=matching", "-uall", "--", "."]
    seen = subprocess.run(command, cwd=config.rootpath, capture_output=True, text=True, check=False)
    return {line for line in seen.stdout.splitlines() if not _CACHES & {*Path(line[3:]).parts}}


def pytest_sessionstart(session: pytest.Session) -> None:
    session.config.stash[_BEFORE] = _strays(session.config)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Red where a file has come, or one has changed, while the tests ran. Looked at by the process
    that waits for the others, where there are several.
    """
    left = sorted(_strays(session.config) - session.config.stash[_BEFORE])
    if left and "PYTEST_XDIST_WORKER" not in os.environ:
        session.exitstatus = session.exitstatus or pytest.ExitCode.TESTS_FAILED
        said = session.config.get_terminal_writer()
        said.line(f"\nleft behind in the tree by the tests: {', '.join(left)}", red=True)


@pytest.fixture(autouse=True)
def _replay_unless_told(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    """Nothing but the lanes that say so may find a live engine, or what is set on this machine."""
    if not {"live", "browser"} & {mark.name for mark in request.node.iter_markers()}:
        monkeypatch.setenv("MLKIT_ENGINE", "replay")
        for name in ("MLKIT_CAST", "MLKIT_LANES", "MLKIT_TIMEOUT_SECONDS"):
            monkeypatch.delenv(name, raising=False)


@cache
def _loaded(folder: Path, files: tuple[tuple[str, int, int], ...]) -> Recording:
    return load_folder(folder)


@pytest.fixture(autouse=True)
def _recordings_are_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder of recordings that has not changed is the same as before, to save half a second."""

    def load(folder: Path) -> Recording:
        stats = [(file.name, file.stat()) for file in sorted(folder.glob("*"))]
        return _loaded(folder, tuple((name, of.st_mtime_ns, of.st_size) for name, of in stats))

    monkeypatch.setattr(choose, "load_folder", load)


@dataclass
class Scripted:
    """An Ask that plays a script: for each role a text, a Reply's fields, an exception, or a
    function of the prompt.

    It stands in for faults only; what models say is tested on recordings. Several answers for one
    role are used up in order, the last one repeating.
    """

    script: dict[str, Any]
    asked: list[tuple[Member, str, str]] = field(default_factory=list)  # member, prompt, role
    seconds: float = 0.0
    running: int = 0

    async def __call__(
        self,
        member: Member,
        prompt: str,
        *,
        role: str = "",
        format: dict[str, Any] | None = None,
        labels: Sequence[str] | None = None,
    ) -> Reply:
        self.asked.append((member, prompt, role))
        answer = self.script[role] if role in self.script else self.script[""]
        if isinstance(answer, list):
            answer = answer.pop(0) if len(answer) > 1 else answer[0]
        self.running += 1
        try:
            await asyncio.sleep(self.seconds)
        finally:
            self.running -= 1
        if isinstance(answer, Callable):
            answer = answer(prompt)
        if isinstance(answer, Exception):
            raise answer
        if isinstance(answer, str):
            answer = {"text": answer}
        return Reply(**({"member": member, "output_seconds": 1.0} | answer))


@pytest.fixture
def scripted() -> type[Scripted]:
    return Scripted


@pytest.fixture
def server() -> Callable[[str], Any]:
    """`async with server("full") as address`: a loopback server with that fault."""
    return misbehaving
