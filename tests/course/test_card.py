"""The decision card: what keeps the limits, what the card says, and how it is drawn and saved."""

import asyncio
import errno
from math import inf
from pathlib import Path

import pytest
from course import capstone, card
from course.card import Limits, Way

import mlkit
from mlkit.errors import ExportError, MlkitError, WriteError
from mlkit.models import list_prices
from tests.course.test_capstone import ROW, Kit


def way(name: str, right: int, dollars: float, seconds: float, calls: float = 1.0) -> Way:
    return Way(
        name, right, 10, dollars, seconds, calls, 1, (True,) * right + (False,) * (10 - right)
    )


WAYS = [
    way("single_model", 3, 0.01, 1.0),
    way("router", 6, 0.04, 2.5, 2),
    way("voting", 7, 0.40, 2.0, 3),
]
LIMITS = Limits(0.1, 3.0, 0.5)


def test_ways_go_from_simple_to_complex_with_what_they_take(scripted):
    ask = scripted(
        {"": {"text": "27", "prompt_tokens": 100, "output_tokens": 10, "output_seconds": 2.0}}
    )
    matrix = asyncio.run(capstone.run_all(Kit(ask), capstone.read_prompts([ROW]), progress=False))
    ways = {way.pattern: way for way in card.ways(matrix, list_prices())}
    assert next(iter(ways)) == "single_model" and ways["router"].calls == 2
    assert [way.calls for way in ways.values()] == sorted(way.calls for way in ways.values())
    assert ways["single_model"] == Way(
        "single_model", 1, 1, pytest.approx(0.011), 2.0, 1.0, 1, (True,)
    )
    assert (
        ways["voting"].seconds == 6
        and ways["pipeline"].instructions == 3
        and ways["voting"].instructions == 1
    )
    assert list(ways).index("voting") < list(ways).index(
        "pipeline"
    )  # as many calls, fewer instructions


def test_a_third_of_a_call_does_not_make_a_pattern_less_simple(scripted):
    agreed = (
        ["27"] * 5
        # three times for voting, then twice for the ensemble; the third time it is split, and asks
        # again
    )
    split = scripted(
        {"vote 1": [*agreed, "27"], "vote 2": [*agreed, "28"], "vote 3": [*agreed, "29"], "": "27"}
    )
    matrix = asyncio.run(
        capstone.run_all(Kit(split), capstone.read_prompts([ROW] * 3), progress=False)
    )
    calls = {way.pattern: way.calls for way in card.ways(matrix, list_prices())}
    assert calls["consensus_ensemble"] == pytest.approx(10 / 3) and calls["pipeline"] == 3
    assert list(calls).index("consensus_ensemble") < list(calls).index(
        "pipeline"
    )  # fewer instructions


def test_limits_let_through_who_keeps_them_and_say_what_others_break():
    assert [way.pattern for way in card.survivors(WAYS, LIMITS)] == ["router"] and card.survivors(
        WAYS, Limits()
    ) == WAYS
    assert [card.why_not(way, LIMITS) for way in WAYS] == [
        "30% right is less than 50%",
        "",
        "$0.40 per 1,000 is more than $0.10",
    ]
    assert (
        card.why_not(WAYS[2], Limits(0.1, 1.5, 0.8))
        == "$0.40 per 1,000 is more than $0.10; 2.0 s is more than 1.5 s; 70% right is less"
        " than 80%"
    )
    assert card.why_not(way("on the edge", 5, 0.1, 3.0), LIMITS) == ""
    # Shown with as few digits as here, both numbers would be the same.
    assert (
        card.why_not(way("just beyond", 3, 0.501, 12.04), Limits(0.5, 12.0, 0.304))
        == "a little more than $0.50 per 1,000; a little more than 12.0 s; a little less than 30%"
        " right"
    )
    assert (
        str(LIMITS) == "at most $0.10 per 1,000 prompts, at most 3.0 s a prompt, at least 50% right"
        and str(Limits()) == "none"
    )


