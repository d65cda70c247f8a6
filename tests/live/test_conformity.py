"""The embedded engine answers as a real Ollama does: the same requests go to both, and the answers
are compared.

Needs an Ollama server at 127.0.0.1:11434 with the tiny cast, made from the same GGUF files
(.ci/ollama-up). Text is not compared: two builds of llama.cpp differ in the last digits.
"""

import asyncio
import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from mlkit.engines import weights
from mlkit.engines.embedded import Embedded

pytestmark = pytest.mark.live

OLLAMA = "http://127.0.0.1:11434"
MODEL = "qwen2.5-coder:0.5b"
SCHEMA = {"type": "object", "properties": {"age": {"type": "integer"}}, "required": ["age"]}

# What cannot be the same, and why. All else is compared.
NOT_IN_EMBEDDED = {
    "tensors": "/api/show: mlkit never reads the table of tensors",
}
OWN_WORDS = {
    "cut off": "Go's JSON parser has words of its own",
    "not JSON": "Go's JSON parser has words of its own",
}


def chat(
    content: str | None = "hi", options: dict[str, Any] | None = None, **more: Any
) -> tuple[str, str, str]:
    asked = {"temperature": 0, "num_predict": 4, "num_ctx": 4096} | (options or {})
    return (
        "POST",
        "/api/chat",
        json.dumps(
            {
                "model": MODEL,
                "stream": False,
                "options": asked,
                "messages": [{"role": "user", "content": content}],
            }
            | more
        ),
    )


def post(path: str, **body: Any) -> tuple[str, str, str]:
    return "POST", path, json.dumps(body)


REQUESTS = {
    "root": ("GET", "/", ""),
    "root, head": ("HEAD", "/", ""),
    "version": ("GET", "/api/version", ""),
    "tags": ("GET", "/api/tags", ""),
    "tags, head": ("HEAD", "/api/tags", ""),
    "unknown path": post("/api/nothing"),
    "wrong method": ("GET", "/api/chat", ""),
    "wrong method, tags": post("/api/tags"),
    "show": post("/api/show", model=MODEL),
    "show, unknown model": post("/api/show", model="nope"),
    "show, no model": post("/api/show"),
    "chat": chat(),
    "ps": ("GET", "/api/ps", ""),
    "chat, streamed": chat(stream=True),
    "chat, stream by default": chat(stream=None),
    "system and turns": chat(
        messages=[
            {"role": role, "content": "a"} for role in ("system", "user", "assistant", "user")
        ]
    ),
    "neighbours of one role": chat(messages=[{"role": "user", "content": text} for text in "ab"]),
    "to the end": chat("Reply with one word: yes", {"num_predict": 30}),
    "all options": chat(
        "hi", {"temperature": 0.7, "seed": 3, "top_k": 5, "top_p": 0.5, "stop": ["zzz"]}
    ),
    "stop": chat("Count: one two three", {"stop": ["two", "o"], "num_predict": 12}),
    "unknown option": chat("hi", {"nonsense": 1}),
    "fraction for an integer": chat("hi", {"top_k": 1.5}),
    "option of a wrong type": chat("hi", {"temperature": "hot"}),
    "stop of a wrong type": chat("hi", {"stop": "a"}),
    "stop of numbers": chat("hi", {"stop": [1]}),
    "true for a number": chat("hi", {"seed": True}),
    "format json": chat("An age as JSON", {"num_predict": 24}, format="json"),
    "format schema": chat("An age as JSON", {"num_predict": 24}, format=SCHEMA),
    "format schema, streamed": chat(
        "An age as JSON", {"num_predict": 24}, format=SCHEMA, stream=True
    ),
    "format empty": chat(format=""),
    "format unknown": chat(format="xml"),
    "format unknown, streamed": chat(format="xml", stream=True),
    "format number": chat(format=5),
    "format no schema": chat(format={"type": "nonsense"}),
    "logprobs": chat(logprobs=True),
    "top logprobs": chat(logprobs=True, top_logprobs=3),
    "top logprobs, streamed": chat(logprobs=True, top_logprobs=3, stream=True),
    "top logprobs alone": chat(top_logprobs=3),
    "too many logprobs": chat(top_logprobs=21),
    "keep alive, no tools": chat(keep_alive="5m", tools=[]),
    "think": chat(think=True),
    "do not think": chat(think=False),
    "no messages": chat(messages=[]),
    "no messages, streamed": chat(messages=[], stream=True),
    "empty message": chat(messages=[{}]),
    "empty prompt": chat(""),
    "null prompt": chat(None),
    "unknown model": chat(model="nope"),
    "no model": chat(model=""),
    "model without tag": chat(model="qwen2.5-coder"),
    "model in capitals": chat(model=MODEL.upper()),
    "no model name": chat(model="a b"),
    "model is a number": chat(model=5),
    "messages is a number": chat(messages=5),
    "content is a number": chat(5),
    "stream is a text": chat(stream="yes"),
    "message is a text": chat(messages=["hi"]),
    "options is a list": post("/api/chat", model=MODEL, options=[]),
    "too long, not to be truncated": chat("word " * 5000, truncate=False),
    "no body": ("POST", "/api/chat", ""),
    "cut off": ("POST", "/api/chat", "{"),
    "not JSON": ("POST", "/api/chat", "hello"),
    "a list": ("POST", "/api/chat", "[]"),
    "embed": post("/api/embed", model=MODEL, input="a"),
    "embed many": post("/api/embed", model=MODEL, input=["a", "b c"]),
    "embed none": post("/api/embed", model=MODEL, input=[]),
    "embed nothing": post("/api/embed", model=MODEL),
    "embed empty": post("/api/embed", model=MODEL, input=""),
    "embed one empty": post("/api/embed", model=MODEL, input=[""]),
    "embed a number": post("/api/embed", model=MODEL, input=5),
    "embed numbers": post("/api/embed", model=MODEL, input=[1]),
    "embed, unknown model": post("/api/embed", model="nope", input="a"),
    "embed, no model": post("/api/embed", input="a"),
    "embed, no body": ("POST", "/api/embed", ""),
}


