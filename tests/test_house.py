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
    "escaped": set(),
    "errors": {"escaped"},
    "paths": {"errors"},
    "ties": set(),
    "stats": {"ties"},
    "ask": set(),
    "trace": {"ask"},
    "schedule": {"ties", "trace"},
    "parsing": {"ask", "errors", "ties"},
    "patterns": {"ask", "parsing", "errors", "ties"},
    "tools": {"errors", "paths"},
    "tasks": {"errors", "parsing", "paths", "tools"},
    "measure": {"ask", "trace", "errors", "models", "parsing", "tasks"},
    "prompts": {"ask"},
    "models": {"ask", "errors", "trace", "paths", "ties"},
    "engines": {"ask", "trace", "errors", "models", "paths", "engines"},
    "article": {"ask", "models", "patterns"},
    "kit": {"escaped", "trace", "models", "ask", "engines", "errors", "paths"},
    "charts": {"escaped", "stats", "ties", "trace", "schedule", "ask", "models", "charts"},
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
        "models",
        "orders",
        "parsing",
        "patterns",
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
        "ties",
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
    "export": {"charts", "errors", "paths"},
    "panels": {"escaped", "charts", "export", "kit", "ask", "models", "patterns"},
    "lessons": {"escaped", "errors", "panels", "paths"},
    "checks": {
        "escaped",
        "ask",
        "errors",
        "lessons",
        "measure",
        "models",
        "schedule",
        "stats",
        "tasks",
        "ties",
        "tools",
        "trace",
    },
    "record": {"escaped", "engines", "errors", "kit", "models", "paths", "studies", "timings"},
    "health": {"escaped", "engines", "errors", "models", "paths"},
    "cli": {
        "escaped",
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
