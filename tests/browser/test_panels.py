"""Every kind of panel in a real JupyterLab: its controls moved by keyboard and by mouse, its
numbers read off the page, its speed.
"""

import statistics

import nbformat
import pytest
from course.lessons import weighted_ensemble_pictures

from mlkit import paths
from mlkit.measure.stats import condorcet
from tests.browser.conftest import CUT, READY, SCREENSHOTS
from tests.pictures import study

pytestmark = pytest.mark.browser
CELLS = {
    "setup": (
        """import asyncio
import numpy as np
import mlkit
from course import studies
from typing import NamedTuple
import plotly.graph_objects as go
from course.lessons import weighted_ensemble_pictures as weights
from mlkit.charts.look import charted
from mlkit.widgets.lessons import predict
from mlkit.measure.matrix import agreed
from mlkit.measure.stats import condorcet
from mlkit.models import cost_dollars, list_prices
from mlkit.widgets.panels import PriceList, Shares, explore, slider, steps
kit = mlkit.connect()
cheap = (await studies.samples(kit.recorded)).of(["small"], kind="triage")
strong = (await studies.triage(kit.recorded)).of(["large"], split="test")
golds = np.array([task.gold for task in cheap.tasks])
winners, shares = agreed(cheap.answers[:, 0])
class Majority(NamedTuple):
    voters: int
    right: float

def majority(p, rho):
    drawn = [Majority(n, condorcet(p, n, rho)) for n in range(1, 16, 2)]
    figure = go.Figure(go.Scatter(x=[one.voters for one in drawn], y=[one.right for one in drawn]))
    reading = f"Right {p:.0%}, correlation {rho:.2f}: so often is a majority right"
    return charted(figure, drawn, reading, kit.source)"""
    ),
    "curve": (
        """explore(majority,
                p=slider("each voter is right", 0.6, 0, 1, 0.05),
        rho=slider("correlation of errors", 0, 0, 1, 0.05))"""
    ),
    "votes": (
        """class Rung(NamedTuple):
    needed: int
    dollars: float

def rung(needed, prices):
    dollars = [1000 * matrix.dollars(prices).sum() / len(golds) for matrix in (cheap, strong)]
    escalated = (np.rint(shares * 5) < needed).mean()
    row = Rung(needed, dollars[0] + escalated * dollars[1])
    figure = go.Figure(go.Bar(x=[row.needed], y=[row.dollars]))
    return charted(figure, [row], f"{needed} of 5: ${row.dollars:.4f} per 1,000", kit.source)

explore(rung,
        needed=steps("votes needed", 3, [(f"{n} of 5 ({n / 5:.2f})", n) for n in range(1, 6)]),
        prices=PriceList(list_prices(), [kit.cast.small.model, kit.cast.large.model]))"""
    ),
    "weights": (
        """sorted_messages = (await weights.messages(kit.recorded)).of(split="fit")
explore(lambda w: weights.four_ways(sorted_messages, w, kit.source),
        w=Shares(one=0.5, two=0.3, three=0.2))"""
    ),
    "fails": (
        """def draw(p):
    if p > 0.6:
        raise ValueError("nothing was measured beyond 0.6 <b>here</b>")
    return majority(p, 0)

explore(draw, p=slider("each voter is right", 0.6, 0, 1, 0.05))"""
    ),
    "waits": "await asyncio.sleep(2)",
    "works": "sum(1 for _ in range(30_000_000))",
    "guess": (
        """guess = predict("How many?", 0, 10, 1, "of 10")
guess"""
    ),
}

# The chart is as wide as its cell lets it be.
FILLS = """cell => {
  const root = document.querySelector(`[data-cell='${cell}'] .jp-OutputArea-output`);
  const chart = root.querySelector('.main-svg').getBoundingClientRect();
  const room = root.getBoundingClientRect();
  return chart.right <= room.right + 3 && chart.width > room.width - 40 }"""


