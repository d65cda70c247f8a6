"""A loopback server that misbehaves in one chosen way. It stands in for faults, never for what a
model says.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

_JSON = (
    b"HTTP/1.1 %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\nConnection:"
    b" close\r\n\r\n"
)
_BODY = json.dumps(
    {
        "model": "m",
        "message": {"role": "assistant", "content": "ok"},
        "done": True,
        "done_reason": "stop",
    }
).encode()

FAULTS = {
    "full": (
        _JSON % (b"503 Service Unavailable", 44) + b'{"error":"server busy, please try again.  "}'
    ),
    "broken": _JSON % (b"500 Internal Server Error", 33) + b'{"error":"model runner has died"}',
    "not found": _JSON % (b"404 Not Found", 33) + b'{"error":"model \'m\' is not found"}',
    "html": (
        b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 24\r\n\r\n<html>Welcome,"
        b" guest</htm"
    ),
    "truncated json": _JSON % (b"200 OK", len(_BODY) - 9) + _BODY[:-9],
    "other json": _JSON % (b"200 OK", 13) + b'{"message":3}',
    "dies mid-answer": _JSON % (b"200 OK", len(_BODY) + 500) + _BODY,
    "hangs up": b"",
    "hangs": None,
    "fine": _JSON % (b"200 OK", len(_BODY)) + _BODY,
}


@asynccontextmanager
async def misbehaving(fault: str) -> AsyncIterator[str]:
    """The address of a server that answers every request with this fault."""
    hanging = asyncio.Event()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
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
        else:
            writer.write(FAULTS[fault])
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        hanging.set()
        server.close()
