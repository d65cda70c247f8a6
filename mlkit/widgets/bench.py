"""The bench: play with a pattern on your own prompt, and see every call as it comes."""

import asyncio
import concurrent.futures
import time
from collections.abc import Callable, Coroutine, Sequence
from typing import Any

import ipywidgets as widgets

from mlkit import trace
from mlkit.ask import Ask, Member
from mlkit.charts import waterfall
from mlkit.errors import MlkitError
from mlkit.escaped import NO_MATH, in_html, printable
from mlkit.kit import Kit
from mlkit.models import cost_dollars, list_prices
from mlkit.patterns.single_model import SingleModel
from mlkit.progress import TICK_SECONDS, Calls, progress_line
from mlkit.trace import Run, Runnable
from mlkit.widgets.calls import cards_html
from mlkit.widgets.panels import WIDE, Panel, error_line, line
from mlkit.widgets.runs import Runs, shared_runs
from mlkit.wrappers import Asked, Question, Remembered, Replay, Watched

ON_RECORDINGS = (
    "On recordings: choose a prompt that was recorded. To write your own, go live: start Ollama or"
    " type  uv run mlkit pull  in a terminal, then run the first cell again."
)


class NotAsked(MlkitError):
    """A setting needs a call that no run has made yet."""


def bench(
    kit: Kit,
    build: Callable[..., Runnable],
    prompts: Sequence[str],
    runs: Runs | None = None,
    **controls: widgets.ValueWidget,
) -> "Bench":
    """A bench for any pattern: `build(**values)`, with the values of the controls, gives a pattern
    or an async function `(ask, prompt)`.

    A control decides again at once on the answers that are remembered; where it needs a call that
    was never made, Run makes that call and no other. `prompts` are examples, and on recordings all
    there is. `runs` is where runs are drawn; all benches of a notebook share one, unless told.
    """
    return Bench(kit, build, prompts, shared_runs() if runs is None else runs, controls)


def try_it(kit: Kit, member: Member, prompt: str) -> "Bench":
    """A bench for one member; on recordings, with the prompts that were recorded for it."""
    prompts = [prompt] if kit.live else kit.recorded_prompts(member)
    first = [prompt, *(one for one in prompts if one != prompt)]
    return bench(kit, lambda: SingleModel(member), first, Runs())


