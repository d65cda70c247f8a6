"""The pages at the door lead where they say: every link, every notebook, every pattern."""

import re
from pathlib import Path

import pytest
from course.systems import NINE

import mlkit
from mlkit import cli, paths

PAGES = (
    "README.md",
    ".github/CONTRIBUTING.md",
    "notebooks/INSTRUCTORS.md",
    "notebooks/CLASSROOM.md",
)


def text(page: str) -> str:
    return (paths.root() / page).read_text(encoding="utf-8")


def links(page: str) -> list[tuple[str, str]]:
    """What a page links to in this repository: a place from its root, and an anchor or ""."""
    file = (paths.root() / page).resolve()
    parts = [link.partition("#") for link in re.findall(r"\]\(([^)]+)\)", text(page))]
    inside = [
        (file.parent / place if place else file, anchor)
        for place, _, anchor in parts
        if "://" not in place
    ]
    root = paths.root().resolve()
    return [(place.resolve().relative_to(root).as_posix(), anchor) for place, anchor in inside]


def anchors(page: str) -> set[str]:
    """The anchors that GitHub gives the headings of a page."""
    outside_code = re.sub(r"^```.*?^```", "", text(page), flags=re.M | re.S)
    headings = re.findall(r"^#+ (.+)$", outside_code, re.M)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES)
def test_every_link_leads_somewhere(page):
    assert links(page)
    assert [link for link, _ in links(page) if not (paths.root() / link).exists()] == []


def test_every_anchor_is_a_heading_of_its_page():
    named = [(link, anchor) for page in PAGES for link, anchor in links(page) if anchor]
    assert ("notebooks/CLASSROOM.md", "the-stick") in named
    assert [(page, anchor) for page, anchor in named if anchor not in anchors(page)] == []


@pytest.mark.parametrize("page", PAGES)
def test_every_command_and_setting_that_is_named_exists(page):
    known = {command.callback.__name__ for command in cli.app.registered_commands}
    named = set(re.findall(r"(?:`|run |-m )mlkit ([a-z]+)", text(page)))
    assert named and named - known == set()
    code = [path.read_text(encoding="utf-8") for path in Path(mlkit.__file__).parent.rglob("*.py")]
    code += [path.read_text(encoding="utf-8") for path in paths.notebooks().rglob("*.py")]
    settings = set(re.findall(r"\bMLKIT_[A-Z]+(?:_[A-Z]+)*\b", text(page)))
    assert [name for name in settings if f'"{name}"' not in "".join(code)] == []


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


def test_the_bench_of_the_readme_asks_what_is_recorded(capsys):
    (prompt,) = re.findall(r"^bench\(kit, lambda: both, \[\"(.*)\"\]\)$", text("README.md"), re.M)
    kit = mlkit.connect(engine="replay")
    for member in (kit.cast.small, kit.cast.large):
        assert prompt in kit.recorded_prompts(member)
