import asyncio
import errno
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from course import notebooks, record, timings
from course.studies import STUDIES
from rich.console import Console
from typer.testing import CliRunner

from mlkit import cli, doctor, paths
from mlkit.ask import Member
from mlkit.engines import choose, weights
from mlkit.engines.journal import Journal, journal_of
from mlkit.engines.ollama import Ollama
from mlkit.engines.recordings import load_file
from mlkit.errors import MlkitError, RecordingError, WeightsError, WriteError
from mlkit.measure import tasks
from mlkit.measure.matrix import alone, measure
from mlkit.models import CASTS
from tests.echo import Echo

NOWHERE = {"OLLAMA_HOST": "http://127.0.0.1:1", "MLKIT_ENGINE": "auto"}


def run(*arguments: str, **environment: str):
    return CliRunner().invoke(cli.app, arguments, env=NOWHERE | environment)


@pytest.fixture
def launched(monkeypatch, tmp_path):
    """What `mlkit lab` would become (it replaces its own process), without becoming it."""
    seen = {}
    monkeypatch.setenv("MLKIT_COPIES", str(tmp_path / "copies"))

    def execve(program, command, environment):
        seen.update(command=command, environment=environment)
        raise SystemExit(0)

    monkeypatch.setattr(os, "execve", execve)
    return seen


@pytest.mark.skipif(os.name != "posix", reason="elsewhere Lab runs as a child process")
class TestLab:
    def test_replay_fetches_nothing_and_tells_the_kernels(self, launched, monkeypatch):
        monkeypatch.setattr(weights, "fetch", lambda *_: pytest.fail("nothing to fetch"))
        result = run("lab", "--replay", "--no-browser", "--port", "9999")
        assert "REPLAY, on recordings of real runs" in result.output
        assert launched["environment"]["MLKIT_ENGINE"] == "replay"
        assert {"--port=9999", "--no-browser"} <= {*launched["command"]}

    def test_it_opens_the_learners_own_copies(self, launched, tmp_path):
        result = run("lab", "--replay")
        copies = tmp_path / "copies"
        assert {
            f"--ServerApp.root_dir={copies}",
            "--LabApp.default_url=/lab/tree/00_start_here.ipynb",
        } <= {*launched["command"]}
        assert f"Your copies of the notebooks are in {copies}." in result.output
        assert launched["environment"]["MLKIT_ROOT"] == str(paths.root())
        run("lab", "--replay", "--fresh", "03")
        assert "--LabApp.default_url=/lab/tree/03_router-2.ipynb" in launched["command"]

    def test_originals_opens_those_of_the_clone(self, launched, tmp_path):
        run("lab", "--replay", "--originals")
        assert {
            f"--ServerApp.root_dir={paths.root()}",
            "--LabApp.default_url=/lab/tree/notebooks/00_start_here.ipynb",
        } <= {*launched["command"]}
        assert not (tmp_path / "copies").exists()

    def test_where_there_is_no_place_for_copies_the_originals_are_opened(self, launched, tmp_path):
        (tmp_path / "file").write_text("a file")
        result = run("lab", "--replay", MLKIT_COPIES=str(tmp_path / "file"))
        assert "MLKIT_COPIES=/another/folder" in result.output
        assert "Opening the kit's own notebooks." in result.output
        assert f"--ServerApp.root_dir={paths.root()}" in launched["command"]

    def test_copies_that_are_there_are_opened_where_a_picture_cannot_be_written(
        self, launched, tmp_path
    ):
        copies = tmp_path / "copies"
        run("copies")
        shutil.rmtree(copies / "images")
        (copies / "images").write_text("a file")
        result = run("lab", "--replay")
        said, *_ = [line for line in result.output.splitlines() if "Could not write" in line]
        assert str(copies / "images") in said and said.endswith("MLKIT_COPIES=/another/folder")
        assert f"--ServerApp.root_dir={copies}" in launched["command"]
        assert f"Your copies of the notebooks are in {copies}." in result.output

    @pytest.mark.parametrize(
        "error, said",
        [
            (WeightsError("The hub said no. Type:  uv run mlkit pull"), "The hub said no."),
            (KeyboardInterrupt(), "it resumes next time"),
        ],
        ids=["refused", "interrupted"],
    )
    def test_a_download_that_does_not_happen_leads_to_the_recordings_and_says_so(
        self, launched, monkeypatch, tmp_path, error, said
    ):
        def fail(*_):
            raise error

        monkeypatch.setattr(weights, "fetch", fail)
        result = run("lab", "--no-browser", MLKIT_WEIGHTS=str(tmp_path))
        assert "No live model:" in result.output and said in result.output
        assert "REPLAY, on recordings of real runs" in result.output
        assert launched["command"]

    def test_an_engine_asked_for_by_name_is_not_replaced(self, launched, monkeypatch, tmp_path):
        result = run("lab", MLKIT_ENGINE="ollama")
        assert result.exit_code == 1 and "ollama serve" in result.output and not launched

    def test_a_cast_without_recordings_opens_on_those_of_the_kit(self, launched):
        result = run("lab", "--replay", "--cast", "laptop")
        assert "REPLAY, on recordings of real runs" in result.output and launched["command"]

    @pytest.mark.parametrize("home", ["a file", "nowhere"])
    def test_a_home_that_jupyter_cannot_use_is_one_line(self, launched, tmp_path, home):
        (tmp_path / "file").write_text("a file")
        place = tmp_path / "file" if home == "a file" else Path("/proc/nowhere")
        result = run("lab", "--replay", HOME=str(place), JUPYTER_RUNTIME_DIR=f"{place}/runtime")
        assert result.exit_code == 1 and not launched
        line = result.output.strip()
        assert line.startswith("WriteError: ") and "\n" not in line
        assert f"{place}/runtime: " in line and "JUPYTER_RUNTIME_DIR=/another/folder" in line

    def test_a_clone_that_cannot_be_written_is_said_and_opened(
        self, launched, tmp_path, monkeypatch
    ):
        (tmp_path / "file").write_text("a file")
        monkeypatch.setattr(paths, "notebooks", lambda: tmp_path / "file")
        runtime = str(tmp_path / "runtime")
        result = run("lab", "--replay", "--originals", JUPYTER_RUNTIME_DIR=runtime)
        assert launched["command"] and f"{tmp_path}/file: " in result.output
        assert "not be saved" in result.output


