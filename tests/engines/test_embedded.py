"""The embedded engine without its weights: what it sends to llama.cpp, what it makes of the items
that come back, and that its one thread outlives whatever happens to a call.
"""

import asyncio
import gc
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xllamacpp

from mlkit.ask import Member, Reply
from mlkit.engines import embedded
from mlkit.engines.embedded import Embedded, closed, completion_request, reply_from
from mlkit.engines.request import messages_for
from mlkit.errors import BadPrompt, EngineError, EngineTimeout, ModelMissing, SettingError

MODEL = "qwen2.5-coder:0.5b"
MEMBER = Member(MODEL, system="Answer yes or no.", max_tokens=3)


def piece(finish_reason: str | None = None, logprobs: Any = None, **delta: Any) -> dict[str, Any]:
    choice = {"index": 0, "delta": delta, "finish_reason": finish_reason}
    return {"choices": [choice | ({"logprobs": {"content": [logprobs]}} if logprobs else {})]}


NO_OR_YES = {
    "token": "No",
    "top_logprobs": [
        {"token": "No", "logprob": -0.33163726329803467},
        {"token": "Yes", "logprob": -1.3818540573120117},
    ],
}
COMMA = {"token": ",", "top_logprobs": [{"token": ",", "logprob": -0.29}]}
TIMINGS = {"cache_n": 20, "prompt_n": 4, "prompt_ms": 193.049, "predicted_n": 3}
LAST = piece("length") | {"timings": TIMINGS | {"predicted_ms": 46.925}}
# What llama.cpp sent when the 0.5b was asked "Is a whale a fish?", without the fields nobody reads.
ITEMS = [
    piece(role="assistant", content=None) | {"prompt_progress": {}},
    piece(content="No", logprobs=NO_OR_YES),
    piece(content=",", logprobs=COMMA),
    LAST,
]


class Llama:
    """In the place of xllamacpp.Server: it plays ITEMS, or raises `fault`; with `endless` it writes
    until it is told to stop.
    """

    endless = False
    fault: Exception | None = None
    loads = 0

    def __init__(self, params: Any) -> None:
        type(self).loads += 1

    def handle_chat_completions(self, request: Any, receive: Callable[[Any], bool]) -> None:
        type(self).asked.append(request)
        if self.fault:
            raise self.fault
        items = iter(lambda: ITEMS[1], None) if self.endless else iter(ITEMS)
        for item in items:
            if receive(item):
                type(self).stopped.set()
                return
            self.writing.set()

    @classmethod
    def reset(cls) -> None:
        cls.endless, cls.fault, cls.loads, cls.asked = False, None, 0, []
        cls.writing, cls.stopped = threading.Event(), threading.Event()


@pytest.fixture
def llama(monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Llama]]:
    Llama.reset()
    monkeypatch.setattr(xllamacpp, "Server", Llama)
    yield Llama
    Llama.endless = False


def engine(**options: Any) -> Embedded:
    return Embedded({MODEL: Path("tiny.gguf")}, threads=1, **options)


async def happened(event: threading.Event) -> None:
    assert await asyncio.to_thread(event.wait, 20)


async def is_free(ask: Embedded) -> None:
    """The next call is answered."""
    Llama.endless = False
    assert (await asyncio.wait_for(ask(MEMBER, "Is a whale a fish?"), 20)).text == "No,"


def test_a_call_as_llama_cpp_takes_it() -> None:
    member = Member(MODEL, "Be brief.", (("2 + 2?", "4"),), temperature=0.5, seed=7, max_tokens=9)
    messages = messages_for(member, "3 + 3?")
    assert completion_request(member, messages, None, choices=False) == {
        "messages": messages,
        "temperature": 0.5,
        "seed": 7,
        "n_predict": 9,
        "top_k": 40,
        "top_p": 0.9,
        "min_p": 0.0,
        "repeat_penalty": 1.0,
        "chat_template_kwargs": {"enable_thinking": False},
        "stream": True,
        "return_progress": True,
    }


