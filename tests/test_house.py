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
    "ask": set(), "trace": {"ask"}, "schedule": {"trace"}, "parsing": {"ask", "errors"},
    "patterns": {"ask", "parsing", "errors"},
    "tools": {"errors", "paths"}, "tasks": {"errors", "parsing", "paths", "tools"},
    "measure": {"ask", "trace", "errors", "models", "parsing", "tasks"},
    "prompts": {"ask"},
    "models": {"ask", "trace", "paths"},
    "engines": {"ask", "trace", "errors", "models", "paths", "engines"},
    "article": {"ask", "models", "patterns"},
    "kit": {"trace", "models", "ask", "engines", "errors", "paths"},
    "charts": {"stats", "trace", "schedule", "ask", "models", "charts"},
    "capstone": {"charts", "errors", "export", "kit", "measure", "models", "paths", "tasks", "timings", "trace"},
    "orders": {"article", "ask", "errors", "kit", "measure", "models", "parsing", "paths", "patterns", "prompts", "tasks", "tools", "trace"},
    "studies": {"article", "ask", "capstone", "kit", "measure", "orders", "parsing", "prompts", "tasks"},
    "findings": {"ask", "errors", "findings", "kit", "measure", "models", "orders", "parsing", "patterns", "stats", "studies", "tasks", "timings", "trace"},
    "timings": {"article", "ask", "engines", "errors", "kit", "measure", "models", "paths", "patterns", "tasks", "tools", "trace"},
    "export": {"charts", "errors"},
    "panels": {"charts", "export", "kit", "ask", "models", "patterns"},
    "lessons": {"panels"}, "checks": {"ask", "errors", "lessons", "measure", "models", "schedule", "stats", "tasks", "tools", "trace"},
    "record": {"engines", "errors", "kit", "models", "paths", "studies", "timings"},
    "health": {"engines", "errors", "models", "paths"},
    "cli": {"engines", "errors", "models", "paths", "findings", "health", "record", "studies", "timings"},
    "__init__": {"ask", "errors", "kit", "schedule", "trace"}, "__main__": {"cli"},
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


def lines_in(paths: list[Path]) -> int:
    """Lines with something on them: blank ones are there to make the others easier to read."""
    return sum(bool(line.strip()) for path in paths for line in path.read_text().splitlines())


def test_what_a_learner_reads_is_under_1000_lines_blank_ones_too():
    read = [path for path in FILES if part_of(path) in ("ask", "trace", "parsing", "patterns")]
    assert sum(len(path.read_text().splitlines()) for path in read) < 1000


def test_the_code_is_under_4000_lines_and_no_file_over_300():
    # What is asked (prompts, examples, studies) and what exercises accept is the material of the lessons, and grows with them;
    # so do the capstone, and the pictures, of which each is a file that is read alone.
    material = {"article", "prompts", "orders", "studies", "timings", "findings", "checks", "charts", "capstone"}
    assert lines_in([path for path in FILES if part_of(path) not in material]) < 4000
    assert max(len(path.read_text().splitlines()) for path in (PACKAGE / "charts").glob("*.py")) <= 150
    assert max(len(path.read_text().splitlines()) for path in FILES) <= 300


def test_importing_the_kit_imports_none_of_the_heavy_libraries():
    code = ("import sys, mlkit, mlkit.patterns.router; heavy = {'numpy', 'pandas', 'scipy', 'plotly', 'ipywidgets', "
            "'xllamacpp', 'ollama', 'httpx'}; print(*sorted(heavy & set(sys.modules)))")
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
