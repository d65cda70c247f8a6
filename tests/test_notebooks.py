"""What is stored in the notebooks is whole, clean, and hangs on the recordings."""

import os
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import nbformat
import pytest

from mlkit import paths
from mlkit.engines.recordings import Recording, load_file, save

NOTEBOOKS = paths.series()


@pytest.fixture(params=NOTEBOOKS, ids=lambda path: path.stem)
def notebook(request) -> nbformat.NotebookNode:
    return nbformat.read(request.param, as_version=4)


def code_cells(notebook: nbformat.NotebookNode) -> list[nbformat.NotebookNode]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def test_it_is_stored_as_run_from_top_to_bottom(notebook):
    assert [cell.execution_count for cell in code_cells(notebook)] == list(
        range(1, len(code_cells(notebook)) + 1)
    )
    assert code_cells(notebook)[0].outputs[0].text.startswith("REPLAY · recorded")


def test_no_widget_state_no_plotly_data_no_stderr_and_no_path_of_a_machine(notebook):
    text = nbformat.writes(notebook)
    for word in (
        "widget-state",
        "widget-view",
        "application/vnd.plotly",
        '"stderr"',
        "/root/",
        "/home/",
        "/Users/",
        "Traceback",
    ):
        assert word not in text, word


def test_charts_are_stored_as_a_picture_with_words_beside_it(notebook):
    shown = [
        output.data
        for cell in code_cells(notebook)
        for output in cell.outputs
        if "image/png" in output.get("data", {})
    ]
    assert shown
    assert all(len(data["text/plain"].splitlines()) > 2 for data in shown)


def test_every_picture_in_the_text_has_an_alternative_text_and_exists(notebook):
    text = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    for picture in re.findall(r"<img [^>]*>", text):
        assert len(re.search(r'alt="([^"]*)"', picture)[1]) > 20
        assert (paths.notebooks() / re.search(r'src="([^"]*)"', picture)[1]).is_file()


def test_no_two_dollars_turn_the_text_between_them_into_mathematics(notebook):
    for cell in notebook.cells:
        text = re.sub(r"```.*?```|`[^`]*`", "", cell.source, flags=re.S)
        assert cell.cell_type == "code" or len(re.findall(r"(?<!\\)\$", text)) < 2, (
            f"{cell.id}: write \\$ for a dollar"
        )


def test_what_goes_deeper_is_folded_away(notebook):
    headings = [cell for cell in notebook.cells if re.match(r"## .*Going deeper", cell.source)]
    deeper = [cell for cell in notebook.cells if "deeper" in cell.metadata.get("tags", [])]
    assert len(headings) == bool(deeper)
    for heading in headings:
        assert heading in deeper and heading.metadata["jp-MarkdownHeadingCollapsed"] is True


def test_links_to_other_notebooks_lead_somewhere(notebook):
    text = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    for link in re.findall(r"\]\((\d\d_\w+\.ipynb)\)", text):
        assert (paths.notebooks() / link).is_file(), link


def test_instructors_and_the_readme_know_every_notebook():
    guide, readme = (
        (paths.notebooks() / "INSTRUCTORS.md").read_text(encoding="utf-8"),
        (paths.root() / "README.md").read_text(encoding="utf-8"),
    )
    titles = [
        nbformat.read(path, as_version=4)
        .cells[0]
        .source.splitlines()[0]
        .removeprefix("# ")
        .replace(" · ", " ")
        for path in NOTEBOOKS
    ]
    assert [title for title in titles if f"\n### {title}\n" not in guide] == []
    assert [path.name for path in NOTEBOOKS if f"(notebooks/{path.name})" not in readme] == []


def changed(recording: Recording, answer: str) -> Recording:
    """The recording with one answer changed as a new recording would change it: with a hash that
    fits.
    """
    asked = next(one for one in recording.questions if answer in recording.answers[one].text)
    altered = replace(recording.answers[asked], text="99999")
    return Recording(recording.header, recording.answers | {asked: altered})


def test_one_changed_answer_turns_its_notebook_red(tmp_path: Path):
    """That each verdict follows its answers, and its notebook prints it, test_claims sees."""
    answer = "alignment with the frame and seat"
    for part in ("data", "notebooks"):
        shutil.copytree(paths.root() / part, tmp_path / part)
    file = next(
        file
        for file in (tmp_path / "data/recordings/tiny").glob("*.jsonl")
        if answer in file.read_text(encoding="utf-8")
    )
    save(file, changed(load_file(file), answer))
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "--nbval",
            "--nbval-current-env",
            "-p",
            "no:cacheprovider",
            tmp_path / "notebooks/00_start_here.ipynb",
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        env=os.environ
        | {
            "MLKIT_ROOT": str(tmp_path),
            "MLKIT_ENGINE": "ollama",  # set on a machine, it does not count here
            "PYTEST_ADDOPTS": "",
        },
    )
    assert done.returncode == 1, done.stdout
    assert "99999" in done.stdout and " failed" in done.stdout
