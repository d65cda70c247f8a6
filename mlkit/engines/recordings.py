"""The file format of recorded exchanges.

A recording is a JSONL file: a header (who answered, where, when), then one exchange a line, sorted
by key. The key is a hash of what was asked; the check is a hash of the line, so that an edited
answer is noticed.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from mlkit import paths
from mlkit.errors import RecordingError


@dataclass(frozen=True)
class Header:
    """Where a recording comes from: shown beside every number that is computed from it."""

    engine: str  # "Ollama 0.24.0"
    models: Mapping[str, str]  # model -> digest of its weights
    machine: str  # "2 cores, 24 GiB, no GPU"
    date: str  # "2026-11-23"

    def same_models(self, other: "Header") -> bool:
        """Whether the same engine with the same weights answered, so that answers of both may stand
        together.
        """
        return (self.engine, dict(self.models)) == (other.engine, dict(other.models))


@dataclass(frozen=True)
class Exchange:
    """One request and what the engine answered."""

    path: str
    request: dict[str, Any]
    response: dict[str, Any]

    @property
    def key(self) -> str:
        return _digest([self.path, self.request])

    @property
    def check(self) -> str:
        return _digest([self.path, self.request, self.response])

    @property
    def prompt(self) -> str:
        """What the person (or the pattern) wrote last."""
        if messages := self.request.get("messages"):
            return messages[-1]["content"]
        texts = self.request.get("input", "")
        return texts if isinstance(texts, str) else " | ".join(texts)


@dataclass(frozen=True)
class Recording:
    """What one file, or one folder of files, holds."""

    header: Header
    exchanges: dict[str, Exchange] = field(default_factory=dict)

    def prompts(self, model: str) -> list[str]:
        """The different prompts this model was asked."""
        asked = (
            exchange.prompt
            for exchange in self.exchanges.values()
            if exchange.request["model"] == model
        )
        return list(dict.fromkeys(asked))


def normalised(body: bytes) -> dict[str, Any]:
    """What of a request decides its answer: no empty values, nothing about keeping warm or
    threads.
    """
    request = {
        name: value
        for name, value in json.loads(body).items()
        if name not in ("keep_alive", "stream")
    }
    if options := request.get("options"):
        request["options"] = {
            name: value for name, value in options.items() if name != "num_thread"
        }
    return {name: value for name, value in request.items() if value not in (None, "", [], {})}


def load_file(path: Path) -> Recording:
    """Read one recording. Raises RecordingError naming file and line where it is damaged."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        raise RecordingError(
            f"There is no recording {path.name}. Get it back with:  git checkout -- data/recordings"
            f"   or make it:  uv run mlkit record {path.stem}"
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise RecordingError(
            f"{path.name} cannot be read ({error}). Get it back with:  git checkout --"
            " data/recordings"
        ) from None
    try:
        header = Header(**json.loads(lines[0]))
    except (IndexError, TypeError, json.JSONDecodeError):
        raise _damaged(path, 1, "this is not the header of a recording") from None
    exchanges: dict[str, Exchange] = {}
    for number, line in enumerate(lines[1:], start=2):
        exchange = exchange_in(path, number, line)
        if exchange.key in exchanges:
            raise _damaged(path, number, "the same question stands here twice")
        exchanges[exchange.key] = exchange
    return Recording(header, exchanges)


def load_folder(folder: Path) -> Recording:
    """Read all recordings of a cast as one. Files may share a question only if they share the
    answer.
    """
    files = sorted(folder.glob("*.jsonl"))
    if not files:
        raise RecordingError(
            f"There are no recordings for the cast {folder.name!r}. Make them with:  uv run mlkit"
            f" record --cast {folder.name}   or take the cast that has some:  mlkit.connect('tiny')"
        )
    headers: list[Header] = []
    exchanges: dict[str, Exchange] = {}
    for file in files:
        recording = load_file(file)
        headers.append(recording.header)
        for key, exchange in recording.exchanges.items():
            if exchanges.setdefault(key, exchange).response != exchange.response:
                raise RecordingError(
                    f"{file.name} and another file answer the same question differently:"
                    f" {exchange.prompt[:80]!r}. Record it again with:  uv run mlkit record"
                    f" {file.stem}"
                )
    newest = max(headers, key=lambda header: header.date)
    models = {model: digest for header in headers for model, digest in header.models.items()}
    return Recording(Header(newest.engine, models, newest.machine, newest.date), exchanges)


def save(path: Path, recording: Recording) -> None:
    """Write a recording whole or not at all."""
    head = json.dumps(asdict(recording.header), ensure_ascii=False) + "\n"
    lines = (line_of(recording.exchanges[key]) for key in sorted(recording.exchanges))
    paths.write(path, head + "".join(lines))


def exchange_in(path: Path, number: int, line: str) -> Exchange:
    try:
        stored = json.loads(line)
        key, check = stored.pop("key"), stored.pop("check")
        exchange = Exchange(**stored)
    except (KeyError, TypeError, AttributeError, json.JSONDecodeError):
        raise _damaged(path, number, "this line is cut off or is not an exchange") from None
    if (key, check) != (exchange.key, exchange.check):
        raise _damaged(path, number, "what it says was changed after it was recorded")
    return exchange


def _damaged(path: Path, number: int, problem: str) -> RecordingError:
    return RecordingError(
        f"{path.name}, line {number}: {problem}. Get the file back with:  git checkout --"
        f" data/recordings   or make it again:  uv run mlkit record --fresh {path.stem}"
    )


def line_of(exchange: Exchange) -> str:
    line = {"key": exchange.key, "check": exchange.check, **asdict(exchange)}
    return json.dumps(line, ensure_ascii=False) + "\n"


def _digest(value: Any) -> str:
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:24]
