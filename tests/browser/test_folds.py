"""What is long is folded, and a key opens it: the source of a class, the format of an answer. What
is explained elsewhere is one click away.
"""

import pytest

pytestmark = pytest.mark.browser


@pytest.mark.parametrize(
    "cell, title, within",
    [
        ("deeper-source", "The source of SupervisorWorker", "def __post_init__"),
        ("told", "format of its answer", '"assignments"'),
    ],
)
def test_a_fold_opens_on_enter(lab, cell, title, within):
    learner = lab("--replay")
    learner.open("07_supervisor_worker.ipynb")
    output = learner.output(cell)
    fold = output.locator("details", has_text=title).filter(has_text=within).last
    code = fold.locator("pre", has_text=within).first
    assert not code.is_visible()
    fold.locator("summary").first.focus()
    learner.page.keyboard.press("Enter")
    code.wait_for(state="visible", timeout=5_000)
    learner.shot(f"07_{cell}_open")


@pytest.mark.parametrize("place", ["wall-seconds", "dollars-per-1000-prompts"])
def test_a_link_to_the_glossary_shows_its_term(lab, place):
    learner = lab("--replay")
    learner.open("10_choosing.ipynb")
    link = learner.page.locator(f"a[href*='GLOSSARY.md'][href$='#{place}']")
    learner.cell(
        link.first.evaluate("""link => window.jupyterapp.shell.currentWidget.content
        .widgets.find(cell => cell.node.contains(link)).model.id""")
    )
    link.first.click()
    shown = learner.page.locator(f".jp-MarkdownViewer [data-jupyter-id='{place}']")
    shown.wait_for(state="attached", timeout=10_000)
    learner.page.wait_for_function(
        """place => { const box = document.querySelector(
        `.jp-MarkdownViewer [data-jupyter-id='${place}']`).getBoundingClientRect();
        return box.top >= 0 && box.top < window.innerHeight }""",
        arg=place,
        timeout=5_000,
    )
    learner.shot(f"glossary_{place}")
