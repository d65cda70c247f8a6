"""Notebook 04: samples of a text and who picks among them, pairs before a judge; its exercises."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from math import comb
from random import Random
from statistics import mean
from typing import NamedTuple

from course import studies
from course.shop import member_for
from course.studies.votes import typical
from mlkit.ask import Member, Reply
from mlkit.charts import trade_off
from mlkit.kit import Kit
from mlkit.measure.graders import broken_constraints
from mlkit.measure.matrix import Matrix, seed_for
from mlkit.measure.stats import difference
from mlkit.measure.tasks import Task
from mlkit.models import Prices
from mlkit.trace import Call
from mlkit.widgets.exercises import Case, Exercise, against, cases, not_number
from mlkit.widgets.lessons import questions
from mlkit.wrappers import Remembered

WAYS = ("one answer", "vote by meaning", "judge", "fuse", "checker")


def asks_once(kit: Kit) -> Kit:
    """The kit that remembers: a question that was asked is not asked again."""
    return replace(kit, ask=Remembered(kit.ask))


def text_task(task_id: str) -> Task:
    return studies.with_id(studies.text_tasks(), task_id)


def samples(member: Member, task: Task, count: int = 5, temperature: float = 0.7) -> list[Member]:
    """The member so many times, each with the seed of its own that was recorded for the text."""
    asked = replace(member_for(member, "creative"), temperature=temperature)
    seeds = [seed_for(task, n) if temperature else 0 for n in range(count)]
    return [replace(asked, seed=seed, name=f"sample {n}") for n, seed in enumerate(seeds, 1)]


def judge_and_aggregator(kit: Kit) -> tuple[Member, Member]:
    """The large model, told to pick one of some texts, or told to write one from them."""
    judge = replace(member_for(kit.cast.large, "judge"), name="the judge")
    return judge, replace(member_for(kit.cast.large, "fuse texts"), name="the aggregator")


def listed(calls: Sequence[Call], accepts: Callable[[str], bool], task: Task) -> str:
    """Each answer, whether the learner's checker accepts it, and what the grader says of it."""
    lines = [f"{'':<10}{'your checker':<14}{'the grader':<28}text"]
    for call in calls:
        text = call.reply.text if isinstance(call.reply, Reply) else ""
        row = f"{call.role:<10}{'accepts' if accepts(text) else 'refuses':<14}"
        lines.append(f"{row}{grade(text, task):<28}{text!r}")
    return "\n".join(lines)


def grade(text: str, task: Task) -> str:
    """What the grader says of a text: "right", or the rules that it breaks."""
    return ", ".join(broken_constraints(text, task.gold)) or "right"


async def ways(kit: Kit) -> Matrix:
    """Who picks among the large model's five samples for each of the 44 texts, as WAYS."""
    written, vectors = (await studies.texts(kit)).of(["large"]), await studies.meanings(kit)
    picked = (await studies.picking(kit)).of(["one answer", "judge", "fuse"])
    rows = []
    for n, task in enumerate(written.tasks):
        (five,), ((one,), (judged,), (fused,)) = written.cells[n], picked.cells[n]
        calls = tuple(call for cell in five for call in cell.calls)
        middle, _ = typical(vectors[task.id])
        taken = five[middle], next((cell for cell in five if cell.right), five[0])
        voted, checked = (replace(cell, run=replace(cell.run, calls=calls)) for cell in taken)
        rows.append([[one], [voted], [judged], [fused], [checked]])
    return Matrix(written.tasks, WAYS, rows)


def question(picked: Matrix) -> str:
    """What is to be predicted, beside what one answer gets."""
    alone = picked.column("one answer").sum()
    return (
        f"Each of {len(picked.tasks)} short texts has rules. One answer of the large model keeps"
        f" all rules in {alone:.0f} of them. Now it writes five samples of each, and a judge picks"
        " the best. In how many texts does the picked one keep all rules?"
    )


