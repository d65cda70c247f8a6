"""Pictures of notebook 04: answers side by side, and who is asked after whom in a run."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import NamedTuple

from mlkit.ask import Failure
from mlkit.charts.look import BLACK, GREY, INK, MEMBERS, RED, short
from mlkit.escaped import NO_MATH, in_html, printable
from mlkit.trace import Call


@dataclass(frozen=True)
class Shown:
    """HTML for a notebook, and the same in plain words for where it is not drawn."""

    html: str
    text: str

    def _repr_html_(self) -> str:
        return self.html

    def __repr__(self) -> str:
        return printable(self.text)


def side_by_side(answers: Mapping[str, str], notes: Mapping[str, str] | None = None) -> Shown:
    """Answers in columns, by name. What an answer does not share with the first one is marked; in
    the first, what it does not share with all the others. `notes` stand below.
    """
    notes = notes or {}
    texts = [re.split(r"(\s+)", text.strip()) for text in answers.values()]
    shared = [_shared(text, texts[:1] if n else texts[1:]) for n, text in enumerate(texts)]
    columns = list(zip(answers, texts, shared, strict=True))
    rows = (
        _cells("th", "", [in_html(name) for name in answers]),
        _cells(
            "td",
            "vertical-align: top; white-space: pre-wrap; ",
            [_marked(text, same, "<mark>", "</mark>", in_html) for _, text, same in columns],
        ),
        _cells(
            "td",
            "vertical-align: top; ",
            [f"<i>{in_html(notes.get(name, ''))}</i>" for name in answers],
        ),
    )
    table = "".join(f"<tr>{row}</tr>" for row in rows)
    lines = []
    for name, text, same in columns:
        lines.append(f"{name}: {_marked(text, same, '«', '»', str)}")
        if name in notes:
            lines.append(f"   ({notes[name]})")
    return Shown(f"<table class='{NO_MATH}'>{table}</table>", "\n".join(lines))


def _cells(tag: str, style: str, cells: Sequence[str]) -> str:
    opens = f"<{tag} style='text-align: left; {style}padding: 4px 12px'>"
    return "".join(f"{opens}{cell}</{tag}>" for cell in cells)


def _shared(words: Sequence[str], texts: Sequence[Sequence[str]]) -> list[bool]:
    """Which words stand in all the other texts too, in the same order; case and punctuation at
    their ends do not count.
    """
    shared = [True] * len(words)
    for text in texts:
        match = SequenceMatcher(None, [*map(_bare, words)], [*map(_bare, text)], autojunk=False)
        blocks = match.get_matching_blocks()
        found = {block.a + step for block in blocks for step in range(block.size)}
        shared = [kept and place in found for place, kept in enumerate(shared)]
    return shared


def _bare(word: str) -> str:
    return word.casefold().strip(".,!?;:\"'") or word


def _marked(
    words: Sequence[str],
    shared: Sequence[bool],
    opens: str,
    closes: str,
    escape: Callable[[str], str],
) -> str:
    return "".join(
        escape(word) if kept or not word.strip() else f"{opens}{escape(word)}{closes}"
        for word, kept in zip(words, shared, strict=True)
    )


_WIDE, _HIGH, _GAP, _ARROW = 148, 44, 12, 32  # pixels: a box, between boxes, and between layers


class Box(NamedTuple):
    """A call in the flow of a run."""

    call: int
    role: str
    member: str
    after: tuple[int, ...]  # the calls that it waited for
    layer: int  # 0 for what waits for nothing, else one more than the last it waits for
    failed: bool


def flow_rows(calls: Sequence[Call]) -> list[Box]:
    """A box for each call, by layers (the longest path to it), then in the order asked."""
    boxes: dict[int, Box] = {}
    for call in sorted(calls, key=lambda call: call.id):
        after = tuple(sorted(boxes.keys() & call.after))
        layer = max((boxes[id].layer + 1 for id in after), default=0)
        failed = isinstance(call.reply, Failure)
        boxes[call.id] = Box(call.id, call.role, call.member.name, after, layer, failed)
    return sorted(boxes.values(), key=lambda box: (box.layer, box.call))


def _layers(boxes: Sequence[Box]) -> list[list[Box]]:
    numbers = dict.fromkeys(box.layer for box in boxes)
    return [[box for box in boxes if box.layer == number] for number in numbers]


def flow_reading(boxes: Sequence[Box]) -> str:
    """The flow in words, for those who cannot see it."""
    if not boxes:
        return "Nothing was asked, so there is no flow to show."
    steps = []
    for layer in _layers(boxes):
        named = ", ".join(f"{short(box.role)} ({_whom(box, 28)})" for box in layer)
        steps.append(f"{named} at once" if len(layer) > 1 else named)
    calls = f"{len(boxes)} call{'s' if len(boxes) > 1 else ''}"
    count = f"{len(steps)} step{'s' if len(steps) > 1 else ''}"
    return f"{calls} in {count}: {'; then '.join(steps)}"


def _whom(box: Box, most: int) -> str:
    return f"{short(box.member, most)}{', failed' if box.failed else ''}"


def flow(calls: Sequence[Call]) -> Shown:
    """Who is asked after whom in a run, from top to bottom, no wider than its container."""
    boxes = flow_rows(calls)
    layers, reading = _layers(boxes), flow_reading(boxes)
    most = max(map(len, layers), default=0)
    places = {  # the top left corner of each box
        box.call: (
            round(_GAP + (_WIDE + _GAP) * (n + (most - len(layer)) / 2)),
            _GAP + (_HIGH + _ARROW) * box.layer,
        )
        for layer in layers
        for n, box in enumerate(layer)
    }
    width = max((x for x, _ in places.values()), default=0) + _WIDE + _GAP
    height = max((y for _, y in places.values()), default=0) + _HIGH + _GAP
    arrows = (
        f'<line x1="{places[id][0] + _WIDE // 2}" y1="{places[id][1] + _HIGH}"'
        f' x2="{places[box.call][0] + _WIDE // 2}" y2="{places[box.call][1]}"'
        f' stroke="{GREY}" stroke-width="1.5" marker-end="url(#mlkit-arrow)"/>'
        for box in boxes
        for id in box.after
    )
    words = in_html(reading)
    html = (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="{words}"'
        f' class="{NO_MATH}" viewBox="0 0 {width} {height}"'
        f' style="width: 100%; max-width: {width}px; height: auto" font-family="system-ui,'
        f' sans-serif" font-size="13"><title>{words}</title><defs><marker id="mlkit-arrow"'
        ' viewBox="0 0 8 8" refX="8" refY="4" markerWidth="8" markerHeight="8"'
        f' orient="auto"><path d="M0 0L8 4L0 8z" fill="{GREY}"/></marker></defs><rect'
        f' width="{width}" height="{height}" rx="6" fill="white"/>{"".join(arrows)}'
        f"{''.join(_box(box, *places[box.call]) for box in boxes)}</svg>"
    )
    return Shown(html, reading)


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
        f' font-size="12">{in_html(_whom(box, 12 if box.failed else 20))}</text></svg>'
    )
