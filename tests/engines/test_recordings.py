import json
from pathlib import Path

import pytest

from mlkit import paths
from mlkit.engines.recordings import (
    Exchange,
    Header,
    Recording,
    load_file,
    load_folder,
    normalised,
    save,
)
from mlkit.errors import RecordingError, WriteError

HEADER = Header("Ollama 0.0", {"m": "digest"}, "a machine", "2026-01-01")


def exchange(prompt: str, answer: str = "ok") -> Exchange:
    request = {"model": "m", "messages": [{"role": "user", "content": prompt}]}
    return Exchange(
        "/api/chat",
        request,
        {"model": "m", "message": {"role": "assistant", "content": answer}, "done": True},
    )


def recording(*exchanges: Exchange) -> Recording:
    return Recording(HEADER, {one.key: one for one in exchanges})


def test_what_is_saved_is_loaded_and_saving_twice_gives_the_same_bytes(tmp_path: Path):
    path = tmp_path / "a.jsonl"
    save(path, recording(exchange("b"), exchange("a", "caf\u00e9 <b>")))
    first = path.read_bytes()
    save(path, load_file(path))
    assert path.read_bytes() == first
    assert load_file(path) == recording(exchange("a", "caf\u00e9 <b>"), exchange("b"))
    keys = [json.loads(line)["key"] for line in first.decode().splitlines()[1:]]
    assert keys == sorted(keys)


@pytest.mark.parametrize(
    "noise",
    [
        {"keep_alive": "5m"},
        {"tools": []},
        {"format": None},
        {"stream": False},
        {"options": {"seed": 1, "num_thread": 2}},
    ],
)
def test_what_cannot_change_an_answer_is_not_in_the_key(noise):
    plain = {"model": "m", "messages": [{"role": "user", "content": "a"}], "options": {"seed": 1}}
    assert normalised(json.dumps(plain | noise).encode()) == plain


@pytest.mark.parametrize(
    "difference",
    [
        {"options": {"seed": 2}},
        {"options": {"seed": 1, "temperature": 0.0}},
        {"model": "n"},
        {"format": {"type": "object"}},
        {"logprobs": True},
    ],
)
def test_what_can_change_an_answer_is_in_the_key(difference):
    plain = {"model": "m", "messages": [{"role": "user", "content": "a"}], "options": {"seed": 1}}
    assert normalised(json.dumps(plain | difference).encode()) != plain


def spoil(path: Path, change) -> None:
    path.write_text("\n".join(change(path.read_text().splitlines())) + "\n")


DAMAGE = [
    ("a line cut off", lambda lines: [*lines[:-1], lines[-1][:40]], "line 3: this line is cut off"),
    (
        "an answer edited",
        lambda lines: [lines[0], lines[1].replace('"ok"', '"no"'), lines[2]],
        "line 2: .*changed after",
    ),
    (
        "a question edited",
        lambda lines: [lines[0], lines[1], lines[2].replace('"user"', '"tool"')],
        "line 3: .*changed after",
    ),
    ("a line twice", lambda lines: [*lines, lines[1]], "line 4: the same question"),
    ("no header", lambda lines: lines[1:], "line 1: .*header"),
    ("empty", lambda lines: [], "line 1: .*header"),
    ("a list", lambda lines: [lines[0], "[1, 2]"], "line 2: this line is cut off or is not"),
]


@pytest.mark.parametrize(
    "change, complaint", [case[1:] for case in DAMAGE], ids=[case[0] for case in DAMAGE]
)
def test_a_damaged_file_is_refused_by_name_line_and_repair(tmp_path: Path, change, complaint):
    path = tmp_path / "a.jsonl"
    save(path, recording(exchange("a"), exchange("b")))
    spoil(path, change)
    with pytest.raises(
        RecordingError, match=rf"a\.jsonl, {complaint}.*git checkout.*mlkit record --fresh a"
    ):
        load_file(path)


def test_a_missing_file_or_folder_is_refused_with_the_repair(tmp_path: Path):
    with pytest.raises(RecordingError, match="git checkout"):
        load_file(tmp_path / "a.jsonl")
    with pytest.raises(RecordingError, match="mlkit record --cast laptop"):
        load_folder(tmp_path / "laptop")


def test_files_of_a_folder_may_share_an_answer_but_not_disagree(tmp_path: Path):
    save(tmp_path / "a.jsonl", recording(exchange("x"), exchange("y")))
    save(tmp_path / "b.jsonl", recording(exchange("x"), exchange("z")))
    assert len(load_folder(tmp_path).exchanges) == 3
    save(tmp_path / "b.jsonl", recording(exchange("x", "something else")))
    with pytest.raises(RecordingError, match=r"b\.jsonl .*differently"):
        load_folder(tmp_path)


def test_a_save_that_fails_leaves_the_old_file_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    path = tmp_path / "a.jsonl"
    save(path, recording(exchange("a")))
    before = path.read_bytes()

    def no_space(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", no_space)
    with pytest.raises(WriteError, match="No space"):
        save(path, recording(exchange("b")))
    assert path.read_bytes() == before


def test_a_recording_is_put_in_place_in_one_step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path = tmp_path / "a.jsonl"
    save(path, recording(exchange("a")))
    before = path.read_bytes()
    monkeypatch.setattr(
        Path, "replace", lambda *_: (_ for _ in ()).throw(PermissionError("in use"))
    )
    with pytest.raises(WriteError, match="in use"):
        save(path, recording(exchange("b")))
    assert path.read_bytes() == before


def test_the_shipped_recordings_are_whole_and_name_nobody():
    shipped = load_folder(paths.recordings("tiny"))
    assert shipped.exchanges
    assert shipped.header.engine.startswith("Ollama 0.24")
    for file in paths.recordings("tiny").glob("*.jsonl"):
        text = file.read_text()
        assert not any(word in text for word in ("/root", "/home/", "/Users/", "Bearer", "api_key"))
