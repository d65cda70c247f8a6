"""Notebook 09: the ladder of votes that must agree, what it costs, and what agreement is worth."""

from collections.abc import Collection, Sequence
from typing import NamedTuple

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from course import studies
from course.shop import QUEUES
from mlkit.charts import trade_off
from mlkit.charts.look import BLUE, DOTTED, GREEN, INK, ORANGE, PINK, Chart, charted, whiskers
from mlkit.kit import Kit
from mlkit.measure.matrix import Matrix, agreed
from mlkit.measure.stats import difference, wilson
from mlkit.models import Prices, list_prices
from mlkit.patterns.consensus_ensemble import votes_needed
from mlkit.widgets import panels
from mlkit.widgets.panels import Panel, PriceList, dollars_or_seconds

PRICED_AS = {"small": "qwen2.5:7b", "large": "qwen2.5:32b"}  # as in the article


class Triage(NamedTuple):
    """What was recorded of the messages: 64 for test, 32 for fit."""

    votes: Matrix  # five samples of small, and of large, on test
    alone: Matrix  # small and large at temperature 0, on test
    fit: Matrix  # the same, on fit

    @property
    def large(self) -> np.ndarray:
        """Whether the large model alone is right, message by message."""
        return self.alone.column("large") > 0

    def vote(self, voters: int, name: str = "small") -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The most common of some samples, how many gave it, whether it is right: (n,) each."""
        some = self.votes.of([name])
        said = some.answers[:, 0, :voters]
        winners, shares = agreed(said)
        right = (some.right[:, 0, :voters] & (said == winners[:, None])).any(axis=1)
        return winners, np.rint(shares * voters).astype(int), right


async def measured(kit: Kit) -> Triage:
    alone = (await studies.triage(kit)).of(["small", "large"])
    votes = (await studies.samples(kit)).of(["small", "large"], kind="triage")
    return Triage(votes, alone.of(split="test"), alone.of(split="fit"))


def sheet(found: Triage, numbers: Sequence[int]) -> str:
    """Votes and the large model's answer on some messages, a star where right: to count by hand."""
    heads = ("message", "vote 1", "vote 2", "vote 3", "large")
    lines = ["".join(f"{head:<13}" for head in heads)]
    rows = zip(found.alone.tasks, found.votes.cells, found.alone.cells, strict=True)
    for task, (votes, _), (_, (strong,)) in rows:
        if int(task.id.removeprefix("triage-")) in numbers:
            said = (f"{cell.answer}{' *' * cell.right}" for cell in (*votes[:3], strong))
            lines.append("".join(f"{each:<13}" for each in (task.id, *said)))
    return "\n".join(line.rstrip() for line in lines)


class Rung(NamedTuple):
    way: str  # "2 of 3"
    escalated: float  # share of the messages that the large model answers, in [0, 1]
    right: int  # of all messages
    of: int
    share: float
    low: float  # its 95% interval
    high: float
    tokens: float  # for a message, read and written
    seconds: float  # work seconds for a message
    agreed: int  # messages on which enough agree
    agreed_right: int  # how many of these are right


def rungs(found: Triage, voters: int) -> list[Rung]:
    """One rung for each number of votes that may be demanded."""
    _, counts, vote_right = found.vote(voters)
    small, large = found.votes.of(["small"]), found.alone.of(["large"])
    votes = [each[:, 0, :voters].sum(axis=1) for each in (small.tokens, small.seconds)]
    strong = [each[:, 0, 0] for each in (large.tokens, large.seconds)]
    found_rungs = []
    for needed in range(1, voters + 1):
        asked = counts < needed
        right = np.where(asked, found.large, vote_right)
        score = int(right.sum()), len(right), *wilson(int(right.sum()), len(right))
        tokens, spent = (
            float((each + asked * more).mean()) for each, more in zip(votes, strong, strict=True)
        )
        known, way = (int((~asked).sum()), int(vote_right[~asked].sum())), f"{needed} of {voters}"
        found_rungs.append(Rung(way, float(asked.mean()), *score, tokens, spent, *known))
    return found_rungs


