"""The bench: play with a pattern on your own prompt, and see every call as it comes."""

import asyncio
import concurrent.futures
import time
from collections import Counter
from collections.abc import Callable, Coroutine, Sequence
from typing import Any
from weakref import WeakKeyDictionary

import ipywidgets as widgets

from mlkit import trace
from mlkit.ask import Ask, Member, Reply
from mlkit.charts import waterfall
from mlkit.charts.look import dollars, seconds, short
from mlkit.errors import BadPrompt, MlkitError
from mlkit.escaped import NO_MATH, in_html
from mlkit.kit import Kit
from mlkit.models import cost_dollars, list_prices
from mlkit.patterns.single_model import SingleModel
from mlkit.progress import TICK_SECONDS, Calls, progress_line
from mlkit.trace import Run, Runnable
from mlkit.widgets.calls import Cards
from mlkit.widgets.panels import WIDE, Described, Panel, button, error_line, line, status
from mlkit.widgets.runs import Runs, setting, shared_runs
from mlkit.wrappers import Answer, Asked, Remembered, Replay, Watched

ON_RECORDINGS = (
    "On recordings: choose a prompt that was recorded. To write your own, go live: the line below"
    " the notebook's first cell says how."
)
# What has the focus and what is chosen is to be seen; a prompt that cannot be edited is there to be
# read all the same, and so are the arrows of menus where Lab is dark.
_READABLE = """<style>
.jupyter-widgets button:focus-visible, button.jupyter-widgets:focus-visible {
  outline: 2px solid var(--jp-ui-font-color1) !important; outline-offset: -4px !important }
.widget-toggle-button.mod-active { box-shadow: inset 0 -3px currentcolor !important }
.mlkit-prompt textarea:disabled { opacity: 1; color: var(--jp-ui-font-color1) }
[data-jp-theme-light='false'] .widget-dropdown > select {
  background-image: url("data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' \
viewBox='0 0 18 18'%3E%3Cpath fill='%23ccc' d='M5 6l4 4 4-4 1 1-5 5-5-5z'/%3E%3C/svg%3E")
}
</style>"""
MOST_CALLS = 100  # of one run: a pattern that asks more has most likely lost its way
DECIDE_SECONDS = 5.0  # to decide again on remembered answers
END_SECONDS = 1.0  # for what is stopped to end
DRAW_SECONDS = 0.15  # from a new decision to its waterfall
# Whose turn it is, for each event loop: two benches at once would only slow each other down.
_TURNS: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Lock] = WeakKeyDictionary()


class NotAsked(MlkitError):
    """A setting needs a call that no run has made yet."""


class TooManyCalls(MlkitError):
    """A pattern asks without end."""


