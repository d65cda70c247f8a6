"""Ollama: finding it, asking it, having it fetch models; all through its official client."""

import asyncio
import math
import os
import re
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import httpx

from mlkit.ask import Member, Reply
from mlkit.engines.interrupt import interruptible
from mlkit.engines.request import (
    BUSY_SECONDS,
    CONTEXT_TOKENS,
    FILLS_CONTEXT,
    answered,
    cannot_think,
    check_texts,
    checked_messages,
    options_for,
    thinking_tokens,
    took_too_long,
    wait_for_room,
    wanted_schema,
)
from mlkit.errors import (
    BadPrompt,
    EngineBusy,
    EngineError,
    EngineUnreachable,
    MlkitError,
    ModelMissing,
    SettingError,
    keyless,
)
from mlkit.models import billions, plain_name
from mlkit.wrappers import watcher

# As it is imported, the package makes a client of its own, which fails on a proxy or a certificate
# that it cannot use, and on an address or a key that it cannot read.
_UNSET = ("OLLAMA_HOST", "OLLAMA_API_KEY", "SSL_CERT_FILE", "SSL_CERT_DIR", "no_proxy")
_set = {name: os.environ.pop(name) for name in _UNSET if name in os.environ}
os.environ["no_proxy"] = "*"
try:
    import ollama
finally:
    del os.environ["no_proxy"]
    os.environ.update(_set)

FIND_SECONDS = 5.0
QUEUED = 0.3  # seconds that a server cannot account for and the network does not take
_KEEP_NONE = httpx.Limits(max_keepalive_connections=0)
_tls = cache(httpx.create_ssl_context)  # reading the certificates takes .1 s
ROUNDING = 1e-3  # how far above 0 a log-probability may come out by rounding
# What the client raises over a server that is not there, or that does not speak Ollama's language:
# it takes any reply for an object.
_FAULTS = (
    *(ollama.ResponseError, httpx.RequestError, OSError, ValueError, TypeError),
    *(LookupError, AttributeError, ArithmeticError, RecursionError),
)


def connection(address: str) -> ollama.AsyncClient:
    """The official client for an address: past any proxy, and with the key in OLLAMA_API_KEY."""
    if not re.fullmatch(r"[\x21-\x7e]*", _key()):
        raise SettingError(
            "OLLAMA_API_KEY holds what no key does. Set it so:  OLLAMA_API_KEY=your-key"
        )
    headers = {"Authorization": f"Bearer {_key()}"} if _key() else {}
    return ollama.AsyncClient(
        address,
        headers=headers,
        transport=_OneEach(),  # with one of its own it looks for no proxy
        timeout=httpx.Timeout(None, connect=3.0),  # who asks limits the whole answer
    )


class _OneEach(httpx.AsyncBaseTransport):
    """A connection for each request: in a pool, some of those that are interrupted stay, and all
    belong to one event loop. A server whose queue is full (503) is asked again, by each learner of
    a class at another moment.
    """

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        waits = list(BUSY_SECONDS)
        while True:
            one = httpx.AsyncHTTPTransport(_tls(request.url.scheme == "https"), limits=_KEEP_NONE)
            response = await one.handle_async_request(request)
            if response.status_code != 503 or not waits:
                return response
            await response.aclose()
            await wait_for_room(waits.pop(0))


def _key() -> str:
    return os.environ.get("OLLAMA_API_KEY", "").strip()


@dataclass(frozen=True)
class Server:
    """What an Ollama says of itself."""

    version: str
    models: Mapping[str, str]  # name -> digest of its weights
    qwens: tuple[str, ...] = ()  # those that can chat, small ones first

    def digest(self, model: str) -> str | None:
        """The digest of a model's weights, or None where it is not there."""
        digests = {plain_name(name): digest for name, digest in self.models.items()}
        return digests.get(plain_name(model))


def find(address: str) -> Server:
    """The Ollama at an address. Raises EngineUnreachable where none answers."""
    with ThreadPoolExecutor(1) as thread:  # the loop of a notebook's own thread is running
        return thread.submit(asyncio.run, _find(address)).result()


