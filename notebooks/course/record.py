"""What `mlkit record` does: run studies and notebooks, and keep every answer."""

import asyncio
import tempfile
from collections.abc import Collection, Sequence
from contextlib import closing
from dataclasses import replace
from functools import partial
from pathlib import Path

import nbformat
from rich.console import Console

import mlkit
from course import timings
from course.notebooks import execute
from course.studies import STUDIES, Study
from course.timings import TIMINGS
from mlkit import paths
from mlkit.ask import Reply
from mlkit.engines import choose
from mlkit.engines.hosted import Hosted
from mlkit.engines.journal import Journal, finish, journal_of
from mlkit.engines.recordings import Header, Recording, load_file
from mlkit.errors import EngineError, RecordingError
from mlkit.escaped import in_rich
from mlkit.kit import connect
from mlkit.models import CASTS, Cast
from mlkit.wrappers import Answer, Asked, Question

# What a notebook tells a learner to change is asked too: after its last cell, in the same kernel.
EDITS = {"00_start_here": "await start_here.edits(kit, question, door_note)"}
TINY = CASTS[paths.SHIPPED]
TINY_SECONDS_A_TOKEN = 0.037  # of the large model while the shipped recordings were made


def record(names: Sequence[str | Path], cast: Cast, fresh: bool, console: Console) -> None:
    """Ask everything that a study or a notebook asks, one question at a time, and write its
    recording when all went well. Stopped or failed halfway, the answers so far are kept aside and
    not asked again; `fresh` throws those away too, with what was recorded earlier.
    """
    engine = choose.choose(cast, choose.engine_set())
    if not engine.live:
        raise EngineError(
            f"Recording takes a live engine ({engine.why}). Start one:  ollama serve   or:  uv run"
            " mlkit pull"
        )
    check_names(names)
    about = forecast([Path(name).stem for name in names], engine, cast)
    console.print(in_rich(about), soft_wrap=True)
    for name in names:
        if str(name) in TIMINGS:  # rows are appended; those that are there are not measured again
            path = timings.file(str(name), cast.name)
            if fresh:
                path.unlink(missing_ok=True)
            asyncio.run(TIMINGS[str(name)](connect(cast, engine.kind), path))
            continue
        path = paths.recordings(cast.name) / f"{Path(name).stem}.jsonl"
        if fresh:
            journal_of(path).unlink(missing_ok=True)
        if str(name) in STUDIES:
            console.print(in_rich(f"{name}:"))
            made = record_study(STUDIES[str(name)], path, engine, cast, fresh)
        else:
            made = _record_notebook(Path(name), path, engine, cast, fresh, console)
        said = f"{path.name}: {len(made.answers)} answers from {engine.source}"
        console.print(in_rich(said), soft_wrap=True)


def check_names(names: Sequence[str | Path]) -> None:
    """Raises RecordingError for what is no study, no timing and no notebook."""
    for name in names:
        if str(name) not in {*STUDIES, *TIMINGS} and not Path(name).is_file():
            raise RecordingError(
                f"There is no study and no notebook {name}. Studies:"
                f" {', '.join([*STUDIES, *TIMINGS])}. A notebook, for example:  uv run mlkit record"
                " notebooks/00_start_here.ipynb"
            )


def record_study(
    study: Study, path: Path, engine: choose.Engine, cast: Cast, fresh: bool = False
) -> Recording:
    """A study runs in this process, so that its bars show the time left."""
    with closing(_journal(path, fresh, engine.header)) as journal:
        asyncio.run(study(connect(cast, engine.kind, lambda *_: journal)))
        return journal.finish()


def _journal(path: Path, fresh: bool, header: Header) -> Journal:
    """Where answers are kept. What is recorded already is not asked again, nor kept twice."""
    known: dict[Asked, Answer] = {}
    elsewhere: set[Asked] = set()
    for file in sorted(path.parent.glob("*.jsonl")):
        if file.name == path.name and fresh:
            continue
        recording = load_file(file)
        if recording.header.same_models(header):
            known |= recording.answers
            elsewhere |= set() if file.name == path.name else recording.answers.keys()
    return Journal(path, header, known, elsewhere)


def keep_in(path: str, fresh: bool) -> None:
    """For the kernel of a notebook that is recorded: what `mlkit.connect()` gives keeps answers."""

    mlkit.connect = partial(
        mlkit.connect, keep=lambda cast, engine: _journal(Path(path), fresh, engine.header)
    )


def _record_notebook(
    notebook: Path, path: Path, engine: choose.Engine, cast: Cast, fresh: bool, console: Console
) -> Recording:
    journal = journal_of(path)
    with console.status(in_rich(f"{notebook.name}: asking {engine.header.engine}")) as status:

        def cell_done(cell: nbformat.NotebookNode, cell_index: int, **_: object) -> None:
            count = journal.read_bytes().count(b'"prompt": ') if journal.exists() else 0
            done = f"{notebook.name}: cell {cell_index + 1} done, {count} answers"
            status.update(in_rich(done))

        execute(
            notebook,
            on_cell_executed=cell_done,
            first=f"from course.record import keep_in; keep_in({str(path)!r}, {fresh})",
            last=EDITS.get(notebook.stem, ""),
            MLKIT_ENGINE=engine.kind,
            MLKIT_CAST=cast.name,
        )
        return finish(path, engine.header)


