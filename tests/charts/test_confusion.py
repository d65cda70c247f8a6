import pytest

from mlkit.charts import confusion

# kind, routed to, answered right, dollars
ROUTED = [
    ("math", "math", True, 0.0001),
    ("math", "math", False, 0.0003),
    ("math", "code", False, 0.0001),
    ("math", "math", True, 0.0002),
    ("code", "code", True, 0.0002),
    ("code", "other", True, 0.0004),
]


def test_cells_count_prompts_and_right_answers_and_average_the_price():
    cells = confusion.rows(ROUTED)
    assert [cell[:4] for cell in cells] == [
        ("math", "math", 3, 2),
        ("math", "code", 1, 0),
        ("code", "code", 1, 1),
        ("code", "other", 1, 1),
    ]
    assert [cell.dollars_per_thousand for cell in cells] == pytest.approx([0.2, 0.1, 0.2, 0.4])


def test_the_figure_has_a_row_for_each_kind_and_its_share_as_shade():
    figure = confusion.figure(confusion.rows(ROUTED), "here")
    heat = figure.data[0]
    assert figure.layout.yaxis.ticktext == ("math", "code") and figure.layout.xaxis.ticktext == (
        "math",
        "code",
        "other",
    )
    assert [list(row) for row in heat.z] == [
        [0.75, -0.25, 0],
        [0, 0.5, -0.5],
    ]  # above 0 where it belongs, below where not
    assert heat.text[0][0] == "<b>3</b><br>2 right<br>&#36;0.20" and heat.text[1][0] == ""
    assert (
        heat.hovertext[0][1] == "math, routed to code<br><b>1</b><br>0 right<br>&#36;0.10 per 1,000"
    )


@pytest.mark.parametrize(
    "routed, reading",
    [
        (
            ROUTED,
            (
                "4 of 6 prompts go where they belong, 75% of them answered right; of the 2 that go"
                " astray, 50%"
            ),
        ),
        (ROUTED[:2], "2 of 2 prompts go where they belong, 50% of them answered right"),
        (ROUTED[2:3], "0 of 1 prompts go where they belong; of the 1 that go astray, 0%"),
    ],
)
def test_the_reading_counts_the_strays_and_their_right_answers(routed, reading):
    chart = confusion.chart(routed, "here")
    assert chart.reading == reading
    assert chart.figure.layout.title.text.replace("<br>", " ") == reading


def test_nothing_routed_says_so():
    assert "Nothing was routed" in confusion.chart([], "here").figure.layout.title.text


@pytest.mark.parametrize(
    "kinds, first", [(6, "<b>1</b><br>1 right<br>&#36;0.00"), (12, "<b>1</b>"), (100, "")]
)
def test_the_more_kinds_the_fewer_words_in_a_cell(kinds, first):
    figure = confusion.figure(
        confusion.rows((f"k{number}", f"k{number}", True, 0.0) for number in range(kinds)), "here"
    )
    assert figure.data[0].text[0][0] == first
    assert figure.layout.xaxis.showticklabels == (kinds <= 12)
    assert figure.data[0].hovertext[0][0].startswith("k0, routed to k0<br>")


@pytest.mark.parametrize(
    "name, shown",
    [("<b>x</b>", "&lt;b&gt;x&lt;/b&gt;"), ("$a$", "&#36;a&#36;"), ("n" * 200, "n" * 15 + "…")],
)
def test_odd_names_are_text_and_long_ones_whole_on_hover(name, shown):
    figure = confusion.figure(confusion.rows([(name, name, True, 0.0)]), "here")
    assert figure.layout.yaxis.ticktext == (shown,)
    hover = figure.data[0].hovertext[0][0]
    assert (
        hover.replace("<br>", "").count(shown.strip("…")) >= 2
        and "<b>x" not in hover
        and "$" not in hover
    )
