"""Measuring gives a Matrix; failing answers are wrong cells, holes are errors; a killed run goes on
as if nothing had happened.
"""

import asyncio
import signal
import subprocess
import sys
import threading
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
from course.shop import QUEUES

from mlkit.ask import Member
from mlkit.engines.recordings import load_file
from mlkit.errors import EngineTimeout, NotRecorded
from mlkit.measure.matrix import Matrix, agreed, alone, measure, merged
from mlkit.measure.stats import wilson
from mlkit.measure.tasks import Task
from mlkit.models import Price
from mlkit.parsing import label_in
from mlkit.patterns.fan_out import ModelFanOut
from mlkit.patterns.voting import ModelVoting
from tests.conftest import Scripted

SUMS = [
    Task(
        f"math-0{n}",
        "math",
        "two-step" if n < 3 else "four-step",
        "fit" if n == 1 else "test",
        f"{n} + {n}?",
        "expression",
        2 * n,
    )
    for n in (1, 2, 3, 4)
]
GOOD, BAD = Member("m", name="good"), Member("m", name="bad", seed=1)


def member(which: Member):
    return alone(lambda kind: which)


def calculator(prompt: str) -> str:
    return prompt.rstrip("?")


def measured(ask, samples: int = 1, **subjects) -> Matrix:
    return asyncio.run(measure(ask, subjects or {"good": member(GOOD)}, SUMS, samples))


def test_a_matrix_holds_tasks_by_subjects_by_samples(scripted):
    matrix = measured(scripted({"answer": calculator}), 3, good=member(GOOD), bad=member(BAD))
    assert (
        matrix.right.shape == matrix.answers.shape == matrix.seconds.shape == (4, 2, 3)
        and matrix.right.all()
    )
    assert (
        matrix.answers[:, 0, 0].tolist() == ["2", "4", "6", "8"]
        and matrix.seconds.tolist() == np.ones((4, 2, 3)).tolist()
    )
    assert (
        matrix.share("good") == 1
        and matrix.column("good").tolist() == [1, 1, 1, 1]
        and (matrix.calls == 1).all()
    )


def test_every_task_and_sample_of_a_member_that_samples_has_a_seed_of_its_own(scripted):
    ask = scripted({"answer": "2"})
    measured(ask, 3, warm=member(replace(GOOD, temperature=0.7)), cold=member(GOOD))
    warm, cold = (
        [who.seed for who, _, _ in ask.asked if who.temperature == temperature]
        for temperature in (0.7, 0.0)
    )
    assert (
        len(set(warm)) == len(warm) == 12
        and all(0 <= seed < 2**31 for seed in warm)
        and set(cold) == {0}
    )


def test_an_answer_that_fails_or_cannot_be_read_is_a_wrong_cell_that_says_why(scripted):
    answers = [EngineTimeout("too slow. Wait."), "no idea", "", "4 + 4"]
    matrix = measured(scripted({"answer": answers}))
    assert matrix.right[:, 0, 0].tolist() == [False, False, False, True] and matrix.answers[
        :, 0, 0
    ].tolist() == [None, None, None, "8"]
    cells = [row[0][0] for row in matrix.cells]
    assert (
        cells[0].error == "EngineTimeout: too slow. Wait."
        and cells[0].text == ""
        and len(cells[0].calls) == 1
    )
    assert [cell.text for cell in cells[1:]] == ["no idea", "", "4 + 4"]


def fan_out(*members):
    return lambda task, sample: ModelFanOut(members)


def test_the_calls_of_a_pattern_that_fails_cost_what_they_cost(scripted):
    voters = ModelVoting((GOOD, BAD), lambda text: label_in(text, ["yes", "no"]))
    matrix = measured(
        scripted({"": {"text": "perhaps", "prompt_tokens": 5, "output_tokens": 2}}),
        vote=lambda task, sample: voters,
    )
    assert (
        matrix.cells[0][0][0].error.startswith("Unparsed")
        and (matrix.calls == 2).all()
        and (matrix.tokens == 14).all()
    )


