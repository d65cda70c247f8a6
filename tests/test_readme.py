"""The pages at the door lead where they say: every link, every notebook, every pattern."""

import re

import pytest
from course.systems import NINE

from mlkit import paths

PAGES = ("README.md", ".github/CONTRIBUTING.md")


def links(page: str) -> list[str]:
    """The places in this repository that a page links to, from its root."""
    file = paths.root() / page
    found = re.findall(r"\]\(([^)#]+)\)", file.read_text(encoding="utf-8"))
    inside = [(file.parent / link).resolve() for link in found if "://" not in link]
    return [path.relative_to(paths.root().resolve()).as_posix() for path in inside]


@pytest.mark.parametrize("page", PAGES)
def test_every_link_leads_somewhere(page):
    assert links(page)
    assert [link for link in links(page) if not (paths.root() / link).exists()] == []


def test_every_notebook_has_its_row_with_its_lesson_and_every_pattern_its_code():
    readme = (paths.root() / "README.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| \d\d \| .*$", readme, re.M)
    named = [re.findall(r"\]\(([^)]+)\)", row) for row in rows]
    notebooks = paths.series()
    assert [links[0] for links in named] == [f"notebooks/{path.name}" for path in notebooks]
    assert [links[-1] for links in named] == [
        f"notebooks/course/lessons/{path.stem.partition('_')[2]}.py" for path in notebooks
    ]
    patterns = [link for links in named for link in links if link.startswith("mlkit/patterns/")]
    assert patterns == [f"mlkit/patterns/{name}.py" for name in NINE]


def test_the_nightly_lane_may_install_and_become_nobody():
    workflow = (paths.root() / ".github/workflows/tests.yml").read_text(encoding="utf-8")
    steps = re.findall(r"- run: (.*bash \.ci/run)", workflow)
    assert steps == ['sudo -E env "PATH=$PATH" bash .ci/run']
    badge = (paths.root() / ".github/CONTRIBUTING.md").read_text(encoding="utf-8")
    assert "/actions/workflows/tests.yml/badge.svg" in badge


def test_settings_are_given_for_windows_too():
    readme = (paths.root() / "README.md").read_text(encoding="utf-8")
    _, _, settings = readme.partition("### Settings\n")
    assert re.search(r"`OLLAMA_HOST=.* uv run mlkit lab`.*`\$env:OLLAMA_HOST=.*`set ", settings)
    for page in ("notebooks/CLASSROOM.md", "notebooks/INSTRUCTORS.md"):
        assert "(../README.md#settings)" in (paths.root() / page).read_text(encoding="utf-8")
