"""The learner's own prompts are read or refused with their line; the nine run on them; the card
says what was measured.
"""

import asyncio
import errno
import json
import tempfile
import time
from math import inf
from pathlib import Path

import pytest
from course import capstone, timings
from hypothesis import given, settings
from hypothesis import strategies as st

import mlkit
from mlkit.ask import Member
from mlkit.charts import card as drawn
from mlkit.charts.card import Limits, Way
from mlkit.errors import (
    EngineError,
    EngineUnreachable,
    ExportError,
    MlkitError,
    NotRecorded,
    WriteError,
)
from mlkit.measure.tasks import TaskError
from mlkit.models import list_prices

ROW = ("What do 3 bells at $9 each cost?", "number", 27)
HEAD = "input,grader,gold\n"


def csv(tmp_path: Path, text: str, encoding: str = "utf-8") -> Path:
    file = tmp_path / "mine.csv"
    file.write_bytes(text.encode(encoding))
    return file


def test_the_example_holds_ten_short_prompts_with_graders_that_a_right_answer_passes():
    tasks = capstone.own(capstone.example())
    assert [task.id for task in tasks] == [f"own-{n:02}" for n in range(1, 11)] and all(
        len(task.input) < 130 for task in tasks
    )
    answers = (
        "27",
        "It costs $30.",
        "50 - 26 = 24\n24",
        "44",
        "repair",
        "Refund.",
        "Yes",
        "a pump",
        "8 PM",
        "Let it ring, ride on!",
    )
    assert [task.right(answer) for task, answer in zip(tasks, answers, strict=True)] == [True] * 10
    wrong = ("26", "10", "26", "37", "repair or refund", "order", "no", "a lock", "6 pm", "A bell.")
    assert [task.right(answer) for task, answer in zip(tasks, wrong, strict=True)] == [False] * 10


def test_a_list_and_a_file_give_the_same_tasks(tmp_path):
    rows = [ROW, {"input": " Open today? ", "grader": "Label", "gold": ["yes", "no"]}]
    text = (
        "\n" + HEAD + "What do 3 bells at $9 each cost?,number,$27\n,,\nOpen today?,label,yes|no\n"
    )
    assert (
        capstone.own(rows)
        == capstone.own(csv(tmp_path, text))
        == capstone.own(str(csv(tmp_path, text)))
    )


@pytest.mark.parametrize(
    "text, encoding",
    [
        ("Input; Grader ;GOLD;note\nOpen?;label;yes|no;a, b\n", "utf-8"),
        ("input\tgrader\tgold\nOpen?\tlabel\tyes|no\n", "utf-8"),
        ("gold,grader,input\r\nyes|no,label,Open?\r\n", "utf-8-sig"),
    ],
)
def test_what_spreadsheets_write_is_read(tmp_path, text, encoding):
    (task,) = capstone.own(csv(tmp_path, text, encoding))
    assert (task.input, task.gold) == ("Open?", {"accept": ["yes"], "reject": ["no"]})


@pytest.mark.parametrize(
    "text, words",
    [
        ("", "There is no prompt in mine.csv"),
        (HEAD + "\n ,,\n", "There is no prompt in mine.csv"),
        (HEAD + "Open?,label,yes|no\n" * 51, "51 prompts in mine.csv are too many"),
        (
            "prompt,grader,gold\nOpen?,label,yes|no\n",
            (
                "mine.csv, line 1: found 'prompt', 'grader', 'gold'; wanted are input, grader and"
                " gold. Missing: input."
            ),
        ),
        (HEAD + "Open?,label,yes|no\n ,number,3\n", "mine.csv, line 3: the input is empty"),
        (
            HEAD + '"Two\nlines?",number,3\nOpen?,magic,3\n',
            "mine.csv, line 4: there is no grader 'magic'; choose one of number, text, label",
        ),
        (
            HEAD + "How many?,number,three\n",
            (
                "mine.csv, line 2: gold is 'three', and that is no gold for the grader number. For"
                " number write, for example:  27"
            ),
        ),
        (HEAD + "How many?,number,\n", "line 2: gold is ''"),
        (HEAD + "How many?,number,true\n", "line 2: gold is True; this grader takes a number"),
        (
            HEAD + "Which?,label,yes\n",
            "line 2: gold is 'yes', and that is no gold for the grader label",
        ),
        (
            HEAD + "Which?,label,yes|yes\n",
            "line 2: gold accepts 'yes', which its own reject refuses",
        ),
        (HEAD + "Which?,text,pump||lock\n", "line 2: gold accepts an answer without a word"),
        (HEAD + "Write.,constraints,ring\n", "line 2: gold is 'ring', and that is no gold"),
        (
            HEAD + 'Write.,constraints,"{""words"": 3}"\n',
            "line 2: gold is not an object of mentions",
        ),
        (HEAD + "How many?,number\n", "line 2: found 'input', 'grader'; wanted"),
        (HEAD + "A bell, a lock?,number,3\n", "line 2: it has more cells than the first line"),
        (
            HEAD + 'Open?,label,yes|no\n"Open?,label,yes|no\n',
            "mine.csv, line 3: unexpected end of data",
        ),
    ],
)
def test_what_is_wrong_in_a_file_is_told_with_its_line(tmp_path, text, words):
    with pytest.raises(TaskError) as error:
        capstone.own(csv(tmp_path, text))
    assert words in str(error.value)


