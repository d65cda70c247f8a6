"""A number belongs to its setting: each control of each panel of the notebooks is moved over its
range, and every number of the sentence is computed again, from the recordings alone.

What is computed here uses neither mlkit/charts nor course/lessons: only the recorded answers with
their grades (mlkit.measure.matrix), arithmetic, and the formulas of the textbooks.
"""

import ast
import asyncio
import html
import inspect
import math
import random
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import combinations, product
from statistics import mean, median
from types import SimpleNamespace
from typing import Any, NamedTuple

import ipywidgets as widgets
import pytest
from course import capstone, studies, timings
from course.shop import KINDS, QUEUES
from course.systems import NINE
from hypothesis import given, settings
from hypothesis import strategies as st

import mlkit
from mlkit import paths
from mlkit.ask import Failure
from mlkit.models import Price, list_prices
from mlkit.parsing import most_likely
from mlkit.widgets import panels
from tests.solutions import solved

NOTEBOOKS = sorted(paths.notebooks().glob("*.ipynb"))
Expected = list[Any]  # what a sentence says, in its order: texts, and numbers as they are unrounded


# --- The panels, and moving their controls


@pytest.fixture(scope="module")
def recorded() -> Iterator[SimpleNamespace]:
    """What was measured, to compute from. The notebooks measure the same; once is enough."""
    measured = ("desk", "routing", "specialists", "triage", "samples", "texts", "examples")
    with pytest.MonkeyPatch.context() as patch:
        for name in (*measured, "meanings"):
            patch.setattr(studies, name, once(getattr(studies, name)))
        patch.setattr(studies, "orders", once(studies.orders))

        async def load() -> SimpleNamespace:
            kit = mlkit.connect(engine="replay")
            return SimpleNamespace(
                **{name: await getattr(studies, name)(kit) for name in (*measured, "meanings")},
                orders=await studies.orders(kit),
                own=await capstone.own_prompts(kit),
                timed=timings.load_latency()[1],
                cast=kit.cast,
                prices=list_prices(),
            )

        yield asyncio.run(load())


def once(study: Callable[..., Any]) -> Callable[..., Any]:
    found: list[Any] = []

    async def remembered(kit: Any, progress: bool = False) -> Any:
        if not found:
            found.append(await study(kit, progress))
        return found[0]

    return remembered


async def executed(cells: Iterable[str]) -> dict[str, Any]:
    """What the code cells of a notebook leave behind, run from top to bottom."""
    names: dict[str, Any] = {"__name__": "__main__", "display": lambda *shown: None}
    for cell in cells:
        ran = eval(compile(cell, "a cell", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT), names)
        if inspect.isawaitable(ran):
            await ran
    return names


@pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)
def test_each_number_of_a_sentence_is_that_of_the_setting_it_names(
    notebook, recorded, monkeypatch, tmp_path, capsys
):
    """And that each stored solution of an exercise passes, since all is run for it anyway."""
    made: dict[str, tuple[Callable[..., Any], dict[str, Any]]] = {}

    def explored(draw: Callable[..., Any], **controls: Any) -> None:
        key = f"{notebook.stem[:2]} {', '.join(controls)}"
        assert key not in made, f"two panels are {key}: name a control otherwise"
        made[key] = draw, controls

    monkeypatch.setattr(panels, "explore", explored)
    monkeypatch.chdir(tmp_path)  # for what cells write, as the decision card
    cells = solved(notebook)
    assert not any("Panel(" in cell for cell in cells), "make panels with explore"
    names = asyncio.run(executed(cells))
    assert "✗" not in capsys.readouterr().out
    assert made.keys() == {key for key in SENTENCES if key.startswith(notebook.stem[:2])}, (
        "each panel needs a recomputation in SENTENCES, and each recomputation a panel"
    )
    state = SimpleNamespace(**vars(recorded), names=names)
    for key, (draw, controls) in made.items():
        walk(key, draw, controls, state)


def walk(
    key: str, draw: Callable[..., Any], controls: dict[str, Any], state: SimpleNamespace
) -> None:
    """Put the controls of a panel to the ends of their ranges together, then move them about; read
    the chart each time, as it is drawn for their values.
    """
    moves = {name: moves_of(control) for name, control in controls.items()}

    def read() -> None:
        values = {name: control.value for name, control in controls.items()}
        expected = SENTENCES[key](state, **values)
        chart = draw(**values)
        problem = differs(chart.reading, expected) or unlike_title(chart)
        assert not problem, f"{key} at {values}: {problem}\n{chart.reading}\n{expected}"

    read()
    corners = list(product(*(one.ends for one in moves.values())))
    for corner in random.Random(key).sample(corners, min(len(corners), 24)):
        for one, setting in zip(moves.values(), corner, strict=True):
            one.put(setting)
        read()

    @settings(max_examples=3, derandomize=True, deadline=None, database=None)
    @given(
        st.lists(
            st.one_of(*(st.tuples(st.just(name), one.any) for name, one in moves.items())),
            min_size=4,
            max_size=4,
        )
    )
    def moved(steps: list[tuple[str, Any]]) -> None:
        for name, setting in steps:
            moves[name].put(setting)
            read()

    moved()


class Moves(NamedTuple):
    """How one control is moved."""

    ends: Sequence[Any]  # of its range, or all that there are
    any: st.SearchStrategy[Any]
    put: Callable[[Any], None]


