"""What was measured about members, prompts, votes, weights and thresholds: C1, C5 to C8, C11 to
C13.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from course import studies
from course.findings.claims import CLAIMS, Finding, verdict
from course.shop import QUEUES
from mlkit.kit import Kit
from mlkit.measure.matrix import Matrix, agreed
from mlkit.measure.stats import (
    difference,
    effective_voters,
    error_correlation,
    log_odds,
    mean_correlation,
    mean_interval,
    smoothed,
    wilson,
)
from mlkit.patterns.consensus_ensemble import votes_needed
from mlkit.patterns.voting import similar
from mlkit.patterns.weighted_ensemble import decide
from mlkit.ties import exceeds, ranked, reaches

ALIKE = 0.9  # cosine similarity from which two free texts count as the same


async def c1(kit: Kit) -> Finding:
    """A better prompt for one model, against a vote of three members."""
    desk, whole = (await studies.desk(kit)).of(split="test"), _best_first(await studies.triage(kit))
    prompt = difference(desk.column("large by kind"), desk.column("large"))
    triage, best = whole.of(split="test"), whole.subjects[0]
    pattern = difference(_voted(triage, triage.answers[:, :, 0]), triage.column(best))
    return Finding(
        "C1",
        CLAIMS["C1"],
        "On the desk, the same large model asked in the way of each kind instead of one way for"
        f" all gains {prompt.points()}, for someone who knows the kind. On triage, a vote of three"
        f" members gains {pattern.points()} over the best single one ({best}), for three calls"
        " instead of one.",
        prompt.n + pattern.n,
        verdict(prompt.clear and exceeds(prompt.mean, pattern.mean)),
    )


async def c5(kit: Kit) -> Finding:
    """Small against large classifier, on kinds of task, on clear messages and on hard ones."""
    routing, triage = (
        (await studies.routing(kit)).of(split="test"),
        (await studies.triage(kit)).of(split="test").labelled(QUEUES),
    )
    kinds = difference(routing.column("small"), routing.column("large"))
    clear, hard = (
        difference(triage.of(level=level).column("small"), triage.of(level=level).column("large"))
        for level in ("clear", "hard")
    )
    return Finding(
        "C5",
        CLAIMS["C5"],
        f"Naming the kind of a task of the desk: small {routing.share('small'):.0%}, large"
        f" {routing.share('large'):.0%} (small minus large {kinds.points()}). Naming the queue of"
        f" clear messages: {clear.points()}; of hard ones: {hard.points()}.",
        kinds.n + clear.n + hard.n,
        verdict(exceeds(kinds.low, -0.1) and exceeds(clear.low, -0.1)),
    )


async def c6(kit: Kit) -> Finding:
    """The best of three, picked by a checker; and what a judge in its place would do."""
    desk = (await studies.desk(kit)).of(
        ["small by kind", "large", "large by kind"], kind="creative", split="test"
    )
    best = desk.column("large by kind")
    gain = difference(desk.right[:, :, 0].any(axis=1), best)
    dearer = desk.tokens.sum() / desk.of(["large by kind"]).tokens.sum()
    judged = await studies.judge(kit)
    looks = [
        ((one.first == 0) == one.right_is_first, (one.swapped == 1) == one.right_is_first)
        for one in judged
    ]
    right = mean_interval(
        np.mean(looks, axis=1)
    )  # pair by pair: the two looks at a pair are not independent
    flips = sum(one.first == one.swapped for one in judged)
    return Finding(
        "C6",
        CLAIMS["C6"],
        f"Free texts, where a program can check every rule: the best of three gains {gain.points()}"
        f" over the best single member, for {dearer:.1f} times the tokens. Where a model judges two"
        f" answers of which one is right ({_counted(judged)}), it picks the right one in"
        f" {right.mean:.0%} (95% interval {right.low:.0%} to {right.high:.0%}) of {2 * len(judged)}"
        f" looks, and picks the same place again in {flips} of {len(judged)} pairs when their order"
        " is swapped.",
        gain.n + len(judged),
        verdict(gain.clear),
    )


async def c7(kit: Kit) -> Finding:
    """Three members vote on triage; the errors' correlation; and a vote of five where a single
    answer is mostly wrong.
    """
    whole = _best_first(await studies.triage(kit))
    triage, best = whole.of(split="test"), whole.subjects[0]
    gain = difference(_voted(triage, triage.answers[:, :, 0]), triage.column(best))
    rho = mean_correlation(error_correlation(_grades(triage)))
    sampled = (await studies.samples(kit)).of(["small"], kind="triage")
    five = difference(_voted(sampled, sampled.answers[:, 0]), sampled.column("small"))
    return Finding(
        "C7",
        CLAIMS["C7"],
        f"Three members on triage: the majority gains {gain.points()} over the best single one"
        f" ({best}). Their errors correlate by {rho:.2f}, so that three voters count as"
        f" {effective_voters(3, rho):.1f}. The small model, right in {sampled.share('small'):.0%}"
        f" of single samples, gains {five.points()} from a vote of five.",
        gain.n,
        verdict(gain.above),
    )


async def c8(kit: Kit) -> Finding:
    """Free texts: how often three of five samples are the same, by text and by meaning."""
    written, vectors = (await studies.texts(kit)).of(["large"]), await studies.meanings(kit)
    exactly = agreed(written.answers[:, 0])[1] > 0.5
    alike = np.array([_largest(vectors[task.id]) > 0.5 for task in written.tasks])
    gain, exact, by_meaning, n = (
        difference(alike, exactly),
        int(exactly.sum()),
        int(alike.sum()),
        len(written.tasks),
    )
    all_vectors, of = (
        np.concatenate(list(vectors.values())),
        np.repeat(np.arange(len(vectors)), studies.SAMPLES),
    )
    strangers = (all_vectors @ all_vectors.T)[of[:, None] != of]
    return Finding(
        "C8",
        CLAIMS["C8"],
        "Five samples of the large model for each free text: the same text word for word in a"
        f" majority on {wilson(exact, n)} of the items, the same meaning (embeddings, cosine from"
        f" {ALIKE} on) on {wilson(by_meaning, n)}. Of pairs of texts for different items,"
        f" {np.mean(strangers >= ALIKE):.1%} are that similar, too.",
        n,
        verdict(gain.clear),
    )


async def c11(kit: Kit) -> Finding:
    """Weights learned as log-odds on fit, against the article's and equal ones, on test."""
    whole = _best_first(await studies.triage(kit))
    fit, test = whole.of(split="fit"), whole.of(split="test")
    odds = np.array(log_odds(smoothed(_grades(fit).sum(axis=1), len(fit.tasks))))
    # ln(p/(1-p)) is for two answers; where k - 1 wrong ones share the errors, it is ln((k-1)
    # p/(1-p)).
    learned, of_five = np.maximum(0.0, odds), np.maximum(0.0, odds + np.log(len(QUEUES) - 1))
    # The article gives the largest weight to the strongest model, and the members stand in this
    # order.
    ways = {
        "learned": learned,
        "learned for five answers": of_five,
        "the article's": (0.5, 0.3, 0.2),
        "equal": (1, 1, 1),
    }
    right = {name: _weighted(test, weights) for name, weights in ways.items()}
    shares = ", ".join(
        f"{name} {wilson(int(grades.sum()), len(grades))}" for name, grades in right.items()
    )
    gain = difference(right["learned for five answers"], right["the article's"])
    return Finding(
        "C11",
        CLAIMS["C11"],
        f"Three members on triage, right by weights: {shares}. Learned for five "
        f"({_listed(whole.subjects, of_five)}) minus the article's .5/.3/.2: {gain.points()}.",
        gain.n,
        verdict(gain.above),
    )


