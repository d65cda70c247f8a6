"""Hostile texts at every place that shows text: what a reader sees is the text itself, whole."""

import asyncio
import html
import io
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import NamedTuple

import ipywidgets as widgets
import numpy as np
import pytest
from course import capstone, card, record
from course.lessons import one_model_pictures, pipeline_pictures
from markdown_it import MarkdownIt
from rich.console import Console
from rich.status import Status
from typer.testing import CliRunner

from mlkit import cli, kit, paths
from mlkit import doctor as health
from mlkit.ask import Member, Reply
from mlkit.charts import trade_off, waterfall
from mlkit.charts.look import Chart
from mlkit.engines import choose, ollama
from mlkit.errors import EngineUnreachable, MlkitError
from mlkit.escaped import in_markdown
from mlkit.measure.stats import wilson
from mlkit.measure.tasks import TaskError
from mlkit.models import CASTS, Price
from mlkit.parsing import quoted
from mlkit.trace import Call
from mlkit.widgets import bench, lessons, panels
from tests.pictures import every

# What is written, and what is seen. Only what has no form of its own is spelled out.
HOSTILE = {
    text: text
    for text in (
        "It costs $45 and the bell $9",
        "$$x^2$$ and $y$",
        r"\(x\) then \[y\]",
        r"\begin{align}x\end{align}",
        r"\$5 or \\$6 \ ",
        "<b>bold</b> <br> x<sub>1</sub>",
        "<script>alert(1)</script>",
        "</td></pre></script><!--",
        "<a href='//x.org'>here</a>",
        "<img src=x onerror=alert(1)>",
        "&amp; &lt;b&gt; &#36; &copy",
        '" onload="alert(1)" x=\'',
        "[/b] and [/]",
        "/data/[old]/[red]x[/red]\\",
        ":bug: :car: :warning:",
        "![a](b) *c* _d_ `e` | # f",
        "```\n# heading\n```",
        "%{x} {0} %(s)s {{y}} {task}",
        "日本 🚲 مرحبا שלום é\u200d",
        "line one\n\tline two",
        "0",
    )
} | {
    "\x1b[31mred\x1b[0m \x9b2J": r"\x1b[31mred\x1b[0m \x9b2J",
    "nul \x00, bell \x07, \x08\x0b\x7f": r"nul \x00, bell \x07, \x08\x0b\x7f",
    "over\rwritten\r\nkept": "over\\rwritten\nkept",
    "file \u202etxt.exe\u202c \u2066a\u2069": r"file \u202etxt.exe\u202c \u2066a\u2069",
    "half \ud83d\u2028\uffff": r"half \ud83d\u2028\uffff",
}
SPELLED_OUT = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
hostile = pytest.mark.parametrize("text", HOSTILE, ids=map(ascii, HOSTILE))


def folded(text: str) -> str:
    """A text without its line breaks and runs of spaces, which a page or a chart may fold."""
    return " ".join(text.split())


def assert_whole(text: str, shown: str) -> None:
    assert not SPELLED_OUT.search(shown)
    assert folded(HOSTILE[text]) in folded(shown)


# HTML