def moves_of(control: Any) -> Moves:
    def put(setting: Any) -> None:
        control.value = setting

    match control:
        case widgets.SelectionSlider() | widgets.ToggleButtons() | widgets.Dropdown():
            values = [one[1] if isinstance(one, tuple) else one for one in control.options]
            return Moves(values, st.sampled_from(values), put)
        case widgets.FloatSlider(min=low, max=high, step=step):
            # Dragged it takes steps; typed into, any number.
            dragged = st.integers(0, math.floor((high - low) / step + 1e-9)).map(
                lambda n: low + n * step
            )
            return Moves([low, high], dragged | st.floats(low, high), put)
        case panels.Shares(children=sliders):

            def move(setting: Any) -> None:
                """One slider with its new share, and the others follow; or a whole mix."""
                if len(setting) == len(sliders):
                    put(setting)
                else:
                    sliders[setting[0]].value = setting[1]

            places, equal = range(len(sliders)), (1 / len(sliders),) * len(sliders)
            ends = [equal, *product(places, (0.0, 1.0, 0.5, 0.34))]
            shares = st.integers(0, 100).map(lambda n: n / 100)
            return Moves(ends, st.tuples(st.sampled_from(places), shares) | st.just(equal), move)
        case panels.PriceList(value=first):
            amounts = st.integers(0, 60).map(lambda n: n * 0.05)
            return Moves(
                [{model: price} for model in first for price in (Price(0, 0), Price(1000, 0.05))],
                st.dictionaries(st.sampled_from(list(first)), st.builds(Price, amounts, amounts)),
                lambda setting: put(first | setting),
            )
    raise AssertionError(f"{type(control).__name__} is a control that this test cannot move")


_NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?(?:e[-+]\d+)?")


def differs(sentence: str, expected: Expected) -> str:
    """Where a sentence says another thing than expected, "" where it does not. A number may be
    rounded as its digits say, no further; the sentence has no others.
    """
    at = 0
    for one in expected:
        if isinstance(one, str):
            found = sentence.find(one, at)
            if found < 0 or _NUMBER.search(sentence, at, found):
                return f"{one!r} is not where it should be"
            at = found + len(one)
            continue
        shown = _NUMBER.search(sentence, at)
        if not shown:
            return f"{one!r} is missing"
        at = shown.end()
        digits, _, power = shown[0].replace(",", "").partition("e")
        percent = 100 if sentence[at : at + 1] == "%" else 1
        unit = 10.0 ** (int(power or 0) - len(digits.partition(".")[2])) / percent
        value = float(digits) * 10 ** int(power or 0) / percent
        if not abs(value - one) <= unit / 2 * (1 + 1e-6) + 1e-12:
            return f"it says {shown[0]}, and it is {one!r}"
    more = _NUMBER.search(sentence, at)
    return f"nobody knows its {more[0]}" if more else ""


@pytest.mark.parametrize(
    "sentence, problem",
    [
        ("small: 69% of 1,000 right for $0.042", ""),
        ("small: 66% of 1,000 right for $0.042", "it says 66, and it is 0.6875"),
        ("small: 68.8% of 1,000 right for $4.2e-02", ""),
        ("small: 68.6% of 1,000 right for $0.042", "it says 68.6, and it is 0.6875"),
        ("small: 69% of 1,000 right for $0.042, 5 s", "nobody knows its 5"),
        ("small: 69% of 1,000 right", "0.0421 is missing"),
        ("large: 69% of 1,000 right for $0.042", "'small' is not where it should be"),
    ],
)
def test_a_number_may_be_rounded_as_its_digits_say_and_no_further(sentence, problem):
    assert differs(sentence, ["small", 0.6875, 1000, 0.0421]) == problem


def unlike_title(chart: Any) -> str:
    """What a chart's title says that its sentence does not."""
    title = shown_text(chart.figure.layout.title.text)
    return "" if title in " ".join(chart.reading.split()) else f"its title is {title!r}"


def shown_text(title: str) -> str:
    return " ".join(html.unescape(title.replace("<br>", " ")).split())


# --- Cells of what was measured


def one(matrix: Any, subject: str, **wanted: Any) -> list[Any]:
    """A subject's first answer to each task."""
    return [row[0][0] for row in matrix.of([subject], **wanted).cells]


def five(matrix: Any, subject: str, **wanted: Any) -> list[Any]:
    """A subject's samples for each task."""
    return [row[0] for row in matrix.of([subject], **wanted).cells]


def dollars(cells: Iterable[Any], prices: Any, by: str = "model") -> float:
    """What all calls of some cells cost, with prices for models, or for members' names."""
    return (
        math.fsum(
            call.reply.prompt_tokens * prices[getattr(call.member, by)].prompt
            + call.reply.output_tokens * prices[getattr(call.member, by)].output
            for cell in cells
            for call in cell.calls
            if not isinstance(call.reply, Failure)
        )
        / 1e6
    )


def tokens(calls: Iterable[Any]) -> int:
    return sum(call.reply.prompt_tokens + call.reply.output_tokens for call in calls)


def seconds(cell: Any) -> float:
    """What servers spent on a cell, loading left out."""
    return sum(
        call.reply.seconds - (0 if isinstance(call.reply, Failure) else call.reply.load_seconds)
        for call in cell.calls
    )


def hits(cells: Iterable[Any]) -> int:
    return sum(bool(cell.right) for cell in cells)


def unloaded(calls: Iterable[Any]) -> list[Any]:
    """The calls of several cells as if asked at once, with every model loaded before."""
    return [
        replace(call, id=n, after=frozenset(), reply=replace(call.reply, load_seconds=0.0))
        for n, call in enumerate(calls)
    ]


