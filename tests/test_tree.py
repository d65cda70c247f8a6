"""The tests' own promise: they leave no file behind in the tree. See tests/conftest.py."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

LEAVES = """
from pathlib import Path
def test_one(): Path("{file}").write_text("left behind")
def test_two(): pass
"""


def run(tree: Path, *options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "xdist.plugin", "tests", *options],
        cwd=tree,
        env={name: value for name, value in os.environ.items() if name != "PYTEST_XDIST_WORKER"}
        | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},  # all others take a second to load
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A clone with our conftest, a card of the learner that git ignores, and one test file."""
    (tmp_path / "tests").mkdir()
    shutil.copy(Path(__file__).with_name("conftest.py"), tmp_path / "tests")
    (tmp_path / ".gitignore").write_text("decision_card.*\n__pycache__/\n.pytest_cache/\n")
    (tmp_path / "decision_card.png").write_text("the learner's")
    (tmp_path / "pytest.ini").write_text(
        "[pytest]\nmarkers =\n    live: asks models\n    browser: drives one\n"
    )
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    return tmp_path


@pytest.mark.parametrize(
    "file, options",
    [("tests/note.txt", ()), ("decision_card.html", ("-n", "2"))],
    ids=["new", "ignored by git, two processes"],
)
def test_a_file_left_behind_turns_the_run_red_and_is_named(tree, file, options):
    (tree / "tests/test_it.py").write_text(LEAVES.format(file=file))
    subprocess.run(["git", "add", "."], cwd=tree, check=True)
    done = run(tree, *options)
    assert done.returncode == 1 and "2 passed" in done.stdout, done.stdout
    assert "left behind" in done.stdout and file in done.stdout
    assert "decision_card.png" not in done.stdout


def test_what_changes_beside_the_clone_in_an_outer_one_is_not_its_own(tree):
    """A folder without git, unpacked in another repository."""
    inner = tree / "unpacked"
    inner.mkdir()
    shutil.move(tree / "tests", inner)
    shutil.move(tree / "pytest.ini", inner)
    (inner / "tests/test_it.py").write_text(LEAVES.format(file="../outside.txt"))
    assert run(inner).returncode == 0
    (inner / "tests/test_it.py").write_text(LEAVES.format(file="inside.txt"))
    done = run(inner)
    assert done.returncode == 1 and "inside.txt" in done.stdout


def test_a_run_that_leaves_nothing_is_green_and_so_is_one_outside_a_clone(tree):
    (tree / "tests/test_it.py").write_text("def test_one(): pass\n")
    assert run(tree).returncode == 0
    (tree / "tests/test_it.py").write_text(LEAVES.format(file="note.txt"))
    shutil.rmtree(tree / ".git")
    assert run(tree).returncode == 0
