"""Notebook 01: its exercises, its quiz, and its picture of quality by kind and level of task."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import cycle
from random import Random
from textwrap import wrap
from typing import Any, NamedTuple

import plotly.express as px

from mlkit.charts.look import MEMBERS, TEMPLATE, Chart, charted, on_hover, short
from mlkit.errors import MlkitError
from mlkit.escaped import in_plotly
from mlkit.measure.stats import Difference, wilson
from mlkit.measure.tools import arithmetic
from mlkit.ties import highest, lowest
from mlkit.widgets.exercises import (
    Case,
    Exercise,
    against,
    cases,
    gain_choices,
    judgement,
    near,
    not_number,
)
from mlkit.widgets.lessons import Verdict, questions

_CALCULATIONS = cases(
    """
"(45 + 30) * 6" -> 450
For {args[0]!r} your reader {said}. It has no equals sign, and should be worked out as before.

"3 * 6 + 24 = 42" -> 42
For {args[0]!r} your reader {said}. The equals sign, and what stands behind it, must be cut
off before it is worked out.

"48 + 19 - 12 = 65" -> 55
For {args[0]!r} your reader {said}. 65 is what the model thinks it comes to. Let Python
count: work out what stands before the equals sign.

"2 * 35 + 18 = 70 + 18 = 88" -> 88
For {args[0]!r} your reader {said}. There are two equals signs. The calculation is
what stands before the first of them.

"$12 + $8 * 6 = $12 + $48 = $62" -> 60
For {args[0]!r} your reader {said}. Dollar signs are no problem for
arithmetic; cut at the first equals sign, and give it the rest.
"""
)
_REFUSED = (
    "{args[0]!r} is no calculation, and your reader {said}. Let the error of arithmetic pass: an"
    " answer that cannot be read counts as wrong, and must not look like a number."
)
_TEXTS = ("about 12", "First, we add the two prices.")


def _left_side(text: str) -> Any:
    """The value of what stands before the first equals sign; or Exception, for no calculation."""
    try:
        return float(arithmetic(text.partition("=")[0]))
    except MlkitError:
        return Exception


def _drawn_answer(seeded: Random) -> tuple[str]:
    a, b, c, d = (seeded.randint(1, 60) for _ in range(4))
    sums = (f"{a} + {b} * {c}", f"({a} + {b}) * {c}", f"${a} - ${b}", f"{a}", f"perhaps {a}")
    return (seeded.choice(sums) + seeded.choice(("", f" = {d}", f"={d}", f" = {c} + {d} = {a}")),)


def before_equals(recorded: Sequence[tuple[str, float, bool]]) -> Exercise:
    """The judge of `answer(text)`: the value of the calculation before the first equals sign, where
    there is one.

    A reader that passes is counted on `recorded`: texts of a model, each with its right number, and
    whether it counted as right.
    """

    def praise(answer: Callable[[str], Any]) -> str:
        values = [(_value(answer, text), gold) for text, gold, _ in recorded]
        after = sum(not not_number(value) and abs(value - gold) < 0.005 for value, gold in values)
        return (
            f"Right. Of {len(recorded)} recorded answers, {sum(was for *_, was in recorded)} were"
            f" right as they stood; with your reader it is {after}."
        )

    refused = [Case((text,), Exception, _REFUSED) for text in _TEXTS]
    drawn = against(_left_side, _drawn_answer)
    return Exercise([*_CALCULATIONS, *refused, *drawn], praise, call=_value)


def _value(read: Callable[[str], Any], text: str) -> Any:
    """What a reader makes of a text: a number, or the error for a text that it cannot read."""
    try:
        return read(text)
    except (NameError, TypeError, AttributeError, KeyError):
        raise  # not the text is broken, but the code
    except Exception as error:
        return error


def _any_right(grades: list[list[bool]]) -> float:
    return sum(map(any, zip(*grades, strict=True))) / len(grades[0])


def _drawn_grades(seeded: Random) -> tuple[list[list[bool]]]:
    members, items = seeded.randint(1, 4), seeded.randint(1, 6)
    return ([[seeded.random() < 0.4 for _ in range(items)] for _ in range(members)],)


# answer(grades): the share of items that at least one member gets right; grades[m][i] is member m
# on item i.
oracle = Exercise(
    cases(
        """