def test_a_card_says_the_choice_what_was_measured_and_why_simpler_ones_fell():
    said = {
        line.about: line.text
        for line in card.rows("voting", WAYS, Limits(inf, 3.0, 0.4), " We can wait. ", "today")
    }
    assert said["measured"].startswith(
        "7 of 10 right, 70% (95% interval 40% to 89%); $0.40 per 1,000 prompts, 2.0 s and 3.0 calls"
        " a prompt"
    )
    assert (
        said["verdict"] == "it keeps every limit"
        and said["reason"] == "We can wait."
        and said["made"] == "today"
    )
    assert (
        said["simpler: single_model"] == "30% right is less than 40%"
        and said["simpler: router"] == "it keeps every limit, too"
    )
    assert (
        said["against one model"].startswith("+40 points (95% interval ")
        and "cannot tell" not in said["against one model"]
    )


def test_a_choice_that_breaks_a_limit_is_told_and_one_that_was_not_measured_refused():
    said = {line.about: line.text for line in card.rows("single_model", WAYS, LIMITS, "", "today")}
    assert (
        said["verdict"] == "it breaks a limit: 30% right is less than 50%"
        and not {"reason", "against one model"} & said.keys()
    )
    with pytest.raises(
        ValueError, match="'oracle' was not measured; choose one of single_model, router, voting"
    ):
        card.rows("oracle", WAYS, LIMITS, "", "today")


def test_the_card_is_html_that_needs_nothing_else_and_escapes_what_people_write():
    html = card.decision_card(
        "router", WAYS, LIMITS, mlkit.connect(engine="replay"), "<script>alert(1)</script> & $5"
    ).html
    assert (
        "<script" not in html
        and "&lt;script&gt;" in html
        and "http" not in html
        and "$" not in html
    )
    assert (
        html.count("<svg") == html.count("</svg>") == 3
        and "60%, 31% to 83%" in html
        and "cast tiny" in html
    )


def test_the_card_is_saved_as_a_page_and_a_picture(tmp_path, monkeypatch):
    made = card.decision_card("router", WAYS, LIMITS, mlkit.connect(engine="replay"))
    assert made.save(tmp_path, png=False) == [tmp_path / "decision_card.html"] and list(
        tmp_path.iterdir()
    ) == made.save(tmp_path, png=False)
    monkeypatch.setattr(
        "mlkit.widgets.export.picture",
        lambda figure, *options: b"PNG" if figure is made.chart.figure else b"",
    )
    assert [file.read_bytes()[:15] for file in made.save(tmp_path)] == [b"<!doctype html>", b"PNG"]


def test_without_a_browser_the_page_is_written_and_the_picture_says_what_to_install(
    tmp_path, monkeypatch
):
    def no_browser(*_):
        raise ExportError("Drawing pictures takes a browser")

    monkeypatch.setattr("mlkit.widgets.export.picture", no_browser)
    with pytest.raises(MlkitError, match="takes a browser"):
        card.decision_card("router", WAYS, LIMITS, mlkit.connect(engine="replay")).save(tmp_path)
    assert [file.name for file in tmp_path.iterdir()] == ["decision_card.html"]


def test_a_card_that_cannot_be_saved_says_where_and_what_to_type(tmp_path, monkeypatch):
    made = card.decision_card("router", WAYS, LIMITS, mlkit.connect(engine="replay"))
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


def test_the_picture_of_the_card_rings_the_choice_and_holds_its_lines():
    lines = card.rows("router", WAYS, LIMITS, "fast & cheap", "today")
    chart = card.chart("router", WAYS, LIMITS, lines, "here")
    ring = chart.figure.data[-1]
    assert (ring.name, ring.x, ring.y) == (
        "chosen",
        (0.04,),
        (0.6,),
    ) and "Decision card: router" in chart.figure.layout.title.text
    text = chart.figure.layout.annotations[-1].text
    assert (
        "<b>reason</b>: fast &amp; cheap" in text
        and "<b>simpler: single_model</b>: 30% right is less than 50%" in text
        and "$" not in text
    )
    assert (
        chart.figure.layout.margin.b > 18 * text.count("<br>")
        and chart.reading == "Decision card: router; it keeps every limit"
    )
