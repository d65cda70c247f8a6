"""Adding a tenth pattern takes the files that .github/CONTRIBUTING.md names, and no other: done
here on a copy of the tree, with a pattern whose members are recorded already.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from mlkit import paths

pytestmark = pytest.mark.tenth

PATTERN = '''"""Last line: one member thinks first; the last line of what it wrote is the answer."""

from dataclasses import dataclass

from mlkit.ask import Ask, Member


@dataclass(frozen=True)
class Concluded:
    """What the member concluded."""

    text: str
    cut_off: bool

    def describe(self) -> str:
        """What was decided, in a sentence."""
        return "What was said before the last line is left out."


@dataclass(frozen=True)
class LastLine:
    """Ask one member, and take the last line of what it says."""

    member: Member

    async def run(self, ask: Ask, prompt: str) -> Concluded:
        reply = await ask(self.member, prompt, role="answer")
        return Concluded(self.conclude(reply.text), reply.cut_off)

    def conclude(self, text: str) -> str:
        """The last line of a text. Pure."""
        return text.strip().rpartition("\\n")[2]
'''
TEST = '''"""Last line: one call, and the end of its answer."""

import asyncio

from mlkit import trace
from mlkit.ask import Member
from mlkit.patterns.last_line import LastLine
from tests.conftest import Scripted


def test_the_last_line_is_the_answer() -> None:
    ask = Scripted({"answer": "6 * 7\\n42\\n"})
    run = asyncio.run(trace.run(ask, LastLine(Member("qwen:a")), "What is 6 times 7?"))
    assert (run.result.text, [call.role for call in run.calls]) == ("42", ["answer"])
'''
LESSON = '''"""The exercise of notebook 11."""

from collections.abc import Callable

from mlkit.widgets.lessons import Verdict


def conclude(answer: Callable[[str], str]) -> Verdict:
    """`answer(text)`: the last line of a text that is not empty."""
    if answer("one\\n\\ntwo\\n ") != "two":
        return Verdict(False, "Are spaces a line?")
    return Verdict(True, "The end is what counts.")
'''
LESSON_TEST = '''"""The exercise of notebook 11."""

from course.lessons import last_line


def test_the_end_is_accepted_and_the_beginning_refused() -> None:
    assert last_line.conclude(lambda text: text.strip().splitlines()[-1]).passed
    assert not last_line.conclude(lambda text: text.splitlines()[0]).passed
'''
PICTURE = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="90" height="20"><path d="M0 9h90"/></svg>\n'
)
CELLS = [
    "# 11 · Last line\n\n"
    '<img src="images/last_line.svg" alt="A prompt goes to one member; its last line is kept.">',
    """\
from course import studies, systems
from course.lessons import last_line as lesson

import mlkit
from mlkit.charts import waterfall
from mlkit.models import list_prices
from mlkit.widgets.lessons import check
from mlkit.widgets.panels import show

kit = mlkit.connect()""",
    """\
orders = await studies.orders(kit.recorded)
one = orders.of(["last_line"])
print(f"{one.right.sum():.0f} of {len(one.tasks)} orders right")
run = await kit.run(systems.for_orders(kit.cast)["last_line"], one.tasks[0].input)
show(waterfall.chart(run.calls, kit.source, list_prices()))""",
    "check(lesson.conclude, lambda text: text.strip().splitlines()[-1])",
]
LINE = """\
    "last_line": System(
        "Single",
        lambda cast: LastLine(orders.order_voters(cast)[0]),
        lambda cast: LastLine(member_for(cast.large, "answer")),
    ),
