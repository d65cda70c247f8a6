"""What the server can do wrong, and what a person could type wrong: each becomes an error of ours
that names the fix.
"""

import asyncio
import gc
from contextlib import suppress
from dataclasses import replace
from typing import Any

import psutil
import pytest

from mlkit.ask import Member, together
from mlkit.engines import ollama as engine
from mlkit.engines.hosted import Hosted
from mlkit.engines.ollama import Ollama, connection, find, pull
from mlkit.engines.request import PROMPT_CHARACTERS
from mlkit.errors import (
    BadPrompt,
    EngineBusy,
    EngineError,
    EngineTimeout,
    EngineUnreachable,
    ModelMissing,
    SettingError,
)
from mlkit.progress import Calls
from mlkit.wrappers import Limited, Watched
from tests.misbehaving import KEY, ODD

MEMBER = Member("m")

SERVER = [
    ("full", EngineBusy, "Ask again in a moment"),
    ("broken", EngineError, "mlkit doctor"),
    ("not found", ModelMissing, "ollama pull m"),
    ("html", EngineError, "OLLAMA_HOST"),
    ("truncated json", EngineError, "OLLAMA_HOST"),
    ("other json", EngineError, "OLLAMA_HOST"),
    ("dies mid-answer", EngineUnreachable, "ollama serve"),
    ("hangs up", EngineUnreachable, "ollama serve"),
    ("hangs", EngineTimeout, "MLKIT_TIMEOUT_SECONDS"),
    ("drips", EngineTimeout, "MLKIT_TIMEOUT_SECONDS"),
    ("key refused", EngineError, "wants a key .401.. Set it:  OLLAMA_API_KEY"),
    ("forbidden", EngineError, "wants a key .403.. Set it:  OLLAMA_API_KEY"),
    ("error in the middle", EngineError, "in the middle.: 'model runner has died'"),
]


@pytest.mark.parametrize("fault, error, fix", SERVER, ids=[fault for fault, *_ in SERVER])
def test_a_server_that_misbehaves(server, fault, error, fix, monkeypatch):
    monkeypatch.setattr(engine, "BUSY_SECONDS", (0.01, 0.01))

    async def main():
        async with server(fault) as address:
            async with asyncio.timeout(
                10
            ):  # far more than the timeout that is tested, far less than the default
                with pytest.raises(error, match=fix):
                    await Ollama(address, timeout_seconds=0.3)(MEMBER, "hello")

    asyncio.run(main())


def test_a_server_whose_queue_is_full_is_asked_again(server, monkeypatch):
    monkeypatch.setattr(engine, "BUSY_SECONDS", (0.01, 0.01))

    async def main():
        async with server("full twice") as address:
            return await Ollama(address, timeout_seconds=5)(MEMBER, "hello")

    assert asyncio.run(main()).text


def test_waiting_for_a_full_server_is_told_while_it_lasts_and_in_the_end(server, monkeypatch):
    monkeypatch.setattr(engine, "BUSY_SECONDS", (0.1, 0.1))
    monkeypatch.setattr(engine, "QUEUED", 0.05)
    calls = Calls()
    states: list[str] = []

    def hear(event):
        calls.hear(event)
        states.append(calls[0].state)

    async def main():
        async with server("full twice") as address:
            return await Watched(Ollama(address, timeout_seconds=5), hear)(MEMBER, "hello")

    reply = asyncio.run(main())
    assert reply.server_queue_seconds > 0.1 and states[1:5] == 2 * ["waiting", "loading or reading"]
    waited = f"{reply.seconds:.1f} s after {reply.server_queue_seconds:.1f} s of waiting, "
    assert calls[0].status().startswith(waited)


def test_who_waits_behind_calls_of_ours_has_not_waited_at_the_server(server, monkeypatch):
    monkeypatch.setattr(engine, "QUEUED", -1.0)  # however short

    async def main():
        async with server("fine") as address:
            ask = Ollama(address, timeout_seconds=5)
            return await together(*(ask(MEMBER, f"hello {n}") for n in range(3)))

    first, *others = asyncio.run(main())
    assert first.server_queue_seconds > 0
    assert [other.server_queue_seconds for other in others] == [0.0, 0.0]


def test_an_answer_at_once_has_not_waited(server):
    async def main():
        async with server("fine") as address:
            return await Ollama(address, timeout_seconds=5)(MEMBER, "hello")

    assert asyncio.run(main()).server_queue_seconds == 0.0


