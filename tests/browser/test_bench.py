"""The benches of the notebooks in a real JupyterLab: a run, every control, right and wrong, again;
their speed; and live, words as they come and a stop in the middle.
"""

import asyncio
import re
import statistics
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import nbformat
import pytest
from course.lessons import benches

import mlkit
from mlkit import paths, trace
from tests.browser.conftest import CUT, SCREENSHOTS, SLOW, Lab
from tests.browser.test_first_light import LIVE

pytestmark = pytest.mark.browser
NOTEBOOKS = {
    "router": "03_router.ipynb",
    "voting": "05_voting.ipynb",
    "planner_executor": "06_planner_executor.ipynb",
}


OUTPUT = "cell => document.querySelector(`[data-cell='${cell}'] .jp-OutputArea`).innerText"


class OnPage:
    """The bench in a cell of an open notebook."""

    def __init__(self, learner: Lab, cell: str = "bench") -> None:
        self.learner, self.page, self.cell = learner, learner.page, cell
        self.root = learner.cell(cell).locator(".jp-Cell-outputWrapper")

    def press(self, name: str) -> None:
        self.root.get_by_role("button", name=name, exact=True).click()

    def key(self, control: int, key: str, times: int = 1) -> None:
        """Press a key on a slider."""
        for _ in range(times):
            self.learner.handle(self.cell, control).press(key)

    def wait(self, said: str, seconds: float = 10) -> None:
        """Wait until the bench says this, whatever spaces are shown between its words."""
        self.page.wait_for_function(
            r"""([cell, said]) => document.querySelector(`[data-cell='${cell}'] .jp-OutputArea`)
            .innerText.replace(/\s+/g, ' ').includes(said.replace(/\s+/g, ' ').trim())""",
            arg=[self.cell, said],
            timeout=1000 * seconds,
        )

    def run_until(self, said: str, seconds: float = 10) -> None:
        """Press Run, and wait for what the bench does not say yet."""
        before = self.page.evaluate(OUTPUT, self.cell)
        assert " ".join(said.split()) not in " ".join(before.split())
        self.press("Run")
        self.wait(said, seconds)
        self.page.wait_for_function(
            """cell => [...document.querySelectorAll(`[data-cell='${cell}'] button`)]
            .some(button => button.textContent === 'Run' && !button.disabled)""",
            arg=self.cell,
            timeout=1000 * seconds,
        )

    def wait_for_charts(self, calls: int, runs: int) -> None:
        """Both charts, not their tables alone, show the last run: its calls, and how many runs."""
        self.learner.page.wait_for_function(
            """([cell, starts]) => { const titles =
            [...document.querySelectorAll(`[data-cell='${cell}'] .gtitle`)].map(one =>
            one.textContent); return starts.every(start => titles.some(one =>
            one.startsWith(start))) }""",
            arg=[self.cell, [f"{calls} call", f"{runs} run"]],
            timeout=10_000,
        )

    def runs(self) -> list[list[str]]:
        """The rows of the table behind the chart of all runs."""
        rows = self.root.locator("table").last.locator("tr")
        return [row.locator("td").all_text_contents() for row in rows.all()[1:]]


def decided(name: str, prompt: int, **settings: Any) -> str:
    """What the pattern decides on the recordings, with these settings: its answer, what is known
    of it, and its sentence.
    """
    kit = mlkit.connect(engine="replay")
    play = benches.play(name, kit)
    values = {each: control.value for each, control in play.controls.items()} | settings
    asked = trace.run(kit.ask, play.build(**values), play.prompts[prompt])
    with ThreadPoolExecutor() as thread:  # playwright's loop runs in this one
        run = thread.submit(asyncio.run, asked).result()
    known = play.grade(play.prompts[prompt], run.result.text)
    return f"{run.result.text} {known} {run.result.describe()}"