def test_a_hole_is_no_answer_even_where_the_pattern_goes_on_without_it(scripted):
    with pytest.raises(NotRecorded, match="Task .*, as it stands now"):
        measured(
            scripted({"answer 1": "4", "answer 2": NotRecorded("nobody asked this")}),
            both=fan_out(GOOD, BAD),
        )
    lost = scripted({"answer 1": "4", "answer 2": EngineTimeout("too slow. Wait.")})
    assert (measured(lost, both=fan_out(GOOD, BAD)).calls == 2).all()
    with pytest.raises(EngineTimeout):
        asyncio.run(measure(lost, {"both": fan_out(GOOD, BAD)}, SUMS, strict=True))


def test_a_strict_measurement_ends_with_the_first_error_of_the_engine(scripted):
    ask = scripted({"answer": ["2", EngineTimeout("too slow. Wait.")]})
    with pytest.raises(EngineTimeout):
        asyncio.run(measure(ask, {"good": member(GOOD)}, SUMS, strict=True))


def test_a_model_that_answers_nothing_at_all_gives_a_whole_matrix_of_wrong_cells(scripted):
    matrix = measured(scripted({"answer": ""}))
    assert (
        not matrix.right.any() and matrix.share("good") == 0 and (matrix.answers == None).all()  # noqa: E711
    )


def test_a_question_that_is_not_recorded_is_no_wrong_answer(scripted):
    with pytest.raises(
        NotRecorded,
        match=r"Task math-01, as it stands now, is not recorded .* another cast. Nothing like it",
    ):
        measured(scripted({"answer": NotRecorded("Nothing like it.")}))


def test_the_first_hole_ends_the_measurement(scripted):
    ask = scripted({"answer": [NotRecorded("Nothing like it."), "2"]})
    with pytest.raises(NotRecorded):
        measured(ask)
    assert len(ask.asked) < len(SUMS)


def test_patterns_are_measured_like_members(scripted):
    pattern = ModelVoting((GOOD, BAD), normalise=str.strip)
    matrix = measured(
        scripted({"vote 1": calculator, "vote 2": calculator}), vote=lambda task, sample: pattern
    )
    assert matrix.right.all() and (matrix.calls == 2).all() and matrix.seconds[0, 0, 0] == 2


def test_tokens_and_dollars_are_counted_call_by_call(scripted):
    matrix = measured(
        scripted(
            {"answer": {"text": "2", "prompt_tokens": 40, "output_tokens": 10, "load_seconds": 7.0}}
        )
    )
    assert matrix.tokens[0, 0, 0] == 50 and matrix.dollars({"m": Price(1.0, 2.0)})[
        0, 0, 0
    ] == pytest.approx(60e-6)
    assert matrix.seconds[0, 0, 0] == 1.0  # a model is loaded once, and that is left out
    each = measured(scripted({"answer": {"text": "2", "load_seconds": 0.1}}))
    assert each.seconds[0, 0, 0] == pytest.approx(1.1)  # this much comes with every call


def test_a_matrix_can_be_narrowed_but_never_in_silence(scripted):
    matrix = measured(scripted({"answer": ["1 + 1", "4", "0", "8"]}), good=member(GOOD))
    assert matrix.of(split="test").right[:, 0, 0].tolist() == [True, False, True]
    assert [task.id for task in matrix.of(level="four-step").tasks] == ["math-03", "math-04"]
    some = matrix.of(id={"math-04", "math-03"}, split="test").tasks
    assert [task.id for task in some] == [
        task.id for task in matrix.of(level="four-step").tasks if task.split == "test"
    ]
    with pytest.raises(ValueError, match="'other' was not measured here; choose among good"):
        matrix.of(["other"])
    with pytest.raises(ValueError, match="no task has"):
        matrix.of(split="train")


def test_of_a_set_every_value_must_have_been_measured(scripted):
    matrix = measured(scripted({"answer": ["8", "8", "8", "8"]}))
    first, *_, last = [task.id for task in matrix.tasks]
    assert [task.id for task in matrix.of(id={first, last}).tasks] == [first, last]
    with pytest.raises(ValueError, match="no task has"):
        matrix.of(id={first, "another"})