class Bench(Described):
    """A bench for any pattern: `build(**values)`, with the values of the controls, gives a pattern
    or an async function `(ask, prompt)`.

    A control decides again at once on the answers that are remembered; where it needs a call that
    was never made, Run makes that call and no other. `prompts` are examples, and on recordings all
    there is. `runs` is where runs are drawn; all benches of a notebook share one, unless told.
    `grade(prompt, text)` says in a sentence what is known of an answer, where something is.
    Stop ends a pattern where it waits: one that computes without a single `await` goes on.
    Of its parts, `prompt`, `run` and `stop` are widgets; `last` is the last Run.
    """

    def __init__(
        self,
        kit: Kit,
        build: Callable[..., Runnable],
        prompts: Sequence[str],
        runs: Runs | None = None,
        grade: Callable[[str, str], str] = lambda prompt, text: "",
        **controls: widgets.ValueWidget,
    ) -> None:
        self._kit, self._build, self._grade, self.controls = kit, build, grade, controls
        self.runs = shared_runs() if runs is None else runs
        self._memory: dict[Asked, Answer] = {}
        self._prices = list_prices()
        # Lab handles clicks in a thread of its own, with a loop of its own; the kit's connections
        # belong to this one.
        self._loop = asyncio.get_running_loop()
        self._task: concurrent.futures.Future[None] | None = None
        self.last: Run | None = None
        self.menu, self.prompt = _prompt_boxes(kit.live, prompts)
        self.prompt.observe(self._forget, "value")
        self.run = button("Run", "Ask the models", "primary")
        self.stop = button("Stop", "Stop the models", disabled=True)
        self.status, self.decision, self.cards = widgets.HTML(), widgets.HTML(), Cards()
        self._drawing = widgets.VBox()
        self.run.on_click(self._pressed)
        self.stop.on_click(lambda _: self._task.cancel() if self._task else None)
        for control in controls.values():
            control.observe(self._moved, "value")
        where = "A live model answers." if kit.live else ON_RECORDINGS
        buttons = widgets.HBox([self.run, self.stop])
        parts = [widgets.HTML(_READABLE + line(where)), self.menu, self.prompt, *controls.values()]
        parts += [buttons, self.status, self.decision, self.cards, self._drawing, self.runs]
        said = f"A bench: write or choose a prompt, and press Run. The first: {self.prompt.value}"
        super().__init__(parts, said, layout={"width": "100%"})

    def _pressed(self, _: Any) -> None:
        if not self.run.disabled:  # a second click may come before the button is seen to be off
            self.run.disabled, self.stop.disabled = True, False
            self._start(self._ask_live())

    def _moved(self, _: Any) -> None:
        if self.last and not self.run.disabled:
            self._start(self._decide())

    def _forget(self, _: Any) -> None:
        """What stands below answers another prompt."""
        if self.last and not self.run.disabled:
            self.last, self.decision.value, self._drawing.children = None, "", ()
            self.cards.show(())
            self._say("Another prompt: press Run.")

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        if self._task:
            self._task.cancel()  # the newest counts
        self._task = asyncio.run_coroutine_threadsafe(work, self._loop)

    def _values(self) -> dict[str, Any]:
        return {name: control.value for name, control in self.controls.items()}

    async def _ask_live(self) -> None:
        """Run the pattern, once no other bench does, and decide again if a control was moved."""
        turn, prompt = _TURNS.setdefault(self._loop, asyncio.Lock()), self.prompt.value
        values = self._values()
        try:
            if turn.locked():
                self._say("Another bench runs; this one waits for it.")
            async with turn:
                await self._run_and_count()
        except asyncio.CancelledError:
            self._say("Stopped.")
        except Exception as error:  # an expected condition is one line, and no traceback
            self._complain(error)
        finally:
            self.run.disabled, self.stop.disabled = False, True
        if prompt != self.prompt.value:
            self._forget(None)
        elif values != self._values():
            self._moved(None)

    async def _run_and_count(self) -> None:
        """Run the pattern; what was asked before, with this prompt, is not asked again."""
        pattern, prompt, calls = self._build(**self._values()), self.prompt.value, Calls()
        name = getattr(pattern, "__name__", type(pattern).__name__)
        settings = [f"{each} {setting(value)}" for each, value in self._values().items()]
        # What stands below is an answer to another prompt or setting.
        self.decision.value, self._drawing.children = "", ()
        clock = asyncio.create_task(self._tick(calls))
        try:
            run = await _tried(pattern, prompt, Remembered(self._kit.ask, self._memory), calls)
        finally:
            clock.cancel()
            self.cards.show(calls)
        answer = self._show(run, prompt, calls)
        took = *self._took(run), len(run.calls), "live" if self._kit.live else "recorded"
        self.runs.add(", ".join([name, *settings]), prompt, answer, *took)

    async def _decide(self) -> None:
        """Run the pattern on what is remembered, without a call."""
        prompt, calls = self.prompt.value, Calls()
        ask = Replay(self._memory, lambda asked: NotAsked("This call was not made."))
        try:
            async with asyncio.timeout(DECIDE_SECONDS):
                run = await _tried(self._build(**self._values()), prompt, ask, calls)
            self._show(run, prompt, calls)
        except NotAsked:
            missing = [call.member.name for call in calls if isinstance(call.error, NotAsked)]
            counts = ", ".join(f"{count} of {name}" for name, count in Counter(missing).items())
            needed = "a call that was" if len(missing) == 1 else f"{len(missing)} calls that were"
            self._say(
                f"This setting needs {needed} not made: {counts}. Press Run, which asks only what"
                " is missing, and what follows from it. Shown is the setting before."
            )
        except Exception as error:
            self.decision.value = ""
            self.cards.show(calls or self.cards.calls)
            late = MlkitError(f"It does not come to an end within {DECIDE_SECONDS:.0f} s.")
            self._complain(late if isinstance(error, TimeoutError) else error)

    async def _tick(self, calls: Calls) -> None:
        started = time.perf_counter()
        while True:
            self._say(progress_line(calls, time.perf_counter() - started))
            self.cards.show(calls)
            await asyncio.sleep(TICK_SECONDS)

    def _show(self, run: Run, prompt: str, cards: Calls) -> str:
        """Show the answer, which it gives, what is known of it, the decision, and the waterfall."""
        self.cards.show(cards, getattr(run.result, "counted", ()))
        text = str(getattr(run.result, "text", run.result))
        described = run.result.describe() if hasattr(run.result, "describe") else ""
        self.decision.value = (
            f"<div role='status'><div class='{NO_MATH}' style='margin: 6px 0; line-height: 1.5'>"
            "<b>Answer</b><div style='white-space: pre-wrap; overflow-wrap: anywhere'>"
            f"{in_html(text)}</div></div>{line(self._grade(prompt, text))}{line(described)}</div>"
        )
        cost, work = self._took(run)
        calls = f"{len(run.calls)} call{'s' * (len(run.calls) != 1)}"
        self._say(f"{calls}, {seconds(work)} of work, {dollars(cost)} per 1,000 prompts like this")
        before, self.last = self.last, run
        if not self._drawing.children:
            self._draw(run)
        elif not before or before.calls != run.calls:
            # Once the decision is seen: a page takes longer to draw a chart.
            self._loop.call_later(DRAW_SECONDS, self._draw, run)
        return text

    def _draw(self, run: Run) -> None:
        if self.last is not run:  # another has been decided since
            return
        chart = waterfall.chart(run.calls, self._kit.source, self._prices)
        if self._drawing.children:
            self._drawing.children[0].put(chart)
        else:
            self._drawing.children = (Panel(chart),)

    def _took(self, run: Run) -> tuple[float, float]:
        """Dollars for a thousand like it, and work seconds: of the models, one after another."""
        cost = 1000 * cost_dollars(run.calls, self._prices)
        return cost, sum(call.seconds for call in run.calls)

    def _say(self, text: str) -> None:
        self.status.value = status(text)

    def _complain(self, error: Exception) -> None:
        self.status.value = f"<div role='alert'>{error_line(error)}</div>"


