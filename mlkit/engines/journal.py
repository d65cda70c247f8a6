"""A recording in the making: each answer goes to a file at once."""

from collections.abc import Collection, Mapping
from dataclasses import asdict
from pathlib import Path

import filelock

from mlkit import paths
from mlkit.engines.recordings import Header, Recording, answer_line, checked, line_of, read, save
from mlkit.errors import RecordingError
from mlkit.wrappers import Answer, Asked


class Journal:
    """The memory of a recording: a killed run loses at most the call it was in.

    `known` answers are not asked again; those of them that stand `elsewhere`, in the recording of
    something else, are not kept here too.
    """

    def __init__(
        self,
        path: Path,
        header: Header,
        known: Mapping[Asked, Answer] | None = None,
        elsewhere: Collection[Asked] = (),
    ) -> None:
        self.path, self._header = path, header
        self._journal = journal_of(path)
        self._lock = filelock.FileLock(f"{path}.lock")
        self._unwritten = b""
        with paths.writing(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            try:
                self._lock.acquire(timeout=0)
            except filelock.Timeout:
                raise RecordingError(
                    f"{path.name} is being recorded by another kernel. Shut that one down, then run"
                    " this cell again."
                ) from None
        try:
            self._answers = dict(known or {}) | _read_journal(self._journal, header)
            self._write(line_of(asdict(header)))
        except BaseException:
            self._lock.release()
            raise
        self._elsewhere = set(elsewhere)
        self._kept: dict[Asked, Answer] = {}

    def get(self, asked: Asked, /) -> Answer | None:
        if (answer := self._answers.get(asked)) is not None:
            self[asked] = answer
        return answer

    def __setitem__(self, asked: Asked, answer: Answer, /) -> None:
        self._answers[asked] = answer
        if asked not in self._elsewhere and asked not in self._kept:
            self._kept[asked] = answer
            self._write(answer_line(asked, answer))

    def finish(self) -> Recording:
        """Make the recording, as the function `finish` does."""
        self._write("")
        self.close()
        return finish(self.path, self._header)

    def close(self) -> None:
        """Let go of the file; what is written goes on in the next run."""
        self._lock.release()

    def _write(self, line: str) -> None:
        """Add a line, and those that found the disk full before."""
        try:
            self._unwritten += line.encode()
        except UnicodeEncodeError:
            raise RecordingError(
                f"Half of a character (a lone surrogate) cannot be kept in {self._journal.name}: "
                f"{line[:120]!a}. Take it out of the prompt or the member's texts."
            ) from None
        with paths.writing(self._journal), self._journal.open("ab", buffering=0) as file:
            while self._unwritten:
                self._unwritten = self._unwritten[file.write(self._unwritten) :]


def journal_of(path: Path) -> Path:
    return path.with_suffix(".journal.partial")


def finish(path: Path, header: Header) -> Recording:
    """Make the recording: what the last run asked, and nothing that only earlier ones did."""
    recording = Recording(header, _read_journal(journal_of(path), header, last_run_only=True))
    save(path, recording)
    journal_of(path).unlink()
    return recording


def _read_journal(
    journal: Path, header: Header, last_run_only: bool = False
) -> dict[Asked, Answer]:
    """What earlier runs kept; the call of a line that was cut off is asked again."""
    if not journal.exists():
        return {}
    answers: dict[Asked, Answer] = {}
    for number, line in enumerate(paths.whole_lines(journal), start=1):
        if '"engine": ' not in line[:60]:
            asked, answer = read(journal, number, line, {})
            answers[asked] = answer
            continue
        began = Header(**checked(line))
        if not began.same_models(header):
            raise RecordingError(
                f"{journal.name} was begun on {began.engine}; this is {header.engine}, or has other"
                " weights. Start afresh with:  uv run mlkit record --fresh"
            )
        if last_run_only:
            answers.clear()
    return answers
