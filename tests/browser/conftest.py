"""JupyterLab as a learner starts it (`mlkit lab`), in Debian's chromium, driven by Playwright."""

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest

from mlkit import paths

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page

TOKEN = "a-known-token"
SLOW = 3  # times what a speed is meant to be: then it is a fault
SCREENSHOTS = Path(__file__).parent / "screenshots"
collect_ignore = [
    "screenshots"
]  # the notebook of panels that is written there is no notebook to check
READY = """() => {
  const s = window.jupyterapp?.shell.currentWidget?.sessionContext, k = s?.session?.kernel;
  return !!(s?.isReady && k?.connectionStatus === 'connected' && k?.status === 'idle') }"""
RAN = r"""() => { const cells = document.querySelectorAll('.jp-Notebook .jp-CodeCell');
  const prompt = cells.length && cells[cells.length - 1].querySelector('.jp-InputPrompt');
  return cells.length > 0 && /\[\d+\]:/.test(prompt.textContent) }"""

# Labels and readouts that are wider than their boxes, and texts of the chart that leave it.
CUT = """cell => {
  const root = document.querySelector(`[data-cell='${cell}'] .jp-Cell-outputWrapper`), cut = [];
  for (const label of root.querySelectorAll('.widget-label, .widget-readout, button'))
    if (label.scrollWidth > label.clientWidth + 1 && label.textContent.trim())
      cut.push(label.textContent);
  for (const plot of root.querySelectorAll('.js-plotly-plot')) {
    const frame = plot.querySelector('.main-svg').getBoundingClientRect();
    for (const text of plot.querySelectorAll('text')) {
      const box = text.getBoundingClientRect();
      const outside = box.right > frame.right + 2 || box.left < frame.left - 2
        || box.bottom > frame.bottom + 2;
      if (text.textContent.trim() && outside) cut.push(text.textContent) } }
  if (root.scrollWidth > root.clientWidth + 1) cut.push('the cell scrolls sideways');
  return cut }"""