def table(picked: Matrix) -> str:
    """The ways with their tokens for a text, and what they gain over one answer."""
    lines = [f"{'':<17}{f'right of {len(picked.tasks)}':<13}{'tokens':<8}minus one answer"]
    for name in picked.subjects:
        right, tokens = picked.column(name), picked.of([name]).tokens.mean()
        gain = difference(right, picked.column("one answer")).points()
        row = f"{name:<17}{right.sum():<13.0f}{tokens:<8.0f}"
        lines.append(row + (gain if name != "one answer" else "-"))
    return "\n".join(lines)


def priced(picked: Matrix) -> Callable[[Prices], list[trade_off.Way]]:
    """The ways for a trade-off, at any prices."""
    return partial(trade_off.ways, picked)


async def counts(kit: Kit) -> dict[str, list[int]]:
    """By model, how many of its five samples are right, text by text."""
    right = (await studies.texts(kit)).of(["large", "small"]).right.sum(axis=2)
    return dict(zip(("large", "small"), right.T.tolist(), strict=True))


def lines(right: Sequence[int], guess: float | None) -> dict[str, float]:
    """Shares to compare with, from how many of five are right; the guess, where there is one."""
    found = {"oracle": mean(map(bool, right)), "random": mean(right) / 5}
    return found if guess is None else found | {"your guess": guess / len(right)}


class Pair(NamedTuple):
    """Two answers to a question of the desk, one of them right, and what the judge took."""

    question: str
    small: str  # the small model's answer
    large: str
    right: str  # whose answer is right: "small" or "large"
    small_first: str  # whose answer the judge took, with the small model's as A
    large_first: str  # and with the large model's as A

    def __str__(self) -> str:
        return (
            f"{self.question}\nsmall: {self.small}\nlarge: {self.large}\nright: {self.right}\n\n"
            f"A is small, B is large: the judge takes {self.small_first}\n"
            f"A is large, B is small: the judge takes {self.large_first}"
        )


async def pairs(kit: Kit) -> list[Pair]:
    """The 24 pairs that were judged in both orders."""
    desk = await studies.desk(kit)
    return [
        Pair(
            one.task.input,
            desk.cell("small", one.task.id).text,
            desk.cell("large", one.task.id).text,
            "small" if one.right_is_first else "large",
            ("small", "large")[one.first],
            ("large", "small")[one.swapped],
        )
        for one in await studies.judge(kit)
    ]


def settled(judged: Sequence[Pair], settle: Callable[[str, str], str]) -> str:
    """How often `settle(small_first, large_first)` takes the right answer; what the judge does."""
    taken = [settle(pair.small_first, pair.large_first) for pair in judged]
    if strange := {*map(repr, taken)} - {"'small'", "'large'"}:
        raise ValueError(f'settle gave {min(strange)}; let it give "small" or "large"')
    first = sum((p.small_first == "small") + (p.large_first == "large") for p in judged)
    same = sum(pair.small_first == pair.large_first for pair in judged)
    rights = [pair.right for pair in judged]
    right = sum(one == truth for one, truth in zip(taken, rights, strict=True))
    return (
        f"the judge takes place A {first} of {2 * len(judged)} times, and the same answer in both"
        f" orders in {same} of {len(judged)} pairs\n"
        f"settled: {right} of {len(judged)} right\n"
        f"no judge, always the large model's answer: {rights.count('large')} of {len(judged)} right"
    )


def chance(right: int, of: int, n: int) -> float:
    """That one of n samples is right, of `of` with `right` right: pass@k (Chen et al. 2021)."""
    return 1 - comb(of - right, n) / comb(of, n)


def _drawn_counts(seeded: Random) -> tuple[int, int, int]:
    of = seeded.randint(1, 12)
    return seeded.randint(0, of), of, seeded.randint(1, of)