def test_copies_are_made_for_another_program_that_opens_them(tmp_path):
    result = run("copies", MLKIT_COPIES=str(tmp_path / "mine"))
    assert result.exit_code == 0 and f"are in {tmp_path / 'mine'}." in result.output
    assert (tmp_path / "mine" / "10_choosing.ipynb").is_file()


def test_on_a_hub_copies_names_no_second_lab(tmp_path):
    result = run("copies", MLKIT_COPIES=str(tmp_path / "mine"), JUPYTERHUB_USER="ada")
    assert "mlkit copies --fresh 03" in result.output and "mlkit lab" not in result.output


def test_copies_that_cannot_be_made_are_one_line(tmp_path):
    (tmp_path / "file").write_text("a file")
    result = run("copies", MLKIT_COPIES=str(tmp_path / "file"))
    assert result.exit_code == 1 and result.output.count("\n") == 1
    assert result.output.endswith("Take another folder:  MLKIT_COPIES=/another/folder\n")


def test_copies_that_cannot_be_looked_at_are_one_line(tmp_path, monkeypatch):
    exists = Path.exists

    def refused(path: Path, **options):
        if tmp_path in path.parents:  # root, who runs the tests, may look everywhere
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return exists(path, **options)

    monkeypatch.setattr(Path, "exists", refused)
    result = run("copies", MLKIT_COPIES=str(tmp_path))
    assert result.exit_code == 1 and result.output.count("\n") == 1
    assert f"Could not write {tmp_path}: Permission denied." in result.output


