"""No notebook asks more of its reader than the limits allow."""

import re

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from mlkit import paths
from tests.limits import LIMITS, LIMITS_OF_10, Counts, count, limits_of, minutes, table

NOTEBOOKS = paths.series()


def test_no_notebook_is_longer_than_the_limits_allow():
    counted = {notebook.stem: count(notebook) for notebook in NOTEBOOKS}
    print(table(counted))  # pytest -s tests/test_limits.py
    assert [
        f"{notebook.stem}: {name.replace('_', ' ')} {value:,}, at most {most:,}"
        for notebook in NOTEBOOKS
        for name, value, most in zip(
            Counts._fields,
            counted[notebook.stem].counts,
            limits_of(notebook),
        )
        if value > most
    ] == []


@pytest.mark.parametrize("name, limits", [("09_x.ipynb", LIMITS), ("10_x.ipynb", LIMITS_OF_10)])
def test_the_last_notebook_has_limits_of_its_own(name, limits, tmp_path):
    assert limits_of(tmp_path / name) == limits


def tagged(cell, *tags):
    cell.metadata["tags"] = list(tags)
    return cell


def checks(notebook, *tags):
    """How many cells with these tags check an answer."""
    cells = nbformat.read(notebook, as_version=4).cells
    checking = [cell for cell in cells if re.search(r"^check\(", cell.source, re.MULTILINE)]
    return sum({*tags} <= {*cell.metadata.get("tags", ())} for cell in checking)


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_there_are_two_exercises_and_a_third_after_the_main_path(notebook):
    assert count(notebook).exercises == 2
    assert (checks(notebook, "exercise"), checks(notebook, "exercise", "deeper")) == (3, 1)


CHECK = "def rule(x):\n    ...\n\n\ncheck(judge, rule)"
CELLS = [
    new_markdown_cell("# A *title* · of [five words](https://a.b/c d)\n<img alt='none of these'>"),
    new_code_cell("import re\nfrom math import (\n    inf,\n    nan,\n)\n\nprint(re)"),
    tagged(new_code_cell(CHECK), "exercise"),
    tagged(new_markdown_cell("the solution"), "exercise"),
    new_code_cell(CHECK),
    tagged(new_code_cell("\n".join(["x = 1"] * 30)), "home"),
    tagged(new_code_cell(CHECK + "\n" + "x" * 101), "exercise", "deeper"),
    tagged(new_markdown_cell("a question"), "deeper"),
]


def test_what_is_counted_is_what_the_main_path_holds(tmp_path):
    path = tmp_path / "01.ipynb"
    nbformat.write(new_notebook(cells=CELLS), path)
    counted = count(path)
    assert counted.counts == Counts(
        minutes(5, 9, 2), words=5, code=9, imports=5, longest_cell=6, widest_line=101
    )
    assert (counted.cells, counted.exercises) == (3, 2)
    assert minutes(words=1000, code=45, exercises=2) == 20 + 3 + 8
    head, row = table({"01": counted}).splitlines()
    assert head.split()[:3] == ["minutes", "words", "code"] and row.split()[2:4] == ["5", "9"]
