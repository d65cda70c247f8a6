"""Recordings: what was asked and answered at the seam, whichever engine answered.

A recording is a JSONL file. Its first line says who answered, where, when, and which members were
asked; then comes one answer a line. Each line begins with a check, a hash of what follows, so that
an edited answer is noticed.
"""

import difflib
import hashlib
import heapq
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from mlkit import paths
from mlkit.ask import Member, Reply
from mlkit.engines.request import check_prompt
from mlkit.errors import NotRecorded, RecordingError
from mlkit.wrappers import Answer, Asked, Question, Texts, question

_WAY = ("model", "system", "shots", "temperature", "max_tokens")  # the seed stands in each line
_TOOK = ("prompt_tokens", "output_tokens", "load_seconds", "prompt_seconds", "output_seconds")
_USUAL = {"done_reason": "stop", "thinking": "", "thinking_tokens": 0}  # written where it is not so


@dataclass(frozen=True)
class Header:
    """Where a recording comes from: shown beside every number that is computed from it."""

    engine: str  # "Ollama 0.24.0"
    models: Mapping[str, str]  # model -> digest of its weights
    machine: str  # "2 cores, 24 GiB, no GPU"
    date: str  # "2026-11-23"
    sampling: str = ""  # "top_k 40, ..."; "" where it was left to the engine, as it once was

    def same_models(self, other: "Header") -> bool:
        """Whether engine, weights and sampling are the same: answers of both may stand together."""
        return self == replace(other, machine=self.machine, date=self.date)


@dataclass(frozen=True)
class Recording:
    """What one file, or one folder of files, holds."""

    header: Header
    answers: dict[Asked, Answer] = field(default_factory=dict)

    @property
    def questions(self) -> list[Question]:
        return [asked for asked in self.answers if isinstance(asked, Question)]

    def missing(self, asked: Asked) -> NotRecorded:
        """The error for a question without an answer, or BadPrompt raised where none can be."""
        if isinstance(asked, Texts):
            return _not_recorded(" | ".join(asked.texts), asked.model, "")
        check_prompt(asked.prompt, len(asked.prompt))
        model = asked.member.model
        prompts = [one.prompt for one in self.questions if one.member.model == model]
        if asked.prompt in prompts:
            nearest = (
                "The prompt is recorded, but with other settings (system, shots, temperature, seed,"
                " format, max_tokens). "
            )
        elif near := _nearest(asked.prompt, list(dict.fromkeys(prompts))):
            nearest = f"The nearest recorded prompt is {near[0][:120]!r}. "
        else:
            nearest = f"None of the {len(set(prompts))} prompts recorded for it is like it. "
        return _not_recorded(asked.prompt, model, nearest)


def load_file(path: Path) -> Recording:
    """Read one recording. Raises RecordingError naming file and line where it is damaged."""
    try:
        lines = path.read_text(encoding="utf-8").removesuffix("\n").split("\n")
    except (OSError, UnicodeDecodeError) as error:
        raise _damaged(path, f" cannot be read ({error})") from None
    try:
        about = checked(lines[0])
        members = {name: Member(**way, name=name) for name, way in about.pop("members").items()}
        header = Header(**about)
    except (KeyError, TypeError, ValueError, AttributeError):
        raise _damaged(path, ", line 1: this is not the header of a recording") from None
    answers: dict[Asked, Answer] = {}
    for number, line in enumerate(lines[1:], start=2):
        asked, answer = read(path, number, line, members)
        if asked in answers:
            raise _damaged(path, f", line {number}: the same question stands here twice")
        answers[asked] = answer
    return Recording(header, answers)


def load_folder(folder: Path) -> Recording:
    """All recordings of a cast as one. Files may share a question only with the same answer."""
    files = sorted(folder.glob("*.jsonl"))
    if not paths.data().is_dir():
        fix = "Run from a clone, which has them, or set:  MLKIT_ROOT=/path/of/the/clone"
        raise RecordingError(f"There is no {paths.data()}, so no tasks and no recordings. {fix}")
    if not files:
        raise RecordingError(
            f"There are no recordings for the cast {folder.name!r}. Make them with:  uv run mlkit"
            f" record --cast {folder.name}   or take the cast that has some:  mlkit.connect('tiny')"
        )
    recordings = [load_file(file) for file in files]
    answers: dict[Asked, Answer] = {}
    for file, recording in zip(files, recordings, strict=True):
        for asked, answer in recording.answers.items():
            if not _same(answers.setdefault(asked, answer), answer):
                prompt = asked.prompt if isinstance(asked, Question) else asked.texts[0]
                raise RecordingError(
                    f"{file.name} and another file answer the same question differently:"
                    f" {prompt[:80]!r}. Record it again with:  uv run mlkit record {file.stem}"
                )
    headers = [recording.header for recording in recordings]
    newest = max(headers, key=lambda header: header.date)
    models = {model: digest for header in headers for model, digest in header.models.items()}
    return Recording(replace(newest, models=models), answers)