def test_lab_is_installed_with_settings_without_news_that_save_what_is_seen():
    installed = Path(sys.prefix) / "etc" / "jupyter"
    news = "@jupyterlab/apputils-extension:announcements"
    page = json.loads((installed / "labconfig" / "page_config.json").read_text())
    assert page["disabledExtensions"][news] is True
    saves = json.loads((installed / "labconfig" / "default_setting_overrides.json").read_text())
    assert saves["@jupyter-widgets/jupyterlab-manager:plugin"]["saveState"] is True
    assert "static.on_save" in (installed / "jupyter_server_config.py").read_text()


def test_labs_one_key_commands_do_not_reach_into_outputs():
    schemas = Path(sys.prefix) / "share" / "jupyter" / "lab" / "schemas" / "@jupyterlab"
    tracker = json.loads((schemas / "notebook-extension" / "tracker.json").read_text())
    ours = "mlkit/lab/labconfig/default_setting_overrides.json"
    settings = json.loads((paths.root() / ours).read_text())
    rules = settings["@jupyterlab/shortcuts-extension:shortcuts"]["shortcuts"]
    taken = {
        (rule["command"], *rule["keys"]): rule["selector"]
        for rule in tracker["jupyter.lab.shortcuts"]
        if rule["selector"].endswith(" :focus")
        and rule["keys"]
        and {*rule["keys"]} <= {*"ABCDEFGHIJKLMNOPQRSTUVWXYZ", "ArrowUp", "ArrowDown"}
    }
    off = {(one["command"], *one["keys"]): one["selector"] for one in rules if "disabled" in one}
    on = {(one["command"], *one["keys"]): one["selector"] for one in rules if "disabled" not in one}
    assert off == taken
    assert on == {key: f"{place}:not(.jp-OutputArea *)" for key, place in taken.items()}


def test_pull_without_ollama_fetches_the_weights(monkeypatch, tmp_path):
    fetched = []
    monkeypatch.setattr(
        weights, "fetch", lambda model, progress: fetched.append(model) or progress(1, "done")
    )
    assert run("pull", MLKIT_WEIGHTS=str(tmp_path)).exit_code == 0
    assert fetched == CASTS["tiny"].models


def test_pull_of_a_cast_without_weights_says_what_to_do():
    result = run("pull", "--cast", "laptop")
    assert result.exit_code == 1 and "Install Ollama" in result.output


def test_an_unknown_cast_is_refused_with_the_known_ones():
    result = run("pull", "--cast", "huge")
    assert result.exit_code == 1 and "tiny, solo, current, laptop, workstation" in " ".join(
        result.output.replace("│", " ").split()
    )


def test_doctor_ends_in_one_line_for_a_workshop_without_names_and_places(tmp_path):
    result = run("doctor", "--workshop", MLKIT_WEIGHTS=str(tmp_path))
    said, line = result.output.rstrip().splitlines()[-2:]
    assert said == "Send this line to whoever asked for it:"
    assert line.startswith("mlkit ") and " · ready (replay) · " in line
    assert line.count("\n") == 0 and "ollama not there, embedded not there, replay answers" in line
    assert "/" not in line and Path.home().name not in line.split()


def test_doctor_for_a_workshop_waits_for_no_engine_longer_than_a_while(
    monkeypatch, server, tmp_path
):
    monkeypatch.setenv("MLKIT_WEIGHTS", str(tmp_path))
    monkeypatch.setenv("MLKIT_ENGINE", "auto")
    monkeypatch.setattr(doctor, "WORKSHOP_SECONDS", 0.3)
    real, console = choose.choose, Console(record=True, width=400)

    async def main():
        async with server("hangs") as address, asyncio.timeout(30):
            header = choose.Header("Ollama 0.0", {}, "here", "2026-01-01")
            live = choose.Engine("ollama", header, Ollama(address))
            monkeypatch.setattr(
                choose, "choose", lambda cast, kind: live if kind == "ollama" else real(cast, kind)
            )
            return await doctor.report(console, workshop=True)

    assert asyncio.run(main()) is False
    said = console.export_text()
    assert re.search(
        "^no   ollama +too slow: 0.3 s were not enough for all models.*lab --replay$", said, re.M
    )
    line = said.rstrip().splitlines()[-1]
    assert "NOT READY" in line and "ollama too slow, embedded not there, replay answers" in line


