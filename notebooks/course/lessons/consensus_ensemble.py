"""Notebook 09: exercises, quiz, and the ladder of votes that must agree."""

from collections import Counter
from collections.abc import Callable, Sequence
from math import inf
from random import Random
from typing import Any, NamedTuple

import numpy as np
import plotly.graph_objects as go
from ipywidgets import SelectionSlider
from numpy.typing import ArrayLike
from plotly.subplots import make_subplots

from mlkit.charts.look import BLACK, BLUE, ORANGE, Chart, dollars, dress, whiskers
from mlkit.escaped import in_plotly
from mlkit.measure.stats import break_even_escalation, wilson
from mlkit.ties import exceeds
from mlkit.widgets.exercises import (
    Case,
    Exercise,
    against,
    cases,
    choice,
    hints,
    judgement,
    not_number,
)
from mlkit.widgets.lessons import Verdict, questions
from mlkit.widgets.panels import steps


def _with_lead(answers: list[str | None], threshold: float, lead: int) -> str | None:
    votes = Counter(answer for answer in answers if answer is not None).most_common(2)
    (winner, count), (_, second) = (*votes, (None, 0), (None, 0))[:2]
    return winner if count / len(answers) >= threshold and count - second >= lead else None


def _drawn_ballot(seeded: Random) -> tuple[list[str | None], float, int]:
    answers = seeded.choices(["a", "b", "c", None], (6, 2, 1, 1), k=seeded.randint(1, 7))
    return answers, seeded.choice((0.25, 0.5, 0.7, 1.0)), seeded.randint(1, 4)


# `lead(answers, threshold, lead)`: as `decide`, but the winner also needs `lead` votes more than
# any other answer.
lead = Exercise(
    [
        Case(
            (["a", "a", "a"], 0.7, 2),
            "a",
            "Where all three say 'a', you give {got!r}. Give the answer itself, or None to"
            " escalate.",
            {
                None: "Not written yet, or it escalates always: where all three agree, give back"
                " their answer.",
                ...: "Where all three say 'a', you give {got!r}. Give the answer itself, or None to"
                " escalate.",
            },
        ),
        *cases(
            """
["a", "a", "b", "c", "d"], 0.7, 1 -> None
Two of five reach no threshold of 0.7. The lead comes on top of the old rule; it does not replace
it.

["a", "b"], 0.5, 1 -> None
One vote each is a lead of nothing. Is the answer that came first preferred?

["a", "a", "a", "b", "b"], 0.6, 2 -> None
Three against two is a lead of one. Is the winner's own count compared with `lead`? A lead is a
difference.

["a", "a", None], 0.7, 1 -> None
Two of three do not reach 0.7. A member that failed still counts among all.

["a", "a", None], 0.6, 2 -> "a"
None is no rival: a member that failed votes for nothing. Two against nothing is a lead of two.

["a", "a", "a", "b", "b"], 0.6, 1 -> "a"
Three of five reach 0.6, and they are one ahead, which is enough where one is asked for.

["a", "a", "a", "b", "c"], 0.6, 2 -> "a"
The others do not add up: they disagree with each other. What counts is the largest of them.

[None, None, None], 0.7, 1 -> None
Where nobody answered there is no answer to give. That, too, is a case for the strong model.
"""
        ),
        *against(_with_lead, _drawn_ballot),
    ],
    "Right. A stricter rule escalates more: safer answers, and a higher bill.",
)

_HOPELESS = (
    "Right, but for one case: if everything is escalated the votes are paid for nothing, and no"
    " price is high enough. Give back math.inf there."
)

# `price_ratio(voters, escalated)`: from how many times the price of one cheap vote on the strong
# model must cost, so that votes and escalations together cost no more than the strong model alone.
price_ratio = Exercise(
    [
        Case(
            (3, 0.4),
            5.0,
            "For three voters and 40% escalated you get {got:.4g}. Let a vote cost 1 and a strong"
            " answer r. The ensemble pays all votes, and r for the escalated share. Set that equal"
            " to r.",
            hints(
                """
3.0: The votes are paid for on every message, also on those that are escalated in the end. You seem
to pay them only where they agree.
1.666666667: That is right for one voter. All voters are paid.
7.5: You divide by the share that is escalated. What the strong model is spared is the rest.
0.2: That is a vote's price as a share of the strong model's. The question is how many times as
expensive the strong one must be.
1.8: More escalation should make the ratio higher, and yours falls. Write down the two costs and set
them equal.
3.4: That is what the ensemble costs where a vote and a strong answer have the same price. Find the
price at which it equals the strong model alone.
"""
            ),
        ),
        Case((3, 1.0), inf, _HOPELESS, {ZeroDivisionError: _HOPELESS}),
        Case(
            (1, 0.5),
            2.0,
            "Right for three voters, but not for one. Is the number of voters written into the"
            " code?",
        ),
        *against(
            lambda voters, escalated: voters / (1 - escalated) if escalated < 1 else inf,
            lambda seeded: (seeded.randint(1, 9), seeded.randint(0, 20) / 20),
        ),
    ],
    "Right. Below this ratio the ensemble costs more than the model that it is meant to spare.",
    {not_number: "It should give a number of times; it gave {kind}."},
)

