"""A number belongs to its setting: each control of each panel of the notebooks is moved over its
range, and every number of the sentence is computed again, from the recordings alone.

What is computed there uses neither mlkit/charts nor course/lessons: only the recorded answers with
their grades (mlkit.measure.matrix), arithmetic, and the formulas of the textbooks.
"""

import ast
import asyncio
import html
import importlib
import inspect
import math
import pkgutil
import random
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import product
from types import SimpleNamespace
from typing import Any, NamedTuple

import ipywidgets as widgets
import pytest
from course import capstone, studies, timings
from hypothesis import given, settings
from hypothesis import strategies as st

import mlkit
from mlkit import paths
from mlkit.models import Price, list_prices
from mlkit.widgets import panels
from tests.solutions import solved
from tests.widgets import sentences
from tests.widgets.sentences import Expected

SENTENCES = {
    key: said
    for module in pkgutil.iter_modules(sentences.__path__)
    for key, said in importlib.import_module(
        f"{sentences.__name__}.{module.name}"
    ).SENTENCES.items()
}
NOTEBOOKS = paths.series()


# --- The panels, and moving their controls


@pytest.fixture(scope="module")
def recorded() -> Iterator[SimpleNamespace]:
    """What was measured, to compute from. The notebooks measure the same; once is enough."""
    measured = (
        *("desk", "routing", "classifiers", "specialists", "triage", "samples", "examples"),
        *("texts", "meanings", "picking", "rewriting", "order_members", "orders"),
        *("orders_and_variants", "order_samples"),
    )
    with pytest.MonkeyPatch.context() as patch:
        for name in measured:
            patch.setattr(studies, name, once(getattr(studies, name)))

        async def load() -> SimpleNamespace:
            kit = mlkit.connect(engine="replay")
            return SimpleNamespace(
                **{name: await getattr(studies, name)(kit) for name in measured},
                own=await capstone.own_prompts(kit),
                timed=timings.load_latency()[1],
                cast=kit.cast,
                prices=list_prices(),
            )

        yield asyncio.run(load())


def once(study: Callable[..., Any]) -> Callable[..., Any]:
    found: list[Any] = []

    async def remembered(kit: Any) -> Any:
        if not found:
            found.append(await study(kit))
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

    @settings(max_examples=3, derandomize=True, database=None)
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