def test_a_schema_and_probabilities_go_along_where_they_are_wanted() -> None:
    schema = {"type": "object", "properties": {"age": {"type": "integer"}}, "required": ["age"]}
    request = completion_request(MEMBER, [], schema, choices=True)
    assert request["json_schema"] == {"additionalProperties": False} | schema
    assert (request["logprobs"], request["top_logprobs"]) == (True, 20)


def test_objects_of_a_schema_have_the_named_properties_only_also_deep_inside() -> None:
    row = {"type": "object", "properties": {"type": {"enum": ["a", "b"]}}}
    schema = {
        "type": "object",
        "properties": {"rows": {"type": "array", "items": row}, "any": {"type": "object"}},
    }
    sent = completion_request(MEMBER, [], schema, choices=False)["json_schema"]
    assert sent["additionalProperties"] is False
    assert sent["properties"]["rows"]["items"] == {"additionalProperties": False} | row
    assert sent["properties"]["any"] == {"type": "object"}
    assert sent["properties"].keys() == {"rows", "any"}


def test_an_object_without_its_type_is_closed_as_well() -> None:
    assert closed({"properties": {}})["additionalProperties"] is False
    assert closed({"properties": {}, "additionalProperties": True})["additionalProperties"] is True


def test_a_schema_with_an_unknown_type_is_refused() -> None:
    with pytest.raises(EngineError, match="type 'int'; take one of object, array, string"):
        completion_request(MEMBER, [], {"properties": {"age": {"type": "int"}}}, choices=False)


def test_items_become_a_reply() -> None:
    reply = reply_from(MEMBER, ITEMS, 1.5, 2.5)
    choices = reply.choices
    assert choices == pytest.approx({"No": 0.7177, "Yes": 0.2511}, abs=1e-4)
    assert reply == Reply(
        text="No,",
        member=MEMBER,
        prompt_tokens=24,
        output_tokens=3,
        queue_seconds=1.5,
        load_seconds=2.5,
        prompt_seconds=pytest.approx(0.193049),
        output_seconds=pytest.approx(0.046925),
        done_reason="length",
        choices=choices,
    )


def test_the_end_of_an_answer_is_no_first_token() -> None:
    end = {"token": "", "top_logprobs": [{"token": "", "logprob": -0.1}]}
    assert reply_from(MEMBER, [piece(content="", logprobs=end), LAST], 0, 0).choices == {}


@pytest.mark.parametrize(
    "error, raised, said",
    [
        (
            {"type": "exceed_context_size_error", "message": "m"},
            BadPrompt,
            "does not fit the 4,096",
        ),
        ({"type": "server_error", "message": "out of\nmemory"}, EngineError, "mlkit doctor"),
    ],
)
def test_an_error_of_llama_cpp_becomes_ours(error: Any, raised: Any, said: str) -> None:
    with pytest.raises(raised, match=said) as caught:
        reply_from(MEMBER, [{"error": error}], 0, 0)
    assert "\n" not in str(caught.value)


def test_a_model_is_loaded_on_first_use_and_kept_however_its_name_is_written(
    llama: type[Llama],
) -> None:
    ask = engine()
    assert llama.loads == 0
    for name in (MODEL, MODEL.upper(), f"library/{MODEL}"):
        member = Member(name)
        assert asyncio.run(ask(member, "hi", labels=("yes", "no"))).member == member
    assert llama.loads == 1 and llama.asked[0]["top_logprobs"] == 20


def test_a_model_without_weights_is_named(llama: type[Llama]) -> None:
    for call in (lambda ask: ask(Member("qwen3:8b"), "hi"), lambda ask: ask.embed("qwen3:8b", "a")):
        with pytest.raises(ModelMissing, match=f"qwen3:8b.*{MODEL}"):
            asyncio.run(call(engine()))


@pytest.mark.parametrize("prompt", ["", "a\0b", "a\ud800b", "x" * 20_000])
def test_what_cannot_be_asked_is_refused_before_anything_is_loaded(
    llama: type[Llama], prompt: str
) -> None:
    ask = engine()
    for call in (lambda: ask(MEMBER, prompt), lambda: ask.embed(MODEL, ["a", prompt])):
        with pytest.raises(BadPrompt):
            asyncio.run(call())
    with pytest.raises(SettingError, match="lone surrogate"):
        asyncio.run(ask(Member(MODEL, system="a\ud800b"), "hi"))
    assert llama.loads == 0


