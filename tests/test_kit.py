import asyncio
import json
import os
import re
import sys
import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import psutil
import pytest
from typer.testing import CliRunner

import mlkit
from mlkit import cli, paths
from mlkit.engines import choose, weights
from mlkit.engines.ollama import Ollama, Server, find
from mlkit.engines.recordings import load_folder
from mlkit.errors import EngineError, EngineUnreachable, ModelMissing, SettingError
from mlkit.models import CASTS, ROLES, Cast, cast_named, cost_dollars, list_prices, priced_like
from mlkit.patterns.single_model import SingleModel

NOWHERE = "http://127.0.0.1:1"


@pytest.fixture(autouse=True)
def _at_home(monkeypatch):
    """Not on Binder, whatever machine the tests run on."""
    for name in [name for name in os.environ if name.startswith("BINDER_")]:
        monkeypatch.delenv(name)


def serve(monkeypatch: pytest.MonkeyPatch, digests: Mapping[str, str]) -> None:
    server = Server("0.24.0", digests)
    monkeypatch.setattr("mlkit.engines.ollama.find", lambda address: server)


@pytest.mark.parametrize("uv", ["/usr/bin/uv", None])
def test_replay_says_where_the_answers_come_from_and_how_to_get_out(uv, capsys, monkeypatch):
    monkeypatch.setattr("shutil.which", lambda program: uv)
    header = load_folder(paths.recordings("tiny")).header
    kit = mlkit.connect()
    assert capsys.readouterr().out == (
        f"REPLAY · recorded {header.date} on {header.engine} · asked for by lab --replay or"
        ' MLKIT_ENGINE=replay · for live: kit = mlkit.connect(engine="auto")\n'
    )
    monkeypatch.setenv("MLKIT_ENGINE", "auto")
    mlkit.connect(engine="replay")
    assert capsys.readouterr().out == (
        f'REPLAY · recorded {header.date} on {header.engine} · asked for by engine="replay" · for'
        ' live: kit = mlkit.connect(engine="auto")\n'
    )
    assert kit.source == f"recorded {header.date} · {header.engine} · {header.machine}"
    assert kit.recorded is kit


def test_a_recorded_answer_comes_back_with_its_recorded_times():
    kit = mlkit.connect(engine="replay")
    prompt = kit.recorded_prompts(kit.cast.small)[0]
    run = asyncio.run(kit.run(SingleModel(kit.cast.small), prompt))
    assert run.result.text and run.calls[0].reply.output_tokens > 0
    assert run.wall_seconds == run.calls[0].seconds > 0
    assert run.calls[0].reply.queue_seconds == 0


def test_auto_falls_back_to_recordings_and_says_why(monkeypatch, capsys, tmp_path):
    monkeypatch.setenv("OLLAMA_HOST", NOWHERE)
    monkeypatch.setenv("MLKIT_WEIGHTS", str(tmp_path))
    kit = mlkit.connect(engine="auto")
    assert not kit.live
    line = capsys.readouterr().out
    assert "No Ollama answers" in line and "are not on this machine" in line


@contextmanager
def ollama(monkeypatch, models):
    """A loopback server that lists these models as Ollama does; nothing is asked of it."""
    answers = {
        "/api/version": {"version": "0.24.0"},
        "/api/tags": {"models": [{"name": name, "digest": "d"} for name in models]},
    }

    class Lists(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.end_headers()
            self.wfile.write(json.dumps(answers[self.path]).encode())

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Lists) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        monkeypatch.setenv("OLLAMA_HOST", f"127.0.0.1:{server.server_port}")
        yield answers
        server.shutdown()


def test_auto_gets_out_of_replay_however_replay_was_asked_for(monkeypatch, capsys):
    with ollama(monkeypatch, CASTS["tiny"].models):
        assert not mlkit.connect().live  # MLKIT_ENGINE=replay, as lab --replay sets it
        kit = mlkit.connect(engine="auto")
        assert kit.live and kit.engine.kind == "ollama" and not kit.recorded.live
        assert capsys.readouterr().out.splitlines()[1].startswith("LIVE · Ollama 0.24.0 · small=")