def finished(calls: Sequence[Any], machine: Callable[[Any], Any], machines: int = 1) -> float:
    """When the last call ends, if each takes the first of its machines that is free: whichever can
    start first does.
    """
    free: dict[Any, list[float]] = {}
    ends: dict[int, float] = {}
    waiting = list(calls)
    while waiting:
        starts = []
        for call in waiting:
            if call.after <= ends.keys():
                mine = free.setdefault(machine(call), [0.0] * machines)
                ready = max([ends[id] for id in call.after], default=0.0)
                starts.append((max(ready, min(mine)), call.id, call, mine))
        start, _, call, mine = min(starts, key=lambda start: start[:2])
        mine[mine.index(min(mine))] = ends[call.id] = start + call.reply.seconds
        waiting.remove(call)
    return max(ends.values())


def most_common(answers: Iterable[Any]) -> tuple[Any, int]:
    """The most common answer, the first among equals, and how many gave it."""
    counts = Counter(answer for answer in answers if answer is not None)
    return counts.most_common(1)[0] if counts else (None, 0)


def voted(cells: Sequence[Any]) -> bool:
    """Whether the most common answer of some cells is right."""
    winner = most_common(cell.answer for cell in cells)[0]
    return any(cell.right for cell in cells if winner is not None and cell.answer == winner)


def likely(cell: Any, labels: Sequence[str]) -> Any:
    return most_likely(cell.calls[0].reply, labels)


def certainty(cell: Any, labels: Sequence[str]) -> float:
    """The probability of the likeliest label."""
    found = likely(cell, labels)
    return found.confidence * found.mass


# --- What sentences of one form say


def waterfall(
    calls: Sequence[Any], prices: Any, machine: Callable[[Any], Any] = bool, machines: int = 1
) -> Expected:
    phases = {"loading": 0.0, "reading": 0.0, "writing": 0.0, "failing": 0.0}
    for call in calls:
        if isinstance(call.reply, Failure):
            phases["failing"] += call.reply.seconds
        else:
            phases["loading"] += call.reply.load_seconds
            phases["reading"] += call.reply.prompt_seconds
            phases["writing"] += call.reply.output_seconds
    most = max(phases, key=lambda phase: phases[phase])
    cost = 1000 * dollars([SimpleNamespace(calls=calls)], prices)
    wall = finished(calls, machine, machines)
    return [len(calls), wall, cost, 1000, phases[most] / sum(phases.values()), most]


def shared(calls: Sequence[Any], state: Any, machines: int) -> Expected:
    """A waterfall on machines that share the calls, at the list prices."""
    return waterfall(calls, state.prices, lambda call: "any", machines)


Point = tuple[str, int, int, float, float]  # name, right, of, dollars per 1,000, seconds


def point(name: str, cells: Sequence[Any], prices: Any, by: str = "model") -> Point:
    cost = 1000 * dollars(cells, prices, by) / len(cells)
    return name, hits(cells), len(cells), cost, mean(map(seconds, cells))


def trade_off(points: Sequence[Point], by: str) -> Expected:
    cost = 4 if by == "seconds" else 3
    front = [
        mine
        for mine in points
        if not any(
            (other[cost] <= mine[cost] and other[1] >= mine[1])
            and (other[cost] < mine[cost] or other[1] > mine[1])
            for other in points
        )
    ]
    beaten = len(points) - len(front)
    word = "Worth the time" if by == "seconds" else "Worth the cost"
    return [word, *listed(front, cost), *([beaten, len(points)] if beaten else [])]


def listed(points: Sequence[Point], cost: int) -> Expected:
    """Three names from the cheapest on, and how many more."""
    names = [one[0] for one in sorted(points, key=lambda one: one[cost])]
    return [*names[:3], *([len(names) - 3] if len(names) > 3 else [])] or ["no pattern"]


def within(
    points: Sequence[Point], by: str, most_dollars: float, most_seconds: float, least: float
):
    cost = 4 if by == "seconds" else 3
    left = [
        one
        for one in points
        if one[3] <= most_dollars and one[4] <= most_seconds and one[1] / one[2] >= least
    ]
    said: Expected = [most_dollars, 1000, most_seconds, *([least] if least > 0 else [])]
    said += listed(left, cost)
    if len(left) > 1:
        word = "fastest" if by == "seconds" else "cheapest"
        said += [word, min(left, key=lambda one: one[cost])[0]]
    if not left:
        return [*said, "Nobody keeps every limit"]
    simplest = ["the simplest of", len(left)] if len(left) > 1 else ["the only one"]
    return [*said, "Take", left[0][0], *simplest]


def coverage(sure: Sequence[float], right: Sequence[bool]) -> Expected:
    """All answered, and about half of them: the surest. Equally sure ones stay together."""
    rows = []
    for least in sorted(set(sure), reverse=True):
        answered = [
            good for confidence, good in zip(sure, right, strict=True) if confidence >= least
        ]
        rows.append((len(answered) / len(sure), 1 - sum(answered) / len(answered)))
    half = min(rows, key=lambda row: abs(row[0] - 0.5))
    before = [0.0, *(share for share, _ in rows)]
    area = sum((share - last) * risk for last, (share, risk) in zip(before, rows, strict=False))
    return [rows[-1][1], half[0], half[1], area]


def ladder(state: Any, needed: int, voters: int, prices: Any) -> Expected:
    """So many small votes must agree, else the large model answers."""
    votes, strong = (
        five(state.samples, "small", kind="triage"),
        one(state.triage, "large", split="test"),
    )
    counts = [most_common(cell.answer for cell in row[:voters])[1] for row in votes]
    right = [
        voted(row[:voters]) if count >= needed else cell.right
        for row, count, cell in zip(votes, counts, strong, strict=True)
    ]
    escalated, n = mean(count < needed for count in counts), len(strong)
    cheap = 1000 * dollars((cell for row in votes for cell in row[:voters]), prices, "name") / n
    dear = 1000 * dollars(strong, prices, "name") / n
    cost = cheap + escalated * dear
    return [needed, voters, escalated, mean(right), cost, 1000, hits(strong) / n, dear]