@pytest.mark.parametrize(
    "rows, words",
    [
        ([], "There is no prompt in the list"),
        ([ROW] * 51, "51 prompts in the list are too many"),
        ([ROW, "Open?"], "row 2: it is 'Open?'; wanted is (input, grader, gold)"),
        ([ROW[:2]], "row 1: it is ("),
        (
            [{"prompt": "Open?"}],
            (
                "row 1: found 'prompt'; wanted are input, grader and gold. Missing: input, grader,"
                " gold."
            ),
        ),
        ([(None, "number", 3)], "row 1: the input is empty"),
        ([("Open?", None, 3)], "row 1: there is no grader ''"),
        ([("Open?", "number", None)], "row 1: gold is None; this grader takes a number"),
        (
            [("Open?", "text", {"accept": ["yes"]})],
            "row 1: gold is {'accept': ['yes']}, and that is no gold",
        ),
        ([("Open?", "text", [8])], "row 1: gold is [8], and that is no gold"),
        (
            [("Which?", "python", {"expression": "n *", "variables": {}})],
            "row 1: gold cannot be worked out",
        ),
    ],
)
def test_what_is_wrong_in_a_list_is_told_with_its_row(rows, words):
    with pytest.raises(TaskError) as error:
        capstone.own(rows)
    assert words in str(error.value)


def test_what_is_no_text_or_not_there_is_told(tmp_path):
    with pytest.raises(TaskError, match="is no text in UTF-8.*CSV UTF-8"):
        capstone.own(csv(tmp_path, HEAD + "Für wen?,number,3\n", "latin-1"))
    for missing in (tmp_path / "none.csv", tmp_path):
        with pytest.raises(TaskError, match="There is no file"):
            capstone.own(missing)


DEEP = "[" * 100_000


def rules(text: str) -> str:
    """A line of the file whose gold is this JSON."""
    return HEAD + 'Write.,constraints,"' + text.replace('"', '""') + '"\n'


def formula(variables: str, expression: str = "n * 2") -> str:
    gold = f'{{"expression": "{expression}", "variables": {variables}}}'
    return HEAD + 'Work it out.,python,"' + gold.replace('"', '""') + '"\n'