async def _find(address: str) -> Server:
    try:
        async with asyncio.timeout(FIND_SECONDS), connection(address) as client:
            # Not client.list(): the client has no call for the version.
            replies = [await client._request_raw("GET", f"/api/{of}") for of in ("version", "tags")]
        version, tags = (reply.json() for reply in replies)
        return described(version["version"], tags["models"])
    except _FAULTS as error:
        if isinstance(error, SettingError) or getattr(error, "status_code", 0) in (401, 403):
            raise _ours(error, "", address) from None
        if not isinstance(error, OSError | httpx.RequestError):  # whatever its status
            raise _ours(ValueError(), "", address) from None
        raise EngineUnreachable(
            f"No Ollama answers at {address} ({type(error).__name__}). Start it with:  ollama serve"
            "   or take another engine:  MLKIT_ENGINE=auto"
        ) from None


def described(version: str, tags: Sequence[Mapping[str, Any]]) -> Server:
    """A Server from its version and its list of models: name, digest, size in bytes."""
    if not isinstance(version, str):
        raise TypeError(f"a version is text, not {version!r}")
    # By the billions in their names, else by bytes, about 0.6 gigabytes a billion. One that stands
    # for a cloud is left out.
    qwens = sorted(
        (billions(model["name"]) or (model.get("size") or 0) / 0.6e9, model["name"])
        for model in tags
        if re.match(r"qwen(?!.*(embed|rerank|cloud))", model["name"], re.IGNORECASE)
    )
    models = {model["name"]: str(model["digest"]) for model in tags}
    return Server(version, models, tuple(name for _, name in qwens))


async def pull(address: str, model: str, report: Callable[..., None]) -> None:
    """Have Ollama fetch a model; `report(here, total=...)` counts bytes. Raises ModelMissing."""
    try:
        async with connection(address) as client:
            said = None
            async for step in await client.pull(model, stream=True):
                report(step.completed or 0, total=step.total)
                said = step.status
        if said != "success":
            raise ConnectionError("it ended before all was there")
    except _FAULTS as error:
        raise ModelMissing(
            f"Ollama could not pull {model}: {keyless(error)}. Try it by hand:  ollama pull {model}"
        ) from None


class Ollama:
    """Asks the Ollama at an address. A call that is cancelled stops the model."""

    def __init__(self, address: str, timeout_seconds: float = 300.0) -> None:
        self._client, self._address = connection(address), address
        self._timeout_seconds = timeout_seconds  # for a whole answer
        self._under_way = 0  # of our own calls: who waits behind those, lanes and charts know

    async def __call__(
        self,
        member: Member,
        prompt: str,
        *,
        role: str = "",
        format: dict[str, Any] | None = None,
        labels: Sequence[str] | None = None,
    ) -> Reply:
        asked: dict[str, Any] = {
            "model": member.model,
            "messages": checked_messages(member, prompt),
            "options": options_for(member),
            "think": member.think,  # unset, a model that can does
            "truncate": False,  # unset, the beginning of a long prompt is dropped without a word
        }
        asked |= {"format": schema} if (schema := wanted_schema(member, format)) else {}
        asked |= {"logprobs": True, "top_logprobs": 20} if labels else {}
        hear, started, alone = watcher(), time.perf_counter(), not self._under_way
        async with self._asking(member.model):
            # Not client.chat(), which knows no `truncate`.
            chat = (ollama.ChatResponse, "POST", "/api/chat")
            stream = await self._client._request(*chat, json=asked | {"stream": True}, stream=True)
            async with aclosing(stream) as chunks:  # type: ignore[type-var]  # a generator
                came = []
                async for chunk in chunks:
                    hear("words", chunk.message.content or "")
                    came.append(chunk)
                reply = answered(_reply(member, came))
                waited = time.perf_counter() - started - reply.seconds
                queued = waited if alone and waited > QUEUED else 0.0
                return replace(reply, server_queue_seconds=queued)

    async def embed(self, model: str, texts: Sequence[str]) -> Any:
        """Unit vectors, one for each text: an array of shape (n, d)."""
        import numpy as np  # here, because it costs a third of `import mlkit`

        check_texts(texts)
        async with self._asking(model):
            response = await self._client.embed(model, list(texts), truncate=False)
            vectors = np.array(response.embeddings, dtype=float)
            lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
            if len(vectors) != len(texts) or not np.all(np.isfinite(lengths) & (lengths > 0)):
                raise ValueError("vectors without a direction")
            return vectors / lengths

    @asynccontextmanager
    async def _asking(self, model: str) -> AsyncIterator[None]:
        """The time for one answer. What is raised says what to do."""
        self._under_way += 1
        try:
            with interruptible():
                async with asyncio.timeout(self._timeout_seconds):
                    yield
        except TimeoutError:
            raise took_too_long(model, self._timeout_seconds) from None
        except _FAULTS as error:
            raise _ours(error, model, self._address) from None
        finally:
            self._under_way -= 1


