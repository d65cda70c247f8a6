"""Thinking models on an Ollama of today, and the same sampling for every engine.

SCRIPTED: the server answers in the shapes that Ollama publishes (docs/api.md, ollama 0.32): it
thinks unless it is told not to, refuses to where a model cannot, and cuts a prompt that is too long
unless it is told to refuse it (ollama/ollama#17889). No model answers here.
"""

import asyncio
import json
import threading
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from mlkit.ask import Member, Reply
from mlkit.engines.embedded import server_params
from mlkit.engines.ollama import Ollama
from mlkit.errors import BadPrompt, EngineError
from tests.engines.test_embedded import MODEL, Llama, engine
from tests.engines.test_embedded import llama as llama  # a fixture

THINKER = Member("qwen3:1.7b", max_tokens=20)
SCHEMA = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}
THOUGHTS, WORDS = ["They", " ask", " for", " 6", " x", " 7", "."], ["It", " is", " 42"]
# In the words of Ollama's own runner, and of llama.cpp's server, which it may start instead.
TOO_LONG = [
    "the input length exceeds the context length",
    "request (6029 tokens) exceeds the available context size (4096 tokens), try increasing it",
]


class Current(BaseHTTPRequestHandler):
    """POST /api/chat of an Ollama of today."""

    asked: list[dict[str, Any]]
    thoughts, too_long = THOUGHTS, ""

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self.asked.append(asked)
        if asked.get("think") and not asked["model"].startswith("qwen3"):
            self.refuse(f'"{asked["model"]}" does not support thinking')
        elif self.too_long and not asked.get("truncate", True):
            self.refuse(self.too_long)
        else:
            self.answer(asked)

    def answer(self, asked: dict[str, Any]) -> None:
        thinks = asked.get("think", True) and asked["model"].startswith("qwen3")
        words = ['{"n"', ": 42", "}"] if asked.get("format") else WORDS
        pieces = [{"content": "", "thinking": text} for text in self.thoughts if thinks]
        pieces += [{"content": text} for text in words]
        sent = pieces[: asked["options"]["num_predict"]]
        self.send_response(200)
        self.end_headers()
        for piece in sent:
            chunk = {"message": {"role": "assistant"} | piece, "done": False}
            token = {"token": piece["content"] or piece["thinking"], "logprob": -0.1}
            logprobs = [token | {"top_logprobs": [token]}]
            self.line(chunk | ({"logprobs": logprobs} if asked.get("logprobs") else {}))
        counts = {"prompt_eval_count": 9, "eval_count": len(sent) + 1, "eval_duration": 10**9}
        reason = "stop" if sent == pieces else "length"
        end = {"message": {"role": "assistant", "content": ""}, "done": True, "done_reason": reason}
        self.line(end | counts)

    def refuse(self, why: str) -> None:
        self.send_response(400)
        self.end_headers()
        self.line({"error": why})

    def line(self, content: Any) -> None:
        self.wfile.write(json.dumps(content).encode() + b"\n")

    def log_message(self, *_: Any) -> None: ...


@pytest.fixture
def current() -> Iterator[type[Current]]:
    Current.asked, Current.thoughts, Current.too_long = [], THOUGHTS, ""
    with ThreadingHTTPServer(("127.0.0.1", 0), Current) as server:
        Current.address = f"http://127.0.0.1:{server.server_port}"
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield Current
        server.shutdown()


def ask(member: Member, **asked: Any) -> Reply:
    return asyncio.run(Ollama(Current.address)(member, "What is 6 times 7?", **asked))


def test_a_member_thinks_only_where_it_is_told_to(current: type[Current]) -> None:
    reply = ask(THINKER)
    assert (reply.text, reply.thinking, reply.thinking_tokens) == ("It is 42", "", 0)
    assert current.asked[0]["think"] is False  # said: unset is on


def test_thinking_is_kept_and_its_share_of_the_tokens_is_estimated(current: type[Current]) -> None:
    reply = ask(replace(THINKER, think=True))
    assert (reply.text, reply.thinking) == ("It is 42", "They ask for 6 x 7.")
    assert (reply.output_tokens, reply.thinking_tokens) == (11, 8)  # 7 of 10 pieces


