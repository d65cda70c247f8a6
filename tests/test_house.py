"""The house rules: imports point down, importing stays cheap."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import course
import pytest

import mlkit

KIT = Path(mlkit.__file__).parent
COURSE = Path(course.__file__).parent
FILES = sorted([*KIT.rglob("*.py"), *COURSE.rglob("*.py")])
# What each room may import of the others. A room is a folder with all in it, or a file of the kit
# or the course; the kit's rooms stand here without "mlkit.".
MAY_IMPORT: dict[str, set[str]] = {
    "escaped": set(),
    "errors": {"escaped"},
    "paths": {"errors"},
    "edition": {"errors", "paths"},
    "ties": set(),
    "ask": set(),
    "trace": {"ask", "errors"},
    "schedule": {"ties", "trace"},
    "numbers": set(),
    "parsing": {"ask", "errors", "numbers", "ties"},
    "votes": {"ask", "errors", "parsing"},
    "patterns": {"ask", "parsing", "errors", "ties", "votes"},
    "models": {"ask", "errors", "trace", "paths", "ties"},
    "wrappers": {"ask"},
    "engines": {"ask", "wrappers", "errors", "escaped", "models", "paths"},
    "measure": {"ask", "trace", "errors", "models", "numbers", "parsing", "paths", "ties", "votes"},
    "progress": {"ask", "escaped", "wrappers"},
    "kit": {
        "edition",
        "wrappers",
        "escaped",
        "trace",
        "models",
        "ask",
        "engines",
        "errors",
        "paths",
        "progress",
    },
    "charts": {"escaped", "measure", "ties", "trace", "schedule", "ask", "models"},
    "widgets": {
        "escaped",
        "errors",
        "charts",
        "kit",
        "ask",
        "models",
        "parsing",
        "patterns",
        "paths",
        "progress",
        "ties",
        "trace",
        "wrappers",
    },
    "lab": {"widgets"},
    "doctor": {"ask", "escaped", "engines", "errors", "models", "paths"},
    # cli alone reaches for the course, inside the commands that need it.
    "cli": {
        "edition",
        "escaped",
        "engines",
        "errors",
        "models",
        "paths",
        "doctor",
        "kit",
        "course.claims",
        "course.copies",
        "course.export",
        "course.notebooks",
        "course.pack",
        "course.record",
        "course.studies",
        "course.timings",
    },
    "__init__": {"ask", "errors", "kit", "schedule", "trace"},
    "__main__": {"cli"},
    "course.shop": {"ask", "errors", "parsing"},
    "course.orders": {"ask", "models", "patterns", "course.shop"},
    "course.home": {"ask", "engines", "errors", "kit", "progress", "wrappers"},
    "course.systems": {
        "ask",
        "measure",
        "models",
        "paths",
        "patterns",
        "trace",
        "course.orders",
        "course.shop",
    },
    "course.capstone": {
        "engines",
        "errors",
        "kit",
        "measure",
        "parsing",
        "paths",
        "trace",
        "course.spreadsheet",
        "course.systems",
    },
    "course.answers": {"errors", "measure", "parsing", "course.shop", "course.studies"},
    "course.spreadsheet": {"measure", "parsing"},
    "course.ways": {
        "charts",
        "measure",
        "models",
        "numbers",
        "parsing",
        "ties",
        "course.spreadsheet",
    },
    "course.limits_chart": {"escaped", "charts", "measure", "ties", "course.ways"},
    "course.card": {
        "escaped",
        "charts",
        "measure",
        "paths",
        "ties",
        "widgets",
        "course.limits_chart",
        "course.ways",
    },
    "course.studies": {
        "ask",
        "kit",
        "measure",
        "models",
        "parsing",
        "patterns",
        "trace",
        "course.capstone",
        "course.orders",
        "course.shop",
        "course.systems",
        "ties",
    },
    "course.my_models": {
        "ask",
        "wrappers",
        "charts",
        "kit",
        "measure",
        "models",
        "trace",
        "widgets",
        "course.orders",
        "course.shop",
        "course.studies",
    },
    "course.timings": {
        "ask",
        "engines",
        "errors",
        "kit",
        "measure",
        "paths",
        "trace",
        "course.shop",
        "course.systems",
    },
    "course.claims": {
        "errors",
        "kit",
        "measure",
        "models",
        "patterns",
        "schedule",
        "ties",
        "course.shop",
        "course.studies",
        "course.systems",
        "course.timings",
    },
    "course.record": {
        "ask",
        "wrappers",
        "escaped",
        "engines",
        "errors",
        "kit",
        "models",
        "paths",
        "course.notebooks",
        "course.studies",
        "course.timings",
    },
    "course.notebooks": {"errors", "paths", "widgets"},
    "course.copies": {"edition", "errors", "paths"},
    "course.export": {"escaped", "paths", "widgets", "course.notebooks"},
    "course.pack": {"engines", "errors", "models", "paths", "course.set_up_from_stick"},
    "course.set_up_from_stick": set(),
    "course.lessons": {
        "course.answers",
        "escaped",
        "ask",
        "charts",
        "errors",
        "kit",
        "measure",
        "models",
        "parsing",
        "patterns",
        "schedule",
        "ties",
        "trace",
        "widgets",
        "wrappers",
        "course.orders",
        "course.shop",
        "course.studies",
        "course.systems",
        "course.timings",
        "course.ways",
    },
    "course.__init__": set(),
}


def room_of(module: str) -> str:
    """The room of a module: "mlkit.charts.look" is of charts, "course.lessons.router" of
    course.lessons.
    """
    first, *rest = module.split(".")
    room = rest[0] if rest else "__init__"
    return room if first == "mlkit" else f"course.{room}"


def imported_modules(path: Path) -> set[str]:
    """What a file imports of ours. What is used as `mlkit.connect`, after `import mlkit`, is of the
    kit; a relative import has no name that a room could be told by.
    """
    modules: set[str] = set()
    tree = ast.parse(path.read_text(encoding="utf-8"))
    values = [node.value for node in ast.walk(tree) if isinstance(node, ast.Attribute)]
    used = {value.id for value in values if isinstance(value, ast.Name)}
    for node in ast.walk(tree):
        assert not getattr(node, "level", 0), f"{path.name} imports relatively: name the package"
        if isinstance(node, ast.ImportFrom) and node.module in ("mlkit", "course"):
            modules |= {f"{node.module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            modules.add(node.module or "")
        elif isinstance(node, ast.Import):
            modules |= {alias.name for alias in node.names}
            names = {alias.asname or "mlkit" for alias in node.names if alias.name == "mlkit"}
            modules |= {"mlkit.kit"} if names & used else set()
    return {module for module in modules if module.partition(".")[0] in ("mlkit", "course")}


def module_of(path: Path) -> str:
    top = KIT if path.is_relative_to(KIT) else COURSE
    return ".".join(path.relative_to(top.parent).with_suffix("").parts)


@pytest.mark.parametrize("path", FILES, ids=module_of)
def test_imports_point_down_only(path):
    room = room_of(module_of(path))
    imported = {room_of(module) for module in imported_modules(path)} - {room, "__init__"}
    assert imported <= MAY_IMPORT[room]


def test_nothing_is_allowed_that_nobody_does():
    used: dict[str, set[str]] = {room: set() for room in MAY_IMPORT}
    for path in FILES:
        used[room_of(module_of(path))] |= {room_of(module) for module in imported_modules(path)}
    assert {room: may - used[room] for room, may in MAY_IMPORT.items() if may - used[room]} == {}


@pytest.mark.parametrize(
    "code",
    [
        "from mlkit.kit import connect",
        "import mlkit.kit",
        "from mlkit import kit",
        "import mlkit\nmlkit.connect()",
        "import mlkit as ours\nkit = ours.connect()",
        "def later():\n    import mlkit\n    return mlkit.Kit",
    ],
)
def test_an_import_of_the_kit_is_seen_however_it_is_written(code, tmp_path):
    (tmp_path / "wrong.py").write_text(code)
    assert "kit" in {room_of(module) for module in imported_modules(tmp_path / "wrong.py")}


def test_a_relative_import_is_refused(tmp_path):
    (tmp_path / "wrong.py").write_text("from ..kit import connect")
    with pytest.raises(AssertionError, match="wrong.py imports relatively"):
        imported_modules(tmp_path / "wrong.py")


@pytest.mark.parametrize(
    "path",
    [path for path in FILES if path.parent.name in ("patterns", "lessons")],
    ids=module_of,
)
def test_no_pattern_imports_another_and_no_lesson_does(path):
    room = room_of(module_of(path))
    others = {"course.lessons.concept_test"}  # shared by 00 and 10
    assert not {m for m in imported_modules(path) if room_of(m) == room} - others


def test_the_readme_names_every_file_that_a_pattern_needs():
    needed, before = {"patterns"}, set()
    while needed != before:
        before = set(needed)
        paths = [path for path in FILES if room_of(module_of(path)) in before]
        needed |= {room_of(module) for path in paths for module in imported_modules(path)}
    readme = (KIT.parent / "README.md").read_text(encoding="utf-8")
    (sentence,) = re.findall("A pattern needs nothing but .*", readme)
    assert set(re.findall(r"`(\w+)\.py`", sentence)) == needed - {"patterns"}


def test_importing_the_kit_imports_none_of_the_heavy_libraries():
    code = (
        "import sys, mlkit, mlkit.patterns.router; heavy = {'numpy', 'pandas', 'scipy', 'plotly',"
        " 'ipywidgets', 'xllamacpp', 'ollama', 'httpx'}; print(*sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
