"""The static edition as a reader without Python and without a network opens it: from a folder."""

import subprocess
import sys
import time

import pytest

from mlkit import paths
from tests.browser.conftest import SLOW

pytestmark = pytest.mark.browser
EXPORT_SECONDS = 60
PICTURES = """() => [...document.images].filter(one => !one.naturalWidth || !one.alt.trim())
    .map(one => one.src.slice(0, 80))"""
# Charts that are not drawn, or stand behind no text for those who see none.
CHARTS = """() => [...document.querySelectorAll('.js-plotly-plot')].filter(one =>
    !one.querySelector('.gtitle') || !one.closest('[aria-label]')).length"""
LEADS = "() => [...document.querySelectorAll('a[href]')].map(one => one.href)"
PLACES = "() => [...document.querySelectorAll('[id]')].map(one => one.id)"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("static") / "pages"
    started = time.perf_counter()
    subprocess.run([sys.executable, "-m", "mlkit", "export", made], check=True, cwd=paths.root())
    seconds = time.perf_counter() - started
    print(f"\nexported in {seconds:.0f} s of {EXPORT_SECONDS}")
    assert seconds < SLOW * EXPORT_SECONDS
    return made


@pytest.fixture
def page(browser):
    """A page without a network."""
    context = browser.new_context(offline=True, viewport={"width": 900, "height": 900})
    yield context.new_page()
    context.close()


def test_pages_are_whole_without_a_network(page, folder):
    pages = sorted(folder.glob("*.html"))
    assert len(pages) == len(paths.series()) + 2  # and the glossary and an index
    asked, complaints, leads, places, drawn = [], [], {}, {}, {}
    page.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    for path in pages:
        page.goto(path.as_uri())
        page.wait_for_load_state("networkidle")
        assert page.title() and page.locator("html").get_attribute("lang") == "en"
        assert page.evaluate(PICTURES) == [], path.name
        assert page.evaluate(CHARTS) == 0, path.name
        drawn[path.name] = page.locator(".js-plotly-plot").count()
        leads[path.as_uri()], places[path.as_uri()] = page.evaluate(LEADS), page.evaluate(PLACES)
    assert [url for url in asked if not url.startswith(("file:", "data:", "blob:"))] == []
    assert complaints == []
    assert [name for name, charts in drawn.items() if name[0].isdigit() and charts < 3] == []
    for uri, urls in leads.items():
        for url in urls:
            where, _, place = url.partition("#")
            if where.startswith("file:"):
                assert where in places, f"{uri} leads to {url}"
                assert not place or place in places[where], f"{uri} leads to {url}"


def test_a_chart_is_read_by_pointing(page, folder):
    page.goto((folder / "03_router.html").as_uri())
    chart = page.locator(".js-plotly-plot").first
    chart.scroll_into_view_if_needed()
    point = chart.locator(".point path, .points path").first
    point.hover(force=True)
    chart.locator(".hoverlayer .hovertext").first.wait_for(timeout=5_000)