def test_doctor_for_a_workshop_is_done_within_a_minute():
    engines_that_are_asked = 2
    assert engines_that_are_asked * doctor.WORKSHOP_SECONDS <= 45


def test_doctor_names_what_to_type_for_each_line_that_fails(tmp_path):
    result = run("doctor", MLKIT_WEIGHTS=str(tmp_path))
    assert result.exit_code == 0, result.output
    for words in (
        "python",
        "memory",
        "cores",
        "no   ollama",
        "ollama serve",
        "no   embedded",
        "mlkit pull",
        "ok   replay",
        "uv run mlkit lab",
    ):
        assert words in result.output


def broken(*_: object, **__: object) -> None:
    raise RuntimeError("psutil cannot read this machine")


def unreadable(tmp_path: Path) -> Path:
    (tmp_path / "bad").mkdir(exist_ok=True)
    (tmp_path / "bad/a.jsonl").write_bytes(b"\xff\xfe")
    return tmp_path / "bad"


# What is wrong: variables, what is replaced by what; then the line's name and what it says.
SICK = [
    ({"MLKIT_LANES": "many"}, {}, "lanes", "MLKIT_LANES is 'many'; .*MLKIT_LANES=1"),
    ({"MLKIT_LANES": "nan"}, {}, "lanes", "MLKIT_LANES is 'nan'; "),
    ({"MLKIT_TIMEOUT_SECONDS": "1e400"}, {}, "timeout", "MLKIT_TIMEOUT_SECONDS is '1e400'; "),
    ({"MLKIT_ENGINE": "ollama"}, {}, "ollama", "No Ollama answers.*ollama serve"),
    ({"MLKIT_ENGINE": "telepathy"}, {}, "engine", "no engine 'telepathy'.*MLKIT_ENGINE=auto"),
    (
        {"MLKIT_CAST": "huge"},
        {},
        "cast",
        "no cast 'huge'.*tiny, solo, current, laptop, workstation",
    ),
    ({"OLLAMA_HOST": "http://["}, {}, "ollama", r"OLLAMA_HOST is 'http://\['.*OLLAMA_HOST=127"),
    ({"OLLAMA_HOST": "a b"}, {}, "ollama", "OLLAMA_HOST is 'a b'"),
    ({"OLLAMA_HOST": ":99999"}, {}, "ollama", "OLLAMA_HOST is ':99999'"),
    ({"ALL_PROXY": "socks5h://127.0.0.1:1"}, {}, "ollama", "No Ollama answers.*ollama serve"),
    ({"SSL_CERT_FILE": "/nowhere.pem"}, {}, "ollama", "No Ollama answers"),
    ({}, {"psutil.virtual_memory": broken}, "memory", "psutil cannot read.*lab --replay"),
    ({}, {"psutil.virtual_memory": broken}, "cores", "psutil cannot read"),
    ({}, {"shutil.disk_usage": broken}, "disk", "psutil cannot read.*MLKIT_WEIGHTS="),
    ({}, {"importlib.metadata.version": broken}, "packages", "psutil cannot read.*uv sync"),
    ({}, {"pathlib.Path.home": broken}, "home", "psutil cannot read.*HOME=/"),
    ({"HOME": "/dev/null"}, {}, "home", "/dev/null/.*: a file stands.*HOME=/"),
    ({}, {"mlkit.paths.notebooks": lambda: Path("/dev/null")}, "notebooks", "MLKIT_ROOT="),
    ({}, {"mlkit.paths.recordings": unreadable}, "replay", "a.jsonl.*git checkout"),
    ({}, {"mlkit.engines.weights.missing": broken}, "embedded", "psutil cannot read"),
]


