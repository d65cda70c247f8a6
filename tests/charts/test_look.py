import itertools

import plotly.graph_objects as go
import pytest

from mlkit.charts import look, waterfall

# How light reaches the three kinds of cones when one kind is missing (Machado, Oliveira, Fernandes
# 2009, severity 1).
BLINDNESS = {
    "protanopia": (
        (0.152286, 1.052583, -0.204868),
        (0.114503, 0.786281, 0.099216),
        (-0.003882, -0.048116, 1.051998),
    ),
    "deuteranopia": (
        (0.367322, 0.860646, -0.227968),
        (0.280085, 0.672501, 0.047413),
        (-0.011820, 0.042940, 0.968881),
    ),
    "normal": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
}


def linear(colour: str) -> list[float]:
    parts = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    return [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]


def seen(colour: str, kind: str) -> tuple[float, float, float]:
    """The colour as CIE L*a*b* after the loss of one kind of cone."""
    r, g, b = (
        sum(m * c for m, c in zip(row, linear(colour), strict=True)) for row in BLINDNESS[kind]
    )
    xyz = (
        (0.4124 * r + 0.3576 * g + 0.1805 * b) / 0.9505,
        0.2126 * r + 0.7152 * g + 0.0722 * b,
        (0.0193 * r + 0.1192 * g + 0.9505 * b) / 1.089,
    )
    x, y, z = (max(t, 0) ** (1 / 3) if t > 0.008856 else 7.787 * t + 16 / 116 for t in xyz)
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


@pytest.mark.parametrize("kind", BLINDNESS)
@pytest.mark.parametrize(
    "palette",
    [{name: colour for name, (colour, _) in waterfall.PHASES.items()}, look.MEMBERS],
    ids=["phases", "members"],
)
def test_colours_in_one_chart_are_told_apart_by_everyone(palette, kind):
    for one, other in itertools.combinations(palette.values(), 2):
        distance = (
            sum((p - q) ** 2 for p, q in zip(seen(one, kind), seen(other, kind), strict=True))
            ** 0.5
        )
        assert distance > 12, (one, other)


@pytest.mark.parametrize(
    "value, text",
    [
        (0, "$0.00"),
        (0.00004, "$4.0e-05"),
        (0.0042, "$0.0042"),
        (0.3, "$0.30"),
        (1234.5, "$1,234.50"),
    ],
)
def test_dollars_have_the_digits_that_matter(value, text):
    assert look.dollars(value) == text


@pytest.mark.parametrize(
    "value, text", [(0.0421, "0.042 s"), (0.5, "0.50 s"), (3.14, "3.1 s"), (95.4, "95 s")]
)
def test_seconds_have_the_digits_that_matter(value, text):
    assert look.seconds(value) == text


def test_titles_and_sources_are_text_never_html_or_latex():
    figure = look.dress(go.Figure(), "<b>up</b> from $1 to $2", "<i>here</i>")
    assert figure.layout.title.text == "&lt;b&gt;up&lt;/b&gt; from &#36;1 to &#36;2"
    assert figure.layout.annotations[0].text == "Source: &lt;i&gt;here&lt;/i&gt;"


def test_a_long_title_is_wrapped_and_given_room():
    short = look.dress(go.Figure(), "short", "here")
    long = look.dress(go.Figure(), "a long finding " * 12, "here")
    assert long.layout.title.text.count("<br>") >= 2
    assert long.layout.height - short.layout.height == 20 * long.layout.title.text.count("<br>")


def test_no_word_stands_alone_on_the_last_line():
    figure = look.dress(
        go.Figure(),
        "Not beaten on dollars: large alone, large, rules alone and small; 4 others are beaten",
        "recorded",
    )
    first, second = figure.layout.title.text.split("<br>")
    assert abs(len(first) - len(second)) < 12
