"""Every chart at half a laptop's width and at a wide one, on a light and on a dark page: nothing
overlaps, nothing is cut off.

Leaves the pictures in tests/browser/screenshots/gallery, to be looked at.
"""

import json

import plotly.graph_objects as go
import pytest
from plotly.offline import get_plotlyjs

from tests.browser.conftest import SCREENSHOTS
from tests.browser.gallery import FIGURES

GALLERY = SCREENSHOTS / "gallery"
pytestmark = pytest.mark.browser
PAGES = [(width, theme) for width in (500, 1400) for theme in ("light", "dark")]
# Texts that a reader sees, as boxes; the boxes that share more than a hair's breadth; and those
# that leave the chart.
FAULTS = """() => {
  const plot = document.querySelector('.js-plotly-plot, #chart svg');
  const all = plot.getBoundingClientRect(), slack = 2;
  const texts = [...plot.querySelectorAll('text')].filter(text => text.textContent.trim()
      && getComputedStyle(text).visibility !== 'hidden' && +getComputedStyle(text).opacity > 0
      && text.getBoundingClientRect().width > 0);
  const boxes = texts.map(text => [text.textContent, text.getBoundingClientRect(), text]);
  const faults = [];
  for (const [text, box] of boxes)
    if (box.left < all.left - slack || box.right > all.right + slack
        || box.top < all.top - slack || box.bottom > all.bottom + slack)
      faults.push(`cut off: ${text}`);
  boxes.forEach(([one, a, first], n) => boxes.slice(n + 1).forEach(([other, b, second]) => {
    const wide = Math.min(a.right, b.right) - Math.max(a.left, b.left);
    const high = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
    if (wide > slack && high > slack + 1 && !first.contains(second))
      faults.push(`over each other: ${one} | ${other}`) }));
  return faults }"""


@pytest.fixture(scope="module")
def page(browser):
    """One page for all: Plotly, 4.5 MB, is read once."""
    page = browser.new_page()
    page.set_content("<body style='margin: 0'></body>")
    page.add_script_tag(content=get_plotlyjs())
    yield page
    page.close()


@pytest.mark.parametrize("name", FIGURES)
def test_no_text_is_cut_off_or_over_another(page, name):
    figure, faults = FIGURES[name](), {}
    for width, theme in PAGES:
        page.set_viewport_size({"width": width, "height": 900})
        draw(page, figure, "#111; color: #ddd" if theme == "dark" else "#fff; color: #111")
        GALLERY.mkdir(parents=True, exist_ok=True)
        page.locator("#chart").screenshot(path=GALLERY / f"{name}-{width}-{theme}.png")
        if found := page.evaluate(FAULTS):
            faults[width, theme] = found
    assert faults == {}


def draw(page, figure: go.Figure | str, colours: str) -> None:
    """A plotly figure, or a drawing in SVG, alone on a page of these colours."""
    page.evaluate(
        """([figure, colours]) => {
        document.body.style = `margin: 0; background: ${colours}`;
        document.body.innerHTML = "<div id='chart'></div>";
        const chart = document.getElementById('chart');
        if (typeof figure === 'string') { chart.innerHTML = figure; return }
        const options = {displayModeBar: false, responsive: true};
        return Plotly.newPlot(chart, figure.data, figure.layout, options).then(() => null) }""",
        [figure if isinstance(figure, str) else json.loads(figure.to_json()), colours],
    )
