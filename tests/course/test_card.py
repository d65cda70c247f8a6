"""Who keeps limits, as a picture; what the decision card says, and how it is drawn and saved."""

import errno
import html
import re
from math import inf, nan
from pathlib import Path

import pytest
from course import card, limits_chart
from course.ways import Limits, Way, read_counts

from mlkit.errors import ExportError, MlkitError, WriteError
from mlkit.measure.stats import wilson
from tests.course.test_ways import LIMITS, WAYS


def said_of(choice, ways, limits, reason, source, *clock) -> dict[str, str]:
    lines = card.DecisionCard(choice, ways, limits, source, reason, *clock).lines
    return {line.about: line.text for line in lines}


def test_a_card_says_the_choice_what_was_measured_and_why_simpler_ones_fell():
    said = said_of("voting", WAYS, Limits(inf, 3.0, 0.4), " We can wait. ", "today", "wall seconds")
    assert said["measured"] == (
        "7 of 10 right, 70% (95% interval 40% to 89%); $0.40 per 1,000 prompts, 2.0 s a prompt"
        " (wall seconds), 3.0 calls"
    )
    assert said["result"] == "it keeps every limit" and said["reason"] == "We can wait."
    assert said["source"] == "today"
    assert said["simpler: single_model"] == "30% right is less than 40%"
    assert said["simpler: router"] == "it keeps every limit, too"
    against = said["against single_model"]
    assert against.startswith("+40 points (95% interval ")
    assert against.endswith("clearly better; 40.0 times the dollars, 2.0 times the seconds")


def test_a_card_says_how_sure_it_is_that_the_limit_is_kept():
    low = wilson(7, 10).low
    assert "how sure" not in said_of("voting", WAYS, Limits(least=low - 0.001), "", "today")
    doubt = said_of("voting", WAYS, Limits(least=low + 0.001), "", "today")["how sure"]
    assert doubt == "not sure: its share may be as low as 40%, the limit is 40%"
    assert "how sure" not in said_of("voting", WAYS, Limits(least=0.9), "", "today")  # it fell


def test_a_card_for_one_model_says_what_is_given_up():
    said = said_of("single_model", WAYS, Limits(), "", "today")
    assert said["given up: voting"].startswith("+40 points") and "simpler" not in "".join(said)
    assert said_of("single_model", WAYS[:1], Limits(), "", "today").keys() == {
        "choice",
        "limits",
        "measured",
        "result",
        "source",
    }


def test_a_card_of_own_counts_says_only_what_is_known():
    counted = read_counts([("one", 6, 10, 0, 0), ("two", 7, 10, 0.1, 2)])
    said = said_of("two", counted, Limits(), "", "by hand")
    assert said["measured"].endswith("$0.10 per 1,000 prompts, 2.0 s a prompt (work seconds)")
    assert said["against one"].endswith("the interval holds 0, so no difference is shown")
    untimed = [WAYS[0]._replace(seconds=nan), WAYS[1]]
    assert "s a prompt" not in said_of("single_model", untimed, Limits(), "", "x")["measured"]


def test_a_choice_that_breaks_a_limit_is_told_and_one_that_was_not_measured_refused():
    said = said_of("single_model", WAYS, LIMITS, "", "today")
    assert (
        said["result"] == "it breaks a limit: 30% right is less than 50%"
        and not {"reason", "against one model"} & said.keys()
    )
    with pytest.raises(
        ValueError, match="'oracle' was not measured; choose one of single_model, router, voting"
    ):
        card.DecisionCard("oracle", WAYS, LIMITS, "today")


def test_the_card_is_html_that_needs_nothing_else_and_escapes_what_people_write():
    page = card.DecisionCard(
        "router", WAYS, LIMITS, "recorded on a Monday", "<script>alert(1)</script> & $5"
    ).html
    assert (
        "<script" not in page
        and "&lt;script&gt;" in page
        and "http" not in page
        and "$" not in page
    )
    assert (
        page.count("<svg") == page.count("</svg>") == 3
        and "60%, 31% to 83%" in page
        and "recorded on a Monday" in page
    )


