"""The house rules: imports point down, importing stays cheap."""

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
    "errors": set(),
    "paths": set(),
    "stats": set(),
    "ask": set(),
    "trace": {"ask"},
    "schedule": {"trace"},
    "parsing": {"ask", "errors"},
    "patterns": {"ask", "parsing", "errors"},
    "tools": {"errors", "paths"},
    "tasks": {"errors", "parsing", "paths", "tools"},
    "measure": {"ask", "trace", "errors", "models", "parsing", "tasks"},
    "prompts": {"ask"},
    "models": {"ask", "trace", "paths"},
    "engines": {"ask", "trace", "errors", "models", "paths", "engines"},
    "article": {"ask", "models", "patterns"},
    "kit": {"trace", "models", "ask", "engines", "errors", "paths"},
    "charts": {"stats", "trace", "schedule", "ask", "models", "charts"},
    "capstone": {
        "charts",
        "engines",
        "errors",
        "export",
        "kit",
        "measure",
        "models",
        "parsing",
        "paths",
        "tasks",
        "timings",
        "trace",
    },
    "orders": {
        "article",
        "ask",
        "errors",
        "kit",
        "measure",
        "models",
        "parsing",
        "paths",
        "patterns",
        "prompts",
        "tasks",
        "tools",
        "trace",
    },
    "studies": {
        "article",
        "ask",
        "capstone",
        "kit",
        "measure",
        "orders",
        "parsing",
        "prompts",
        "tasks",
    },
    "findings": {
        "ask",
        "errors",
        "findings",
        "kit",
        "measure",
        "models",
        "orders",
        "parsing",
        "patterns",
        "stats",
        "studies",
        "tasks",
        "timings",
        "trace",
    },
    "timings": {
        "article",
        "ask",
        "engines",
        "errors",
        "kit",
        "measure",
        "models",
        "paths",
        "patterns",
        "tasks",
        "tools",
        "trace",
    },
    "export": {"charts", "errors"},
    "panels": {"charts", "export", "kit", "ask", "models", "patterns"},
    "lessons": {"panels"},
    "checks": {
        "ask",
        "errors",
        "lessons",
        "measure",
        "models",
        "schedule",
        "stats",
        "tasks",
        "tools",
        "trace",
    },
    "record": {"engines", "errors", "kit", "models", "paths", "studies", "timings"},
    "health": {"engines", "errors", "models", "paths"},
    "cli": {
        "engines",
        "errors",
        "models",
        "paths",
        "findings",
        "health",
        "record",
        "studies",
        "timings",
    },
    "__init__": {"ask", "errors", "kit", "schedule", "trace"},
    "__main__": {"cli"},
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
            parts |= {
                alias.name.split(".")[1] for alias in node.names if alias.name.startswith("mlkit.")
            }
    return parts


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_point_down_only(path):
    assert imported_parts(path) <= MAY_IMPORT[part_of(path)]


@pytest.mark.parametrize(
    "path", sorted((PACKAGE / "patterns").glob("*.py")), ids=lambda path: path.stem
)
def test_no_pattern_imports_another(path):
    assert "patterns" not in imported_parts(path)


def test_importing_the_kit_imports_none_of_the_heavy_libraries():
    code = (
        "import sys, mlkit, mlkit.patterns.router; heavy = {'numpy', 'pandas', 'scipy', 'plotly',"
        " 'ipywidgets', 'xllamacpp', 'ollama', 'httpx'}; print(*sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
