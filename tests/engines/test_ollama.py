"""Where Ollama is, what it has, and what its answers become."""

import asyncio
import os
import re
import subprocess
import sys

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mlkit.ask import Member
from mlkit.engines import ollama
from mlkit.engines.address import host
from mlkit.engines.ollama import Ollama, Server
from mlkit.errors import SettingError

MEMBER = Member("m")
# As Ollama's envconfig.ConnectableHost reads them.
ADDRESSES = {
    "": "http://127.0.0.1:11434",
    "  ": "http://127.0.0.1:11434",
    ' "127.0.0.1:11434" ': "http://127.0.0.1:11434",
    "' 127.0.0.1:11434 '": "http://127.0.0.1:11434",
    "1.2.3.4": "http://1.2.3.4:11434",
    "1.2.3.4:": "http://1.2.3.4:11434",
    ":56789": "http://127.0.0.1:56789",
    "example.com": "http://example.com:11434",
    "example.com/": "http://example.com:11434",
    "example.com:56789": "http://example.com:56789",
    "http://example.com": "http://example.com:80",
    "https://example.com": "https://example.com:443",
    "HTTPS://Example.com": "https://example.com:443",
    "https://example.com:56789/a/b/": "https://example.com:56789/a/b",
    "example.com/path": "http://example.com:11434/path",
    "ollama.com": "https://ollama.com:443",
    "0.0.0.0": "http://127.0.0.1:11434",
    "0.0.0.0:8080": "http://127.0.0.1:8080",
    "http://0.0.0.0": "http://127.0.0.1:80",
    "::": "http://[::1]:11434",
    "[::]": "http://[::1]:11434",
    "[::]:8080": "http://[::1]:8080",
    "http://[::]:8080/x": "http://[::1]:8080/x",
    "0:0:0:0:0:0:0:0": "http://[::1]:11434",
    "::1": "http://[::1]:11434",
    "[2001:db8::1]:80": "http://[2001:db8::1]:80",
}
NONE = [
    *("http://[", "[::1", "a b", "127.0.0.1:99999", "localhost:port", ":0", ":-1", "1:2:3"),
    *("ftp://example.com", "://x", "http://a?b=c", "a#b", "http://a\nb", "http://x:1:2"),
]


def port(url: str) -> str:
    """With the port, which httpx leaves out of a URL where it is the scheme's own."""
    scheme, _, rest = url.partition("://")
    place, slash, path = rest.partition("/")
    known = {"http": 80, "https": 443}[scheme]
    whole = place if re.search(r":\d+$", place) else f"{place}:{known}"
    return f"{scheme}://{whole}{slash}{path}"


@pytest.mark.parametrize("text, url", ADDRESSES.items())
def test_an_address_is_read_as_ollama_reads_it(text, url, monkeypatch):
    monkeypatch.setenv("OLLAMA_HOST", text)
    assert port(host()) == url


@pytest.mark.parametrize("text", NONE)
def test_what_is_no_address_is_one_line_that_names_the_variable(text, monkeypatch):
    monkeypatch.setenv("OLLAMA_HOST", text)
    with pytest.raises(SettingError, match="^OLLAMA_HOST is .*OLLAMA_HOST=127.0.0.1:11434$"):
        host()


def test_a_password_in_an_address_is_refused_and_not_shown(monkeypatch):
    monkeypatch.setenv("OLLAMA_HOST", "http://me:secret@example.com")
    with pytest.raises(SettingError) as caught:
        host()
    assert "secret" not in str(caught.value)


@given(st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=30))
@example("http://\u212a")
@example("a%zz")
def test_any_text_is_an_address_or_a_setting_error(text):
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("OLLAMA_HOST", text)
        try:
            address = host()
        except SettingError:
            return
        patched.setenv("OLLAMA_HOST", address)
        assert host() == address  # and is read the same again
        ollama.connection(address)


@pytest.mark.parametrize(
    "asked, there",
    [
        ("qwen3", "qwen3:latest"),
        ("qwen3:latest", "qwen3"),
        ("Qwen3:4B", "qwen3:4b"),
        ("qwen3:4b", "QWEN3:4b"),
        ("library/qwen3", "qwen3:latest"),
        ("qwen3:4b", "library/qwen3:4b"),
        ("hf.co/Me/Mine", "hf.co/me/mine:latest"),
    ],
)
def test_a_model_is_found_under_each_of_its_names(asked, there):
    assert Server("0", {there: "digest"}).digest(asked) == "digest"


