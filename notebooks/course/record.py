"""What `mlkit record` does: run studies and notebooks, and keep every answer."""

import asyncio
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import nbformat
from rich.console import Console

from course import timings
from course.notebooks import execute
from course.studies import STUDIES
from course.timings import TIMINGS
from mlkit import paths
from mlkit.engines import choose
from mlkit.engines.ollama import Chat
from mlkit.engines.recordings import Recording, load_file
from mlkit.engines.replay import finish, journal_of
from mlkit.errors import EngineError, RecordingError
from mlkit.escaped import in_rich
from mlkit.kit import connect
from mlkit.models import Cast

TINY_SECONDS_A_TOKEN = 0.037  # of the large model while the shipped recordings were made


def record(names: Sequence[str | Path], cast: Cast, fresh: bool, console: Console) -> None:
    """Ask everything that a study or a notebook asks, one question at a time, and write its
    recording when all went well.

    Stopped or failed halfway, the answers so far are kept aside and not asked again the next time.
    `fresh` throws those away too, with what was recorded earlier.
    """
    engine = choose.choose(cast, choose.engine_set())
    if not engine.live:
        raise EngineError(
            f"Recording takes a live engine ({engine.why}). Start one:  ollama serve   or:  uv run"
            " mlkit pull"
        )
    for name in names:
        if str(name) not in {*STUDIES, *TIMINGS} and not Path(name).is_file():
            raise RecordingError(
                f"There is no study and no notebook {name}. Studies:"
                f" {', '.join([*STUDIES, *TIMINGS])}. A notebook, for example:  uv run mlkit record"
                " notebooks/00_start_here.ipynb"
            )
    about = forecast([Path(name).stem for name in names], engine, cast)
    console.print(in_rich(about), soft_wrap=True)
    for name in names:
        if str(name) in TIMINGS:
            _measure_times(str(name), engine, cast, fresh)
            continue
        path = paths.recordings(cast.name) / f"{Path(name).stem}.jsonl"
        if fresh:
            journal_of(path).unlink(missing_ok=True)
        made = (
            _record_study(str(name), path, engine, cast, fresh)
            if str(name) in STUDIES
            else _record_notebook(Path(name), path, engine, cast, fresh, console)
        )
        console.print(
            in_rich(f"{path.name}: {len(made.exchanges)} answers from {engine.source}"),
            soft_wrap=True,
        )


def _record_study(
    name: str, path: Path, engine: choose.Engine, cast: Cast, fresh: bool
) -> Recording:
    """A study runs in this process, so that its bars show the time left."""
    os.environ |= {"MLKIT_RECORD": str(path), "MLKIT_RECORD_FRESH": "1" if fresh else ""}
    try:
        asyncio.run(STUDIES[name](connect(cast, engine.kind), True))
    finally:
        del os.environ["MLKIT_RECORD"], os.environ["MLKIT_RECORD_FRESH"]
    return finish(path, engine.header)


def _measure_times(name: str, engine: choose.Engine, cast: Cast, fresh: bool) -> None:
    """Nothing else may run meanwhile. Rows are appended; those that are there are not measured
    again.
    """
    path = timings.file(name, cast.name)
    if fresh:
        path.unlink(missing_ok=True)
    asyncio.run(TIMINGS[name](connect(cast, engine.kind), path))


def _record_notebook(
    notebook: Path, path: Path, engine: choose.Engine, cast: Cast, fresh: bool, console: Console
) -> Recording:
    with console.status(in_rich(f"{notebook.name}: asking {engine.header.engine}")) as status:

        def cell_done(cell: nbformat.NotebookNode, cell_index: int, **_: object) -> None:
            done = f"{notebook.name}: cell {cell_index + 1} done, {_kept(path)} answers"
            status.update(in_rich(done))

        execute(
            notebook,
            on_cell_executed=cell_done,
            MLKIT_ENGINE=engine.kind,
            MLKIT_CAST=cast.name,
            MLKIT_RECORD=str(path),
            MLKIT_RECORD_FRESH="1" if fresh else "",
        )
        return finish(path, engine.header)


def forecast(names: Sequence[str], engine: choose.Engine, cast: Cast) -> str:
    """How many calls recording takes, and about how long, judged by what the shipped recordings
    took and one call now.
    """
    known = [
        load_file(path)
        for name in names
        if (path := paths.recordings("tiny") / f"{name}.jsonl").is_file()
    ]
    exchanges = [exchange for recording in known for exchange in recording.exchanges.values()]
    runs, timed_seconds = (
        sum(both)
        for both in zip(
            (0, 0.0), *(timings.taken(name) for name in names if name in TIMINGS), strict=True
        )
    )
    if not exchanges and not runs:
        return (
            "None of this was recorded before, so there is no telling how long it takes. It can be"
            " stopped and continued."
        )
    seconds = (
        timed_seconds
        + sum(exchange.response.get("total_duration", 0) for exchange in exchanges) / 1e9
    )
    slower = _seconds_a_token(engine, cast) / TINY_SECONDS_A_TOKEN
    about = seconds * slower / 60
    timed = (
        f" and {runs:,} runs to time, for which nothing else may use the machine," if runs else ","
    )
    return (
        f"About {len(exchanges):,} calls in {len(known)} of {len(names)} recordings{timed} and"
        f" about {about:.0f} minutes here ({slower:.2g} times the time of the shipped ones). It can"
        " be stopped with Ctrl-C and continued."
    )


def _seconds_a_token(engine: choose.Engine, cast: Cast) -> float:
    reply = asyncio.run(
        Chat(engine.where, engine.transport)(
            replace(cast.large, max_tokens=24), "Name the parts of a bicycle."
        )
    )
    return reply.output_seconds / max(reply.output_tokens, 1)


def check(console: Console) -> bool:
    """Run all tests and notebooks on the recordings, and compare what they asked with what is
    stored. A question that is missing fails its test; an answer that nothing asks for is named
    here.
    """
    with tempfile.TemporaryDirectory() as folder:
        touched = Path(folder) / "touched"
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-q"],
            cwd=paths.root(),
            env=os.environ | {"MLKIT_TOUCHED": str(touched), "MLKIT_ENGINE": "replay"},
        )
        asked = set(touched.read_text(encoding="utf-8").split()) if touched.is_file() else set()
    stored = {
        path: load_file(path).exchanges for path in sorted(paths.recordings("tiny").glob("*.jsonl"))
    }
    for path, exchanges in stored.items():
        for exchange in [exchange for key, exchange in exchanges.items() if key not in asked]:
            console.print(
                in_rich(f"unused in {path.name}: {exchange.prompt[:100]!r}"), soft_wrap=True
            )
    kept = {key for exchanges in stored.values() for key in exchanges}
    console.print(f"{len(kept):,} answers stored, {len(kept - asked)} of them unused")
    return done.returncode == 0 and kept <= asked


def _kept(path: Path) -> int:
    journal = journal_of(path)
    return journal.read_text().count('"key"') if journal.exists() else 0
