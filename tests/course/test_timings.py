"""Timings: measured once each, resumed where they stopped, told apart by engine and machine, read
back as a trace.
"""

import asyncio
import errno
import json
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from course import systems, timings

from mlkit.engines.choose import Engine
from mlkit.engines.recordings import Header
from mlkit.errors import EngineError, EngineUnreachable, RecordingError, Unparsed, WriteError
from mlkit.kit import Kit
from mlkit.models import CASTS
from mlkit.patterns.single_model import SingleModel
from mlkit.schedule import schedule

HEADER = Header("Ollama 0.24.0", {"small": "a", "large": "b"}, "2 cores", "2026-11-24")
TINY = CASTS["tiny"]


@pytest.fixture
def few(monkeypatch):
    """Two prompts and two patterns: a router of two calls in a row, and one model."""
    patterns = {
        "single_model": SingleModel(TINY.large),
        "router": systems.NINE["router"].for_any_prompt(TINY),
    }
    monkeypatch.setattr(timings, "prompts", lambda: list(timings.tasks.load("desk")[:2]))
    monkeypatch.setattr(systems, "for_any_prompt", lambda cast: patterns)


def kit_of(ask, header=HEADER, kind="ollama"):
    return Kit(ask, TINY, Engine(kind, header, None))


def rows_in(path):
    return [json.loads(line) for line in path.read_text().splitlines()[1:]]


def test_every_round_runs_every_pattern_on_every_prompt_and_patterns_alternate(
    few, scripted, tmp_path
):
    path = tmp_path / "timings" / "latency.jsonl"
    asyncio.run(timings.latency(kit_of(scripted({"": "code"})), path))
    rows = rows_in(path)
    assert [(row["round"], row["pattern"]) for row in rows[:4]] == [
        (0, "single_model"),
        (0, "router"),
    ] * 2
    assert all(
        one["task"] != other["task"]
        for one, other in pairwise(rows)
        if one["pattern"] == "single_model"
    )
    assert (
        len({(row["round"], row["task"], row["pattern"]) for row in rows})
        == len(rows)
        == timings.ROUNDS * 2 * 2
    )


def test_what_stopped_goes_on_and_a_line_that_was_cut_off_is_measured_again(
    few, scripted, tmp_path
):
    path = tmp_path / "latency.jsonl"
    stops = scripted({"": [*4 * ["code"], EngineUnreachable("the server is gone")]})
    with pytest.raises(EngineUnreachable):
        asyncio.run(timings.latency(kit_of(stops), path))
    whole = path.read_text()
    path.write_text(whole + whole.splitlines()[-1][:40])
    again = scripted({"": "code"})
    asyncio.run(timings.latency(kit_of(again), path))
    assert whole == path.read_text()[: len(whole)] and len(rows_in(path)) == timings.ROUNDS * 2 * 2
    assert len(again.asked) == timings.ROUNDS * 2 * 3 - sum(
        len(json.loads(line)["calls"]) for line in whole.splitlines()[1:]
    )


def test_a_row_that_was_cut_off_inside_a_character_is_measured_again(few, scripted, tmp_path):
    path = tmp_path / "latency.jsonl"
    asyncio.run(timings.latency(kit_of(scripted({"": "code"})), path))
    whole = path.read_bytes()
    path.write_bytes(whole + '{"error": "€'.encode()[:-1])
    again = scripted({"": "code"})
    asyncio.run(timings.latency(kit_of(again), path))
    assert path.read_bytes() == whole and again.asked == []


def test_times_of_another_engine_or_machine_do_not_mix(few, scripted, tmp_path):
    path = tmp_path / "latency.jsonl"
    asyncio.run(timings.latency(kit_of(scripted({"": "code"})), path))
    before = path.read_text()
    for other in (
        replace(HEADER, machine="64 cores"),
        replace(HEADER, engine="Ollama 1.0"),
        replace(HEADER, models={"small": "c"}),
    ):
        with pytest.raises(RecordingError, match="must not mix"):
            asyncio.run(timings.latency(kit_of(scripted({"": "code"}), other), path))
    assert path.read_text() == before


