"""Each notebook as a learner goes through it: run all, predict, move every control, quiz wrong and
right, an exercise wrong and right.
"""

import ast
import importlib
import re
import shutil
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

import nbformat
import pytest

from mlkit import paths
from tests.browser.conftest import CUT, SLOW, Lab

if TYPE_CHECKING:
    from playwright.sync_api import Locator

pytestmark = pytest.mark.browser


class Exercise(NamedTuple):
    """A function that a learner writes: the cell with its stub, a plausible wrong body, and what
    the hint says of it.
    """

    cell: str
    wrong: str
    hint: str


EXERCISES = {
    "00_start_here": Exercise(
        "exercise",
        "return (reply.prompt_tokens * prompt_price + reply.output_tokens * output_price) / 1e6",
        "one call",
    ),
    "01_one_model": Exercise(
        "cheapest",
        "return min(way[:2][::-1] for way in ways if way[2] >= least)[1]",
        "its interval begins at 52%",
    ),
    "02_pipeline": Exercise(
        "promised", "return then", "These are totals of orders whose stage is right"
    ),
    "03_router": Exercise(
        "route",
        "return label if certainty >= threshold else 'general'",
        "A label that nobody covers",
    ),
    "04_fan_out": Exercise("finished", "return max(seconds)", "That is the slowest member"),
    "05_voting": Exercise(
        "winner-exercise", "return max(set(answers), key=answers.count)", "is a tie"
    ),
    "06_planner_executor": Exercise(
        "exercise-break-even", "return executing / alone", "own tokens are missing"
    ),
    "07_supervisor_worker": Exercise(
        "exercise-2",
        "own, shared = assign + review, sum(pieces)\nreturn (own + shared) / (own + shared /"
        " workers)",
        "A piece cannot be cut",
    ),
    "08_weighted_ensemble": Exercise(
        "exercise-1", "return max(range(len(weights)), key=weights.__getitem__)", "can outvote it"
    ),
    "09_consensus_ensemble": Exercise(
        "exercise-2", "return voters / escalated", "is spared is the rest"
    ),
    "10_choosing": Exercise(
        "exercise-2", "return min(ways, key=lambda way: -way.right).pattern", "Then nobody needs"
    ),
}

# What a panel says: the title of its chart, its sentence, and the numbers behind it.
SAYS = """id => [...document.querySelectorAll(['.gtitle', '[role=status]', 'td']
  .map(part => `[data-cell='${id}'] ${part}`).join(', '))]
    .map(node => node.textContent).join('|')"""
CHANGES = f"""([id, before, wanted, limit]) => new Promise(done => {{
  const says = {SAYS}, end = performance.now() + limit;
    const look = () => {{ const now = says(id);
      if (wanted === null ? now !== before : now === wanted) done(true);
      else if (performance.now() > end) done(false);
      else requestAnimationFrame(look) }}; look() }})"""
# Whether for half a second, in which nobody touches it, no output of the notebook changes.
AT_REST = """() => new Promise(done => { let changes = 0;
    const watch = new MutationObserver(seen => changes += seen.length);
    for (const output of document.querySelectorAll('.jp-OutputArea'))
      watch.observe(output, {subtree: true, childList: true, attributes: true});
    setTimeout(() => { watch.disconnect(); done(changes === 0) }, 500) })"""
PROBLEMS = """() => window.jupyterapp.shell.currentWidget.content.widgets
  .filter(cell => cell.model.type === 'code').flatMap(cell =>
    cell.model.outputs.toJSON().filter(out => out.output_type === 'error' || out.name === 'stderr')
        .map(out => cell.model.id + ': ' + (out.evalue || out.text)))"""


# The cells that show widgets.
WIDGETS = """() => window.jupyterapp.shell.currentWidget.content.widgets
  .filter(cell => cell.model.type === 'code' && cell.model.outputs.toJSON().some(out =>
    out.data?.['application/vnd.jupyter.widget-view+json'])).map(cell => cell.model.id)"""
CHART_SECONDS, ALL_SECONDS = 5, 8


FLAGS = ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT


class Walk:
    """A notebook in Lab, and what its cells say on the disk."""

    def __init__(self, learner: Lab, name: str) -> None:
        self.learner, self.name = learner, name
        cells = nbformat.read(paths.root() / "notebooks" / f"{name}.ipynb", as_version=4).cells
        self.code = {cell.id: cell.source for cell in cells if cell.cell_type == "code"}
        self.text = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")

    def cells(self, pattern: str) -> list[str]:
        return [id for id, source in self.code.items() if re.search(pattern, source)]

    def shot(self, id: str, what: str = "") -> None:
        self.learner.shot(f"walk/{self.name}-{id}{what and '-'}{what}", self.learner.cell(id))

    def says(self, id: str) -> str:
        return self.learner.page.evaluate(SAYS, id)

    def changes(self, id: str, before: str, within_ms: int = 800) -> bool:
        return self.learner.page.evaluate(CHANGES, [id, before, None, within_ms])

    def becomes(self, id: str, wanted: str) -> bool:
        return self.learner.page.evaluate(CHANGES, [id, "", wanted, 5000])

    def run_all(self) -> None:
        self.learner.run_all()
        assert self.learner.page.evaluate(PROBLEMS) == []
        self.learner.page.wait_for_function(AT_REST, timeout=20_000)

    def predict(self) -> None:
        [id] = self.cells(r"\bpredict\(")
        cell = self.learner.cell(id)
        for which, button in enumerate(cell.get_by_role("button", name="This is my guess").all()):
            self.learner.handle(id, which).press("ArrowRight")
            button.click()
            cell.get_by_text("You said").nth(which).wait_for()
        self.shot(id)
        compared = self.cells(r"guess\w*\.against\(")
        assert compared, "the guess is never compared"
        for cell in compared:
            self.learner.run_cell(cell)
            assert "You said" in self.learner.output(cell).inner_text()

    def with_button(self, name: str) -> Iterator[str]:
        """The cells whose output has a button of this name."""
        for id in self.learner.page.evaluate(WIDGETS):
            if self.learner.cell(id).get_by_role("button", name=name, exact=True).count():
                yield id

    def benches(self) -> None:
        ids = list(self.with_button("Run"))
        assert ids, "there is no bench"
        for id in ids:
            cell = self.learner.cell(id)
            cell.get_by_role("button", name="Run", exact=True).click()
            cell.get_by_text(re.compile(r"calls?, [\d.]+ s of work")).wait_for(timeout=10_000)
            cell.get_by_text("Answer", exact=True).wait_for()
            self.shot(id, "run")
            assert self.learner.page.evaluate(CUT, id) == [], f"{id}: this is cut off"

    def explore(self) -> None:
        ids = list(self.with_button("Reset"))
        assert ids, "there is no panel to explore"
        for id in ids:
            self.learner.chart(id)
            first = self.says(id)
            self.shot(id)
            assert self.learner.page.evaluate(CUT, id) == [], f"{id}: this is cut off"
            cell = self.learner.cell(id)
            still = list(range(cell.locator(".noUi-handle").count()))
            still = [which for which in still if not self._moves(id, which)]
            # some have an effect only where another one has moved: first all of them, then one
            # after the other
            for which in still:
                self.learner.handle(id, which).press("ArrowRight")
                self.learner.handle(id, which).press("ArrowRight")
            still = [which for which in still if not self._moves(id, which)]
            assert still == [], f"{id}: these controls change nothing"
            for group in cell.locator(".widget-toggle-buttons").all():
                assert self._chooses(id, group), f"{id}: {group.inner_text()}: nothing changes"
            for box in cell.locator("input[type=number]").all():
                before = self.says(id)
                box.fill(str(3 * float(box.input_value()) + 1))
                box.press("Enter")
                assert self.changes(id, before, 3000), f"{id}: a price changes nothing"
            self.shot(id, "moved")
            cell.get_by_role("button", name="Reset").click()
            assert self.becomes(id, first), (
                f"{id}: Reset does not bring back how it began, but {self.says(id)}"
            )

    def _moves(self, id: str, which: int) -> bool:
        """Whether some place of a slider says something else than the one it begins at: to its end,
        then back beyond.
        """
        before = self.says(id)
        for key in 6 * ["ArrowRight"] + 12 * ["ArrowLeft"]:
            self.learner.handle(id, which).press(key)
            if self.changes(id, before):
                return True
        return False

    def _chooses(self, id: str, group: "Locator") -> bool:
        """Whether some button of a group says something else than the one that is chosen."""
        before = self.says(id)
        for button in group.locator("button:not(.mod-active)").all():
            button.click()
            if self.changes(id, before):
                return True
        return False

    def quiz(self) -> None:
        [id] = self.cells(r"^quiz\(")
        named = {
            alias.name
            for source in self.code.values()
            for node in ast.walk(compile(source, id, "exec", FLAGS))
            if isinstance(node, ast.ImportFrom) and node.module == "course.lessons"
            for alias in node.names
        }
        modules = [importlib.import_module(f"course.lessons.{name}") for name in named]
        [questions] = [module.QUIZ for module in modules if hasattr(module, "QUIZ")]
        for number, (_, choices) in enumerate(questions):
            radios = self.learner.cell(id).locator(".widget-radio-box").nth(number).locator("input")
            for right in (False, True):
                which = next(n for n, choice in enumerate(choices) if choice.right == right)
                radios.nth(which).focus()
                radios.nth(which).press("Space")
                said = self.learner.cell(id).locator("[role=status]", has_text=choices[which].why)
                said.wait_for()
                assert said.inner_text().startswith("Right." if right else "Not quite.")
        self.shot(id)

    def exercise(self) -> None:
        id, wrong, hint = EXERCISES[self.name]
        stub = re.search(r"^def (\w+)\(.*?^    \.\.\.$", self.code[id], re.S | re.M)
        solution = next(
            code
            for code in re.findall(r"```python\n(.*?)```", self.text, re.S)
            if f"def {stub[1]}(" in code
        )
        head = stub[0].removesuffix("    ...")
        checks = [id] if "check(" in self.code[id] else [id, f"{id}-check"]
        for body, mark in (
            (head + "    " + wrong.replace("\n", "\n    "), "✗"),
            (solution.rstrip(), "✓"),
        ):
            self.learner.run_cell(id, self.code[id].replace(stub[0], body))
            for cell in checks[1:]:
                self.learner.run_cell(cell)
            said = " ".join(self.learner.output(checks[-1]).inner_text().split())
            assert mark in said, said
            assert mark == "✓" or hint in said, said
            self.shot(checks[-1], "wrong" if mark == "✗" else "right")