@pytest.mark.parametrize(
    "text, words",
    [
        (HEAD + f"How many?,number,{'9' * 400}\n", "line 2: gold is 9999"),
        (HEAD + f"How many?,expression,{'9' * 5000}\n", "line 2: gold is '9999"),
        (HEAD + f"How many?,number,{DEEP}\n", r"line 2: gold is '\[\[\["),
        (rules(f'{{"mentions": {DEEP}'), r"line 2: gold is '{.mentions.: \[\[\["),
        (formula('{"n": {"range": [1, 1e400]}}'), 'line 2: gold cannot be worked out.*"range"'),
        (formula('{"n": {"range": [1, 1e20]}}'), 'gold cannot be worked out.*"range"'),
        (formula('{"n": {"range": [9, 1]}}'), 'gold cannot be worked out.*"range"'),
        (formula('{"n": {"range": [1, 9]}}', "float('nan')"), "own expression does not give"),
        (rules('{"mentions": ["!"]}'), "line 2: gold has a text without a word: '!'"),
        (rules('{"forbidden": ["the"]}'), "gold has a text without a word: 'the'"),
        (rules('{"min_words": 9, "max_words": 3}'), "no text has 9 words or more and 3 or fewer"),
        (rules('{"lines": 5, "max_words": 3}'), "no text has 5 words or more and 3 or fewer"),
        (rules('{"max_words": 0}'), "no text has 1 words or more and 0 or fewer"),
        (rules('{"lines": 0}'), "line 2: gold wants 0 lines"),
        (
            rules('{"mentions": ["Ring my bells!"], "forbidden": ["bell", "lock"]}'),
            "line 2: gold mentions 'Ring my bells!' and forbids 'bell'",
        ),
        (HEAD + f"Which?,text,{'yes ' * 13}\n", "line 2: gold accepts 'yes yes"),
        (HEAD + "What?,number,3\nWh\0at?,number,3\n", "line 3: The prompt holds a NUL"),
        (HEAD.replace("in", "i\0n"), "line 1: found 'i\\\\x00nput'"),
        (HEAD + f"{'What? ' * 900_000},number,3\n", "line 2: field larger than field limit"),
        ("\n\nsep=;\n", "line 3: found 'sep="),
        (",".join("abcdefghijkl") + "\n", "'h' and 4 more; wanted are input"),
    ],
)
def test_what_no_answer_could_keep_or_nobody_could_read_is_refused_with_its_line(
    tmp_path, text, words
):
    with pytest.raises(TaskError, match=f"^mine.csv, .*{words}") as error:
        capstone.own(csv(tmp_path, text))
    assert len(str(error.value)) < 500


@pytest.mark.parametrize(
    "gold, text",
    [
        ({"mentions": ["bell"], "forbidden": ["bells"]}, "One bell."),
        ({"min_words": 3, "max_words": 3, "lines": 3}, "a\nb\nc"),
        ({"max_words": 1, "lines": 1}, "Ring"),
    ],
)
def test_strict_rules_that_a_text_can_keep_are_read(gold, text):
    (task,) = capstone.own([("Write.", "constraints", gold)])
    assert task.right(text)


@pytest.mark.parametrize(
    "file", ["", "no\0thing.csv", "\ud800.csv", "a" * 5000, Path(), Path("folder")]
)
def test_a_name_that_no_file_can_have_is_no_file(file):
    with pytest.raises(TaskError, match="^There is no file '") as error:
        capstone.own(file)
    assert len(str(error.value)) < 250


@pytest.mark.parametrize("prompts", [None, 5, b"mine.csv", open])
def test_what_is_neither_a_file_nor_a_list_is_told(prompts):
    with pytest.raises(TaskError, match="wanted is"):
        capstone.own(prompts)


def nested(depth: int) -> list:
    value: list = []
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize(
    "row",
    [
        nested(100_000),
        (nested(100_000), "number", 3),
        ("What?", nested(100_000), 3),
        ("What?", "number", nested(100_000)),
        ("What?", "number", 10**5000),
        ("What?", "constraints", {"mentions": nested(100_000)}),
        ("What?", "python", {"expression": "n", "variables": {"n": {"one_of": nested(9999)}}}),
        ("Wh\ud800at?", "number", 3),
    ],
    ids=range(8),
)
def test_a_row_that_cannot_even_be_shown_is_refused(row):
    with pytest.raises(TaskError, match="^row 2: ") as error:
        capstone.own([ROW, row])
    assert len(str(error.value)) < 500


@pytest.mark.parametrize("first", ["sep=;\n", "sep=;\r\n", '"sep=;"\n', "SEP=;\n"])
def test_the_line_that_names_the_separator_for_excel_is_read(tmp_path, first):
    text = first + "input;grader;gold\nA bell, a lock?;number;3\n"
    (task,) = capstone.own(csv(tmp_path, text, "utf-8-sig"))
    assert task.input == "A bell, a lock?"
    with pytest.raises(TaskError, match="mine.csv, line 4: the input is empty"):
        capstone.own(csv(tmp_path, text + ";number;4\n"))
    assert capstone.own(csv(tmp_path, text.replace(";", "|")))[0].gold == 3


def test_empty_lines_above_do_not_hide_the_separator(tmp_path):
    (task,) = capstone.own(csv(tmp_path, "\n\ninput;grader;gold\nOpen?;label;yes|no\n"))
    assert task.gold == {"accept": ["yes"], "reject": ["no"]}


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_unicode_text_of_a_spreadsheet_says_how_to_save_it(tmp_path, encoding):
    with pytest.raises(TaskError, match="is no text in UTF-8.*CSV UTF-8"):
        capstone.own(csv(tmp_path, HEAD + "Für wen?,number,3\n", encoding))


