"""Hosted members, the OpenAI path: a real model behind Ollama's own OpenAI-compatible /v1 on
loopback, and behind the server of llama.cpp.
"""

import asyncio
import json
from typing import Any

import pytest

from mlkit.ask import Member, Reply
from mlkit.engines import weights
from mlkit.engines.hosted import Hosted
from mlkit.errors import EngineError, EngineUnreachable, ModelMissing
from mlkit.parsing import most_likely
from tests.conftest import Scripted

pytestmark = pytest.mark.live
MODEL = "qwen2.5-coder:0.5b"
SMALL = Member(f"openai:{MODEL}", max_tokens=8)
KEY = "a-key-of-the-room"


@pytest.fixture(scope="module")
def llama_cpp() -> Any:
    """llama.cpp's own server, which wants a key."""
    import xllamacpp

    from mlkit.engines.embedded import server_params

    return xllamacpp.Server(server_params(weights.path(MODEL), threads=1, key=KEY))


@pytest.fixture(autouse=True, params=["ollama", "llama.cpp"])
def host(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who answers."""
    if request.param == "ollama":
        monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:11434/v1")
        monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    else:
        address = request.getfixturevalue("llama_cpp").listening_address
        monkeypatch.setenv("OPENAI_BASE_URL", f"{address}/v1")
        monkeypatch.setenv("OPENAI_API_KEY", KEY)


def only(who: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("host", [who], indirect=True)


def ask(member: Member, prompt: str, **asked) -> Reply:
    return asyncio.run(Hosted(Scripted({}))(member, prompt, **asked))


def test_a_reply_with_its_tokens() -> None:
    reply = ask(SMALL, "Count from 1 to 50.")
    assert reply.text and reply.prompt_tokens > 0
    assert (reply.output_tokens, reply.cut_off) == (8, True)
    assert reply.output_seconds > 0


def test_a_schema_holds() -> None:
    schema = {
        "type": "object",
        "properties": {"colour": {"enum": ["red", "blue"]}},
        "required": ["colour"],
    }
    member = Member("openai:qwen2.5-coder:0.5b", system="Write compact JSON.", max_tokens=32)
    assert json.loads(ask(member, "Name a colour.", format=schema).text)["colour"] in (
        "red",
        "blue",
    )


def test_probabilities_of_labels() -> None:
    member = Member(
        SMALL.model,
        system="Answer yes or no.",
        shots=(("Is ice cold?", "yes"), ("Is ice hot?", "no")),
        max_tokens=2,
    )
    likely = most_likely(ask(member, "Is fire hot?", labels=("yes", "no")), ("yes", "no"))
    assert likely.measured and 0 < likely.confidence <= 1


@only("ollama")  # llama.cpp's has one model, whatever it is called
def test_a_model_that_the_server_does_not_have() -> None:
    with pytest.raises(ModelMissing, match="openai:no-such-model"):
        ask(Member("openai:no-such-model"), "Hello?")


@only("llama.cpp")  # Ollama's wants none
def test_a_key_that_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "another-key")
    with pytest.raises(EngineError, match="refuses the key"):
        ask(SMALL, "Hello?")


@only("ollama")  # whoever is gone
def test_a_server_that_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")
    with pytest.raises(EngineUnreachable):
        asyncio.run(Hosted(Scripted({}), retries=0)(SMALL, "Hello?"))
