"""What a learner saw is there again: after saving, in another session, and as a page."""

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.browser
MOST_BYTES = 3_000_000
NOTEBOOK = "05_voting.ipynb"


def save(learner) -> None:
    learner.page.evaluate("() => window.jupyterapp.commands.execute('docmanager:save')")
    learner.page.wait_for_function(
        "() => !window.jupyterapp.shell.currentWidget.context.model.dirty"
    )


def titles(learner, *ids: str) -> dict[str, str]:
    return {id: learner.title(id) for id in ids}


def test_saved_charts_are_there_again_without_running_anything(lab, tmp_path):
    learner = lab("--replay", copies=True)
    learner.open(NOTEBOOK)
    learner.run_all()
    first = "".join(learner.title("explore").split())
    learner.handle("explore").press("ArrowRight")
    learner.page.wait_for_function(
        r"""first => [...document.querySelectorAll("[data-cell='explore'] .gtitle")]
        .some(title => title.textContent.replace(/\s/g, '') !== first)""",
        arg=first,
    )
    seen = titles(learner, "measure", "explore")
    learner.cell("bench").get_by_role("button", name="Run").click()
    learner.cell("bench").get_by_text("of work").wait_for()
    save(learner)
    file = tmp_path / "copies" / NOTEBOOK
    assert file.stat().st_size < MOST_BYTES, f"{file.stat().st_size:,} bytes"
    print(f"\nsaved after running: {file.stat().st_size / 1e6:.2f} MB")

    learner.open(NOTEBOOK)  # in a new session: its kernel has run nothing
    assert titles(learner, "measure", "explore") == seen
    learner.shot("saved_explore", learner.cell("explore"))
    assert "The numbers behind the chart" in learner.output("explore").inner_text()
    assert "of work" in learner.output("bench").inner_text()
    learner.shot("saved_bench", learner.cell("bench"))
    assert learner.page.get_by_text("Error displaying widget").count() == 0

    as_page(file, seen, learner, tmp_path)

    learner.run_all()  # and live again
    learner.handle("explore").press("ArrowRight")
    learner.wait_for_title("explore", seen["explore"])


def as_page(file: Path, seen: dict[str, str], learner, tmp_path: Path) -> None:
    """The saved notebook through Jupyter's own nbconvert, opened without a network."""
    done = subprocess.run(
        [sys.executable, "-m", "nbconvert", "--to", "html", file, "--output-dir", tmp_path],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    page = learner.page.context.browser.new_page()
    page.context.set_offline(True)
    page.goto((tmp_path / file.with_suffix(".html").name).as_uri())
    drawn = page.locator(".js-plotly-plot .gtitle")
    drawn.first.wait_for()
    shown = {"".join(title.split()) for title in drawn.all_text_contents()}
    assert "".join(seen["measure"].split()) in shown
    assert page.get_by_text("The numbers behind the chart").count() > 3
    page.close()
