"""Claimed against measured: the article's rank of each family beside ours, by cost, latency,
quality and complexity.
"""

from collections.abc import Mapping, Sequence
from math import isnan
from typing import NamedTuple

import plotly.graph_objects as go

from mlkit import ties
from mlkit.charts.look import PALE, Chart, dress, short
from mlkit.escaped import in_plotly

CRITERIA = ("cost", "latency", "quality", "complexity")
# Pale sky, pale orange, grey: black text is legible on each, and the mark in the cell says the same
# without colour.
_VERDICTS = {"agrees": ("✓", "#cfe8f7"), "differs": ("✗", "#f9ddb0"), "no rank": ("–", PALE)}


class Cell(NamedTuple):
    family: str
    criterion: str
    claimed: str  # the article's word
    claimed_rank: (
        str  # among the families, 1 the lowest; "3 to 4" where it gives several the same word
    )
    measured: float  # in the unit of the criterion
    measured_rank: str
    verdict: str  # agrees (a place that the word leaves open is ours), differs, or no rank


def rows(
    claimed: Mapping[str, Sequence[str]],
    measured: Mapping[str, Sequence[float]],
    ranks: Mapping[str, int | None],
) -> list[Cell]:
    """A cell for each family and criterion: the article's words and our values by family, in the
    order of CRITERIA.

    ranks: what each word stands for, None for no rank ("variable"). Only families with both, a rank
    and a value, are ranked.
    """
    columns = []
    for column, criterion in enumerate(CRITERIA):
        pairs = [
            (ranks[words[column]], measured[family][column]) for family, words in claimed.items()
        ]
        known = [(rank, value) for rank, value in pairs if rank is not None and not isnan(value)]
        columns.append(
            [
                _cell(family, criterion, words[column], pair, known)
                for (family, words), pair in zip(claimed.items(), pairs, strict=True)
            ]
        )
    return [cell for line in zip(*columns, strict=True) for cell in line]


def _cell(
    family: str,
    criterion: str,
    word: str,
    pair: tuple[int | None, float],
    known: Sequence[tuple[int, float]],
) -> Cell:
    rank, measured = pair
    if rank is None or pair not in known:
        return Cell(family, criterion, word, "", measured, "", "no rank")
    theirs, ours = (
        _places(value, all)
        for value, all in zip((rank, measured), zip(*known, strict=True), strict=True)
    )
    verdict = "agrees" if theirs[0] <= ours[-1] and ours[0] <= theirs[-1] else "differs"
    return Cell(
        family,
        criterion,
        word,
        " to ".join(map(str, theirs)),
        measured,
        " to ".join(map(str, ours)),
        verdict,
    )


def _places(value: float, values: Sequence[float]) -> list[int]:
    """The first and the last of the places, from 1 for the lowest, that a value shares with its
    equals; one if they are one.
    """
    lower = sum(ties.exceeds(value, other) for other in values)
    return sorted({lower + 1, lower + sum(ties.same(value, other) for other in values)})


def reading(cells: Sequence[Cell]) -> str:
    """The finding in a sentence: in how many cells both agree, and on which criterion least."""
    both = [cell for cell in cells if cell.verdict != "no rank"]
    if not both:
        return "Nothing was both claimed and measured, so there is nothing to compare."
    agree = {
        one.criterion: [
            cell.verdict == "agrees" for cell in both if cell.criterion == one.criterion
        ]
        for one in both
    }
    least = ties.lowest(agree, lambda criterion: sum(agree[criterion]) / len(agree[criterion]))
    total, few = sum(map(sum, agree.values())), f"{sum(agree[least])} of {len(agree[least])}"
    return (
        f"The article's rank and ours agree in {total} of {len(both)} cells, least on {least}"
        f" ({few})"
    )


def figure(cells: Sequence[Cell], source: str, title: str = "") -> go.Figure:
    """A grid, a line for each family: a mark for agreeing or not, the article's word and rank, and
    our rank.
    """
    lines = [
        cells[start : start + len(CRITERIA)] for start in range(0, len(cells), len(CRITERIA))
    ]  # one for each family
    chart = go.Figure(
        go.Heatmap(
            z=[[list(_VERDICTS).index(cell.verdict) for cell in line] for line in lines],
            zmin=-0.5,
            zmax=2.5,
            showscale=False,
            colorscale=[
                (edge / 3, colour)
                for n, (_, colour) in enumerate(_VERDICTS.values())
                for edge in (n, n + 1)
            ],
            text=[[_text(cell) for cell in line] for line in lines],
            texttemplate="%{text}",
            textfont={"size": 12, "color": "black"},
            customdata=[
                [f"{in_plotly(cell.family)}: measured {cell.measured:.3g}" for cell in line]
                for line in lines
            ],
            hovertemplate="%{customdata}<br>%{text}<extra></extra>",
            xgap=3,
            ygap=3,
        )
    )
    names, bare = (
        [in_plotly(short(line[0].family)) for line in lines],
        {"ticks": "", "showgrid": False, "zeroline": False},
    )
    chart.update_xaxes(side="top", tickvals=list(range(len(CRITERIA))), ticktext=CRITERIA, **bare)
    chart.update_yaxes(
        autorange="reversed",
        tickvals=list(range(len(names))),
        ticktext=names,
        ticklabelstandoff=6,
        **bare,
    )
    dress(chart, title or reading(cells), source, height=30 + 62 * len(lines))
    return chart.update_layout(
        margin_t=chart.layout.margin.t + 24, height=chart.layout.height + 24
    )  # the axis is on top


def _text(cell: Cell) -> str:
    ranks = (
        f"theirs {cell.claimed_rank}<br>ours {cell.measured_rank}"
        if cell.measured_rank
        else "no rank"
    )
    return f"{_VERDICTS[cell.verdict][0]} {in_plotly(short(cell.claimed, 9))}<br>{ranks}"


def chart(
    claimed: Mapping[str, Sequence[str]],
    measured: Mapping[str, Sequence[float]],
    ranks: Mapping[str, int | None],
    source: str,
) -> Chart:
    """The article's table beside ours, ready to show."""
    cells = rows(claimed, measured, ranks)
    return Chart(figure(cells, source), cells, reading(cells))
