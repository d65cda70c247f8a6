"""FINDINGS.md is what the recordings say: regenerated and compared; and a changed answer behind a
row changes it.
"""

import asyncio
from dataclasses import replace

import pytest
from course import studies, timings
from course.claims import page
from course.claims.article import CLAIMS
from course.claims.page import MEASURED

import mlkit
from mlkit import paths
from mlkit.measure.matrix import Matrix


@pytest.fixture(scope="module")
def kit():
    return mlkit.connect(engine="replay")


def test_the_page_is_what_the_recordings_say(kit):
    assert asyncio.run(page.page(kit)) == (paths.data() / "FINDINGS.md").read_text(
        encoding="utf-8"
    ), "type:  uv run mlkit findings"


def test_every_claim_has_a_row_in_order(kit):
    rows = [
        line.split(" | ")[0].strip("| ")
        for line in (paths.data() / "FINDINGS.md").read_text().splitlines()
        if line.startswith("| C")
    ]
    assert (
        rows == list(CLAIMS) == [f"C{n}" for n in range(1, 17)] and MEASURED.keys() == CLAIMS.keys()
    )


def flipped(matrix: Matrix, kind: str = "") -> Matrix:
    """The same measurement with one answer of the first subject the other way, wrong if it was
    right: the first on a test task (of a kind).
    """

    def other(task, cell):
        gold = task.gold if isinstance(task.gold, str) else None
        answer = "nothing like it" if cell.right else gold
        call, *rest = cell.calls
        reply = replace(call.reply, text=answer or "", choices={})
        run = replace(cell.run, calls=(replace(call, reply=reply), *rest))
        return replace(cell, right=not cell.right, answer=answer, run=run)

    one = next(
        n
        for n, task in enumerate(matrix.tasks)
        if task.split == "test" and task.kind in (kind or task.kind)
    )
    cells = [
        [[other(task, cell) for cell in row[0]] if n == one else row[0], *row[1:]]
        for n, (task, row) in enumerate(zip(matrix.tasks, matrix.cells, strict=True))
    ]
    return Matrix(matrix.tasks, matrix.subjects, cells)


SUBJECTS = {
    "C1": "large by kind",
    "C3": "pipeline, one model",
    "C4": "right paragraph",
    "C6": "large by kind",
    "C8": "large",
    "C9": "planner_executor",
    "C14": "supervisor_worker",
    "C15": "large by kind",
    "C16": "weighted_ensemble",
}  # the subject whose answers change, where it is not the first


@pytest.mark.parametrize(
    ("claim", "study"),
    [
        ("C1", "desk"),
        ("C1", "triage"),
        ("C3", "orders"),
        ("C4", "specialists"),
        ("C4", "orders"),
        ("C5", "routing"),
        ("C5", "triage"),
        ("C6", "desk"),
        ("C7", "triage"),
        ("C7", "samples"),
        ("C8", "texts"),
        ("C9", "orders"),
        ("C11", "triage"),
        ("C13", "samples"),
        ("C14", "orders"),
        ("C14", "specialists"),
        ("C14", "desk"),
        ("C15", "specialists"),
        ("C15", "desk"),
        ("C16", "orders"),
    ],
)
def test_one_other_answer_gives_another_row(kit, monkeypatch, claim, study):
    before = asyncio.run(MEASURED[claim](kit))
    measure = getattr(studies, study)

    async def other(kit, progress=""):
        measured = await measure(kit, progress)
        first = SUBJECTS.get(claim, "large" if study == "triage" else measured.subjects[0])
        first = next(
            name for name in (first, "large", measured.subjects[0]) if name in measured.subjects
        )
        rest = [name for name in measured.subjects if name != first]
        kind = "creative" if claim == "C6" else ""  # the one kind that it looks at
        return flipped(measured.of([first, *rest]), kind).of(measured.subjects)

    monkeypatch.setattr(studies, study, other)
    assert asyncio.run(MEASURED[claim](kit)).measured != before.measured


@pytest.mark.parametrize("claim", page.NEED_TIMES)
def test_other_times_give_another_row(kit, monkeypatch, claim):
    before = asyncio.run(MEASURED[claim](kit))
    header, runs = timings.load_latency()
    turned = [
        replace(run, wall_seconds=100 / run.wall_seconds) for run in runs
    ]  # the slowest is the fastest
    monkeypatch.setattr(timings, "load_latency", lambda cast: (header, turned))
    assert asyncio.run(MEASURED[claim](kit)).measured != before.measured


def test_a_pattern_is_compared_with_one_model_on_the_same_prompt(kit, monkeypatch):
    header, runs = timings.load_latency()
    seconds = {task: 1.0 + n for n, task in enumerate({run.task for run in runs})}
    threefold = [
        replace(run, wall_seconds=seconds[run.task] * (3 if run.pattern == "pipeline" else 1))
        for run in runs
    ]
    monkeypatch.setattr(timings, "load_latency", lambda cast: (header, threefold))
    assert (
        "3.0 times as long as one answer (95% interval 3.0 to 3.0)"
        in asyncio.run(MEASURED["C2"](kit)).measured
    )


def test_claims_about_latency_wait_for_latencies(kit, monkeypatch):
    monkeypatch.setattr(timings, "file", lambda name, cast: paths.data() / "nowhere")
    found = {one.id: one for one in asyncio.run(page.findings(kit))}
    assert {id for id, one in found.items() if one.verdict == "not measured yet"} == {
        "C2",
        "C10",
        "C14",
        "C16",
    }
