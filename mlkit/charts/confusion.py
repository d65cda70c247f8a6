"""Confusion: where prompts of each kind were routed, how many, how many of those were answered
right, and for what money.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import plotly.graph_objects as go

from mlkit.charts.look import BLUE, INK, ORANGE, Chart, dollars, dress, on_hover, short
from mlkit.escaped import in_plotly


class Cell(NamedTuple):
    kind: str
    routed: str  # the kind that the router took it for
    prompts: int
    right: int  # of them
    dollars_per_thousand: float  # prompts like these, routing included


def rows(routed: Iterable[tuple[str, str, bool, float]]) -> list[Cell]:
    """A cell for each pair that occurs, from each prompt's (kind, routed kind, answered right,
    dollars), as they first occur.
    """
    pairs: dict[tuple[str, str], list[tuple[bool, float]]] = {}
    for kind, label, right, price in routed:
        pairs.setdefault((kind, label), []).append((right, price))
    return [
        Cell(
            *pair,
            len(some),
            sum(right for right, _ in some),
            1000 * sum(price for _, price in some) / len(some),
        )
        for pair, some in pairs.items()
    ]


def figure(cells: Sequence[Cell], source: str) -> go.Figure:
    """A row for each kind, a column for each route; blue where it belongs, orange elsewhere, the
    darker the more of the row.

    Up to 6 of either, cells say all in words; up to 12, only their prompts; beyond that, words show
    on hover.
    """
    kinds = list(dict.fromkeys(cell.kind for cell in cells))
    labels = list(dict.fromkeys(cell.routed for cell in cells))
    routes = [kind for kind in kinds if kind in labels] + [
        label for label in labels if label not in kinds
    ]
    size = max(len(kinds), len(routes))
    asked = {kind: sum(cell.prompts for cell in cells if cell.kind == kind) for kind in kinds}
    shades, texts, hovers = ([[empty] * len(routes) for _ in kinds] for empty in (0.0, "", ""))
    for cell in cells:
        row, column = kinds.index(cell.kind), routes.index(cell.routed)
        shades[row][column] = (
            cell.prompts / asked[cell.kind] * (1 if cell.kind == cell.routed else -1)
        )
        words = [
            f"<b>{cell.prompts}</b>",
            f"{cell.right} right",
            in_plotly(dollars(cell.dollars_per_thousand)),
        ]
        texts[row][column] = "<br>".join(words[: 3 if size <= 6 else 1 if size <= 12 else 0])
        hovers[row][column] = (
            "<br>".join([on_hover(f"{cell.kind}, routed to {cell.routed}"), *words]) + " per 1,000"
        )
    chart = go.Figure(
        go.Heatmap(
            z=shades,
            text=texts,
            texttemplate="%{text}",
            textfont={"size": 12, "color": INK},
            hovertext=hovers,
            hovertemplate="%{hovertext}<extra></extra>",
            xgap=2,
            ygap=2,
            zmin=-1,
            zmax=1,
            showscale=False,
            opacity=0.6,
            colorscale=[[0, ORANGE], [0.5, "white"], [1, BLUE]],
        )
    )
    chart.update_xaxes(
        title_text=in_plotly("kind by row, routed by column; $ per 1,000"),
        tickangle=0,
        showgrid=False,
        zeroline=False,
        showticklabels=size <= 12,
        **_ticks(routes, 40 // max(size, 1)),
    )
    chart.update_yaxes(
        autorange="reversed", showgrid=False, zeroline=False, ticksuffix="  ", **_ticks(kinds, 16)
    )
    return dress(
        chart, reading(cells), source, height=max(120, (58 if size <= 6 else 22) * len(kinds))
    )


def _ticks(names: Sequence[str], most: int) -> dict[str, object]:
    return {
        "ticks": "",
        "tickvals": list(range(len(names))),
        "ticktext": [in_plotly(short(name, most)) for name in names],
    }


def reading(cells: Sequence[Cell]) -> str:
    """How many were routed where they belong, and how often each sort was answered right."""
    if not cells:
        return "Nothing was routed, so there is no confusion to show."
    well, astray = (
        [cell for cell in cells if cell.kind == cell.routed],
        [cell for cell in cells if cell.kind != cell.routed],
    )
    (routed, right), (strays, strays_right) = (
        (sum(cell.prompts for cell in some), sum(cell.right for cell in some))
        for some in (well, astray)
    )
    told = f"{routed} of {routed + strays} prompts go where they belong"
    return (
        told
        + f", {right / max(routed, 1):.0%} of them answered right" * (routed > 0)
        + f"; of the {strays} that go astray, {strays_right / max(strays, 1):.0%}" * (strays > 0)
    )


def chart(routed: Iterable[tuple[str, str, bool, float]], source: str) -> Chart:
    """The confusion of a router, ready to show."""
    cells = rows(routed)
    return Chart(figure(cells, source), cells, reading(cells))
