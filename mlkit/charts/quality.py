"""Quality: the share of right answers by kind and level of task, a panel for each kind, a point for
each member and level.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import cycle
from textwrap import wrap
from typing import Any, NamedTuple

import plotly.graph_objects as go

from mlkit.charts.look import BLACK, MEMBERS, TEMPLATE, Chart, dress, on_hover, short, whiskers
from mlkit.escaped import in_plotly
from mlkit.measure.stats import wilson
from mlkit.ties import highest, lowest

_PANEL, _GAP = (
    130,
    72,
)  # pixels: the height of a panel, and of the levels below it with the next kind
_DASHES = ("dot", "dash", "dashdot", "solid")


class Cell(NamedTuple):
    kind: str
    level: str
    member: str
    right: int
    of: int
    share: float  # right/of, in [0, 1]
    low: float  # its 95% interval
    high: float


def rows(graded: Iterable[tuple[str, str, str, bool]]) -> list[Cell]:
    """A cell for each kind, level and member among the answers (kind, level, member, right), in the
    order they first occur.
    """
    grades: dict[tuple[str, str, str], list[bool]] = {}
    for kind, level, member, right in graded:
        grades.setdefault((kind, level, member), []).append(right)
    return [
        Cell(*place, sum(given), len(given), *wilson(sum(given), len(given)))
        for place, given in grades.items()
    ]


def figure(
    cells: Sequence[Cell], source: str, lines: Mapping[str, Mapping[str, float]] | None = None
) -> go.Figure:
    """Panels two abreast. `lines` are shares to compare with, by kind: {"oracle": {"math": 0.9,
    "code": 0.8}}.
    """
    kinds = list(dict.fromkeys(cell.kind for cell in cells))
    members = list(dict.fromkeys(cell.member for cell in cells))
    spare = cycle(
        colour for colour in TEMPLATE.layout.colorway if colour not in map(MEMBERS.get, members)
    )
    colours = {member: MEMBERS.get(member) or next(spare) for member in members}
    traces: list[dict[str, object]] = []
    layout: dict[str, Any] = {"annotations": []}
    names: dict[str, int] = {}
    for number, kind in enumerate(kinds, 1):
        axis = str(number) if number > 1 else ""
        levels = list(dict.fromkeys(cell.level for cell in cells if cell.kind == kind))
        ends = [-0.5, len(levels) - 0.5]
        drawn = [
            (name, _line(name, ends, shares[kind], dash))
            for dash, (name, shares) in zip(cycle(_DASHES), (lines or {}).items())
            if kind in shares
        ]
        for place, member in enumerate(members):
            if shown := [cell for cell in cells if (cell.kind, cell.member) == (kind, member)]:
                aside = 0.7 * ((place + 0.5) / len(members) - 0.5)
                marker = {"color": colours[member], "symbol": place % 5, "size": 8}
                drawn.append(
                    (
                        member,
                        _points(
                            [levels.index(cell.level) + aside for cell in shown], shown, marker
                        ),
                    )
                )
        traces += [
            {
                "name": in_plotly(short(name, 14)),
                "legendgroup": in_plotly(name),
                "xaxis": f"x{axis}",
                "yaxis": f"y{axis}",
                "showlegend": names.setdefault(name, number) == number,
                **trace,
            }
            for name, trace in drawn
        ]
        layout[f"xaxis{axis}"] = {
            "range": ends,
            "tickvals": list(range(len(levels))),
            "tickangle": 0,
            "showgrid": False,
            "zeroline": False,
            "ticktext": [_folded(level, max(3, 27 // len(levels))) for level in levels],
        }
        layout[f"yaxis{axis}"] = {
            "range": [-0.04, 1.04],
            "tickvals": [0, 0.5, 1],
            "tickformat": ".0%",
            "showticklabels": number % 2 == 1,
            "title": {"text": "answered right" if number % 2 else ""},
        }
        layout["annotations"].append(
            {
                "text": in_plotly(short(kind)),
                "x": 0.5,
                "xref": f"x{axis} domain",
                "y": 1,
                "yref": f"y{axis} domain",
                "yanchor": "bottom",
                "showarrow": False,
                "font": {"size": 13},
            }
        )
    down, abreast = -(-len(kinds) // 2) or 1, min(2, len(kinds)) or 1
    height = down * (_PANEL + _GAP) - _GAP
    layout |= {
        "grid": {
            "rows": down,
            "columns": abreast,
            "pattern": "independent",
            "xgap": 0.08,
            "ygap": _GAP / (_PANEL + _GAP),
        },
        "legend": {"y": 1 + 24 / height, "entrywidth": 92},
        "showlegend": len(names) <= 24,
    }
    chart = dress(go.Figure(traces, layout), reading(cells), source, height=height)
    # The legend stands three abreast above the names of the first kinds.
    above = (
        56
        + 20 * (chart.layout.title.text.count("<br>") + 1)
        + 20 * -(-len(names) // 3) * chart.layout.showlegend
    )
    chart.layout.height += above - chart.layout.margin.t
    chart.layout.margin.t = above
    return chart


def _line(name: str, ends: Sequence[float], share: float, dash: str) -> dict[str, object]:
    return {
        "x": ends,
        "y": [share] * 2,
        "mode": "lines",
        "line": {"color": BLACK, "dash": dash, "width": 1.2},
        "hovertext": on_hover(name),
        "hovertemplate": "%{hovertext}: %{y:.0%}<extra></extra>",
    }


def _points(
    xs: Sequence[float], cells: Sequence[Cell], marker: dict[str, object]
) -> dict[str, object]:
    return {
        "x": xs,
        "y": [cell.share for cell in cells],
        "mode": "markers",
        "marker": marker,
        "error_y": whiskers(
            ((cell.share, cell.low, cell.high) for cell in cells),
            color=None,
            thickness=1.3,
            width=2,
        ),
        "hovertext": [_told(cell) for cell in cells],
        "hovertemplate": "%{hovertext}<extra></extra>",
    }


def _told(cell: Cell) -> str:
    return "<br>".join(
        [
            on_hover(f"{cell.member}: {cell.kind}, {cell.level}"),
            f"{cell.right} of {cell.of} right (95% interval {cell.low:.0%} to {cell.high:.0%})",
        ]
    )


def _folded(name: str, wide: int) -> str:
    return "<br>".join(map(in_plotly, wrap(name, wide, max_lines=2, placeholder="…")))


def reading(cells: Sequence[Cell]) -> str:
    """Who is best at most kinds, and where even the best errs most."""
    known = [cell for cell in cells if cell.of]
    if not known:
        return "Nothing was graded, so there is no quality to show."
    counts: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0])
    tops: dict[tuple[str, str], Cell] = {}
    for cell in known:
        counts[cell.kind, cell.member][0] += cell.right
        counts[cell.kind, cell.member][1] += cell.of
        tops[cell.kind, cell.level] = highest(
            (tops.get((cell.kind, cell.level), cell), cell), lambda cell: cell.share
        )
    best: dict[str, tuple[float, str]] = {}
    for (kind, member), (right, of) in counts.items():
        best[kind] = highest(
            (best.get(kind, (0.0, member)), (right / of, member)), lambda one: one[0]
        )
    ((leader, times),) = Counter(member for _, member in best.values()).most_common(1)
    hardest = lowest(tops.values(), lambda cell: cell.share)
    return (
        f"{short(leader)} is best at {times} of {len(best)} kind{'s' * (len(best) > 1)}; hardest is"
        f" {short(hardest.kind)}, {short(hardest.level)}, where the best ({short(hardest.member)})"
        f" gets {hardest.right} of {hardest.of} right"
    )


def chart(
    graded: Iterable[tuple[str, str, str, bool]],
    source: str,
    lines: Mapping[str, Mapping[str, float]] | None = None,
) -> Chart:
    """Graded answers ready to show."""
    cells = rows(graded)
    return Chart(figure(cells, source, lines), cells, reading(cells))
