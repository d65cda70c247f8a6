"""A session on Binder, as .ci/binder starts it, in a browser: one click to the first output, three
notebooks on recordings, and a live answer of the model in the image.
"""

import os
import re
import time

import httpx
import pytest

from mlkit import paths
from tests.browser.conftest import READY, SLOW, TOKEN, Lab

pytestmark = pytest.mark.binder
FIRST_OUTPUT_SECONDS = 10  # from the start of the server
ERRORS = "[data-mime-type='application/vnd.jupyter.error'], [data-mime-type*='stderr']"
LIVE = """import mlkit
kit = mlkit.connect(engine="embedded")
print((await kit.ask(kit.cast.large, "Name one part of a bicycle.")).text)"""


@pytest.fixture
def session(browser, tmp_path):
    """The page of a session that runs already, at MLKIT_BINDER."""
    url = os.environ["MLKIT_BINDER"]
    patient = httpx.HTTPTransport(retries=8)  # waits longer between tries, 60 s in all
    with httpx.Client(transport=patient, timeout=60) as client:
        client.get(f"{url}/api", params={"token": TOKEN}).raise_for_status()
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    yield Lab(url, page, tmp_path / "none", "notebooks/")
    page.close()
    httpx.post(f"{url}/api/shutdown", params={"token": TOKEN})


def test_one_click_three_notebooks_and_a_live_answer(session):
    guide = (paths.root() / ".github/CONTRIBUTING.md").read_text(encoding="utf-8")
    (place,) = re.findall(r"urlpath=([^)\s]+)\)", guide)  # of the badge
    session.page.goto(f"{session.url}/{place}?token={TOKEN}")
    session.page.wait_for_function(READY, timeout=60_000)
    assert session.page.title().startswith("00_start")  # Lab shortens it
    # Neither the launcher nor news in front of it.
    assert session.page.locator(".jp-Launcher, .Toastify__toast").count() == 0
    session.run_cell("setup")
    session.output("setup").get_by_text("REPLAY").wait_for()
    took = time.time() - float(os.environ["MLKIT_BINDER_STARTED"])
    print(f"\nfrom start to first output: {took:.1f} s")
    assert took < SLOW * FIRST_OUTPUT_SECONDS

    for notebook, chart in (("00", "cost"), ("05", "explore"), ("10", "limits")):
        (path,) = paths.notebooks().glob(f"{notebook}_*.ipynb")
        session.open(path.name)
        started = time.time()
        session.run_all()
        assert session.title(chart)
        assert session.page.locator(ERRORS).count() == 0
        print(f"{path.stem}: all cells in {time.time() - started:.1f} s")
    session.open("00_start_here.ipynb")
    session.run_cell("setup", LIVE)
    session.output("setup").get_by_text("LIVE").wait_for(timeout=60_000)
    assert session.page.locator(ERRORS).count() == 0
    print(session.output("setup").inner_text())
    assert [url for url in session.outside if "127.0.0.1" not in url] == []
