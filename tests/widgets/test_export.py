"""Charts as files, where that cannot be; the drawing itself needs a browser:
tests/browser/test_export.py.
"""

from types import SimpleNamespace

import plotly.graph_objects as go
import pytest
from IPython.core.formatters import DisplayFormatter

from mlkit.charts.look import Chart, dress
from mlkit.errors import ExportError, WriteError
from mlkit.widgets.export import load_ipython_extension, picture, save
from mlkit.widgets.panels import show


@pytest.fixture
def chart():
    return Chart(dress(go.Figure(go.Scatter(y=[1, 2])), "A line.", "here"), [], "A line.")


@pytest.mark.parametrize("name", ["curve.jpeg", "curve"])
def test_an_unknown_format_is_refused_and_says_which_there_are(chart, tmp_path, name):
    with pytest.raises(ExportError, match="A picture can be png or svg, not"):
        save(chart, tmp_path / name)
    assert not (tmp_path / name).exists()


def test_without_a_browser_it_says_what_to_type_and_keeps_what_was_there(
    chart, tmp_path, monkeypatch
):
    from choreographer.browsers import Chromium

    monkeypatch.setattr(Chromium, "find_browser", lambda **options: None)
    (tmp_path / "curve.png").write_text("an older picture")
    with pytest.raises(ExportError, match="uv run plotly_get_chrome"):
        save(chart, tmp_path / "curve.png")
    with pytest.raises(ExportError):
        picture(chart.figure, "svg")
    assert (tmp_path / "curve.png").read_text() == "an older picture"


def test_a_picture_that_cannot_be_written_says_where_and_what_to_type(chart, tmp_path, monkeypatch):
    monkeypatch.setattr("mlkit.widgets.export.picture", lambda *_: b"PNG")
    (tmp_path / "taken").write_text("a file")
    with pytest.raises(WriteError, match=r"taken/curve\.png: a file .*another/folder/curve\.png"):
        save(chart, tmp_path / "taken/curve.png")


def test_a_panel_shows_its_picture_only_in_a_kernel_that_was_told_to(chart, monkeypatch):
    monkeypatch.setattr("mlkit.widgets.export.picture", lambda figure: b"PNG")
    shell, panel = SimpleNamespace(display_formatter=DisplayFormatter()), show(chart)
    before, _ = shell.display_formatter.format(panel)
    load_ipython_extension(shell)
    after, _ = shell.display_formatter.format(panel)
    assert "image/png" not in before and after == before | {"image/png": "UE5H"}