@pytest.fixture
def opened(lab) -> Callable[..., OnPage]:
    """`opened("router")`: the bench of a notebook on recordings."""

    def start(name: str, **options: Any) -> OnPage:
        learner = lab("--replay", **options)
        learner.open(NOTEBOOKS[name])
        learner.run_cell("setup")
        if name == "router":  # its bench begins with the case, which cells above it show
            learner.run_all()
        learner.run_cell("bench")
        return OnPage(learner)

    return start


def test_a_router_decides_again_where_it_can_and_asks_only_for_what_is_missing(opened):
    bench = opened("router")
    bench.root.get_by_label("choose").select_option(index=1)  # after the notebook's own case
    bench.run_until(decided("router", 0))
    bars = bench.root.locator("span[style*='background: #2b8cc4']")
    assert bars.count() == 3  # how likely each label is
    bench.wait_for_charts(calls=2, runs=1)
    bench.key(0, "ArrowRight", 10)  # to 0.50
    bench.wait(decided("router", 0, threshold=0.5))
    bench.key(0, "ArrowRight", 2)
    bench.wait("This setting needs a call that was not made: 1 of general. Press Run")
    bench.run_until(decided("router", 0, threshold=0.6))
    bench.wait_for_charts(calls=2, runs=2)
    bench.press("math")
    bench.wait("needs a call that was not made: 1 of large.")
    bench.run_until(decided("router", 0, threshold=0.6, fallback="math"))
    bench.press("general")
    bench.wait(decided("router", 0, threshold=0.6))

    bench.press("Right")
    bench.wait("3 runs, 1 judged right")
    bench.root.get_by_label("choose").select_option(index=2)
    bench.run_until(decided("router", 1, threshold=0.6))
    bench.press("Wrong")
    bench.wait("4 runs, 1 judged right")
    bench.root.locator("summary").last.press("Enter")
    assert [row[-1] for row in bench.runs()] == ["", "", "right", "wrong"]
    named = [row[1] for row in bench.runs()]
    settings = (("0", "general"), ("0.6", "general"), ("0.6", "math"))
    for name, (threshold, fallback) in zip(named, settings, strict=False):
        assert f"threshold {threshold}, fallback {fallback}" in name
    told = bench.root.locator("summary", has_text="is told").first
    told.press("Enter")
    bench.wait("answer to example 1")
    bench.press("Clear")
    bench.root.get_by_role("button", name="Right").wait_for(state="detached")
    assert bench.learner.outside == []


def test_a_vote_counts_again_by_each_control_and_never_asks(opened):
    bench = opened("voting")
    menu = bench.root.get_by_label("choose")
    first = menu.input_value()
    menu.press("ArrowDown")  # by itself Lab would go to the next cell,
    assert menu.input_value() != first
    menu.press("m")  # and make text of this one
    assert menu.is_visible()
    menu.select_option(index=0)
    bench.run_until(decided("voting", 0))
    assert bench.root.get_by_text("counts as").count() == 5
    bench.key(0, "ArrowLeft")
    bench.wait(decided("voting", 0, voters=3))
    bench.press("value of the sum")
    bench.wait("Unparsed: No member gave an answer that can be counted")
    bench.press("as written")
    bench.wait(decided("voting", 0, voters=3, normaliser="as written"))
    bench.press("tidied")
    bench.key(0, "ArrowRight")
    bench.root.get_by_label("choose").select_option(index=7)  # a free text
    bench.run_until(decided("voting", 7))
    for level in (0.7, 0.8, 0.9, 0.95):
        bench.root.get_by_label("free texts").select_option(label=f"{level:.2f}")
        bench.wait(decided("voting", 7, similarity=level))
    bench.key(0, "ArrowLeft")
    bench.wait(decided("voting", 7, similarity=0.95, voters=3))
    assert len(bench.runs()) == 2


def test_a_planner_and_one_model_alone_stand_side_by_side(opened):
    bench = opened("planner_executor")
    bench.run_until(decided("planner_executor", 0))
    bench.press("large alone")
    bench.wait("needs a call that was not made")
    bench.run_until(decided("planner_executor", 0, way="large alone"))
    bench.wait_for_charts(calls=1, runs=2)
    bench.press("Right")
    bench.wait("2 runs, 1 judged right")
    marks = bench.root.locator(".js-plotly-plot").last.evaluate(
        "plot => plot._fullData[0].marker.symbol"
    )
    assert list(marks) == ["circle-open", "circle"]
    bench.press("as built")
    bench.wait(decided("planner_executor", 0))
    bench.wait_for_charts(calls=4, runs=2)