@pytest.fixture
def panels(lab):
    """A notebook with one panel a cell, run, in JupyterLab."""
    SCREENSHOTS.mkdir(exist_ok=True)
    cells = [nbformat.v4.new_code_cell(source, id=id) for id, source in CELLS.items()]
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3 (ipykernel)"}}
    nbformat.write(
        nbformat.v4.new_notebook(cells=cells, metadata=kernel), SCREENSHOTS / "panels.ipynb"
    )

    def start(**options):
        learner = lab("--replay", **options)
        learner.open(str((SCREENSHOTS / "panels.ipynb").relative_to(paths.root())))
        learner.run_all()
        return learner

    return start


def press(learner, cell: str, which: int, key: str = "ArrowRight") -> None:
    learner.handle(cell, which).press(key)


def drag(learner, cell: str, which: int, share: float) -> None:
    """Click on a slider's track, at a share of its length."""
    track = learner.cell(cell).locator(".noUi-target").nth(which)
    width = track.bounding_box()["width"]
    track.click(position={"x": min(share * width, width - 1), "y": 2})


def expected(p: float, rho: float) -> str:
    return f"Right {p:.0%}, correlation {rho:.2f}"


def test_each_control_by_keyboard_and_by_mouse(panels):
    learner = panels()
    assert learner.page.locator("[data-mime-type='application/vnd.jupyter.stderr']").count() == 0
    press(learner, "curve", 0)
    learner.wait_for_title("curve", expected(0.65, 0))
    press(learner, "curve", 1)
    learner.wait_for_title("curve", expected(0.65, 0.05))
    curve = next(trace for trace in learner.traces("curve") if len(trace["y"]) == 8)
    assert curve["y"] == pytest.approx([condorcet(0.65, n, 0.05) for n in range(1, 16, 2)])
    drag(learner, "curve", 0, 0.8)
    learner.wait_for_title("curve", expected(0.8, 0.05))
    learner.cell("curve").get_by_role("button", name="Reset").click()
    learner.wait_for_title("curve", expected(0.6, 0))
    learner.shot("panel_curve", learner.cell("curve"))

    # Votes needed: snaps to k of n, and says so; a price that is typed changes the dollars.
    press(learner, "votes", 0)
    learner.wait_for_title("votes", "4 of 5")
    assert learner.cell("votes").locator(".widget-readout").first.text_content() == "4 of 5 (0.80)"
    drag(learner, "votes", 0, 1.0)
    learner.wait_for_title("votes", "5 of 5")
    before = learner.title("votes")
    box = learner.cell("votes").locator("input[type=number]").nth(2)
    box.fill("20")
    box.press("Enter")
    learner.page.wait_for_function(
        "([cell, before]) => { const t = document.querySelector(`[data-cell='${cell}'] .gtitle`);"
        " return t && !before.startsWith(t.textContent) }",
        arg=["votes", before],
    )
    learner.shot("panel_votes", learner.cell("votes"))

    # Weights: moving one moves the others; the readouts on the page sum to one, and the title
    # follows.
    drag(learner, "weights", 0, 0.0)
    learner.wait_for_title(
        "weights",
        weighted_ensemble_pictures.four_ways(
            study("triage").of(weighted_ensemble_pictures.TEAM, split="fit"), [0.0, 0.6, 0.4], ""
        ).reading[:55],
    )
    readouts = [
        float(text)
        for text in learner.cell("weights").locator(".widget-readout").all_text_contents()
    ]
    assert readouts == [0.0, 0.6, 0.4]
    press(learner, "weights", 1, "ArrowLeft")
    learner.page.wait_for_function(
        "() => document.querySelectorAll(`[data-cell='weights'] .widget-readout`)[2].textContent"
        " === '0.41'"
    )
    learner.shot("panel_weights", learner.cell("weights"))

    # A figure function that raises: one line in the panel, as text; the slider goes on.
    press(learner, "fails", 0)
    learner.cell("fails").get_by_text(
        "ValueError: nothing was measured beyond 0.6 <b>here</b>"
    ).wait_for()
    learner.shot("panel_fails", learner.cell("fails"))
    press(learner, "fails", 0, "ArrowLeft")
    press(learner, "fails", 0, "ArrowLeft")
    learner.wait_for_title("fails", expected(0.55, 0))
    learner.output("fails").get_by_text("ValueError: nothing").wait_for(state="detached")

    drag(learner, "guess", 0, 0.2)
    learner.cell("guess").get_by_role("button", name="This is my guess").click()
    learner.cell("guess").get_by_text("You said 2 of 10").wait_for()