[[True, False, False, True, False], [False, True, False, True, False]] -> 0.6
With two members and five items you get {got!r}. Go item by item: is any grade True?
3: That is a count. A share is the count divided by the number of items.
0.4: That is the share of one member, the mean over members, or the items that nobody gets right.
The oracle sends each item to a member that gets it right, if there is one.
0.2: That counts items that all members get right. For the oracle, one is enough.
0.8: Items that two members get right are counted twice. Go item by item, not grade by grade.

[[False], [False], [True]] -> 1.0
Right for two members, but not for three. Is the number of members written into the code?
"""
    )
    + against(_any_right, _drawn_grades),
    "Right. No way of choosing among these members can beat this number.",
)


def judged(gains: Mapping[str, Difference], halved: str) -> Callable[[Any], Verdict]:
    """The judge of some differences: each is "better", "worse" or "cannot tell".

    "tasks" is about how many tasks would make the interval of the difference called `halved` half
    as wide.
    """
    entries = gain_choices(
        gains,
        ("better", "worse", "cannot tell"),
        clear="{args[0]}: look at the sign. The number says how much the first of the two is ahead"
        " of the second.",
        unclear="{args[0]}: look at both ends of the interval. Is 0 between them? Then no"
        " difference at all would make such a result unsurprising, too.",
        unsure="{args[0]}: both ends of the interval lie on the same side of 0.",
    )
    return judgement(
        [*entries, _quadrupled(gains[halved].n)],
        praise="Right. An interval tells what you know, and what it would cost to know more.",
    )


def _quadrupled(n: int) -> Case:
    return Case(
        ("tasks",),
        near(4 * n, 0.1),
        "The width goes with one over the root of the number of tasks, and that number is"
        f" {n} now. Compare 22, 88 and 352 in section 5.",
        {
            not_number: "tasks is a number; it is {kind}.",
            near(2 * n, 0.1): (
                "Twice as many tasks make an interval narrower by the root of 2, which is 1.4. That"
                " is not half as wide."
            ),
            near(3 * n, 0.1): "tasks is the number of all tasks, not of those that come on top.",
        },
    )


class LevelShare(NamedTuple):
    """How a member did on the tasks of one kind and level."""

    kind: str
    level: str
    member: str
    right: int
    of: int
    share: float  # right/of, in [0, 1]
    low: float  # its 95% interval
    high: float


def quality_rows(graded: Iterable[tuple[str, str, str, bool]]) -> list[LevelShare]:
    """A row for each kind, level and member among the answers (kind, level, member, right), in the
    order they first occur.
    """
    grades: dict[tuple[str, str, str], list[bool]] = {}
    for kind, level, member, right in graded:
        grades.setdefault((kind, level, member), []).append(right)
    return [
        LevelShare(*place, sum(given), len(given), *wilson(sum(given), len(given)))
        for place, given in grades.items()
    ]


def _columns(rows: Sequence[LevelShare]) -> dict[str, list[Any]]:
    """What is drawn of each row."""
    return {
        "kind": [in_plotly(short(row.kind)) for row in rows],
        "level": [_folded(row.level) for row in rows],
        "member": [in_plotly(short(row.member, 14)) for row in rows],
        "share": [row.share for row in rows],
        "above": [row.high - row.share for row in rows],
        "below": [row.share - row.low for row in rows],
        "told": [_told(row) for row in rows],
    }


def quality(graded: Iterable[tuple[str, str, str, bool]], source: str) -> Chart:
    """The share of right answers, from answers (kind, level, member, right): panels two abreast,
    one for each kind; in each, members side by side above every level.
    """
    rows = quality_rows(graded)
    members = list(dict.fromkeys(row.member for row in rows))
    spare = cycle(
        colour for colour in TEMPLATE.layout.colorway if colour not in map(MEMBERS.get, members)
    )
    height = 202 * -(-len({row.kind for row in rows}) // 2)
    chart = px.scatter(
        _columns(rows),
        x="level",
        y="share",
        error_y="above",
        error_y_minus="below",
        color="member",
        color_discrete_sequence=[MEMBERS.get(member) or next(spare) for member in members],
        symbol="member",
        facet_col="kind",
        facet_col_wrap=2,
        facet_col_spacing=0.04,
        facet_row_spacing=72 / height,
        custom_data="told",
        labels={"level": "", "member": "", "share": "answered right"},
    )
    chart.for_each_annotation(lambda name: name.update(text=name.text.partition("=")[2]))
    chart.update_traces(
        marker_size=8,
        error_y={"thickness": 1.3, "width": 2},
        hovertemplate="%{customdata[0]}<extra></extra>",
    )
    chart.update_xaxes(matches=None, showticklabels=True, tickangle=0, showgrid=False)
    chart.update_yaxes(range=[-0.04, 1.04], tickvals=[0, 0.5, 1], tickformat=".0%")
    chart.update_layout(scattermode="group", scattergap=0.3, legend={"y": 1 + 24 / height})
    return charted(chart, rows, quality_reading(rows), source, height)


def _told(row: LevelShare) -> str:
    where = on_hover(f"{row.member}: {row.kind}, {row.level}")
    interval = f"95% interval {row.low:.0%} to {row.high:.0%}"
    return f"{where}<br>{row.right} of {row.of} right ({interval})"


def _folded(name: str) -> str:
    return "<br>".join(map(in_plotly, wrap(name, 9, max_lines=2, placeholder="…")))


def quality_reading(rows: Sequence[LevelShare]) -> str:
    """Who is best at most kinds, and where even the best errs most."""
    kinds = list(dict.fromkeys(row.kind for row in rows))
    ((leader, times),) = Counter(_best(rows, kind) for kind in kinds).most_common(1)
    tops = [
        highest((row for row in rows if row[:2] == place), lambda row: row.share)
        for place in dict.fromkeys(row[:2] for row in rows)
    ]
    hardest = lowest(tops, lambda row: row.share)
    return (
        f"{short(leader)} is best at {times} of {len(kinds)} kind{'s' if len(kinds) > 1 else ''};"
        f" hardest is {short(hardest.kind)}, {short(hardest.level)}, where the best"
        f" ({short(hardest.member)}) gets {hardest.right} of {hardest.of} right"
    )


def _best(rows: Sequence[LevelShare], kind: str) -> str:
    """The member with the highest share right of this kind."""
    right, of = Counter[str](), Counter[str]()
    for row in rows:
        if row.kind == kind:
            right[row.member] += row.right
            of[row.member] += row.of
    return highest(of, lambda member: right[member] / of[member])


QUIZ = questions(
    """
A model gets 3 of 10 sums right when it works step by step. What do you do first?
- Take a model ten times the size.
> Perhaps later. It costs more, and you do not know yet what this one can do.
+ Ask the same model in another way, and measure again.
> It is the cheapest thing to try. Here it gave the small model twice as many right answers.
- Ask five times and take the majority.
> That takes five calls, and they are asked in the way that did not suit the model. Notebook 05
measures what a majority brings.

Model A gets 9 of 10 right, model B gets 7 of 10. The intervals are 60% to 98% and 40% to 89%. What
do you know?
- A is better by 20 points.
> Ten items cannot say that: any share from 60% to 89% fits both.
- They are equal.
> That is not shown either. It may well be that A is better.
+ Not which one is better: it takes more items.
> Intervals shrink with the root of the number of items.

Two models: best single 80%, oracle 82%. What is a perfect router worth here?
+ At most 2 points.
> No choice between the two can beat the oracle.
- Up to 20 points.
> The other 18 points are items that both models get wrong. Choosing cannot repair them.
- That depends on the router.
> How near it comes does. But the oracle is the ceiling for all of them.
"""
)
