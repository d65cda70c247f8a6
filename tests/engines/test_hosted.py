"""Hosted members, against a server on loopback. The OpenAI path is in tests/live too.

SCRIPTED: the server's replies are written after the published shapes of the Messages and the Chat
Completions API. No Claude and no GPT answers here.
"""

import asyncio
import json
import math
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from course import record
from rich.console import Console

import mlkit
from mlkit import doctor, paths
from mlkit.ask import Member, Reply
from mlkit.engines import choose, hosted
from mlkit.engines.hosted import Hosted, missing
from mlkit.errors import (
    BadPrompt,
    EngineBusy,
    EngineError,
    EngineTimeout,
    EngineUnreachable,
    MlkitError,
    ModelMissing,
)
from mlkit.kit import Kit
from mlkit.models import cast_named
from mlkit.wrappers import Recorder, Replay
from tests.conftest import Scripted

SONNET_46, SONNET_55 = Member("claude:claude-sonnet-4-6"), Member("claude:claude-sonnet-5-5")
GPT = Member("openai:gpt", system="Be brief.", max_tokens=7, temperature=0.7, seed=3)


def message(*texts: str, stop: str = "end_turn") -> dict[str, Any]:
    return {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "claude-sonnet-5-5",
        "stop_reason": stop,
        "stop_sequence": None,
        "usage": {"input_tokens": 12, "output_tokens": 3},
        "content": [
            {"type": "thinking", "thinking": "", "signature": "x"},
            *({"type": "text", "text": text} for text in texts),
        ],
    }


