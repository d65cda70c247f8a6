"""Recorded exchanges in place of a model server: Replay answers from them, Recorder makes them."""

import asyncio
import difflib
import json
import os
from collections.abc import AsyncIterator, Collection, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import filelock
import httpx

from mlkit import paths
from mlkit.engines.recordings import (
    Exchange,
    Header,
    Recording,
    exchange_in,
    line_of,
    normalised,
    save,
)
from mlkit.errors import NotRecorded, RecordingError

RECORDED_PATHS = ("/api/chat", "/api/embed")


class Replay(httpx.AsyncBaseTransport):
    """Answers from a recording, and from nothing else: no network, no invention."""

    def __init__(self, recording: Recording) -> None:
        self._recording = recording
        # Where `mlkit record --check` wants to read what was asked.
        touched = os.environ.get("MLKIT_TOUCHED")
        self._touched = Path(touched) if touched else None

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path
        if path in RECORDED_PATHS:
            return httpx.Response(200, json=self.answer(path, normalised(await request.aread())))
        return _from_header(path, self._recording.header)

    def answer(self, path: str, request: dict[str, Any]) -> dict[str, Any]:
        """The recorded response to a request, normalised as `normalised` gives it. Raises
        NotRecorded.
        """
        asked = Exchange(path, request, {})
        key = asked.key
        found = self._recording.exchanges.get(key)
        if not found:
            raise _not_recorded(asked, self._recording)
        if self._touched:
            with paths.writing(self._touched), self._touched.open("a", encoding="utf-8") as file:
                file.write(f"{key}\n")
        return found.response


