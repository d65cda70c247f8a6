"""Casts that are not the recorded one: who plays which role, whose recordings stand in, and what
else the Ollama of this machine could play.
"""

import asyncio
import shutil
from typing import Any

import pytest
from course import studies
from typer.testing import CliRunner

import mlkit
from mlkit import cli, paths
from mlkit.engines import choose, ollama
from mlkit.errors import MlkitError
from mlkit.models import CASTS, Price, cast_named, cost_dollars, list_prices
from mlkit.patterns.single_model import SingleModel
from mlkit.trace import Call

OWN = "small=qwen3:1.7b,large=qwen3:8b"
QWENS = [
    {"name": "Qwen3:8b", "digest": "c", "size": 5_200_000_000},
    {"name": "qwen3:1.7b", "digest": "a", "size": 1_400_000_000},
    {"name": "qwen3-embedding:4b", "digest": "e", "size": 600_000_000},
    {"name": "qwen3:4b-fp16", "digest": "b", "size": 8_100_000_000},
    {"name": "llama3.2:1b", "digest": "d", "size": 1_300_000_000},
]


def serve(monkeypatch: pytest.MonkeyPatch, models: list[dict[str, Any]]) -> None:
    server = ollama.described("0.24.0", models)
    monkeypatch.setattr(ollama, "find", lambda address: server)


def named(cast: str) -> list[dict[str, Any]]:
    return [{"name": model, "digest": "d", "size": 1} for model in cast_named(cast).models]


