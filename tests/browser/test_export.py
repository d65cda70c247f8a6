"""Charts and panels as files, drawn by the chromium of this machine."""

import struct
from xml.etree import ElementTree

import pytest

from mlkit.charts import condorcet
from mlkit.widgets.export import save
from mlkit.widgets.panels import explore, slider

pytestmark = pytest.mark.browser


def test_a_panel_is_saved_as_it_stands(tmp_path):
    voters = slider("each voter is right", 0.6, 0, 1, 0.05)
    panel = explore(lambda p: condorcet.chart(p, 0.0, "here"), p=voters)
    voters.value = 0.9
    path = panel.save(tmp_path / "curve.svg")
    drawn = "".join(ElementTree.parse(path).getroot().itertext())
    first = condorcet.chart(0.9, 0.0, "here").reading.split(":")[0]
    assert first[:20] in drawn and "Source: here" in drawn


def test_a_png_is_as_wide_as_asked(tmp_path):
    chart = condorcet.chart(0.7, 0.0, "here")
    data = save(chart, tmp_path / "curve.png", width=500, scale=2).read_bytes()
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    assert struct.unpack(">II", data[16:24]) == (1000, 2 * chart.figure.layout.height)
