"""What each notebook of the series has at its end, for those who take the pattern or leave it."""

import re

import nbformat
import pytest

from mlkit import paths


@pytest.fixture(params=paths.series(), ids=lambda path: path.stem)
def cells(request) -> list[nbformat.NotebookNode]:
    return nbformat.read(request.param, as_version=4).cells


def test_what_is_taken_home_tells_a_thinking_model_not_to_think(cells):
    (home,) = [
        cell.source
        for cell in cells
        if "home" in cell.metadata.get("tags", ())
        and ".chat(" in cell.source
        and cell.cell_type == "code"
    ]
    assert re.search(r"""think(=|": )False""", home)


def test_there_are_three_lines_on_when_not_to_use_it(cells):
    (key_points,) = [cell.source for cell in cells if re.match(r"## .*Key points", cell.source)]
    after = re.split(r"\*\*When (?:NOT|not)[^*]*\*\*", key_points)[1]
    lines = re.split(r"\n\W*Next", after)[0].replace("<br>", "").splitlines()
    assert len([line for line in lines if re.search(r"\w", line)]) == 3
