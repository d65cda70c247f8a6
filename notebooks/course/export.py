"""The static edition (`mlkit export`): the series as pages that need no Python and no network."""

import os
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import nbformat
from nbconvert import HTMLExporter
from plotly.offline import get_plotlyjs
from pygments.formatters import HtmlFormatter

from course.notebooks import execute
from mlkit import paths
from mlkit.escaped import in_html
from mlkit.widgets.static import StaticWidgets

PLOTLYJS = "plotly.min.js"
ABOUT = """# mlkit: learn how to combine language models

Eleven notebooks, run on recordings of real models. Charts can be zoomed and read by pointing;
sliders, benches and exercises take the notebooks themselves: the kit's README says how to start
them.

"""
STYLE = """
body { font: 17px/1.55 system-ui, sans-serif; color: #1b1f24; background: #fff;
  max-width: 50rem; margin: 0 auto; padding: 1rem }
h1, h2, h3 { line-height: 1.25 } a { color: #0a58a5 } .anchor-link { display: none }
pre { font: 13.5px/1.45 ui-monospace, monospace; background: #f5f6f8; padding: .6rem .8rem;
  overflow-x: auto; border-radius: 4px } .prompt { display: none }
.output_area pre { background: none; padding: 0 .8rem; white-space: pre-wrap }
table { border-collapse: collapse; display: block; overflow-x: auto }
th, td { text-align: left; padding: .2rem .8rem .2rem 0; border-bottom: 1px solid #d5d9de }
img { max-width: 100%; height: auto } details { margin: .5rem 0 }
:focus-visible { outline: 3px solid #0a58a5 }
"""


def export(folder: Path, tell: Callable[[str], None] = lambda said: None) -> None:
    """Run all notebooks on the recordings and write them as pages into `folder`, with an index and
    the glossary. `tell` hears the name of each page. Raises WriteError.
    """
    paths.write(folder / PLOTLYJS, get_plotlyjs())
    notebooks = paths.series()
    run, listed = partial(execute, MLKIT_ENGINE="replay"), ""
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for notebook, node in zip(notebooks, pool.map(run, notebooks), strict=True):
            title = _write(folder / f"{notebook.stem}.html", node)
            listed += f"- [{title}]({notebook.name})\n"
            tell(title)
    glossary = (paths.notebooks() / "GLOSSARY.md").read_text(encoding="utf-8")
    _write(folder / "GLOSSARY.html", _text(glossary))
    _write(folder / "index.html", _text(f"{ABOUT}{listed}- [Glossary](GLOSSARY.md)\n"))


def _text(text: str) -> nbformat.NotebookNode:
    """A notebook of one Markdown cell."""
    return nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell(text)])


def _write(page: Path, node: nbformat.NotebookNode) -> str:
    """Write a notebook as a page, and give its title."""
    for cell in node.cells:
        if cell.cell_type == "markdown":  # links to other notebooks lead to their pages
            cell.source = re.sub(r"\]\(([\w-]+)\.(?:ipynb|md)\b", r"](\1.html", cell.source)
    exporter = HTMLExporter(template_name="basic", embed_images=True)
    exporter.exclude_input_prompt = exporter.exclude_output_prompt = True
    exporter.register_preprocessor(StaticWidgets(plotlyjs=PLOTLYJS), enabled=True)
    body, _ = exporter.from_notebook_node(node, {"metadata": {"path": str(paths.notebooks())}})
    title = node.cells[0].source.partition("\n")[0].removeprefix("# ")
    code = HtmlFormatter(nobackground=True).get_style_defs(".highlight")
    paths.write(
        page,
        f"<!DOCTYPE html>\n<html lang='en'><head><meta charset='utf-8'><title>{in_html(title)}"
        "</title><meta name='viewport' content='width=device-width, initial-scale=1'>"
        f"<style>{STYLE}{code}</style></head><body><nav><a href='index.html'>All notebooks</a>"
        f"</nav><main>{body}</main></body></html>\n",
    )
    return title
