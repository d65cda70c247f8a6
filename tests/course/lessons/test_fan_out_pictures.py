"""The pictures of notebook 04: answers side by side, and who is asked after whom."""

import re
from xml.etree import ElementTree

import pytest
from course.lessons import fan_out_pictures as pictures

from mlkit.ask import Failure, Member, Reply
from mlkit.charts.look import BLUE, RED
from mlkit.trace import Call


def test_what_an_answer_does_not_share_is_marked():
    shown = pictures.side_by_side({"one": "psi * 14.5 / 60", "two": "psi / 14.5"}, {"two": "right"})
    assert repr(shown) == "one: psi «*» «14.5» / «60»\ntwo: psi / «14.5»\n   (right)"
    assert shown._repr_html_().count("<mark>") == 4
    assert "<i>right</i>" in shown.html


def test_case_and_stops_are_no_difference_and_lines_are_kept():
    shown = pictures.side_by_side({"one": "Ride on.\nRide home!", "two": "ride ON,\nride home"})
    assert repr(shown) == "one: Ride on.\nRide home!\ntwo: ride ON,\nride home"


def test_what_models_write_is_no_html():
    shown = pictures.side_by_side({"<b>": "<script>", "two": "x"}, {"two": "<i>"})
    assert (
        "<script>" not in shown.html and "<b>" not in shown.html and "&lt;script&gt;" in shown.html
    )


def call(
    id: int, role: str, name: str = "small", after: tuple[int, ...] = (), failed: bool = False
) -> Call:
    member = Member("m", name=name)
    return Call(
        id, role, member, Failure(RuntimeError()) if failed else Reply("", member), frozenset(after)
    )


CALLS = [
    call(0, "plan", "large"),
    call(1, "step 1", after=(0,)),
    call(2, "step 2", after=(1,), failed=True),
    call(3, "side", after=(0,)),
    call(4, "sum up", "large", after=(2, 3)),
]


def drawn(calls: list[Call]) -> ElementTree.Element:
    return ElementTree.fromstring(re.sub(' xmlns="[^"]*"', "", pictures.flow(calls).html))


def corners(svg: ElementTree.Element) -> list[tuple[int, int]]:
    return [(int(box.get("x")), int(box.get("y"))) for box in svg.findall("svg")]


def test_layers_are_the_longest_path_and_boxes_stand_in_their_order():
    assert [(box.call, box.layer, box.after) for box in pictures.flow_rows(CALLS[::-1])] == [
        (0, 0, ()),
        (1, 1, (0,)),
        (3, 1, (0,)),
        (2, 2, (1,)),
        (4, 3, (2, 3)),
    ]


def test_each_layer_is_a_line_and_each_wait_an_arrow_from_box_to_box():
    svg = drawn(CALLS)
    plan, one, side, two, last = corners(svg)
    assert one[1] == side[1] and plan[1] < one[1] < two[1] < last[1] and side[0] - one[0] > 148
    ends = {
        (
            int(line.get("x1")) - 74,
            int(line.get("y1")) - 44,
            int(line.get("x2")) - 74,
            int(line.get("y2")),
        )
        for line in svg.findall("line")
    }
    assert ends == {(*plan, *one), (*plan, *side), (*one, *two), (*two, *last), (*side, *last)}


def test_members_keep_their_colour_and_what_failed_is_dashed_red_and_says_so():
    plan, *_, two, _ = drawn(CALLS).findall("svg")
    assert (
        plan.find("rect").get("stroke") == BLUE
        and plan.find("rect").get("stroke-dasharray") == "none"
    )
    assert (
        two.find("rect").get("stroke") == RED and two.find("rect").get("stroke-dasharray") == "5 3"
    )
    assert [text.text for text in two.findall("text")] == ["step 2", "small, failed"]


def test_the_words_tell_the_flow_and_are_the_alt_text():
    words = (
        "5 calls in 4 steps: plan (large); then step 1 (small), side (small) at once; then step 2"
        " (small, failed); then sum up (large)"
    )
    svg = drawn(CALLS)
    assert (
        pictures.flow_reading(pictures.flow_rows(CALLS))
        == words
        == svg.get("aria-label")
        == svg.find("title").text
    )
    assert (
        svg.get("role") == "img"
        and "width: 100%" in svg.get("style")
        and svg.get("viewBox").startswith("0 0 ")
    )


def test_nothing_asked_and_calls_that_are_missing_are_drawn():
    assert drawn([]).get("aria-label") == "Nothing was asked, so there is no flow to show."
    assert pictures.flow_rows([call(7, "late", after=(3,))])[0][3:5] == ((), 0)


@pytest.mark.parametrize("name", ["<b>x</b>", "$a$", '" onload="alert(1)', "a\x00\x1bb", "x" * 200])
def test_names_are_text_and_long_ones_are_cut_in_the_box_only(name):
    text = pictures.flow([call(0, name, name)]).html
    assert "<b>" not in text and "$" not in text and 'onload="' not in text
    (box,) = drawn([call(0, name, name)]).findall("svg")
    printed = name.replace("\x00", r"\x00").replace("\x1b", r"\x1b")
    assert box.find("title").text == f"{printed} ({printed})"
    role, member = (text.text for text in box.findall("text"))
    assert role == (printed if len(name) <= 16 else printed[:15] + "…") and len(member) <= 20
