"""FINDINGS.md is what the recordings say: regenerated and compared; and a changed answer behind a row changes it."""

import asyncio
from dataclasses import replace

import pytest

import mlkit
from mlkit import findings, paths, studies
from mlkit.findings import CLAIMS, MEASURED
from mlkit.measure import Matrix


@pytest.fixture(scope="module")
def kit():
    return mlkit.connect(engine="replay")


def test_the_page_is_what_the_recordings_say(kit):
    page = findings.page(asyncio.run(findings.findings(kit)), kit.source)
    assert page == (paths.data() / "FINDINGS.md").read_text(encoding="utf-8"), "type:  uv run mlkit findings"


def test_every_claim_has_a_row_in_order(kit):
    rows = [line.split(" | ")[0].strip("| ") for line in (paths.data() / "FINDINGS.md").read_text().splitlines() if line.startswith("| C")]
    assert rows == list(CLAIMS) == [f"C{n}" for n in range(1, 17)] and MEASURED.keys() <= CLAIMS.keys()


def flipped(matrix: Matrix) -> Matrix:
    """The same measurement with every answer of the first subject on test tasks the other way: right ones wrong, wrong ones right."""
    def other(task, cell):
        gold = task.gold if isinstance(task.gold, str) else None
        return replace(cell, right=not cell.right, answer="nothing like it" if cell.right else gold)
    cells = [[[other(task, cell) for cell in row[0]] if task.split == "test" else row[0], *row[1:]]
             for task, row in zip(matrix.tasks, matrix.cells, strict=True)]
    return Matrix(matrix.tasks, matrix.subjects, cells)


@pytest.mark.parametrize(("claim", "study"), [("C1", "desk"), ("C1", "triage"), ("C5", "routing"), ("C5", "triage"), ("C6", "desk"),
                                              ("C7", "triage"), ("C7", "samples"), ("C8", "texts"), ("C11", "triage"), ("C13", "samples")])
def test_other_answers_give_another_row(kit, monkeypatch, claim, study):
    before = asyncio.run(MEASURED[claim](kit))
    measure = getattr(studies, study)

    async def other(kit, progress=False):
        measured = await measure(kit, progress)
        order = {"C8": ["large"], "C6": ["large by kind"], "C1": ["large by kind"]}.get(claim, measured.subjects[:1]) if study != "triage" else ["large"]
        rest = [name for name in measured.subjects if name not in order]
        return flipped(measured.of([*order, *rest])).of(measured.subjects)

    monkeypatch.setattr(studies, study, other)
    assert asyncio.run(MEASURED[claim](kit)).measured != before.measured