class Lab:
    """A running JupyterLab, and a page in a browser on it."""

    def __init__(self, url: str, page: "Page", log: Path, folder: str) -> None:
        self.url, self.page, self.log, self.folder = url, page, log, folder
        self.outside: list[str] = []
        page.on("request", lambda request: self._note(request.url))

    def _note(self, url: str) -> None:
        if not url.startswith((self.url, self.url.replace("http", "ws"), "data:", "blob:")):
            self.outside.append(url)

    def open(self, notebook: str) -> None:
        """Open a notebook (by its path, or of the folder that Lab was started for) alone in the
        page, with a fresh kernel, and wait until it is idle.
        """
        end_kernels(self.url)
        path = notebook if "/" in notebook else f"{self.folder}{notebook}"
        self.page.goto(f"{self.url}/doc/tree/{path}?token={TOKEN}&reset")
        self.page.wait_for_function(READY, timeout=60_000)
        # what goes deeper is folded away
        self.page.evaluate(
            "() => window.jupyterapp.commands.execute('notebook:expand-all-headings')"
        )

    def run_all(self, timeout_seconds: float = 120) -> None:
        self.page.evaluate("() => window.jupyterapp.commands.execute('notebook:run-all-cells')")
        self.page.wait_for_function(RAN, timeout=1000 * timeout_seconds)
        self.page.wait_for_function(READY, timeout=1000 * timeout_seconds)

    def theme(self, name: str) -> None:
        """Make Lab light or dark."""
        self.page.evaluate(
            "theme => window.jupyterapp.commands.execute('apputils:change-theme', {theme})",
            f"JupyterLab {name.capitalize()}",
        )

    def cell(self, id: str) -> "Locator":
        """The cell with this id, scrolled into view (Lab draws only what is near the view)."""
        index = self.page.evaluate(
            """id => {
            const notebook = window.jupyterapp.shell.currentWidget.content;
            const index = notebook.widgets.findIndex(cell => cell.model.id === id);
            notebook.activeCellIndex = index; notebook.scrollToItem(index);
            notebook.widgets[index].node.setAttribute('data-cell', id); return index }""",
            id,
        )
        assert index >= 0, f"no cell {id}"
        cell = self.page.locator(f"[data-cell='{id}']")
        cell.scroll_into_view_if_needed()
        return cell

    def output(self, id: str) -> "Locator":
        return self.cell(id).locator(".jp-Cell-outputArea")

    def run_cell(self, id: str, source: str | None = None) -> None:
        """Run one cell, with other source if it is given, and wait for the kernel."""
        self.cell(id)
        if source is not None:
            self.page.evaluate(
                """([id, source]) => window.jupyterapp.shell.currentWidget.content.widgets
                .find(cell => cell.model.id === id).model.sharedModel.setSource(source)""",
                [id, source],
            )
        self.page.evaluate("() => window.jupyterapp.commands.execute('notebook:run-cell')")
        self.page.wait_for_function(READY, timeout=120_000)

    def chart(self, id: str) -> "Locator":
        """The chart in a cell, once it is drawn at its full height."""
        chart = self.cell(id).locator(".js-plotly-plot")
        self.page.wait_for_function(
            """id => {
            const plot = document.querySelector(`[data-cell='${id}'] .js-plotly-plot`);
            return plot && plot.getBoundingClientRect().height > 100
                && plot.querySelector('.gtitle') }""",
            arg=id,
            timeout=10_000,
        )
        return chart

    def title(self, id: str) -> str:
        """The title of the chart in a cell, as one line."""
        title = self.chart(id).locator(".gtitle")
        return " ".join(title.locator("tspan.line").all_text_contents()) or title.text_content()

    def wait_for_title(self, id: str, words: str) -> str:
        """Wait until the chart's title holds these words, and give it whole."""
        self.cell(id)
        self.page.wait_for_function(
            r"""([id, words]) => [...document.querySelectorAll(`[data-cell='${id}'] .gtitle`)]
            .some(title => title.textContent.replace(/\s/g, '')
                .includes(words.replace(/\s/g, '')))""",
            arg=[id, words],
            timeout=10_000,
        )
        return self.title(id)

    def traces(self, id: str) -> list[dict]:
        """What the chart in a cell draws: name, x, y, base of each trace."""
        return self.chart(id).evaluate(
            "plot => plot._fullData.map(({name, x, y, base}) => ({name, x: [...x], y: [...y], base:"
            " base ? [...base] : null}))"
        )

    def handle(self, id: str, which: int = 0) -> "Locator":
        """The handle of a slider in a cell, with the focus on it."""
        handle = self.cell(id).locator(".noUi-handle").nth(which)
        handle.focus()
        return handle

    def shot(self, name: str, cell: "Locator | None" = None) -> Path:
        path = SCREENSHOTS / f"{name}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        (cell or self.page).screenshot(path=path)
        return path


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def start_lab(home: Path, *options: str, **environment: str) -> tuple[subprocess.Popen, str, Path]:
    """`mlkit lab --no-browser` with settings of its own; gives the process, its address and its
    log.
    """
    port = free_port()
    (home / "config").mkdir(parents=True, exist_ok=True)
    (home / "config/jupyter_lab_config.json").write_text(
        json.dumps({"LabApp": {"expose_app_in_browser": True}})
    )
    documents = home / "settings/@jupyterlab/docmanager-extension/plugin.jupyterlab-settings"
    documents.parent.mkdir(parents=True, exist_ok=True)
    documents.write_text(
        json.dumps({"autosave": False})
    )  # the notebooks of the clone stay as they are
    log = home / "lab.log"
    own = {
        "JUPYTER_CONFIG_DIR": home / "config",
        "JUPYTER_DATA_DIR": home / "data",
        "JUPYTER_RUNTIME_DIR": home / "runtime",
        "IPYTHONDIR": home / "ipython",
        "JUPYTERLAB_SETTINGS_DIR": home / "settings",
        "JUPYTERLAB_WORKSPACES_DIR": home / "workspaces",
        "JUPYTER_TOKEN": TOKEN,
        "MLKIT_COPIES": home / "copies",
    }
    with log.open("w") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "mlkit", "lab", "--no-browser", "--port", str(port), *options],
            stdout=out,
            stderr=subprocess.STDOUT,
            cwd=paths.root(),
            start_new_session=True,
            env=os.environ | {name: str(value) for name, value in own.items()} | environment,
        )
    return process, f"http://127.0.0.1:{port}", log