# --- The panels, one by one


def local_or_hosted(state: Any, dollars_per_million: float, dollars_per_hour: float) -> Expected:
    (call,) = state.names["run"].calls
    hours = (call.reply.prompt_seconds + call.reply.output_seconds) / 3600
    local, hosted = 1000 * hours * dollars_per_hour, tokens([call]) * dollars_per_million / 1000
    compared = ["costs more", local / hosted] if local > hosted else ["costs no more"]
    return [dollars_per_hour, local, 1000, hosted, *compared, hosted / hours / 1000]


def with_examples(state: Any, count: int, level: str) -> Expected:
    wanted = {} if level == "all levels" else {"level": level}
    small, large = (one(state.examples, f"{who}, {count}", **wanted) for who in ("small", "large"))
    either = sum(a.right or b.right for a, b in zip(small, large, strict=True))
    return [count, hits(small), len(small), hits(large), len(small), either, len(small)]


def single_models(state: Any, edited: Any, by: str) -> Expected:
    prices = state.prices | edited
    ways = {f"{who}, one way": who for who in ("small", "large")}
    ways |= {f"{who} by kind": f"{who} by kind" for who in ("small", "large")}
    return trade_off(
        [point(way, one(state.desk, name, split="test"), prices) for way, name in ways.items()], by
    )


def stages(
    state: Any, classify: float, extract: float, reason: float, caught: float, retries: int
) -> Expected:
    """A wrong output that the gate catches is tried again, and is right as often as before."""
    right = 1.0
    for share in (classify, extract, reason):
        end, tried = 0.0, 1.0
        for _ in range(retries + 1):
            end += tried * share
            tried *= (1 - share) * caught
        right *= end
    return [right]


def pipelines(state: Any, how_many: int, machines: str) -> Expected:
    calls: list[Any] = []
    for cell in one(state.orders, "pipeline")[8 : 8 + how_many]:
        first = len(calls)
        for call in cell.calls:
            after = frozenset(first + id for id in call.after)
            calls.append(replace(call, id=first + call.id, role=call.role, after=after))
    place = {
        "one machine": lambda call: "any",
        "one for each model": lambda call: call.member.model,
        "one for each stage": lambda call: call.role,
    }
    return waterfall(calls, state.prices, place[machines])


def orders_by(ways: dict[str, str], typical: Callable[[Iterable[float]], float] = mean):
    """A trade-off of ways on the orders, paid by the members' names."""

    def said(state: Any, edited: Any, by: str) -> Expected:
        points = []
        for way, name in ways.items():
            cells = one(state.orders, name)
            paid = 1000 * dollars(cells, edited, "name") / len(cells)
            points.append((way, hits(cells), len(cells), paid, typical(map(seconds, cells))))
        return trade_off(points, by)

    return said


def sent(state: Any, who: str, threshold: float = 0.0, fallback: str = "general") -> list[str]:
    """Which specialist each test task goes to."""
    if who == "never errs":
        return [task.kind for task in state.specialists.tasks]
    calls = one(state.routing, who, split="test")
    return [
        label if label in KINDS and certainty(cell, KINDS) >= max(threshold, 0.15) else fallback
        for cell, label in zip(calls, (named(cell) for cell in calls), strict=True)
    ]


def named(cell: Any) -> str:
    """The kind that a classifier finds likeliest, which need not be the one it wrote."""
    return likely(cell, KINDS).label


def routed(state: Any, specialists: Sequence[str]) -> list[Any]:
    columns = {kind: one(state.specialists, kind) for kind in KINDS}
    return [columns[kind][n] for n, kind in enumerate(specialists)]


def confusion(state: Any, who: str, threshold: float, fallback: str) -> Expected:
    specialists = sent(state, who, threshold, fallback)
    answers = routed(state, specialists)
    kinds = [task.kind for task in state.specialists.tasks]
    well, astray = (
        [
            cell.right
            for cell, kind, to in zip(answers, kinds, specialists, strict=True)
            if (kind == to) == belongs
        ]
        for belongs in (True, False)
    )
    return [
        len(well),
        len(answers),
        *([mean(well)] if well else []),
        *([len(astray), mean(astray)] if astray else []),
    ]


def certain(state: Any, view: str) -> Expected:
    calls = one(state.routing, "small", split="test")
    sure = [certainty(cell, KINDS) for cell in calls]
    kinds = [task.kind for task in state.specialists.tasks]
    right = [likely(cell, KINDS).label == kind for cell, kind in zip(calls, kinds, strict=True)]
    if view == "only the surest":
        return coverage(sure, right)
    tenths: dict[int, list[tuple[float, bool]]] = {}
    for pair in zip(sure, right, strict=True):
        tenths.setdefault(max(0, math.ceil(10 * pair[0]) - 1), []).append(pair)
    gaps = [
        abs(sum(confidence for confidence, _ in some) - sum(good for _, good in some))
        for some in tenths.values()
    ]
    return [mean(sure), mean(right), len(right), sum(gaps) / len(right)]


