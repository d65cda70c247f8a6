"""One name for one thing, and plain words: what can be tested of them where learners read."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import course
import nbformat
import pytest

import mlkit
from mlkit import paths

# What is not written, and what is written instead. What models are asked, and what others say in
# quotation marks, is free.
INSTEAD = {
    "dear, dearer, dearest": "expensive",
    "by lot": "by chance",
    "anew": "again",
    "kindly": "please, or nothing",
    "one look, 1 look": "asked once",
    "accuracy": "share right",
    "percentage point, percentage points": "points",
    "wall time, wall-clock time": "wall seconds",
    "work time, working time": "work seconds",
    "same budget": "equal budget",
}
# A name in code that a table shows as its head is one too: by_lot.
PATTERN = re.compile(
    r"(?<![^\W_])(?:"
    + "|".join(re.sub("[ -]", "[ _-]", word) for row in INSTEAD for word in row.split(", "))
    + r")(?![^\W_])",
    re.IGNORECASE,
)
QUOTED = re.compile(r"\*?\"[^\"\n]*\"\*?|^>.*$", re.MULTILINE)


def texts(path: Path) -> Iterator[str]:
    """What learners read in a file: text and code of a notebook, strings of code, all else."""
    if path.suffix == ".ipynb":
        for cell in nbformat.read(path, as_version=4).cells:
            prose = cell.cell_type == "markdown"
            yield QUOTED.sub("", cell.source) if prose else cell.source
    elif path.suffix == ".py":
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield node.value
    else:
        yield QUOTED.sub("", path.read_text(encoding="utf-8"))


KIT, COURSE = Path(mlkit.__file__).parent, Path(course.__file__).parent
NOTEBOOKS = paths.notebooks()
PROMPTS = {*(COURSE / "shop").rglob("*"), COURSE / "orders.py"}
FILES = {
    *KIT.rglob("*.py"),
    *COURSE.rglob("*.py"),
    *NOTEBOOKS.glob("[!.]*.*"),
    *(NOTEBOOKS / "images").glob("*.svg"),
    paths.root() / "README.md",
    paths.data() / "FINDINGS.md",
} - PROMPTS


def test_what_learners_read_is_in_plain_words_and_each_thing_has_one_name():
    assert [
        f"{path.name}: {found[0]!r} in ...{text[max(0, found.start() - 30) : found.end() + 30]}..."
        for path in sorted(FILES)
        for text in texts(path)
        for found in PATTERN.finditer(text)
    ] == []


@pytest.mark.parametrize(
    "text, found",
    [
        ("a Dearer model", "Dearer"),
        ("row.by_lot", "by_lot"),
        ("one look,", "one look"),
        ("Wall-clock time", "Wall-clock time"),
        ("endearing allotment: by lots of people", None),
    ],
)
def test_words_are_found_in_all_their_forms_and_not_within_others(text, found):
    hit = PATTERN.search(text)
    assert (hit and hit[0]) == found


TERMS = """member pattern lanes servers oracle random right points verdict
work-seconds wall-seconds dollars-per-1,000-prompts share-right equal-budget""".split()


def test_the_glossary_explains_every_term_once_and_each_has_a_place_to_link_to():
    text = (NOTEBOOKS / "GLOSSARY.md").read_text(encoding="utf-8")
    headings = re.findall(r"^### (.+)\n(?=\S)", text, re.MULTILINE)
    assert sorted(headings) == sorted(term.replace("-", " ") for term in TERMS)
    for word in ("supported", "contradicted", "cannot tell"):
        assert f"*{word.capitalize()}*" in text


def test_links_to_the_glossary_lead_to_a_term_that_it_explains():
    places = {term.replace(",", "") for term in TERMS}
    for path in paths.series():
        for text in texts(path):
            for place in re.findall(r"\]\(GLOSSARY\.md#([^)]*)\)", text):
                assert place in places, f"{path.name}: GLOSSARY.md#{place}"


@pytest.mark.parametrize("path", paths.series(), ids=lambda path: path.name)
def test_no_sentence_becomes_a_formula(path):
    """Between two dollar signs of a paragraph Lab sets a formula, a backslash before them or not;
    code is left alone.
    """
    code = re.compile(r"```.*?```|`[^`\n]*`", re.DOTALL)
    for cell in nbformat.read(path, as_version=4).cells:
        if cell.cell_type == "markdown":
            for paragraph in code.sub("", cell.source).split("\n\n"):
                assert paragraph.count("$") < 2, paragraph