@pytest.mark.parametrize(
    "there, uv, hint",
    [
        (None, "uv", "start Ollama, or type uv run mlkit pull --cast tiny in a terminal, then run"),
        (
            None,
            "",
            "start Ollama, or type python -m mlkit pull --cast tiny in a terminal, then run",
        ),
        ([], "uv", "type uv run mlkit pull --cast tiny in a terminal, then run this cell again"),
    ],
    ids=["no Ollama", "no uv", "Ollama without the models"],
)
def test_the_way_to_live_is_one_that_leads_there(there, uv, hint, monkeypatch, capsys, tmp_path):
    monkeypatch.setenv("MLKIT_WEIGHTS", str(tmp_path))
    monkeypatch.setattr("shutil.which", lambda program: uv)
    monkeypatch.setenv("OLLAMA_HOST", NOWHERE)
    with ollama(monkeypatch, there) if there is not None else nullcontext():
        mlkit.connect(engine="auto")
    line = capsys.readouterr().out
    assert f" · for live: {hint}" in line
    assert ("start Ollama" in line) == (there is None)


@pytest.mark.parametrize("engine", [None, "auto"])
def test_on_binder_there_are_recordings_and_no_way_to_live(engine, monkeypatch, capsys, tmp_path):
    monkeypatch.setenv("BINDER_SERVICE_HOST", "10.0.0.1")
    monkeypatch.setenv("OLLAMA_HOST", NOWHERE)
    monkeypatch.setenv("MLKIT_WEIGHTS", str(tmp_path))
    mlkit.connect(engine=engine)
    line = capsys.readouterr().out
    assert line.startswith("REPLAY · recorded ") and "pull" not in line and "Ollama, or" not in line
    assert line.endswith(
        " · on Binder there are recordings only · for live: run this kit on your own machine\n"
    )


def test_on_binder_with_the_small_model_in_the_image_the_way_to_live_is_that_one(
    monkeypatch, capsys
):
    monkeypatch.setenv("BINDER_SERVICE_HOST", "10.0.0.1")
    monkeypatch.setattr(weights, "missing", lambda models: {*models} - {"qwen2.5-coder:0.5b"})
    mlkit.connect()
    line = capsys.readouterr().out
    assert line.startswith("REPLAY · recorded ")
    assert 'write in this cell: kit = mlkit.connect(engine="embedded")' in line


@pytest.mark.parametrize(
    "engine, here, memory_gb, cast",
    [
        ("embedded", {"0.5b", "1.5b"}, 8.0, "tiny"),
        ("embedded", {"0.5b", "1.5b"}, 2.1, "solo"),
        ("embedded", {"0.5b"}, 8.0, "solo"),
        ("embedded", set(), 8.0, "tiny"),
        ("auto", {"0.5b"}, 2.1, "tiny"),
    ],
)
def test_solo_plays_in_this_process_where_it_is_all_that_is_here_or_fits(
    engine, here, memory_gb, cast, monkeypatch
):
    monkeypatch.setattr(
        weights, "missing", lambda models: [one for one in models if one[-4:] not in here]
    )
    monkeypatch.setattr(choose, "memory_bytes", lambda: memory_gb * 1e9)
    assert choose.cast_for(engine).name == cast


def test_a_cast_that_does_not_fit_into_memory_is_refused_with_the_way_to_one_that_does(monkeypatch):
    monkeypatch.setattr(weights, "missing", lambda models: [])
    monkeypatch.setattr(choose, "memory_bytes", lambda: 2_100_000_000)
    with pytest.raises(SettingError, match=r"need 2\.5 GB of memory, of 2\.1.*MLKIT_CAST=solo"):
        choose.choose(CASTS["tiny"], "embedded")
    assert not choose.memory_lacks(CASTS["solo"])


def test_what_does_not_fit_is_refused_before_it_is_to_be_fetched(monkeypatch, tmp_path):
    monkeypatch.setenv("MLKIT_WEIGHTS", str(tmp_path))
    monkeypatch.setattr(choose, "memory_bytes", lambda: 2_000_000_000)
    with pytest.raises(SettingError, match=r"need 2\.5 GB of memory, of 2\.0.*MLKIT_CAST=solo"):
        mlkit.connect("tiny", engine="embedded")