@pytest.mark.parametrize(
    "variables, replaced, what, said", SICK, ids=[" ".join([*c[0].values(), c[2]]) for c in SICK]
)
def test_doctor_never_crashes_and_says_what_to_type(
    variables, replaced, what, said, tmp_path, monkeypatch
):
    for name, put in replaced.items():
        monkeypatch.setattr(name, (lambda _: unreadable(tmp_path)) if put is unreadable else put)
    result = run("doctor", **{"MLKIT_WEIGHTS": str(tmp_path / "weights")} | variables)
    assert isinstance(result.exception, SystemExit | None), result.exception
    assert re.search(rf"^no   {what} +.*{said}", result.output, re.M), result.output
    assert "python" in result.output and "replay" in result.output  # all lines are there
    first_cell_fails = {"MLKIT_LANES", "MLKIT_TIMEOUT_SECONDS", "MLKIT_ENGINE", "MLKIT_CAST"}
    assert result.exit_code == (what == "replay" or bool(first_cell_fails & set(variables)))


def test_lab_takes_no_unknown_engine_and_an_empty_one_as_auto(launched, monkeypatch, tmp_path):
    result = run("lab", MLKIT_ENGINE="telepathy")
    assert result.exit_code == 1 and "MLKIT_ENGINE=auto" in result.output and not launched
    fetched = []
    monkeypatch.setattr(weights, "fetch", lambda model, progress: fetched.append(model))
    result = run("lab", MLKIT_ENGINE="", MLKIT_WEIGHTS=str(tmp_path))
    assert fetched == CASTS["tiny"].models and "LIVE, embedded" in result.output


def test_doctor_fails_where_nothing_can_run(tmp_path, monkeypatch):
    monkeypatch.setattr(paths, "recordings", lambda cast: tmp_path)
    result = run("doctor", MLKIT_WEIGHTS=str(tmp_path))
    assert result.exit_code == 1 and "Nothing can run yet" in result.output


@pytest.mark.parametrize(
    "text, good",
    [("A frame, a saddle.", True), (" \n", False), ("<think>They ask for parts", False)],
)
def test_doctor_fails_where_the_engine_that_is_taken_answers_without_a_word(
    text, good, monkeypatch, tmp_path, scripted
):
    header = choose.Header("Ollama 0.0", {}, "here", "2026-01-01")
    live = choose.Engine("ollama", header, scripted({"": {"text": text, "output_tokens": 24}}))
    real = choose.choose
    monkeypatch.setattr(
        choose, "choose", lambda cast, kind: live if kind == "ollama" else real(cast, kind)
    )
    result = run("doctor", MLKIT_WEIGHTS=str(tmp_path))
    said = "answers, 24 tokens/s" if good else "answers without a word .24 tokens.*lab --replay"
    line = rf"^{'ok' if good else 'no'}   +qwen2.5-coder:1.5b +.*{said}"
    assert re.search(line, result.output, re.M), result.output
    assert result.exit_code == (not good)
    assert ("Notebooks can run" in result.output) is good
    assert ("record --plan" in result.output) is good


def test_recording_takes_a_live_engine(tmp_path):
    result = run("record", MLKIT_WEIGHTS=str(tmp_path))
    assert (
        result.exit_code == 1
        and "Recording takes a live engine" in result.output
        and "ollama serve" in result.output
    )


def notebook(folder: Path, *cells: str) -> Path:
    path = folder / "own.ipynb"
    nbformat.write(
        nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells]), path
    )
    return path


@pytest.fixture
def echo(monkeypatch, tmp_path):
    """A live engine that needs no model: for what happens around a recording."""
    header = choose.Header("Ollama 0.0", {}, "here", "2026-01-01")
    engine = choose.Engine("ollama", header, Echo())
    monkeypatch.setattr(choose, "choose", lambda *_: engine)
    monkeypatch.setattr(paths, "recordings", lambda cast: tmp_path / "recordings")
    monkeypatch.setattr(
        record, "_seconds_a_token", lambda engine, cast: record.TINY_SECONDS_A_TOKEN
    )
    return engine


