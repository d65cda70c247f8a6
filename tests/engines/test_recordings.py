import asyncio
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mlkit import paths
from mlkit.ask import Member, Reply
from mlkit.engines.journal import Journal
from mlkit.engines.recordings import Header, Recording, load_file, load_folder, save
from mlkit.errors import RecordingError, WriteError
from mlkit.wrappers import Replay, Texts, question

HEADER = Header("Ollama 0.0", {"m": "digest"}, "a machine", "2026-01-01")
MEMBER = Member("m", name="small")


def answer(prompt: str, text: str = "ok", member: Member = MEMBER, **options: Any) -> tuple:
    took = {"prompt_tokens": 7, "output_tokens": 2, "prompt_seconds": 0.25, "output_seconds": 0.5}
    return question(member, prompt, **options), Reply(text, member, **took)


def recording(*answers: tuple) -> Recording:
    return Recording(HEADER, dict(answers))


def test_what_is_saved_is_loaded_and_saving_twice_gives_the_same_bytes(tmp_path: Path):
    path = tmp_path / "a.jsonl"
    made = recording(answer("b"), answer("a", "caf\u00e9 <b>"))
    save(path, made)
    first = path.read_bytes()
    save(path, load_file(path))
    assert path.read_bytes() == first
    assert load_file(path) == made


def test_the_line_ends_of_windows_are_no_damage(tmp_path: Path):
    path = tmp_path / "a.jsonl"
    made = recording(answer("one\r\ntwo"), answer("a", "three\r\n"))
    save(path, made)
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert load_file(path) == made


def test_all_that_an_answer_says_is_kept(tmp_path: Path):
    sampled = Member(
        "m", "Be short.", (("a", "b"),), temperature=0.7, seed=9, max_tokens=5, name="sampled"
    )
    asked = question(sampled, "one", {"type": "object"}, ("yes", "no"))
    said = Reply("y", sampled, 3, 1, 0.0, 0.1, 0.2, 0.3, "length", {"yes": 0.1 + 0.2, "y": 1e-9})
    vectors = np.array([[0.1 + 0.2, 1 / 3]])
    save(tmp_path / "a.jsonl", Recording(HEADER, {asked: said, Texts("m", ("a",)): vectors}))
    back = load_file(tmp_path / "a.jsonl").answers
    assert np.array_equal(back[Texts("m", ("a",))], vectors)
    assert back.keys() == {asked, Texts("m", ("a",))}
    given = back[asked]
    assert (given.text, given.choices, given.done_reason) == ("y", said.choices, "length")
    assert (given.prompt_tokens, given.output_tokens, given.seconds) == (3, 1, said.seconds)


def test_members_stand_once_in_the_header_by_name(tmp_path: Path):
    other = Member("m", schema='{"type": "object"}', name="small")
    same = Member("m", name="small", seed=3)
    path = tmp_path / "a.jsonl"
    save(path, recording(answer("a"), answer("b", member=other), answer("c", member=same)))
    header, *lines = path.read_text().split("\n")[:-1]
    assert header.count('"schema"') == 1 and '"small 2": {"model": "m"' in header
    assert [line.count('"system"') for line in lines] == [0, 0, 0]
    assert load_file(path).answers.keys() == {
        question(MEMBER, "a"),
        question(other, "b"),
        question(same, "c"),
    }


@pytest.mark.parametrize("code", [0x2028, 0x2029, 0x85, 0x0B, 0x0C, 0x1C, 0x0D, 0x0A, 0x0])
def test_an_answer_may_hold_any_character(tmp_path: Path, code: int):
    """Some of them end a line in Python's view, and none does in a recording."""
    text = f"one{chr(code)}two"
    path = tmp_path / "a.jsonl"
    save(path, recording(answer(text, text)))
    folder = load_folder(tmp_path)
    reply = asyncio.run(Replay(folder.answers, folder.missing)(MEMBER, text))
    assert reply.text == text


def spoil(path: Path, change) -> None:
    path.write_text("\n".join(change(path.read_text().split("\n")[:-1])) + "\n")


