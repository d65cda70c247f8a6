"""The static edition, of notebooks that are quick to run."""

import re
from html.parser import HTMLParser

import nbformat
import pytest
from course import export

from mlkit import paths

CELL = """from typing import NamedTuple
import plotly.graph_objects as go
from mlkit.charts.look import Chart
from mlkit.widgets import panels

class Row(NamedTuple):
    name: str

figure = go.Figure(layout={"title": {"text": "a <chart>"}})
panels.show(Chart(figure, [Row("x")], "It reads so."))"""


@pytest.fixture(scope="module")
def pages(tmp_path_factory):
    """Two notebooks as pages, made once: each starts a kernel."""
    tmp_path = tmp_path_factory.mktemp("export")
    notebooks = tmp_path / "notebooks"
    (notebooks / "images").mkdir(parents=True)
    (notebooks / "images" / "a.svg").write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")
    (notebooks / "GLOSSARY.md").write_text("# Glossary\n\n## member\nA member.")
    for name, other in (("00_a", "01_b"), ("01_b", "00_a")):
        text = f"# {name} & more\n\n![A diagram](images/a.svg) [next]({other}.ipynb)"
        text += " [member](GLOSSARY.md#member) [away](https://example.org/x.md)"
        cells = [nbformat.v4.new_markdown_cell(text), nbformat.v4.new_code_cell(CELL)]
        nbformat.write(nbformat.v4.new_notebook(cells=cells), notebooks / f"{name}.ipynb")
    told = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MLKIT_ENGINE", "replay")
        patch.setattr(paths, "notebooks", lambda: notebooks)
        export.export(tmp_path / "pages", told.append)
    assert told == ["00_a & more", "01_b & more"]
    return {page.stem: page.read_text() for page in (tmp_path / "pages").glob("*.html")}


class Addresses(HTMLParser):
    """What a page loads, and what it leads to."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.loads: list[str] = []
        self.leads: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attributes: list) -> None:
        named = dict(attributes)
        self.loads += [named["src"]] if "src" in named else []
        self.leads += [named["href"]] if tag == "a" and "href" in named else []


def test_pages_load_nothing_but_plotly_from_beside_them(pages):
    assert pages.keys() == {"00_a", "01_b", "GLOSSARY", "index"}
    for page in pages.values():
        loads = [one for one in Addresses(page).loads if not one.startswith("data:image/svg+xml")]
        assert {*loads} <= {"plotly.min.js"}
        assert "<link" not in page and "cdn" not in page.lower()
    assert "plotly.min.js" in Addresses(pages["00_a"]).loads


def test_links_lead_to_pages(pages):
    assert {"01_b.html", "GLOSSARY.html#member", "https://example.org/x.md"} <= {
        *Addresses(pages["00_a"]).leads
    }
    assert {"00_a.html", "01_b.html", "GLOSSARY.html"} <= {*Addresses(pages["index"]).leads}


def test_a_page_has_its_title_its_language_and_its_charts(pages):
    page = pages["00_a"]
    assert "<title>00_a &amp; more</title>" in page and "<html lang='en'>" in page
    assert "a \\u003cchart\\u003e" in page or "a <chart>" in re.sub(
        r"<script.*?</script>", "", page
    )
    assert "The numbers behind the chart" in page and 'aria-label="It reads so."' in page
    assert 'alt="A diagram"' in page
