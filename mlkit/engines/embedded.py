"""Qwen inside this Python process: llama.cpp behind an httpx transport that answers as a real
Ollama 0.24 would.

    client = ollama.AsyncClient(transport=Embedded({"qwen2.5-coder:0.5b":
    weights.path("qwen2.5-coder:0.5b")}))

One daemon thread runs the models, one request at a time. Prompts are the plain ChatML of these
models and the sampler has Ollama's defaults, so that at temperature 0 the text mostly agrees. What
differs on purpose: a prompt that does not fit num_ctx is refused (Ollama silently drops its
middle), an answer ends where the context is full (Ollama drops the oldest tokens and goes on), and
text with a NUL or a lone surrogate is refused (Ollama alters it).
"""

import asyncio
import contextlib
import functools
import http.client
import json
import os
import queue
import secrets
import select
import threading
import time
import weakref
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path
from typing import NoReturn
from urllib.parse import urlsplit

import httpx
import psutil
import xllamacpp

from mlkit.engines import gguf, wire
from mlkit.engines.wire import JSON, Refused

# Small batches: llama.cpp notices a cancelled call only between them (0.3 s), and they cost no
# speed on a CPU.
BATCH = 64  # tokens
EXIT_SECONDS = 3  # how long Python waits, on its way out, for a call in progress to stop


class Embedded(httpx.AsyncBaseTransport):
    """Answers what mlkit asks of an Ollama server, from GGUF files (`weights`: model name -> file),
    in this process.

    A model is loaded on first use and kept. `threads` is the number of cores to compute on; by
    default all that this process may use. Requests wait for each other: asking two models at once
    is no faster than one after the other.
    """

    def __init__(self, weights: Mapping[str, Path], threads: int | None = None) -> None:
        self._weights = dict(weights)
        self._worker = _Worker(threads or _cores())
        # At exit, too: Python must not end under a thread that is inside llama.cpp.
        weakref.finalize(self, self._worker.stop)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path
        method = "GET" if request.method == "HEAD" else request.method
        if (method, path) not in ROUTES:
            known = any(path == other for _, other in ROUTES)
            return (
                _text(405, "405 method not allowed") if known else _text(404, "404 page not found")
            )
        try:
            body = wire.body(path, await request.aread()) if method == "POST" else {}
            response = await ROUTES[method, path](self, body)
            bare = httpx.Response(response.status_code, headers=response.headers)
            return bare if request.method == "HEAD" else response
        except Refused as error:
            return httpx.Response(error.status, json={"error": str(error)})

    async def aclose(self) -> None:
        """Stop the call in progress. The models stay until this object goes, so that it can be used
        again.
        """
        self._worker.cancel()

    async def _root(self, body: JSON) -> httpx.Response:
        return _text(200, "Ollama is running")

    async def _version(self, body: JSON) -> httpx.Response:
        return httpx.Response(200, json={"version": f"embedded-{xllamacpp.__version__}"})

    async def _tags(self, body: JSON) -> httpx.Response:
        return httpx.Response(
            200,
            json={
                "models": [
                    wire.summary(name, file) | {"modified_at": wire.modified(file)}
                    for name, file in self._weights.items()
                ]
            },
        )

    async def _ps(self, body: JSON) -> httpx.Response:
        loaded = {file: context for file, (_, context) in self._worker.loaded.copy().items()}
        return httpx.Response(
            200,
            json={
                "models": [
                    wire.summary(name, file)
                    | {
                        "expires_at": wire.NEVER,
                        "size_vram": 0,
                        "context_length": loaded[file],
                    }
                    for name, file in self._weights.items()
                    if file in loaded
                ]
            },
        )

    async def _show(self, body: JSON) -> httpx.Response:
        name = body.get("model") or body.get("name") or _refuse(400, "model is required")
        return httpx.Response(200, json=wire.show(self._file(name, f"model '{name}' not found")))

    async def _embed(self, body: JSON) -> httpx.Response:
        name = body.get("model") or _refuse(404, "model '' not found")
        texts = wire.texts(body)
        file = self._file(name, f'model "{name}" not found, try pulling it first')
        work = functools.partial(
            _embed, self._worker, file, wire.options(body)["num_ctx"], name, texts
        )
        return httpx.Response(200, json=(await self._worker.submit(work).all())[0])

    async def _chat(self, body: JSON) -> httpx.Response:
        wire.check_chat(body)
        file = self._file(body["model"], f"model '{body['model']}' not found")
        call = self._worker.submit(
            functools.partial(_chat, self._worker, file, body, wire.question(body))
        )
        if body.get("stream", True) and body.get("messages"):
            first = await anext(
                call
            )  # an error that comes before the first word has a status of its own
            return httpx.Response(
                200, headers={"content-type": "application/x-ndjson"}, stream=_Lines(first, call)
            )
        return httpx.Response(200, json=wire.joined(await call.all()))

    def _file(self, name: str, otherwise: str) -> Path:
        """The file of a model, in whatever case its name is written."""
        names = {known.lower(): file for known, file in self._weights.items()}
        return names.get(name.lower()) or _refuse(404, otherwise)


