"""INSTRUCTORS.md names what the notebooks hold: their sections, labels, numbers and links."""

import re
from collections.abc import Iterator

import nbformat
import pytest

from mlkit import paths

GUIDE = (paths.notebooks() / "INSTRUCTORS.md").read_text(encoding="utf-8")
REFERENCE = re.compile(r"\b(\d\d) §(\d+)\b")  # 02 §6 is section 6 of notebook 02
PARTS = dict(re.findall(r"^### (\d\d) .*?\n(.*?)(?=^##|\Z)", GUIDE, re.MULTILINE | re.DOTALL))
BELIEF = re.compile(r'\*"[^"\n]*"\*')  # *"what learners believe"*
LABEL = re.compile(r'[`"]([^`"\n]+)[`"]')
NUMBER = re.compile(r"(?<![\w.,])\d+(?:[.,]\d+)*(?!\w)")


def texts(number: str) -> Iterator[str]:
    """What a notebook shows, cell by cell: its text or code, then what stands below it."""
    (path,) = paths.notebooks().glob(f"{number}_*.ipynb")
    for cell in nbformat.read(path, as_version=4).cells:
        yield cell.source
        for output in cell.get("outputs", ()):
            yield output.get("text") or output.get("data", {}).get("text/plain", "")


def sections(number: str) -> set[str]:
    """The numbers of its headings: of "## 4. Build it" the 4."""
    return set(re.findall(r"^## (\d+)\. ", "\n".join(texts(number)), re.MULTILINE))


def test_every_section_that_is_named_is_a_heading_of_its_notebook():
    named = REFERENCE.findall(GUIDE)
    assert len(named) == GUIDE.count("§")
    assert [
        f"{number} §{section}" for number, section in named if section not in sections(number)
    ] == []


def test_every_cut_names_a_section_and_under_a_notebook_one_of_its_own():
    cuts = [cut for line in GUIDE.splitlines() for cut in line.split("✂")[1:]]
    assert cuts and [cut for cut in cuts if not REFERENCE.match(cut.lstrip())] == []
    for number, part in PARTS.items():
        assert re.findall(r"✂ (\d\d)", part) == [number] * part.count("✂")


@pytest.mark.parametrize("number", PARTS)
def test_labels_and_numbers_under_a_notebook_stand_in_it(number):
    part, page = REFERENCE.sub("", PARTS[number]), "\n".join(texts(number))
    labels = LABEL.findall(BELIEF.sub("", part))
    assert [label for label in labels if label not in page] == []
    held = set(re.findall(r"\d+(?:[.,]\d+)*", page))
    assert [one for one in NUMBER.findall(part) if one not in held] == []


def test_every_link_leads_somewhere():
    links = re.findall(r"\]\(([^)#]+)", GUIDE)
    assert links and [link for link in links if not (paths.notebooks() / link).exists()] == []


def test_it_is_no_longer_than_an_instructor_reads():
    assert len(re.findall(r"\S*\w\S*", GUIDE)) <= 2150