# From here on a notebook of our own.

SCRIPTED = '''import asyncio, time
from dataclasses import replace
import mlkit
from mlkit.ask import Member, Reply, ask_all, together
from mlkit.patterns.consensus_ensemble import ConsensusEnsemble
from mlkit.widgets.bench import bench
from mlkit.widgets.panels import steps
from mlkit.wrappers import Limited, watcher

async def scripted(member, prompt, **options):
    """Writes for half a second the time at which it writes."""
    for _ in range(10):
        await asyncio.sleep(0.05)
        watcher()("words", f"{1000 * time.time():.0f} ")
    answer = "yes" if member.seed < 4 else "no"
    return Reply(answer, member, 10, 5, output_seconds=0.5)

recorded = mlkit.connect()
kit = replace(recorded, ask=Limited(scripted, 1), engine=replace(recorded.engine, kind="ollama"))
five = [Member("qwen2.5-coder:0.5b", seed=n, temperature=0.7, name=f"m{n}") for n in range(5)]
'''
CELLS = {
    "setup": SCRIPTED,
    "consensus": """def build(needed):
    return ConsensusEnsemble(five, five[0], needed / 5)

bench(kit, build, ["What?"], needed=steps("votes needed (free)", 4, [1, 2, 3, 4, 5]))""",
    "function": """async def mine(ask, prompt):
    replies = await together(*(ask(member, prompt, role=member.name) for member in five[:2]))
    return " and ".join(reply.text for reply in replies)

bench(kit, lambda: mine, ["What?"])""",
    "class": """class Shout:
    def __init__(self, times):
        self.times = times
    async def run(self, ask, prompt):
        return (await ask(five[0], prompt)).text.upper() * self.times

bench(kit, Shout, ["What?"], times=steps("times (free)", 1, [1, 2, 3]))""",
    "time": """async def ten(ask, prompt):
    voters = five + [replace(one, seed=9 + one.seed) for one in five]
    return (await ask_all(ask, voters, prompt, "vote"))[0].text

started = time.perf_counter()
await kit.run(ten, "What?")
without = time.perf_counter() - started
box = bench(kit, lambda: ten, ["What?"])
box""",
    "timed": """started = time.perf_counter()
await asyncio.to_thread(box.run.click)
await asyncio.wrap_future(box._task)
print("bench", time.perf_counter() - started, "alone", without)""",
}


@pytest.fixture
def scratch(lab) -> Callable[..., Lab]:
    """A notebook of benches on an engine that writes what it is told to, opened and not run."""

    def start(cells: dict[str, str], *options: str, **others: Any) -> Lab:
        SCREENSHOTS.mkdir(exist_ok=True)
        made = [nbformat.v4.new_code_cell(source, id=id) for id, source in cells.items()]
        kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3 (ipykernel)"}}
        path = SCREENSHOTS / "benches.ipynb"
        nbformat.write(nbformat.v4.new_notebook(cells=made, metadata=kernel), path)
        learner = lab(*options, **others)
        learner.open(str(path.relative_to(paths.root())))
        return learner

    return start


def test_a_learners_own_function_and_class_work_and_benches_share_their_runs(scratch):
    learner = scratch(CELLS, "--replay")
    for cell in ("setup", "function", "class"):
        learner.run_cell(cell)
    function = OnPage(learner, "function")
    box = function.root.get_by_label("prompt")
    box.fill("My own question?")
    function.run_until("yes and yes")
    own = OnPage(learner, "class")
    own.run_until("YES")
    own.key(0, "ArrowRight", 2)
    own.wait("YESYESYES")
    own.wait("2 runs, 0 judged right")
    assert [row[1] for row in own.runs()] == ["mine", "Shout, times 1"]
    assert own.runs()[0][2] == "My own question?"


