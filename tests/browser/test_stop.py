"""The stop button of a real Lab, pressed while a real model writes."""

import time

import pytest

from mlkit.engines.interrupt import STOPPED
from tests.browser.test_first_light import LIVE

pytestmark = pytest.mark.browser
LONG = (
    "from dataclasses import replace\n"
    "await kit.ask(replace(kit.cast.small, max_tokens=2000), 'Write a very long story.')"
)


@pytest.mark.parametrize("engine", LIVE)
def test_the_stop_button_brings_the_cell_back_with_one_line(lab, engine):
    environment, line = LIVE[engine]
    learner = lab(**environment)
    learner.open("00_start_here.ipynb")
    learner.run_cell("setup")
    assert line in learner.output("setup").inner_text()
    learner.run_cell("try", "print((await kit.ask(kit.cast.small, 'Say yes.')).text[:0] == '')")
    learner.cell("try")
    learner.page.evaluate(
        """source => {
        const notebook = window.jupyterapp.shell.currentWidget.content;
        notebook.activeCell.model.sharedModel.setSource(source);
        window.jupyterapp.commands.execute('notebook:run-cell') }""",
        LONG,
    )
    stop = learner.page.locator("[data-command='notebook:interrupt-kernel']").first
    learner.page.get_by_text("[*]").first.wait_for(timeout=10_000)
    learner.page.wait_for_timeout(3000)  # it is in the middle of the answer
    pressed = time.perf_counter()
    stop.click()
    shown = learner.output("try").get_by_text(STOPPED)
    shown.wait_for(timeout=5000)
    back_seconds = time.perf_counter() - pressed
    print(f"\n{engine}: back after {back_seconds:.2f} s")
    learner.shot(f"stop_{engine}", learner.cell("try"))
    assert back_seconds < 1.5  # .5 for the cell, and what the browser takes to show it
    assert "Traceback" not in learner.output("try").inner_text()
    learner.run_cell("try", "print('alive')")
    assert "alive" in learner.output("try").inner_text()
