"""A learner opens the first notebooks: run all, look, predict, move sliders, ask, answer, get
something wrong.
"""

import os
import re
import socket
import subprocess
import sys
import time

import pytest

from mlkit import paths
from tests.browser.conftest import SLOW

pytestmark = pytest.mark.browser
NOWHERE = "http://127.0.0.1:1"
START_SECONDS = 6
# The texts of a chart that leave it.
CLIPPED = """plot => {
  const frame = plot.querySelector('.main-svg').getBoundingClientRect();
  const texts = [...plot.querySelectorAll('text')];
  return texts.filter(text => text.textContent.trim()).filter(text => {
    const box = text.getBoundingClientRect();
    return box.right > frame.right + 1 || box.left < frame.left - 1
      || box.bottom > frame.bottom + 1 || box.top < frame.top - 1
  }).map(text => text.textContent) }"""


def wall_seconds(traces: list[dict]) -> float:
    return max(
        base + x for trace in traces for base, x in zip(trace["base"], trace["x"], strict=True)
    )


def busy_seconds(traces: list[dict], *calls: str) -> list[float]:
    """For each call, how long a server worked on it, read off the bars on the page."""
    return [
        sum(
            x
            for trace in traces
            if trace["name"] != "waiting for a server"
            for x, y in zip(trace["x"], trace["y"], strict=True)
            if y.endswith(call)
        )
        for call in calls
    ]


def test_00_on_recordings_as_a_learner(lab):
    learner = lab("--replay", copies=True)
    learner.open("00_start_here.ipynb")
    assert learner.page.locator(".jp-Dialog").count() == 0, "something popped up"
    learner.shot("00_opened")
    learner.run_all()
    assert "REPLAY · recorded" in learner.output("setup").inner_text()
    assert learner.page.locator("[data-mime-type='application/vnd.jupyter.stderr']").count() == 0

    # Predict: by keyboard, then the button.
    for _ in range(4):
        learner.handle("predict").press("ArrowRight")
    learner.cell("predict").get_by_role("button", name="This is my guess").click()
    learner.cell("predict").get_by_text("You said 70%").wait_for()
    learner.run_cell("compare")
    assert learner.output("compare").inner_text().startswith("You said 70%, measured: ")
    learner.shot("00_predict", learner.cell("predict"))

    # One server, then as many as help: wall time is the sum, then the critical path. Both read off
    # the page.
    calls = ("brakes", "tyres", "lights", "title")
    before = learner.traces("servers")
    learner.shot("00_servers_before", learner.cell("servers"))
    assert wall_seconds(before) == pytest.approx(sum(busy_seconds(before, *calls)))
    first_title = learner.title("servers")
    learner.handle("servers").press("ArrowRight")
    learner.handle("servers").press("ArrowRight")
    *parts, last = busy_seconds(before, *calls)
    learner.wait_for_title("servers", f"4 calls: {max(parts) + last:.1f} s")
    assert learner.title("servers") != first_title
    after = learner.traces("servers")
    assert wall_seconds(after) == pytest.approx(max(parts) + last)
    learner.shot("00_servers_after", learner.cell("servers"))
    learner.cell("servers").get_by_role("button", name="Reset").click()
    learner.wait_for_title("servers", f"4 calls: {sum(parts) + last:.1f} s")

    # The price of an hour, by keyboard and typed into the readout; local cost follows in
    # proportion.
    at_first = learner.traces("cost")[2]["y"][0]
    learner.handle("cost", 1).press("ArrowRight")
    learner.wait_for_title("cost", "At $0.051 an hour")
    assert learner.traces("cost")[2]["y"][0] == pytest.approx(1.02 * at_first)
    readout = learner.cell("cost").locator(".widget-readout").nth(1)
    readout.click()
    learner.page.keyboard.press("Control+A")
    learner.page.keyboard.type("0.150")
    learner.page.keyboard.press("Enter")
    learner.wait_for_title("cost", "At $0.15 an hour")
    assert learner.traces("cost")[2]["y"][0] == pytest.approx(3 * at_first)
    learner.shot("00_cost", learner.cell("cost"))

    # Ask one of the recorded prompts.
    learner.cell("try").get_by_role("button", name="Run").click()
    learner.cell("try").get_by_text("tokens read").wait_for()
    learner.shot("00_try", learner.cell("try"))

    # The exercise: as it stands, wrong, right.
    assert "Not written yet" in learner.output("exercise-check").inner_text()
    head = "def dollars_per_thousand(reply, prompt_price, output_price):\n    return "
    for body, said in (
        (
            "(reply.prompt_tokens * prompt_price + reply.output_tokens * output_price) / 1e6",
            "one call",
        ),
        (
            "(reply.prompt_tokens * prompt_price + reply.output_tokens * output_price) / 1e3",
            "✓ Right",
        ),
    ):
        learner.run_cell("exercise", head + body)
        learner.run_cell("exercise-check")
        assert said in learner.output("exercise-check").inner_text()

    # The quiz: wrong, then right.
    learner.cell("quiz").get_by_text("They were made up").click()
    learner.cell("quiz").get_by_text("Not quite.").wait_for()
    learner.cell("quiz").get_by_text("A real model gave them earlier").click()
    learner.cell("quiz").get_by_text("Each recording names the engine").wait_for()
    learner.shot("00_quiz", learner.cell("quiz"))

    # A question nobody recorded: one line that says what to do, no wall of a traceback.
    learner.run_cell("ask", 'run = await kit.run(SingleModel(member), "Why is the sky blue?")')
    error = learner.output("ask").inner_text()
    assert (
        "NotRecorded: No recording answers 'Why is the sky blue?'" in error
        and "mlkit pull" in error
    )
    assert "Traceback" not in error and len(error.splitlines()) < 6
    learner.shot("00_error", learner.cell("ask"))
    assert learner.outside == []