@pytest.fixture(scope="module")
def embedded() -> Embedded:
    return Embedded({model: weights.path(model) for model in weights.WEIGHTS}, threads=1)


@pytest.fixture(scope="module", autouse=True)
def _server() -> None:
    try:
        httpx.get(OLLAMA)
    except httpx.TransportError:
        pytest.fail("no Ollama server at 127.0.0.1:11434; start one with:  bash .ci/ollama-up")


def ask(
    request: tuple[str, str, str], transport: httpx.AsyncBaseTransport | None
) -> httpx.Response:
    async def send() -> httpx.Response:
        async with httpx.AsyncClient(base_url=OLLAMA, transport=transport, timeout=300) as client:
            method, path, body = request
            return await client.request(method, path, content=body)

    return asyncio.run(send())


def lines(response: httpx.Response) -> list[Any]:
    return [json.loads(line) for line in response.text.splitlines()]


def shape(value: Any) -> Any:
    """Keys and types; of a list, those of its first element."""
    if isinstance(value, dict):
        return {key: shape(part) for key, part in value.items() if key not in NOT_IN_EMBEDDED}
    return [shape(part) for part in value[:1]] if isinstance(value, list) else type(value).__name__


@pytest.mark.parametrize("name", REQUESTS)
def test_same_as_ollama(name: str, embedded: Embedded) -> None:
    theirs, ours = ask(REQUESTS[name], None), ask(REQUESTS[name], embedded)
    assert ours.status_code == theirs.status_code, (ours.text, theirs.text)
    if "json" not in theirs.headers["content-type"]:
        assert ours.text == theirs.text
    elif theirs.status_code == 200:
        assert [shape(line) for line in lines(ours)[-1:]] == [
            shape(line) for line in lines(theirs)[-1:]
        ]
        assert [shape(line) for line in lines(ours)[:1]] == [
            shape(line) for line in lines(theirs)[:1]
        ]
    else:
        assert name in OWN_WORDS or ours.json() == theirs.json()
        assert shape(ours.json()) == shape(theirs.json())


@pytest.mark.parametrize(
    "name",
    [
        "chat",
        "system and turns",
        "neighbours of one role",
        "empty message",
        "to the end",
        "empty prompt",
        "no messages",
    ],
)
def test_same_prompt_and_reason(name: str, embedded: Embedded) -> None:
    """The same template: as many prompt tokens, and the same reason for the end."""
    theirs, ours = (lines(ask(REQUESTS[name], transport))[-1] for transport in (None, embedded))
    assert ours.get("prompt_eval_count") == theirs.get("prompt_eval_count")
    assert ours["done_reason"] == theirs["done_reason"]


def test_same_embeddings(embedded: Embedded) -> None:
    theirs, ours = (
        lines(ask(REQUESTS["embed many"], transport))[0] for transport in (None, embedded)
    )
    assert ours["prompt_eval_count"] == theirs["prompt_eval_count"]
    for one, other in zip(ours["embeddings"], theirs["embeddings"], strict=True):
        assert sum(x * x for x in one) == pytest.approx(1, abs=1e-5)
        assert sum(x * y for x, y in zip(one, other, strict=True)) > 0.999


def test_schema_is_kept(embedded: Embedded) -> None:
    for name in ("format schema", "format json"):
        answer = json.loads(lines(ask(REQUESTS[name], embedded))[0]["message"]["content"])
        assert isinstance(answer, dict)
    assert list(
        json.loads(lines(ask(REQUESTS["format schema"], embedded))[0]["message"]["content"])
    ) == ["age"]


def test_show_agrees(embedded: Embedded) -> None:
    theirs, ours = (ask(REQUESTS["show"], transport).json() for transport in (None, embedded))
    assert ours["template"] == theirs["template"]
    assert ours["model_info"] == pytest.approx(theirs["model_info"])
    assert ours["details"] | {"parent_model": ""} == theirs["details"] | {"parent_model": ""}


@pytest.mark.parametrize("raw", ["a\\u0000b", "a\\ud800b"], ids=["NUL", "lone surrogate"])
def test_no_characters_are_refused(raw: str, embedded: Embedded) -> None:
    """On purpose not as Ollama: it would drop or replace them."""
    body = f'{{"model": "{MODEL}", "messages": [{{"role": "user", "content": "{raw}"}}]}}'
    response = ask(("POST", "/api/chat", body), embedded)
    assert (response.status_code, list(response.json())) == (400, ["error"])
    assert ask(REQUESTS["chat"], embedded).status_code == 200


def test_prompt_that_does_not_fit_is_refused(embedded: Embedded) -> None:
    """On purpose not as Ollama: it would silently drop the middle of the prompt."""
    response = ask(chat("word " * 5000), embedded)
    assert (response.status_code, response.json()) == (
        400,
        {"error": "the input length exceeds the context length"},
    )


def test_damaged_weights_are_an_error(tmp_path: Path) -> None:
    broken = tmp_path / "broken.gguf"
    with weights.path(MODEL).open("rb") as whole:
        broken.write_bytes(whole.read(3_000_000))
    response = ask(REQUESTS["chat"], Embedded({MODEL: broken}))
    assert response.status_code == 500
    assert "damaged" in response.json()["error"] and "mlkit pull" in response.json()["error"]
