"""Qwen inside this Python process: llama.cpp as an engine.

    ask = Embedded({"qwen2.5-coder:0.5b": weights.fetch("qwen2.5-coder:0.5b")})
    reply = await ask(Member("qwen2.5-coder:0.5b"), "Is a whale a fish?")

Chat template and sampling are Ollama's, so that at temperature 0 the text mostly agrees.
"""

import asyncio
import concurrent.futures
import contextlib
import http.client
import json
import math
import os
import queue
import secrets
import select
import threading
import time
import weakref
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import psutil
import xllamacpp

from mlkit.ask import Member, Reply
from mlkit.engines.interrupt import interruptible
from mlkit.engines.request import (
    CONTEXT_TOKENS,
    FILLS_CONTEXT,
    answered,
    cannot_think,
    check_texts,
    checked_messages,
    options_for,
    thinking_tokens,
    took_too_long,
    wanted_schema,
)
from mlkit.errors import BadPrompt, EngineError, MlkitError, ModelMissing
from mlkit.models import plain_name
from mlkit.wrappers import watcher

JSON = dict[str, Any]
Stopped = Callable[[], bool]  # whether nobody waits for the answer any more
Work = Callable[["_Worker", Path, Stopped], Any]  # what is done with the model of a file

BATCH = 64  # tokens; llama.cpp stops only between batches, and small ones cost no speed on a CPU
EXIT_SECONDS = 3  # how long Python waits, on its way out, for a call in progress to stop
LISTEN_SECONDS = 0.05  # how often a call that embeds looks whether it is to stop
SCHEMA_TYPES = ("object", "array", "string", "number", "integer", "boolean", "null")


class Embedded:
    """An `Ask`, with `embed`, over models from GGUF files (`weights`: model name -> file).

    A model is loaded on first use and kept. One request runs at a time, and stops when its caller
    is cancelled. `threads` is the number of cores to compute on, by default all that we may use.
    """

    def __init__(
        self,
        weights: Mapping[str, Path],
        threads: int | None = None,
        timeout_seconds: float = 300.0,
    ) -> None:
        self._files = {plain_name(model): file for model, file in weights.items()}
        self._worker = _Worker(threads or _cores())
        self._timeout_seconds = timeout_seconds
        # At exit, too: Python must not end under a thread that is inside llama.cpp.
        weakref.finalize(self, self._worker.stop)

    async def __call__(
        self,
        member: Member,
        prompt: str,
        *,
        role: str = "",
        format: dict[str, Any] | None = None,
        labels: Sequence[str] | None = None,
    ) -> Reply:
        messages = checked_messages(member, prompt)
        schema = wanted_schema(member, format)
        request = completion_request(member, messages, schema, bool(labels))
        asked, hear, loop = time.perf_counter(), watcher(), asyncio.get_running_loop()

        def answer(worker: _Worker, file: Path, stopped: Stopped) -> Reply:
            started = time.perf_counter()
            loop.call_soon_threadsafe(hear, "loading")
            server = worker.server(file)
            loop.call_soon_threadsafe(hear, "reading")
            loaded = time.perf_counter()
            if member.think and not worker.can_think(server, stopped):
                raise cannot_think(member.model)
            items: list[JSON] = []

            def receive(item: JSON) -> bool:  # what it raises would be lost: so it only collects
                items.append(item)
                kind = "reading" if "prompt_progress" in item else "words"
                loop.call_soon_threadsafe(hear, kind, words_in(item))
                return stopped()

            server.handle_chat_completions(request, receive)
            return answered(reply_from(member, items, started - asked, loaded - started))

        return await self._run(member.model, answer)

    async def embed(self, model: str, texts: Sequence[str]) -> np.ndarray:
        """Unit vectors, one for each text: an array of shape (n, d)."""
        check_texts(texts)

        def vectors(worker: _Worker, file: Path, stopped: Stopped) -> np.ndarray:
            server = worker.server(file)
            return np.array([worker.vector(server, text, stopped) for text in texts])

        rows = await self._run(model, vectors)
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)

    async def _run(self, model: str, work: Work) -> Any:
        if (file := self._files.get(plain_name(model))) is None:
            here = ", ".join(self._files)
            raise ModelMissing(f"There are no weights of {model!r} here. Ask one of these:  {here}")
        try:
            with interruptible():
                async with asyncio.timeout(self._timeout_seconds):
                    return await self._worker.run(file, work)
        except TimeoutError:
            raise took_too_long(model, self._timeout_seconds) from None