def test_another_bench_waits_and_a_run_is_stopped_in_the_middle(scratch):
    learner = scratch(CELLS, "--replay")
    for cell in ("setup", "consensus", "class"):
        learner.run_cell(cell)
    other, first = OnPage(learner, "class"), OnPage(learner, "consensus")
    first.press("Run")
    first.wait("call 1 (vote 1, m0)")
    other.press("Run")
    other.wait("Another bench runs; this one waits for it.")
    first.press("Stop")
    first.wait("Stopped.")
    first.wait("stopped after")
    other.wait("YES")
    first.run_until("'yes' wins with 4 of 5; if 5 had to agree, strong would be asked.")


WATCH_DECISION = """cell => {
  const read = () => document.querySelector(`[data-cell='${cell}'] .jp-OutputArea`).innerText
    .match(/wins with.*|No answer has.*/)?.[0];
  const S = window.__S = {t0: null, lat: [], done: false}; let last = read();
  document.addEventListener('keydown', () => { S.t0 = performance.now() }, true);
  const tick = () => { if (S.done) return; const now = read();
    if (now !== last) {
      last = now; if (S.t0) { S.lat.push(performance.now() - S.t0); S.t0 = null } }
    requestAnimationFrame(tick) }; requestAnimationFrame(tick) }"""
# How long ago the engine had written what the page shows, each time that it changes.
WATCH_WORDS = r"""cell => {
  const S = window.__W = {late: [], last: ''};
  const look = () => {
    const text = document.querySelector(`[data-cell='${cell}'] .jp-OutputArea`).innerText;
    const newest = (text.match(/\b\d{13}\b/g) || []).sort().pop();
    if (newest && newest !== S.last) { S.last = newest; S.late.push(Date.now() - newest) }
    requestAnimationFrame(look) }; requestAnimationFrame(look) }"""


# Both charts are drawn as wide as the cell is now.
FITS = """cell => {
  const root = document.querySelector(`[data-cell='${cell}'] .jp-OutputArea-output`);
  const charts = [...root.querySelectorAll('.main-svg')].map(one => one.getBoundingClientRect());
  const room = root.getBoundingClientRect().width;
  return charts.length >= 2 && charts.every(one => one.width <= room && one.width > room - 40) }"""


def p95(times: list[float]) -> float:
    return sorted(times)[int(0.95 * len(times))]


def test_how_fast_a_bench_is(scratch):
    learner = scratch(CELLS, "--replay")
    learner.run_cell("setup")
    learner.cell("consensus")
    pressed = time.perf_counter()
    learner.page.evaluate("() => { window.jupyterapp.commands.execute('notebook:run-cell') }")
    learner.page.locator("[data-cell='consensus'] .jp-OutputArea button").first.wait_for()
    opening = 1000 * (time.perf_counter() - pressed)

    bench = OnPage(learner, "consensus")
    learner.page.evaluate(WATCH_WORDS, "consensus")
    bench.run_until("'yes' wins with 4 of 5")
    late = learner.page.evaluate("() => window.__W.late")

    keys = ("ArrowRight", "ArrowLeft")
    for number in range(6):  # warm
        bench.key(0, keys[number % 2])
        learner.page.wait_for_timeout(300)
    learner.page.evaluate(WATCH_DECISION, "consensus")
    for number in range(24):
        bench.key(0, keys[number % 2])
        learner.page.wait_for_timeout(300)  # a person's pace; nothing is waited for with it
    seen = learner.page.evaluate("() => { window.__S.done = true; return window.__S.lat }")

    learner.run_cell("time")
    learner.run_cell("timed")
    said = learner.output("timed").inner_text()
    with_bench, alone = (float(number) for number in re.findall(r"[\d.]+", said))
    own = (with_bench - alone) / alone
    print(
        f"\nopening {opening:.0f} ms of 300; words {statistics.median(late):.0f} ms, p95"
        f" {p95(late):.0f} of 150; a free control {statistics.median(seen):.0f} ms, p95"
        f" {p95(seen):.0f} of 100; the bench's own time {own:.1%} of 5%"
    )
    assert len(seen) == 24 and len(late) > 20
    assert opening < SLOW * 300
    assert p95(late) < SLOW * 150
    assert p95(seen) < SLOW * 100
    assert own < SLOW * 0.05