DAMAGE = [
    ("a line cut off", lambda lines: [*lines[:-1], lines[-1][:40]], "line 3: this line is cut off"),
    (
        "an answer edited",
        lambda lines: [lines[0], lines[1].replace('"ok"', '"no"'), lines[2]],
        "line 2: .*changed after",
    ),
    (
        "a question edited",
        lambda lines: [lines[0], lines[1], lines[2].replace('"prompt": "', '"prompt": "x')],
        "line 3: .*changed after",
    ),
    (
        "a member edited",
        lambda lines: [lines[0].replace('"You are', '"I am'), *lines[1:]],
        "line 1: .*header",
    ),
    ("a line twice", lambda lines: [*lines, lines[1]], "line 4: the same question"),
    ("no header", lambda lines: lines[1:], "line 1: .*header"),
    ("empty", lambda lines: [], "line 1: .*header"),
    ("a list", lambda lines: [lines[0], "[1, 2]"], "line 2: this line is cut off, or is not"),
]


@pytest.mark.parametrize(
    "change, complaint", [case[1:] for case in DAMAGE], ids=[case[0] for case in DAMAGE]
)
def test_a_damaged_file_is_refused_by_name_line_and_repair(tmp_path: Path, change, complaint):
    path = tmp_path / "a.jsonl"
    save(path, recording(answer("a"), answer("b")))
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


def test_thinking_is_recorded_and_stands_nowhere_where_there_is_none(tmp_path: Path):
    path = tmp_path / "a.jsonl"
    thinker = Member("m", think=True, name="thinker")
    asked, reply = answer("a", member=thinker)
    thought = replace(reply, thinking="Hm.", thinking_tokens=1)
    save(path, recording((asked, thought), answer("a")))
    header, *lines = path.read_text().splitlines()
    ways = json.loads(header)["members"]
    assert ways["thinker"]["think"] is True and "think" not in ways["small"]
    assert sorted('"thinking"' in line for line in lines) == [False, True]
    loaded = load_file(path).answers
    assert loaded[asked] == thought and loaded[answer("a")[0]].thinking == ""
    journal = Journal(path, HEADER)
    journal[asked] = thought
    journal.close()
    again = Journal(path, HEADER)
    assert again.get(asked) == thought
    again.close()


def test_files_of_a_folder_may_share_an_answer_but_not_disagree(tmp_path: Path):
    save(tmp_path / "a.jsonl", recording(answer("x"), answer("y")))
    save(tmp_path / "b.jsonl", recording(answer("x"), answer("z")))
    assert len(load_folder(tmp_path).answers) == 3
    save(tmp_path / "b.jsonl", recording(answer("x", "something else")))
    with pytest.raises(RecordingError, match=r"b\.jsonl .*differently"):
        load_folder(tmp_path)


def test_a_save_that_fails_leaves_the_old_file_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    path = tmp_path / "a.jsonl"
    save(path, recording(answer("a")))
    before = path.read_bytes()

    def no_space(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", no_space)
    with pytest.raises(WriteError, match="No space"):
        save(path, recording(answer("b")))
    assert path.read_bytes() == before


def test_a_recording_is_put_in_place_in_one_step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    path = tmp_path / "a.jsonl"
    save(path, recording(answer("a")))
    before = path.read_bytes()
    monkeypatch.setattr(
        Path, "replace", lambda *_: (_ for _ in ()).throw(PermissionError("in use"))
    )
    with pytest.raises(WriteError, match="in use"):
        save(path, recording(answer("b")))
    assert path.read_bytes() == before


def test_the_shipped_recordings_are_whole_and_name_nobody():
    shipped = load_folder(paths.recordings("tiny"))
    assert shipped.answers
    assert shipped.header.engine.startswith("Ollama 0.24")
    for file in paths.recordings("tiny").glob("*.jsonl"):
        text = file.read_text()
        assert not any(word in text for word in ("/root", "/home/", "/Users/", "Bearer", "api_key"))
