"""A chart as a picture, drawn by kaleido in the chromium (or Chrome) of this machine."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

from mlkit.errors import ExportError

if TYPE_CHECKING:
    import plotly.graph_objects as go


def picture(figure: go.Figure) -> bytes:
    """The figure as a PNG, 1140 pixels wide. Raises ExportError where there is no browser."""
    import kaleido  # here, because it takes half a second
    from choreographer.browsers import Chromium

    if not Chromium.find_browser(skip_local=False):
        raise ExportError(
            "Drawing a picture takes a browser, and none was found. Install chromium or Chrome, "
            "or type:  uv run plotly_get_chrome"
        )
    kaleido.start_sync_server(silence_warnings=True)  # the browser is started once and kept
    asked = {"format": "png", "scale": 1.5, "width": 760, "height": figure.layout.height}
    return kaleido.calc_fig_sync(figure, opts=asked)


def load_ipython_extension(shell: Any) -> None:
    """In a notebook that is to be stored, every panel shows its picture, too: %load_ext."""
    shell.display_formatter.formatters["image/png"].for_type_by_name(
        "mlkit.widgets.panels",
        "Panel",
        lambda panel: base64.b64encode(picture(panel.chart.figure)).decode(),
    )
