"""INSTRUCTORS.md names what the notebooks hold: their sections, labels, numbers and links."""

import re
from collections.abc import Iterator

import nbformat
import pytest

from mlkit import paths
from tests.limits import LIMITS, LIMITS_OF_10

GUIDE = (paths.notebooks() / "INSTRUCTORS.md").read_text(encoding="utf-8")
REFERENCE = re.compile(r"\b(\d\d) §(\d+)\b")  # 02 §6 is section 6 of notebook 02
PARTS = dict(re.findall(r"^### (\d\d) .*?\n(.*?)(?=^##|\Z)", GUIDE, re.MULTILINE | re.DOTALL))
BELIEF = re.compile(r'\*"[^"\n]*"\*')  # *"what learners believe"*
LABEL = re.compile(r'[`"]([^`"\n]+)[`"]')
NUMBER = re.compile(r"(?<![\w.,])\d+(?:[.,]\d+)*(?!\w)")
# A plan: its name with its hours, then items: when, what, minutes in brackets.
PLANS = re.findall(r"^\*\*(?:Half a|A full) day \(.*\n\n(?:- .*\n)+", GUIDE, re.MULTILINE)
ITEMS = [item for plan in PLANS for item in plan.rstrip().split("\n- ")[1:]]
TIME, MINUTES = re.compile(r"(\d):(\d\d) "), re.compile(r"\((\d+)\)")
NOTEBOOK = re.compile(r"(?<![\w.,:+-])(0\d|10)(?![\w.:%])")  # 04, as it is named in a plan


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


@pytest.mark.parametrize("item", ITEMS, ids=[item[:12] for item in ITEMS])
def test_labels_and_numbers_of_a_plan_stand_in_the_notebooks_that_it_names(item):
    said = TIME.sub("", MINUTES.sub("", item))
    named = [number for number, _ in REFERENCE.findall(said)]
    said = REFERENCE.sub("", said)
    named += NOTEBOOK.findall(said)
    page = "\n".join(one for number in named for one in texts(number))
    assert [label for label in LABEL.findall(said) if label not in page] == []
    held = set(re.findall(r"\d+(?:[.,]\d+)*", page))
    assert [one for one in NUMBER.findall(NOTEBOOK.sub("", said)) if one not in held] == []


@pytest.mark.parametrize("plan", PLANS, ids=["half a day", "a full day"])
def test_the_times_of_a_plan_add_up(plan):
    head, *items = plan.split("\n- ")
    hours, minutes = re.search(r"\((\d+) h(?: (\d+))?", head).groups()
    begin = [60 * int(hour) + int(minute) for hour, minute in map(clock, items)]
    took = [int(minutes) for item in items for minutes in MINUTES.findall(item)]
    assert len(took) == len(items)
    end = [*begin[1:], 60 * int(hours) + int(minutes or 0)]
    assert [start + minutes for start, minutes in zip(begin, took)] == end


def clock(item: str) -> tuple[str, str]:
    return TIME.match(item).groups()


def test_a_full_day_begins_with_items_of_half_a_day_and_an_evening_lasts_as_long_as_it_says():
    half, full = PLANS
    (until,) = re.findall(r"the half day to (\d:\d\d)", full)
    assert f"\n- {until} " in half
    (evening,) = re.findall(r"^\*\*Six evenings \((\d) h\)\*\*.*$", GUIDE, re.M)
    (line,) = re.findall(r"^\*\*Six evenings.*$", GUIDE, re.M)
    assert sum(map(int, MINUTES.findall(line))) == 60 * int(evening)


def test_a_notebook_takes_in_the_plans_what_the_page_says_and_by_count_what_the_limits_say():
    (most,) = re.findall(r"\*\*(\d+) minutes a notebook\*\*", GUIDE)
    (of_10,) = re.findall(r"a notebook\*\*, (\d+) for 10 ", GUIDE)
    alone = re.findall(r"^- \d:\d\d (\d\d) \((\d+)\)", GUIDE, re.M)
    assert alone and dict(alone) == {n: of_10 if n == "10" else most for n, _ in alone}
    said = f"takes {LIMITS.minutes} minutes, two exercises included, and 10 takes"
    assert f"{said} {LIMITS_OF_10.minutes} " in GUIDE


def test_it_is_no_longer_than_an_instructor_reads():
    assert len(re.findall(r"\S*\w\S*", GUIDE)) <= 2150
