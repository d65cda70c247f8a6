"""The calls of a run as cards: what each is doing, and what it said."""

from collections.abc import Callable, Sequence
from typing import Any

import ipywidgets as widgets

from mlkit.escaped import NO_MATH, in_html
from mlkit.progress import CallCard
from mlkit.widgets.told import Told

_BARS = 3  # likeliest first tokens that a card shows
_PLACE = {"flex": "1 1 220px", "min_width": "0", "max_width": "100%", "margin": "0"}
_CARD = (
    "height: 100%; box-sizing: border-box; padding: 8px 10px; line-height: 1.4; border: 1px solid"
    " var(--jp-border-color1, #bdbdbd); border-radius: 4px; overflow-wrap: anywhere"
)
_TEXT = "white-space: pre-wrap; margin: 6px 0; max-height: 14em; overflow: auto"
_SMALL = "font-size: 12px; opacity: .8"


class Cards(widgets.Box):
    """All cards side by side, in the order in which the calls began. Each changes only when its
    call does, so that one which was opened stays open.
    """

    children: Sequence[Any]
    normalise: Callable[[str], str] | None = None  # what an answer counts as, where it is counted

    def __init__(self) -> None:
        self.calls: Sequence[CallCard] = ()
        super().__init__(layout={"flex_flow": "row wrap", "grid_gap": "8px", "width": "100%"})

    def show(self, calls: Sequence[CallCard]) -> None:
        """Show these calls as they stand now."""
        self.calls = calls
        boxes = list(self.children)[: len(calls)]
        boxes += [widgets.HTML(layout=_PLACE) for _ in calls[len(boxes) :]]
        for box, call in zip(boxes, calls, strict=True):
            box.value = card_html(call, self.normalise)
        self.children = tuple(boxes)


def card_html(card: CallCard, normalise: Callable[[str], str] | None = None) -> str:
    """One card. What the member was told stands on it once the call has ended."""
    text = card.reply.text if card.reply else card.words
    said = f"{type(card.error).__name__}: {card.error}" if card.error else text
    name = "" if card.member.name == card.role else card.member.name
    parts = [
        f"<b>{card.number}. {in_html(card.role)}</b> <span>{in_html(name)}</span>",
        f"<div style='{_SMALL}'>{in_html(card.status())}</div>",
        f"<div style='{_TEXT}'>{in_html(said)}</div>",
        _counted(card, normalise),
        _likeliest(card),
        _told(card) if card.ended else "",
    ]
    return f"<div class='{NO_MATH}' style='{_CARD}'>{''.join(parts)}</div>"


def _counted(card: CallCard, normalise: Callable[[str], str] | None) -> str:
    """What an answer counts as, where a pattern counts answers."""
    if not card.reply or not normalise:
        return ""
    try:
        counted = repr(normalise(card.reply.text))
    except Exception:  # whatever the pattern's own function raises
        counted = "nothing: it cannot be read"
    return f"<div style='{_SMALL}'>counts as {in_html(counted)}</div>"


def _likeliest(card: CallCard) -> str:
    """The likeliest first tokens as small bars, where probabilities were asked for."""
    choices = card.reply.choices if card.reply else {}
    likeliest = sorted(choices.items(), key=lambda one: (-one[1], one[0]))[:_BARS]
    bar = "display: inline-block; height: 8px; background: #2b8cc4"
    return "".join(
        f"<div style='{_SMALL}'><span style='{bar}; width: {max(1, round(60 * share))}px'></span>"
        f" {in_html(repr(token))} {share:.2f}</div>"
        for token, share in likeliest
    )


def _told(card: CallCard) -> str:
    """All that the member was told, behind a click or Enter."""
    return f"<div style='{_SMALL}'>{Told(card.member, card.prompt).html()}</div>"
