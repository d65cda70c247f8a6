"""Run a notebook, and store it with its outputs (`mlkit store`)."""

import os
import tempfile
from pathlib import Path

import nbclient
import nbformat
from nbconvert.preprocessors import CoalesceStreamsPreprocessor

from mlkit import paths
from mlkit.errors import MlkitError
from mlkit.widgets.static import PLOTLY, VIEW


def execute(
    notebook: Path,
    on_cell_executed: object = None,
    first: str = "",
    last: str = "",
    **environment: str,
) -> nbformat.NotebookNode:
    """Run a notebook in a kernel of its own and give it back with its outputs; the file is left as
    it is. `first` is a line that the kernel runs before the first cell, `last` a cell after all.
    """
    node = nbformat.read(notebook, as_version=4)
    node.cells += [nbformat.v4.new_code_cell(last)] if last else []
    paths.check_jupyter()
    # Elsewhere than in its own folder: what it writes there, a decision card, is the learner's.
    with tempfile.TemporaryDirectory() as elsewhere:
        client = nbclient.NotebookClient(
            node,
            timeout=3600,
            kernel_name="python3",
            on_cell_executed=on_cell_executed,
            extra_arguments=[f"--IPKernelApp.exec_lines={first}"] if first else [],
            resources={"metadata": {"path": elsewhere}},
        )
        try:
            client.execute(env=os.environ | environment)
        except nbclient.exceptions.CellExecutionError as error:
            raise MlkitError(
                f"{notebook.name} stopped: {error.ename}: {error.evalue} Open it with  uv run mlkit"
                " lab  and run the cell that fails."
            ) from None
    return node


def store(notebook: Path) -> None:
    """Run a notebook on the recordings and store it with its outputs: text, and charts as pictures,
    but no widgets, which mean nothing without a kernel. Running it twice gives the same file.
    """
    node = execute(notebook, first="%load_ext mlkit.widgets.export", MLKIT_ENGINE="replay")
    # How often the kernel sent what was printed depends on the moment.
    CoalesceStreamsPreprocessor().preprocess(node, {})
    for cell in node.cells:
        cell.metadata = {name: value for name, value in cell.metadata.items() if name == "tags"}
        if cell.source.startswith("## ") and "deeper" in cell.metadata.get("tags", []):
            cell.metadata["jp-MarkdownHeadingCollapsed"] = True  # opens on a click or on Enter
        for output in cell.get("outputs", []):
            if "metadata" in output:
                output.metadata = {}
            for mime in (VIEW, PLOTLY):
                output.get("data", {}).pop(mime, None)
    kernel = {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}
    node.metadata = {"kernelspec": kernel, "language_info": {"name": "python"}}
    paths.write(notebook, nbformat.writes(node).rstrip("\n") + "\n")
