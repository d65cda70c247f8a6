"""A loopback server that misbehaves in one chosen way. It stands in for faults, never for what a
model says.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

DRIP_SECONDS = 0.05  # between two bytes of a server that drips
KEY = "sk-of-our-own"


def _http(body: bytes, status: str = "200 OK", headers: str = "") -> bytes:
    head = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\n{headers}"
    return f"{head}Content-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode() + body


def _lines(*chunks: Any) -> bytes:
    return _http(b"".join(json.dumps(chunk).encode() + b"\n" for chunk in chunks))


_OK: dict[str, Any] = {
    "model": "m",
    "message": {"role": "assistant", "content": "ok"},
    "done": True,
    "done_reason": "stop",
}
_PIECE = _OK | {"done": False, "done_reason": None}
_BODY = json.dumps(_OK).encode()


def _probability(logprob: float) -> bytes:
    token = {"token": "ok", "logprob": logprob}
    return _lines(_OK | {"logprobs": [token | {"top_logprobs": [token]}]})


def _error(said: Any, status: str = "500 Internal Server Error") -> bytes:
    return _http(json.dumps({"error": said}).encode(), status)


ODD = {
    "a list": _http(b"[]"),
    "null": _http(b"null"),
    "a number": _http(b"3"),
    "a text": _http(b'"ok"'),
    "deep": _http(b"[" * 100_000),
    "no gzip": _http(_BODY, headers="Content-Encoding: gzip\r\n"),
    "error: null": _error(None),
    "error: an object": _error({"why": "broken"}),
    "error: a list": _error(["broken"]),
    "error in a list": _http(b"[]", "500 Internal Server Error"),
    "content is a number": _lines(_OK | {"message": {"role": "assistant", "content": 3}}),
    "thinking is a number": _lines(_OK | {"message": {"role": "assistant", "thinking": 3}}),
    "tokens in words": _lines(_OK | {"eval_count": "many"}),
    "tokens below 0": _lines(_OK | {"eval_count": -3}),
    "seconds below 0": _lines(_OK | {"eval_duration": -1}),
    "more than a float": _lines(_OK | {"load_duration": 10**400}),
    "logprobs is a number": _lines(_OK | {"logprobs": 7}),
    "logprob 1e4": _probability(1e4),
    "logprob 0.7": _probability(0.7),
    "logprob NaN": _probability(float("nan")),
    "cut in a line": _http(json.dumps(_PIECE).encode() + b"\n" + _BODY[:20]),
    "no end": _lines(_PIECE, _PIECE),
    "nothing": _http(b""),
    "error in the middle": _lines(_PIECE, {"error": "model runner has died"}),
    "error in the middle: a list": _lines(_PIECE, {"error": ["died"]}),
    "error in the middle: null": _lines(_PIECE, {"error": None}),
}
_TOP = [{"token": "o", "logprob": -1.0}, {"token": "k", "logprob": -1e9}]
FAULTS = ODD | {
    "full": _error("server busy, please try again.", "503 Service Unavailable"),
    "full twice": [_error("server busy", "503 Service Unavailable")] * 2 + [_http(_BODY)],
    "broken": _error("model runner has died"),
    "not found": _error("model 'm' is not found", "404 Not Found"),
    "key refused": _error(f"unauthorized: {KEY}", "401 Unauthorized"),
    "forbidden": _http(b"<html>no</html>", "403 Forbidden"),
    "repeats the key": _error("x" * 195 + KEY + " is no key"),
    "html": (
        b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 24\r\n\r\n<html>Welcome,"
        b" guest</htm"
    ),
    "truncated json": _http(_BODY[:-9]),
    "other json": _http(b'{"message":3}'),
    "dies mid-answer": _http(_BODY).replace(
        b"Length: %d" % len(_BODY), b"Length: %d" % (len(_BODY) + 500)
    ),
    "hangs up": b"",
    "hangs": None,
    "drips": _http(b" " * 10_000),
    "fine": _http(_BODY),
    "pieces": _lines(
        _PIECE | {"logprobs": [{"token": "o", "logprob": -1.0, "top_logprobs": _TOP}]},
        _PIECE,
        _OK | {"prompt_eval_count": 7, "eval_count": 3, "eval_duration": 2_000_000_000},
    ),
    "embeds a text": _lines({"embeddings": "none"}),
    "embeds one": _lines({"embeddings": [[1.0, 0.0]]}),
    "embeds nothing": _lines({"embeddings": [[0.0, 0.0], [0.0, 0.0]]}),
    "embeds NaN": _lines({"embeddings": [[float("nan"), 0.0], [1.0, 0.0]]}),
    "embeds other lengths": _lines({"embeddings": [[1.0], [1.0, 0.0]]}),
}


@asynccontextmanager
async def misbehaving(fault: str) -> AsyncIterator[str]:
    """The address of a server that answers every request with this fault, or with one after the
    other where it is a list.
    """
    hanging = asyncio.Event()
    in_turn = iter(FAULTS[fault]) if isinstance(FAULTS[fault], list) else None

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(asyncio.IncompleteReadError, ConnectionError):  # who asked hung up
            await reply(reader, writer)
        writer.close()

    async def reply(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(
            (
                int(line.split(b":")[1])
                for line in head.lower().split(b"\r\n")
                if line.startswith(b"content-length")
            ),
            0,
        )
        await reader.readexactly(length)
        if FAULTS[fault] is None:
            await hanging.wait()
        elif fault == "drips":
            for byte in FAULTS[fault]:
                writer.write(bytes([byte]))
                await asyncio.sleep(DRIP_SECONDS)
        else:
            writer.write(next(in_turn) if in_turn else FAULTS[fault])
            await writer.drain()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        hanging.set()
        server.close()