def wait_for(url: str, process: subprocess.Popen, log: Path) -> None:
    started = time.monotonic()
    while process.poll() is None and time.monotonic() - started < 60:
        try:
            httpx.get(f"{url}/api", params={"token": TOKEN}, timeout=60)  # Voila has none: 404
            return
        except httpx.HTTPError:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(0.1)
    process.kill()
    pytest.fail(f"Jupyter did not start:\n{log.read_text()}")


@pytest.fixture(scope="session")
def browser() -> Iterator["Browser"]:
    arguments = [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-background-networking",
        "--disable-component-update",
    ]
    from playwright.sync_api import (
        sync_playwright,
    )  # here: the group that brings it is installed for this lane only

    with sync_playwright() as running:
        opened = running.chromium.launch(executable_path="/usr/bin/chromium", args=arguments)
        yield opened
        opened.close()


def end_kernels(url: str) -> None:
    for session in httpx.get(f"{url}/api/sessions", params={"token": TOKEN}).json():
        httpx.delete(f"{url}/api/sessions/{session['id']}", params={"token": TOKEN})


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., tuple[str, Path]]]:
    """Address and log of the JupyterLab on the clone's notebooks that was started with these
    options and variables: starting one takes seconds, and all tests that change no file share it.
    """
    started: dict[object, tuple[subprocess.Popen, str, Path]] = {}

    def one(*options: str, **environment: str) -> tuple[str, Path]:
        key = (options, *sorted(environment.items()))
        if key not in started:
            home = tmp_path_factory.mktemp("lab")
            started[key] = start_lab(home, *options, "--originals", **environment)
        process, url, log = started[key]
        wait_for(url, process, log)
        shutil.rmtree(log.parent / "settings/@jupyterlab/apputils-extension", ignore_errors=True)
        return url, log  # light, as it begins

    yield one
    for process, *_ in started.values():
        process.terminate()
        process.wait(timeout=30)


@pytest.fixture
def lab(browser: "Browser", shared: Callable, tmp_path: Path) -> Iterator[Callable[..., Lab]]:
    """`lab("--replay", MLKIT_ENGINE=...)` gives a page on a JupyterLab with the clone's notebooks.
    With `own=True` it is one of the test's own, which ends with it; with `copies=True` that is one
    with a learner's copies. The page ends with the test, and the kernels.
    """
    started: list[subprocess.Popen] = []
    pages: list[tuple[Page, str]] = []

    def start(
        *options: str,
        copies: bool = False,
        own: bool = False,
        width: int = 1280,
        height: int = 900,
        **environment: str,
    ) -> Lab:
        if copies or own:
            whose = () if copies else ("--originals",)
            process, url, log = start_lab(tmp_path, *options, *whose, **environment)
            started.append(process)
            wait_for(url, process, log)
        else:
            url, log = shared(*options, **environment)
        page = browser.new_page(viewport={"width": width, "height": height})
        pages.append((page, url))
        return Lab(url, page, log, "" if copies else "notebooks/")

    yield start
    for page, url in pages:
        page.close()
        end_kernels(url)
    for process in started:
        process.terminate()
        process.wait(timeout=30)
