"""What the article says: its sixteen claims in our words, and its table of families of patterns."""

from typing import NamedTuple


class Finding(NamedTuple):
    """What was measured about one claim."""

    id: str
    claim: str  # the article's, in our words
    measured: str
    n: int  # test items behind it
    verdict: str  # supported, not supported here, false, not measured yet


CLAIMS = {
    "C1": "Start with one model; add more at a real limit of cost, latency or quality.",
    "C2": "Latency adds up: three models in sequence, three times the latency.",
    "C3": "A pipeline only pays when each step needs a different model.",
    "C4": "The classifier is the weak link: a wrong class loses quality.",
    "C5": "A small classifier is enough if the categories are clear.",
    "C6": "Fan-out is dear but worth it for critical decisions.",
    "C7": "Majority voting works for classification.",
    "C8": "For generation, voting needs semantic similarity, not exact match.",
    "C9": "Planner-executor pays when planning is expensive and execution cheap.",
    "C10": "The supervisor is the bottleneck.",
    "C11": "Set weights from actual performance, not from benchmarks.",
    "C12": "A threshold of 0.7 means two-thirds agreement.",
    "C13": "A lower threshold decides faster, a higher one gives more confidence.",
    "C14": "Multi-model pays for mixed workloads, critical quality, cost or latency.",
    "C15": "It does not pay when all tasks are alike.",
    "C16": "The article's second table: cost, latency, quality and complexity by family.",
}


def finding(id: str, measured: str, n: int, holds: bool) -> Finding:
    """The finding about a claim whose rule holds, or does not."""
    verdict = "supported" if holds else "not supported here"
    return Finding(id, CLAIMS[id], measured, n, verdict)


def in_words(number: int) -> str:
    """How many patterns there are, as a text says it."""
    return {8: "eight", 9: "nine", 10: "ten"}.get(number, str(number))


# The second table, by family of patterns; "variable" has no rank.
CRITERIA = ("cost", "latency", "quality", "complexity")
CLAIMED = {
    "Single": ("lowest", "lowest", "variable", "lowest"),
    "Sequential": ("medium", "high", "high", "medium"),
    "Parallel": ("high", "low", "high", "medium"),
    "Hierarchical": ("high", "high", "highest", "high"),
    "Ensemble": ("highest", "medium", "highest", "highest"),
}
RANKS = {"lowest": 1, "low": 1, "medium": 2, "high": 3, "highest": 4, "variable": None}