def test_a_damaged_file_is_one_line_and_the_thread_lives_on(tmp_path: Path) -> None:
    file = tmp_path / "broken.gguf"
    file.write_bytes(b"GGUF" + bytes(1000))
    ask = Embedded({MODEL: file}, threads=1)
    for _ in range(2):
        with pytest.raises(EngineError, match=r"broken.gguf: it is damaged.*mlkit pull"):
            asyncio.run(ask(MEMBER, "hi"))


def test_whatever_goes_wrong_in_llama_cpp_is_one_line_and_the_thread_lives_on(
    llama: type[Llama],
) -> None:
    ask, llama.fault = engine(), RuntimeError("parse error:\ninvalid string")
    with pytest.raises(EngineError, match="RuntimeError.*parse error") as caught:
        asyncio.run(ask(MEMBER, "hi"))
    assert "\n" not in str(caught.value)
    llama.fault = None
    asyncio.run(is_free(ask))


def test_a_cancelled_call_stops_the_model_and_one_that_waits_never_runs(llama: type[Llama]) -> None:
    async def main() -> None:
        ask, llama.endless = engine(), True
        running, waiting = (asyncio.create_task(ask(MEMBER, text)) for text in ("one", "two"))
        await happened(llama.writing)
        waiting.cancel(), running.cancel()
        assert await asyncio.gather(running, waiting, return_exceptions=True)
        assert running.cancelled() and waiting.cancelled()
        await happened(llama.stopped)
        await is_free(ask)
        assert ["two" in str(request["messages"]) for request in llama.asked] == [False, False]

    asyncio.run(main())


def test_the_timeout_counts_the_whole_answer_and_stops_the_model(llama: type[Llama]) -> None:
    async def main() -> None:
        ask, llama.endless = engine(timeout_seconds=0.2), True
        with pytest.raises(EngineTimeout, match=r"longer than 0.2 s.*MLKIT_TIMEOUT_SECONDS"):
            await ask(MEMBER, "hi")
        await happened(llama.stopped)
        await is_free(ask)

    asyncio.run(main())


def test_a_loop_that_is_closed_in_the_middle_of_a_call_stops_the_model_without_a_word(
    llama: type[Llama], caplog: pytest.LogCaptureFixture
) -> None:
    ask, llama.endless = engine(), True
    loop = asyncio.new_event_loop()
    asking = loop.create_task(ask(MEMBER, "hi"))
    loop.run_until_complete(happened(llama.writing))
    loop.close()
    assert llama.stopped.wait(20) and not asking.done()
    asyncio.run(is_free(ask))  # in another loop
    asking._log_destroy_pending = False  # it is, and asyncio would say so
    assert caplog.text == ""


def test_a_call_that_waits_says_how_long(llama: type[Llama]) -> None:
    async def main() -> None:
        ask, llama.endless = engine(), True
        running = asyncio.create_task(ask(MEMBER, "one"))
        await happened(llama.writing)
        waiting = asyncio.create_task(ask(MEMBER, "two"))
        started = asyncio.get_running_loop().time()
        await asyncio.sleep(0.05)  # what is measured
        llama.endless = False
        running.cancel()
        reply = await waiting
        assert 0.04 < reply.queue_seconds < asyncio.get_running_loop().time() - started + 0.01
        assert reply.load_seconds < reply.queue_seconds

    asyncio.run(main())


def test_what_is_not_used_any_more_frees_its_models_and_its_thread(llama: type[Llama]) -> None:
    ask = engine()
    asyncio.run(is_free(ask))
    worker, thread = ask._worker, ask._worker._thread
    assert worker._servers and thread.is_alive()
    del ask
    gc.collect()
    assert not thread.is_alive() and not worker._servers


