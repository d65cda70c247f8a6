"""One name for one thing, and plain words: what can be tested of them where learners read."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import course
import nbformat
import pytest
from course.lessons import fan_out, start_here

import mlkit
from mlkit import paths
from tests.limits import OFF_THE_PATH

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


CODE = re.compile(r"```.*?```|`[^`\n]*`|<[^>]*>", re.DOTALL)
USES = {  # as they are written, where it is not the term alone
    **{term: f"{term}s?" for term in ("member", "pattern", "verdict")},
    **{term: f"{term[:-1]}s?" for term in ("lanes", "servers")},
    "share-right": "shares? right",
    "right": "(?<!share )(?<!shares )right",
}
OTHERWISE = {  # what a word means there besides
    ("00", "right"): "a side of the chart; nothing is graded yet",
    ("00", "points"): "two points of a chart meet",
}


def path_of(notebook: Path) -> str:
    """What a reader of the main path reads below the title, without code and tags."""
    _, *cells = nbformat.read(notebook, as_version=4).cells
    path = [cell for cell in cells if not OFF_THE_PATH & {*cell.metadata.get("tags", ())}]
    text = "\n\n".join(cell.source for cell in path if cell.cell_type == "markdown")
    plain = CODE.sub("", text).replace("*", "")
    return re.sub(r"^#.*", "", plain, flags=re.MULTILINE)  # a heading is no sentence


@pytest.mark.parametrize("term", TERMS)
def test_a_term_of_the_glossary_has_one_link_in_a_notebook_where_it_is_first_used(term):
    word = USES.get(term, term.replace("-", " "))
    use = re.compile(rf"(?<![\w-])\[?{word}(?!\w)(\]\([^)]*\))?", re.IGNORECASE)
    link = f"](GLOSSARY.md#{term.replace(',', '')})"
    found = {path.name[:2]: path_of(path) for path in paths.series()}
    used = {number: use.search(text) for number, text in found.items()}
    used = {n: hit for n, hit in used.items() if hit and (n, term) not in OTHERWISE}
    assert used and {n: hit[1] for n, hit in used.items()} == dict.fromkeys(used, link)
    assert {n: found[n].count(link) for n in used} == dict.fromkeys(used, 1)


ON_SERVERS = {  # the cells that place calls on servers, and the check of the exercise among them
    "00": ({"servers", "machines", "exercise-wall"}, start_here.wall_seconds),
    "04": ({"waterfall", "finished"}, fan_out.finished),
}


@pytest.mark.parametrize("number", ON_SERVERS)
def test_what_a_schedule_has_are_servers_and_no_machines(number):
    ids, exercise = ON_SERVERS[number]
    (path,) = NOTEBOOKS.glob(f"{number}_*.ipynb")
    cells = {cell.id: cell.source for cell in nbformat.read(path, as_version=4).cells}
    related = {f"{name}-{part}" for name in ids for part in ("text", "solution")} & cells.keys()
    told = [cells[name] for name in ids | related]
    told += [text for case in exercise.cases for text in (case.hint, *case.known.values())]
    assert [text for text in told if "machine" in text] == []
    assert any("server" in text for text in told)


def test_the_article_is_named_where_its_claims_are_first_spoken_of():
    readme = (paths.root() / "README.md").read_text(encoding="utf-8")
    (title,) = re.findall(r"The kit follows an article, (\*[^*]+\*)", readme)
    cells = [nbformat.read(path, as_version=4).cells for path in paths.series()[:2]]
    assert title in cells[0][0].source
    assert title in next(cell.source for cell in cells[1] if cell.id == "idea")


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