"""
ROW = (
    "| 11 | [Last line](notebooks/11_last_line.ipynb) | think first, keep the end |"
    " [pattern](mlkit/patterns/last_line.py),"
    " [exercises' checks](notebooks/course/lessons/last_line.py) |\n"
)
DERIVED = [
    "tests/test_house.py",
    "tests/test_readme.py",
    "tests/test_notebooks.py",
    "tests/test_replayed_patterns.py",
    "tests/test_budgets.py",
    "tests/faults/test_patterns.py",
    "tests/patterns/test_last_line.py",
    "tests/course/test_systems.py",
    "tests/course/test_studies.py",
    "tests/course/test_claims.py",
    "tests/course/test_timings.py",
    "tests/course/test_capstone.py",
    "tests/course/test_card.py",
    "tests/course/lessons/test_benches.py",
    "tests/course/lessons/test_last_line.py",
    "notebooks/11_last_line.ipynb",
]


def notebook() -> str:
    text, *code = CELLS
    cells = [nbformat.v4.new_markdown_cell(text, id="title")]
    cells += [nbformat.v4.new_code_cell(source, id=f"cell-{n}") for n, source in enumerate(code)]
    return nbformat.writes(nbformat.v4.new_notebook(cells=cells))


def faults(table: str) -> str:
    """The table of faults, in which the last line fares as the single model does."""
    rows = re.sub(r'^( +)"single_model": (.+)$', r'\g<0>\n\1"last_line": \2', table, flags=re.M)
    return rows.replace('"last_line": SingleModel(A)', '"last_line": LastLine(A)').replace(
        "from mlkit.patterns.pipeline",
        "from mlkit.patterns.last_line import LastLine\nfrom mlkit.patterns.pipeline",
    )


def budgets(text: str) -> str:
    """The caps, each raised by what the pattern takes."""
    takes = {"kit": PATTERN, "read by learners": PATTERN, "course": LESSON + LINE}

    def raised(cap: re.Match[str]) -> str:
        more = takes.get(cap[1], "").count("\n")
        return f'"{cap[1]}": {int(cap[2]) + more}'

    return re.sub(r'"([a-z ]+)": ([0-9_]+)', raised, text)


def added(tree: Path) -> dict[str, str]:
    """What each file of the page holds once the pattern is there."""

    def read(name: str) -> str:
        return (tree / name).read_text(encoding="utf-8")

    def changed(name: str, mark: str, text: str) -> str:
        old = read(name)
        assert old.count(mark) == 1, f"{name} holds {old.count(mark)} times {mark!r}"
        return old.replace(mark, text)

    systems = changed(
        "notebooks/course/systems.py",
        "\n}\nFAMILIES",
        f"\n{LINE}}}\nFAMILIES",
    ).replace(
        "from mlkit.patterns.pipeline",
        "from mlkit.patterns.last_line import LastLine\nfrom mlkit.patterns.pipeline",
    )
    return {
        "mlkit/patterns/NAME.py": PATTERN,
        "tests/patterns/test_NAME.py": TEST,
        "tests/faults/test_patterns.py": faults(read("tests/faults/test_patterns.py")),
        "notebooks/course/systems.py": systems,
        "notebooks/course/lessons/NAME.py": LESSON,
        "tests/course/lessons/test_NAME.py": LESSON_TEST,
        "notebooks/NN_NAME.ipynb": notebook(),
        "notebooks/images/NAME.svg": PICTURE,
        "README.md": changed(
            "README.md", "\nAn exercise and its solution", f"{ROW}\nAn exercise and its solution"
        ),
        "notebooks/INSTRUCTORS.md": changed(
            "notebooks/INSTRUCTORS.md",
            "\n### 10 Choosing a pattern\n",
            "\n### 11 Last line\n\nThey keep the first line.\n\n### 10 Choosing a pattern\n",
        ),
        "tests/test_budgets.py": budgets(read("tests/test_budgets.py")),
    }


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of what git knows, with a tenth pattern."""
    tree = tmp_path_factory.mktemp("tenth") / "tree"
    listed = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    found = subprocess.run(listed, cwd=paths.root(), capture_output=True, text=True, check=True)
    for name in filter(None, found.stdout.split("\0")):
        if (paths.root() / name).is_file():  # one that was deleted is still in git
            (tree / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(paths.root() / name, tree / name)
    for name, text in added(tree).items():
        file = tree / name.replace("NN", "11").replace("NAME", "last_line")
        file.write_text(text, encoding="utf-8")
    return tree


def run(tree: Path, *command: str) -> None:
    """In the copy: its packages come before the ones that are installed."""
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join([str(tree), str(tree / "notebooks")]),
        "MLKIT_ENGINE": "replay",
    }
    done = subprocess.run(
        [sys.executable, "-m", *command],
        cwd=tree,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{done.stdout[-6000:]}\n{done.stderr[-2000:]}"


def test_the_page_names_the_files_that_it_takes() -> None:
    page = (paths.root() / ".github/CONTRIBUTING.md").read_text(encoding="utf-8")
    named = page.partition("\n## A pattern\n")[2].partition("\n## ")[0]
    assert re.findall(r"^\| `(.+?)` \|", named, re.M) == list(added(paths.root()))


def test_everything_else_derives(tree: Path) -> None:
    run(tree, "mlkit", "store", "notebooks/11_last_line.ipynb")
    # The notebook of all patterns shows the new one only after it was recorded and timed; of a
    # reply with several lines this pattern keeps one.
    left_out = "not changed_answer and not a_reply_changes_only"
    run(tree, "pytest", "-q", "-p", "no:xdist", *DERIVED, "-k", left_out)