def test_many_right_words_are_read_at_once(tmp_path):
    started = time.perf_counter()
    capstone.own([("Which?", "text", [f"w{n}" for n in range(20_000)])])
    assert time.perf_counter() - started < 3  # .1 s; each compared with each: minutes


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
GOLDS = VALUES | st.fixed_dictionaries(
    {},
    optional={
        "mentions": st.lists(st.text(max_size=5), max_size=2),
        "forbidden": st.lists(st.text(max_size=5), max_size=2),
        "min_words": st.integers(),
        "max_words": st.integers(),
        "lines": st.integers(),
        "expression": st.text("n12 +*/()", max_size=9) | st.sampled_from(["n", "2**n", "1 / n"]),
        "variables": st.dictionaries(
            st.just("n"),
            st.fixed_dictionaries({"range": st.lists(st.integers() | st.floats(), max_size=3)})
            | st.fixed_dictionaries({"one_of": st.lists(VALUES, max_size=3)}),
        ),
    },
)
TYPED = st.sampled_from(["number", "text", "label", "expression", "constraints", "python"])
ROWS = st.tuples(st.text(min_size=1) | st.just("What?"), TYPED, GOLDS)


def tasks_or_task_error(prompts) -> None:
    """Whatever is read can be graded, too."""
    try:
        tasks = capstone.own(prompts)
    except TaskError:
        return
    for task in tasks:
        task.right("3"), task.right("Ring my bell"), task.right('{"a": 1}')


@given(st.lists(VALUES | ROWS, max_size=3))
@settings(max_examples=300, deadline=None)
def test_any_rows_are_tasks_or_a_task_error(rows):
    tasks_or_task_error(rows)


@given(
    st.binary(max_size=60)
    | st.lists(ROWS, max_size=3).map(
        lambda rows: (
            HEAD + "\n".join(f'{a},{b},"{json.dumps(c)}"'.replace('\\"', '""') for a, b, c in rows)
        ).encode("utf-8", "surrogatepass")
    )
    | st.lists(st.text(',;\t"\n=|9s{}[]') | st.just("What?,number,3\n")).map(
        lambda texts: (HEAD + "".join(texts)).encode()
    )
)
@settings(max_examples=300, deadline=None)
def test_any_file_is_tasks_or_a_task_error(data):
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "mine.csv"
        file.write_bytes(data)
        tasks_or_task_error(file)


class Kit:
    """As much of a kit as the nine need."""

    recording = False

    def __init__(self, ask):
        self.ask, self.cast = ask, mlkit.connect(engine="replay").cast


def test_the_nine_run_on_own_prompts_and_a_failure_is_a_wrong_answer_that_says_why(
    scripted, monkeypatch
):
    class Broken:
        async def run(self, ask, prompt):
            await ask(Member("m"), prompt, role="answer")
            raise ZeroDivisionError("a bug")

    nine = timings.nine
    monkeypatch.setattr(
        timings,
        "nine",
        lambda cast: {
            "single_model": nine(cast)["single_model"],
            "voting": Broken(),
            "fan_out": nine(cast)["fan_out"],
        },
    )
    ask = scripted({"answer": "27", "": EngineUnreachable("gone. Start it.")})
    matrix = asyncio.run(
        capstone.run_nine(Kit(ask), capstone.own([ROW, ("And 4?", "number", 36)]), progress=False)
    )
    assert matrix.subjects == ["single_model", "voting", "fan_out"] and matrix.right[
        :, :, 0
    ].tolist() == [[True, False, False], [False] * 3]
    errors = [cells[0].error for cells in matrix.cells[0]]
    assert (
        errors[0] == ""
        and errors[1] == "MlkitError: ZeroDivisionError: a bug"
        and errors[2].startswith("EngineUnreachable: gone")
    )


def test_all_nine_patterns_are_asked(scripted):
    matrix = asyncio.run(
        capstone.run_nine(Kit(scripted({"": "27"})), capstone.own([ROW]), progress=False)
    )
    assert len(matrix.subjects) == 9 and list(matrix.subjects) == list(
        timings.nine(mlkit.connect(engine="replay").cast)
    )


