"""Charts as pictures, where that cannot be; the drawing itself needs a browser:
tests/browser/test_export.py.
"""

from types import SimpleNamespace

import plotly.graph_objects as go
import pytest
from IPython.core.formatters import DisplayFormatter

from mlkit.charts.look import Chart, dress
from mlkit.errors import ExportError
from mlkit.widgets.export import load_ipython_extension, picture
from mlkit.widgets.panels import show


def test_without_a_browser_it_says_what_to_type(monkeypatch):
    from choreographer.browsers import Chromium

    monkeypatch.setattr(Chromium, "find_browser", lambda **options: None)
    with pytest.raises(ExportError, match="uv run plotly_get_chrome"):
        picture(dress(go.Figure(go.Scatter(y=[1, 2])), "A line.", "here"))


def test_a_panel_shows_its_picture_only_in_a_kernel_that_was_told_to(monkeypatch):
    monkeypatch.setattr("mlkit.widgets.export.picture", lambda figure: b"PNG")
    chart = Chart(dress(go.Figure(go.Scatter(y=[1, 2])), "A line.", "here"), [], "A line.")
    shell, panel = SimpleNamespace(display_formatter=DisplayFormatter()), show(chart)
    before, _ = shell.display_formatter.format(panel)
    load_ipython_extension(shell)
    after, _ = shell.display_formatter.format(panel)
    assert "image/png" not in before and after == before | {"image/png": "UE5H"}