bench = Bench  # as a notebook says it


def try_it(kit: Kit, member: Member, prompt: str) -> Bench:
    """A bench for one member; on recordings, with the prompts that were recorded for it."""
    recorded = [] if kit.live else kit.recorded_prompts(member)
    return Bench(kit, lambda: SingleModel(member), [prompt, *recorded], Runs())


async def _tried(pattern: Runnable, prompt: str, ask: Ask, calls: Calls) -> Run:
    """Run a pattern whose calls are watched. Raises also BadPrompt, NotAsked and TooManyCalls."""
    if not prompt.strip():
        raise BadPrompt("The prompt is empty. Write a question into it.")
    asking = _Asking(Watched(ask, calls.hear))
    run = asyncio.ensure_future(trace.run(asking, pattern, prompt))
    first: set[asyncio.Future[Any]] = {run, asking.cut_short}
    try:
        await asyncio.wait(first, return_when=asyncio.FIRST_COMPLETED)
        if asking.cut_short.done():
            raise asking.cut_short.result()
        return run.result()
    finally:
        asking.cut_short.cancel()
        ending: set[asyncio.Future[Any]] = {run, *asking.under_way}
        for task in ending:
            task.cancel()
        ended, _ = await asyncio.wait(ending, timeout=END_SECONDS)
        for task in ended:
            task.cancelled() or task.exception()  # seen, so that nobody warns of it


class _Asking:
    """What a pattern asks on the bench. `cut_short` ends its run at the first call that nobody
    remembers, and where it asks without end. From then on, and once it is stopped, no call is
    answered any more, whatever the pattern does with its errors.
    """

    def __init__(self, ask: Ask) -> None:
        self._ask, self._asked = ask, 0
        self.cut_short: asyncio.Future[MlkitError] = asyncio.get_running_loop().create_future()
        self.under_way: set[asyncio.Future[Any]] = set()

    async def __call__(self, member: Member, prompt: str, **options: Any) -> Reply:
        self._asked += 1
        await asyncio.sleep(0)  # answers that are remembered come at once: Stop is heard here
        try:
            if self._asked > MOST_CALLS:
                lost = "Is there a loop that does not end?"
                raise TooManyCalls(f"It asks more than {MOST_CALLS} times. {lost}")
            if not self.cut_short.done():
                call = asyncio.ensure_future(self._ask(member, prompt, **options))
                self.under_way.add(call)
                call.add_done_callback(self.under_way.discard)
                return await call
        except (NotAsked, TooManyCalls) as error:
            if not self.cut_short.done():
                self.cut_short.set_result(error)
        return await asyncio.get_running_loop().create_future()  # which never comes


def _prompt_boxes(live: bool, prompts: Sequence[str]) -> tuple[widgets.Dropdown, widgets.Textarea]:
    """A menu of examples, and the box that they are put into; on recordings nothing else can be."""
    examples = list(dict.fromkeys([prompts] if isinstance(prompts, str) else prompts)) or [""]
    options = [(short(" ".join(prompt.split()), 90), prompt) for prompt in examples]
    menu = widgets.Dropdown(options=options, description="choose", layout=WIDE)
    # Sent when it is left, not with each key: a prompt may be long.
    box = widgets.Textarea(
        examples[0],
        rows=4,
        description="prompt",
        disabled=not live,
        continuous_update=False,
        layout=WIDE,
    )
    box.add_class("mlkit-prompt")

    def chosen(change: Any) -> None:
        if change["new"] is not None:
            box.value = change["new"]

    def edited(change: Any) -> None:
        menu.value = change["new"] if change["new"] in examples else None

    menu.observe(chosen, "value")
    box.observe(edited, "value")
    return menu, box