def test_a_bench_is_whole_narrow_and_wide_light_and_dark(opened):
    bench = opened("router", height=1800)
    bench.root.get_by_label("choose").select_option(index=1)
    bench.run_until(decided("router", 0))
    bench.press("Right")
    bench.wait("1 judged right")
    cut = {}
    for theme in ("light", "dark"):
        bench.learner.theme(theme)
        for width in (500, 640, 1400):
            bench.page.set_viewport_size({"width": width, "height": 1800})
            bench.page.wait_for_function(FITS, arg=bench.cell, timeout=10_000)
            bench.learner.shot(f"gallery/bench-{width}-{theme}", bench.root)
            cut[theme, width] = bench.page.evaluate(CUT, bench.cell)
    assert not any(cut.values()), cut


ON_LIVE = {
    "setup": """from dataclasses import replace
import mlkit
from course.lessons import benches
from mlkit.patterns.single_model import SingleModel
from mlkit.widgets.bench import bench
from mlkit.widgets.panels import steps
kit = mlkit.connect()

def on_bench(name):
    play = benches.play(name, kit)
    return bench(kit, play.build, play.prompts, **play.controls)""",
    "story": """def build(tokens):
    return SingleModel(replace(kit.cast.small, max_tokens=tokens))

bench(kit, build, ["Write a very long story about a bicycle."],
      tokens=steps("tokens (new calls)", 2000, [8, 2000]))""",
    "router": 'on_bench("router")',
    "voting": 'on_bench("voting")',
    "planner_executor": 'on_bench("planner_executor")',
}
STOP_SECONDS = {"ollama": 2, "embedded": 4}
WRITTEN = """([cell, most]) => {
  const card = document.querySelector(`[data-cell='${cell}'] .widget-box .widget-html-content b`);
  return [...document.querySelectorAll(`[data-cell='${cell}'] .widget-html-content`)]
    .some(one => one.innerText.startsWith('1. answer') && one.innerText.includes('writing, ')
      && one.innerText.length > most) }"""


@pytest.fixture(params=LIVE)
def live(request, scratch) -> tuple[str, Lab]:
    """A notebook of benches on an engine, set up."""
    environment, line = LIVE[request.param]
    learner = scratch(ON_LIVE, **environment)
    learner.run_cell("setup")
    assert line in learner.output("setup").inner_text()
    return request.param, learner


def test_live_words_come_and_a_stop_ends_the_models_work(live):
    engine, learner = live
    learner.run_cell("story")
    story = OnPage(learner, "story")
    story.press("Run")
    for characters in (80, 120, 200):
        learner.page.wait_for_function(WRITTEN, arg=["story", characters], timeout=60_000)
    learner.shot(f"bench_live_{engine}", story.root)
    pressed = time.perf_counter()
    story.press("Stop")
    story.wait("Stopped.")
    story.key(0, "ArrowLeft")  # to 8 tokens, which wait until the model is free
    story.run_until("8 written", 60)
    seconds = time.perf_counter() - pressed
    story.wait("cut off by max_tokens")
    print(f"\n{engine}: stopped, and 8 tokens written {seconds:.1f} s later")
    assert seconds < STOP_SECONDS[engine] + 3  # for the tokens and the clicks


# Whether it says who wins by what the first cards count as, and with how many votes: the first of
# those with the most.
COUNTED = r"""([cell, voters]) => {
  const text = document.querySelector(`[data-cell='${cell}'] .jp-OutputArea`).innerText;
  const said = [...text.matchAll(/counts as ('.*'|".*")/g)].slice(0, voters).map(one => one[1]);
  const count = answer => said.filter(one => one === answer).length;
  const most = Math.max(...said.map(count)), winner = said.find(one => count(one) === most);
  return said.length === voters && text.includes(`${winner} wins with ${most} of ${voters} votes`)
}"""