def _reply(member: Member, chunks: Sequence[ollama.ChatResponse]) -> Reply:
    """The chunks of an answer as one. An impossible number is a ValueError, never mended."""
    last = next((chunk for chunk in chunks if chunk.done), None)
    if last is None:
        raise ConnectionError("the answer has no end")
    numbers = ("prompt_eval_count", "eval_count")
    times = ("load_duration", "prompt_eval_duration", "eval_duration")
    took = [getattr(last, name) or 0 for name in (*numbers, *times)]  # 0 where it is not said
    if min(took) < 0:
        raise ValueError("a number below 0")
    read, written, *nanoseconds = took
    if read >= CONTEXT_TOKENS:
        raise BadPrompt(FILLS_CONTEXT)
    load, prompt, output = (duration * 1e-9 for duration in nanoseconds)
    answer = [chunk for chunk in chunks if chunk.message.content]
    first = next((chunk.logprobs[0] for chunk in answer if chunk.logprobs), None)
    choices = {choice.token: choice.logprob for choice in (first and first.top_logprobs) or ()}
    if not all(logprob <= ROUNDING for logprob in choices.values()):  # not a number neither
        raise ValueError("a probability above 1")
    thoughts = [chunk.message.thinking for chunk in chunks if chunk.message.thinking]
    texts = [chunk.message.content or "" for chunk in answer]
    return Reply(
        text="".join(texts),
        member=member,
        prompt_tokens=read,
        output_tokens=written,
        load_seconds=load,
        prompt_seconds=prompt,
        output_seconds=output,
        done_reason=last.done_reason or "stop",
        choices={token: min(1.0, math.exp(logprob)) for token, logprob in choices.items()},
        thinking="".join(thoughts),
        thinking_tokens=thinking_tokens(thoughts, texts, written),
    )


def _ours(error: Exception, model: str, where: str) -> MlkitError:
    """What the client raises, as an error that says what to do."""
    if isinstance(error, MlkitError):  # SettingError and BadPrompt are ValueErrors, too
        return error
    status, said = getattr(error, "status_code", 0), keyless(error)
    if status in (401, 403):
        does = "refuses the key in OLLAMA_API_KEY" if _key() else "wants a key"
        fix = "Set it:  OLLAMA_API_KEY=your-key"
        return EngineError(f"The Ollama at {where} {does} ({status}). {fix}")
    if re.search("context (length|size)", said):
        return BadPrompt(FILLS_CONTEXT)
    if "does not support thinking" in said:
        return cannot_think(model)
    if status == 404:
        return ModelMissing(
            f"Model {model!r} is not on the server at {where}. Fetch it with:  ollama pull {model} "
            "  or run on the recordings:  MLKIT_ENGINE=replay"
        )
    if status == 503:
        return EngineBusy(
            f"The server at {where} is full ({said}). Ask again in a moment, or let more calls"
            " wait:  OLLAMA_MAX_QUEUE=512 ollama serve"
        )
    if status:
        return EngineError(
            f"The server at {where} answered an error ({status if status > 0 else 'in the middle'}"
            f"): {said!r}. Its log says more; check it with:  mlkit doctor"
        )
    if isinstance(error, OSError | httpx.TransportError):
        return EngineUnreachable(
            f"The model server at {where} did not answer, or went away in the middle"
            f" ({type(error).__name__}). Start it with:  ollama serve   or run on the recordings: "
            " MLKIT_ENGINE=replay"
        )
    return EngineUnreachable(
        f"What answered at {where} does not speak Ollama's language (its reply was not what Ollama"
        " sends). Check the address:  echo $OLLAMA_HOST"
    )
