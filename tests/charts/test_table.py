from typing import NamedTuple

import plotly.graph_objects as go
import pytest

from mlkit.charts.look import Chart
from mlkit.charts.table import table_html, table_text


class Row(NamedTuple):
    name: str
    share_right: float


def test_text_has_the_sentence_and_columns_that_stand_in_line():
    chart = Chart(go.Figure(), [Row("small", 0.25), Row("the large\none", 0.5)], "25% right")
    assert table_text(chart).splitlines() == [
        "25% right",
        "",
        "name           share right",
        "small          0.25",
        "the large one  0.5",
    ]


def test_html_has_the_same_with_all_text_escaped():
    html = table_html(Chart(go.Figure(), [Row("<b>", 0.25)], "a < b"))
    assert "a &lt; b" in html and html.count("<tr>") == 2
    assert "share right</th>" in html and "&lt;b&gt;</td>" in html and "0.25</td>" in html


def test_an_empty_chart_has_a_table_that_says_so():
    assert "nothing measured" in table_text(Chart(go.Figure(), [], "Nothing was asked."))


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0.06864, "0.0686"),
        (12.34, "12.3"),
        (999.4, "999"),
        (999.6, "1,000"),
        (1496.7, "1,497"),
        (float("nan"), "-"),
        (4, "4"),
        ("large", "large"),
    ],
)
def test_numbers_in_a_table_have_the_digits_that_matter(value, shown):
    table = table_text(Chart(go.Figure(), [Row("it", value)], ""))
    assert table.split() == ["name", "share", "right", "it", shown]