# The time from a key to another title, frame by frame, and how often there was no chart in between.
WATCH = """cell => {
  const find = () => document.querySelector(`[data-cell='${cell}'] .js-plotly-plot`);
  const S = window.__S = {t0: null, lat: [], missing: 0, done: false};
  let last = find().querySelector('.gtitle').textContent;
  document.addEventListener('keydown', () => { S.t0 = performance.now() }, true);
  const tick = () => { if (S.done) return; const g = find();
    if (!g || !g.querySelector('.main-svg') || g.getBoundingClientRect().height < 50) S.missing++;
    else {
      const t = g.querySelector('.gtitle').textContent;
      if (t !== last) {
        last = t; if (S.t0) { S.lat.push(performance.now() - S.t0); S.t0 = null } } }
    requestAnimationFrame(tick) }; requestAnimationFrame(tick) }"""


def test_a_key_changes_the_chart_at_once_and_without_flicker(panels):
    learner = panels()
    handle = learner.handle("curve", 0)
    for key in ("ArrowRight", "ArrowLeft") * 3:  # warm
        handle.press(key)
        learner.page.wait_for_timeout(450)
    learner.page.evaluate(WATCH, "curve")
    for number in range(24):
        handle.press("ArrowRight" if number % 8 < 4 else "ArrowLeft")
        learner.page.wait_for_timeout(450)  # a person's pace; nothing is waited for with it
    seen = learner.page.evaluate("() => { window.__S.done = true; return window.__S }")
    times = sorted(seen["lat"])
    median, p95 = statistics.median(times), times[int(0.95 * len(times))]
    print(f"\n{len(times)} of 24 changes seen, median {median:.0f} ms, p95 {p95:.0f} ms")
    assert len(times) == 24 and seen["missing"] == 0
    assert median <= 200 and p95 <= 300


@pytest.mark.parametrize("busy", ["waits", "works"])
def test_a_slider_that_is_moved_while_a_cell_runs_stays_alive(panels, busy):
    learner = panels()
    learner.cell(busy)
    learner.page.evaluate("() => { window.jupyterapp.commands.execute('notebook:run-cell') }")
    prompt = learner.page.locator(f"[data-cell='{busy}'] .jp-InputPrompt")
    prompt.get_by_text("[*]").wait_for()
    press(learner, "curve", 0)
    press(learner, "curve", 0)
    assert prompt.text_content() == "[*]:"  # it still runs
    learner.wait_for_title("curve", expected(0.7, 0))
    learner.page.wait_for_function(READY, timeout=30_000)
    press(learner, "curve", 0)
    learner.wait_for_title("curve", expected(0.75, 0))
    press(learner, "curve", 1)
    learner.wait_for_title("curve", expected(0.75, 0.05))
    assert (
        learner.output(busy).locator(".js-plotly-plot").count() == 0
    )  # the chart was drawn in its own cell


@pytest.mark.parametrize("width", [640, 1540])
def test_panels_are_whole_narrow_and_wide_light_and_dark(panels, width):
    learner = panels(width=width)
    cut = {}
    for theme in ("light", "dark"):
        learner.theme(theme)
        for cell in list(CELLS)[1:]:
            if "explore(" in CELLS[cell]:
                learner.chart(cell)
                learner.page.wait_for_function(FILLS, arg=cell, timeout=5000)
            learner.shot(f"gallery/panel-{cell}-{width}-{theme}", learner.cell(cell))
            if found := learner.page.evaluate(CUT, cell):
                cut[theme, cell] = found
    assert cut == {}