class _Worker:
    """The one thread that runs models. A daemon, so that it never keeps Python from exiting."""

    def __init__(self, threads: int) -> None:
        # llama.cpp opens a port on 127.0.0.1 in any case: nobody else may use it.
        self._key = secrets.token_hex(32)
        self._threads = threads
        self._servers: dict[Path, xllamacpp.Server] = {}
        self._jobs: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._serve, name="mlkit-embedded", daemon=True)
        self._thread.start()

    async def run(self, file: Path, work: Work) -> Any:
        """What `work` gives, done on the thread. Where the caller is cancelled, it is to stop."""
        outcome: concurrent.futures.Future[Any] = concurrent.futures.Future()
        loop = asyncio.get_running_loop()

        def stopped() -> bool:
            return outcome.cancelled() or loop.is_closed() or self._ending.is_set()

        def job() -> None:  # the thread must outlive whatever goes wrong in here
            with contextlib.suppress(concurrent.futures.InvalidStateError):  # it was cancelled
                try:
                    outcome.set_result(None if stopped() else work(self, file, stopped))
                except Exception as error:
                    ours = isinstance(error, MlkitError)
                    outcome.set_exception(error if ours else _failed(repr(error)))

        self._jobs.put(job)
        return await asyncio.wrap_future(outcome)

    def server(self, file: Path) -> xllamacpp.Server:
        """The model of a file, loaded if need be."""
        if file not in self._servers:
            try:
                self._servers[file] = xllamacpp.Server(
                    server_params(file, self._threads, self._key)
                )
            except RuntimeError:
                raise EngineError(
                    f"Could not load {file}: it is damaged, or memory is short. Fetch it again:"
                    "  uv run mlkit pull   or run on the recordings:  MLKIT_ENGINE=replay"
                ) from None
        return self._servers[file]

    def can_think(self, server: xllamacpp.Server, stopped: Stopped) -> bool:
        """Whether the chat template of a model has a place for thoughts."""
        template = self._over_port(server, "/props", None, stopped)["chat_template"]
        return "<think>" in template or "enable_thinking" in template

    def vector(self, server: xllamacpp.Server, text: str, stopped: Stopped) -> list[float]:
        answer = self._over_port(server, "/v1/embeddings", {"input": text}, stopped)
        return answer["data"][0]["embedding"]

    def _over_port(
        self, server: xllamacpp.Server, path: str, body: JSON | None, stopped: Stopped
    ) -> JSON:
        """Ask llama.cpp over its own port: unlike its functions, that stops when we hang up."""
        connection = http.client.HTTPConnection(urlsplit(server.listening_address).netloc)
        with contextlib.closing(connection):
            method, sent = ("POST", json.dumps(body)) if body else ("GET", None)
            connection.request(method, path, sent, {"Authorization": f"Bearer {self._key}"})
            while not select.select([connection.sock], [], [], LISTEN_SECONDS)[0]:
                if stopped():
                    raise EngineError("stopped, because nobody waits for it any more")
            return _checked(json.load(connection.getresponse()))

    def stop(self) -> None:
        """Stop the call in progress, free the models and end the thread."""
        self._ending.set()
        self._jobs.put(None)
        if threading.current_thread() is not self._thread:  # garbage may be collected on it
            self._thread.join(timeout=EXIT_SECONDS)

    def _serve(self) -> None:
        while job := self._jobs.get():
            job()
            del job  # what it holds is not kept until the next one comes
        self._servers.clear()


def _cores() -> int:
    """Physical cores that this process may use. More threads than that wait for each other."""
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return min(allowed or 1, psutil.cpu_count(logical=False) or allowed or 1)