@pytest.mark.parametrize("think", [False, True])
def test_a_format_holds_with_and_without_thinking(current: type[Current], think: bool) -> None:
    reply = ask(replace(THINKER, think=think), format=SCHEMA)
    assert json.loads(reply.text) == {"n": 42} and bool(reply.thinking) is think
    assert (current.asked[0]["format"], current.asked[0]["think"]) == (SCHEMA, think)


def test_probabilities_are_those_of_the_answer_and_not_of_the_thinking(
    current: type[Current],
) -> None:
    reply = ask(replace(THINKER, think=True), labels=("It", "No"))
    assert reply.thinking and reply.choices.keys() == {"It"}


@pytest.mark.parametrize("max_tokens", [4, 7])
def test_thinking_that_is_cut_off_is_an_error_that_names_both_repairs(
    current: type[Current], max_tokens: int
) -> None:
    member = replace(THINKER, think=True, max_tokens=max_tokens)
    said = rf"'qwen3:1.7b' spent its {max_tokens + 1} tokens on thinking and gave no answer"
    with pytest.raises(EngineError, match=rf"{said}.*think=False.*max_tokens={max_tokens}"):
        ask(member)


def test_thinking_that_ends_without_an_answer_is_that_error_too(
    current: type[Current], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.engines.test_thinking.WORDS", ["\n"])
    with pytest.raises(EngineError, match="on thinking and gave no answer"):
        ask(replace(THINKER, think=True))


@pytest.mark.parametrize("words", [["<think>", "Let me see"], ["<think>", "6 x 7", "</think>"]])
def test_thoughts_in_the_text_of_an_answer_are_no_answer(
    current: type[Current], monkeypatch: pytest.MonkeyPatch, words: list[str]
) -> None:
    """As a model writes them that the server does not know to think."""
    monkeypatch.setattr("tests.engines.test_thinking.WORDS", words)
    with pytest.raises(EngineError, match="on thinking and gave no answer"):
        ask(THINKER)


def test_a_model_that_cannot_think_is_named_with_what_to_set(current: type[Current]) -> None:
    with pytest.raises(EngineError, match=rf"'{MODEL}' cannot think.*Member\(\.\.\., think=False"):
        ask(Member(MODEL, think=True))


@pytest.mark.parametrize("said", TOO_LONG)
def test_a_prompt_that_is_too_long_is_refused_in_our_words(
    current: type[Current], said: str
) -> None:
    current.too_long = said
    with pytest.raises(BadPrompt, match="does not fit the 4,096 tokens"):
        ask(THINKER)


def test_a_members_schema_holds_where_the_call_asks_for_no_other(
    current: type[Current], llama: type[Llama]
) -> None:
    member = Member(MODEL, schema=json.dumps(SCHEMA))
    other = {"type": "object", "properties": {}}
    ask(member)
    ask(member, format=other)
    asyncio.run(engine()(member, "What is 6 times 7?"))
    assert [asked["format"] for asked in current.asked] == [SCHEMA, other]
    assert llama.asked[0]["json_schema"]["properties"] == SCHEMA["properties"]


def test_ollama_and_llama_cpp_are_sent_the_same_sampling_whole(
    current: type[Current], llama: type[Llama]
) -> None:
    member = Member(MODEL, temperature=0.7, seed=5, max_tokens=33)
    ask(member)
    asyncio.run(engine()(member, "What is 6 times 7?"))
    (theirs,), (ours,) = current.asked, llama.asked
    options = theirs["options"]
    named = {"num_predict": "n_predict"}
    of_the_call = {name: value for name, value in options.items() if name != "num_ctx"}
    assert {name: ours[named.get(name, name)] for name in of_the_call} == of_the_call
    assert options == {
        "temperature": 0.7,
        "seed": 5,
        "num_predict": 33,
        "num_ctx": server_params(Path("a.gguf"), 1, "key").n_ctx,
        "top_k": 40,
        "top_p": 0.9,
        "min_p": 0.0,
        "repeat_penalty": 1.0,
    }
    assert ours["messages"] == theirs["messages"]
    assert ours["chat_template_kwargs"] == {"enable_thinking": theirs["think"]}
