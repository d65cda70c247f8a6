"""The same notebook outside JupyterLab: in Notebook 7 and, as a page without code, in Voila."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mlkit import paths
from tests.browser.conftest import READY, SCREENSHOTS, TOKEN, Lab, end_kernels, free_port, wait_for
from tests.browser.test_saving import save

pytestmark = pytest.mark.browser
NOTEBOOK = "notebooks/00_start_here.ipynb"
CHARTS = 3  # in that notebook


@pytest.fixture
def serve(tmp_path) -> Iterator[Callable[..., str]]:
    """`serve("notebook", ...)` starts one of Jupyter's programs on the recordings and gives its
    address.
    """
    started = []

    def start(program: str, *options: str, folder: Path | None = None) -> str:
        port, log = free_port(), tmp_path / "log"
        own = {
            name: str(tmp_path / name)
            for name in (
                "JUPYTER_CONFIG_DIR",
                "JUPYTER_DATA_DIR",
                "JUPYTER_RUNTIME_DIR",
                "IPYTHONDIR",
            )
        }
        process = subprocess.Popen(
            [sys.executable, "-m", program, f"--port={port}", *options],
            stdout=log.open("w"),
            stderr=subprocess.STDOUT,
            cwd=folder or paths.root(),
            env=os.environ | own | {"MLKIT_ENGINE": "replay"},
        )
        started.append(process)
        wait_for(f"http://127.0.0.1:{port}", process, log)
        return f"http://127.0.0.1:{port}"

    yield start
    for process in started:
        process.terminate()
        process.wait(timeout=30)


def moves(page) -> None:
    """A click on the slider for servers: the chart beside it follows."""
    panel = (
        page.locator(".jupyter-widgets.widget-vbox", has_text="servers that share")
        .filter(has=page.locator(".js-plotly-plot"))
        .last
    )
    before = panel.locator(".gtitle").text_content()
    track = panel.locator(".noUi-target").first
    track.scroll_into_view_if_needed()
    track.click(position={"x": 0.9 * track.bounding_box()["width"], "y": 2})
    page.wait_for_function(
        "before => { const titles = [...document.querySelectorAll('.gtitle')].map(one =>"
        " one.textContent); return !titles.includes(before) && titles.some(one => one.startsWith('4"
        " calls: ')) }",
        arg=before,
        timeout=15_000,
    )


def titles(page) -> list[str]:
    """Of the charts on the page, once all are drawn."""
    page.wait_for_function(
        "charts => document.querySelectorAll('.js-plotly-plot .gtitle').length === charts",
        arg=CHARTS,
        timeout=15_000,
    )
    return page.locator(".js-plotly-plot .gtitle").all_text_contents()


def test_notebook_7_moves_and_saves_what_was_seen(browser, serve, tmp_path):
    shutil.copytree(paths.notebooks(), tmp_path / "notebooks")
    address = serve(
        "notebook",
        "--ServerApp.token=" + TOKEN,
        "--allow-root",
        "--no-browser",
        "--JupyterNotebookApp.expose_app_in_browser=True",
        folder=tmp_path,
    )
    page = browser.new_page(viewport={"width": 1280, "height": 9000})  # all cells are drawn
    page.goto(f"{address}/notebooks/{NOTEBOOK}?token={TOKEN}")
    page.wait_for_function(READY, timeout=60_000)
    learner = Lab(address, page, tmp_path / "log", "notebooks/")  # its commands are those of Lab
    learner.run_all()
    moves(page)
    seen = titles(page)
    save(learner)
    end_kernels(address)
    page.goto(f"{address}/notebooks/{NOTEBOOK}?token={TOKEN}")
    page.wait_for_function(READY, timeout=60_000)
    assert titles(page) == seen
    page.screenshot(path=SCREENSHOTS / "notebook_7_reopened.png")
    assert page.get_by_text("Error displaying widget").count() == 0
    page.close()


def test_voila(browser, serve):
    address = serve("voila", NOTEBOOK, "--no-browser", "--show_tracebacks=True")
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.goto(address, timeout=120_000)
    page.locator(".js-plotly-plot .gtitle").first.wait_for(timeout=120_000)
    assert re.search(r"REPLAY · recorded", page.inner_text("body"))
    moves(page)
    page.close()