_AS_GOOD = {
    "shown": "No difference was found, and that is less than finding that there is none. Look at"
    " the lower end of the interval: is a loss of more than 5 points ruled out?",
    "worse": "The interval reaches above 0, so a loss is not shown either.",
    "not shown": "Look at both ends of the interval again: one of them settles it.",
}


def judged(
    low: float, high: float, escalated: float, vote_dollars: float, strong_dollars: float
) -> Callable[[Any], Verdict]:
    """The judge of a sentence about five voters: `low` and `high` bound the difference to the
    strong model (shares).

    The answer is a mapping of "as_good" ("shown", "not shown" or "worse"), "cheaper" (True or
    False) and "most_voters".
    """
    as_good = "shown" if exceeds(low, -0.05) else "worse" if exceeds(0, high) else "not shown"
    pays = [
        n
        for n in range(1, 20)
        if exceeds(strong_dollars, n * vote_dollars + escalated * strong_dollars)
    ]
    others = {said: hint for said, hint in _AS_GOOD.items() if said != as_good}
    entries = [
        choice("as_good", as_good, _AS_GOOD, "", others),
        Case(
            ("cheaper",),
            5 in pays,
            '"cheaper" is True or False. Fewer strong answers are only one side of the bill: add'
            " what all five votes cost on all messages, and compare the sum with the strong model"
            " alone.",
        ),
        Case(
            ("most_voters",),
            max(pays, default=0),
            "With {got} voters, all their votes and the escalated share together: is that below the"
            " strong model alone? And would it still be with one voter more?",
        ),
    ]
    return judgement(
        entries,
        "Right. Quality and price are two questions, and each needs its own numbers.",
    )


QUIZ = questions("""
Four members vote, and the threshold is 0.7. How many must agree?
- Two.
> Two of four are 0.5, and that is less than 0.7.
+ Three.
> Three of four are 0.75, the first share that reaches 0.7. A threshold always means a whole number
of votes.
- Four.
> Four reach it as well, but three are enough: 0.75 is more than 0.7.

Three models vote. Where not all three agree, one of these three, which always answers the same, is
asked again. What comes out?
- The answer of the majority.
> Only where all three agree. In all other cases the one that is asked again decides.
- A better answer than from any of the three.
> No new answer comes in: the last word has someone who spoke already.
+ Exactly what that one model would have answered alone.
> If all agree, its answer wins; if not, its answer is taken. The other two are paid and never
change anything.

All five samples of one model agree. What do you know?
- The answer is right.
> Look at the recorded failure above: five of five, and wrong.
+ The model would most likely say so again. How often it is right then, you must measure.
> Samples of one model share its blind spots, so agreement can be a shared mistake.
- Nothing at all.
> It tells something: here, answers on which all agreed were right more often than split ones. It
is only much less than it looks.
""")


def agreement(label: str, voters: int, value: int) -> SelectionSlider:
    """A slider for how many voters must agree: it says "2 of 3 (0.67)", and its value is 2."""
    options = [(f"{n} of {voters} ({n / voters:.2f})", n) for n in range(1, voters + 1)]
    return steps(label, value, options)


class Rung(NamedTuple):
    way: str  # "2 of 3", or the strong model alone
    needed: int  # votes that must agree; 0 for the strong model alone
    escalated: float  # share of the items that the strong model answers, in [0, 1]
    right: float  # share answered right, in [0, 1]
    low: float  # 95% interval of right
    high: float
    dollars_per_thousand: float  # items


