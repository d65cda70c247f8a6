"""What a model is told is shown whole, as HTML that folds and as text, and escaped in both."""

from html.parser import HTMLParser

import pytest
from IPython.core.formatters import DisplayFormatter

from mlkit.ask import Member
from mlkit.widgets.told import told

MARKS = "</pre></details><script>alert('$1 & $2')</script>\x1b[31m"
SORTER = Member(
    "qwen2.5-coder:0.5b",
    system="Name the queue.\nOne word.",
    shots=(("My bell broke.", "repair"), (MARKS, "order")),
    schema='{"enum": ["repair", "größer"]}',
    name="small <b>",
)


class Page(HTMLParser):
    """The tags of a page, its attributes, and its text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.text += f"{data}\n"


def test_a_notebook_gets_both_forms_and_the_first_one_is_open():
    shown, _ = DisplayFormatter().format(told(SORTER))
    assert set(shown) == {"text/html", "text/plain"}
    tag, attributes = Page(shown["text/html"]).tags[0]
    assert tag == "details" and "open" in attributes and "mathjax_ignore" in attributes["class"]
    assert "open" not in Page(told(SORTER).html()).tags[0][1]


def test_a_key_opens_it_since_nothing_but_a_summary_takes_the_click():
    page = Page(told(SORTER, "Hello").html())
    assert [tag for tag, _ in page.tags[:2]] == ["details", "summary"]
    assert {tag for tag, _ in page.tags} == {"details", "summary", "div", "i", "pre"}
    assert not any("overflow: auto" in str(attributes) for _, attributes in page.tags)


def test_the_format_alone_is_folded_in_the_open_view():
    page = Page(told(SORTER, "Hello")._repr_html_())
    folds = [attributes for tag, attributes in page.tags if tag == "details"]
    assert ["open" in fold for fold in folds] == [True, False]
    assert "format of its answer\n\n{" in page.text.split("Hello")[1]
    assert [tag for tag, _ in page.tags[-4:]] == ["details", "summary", "i", "pre"]


@pytest.mark.parametrize("form", [repr, lambda one: Page(one.html()).text], ids=["text", "html"])
def test_everything_that_the_model_reads_is_there_in_its_order(form):
    shown = form(told(SORTER, "The bell is <b>."))
    wanted = [
        "What small <b> is told (qwen2.5-coder:0.5b)",
        "instructions",
        "Name the queue.",
        "One word.",
        "example 1",
        "My bell broke.",
        "answer to example 1",
        "repair",
        "example 2",
        MARKS.replace("\x1b", r"\x1b"),
        "answer to example 2",
        "order",
        "prompt",
        "The bell is <b>.",
        "format of its answer",
        '"größer"',
    ]
    places = [shown.index(text) for text in wanted]
    assert places == sorted(places)


def test_marks_of_html_in_a_prompt_are_text():
    html = told(SORTER, MARKS).html()
    assert "script" not in {tag for tag, _ in Page(html).tags}
    assert (
        html.count("</details>") == html.count("<details") == 2
        and "$" not in html
        and "\x1b" not in html
    )


def test_the_format_of_a_call_counts_before_that_of_its_member():
    assert "größer" not in repr(told(SORTER, format={"type": "object"}))
    assert "format" not in repr(told(Member("some-model"), "Hello"))
    assert repr(told(Member("some-model"))).startswith("What some-model is told\n")