KEEP_ONE = """import mlkit
from mlkit.ask import Member
from mlkit.engines import choose
from tests.echo import Echo
header = choose.Header("Ollama 0.0", {}, "here", "2026-01-01")
choose.choose = lambda *_: choose.Engine("ollama", header, Echo())
kit = mlkit.connect()
assert (await kit.ask(Member("m"), "one")).text == "3" and kit.recorded is kit
"""


def test_a_notebook_that_ran_leaves_a_whole_recording(echo, tmp_path):
    record.record([notebook(tmp_path, KEEP_ONE)], CASTS["tiny"], False, cli.console)
    made = load_file(tmp_path / "recordings/own.jsonl")
    assert [asked.prompt for asked in made.questions] == ["one"]
    assert not list((tmp_path / "recordings").glob("*.partial"))


def test_what_a_notebook_tells_to_change_is_recorded_with_it(echo, tmp_path, monkeypatch):
    monkeypatch.setitem(record.EDITS, "own", "await kit.ask(Member('m'), 'two')")
    path = notebook(tmp_path, KEEP_ONE)
    record.record([path], CASTS["tiny"], False, cli.console)
    made = load_file(tmp_path / "recordings/own.jsonl")
    assert {asked.prompt for asked in made.questions} == {"one", "two"}
    assert len(nbformat.read(path, as_version=4).cells) == 1


def test_a_notebook_that_fails_leaves_the_old_recording_and_keeps_the_new_answers_aside(
    echo, tmp_path
):
    record.record([notebook(tmp_path, KEEP_ONE)], CASTS["tiny"], False, cli.console)
    before = (tmp_path / "recordings/own.jsonl").read_bytes()
    with pytest.raises(MlkitError, match=r"own.ipynb stopped: ValueError: no luck"):
        record.record(
            [notebook(tmp_path, KEEP_ONE.replace('"one"', '"two"'), "raise ValueError('no luck')")],
            CASTS["tiny"],
            False,
            cli.console,
        )
    assert (tmp_path / "recordings/own.jsonl").read_bytes() == before
    assert '"two"' in (tmp_path / "recordings/own.journal.partial").read_text()


def test_a_fresh_recording_throws_away_what_was_begun_on_another_engine(echo, tmp_path):
    journal = tmp_path / "recordings/own.journal.partial"
    journal.parent.mkdir()
    Journal(tmp_path / "recordings/own.jsonl", choose.Header("Ollama 9.9", {}, "", "")).close()
    with pytest.raises(MlkitError, match="own.ipynb stopped"):
        record.record([notebook(tmp_path, KEEP_ONE)], CASTS["tiny"], False, cli.console)
    record.record([notebook(tmp_path, KEEP_ONE)], CASTS["tiny"], True, cli.console)
    assert load_file(tmp_path / "recordings/own.jsonl").answers and not journal.exists()


def test_a_study_is_recorded_whole(echo, tmp_path, monkeypatch):
    async def study(kit):
        assert kit.recording and kit.recorded is kit and kit.live
        await kit.ask(kit.cast.small, "one")

    monkeypatch.setitem(STUDIES, "own study", study)
    path = tmp_path / "recordings/own study.jsonl"
    record.record(["own study"], CASTS["tiny"], False, cli.console)
    (asked,) = load_file(path).questions
    assert asked.prompt == "one" and echo.ask.asked == ["one"]


def desk_study(member: Member):
    """Six messages of the desk, answered by one member."""

    async def study(kit):
        subjects = {"one": alone(lambda kind: member)}
        return await measure(kit.ask, subjects, tasks.load("desk")[:6], strict=kit.recording)

    return study


def test_a_full_disk_ends_a_recording_at_once_and_no_answer_is_lost(echo, tmp_path, monkeypatch):
    path = tmp_path / "recordings/own.jsonl"
    appended = Journal._write

    def full_after_two(self, line):
        if len(echo.ask.asked) > 2:
            raise WriteError("No space left on device. Make room there.")
        appended(self, line)

    with monkeypatch.context() as patched:
        patched.setattr(Journal, "_write", full_after_two)
        with pytest.raises(WriteError, match="No space left"):
            record.record_study(desk_study(Member("m")), path, echo, CASTS["tiny"])
    assert len(echo.ask.asked) <= 4  # the next may have begun
    echo.ask.asked.clear()
    assert len(record.record_study(desk_study(Member("m")), path, echo, CASTS["tiny"]).answers) == 6
    assert len(echo.ask.asked) == 4