def rows(
    agreed: ArrayLike,
    majority_right: ArrayLike,
    strong_right: ArrayLike,
    voters: int,
    cheap_dollars: float,
    strong_dollars: float,
) -> list[Rung]:
    """A rung for each k from 1 to `voters`, and last the strong model alone.

    agreed: votes for the most common answer; majority_right and strong_right: whether that answer
    and the strong model's are right; all (items,). cheap_dollars: of all votes, strong_dollars: of
    one strong answer; both per 1,000 items.
    """
    votes, majority, strong = map(np.asarray, (agreed, majority_right, strong_right))
    rungs = []
    for needed in range(1, voters + 1):
        escalated = votes < needed
        right = wilson(int(np.where(escalated, strong, majority).sum()), votes.size)
        share = float(escalated.mean())
        dollars = cheap_dollars + share * strong_dollars
        rungs.append(Rung(f"{needed} of {voters}", needed, share, *right, dollars))
    alone = wilson(int(strong.sum()), votes.size)
    return [*rungs, Rung("the strong model alone", 0, 1.0, *alone, strong_dollars)]


def break_even(rungs: Sequence[Rung]) -> float:
    """The share that may be escalated before it costs more than the strong model alone."""
    first, strong = rungs[0], rungs[-1].dollars_per_thousand
    votes = first.dollars_per_thousand - first.escalated * strong
    return break_even_escalation(max(0.0, votes), strong)


def reading(rungs: Sequence[Rung], chosen: int) -> str:
    """The chosen rung beside the strong model alone."""
    now, strong = rungs[chosen - 1], rungs[-1]
    return (
        f"{now.way}: {now.escalated:.0%} escalated, {now.right:.0%} right,"
        f" {dollars(now.dollars_per_thousand)} per 1,000; {strong.way}: {strong.right:.0%} right,"
        f" {dollars(strong.dollars_per_thousand)}"
    )


def _marker(votes: int, chosen: int) -> dict[str, Any]:
    """Dots for 1 vote and more, a diamond for the chosen one."""
    marked = [needed == chosen for needed in range(1, votes + 1)]
    return {
        "size": [14 if mark else 9 for mark in marked],
        "color": [ORANGE if mark else BLUE for mark in marked],
        "opacity": 1,
        "symbol": ["diamond" if mark else "circle" for mark in marked],
        "line": {"color": BLACK, "width": [int(mark) for mark in marked]},
    }


def _compared(rungs: Sequence[Rung]) -> list[tuple[int, str, str, float, str, str]]:
    """For each of the three charts: its row, field and format, and the line to compare with."""
    strong, even = rungs[-1], break_even(rungs)
    limit = f"break-even, {even:.0%} escalated"
    return [
        (1, "right", ".0%", strong.right, strong.way, "dash"),
        (2, "escalated", ".0%", even, limit, "dot"),
        (3, "dollars_per_thousand", "$.3~g", strong.dollars_per_thousand, strong.way, "dash"),
    ]


def figure(rungs: Sequence[Rung], chosen: int, source: str, title: str = "") -> go.Figure:
    """Right, escalated and dollars over the votes needed, each with the line to compare it with."""
    chart = make_subplots(rows=3, shared_xaxes=True, vertical_spacing=0.06)
    for row, field, format, line, name, dash in _compared(rungs):
        chart.add_scatter(
            x=[0.5, len(rungs) - 0.5],
            y=[line] * 2,
            name=name,
            mode="lines",
            showlegend=row < 3,
            line={"color": BLACK, "dash": dash, "width": 1.5},
            hovertemplate=f"%{{y:{format}}}",
            row=row,
            col=1,
        )
        values = [getattr(rung, field) for rung in rungs[:-1]]
        chart.add_scatter(
            x=list(range(1, len(values) + 1)),
            y=values,
            name="agreement",
            mode="lines+markers",
            line={"color": BLUE},
            marker=_marker(len(values), chosen),
            cliponaxis=False,
            showlegend=False,
            hovertemplate=f"%{{x}} of {len(values)}: %{{y:{format}}}<extra></extra>",
            row=row,
            col=1,
        )
    chart.update_traces(error_y=whiskers(rung[3:6] for rung in rungs[:-1]), row=1, selector=1)
    chart.update_yaxes(title_text="right", range=[-0.03, 1.03], tickformat=".0%", row=1)
    chart.update_yaxes(title_text="escalated", range=[-0.03, 1.03], tickformat=".0%", row=2)
    chart.update_yaxes(title_text=in_plotly("$ per 1,000"), rangemode="tozero", row=3)
    chart.update_xaxes(dtick=1, tickformat="d")
    chart.update_xaxes(title_text=f"votes that must agree, of {len(rungs) - 1}", row=3)
    return dress(chart, title or reading(rungs, chosen), source, height=400)


def chart(rungs: Sequence[Rung], chosen: int, source: str) -> Chart:
    """The ladder with the chosen number of votes marked, ready to show."""
    return Chart(figure(rungs, chosen, source), rungs, reading(rungs, chosen))