ROUTES = {
    ("GET", "/"): Embedded._root,
    ("GET", "/api/version"): Embedded._version,
    ("GET", "/api/tags"): Embedded._tags,
    ("GET", "/api/ps"): Embedded._ps,
    ("POST", "/api/show"): Embedded._show,
    ("POST", "/api/chat"): Embedded._chat,
    ("POST", "/api/embed"): Embedded._embed,
}


def _text(status: int, text: str) -> httpx.Response:
    return httpx.Response(status, text=text)


def _refuse(status: int, message: str) -> NoReturn:
    raise Refused(status, message)


class _Lines(httpx.AsyncByteStream):
    """A streamed answer: one JSON object a line. Closing it stops the model."""

    def __init__(self, first: JSON, rest: "_Call") -> None:
        self._first, self._rest = first, rest

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield wire.line(self._first)
        try:
            async for item in self._rest:
                yield wire.line(item)
        except Refused as error:
            yield wire.line({"error": str(error)})

    async def aclose(self) -> None:
        self._rest.cancelled.set()


class _Call:
    """One request on its way through the worker. Its items arrive on the event loop that made
    it.
    """

    def __init__(self, work: "Callable[[_Call], None]") -> None:
        self._work, self._loop = work, asyncio.get_running_loop()
        self._items: asyncio.Queue[JSON | Exception | None] = asyncio.Queue()
        self.cancelled = threading.Event()

    def run(self) -> None:
        """On the worker's thread, which must outlive whatever goes wrong here."""
        if self.cancelled.is_set():
            return
        try:
            self._work(self)
        except Exception as error:
            self.emit(
                error
                if isinstance(error, Refused)
                else Refused(500, f"{type(error).__name__}: {error}")
            )
        self.emit(Refused(499, "request canceled") if self.cancelled.is_set() else None)

    def emit(self, item: JSON | Exception | None) -> bool:
        """Hand over an item; None is the end. True means: stop, nobody listens any more."""
        try:
            self._loop.call_soon_threadsafe(self._items.put_nowait, item)
        except RuntimeError:  # the loop was closed: nobody listens any more
            self.cancelled.set()
        return self.cancelled.is_set()

    async def all(self) -> list[JSON]:
        return [item async for item in self]

    def __aiter__(self) -> "_Call":
        return self

    async def __anext__(self) -> JSON:
        try:
            item = await self._items.get()
        except asyncio.CancelledError:
            self.cancelled.set()
            raise
        if item is None:
            raise StopAsyncIteration
        if isinstance(item, Exception):
            raise item
        return item


