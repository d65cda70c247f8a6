"""Measure my models: twelve items of each workload, asked live, beside what is recorded."""

import asyncio
import concurrent.futures
import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import ipywidgets as widgets
import numpy as np
import plotly.graph_objects as go

from course import orders, studies
from course.shop import QUEUES, member_for
from mlkit.ask import Ask
from mlkit.charts.look import Chart
from mlkit.charts.table import rows_html, table_text
from mlkit.kit import Kit
from mlkit.measure import tasks
from mlkit.measure.matrix import Matrix, Subject, measure, single
from mlkit.measure.stats import Interval, difference, wilson
from mlkit.measure.tasks import Task
from mlkit.models import Cast, billions
from mlkit.trace import Runnable
from mlkit.widgets.panels import button, error_line, line, status
from mlkit.wrappers import Answer, Asked, Event, Remembered, Watched

ITEMS = 12  # of a workload
ON_RECORDINGS = (
    "These are recorded. To measure your own models, go live (the line under the first cell says"
    " how), then run this cell again."
)
Items = Mapping[str, Sequence[Task]]  # by workload
Answered = Mapping[str, Matrix]  # by workload; the one subject is LARGE
LARGE = "large"


class Row(NamedTuple):
    """What the large model of a cast got right in one workload."""

    workload: str
    models: str
    right: str
    share: Interval
    seconds_an_answer: float  # work seconds, but for loading the model


