"""Charts and panels as pictures, drawn by the chromium of this machine."""

import base64
import struct

import nbformat
import plotly.graph_objects as go
import pytest
from course.notebooks import store

from mlkit.charts.look import dress
from mlkit.widgets.export import picture

pytestmark = pytest.mark.browser


def test_a_picture_is_as_large_as_a_saved_card_wants():
    figure = dress(go.Figure(go.Scatter(y=[0.7])), "A finding.", "here")
    data = picture(figure)
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    wide, tall = struct.unpack(">II", data[16:24])
    assert (wide, tall) == (1140, pytest.approx(1.5 * figure.layout.height, abs=1))


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