def wait_counted(bench: OnPage, voters: int) -> None:
    bench.page.wait_for_function(COUNTED, arg=[bench.cell, voters], timeout=10_000)


def stopped_and_run(bench: OnPage, prompt: str, said: str, seconds: float = 120) -> None:
    """Ask an own prompt, stop in the middle, and ask it again."""
    bench.root.get_by_label("prompt").fill(prompt)
    bench.press("Run")
    bench.wait("so far")
    bench.press("Stop")
    bench.wait("Stopped.")
    bench.run_until(said, seconds)


def test_live_a_router_decides_by_what_came(live):
    engine, learner = live
    learner.run_cell("router")
    router = OnPage(learner, "router")
    stopped_and_run(router, "A bell costs $7. What do 3 bells cost in dollars?", "The classifier")
    said = router.root.inner_text()
    named, label = re.search(
        r"(The classifier named (\w+) with certainty 0\.\d\d)[,;]", said
    ).groups()
    assert label != "general"
    sure, unsure = f"{named}, and its specialist answered.", f"{named}; that is not enough, so"
    router.wait(sure)
    router.key(0, "End")  # a certainty of 1.00 is never reached
    router.wait("This setting needs a call that was not made: 1 of general. Press Run")
    router.run_until(f"{unsure} general answered.", 120)
    router.press("creative")
    router.wait("This setting needs a call that was not made: 1 of writer. Press Run")
    router.press(label)  # it has answered
    router.wait(sure)
    router.press("general")
    router.wait(f"{unsure} general answered.")
    router.key(0, "Home")
    router.wait(sure)
    router.press("small, 0 examples")
    router.wait("This setting needs a call that was not made: 1 of small. Press Run")
    router.run_until("3 runs, 0 judged right", 120)
    router.press("Right")
    router.wait("3 runs, 1 judged right")
    assert [row[-2:] for row in router.runs()] == [["live", ""], ["live", ""], ["live", "right"]]
    assert learner.outside == []


def test_live_a_vote_is_counted_again_by_each_control(live):
    engine, learner = live
    learner.run_cell("voting")
    voting = OnPage(learner, "voting")
    stopped_and_run(voting, "Which color has the sky on a clear day? One word.", "5 calls,")
    wait_counted(voting, 5)
    voting.press("value of the sum")
    voting.wait("Unparsed: No member gave an answer that can be counted")
    voting.press("as written")
    voting.wait("5 calls,")
    wait_counted(voting, 5)
    voting.press("tidied")
    voting.wait("5 calls,")
    for level in ("0.70", "0.95"):
        voting.root.get_by_label("free texts").select_option(label=level)
        wait_counted(voting, 5)
    voting.key(0, "ArrowLeft")
    voting.wait("3 calls,")
    wait_counted(voting, 3)
    voting.press("Right")
    voting.wait("1 run, 1 judged right")
    assert learner.outside == []


def test_live_a_plan_has_fewer_steps_or_one_model_answers(live):
    engine, learner = live
    learner.run_cell("planner_executor")
    planner = OnPage(learner, "planner_executor")
    stopped_and_run(planner, "What do 2 bells cost?", "The plan:", 240)
    calls = int(re.search(r"(\d+) calls, [\d.]+ s of work", planner.root.inner_text())[1])
    planned = re.search(r"The plan: ([\w, ]+)", planner.root.inner_text())[1].split(", ")
    assert calls >= 1 + len(planned)  # who plans, and one for each step
    planner.key(0, "Home")  # one step at most: the planner is told so
    planner.wait("needs a call that was not made: 1 of large. Press Run")
    planner.press("large alone")
    planner.wait("needs a call that was not made: 1 of large. Press Run")
    planner.run_until("One member was asked", 240)
    planner.press("Right")
    planner.wait("1 judged right")
    learner.shot(f"bench_live_benches_{engine}", planner.root)
    assert learner.outside == []
