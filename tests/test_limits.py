"""No notebook asks more of its reader than the limits allow."""

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from mlkit import paths
from tests.limits import LIMITS, LIMITS_OF_10, Counts, count, limits_of, minutes, table

NOTEBOOKS = sorted(paths.notebooks().glob("*.ipynb"))
# What each notebook of the first edition has. These numbers may only fall, and the row of one that
# is written again goes: LIMITS and LIMITS_OF_10 are its caps. They rose once: in 03, 05 and 06 by
# a bench, in 01 and 10 by a measurement of the learner's own models.
CAPS = {
    # minutes, words, lines of code, import lines, longest cell, widest line
    "00_start_here": Counts(52, 1634, 115, 12, 29, 100),
    "01_one_model": Counts(87, 3002, 228, 16, 25, 100),
    "02_pipeline": Counts(99, 3251, 333, 13, 39, 100),
    "03_router": Counts(97, 2960, 380, 17, 43, 100),
    "04_fan_out": Counts(98, 2972, 404, 26, 47, 100),
    "05_voting": Counts(100, 2961, 429, 34, 33, 100),
    "06_planner_executor": Counts(90, 2803, 323, 20, 53, 100),
    "07_supervisor_worker": Counts(99, 2964, 419, 18, 38, 100),
    "08_weighted_ensemble": Counts(85, 2414, 369, 19, 48, 100),
    "09_consensus_ensemble": Counts(87, 2641, 338, 20, 31, 100),
    "10_choosing": Counts(117, 3869, 409, 26, 32, 100),
}


def test_no_notebook_is_longer_than_its_caps():
    counted = {notebook.stem: count(notebook) for notebook in NOTEBOOKS}
    print(table(counted))  # pytest -s tests/test_limits.py
    assert [
        f"{notebook.stem}: {name.replace('_', ' ')} {value:,}, at most {most:,}"
        for notebook in NOTEBOOKS
        for name, value, most in zip(
            Counts._fields,
            counted[notebook.stem].counts,
            CAPS.get(notebook.stem, limits_of(notebook)),
        )
        if value > most
    ] == []


def test_a_notebook_that_keeps_the_limits_has_no_caps_of_its_own():
    assert CAPS.keys() <= {notebook.stem for notebook in NOTEBOOKS}
    assert [
        notebook.stem
        for notebook in NOTEBOOKS
        if notebook.stem in CAPS
        and all(n <= most for n, most in zip(count(notebook).counts, limits_of(notebook)))
    ] == []


@pytest.mark.parametrize("name, limits", [("09_x.ipynb", LIMITS), ("10_x.ipynb", LIMITS_OF_10)])
def test_the_last_notebook_has_limits_of_its_own(name, limits, tmp_path):
    assert limits_of(tmp_path / name) == limits


def tagged(cell, *tags):
    cell.metadata["tags"] = list(tags)
    return cell


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
