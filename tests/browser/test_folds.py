"""What is long is folded, and a key opens it: the source of a class, the format of an answer."""

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
