"""Notebook 05: exercises, quiz, the Condorcet curve and the correlation of errors."""

import re
from collections import Counter
from collections.abc import Sequence
from itertools import combinations
from math import isnan, nan
from random import Random
from typing import Any, NamedTuple

import numpy as np
import plotly.graph_objects as go
from numpy.typing import ArrayLike

from mlkit.charts.look import (
    BLACK,
    BLUE,
    GREY,
    ORANGE,
    RED,
    SKY,
    Chart,
    charted,
    dress,
    grid,
    short,
    whiskers,
)
from mlkit.escaped import in_plotly
from mlkit.measure.stats import condorcet, effective_voters, mean_correlation
from mlkit.ties import highest
from mlkit.widgets.exercises import Case, Exercise, against, judgement, near, none_of, not_number
from mlkit.widgets.lessons import Verdict, is_stub, questions

_FORTY_TWO = {
    " 42 ": "The spaces around it are no part of an answer.",
    "42.": "A full stop at the end does not change the number.",
    "42.00": "Two texts can be the same number. What would you compare instead of the letters?",
    "$42.00": "The currency stands in the question. It should not make another answer.",
    "The answer is 42": (
        "Some members write a sentence around the number. Look for the number in it."
    ),
    "the answer is 42.": (
        "The same sentence with a small letter and a full stop is still the same answer."
    ),
}
_DIFFERENT = {
    ("42", "7"): " answer. What differs must stay different.",
    ("refund", "order"): " answer. What differs must stay different.",
    ("42.00", "4200"): ". A point inside a number is not a full stop.",
    ("42.5", "42"): ". A whole number is not the only kind of answer.",
    ("-42", "42"): ". Was a sign lost on the way?",
}
_TEXTS = ("42", "42.5", "-42", "4200", "7", "refund", "Refund.", "order", *_FORTY_TWO)
_EMPTY = "For {args[0]!r} your function gives nothing back, so this vote would be lost."
_MERGED = "{args[0]!r} and {args[1]!r} became the same"
_SPLIT = "{args[0]!r} and {args[1]!r} are still two answers. "


def _form(text: str) -> float | str:
    number = re.search(r"-?\d+(?:\.\d+)?", text)
    return float(number[0]) if number else text.casefold().strip(" .")


def _drawn_texts(seeded: Random) -> tuple[str, str]:
    n, m = seeded.choices((7, 42, 4200), k=2)
    forms = "{}.", "${}.00", " {} ", "The answer is {}", "{}.5", "-{}", "refund", "Refund.", "order"
    one, other = seeded.choices(forms, k=2)
    return one.format(n), other.format(m)


# `same(text)`: a form in which equal answers are equal, numbers and labels alike.
same = Exercise(
    [
        *(Case((text,), none_of((None, "")), _EMPTY) for text in _TEXTS),
        *(Case(pair, False, _MERGED + hint) for pair, hint in _DIFFERENT.items()),
        *(Case((text, "42"), True, _SPLIT + hint) for text, hint in _FORTY_TWO.items()),
        Case(("Refund.", "refund"), True, _SPLIT + "Labels are written in more than one way, too."),
        *against(
            lambda one, other: _form(one) == _form(other),
            _drawn_texts,
            "Are {args[0]!r} and {args[1]!r} one answer? Rightly {right}, by your forms {got}.",
        ),
    ],
    "Right. What counts as the same is a decision, and it is made before anything is counted.",
    # of one text the form, of two whether they have the same
    call=lambda answer, *texts: (
        answer(texts[0]) if len(texts) == 1 else answer(texts[0]) == answer(texts[1])
    ),
)


def _most_common(answers: list[str | None]) -> str | None:
    votes = Counter(answer for answer in answers if answer is not None)
    first = [answer for answer, count in votes.items() if count == max(votes.values())]
    return first[0] if len(first) == 1 else None


def _drawn_votes(seeded: Random) -> tuple[list[str | None]]:
    return (seeded.choices(["order", "refund", "repair", None], k=seeded.randint(0, 6)),)


_TIE = (
    "{args[0]} is a tie, and you give {got!r}. Here the order of the voters, or the alphabet, has"
    " decided. The rule says something else."
)
_NOBODY = "With {args[0]} nobody has voted, and "
_RAISES = _NOBODY + "your function raises an error. What does the rule say?"