class Bench(widgets.VBox):
    """What `bench` makes. `prompt`, `run` and `stop` are its widgets; `last` is the last Run."""

    def __init__(
        self,
        kit: Kit,
        build: Callable[..., Runnable],
        prompts: Sequence[str],
        runs: Runs,
        controls: dict[str, widgets.ValueWidget],
    ) -> None:
        self._kit, self._build, self._controls, self._runs = kit, build, controls, runs
        self._memory: dict[Asked, Any] = {}
        self._cards = Calls()
        # Lab handles clicks in a thread of its own, with a loop of its own; the kit's connections
        # belong to this one.
        self._loop = asyncio.get_running_loop()
        self._task: concurrent.futures.Future | None = None
        self.last: Run | None = None
        self.prompt, menu = _prompt_box(kit.live, prompts)
        self.run = _button("Run", "Ask the models", "primary")
        self.stop = _button("Stop", "Stop the models", disabled=True)
        self.status = widgets.HTML()
        self._answers, self._decision = widgets.HTML(), widgets.HTML()
        self._drawing = widgets.VBox()
        self.run.on_click(lambda _: self._start(self._ask_live()))
        self.stop.on_click(lambda _: self._task.cancel() if self._task else None)
        for control in controls.values():
            control.observe(lambda _: self._decide_again(), "value")
        where = "A live model answers." if kit.live else ON_RECORDINGS
        buttons = widgets.HBox([self.run, self.stop])
        parts = [widgets.HTML(line(where)), *menu, self.prompt, *controls.values(), buttons]
        parts += [self.status, self._decision, self._answers, self._drawing, runs]
        super().__init__(parts, layout={"width": "100%"})

    def _repr_mimebundle_(self, **options: Any) -> dict[str, Any]:
        said = f"A bench: write or choose a prompt, and press Run. The first: {self.prompt.value}"
        return super()._repr_mimebundle_(**options) | {"text/plain": printable(said)}

    def _start(self, work: Coroutine[Any, Any, None]) -> None:
        self._task = asyncio.run_coroutine_threadsafe(work, self._loop)

    def _decide_again(self) -> None:
        if self.last and not self.run.disabled:
            self._start(self._decide())

    async def _ask_live(self) -> None:
        """Run the pattern; what was asked before, with this prompt, is not asked again."""
        self.run.disabled, self.stop.disabled = True, False
        clock = asyncio.create_task(self._tick(time.perf_counter()))
        try:
            run = await self._watched(Remembered(self._kit.ask, self._memory))
            self._show(run)
            self._count(run)
        except asyncio.CancelledError:
            self._say("Stopped.")
        except Exception as error:  # an expected condition is one line, and no traceback
            self._say(error_line(error), html=True)
        finally:
            clock.cancel()
            self._answers.value = self._shown_cards()
            self.run.disabled, self.stop.disabled = False, True

    async def _decide(self) -> None:
        """Run the pattern on what is remembered, without a call."""
        missing: list[Question] = []

        def miss(asked: Asked) -> Exception:
            missing.append(asked)  # type: ignore[arg-type]  # a pattern asks questions
            return NotAsked("This setting needs a call that was not made. Press Run.")

        cards = self._cards
        try:
            run = await self._watched(Replay(self._memory, miss))
        except MlkitError as error:
            run = None
            self._say(error_line(error), html=True)
        if missing:
            self._cards = cards
            self._say(_needed(missing))
        elif run:
            self._show(run)
            self._answers.value = self._shown_cards()

    async def _watched(self, ask: Ask) -> Run:
        self._cards = Calls()
        return await trace.run(Watched(ask, self._cards.hear), self._pattern(), self.prompt.value)

    def _pattern(self) -> Runnable:
        return self._build(**{name: control.value for name, control in self._controls.items()})

    async def _tick(self, started: float) -> None:
        while True:
            self._say(progress_line(self._cards, time.perf_counter() - started))
            self._answers.value = self._shown_cards()
            await asyncio.sleep(TICK_SECONDS)

    def _shown_cards(self) -> str:
        return cards_html(self._cards, getattr(self._pattern(), "normalise", None))

    def _show(self, run: Run) -> None:
        """The answer, the decision in a sentence, and the waterfall."""
        self.last = run
        describe = getattr(run.result, "describe", None)
        text = run.result if isinstance(run.result, str) else getattr(run.result, "text", "")
        self._decision.value = (
            f"<div class='{NO_MATH}' style='margin: 6px 0'><b>Answer</b><div style='white-space:"
            f" pre-wrap'>{in_html(text)}</div></div>{line(describe() if describe else '')}"
        )
        chart = waterfall.chart(run.calls, self._kit.source, list_prices())
        if self._drawing.children:
            self._drawing.children[0].draw(chart)
        else:
            self._drawing.children = (Panel(chart),)
        dollars, seconds = self._took(run)
        self._say(f"{len(run.calls)} calls, {seconds:.1f} s, ${dollars:.3f} per 1,000 prompts")

    def _took(self, run: Run) -> tuple[float, float]:
        """Dollars for a thousand, and seconds: of the models, one call after another."""
        dollars = 1000 * cost_dollars(run.calls, list_prices())
        return dollars, sum(call.seconds for call in run.calls)

    def _count(self, run: Run) -> None:
        pattern = self._pattern()
        name = getattr(pattern, "__name__", type(pattern).__name__)
        settings = [f"{name} {control.value}" for name, control in self._controls.items()]
        called = ", ".join([name, *settings])
        self._runs.add(called, self.prompt.value, *self._took(run), len(run.calls))

    def _say(self, text: str, html: bool = False) -> None:
        shown = text if html else line(text)
        self.status.value = f"<div role='status' aria-live='polite'>{shown}</div>"


def _prompt_box(live: bool, prompts: Sequence[str]) -> tuple[widgets.ValueWidget, list]:
    """Where a prompt is written, with a menu of examples; on recordings, the menu alone."""
    labels = [(prompt if len(prompt) <= 90 else f"{prompt[:89]}…", prompt) for prompt in prompts]
    menu = widgets.Dropdown(options=labels, value=prompts[0], description="examples", layout=WIDE)
    if not live:
        menu.description = "prompt"
        return menu, []
    box = widgets.Textarea(prompts[0], rows=3, description="prompt", layout=WIDE)
    menu.observe(lambda change: setattr(box, "value", change["new"]), "value")
    return box, [menu]


def _button(text: str, said: str, style: str = "", disabled: bool = False) -> widgets.Button:
    return widgets.Button(
        description=text,
        tooltip=said,
        button_style=style,
        disabled=disabled,
        layout={"width": "90px"},
    )


def _needed(missing: Sequence[Question]) -> str:
    """Which calls a setting needs: "This setting asks large 1 more time. Press Run."."""
    names = [asked.member.model for asked in missing]
    counted = [f"{name} {names.count(name)} more" for name in dict.fromkeys(names)]
    return f"This setting needs calls that were not made: {', '.join(counted)}. Press Run to ask."