@pytest.mark.parametrize("name", EXERCISES)
def test_a_learner_walks_through(lab, tmp_path, name):
    for part in ("data", "notebooks"):  # a copy: notebook 10 writes a decision card beside itself
        shutil.copytree(paths.root() / part, tmp_path / "clone" / part)
    own = {"HOME": str(tmp_path), "MLKIT_ROOT": str(tmp_path / "clone")}
    learner = lab("--replay", own=True, height=1500, **own)
    walk, started = Walk(learner, name), time.perf_counter()
    learner.open(f"{name}.ipynb")
    opened = time.perf_counter()
    walk.run_all()
    ran = time.perf_counter()
    learner.chart(next(walk.with_button("Reset")))
    chart = time.perf_counter()
    print(
        f"\n{name}: all cells {ran - opened:.1f} s of {ALL_SECONDS}; opened, run, and the first"
        f" panel drawn {chart - started:.1f} s of {CHART_SECONDS + ALL_SECONDS}"
    )
    assert ran - opened < SLOW * ALL_SECONDS
    assert chart - started < SLOW * (CHART_SECONDS + ALL_SECONDS)
    assert "REPLAY · recorded" in learner.output("setup").inner_text()
    walk.predict()
    walk.explore()
    if name != "00_start_here":  # which has a box for one prompt, and no settings
        walk.benches()
    walk.quiz()
    walk.exercise()
    walk.run_all()  # a second time, with an exercise done
    assert learner.outside == []
