"""Flow: who is asked after whom in a run, as an SVG drawn from its calls, with the same in
words.
"""

from collections.abc import Sequence
from typing import NamedTuple

from mlkit.ask import Failure
from mlkit.charts.look import BLACK, GREY, INK, MEMBERS, RED, short
from mlkit.escaped import NO_MATH, in_html
from mlkit.trace import Call

_MOST, _ABREAST = (
    30,
    3,
)  # boxes drawn, and side by side: three are legible in a cell 500 pixels wide
_WIDE, _HIGH, _GAP, _ARROW = (
    148,
    44,
    12,
    32,
)  # of a box, between boxes of a layer, and between layers


class Box(NamedTuple):
    call: int
    role: str
    member: str
    after: tuple[int, ...]  # the calls that it waited for
    layer: int  # 0 for what waits for nothing, else one more than the last it waits for
    failed: bool


def rows(calls: Sequence[Call]) -> list[Box]:
    """A box for each call, by layers (the longest path to it), then in the order asked."""
    layers: dict[int, int] = {}
    boxes = []
    for call in sorted(calls, key=lambda call: call.id):
        after = tuple(sorted(layers.keys() & call.after))
        layers[call.id] = max((layers[id] + 1 for id in after), default=0)
        boxes.append(
            Box(
                call.id,
                call.role,
                call.member.name,
                after,
                layers[call.id],
                isinstance(call.reply, Failure),
            )
        )
    return sorted(boxes, key=lambda box: (box.layer, box.call))


def reading(boxes: Sequence[Box]) -> str:
    """The flow in words, for those who cannot see it."""
    if not boxes:
        return "Nothing was asked, so there is no flow to show."
    count = (
        f"{len(boxes)} call{'s' * (len(boxes) > 1)} in {boxes[-1].layer + 1}"
        f" step{'s' * (boxes[-1].layer > 0)}"
    )
    steps = (
        ", ".join(
            f"{short(box.role)} ({short(box.member)}{', failed' * box.failed})" for box in layer
        )
        + " at once" * (len(layer) > 1)
        for layer in _layers(boxes[:_MOST])
    )
    return f"{count}: {'; then '.join(steps)}" + f"; {_more(boxes)}" * (len(boxes) > _MOST)


def figure(boxes: Sequence[Box]) -> str:
    """The flow as SVG text, no wider than its container: from top to bottom, or to the right where
    many are asked at once.
    """
    drawn, words, note = boxes[:_MOST], in_html(reading(boxes)), _more(boxes)
    down = max(map(len, _layers(drawn)), default=0) <= _ABREAST
    places = _places(drawn, down)
    leave, enter = (
        ((_WIDE // 2, _HIGH), (_WIDE // 2, 0)) if down else ((_WIDE, _HIGH // 2), (0, _HIGH // 2))
    )
    width = max((x for x, _ in places.values()), default=0) + _WIDE + _GAP
    height = max((y for _, y in places.values()), default=0) + _HIGH + 32
    return "".join(
        [
            (
                f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="{words}"'
                f' class="{NO_MATH}" viewBox="0 0 {width} {height}"'
                f' style="width: 100%; max-width: {width}px; height: auto" font-family="system-ui,'
                f' sans-serif" font-size="13"><title>{words}</title><defs><marker id="mlkit-arrow"'
                ' viewBox="0 0 8 8" refX="8" refY="4" markerWidth="8" markerHeight="8"'
                f' orient="auto"><path d="M0 0L8 4L0 8z" fill="{GREY}"/></marker></defs><rect'
                f' width="{width}" height="{height}" rx="6" fill="white"/>'
            ),
            *(
                f'<line x1="{places[id][0] + leave[0]}" y1="{places[id][1] + leave[1]}"'
                f' x2="{places[box.call][0] + enter[0]}" y2="{places[box.call][1] + enter[1]}"'
                f' stroke="{GREY}" stroke-width="1.5" marker-end="url(#mlkit-arrow)"/>'
                for box in drawn
                for id in box.after
            ),
            *(_box(box, *places[box.call]) for box in drawn),
            f'<text x="{_GAP}" y="{height - 10}" fill="{INK}">{note}</text></svg>',
        ]
    )


def _layers(boxes: Sequence[Box]) -> list[list[Box]]:
    return [
        [box for box in boxes if box.layer == layer]
        for layer in dict.fromkeys(box.layer for box in boxes)
    ]


def _places(
    boxes: Sequence[Box], down: bool
) -> dict[int, tuple[int, int]]:  # the top left corner of each box
    most = max(map(len, _layers(boxes)), default=0)
    at = {
        box.call: (n + (most - len(layer)) / 2, box.layer)
        for layer in _layers(boxes)
        for n, box in enumerate(layer)
    }
    right, below = (_WIDE + _GAP, _HIGH + _ARROW) if down else (_WIDE + _ARROW, _HIGH + _GAP)
    return {
        call: (round(_GAP + right * place[not down]), round(_GAP + below * place[down]))
        for call, place in at.items()
    }


def _box(box: Box, x: int, y: int) -> str:
    colour, dash = (RED, "5 3") if box.failed else (MEMBERS.get(box.member, BLACK), "none")
    return (
        f'<svg x="{x}" y="{y}" width="{_WIDE}"'
        f' height="{_HIGH}"><title>{in_html(f"{box.role} ({box.member})")}</title>'
        f'<rect x="1" y="1" width="{_WIDE - 2}" height="{_HIGH - 2}" rx="5" fill="white"'
        f' stroke="{colour}" stroke-width="2" '
        f'stroke-dasharray="{dash}"/><text x="9" y="18" fill="{INK}"'
        f' font-weight="600">{in_html(short(box.role, 16))}</text>'
        f'<text x="9" y="35" fill="{GREY}"'
        f' font-size="12">{in_html(short(box.member, 12 if box.failed else 20))}'
        f"{', failed' * box.failed}</text></svg>"
    )


def _more(boxes: Sequence[Box]) -> str:
    return (
        f"and {len(boxes) - _MOST} more"
        if len(boxes) > _MOST
        else ""
        if boxes
        else "Nothing was asked."
    )