@pytest.mark.parametrize(
    ("text", "models"),
    [
        (OWN, ["qwen3:1.7b", "qwen3:8b", "qwen3:8b", "qwen3:8b", "qwen3:8b"]),
        ("large=a:7b", ["a:7b"] * 5),
        ("small=a:1b", ["a:1b"] * 5),
        (' "small = a, large=b , coder=c,writer=d" ', ["a", "b", "c", "b", "d"]),
        ("tiny", [member.model for member in CASTS["tiny"].members.values()]),
    ],
)
def test_a_cast_is_named_or_spelled_out(text: str, models: list[str]) -> None:
    cast = cast_named(text)
    assert [member.model for member in cast.members.values()] == models
    assert [member.name for member in cast.members.values()] == list(cast.members)
    assert cast_named(cast.name) == cast


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("huge", "no cast 'huge'"),
        ("small=a,boss=b", "no role 'boss'"),
        ("small=,large=b", "no model for small"),
        ("small=a,", "no role ''"),
        ("small=a,small=b", "small twice"),
        ("coder=a", "neither small nor large"),
    ],
)
def test_a_cast_that_cannot_be_read_is_told_in_one_line(
    text: str, problem: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLKIT_CAST", text)
    with pytest.raises(MlkitError, match=f"MLKIT_CAST.*{problem}") as caught:
        mlkit.connect(engine="replay")
    assert isinstance(caught.value, ValueError) and "\n" not in str(caught.value)
    monkeypatch.delenv("MLKIT_CAST")
    for command in ("pull", "doctor"):
        told = CliRunner().invoke(cli.app, [command, "--cast", text], env={"COLUMNS": "400"})
        assert told.exit_code == 1 and problem in told.output


@pytest.mark.parametrize("cast", ["laptop", "workstation", OWN])
def test_without_recordings_of_its_own_a_cast_shows_tinys_and_says_so(
    cast: str, capsys: pytest.CaptureFixture[str]
) -> None:
    kit = mlkit.connect(cast, engine="replay")
    assert f"nothing is recorded for {cast_named(cast).name}: these are tiny's" in (
        capsys.readouterr().out
    )
    assert (kit.cast, kit.recorded) == (CASTS["tiny"], kit)
    assert kit.source.endswith("· cast tiny: yours has no recordings")
    assert asyncio.run(studies.triage(kit)).share("small") > 0
    small = kit.cast.small
    assert asyncio.run(kit.run(SingleModel(small), kit.recorded_prompts(small)[0])).result.text


def test_the_cast_that_is_recorded_says_nothing_of_the_kind(
    capsys: pytest.CaptureFixture[str],
) -> None:
    kit = mlkit.connect("tiny", engine="replay")
    assert "nothing is recorded" not in capsys.readouterr().out
    assert "yours" not in kit.source


@pytest.mark.parametrize("cast", ["laptop", OWN])
def test_live_the_cast_answers_and_tiny_gives_the_statistics(
    cast: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    serve(monkeypatch, named(cast))
    kit = mlkit.connect(cast, engine="ollama")
    out = capsys.readouterr().out
    assert out.startswith("LIVE · Ollama 0.24.0 · small=")
    assert out.endswith(f" · nothing is recorded for {kit.cast.name}: statistics are tiny's\n")
    assert (kit.cast, kit.recorded.cast) == (cast_named(cast), CASTS["tiny"])
    assert "yours" not in kit.source
    assert kit.recorded.source.endswith("· cast tiny: yours has no recordings")
    assert asyncio.run(studies.triage(kit.recorded)).share("small") > 0


def test_own_recordings_are_taken_before_tinys_as_soon_as_none_is_missing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    real = paths.data()
    monkeypatch.setattr(paths, "data", lambda: tmp_path)
    assert not set(paths.recordings(OWN).name) & set('<>:"/\\|?*')  # what Windows does not take
    for folder in (paths.recordings("tiny"), paths.recordings(OWN)):
        shutil.copytree(real / "recordings/tiny", folder)
    assert mlkit.connect(OWN, engine="replay").cast == CASTS["tiny"]  # nothing is timed yet
    shutil.copytree(real / "timings/tiny", paths.timings(OWN))
    kit = mlkit.connect(OWN, engine="replay")
    assert kit.cast == cast_named(OWN) and "yours" not in kit.source
    (paths.recordings(OWN) / "triage.jsonl").unlink()
    assert mlkit.connect(OWN, engine="replay").cast == CASTS["tiny"]


def test_other_qwens_are_listed_with_the_line_that_plays_them(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Any
) -> None:
    monkeypatch.setenv("MLKIT_WEIGHTS", str(tmp_path))
    serve(monkeypatch, QWENS)
    assert not mlkit.connect(engine="auto").live
    out = capsys.readouterr().out
    line = 'MLKIT_CAST="small=qwen3:1.7b,large=Qwen3:8b"'
    assert f"Ollama has qwen3:1.7b, qwen3:4b-fp16, Qwen3:8b: to play with them, set {line}" in out
    assert out.endswith(f"here: kit = mlkit.connect({line.partition('=')[2]})\n")
    monkeypatch.setenv("MLKIT_CAST", line.partition("=")[2])
    kit = mlkit.connect(engine="auto")
    assert kit.live and (kit.cast.small.model, kit.cast.large.model) == ("qwen3:1.7b", "Qwen3:8b")
    assert "to play" not in capsys.readouterr().out.replace(line, "")


def test_one_other_qwen_plays_all_roles_and_none_is_no_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Any
) -> None:
    monkeypatch.setenv("MLKIT_WEIGHTS", str(tmp_path))
    serve(monkeypatch, QWENS[:1])
    mlkit.connect(engine="auto")
    assert 'MLKIT_CAST="small=Qwen3:8b,large=Qwen3:8b"' in capsys.readouterr().out
    serve(monkeypatch, QWENS[-1:])
    mlkit.connect(engine="auto")
    assert "MLKIT_CAST" not in capsys.readouterr().out


def test_names_of_models_are_compared_without_case(monkeypatch: pytest.MonkeyPatch) -> None:
    serve(monkeypatch, QWENS)
    header = choose.choose(cast_named("small=QWEN3:1.7b,large=qwen3:8B"), "ollama").header
    assert header.models == {"QWEN3:1.7b": "a", "qwen3:8B": "c"}


@pytest.mark.parametrize(
    ("model", "like"),
    [
        ("qwen3:1.7b", "qwen2.5-coder:1.5b"),
        ("qwen3:4b", "qwen2.5:7b"),
        ("qwen3:8b", "qwen2.5:7b"),
        ("qwen3:30b-a3b", "qwen2.5:32b"),
        ("qwen3", "qwen2.5:32b"),
    ],
)
def test_a_model_without_list_price_costs_what_one_of_its_size_does(model: str, like: str) -> None:
    prices = list_prices()
    costs = [
        cost_dollars([Call(0, "", member, mlkit.Reply("", member, 1000, 1000))], prices)
        for member in (mlkit.Member(model), mlkit.Member(like))
    ]
    assert costs[0] == costs[1] > 0


def test_a_chart_says_whose_price_a_model_without_one_has(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    serve(monkeypatch, named(OWN))
    kit = mlkit.connect(OWN, engine="ollama")
    assert kit.source.endswith(
        " · priced: qwen3:1.7b like qwen2.5-coder:1.5b, qwen3:8b like qwen2.5-coder:7b"
    )
    assert "priced" not in kit.recorded.source


def test_prices_of_ones_own_are_not_filled_in_from_others() -> None:
    call = Call(0, "", mlkit.Member("qwen2.5:7b"), mlkit.Reply("", mlkit.Member("m"), 1000, 1000))
    with pytest.raises(KeyError, match="qwen2.5:7b"):
        cost_dollars([call], {"qwen2.5:14b": Price(1, 1)})


def test_a_command_takes_the_cast_from_the_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    pulled = []
    monkeypatch.setattr(cli, "_pull_from_ollama", lambda cast: not pulled.append(cast))
    for arguments in (["pull"], ["pull", "--cast", "laptop"]):
        CliRunner().invoke(cli.app, arguments, env={"MLKIT_CAST": OWN})
    assert pulled == [cast_named(OWN), CASTS["laptop"]]
