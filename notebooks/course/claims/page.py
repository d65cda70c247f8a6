"""data/FINDINGS.md: what the recordings say about each claim. Made by `mlkit findings` alone."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from course import timings
from course.claims import members, patterns
from course.claims.article import CLAIMED, CRITERIA
from course.claims.verdicts import Claim, Finding, Measure, verdict
from mlkit.kit import Kit


def _measure_of(name: str) -> Measure:
    """The function of a claim has its name: C14 mixed work is measured by c14_mixed_work."""
    function = name.lower().replace(" ", "_")
    return getattr(members, function, None) or getattr(patterns, function)


_RULES = Path(__file__).with_name("rules.md").read_text(encoding="utf-8")
_WORDS, _, _TABLE = _RULES.partition("| word |")[2].partition("\n\n")
CLAIMS = {
    name: Claim(name, int(notebook), words, rule, _measure_of(name))
    for name, notebook, words, rule in (
        line.strip("| ").split(" | ") for line in _TABLE.strip().splitlines()[2:]
    )
}

PAGE = """# Findings

What the recordings say about the claims of the article. Written by `uv run mlkit findings`; \
change nothing here by hand. Answers: {source}. Latencies: {timed}.

A verdict is about these two small models on these tasks, and about nothing else.

| word |{words}

| id | claim | rule | value | interval | n | verdict |
|---|---|---|---|---|---|---|
{rows}
{families}"""
TABLE = """
## The article's second table, as claimed and as measured

Means over the patterns of a family, on orders; latency in wall seconds on the timed prompts, \
complexity in calls for an answer.

| family | cost | | latency | | quality | | complexity | |
|---|---|---|---|---|---|---|---|---|
{rows}
"""


async def page(kit: Kit) -> str:
    """The text of FINDINGS.md, from the recordings behind a kit."""
    rows = "\n".join([_row(await claim.found(kit)) for claim in CLAIMS.values()])
    timed, families = "not measured yet", ""
    if timings.file("latency", kit.cast.name).is_file():
        header, runs = timings.load_latency(kit.cast.name)
        rounds = f"{len({run.round for run in runs})} of {timings.ROUNDS} rounds"
        timed = f"measured {header.date} · {header.engine} · {header.machine} · {rounds}"
        values = await patterns.by_family(kit)
        families = TABLE.format(rows="\n".join(_family_row(one, values) for one in CLAIMED))
    return PAGE.format(source=kit.source, timed=timed, words=_WORDS, rows=rows, families=families)


def _row(one: Finding) -> str:
    claim, (value, n, *_) = one.claim, one.measured
    told = f"| {claim.id} | {claim.words} | {claim.rule} | {value} | {one.interval} | {n or ''} |"
    return f"{told} **{verdict(one.measured)}** |"


def _family_row(family: str, values: Mapping[str, Mapping[str, np.ndarray]]) -> str:
    """The words of the article, each with what was measured beside it."""
    cost, latency, quality, complexity = CLAIMED[family]
    dollars, seconds, right, calls = (values[column][family].mean() for column in CRITERIA)
    return (
        f"| {family} | {cost} | ${dollars:.3f} | {latency} | {seconds:.1f} s | {quality} |"
        f" {right:.0%} | {complexity} | {calls:.1f} |"
    )
