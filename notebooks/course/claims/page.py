"""data/FINDINGS.md: what the recordings say about each claim. Made by `mlkit findings` alone."""

from __future__ import annotations

from collections.abc import Sequence

from course import timings
from course.claims import members, patterns
from course.claims.article import CLAIMED, CLAIMS, Finding, in_words
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
NOT_YET = "not measured yet"

PAGE = """# Findings

What the recordings say about the claims of the article. Written by `uv run mlkit findings`; \
change nothing here by hand. Answers: {source}. Latencies: {timed}.

Intervals are 95%: paired bootstrap for differences, Wilson for shares. A verdict is about these \
two small models on these tasks, and about nothing else. Points are percentage points on test \
items; n counts them. The seconds of C13 are the models' own working time while answers were \
recorded, with the beginning of each prompt in the engine's cache: good for comparing rows, no \
latencies. {clock}

| | claim | measured | n | verdict |
|---|---|---|---|---|
{rows}
"""
CLOCK = (
    "Those come from a run made for them: twenty prompts, the {count} patterns taking turns,"
    " nothing else on the machine, the models loaded, and a prompt's beginning in the cache only"
    " where the call before had the same."
)
NO_CLOCK = "There are none yet; `uv run mlkit record latency` measures them."
TABLE = """
## The article's second table, as claimed and as measured

Cost in dollars per 1,000 orders at list prices, quality as the share of orders answered right, \
complexity as calls an answer; latency in seconds on the twenty prompts. Means over the patterns \
of a family.

| family | cost | | latency | | quality | | complexity | |
|---|---|---|---|---|---|---|---|---|
{rows}
"""


async def findings(kit: Kit) -> list[Finding]:
    """One for each claim, in their order; those that need latencies only where there are some."""
    unknown = () if _has_latencies(kit) else NEED_TIMES
    return [
        Finding(id, CLAIMS[id], "Its latencies are not measured yet.", 0, NOT_YET)
        if id in unknown
        else await measured(kit)
        for id, measured in MEASURED.items()
    ]


async def page(kit: Kit) -> str:
    """The text of FINDINGS.md, from the recordings behind a kit."""
    rows = "\n".join(
        f"| {one.id} | {one.claim} | {one.measured} | {one.n or ''} | **{one.verdict}** |"
        for one in await findings(kit)
    )
    if not _has_latencies(kit):
        return PAGE.format(source=kit.source, timed=NOT_YET, clock=NO_CLOCK, rows=rows)
    header, runs = timings.load_latency(kit.cast.name)
    rounds = len({run.round for run in runs})
    timed = (
        f"measured {header.date} · {header.engine} · {header.machine} ·"
        f" {rounds} of {timings.ROUNDS} rounds"
    )
    clock = CLOCK.format(count=in_words(len({run.pattern for run in runs})))
    families = TABLE.format(rows=_rows(await patterns.table(kit)))
    return PAGE.format(source=kit.source, timed=timed, clock=clock, rows=rows) + families


def _has_latencies(kit: Kit) -> bool:
    return timings.file("latency", kit.cast.name).is_file()


def _rows(families: Sequence[patterns.Family]) -> str:
    rows = []
    for one in families:
        cost, latency, quality, complexity = CLAIMED[one.family]
        rows.append(
            f"| {one.family} | {cost} | ${one.dollars_per_thousand:.3f} | {latency} |"
            f" {one.seconds:.1f} s | {quality} | {one.right:.0%} | {complexity} | {one.calls:.1f} |"
        )
    return "\n".join(rows)
