"""Claims about members, prompts, votes and weights. Their rules stand in rules.md."""

from collections.abc import Sequence
from itertools import combinations, pairwise

import numpy as np

from course import studies
from course.claims.verdicts import MARGIN, Measured, NotMeasured, least, measured, points
from course.shop import QUEUES
from course.studies.votes import ALIKE, best_first, correlation, typical, voted, weighted
from mlkit.kit import Kit
from mlkit.measure.matrix import Matrix, agreed
from mlkit.measure.stats import difference, log_odds, wilson
from mlkit.patterns.consensus_ensemble import votes_needed
from mlkit.ties import lowest, reaches


async def c1(kit: Kit) -> Measured:
    desk = (await studies.desk(kit)).of(split="test")
    gain = difference(desk.column("small by kind"), desk.column("large"))
    return points("Desk, small by kind minus large in one way for all", gain, MARGIN)


async def c5(kit: Kit) -> Measured:
    triage = (await studies.triage(kit)).of(split="test").labelled(QUEUES)
    easy, difficult = triage.of(level="clear"), triage.of(level="hard")
    clear = difference(easy.column("small"), easy.column("large"))
    hard = difference(difficult.column("small"), difficult.column("large"))
    what = f"Triage, small minus large: hard messages {hard.points()}; clear ones"
    return points(what, clear, MARGIN)


async def c6a(kit: Kit) -> Measured:
    written, vectors = (await studies.texts(kit)).of(["large"]), await studies.meanings(kit)
    single = (await studies.picking(kit)).of(["one answer"])
    right, times = written.right[:, 0], written.tokens.sum() / single.tokens.sum()
    winners = [typical(vectors[task.id])[0] for task in written.tasks]
    one = difference(right.any(axis=1), single.column("one answer"))
    vote = difference(right.any(axis=1), right[range(len(right)), winners])
    return measured(
        f"Free texts, large model: the best of five gains {one.points()} over one answer, for"
        f" {times:.1f} times the tokens, and {vote.points()} over the vote by meaning.",
        least(one, vote),
    )


async def c6b(kit: Kit) -> Measured:
    picked = await studies.picking(kit)
    gain = difference(picked.column("judge"), picked.column("one answer"))
    again = difference(picked.column("judge, other order"), picked.column("one answer"))
    what = f"Free texts, a judge's pick of five minus one answer: in another order {again.points()}"
    return points(f"{what}; as first shown", gain)


async def c7a(kit: Kit) -> Measured:
    whole = await studies.triage(kit)
    return _majority(whole, whole.subjects)


async def c7b(kit: Kit) -> Measured:
    whole = await studies.order_members(kit)
    fit = whole.of(split="fit")
    # Who is never right has no errors to compare.
    pool = [name for name in whole.subjects if fit.share(name) > 0]
    if len(pool) < 3:
        raise NotMeasured(f"Voters that are ever right on fit orders: {len(pool)}; it takes three.")
    trios = combinations(pool, 3)
    return _majority(whole, lowest(trios, lambda trio: correlation(fit.of(trio).right[:, :, 0])))


async def c8(kit: Kit) -> Measured:
    written, vectors = (await studies.texts(kit)).of(["large"]), await studies.meanings(kit)
    exactly = agreed(written.answers[:, 0])[1] > 0.5
    alike = np.array([typical(vectors[task.id])[1] > 0.5 for task in written.tasks])
    return measured(
        "Five samples of the large model: a majority word for word on"
        f" {wilson(int(exactly.sum()), len(alike))} of the texts, by meaning (embeddings, cosine"
        f" from {ALIKE} on) on {wilson(int(alike.sum()), len(alike))}.",
        difference(alike, exactly),
    )


async def c11(kit: Kit) -> Measured:
    whole = best_first(await studies.triage(kit))
    fit, test = whole.of(split="fit"), whole.of(split="test")
    odds = log_odds((fit.right[:, :, 0].sum(axis=0) + 1) / (len(fit.tasks) + 2))  # smoothed
    # ln(p/(1-p)) is for two answers; where k - 1 wrong ones share the errors: ln((k-1) p/(1-p)).
    learned = np.maximum(0.0, odds + np.log(len(QUEUES) - 1))
    # The largest weight goes to the strongest model, and the members stand in this order.
    gain = difference(weighted(test, learned), weighted(test, (0.5, 0.3, 0.2)))
    weights = (f"{name} {weight:.2f}" for name, weight in zip(whole.subjects, learned, strict=True))
    return points(f"Triage, learned ({', '.join(weights)}) minus the article's", gain)


async def c12(kit: Kit) -> Measured:
    need = ", ".join(f"{votes_needed(n, 0.7)} of {n}" for n in (3, 5, 7, 10))
    over = 2 / 3 - 0.7
    return Measured(f"2/3 is 0.667. What 0.7 demands: {need}.", 0, over, over, "of the votes")


async def c13a(kit: Kit) -> Measured:
    rungs = await _ladder(kit)
    each = "; ".join(
        f"{needed} of 3: {seconds.mean():.2f} s, {escalated.mean():.0%} escalated"
        for needed, (_, seconds, escalated) in enumerate(rungs, 1)
    )
    steps = [difference(high[1], low[1]) for low, high in pairwise(rungs)]
    value = f"Votes of the small model that must agree, else the large one is asked: {each}."
    more = " and ".join(f"{low:.2f} to {high:.2f} s" for _, low, high, _ in steps)
    return measured(f"{value} The steps take {more} more.", least(*steps), "seconds")


async def c13b(kit: Kit) -> Measured:
    steps = [difference(high[0], low[0]) for low, high in pairwise(await _ladder(kit))]
    each = ", ".join(step.points() for step in steps)
    return measured(f"From 1 to 2 of 3 votes, and from 2 to 3: {each}.", least(*steps))


async def _ladder(kit: Kit) -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """For 1, 2 and 3 votes needed: right, work seconds and whether escalated, (n,) each."""
    cheap = (await studies.samples(kit)).of(["small"], kind="triage")
    strong = (await studies.triage(kit)).of(["large"], split="test")
    answers, seconds = cheap.answers[:, 0, :3], cheap.seconds[:, 0, :3].sum(axis=1)
    won, shares = voted(answers, cheap.right[:, 0, :3]), agreed(answers)[1]

    def rung(kept: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        right = np.where(kept, won, strong.right[:, 0, 0])
        return right, seconds + np.where(kept, 0, strong.seconds[:, 0, 0]), ~kept

    return [rung(reaches(shares, needed / 3)) for needed in (1, 2, 3)]


def _majority(whole: Matrix, voters: Sequence[str]) -> Measured:
    """The vote of the voters on test, against the one that is best on fit."""
    ordered = best_first(whole.of(voters))
    best, test = ordered.subjects[0], ordered.of(split="test")
    right = test.right[:, :, 0]
    gain = difference(voted(test.answers[:, :, 0], right), test.column(best))
    what = (
        f"Errors correlate by {correlation(right):.2f}. The majority minus the best voter ({best})"
    )
    return points(what, gain)