def test_matrices_of_the_same_tasks_can_stand_side_by_side(scripted):
    one, other = (
        measured(scripted({"answer": calculator})),
        measured(scripted({"answer": "0"}), bad=member(BAD)),
    )
    both = merged(one, other)
    assert both.subjects == ["good", "bad"] and both.right[:, :, 0].tolist() == 4 * [[True, False]]
    with pytest.raises(ValueError, match="different tasks"):
        merged(one, other.of(split="test"))


def test_certainty_is_the_labels_probability_among_all_tokens(scripted):
    message = Task(
        "triage-01", "triage", "clear", "fit", "Mend it!", "label", "repair", labels=QUEUES
    )
    ask = scripted(
        {"answer": {"text": "repair", "choices": {"repair": 0.6, "order": 0.2, "the": 0.2}}}
    )
    matrix = asyncio.run(measure(ask, {"small": alone(lambda kind: GOOD, QUEUES)}, [message]))
    assert matrix.certainty(QUEUES)[0, 0, 0] == pytest.approx(0.6)
    (((likely,),),) = matrix.likely(QUEUES)
    assert (likely.label, likely.confidence, likely.mass) == (
        "repair",
        pytest.approx(0.75),
        pytest.approx(0.8),
    )


def test_a_score_says_how_often_a_subject_was_right_and_what_an_answer_took(scripted):
    told = {"text": "4", "prompt_tokens": 40, "output_tokens": 10}
    matrix = measured(scripted({"answer": told}), 2, good=member(GOOD), bad=member(BAD))
    score = matrix.score("bad", {"m": Price(1.0, 2.0)})
    assert (score.right, score.of, score.interval) == (2, 8, wilson(2, 8))
    assert (score.tokens, score.seconds, score.calls) == (50, 1, 1)
    assert score.dollars_per_thousand == pytest.approx(0.06)


def test_a_cell_is_found_by_subject_and_task(scripted):
    matrix = measured(scripted({"answer": calculator}), good=member(GOOD), bad=member(BAD))
    assert matrix.cell("bad", "math-03") is matrix.cells[2][1][0]
    with pytest.raises(ValueError, match="no task has"):
        matrix.cell("bad", "math-99")
    with pytest.raises(ValueError, match="'other' was not measured here"):
        matrix.cell("other", "math-03")


def test_tasks_may_be_under_way_together_and_the_matrix_is_the_same(scripted):
    one = asyncio.run(measure(scripted({"answer": calculator}), {"good": member(GOOD)}, SUMS, 2))
    many = asyncio.run(
        measure(scripted({"answer": calculator}), {"good": member(GOOD)}, SUMS, 2, at_once=3)
    )
    assert one.answers.tolist() == many.answers.tolist()
    assert [[cell.run.calls for cell in row[0]] for row in one.cells] == [
        [cell.run.calls for cell in row[0]] for row in many.cells
    ]


# A killed run

MEASURE = """import asyncio, sys
from pathlib import Path
from urllib.request import urlopen
from mlkit.ask import Reply
from mlkit.engines.journal import Journal
from mlkit.engines.recordings import Header
from mlkit.measure.matrix import measure
from mlkit.wrappers import Recorder
from tests.measure.test_matrix import SUMS, member, GOOD
async def engine(who, prompt, **options):
    with await asyncio.to_thread(urlopen, sys.argv[2], prompt.encode()) as answer:
        return Reply(answer.read().decode(), who)
header = Header("Ollama 0.0", {"m": "digest"}, "a machine", "2026-01-01")
journal = Journal(Path(sys.argv[1]), header)
matrix = asyncio.run(measure(Recorder(engine, journal), {"good": member(GOOD)}, SUMS, strict=True))
print(matrix.answers.ravel().tolist())
journal.finish()
"""


class Server(BaseHTTPRequestHandler):
    """Stands in for a model server that can be held up: answers a sum with its own text."""

    hold_after = 10**9
    asked: list[str] = []
    held, released = threading.Event(), threading.Event()

    def do_POST(self):
        prompt = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.asked.append(prompt)
        if len(self.asked) > self.hold_after:
            self.held.set()
            self.released.wait(30)
            return
        body = prompt.rstrip("?").encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@pytest.fixture
