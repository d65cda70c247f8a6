"""A recording in the making: what a killed run, a full disk or another kernel do to it."""

import asyncio
import errno
import subprocess
import sys
from pathlib import Path

import filelock
import pytest

from mlkit.ask import Member
from mlkit.engines.journal import Journal, finish, journal_of
from mlkit.engines.recordings import Header, Recording, load_file
from mlkit.errors import RecordingError, WriteError
from mlkit.wrappers import Recorder
from tests.echo import Echo

HEADER = Header("Ollama 0.0", {"m": "digest"}, "a machine", "2026-01-01")
MEMBER = Member("m")


def keep(path: Path, *prompts: str, header: Header = HEADER, **options) -> list[str]:
    """Ask and keep; gives what was asked of the engine."""
    live, journal = Echo(), Journal(path, header, **options)

    async def main() -> None:
        for prompt in prompts:
            await Recorder(live, journal)(MEMBER, prompt)

    asyncio.run(main())
    journal.close()
    return live.asked


def prompts_of(recording: Recording) -> list[str]:
    return sorted(one.prompt for one in recording.questions)


def test_a_recording_begun_is_not_asked_again_and_ends_with_what_the_last_run_asked(tmp_path):
    path = tmp_path / "a.jsonl"
    keep(path, "old", "kept")
    assert not path.exists()
    assert keep(path, "kept", "new") == ["new"]
    assert prompts_of(finish(path, HEADER)) == ["kept", "new"]
    assert not journal_of(path).exists() and prompts_of(load_file(path)) == ["kept", "new"]


def test_what_another_recording_holds_is_not_kept_twice(tmp_path):
    keep(tmp_path / "a.jsonl", "shared")
    known = finish(tmp_path / "a.jsonl", HEADER).answers
    path = tmp_path / "b.jsonl"
    assert keep(path, "shared", "own", known=known, elsewhere=known.keys()) == ["own"]
    assert prompts_of(finish(path, HEADER)) == ["own"]


def test_a_journal_cut_off_anywhere_loses_the_last_answer_only(tmp_path):
    """Also inside a character: each byte of the last line is tried."""
    path = tmp_path / "a.jsonl"
    keep(path, "first", "über €")
    written = journal_of(path).read_bytes()
    last_line = written.rstrip(b"\n").rfind(b"\n") + 1
    for cut in range(last_line + 1, len(written)):
        journal_of(path).write_bytes(written[:cut])
        assert keep(path, "first", "über €") == ["über €"], written[last_line:cut]
    assert prompts_of(finish(path, HEADER)) == ["first", "über €"]


def test_a_journal_of_another_engine_is_not_mixed_in_and_the_file_is_free_again(tmp_path):
    path = tmp_path / "a.jsonl"
    keep(path, "first")
    with pytest.raises(RecordingError, match="begun on Ollama 0.0; this is Ollama 9.9.*--fresh"):
        keep(path, header=Header("Ollama 9.9", {"m": "digest"}, "", ""))
    assert keep(path, "first") == []


def test_two_journals_of_one_file_do_not_meet(tmp_path):
    code = (
        "import sys, pathlib; from tests.engines.test_journal import *; journal ="
        " Journal(pathlib.Path(sys.argv[1]), HEADER); print('locked', flush=True);"
        " sys.stdin.read()"
    )
    other = subprocess.Popen(
        [sys.executable, "-c", code, tmp_path / "a.jsonl"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    )
    try:
        assert other.stdout.readline().strip() == "locked"
        with pytest.raises(RecordingError, match="another kernel"):
            Journal(tmp_path / "a.jsonl", HEADER)
    finally:
        other.communicate()
    Journal(tmp_path / "a.jsonl", HEADER).close()


def test_a_recording_that_cannot_be_begun_says_where(tmp_path):
    (tmp_path / "taken").write_text("a file")
    with pytest.raises(WriteError, match=r"taken.a\.jsonl: a file stands where a folder"):
        Journal(tmp_path / "taken" / "a.jsonl", HEADER)


class FullDisk:
    """A file that takes `room` bytes more, and then says what a full disk says."""

    def __init__(self, file, room: int) -> None:
        self.file, self.room = file, room

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.file.close()

    def write(self, content: bytes) -> int:
        if not self.room:
            raise OSError(errno.ENOSPC, "No space left on device")
        written = self.file.write(content[: self.room])
        self.room -= written
        return written


@pytest.mark.parametrize("room", [0, 1, 90])
def test_an_answer_that_finds_the_disk_full_is_one_line_and_is_not_lost(
    tmp_path, monkeypatch, room
):
    path, live = tmp_path / "a.jsonl", Echo()
    journal = Journal(path, HEADER)
    recorder = Recorder(live, journal)
    asyncio.run(recorder(MEMBER, "one"))
    opened = Path.open
    with monkeypatch.context() as full:
        full.setattr(Path, "open", lambda self, *a, **o: FullDisk(opened(self, *a, **o), room))
        with pytest.raises(WriteError, match=r"a.journal.partial: No space left") as said:
            asyncio.run(recorder(MEMBER, "two"))
    assert "\n" not in str(said.value)
    assert asyncio.run(recorder(MEMBER, "two")).text == "3"  # from memory
    asyncio.run(recorder(MEMBER, "three"))
    assert live.asked == ["one", "two", "three"]
    assert prompts_of(journal.finish()) == ["one", "three", "two"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a disk that is full")
def test_a_really_full_disk(tmp_path, monkeypatch):
    journal = Journal(tmp_path / "a.jsonl", HEADER)
    monkeypatch.setattr(journal, "_journal", Path("/dev/full"))
    with pytest.raises(WriteError, match="No space left"):
        asyncio.run(Recorder(Echo(), journal)(MEMBER, "one"))
    journal.close()
    with filelock.FileLock(tmp_path / "a.jsonl.lock", timeout=0):
        pass  # the next kernel can have it


def test_half_a_character_is_one_line_and_the_next_answer_is_kept(tmp_path):
    path = tmp_path / "a.jsonl"
    journal = Journal(path, HEADER)
    recorder = Recorder(Echo(), journal)
    with pytest.raises(RecordingError, match="lone surrogate") as said:
        asyncio.run(recorder(Member("m", system="a \ud800"), "one"))
    assert "\n" not in str(said.value) and str(said.value).encode()
    asyncio.run(recorder(MEMBER, "two"))
    assert prompts_of(journal.finish()) == ["two"]


def test_a_journal_that_was_cut_off_stays_where_it_cannot_be_written_again(tmp_path, monkeypatch):
    def no_space(*_: object, **__: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    path = tmp_path / "a.jsonl"
    keep(path, "one")
    journal = journal_of(path)
    journal.write_text(journal.read_text() + '{"cut off')
    before = journal.read_text()
    monkeypatch.setattr("os.fsync", no_space)
    with pytest.raises(WriteError, match=r"a.journal.partial: No space left"):
        Journal(path, HEADER)
    assert journal.read_text() == before