@pytest.mark.parametrize("there", ["qwen3:4b", "me/qwen3:latest", "qwen3.5:latest"])
def test_another_model_is_not_taken_for_it(there):
    assert Server("0", {there: "digest"}).digest("qwen3") is None


PROXIES = [
    {"ALL_PROXY": "socks5h://127.0.0.1:1"},
    {"HTTP_PROXY": "http://127.0.0.1:1", "http_proxy": "http://127.0.0.1:1"},
    {"all_proxy": "nonsense"},
    {"SSL_CERT_FILE": "/nowhere.pem"},
    {"OLLAMA_API_KEY": "clé"},
]


@pytest.mark.parametrize("variables", PROXIES, ids=str)
def test_no_variable_keeps_the_client_from_being_imported_or_a_replay_from_starting(variables):
    code = "import mlkit.engines.ollama, ollama, mlkit; mlkit.connect(engine='replay')"
    ran = subprocess.run(
        [sys.executable, "-c", code], env=os.environ | variables, capture_output=True, text=True
    )
    assert ran.returncode == 0, ran.stderr[-500:]


def test_importing_the_client_leaves_the_environment_as_it_was():
    code = (
        "import os; before = dict(os.environ); import mlkit.engines.ollama;"
        " assert dict(os.environ) == before"
    )
    variables = {"OLLAMA_HOST": "a b", "no_proxy": "x"}
    subprocess.run([sys.executable, "-c", code], env=os.environ | variables, check=True)


def test_a_proxy_is_passed_in_finding_and_in_asking(server, monkeypatch):
    for name in ("ALL_PROXY", "HTTP_PROXY", "http_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")

    async def main():
        async with server("fine") as address:
            return await Ollama(address)(MEMBER, "hello")

    assert asyncio.run(main()).text == "ok"


def test_the_key_goes_along_in_finding_asking_and_pulling(monkeypatch):
    monkeypatch.setenv("OLLAMA_API_KEY", " sk-1 ")
    keys = []

    async def note(reader, writer):
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        keys.append((head.split()[1], re.search("authorization: (.*?)\r", head, re.I)[1]))
        writer.write(b"HTTP/1.1 500 No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        writer.close()

    async def main():
        server = await asyncio.start_server(note, "127.0.0.1", 0)
        address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/of/mine"
        for asked in (
            asyncio.to_thread(ollama.find, address),
            Ollama(address)(MEMBER, "hello"),
            Ollama(address).embed("m", ["hello"]),
            ollama.pull(address, "m", lambda done, total: None),
        ):
            await asyncio.gather(asked, return_exceptions=True)
        server.close()

    asyncio.run(main())
    paths = ["/of/mine/api/version", "/of/mine/api/chat", "/of/mine/api/embed", "/of/mine/api/pull"]
    assert keys == [(path, "Bearer sk-1") for path in paths]


def test_the_pieces_of_an_answer_become_one_reply(server):
    async def main():
        async with server("pieces") as address:
            return await Ollama(address)(MEMBER, "hello", labels=("ok",))

    reply = asyncio.run(main())
    assert (reply.text, reply.done_reason) == ("okokok", "stop")
    assert (reply.prompt_tokens, reply.output_tokens, reply.output_seconds) == (7, 3, 2.0)
    assert reply.choices == pytest.approx({"o": 0.367879, "k": 0}, rel=1e-5)


def test_while_a_call_waits_the_event_loop_wakes_ten_times_a_second(server):
    """Without a beat an interrupt in a notebook is heard only once the answer is there."""

    async def main():
        loop = asyncio.get_running_loop()
        slept = []
        select = loop._selector.select

        def timed(timeout=None):
            slept.append(timeout)
            return select(timeout)

        async with server("hangs") as address:
            call = asyncio.create_task(Ollama(address, timeout_seconds=60)(MEMBER, "hello"))
            loop._selector.select = timed
            await asyncio.sleep(0.5)
            call.cancel()
            await asyncio.gather(call, return_exceptions=True)
        waits = [timeout for timeout in slept if timeout is None or timeout > 0]
        assert len(waits) >= 4 and max(waits[1:]) <= 0.11
        assert not [timer for timer in loop._scheduled if not timer.cancelled()]

    asyncio.run(main())