def test_a_full_server_is_asked_for_half_a_minute_and_no_longer():
    assert sum(engine.BUSY_SECONDS) * 0.5 > 15 and sum(engine.BUSY_SECONDS) * 1.5 < 48


def test_two_learners_ask_a_full_server_again_at_different_moments(server, monkeypatch):
    slept = []

    async def sleep(seconds):
        slept.append(seconds)

    monkeypatch.setattr(engine.asyncio, "sleep", sleep)

    async def main():
        async with server("full") as address:
            ask = Ollama(address, timeout_seconds=5)
            await together(ask(MEMBER, "hello"), ask(MEMBER, "hello"))

    asyncio.run(main())
    waits = [seconds for seconds in slept if seconds]
    assert len(waits) == len({*waits}) == 2 * len(engine.BUSY_SECONDS)
    longest = [seconds * 1.5 for seconds in engine.BUSY_SECONDS]
    assert max(waits) <= max(longest) and min(waits) >= min(engine.BUSY_SECONDS) * 0.5


@pytest.mark.parametrize("fault", ODD)
def test_a_reply_that_no_ollama_sends_is_an_error_and_no_number(server, fault):
    async def main():
        async with server(fault) as address, asyncio.timeout(10):
            with pytest.raises(EngineError):
                await Ollama(address, timeout_seconds=2)(MEMBER, "hello", labels=("ok",))

    asyncio.run(main())


@pytest.mark.parametrize("fault", [*ODD, "key refused", "embeds a text", "embeds one", "drips"])
def test_an_odd_reply_to_texts_that_are_to_be_embedded(server, fault):
    async def main():
        async with server(fault) as address, asyncio.timeout(10):
            with pytest.raises(EngineError):
                await Ollama(address, timeout_seconds=0.5).embed("m", ["a", "b"])

    asyncio.run(main())


@pytest.mark.parametrize("fault", ["embeds nothing", "embeds NaN", "embeds other lengths"])
def test_a_vector_without_a_direction_is_an_error(server, fault):
    async def main():
        async with server(fault) as address:
            with pytest.raises(EngineError, match="OLLAMA_HOST"):
                await Ollama(address).embed("m", ["a", "b"])

    asyncio.run(main())


GONE = ("drips", "hangs", "hangs up", "no gzip")  # what came was no answer to a request


@pytest.mark.parametrize("fault", [*ODD, "html", "not found", "broken", "full", *GONE])
def test_what_answers_oddly_is_not_taken_for_an_ollama(server, fault, monkeypatch):
    monkeypatch.setattr("mlkit.engines.ollama.FIND_SECONDS", 0.3)
    monkeypatch.setattr(engine, "BUSY_SECONDS", ())
    said = "No Ollama answers at.*ollama serve" if fault in GONE else "speak Ollama's language"

    async def main():
        async with server(fault) as address, asyncio.timeout(10):
            with pytest.raises(EngineUnreachable, match=said) as caught:
                await asyncio.to_thread(find, address)
            return str(caught.value)

    wrong_place = fault not in GONE
    assert asyncio.run(main()).endswith("echo $OLLAMA_HOST") == wrong_place


@pytest.mark.parametrize("fault", [*ODD, "hangs up", "html", "repeats the key"])
def test_a_pull_that_goes_wrong_says_what_to_try(server, fault, monkeypatch):
    monkeypatch.setenv("OLLAMA_API_KEY", KEY)

    async def main():
        async with server(fault) as address, asyncio.timeout(10):
            with pytest.raises(ModelMissing, match="Try it by hand:  ollama pull m") as caught:
                await pull(address, "m", lambda done, total: None)
            assert "sk-" not in str(caught.value)

    asyncio.run(main())


@pytest.mark.parametrize("fault", ["key refused", "forbidden"])
def test_a_key_that_is_refused_is_said_and_never_shown(server, fault, monkeypatch):
    monkeypatch.setenv("OLLAMA_API_KEY", f" {KEY}\n")

    async def main():
        async with server(fault) as address:
            for asked in (Ollama(address)(MEMBER, "hello"), asyncio.to_thread(find, address)):
                with pytest.raises(
                    EngineError, match="refuses the key in OLLAMA_API_KEY"
                ) as caught:
                    await asked
                assert KEY not in str(caught.value)

    asyncio.run(main())