# `winner(answers)`: the most common answer; None in a tie or where nobody voted; a None among them
# is no vote.
winner = Exercise(
    [
        Case(
            (["order", "refund", "refund"],),
            "refund",
            "Two voters say refund and one says order: you give {got!r}. How often does each answer"
            " occur?",
        ),
        Case(
            (["refund", "refund", "order", "repair", "advice"],),
            "refund",
            "Two of five say refund, and nobody else agrees with anybody. The most common answer"
            " wins; it need not have more than half.",
        ),
        Case((["refund", "order"],), None, _TIE),
        Case((["order", "refund", "repair"],), None, _TIE),
        Case((["order", "order", "refund", "refund", "repair"],), None, _TIE),
        Case(
            ([None, None, "repair"],),
            "repair",
            "[None, None, 'repair'] has one vote, for repair. An answer that could not be read is"
            " no vote, and it is no candidate either.",
        ),
        *(
            Case(
                (nobody,),
                None,
                _NOBODY + "you give {got!r}.",
                {ValueError: _RAISES, IndexError: _RAISES},
            )
            for nobody in ([None, None], [])
        ),
        *against(_most_common, _drawn_votes),
    ],
    'Right. A rule that says "tie" aloud lets you decide what a tie is worth: a person, or a'
    " stronger model.",
)

_EFFECTIVE = {
    3.0: "Three voters are worth three only if their errors do not correlate at all.",
    3 / 1.6: "Each voter has two others to be like, not one.",
    3 / 2.8: "A voter is not compared with itself: how many others are there?",
    3 * 0.4: (
        "The correlation does not work by taking away a share of the voters. Which formula stands"
        " in section 5?"
    ),
    3 * 0.6: "More correlation must mean fewer voters. Which formula stands in section 5?",
    2.2: "This is the number by which three is still to be divided.",
}
_judge = judgement(
    [
        Case(
            ("effective",),
            near(3 / 2.2, 0.03),
            "{got:.3g} voters is not it. Try the formula of section 5 at its ends first: with"
            " correlation 0 three voters are worth three, with correlation 1 they are worth one.",
            {not_number: "effective should be a number of voters; it is {kind}."}
            | {near(wrong, 0.005): hint for wrong, hint in _EFFECTIVE.items()},
        ),
        Case(
            ("reading",),
            "B",
            'The number of voters is right. The reading is one of "A", "B" and "C".',
            {
                "A": (
                    "The number of voters is right. But look at the interval: does it leave only"
                    " gains?"
                ),
                "C": (
                    "The number of voters is right. But a gain that is not shown is something else"
                    " than a gain that is not there."
                ),
            },
        ),
    ],
    praise="Right. Three voters that are this alike are hardly more than one, and 22 items cannot"
    " show a small gain.",
    undecided="Not written yet: replace both ... with your answers.",
)


def judged(answer: tuple[Any, Any]) -> Verdict:
    """What three voters with error correlation 0.6 are worth, and which reading, A, B or C."""
    effective, reading = answer
    letter = reading if is_stub(reading) else str(reading).strip().upper()
    return _judge({"effective": effective, "reading": letter})


QUIZ = questions("""
Many voters, each right in 40% of the cases. There are two answers, and their errors are
independent. What does a larger vote do?
- It gets better: many heads know more than one.
> That needs heads that are right more often than not. These agree on the wrong answer more and
more surely.
+ It gets worse with each voter.
> With two answers, all who are wrong agree. Voting makes the more common answer certain, and here
that is the wrong one.
- It stays at 40%.
> Only if the voters were all alike, that is, if their errors correlated by 1.

Five calls of the same model with the same prompt, temperature 0.7 and the same seed give five
equal answers. What do you know?
- The model is sure.
> The five calls threw the same dice. They had to agree, whatever the model thinks.
+ As much as after one call.
> Same model, same prompt, same seed: one vote, paid for five times.
- The answer is probably right.
> Nothing was learned about that. And even voters that throw their own dice can agree on an error.

Five free texts: by embeddings, three of them mean the same. What follows for the text in their
middle?
- It keeps the rules of the task.
> Nobody has looked at the rules. In the recordings, at a threshold of 0.9, the chosen texts keep
them no more often than others.
- It is the best of the five.
> It is the most typical of the five. A text that stands out, for good or bad, never wins such a
vote.
+ It is typical of what this model writes here.
> Similarity finds the common text. Whether it is any good, a checker must say.
""")


class Majority(NamedTuple):
    voters: int
    expected: float  # share right by the theory, at the given p and error correlation, in [0, 1]
    independent: float  # share right if their errors were independent
    share: float  # measured; nan where it was not
    low: float  # 95% interval
    high: float


class Pair(NamedTuple):
    member: str
    other: str
    correlation: float  # of their errors, in [-1, 1]; nan where one is always right or always wrong