def test_where_nothing_answers_it_raises_and_where_nothing_is_recorded(scripted):
    with pytest.raises(
        EngineError, match="No pattern answered any prompt. EngineUnreachable: gone"
    ):
        asyncio.run(
            capstone.run_nine(
                Kit(scripted({"": EngineUnreachable("gone")})), capstone.own([ROW]), progress=False
            )
        )
    with pytest.raises(NotRecorded, match="Task own-01"):
        asyncio.run(
            capstone.run_nine(
                mlkit.connect(engine="replay"),
                capstone.own([("Nobody ever asked this?", "number", 1)]),
                progress=False,
            )
        )


def way(name: str, right: int, dollars: float, seconds: float, calls: float = 1.0) -> Way:
    return Way(
        name, right, 10, dollars, seconds, calls, 1, (True,) * right + (False,) * (10 - right)
    )


WAYS = [
    way("single_model", 3, 0.01, 1.0),
    way("router", 6, 0.04, 2.5, 2),
    way("voting", 7, 0.40, 2.0, 3),
]
LIMITS = Limits(0.1, 3.0, 0.5)


def test_ways_go_from_simple_to_complex_with_what_they_take(scripted):
    ask = scripted(
        {"": {"text": "27", "prompt_tokens": 100, "output_tokens": 10, "output_seconds": 2.0}}
    )
    matrix = asyncio.run(capstone.run_nine(Kit(ask), capstone.own([ROW]), progress=False))
    ways = {way.pattern: way for way in capstone.ways(matrix, list_prices())}
    assert list(ways)[:2] == ["single_model", "router"] and [
        way.calls for way in ways.values()
    ] == sorted(way.calls for way in ways.values())
    assert ways["single_model"] == Way(
        "single_model", 1, 1, pytest.approx(0.011), 2.0, 1.0, 1, (True,)
    )
    assert (
        ways["voting"].seconds == 6
        and ways["pipeline"].instructions == 3
        and ways["voting"].instructions == 1
    )
    assert list(ways).index("voting") < list(ways).index(
        "pipeline"
    )  # as many calls, fewer instructions


def test_a_third_of_a_call_does_not_make_a_pattern_less_simple(scripted):
    agreed = (
        ["27"] * 5
        # three times for voting, then twice for the ensemble; the third time it is split, and asks
        # again
    )
    split = scripted(
        {"vote 1": [*agreed, "27"], "vote 2": [*agreed, "28"], "vote 3": [*agreed, "29"], "": "27"}
    )
    matrix = asyncio.run(capstone.run_nine(Kit(split), capstone.own([ROW] * 3), progress=False))
    calls = {way.pattern: way.calls for way in capstone.ways(matrix, list_prices())}
    assert calls["consensus_ensemble"] == pytest.approx(10 / 3) and calls["pipeline"] == 3
    assert list(calls).index("consensus_ensemble") < list(calls).index(
        "pipeline"
    )  # fewer instructions


def test_limits_let_through_who_keeps_them_and_say_what_others_break():
    assert [way.pattern for way in drawn.survivors(WAYS, LIMITS)] == ["router"] and drawn.survivors(
        WAYS, Limits()
    ) == WAYS
    assert [drawn.why_not(way, LIMITS) for way in WAYS] == [
        "30% right is less than 50%",
        "",
        "$0.40 per 1,000 is more than $0.10",
    ]
    assert (
        drawn.why_not(WAYS[2], Limits(0.1, 1.5, 0.8))
        == "$0.40 per 1,000 is more than $0.10; 2.0 s is more than 1.5 s; 70% right is less"
        " than 80%"
    )
    assert drawn.why_not(way("on the edge", 5, 0.1, 3.0), LIMITS) == ""
    # Shown with as few digits as here, both numbers would be the same.
    assert (
        drawn.why_not(way("just beyond", 3, 0.501, 12.04), Limits(0.5, 12.0, 0.304))
        == "a little more than $0.50 per 1,000; a little more than 12.0 s; a little less than 30%"
        " right"
    )
    assert (
        str(LIMITS) == "at most $0.10 per 1,000 prompts, at most 3.0 s a prompt, at least 50% right"
        and str(Limits()) == "none"
    )