class _Worker:
    """The one thread that runs models. It is a daemon, so that it never keeps Python from
    exiting.
    """

    def __init__(self, threads: int) -> None:
        self.loaded: dict[
            Path, tuple[xllamacpp.Server, int]
        ] = {}  # file -> server, context in tokens
        self.key = secrets.token_hex(
            32
        )  # llama.cpp opens a port on 127.0.0.1 in any case: nobody else may use it
        self._threads = threads
        self._jobs: queue.SimpleQueue[_Call | None] = queue.SimpleQueue()
        self._current: _Call | None = None
        self._thread = threading.Thread(target=self._serve, name="mlkit-embedded", daemon=True)
        self._thread.start()

    def submit(self, work: "Callable[[_Call], None]") -> _Call:
        call = _Call(work)
        self._jobs.put(call)
        return call

    def stop(self) -> None:
        """Stop the call in progress, free the models and end the thread."""
        self._jobs.put(None)
        self.cancel()
        self._thread.join(timeout=EXIT_SECONDS)

    def cancel(self) -> None:
        if call := self._current:
            call.cancelled.set()

    def server(self, file: Path, context: int) -> xllamacpp.Server:
        """The model of a file, loaded if need be; as in Ollama, another context size loads it
        anew.
        """
        context = max(4, min(context, gguf.context_tokens(file)))
        if self.loaded.get(file, (None, 0))[1] != context:
            self.loaded.pop(file, None)
            try:
                self.loaded[file] = (
                    xllamacpp.Server(_params(file, context, self._threads, self.key)),
                    context,
                )
            except RuntimeError as error:
                raise Refused(
                    500,
                    f"unable to load {file}: it is damaged, or there is not enough memory. "
                    "Fetch it again with:  uv run mlkit pull",
                ) from error
        return self.loaded[file][0]

    def _serve(self) -> None:
        while (call := self._jobs.get()) is not None:
            self._current = call
            call.run()
            self._current = call = None
        self.loaded.clear()


def _cores() -> int:
    """Physical cores that this process may use. More threads than that wait for each other."""
    available = (
        len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    )
    return min(available, psutil.cpu_count(logical=False) or available)


def _params(file: Path, context: int, threads: int, key: str) -> xllamacpp.CommonParams:
    params = xllamacpp.CommonParams()
    params.model.path, params.n_ctx, params.n_parallel = (
        str(file),
        context,
        1,
    )  # one slot: the context is not divided
    params.n_batch = params.n_ubatch = BATCH
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = threads
    # Answers and embeddings from one copy of the weights; Ollama, too, embeds with the last token
    # of a causal model.
    params.embedding, params.pooling_type = (
        True,
        xllamacpp.llama_pooling_type.LLAMA_POOLING_TYPE_LAST,
    )
    params.verbosity = -1  # nothing in the notebook
    params.warmup = params.fit_params = False  # loads in half the time
    params.api_keys, params.ui, params.endpoint_slots = [key], False, False
    params.n_threads_http, params.cache_ram_mib = 1, 0
    return params


def _chat(worker: _Worker, file: Path, body: JSON, question: JSON, call: _Call) -> None:
    """Answer one chat request."""
    started = time.monotonic_ns()
    server = worker.server(file, question["num_ctx"])
    load = time.monotonic_ns() - started

    def receive(item: JSON) -> bool:
        try:
            piece: JSON | Exception | None = wire.piece(item, body, started, load)
        except (
            Exception
        ) as error:  # xllamacpp would swallow it, and end the answer as if all were well
            piece = error
        return call.emit(piece) if piece else call.cancelled.is_set()

    if body.get("messages"):
        server.handle_completions(question, receive)
    else:
        call.emit(wire.chunk(body, "", done=True, done_reason="load"))


def _embed(
    worker: _Worker, file: Path, context: int, name: str, texts: list[str], call: _Call
) -> None:
    started = time.monotonic_ns()
    server = worker.server(file, context)
    load, vectors, tokens = time.monotonic_ns() - started, [], 0
    for text in texts:
        answer = _post(server, worker.key, {"input": text}, call)
        if "error" in answer:
            raise wire.refusal(answer["error"])
        vectors.append(answer["data"][0]["embedding"])
        tokens += answer["usage"]["prompt_tokens"]
    took = {
        "total_duration": time.monotonic_ns() - started,
        "load_duration": load,
        "prompt_eval_count": tokens,
    }
    call.emit({"model": name, "embeddings": vectors} | (took if texts else {}))


def _post(server: xllamacpp.Server, key: str, body: JSON, call: _Call) -> JSON:
    """Embed over llama.cpp's own port: unlike its function, that stops when the caller hangs up."""
    with contextlib.closing(
        http.client.HTTPConnection(urlsplit(server.listening_address).netloc)
    ) as connection:
        connection.request(
            "POST", "/v1/embeddings", json.dumps(body), {"Authorization": f"Bearer {key}"}
        )
        while not select.select([connection.sock], [], [], 0.05)[0]:
            if call.cancelled.is_set():
                raise Refused(499, "request canceled")
        return json.load(connection.getresponse())
