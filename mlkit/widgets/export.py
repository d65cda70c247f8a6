"""A chart as a file: PNG or SVG, drawn by kaleido in the chromium (or Chrome) of this machine."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mlkit import paths
from mlkit.errors import ExportError

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from mlkit.charts.look import Chart

FORMATS = ("png", "svg")


def picture(figure: go.Figure, ending: str = "png", width: int = 760, scale: float = 1.5) -> bytes:
    """The figure drawn `width` pixels wide, times `scale`, as tall as it asks to be.

    Raises ExportError where the format is unknown, or there is no browser.
    """
    if ending not in FORMATS:
        given = ending or "without an ending"
        raise ExportError(f"A picture can be {' or '.join(FORMATS)}, not {given}.")
    import kaleido  # here, because it takes half a second
    from choreographer.browsers import Chromium

    if not Chromium.find_browser(skip_local=False):
        raise ExportError(
            "Drawing a picture takes a browser, and none was found. Install chromium or Chrome, "
            "or type:  uv run plotly_get_chrome"
        )
    kaleido.start_sync_server(silence_warnings=True)  # the browser is started once and kept
    asked = {"format": ending, "scale": scale, "width": width, "height": figure.layout.height}
    return kaleido.calc_fig_sync(figure, opts=asked)


def save(chart: Chart, path: str | Path, width: int = 760, scale: float = 1.5) -> Path:
    """Write a chart as a picture, as the name ends: save(chart, "trade_off.svg").

    What stood there stays if this fails. Raises ExportError as `picture` does, WriteError where the
    file cannot be written.
    """
    path = Path(path)
    drawn = picture(chart.figure, path.suffix.removeprefix(".").lower(), width, scale)
    fix = f'Choose another place:  save(chart, "/another/folder/{path.name}")'
    return paths.write(path, drawn, fix)


def load_ipython_extension(shell: Any) -> None:
    """In a notebook that is to be stored, every panel shows its picture, too: %load_ext."""
    shell.display_formatter.formatters["image/png"].for_type_by_name(
        "mlkit.widgets.panels",
        "Panel",
        lambda panel: base64.b64encode(picture(panel.chart.figure)).decode(),
    )