def router_curve(state: Any, signal: str, threshold: float, large_price: float) -> Expected:
    prices = {
        state.cast.small.model: price(0.10),
        state.cast.large.model: price(large_price),
    }
    small, large = (one(state.desk, f"{who} by kind", split="test") for who in ("small", "large"))
    calls = one(state.routing, "small", split="test")
    if signal == "certainty":
        sure = [certainty(cell, KINDS) for cell in calls]
    else:
        gain = gains(state)
        sure = [1 - max(0.0, gain.get(named(cell), 0.0)) for cell in calls]
    up = [one < threshold for one in sure]
    chosen = [b if big else a for a, b, big in zip(small, large, up, strict=True)]
    n, share = len(up), mean(up)
    paid = 1000 * (dollars(chosen, prices) + dollars(calls, prices)) / n
    random = (1 - share) * hits(small) / n + share * hits(large) / n
    alone = 1000 * dollars(large, prices) / n
    return [threshold, share, hits(chosen) / n, paid, 1000, random, hits(large) / n, alone]


def price(amount: float) -> Any:
    return Price(amount, amount)


def gains(state: Any) -> dict[str, float]:
    """For each label, on fit: how much more often the large model is right."""
    small, large = (one(state.desk, f"{who} by kind", split="fit") for who in ("small", "large"))
    by_label: dict[str, list[int]] = {}
    for call, a, b in zip(one(state.routing, "small", split="fit"), small, large, strict=True):
        by_label.setdefault(named(call), []).append(int(b.right) - int(a.right))
    return {label: sum(some) / len(some) for label, some in by_label.items()}


def routers(state: Any, edited: Any, by: str) -> Expected:
    prices = state.prices | edited
    points = [
        point(f"{who}, one way", one(state.desk, who, split="test"), prices)
        for who in ("small", "large")
    ]
    for who in ("small", "large"):
        answers, calls = routed(state, sent(state, who)), one(state.routing, who, split="test")
        both = [
            SimpleNamespace(right=cell.right, calls=[*call.calls, *cell.calls])
            for cell, call in zip(answers, calls, strict=True)
        ]
        points.append(point(f"router, {who} classifier", both, prices))
    points += [
        point(f"by rule, {who}", one(state.desk, f"{who} by kind", split="test"), prices)
        for who in ("small", "large")
    ]
    return trade_off(points, by)


def timeout(state: Any, timeout: float) -> Expected:
    calls = [
        replace(call, reply=Failure(call.reply.error, timeout))
        if isinstance(call.reply, Failure)
        else call
        for call in state.names["failed"].calls
    ]
    return shared(calls, state, 3)


def fan_out_of(state: Any, count: int, servers: int) -> Expected:
    samples = five(state.texts, "large")[state.texts.tasks.index(state.names["task"])]
    return shared(unloaded(cell.calls[0] for cell in samples[:count]), state, servers)


def width(state: Any, model: str, count: int, servers: int) -> Expected:
    rows = five(state.texts, model)
    # Every choice of so many of the five is as likely.
    some = [any(row[n].right for n in few) for row in rows for few in combinations(range(5), count)]
    waits = [
        finished(unloaded(cell.calls[0] for cell in row[:count]), lambda call: "any", servers)
        for row in rows
    ]
    by_lot = mean(cell.right for row in rows for cell in row)
    return [count, mean(some), by_lot, mean(waits), servers]


def checked(state: Any, edited: Any, by: str, servers: str) -> Expected:
    prices, together = state.prices | edited, max if servers == "each" else sum
    trio = ("small by kind", "large", "large by kind")
    alone = {name: one(state.desk, name, kind="creative", split="test") for name in trio}
    tried = {name: [[cell] for cell in cells] for name, cells in alone.items()}
    tried["best of three"] = [list(row) for row in zip(*alone.values(), strict=True)]
    for model, n in (("large", 3), ("large", 5), ("small", 3), ("small", 5)):
        tried[f"{n} samples of {model}"] = [row[:n] for row in five(state.texts, model)]
    points = [
        (
            name,
            sum(any(cell.right for cell in row) for row in rows),
            len(rows),
            1000 * dollars((cell for row in rows for cell in row), prices) / len(rows),
            mean(together(map(seconds, row)) for row in rows),
        )
        for name, rows in tried.items()
    ]
    return trade_off(points, by)


def votes_of(state: Any, servers: int) -> Expected:
    samples = state.samples.of(["large"], kind="triage")
    n = [task.id for task in samples.tasks].index("triage-90")
    calls = [
        replace(cell.calls[0], id=number, after=frozenset())
        for number, cell in enumerate(samples.cells[n][0])
    ]
    return shared(calls, state, servers)


def team(state: Any) -> list[str]:
    """The members on the messages, the best on fit first."""
    fit = {name: hits(one(state.triage, name, split="fit")) for name in state.triage.subjects}
    return sorted(fit, key=lambda name: -fit[name])


def condorcet(state: Any, voters: int, p: float, rho: float, which: str) -> Expected:
    job, _, who = which.partition(", ")
    if who == "three members":
        size = 3
        rows = list(
            zip(*(one(state.triage, name, split="test") for name in team(state)), strict=True)
        )
        share = mean(voted(row) for row in rows)
    else:
        size = min(5, voters)
        rows = five(state.samples, who, kind="triage" if job == "messages" else "math")
        share = mean(
            voted([row[n] for n in few]) for row in rows for few in combinations(range(5), size)
        )
    return [p, rho, voters, majority(p, voters, rho), majority(p, voters, 0.0), size, share]