class Port(BaseHTTPRequestHandler):
    """llama.cpp's own port, where it embeds."""

    asked: list[str]
    template = "{{ messages }}"
    slow = False
    hung_up: threading.Event

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps({"chat_template": self.template}).encode())

    def do_POST(self) -> None:
        text = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["input"]
        type(self).asked.append(text)
        if self.slow:
            assert self.connection.recv(1) == b""  # until the other side hangs up
            self.hung_up.set()
            return
        body = {"data": [{"embedding": [3.0, float(len(text))]}]}
        if self.headers["Authorization"] != f"Bearer {self.server.key}":
            body = {"error": {"message": "Invalid API Key"}}
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps(body).encode())

    def log_message(self, *args: Any) -> None: ...


@pytest.fixture
def port(llama: type[Llama], monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Port]]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Port)
    Port.asked, Port.slow, Port.hung_up = [], False, threading.Event()
    Port.template = "{{ messages }}"
    real = embedded.server_params

    def params(file: Path, threads: int, key: str) -> Any:
        server.key = key
        return real(file, threads, key)

    monkeypatch.setattr(embedded, "server_params", params)
    address = f"http://127.0.0.1:{server.server_port}"
    monkeypatch.setattr(llama, "listening_address", address, raising=False)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield Port
    server.shutdown()
    server.server_close()


def test_texts_become_unit_vectors(port: type[Port]) -> None:
    vectors = asyncio.run(engine().embed(MODEL, ["abcd", "ü" * 3]))
    assert np.allclose(vectors, [[0.6, 0.8], [0.5**0.5, 0.5**0.5]])
    assert port.asked == ["abcd", "üüü"]


def test_a_cancelled_list_of_texts_hangs_up_and_goes_no_further(port: type[Port]) -> None:
    async def main() -> None:
        ask, port.slow = engine(), True
        embedding = asyncio.create_task(ask.embed(MODEL, ["one", "two", "three"]))
        while not port.asked:
            await asyncio.sleep(0)
        embedding.cancel()
        await happened(port.hung_up)
        await is_free(ask)
        assert embedding.cancelled() and port.asked == ["one"]

    asyncio.run(main())


def test_the_ports_key_is_not_to_be_guessed(llama: type[Llama]) -> None:
    keys = {engine()._worker._key for _ in range(2)}
    assert len(keys) == 2 and all(len(key) >= 32 for key in keys)
    params = embedded.server_params(Path("tiny.gguf"), 1, "secret")
    assert list(params.api_keys) == ["secret"]


def test_a_model_whose_template_cannot_think_is_not_asked_to(port: type[Port]) -> None:
    with pytest.raises(EngineError, match=rf"{MODEL}' cannot think.*think=False"):
        asyncio.run(engine()(replace(MEMBER, think=True), "hi"))
    assert Llama.asked == []


def test_thinking_is_kept_beside_the_text_and_its_tokens_are_estimated(
    port: type[Port], monkeypatch: pytest.MonkeyPatch
) -> None:
    port.template = "{% if enable_thinking is false %}<think></think>{% endif %}"
    thoughts = [piece(reasoning_content=text, logprobs=COMMA) for text in ("Hm", ". ")]
    played = [*thoughts, piece(content="No", logprobs=NO_OR_YES), LAST]
    monkeypatch.setattr("tests.engines.test_embedded.ITEMS", played)
    reply = asyncio.run(engine()(replace(MEMBER, think=True), "hi", labels=("Yes", "No")))
    assert (reply.text, reply.thinking, reply.thinking_tokens) == ("No", "Hm. ", 2)
    assert reply.choices.keys() == {"No", "Yes"}  # of the answer, not of the thinking
    assert Llama.asked[0]["chat_template_kwargs"] == {"enable_thinking": True}


def test_thinking_without_an_answer_is_an_error_that_names_both_repairs(
    llama: type[Llama], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.engines.test_embedded.ITEMS", [piece(reasoning_content="Hm"), LAST])
    with pytest.raises(EngineError, match=r"on thinking.*think=False.*max_tokens=3"):
        asyncio.run(engine()(MEMBER, "hi"))