def completion(text: str, **choice: Any) -> dict[str, Any]:
    return {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 0,
        "model": "gpt",
        "usage": {"prompt_tokens": 12, "completion_tokens": 3, "total_tokens": 15},
        "choices": [
            {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": text}}
            | choice
        ],
    }


class Server(ThreadingHTTPServer):
    """Plays its replies in order, (status, body), the last one repeating; keeps what it was
    asked.
    """

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []
        self.replies: list[tuple[int, Any]] = [(200, message("42"))]
        self.kind = "application/json"
        self.delay_seconds = self.drip_seconds = 0.0
        super().__init__(("127.0.0.1", 0), _Handler)


class _Handler(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        key = (
            self.headers.get("authorization") or self.headers.get("x-api-key") or ""
        )  # the SDK's versions differ
        self.server.asked.append(body | {"path": self.path, "key": key.removeprefix("Bearer ")})
        time.sleep(self.server.delay_seconds)
        status, reply = (
            self.server.replies.pop(0) if len(self.server.replies) > 1 else self.server.replies[0]
        )
        content = reply.encode() if isinstance(reply, str) else json.dumps(reply).encode()
        self.send_response(status)
        self.send_header("content-type", self.server.kind)
        length = 100_000 if self.server.drip_seconds else len(content)
        self.send_header("content-length", str(length))
        self.send_header("retry-after-ms", "1")
        self.end_headers()
        for _ in range(100 if self.server.drip_seconds else 0):  # spaces, as any JSON may begin
            time.sleep(self.server.drip_seconds)
            with suppress(OSError):
                self.wfile.write(b" ")
        self.wfile.write(content)

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    server = Server()
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    monkeypatch.setenv("ANTHROPIC_API_KEY", "test-key")
    monkeypatch.setenv("ANTHROPIC_BASE_URL", f"http://127.0.0.1:{server.server_port}")
    monkeypatch.setenv("OPENAI_BASE_URL", f"http://127.0.0.1:{server.server_port}/v1")
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    yield server
    server.shutdown()
    server.server_close()


def ask(
    member: Member,
    prompt: str = "What is 6 times 7?",
    options: dict[str, Any] | None = None,
    **asked: Any,
):
    return asyncio.run(Hosted(Scripted({"": "local"}), **(options or {}))(member, prompt, **asked))


def test_a_reply_with_its_tokens_and_seconds(server: Server) -> None:
    reply = ask(SONNET_55)
    assert (reply.text, reply.prompt_tokens, reply.output_tokens, reply.done_reason) == (
        "42",
        12,
        3,
        "stop",
    )
    assert reply.output_seconds > 0 and not reply.choices


def test_one_kit_serves_any_number_of_event_loops(server: Server) -> None:
    server.replies = [(200, completion("42"))]
    hosted = Hosted(Scripted({}))
    assert [asyncio.run(hosted(Member("openai:m"), "6 * 7?")).text for _ in range(4)] == ["42"] * 4


def test_what_is_sent(server: Server) -> None:
    member = Member(
        "claude:claude-sonnet-5-5",
        system="Be brief.",
        shots=(("1+1?", "2"),),
        max_tokens=7,
        temperature=0.7,
    )
    ask(member)
    assert server.asked == [
        {
            "path": "/v1/messages",
            "key": "test-key",
            "model": "claude-sonnet-5-5",
            "max_tokens": 7,
            "system": "Be brief.",
            "thinking": {"type": "between_tools"},
            "messages": [
                {"role": "user", "content": "1+1?"},
                {"role": "assistant", "content": "2"},
                {"role": "user", "content": "What is 6 times 7?"},
            ],
        }
    ]


def test_a_temperature_goes_only_where_it_is_accepted(server: Server) -> None:
    for member in (SONNET_46, SONNET_55, Member("claude:claude-of-tomorrow")):
        ask(member)
    assert [asked.get("temperature") for asked in server.asked] == [0.0, None, None]


def test_what_a_host_is_not_told_is_said_once_for_each_model(
    server: Server, capsys: pytest.CaptureFixture[str]
) -> None:
    """One line; after it the same engine is silent."""
    engine = Hosted(Scripted({"": "local"}))
    for member in (SONNET_46, SONNET_55, SONNET_55, SONNET_46):
        asyncio.run(engine(member, "What is 6 times 7?"))
    server.replies = [(200, completion("42"))]
    asyncio.run(engine(GPT, "What is 6 times 7?"))
    first, second, third = capsys.readouterr().out.splitlines()
    others = "num_ctx, top_k, {}min_p, repeat_penalty"
    with_top_p = others.format("top_p, ")
    assert first == f"{SONNET_46.model}: its host decides about seed, {with_top_p}, think itself."
    assert (
        second
        == f"{SONNET_55.model}: its host decides about temperature, seed, {with_top_p} itself."
    )
    assert third == f"openai:gpt: its host decides about {others.format('')}, think itself."


def test_claude_thinks_where_a_member_is_to(server: Server) -> None:
    thought = {"type": "thinking", "thinking": "6 x 7", "signature": "x"}
    server.replies = [(200, message("42") | {"content": [thought, {"type": "text", "text": "42"}]})]
    reply = ask(replace(SONNET_55, think=True))
    assert (reply.text, reply.thinking) == ("42", "6 x 7") and "thinking" not in server.asked[0]
    server.replies = [(200, message(stop="max_tokens") | {"content": [thought]})]
    with pytest.raises(EngineError, match=r"on thinking.*think=False.*max_tokens=128"):
        ask(replace(SONNET_55, think=True))


@pytest.mark.parametrize("stop", ["max_tokens", "end_turn"])
def test_claude_thought_and_wrote_nothing_where_the_thoughts_are_not_shown_either(
    server: Server, stop: str
) -> None:
    server.replies = [(200, message(stop=stop))]
    with pytest.raises(EngineError, match=r"spent its 3 tokens on thinking.*think=False"):
        ask(replace(SONNET_55, think=True))


def test_reasoning_that_an_openai_server_only_counts_is_thinking(server: Server) -> None:
    def counted(text: str, thought: int | None, reason: str = "stop") -> dict[str, Any]:
        details = {"reasoning_tokens": thought}
        usage = {"prompt_tokens": 12, "completion_tokens": 128, "total_tokens": 140}
        reply = completion(text, finish_reason=reason)
        return reply | {"usage": usage | {"completion_tokens_details": details}}

    server.replies = [(200, counted("", 128, "length"))]
    with pytest.raises(EngineError, match=r"spent its 128 tokens on thinking and gave no answer"):
        ask(GPT)
    server.replies = [(200, counted("42", 100)), (200, counted("", None))]
    assert (ask(GPT).thinking_tokens, ask(GPT).text) == (100, "")


@pytest.mark.parametrize(
    "text", ["<think>Let me see: 6 x 7", "<think>6 x 7</think>\n", "42</think>"]
)
def test_thoughts_in_the_text_of_an_answer_are_no_answer(server: Server, text: str) -> None:
    server.replies = [(200, completion(text, finish_reason="length"))]
    with pytest.raises(EngineError, match="on thinking and gave no answer"):
        ask(GPT)
    server.replies = [(200, completion("<think>6 x 7</think>42"))]
    assert ask(GPT).text == "<think>6 x 7</think>42"


@pytest.mark.parametrize("name", ["reasoning_content", "reasoning"])
def test_the_thinking_of_an_openai_server_is_kept_under_each_of_its_names(
    server: Server, name: str
) -> None:
    told = {"role": "assistant", "content": "42", name: "6 x 7"}
    server.replies = [(200, completion("", message=told))]
    assert ask(GPT).thinking == "6 x 7"
    server.replies = [(200, completion("", message=told | {"content": None}))]
    with pytest.raises(EngineError, match="on thinking and gave no answer"):
        ask(GPT)
    server.replies = [(200, completion("", message=told | {name: 3}))]
    assert ask(GPT).thinking == ""


def test_a_schema_goes_along_in_the_words_that_claude_takes(server: Server) -> None:
    ask(
        SONNET_55,
        format={
            "type": "object",
            "properties": {"n": {"type": "array", "items": {"type": "integer"}, "maxItems": 3}},
            "required": ["n"],
        },
    )
    schema = server.asked[0]["output_config"]["format"]["schema"]
    ask(replace(SONNET_55, schema=json.dumps(schema)))
    assert server.asked[1]["output_config"]["format"]["schema"]["required"] == ["n"]
    assert schema["additionalProperties"] is False and "maxItems" not in schema["properties"]["n"]


@pytest.mark.parametrize(
    ("stop", "reason"),
    [
        ("max_tokens", "length"),
        ("model_context_window_exceeded", "length"),
        ("refusal", "refusal"),
        ("stop_sequence", "stop"),
    ],
)
def test_why_it_ended(server: Server, stop: str, reason: str) -> None:
    texts = [] if stop == "refusal" else ["Then"]
    server.replies = [(200, message(*texts, stop=stop))]
    reply = ask(SONNET_55)
    assert (reply.text, reply.done_reason) == ("".join(texts), reason)


def test_the_sdk_tries_again_where_the_host_is_full(server: Server) -> None:
    server.replies = [
        (529, {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}),
        (200, message("42")),
    ]
    assert ask(SONNET_55).text == "42"
    assert len(server.asked) == 2


@pytest.mark.parametrize(
    ("status", "kind", "words"),
    [
        (400, EngineError, "answered 400"),
        (401, EngineError, "refuses the key"),
        (403, EngineError, "refuses the key"),
        (404, ModelMissing, "host of 'claude:claude-sonnet-5-5' does not know it"),
        (429, EngineBusy, "in a minute"),
        (500, EngineError, "answered 500"),
        (529, EngineBusy, "in a minute"),
    ],
)
def test_a_refused_call_says_why_and_what_to_do(
    server: Server,
    monkeypatch: pytest.MonkeyPatch,
    status: int,
    kind: type[MlkitError],
    words: str,
) -> None:
    monkeypatch.setattr(hosted, "BUSY_SECONDS", (0.01,))
    server.replies = [
        (status, {"type": "error", "error": {"type": "some_error", "message": "Because."}})
    ]
    with pytest.raises(kind, match=words) as caught:
        ask(SONNET_55, options={"retries": 0})
    assert "Because." in str(caught.value)


@pytest.mark.parametrize("member", [SONNET_55, GPT], ids=["claude", "openai"])
@pytest.mark.parametrize("before", ["", "x" * 60])  # also where the key would be cut in half
def test_a_host_that_repeats_our_key_is_not_quoted_with_it(
    server: Server, monkeypatch: pytest.MonkeyPatch, member: Member, before: str
) -> None:
    key = f"sk-{'of-our-own' * 8}"
    monkeypatch.setenv("ANTHROPIC_API_KEY", key)
    monkeypatch.setenv("OPENAI_API_KEY", key)
    said = f"{before} Incorrect API key provided: Bearer {key}"
    server.replies = [(401, {"type": "error", "error": {"type": "some_error", "message": said}})]
    with pytest.raises(EngineError, match=r"Bearer \*\*\*") as caught:
        ask(member, options={"retries": 0})
    assert "our-own" not in str(caught.value)


@pytest.mark.parametrize("member", [SONNET_55, GPT], ids=["claude", "openai"])
@pytest.mark.parametrize("kind", ["application/json", "text/html"])
@pytest.mark.parametrize("body", ["", "<html>", "[]", "{}", "null", '{"content": 7}'])
def test_a_reply_of_another_shape_is_an_error_that_names_the_address(
    server: Server, member: Member, kind: str, body: str
) -> None:
    server.replies, server.kind = [(200, body)], kind
    variable = "ANTHROPIC_BASE_URL" if member is SONNET_55 else "OPENAI_BASE_URL"
    with pytest.raises(EngineError, match=f"language .*Check the address:  echo .{variable}$"):
        ask(member, options={"retries": 0})


@pytest.mark.parametrize("member", [SONNET_55, GPT], ids=["claude", "openai"])
def test_a_full_host_is_asked_again_as_often_as_a_full_ollama(
    server: Server, monkeypatch: pytest.MonkeyPatch, member: Member
) -> None:
    monkeypatch.setattr(hosted, "BUSY_SECONDS", (0.01, 0.01))
    full = (429, {"type": "error", "error": {"type": "rate_limit_error", "message": "full"}})
    server.replies = [full]
    with pytest.raises(EngineBusy, match="is full"):
        ask(member, options={"retries": 0})
    assert len(server.asked) == 3


def test_a_host_that_is_not_there_is_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")
    monkeypatch.setattr(hosted, "BUSY_SECONDS", (60,))  # nobody waits for that
    with pytest.raises(EngineUnreachable, match="echo .OPENAI_BASE_URL"):
        ask(GPT, options={"retries": 0})


def test_a_slow_host_times_out(server: Server) -> None:
    server.delay_seconds = 0.5
    with pytest.raises(EngineTimeout, match="took too long"):
        ask(SONNET_55, options={"retries": 0, "timeout_seconds": 0.1})


@pytest.mark.parametrize("member", [SONNET_55, GPT], ids=["claude", "openai"])
def test_the_timeout_counts_the_whole_answer_and_all_tries(server: Server, member: Member) -> None:
    pytest.importorskip("anthropic" if member is SONNET_55 else "openai")  # importing takes seconds
    server.drip_seconds = 0.05
    started = time.perf_counter()
    with pytest.raises(EngineTimeout, match="took too long"):
        ask(member, options={"timeout_seconds": 0.3})
    assert time.perf_counter() - started < 2


@pytest.mark.parametrize("proxy", ["http://127.0.0.1:9", "socks5h://127.0.0.1:9"])
@pytest.mark.parametrize("member", [SONNET_55, GPT], ids=["claude", "openai"])
def test_no_proxy_stands_between_us_and_a_host_on_this_machine(
    server: Server, monkeypatch: pytest.MonkeyPatch, member: Member, proxy: str
) -> None:
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, proxy)
    server.replies = [(200, message("42") if member is SONNET_55 else completion("42"))]
    assert ask(member, options={"retries": 0}).text == "42"


def test_a_host_that_is_gone_is_unreachable(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANTHROPIC_BASE_URL", "http://127.0.0.1:9")
    with pytest.raises(EngineUnreachable, match="does not answer"):
        ask(SONNET_55, options={"retries": 0})


def test_what_an_openai_server_is_sent(server: Server) -> None:
    server.replies = [(200, completion("42", finish_reason="length"))]
    reply = ask(GPT)
    assert (reply.text, reply.prompt_tokens, reply.output_tokens, reply.done_reason) == (
        "42",
        12,
        3,
        "length",
    )
    assert server.asked == [
        {
            "path": "/v1/chat/completions",
            "key": "none",
            "model": "gpt",
            "max_tokens": 7,
            "temperature": 0.7,
            "seed": 3,
            "top_p": 0.9,
            "messages": [
                {"role": "system", "content": "Be brief."},
                {"role": "user", "content": "What is 6 times 7?"},
            ],
        }
    ]


def test_probabilities_of_an_openai_server(server: Server) -> None:
    likely = [{"token": "yes", "logprob": math.log(0.9), "bytes": None}]
    first = {"token": "yes", "logprob": math.log(0.9), "bytes": None, "top_logprobs": likely}
    server.replies = [(200, completion("yes", logprobs={"content": [first], "refusal": None}))]
    assert ask(GPT, labels=("yes", "no")).choices == {"yes": pytest.approx(0.9)}
    assert (server.asked[0]["logprobs"], server.asked[0]["top_logprobs"]) == (True, 20)


def test_a_hosted_member_is_recorded_and_replayed_like_any_other(server: Server) -> None:
    memory: dict[Any, Any] = {}
    recorder = Recorder(Hosted(Scripted({"": "local"})), memory)
    recorded = asyncio.run(recorder(SONNET_55, "What is 6 times 7?"))
    server.replies = [(500, "The host is gone.")]
    replayed = asyncio.run(Replay(memory, KeyError)(SONNET_55, "What is 6 times 7?"))
    assert replayed == recorded and recorded.text == "42"


@pytest.fixture
def with_ollama(monkeypatch: pytest.MonkeyPatch) -> choose.Engine:
    """An Ollama that has no hosted model, as `choose` finds it."""

    async def local(member: Member, prompt: str, **_: Any) -> Reply:
        if member.model.startswith("claude:"):
            raise ModelMissing(f"Fetch it with:  ollama pull {member.model}")
        return Reply("local", member, 3, 1, output_seconds=1.0)

    header = choose.Header("Ollama 0.0", {"m": "digest"}, "here", "2026-01-01")
    engine = choose.Engine("ollama", header, local)
    real = choose.choose
    monkeypatch.setattr(
        choose, "choose", lambda cast, kind, *_: real(cast, kind) if kind == "replay" else engine
    )
    return engine


def test_a_study_with_a_hosted_member_is_recorded_and_replays_without_a_key(
    server: Server,
    with_ollama: choose.Engine,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    async def study(kit: Kit) -> None:
        await kit.ask(kit.cast.writer, "6 times 7")

    async def another(kit: Kit) -> None:
        await kit.ask(kit.cast.writer, "other")

    cast = cast_named("small=m,large=m,writer=claude:claude-sonnet-5-5")
    record.record_study(study, tmp_path / "6 times 7.jsonl", with_ollama, cast)
    monkeypatch.delenv("ANTHROPIC_API_KEY")
    monkeypatch.setattr(paths, "recordings", lambda cast: tmp_path)
    monkeypatch.setattr(paths, "recorded", lambda cast: cast)
    capsys.readouterr()
    kit = mlkit.connect(cast, engine="replay")
    assert kit.cast == cast and "left out" not in capsys.readouterr().out
    assert asyncio.run(kit.ask(kit.cast.writer, "6 times 7")).text == "42"
    live = mlkit.connect(cast, engine="ollama")
    assert (live.cast.writer.model, live.recorded.cast) == ("m", cast)
    with pytest.raises(EngineError, match="ANTHROPIC_API_KEY"):  # and never the large one's answer
        record.record_study(another, tmp_path / "other.jsonl", with_ollama, cast)


def test_before_recording_a_hosted_large_member_is_asked_at_its_host(
    server: Server, with_ollama: choose.Engine
) -> None:
    cast = cast_named("small=m,large=claude:claude-sonnet-5-5")
    assert 0 < record._seconds_a_token(with_ollama, cast) < 5
    assert server.asked[0]["model"] == "claude-sonnet-5-5"


@pytest.mark.parametrize("key", ["test-key", ""])
def test_doctor_asks_a_hosted_member_at_its_host_if_it_can_be_asked(
    server: Server, with_ollama: choose.Engine, monkeypatch: pytest.MonkeyPatch, key: str
) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", key)
    monkeypatch.setenv("MLKIT_CAST", "workstation")
    console = Console(record=True, width=300)
    assert asyncio.run(doctor._runs(console, "ollama", 20)) == "answers"
    said = console.export_text()
    assert ("claude-sonnet-5-5 answers, " in said) == bool(key) and said.count(" answers, ") >= 4
    monkeypatch.setenv("MLKIT_CAST", "small=m,large=claude:claude-sonnet-5-5")
    state = "answers" if key else "fails"
    assert asyncio.run(doctor._runs(console, "ollama", 20)) == state
    assert ("ANTHROPIC_API_KEY" in console.export_text()) != bool(key)


@pytest.mark.parametrize("prompt", ["", " \n", "nul \0", "\ud800"])
def test_a_prompt_that_no_host_can_read_is_refused(server: Server, prompt: str) -> None:
    with pytest.raises(BadPrompt):
        ask(SONNET_55, prompt)


def test_a_member_without_a_prefix_stays_local(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ANTHROPIC_API_KEY", raising=False)
    assert ask(Member("qwen2.5-coder:0.5b")).text == "local"
    assert missing("qwen2.5-coder:0.5b") == ""


def test_no_package_is_one_clear_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hosted.importlib.util, "find_spec", lambda name: None)
    assert "uv sync --extra claude" in missing(SONNET_55.model)
    with pytest.raises(EngineError, match="uv sync --extra claude"):
        ask(SONNET_55)


def test_no_key_is_one_clear_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hosted.importlib.util, "find_spec", lambda name: object())
    monkeypatch.delenv("ANTHROPIC_API_KEY", raising=False)
    with pytest.raises(EngineError, match="export ANTHROPIC_API_KEY=...") as caught:
        ask(SONNET_55)
    assert "\n" not in str(caught.value)
