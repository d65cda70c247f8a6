"""data/FINDINGS.md: what the recordings say about each claim of the article. Made by `mlkit
findings`, from nothing else.
"""

from __future__ import annotations

from collections.abc import Sequence

from course import timings
from course.findings import members, patterns
from course.findings.claims import CLAIMS, Finding
from mlkit.kit import Kit

MEASURED = {
    "C1": members.c1,
    "C2": patterns.c2,
    "C3": patterns.c3,
    "C4": patterns.c4,
    "C5": members.c5,
    "C6": members.c6,
    "C7": members.c7,
    "C8": members.c8,
    "C9": patterns.c9,
    "C10": patterns.c10,
    "C11": members.c11,
    "C12": members.c12,
    "C13": members.c13,
    "C14": patterns.c14,
    "C15": patterns.c15,
    "C16": patterns.c16,
}
NEED_TIMES = ("C2", "C10", "C14", "C16")


async def findings(kit: Kit) -> list[Finding]:
    """One for each claim, in their order; those that need latencies only where there are some."""
    timed = _has_latencies(kit)
    return [
        (
            await measured(kit)
            if timed or id not in NEED_TIMES
            else Finding(
                id, CLAIMS[id], "Its latencies are not measured yet.", 0, "not measured yet"
            )
        )
        for id, measured in MEASURED.items()
    ]


async def page(kit: Kit) -> str:
    """The text of FINDINGS.md, from the recordings behind a kit."""
    if not _has_latencies(kit):
        return _written(await findings(kit), [], kit.source, "not measured yet")
    header, runs = timings.load_latency(kit.cast.name)
    timed = (
        f"measured {header.date} · {header.engine} · {header.machine} ·"
        f" {len({run.round for run in runs})} of {timings.ROUNDS} rounds"
    )
    return _written(await findings(kit), await patterns.table(kit), kit.source, timed)


def _has_latencies(kit: Kit) -> bool:
    return timings.file("latency", kit.cast.name).is_file()


def _written(
    found: Sequence[Finding], families: Sequence[patterns.Family], source: str, timed: str
) -> str:
    rows = "\n".join(
        f"| {one.id} | {one.claim} | {one.measured} | {one.n or ''} | **{one.verdict}** |"
        for one in found
    )
    clock = (
        "Those come from a run made for them: twenty prompts, the nine patterns taking turns,"
        " nothing else on the machine, the models loaded, and a prompt's beginning in the cache"
        " only where the call before had the same."
        if families
        else "There are none yet; `uv run mlkit record latency` measures them."
    )
    return (
        "# Findings\n\nWhat the recordings say about the claims of the article. Written by `uv run"
        f" mlkit findings`; change nothing here by hand. Answers: {source}. Latencies:"
        f" {timed}.\n\nIntervals are 95%: paired bootstrap for differences, Wilson for shares. A"
        " verdict is about these two small models on these tasks, and about nothing else. Points"
        " are percentage points on test items; n counts them. The seconds of C13 are the models'"
        " own working time while answers were recorded, with the beginning of each prompt in the"
        f" engine's cache: good for comparing rows, no latencies. {clock}\n\n| | claim | measured |"
        f" n | verdict |\n|---|---|---|---|---|\n{rows}\n" + (_table(families) if families else "")
    )


def _table(families: Sequence[patterns.Family]) -> str:
    return (
        "\n## The article's second table, as claimed and as measured\n\nCost in dollars per 1,000"
        " orders at list prices, quality as the share of orders answered right, complexity as calls"
        " an answer; latency in seconds on the twenty prompts. Means over the patterns of a"
        " family.\n\n| family | cost | | latency | | quality | | complexity |"
        " |\n|---|---|---|---|---|---|---|---|---|\n" + "".join(_row(family) for family in families)
    )


def _row(one: patterns.Family) -> str:
    cost, latency, quality, complexity = one.claimed
    return (
        f"| {one.family} | {cost} | ${one.dollars_per_thousand:.3f} | {latency} | {one.seconds:.1f}"
        f" s | {quality} | {one.right:.0%} | {complexity} | {one.calls:.1f} |\n"
    )
