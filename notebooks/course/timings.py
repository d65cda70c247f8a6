"""How long things take: asked live, on a machine that does nothing else. Kept in
data/timings/<cast>/, a line each.

The recordings of answers are no latencies: there, questions that begin alike were asked one after
another, so that engines had their beginnings in the cache. Here patterns take turns, as they would
in a shop, and each round asks everything once.
"""

import asyncio
import json
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

from course import systems
from course.shop import KINDS
from course.systems import MAX_TOKENS
from mlkit import paths, trace
from mlkit.ask import Failure, Member, Reply
from mlkit.engines.recordings import Header
from mlkit.engines.request import messages_for, options_for
from mlkit.errors import EngineError, MlkitError, RecordingError
from mlkit.kit import Kit
from mlkit.measure import tasks
from mlkit.measure.matrix import ErrorAsResult
from mlkit.measure.tasks import Task
from mlkit.trace import Call

ROUNDS = 2
# How two models share a machine -> threads of a call.
WAYS = {"one after the other": None, "both at once": None, "both at once, one thread each": 1}


@dataclass(frozen=True)
class Timed:
    """One run of a pattern on one prompt, its calls without their texts."""

    round: int
    task: str
    pattern: str
    wall_seconds: float
    calls: tuple[Call, ...]
    error: str = ""


@dataclass(frozen=True)
class Shared:
    """Two models asked on one machine, in one of WAYS: seconds until both had answered."""

    round: int
    way: str
    seconds: float
    tokens: int  # written by both


def prompts() -> list[Task]:
    """Twenty test tasks of the desk, five of each kind."""
    test = [task for task in tasks.load("desk") if task.split == "test"]
    by_kind = [[task for task in test if task.kind == kind] for kind in KINDS]
    return [task for some in by_kind for task in some[:5]]


def load_latency(cast: str = "tiny") -> tuple[Header, list[Timed]]:
    header, rows = _load(file("latency", cast))
    for row in rows:
        row["calls"] = tuple(_call(n, call) for n, call in enumerate(row["calls"]))
    return header, [Timed(**row) for row in rows]


def load_lanes() -> tuple[Header, list[Shared]]:
    header, rows = _load(file("lanes", "tiny"))
    return header, [Shared(**row) for row in rows]


def taken(name: str, cast: str = "tiny") -> tuple[int, float]:
    """How many runs are behind a cast's file of timings, and how many seconds they took."""
    rows = _load(file(name, cast))[1] if file(name, cast).is_file() else []
    return len(rows), sum(row.get("wall_seconds", row.get("seconds", 0.0)) for row in rows)


def file(name: str, cast: str) -> Path:
    return paths.timings(cast) / f"{name}.jsonl"


async def latency(kit: Kit, path: Path) -> None:
    """All patterns on twenty prompts, taking turns. What `path` holds is not run again."""
    patterns, todo = systems.for_any_prompt(kit.cast), prompts()
    done = {(row["round"], row["task"], row["pattern"]) for row in _begin(path, kit)}
    # Each pattern on another prompt than the one before it: on the same one, an engine would have
    # it in its cache.
    cases = [
        (turn, todo[(n + 7 * place) % len(todo)], name)
        for turn in range(ROUNDS)
        for n in range(len(todo))
        for place, name in enumerate(patterns)
    ]
    left = [case for case in cases if (case[0], case[1].id, case[2]) not in done]
    for turn, task, name in _bar("latency", left, len(cases)):
        run = await trace.run(kit.ask, ErrorAsResult(patterns[name]), task.input)
        error = ""
        if isinstance(run.result, MlkitError) and not isinstance(run.result, EngineError):
            error = f"{type(run.result).__name__}: {run.result}"
        elif isinstance(run.result, Exception):
            raise run.result  # no engine: go on another time
        timed = Timed(turn, task.id, name, run.wall_seconds, run.calls, error)
        _append(path, vars(timed) | {"calls": [_row(call) for call in timed.calls]})


