"""Every exercise that is a function: its stored solution passes, and the cases that nobody wrote
down refuse what only the listed ones accept.
"""

import ast
import re
from collections.abc import Callable
from typing import Any

import nbformat
import pytest
from course.lessons import (
    choosing,
    consensus_ensemble,
    fan_out,
    one_model,
    pipeline,
    planner_executor,
    router,
    start_here,
    supervisor_worker,
    voting,
    weighted_ensemble,
)

from mlkit import paths
from mlkit.widgets import lessons
from mlkit.widgets.exercises import Exercise

EXERCISES: dict[tuple[str, str], Exercise] = {
    ("00", "dollars_per_thousand"): start_here.dollars_per_thousand,
    ("00", "wall_seconds"): start_here.wall_seconds,
    ("01", "read"): one_model.before_equals([]),
    ("01", "cheapest"): one_model.cheapest,
    ("02", "no_limit"): pipeline.gate([]),
    ("02", "promised"): pipeline.replaced([True, False], [True, False], 1, 1),
    ("03", "route"): router.route,
    ("03", "choose_threshold"): router.threshold,
    ("04", "best_of"): fan_out.best_of,
    ("04", "finished"): fan_out.finished,
    ("05", "winner"): voting.winner,
    ("06", "executor_for"): planner_executor.executor,
    ("06", "break_even"): planner_executor.break_even,
    ("07", "assign"): supervisor_worker.assignments,
    ("07", "speed_up"): supervisor_worker.times_as_fast,
    ("08", "dictator"): weighted_ensemble.dictator,
    ("08", "learn"): weighted_ensemble.learn,
    ("09", "decide_with_lead"): consensus_ensemble.lead,
    ("09", "price_ratio"): consensus_ensemble.price_ratio,
    ("10", "recommend"): choosing.recommend,
    ("10", "cheapest"): choosing.cheapest,
}
DRAWN = 200


def solution(number: str, name: str) -> Callable[..., Any]:
    """The stored solution, with what the cells of its notebook import."""
    (path,) = paths.notebooks().glob(f"{number}_*.ipynb")
    cells = nbformat.read(path, as_version=4).cells
    names: dict[str, Any] = {}
    for cell in cells:
        if cell.cell_type == "code":
            for node in ast.parse(cell.source).body:
                if isinstance(node, ast.Import | ast.ImportFrom):
                    exec(ast.unparse(node), names)
    text = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    blocks = re.findall(r"```python\n(.*?)```", text, re.S)
    (block,) = [block for block in blocks if f"def {name}(" in block]
    exec(block, names)
    return names[name]


def test_every_function_that_a_notebook_checks_stands_here():
    checked = {
        (path.name[:2], node.name)
        for path in paths.series()
        for cell in nbformat.read(path, as_version=4).cells
        if cell.cell_type == "code" and re.search(r"^check\(", cell.source, re.M)
        for node in ast.parse(cell.source).body
        if isinstance(node, ast.FunctionDef)
    }
    # the cell after this stub checks it
    assert checked | {("00", "dollars_per_thousand")} == set(EXERCISES)


@pytest.fixture(params=EXERCISES, ids="-".join)
def exercise(request) -> tuple[Exercise, Callable[..., Any]]:
    return EXERCISES[request.param], solution(*request.param)


def test_the_stored_solution_passes(exercise):
    judge, right = exercise
    assert judge(right).passed


class Late:
    """The right answer in all listed cases, and from the first drawn one on something else."""

    def __init__(self, judge: Exercise, right: Callable[..., Any], then: Callable[[], Any]) -> None:
        self.right, self.then, self.cases = right, then, 0
        self.judge = Exercise(judge.cases, "Right.", judge.known, self.call)
        self.inner, self.listed = judge.call, len(judge.cases) - DRAWN

    def call(self, answer: Callable[..., Any], *args: Any) -> Any:
        self.cases += 1
        return self.inner(answer, *args)

    def __call__(self, *args: Any) -> Any:
        return self.then() if self.cases > self.listed else self.right(*args)


def test_the_cases_that_nobody_wrote_down_are_tried_too(exercise):
    judge, right = exercise
    late = Late(judge, right, object)
    assert late.listed > 0 and not late.judge(late).passed
    assert late.cases > late.listed


def breaks() -> None:
    raise TypeError("so far")


def test_what_stops_an_answer_is_shown_with_its_input(exercise, capsys):
    judge, right = exercise
    late = Late(judge, right, breaks)
    lessons.check(late.judge, late)
    given = ", ".join(map(repr, judge.cases[late.cases - 1].args))
    said = f"✗ Your code raised TypeError: so far\nIts input was {given}."
    assert "".join(capsys.readouterr().out.split()) == "".join(said.split())


def certainty_first(label, certainty, mass, threshold=0.6):
    if label in router.KINDS and certainty >= threshold:
        return label
    return "person" if mass < 0.5 else "general"


def lower_cased_name(named, types, fallback):
    name = named.strip().lower() if isinstance(named, str) else ""
    return name if name in types else fallback


def lower_cased_pieces(rows, workers):
    return solution("07", "assign")([(who, piece.strip().lower()) for who, piece in rows], workers)


def longest_first(assign, pieces, review, workers):
    in_order = solution("07", "speed_up")
    return in_order(assign, sorted(pieces, reverse=True), review, workers)


@pytest.mark.parametrize(
    "judge, answer, hint",
    [
        (router.route, certainty_first, "Look at the mass before you look at the certainty."),
        (planner_executor.executor, lower_cased_name, "A list of types may have capitals, too."),
        (supervisor_worker.assignments, lower_cased_pieces, "as it was written"),
        (supervisor_worker.times_as_fast, longest_first, "You begin with the longest"),
    ],
)
def test_what_the_first_edition_accepted_is_refused(judge, answer, hint):
    verdict = judge(answer)
    assert not verdict.passed and hint in verdict.text
