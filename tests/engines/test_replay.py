import asyncio
import errno
import json
import subprocess
import sys
from pathlib import Path

import filelock
import httpx
import pytest

from mlkit.ask import Member, together
from mlkit.engines.ollama import Chat
from mlkit.engines.recordings import Header, Recording, load_file, normalised, save
from mlkit.engines.replay import Recorder, Replay, finish, journal_of
from mlkit.errors import EngineError, NotRecorded, RecordingError, WriteError

HEADER = Header("Ollama 0.0", {"m": "digest"}, "a machine", "2026-01-01")
MEMBER = Member("m")


class Echo(httpx.AsyncBaseTransport):
    """In place of a live engine, for faults: answers with the length of the prompt, and counts what
    it is asked.
    """

    def __init__(self, status: int = 200) -> None:
        self.asked: list[str] = []
        self.status, self.running, self.most = status, 0, 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        prompt = json.loads(await request.aread())["messages"][-1]["content"]
        self.asked.append(prompt)
        self.running += 1
        self.most = max(self.most, self.running)
        await asyncio.sleep(0)
        self.running -= 1
        if self.status != 200:
            return httpx.Response(self.status, json={"error": "no"})
        return httpx.Response(
            200,
            json={
                "model": "m",
                "created_at": "now",
                "done": True,
                "done_reason": "stop",
                "message": {"role": "assistant", "content": str(len(prompt))},
            },
        )


def recorder(path: Path, live: Echo, known=None, header: Header = HEADER) -> Recorder:
    return Recorder(live, path, header, known)


def ask_all(transport: httpx.AsyncBaseTransport, *prompts: str) -> list:
    async def main():
        chat = Chat("http://test", transport, lanes=8)
        replies = await together(*(chat(MEMBER, prompt) for prompt in prompts))
        await transport.aclose()
        return replies

    return asyncio.run(main())


def test_what_was_recorded_is_replayed_and_nothing_else(tmp_path: Path):
    path = tmp_path / "a.jsonl"
    live = ask_all(recorder(path, Echo()), "one", "three")
    finish(path, HEADER)
    replayed = ask_all(Replay(load_file(path)), "one", "three")
    assert [reply.text for reply in replayed] == ["3", "5"] == [reply.text for reply in live]
    missed = ask_all(Replay(load_file(path)), "threes")[0].error
    assert isinstance(missed, NotRecorded)
    assert (
        "'threes'" in str(missed)
        and "nearest recorded prompt is 'three'" in str(missed)
        and "mlkit pull" in str(missed)
    )


def test_the_same_prompt_asked_otherwise_is_a_miss_that_says_so(tmp_path: Path):
    path = tmp_path / "a.jsonl"
    ask_all(recorder(path, Echo()), "one")
    recording = finish(path, HEADER)

    async def main():
        with pytest.raises(NotRecorded, match="other settings"):
            await Chat("http://test", Replay(recording))(Member("m", seed=7), "one")

    asyncio.run(main())


def test_recording_asks_one_question_at_a_time(tmp_path: Path):
    live = Echo()
    ask_all(recorder(tmp_path / "a.jsonl", live), *"abcdef")
    assert (len(live.asked), live.most) == (6, 1)


def member_of(beginning: str) -> Member:
    return Member("m", system=beginning)


def test_recording_asks_first_what_begins_like_the_question_before(tmp_path: Path):
    live = Echo()

    async def main():
        recording = recorder(tmp_path / "a.jsonl", live)
        chat = Chat("http://test", recording, lanes=8)
        asked = [("x", "1"), ("y", "2"), ("x", "3"), ("y", "4"), ("x", "5")]
        replies = await together(
            *(chat(member_of(beginning), prompt) for beginning, prompt in asked)
        )
        await recording.aclose()
        return replies

    replies = asyncio.run(main())
    assert live.asked == ["1", "3", "5", "2", "4"] and [reply.text for reply in replies] == 5 * [
        "1"
    ]


def test_a_question_cancelled_while_it_waits_holds_nobody_up(tmp_path: Path):
    live = Echo()

    async def main():
        recording = recorder(tmp_path / "a.jsonl", live)
        chat = Chat("http://test", recording, lanes=8)
        first, second, third = (
            asyncio.create_task(chat(MEMBER, prompt)) for prompt in ("1", "2", "3")
        )
        while not live.asked:
            await asyncio.sleep(0)
        second.cancel()
        async with asyncio.timeout(5):
            await asyncio.gather(first, third)
        await recording.aclose()

    asyncio.run(main())
    assert live.asked == ["1", "3"]