def test_01_on_recordings_the_examples_slider_moves_the_scores(lab):
    learner = lab("--replay", MLKIT_ENGINE="replay")
    learner.open("01_one_model.ipynb")
    learner.run_all()
    assert learner.page.locator("[data-mime-type='application/vnd.jupyter.stderr']").count() == 0
    learner.shot("01_measure", learner.cell("measure"))
    seen = []
    for count in range(5):
        if count:
            learner.handle("explore").press("ArrowRight")
        title = learner.wait_for_title("explore", f"Examples sent along, {count}:")
        small, large = (
            int(number)
            for number in re.search(r"small (\d+) of 22, large (\d+) of 22", title).groups()
        )
        shares = dict(
            zip(learner.traces("explore")[0]["y"], learner.traces("explore")[0]["x"], strict=True)
        )
        assert sorted(shares.values()) == sorted(
            [shares["small, step by step"], shares["large, step by step"], small / 22, large / 22]
        )
        seen.append((small, large))
        learner.shot(f"01_explore_{count}", learner.cell("explore"))
    assert len(set(seen)) > 1
    learner.shot("01_waterfall", learner.cell("waterfall"))
    learner.cell("quiz").get_by_text("Ask the same model in another way").click()
    learner.cell("quiz").get_by_text("cheapest thing to try").wait_for()
    assert learner.outside == []


LIVE = {
    "ollama": ({"MLKIT_ENGINE": "auto"}, "LIVE · Ollama"),
    "embedded": ({"MLKIT_ENGINE": "auto", "OLLAMA_HOST": NOWHERE}, "LIVE · llama.cpp"),
}


@pytest.mark.parametrize("engine", LIVE)
def test_00_live_a_question_of_ones_own_is_answered(lab, engine):
    environment, line = LIVE[engine]
    learner = lab(**environment)
    learner.open("00_start_here.ipynb")
    learner.run_all(timeout_seconds=300)
    assert line in learner.output("setup").inner_text()
    box = learner.cell("try")
    box.locator("textarea").fill("What is a bicycle saddle? Answer in one short sentence.")
    box.get_by_role("button", name="Run").click()
    box.get_by_text("tokens read").wait_for(timeout=120_000)
    answer = box.get_by_text("Answer", exact=True).locator("xpath=following-sibling::div")
    assert len(answer.inner_text()) > 10
    learner.shot(f"00_live_{engine}", box)

    # Stop in the middle of a long answer; the next question is answered.
    box.locator("textarea").fill("Write a long story about a bicycle.")
    box.get_by_role("button", name="Run").click()
    box.get_by_text("so far").wait_for()
    box.get_by_role("button", name="Stop").click()
    box.get_by_text("Stopped.").wait_for(timeout=10_000)
    box.locator("textarea").fill("Name one color.")
    box.get_by_role("button", name="Run").click()
    box.get_by_text("tokens read").wait_for(timeout=120_000)
    assert learner.outside == []


@pytest.mark.parametrize("width", [620, 1500])
def test_charts_are_legible_narrow_and_wide_light_and_dark(lab, width):
    learner = lab("--replay", width=width)
    learner.open("00_start_here.ipynb")
    for theme in ("light", "dark"):
        learner.theme(theme)
        learner.run_all()
        for id in ("waterfall", "servers", "cost"):
            chart = learner.chart(id)
            learner.shot(f"look_{id}_{theme}_{width}", learner.cell(id))
            assert chart.evaluate(CLIPPED) == [], (theme, id)
            box = chart.bounding_box()
            assert box["height"] > 200 and 0.7 * width < box["width"] < width


def test_a_start_takes_seconds(lab):
    started = time.perf_counter()
    lab("--replay", own=True)
    seconds = time.perf_counter() - started
    print(f"\nmlkit lab answers after {seconds:.1f} s of {START_SECONDS}")
    assert seconds < SLOW * START_SECONDS


def test_a_taken_port_leads_to_the_next_one():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "mlkit", "lab", "--replay", "--originals"),
                *("--no-browser", "--port", str(port)),
            ],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            cwd=paths.root(),
            env=os.environ,
        )
        try:
            said = []
            for line in process.stdout:
                said.append(line)
                if address := re.search(r"http://127\.0\.0\.1:(\d+)/", line):
                    break
        finally:
            process.terminate()
            process.communicate(timeout=30)
    assert address and int(address[1]) != port
    assert any(f"port {port} is already in use" in line for line in said)