def kept(name: str, cast: str) -> tuple[int, float]:
    """How many calls, or timed runs, a cast's file of this name holds, and how long they took."""
    if name in TIMINGS:
        return timings.taken(name, cast)
    path = paths.recordings(cast) / f"{name}.jsonl"
    answers = load_file(path).answers.values() if path.is_file() else ()
    return len(answers), sum(one.seconds for one in answers if isinstance(one, Reply))


def plan(names: Sequence[str | Path], cast: Cast, console: Console) -> None:
    """Print what recording took with the shipped cast, and what this one lacks; ask no model."""
    check_names(names)
    console.print(f"{'':<18}{'calls':>7}{'minutes':>9}")
    calls, minutes, missing = 0, 0.0, []
    for name in (Path(name).stem for name in names):
        count, seconds = kept(name, paths.SHIPPED)
        if not count and name not in {*STUDIES, *TIMINGS}:
            continue  # a notebook that asks nothing that no study asks
        state = _state(name, cast, count)
        missing += [] if state == "recorded" else [name]
        calls, minutes = calls + count, minutes + seconds / 60
        took = f"{count:>7,}{seconds / 60:>9.1f}" if count else f"{'?':>7}{'?':>9}"
        runs = ", timed runs" if name in TIMINGS else ""
        console.print(in_rich(f"{name:<18}{took}  {state}{runs}"), soft_wrap=True)
    console.print(f"{'total':<18}{calls:>7,}{minutes:>9.1f}")
    said = f"Missing for {cast.name}: {', '.join(missing) or 'nothing'}."
    said += f" Calls and minutes are those of {paths.SHIPPED}'s."
    console.print(in_rich(said), soft_wrap=True)


def _state(name: str, cast: Cast, shipped: int) -> str:
    """Whether a cast's file is there whole; of timings, where each run is a line, with as many."""
    own, _ = kept(name, cast.name)
    if own and (name not in TIMINGS or own >= shipped):
        return "recorded"
    journal = journal_of(paths.recordings(cast.name) / f"{name}.jsonl")
    return "begun" if own or journal.is_file() else "missing"


def forecast(names: Sequence[str], engine: choose.Engine, cast: Cast) -> str:
    """How many calls recording takes, and about how long, as the shipped one and a call now say."""
    known = {name: took for name in names if (took := kept(name, paths.SHIPPED))[0]}
    if not known:
        return (
            "None of this was recorded before, so there is no telling how long it takes. It can be"
            " stopped and continued."
        )
    recordings = known.keys() - TIMINGS.keys()
    calls = sum(known[name][0] for name in recordings)
    runs = sum(count for count, _ in known.values()) - calls
    slower = _seconds_a_token(engine, cast) / TINY_SECONDS_A_TOKEN
    about = sum(seconds for _, seconds in known.values()) * slower / 60
    timed = (
        f" and {runs:,} runs to time, for which nothing else may use the machine," if runs else ","
    )
    return (
        f"About {calls:,} calls in {len(recordings)} of {len(names)} recordings{timed} and"
        f" about {about:.0f} minutes here ({slower:.2g} times the time of the shipped ones). It can"
        " be stopped with Ctrl-C and continued."
    )


def _seconds_a_token(engine: choose.Engine, cast: Cast) -> float:
    asked = replace(cast.large, max_tokens=24)
    reply = asyncio.run(Hosted(engine.ask)(asked, "Name the parts of a bicycle."))
    return reply.output_seconds / max(reply.output_tokens, 1)


def check(console: Console) -> bool:
    """Run every recorded study and notebook on the recordings, and compare what each asked with
    what its file holds. A question that is missing stops it; an answer that nothing asks for is
    named here. What the tests have recorded for themselves is theirs to check.
    """
    unused = stored = 0
    for path in sorted(paths.recordings(TINY.name).glob("*.jsonl")):
        recording, asked = load_file(path), _asked(path.stem, console)
        left = [one for one in recording.answers if asked is not None and one not in asked]
        for one in left:
            prompt = one.prompt if isinstance(one, Question) else one.texts[0]
            console.print(in_rich(f"unused in {path.name}: {prompt[:100]!r}"), soft_wrap=True)
        unused, stored = unused + len(left), stored + len(recording.answers)
    console.print(f"{stored:,} answers stored, {unused} of them unused")
    return not unused


def _asked(name: str, console: Console) -> Collection[Asked] | None:
    """All that a study or a notebook asks of the recordings; None for what is neither."""
    if name in STUDIES:
        memory: dict[Asked, Answer] = {}
        asyncio.run(STUDIES[name](connect(TINY, "replay", lambda *_: memory)))
        return memory
    notebook = paths.notebooks() / f"{name}.ipynb"
    if not notebook.is_file():
        return None
    engine = choose.choose(TINY, "replay")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"{name}.jsonl"
        return _record_notebook(notebook, path, engine, TINY, False, console).answers
