"""What `mlkit record` and `mlkit store` do: run notebooks, and keep every answer or every output."""

import os
from collections.abc import Sequence
from pathlib import Path

import nbclient
import nbformat
from rich.console import Console

from mlkit import paths
from mlkit.engines import choose
from mlkit.engines.replay import finish
from mlkit.errors import EngineError, MlkitError, RecordingError
from mlkit.models import Cast


def record(notebooks: Sequence[Path], cast: Cast, fresh: bool, console: Console) -> None:
    """Run each notebook, its questions one at a time, and write its recording when all of it went well.

    Stopped or failed halfway, the answers so far are kept aside and not asked again the next time.
    """
    engine = choose.choose(cast, os.environ.get("MLKIT_ENGINE", "auto"))
    if not engine.live:
        raise EngineError(f"Recording takes a live engine ({engine.why}). Start one:  ollama serve   or:  uv run mlkit pull")
    for notebook in notebooks:
        if not notebook.is_file():
            raise RecordingError(f"There is no notebook {notebook}. Name one, for example:  "
                                 "uv run mlkit record notebooks/00_start_here.ipynb")
    for notebook in notebooks:
        path = paths.recordings(cast.name) / f"{notebook.stem}.jsonl"
        with console.status(f"{notebook.name}: asking {engine.header.engine}") as status:
            def cell_done(cell: nbformat.NotebookNode, cell_index: int, **_: object) -> None:
                status.update(f"{notebook.name}: cell {cell_index + 1} done, {_kept(path)} answers")

            execute(notebook, on_cell_executed=cell_done, MLKIT_ENGINE=engine.kind, MLKIT_CAST=cast.name, MLKIT_RECORD=str(path),
                    MLKIT_RECORD_FRESH="1" if fresh else "")
            made = finish(path, engine.header)
        console.print(f"{path.name}: {len(made.exchanges)} answers from {engine.source}", soft_wrap=True)


def execute(notebook: Path, on_cell_executed: object = None, **environment: str) -> nbformat.NotebookNode:
    """Run a notebook in a kernel of its own and give it back with its outputs; the file is left as it is."""
    node = nbformat.read(notebook, as_version=4)
    client = nbclient.NotebookClient(node, timeout=3600, kernel_name="python3", on_cell_executed=on_cell_executed,
                                     resources={"metadata": {"path": str(notebook.parent)}})
    try:
        client.execute(env=os.environ | environment)
    except nbclient.exceptions.CellExecutionError as error:
        raise MlkitError(f"{notebook.name} stopped: {error.ename}: {error.evalue} Open it with  uv run mlkit lab  and run "
                         "the cell that fails.") from None
    return node


_WIDGET, _PLOTLY = "application/vnd.jupyter.widget-view+json", "application/vnd.plotly.v1+json"


def store(notebook: Path) -> None:
    """Run a notebook on the recordings and store it with its outputs: text, and charts as pictures.

    Widgets and plotly's data are left out: they mean nothing without a kernel. Running it twice gives the same file.
    """
    node = execute(notebook, MLKIT_ENGINE="replay", MLKIT_PICTURES="1")
    for cell in node.cells:
        cell.metadata = {name: value for name, value in cell.metadata.items() if name == "tags"}
        for output in cell.get("outputs", []):
            output.pop("metadata", None) if output.output_type == "stream" else output.update(metadata={})
            for mime in (_WIDGET, _PLOTLY):
                output.get("data", {}).pop(mime, None)
    node.metadata = {"kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
                     "language_info": {"name": "python"}}
    half_written = notebook.with_suffix(".partial")
    nbformat.write(node, half_written)
    half_written.replace(notebook)


def _kept(path: Path) -> int:
    from mlkit.engines.replay import journal_of

    journal = journal_of(path)
    return journal.read_text().count('"key"') if journal.exists() else 0
