"""FLOOR lies between what answers reach with labels nobody asked for, and what a label reaches."""

import asyncio

import pytest
from course import studies
from course.shop import KINDS, QUEUES

import mlkit
from mlkit.parsing import FLOOR

NEVER_ASKED = (("c", "c++", "python", "java"), ("positive", "negative"), ("A", "B", "C", "D"))


@pytest.mark.parametrize(
    "study, labels, others", [("routing", KINDS, QUEUES), ("triage", QUEUES, KINDS)]
)
def test_the_floor_parts_labels_from_what_is_none(study, labels, others):
    kit = mlkit.connect(engine="replay", cast="tiny")
    matrix = asyncio.run(getattr(studies, study)(kit.recorded)).of(split="fit")
    cells = [cell for row in matrix.cells for ones in row for cell in ones]
    foreign = [cell.likely(each).mass for cell in cells for each in (others, *NEVER_ASKED)]
    certain = [cell.likely(labels).certainty for cell in cells]
    print(f"{study}: others reach {max(foreign):.3f}, labels have {min(certain):.3f} or more")
    assert 1.5 * max(foreign) < FLOOR < min(certain) / 1.5
