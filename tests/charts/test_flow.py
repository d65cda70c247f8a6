import re
from xml.etree import ElementTree

import pytest

from mlkit.ask import Failure, Member, Reply
from mlkit.charts import flow
from mlkit.charts.look import BLUE, RED
from mlkit.trace import Call


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
    return ElementTree.fromstring(re.sub(' xmlns="[^"]*"', "", flow.figure(flow.rows(calls))))


def corners(svg: ElementTree.Element) -> list[tuple[int, int]]:
    return [(int(box.get("x")), int(box.get("y"))) for box in svg.findall("svg")]


def test_layers_are_the_longest_path_and_boxes_stand_in_their_order():
    assert [(box.call, box.layer, box.after) for box in flow.rows(CALLS[::-1])] == [
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


def test_more_than_three_at_once_are_drawn_from_left_to_right():
    svg = drawn([call(0, "plan"), *(call(n, f"work {n}", after=(0,)) for n in range(1, 6))])
    (left, middle), *work = corners(svg)
    assert (
        {x for x, _ in work} == {left + 180}
        and len({y for _, y in work}) == 5
        and work[2][1] == middle
    )
    assert {line.get("x1") for line in svg.findall("line")} == {str(left + 148)}


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
        flow.reading(flow.rows(CALLS)) == words == svg.get("aria-label") == svg.find("title").text
    )
    assert (
        svg.get("role") == "img"
        and "width: 100%" in svg.get("style")
        and svg.get("viewBox").startswith("0 0 ")
    )


def test_thirty_boxes_are_drawn_and_the_rest_counted():
    calls = [call(n, f"vote {n}") for n in range(100)] + [
        call(100, "judge", after=tuple(range(100)))
    ]
    svg = drawn(calls)
    assert len(svg.findall("svg")) == 30 and svg.findall("text")[-1].text == "and 71 more"
    assert svg.get("aria-label").endswith("vote 29 (small) at once; and 71 more")


def test_nothing_asked_and_calls_that_are_missing_are_drawn():
    assert drawn([]).find("text").text == "Nothing was asked." and "no flow" in drawn([]).get(
        "aria-label"
    )
    assert flow.rows([call(7, "late", after=(3,))])[0][3:5] == ((), 0)


@pytest.mark.parametrize("name", ["<b>x</b>", "$a$", '" onload="alert(1)', "a\x00\x1bb", "x" * 200])
def test_names_are_text_and_long_ones_are_cut_in_the_box_only(name):
    text = flow.figure(flow.rows([call(0, name, name)]))
    assert "<b>" not in text and "$" not in text and 'onload="' not in text
    (box,) = drawn([call(0, name, name)]).findall("svg")
    printed = name.replace("\x00", r"\x00").replace("\x1b", r"\x1b")
    assert box.find("title").text == f"{printed} ({printed})"
    role, member = (text.text for text in box.findall("text"))
    assert role == (printed if len(name) <= 16 else printed[:15] + "…") and len(member) <= 20