def test_the_card_is_saved_as_a_page_and_a_picture(tmp_path, monkeypatch):
    made = card.DecisionCard("router", WAYS, LIMITS, "recorded on a Monday")
    assert made.save(tmp_path, png=False) == [tmp_path / "decision_card.html"] and list(
        tmp_path.iterdir()
    ) == made.save(tmp_path, png=False)
    monkeypatch.setattr(
        "mlkit.widgets.export.picture",
        lambda figure: b"PNG" if figure is made.picture.figure else b"",
    )
    assert [file.read_bytes()[:15] for file in made.save(tmp_path)] == [b"<!doctype html>", b"PNG"]


def test_without_a_browser_the_page_is_written_and_the_picture_says_what_to_install(
    tmp_path, monkeypatch
):
    def no_browser(*_):
        raise ExportError("Drawing pictures takes a browser")

    monkeypatch.setattr("mlkit.widgets.export.picture", no_browser)
    with pytest.raises(MlkitError, match="takes a browser"):
        card.DecisionCard("router", WAYS, LIMITS, "recorded on a Monday").save(tmp_path)
    assert [file.name for file in tmp_path.iterdir()] == ["decision_card.html"]


def test_a_card_that_cannot_be_saved_says_where_and_what_to_type(tmp_path, monkeypatch):
    made = card.DecisionCard("router", WAYS, LIMITS, "recorded on a Monday")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "taken").write_text("a file")
    with pytest.raises(WriteError, match=r"taken/decision_card.html: a file .*card\.save\(\"/"):
        made.save("taken")
    assert made.save(png=False) == [Path("decision_card.html")]
    before = (tmp_path / "decision_card.html").read_bytes()

    def no_space(*_: object, **__: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("os.fsync", no_space)
    with pytest.raises(WriteError, match=r"^Could not write decision_card.html: No space left"):
        made.save(png=False)
    assert (tmp_path / "decision_card.html").read_bytes() == before


def text_of(figure) -> str:
    return next(note.text for note in figure.layout.annotations if "<b>choice</b>" in note.text)


def test_the_picture_of_the_card_marks_the_choice_and_holds_its_lines():
    chart = card.DecisionCard("voting", WAYS, LIMITS, "here", "fast & cheap").chart
    layout, text = chart.figure.layout, text_of(chart.figure)
    assert layout.title.text == "<b>Decision card: voting</b>"
    assert "<b>▶ voting</b>" in layout.yaxis.ticktext and "router" in layout.yaxis.ticktext
    assert "<b>reason</b>: fast &amp; cheap" in text and "$" not in text
    assert "<b>simpler: single_model</b>: 30% right is less than 50%" in text
    assert layout.margin.b > card._LINE * text.count("<br>")
    assert chart.reading.startswith("Decision card: voting; it breaks a limit: $0.40")
    assert longest(chart.figure) <= 70


def longest(figure) -> int:
    """The letters of the longest line of a card."""
    lines = text_of(figure).split("<br>")
    return max(len(html.unescape(re.sub("<.*?>", "", line))) for line in lines)


def test_the_lines_of_the_saved_picture_are_longer_than_those_that_fit_a_narrow_cell():
    made = card.DecisionCard("voting", WAYS, LIMITS, "today", "It is right most often. " * 9)
    assert 60 < longest(made.chart.figure) <= 70 and 100 < longest(made.picture.figure) <= 110
    assert made.picture.figure.layout.height < made.chart.figure.layout.height
    assert made.picture.reading == made.chart.reading


# The limits as a picture


def marks(figure, column: int, symbol: str) -> dict[int, float]:
    """Row -> value of the points or the crosses of a column."""
    axis = f"x{column}".removesuffix("1")
    return {
        row: value
        for trace in figure.data
        if trace.xaxis == axis and trace.marker.symbol == symbol
        for row, value in zip(trace.y, trace.x, strict=True)
    }


def numbers(figure) -> list[str]:
    return [
        text.strip("\xa0") for trace in figure.data if trace.mode == "text" for text in trace.text
    ]


def test_the_picture_says_which_limit_is_broken_at_the_point_and_marks_the_simplest_left():
    chart = limits_chart.limits_chart(WAYS, LIMITS, "here", "wall seconds")
    figure = chart.figure
    assert marks(figure, 1, "circle") == {0: 0.01, 1: 0.04} and marks(figure, 1, "x") == {2: 0.4}
    assert marks(figure, 2, "circle") == {0: 1.0, 1: 2.5, 2: 2.0} and not marks(figure, 2, "x")
    assert marks(figure, 3, "x") == {0: 0.3} and marks(figure, 3, "circle") == {1: 0.6, 2: 0.7}
    assert numbers(figure) == ["&#36;0.40", "30%"]
    assert figure.layout.yaxis.ticktext == ("single_model", "<b>▶ router</b>", "voting")
    notes = [note.text for note in figure.layout.annotations]
    assert "wall seconds<br>a prompt" in notes and "Source: here" in notes
    assert [row.limits for row in chart.rows] == [
        "30% right is less than 50%",
        "kept",
        "$0.40 per 1,000 is more than $0.10",
    ]


def test_the_number_of_a_share_stands_beside_its_interval_where_there_is_room():
    figure = limits_chart.limits_chart(WAYS, Limits(least=0.65), "here").figure
    (numbers,) = (trace for trace in figure.data if trace.mode == "text" and trace.xaxis == "x3")
    few, more = wilson(3, 10), wilson(6, 10)
    assert few.high < 0.65 < more.high
    assert numbers.y == (0, 1) and numbers.x == (1.02, more.low)
    assert numbers.textposition == "middle left"


def test_what_is_allowed_is_shaded_up_to_the_limit():
    figure = limits_chart.limits_chart(WAYS, LIMITS, "here").figure
    shaded = {
        shape.xref.removesuffix(" domain"): (shape.x0, shape.x1)
        for shape in figure.layout.shapes
        if shape.type == "rect" and "158" in shape.fillcolor
    }
    assert shaded == {"x": (0, 0.1), "x2": (0, 3.0), "x3": (0.5, 1.02)}
    lines = [shape.x0 for shape in figure.layout.shapes if shape.type == "line"]
    assert lines == [0.1, 3.0, 0.5]
    free = limits_chart.limits_chart(WAYS, Limits(), "here").figure
    assert not [shape for shape in free.layout.shapes if shape.type == "line"]


@pytest.mark.parametrize(
    "limits, reading",
    [
        (Limits(), "Without a limit: take single_model, the simplest of 3 that are left"),
        (
            Limits(most_seconds=2.2, least=0.6),
            "At most 2.2 s a prompt, at least 60% right: take voting, the only one of 3 that is"
            " left",
        ),
        (
            Limits(least=0.9),
            "At least 90% right: none of 3 is left. Ease a limit, or automate nothing",
        ),
    ],
)
def test_the_reading_names_the_simplest_that_is_left(limits, reading):
    assert limits_chart.limits_chart(WAYS, limits, "here").reading == reading


def test_what_was_not_timed_has_no_point_and_long_names_are_cut():
    some = [WAYS[0]._replace(seconds=nan, pattern="x" * 200), WAYS[1]]
    figure = limits_chart.limits_chart(some, LIMITS, "here").figure
    assert marks(figure, 2, "circle") == {1: 2.5}
    assert figure.layout.yaxis.ticktext[0] == "x" * 23 + "…"
    assert limits_chart.limits_chart([Way("free", 1, 2, 0.0, 0.0)], Limits(), "here").figure
