"""mlkit lab | doctor | pull | record: everything a person types."""

import asyncio
import os
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TaskID,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

from mlkit import paths
from mlkit.errors import MlkitError, ModelMissing, SettingError, WeightsError, WriteError
from mlkit.escaped import in_rich, printable
from mlkit.models import CASTS, Cast, cast_named

app = typer.Typer(
    help="Learn how to combine language models: notebooks, live or on recordings.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
console = Console(highlight=False)
CastName = Annotated[
    str,
    typer.Option(
        "--cast",
        envvar="MLKIT_CAST",
        help=f'Which models play: {", ".join(CASTS)}, or "small=MODEL,large=MODEL".',
    ),
]


@app.callback()
def main() -> None:
    """Learn how to combine language models: notebooks, live or on recordings."""


@app.command()
def lab(
    replay: Annotated[
        bool, typer.Option("--replay", help="Use the recordings; fetch and ask nothing.")
    ] = False,
    browser: Annotated[bool, typer.Option(help="Open a browser window.")] = True,
    port: Annotated[
        int, typer.Option(help="Where JupyterLab listens; the next free one if it is taken.")
    ] = 8888,
    cast: CastName = "tiny",
) -> None:
    """Find or fetch models, then open JupyterLab on the first notebook."""
    if replay:
        os.environ["MLKIT_ENGINE"] = "replay"
    try:
        paths.check_jupyter()
        engine = _prepare(_cast(cast))
    except MlkitError as error:
        _stop(error)
    try:
        if paths.notebooks().exists():
            paths.check_folder(paths.notebooks(), "What you change will not be saved.")
    except WriteError as error:
        console.print(str(error), style="yellow", markup=False, soft_wrap=True)
    console.print(
        f"Opening JupyterLab on notebooks/00_start_here.ipynb ({engine}). Stop it with Ctrl-C,"
        " twice.",
        soft_wrap=True,
    )
    settings = [
        str(Path(__file__).parent / "lab"),
        *filter(None, [os.environ.get("JUPYTER_CONFIG_PATH")]),
    ]
    environment = os.environ | {
        "MLKIT_ROOT": str(paths.root()),
        "MLKIT_CAST": cast,
        "JUPYTER_PREFER_ENV_PATH": "1",
        "JUPYTER_CONFIG_PATH": os.pathsep.join(settings),
    }
    command = [
        sys.executable,
        "-m",
        "jupyterlab",
        f"--ServerApp.root_dir={paths.root()}",
        f"--port={port}",
        "--LabApp.default_url=/lab/tree/notebooks/00_start_here.ipynb",
    ]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        command.append("--allow-root")  # in a container root is the only user there is
    if not browser:
        command.append("--no-browser")
    if os.name == "posix":
        os.execve(
            sys.executable, command, environment
        )  # no parent in between that a signal could orphan Lab from
    raise typer.Exit(subprocess.run(command, env=environment).returncode)


def _prepare(cast: Cast) -> str:
    """Make the best engine ready: Ollama with its models, else the weights, else the recordings.
    Says which, in a word.
    """
    from mlkit.engines import choose

    asked = choose.engine_set()
    try:
        if asked not in ("replay", "embedded") and _pull_from_ollama(cast):
            return "LIVE on Ollama"
        if asked in ("auto", "embedded"):
            _fetch_weights(cast)
            return "LIVE, embedded"
    except (MlkitError, KeyboardInterrupt) as error:
        reason = (
            str(error)
            if isinstance(error, MlkitError)
            else "You stopped the download; it resumes next time."
        )
        console.print("[yellow]No live model:[/]", in_rich(reason), soft_wrap=True)
        if asked not in ("auto", "replay"):
            raise typer.Exit(1) from None
    choose.choose(cast, "replay")
    return "REPLAY, on recordings of real runs"


def _pull_from_ollama(cast: Cast) -> bool:
    """Pull what the server lacks; False where no server answers."""
    import httpx
    import ollama

    from mlkit.engines.choose import has, host, server_models
    from mlkit.errors import EngineUnreachable

    try:
        version, available = server_models()
    except EngineUnreachable as error:
        console.print(in_rich(str(error).partition(" (")[0] + "."), soft_wrap=True)
        if os.environ.get("MLKIT_ENGINE") == "ollama":
            raise error
        return False
    console.print(in_rich(f"Ollama {version} answers at {host()}."), soft_wrap=True)
    for model in cast.models:
        if has(model, available):
            continue
        try:
            with _bar() as bar:
                task = bar.add_task(printable(model), total=None)
                for step in ollama.Client(host(), transport=httpx.HTTPTransport()).pull(
                    model, stream=True
                ):
                    bar.update(task, total=step.total, completed=step.completed or 0)
        except (ollama.ResponseError, OSError) as error:
            raise ModelMissing(
                f"Ollama could not pull {model}: {error}. Try it by hand:  ollama pull {model}"
            ) from None
    return True


def _fetch_weights(cast: Cast) -> None:
    from mlkit.engines import weights

    unknown = [model for model in cast.models if model not in weights.WEIGHTS]
    if unknown:
        raise WeightsError(
            f"Without Ollama only the cast 'tiny' runs; {', '.join(unknown)} needs it. "
            "Install Ollama, or type:  uv run mlkit lab --cast tiny"
        )
    for model in weights.missing(cast.models):
        with _bar() as bar:
            weights.fetch(model, partial(_show, bar, bar.add_task(model, total=None), model))
    here = f"Weights of {' and '.join(cast.models)} are here; they run inside the notebook's own"
    console.print(in_rich(f"{here} process."))


def _show(bar: Progress, task: TaskID, model: str, done: int, total: int, note: str) -> None:
    bar.update(task, completed=done, total=total, description=printable(f"{model} {note}"))


def _bar() -> Progress:
    return Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
        console=console,
    )