def server_params(file: Path, threads: int, key: str) -> xllamacpp.CommonParams:
    """How llama.cpp runs a model."""
    params = xllamacpp.CommonParams()
    params.model.path = str(file)
    params.n_ctx, params.n_parallel = CONTEXT_TOKENS, 1  # one slot: the context is not divided
    params.n_batch = params.n_ubatch = BATCH
    params.cpuparams.n_threads = params.cpuparams_batch.n_threads = threads
    # Answers and embeddings from one copy of the weights. As Ollama does, a causal model embeds
    # with its last token.
    params.embedding = True
    params.pooling_type = xllamacpp.llama_pooling_type.LLAMA_POOLING_TYPE_LAST
    params.verbosity = -1  # nothing in the notebook
    params.warmup = params.fit_params = False  # loads in half the time
    params.api_keys, params.ui, params.endpoint_slots = [key], False, False
    params.n_threads_http, params.cache_ram_mib = 1, 0
    return params


def completion_request(
    member: Member, messages: Sequence[Mapping[str, str]], format: JSON | None, choices: bool
) -> JSON:
    """A call as llama.cpp takes it. The context is not of a call: `server_params` has it."""
    sampling = options_for(member)
    del sampling["num_ctx"]
    request = {
        "messages": messages,
        "n_predict": sampling.pop("num_predict"),
        **sampling,
        "chat_template_kwargs": {"enable_thinking": member.think},
        "stream": True,
        "return_progress": True,  # so that a call can be cancelled while its prompt is read
    }
    if format:
        request["json_schema"] = json.loads(json.dumps(format), object_hook=closed)
    if choices:
        request |= {"logprobs": True, "top_logprobs": 20}
    return request


def closed(part: JSON) -> JSON:
    """A part of a schema, where an object has the named properties only, as Ollama reads it.

    Raises EngineError for an unknown type: llama.cpp would answer as if there were no schema.
    """
    kind = part.get("type")
    if isinstance(kind, str) and kind not in SCHEMA_TYPES:
        raise EngineError(f"The format has type {kind!r}; take one of {', '.join(SCHEMA_TYPES)}.")
    named_only = kind in (None, "object") and "properties" in part
    return {"additionalProperties": False} | part if named_only else part


def words_in(item: JSON) -> str:
    """What an item of a stream adds to the answer."""
    (piece, *_) = item.get("choices") or [{}]
    return (piece.get("delta") or {}).get("content") or ""


def reply_from(
    member: Member, items: Sequence[JSON], queue_seconds: float, load_seconds: float
) -> Reply:
    """The Reply that the items of a stream of llama.cpp's make."""
    timings = _checked(items[-1])["timings"]
    pieces = [item["choices"][0] for item in items]
    thoughts = [each for piece in pieces if (each := piece["delta"].get("reasoning_content"))]
    answer = [piece for piece in pieces if piece["delta"].get("content")]
    texts = [piece["delta"]["content"] for piece in answer]
    # Of the first token, before sampling.
    first = answer[0].get("logprobs") if answer else None
    likeliest = first["content"][0]["top_logprobs"] if first else ()
    return Reply(
        text="".join(texts),
        member=member,
        prompt_tokens=timings["cache_n"] + timings["prompt_n"],
        output_tokens=timings["predicted_n"],
        queue_seconds=queue_seconds,
        load_seconds=load_seconds,
        prompt_seconds=timings["prompt_ms"] / 1000,
        output_seconds=timings["predicted_ms"] / 1000,
        done_reason=pieces[-1]["finish_reason"],
        choices={token["token"]: math.exp(token["logprob"]) for token in likeliest},
        thinking="".join(thoughts),
        thinking_tokens=thinking_tokens(thoughts, texts, timings["predicted_n"]),
    )


def _checked(answer: JSON) -> JSON:
    """What llama.cpp answered, where that is no error."""
    error = answer.get("error", {})
    if error.get("type") == "exceed_context_size_error":
        raise BadPrompt(FILLS_CONTEXT)
    if error:
        raise _failed(error["message"])
    return answer


def _failed(why: str) -> EngineError:
    return EngineError(f"llama.cpp could not answer: {why[:200]!r}. Check it with:  mlkit doctor")
