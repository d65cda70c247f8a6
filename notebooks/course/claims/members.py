"""Claims about members, prompts, votes and weights, each after its rule: C1, C5-C8, C11-C13."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from course import studies
from course.claims.article import CLAIMS, Finding, finding
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
    """Supported if a better prompt clearly gains, and more than a vote of three."""
    desk = (await studies.desk(kit)).of(split="test")
    prompt = difference(desk.column("large by kind"), desk.column("large"))
    triage, best = await _triage(kit)
    pattern = difference(_voted(triage, triage.answers[:, :, 0]), triage.column(best))
    return finding(
        "C1",
        "On the desk, the same large model asked in the way of each kind instead of one way for"
        f" all gains {prompt.points()}, for someone who knows the kind. On triage, a vote of three"
        f" members gains {pattern.points()} over the best single one ({best}), for three calls"
        " instead of one.",
        prompt.n + pattern.n,
        prompt.clear and exceeds(prompt.mean, pattern.mean),
    )


async def c5(kit: Kit) -> Finding:
    """Supported if a small classifier loses under ten points on kinds and on clear messages."""
    routing = (await studies.routing(kit)).of(split="test")
    triage = (await studies.triage(kit)).of(split="test").labelled(QUEUES)
    kinds, clear, hard = (
        difference(matrix.column("small"), matrix.column("large"))
        for matrix in (routing, triage.of(level="clear"), triage.of(level="hard"))
    )
    return finding(
        "C5",
        f"Naming the kind of a task of the desk: small {routing.share('small'):.0%}, large"
        f" {routing.share('large'):.0%} (small minus large {kinds.points()}). Naming the queue of"
        f" clear messages: {clear.points()}; of hard ones: {hard.points()}.",
        kinds.n + clear.n + hard.n,
        exceeds(kinds.low, -0.1) and exceeds(clear.low, -0.1),
    )


async def c6(kit: Kit) -> Finding:
    """Supported if the best of three, picked by a checker, clearly beats the best member."""
    trio = ["small by kind", "large", "large by kind"]
    desk = (await studies.desk(kit)).of(trio, kind="creative", split="test")
    gain = difference(desk.right[:, :, 0].any(axis=1), desk.column("large by kind"))
    dearer = desk.tokens.sum() / desk.of(["large by kind"]).tokens.sum()
    judged = await studies.judge(kit)
    looks = [
        ((one.first == 0) == one.right_is_first, (one.swapped == 1) == one.right_is_first)
        for one in judged
    ]
    # Pair by pair: the two looks at a pair are not independent.
    right = mean_interval(np.mean(looks, axis=1))
    flips = sum(one.first == one.swapped for one in judged)
    kinds = [one.task.kind for one in judged]
    counted = ", ".join(f"{kinds.count(kind)} {kind}" for kind in dict.fromkeys(kinds))
    return finding(
        "C6",
        f"Free texts, where a program can check every rule: the best of three gains {gain.points()}"
        f" over the best single member, for {dearer:.1f} times the tokens. Where a model judges two"
        f" answers of which one is right ({counted}), it picks the right one in"
        f" {right.mean:.0%} (95% interval {right.low:.0%} to {right.high:.0%}) of {2 * len(judged)}"
        f" looks, and picks the same place again in {flips} of {len(judged)} pairs when their order"
        " is swapped.",
        gain.n + len(judged),
        gain.clear,
    )


async def c7(kit: Kit) -> Finding:
    """Supported if the vote of three members on triage clearly beats the best of them."""
    triage, best = await _triage(kit)
    gain = difference(_voted(triage, triage.answers[:, :, 0]), triage.column(best))
    rho = mean_correlation(error_correlation(_grades(triage)))
    sampled = (await studies.samples(kit)).of(["small"], kind="triage")
    five = difference(_voted(sampled, sampled.answers[:, 0]), sampled.column("small"))
    return finding(
        "C7",
        f"Three members on triage: the majority gains {gain.points()} over the best single one"
        f" ({best}). Their errors correlate by {rho:.2f}, so that three voters count as"
        f" {effective_voters(3, rho):.1f}. The small model, right in {sampled.share('small'):.0%}"
        f" of single samples, gains {five.points()} from a vote of five.",
        gain.n,
        gain.above,
    )


async def c8(kit: Kit) -> Finding:
    """Supported if clearly more free texts have a majority by meaning than word for word."""
    written, vectors = (await studies.texts(kit)).of(["large"]), await studies.meanings(kit)
    exactly = agreed(written.answers[:, 0])[1] > 0.5
    alike = np.array([_largest(vectors[task.id]) > 0.5 for task in written.tasks])
    n = len(written.tasks)
    every = np.concatenate(list(vectors.values()))
    item = np.repeat(np.arange(len(vectors)), studies.SAMPLES)
    strangers = (every @ every.T)[item[:, None] != item]
    return finding(
        "C8",
        "Five samples of the large model for each free text: the same text word for word in a"
        f" majority on {wilson(int(exactly.sum()), n)} of the items, the same meaning (embeddings,"
        f" cosine from {ALIKE} on) on {wilson(int(alike.sum()), n)}. Of pairs of texts for"
        f" different items, {np.mean(strangers >= ALIKE):.1%} are that similar, too.",
        n,
        difference(alike, exactly).clear,
    )


async def c11(kit: Kit) -> Finding:
    """Supported if weights learned on fit are clearly better on test than the article's."""
    whole = _best_first(await studies.triage(kit))
    fit, test = whole.of(split="fit"), whole.of(split="test")
    odds = np.array(log_odds(smoothed(_grades(fit).sum(axis=1), len(fit.tasks))))
    # ln(p/(1-p)) is for two answers; where k - 1 wrong ones share the errors, it is
    # ln((k-1) p/(1-p)).
    of_five = np.maximum(0.0, odds + np.log(len(QUEUES) - 1))
    ways = {
        "learned": np.maximum(0.0, odds),
        "learned for five answers": of_five,
        # The largest weight goes to the strongest model, and the members stand in this order.
        "the article's": (0.5, 0.3, 0.2),
        "equal": (1, 1, 1),
    }
    right = {name: _weighted(test, weights) for name, weights in ways.items()}
    shares = (f"{name} {wilson(int(one.sum()), len(one))}" for name, one in right.items())
    weights = (f"{name} {weight:.2f}" for name, weight in zip(whole.subjects, of_five, strict=True))
    gain = difference(right["learned for five answers"], right["the article's"])
    return finding(
        "C11",
        f"Three members on triage, right by weights: {', '.join(shares)}. Learned for five"
        f" ({', '.join(weights)}) minus the article's .5/.3/.2: {gain.points()}.",
        gain.n,
        gain.above,
    )