async def lanes(kit: Kit, path: Path, rounds: int = 5) -> None:
    """Two different models on one machine, in each of WAYS. Asks Ollama past the kit, whose lanes
    exist to prevent this. Raises EngineError without an Ollama.
    """
    if kit.engine.kind != "ollama":
        raise EngineError(
            "How two models share a machine is measured on Ollama. Start it:  ollama serve"
        )
    # Here, because only who measures needs it.
    from mlkit.engines.address import host
    from mlkit.engines.ollama import connection

    done = {(row["round"], row["way"]) for row in _begin(path, kit)}
    cases = [(turn, way) for turn in range(rounds) for way in WAYS]
    client = connection(host())
    both = (kit.cast.small, kit.cast.large)

    async def answer(member: Member, threads: int | None, cap: int) -> int:
        options = options_for(replace(member, max_tokens=cap))
        if threads:
            options |= {"num_thread": threads}
        messages = messages_for(member, "Explain how the gears of a bicycle work.")
        async with asyncio.timeout(600):
            reply = await client.chat(member.model, messages, options=options)
        return reply.eval_count or 0

    for turn, way in _bar("lanes", [case for case in cases if case not in done], len(cases)):
        for member in both:  # loaded, and the prompt read
            await answer(member, WAYS[way], 1)
        started = time.perf_counter()
        ask = partial(answer, threads=WAYS[way], cap=MAX_TOKENS)
        if way == "one after the other":
            written = [await ask(member) for member in both]
        else:
            written = await asyncio.gather(*map(ask, both))
        _append(path, vars(Shared(turn, way, time.perf_counter() - started, sum(written))))


TIMINGS = {"latency": latency, "lanes": lanes}


def _begin(path: Path, kit: Kit) -> list[dict[str, Any]]:
    """The rows of earlier runs on this engine and machine, without a line that was cut off."""
    if not path.exists():
        paths.write(path, json.dumps(asdict(kit.engine.header), ensure_ascii=False) + "\n")
        return []
    paths.whole_lines(path)
    header, rows = _load(path)
    if not header.same_models(kit.engine.header) or header.machine != kit.engine.header.machine:
        raise RecordingError(
            f"{path.name} was begun on {header.engine}, {header.machine}; this is"
            f" {kit.engine.header.engine}, {kit.engine.header.machine}, or has other weights. Times"
            " of both must not mix; begin again with --fresh"
        )
    return rows


def _load(path: Path) -> tuple[Header, list[dict[str, Any]]]:
    try:
        head, *lines = path.read_text(encoding="utf-8").rstrip("\n").split("\n")
        return Header(**json.loads(head)), [json.loads(line) for line in lines]
    except FileNotFoundError:
        raise RecordingError(
            f"There is no {path.name} for this cast. Measure it, on a quiet machine:  "
            f"uv run mlkit record {path.stem} --cast {path.parent.name}"
        ) from None
    except (ValueError, TypeError) as error:
        raise RecordingError(
            f"{path.name} is damaged ({error}). Get it back with:  git checkout -- data/timings"
        ) from None


def _append(path: Path, row: Mapping[str, Any]) -> None:
    with paths.writing(path), path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(row, ensure_ascii=False) + "\n")


_KEPT = (
    "prompt_tokens output_tokens queue_seconds load_seconds prompt_seconds output_seconds".split()
)


def _row(call: Call) -> dict[str, Any]:
    """A call with everything but its texts."""
    member, reply = call.member, call.reply
    row: dict[str, Any] = {"role": call.role, "model": member.model, "name": member.name}
    row["after"] = sorted(call.after)
    if isinstance(reply, Failure):
        return row | {"failed_after_seconds": reply.seconds}
    return row | {name: round(getattr(reply, name), 4) for name in _KEPT}


def _call(number: int, row: Mapping[str, Any]) -> Call:
    """The call that a row was written for."""
    member = Member(row["model"], name=row["name"])
    reply: Reply | Failure
    if "failed_after_seconds" in row:
        reply = Failure(EngineError("failed while it was timed"), row["failed_after_seconds"])
    else:
        reply = Reply("", member, **{name: row[name] for name in _KEPT})
    return Call(number, row["role"], member, reply, frozenset(row["after"]))


def _bar(name: str, todo: list[Any], of: int) -> Iterator[Any]:
    from tqdm.auto import tqdm  # here, because only who measures needs it

    return iter(tqdm(todo, desc=name, total=of, initial=of - len(todo), unit="run"))
