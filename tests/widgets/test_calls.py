"""What a card shows of a call."""

import re

import pytest

from mlkit.ask import Member, Reply
from mlkit.progress import CallCard
from mlkit.widgets.calls import card_html

LABELS = ("refund", "repair", "advice")


def bars(
    choices: dict[str, float], labels: tuple[str, ...] = LABELS, text: str = "refund"
) -> dict[str, tuple[int, str]]:
    """The width of each label's bar, and the share beside it."""
    member = Member("m")
    reply = Reply(text, member, choices=choices)
    card = CallCard(1, "classifier", member, "?", labels, state="done", reply=reply)
    found = re.findall(r"width: (\d+)px'></span> (\w+) ([\d.]+)</div>", card_html(card))
    return {label: (int(width), share) for width, label, share in found}


def test_each_label_has_a_bar_as_long_as_it_is_likely():
    shown = bars({"refund": 0.7, "repair": 0.2, "advice": 0.05})
    assert shown == {"refund": (42, "0.70"), "repair": (12, "0.20"), "advice": (3, "0.05")}


@pytest.mark.parametrize(
    "text, refund, repair",
    [("refund", (24, "0.40"), (1, "0.00")), ("advice", (1, "0.00"), (1, "0.00"))],
)
def test_a_beginning_of_two_labels_is_given_to_the_one_that_was_written_or_to_none(
    text, refund, repair
):
    shown = bars({"re": 0.4, "advice": 0.3}, text=text)
    assert (shown["refund"], shown["repair"]) == (refund, repair)


def test_no_bars_where_no_labels_were_asked_for():
    assert bars({"refund": 0.7}, labels=()) == {}