async def c12(kit: Kit) -> Finding:
    need = {n: votes_needed(n, 0.7) for n in (3, 5, 7, 10)}
    return Finding(
        "C12",
        CLAIMS["C12"],
        "2/3 is 0.667 and less than 0.7. What 0.7 demands: "
        + ", ".join(f"{votes} of {n}" for n, votes in need.items())
        + ".",
        0,
        "false",
    )


async def c13(kit: Kit) -> Finding:
    """Cheap voters, and the large model asked where too few agree: along the ladder of
    thresholds.
    """
    cheap = (await studies.samples(kit)).of(["small"], kind="triage")
    strong = (await studies.triage(kit)).of(["large"], split="test")
    winners, shares = agreed(cheap.answers[:, 0, :3])
    golds = np.array([task.gold for task in cheap.tasks])
    steps = []
    for needed in (1, 2, 3):
        kept = reaches(shares, needed / 3)
        right = np.where(kept, winners == golds, strong.column("large") > 0)
        seconds = cheap.seconds[:, 0, :3].sum(axis=1) + np.where(kept, 0, strong.seconds[:, 0, 0])
        steps.append(
            (
                f"{needed} of 3",
                1 - kept.mean(),
                right,
                seconds.mean(),
                (winners == golds)[kept].mean(),
            )
        )
    listed = "; ".join(
        f"{name}: {escalated:.0%} escalated, {right.mean():.0%} right, {seconds:.2f} s, {sure:.0%}"
        " right where they agreed"
        for name, escalated, right, seconds, sure in steps
    )
    alone, gain = strong.seconds.mean(), difference(steps[2][2], steps[0][2])
    slower = all(exceeds(later[3], earlier[3]) for earlier, later in pairwise(steps))
    return Finding(
        "C13",
        CLAIMS["C13"],
        f"Three samples of the small model, then the large one where fewer agree: {listed}. The"
        f" large model alone: {strong.share('large'):.0%} right, {alone:.2f} s. All three against"
        f" any one: {gain.points()}.",
        len(golds),
        verdict(slower and gain.above),
    )


def _grades(matrix: Matrix) -> np.ndarray:
    """Members x items."""
    return matrix.right[:, :, 0].T


def _voted(matrix: Matrix, answers: np.ndarray) -> np.ndarray:
    """Whether the most common of the answers, shape (n, voters), is right, item by item."""
    return agreed(answers)[0] == np.array([task.gold for task in matrix.tasks])


def _weighted(matrix: Matrix, weights: Sequence[float]) -> np.ndarray:
    decided = [
        decide(list(row), [1.0] * len(row), list(weights)).winner for row in matrix.answers[:, :, 0]
    ]
    return np.array(decided, dtype=object) == np.array([task.gold for task in matrix.tasks])


def _listed(names: Sequence[str], weights: Sequence[float]) -> str:
    return ", ".join(f"{name} {weight:.2f}" for name, weight in zip(names, weights, strict=True))


def _best_first(matrix: Matrix) -> Matrix:
    """The members from the best on fit down: ties go to the first, and should not go to the
    weakest.
    """
    fit = matrix.of(split="fit")
    return matrix.of(ranked(matrix.subjects, fit.share))


def _counted(judged: Sequence[studies.Judged]) -> str:
    kinds = [one.task.kind for one in judged]
    return ", ".join(f"{kinds.count(kind)} {kind}" for kind in dict.fromkeys(kinds))


def _largest(vectors: np.ndarray) -> float:
    """The share of texts in the largest group of similar ones."""
    speakers = similar(vectors, ALIKE)
    return max(speakers.count(each) for each in speakers) / len(speakers)