class TestHostedAlone:
    CAST = "small=openai:m,large=openai:n"

    @pytest.fixture(autouse=True)
    def _no_local_engine(self, monkeypatch, tmp_path):
        monkeypatch.setenv("MLKIT_ENGINE", "auto")
        monkeypatch.setenv("OLLAMA_HOST", NOWHERE)
        monkeypatch.setenv("MLKIT_WEIGHTS", str(tmp_path))
        monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9/v1")

    def test_it_is_live_by_its_hosts_name_and_not_that_of_this_machine(self, capsys):
        kit = mlkit.connect(self.CAST)
        line = capsys.readouterr().out
        assert line.startswith("LIVE · hosted (openai) · small=openai:m large=openai:n")
        assert kit.live and kit.engine.kind == "hosted" and not kit.recorded.live
        assert " · hosted (openai) · machines of the host · priced: openai:m like " in kit.source
        assert choose.machine() not in kit.source

    def test_a_cast_that_nobody_hosts_is_refused(self):
        with pytest.raises(SettingError, match="Nobody hosts qwen2.5-coder:0.5b and .*MLKIT_ENGIN"):
            mlkit.connect("tiny", engine="hosted")

    def test_it_can_be_asked_for_by_its_name_as_a_recording_does(self, capsys):
        assert mlkit.connect(self.CAST, engine="hosted").engine.kind == "hosted"

    def test_it_takes_no_local_engine(self, capsys, monkeypatch):
        monkeypatch.setitem(sys.modules, "xllamacpp", None)
        assert mlkit.connect(self.CAST).live

    def test_without_a_key_the_recordings_answer_and_say_so(self, capsys, monkeypatch):
        monkeypatch.delenv("OPENAI_BASE_URL")
        monkeypatch.delenv("OPENAI_API_KEY", raising=False)
        assert not mlkit.connect(self.CAST).live
        assert "'openai:n' has no key" in capsys.readouterr().out

    def test_what_takes_a_local_model_says_so(self, capsys):
        kit = mlkit.connect(self.CAST)
        with pytest.raises(EngineError, match="MLKIT_CAST=tiny"):
            asyncio.run(kit.ask(CASTS["tiny"].small, "hello"))
        with pytest.raises(EngineError, match="MLKIT_CAST=tiny"):
            asyncio.run(kit.embed(["hello"]))

    def test_nothing_is_fetched_for_it(self, monkeypatch):
        monkeypatch.setattr(weights, "fetch", lambda *_: pytest.fail("nothing to fetch"))
        told = CliRunner().invoke(cli.app, ["pull", "--cast", self.CAST])
        assert told.exit_code == 0 and "Weights of" not in told.output
        assert cli._fetch(cast_named(self.CAST)) == "LIVE, hosted"


def test_what_is_no_ollama_is_not_to_be_started(monkeypatch, capsys, tmp_path):
    monkeypatch.setenv("MLKIT_WEIGHTS", str(tmp_path))
    with ollama(monkeypatch, []) as page:
        page.clear()
        page |= {"/api/version": "<html>", "/api/tags": "<html>"}
        assert not mlkit.connect(engine="auto").live
    line = capsys.readouterr().out
    assert "does not speak Ollama's language" in line and "start Ollama" not in line


@pytest.mark.parametrize("limit, counts", [("1000000", True), ("max", False)])
def test_a_containers_limit_counts_as_memory(limit, counts, monkeypatch, tmp_path):
    (tmp_path / "memory.max").write_text(f"{limit}\n")
    monkeypatch.setattr(choose, "LIMITS", [tmp_path / "memory.max", tmp_path / "is not there"])
    total = psutil.virtual_memory().total
    assert choose.memory_bytes() == (1_000_000 if counts else total)


NO_NUMBERS = ["", "many", "0", "-1", "nan", "inf", "1e400", "٣", "1 000"]


@pytest.mark.parametrize("value", NO_NUMBERS)
@pytest.mark.parametrize("variable, fit", [("MLKIT_LANES", 1), ("MLKIT_TIMEOUT_SECONDS", 300)])
def test_a_number_that_cannot_be_meant_is_one_line_that_names_it(variable, fit, value, monkeypatch):
    monkeypatch.setenv(variable, value)
    with pytest.raises(SettingError) as caught:
        mlkit.connect(engine="replay")
    said = str(caught.value)
    assert said.startswith(f"{variable} is {value!r}; ") and f"{variable}={fit}" in said
    assert len(caught.value._render_traceback_()) == 1 and "\n" not in said


def test_the_timeout_that_is_set_holds_for_every_member(monkeypatch):
    """Hosted ones, too: the SDKs wait ten minutes otherwise."""
    monkeypatch.setenv("MLKIT_TIMEOUT_SECONDS", "0.5")
    with ollama(monkeypatch, CASTS["tiny"].models):
        hosted = mlkit.connect(engine="ollama").ask
    assert hosted._limits["timeout"] == hosted._local._ask._timeout_seconds == 0.5