def ladder(found: Triage) -> str:
    """The three rungs of three votes, both models alone, and the equal budget: a table."""
    heads = f"{'escalated':<11}{'right, of 64':<14}{'tokens':<8}{'seconds':<9}where enough agree"
    lines = [f"{'':<20}{heads}"]
    for one in rungs(found, 3):
        known = f"{one.agreed_right} of {one.agreed} right"
        spent = f"{one.tokens:<8.0f}{one.seconds:<9.2f}{known}"
        lines.append(f"{one.way:<20}{one.escalated:<11.0%}{one.right:<14}{spent}")
    for name in found.alone.subjects:
        each = found.alone.of([name])
        took = f"{each.tokens.mean():<8.0f}{each.seconds.mean():.2f}"
        lines.append(f"{name:<31}{each.right.sum():<14}{took}")
    tokens = found.votes.of(["large"]).tokens[:, 0, :4].sum(axis=1).mean()
    right = found.vote(4, "large")[2].sum()
    return "\n".join([*lines, f"{'4 samples of large':<31}{right:<14}{tokens:.0f}"])


def priced(kit: Kit, found: Triage) -> Panel:
    """The trade-off at the article's prices; the title says whose answers and whose prices."""
    own = {"small": kit.cast.small.model, "large": kit.cast.large.model}
    lines = trade_off.baselines(np.array([found.vote(3)[2], found.large]).T)

    def draw(edited: Prices, by: str) -> Chart:
        paid = {own[size]: edited[model] for size, model in PRICED_AS.items()}
        chart = trade_off.chart(_ways(found, paid), kit.source, by, lines=lines)
        whose = f"Answers of {own['small']} and {own['large']}, priced as"
        said = f"{chart.reading}. {whose} {PRICED_AS['small']} and {PRICED_AS['large']}"
        chart.figure.layout.annotations = chart.figure.layout.annotations[:-1]  # its source
        return charted(chart.figure, chart.rows, said, kit.source, 320)

    boxes = PriceList(list_prices(), [*PRICED_AS.values()])
    return panels.explore(draw, edited=boxes, by=dollars_or_seconds())


def _ways(found: Triage, prices: Prices) -> list[trade_off.Way]:
    votes = found.votes.of(["small"]).dollars(prices)[:, 0, :3].sum(axis=1).mean()
    large = found.alone.of(["large"]).dollars(prices).mean()
    ladder = [
        (one.way, one.right, one.of, 1000 * (votes + one.escalated * large), one.seconds)
        for one in rungs(found, 3)
    ]
    return [*trade_off.ways(found.alone, prices), *ladder]


async def inside(kit: Kit) -> str:
    """Orders: large, asked in three ways, votes; where they differ, the first is asked again."""
    orders = await studies.orders(kit)
    alone, vote = (orders.of([name]) for name in ("single_model", "consensus_ensemble"))
    same, again = (alone.answers == vote.answers).sum(), (vote.calls > 3).sum()
    return (
        f"large alone: {alone.right.sum()} of {alone.right.size} orders right\n"
        f"large inside a vote of three: {vote.right.sum()} right; its answer is large's own on"
        f" {same}, and large is asked twice on {again}\n"
        f"tokens: {vote.tokens.sum() / alone.tokens.sum():.1f} times those of large alone"
    )


