"""No cell needs a name that a reader may not have: what is optional stands on its own."""

import ast
import builtins
import dis
from collections.abc import Iterator
from pathlib import Path
from types import CodeType

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from mlkit import paths
from tests.limits import OFF_THE_PATH

GIVEN = {*dir(builtins), "display", "get_ipython"}
LOADS, STORES = ("LOAD_NAME", "LOAD_GLOBAL"), ("STORE_NAME", "STORE_GLOBAL")


def names(source: str) -> tuple[set[str], set[str]]:
    """The names that a cell needs from elsewhere, and those that it defines."""
    code = compile(source, "cell", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    found = {kind: set[str]() for kind in (*LOADS, *STORES)}
    for part in _parts(code):
        for one in dis.get_instructions(part):
            if one.opname in found:
                found[one.opname].add(one.argval)
    defines = found["STORE_NAME"] | found["STORE_GLOBAL"]
    return (found["LOAD_NAME"] | found["LOAD_GLOBAL"]) - defines - GIVEN, defines


def _parts(code: CodeType) -> Iterator[CodeType]:
    yield code
    for part in code.co_consts:
        if isinstance(part, CodeType):
            yield from _parts(part)


def missing(notebook: Path) -> list[str]:
    """Names that no cell defines of the main path or of the same kinds of optional cells. That a
    name is defined above is seen when the notebook runs.
    """
    cells = [
        (cell.id, OFF_THE_PATH & {*cell.metadata.get("tags", ())}, *names(cell.source))
        for cell in nbformat.read(notebook, as_version=4).cells
        if cell.cell_type == "code"
    ]
    return [
        f"{cell}: {name}"
        for cell, kinds, needs, _ in cells
        for name in sorted(needs)
        if not any(name in defines for _, of, _, defines in cells if of <= kinds)
    ]


@pytest.mark.parametrize("notebook", paths.series(), ids=lambda path: path.stem)
def test_no_cell_needs_a_name_that_only_an_optional_cell_of_another_kind_defines(notebook):
    assert missing(notebook) == []


def cell(source, *tags):
    return new_code_cell(source, id=source[:1], metadata={"tags": list(tags)})


def test_a_name_counts_where_a_cell_that_its_reader_runs_defines_it(tmp_path):
    cells = [
        cell("a = [n for n in range(3)]"),
        cell("b = a", "home"),
        cell("c = b + d", "home"),
        cell("d = b", "deeper"),
        cell("e = d", "exercise", "deeper"),
        cell("f = lambda n: n + g() + i", "deeper"),
        cell("g = 1"),
        cell("i = 1", "exercise"),
        cell("h = e + await a", "deeper"),
    ]
    path = tmp_path / "a.ipynb"
    nbformat.write(new_notebook(cells=cells), path)
    assert missing(path) == ["c: d", "d: b", "f: i", "h: e"]