def test_a_server_that_repeats_the_key_does_not_make_us_print_it(server, monkeypatch):
    monkeypatch.setenv("OLLAMA_API_KEY", KEY)

    async def main():
        async with server("repeats the key") as address:
            with pytest.raises(EngineError, match=r"xx\*\*\*") as caught:
                await Ollama(address)(MEMBER, "hello")
        assert "sk-" not in str(caught.value)  # nor a part of it, where the message is cut

    asyncio.run(main())


@pytest.mark.parametrize("key", ["clé", "two words", "a\nb"])
def test_a_key_that_cannot_be_sent_is_one_line_that_does_not_show_it(key, monkeypatch):
    monkeypatch.setenv("OLLAMA_API_KEY", key)
    with pytest.raises(SettingError, match="OLLAMA_API_KEY") as caught:
        connection("http://127.0.0.1:1")
    assert key not in str(caught.value)


def test_interrupted_fan_outs_leave_no_connection_behind(server):
    """Interrupted at every moment: in the middle, while a call waits for its lane, as it begins.
    Of a pool of 100 connections none would be left for the last call.
    """

    async def main():
        async with server("fine") as address:
            ollama = Ollama(address)
            ask = Limited(ollama, 4)
            for number in range(400):
                calls = together(*(ask(MEMBER, "hello") for _ in range(5)))
                fan_out = asyncio.create_task(calls)
                for _ in range(1 + number % 12):
                    await asyncio.sleep(0)
                fan_out.cancel()
                with suppress(asyncio.CancelledError):
                    await fan_out
            async with asyncio.timeout(5):
                assert (await ollama(MEMBER, "hello")).text == "ok"
                gc.collect()  # asyncio drops a socket that is cancelled as it connects
                while connections(address):
                    await asyncio.sleep(0.01)

    asyncio.run(main())


def connections(address: str) -> list[Any]:
    """Those to an address that this process has open."""
    port = int(address.rpartition(":")[2])
    opened = psutil.Process().net_connections("tcp4")
    return [one for one in opened if one.raddr and one.raddr.port == port]


def test_a_server_that_is_not_there():
    async def main():
        with pytest.raises(EngineUnreachable, match="ollama serve"):
            await Ollama("http://127.0.0.1:1")(MEMBER, "hello")

    asyncio.run(main())


PROMPTS = [
    ("empty", "", "Write a question"),
    ("white", " \n\t", "Write a question"),
    ("too long", "word " * 20_000, "Shorten it"),
    ("lone surrogate", "caf\ud800", "position 3"),
    ("NUL", "a\0b", "position 1"),
]


@pytest.mark.parametrize(
    "prompt, fix", [case[1:] for case in PROMPTS], ids=[case[0] for case in PROMPTS]
)
def test_a_prompt_no_engine_can_answer_is_refused_before_anything_is_sent(server, prompt, fix):
    async def main():
        async with server("broken") as address:
            with pytest.raises(BadPrompt, match=fix):
                await Ollama(address)(MEMBER, prompt)

    asyncio.run(main())


UNSENDABLE = {
    "model": (Member("m\ud800"), None),
    "system": (Member("m", system="a \ud800"), None),
    "NUL": (Member("m", system="a \0"), None),
    "shots": (Member("m", shots=(("a", "b"), ("c", "\udfff"))), None),
    "schema": (Member("m", schema='{"title": "\ud800"}'), None),
    "format": (Member("m"), {"title": "\ud800"}),
    "NUL in a format": (Member("m"), {"enum": ["a\0b"]}),
}


@pytest.mark.parametrize("member, format", UNSENDABLE.values(), ids=list(UNSENDABLE))
def test_what_cannot_be_sent_in_a_member_is_refused_before_anything_is_sent(
    server, member, format, monkeypatch
):
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9")
    hosted = replace(member, model=f"openai:{member.model}")

    async def main():
        async with server("broken") as address:
            for ask, who in ((Ollama(address), member), (Hosted(Ollama(address)), hosted)):
                with pytest.raises(SettingError, match="lone surrogate.*Take it out"):
                    await ask(who, "hello", format=format)

    asyncio.run(main())


def test_system_and_examples_count_towards_the_context(server):
    half = "w" * (PROMPT_CHARACTERS // 2 + 1)

    async def main():
        async with server("fine") as address:
            assert (await Ollama(address)(MEMBER, half)).text == "ok"
            with pytest.raises(BadPrompt, match="with its system message and examples"):
                await Ollama(address)(Member("m", shots=((half, ""),)), half)

    asyncio.run(main())