best_of = Exercise(
    cases("""
2, 5, 2 -> 0.7
Two of five samples are right, and two are drawn. It gave {got:.4g}. Count the pairs by hand: how
many are there, and how many hold no right sample?
0.3: That is the chance that none of the two is right. You want all other pairs.
0.64: That draws the same sample twice now and then, as with a coin. What is drawn does not go back.
0.1: That is the chance that both are right. One right sample is enough.
0.6: That leaves out the pair in which both are right. It counts as well.
0.8: That adds the chances of both. A pair with two right samples is then counted twice.
0.4: That is the chance of one sample; or it divides by the 5 samples, and there are 10 pairs.

2, 5, 4 -> 1.0
Only three samples are wrong, and four are drawn. It gave {got:.4g}. Can all four be wrong?

0, 5, 3 -> 0.0
No sample is right. It gave {got:.4g}. A checker finds no right text where there is none.
""")
    + against(chance, _drawn_counts),
    "Right. This is the line of the chart above, for one text; the chart takes the mean of all.",
    {not_number: "It should give a chance from 0 to 1; it gave {kind}."},
)


def _last_end(seconds: list[float], servers: int) -> float:
    free = [0.0] * servers
    for one in seconds:
        free[free.index(min(free))] += one
    return max(free)


def _drawn_members(seeded: Random) -> tuple[list[float], int]:
    seconds = [seeded.randint(1, 12) / 2 for _ in range(seeded.randint(0, 6))]
    return seconds, seeded.randint(1, 4)


_NOBODY = "Right, but for one case: with no members there is nothing to wait for. Give 0."
finished = Exercise(
    [
        *cases(
            """
[4.0, 3.0, 2.0], 2 -> 5.0
Members of 4, 3 and 2 seconds on two servers: who is free first, and when? It gave {got:.4g}.
4: That is the slowest member. It is the answer only where each member has a server of its own.
9: That is all the work, one after the other: the answer for a single server.
4.5: All the work shared out evenly would need a call cut in two. One call runs on one server.
6: Did the third member wait for the first server, or for both of them? It goes to the server
that is free first.

[4.0, 3.0, 2.0], 5 -> 4.0
With more servers than members, some servers stay idle, and nothing else changes. It gave
{got:.4g}.

[1.0, 1.0, 6.0], 2 -> 7.0
Members of 1, 1 and 6 seconds on two servers: the order of the members is kept, and the long one
comes last. It gave {got:.4g}.

[6.0, 1.0, 1.0, 1.0], 2 -> 6.0
Members of 6, 1, 1 and 1 seconds on two servers: while one server is busy for long, the other can
do several short calls. It gave {got:.4g}.
"""
        ),
        Case(([], 2), 0, _NOBODY, {ValueError: _NOBODY, IndexError: _NOBODY}),
        *against(_last_end, _drawn_members),
    ],
    "Right. This is how the servers slider places the calls.",
    {not_number: "It should give seconds; it gave {kind}."},
)


QUIZ = questions("""
Three members need 2, 3 and 7 seconds. Each has a server of its own. When are all answers there?
- After 4 seconds, the mean of all.
> The mean says how long one answer takes. The last answer is waited for, too.
+ After 7 seconds, with the slowest.
> The wall seconds are those of the slowest member; the bill is the sum of all three.
- After 12 seconds, all added up.
> Those are the wall seconds on one server. On three servers the calls overlap.

A judge sees two answers and picks A. You swap the two, and it picks A again. What has it told you?
- That A is the better of the two answers.
> A was another answer the second time. The letter stayed, the answer changed.
+ Nothing about them: it picked the place.
> The second time it picked the answer that it had turned down the first time.
- That neither of the two answers is right.
> It was never asked that. It had to pick one, and it picked the same place twice.

A fan-out of three samples takes one by chance. What do you add first, to get more right answers?
- Two more samples of the model that you already ask.
> The right answer is then more often among the five. But somebody must still find it.
- A larger model, which judges what the samples wrote.
> Measure it first, in both orders. A judge that you have not measured may be no help at all.
+ A program that tells whether a text keeps the rules.
> A right answer is worth nothing until it is found. A checker finds it, and costs no tokens.
""")