def items_of() -> dict[str, list[Task]]:
    """Twelve fit items of each workload, spread evenly over its kinds and levels."""
    items = {"desk": tasks.load("desk"), "triage": tasks.load("triage")}
    items["orders"] = studies.order_tasks()
    for name, every in items.items():
        fit = [task for task in every if task.split == "fit"]
        items[name] = [fit[n * len(fit) // ITEMS] for n in range(ITEMS)]
    return items


def _by_kind(cast: Cast) -> Subject:
    """The large model, asked in the way of each task's kind."""

    def pattern_for(task: Task, sample: int) -> Runnable:
        if task.kind == "order":
            return single(orders.form_member(cast.large))
        return single(member_for(cast.large, task.kind), QUEUES if task.kind == "triage" else None)

    return pattern_for


async def answers_of(cast: Cast, ask: Ask, items: Items) -> dict[str, Matrix]:
    """What the large model of a cast answers; an error of the engine is no answer, and ends it."""
    subjects = {LARGE: _by_kind(cast)}
    return {name: await measure(ask, subjects, some, strict=True) for name, some in items.items()}


def rows(answered: Mapping[str, Answered]) -> list[Row]:
    """A row for each workload of each models, by their name."""
    found = []
    for workload in next(iter(answered.values())):
        for models, measured in answered.items():
            grades, seconds = measured[workload].right, float(measured[workload].seconds.mean())
            right, of = int(grades.sum()), grades.size
            found.append(Row(workload, models, f"{right} of {of}", wilson(right, of), seconds))
    return found


def reading(found: Sequence[Row]) -> str:
    """How little the rows tell."""
    widest = max(max(high - middle, middle - low) for middle, low, high in (r.share for r in found))
    reach = f"{100 * widest:.0f} points to one side"
    return f"Twelve items tell little: an interval reaches up to {reach}."


def compared(yours: Answered, recorded: Answered, name: str) -> str:
    """Whether yours are better than the recorded ones, item by item."""
    mine = np.concatenate([measured.column(LARGE) for measured in yours.values()])
    theirs = np.concatenate([measured.column(LARGE) for measured in recorded.values()])
    if np.array_equal(mine, theirs):
        return f"Yours and {name} are right on the same items."
    gain = difference(mine, theirs)
    verdict = "these items cannot tell which is better"
    if gain.above or gain.below:
        verdict = f"{'yours' if gain.above else name} did better on items like these"
    return f"Yours minus {name}, item by item: {gain.points()}; {verdict}."


async def measure_my_models(kit: Kit) -> "MyModels":
    """The panel: a button that measures the cast in hand; on recordings, what they hold."""
    items = items_of()
    recorded = await answers_of(kit.recorded.cast, kit.recorded.ask, items)
    return MyModels(kit, items, recorded)


class MyModels(widgets.VBox):
    """What `measure_my_models` makes. `start`, `stop`, `status` and `table` are its widgets."""

    def __init__(self, kit: Kit, items: Items, recorded: Answered) -> None:
        self._kit, self._items, self._recorded = kit, items, recorded
        # What the recorded ones took for each item tells which part of the work is done.
        self._shares = np.concatenate([one.seconds.ravel() for one in recorded.values()])
        self._memory: dict[Asked, Answer] = {}  # stopped and started again, it goes on
        self._seconds, self._done = 0.0, 0
        # Lab handles clicks in a thread of its own; the kit's connections belong to this loop.
        self._loop = asyncio.get_running_loop()
        self._task: concurrent.futures.Future | None = None
        about = "Ask the large model of your cast"
        self.start = button(self._offer(), about, "primary", width="auto")
        self.stop = button("Stop", "Stop the model", disabled=True)
        self.status, self.table = widgets.HTML(), widgets.HTML()
        self.start.on_click(self._start)
        self.stop.on_click(lambda _: self._task.cancel() if self._task else None)
        self._say("" if kit.live else ON_RECORDINGS)
        self._show()
        buttons = [widgets.HBox([self.start, self.stop])] if kit.live else []
        super().__init__([*buttons, self.status, self.table], layout={"width": "100%"})

    def _offer(self) -> str:
        """What the button says. A model of twice the size is taken to need twice the time."""
        sizes = [billions(kit.cast.large.model) for kit in (self._kit, self._kit.recorded)]
        slower = max(1.0, sizes[0] / sizes[1]) if sizes[1] else 1.0
        minutes = math.ceil(slower * self._shares.sum() / 60)
        return f"Measure my models, about {minutes} min, {len(self._shares)} calls"

    def _start(self, _: Any) -> None:
        self._task = asyncio.run_coroutine_threadsafe(self._measure(), self._loop)

    async def _measure(self) -> None:
        self.start.disabled, self.stop.disabled, self._done = True, False, 0
        self._say(f"Asking {self._kit.cast.large.model}; it may have to be loaded first.")
        ask = Watched(Remembered(self._kit.ask, self._memory), self._hear)
        try:
            self._show(await answers_of(self._kit.cast, ask, self._items))
            self._say(f"{self._done} calls, {self._seconds:.0f} s.")
        except asyncio.CancelledError:
            self._say("Stopped. What was answered is not asked again when you go on.")
        except Exception as error:  # an expected condition is one line, and no traceback
            self.status.value = error_line(error)
        finally:
            self.start.disabled, self.stop.disabled = False, True

    def _hear(self, event: Event) -> None:
        """Count the answers, and say how many seconds are left."""
        if event.kind not in ("done", "failed"):
            return
        self._done, self._seconds = self._done + 1, self._seconds + event.seconds
        done, left = self._shares[: self._done].sum(), self._shares[self._done :].sum()
        about = self._seconds * left / done
        self._say(f"{self._done} of {len(self._shares)} calls, about {about:.0f} s left")

    def _say(self, text: str) -> None:
        self.status.value = status(text)

    def _show(self, yours: Answered | None = None) -> None:
        """The table, and what it tells; with a row for `yours` once they are measured."""
        recorded = self._kit.recorded
        name = recorded.cast.name
        by_models = {f"{name}, {recorded.cast.large.model}": self._recorded}
        source = recorded.engine.source
        if yours:
            by_models = {f"yours, {self._kit.cast.large.model}": yours} | by_models
            source = f"{self._kit.engine.source}; {name}: {source}"
        found = rows(by_models)
        said = f"{compared(yours, self._recorded, name)} " if yours else ""
        self.chart = Chart(go.Figure(), found, said + reading(found))
        parts = [line(self.chart.reading), rows_html(found), line(f"Source: {source}")]
        self.table.value = f"<div style='line-height: 1.4'>{''.join(parts)}</div>"

    def _repr_mimebundle_(self, **options: Any) -> dict[str, Any]:
        said = f"{self._offer()}." if self._kit.live else ON_RECORDINGS
        text = f"{table_text(self.chart)}\n\n{said}"
        return super()._repr_mimebundle_(**options) | {"text/plain": text}
