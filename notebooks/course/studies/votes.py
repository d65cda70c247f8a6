"""Votes on recorded answers: who wins, whether that is right, and how alike the voters err."""

from collections.abc import Sequence

import numpy as np

from mlkit.measure.matrix import Matrix, agreed
from mlkit.measure.stats import error_correlation
from mlkit.patterns.voting import similar
from mlkit.patterns.weighted_ensemble import decide
from mlkit.ties import ranked

ALIKE = 0.9  # cosine similarity from which two free texts count as the same


def correlation(right: np.ndarray) -> float:
    """How much voters err on the same items, the mean of all pairs; right has (items, voters)."""
    return error_correlation(right.T)


def best_first(matrix: Matrix) -> Matrix:
    """The members from the best on fit down: ties go to the first, not to the weakest."""
    return matrix.of(ranked(matrix.subjects, matrix.of(split="fit").share))


def voted(answers: np.ndarray, right: np.ndarray) -> np.ndarray:
    """Whether the most common answer is right, the first among equals: (n, voters) -> (n,)."""
    return _taken(answers, right, agreed(answers)[0])


def weighted(
    matrix: Matrix, weights: Sequence[float], scores: np.ndarray | None = None
) -> np.ndarray:
    """Whether the answer with the most weight is right, item by item: (n,). Every answer scores 1,
    or what `scores`, of shape (n, members), has for it.
    """
    said = matrix.answers[:, :, 0]
    scores = np.ones(said.shape) if scores is None else scores
    pairs = zip(said, scores, strict=True)
    winners = [decide(list(row), list(each), list(weights)).winner for row, each in pairs]
    return _taken(said, matrix.right[:, :, 0], np.array(winners, dtype=object))


def typical(vectors: np.ndarray, threshold: float = ALIKE) -> tuple[int, float]:
    """The text that speaks for the largest group of similar ones, and the group's share of all."""
    group = similar(vectors, threshold)
    speaker = max(group, key=group.count)
    return speaker, group.count(speaker) / len(group)


def _taken(answers: np.ndarray, right: np.ndarray, winners: np.ndarray) -> np.ndarray:
    return (right & (answers == winners[:, None])).any(axis=1)
