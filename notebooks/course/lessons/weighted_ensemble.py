"""Notebook 08: exercises, quiz, what weights decide, and all mixes of three weights."""

from collections.abc import Callable, Sequence
from math import fsum
from typing import Any, NamedTuple

import plotly.graph_objects as go

from mlkit.charts.look import BLACK, MEMBERS, ORANGE, TEMPLATE, Chart, dress, short
from mlkit.escaped import in_plotly
from mlkit.ties import exceeds, highest, ranked, same
from mlkit.widgets.exercises import Case, Exercise, not_number
from mlkit.widgets.lessons import NOT_WRITTEN, Verdict, is_stub
from mlkit.widgets.questions import questions

_ONE_RULES = " For weights .2, .7, .1 there is a member that decides alone."
_SUM_TO_1 = (
    "Right while the weights sum to 1. They need not: 6, 2, 2 says the same as .6, .2, .2. Compare"
    " with the other weights, not with a fixed number."
)
_THREE_ONLY = (
    "Right for three members, but not for five, or for one alone. Is the number of members written"
    " into the code?"
)

# `dictator(weights)`: the position of the member that weighs more than all others together, None
# where there is none.
dictator = Exercise(
    [
        Case(
            ([0.2, 0.7, 0.1],),
            1,
            "For weights .2, .7, .1 you get {got!r}. Whose weight is larger than the other two"
            " together?",
            {
                is_stub: NOT_WRITTEN.text + _ONE_RULES,
                bool: "You say whether there is one. The question is who: give the position,"
                " counted from 0.",
                0.7: "That is a weight. Give the position of the member it belongs to, counted from"
                " 0.",
                2: "Python counts from 0: the member in the middle of three has position 1.",
            },
        ),
        Case(
            ([0.4, 0.35, 0.25],),
            None,
            "For weights .4, .35, .25 you name a member, but the other two can outvote it. The"
            " largest weight is not yet one that decides alone.",
        ),
        Case(
            ([0.5, 0.3, 0.2],),
            None,
            "For weights .5, .3, .2 you name a member. Half of all weight is as much as the rest,"
            " not more.",
        ),
        Case(([6, 2, 2],), 0, _SUM_TO_1),
        Case(([2, 2, 2],), None, _SUM_TO_1),
        Case(([0.03, 0.01, 0.01],), 0, _SUM_TO_1),
        Case(([1, 1, 1, 5, 1],), 3, _THREE_ONLY),
        Case(([1.0],), 0, _THREE_ONLY),
    ],
    "Right. Where this gives a member, the calls to all others buy nothing, as long as every score"
    " is the same.",
)

_SHARES = {"repair": 0.02, "order": 0.01, "refund": 0.07, "advice": 0.14, "complaint": 0.76}
_STOPS = (
    "A text that names no single label makes your code stop with {kind}. What is such an answer"
    " worth to the ensemble?"
)
_TEXTS = ["disc", "", "complaint, order"]  # none of them names a single label


def _confidences(answer: Callable[..., Any], text: str | list[str], shares: Any) -> Any:
    """What an answer gives for one text, or for each of several."""
    if isinstance(text, list):
        return [answer(each, shares) for each in text]
    return answer(text, shares)


def _two_labels_count(got: list[Any]) -> bool:
    return got[:2] == [0, 0] and got[2] not in (0, None)


# `own_confidence(text, shares)`: the probability of the label that the text names; 0 where it names
# none, or several.
own_confidence = Exercise(
    [
        Case(
            ("advice", _SHARES),
            0.14,
            "The member wrote advice, and you get {got!r}. Which of the five probabilities belongs"
            " to that label?",
            {
                is_stub: NOT_WRITTEN.text,
                not_number: "It should give a probability; it gave {kind}.",
                0.76: "That is how sure the member was of its likeliest label. It wrote another"
                " one, and that one is what gets the score.",
                1.0: "That is the sum of all labels, or a constant. How likely was the one label"
                " that was written?",
            },
        ),
        Case(
            (" Complaint.\n", _SHARES),
            0.76,
            'For the text " Complaint." you get {got!r}. Capitals, spaces and a full stop do not'
            " change the label.",
            {
                KeyError: 'It works for "advice", but not for " Complaint.": a member\'s text is'
                " not always the bare label. label_in finds the label in it."
            },
        ),
        Case(
            (_TEXTS, _SHARES),
            [0, 0, 0],
            'The texts "disc", "" and "complaint, order" name no single label; you give them'
            " {got}. What should they earn?",
            {
                Exception: _STOPS,
                _two_labels_count: '"complaint, order" names two labels, so it names none that'
                " could be counted. What should it earn?",
            },
        ),
        Case(
            ("east", {"west": 0.3, "east": 0.7}),
            0.7,
            "Right for the five queues, but not for other labels. Take them from shares.",
        ),
    ],
    "Right. Now the score belongs to the answer that it is given for.",
    call=_confidences,
)

