"""Notebook 06: what planner-executor costs beside the large model alone, by the price ratio."""

from typing import NamedTuple

import plotly.graph_objects as go

from mlkit.charts.look import BLUE, DOTTED, GREEN, GREY, SKY, Chart, charted
from mlkit.measure.matrix import Matrix, tokens

PLANNER = "planner-executor"
_COLOURS = {"all at once": GREY, "plan": BLUE, "merge": SKY, "steps": GREEN}


class Part(NamedTuple):
    way: str
    part: str
    tokens: float  # an order
    cost: float  # as a share of what the large model alone costs


def parts(whole: Matrix, price_ratio: float) -> list[Part]:
    """The parts of both ways, where a token of planner and merge costs `price_ratio` times one of
    the steps, and the large model alone is paid like the planner.
    """
    alone = float(whole.of(["large alone"]).tokens.mean())
    spent = dict.fromkeys(("plan", "merge", "steps"), 0.0)
    for ((cell,),) in whole.of([PLANNER]).cells:
        for call in cell.calls:
            part = {"plan": "plan", "synthesize": "merge"}.get(call.role, "steps")
            spent[part] += tokens([call]) / len(whole.tasks)
    found = [Part("large alone", "all at once", alone, 1.0)]
    for part, count in spent.items():
        ratio = price_ratio if part == "steps" else 1
        found.append(Part(PLANNER, part, count, count / alone / ratio))
    return found


def chart(whole: Matrix, price_ratio: float, source: str) -> Chart:
    """One bar for each way, in its parts."""
    found = parts(whole, price_ratio)
    figure = go.Figure()
    for way, part, _, cost in found:
        style = {"orientation": "h", "marker": {"color": _COLOURS[part]}, "textposition": "inside"}
        said = f"{part} {cost:.0%}" if cost > 0.2 else ""  # else there is no room
        figure.add_bar(name=part, y=[way], x=[cost], text=[said], **style)
    figure.add_vline(1, line=DOTTED, layer="below")
    figure.update_layout(barmode="stack", xaxis_showgrid=False)
    figure.update_xaxes(range=[0, 2], tickformat=".0%", title_text="of what large alone costs")
    figure.update_yaxes(autorange="reversed", ticksuffix="  ")
    plan, merge, steps = (part.cost for part in found[1:])
    reading = (
        f"At a price ratio of {price_ratio:g}, {PLANNER} costs {plan + merge + steps:.0%} of the"
        f" large model alone: plan {plan:.0%}, merge {merge:.0%}, steps {steps:.0%}"
    )
    return charted(figure, found, reading, source, height=190)
