"""Charts and panels as files, drawn by the chromium of this machine."""

import base64
import struct
from xml.etree import ElementTree

import nbformat
import plotly.graph_objects as go
import pytest
from course.notebooks import store

from mlkit.charts.look import Chart, dress
from mlkit.widgets.export import save
from mlkit.widgets.panels import explore, slider

pytestmark = pytest.mark.browser


def drawn(right: float) -> Chart:
    reading = f"Each voter is right {right:.0%} of the time."
    return Chart(dress(go.Figure(go.Scatter(y=[right])), reading, "here"), [], reading)


def test_a_panel_is_saved_as_it_stands(tmp_path):
    voters = slider("each voter is right", 0.6, 0, 1, 0.05)
    panel = explore(drawn, right=voters)
    voters.value = 0.9
    path = save(panel.chart, tmp_path / "curve.svg")
    saved = "".join(ElementTree.parse(path).getroot().itertext())
    assert "Each voter is right 90%" in saved and "Source: here" in saved


def test_a_png_is_as_wide_as_asked(tmp_path):
    chart = drawn(0.7)
    data = save(chart, tmp_path / "curve.png", width=500, scale=2).read_bytes()
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    assert struct.unpack(">II", data[16:24]) == (1000, 2 * chart.figure.layout.height)


def test_a_notebook_is_stored_with_the_pictures_of_its_panels(tmp_path):
    cell = nbformat.v4.new_code_cell(
        "from course.lessons.one_model_pictures import score_chart\n"
        "from mlkit.widgets.panels import show\n"
        "show(score_chart([], 'Nothing was measured', 'here'))"
    )
    path = tmp_path / "own.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=[cell]), path)
    store(path)
    (output,) = nbformat.read(path, as_version=4).cells[0].outputs
    assert output.data.keys() == {"text/plain", "image/png"}
    assert base64.b64decode(output.data["image/png"])[:8] == b"\x89PNG\r\n\x1a\n"