def test_a_pattern_that_fails_leaves_a_row_that_says_why(few, scripted, tmp_path):
    path = tmp_path / "latency.jsonl"
    asyncio.run(timings.latency(kit_of(scripted({"": Unparsed("no label in it")})), path))
    assert {row["error"] for row in rows_in(path)} >= {"Unparsed: no label in it"} and len(
        rows_in(path)
    ) == timings.ROUNDS * 2 * 2
    assert all("failed_after_seconds" in row["calls"][0] for row in rows_in(path) if row["error"])


def test_what_is_read_back_can_be_laid_out_on_servers(few, scripted, tmp_path, monkeypatch):
    monkeypatch.setattr(timings, "file", lambda name, cast: tmp_path / f"{name}.jsonl")
    asyncio.run(
        timings.latency(
            kit_of(scripted({"": {"text": "code", "prompt_tokens": 7, "load_seconds": 0.5}})),
            timings.file("latency", "tiny"),
        )
    )
    header, rows = timings.load_latency()
    router = next(row for row in rows if row.pattern == "router")
    assert header == HEADER and schedule(router.calls, servers=2) == [(0.0, 1.5), (1.5, 3.0)]
    assert router.calls[0].reply.prompt_tokens == 7 and router.calls[1].after == {0}


def test_a_line_ends_at_its_end_only(few, scripted, tmp_path, monkeypatch):
    monkeypatch.setattr(timings, "file", lambda name, cast: tmp_path / f"{name}.jsonl")
    ask = scripted({"": Unparsed("two\u2028lines\x85")})
    asyncio.run(timings.latency(kit_of(ask), timings.file("latency", "tiny")))
    _, rows = timings.load_latency()
    assert "Unparsed: two\u2028lines\x85" in {row.error for row in rows}


def test_files_that_are_missing_or_damaged_are_named_with_what_to_type(tmp_path, monkeypatch):
    monkeypatch.setattr(timings.paths, "data", lambda: tmp_path)
    with pytest.raises(
        RecordingError, match=r"no latency.jsonl.*uv run mlkit record latency --cast laptop"
    ):
        timings.load_latency("laptop")
    timings.file("lanes", "tiny").parent.mkdir(parents=True)
    timings.file("lanes", "tiny").write_text('{"engine": "x"\n')
    with pytest.raises(RecordingError, match="lanes.jsonl is damaged"):
        timings.load_lanes()


def test_how_models_share_a_machine_is_measured_on_ollama_only(scripted, tmp_path):
    with pytest.raises(EngineError, match="ollama serve"):
        asyncio.run(timings.lanes(kit_of(scripted({}), kind="embedded"), tmp_path / "lanes.jsonl"))
    assert not (tmp_path / "lanes.jsonl").exists()


def test_twenty_prompts_five_of_each_kind():
    kinds = [task.kind for task in timings.prompts()]
    assert {kind: kinds.count(kind) for kind in kinds} == dict.fromkeys(timings.KINDS, 5)
    assert all(task.split == "test" for task in timings.prompts())


def test_a_disk_that_fills_up_is_named_and_what_was_measured_stays(
    few, scripted, tmp_path, monkeypatch
):
    def no_space(*_: object, **__: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    path = tmp_path / "latency.jsonl"
    asyncio.run(timings.latency(kit_of(scripted({"": "code"})), path))
    whole = path.read_text()
    monkeypatch.setattr("os.fsync", no_space)
    path.write_text(whole + '{"cut off')
    with pytest.raises(WriteError, match="latency.jsonl: No space left"):
        asyncio.run(timings.latency(kit_of(scripted({"": "code"})), path))
    assert path.read_text() == whole + '{"cut off'


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a disk that is full")
def test_a_row_that_finds_the_disk_full_is_an_error_that_says_where():
    with pytest.raises(WriteError, match="/dev/full: No space left"):
        timings._append(Path("/dev/full"), {"round": 0})