async def c12(kit: Kit) -> Finding:
    """False if two thirds are fewer than a threshold of 0.7 demands."""
    need = ", ".join(f"{votes_needed(n, 0.7)} of {n}" for n in (3, 5, 7, 10))
    measured = f"2/3 is 0.667 and less than 0.7. What 0.7 demands: {need}."
    return Finding("C12", CLAIMS["C12"], measured, 0, "false")


async def c13(kit: Kit) -> Finding:
    """Supported if each higher threshold takes longer, and the highest is clearly better."""
    cheap = (await studies.samples(kit)).of(["small"], kind="triage")
    strong = (await studies.triage(kit)).of(["large"], split="test")
    winners, shares = agreed(cheap.answers[:, 0, :3])
    won = winners == _golds(cheap)
    rights, waits, steps = [], [], []
    for needed in (1, 2, 3):
        kept = reaches(shares, needed / 3)
        right = np.where(kept, won, strong.column("large") > 0)
        spent = cheap.seconds[:, 0, :3].sum(axis=1) + np.where(kept, 0, strong.seconds[:, 0, 0])
        rights.append(right)
        waits.append(spent.mean())
        steps.append(
            f"{needed} of 3: {1 - kept.mean():.0%} escalated, {right.mean():.0%} right,"
            f" {spent.mean():.2f} s, {won[kept].mean():.0%} right where they agreed"
        )
    gain = difference(rights[2], rights[0])
    return finding(
        "C13",
        "Three samples of the small model, then the large one where fewer agree:"
        f" {'; '.join(steps)}. The large model alone: {strong.share('large'):.0%} right,"
        f" {strong.seconds.mean():.2f} s. All three against any one: {gain.points()}.",
        len(won),
        gain.above and all(exceeds(later, earlier) for earlier, later in pairwise(waits)),
    )


def _golds(matrix: Matrix) -> np.ndarray:
    return np.array([task.gold for task in matrix.tasks])


def _grades(matrix: Matrix) -> np.ndarray:
    """Members x items."""
    return matrix.right[:, :, 0].T


def _voted(matrix: Matrix, answers: np.ndarray) -> np.ndarray:
    """Whether the most common of the answers, shape (n, voters), is right, item by item."""
    return agreed(answers)[0] == _golds(matrix)


def _weighted(matrix: Matrix, weights: Sequence[float]) -> np.ndarray:
    """Whether the answer with most weight is right, item by item."""
    said = matrix.answers[:, :, 0]
    decided = [decide(list(row), [1.0] * len(row), list(weights)).winner for row in said]
    return np.array(decided, dtype=object) == _golds(matrix)


def _best_first(matrix: Matrix) -> Matrix:
    """The members from the best on fit down: ties go to the first, not to the weakest."""
    return matrix.of(ranked(matrix.subjects, matrix.of(split="fit").share))


async def _triage(kit: Kit) -> tuple[Matrix, str]:
    """The test messages, members from the best down, and the best one's name."""
    whole = _best_first(await studies.triage(kit))
    return whole.of(split="test"), whole.subjects[0]


def _largest(vectors: np.ndarray) -> float:
    """The share of texts in the largest group of similar ones."""
    speakers = similar(vectors, ALIKE)
    return max(speakers.count(each) for each in speakers) / len(speakers)