class Recorder(httpx.AsyncBaseTransport):
    """Passes questions on to a live engine, one at a time, and keeps the answers.

    `known` exchanges are not asked again, and those of them that stand `elsewhere`, in the
    recording of something else, are not kept here too. Each answer goes to a journal at once, so a
    killed run loses at most the call it was in; `finish` turns the journal into the recording.
    """

    def __init__(
        self,
        live: httpx.AsyncBaseTransport,
        path: Path,
        header: Header,
        known: Mapping[str, Exchange] | None = None,
        elsewhere: Collection[str] = (),
    ) -> None:
        self._live, self._known = live, dict(known or {})
        self._turns = _Turns()
        self._file_lock = filelock.FileLock(f"{path}.lock")
        self._journal_path = journal_of(path)
        with paths.writing(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            try:
                self._file_lock.acquire(timeout=0)
            except filelock.Timeout:
                raise RecordingError(
                    f"{path.name} is being recorded by another kernel. Shut that one down, then run"
                    " this cell again."
                ) from None
            self._known |= _read_journal(self._journal_path, header)
            self._journal = self._journal_path.open("a", encoding="utf-8")
            self._journal.write(json.dumps(asdict(header), ensure_ascii=False) + "\n")
        self._written = set(elsewhere)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path
        if path not in RECORDED_PATHS:
            return await self._live.handle_async_request(request)
        body = normalised(await request.aread())
        async with self._turns.turn(_beginning(body)):
            exchange = self._known.get(Exchange(path, body, {}).key)
            if not exchange:
                response = await self._live.handle_async_request(request)
                await response.aread()
                if response.status_code != 200:
                    return response
                exchange = Exchange(path, body, _without_clock(response.json()))
            self._keep(exchange)
        return httpx.Response(200, json=exchange.response)

    def _keep(self, exchange: Exchange) -> None:
        self._known[exchange.key] = exchange
        if exchange.key not in self._written:
            self._written.add(exchange.key)
            with paths.writing(self._journal_path):
                self._journal.write(line_of(exchange))
                self._journal.flush()

    async def aclose(self) -> None:
        try:
            with paths.writing(self._journal_path):
                self._journal.close()
        finally:
            self._file_lock.release()
        await self._live.aclose()


class _Turns:
    """One at a time, because batching changes what a model writes; and first whoever begins like
    the one before, because an engine keeps the beginning that it has read.
    """

    def __init__(self) -> None:
        self._busy, self._last = False, ""
        self._waiting: list[tuple[str, asyncio.Future[None]]] = []

    @asynccontextmanager
    async def turn(self, beginning: str) -> AsyncIterator[None]:
        if self._busy:
            turn = beginning, asyncio.get_running_loop().create_future()
            self._waiting.append(turn)
            try:
                await turn[1]
            except asyncio.CancelledError:
                if not turn[
                    1
                ].cancelled():  # it was called up already: the next one goes in its place
                    self._call_up()
                raise
        self._busy, self._last = True, beginning
        try:
            yield
        finally:
            self._call_up()

    def _call_up(self) -> None:
        self._waiting = [turn for turn in self._waiting if not turn[1].cancelled()]
        if self._waiting:
            alike = [turn for turn in self._waiting if turn[0] == self._last]
            turn = (alike or self._waiting)[0]
            self._waiting.remove(turn)
            turn[1].set_result(None)
        else:
            self._busy = False


def _beginning(body: Mapping[str, Any]) -> str:
    """What a question shares with others to the same member: the model and all messages before the
    last.
    """
    return json.dumps([body.get("model"), body.get("messages", [])[:-1]])


def journal_of(path: Path) -> Path:
    return path.with_suffix(".journal.partial")


def finish(path: Path, header: Header) -> Recording:
    """Make the recording from its journal: what the last run touched, and nothing that only earlier
    runs did.
    """
    journal = journal_of(path)
    recording = Recording(header, _read_journal(journal, header, last_run_only=True))
    save(path, recording)
    journal.unlink()
    return recording


def _read_journal(
    journal: Path, header: Header, last_run_only: bool = False
) -> dict[str, Exchange]:
    """What earlier runs kept. A line that a killed run cut off is removed, so that its call is
    asked again.
    """
    if not journal.exists():
        return {}
    written = journal.read_text(encoding="utf-8")
    whole = written[: written.rfind("\n") + 1]
    if whole != written:
        paths.write(journal, whole)
    exchanges: dict[str, Exchange] = {}
    for number, line in enumerate(whole.splitlines(), start=1):
        if line.startswith('{"engine"'):
            began = Header(**json.loads(line))
            if not began.same_models(header):
                raise RecordingError(
                    f"{journal.name} was begun on {began.engine}; this is {header.engine}, or has"
                    " other weights. Start afresh with:  uv run mlkit record --fresh"
                )
            if last_run_only:
                exchanges.clear()
        else:
            exchange = exchange_in(journal, number, line)
            exchanges[exchange.key] = exchange
    return exchanges


def _without_clock(response: dict[str, Any]) -> dict[str, Any]:
    """The answer without the time of day, and without each token's bytes, which its text says
    already.
    """

    def lean(tokens: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
        return [
            {
                name: lean(value) if name == "top_logprobs" else value
                for name, value in token.items()
                if name != "bytes"
            }
            for token in tokens
        ]

    kept = {name: value for name, value in response.items() if name != "created_at"}
    return kept | ({"logprobs": lean(kept["logprobs"])} if kept.get("logprobs") else {})


def _not_recorded(asked: Exchange, recording: Recording) -> NotRecorded:
    model = asked.request.get("model", "")
    prompts = recording.prompts(model)
    near = _nearest(asked.prompt, prompts)
    nearest = (
        f"The nearest recorded prompt is {near[0][:120]!r}. "
        if near
        else f"None of the {len(prompts)} prompts recorded for it is like it. "
    )
    if near and near[0] == asked.prompt:
        nearest = (
            "The prompt is recorded, but with other settings (system, shots, temperature, seed,"
            " format, max_tokens). "
        )
    return NotRecorded(
        f"No recording answers {asked.prompt[:120]!r} for {model!r}. {nearest}To ask a real model: "
        " ollama serve   or:  uv run mlkit pull   then run the first cell again."
    )


def _nearest(prompt: str, prompts: Sequence[str]) -> list[str]:
    """The recorded prompt that shares most characters in a row, if any is like it; words first,
    which is quick on thousands.
    """
    words = set(prompt.lower().split())
    shared = [
        len(words & (theirs := set(other.lower().split()))) / len(words | theirs or {""})
        for other in prompts
    ]
    likeliest = [
        prompts[n] for n in sorted(range(len(prompts)), key=shared.__getitem__, reverse=True)[:20]
    ]
    return difflib.get_close_matches(prompt[:2000], likeliest, n=1, cutoff=0.4)


def _from_header(path: str, header: Header) -> httpx.Response:
    models = [
        {"name": model, "model": model, "digest": digest} for model, digest in header.models.items()
    ]
    answers = {
        "/api/version": {"version": header.engine},
        "/api/tags": {"models": models},
        "/api/ps": {"models": []},
    }
    if path not in answers:
        return httpx.Response(404, text="404 page not found")
    return httpx.Response(200, json=answers[path])