def test_what_another_recording_holds_is_not_kept_twice(tmp_path: Path):
    ask_all(recorder(tmp_path / "a.jsonl", Echo()), "shared")
    known = finish(tmp_path / "a.jsonl", HEADER).exchanges
    live, path = Echo(), tmp_path / "b.jsonl"
    ask_all(Recorder(live, path, HEADER, known, known.keys()), "shared", "own")
    assert live.asked == ["own"] and [
        one.prompt for one in finish(path, HEADER).exchanges.values()
    ] == ["own"]


def test_the_questions_that_were_asked_of_a_recording_can_be_written_down(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    ask_all(recorder(tmp_path / "a.jsonl", Echo()), "one", "two")
    recording = finish(tmp_path / "a.jsonl", HEADER)
    monkeypatch.setenv("MLKIT_TOUCHED", str(tmp_path / "touched"))
    ask_all(Replay(recording), "one", "one")
    asked = {key for key, exchange in recording.exchanges.items() if exchange.prompt == "one"}
    assert set((tmp_path / "touched").read_text().split()) == asked


def test_a_recording_begun_is_not_asked_again_and_ends_with_what_the_last_run_touched(
    tmp_path: Path,
):
    path = tmp_path / "a.jsonl"
    ask_all(recorder(path, Echo()), "old", "kept")
    assert not path.exists()
    second = Echo()
    ask_all(recorder(path, second), "kept", "new")
    assert second.asked == ["new"]
    assert {one.prompt for one in finish(path, HEADER).exchanges.values()} == {"kept", "new"}
    assert not journal_of(path).exists()


def test_a_journal_cut_off_in_a_line_loses_that_line_only(tmp_path: Path):
    path = tmp_path / "a.jsonl"
    ask_all(recorder(path, Echo()), "first", "second")
    journal = journal_of(path)
    journal.write_text(journal.read_text()[:-30])
    again = Echo()
    ask_all(recorder(path, again), "first", "second")
    assert again.asked == ["second"]
    assert len(finish(path, HEADER).exchanges) == 2


def test_a_journal_of_another_engine_is_not_mixed_in(tmp_path: Path):
    path = tmp_path / "a.jsonl"
    ask_all(recorder(path, Echo()), "first")
    with pytest.raises(RecordingError, match="--fresh"):
        recorder(path, Echo(), header=Header("Ollama 9.9", {"m": "digest"}, "", ""))


def test_what_the_live_engine_refuses_is_not_recorded(tmp_path: Path):
    path = tmp_path / "a.jsonl"
    failed = ask_all(recorder(path, Echo(status=500)), "first")[0]
    assert isinstance(failed.error, EngineError)
    assert finish(path, HEADER).exchanges == {}


def test_two_recorders_of_one_file_do_not_meet(tmp_path: Path):
    code = (
        "import sys, pathlib; from tests.engines.test_replay import *; r ="
        " recorder(pathlib.Path(sys.argv[1]), Echo()); print('locked', flush=True);"
        " sys.stdin.read()"
    )
    other = subprocess.Popen(
        [sys.executable, "-c", code, tmp_path / "a.jsonl"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    )
    try:
        assert other.stdout.readline().strip() == "locked"
        with pytest.raises(RecordingError, match="another kernel"):
            recorder(tmp_path / "a.jsonl", Echo())
    finally:
        other.communicate()
    recorder(tmp_path / "a.jsonl", Echo())


def test_two_kernels_replay_one_recording_at_once(tmp_path: Path):
    path = tmp_path / "a.jsonl"
    ask_all(recorder(path, Echo()), "one")
    save(path, finish(path, HEADER))
    assert [ask_all(Replay(load_file(path)), "one")[0].text for _ in range(2)] == ["3", "3"]


def test_version_tags_and_ps_come_from_the_header_and_anything_else_is_404():
    async def main():
        async with httpx.AsyncClient(
            transport=Replay(Recording(HEADER)), base_url="http://test"
        ) as client:
            return [
                await client.get(path)
                for path in ("/api/version", "/api/tags", "/api/ps", "/api/show")
            ]

    version, tags, ps, show = asyncio.run(main())
    assert version.json() == {"version": "Ollama 0.0"}
    assert [model["name"] for model in tags.json()["models"]] == ["m"]
    assert ps.json() == {"models": []}
    assert show.status_code == 404


def test_token_bytes_and_the_time_of_day_are_left_out_of_recordings(tmp_path: Path):
    class WithProbabilities(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request):
            token = {"token": "a", "logprob": -0.1, "bytes": [97]}
            return httpx.Response(
                200,
                json={
                    "model": "m",
                    "created_at": "now",
                    "message": {"role": "assistant", "content": "a"},
                    "logprobs": [token | {"top_logprobs": [token]}],
                },
            )

    path = tmp_path / "a.jsonl"
    ask_all(Recorder(WithProbabilities(), path, HEADER), "one")
    (kept,) = finish(path, HEADER).exchanges.values()
    assert kept.response["logprobs"] == [
        {"token": "a", "logprob": -0.1, "top_logprobs": [{"token": "a", "logprob": -0.1}]}
    ]
    assert "created_at" not in kept.response


class Asked(httpx.AsyncBaseTransport):
    """Keeps the request that reaches it, over HTTP or without."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.request = normalised(await request.aread())
        return httpx.Response(200, json=ANSWERED)


class AskedDirectly(Asked):
    def answer(self, path: str, request: dict) -> dict:
        self.request = request
        return ANSWERED


ANSWERED = {
    "model": "m",
    "created_at": "now",
    "done": True,
    "done_reason": "length",
    "message": {"role": "assistant", "content": "order"},
    "prompt_eval_count": 7,
    "eval_count": 2,
    "load_duration": 10,
    "prompt_eval_duration": 2_000_000,
    "eval_duration": 3_000_000,
    "logprobs": [
        {
            "token": "order",
            "logprob": -0.5,
            "top_logprobs": [{"token": "order", "logprob": -0.5}, {"token": "ref", "logprob": -2}],
        }
    ],
}


@pytest.mark.parametrize(
    "member",
    [
        Member("m"),
        Member("m", system="Be short.", shots=(("a", "b"),), temperature=0.7, seed=3, max_tokens=9),
    ],
)
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"labels": ("order", "refund")},
        {"format": {"type": "object", "properties": {"n": {"type": "null"}}}},
    ],
)
def test_without_http_the_same_is_asked_and_the_same_is_read(member, options):
    over_http, directly = Asked(), AskedDirectly()
    replies = [
        asyncio.run(Chat("http://test", transport)(member, "Where is \u00e9?", **options))
        for transport in (over_http, directly)
    ]
    assert over_http.request == directly.request
    assert (
        replies[0] == replies[1]
        and replies[0].text == "order"
        and replies[0].choices["ref"] == pytest.approx(0.1353, abs=1e-4)
    )


def test_a_recording_that_cannot_be_begun_says_where(tmp_path: Path):
    (tmp_path / "taken").write_text("a file")
    with pytest.raises(WriteError, match=r"taken.a\.jsonl: a file stands where a folder"):
        recorder(tmp_path / "taken" / "a.jsonl", Echo())


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a disk that is full")
def test_an_answer_that_finds_the_disk_full_is_an_error_that_says_where(tmp_path: Path):
    recording = recorder(tmp_path / "a.jsonl", Echo())
    recording._journal.close()
    chat = Chat("http://test", recording)
    with Path("/dev/full").open("a") as recording._journal:
        with pytest.raises(WriteError, match="a.journal.partial: No space left"):
            asyncio.run(chat(MEMBER, "one"))
        with pytest.raises(WriteError, match="a.journal.partial: No space left"):
            asyncio.run(recording.aclose())
    with filelock.FileLock(tmp_path / "a.jsonl.lock", timeout=0):
        pass  # the next kernel can have it


def test_a_journal_that_was_cut_off_stays_where_it_cannot_be_written_again(tmp_path, monkeypatch):
    def no_space(*_: object, **__: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    path = tmp_path / "a.jsonl"
    ask_all(recorder(path, Echo()), "one")
    journal = journal_of(path)
    journal.write_text(journal.read_text() + '{"cut off')
    before = journal.read_text()
    monkeypatch.setattr("os.fsync", no_space)
    with pytest.raises(WriteError, match="a.journal.partial: No space left"):
        recorder(path, Echo())
    assert journal.read_text() == before