def threshold_chart(
    found: Triage, guess: float | None, source: str, threshold: float, voters: int
) -> Chart:
    """Right and escalated over the threshold, and from which price on the large model is spared;
    `guess` is the share right where all agree, in percent.
    """
    ladder, needed = rungs(found, voters), votes_needed(voters, threshold)
    one, large = ladder[needed - 1], int(found.large.sum())
    said = (
        f"A threshold of {threshold:.2f} demands {one.way}: {one.escalated:.0%} escalated,"
        f" {one.right} of {one.of} right (large alone {large}); cheaper than large alone where"
        f" large costs over {voters / (1 - one.escalated):.1f} times a vote"
    )
    guessed = {} if guess is None else {"your guess, where all agree": guess / 100}
    figure = _stairs(ladder, {"large alone": large / one.of} | guessed)
    figure.add_vline(threshold, line={"color": INK, "width": 2})
    return charted(figure, ladder, said, source, height=340)


def _stairs(ladder: Sequence[Rung], lines: dict[str, float]) -> go.Figure:
    """Each rung as wide as the thresholds that mean it: shares right above, escalated below."""
    figure = make_subplots(rows=2, shared_xaxes=True, vertical_spacing=0.08, row_heights=[0.6, 0.4])
    ends = np.linspace(0, 1, len(ladder) + 1)
    known = [one.agreed_right / one.agreed for one in ladder]
    for row, name, shares, colour, dash in (
        (1, "right, of all", [one.share for one in ladder], BLUE, "solid"),
        (1, "right, where enough agree", known, GREEN, "dash"),
        (2, "escalated", [one.escalated for one in ladder], ORANGE, "solid"),
    ):
        stair = {"color": colour, "width": 2.5, "dash": dash, "shape": "vh"}
        y = [shares[0], *shares]
        figure.add_scatter(
            x=ends, y=y, name=name, mode="lines", line=stair, showlegend=row == 1, row=row, col=1
        )
    for (name, share), colour in zip(lines.items(), (INK, PINK), strict=False):
        style = DOTTED | {"color": colour}
        figure.add_scatter(x=[0, 1], y=[share] * 2, name=name, mode="lines", line=style)
    bars = whiskers(((one.share, one.low, one.high) for one in ladder), color=BLUE)
    middles, shares = (ends[1:] + ends[:-1]) / 2, [one.share for one in ladder]
    marks = {"x": middles, "y": shares, "mode": "markers", "marker": {"color": BLUE}}
    figure.add_scatter(**marks, error_y=bars, showlegend=False, hoverinfo="skip", row=1, col=1)
    figure.update_yaxes(title_text="right", range=[0, 1], tickformat=".0%", row=1)
    figure.update_yaxes(title_text="escalated", range=[-0.03, 1], tickformat=".0%", row=2)
    figure.update_xaxes(range=[-0.01, 1.01])
    return figure.update_xaxes(title_text="threshold", row=2)


def named_on_fit(found: Triage) -> dict[str, tuple[int, int]]:
    """For each queue how often small, asked once, is right on fit where it names it: right, of."""
    small = found.fit.of(["small"])
    said, right = small.answers[:, 0, 0], small.right[:, 0, 0]
    return {
        queue: (int(right[said == queue].sum()), int((said == queue).sum())) for queue in QUEUES
    }


def believed(found: Triage, trusted: Collection[str], calls: int) -> str:
    """What comes of believing small where all its calls (1 or 3) agree on a trusted queue."""
    once = found.alone.of(["small"])
    said, counts, right = once.answers[:, 0, 0], np.ones(len(once.tasks)), once.right[:, 0, 0]
    if calls > 1:
        said, counts, right = found.vote(calls)
    kept = np.isin(said.astype(str), [*trusted]) & (counts == calls)
    all_right = np.where(kept, right, found.large)
    cheap, strong = (list_prices()[model].prompt for model in PRICED_AS.values())
    return (
        f"given without asking large: {kept.sum()}, of these wrong: {(kept & ~right).sum()}\n"
        f"right: {all_right.sum()} of {len(kept)}; minus large alone:"
        f" {difference(all_right, found.large).points()}\n"
        f"dollars, priced as {PRICED_AS['small']} and {PRICED_AS['large']}:"
        f" {calls * cheap / strong + 1 - kept.mean():.0%} of large alone"
    )
