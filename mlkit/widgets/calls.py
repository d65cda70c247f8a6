"""The calls of a run as cards: what each is doing, and what it said."""

from collections.abc import Sequence
from typing import Any

import ipywidgets as widgets

from mlkit.escaped import NO_MATH, in_html
from mlkit.parsing import label_shares
from mlkit.progress import CallCard
from mlkit.widgets.told import Told

_BARS = 3  # likeliest labels that a card shows
_PLACE = {"flex": "1 1 220px", "min_width": "0", "max_width": "100%", "margin": "0"}
_CARD = (
    "height: 100%; box-sizing: border-box; padding: 8px 10px; line-height: 1.4; border: 1px solid"
    " var(--jp-border-color1, #bdbdbd); border-radius: 4px; overflow-wrap: anywhere"
)
_TEXT = "white-space: pre-wrap; margin: 6px 0; max-height: 14em; overflow: auto"
_SMALL = "font-size: 12px; opacity: .8"


class Cards(widgets.Box):
    """All cards side by side. Each changes only when its call does, so what was opened stays so."""

    children: Sequence[Any]

    def __init__(self) -> None:
        self.calls: Sequence[CallCard] = ()
        super().__init__(layout={"flex_flow": "row wrap", "grid_gap": "8px", "width": "100%"})

    def show(self, calls: Sequence[CallCard], counted: Sequence[str | None] = ()) -> None:
        """Show these calls as they stand now; `counted` is what the first of them count as."""
        self.calls = calls
        boxes = list(self.children)[: len(calls)]
        boxes += [widgets.HTML(layout=_PLACE) for _ in calls[len(boxes) :]]
        for n, (box, call) in enumerate(zip(boxes, calls, strict=True)):
            box.value = card_html(call, *counted[n : n + 1])
        self.children = tuple(boxes)


def card_html(card: CallCard, *counted: str | None) -> str:
    """One card, with what its answer counts as where that is given."""
    text = card.reply.text if card.reply else card.words
    said = f"{type(card.error).__name__}: {card.error}" if card.error else text
    name = "" if card.member.name == card.role else card.member.name
    parts = [
        f"<b>{card.number}. {in_html(card.role)}</b> <span>{in_html(name)}</span>",
        _small(in_html(card.status())),
        f"<div style='{_TEXT}'>{in_html(said)}</div>",
        *(_small(in_html(f"counts as {repr(one) if one else 'nothing'}")) for one in counted),
        _likeliest(card),
        _small(Told(card.member, card.prompt).html()) if card.ended else "",
    ]
    return f"<div class='{NO_MATH}' style='{_CARD}'>{''.join(parts)}</div>"


def _small(html: str) -> str:
    return f"<div style='{_SMALL}'>{html}</div>"


def _likeliest(card: CallCard) -> str:
    """How likely the likeliest labels are, as small bars, where probabilities were asked for."""
    if not (card.labels and card.reply and card.reply.choices):
        return ""
    shares = label_shares(card.reply, card.labels)
    likeliest = sorted(shares.items(), key=lambda one: -one[1])[:_BARS]
    bar = "display: inline-block; height: 8px; background: #2b8cc4"
    return "".join(
        f"<div style='{_SMALL}'><span style='{bar}; width: {max(1, round(60 * share))}px'></span>"
        f" {in_html(label)} {share:.2f}</div>"
        for label, share in likeliest
    )