def test_a_card_says_the_choice_what_was_measured_and_why_simpler_ones_fell():
    said = {
        line.about: line.text
        for line in drawn.rows("voting", WAYS, Limits(inf, 3.0, 0.4), " We can wait. ", "today")
    }
    assert said["measured"].startswith(
        "7 of 10 right, 70% (95% interval 40% to 89%); $0.40 per 1,000 prompts, 2.0 s and 3.0 calls"
        " a prompt"
    )
    assert (
        said["verdict"] == "it keeps every limit"
        and said["reason"] == "We can wait."
        and said["made"] == "today"
    )
    assert (
        said["simpler: single_model"] == "30% right is less than 40%"
        and said["simpler: router"] == "it keeps every limit, too"
    )
    assert (
        said["against one model"].startswith("+40 points (95% interval ")
        and "cannot tell" not in said["against one model"]
    )


def test_a_choice_that_breaks_a_limit_is_told_and_one_that_was_not_measured_refused():
    card = {line.about: line.text for line in drawn.rows("single_model", WAYS, LIMITS, "", "today")}
    assert (
        card["verdict"] == "it breaks a limit: 30% right is less than 50%"
        and not {"reason", "against one model"} & card.keys()
    )
    with pytest.raises(
        ValueError, match="'oracle' was not measured; choose one of single_model, router, voting"
    ):
        drawn.rows("oracle", WAYS, LIMITS, "", "today")


def test_the_card_is_html_that_needs_nothing_else_and_escapes_what_people_write():
    html = capstone.card(
        "router", WAYS, LIMITS, mlkit.connect(engine="replay"), "<script>alert(1)</script> & $5"
    ).html
    assert (
        "<script" not in html
        and "&lt;script&gt;" in html
        and "http" not in html
        and "$" not in html
    )
    assert (
        html.count("<svg") == html.count("</svg>") == 3
        and "60%, 31% to 83%" in html
        and "cast tiny" in html
    )


def test_the_card_is_saved_as_a_page_and_a_picture(tmp_path, monkeypatch):
    card = capstone.card("router", WAYS, LIMITS, mlkit.connect(engine="replay"))
    assert card.save(tmp_path, png=False) == [tmp_path / "decision_card.html"] and list(
        tmp_path.iterdir()
    ) == card.save(tmp_path, png=False)
    monkeypatch.setattr(
        "mlkit.widgets.export.picture",
        lambda figure, *options: b"PNG" if figure is card.chart.figure else b"",
    )
    assert [file.read_bytes()[:15] for file in card.save(tmp_path)] == [b"<!doctype html>", b"PNG"]


def test_without_a_browser_the_page_is_written_and_the_picture_says_what_to_install(
    tmp_path, monkeypatch
):
    def no_browser(*_):
        raise ExportError("Drawing pictures takes a browser")

    monkeypatch.setattr("mlkit.widgets.export.picture", no_browser)
    with pytest.raises(MlkitError, match="takes a browser"):
        capstone.card("router", WAYS, LIMITS, mlkit.connect(engine="replay")).save(tmp_path)
    assert [file.name for file in tmp_path.iterdir()] == ["decision_card.html"]


def test_a_card_that_cannot_be_saved_says_where_and_what_to_type(tmp_path, monkeypatch):
    card = capstone.card("router", WAYS, LIMITS, mlkit.connect(engine="replay"))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "taken").write_text("a file")
    with pytest.raises(WriteError, match=r"taken/decision_card.html: a file .*card\.save\(\"/"):
        card.save("taken")
    assert card.save(png=False) == [Path("decision_card.html")]
    before = (tmp_path / "decision_card.html").read_bytes()

    def no_space(*_: object, **__: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("os.fsync", no_space)
    with pytest.raises(WriteError, match=r"^Could not write decision_card.html: No space left"):
        card.save(png=False)
    assert (tmp_path / "decision_card.html").read_bytes() == before


def test_the_picture_of_the_card_rings_the_choice_and_holds_its_lines():
    chart = drawn.chart("router", WAYS, LIMITS, "fast & cheap", "today", "here")
    ring = chart.figure.data[-1]
    assert (ring.name, ring.x, ring.y) == (
        "chosen",
        (0.04,),
        (0.6,),
    ) and "Decision card: router" in chart.figure.layout.title.text
    text = chart.figure.layout.annotations[-1].text
    assert (
        "<b>reason</b>: fast &amp; cheap" in text
        and "<b>simpler: single_model</b>: 30% right is less than 50%" in text
        and "$" not in text
    )
    assert (
        chart.figure.layout.margin.b > 18 * text.count("<br>")
        and chart.reading == "Decision card: router; it keeps every limit"
    )