_TOO_MANY = "One sentence too many: it "
_MISSING = "What you chose is justified, but a sentence is missing. "
_sentences = Exercise(
    [
        Case(
            ("B",),
            False,
            _TOO_MANY + "trusts a difference of one message. What would the interval of such a"
            " difference say?",
        ),
        Case(
            ("D",),
            False,
            _TOO_MANY + "calls weights learned from performance, though they are reported on the"
            " same messages they were chosen on.",
        ),
        Case(("A",), True, _MISSING + "How many mixes were tried before this one was reported?"),
        Case(("C",), True, _MISSING + "Think of what runs for each answer, right or wrong."),
        Case(("E",), True, _MISSING + "What will happen on messages that nobody has tuned on?"),
    ],
    "Right. Choose on one set of messages, report on another, and count the calls.",
    call=lambda chosen, letter: letter in chosen,
)


def report(answer: Any) -> Verdict:
    """`answer`: the set of letters of the sentences that the result justifies."""
    if is_stub(answer):
        return Verdict(
            False, 'Not answered yet. Replace the ... by a set of letters, such as {"A"}.'
        )
    if callable(answer) or isinstance(answer, int | float):
        return Verdict(False, 'Give the letters themselves, as a set: {"A"}, or {"A", "B"}.')
    chosen = {letter for part in answer for letter in str(part).upper() if letter.isalpha()}
    if not chosen <= set("ABCDE"):
        return Verdict(
            False,
            "There are five sentences, A to E. Give the letters of those that the result"
            " justifies.",
        )
    return _sentences(chosen)


QUIZ = questions("""
Three members have weights .6, .25 and .15, and every answer scores 1. When do the second and the
third change the result?
- When they agree with each other.
> Together they earn .4, and the first earns .6 alone. Agreeing does not help them.
+ Only when the first gives no answer that can be read.
> Its weight exceeds the rest together: it dictates. You pay three calls and read one answer.
- In about 40% of the messages.
> A weight is not a share of messages. It is compared with the other weights, message by message.

A member names the right one of five queues in half of all messages. Its wrong answers are spread
over the other four. What is its answer worth?
- Nothing: half right is a coin.
> A coin has two sides. With five queues, guessing gets one in five.
+ Something: what it says is four times as likely to be right as each other queue.
> One half against one eighth for each of the four others. Its log-odds weight is ln 4 = 1.39.
- Less than nothing: vote for another queue.
> Only a member that is right less often than a guess would deserve that.

You use each member's confidence as its score. One member is sure of almost everything, and wrong
in half of it. What happens?
+ Its high scores make it count for more than it earns.
> The ensemble believes what members say about themselves. Compare confidence with the share right
on fit first.
- The weights correct it.
> Only if they were learned together with these scores. Weights learned with equal scores know
nothing of it.
- Nothing: confidence is between 0 and 1 for all.
> The range is the same, but a member that always says .9 earns more than one that says .5.
""")


class Part(NamedTuple):
    answer: str | None  # None where the member gave none
    member: str
    weight: float  # of all weights, which sum to 1
    score: float
    earned: float  # weight x score


class Mix(NamedTuple):
    first: float  # the three weights, which sum to 1
    second: float
    third: float
    right: float  # share answered right with them, in [0, 1]


def rows(
    answers: Sequence[str | None],
    members: Sequence[str],
    weights: Sequence[float],
    scores: Sequence[float],
) -> list[Part]:
    """What each member's answer earns: one row a member. Weights are 0 or more, one above 0."""
    total = fsum(weights)
    return [
        Part(answer, member, weight / total, score, weight / total * score)
        for answer, member, weight, score in zip(answers, members, weights, scores, strict=True)
    ]


def totals(parts: Sequence[Part]) -> dict[str, float]:
    """What each answer earned, the winner first; among equals, the one given first."""
    earned: dict[str, float] = {}
    for part in parts:
        if part.answer is not None:
            earned[part.answer] = earned.get(part.answer, 0.0) + part.earned
    return dict(ranked(earned.items(), lambda pair: pair[1]))


def reading(parts: Sequence[Part]) -> str:
    """Which answer wins, and whether one weight alone decides."""
    earned = totals(parts)
    if not any(earned.values()):
        return "No answer earned anything, so there is no winner to show."
    winner, most = next(iter(earned.items()))
    tied = sum(same(value, most) for value in earned.values()) > 1
    wins = "ties and, given first, wins" if tied else "wins"
    largest = highest(parts, lambda part: part.weight)
    dictates = f"; {short(largest.member)} dictates: its weight exceeds the rest together"
    alone = exceeds(largest.weight, 0.5)
    return f"{short(winner)} {wins} with {most:.2f}{dictates if alone else ''}"