class Page(HTMLParser):
    """What a browser would show, and all it would make of it."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.shown, self.typeset, self.tags, self.attributes = "", "", set(), {}
        self._open: list[bool] = []  # for each open element, whether MathJax keeps out
        self.feed(source)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= dict(attrs)
        ignored = "mathjax_ignore" in (dict(attrs).get("class") or "").split()
        if tag not in ("br", "img"):
            self._open.append(ignored or tag in ("pre", "code") or any(self._open[-1:]))

    def handle_endtag(self, tag: str) -> None:
        self._open.pop()

    def handle_data(self, data: str) -> None:
        self.shown += data
        self.typeset += "" if any(self._open[-1:]) else data

    def handle_comment(self, data: str) -> None:
        pytest.fail(f"a comment, which nobody sees: {data!r}")


def assert_html(text: str, source: str, typeset: bool = False) -> None:
    """`typeset`: where this page stands, JupyterLab looks for mathematics in it."""
    page = Page(source)
    assert_whole(text, page.shown)
    assert not page.tags & {"script", "a", "img", "sub"}
    assert not page.attributes.keys() & {"onload", "onerror", "href", "src"}
    assert not typeset or not re.search(r"\$|\\[(\[b$\\]", page.typeset)


def labels(widget: widgets.Widget) -> Iterator[str]:
    """The labels of the controls in a widget, as HTML."""
    for child in getattr(widget, "children", ()):
        yield from labels(child)
    if description := getattr(widget, "description", ""):
        as_html = getattr(widget, "description_allow_html", False)
        yield description if as_html else html.escape(description)


def pages(widget: widgets.Widget) -> Iterator[str]:
    """The pieces of HTML in a widget; its radio buttons too, which show their texts as they are."""
    for child in getattr(widget, "children", ()):
        yield from pages(child)
    if isinstance(widget, widgets.HTML):
        yield widget.value
    if isinstance(widget, widgets.RadioButtons):
        yield from map(html.escape, widget.options)


def find(widget: widgets.Widget, kind: type) -> list[widgets.Widget]:
    inner = [found for child in getattr(widget, "children", ()) for found in find(child, kind)]
    return [widget] * isinstance(widget, kind) + inner


WAYS = [
    card.Way(name, right, 10, 0.01, 1.0, 1.0, 1, (True,) * right + (False,) * (10 - right))
    for name, right in (("single_model", 3), ("router", 6))
]


def drawn_card(choice: str, ways: Sequence[card.Way], reason: str) -> Chart:
    return card.DecisionCard(choice, ways, card.Limits(), "here", reason).chart


@hostile
def test_the_decision_card(text):
    way = WAYS[1]._replace(pattern=text)
    ways = [WAYS[0], way]
    made = card.DecisionCard(text, ways, card.Limits(), text, text)
    assert_html(text, made.html, typeset=True)


class Row(NamedTuple):
    name: str


def table(text: str) -> Chart:
    return Chart(trade_off.chart([], "here").figure, [Row(text)], text)


@hostile
def test_the_table_behind_a_chart(text):
    panel = panels.show(table(text))
    assert_html(text, panel._table.value)
    assert Page(panel._table.value).shown.count(HOSTILE[text]) == 2
    assert_whole(text, panel._repr_mimebundle_()["text/plain"])
    assert panels.table_text(table(text)).splitlines()[-1] == folded_row(text)
    drawn = panel._drawing.outputs[0]["data"]["text/plain"]
    assert_whole(text, drawn)


def folded_row(text: str) -> str:
    return HOSTILE[text].replace("\n", " ").rstrip()


@hostile
def test_the_complaint_of_a_panel(text):
    panel = panels.show(table("a"))
    panel.complain(ValueError(text))
    assert_html(text, panel._problem.value)


@hostile
def test_labels_of_controls(text):
    for control in (
        panels.slider(text, 0, 0, 1, 0.1),
        panels.steps(text, 1, [1, 2]),
        panels.Shares(**{text: 0.5, "b": 0.5}),
        panels.PriceList({text: Price(1, 2)}, [text]),
    ):
        assert_html(text, " ".join(labels(control)), typeset=True)


@hostile
def test_a_prediction(text):
    guess = lessons.predict(text, 0, 1, 1, text)
    (lock,) = find(guess, widgets.Button)
    lock.click()
    question, said = pages(guess)
    assert_html(text, question)
    assert_html(text, said)
    (label, *_) = labels(guess)
    assert_html(text, label, typeset=True)
    assert_whole(text, guess._repr_mimebundle_()["text/plain"])


@hostile
def test_a_quiz(text):
    choices = [lessons.Choice(text, text, True), lessons.Choice("no", "no")]
    shown = lessons.quiz((text, choices))
    (options,) = find(shown, widgets.RadioButtons)
    options.index = 0
    title, option, _, verdict = pages(shown)
    for page in (title, option, verdict):
        assert_html(text, page)
    assert_whole(text, shown._repr_mimebundle_()["text/plain"])


@hostile
def test_the_concept_test(text, tmp_path):
    choices = [lessons.Choice(text, text, True), lessons.Choice("no", "no")]
    shown = lessons.concept_test([(text, choices)], "before", tmp_path / "kept.json", explain=True)
    find(shown, widgets.RadioButtons)[0].index = 1  # wrong, so the reason is told
    find(shown, widgets.Button)[0].click()
    title, option, _, said = pages(shown)
    for page in (title, option, said):
        assert_html(text, page)
    assert_whole(text, shown._repr_mimebundle_()["text/plain"])


@pytest.fixture(scope="module")
def recorded() -> kit.Kit:
    return kit.connect(engine="replay")


@hostile
def test_an_answer_and_an_error_in_the_try_it_box(text, scripted, recorded, monkeypatch):
    monkeypatch.setattr(kit.Kit, "recorded_prompts", lambda *_: ["a"])

    async def click(answer: str | Exception) -> bench.Bench:
        ask = scripted({"": answer, "answer": answer})
        member = replace(recorded.cast.small, name=text, system=text, shots=((text, text),))
        box = bench.try_it(replace(recorded, ask=ask), member, "a")
        await asyncio.to_thread(box.run.click)
        async with asyncio.timeout(5):
            while box.run.disabled:
                await asyncio.sleep(0)
        return box

    answered, failed = asyncio.run(click(text)), asyncio.run(click(MlkitError(text)))
    for shown in (answered.decision, *answered.cards.children, *failed.cards.children):
        assert_html(text, shown.value)
    assert_html(text, failed.status.value)


# Drawings


def plotly_shows(text: str) -> str:
    """What plotly.js draws (7.1, svg_text_utils): mathematics between dollars, tags, entities."""
    assert not re.search(r"[$]+[^$]*[$]+", text)
    tags = re.findall("<[^<>]*>", text)
    assert set(tags) <= {"<br>", "<b>", "</b>"}
    return html.unescape(re.sub("<[^<>]*>", " ", text))


def strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for name, inner in value.items():
            if name not in ("template", "hovertemplate", "texttemplate"):
                yield from strings(inner)
    elif isinstance(value, list | tuple | np.ndarray):
        for inner in value:
            yield from strings(inner)


def assert_chart(text: str, chart: Chart) -> None:
    shown = [plotly_shows(one) for one in strings(chart.figure.to_plotly_json())]
    assert not any(map(SPELLED_OUT.search, shown))
    assert any(folded(HOSTILE[text]) in folded(one) for one in shown)


def calls(text: str) -> list[Call]:
    member = Member("m", name=text)
    reply = Reply(text, member, prompt_tokens=9, output_tokens=9, output_seconds=1.0)
    return [Call(0, text, member, reply)]


def _compound(stage: str, title: str, source: str) -> Chart:
    steps = pipeline_pictures.rows({stage: wilson(3, 4)}, wilson(3, 4))
    return Chart(pipeline_pictures.figure(steps, title, source), steps, title)


# Each chart with a text of a model, a person or a path in the place of a name.
NAMED: dict[str, Callable[[str], Chart]] = {
    "waterfall": lambda text: waterfall.chart(calls(text), "here", {"m": Price(1, 2)}),
    "scores": lambda text: one_model_pictures.score_chart(
        [one_model_pictures.Score(text, text, 1, 1, 0.2, 1, 9, 0.1)], "title", "here"
    ),
    "compound": lambda text: _compound(text, "title", "here"),
    "trade-off": lambda text: trade_off.chart([(text, 3, 4, 0.1, 1.0)], "here"),
    "trade-off, line": lambda text: trade_off.chart(
        [("way", 3, 4, 0.1, 1.0)], "here", lines={text: 0.5}
    ),
    "card, choice": lambda text: drawn_card(text, [WAYS[0]._replace(pattern=text)], ""),
    "card, reason": lambda text: drawn_card("router", WAYS, f"because {text}"),
    **every("NAMED"),
}
# Each chart with such a text in the footer.
SOURCED: dict[str, Callable[[str], Chart]] = {
    "scores, title": lambda text: one_model_pictures.score_chart([], text, "here"),
    "waterfall, source": lambda text: waterfall.chart(calls("a"), text, {"m": Price(1, 2)}),
    "compound, title": lambda text: _compound("stage", text, "here"),
    "compound, source": lambda text: _compound("stage", "title", text),
    **every("SOURCED"),
}


@hostile
@pytest.mark.parametrize("name", NAMED)
def test_a_name_in_a_chart(name, text):
    assert_chart(text, NAMED[name](text))


@pytest.mark.parametrize("name", SOURCED)
def test_the_title_or_the_source_of_a_chart(name):
    chart = SOURCED[name](" ".join(HOSTILE))
    for text in HOSTILE:
        assert_chart(text, chart)


def test_names_on_hover_are_not_cut():
    assert trade_off.chart([], "here").figure.layout.template.layout.hoverlabel.namelength < 0


# What is printed


@hostile
def test_a_verdict(text, capsys):
    lessons.check(lambda _: lessons.Verdict(True, text), ...)
    assert_whole(text, capsys.readouterr().out)

    def fail(_: object) -> None:
        raise ValueError(text)

    lessons.check(fail, ...)
    assert_whole(text, capsys.readouterr().out)


@hostile
def test_an_error_in_a_notebook(text):
    (line,) = MlkitError(text)._render_traceback_()
    assert_whole(text, line)


@hostile
def test_what_is_wrong_with_own_prompts(text):
    unnamed = re.search("[\0\ud800-\udfff]", text)  # no file has such a name
    for prompts in (
        *[Path(f"{text}.csv")] * (not unnamed),
        [{"input": "a", "grader": text, "gold": 1}],
    ):
        with pytest.raises(TaskError) as raised:
            capstone.read_prompts(prompts)
        (line,) = raised.value._render_traceback_()
        assert not SPELLED_OUT.search(line)
        named = quoted(str(prompts)) if isinstance(prompts, Path) else repr(text.strip())
        assert folded(named) in folded(line)


@hostile
def test_the_setup_line(text, capsys, monkeypatch):
    monkeypatch.setattr(kit, "setup_line", lambda _: text)
    monkeypatch.setattr(kit, "_kit", lambda *_: None)
    kit.connect(engine="replay")
    assert_whole(text, capsys.readouterr().out)


# The command line


@pytest.fixture
def console(monkeypatch: pytest.MonkeyPatch) -> Console:
    """A terminal that remembers what it showed."""
    made = Console(record=True, width=120, file=io.StringIO(), highlight=False, force_terminal=True)
    monkeypatch.setattr(cli, "console", made)
    return made


@hostile
def test_an_error_of_a_command(text, console, monkeypatch):
    def fail() -> None:
        raise MlkitError(text)

    monkeypatch.setattr(paths, "check_jupyter", fail)
    CliRunner().invoke(cli.app, ["lab", "--replay"])
    assert_whole(text, console.export_text())


@hostile
def test_why_lab_has_no_live_model(text, console, monkeypatch):
    def fail(*_: object) -> None:
        raise MlkitError(text)

    monkeypatch.setenv("MLKIT_ENGINE", "auto")
    monkeypatch.setattr(cli, "_pull_from_ollama", fail)
    assert cli._prepare(CASTS["tiny"]).startswith("REPLAY")
    assert_whole(text, console.export_text())


@hostile
def test_where_no_ollama_answers(text, console, monkeypatch):
    def fail(address: str) -> None:
        raise EngineUnreachable(f"No Ollama answers at {text} (ConnectError). Start it.")

    monkeypatch.setenv("MLKIT_ENGINE", "auto")
    monkeypatch.setattr(ollama, "find", fail)
    monkeypatch.setattr(cli, "_fetch_weights", lambda cast: None)
    assert cli._fetch(CASTS["tiny"]) == "LIVE, embedded"
    assert_whole(text, console.export_text())


@hostile
def test_which_ollama_answers(text, console, monkeypatch):
    models = dict.fromkeys(CASTS["tiny"].models, "digest")
    server = ollama.Server(text, models)
    monkeypatch.setattr(ollama, "find", lambda address: server)
    cli._pull_from_ollama(CASTS["tiny"])
    assert_whole(text, console.export_text())


@hostile
def test_a_bar(text, console):
    with cli._bar(re.sub("\r?\n\t*", " ", text)) as show:
        show(1, "here")
    shown = console.export_text()
    assert not SPELLED_OUT.search(shown)
    assert folded(HOSTILE[text].replace("\n", " ")) in folded(shown)


@hostile
def test_a_finding_of_the_doctor(text, console):
    health._tell(console, text, MlkitError(text))
    shown = console.export_text()
    assert not SPELLED_OUT.search(shown)
    assert folded(shown).count(folded(HOSTILE[text])) >= 2


@hostile
def test_what_record_does(text, console, monkeypatch):
    def execute(notebook: Path, on_cell_executed: Callable[..., None], **_: str) -> None:
        on_cell_executed(None, 0)

    monkeypatch.setattr(record, "execute", execute)
    monkeypatch.setattr(record, "finish", lambda *_: None)
    shown = []
    monkeypatch.setattr(Status, "update", lambda _, status: shown.append(status))
    engine = choose.choose(CASTS["tiny"], "replay")
    named = replace(engine, header=replace(engine.header, engine=text))
    notebook = Path(f"{text}.ipynb")
    record._record_notebook(notebook, Path("x"), named, CASTS["tiny"], False, console)
    for said in shown:
        console.print(said, soft_wrap=True)
    name = folded(HOSTILE[text].split("/")[-1])
    assert len(shown) == 1 and name in folded(console.export_text())


@hostile
def test_what_record_wrote(text, console, monkeypatch):
    made = choose.load_folder(paths.recordings("tiny"))
    engine = choose.choose(CASTS["tiny"], "replay")
    live = replace(engine, kind="ollama", header=replace(engine.header, engine=text))
    monkeypatch.setattr(choose, "choose", lambda *_: live)
    monkeypatch.setattr(record, "forecast", lambda *_: text)
    monkeypatch.setattr(record, "record_study", lambda *_: made)
    record.record(["desk"], CASTS["tiny"], False, console)
    shown = console.export_text()
    assert not SPELLED_OUT.search(shown)
    assert folded(shown).count(folded(HOSTILE[text])) == 2


@hostile
def test_which_notebook_was_stored(text, console, monkeypatch):
    monkeypatch.setattr("course.notebooks.store", lambda _: None)
    cli.store([Path(text)])
    shown = console.export_text()
    assert folded(HOSTILE[text].split("/")[-1]) in folded(shown)


@hostile
def test_a_cast_that_nobody_knows(text):
    result = CliRunner().invoke(cli.app, ["pull", f"--cast={text}"])
    said = re.sub(r"[\s│]", "", result.output)
    unquoted = text.strip().strip("\"'").strip()
    assert result.exit_code == 1 and re.sub(r"\s", "", repr(unquoted)) in said


# Markdown


@hostile
def test_source_in_a_notebook(text, monkeypatch):
    monkeypatch.setattr(lessons.inspect, "getsource", lambda _: f"x = '''{text}'''\n")
    shown = lessons.source(Member)
    (head, block, end) = MarkdownIt().parse(shown.data)
    assert head.content == "<details><summary>The source of Member</summary>\n"
    assert (block.type, block.info, end.content) == ("fence", "python", "</details>")
    assert_whole(text, block.content)
    assert repr(shown) == "<IPython.core.display.Markdown object>"
    (block, after) = MarkdownIt().parse(f"{in_markdown(text)}\n---")
    assert (block.type, after.type) == ("fence", "hr")