def majority(p: float, n: int, rho: float) -> float:
    """The chance that more than half of n (odd) are right: binomial, or beta-binomial where the
    errors correlate.
    """
    if rho == 1 or p in (0, 1):
        return p
    counts = range(n // 2 + 1, n + 1)
    # The urn: each vote makes its like more likely, by rho / (1 - rho).
    again = rho / (1 - rho)

    def rising(share: float, times: int) -> float:
        return math.prod(share + step * again for step in range(times))

    return sum(math.comb(n, k) * rising(p, k) * rising(1 - p, n - k) for k in counts) / rising(1, n)


def meanings(state: Any, threshold: float) -> Expected:
    vectors = [state.meanings[task.id] for task in state.texts.tasks]
    held, keeps = [], []
    for same, row in zip(vectors, five(state.texts, "large"), strict=True):
        alike = same @ same.T
        groups: list[set[int]] = []
        for n in range(5):
            near = [some for some in groups if any(alike[n, other] >= threshold for other in some)]
            groups = [some for some in groups if some not in near] + [{n}.union(*near)]
        group = sorted(max(groups, key=lambda some: (len(some), -min(some))))
        sums = [math.fsum(alike[n, other] for other in group) for n in group]
        held.append(len(group))
        # Two alike are as like each other: the first of equals, whatever the last bit says.
        medoid = next(n for n, sum in zip(group, sums, strict=True) if sum > max(sums) - 1e-9)
        keeps.append(row[medoid].right)
    strange = [(one @ other.T >= threshold).mean() for one, other in combinations(vectors, 2)]
    return [threshold, mean(n > 2 for n in held), mean(strange), mean(keeps)]


def votes(state: Any, edited: Any, by: str) -> Expected:
    names = team(state)
    rows = {f"{name} alone": [[c] for c in one(state.triage, name, split="test")] for name in names}
    everyone = zip(*(one(state.triage, name, split="test") for name in names), strict=True)
    rows["vote of three members"] = [list(row) for row in everyone]
    samples = {who: five(state.samples, who, kind="triage") for who in ("small", "large")}
    rows["vote of three, large"] = [row[:3] for row in samples["large"]]
    rows |= {f"vote of five, {who}": some for who, some in samples.items()}
    points = [
        (
            name,
            sum(voted(row) for row in some),
            len(some),
            1000 * dollars((cell for row in some for cell in row), edited) / len(some),
            mean(sum(map(seconds, row)) for row in some),
        )
        for name, some in rows.items()
    ]
    return trade_off(points, by)


def planner(state: Any, ratio: float, model_steps: int) -> Expected:
    cells = one(state.orders, "planner_executor")
    alone = sum(tokens(cell.calls) for cell in one(state.orders, "single_model"))
    calls = [call for cell in cells for call in cell.calls]
    own = [call for call in calls if call.role in ("plan", "synthesize")]
    written = sum(call.reply.output_tokens for call in calls if call.role == "plan")
    row = len(cells) * written / sum(len(cell.run.result.steps) for cell in cells)
    planning = tokens(own) + (model_steps - 1) * row
    executing = model_steps * (tokens(calls) - tokens(own))
    share = planning / alone
    return [ratio, model_steps, share + executing / alone / ratio, share]


def workers(state: Any, share: float, workers: int, traces: str) -> Expected:
    if traces == "20 prompts, timed":
        some = [
            (run.task, run.calls)
            for run in state.timed
            if run.pattern == "supervisor_worker" and not run.error
        ]
    else:
        cells = one(state.orders, "supervisor, 0 rounds")
        some = [(task.id, c.calls) for task, c in zip(state.orders.tasks, cells, strict=True)]
    size = min(3, workers)
    times: dict[str, list[float]] = {}
    for name, calls in some:
        alone, many = (finished(calls, lambda call: "any", n) for n in (1, size))
        times.setdefault(name, []).append(alone / many)
    expected = 1 / (share + (1 - share) / workers)
    return [share, workers, expected, 1 / share, size, mean(map(mean, times.values()))]


def rounds(state: Any, rounds: int) -> Expected:
    names = ("supervisor, 0 rounds", "supervisor_worker", "supervisor, 2 rounds")
    first, now = one(state.orders, names[0]), one(state.orders, names[rounds])
    pairs = [(a.right, b.right) for a, b in zip(first, now, strict=True)]
    before, after = (sum(tokens(cell.calls) for cell in cells) for cells in (first, now))
    return [
        rounds,
        pairs.count((False, True)),
        len(first) - hits(first),
        pairs.count((True, False)),
        hits(first),
        after / before - 1,
    ]


def textbook(state: Any, expert: float, second: float, third: float) -> Expected:
    shares = (expert, second, third)

    def right(weights: Sequence[float]) -> float:
        total = 0.0
        for votes in product((1, -1), repeat=3):
            chance = math.prod(p if v > 0 else 1 - p for v, p in zip(votes, shares, strict=True))
            lead = math.fsum(v * w for v, w in zip(votes, weights, strict=True))
            total += chance * (0.5 if abs(lead) < 1e-9 else lead > 0)
        return total

    odds = [math.log(p / (1 - p)) for p in shares]
    return [*shares, right((1, 1, 1)), right(odds), max(shares)]


TRIAGE = ("large", "small", "large, rules")


def weighed(answers: Sequence[Any], weights: Sequence[float]) -> tuple[Any, float, bool]:
    """The answer that earns most, the first among equals; what it earned; whether others did."""
    earned: dict[Any, float] = {}
    for answer, weight in zip(answers, weights, strict=True):
        if answer is not None:
            earned[answer] = earned.get(answer, 0.0) + weight
    most = max(earned.values(), default=0.0)
    best = [answer for answer in earned if math.isclose(earned[answer], most, rel_tol=1e-9)]
    return (best[0], most, len(best) > 1) if most else (None, 0.0, False)


def ruler(weights: Sequence[float]) -> list[str]:
    return [name for name, weight in zip(TRIAGE, weights, strict=True) if weight > 0.5 * (1 + 1e-8)]


def triangle(state: Any, mix: Sequence[float], messages: str) -> Expected:
    golds = [task.gold for task in state.triage.of(split=messages).tasks]
    said = list(
        zip(
            *([c.answer for c in one(state.triage, name, split=messages)] for name in TRIAGE),
            strict=True,
        )
    )

    def right(weights: Sequence[float]) -> int:
        return sum(weighed(row, weights)[0] == gold for row, gold in zip(said, golds, strict=True))

    grid = [(a / 20, b / 20, (20 - a - b) / 20) for a in range(21) for b in range(21 - a)]
    now, best = right(mix), max(grid, key=right)
    told: Expected = [messages.capitalize(), *mix, now / len(golds)]
    if right(best) > now:
        told += ["the best of the", len(grid), *best, right(best) / len(golds)]
    else:
        told += ["none of the", len(grid), "better"]
    return [*told, *[part for name in ruler(mix) for part in (name, "dictates")]]


def one_message(state: Any, mix: Sequence[float], message: str, score: str) -> Expected:
    matrix = state.triage.of(list(TRIAGE), split="test")
    n = [task.id for task in matrix.tasks].index(message)
    cells = [row[0] for row in matrix.cells[n]]
    points = {
        "constant": [1.0] * 3,
        "format check": [float(cell.answer is not None) for cell in cells],
        "confidence": [likely(cell, QUEUES).confidence for cell in cells],
    }[score]
    weights = [weight * point for weight, point in zip(mix, points, strict=True)]
    winner, earned, tie = weighed([cell.answer for cell in cells], weights)
    told: Expected = [message, matrix.tasks[n].gold]
    if winner is None:
        return [*told, "No answer earned anything"]
    told += [winner, *(["ties"] if tie else []), "wins with", earned]
    return [*told, *[part for name in ruler(mix) for part in (name, "dictates")]]


def ensembles(state: Any, edited: Any, by: str, machines: int) -> Expected:
    together = sum if machines == 1 else max
    columns = {name: one(state.triage, name, split="test") for name in TRIAGE}
    samples = [row[:3] for row in five(state.samples, "large", kind="triage")]
    everyone = list(zip(*columns.values(), strict=True))
    golds = [task.gold for task in state.triage.of(split="test").tasks]
    fit = [hits(one(state.triage, name, split="fit")) for name in TRIAGE]
    n = len(state.triage.of(split="fit").tasks)
    # Log-odds for five queues, of shares smoothed by one success and one failure.
    weights = [max(0.0, math.log(4 * (k + 1) / (n - k + 1))) for k in fit]
    learned = sum(
        weighed([c.answer for c in row], weights)[0] == gold
        for row, gold in zip(everyone, golds, strict=True)
    )
    points = [point(name, cells, edited) for name, cells in columns.items()]
    for name, right, rows in (
        ("3 samples of large", sum(map(voted, samples)), samples),
        ("ensemble, learned", learned, everyone),
    ):
        cost = 1000 * dollars((cell for row in rows for cell in row), edited) / len(rows)
        waits = mean(together(map(seconds, row)) for row in rows)
        points.append((name, right, len(rows), cost, waits))
    return trade_off(points, by)


def by_size(prices: Any) -> Any:
    return {name: prices[name] for name in ("small", "large")}


def article_pair(state: Any) -> Any:
    return {"small": state.prices["qwen2.5:7b"], "large": state.prices["qwen2.5:32b"]}


def share_of_voters(state: Any, threshold: float, voters: int) -> Expected:
    needed = next(k for k in range(1, voters + 1) if k >= threshold * voters - 1e-6)
    return [threshold, voters, *ladder(state, needed, voters, article_pair(state))]


def confidences(state: Any, measure: str) -> Expected:
    count, _, who = measure.partition(", ")
    if count == "1 call":
        cells = one(state.triage, who, split="test")
        golds = [task.gold for task in state.triage.of(split="test").tasks]
        right = [likely(c, QUEUES).label == gold for c, gold in zip(cells, golds, strict=True)]
        return coverage([certainty(cell, QUEUES) for cell in cells], right)
    n = int(count.split()[0])
    rows = [row[:n] for row in five(state.samples, who, kind="triage")]
    agree = [most_common(cell.answer for cell in row)[1] / n for row in rows]
    return coverage(agree, [voted(row) for row in rows])


def consensus(state: Any, edited: Any, by: str) -> Expected:
    small, large = (one(state.triage, who, split="test") for who in ("small", "large"))
    rows = [row[:3] for row in five(state.samples, "small", kind="triage")]
    points = [point("small alone", small, edited, "name")]
    for needed in (1, 2, 3):
        kept = [most_common(cell.answer for cell in row)[1] >= needed for row in rows]
        paid = [
            cell
            for row, strong, keep in zip(rows, large, kept, strict=True)
            for cell in ([*row] if keep else [*row, strong])
        ]
        right = sum(
            voted(row) if keep else strong.right
            for row, strong, keep in zip(rows, large, kept, strict=True)
        )
        votes = dollars((cell for row in rows for cell in row), edited, "name")
        # A strong answer is paid at the mean of all, whoever is sent up.
        up = mean(not keep for keep in kept) * dollars(large, edited, "name")
        waits = sum(map(seconds, paid)) / len(rows)
        points.append((f"{needed} of 3", right, len(rows), 1000 * (votes + up) / len(rows), waits))
    points.append(point("large alone", large, edited, "name"))
    return trade_off(points, by)


def ways(matrix: Any, names: Iterable[str], prices: Any, clock: Any = None) -> list[Point]:
    """From simple to complex: fewest calls a prompt, then fewest different instructions."""
    found = []
    for name in names:
        cells = one(matrix, name)
        calls = [call for cell in cells for call in cell.calls]
        told = {(call.member.system, call.member.shots) for call in calls}
        here = point(name, cells, prices)
        found.append(
            (round(len(calls) / len(cells)), len(told), (*here[:4], clock[name]) if clock else here)
        )
    return [one[2] for one in sorted(found, key=lambda one: one[:2])]


def clocked(state: Any) -> list[Point]:
    """The nine on orders, with the mean seconds by the clock on the twenty prompts."""
    clock = {}
    for name in NINE:
        walls: dict[str, list[float]] = {}
        for run in state.timed:
            if run.pattern == name:
                walls.setdefault(run.task, []).append(run.wall_seconds)
        clock[name] = mean(map(mean, walls.values()))
    return ways(state.orders, NINE, state.prices, clock)


def limited(
    state: Any, most_dollars: float, most_seconds: float, least: float, by: str
) -> Expected:
    return within(clocked(state), by, most_dollars, most_seconds, least / 100)


def traffic(
    state: Any, pattern: str, requests: float, most_wait: float, dollars_per_hour: float
) -> Expected:
    each = next(way[4] for way in clocked(state) if way[0] == pattern)
    offered = requests * each / 86400

    def wait(servers: int) -> float:
        """The 95th percentile in the M/M/k queue, by Erlang's C."""
        if offered >= servers:
            return math.inf
        last = offered**servers / math.factorial(servers) * servers / (servers - offered)
        none = sum(offered**k / math.factorial(k) for k in range(servers))
        waits = last / (none + last)
        return max(0.0, math.log(waits / 0.05)) * each / (servers - offered) if waits else 0.0

    enough = next(n for n in range(1, 200) if wait(n) <= most_wait)
    month = enough * dollars_per_hour * 365 * 24 / 12
    waits = [wait(enough)] if wait(enough) else ["do not wait"]
    return [pattern, enough, month, 0.95, *waits, offered / enough]


def priced_orders(state: Any, edited: Any, by: str) -> Expected:
    names = [*NINE, "small", "right paragraph", "large, 5 samples"]
    return trade_off(ways(state.orders, names, state.prices | edited), by)


def own_prompts(state: Any, by: str) -> Expected:
    limits = state.names["my_limits"]
    return within(ways(state.own, state.own.subjects, state.prices), by, *limits)


def run_of(name: str, control: str) -> Callable[..., Expected]:
    """A waterfall of a run of the notebook, on the machines that a control sets."""
    return lambda state, **values: shared(state.names[name].calls, state, values[control])


SENTENCES: dict[str, Callable[..., Expected]] = {
    "00 servers": run_of("four", "servers"),
    "00 dollars_per_million, dollars_per_hour": local_or_hosted,
    "01 way": lambda state, way: shared(
        state.names["talked" if way == "step by step" else "wrote"].calls, state, 1
    ),
    "01 count, level": with_examples,
    "01 edited, by": single_models,
    "02 classify, extract, reason, caught, retries": stages,
    "02 how_many, machines": pipelines,
    "02 edited, by": orders_by(
        {
            "small alone": "small",
            "large alone": "large",
            "one prompt": "one prompt",
            "five samples": "large, 5 samples",
            "pipeline": "pipeline",
            "forgets": "pipeline, forgets",
        }
    ),
    "03 who, threshold, fallback": confusion,
    "03 view": certain,
    "03 signal, threshold, large_price": router_curve,
    "03 edited, by": routers,
    "04 servers": run_of("run", "servers"),
    "04 timeout": timeout,
    "04 count, servers": fan_out_of,
    "04 model, count, servers": width,
    "04 edited, by, servers": checked,
    "05 servers": votes_of,
    "05 voters, p, rho, which": condorcet,
    "05 threshold": meanings,
    "05 edited, by": votes,
    "06 ratio, model_steps": planner,
    "06 edited, by": orders_by(
        {
            "small alone": "small",
            "large alone": "single_model",
            "large, 5 samples": "large, 5 samples",
            "search": "search",
            "right paragraph": "right paragraph",
            "planner-executor": "planner_executor",
        }
    ),
    "07 machines": run_of("run", "machines"),
    "07 share, workers, traces": workers,
    "07 rounds": rounds,
    "07 edited, by": orders_by(
        {
            "supervisor, 0 rounds": "supervisor, 0 rounds",
            "supervisor, 2 rounds": "supervisor, 2 rounds",
            "large alone": "large",
            "small alone": "small",
        },
        median,
    ),
    "08 machines": run_of("run", "machines"),
    "08 expert, second, third": textbook,
    "08 mix, messages": triangle,
    "08 mix, message, score": one_message,
    "08 edited, by, machines": ensembles,
    "09 machines": run_of("run", "machines"),
    "09 needed": lambda state, needed: ladder(state, needed, 3, article_pair(state)),
    "09 threshold, voters": share_of_voters,
    "09 measure": confidences,
    "09 edited, by": consensus,
    "10 pattern, machines": lambda state, pattern, machines: shared(
        one(state.orders, pattern)[
            [task.id for task in state.orders.tasks].index("order-04")
        ].calls,
        state,
        machines,
    ),
    "10 most_dollars, most_seconds, least, by": limited,
    "10 pattern, requests, most_wait, dollars_per_hour": traffic,
    "10 edited, by": priced_orders,
    "10 by": own_prompts,
}