def figure(parts: Sequence[Part], source: str, title: str = "") -> go.Figure:
    """A bar for each answer, stacked from what its members earned it; the winner is marked."""
    earned, palette = totals(parts), TEMPLATE.layout.colorway
    chart = go.Figure()
    for n, part in enumerate(parts):
        if part.answer is None or not part.earned:
            continue
        chart.add_bar(
            orientation="h",
            y=[list(earned).index(part.answer)],
            x=[part.earned],
            text=[in_plotly(short(part.member))],
            textposition="inside",
            insidetextanchor="middle",
            textangle=0,
            marker_color=MEMBERS.get(part.member, palette[n % len(palette)]),
            marker_line={"color": "white", "width": 2},
            hoverinfo="text",
            hovertext=(
                f"{in_plotly(part.answer)}<br>{in_plotly(part.member)}: weight {part.weight:.2f} x"
                f" score {part.score:.2f} = {part.earned:.2f}"
            ),
            showlegend=False,
        )
    labels = [f"{in_plotly(short(answer))}<br>{total:.2f}" for answer, total in earned.items()]
    if chart.data:
        labels[0] = f"<b>{labels[0]}, wins</b>"
    # A name that does not fit its part is in the hover text.
    chart.update_layout(barmode="stack", uniformtext={"minsize": 11, "mode": "hide"})
    chart.update_xaxes(title_text="weight x score", rangemode="tozero")
    chart.update_yaxes(
        autorange="reversed",
        tickvals=list(range(len(labels))),
        ticktext=labels,
        ticklabelstandoff=6,
        showgrid=False,
    )
    return dress(chart, title or reading(parts), source, height=50 + 44 * len(earned))


def chart(parts: Sequence[Part], source: str) -> Chart:
    """What the weights decided, ready to show."""
    return Chart(figure(parts, source), parts, reading(parts))


def mixes(right: Callable[[float, float, float], float], steps: int = 20) -> list[Mix]:
    """The share right at every mix of three weights in `steps` steps from 0 to 1."""
    grid = (
        (one / steps, two / steps, (steps - one - two) / steps)
        for one in range(steps + 1)
        for two in range(steps + 1 - one)
    )
    return [Mix(*weights, right(*weights)) for weights in grid]


def simplex_reading(grid: Sequence[Mix], present: Mix) -> str:
    """How often the present weights are right, which need not be drawn, and the best drawn."""
    best = highest(grid, lambda mix: mix.right)
    now = f"Weights {_listed(present)}: {present.right:.0%} right"
    if not exceeds(best.right, present.right):
        return f"{now}, and none of the {len(grid)} mixes drawn is better"
    return f"{now}; the best of the {len(grid)} mixes drawn, {_listed(best)}: {best.right:.0%}"


def simplex(
    grid: Sequence[Mix], present: Mix, names: Sequence[str], source: str, title: str
) -> go.Figure:
    """A triangle with one member alone at each corner; mixes are lighter where right more often."""
    colours = {
        "color": [mix.right for mix in grid],
        "colorscale": "Cividis",
        "colorbar": {"thickness": 12, "tickformat": ".0%"},
    }
    diamond = {"symbol": "diamond", "color": ORANGE, "line": {"color": BLACK, "width": 2}}
    chart = go.Figure()
    chart.add_scatter(
        x=[mix.second + mix.third / 2 for mix in grid],
        y=[mix.third for mix in grid],
        name="mix",
        marker={"size": 12, "symbol": "hexagon2", **colours},
        showlegend=False,
        customdata=[(_listed(mix), mix.right) for mix in grid],
        hovertemplate="%{customdata[0]}: %{customdata[1]:.1%} right<extra></extra>",
    )
    chart.add_scatter(
        x=[present.second + present.third / 2],
        y=[present.third],
        name="present weights",
        marker={"size": 16, **diamond},
        hoverinfo="name",
    )
    chart.update_traces(mode="markers", cliponaxis=False)
    corners = ((0, 0, -20, "left"), (1, 0, -20, "right"), (0.5, 1, 14, "center"))
    for (x, y, shift, anchor), name in zip(corners, names, strict=True):
        label = {"text": in_plotly(short(name, 20)), "hovertext": in_plotly(name)}
        chart.add_annotation(x=x, y=y, yshift=shift, xanchor=anchor, showarrow=False, **label)
    chart.update_layout(showlegend=True)
    chart.update_xaxes(visible=False, range=[-0.05, 1.05], constrain="domain")
    chart.update_yaxes(visible=False, range=[-0.16, 1.16], scaleanchor="x", scaleratio=3**0.5 / 2)
    return dress(chart, title, source, height=330)


def _listed(mix: Mix) -> str:
    """The three weights, on one line of a title."""
    return "\u00a0/\u00a0".join(f"{weight:.2g}" for weight in mix[:3])