def test_a_number_that_is_not_set_is_the_default(monkeypatch):
    assert (choose.number("MLKIT_LANES"), choose.number("MLKIT_TIMEOUT_SECONDS")) == (1, 300)
    monkeypatch.setenv("MLKIT_LANES", "4")
    monkeypatch.setenv("MLKIT_TIMEOUT_SECONDS", "0.5")
    assert (choose.number("MLKIT_LANES"), choose.number("MLKIT_TIMEOUT_SECONDS")) == (4, 0.5)
    mlkit.connect(engine="replay")


@pytest.mark.parametrize("address", ["http://[", "a b", "127.0.0.1:99999", "localhost:port"])
def test_an_address_that_is_none_is_named_and_recordings_answer(
    address, monkeypatch, capsys, tmp_path
):
    monkeypatch.setenv("OLLAMA_HOST", address)
    monkeypatch.setenv("MLKIT_WEIGHTS", str(tmp_path))
    with pytest.raises(SettingError, match=re.escape(f"OLLAMA_HOST is {address!r}")):
        mlkit.connect(engine="ollama")
    assert not mlkit.connect(engine="auto").live
    line = capsys.readouterr().out
    assert f"OLLAMA_HOST is {address!r}" in line and "start Ollama" not in line
    assert "for live: type %env OLLAMA_HOST=127.0.0.1:11434 in a cell, then" in line


def test_a_proxy_does_not_stand_between_the_kit_and_ollama(monkeypatch):
    for name in ("ALL_PROXY", "HTTP_PROXY", "http_proxy"):
        monkeypatch.setenv(name, "socks5h://127.0.0.1:1")
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    with ollama(monkeypatch, CASTS["tiny"].models):
        assert mlkit.connect(engine="ollama").live


@pytest.mark.parametrize(
    "engine, error, fix",
    [
        ("ollama", EngineUnreachable, "ollama serve"),
        ("embedded", ModelMissing, "mlkit pull"),
        ("telepathy", EngineError, "MLKIT_ENGINE=auto"),
    ],
)
def test_an_engine_asked_for_by_name_is_not_replaced_by_another(
    engine, error, fix, monkeypatch, tmp_path
):
    monkeypatch.setenv("OLLAMA_HOST", NOWHERE)
    monkeypatch.setenv("MLKIT_WEIGHTS", str(tmp_path))
    with pytest.raises(error, match=fix):
        mlkit.connect(engine=engine)


@pytest.mark.parametrize("answer", ["html", "hangs up", "broken", "other json"])
def test_something_else_on_ollamas_port_is_not_taken_for_ollama(answer, server, monkeypatch):
    async def main():
        async with server(answer) as address:
            said = "No Ollama answers" if answer == "hangs up" else "speak Ollama's language"
            with pytest.raises(EngineUnreachable, match=said):
                await asyncio.to_thread(find, address)

    asyncio.run(main())


def test_a_server_without_the_cast_names_what_is_missing(monkeypatch):
    serve(monkeypatch, {"qwen2.5-coder:0.5b": "digest"})
    with pytest.raises(
        ModelMissing, match="does not have qwen2.5-coder:1.5b.*mlkit pull --cast tiny"
    ):
        choose.choose(CASTS["tiny"], "ollama")


def test_other_weights_or_sampling_than_the_recorded_ones_are_announced(monkeypatch, capsys):
    recorded = load_folder(paths.recordings("tiny"))
    models = recorded.header.models
    serve(monkeypatch, models)
    today = choose.choose(CASTS["tiny"], "ollama").header.sampling
    assert "repeat_penalty 1" in today
    for sampling in ("top_k 1", today):
        shown = replace(recorded, header=replace(recorded.header, sampling=sampling))
        monkeypatch.setattr(choose, "load_folder", lambda _, shown=shown: shown)
        mlkit.connect(engine="ollama")
        said = capsys.readouterr().out
        assert said.endswith("may differ from the recorded ones\n") == (sampling != today)
    mlkit.connect(engine="ollama")
    assert (
        capsys.readouterr().out
        == "LIVE · Ollama 0.24.0 · small=qwen2.5-coder:0.5b large=qwen2.5-coder:1.5b\n"
    )
    serve(monkeypatch, dict.fromkeys(models, "other"))
    kit = mlkit.connect(engine="ollama")
    assert capsys.readouterr().out.endswith(" · live answers may differ from the recorded ones\n")
    assert not kit.recorded.live