def rows(
    p: float, rho: float, measured: Sequence[tuple[int, float, float, float]] = ()
) -> list[Majority]:
    """1, 3, ... 15 voters, each right with chance p; and all measured (n, share, low, high)."""
    missing = {*range(1, 16, 2)} - {point[0] for point in measured}
    points = [*measured, *((n, nan, nan, nan) for n in missing)]
    return [
        Majority(n, condorcet(p, n, rho), condorcet(p, n), *interval)
        for n, *interval in sorted(points, key=lambda point: point[0])
    ]


def reading(majorities: Sequence[Majority], p: float, rho: float) -> str:
    """What the largest majority is worth, and the largest that was measured."""
    most, measured = majorities[-1], [row for row in majorities if not isnan(row.share)]
    seen = f"; measured with {measured[-1].voters}: {measured[-1].share:.0%}" if measured else ""
    return (
        f"Voters right {p:.0%} of the time, error correlation {rho:.2g}: a majority of"
        f" {most.voters} is right {most.expected:.0%} of the time ({most.independent:.0%} if"
        f" independent){seen}"
    )


def figure(majorities: Sequence[Majority], p: float, rho: float, source: str) -> go.Figure:
    """The curve, the same without correlation, the measured points, one voter and one half."""
    voters = [row.voters for row in majorities]
    chart = go.Figure()
    for name, colour, dash, shares in (
        ("majority", BLUE, "solid", [row.expected for row in majorities]),
        ("if independent", SKY, "dash", [row.independent for row in majorities]),
        ("one voter", BLACK, "dot", [p] * len(voters)),
        ("one half", GREY, "dashdot", [0.5] * len(voters)),
    ):
        chart.add_scatter(
            name=name,
            x=voters,
            y=shares,
            mode="lines",
            line={"color": colour, "dash": dash, "width": 2},
            hovertemplate=f"{name}: %{{y:.1%}}, %{{x}} voters<extra></extra>",
        )
    measured = [row for row in majorities if not isnan(row.share)]
    chart.add_scatter(
        name="measured",
        x=[row.voters for row in measured],
        y=[row.share for row in measured],
        mode="markers",
        marker={"size": 10, "color": ORANGE, "line": {"color": BLACK, "width": 1}},
        cliponaxis=False,
        error_y=whiskers(row[3:] for row in measured),
        hovertemplate="measured: %{y:.1%}, %{x} voters<extra></extra>",
    )
    chart.update_xaxes(title_text="voters", tick0=1, dtick=2, tickformat="d")
    chart.update_yaxes(
        title_text="majority right", range=[-0.02, 1.02], tickformat=".0%", zeroline=False
    )
    return dress(chart, reading(majorities, p, rho), source, height=280)


def heatmap_reading(members: int, known: Sequence[Pair], mean: float) -> str:
    """The mean error correlation, and how many independent voters these are worth."""
    if isnan(mean):
        return (
            f"{members} members, but none errs on some items and not on others, so no correlation"
            " is known"
        )
    worth = "they do not err together"
    if mean > 0:
        worth = f"worth {effective_voters(members, mean):.1f} independent voters"
    closest = highest(
        [pair for pair in known if not isnan(pair.correlation)], lambda pair: pair.correlation
    )
    return (
        f"{members} members, mean error correlation {mean:.2f}: {worth}; most alike are"
        f" {short(closest.member)} and {short(closest.other)} ({closest.correlation:.2f})"
    )


def heatmap_chart(names: Sequence[str], correlations: ArrayLike, source: str) -> Chart:
    """The correlation of the members' errors, (n, n), from `stats.error_correlation(grades)`: red
    where two err on the same items, blue where on others; no diagonal. A row for every two members.
    """
    square = np.where(np.eye(len(names)), nan, np.asarray(correlations, float))
    rows = [
        Pair(names[i], names[j], float(square[i, j])) for i, j in combinations(range(len(names)), 2)
    ]
    figure = grid(
        [f"{place}  {short(name)}" for place, name in enumerate(names, 1)],
        [str(place) for place in range(1, len(names) + 1)],
        z=square.tolist(),
        customdata=[[in_plotly(f"{a} and {b}") for b in names] for a in names],
        zmin=-1,
        zmax=1,
        colorscale=[(0, BLUE), (0.5, "#f7f7f7"), (1, RED)],
        texttemplate="%{z:.2f}" if len(names) <= 8 else None,  # else there is no room
        colorbar={"thickness": 12, "tickvals": [-1, 0, 1]},
        hovertemplate="%{customdata}: %{z:.2f}<extra></extra>",
        hoverongaps=False,
    )
    figure.update_xaxes(title_text="error correlation with member")
    said = heatmap_reading(len(names), rows, mean_correlation(correlations))
    return charted(figure, rows, said, source, 60 + max(16 * len(names), min(50 * len(names), 300)))