def test_half_of_a_character_in_a_member_ends_a_recording_at_once(echo, tmp_path):
    path, broken = tmp_path / "recordings/own.jsonl", Member("m", system="\ud800")
    with pytest.raises(RecordingError, match="Half of a character .* cannot be kept"):
        record.record_study(desk_study(broken), path, echo, CASTS["tiny"])
    assert len(echo.ask.asked) <= 2 and not path.exists()


def test_recording_says_before_it_starts_how_much_there_is_to_ask(echo, monkeypatch):
    monkeypatch.setattr(paths, "recordings", lambda cast: paths.data() / "recordings" / cast)
    monkeypatch.setattr(
        record, "_seconds_a_token", lambda engine, cast: 2 * record.TINY_SECONDS_A_TOKEN
    )
    shipped = load_file(paths.recordings("tiny") / "triage.jsonl").answers.values()
    minutes = 2 * sum(answer.seconds for answer in shipped) / 60
    said = record.forecast(["triage"], echo, CASTS["laptop"])
    assert said.startswith(
        f"About {len(shipped)} calls in 1 of 1 recordings, and about {minutes:.0f} minutes here (2"
        " times"
    )
    runs, seconds = timings.taken("lanes")
    said = record.forecast(["lanes"], echo, CASTS["laptop"])
    assert (
        f" and {runs} runs to time, for which nothing else may use the machine, and about"
        f" {2 * seconds / 60:.0f} minutes here"
        in said
        and runs > 5
    )
    assert "no telling" in record.forecast(["a_new_notebook"], echo, CASTS["laptop"])


def test_a_plan_says_what_it_takes_and_what_is_missing_and_asks_nothing(monkeypatch):
    monkeypatch.setattr(choose, "choose", lambda *_: pytest.fail("no model is asked for a plan"))
    monkeypatch.setitem(STUDIES, "a new one", STUDIES["desk"])
    result = run("record", "--plan")
    rows = dict(re.findall(r"^(\w[\w ]*?)  +(.+)$", result.output, re.M))
    shipped = load_file(paths.recordings("tiny") / "triage.jsonl").answers.values()
    minutes = sum(answer.seconds for answer in shipped) / 60
    assert rows["triage"].split() == [str(len(shipped)), f"{minutes:.1f}", "recorded"]
    runs, seconds = timings.taken("lanes")
    assert rows["lanes"].split()[:2] == [str(runs), f"{seconds / 60:.1f}"]
    assert {*STUDIES, *timings.TIMINGS, "00_start_here", "total"} == {*rows}
    assert rows["a new one"].split() == ["?", "?", "missing"]
    counts = [row.split() for name, row in rows.items() if name not in ("a new one", "total")]
    calls, total_minutes = rows["total"].replace(",", "").split()
    assert int(calls) == sum(int(count.replace(",", "")) for count, *_ in counts)
    assert float(total_minutes) == pytest.approx(sum(float(of) for _, of, *_ in counts), abs=1)
    assert "Missing for tiny: a new one." in result.output and result.exit_code == 0


def test_a_plan_tells_what_another_cast_has_begun(monkeypatch, tmp_path):
    for name in ("recordings", "timings"):
        (tmp_path / name).mkdir()
        places = {"tiny": getattr(paths, name)("tiny"), "laptop": tmp_path / name}
        monkeypatch.setattr(paths, name, places.__getitem__)
    journal_of(tmp_path / "recordings/desk.jsonl").touch()
    lines = (paths.timings("tiny") / "lanes.jsonl").read_text().splitlines()
    (tmp_path / "timings/lanes.jsonl").write_text("\n".join(lines[:3]) + "\n")
    output = run("record", "--plan", "--cast", "laptop", "desk", "lanes", "judge").output
    assert re.findall(r"begun|recorded|missing", output) == ["begun", "begun", "missing"]
    assert "Missing for laptop: desk, lanes, judge." in output


