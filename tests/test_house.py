"""The house rules: imports point down, files stay short, importing stays cheap."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import mlkit

PACKAGE = Path(mlkit.__file__).parent
FILES = sorted(PACKAGE.rglob("*.py"))
# What each part may import of the others; a part is a file, or a folder with all in it.
MAY_IMPORT = {
    "errors": set(), "paths": set(), "stats": set(),
    "ask": set(), "trace": {"ask"}, "parsing": {"ask", "errors"},
    "patterns": {"ask", "parsing", "errors"},
    "tools": {"errors", "paths"},
    "models": {"ask", "trace", "paths"},
    "engines": {"ask", "trace", "errors", "models", "paths", "engines"},
    "article": {"ask", "models", "patterns"},
    "kit": {"trace", "models", "ask", "engines", "errors", "paths"},
    "charts": {"stats", "trace", "ask", "models", "charts"},
    "panels": {"charts", "kit", "ask", "patterns"},
    "lessons": {"panels"}, "checks": {"lessons", "ask"},
    "record": {"engines", "errors", "models", "paths"},
    "health": {"engines", "errors", "models", "paths"},
    "cli": {"engines", "errors", "models", "paths", "health", "record"},
    "__init__": {"ask", "errors", "kit", "trace"}, "__main__": {"cli"},
}


def part_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imported_parts(path: Path) -> set[str]:
    parts = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module == "mlkit":
            parts |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("mlkit."):
            parts.add(node.module.split(".")[1])
        elif isinstance(node, ast.Import):
            parts |= {alias.name.split(".")[1] for alias in node.names if alias.name.startswith("mlkit.")}
    return parts


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_point_down_only(path):
    assert imported_parts(path) <= MAY_IMPORT[part_of(path)]


@pytest.mark.parametrize("path", sorted((PACKAGE / "patterns").glob("*.py")), ids=lambda path: path.stem)
def test_no_pattern_imports_another(path):
    assert "patterns" not in imported_parts(path)


def lines_in(*parts: str) -> int:
    """Lines with something on them: blank ones are there to make the others easier to read."""
    return sum(bool(line.strip()) for path in FILES if not parts or part_of(path) in parts for line in path.read_text().splitlines())


def test_what_a_learner_reads_is_under_1000_lines_and_all_is_under_4000():
    assert lines_in("ask", "trace", "parsing", "patterns") < 1000
    assert lines_in() < 4000
    assert max(len(path.read_text().splitlines()) for path in FILES) <= 300


def test_importing_the_kit_imports_none_of_the_heavy_libraries():
    code = ("import sys, mlkit, mlkit.patterns.router; heavy = {'numpy', 'pandas', 'scipy', 'plotly', 'ipywidgets', "
            "'xllamacpp', 'ollama', 'httpx'}; print(*sorted(heavy & set(sys.modules)))")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