def address():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Server)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    Server.asked, Server.hold_after = [], 10**9
    Server.held.clear()
    Server.released.clear()
    yield f"http://127.0.0.1:{server.server_port}"
    Server.released.set()
    server.shutdown()


def test_a_killed_measurement_loses_one_call_at_most_and_ends_with_the_same_matrix(
    tmp_path: Path, address
):
    whole, killed = tmp_path / "whole.jsonl", tmp_path / "killed.jsonl"
    command = [sys.executable, "-c", MEASURE]
    undisturbed = subprocess.run(
        [*command, str(whole), address], capture_output=True, text=True, check=True
    ).stdout
    Server.asked.clear()
    Server.hold_after = 2
    run = subprocess.Popen([*command, str(killed), address])
    assert Server.held.wait(30)
    run.send_signal(signal.SIGKILL)
    run.wait()
    assert not killed.exists() and Server.asked == ["1 + 1?", "2 + 2?", "3 + 3?"]
    Server.asked.clear()
    Server.hold_after = 10**9
    resumed = subprocess.run(
        [*command, str(killed), address], capture_output=True, text=True, check=True
    ).stdout
    assert Server.asked == ["3 + 3?", "4 + 4?"]
    assert resumed == undisturbed == "['2', '4', '6', '8']\n"
    assert load_file(killed).answers == load_file(whole).answers


def test_nothing_measured_is_told_and_never_waits_or_divides_by_zero(scripted):
    ask = scripted({"": calculator})
    for wrong in ({"samples": 0}, {"at_once": 0}, {"samples": -1}):
        with pytest.raises(ValueError, match="give 1 or more"):
            asyncio.run(measure(ask, {"good": member(GOOD)}, SUMS, **wrong))
    for answers in ([], [[], []], ["a"]):
        with pytest.raises(ValueError, match="at least one of each"):
            agreed(np.array(answers, dtype=object))
    empty = asyncio.run(measure(ask, {"good": member(GOOD)}, []))
    for share in (empty.share, empty.column):
        with pytest.raises(ValueError, match="no task was measured"):
            share("good")
        with pytest.raises(ValueError, match="'best' was not measured here; choose among good"):
            share("best")


async def breaks_late(ask, prompt):
    if prompt == "b":
        return {}[prompt]
    return await ask(GOOD, prompt)


async def gives_nothing(ask, prompt):
    await ask(GOOD, prompt)


@pytest.mark.parametrize("strict", [False, True])
def test_a_pattern_that_breaks_late_loses_no_answer(strict, scripted):
    ask = scripted({"": "42"})
    tasks = [Task(name, "sum", "easy", "fit", name, "number", 42) for name in "ab"]
    subjects = {"good": member(GOOD), "mine": lambda task, sample: breaks_late}
    measuring = measure(ask, subjects, tasks, strict=strict)
    if strict:  # a recording without its answer would be a hole
        with pytest.raises(KeyError):
            asyncio.run(measuring)
        return
    with pytest.warns(
        UserWarning, match="^KeyError: 'b'. That answer of a pattern counts as wrong"
    ):
        found = asyncio.run(measuring)
    assert found.right[:, :, 0].tolist() == [[True, True], [True, False]]
    assert found.cell("mine", "b").error == "KeyError: 'b'"


def test_a_pattern_that_gives_no_text_is_wrong_and_its_calls_are_kept(scripted):
    with pytest.warns(UserWarning, match="A pattern gave None"):
        matrix = measured(scripted({"": "42"}), mine=lambda task, sample: gives_nothing)
    cell = matrix.cells[0][0][0]
    assert cell.error == "SettingError: A pattern gave None; give a text, or what has a .text"
    assert (matrix.calls == 1).all() and not matrix.right.any()


def test_a_function_may_give_just_its_text():
    async def forty_two(ask, prompt):
        return "42"

    task = Task("a", "sum", "easy", "fit", "6 * 7?", "number", 42)
    found = asyncio.run(measure(Scripted({}), {"plain": lambda task, sample: forty_two}, [task]))
    assert found.right.all() and found.cells[0][0][0].text == "42"
