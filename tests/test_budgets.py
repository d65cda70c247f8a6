"""How thin the kit and the course are, counted after the formatter. No room is exempt.

Where a budget and clarity collide, clarity wins and the number here is raised, with its reason.
"""

import ast
from collections.abc import Iterator
from pathlib import Path
from statistics import median

import course
import pytest

import mlkit

KIT, COURSE = Path(mlkit.__file__).parent, Path(course.__file__).parent
# Lines. The kit is to come down to 6,800 and the course to 5,500. What they hold beside that:
# readers that refuse what is in doubt (260 of the kit, 280 of what learners read), thinking and
# sampling (155), the bench (BENCH, and what a call tells while it is at work), for each result its
# decision in a sentence (75, which learners read), and what a model is told (55). In the course:
# orders as forms with their price list, 200 drawn cases for each exercise with a reference (385),
# settings, prompts and right answers for nine benches (390), the measuring of one's own models
# (210), own counts and the card (750), and the tables and pictures of eleven notebooks, whose
# cells hold 47 to 110 lines where they held 130 to 480. Workshops brought: widgets without a
# kernel (150), editions, solo and commands (190) to the kit; copies, the stick and the pages (400)
# to the course. Keyboards and small pages took 6 lines of the kit.
BUDGETS = {"kit": 8_413, "course": 8_848, "read by learners": 1_653, "bench": 655}
BENCH = ("progress", "widgets/bench", "widgets/calls", "widgets/runs")
FILE, FUNCTION, MEDIAN = 350, 40, 12  # lines
# Functions that may be longer, and why.
LONG: dict[str, str] = {}


def files(part: str) -> list[Path]:
    if part == "read by learners":
        alone = [KIT / f"{name}.py" for name in ("ask", "trace", "parsing", "numbers")]
        return [*alone, *sorted((KIT / "patterns").glob("*.py"))]
    if part == "bench":
        return [KIT / f"{name}.py" for name in BENCH]
    return sorted({"kit": KIT, "course": COURSE}[part].rglob("*.py"))


def lines(file: Path) -> int:
    return len(file.read_text(encoding="utf-8").splitlines())


def functions(file: Path) -> Iterator[tuple[str, int]]:
    """The name of each function, and how many lines it has, docstring and all."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield f"{file.stem}.{node.name}", (node.end_lineno or 0) - node.lineno + 1


@pytest.mark.parametrize("part", BUDGETS)
def test_a_part_keeps_its_budget(part):
    of = {file: lines(file) for file in files(part)}
    rooms: dict[str, int] = {}
    for file, count in of.items():
        room = file.relative_to(COURSE if part == "course" else KIT).parts[0]
        rooms[room] = rooms.get(room, 0) + count
    print("\n".join(f"{count:6,}  {room}" for room, count in sorted(rooms.items())))
    assert sum(of.values()) <= BUDGETS[part]


@pytest.mark.parametrize("part", ["kit", "course"])
def test_no_file_is_long(part):
    assert {file.name: lines(file) for file in files(part) if lines(file) > FILE} == {}


@pytest.mark.parametrize("part", ["kit", "course"])
def test_functions_are_short(part):
    lengths = dict(each for file in files(part) for each in functions(file))
    assert median(lengths.values()) <= MEDIAN
    assert {name: n for name, n in lengths.items() if n > FUNCTION and name not in LONG} == {}


def test_every_long_function_is_still_there_and_long():
    lengths = dict(
        each for part in ("kit", "course") for file in files(part) for each in functions(file)
    )
    assert [name for name in LONG if lengths.get(name, 0) <= FUNCTION] == []