def test_a_name_that_is_neither_study_nor_notebook_is_refused(echo, tmp_path):
    with pytest.raises(
        RecordingError, match="There is no study and no notebook .*nowhere.ipynb. Studies: desk, "
    ):
        record.record([tmp_path / "nowhere.ipynb"], CASTS["tiny"], False, cli.console)


def test_findings_that_cannot_be_written_say_where_and_leave_the_old_ones(tmp_path, monkeypatch):
    async def page_of(kit):
        return "new"

    (tmp_path / "FINDINGS.md").write_text("old")
    monkeypatch.setattr("course.claims.page.page", page_of)
    monkeypatch.setattr("mlkit.connect", lambda engine: None)
    monkeypatch.setattr(paths, "data", lambda: tmp_path)
    monkeypatch.setattr("os.fsync", no_space)
    result = run("findings")
    assert result.exit_code == 1
    assert result.output.startswith("WriteError: Could not write ")
    assert f"{tmp_path}/FINDINGS.md: No space left on device. " in result.output
    assert (tmp_path / "FINDINGS.md").read_text() == "old"
    assert [file.name for file in tmp_path.iterdir()] == ["FINDINGS.md"]


def no_space(*_: object, **__: object) -> int:
    raise OSError(errno.ENOSPC, "No space left on device")


def test_a_notebook_that_cannot_be_stored_says_where_and_stays(tmp_path, monkeypatch):
    path = notebook(tmp_path, "1")
    before = path.read_bytes()
    monkeypatch.setattr(notebooks, "execute", lambda path, **_: nbformat.read(path, as_version=4))
    monkeypatch.setattr("os.fsync", no_space)
    result = run("store", str(path))
    assert result.exit_code == 1
    assert f"WriteError: Could not write {path}: No space left on device. " in result.output
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == ["own.ipynb"]


def test_a_notebook_that_is_not_there_is_one_line(tmp_path):
    result = run("store", str(tmp_path / "nope.ipynb"))
    assert result.exit_code == 2
    assert "does not exist" in result.output and "Traceback" not in result.output


def test_a_kernel_without_a_place_for_its_files_is_one_line(tmp_path):
    path = notebook(tmp_path, "1")
    result = run("store", str(path), JUPYTER_RUNTIME_DIR=f"{path}/runtime")
    assert result.exit_code == 1
    assert result.output.startswith("WriteError: ") and "JUPYTER_RUNTIME_DIR=" in result.output


def test_what_a_stored_notebook_writes_beside_itself_is_thrown_away(tmp_path):
    path = notebook(tmp_path, "open('decision_card.html', 'w').close()")
    notebooks.store(path)
    assert [file.name for file in tmp_path.iterdir()] == ["own.ipynb"]


def test_the_kernel_of_a_notebook_that_is_stored_draws_pictures(tmp_path):
    path = notebook(tmp_path, "print(get_ipython().extension_manager.loaded)")
    notebooks.store(path)
    (output,) = nbformat.read(path, as_version=4).cells[0].outputs
    assert "mlkit.widgets.export" in output.text


def test_python_dash_m_is_the_same():
    done = subprocess.run(
        [sys.executable, "-m", "mlkit", "--help"], capture_output=True, text=True, check=True
    )
    assert all(word in done.stdout for word in ("lab", "doctor", "pull", "record"))


def test_what_a_cell_printed_is_stored_in_one_piece_however_the_kernel_sent_it(
    tmp_path, monkeypatch
):
    path = tmp_path / "own.ipynb"
    printed = nbformat.v4.new_code_cell(
        "import sys\nfor n in range(3):\n    print(n)\n    sys.stdout.flush()", id="printed"
    )
    nbformat.write(nbformat.v4.new_notebook(cells=[printed]), path)
    notebooks.store(path)
    stored = nbformat.read(path, as_version=4).cells[0].outputs
    assert [(output.output_type, output.text) for output in stored] == [("stream", "0\n1\n2\n")]