def save(path: Path, recording: Recording) -> None:
    """Write a recording whole or not at all."""
    names = _names(recording)
    members = {name: _way(member) for member, name in names.items()}
    lines = [line_of(asdict(recording.header) | {"members": members})]
    lines += sorted(answer_line(*one, names) for one in recording.answers.items())
    paths.write(path, "".join(lines))


_PREFIX = len('{"check": "0123456789abcdef", ')


def line_of(content: Mapping[str, Any]) -> str:
    text = json.dumps(content, ensure_ascii=False)
    return f'{{"check": "{_digest(text[1:])}", {text[1:]}\n'


def checked(line: str) -> dict[str, Any]:
    """What a line holds. Raises ValueError where it is no line of ours, or was edited."""
    content = json.loads(line)
    if content.pop("check") != _digest(line[_PREFIX:]):
        raise ValueError("it was changed after it was recorded")
    return content


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def answer_line(asked: Asked, answer: Answer, names: Mapping[Member, str] | None = None) -> str:
    """A question and its answer; the member by its name in the header, or whole in a journal."""
    if isinstance(asked, Texts):
        vectors = np.asarray(answer).tolist()
        return line_of({"embed": asked.model, "texts": asked.texts, "vectors": vectors})
    line: dict[str, Any] = {"member": {"name": answer.member.name} | _way(asked.member)}
    line |= {"member": names[replace(asked.member, seed=0)]} if names else {}
    line |= {"seed": asked.member.seed} if asked.member.seed else {}
    line |= {"prompt": asked.prompt}
    line |= {"format": json.loads(asked.format)} if asked.format else {}
    line |= {"text": answer.text}
    line |= {name: round(getattr(answer, name), 9) for name in _TOOK}
    for name, usual in _USUAL.items():
        if getattr(answer, name) != usual:
            line[name] = getattr(answer, name)
    return line_of(line | ({"choices": dict(answer.choices)} if asked.probabilities else {}))


def read(path: Path, number: int, line: str, members: Mapping[str, Member]) -> tuple[Asked, Answer]:
    try:
        content = checked(line)
        if "embed" in content:
            return Texts(content["embed"], tuple(content["texts"])), np.array(content["vectors"])
        named = content["member"]
        member = members[named] if isinstance(named, str) else Member(**named)
        if "seed" in content:
            member = replace(member, seed=content["seed"])
        labels = ("any",) if "choices" in content else None
        asked = question(member, content["prompt"], content.get("format"), labels)
        took = {name: content[name] for name in _TOOK}
        took |= {name: content[name] for name in (*_USUAL, "choices") if name in content}
        return asked, Reply(content["text"], member, **took)
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        problem = f"this line is cut off, or is not an answer ({error})"
        raise _damaged(path, f", line {number}: {problem}") from None


def _way(member: Member) -> dict[str, Any]:
    way = {name: getattr(member, name) for name in _WAY}
    way |= {"think": True} if member.think else {}
    return way | ({"schema": member.schema} if member.schema else {})


def _names(recording: Recording) -> dict[Member, str]:
    """A name for each member that was asked: its own, numbered where several share it."""
    called: dict[Member, str] = {}
    for asked, answer in recording.answers.items():
        if isinstance(asked, Question):
            member, name = replace(asked.member, seed=0), answer.member.name
            called[member] = min(name, called.get(member, name))
    names: dict[Member, str] = {}
    for member, name in sorted(called.items(), key=lambda one: (one[1], repr(one[0]))):
        number = 1 + sum(called[other] == name for other in names)
        names[member] = name if number == 1 else f"{name} {number}"
    return names


def _same(one: Answer, other: Answer) -> bool:
    return np.array_equal(one, other) if isinstance(one, np.ndarray) else one == other


def _damaged(path: Path, problem: str) -> RecordingError:
    return RecordingError(
        f"{path.name}{problem}. Get the file back with:  git checkout -- data/recordings   or make"
        f" it again:  uv run mlkit record --fresh {path.stem}"
    )


def _not_recorded(prompt: str, model: str, nearest: str) -> NotRecorded:
    return NotRecorded(
        f"No recording answers {prompt[:120]!r} for {model!r}. {nearest}To ask a real model: "
        " ollama serve   or:  uv run mlkit pull   then run the first cell again."
    )


def _nearest(prompt: str, prompts: Sequence[str]) -> list[str]:
    """The recorded prompt most like it, if any is; words first, which is quick on thousands."""
    words = set(prompt.lower().split())

    def shared(other: str) -> float:
        theirs = set(other.lower().split())
        return len(words & theirs) / len(words | theirs)

    likeliest = heapq.nlargest(20, prompts, key=shared)
    return difflib.get_close_matches(prompt[:2000], likeliest, n=1, cutoff=0.4)
