"""data/FINDINGS.md: what the recordings say about each claim. Made by `mlkit findings` alone."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path

import numpy as np

from course import timings
from course.claims import members, patterns
from course.claims.article import CLAIMED, CRITERIA
from course.claims.verdicts import Claim, Finding, Measure, verdict
from mlkit.kit import Kit

MEASURES: dict[str, Measure] = {
    "C1": members.c1,
    "C2a": patterns.c2a,
    "C2b": patterns.c2b,
    "C3": patterns.c3,
    "C4": patterns.c4,
    "C5": members.c5,
    "C6a": members.c6a,
    "C6b": members.c6b,
    "C7a": members.c7a,
    "C7b": members.c7b,
    "C8": members.c8,
    "C9": patterns.c9,
    "C10": patterns.c10,
    "C11": members.c11,
    "C12": members.c12,
    "C13a": members.c13a,
    "C13b": members.c13b,
    "C14 mixed work": patterns.c14_mixed,
    "C14 quality": patterns.c14_quality,
    "C14 cost": patterns.c14_cost,
    "C14 latency": patterns.c14_latency,
    "C15a": patterns.c15a,
    "C15b": patterns.c14_mixed,
    **{f"C16 {column}": partial(patterns.c16, criterion=column) for column in CRITERIA},
}
_RULES = Path(__file__).with_name("rules.md").read_text(encoding="utf-8")
_WORDS, _, _TABLE = _RULES.partition("| word |")[2].partition("\n\n")
CLAIMS = {
    name: Claim(name, int(notebook), words, rule, MEASURES[name])
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