@app.command()
def pull(cast: CastName = "tiny") -> None:
    """Fetch the models of a cast: into Ollama where it runs, else as weights for the embedded
    engine.
    """
    try:
        if not _pull_from_ollama(_cast(cast)):
            _fetch_weights(_cast(cast))
    except MlkitError as error:
        _stop(error)
    except KeyboardInterrupt:
        console.print("Stopped. Type the same again to go on where it stopped:  uv run mlkit pull")
        raise typer.Exit(130) from None
    console.print("[green]All models are here.[/] Now:  uv run mlkit lab")


@app.command()
def doctor(cast: CastName = "tiny") -> None:
    """Check this machine: what runs, what does not, and what to type about it."""
    from mlkit import doctor as health

    try:
        playing = _cast(cast)
    except typer.BadParameter:
        if cast != os.environ.get("MLKIT_CAST"):
            raise
        playing = CASTS["tiny"]  # a line of the report says what is wrong with the variable
    can_run = asyncio.run(health.report(playing, console))
    raise typer.Exit(0 if can_run else 1)


@app.command()
def record(
    names: Annotated[
        list[str] | None, typer.Argument(help="Studies or notebooks; all of them if none is named.")
    ] = None,
    cast: CastName = "tiny",
    fresh: Annotated[
        bool, typer.Option(help="Ask everything again, also what is recorded already.")
    ] = False,
    check: Annotated[
        bool,
        typer.Option(
            "--check", help="Only compare what studies and notebooks ask with what is stored."
        ),
    ] = False,
) -> None:
    """Ask the live engine what studies and notebooks ask, one question at a time, and keep every
    answer.
    """
    from course import record as recording
    from course.studies import STUDIES
    from course.timings import TIMINGS

    try:
        if check:
            raise typer.Exit(0 if recording.check(console) else 1)
        recording.record(
            names or [*STUDIES, *TIMINGS, *sorted(paths.notebooks().glob("*.ipynb"))],
            _cast(cast),
            fresh,
            console,
        )
    except MlkitError as error:
        _stop(error)
    except KeyboardInterrupt:
        console.print("Stopped. What was answered is kept; type the same again to go on.")
        raise typer.Exit(130) from None


@app.command()
def findings() -> None:
    """Write data/FINDINGS.md: what the recordings say about each claim."""
    from course.claims import page

    import mlkit

    try:
        found = asyncio.run(page.page(mlkit.connect(engine="replay")))
        paths.write(paths.data() / "FINDINGS.md", found)
    except MlkitError as error:
        _stop(error)
    console.print("Written: data/FINDINGS.md")


@app.command()
def store(
    notebooks: Annotated[
        list[Path] | None, typer.Argument(help="Notebooks; all of them if none is named.")
    ] = None,
) -> None:
    """Run notebooks on the recordings and store their outputs, for those who change them (takes
    chromium or Chrome).
    """
    from course.notebooks import store as store_outputs

    for notebook in notebooks or sorted(paths.notebooks().glob("*.ipynb")):
        try:
            store_outputs(notebook)
        except MlkitError as error:
            _stop(error)
        console.print(in_rich(f"{notebook.name}: stored"), soft_wrap=True)


def _cast(name: str) -> Cast:
    try:
        return cast_named(name)
    except SettingError as error:
        raise typer.BadParameter(str(error), param_hint="--cast") from None


def _stop(error: MlkitError) -> None:
    console.print(f"[red]{type(error).__name__}:[/]", in_rich(str(error)), soft_wrap=True)
    raise typer.Exit(1) from None