def test_every_cast_fills_every_role_and_every_model_has_a_price_or_is_priced_like_another():
    prices = list_prices()
    for cast in CASTS.values():
        assert list(cast.members) == list(ROLES)
        assert all(member.name == role for role, member in cast.members.items())
        assert {priced_like(model) for model in cast.models} <= set(prices)
        # No list has the models of the present generation yet.
        assert set(cast.models) <= set(prices) or cast.name == "current"


@pytest.mark.parametrize(
    "model, like",
    [
        ("openai:m", "qwen2.5:32b"),
        ("openai:qwen3:8b", "qwen2.5-coder:7b"),
        ("claude:claude-opus-9", "claude:claude-sonnet-4-6"),
    ],
)
def test_a_hosted_model_without_a_price_is_priced_like_a_listed_one(model, like):
    assert priced_like(model) == like


def test_cost_counts_tokens_read_and_written_and_nothing_for_a_failure():
    member = mlkit.Member("m")
    calls = [
        mlkit.Call(0, "", member, mlkit.Reply("", member, prompt_tokens=100, output_tokens=10)),
        mlkit.Call(1, "", member, mlkit.Failure(ValueError("lost"))),
    ]
    from mlkit.models import Price

    assert cost_dollars(calls, {"m": Price(2.0, 30.0)}) == pytest.approx((200 + 300) / 1e6)


def test_two_members_of_one_model_can_have_prices_of_their_own():
    boss, hand = mlkit.Member("m", name="boss"), mlkit.Member("m", name="hand")
    calls = [
        mlkit.Call(0, "", boss, mlkit.Reply("", boss, prompt_tokens=10, output_tokens=1)),
        mlkit.Call(1, "", hand, mlkit.Reply("", hand, prompt_tokens=100, output_tokens=2)),
    ]
    from mlkit.models import Price

    prices = {"boss": Price(5.0, 7.0), "hand": Price(1.0, 2.0)}
    assert cost_dollars(calls, prices) == pytest.approx((57 + 104) / 1e6)


def test_a_hosted_member_that_cannot_be_asked_is_replaced_and_said_so_in_one_line(
    monkeypatch, capsys
):
    monkeypatch.delenv("ANTHROPIC_API_KEY", raising=False)
    cast = replace(CASTS["tiny"], writer=mlkit.Member("claude:claude-sonnet-5-5", name="writer"))
    assert cast.models == CASTS["tiny"].models
    assert mlkit.connect(cast, engine="replay").cast == cast  # recordings need no key
    capsys.readouterr()
    with ollama(monkeypatch, cast.models):
        kit = mlkit.connect(cast, engine="ollama")
    first, second = capsys.readouterr().out.splitlines()
    assert (
        first.startswith("writer: 'claude:claude-sonnet-5-5' has no key")
        and "ANTHROPIC_API_KEY" in first
    )
    assert second.startswith("LIVE")
    assert kit.recorded.cast == cast
    assert (kit.cast.writer.model, kit.cast.writer.name) == (cast.large.model, "writer")


def test_a_hosted_member_with_a_key_stays(monkeypatch):
    monkeypatch.setenv("ANTHROPIC_API_KEY", "a key")
    cast = replace(CASTS["tiny"], writer=mlkit.Member("claude:claude-sonnet-5-5", name="writer"))
    assert mlkit.connect(cast, engine="replay").cast == cast


def test_a_kit_is_good_for_a_second_event_loop(server):
    async def main():
        async with server("fine") as address:
            ask = Ollama(address)
            assert (await ask(mlkit.Member("m"), "hello")).text == "ok"
            with ThreadPoolExecutor(1) as thread:
                again = thread.submit(asyncio.run, ask(mlkit.Member("m"), "hello"))
                assert (await asyncio.wrap_future(again)).text == "ok"

    asyncio.run(main())


def test_a_cast_of_ones_own(monkeypatch):
    tiny = CASTS["tiny"]
    own = Cast(
        "tiny",
        **{role: replace(member, model=tiny.small.model) for role, member in tiny.members.items()},
    )
    assert own.models == [tiny.small.model]
    assert mlkit.connect(own, engine="replay").cast == own
