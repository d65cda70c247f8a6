"""The learner's own prompts are read or refused with their line; the nine run on them; the card
says what was measured.
"""

import asyncio
import json
import tempfile
import time
from pathlib import Path

import pytest
from course import capstone, systems
from hypothesis import given, settings
from hypothesis import strategies as st

import mlkit
from mlkit.ask import Member
from mlkit.errors import (
    EngineError,
    EngineUnreachable,
    NotRecorded,
    SettingError,
    Unparsed,
)
from mlkit.measure.tasks import TaskError
from tests.conftest import Scripted

ROW = ("What do 3 bells at $9 each cost?", "number", 27)
HEAD = "input,grader,gold\n"


def csv(tmp_path: Path, text: str, encoding: str = "utf-8") -> Path:
    file = tmp_path / "mine.csv"
    file.write_bytes(text.encode(encoding))
    return file


def test_the_example_holds_ten_short_prompts_with_graders_that_a_right_answer_passes():
    tasks = capstone.read_prompts(capstone.example())
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
        capstone.read_prompts(rows)
        == capstone.read_prompts(csv(tmp_path, text))
        == capstone.read_prompts(str(csv(tmp_path, text)))
    )


@pytest.mark.parametrize(
    "text, encoding",
    [
        ("Input; Grader ;GOLD;note\nOpen?;label;yes|no;a, b\n", "utf-8"),
        ("input\tgrader\tgold\nOpen?\tlabel\tyes|no\n", "utf-8"),
        ("gold,grader,input\r\nyes|no,label,Open?\r\n", "utf-8-sig"),
        ("input\tgrader\tgold\r\nOpen?\tlabel\tyes|no\r\n", "utf-16"),
        ("input;grader;gold\r\nOpen?;label;yes|no\r\n", "utf-16-le"),
        ("input;grader;gold\nOpen?;label;yes|no\n", "utf-16-be"),
    ],
)
def test_what_spreadsheets_write_is_read(tmp_path, text, encoding):
    (task,) = capstone.read_prompts(csv(tmp_path, text, encoding))
    assert (task.input, task.gold, task.labels) == ("Open?", "yes", ("yes", "no"))


@pytest.mark.parametrize(
    "gold, right, wrong",
    [
        ("refund|order", ["Refund.", "It is a refund"], ["no refund", "not a refund"]),
        (
            "refund|order",
            ["«refund»"],
            ["It is not a refund.", "refund_request", "refund or order"],
        ),
        ("toxic|non-toxic", ["toxic"], ["not toxic", "non-toxic"]),
        ("non-toxic|toxic", ["non-toxic"], ["toxic", "It is toxic."]),
        ("c|c++", ["C"], ["C++", "c#"]),
        ("数学|代码", ["答案是数学"], ["不是数学", "代码"]),
        ("A|B", ["A", "(A)", "Answer: A"], ["n/a", "A bell", "A or B"]),
    ],
)
def test_a_label_is_read_as_everywhere(gold, right, wrong):
    (task,) = capstone.read_prompts([("Which?", "label", gold)])
    assert [text for text in right if not task.right(text)] == []
    assert [text for text in wrong if task.right(text)] == []


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
                " number write, for example:  2.5"
            ),
        ),
        (HEAD + 'How many?,number,"2,5"\n', "line 2: gold is '2,5', and that is no gold"),
        (HEAD + 'How many?,number,"2,5"\n', "write, for example:  2.5"),
        (HEAD + 'How many?,expression,"2,5"\n', "write, for example:  2.5"),
        (HEAD + "How many?,number,\n", "line 2: gold is ''"),
        (HEAD + "How many?,number,true\n", "line 2: gold is True; this grader takes a number"),
        (
            HEAD + "Which?,label,yes\n",
            "line 2: gold is 'yes', and that is no gold for the grader label",
        ),
        (
            HEAD + "Which?,label,yes|yes\n",
            "line 2: gold is 'yes|yes', and that is no gold for the grader label",
        ),
        (HEAD + "Which?,label,yes|\n", "line 2: gold is 'yes|', and that is no gold"),
        (
            HEAD + "Which?,label," + "|".join("abcdefgh" * 9) + "\n",
            "that is no gold for the grader",
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
        capstone.read_prompts(csv(tmp_path, text))
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
        capstone.read_prompts(rows)
    assert words in str(error.value)


def test_what_is_no_text_or_not_there_is_told(tmp_path):
    with pytest.raises(TaskError, match="is no text in UTF-8 or UTF-16.*CSV UTF-8"):
        capstone.read_prompts(csv(tmp_path, HEAD + "Für wen?,number,3\n", "latin-1"))
    for missing in (tmp_path / "none.csv", tmp_path):
        with pytest.raises(TaskError, match="There is no file"):
            capstone.read_prompts(missing)


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
        capstone.read_prompts(csv(tmp_path, text))
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
    (task,) = capstone.read_prompts([("Write.", "constraints", gold)])
    assert task.right(text)


@pytest.mark.parametrize(
    "file", ["", "no\0thing.csv", "\ud800.csv", "a" * 5000, Path(), Path("folder")]
)
def test_a_name_that_no_file_can_have_is_no_file(file):
    with pytest.raises(TaskError, match="^There is no file '") as error:
        capstone.read_prompts(file)
    assert len(str(error.value)) < 250


@pytest.mark.parametrize("prompts", [None, 5, b"mine.csv", open])
def test_what_is_neither_a_file_nor_a_list_is_told(prompts):
    with pytest.raises(TaskError, match="wanted is"):
        capstone.read_prompts(prompts)


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
        capstone.read_prompts([ROW, row])
    assert len(str(error.value)) < 500


@pytest.mark.parametrize("first", ["sep=;\n", "sep=;\r\n", '"sep=;"\n', "SEP=;\n"])
def test_the_line_that_names_the_separator_for_excel_is_read(tmp_path, first):
    text = first + "input;grader;gold\nA bell, a lock?;number;3\n"
    (task,) = capstone.read_prompts(csv(tmp_path, text, "utf-8-sig"))
    assert task.input == "A bell, a lock?"
    with pytest.raises(TaskError, match="mine.csv, line 4: the input is empty"):
        capstone.read_prompts(csv(tmp_path, text + ";number;4\n"))
    assert capstone.read_prompts(csv(tmp_path, text.replace(";", "|")))[0].gold == 3


def test_empty_lines_above_do_not_hide_the_separator(tmp_path):
    (task,) = capstone.read_prompts(csv(tmp_path, "\n\ninput;grader;gold\nOpen?;label;yes|no\n"))
    assert (task.gold, task.labels) == ("yes", ("yes", "no"))


def test_many_right_words_are_read_at_once(tmp_path):
    started = time.perf_counter()
    capstone.read_prompts([("Which?", "text", [f"w{n}" for n in range(20_000)])])
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
        tasks = capstone.read_prompts(prompts)
    except TaskError:
        return
    for task in tasks:
        task.right("3"), task.right("Ring my bell"), task.right('{"a": 1}')


@given(st.lists(VALUES | ROWS, max_size=3))
@settings(max_examples=300)
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
@settings(max_examples=300)
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
            raise Unparsed("no plan in it")

    nine = systems.for_any_prompt
    monkeypatch.setattr(
        systems,
        "for_any_prompt",
        lambda cast: {
            "single_model": nine(cast)["single_model"],
            "voting": Broken(),
            "fan_out": nine(cast)["fan_out"],
        },
    )
    ask = scripted({"answer": "27", "": EngineUnreachable("gone. Start it.")})
    matrix = asyncio.run(
        capstone.run_all(
            Kit(ask), capstone.read_prompts([ROW, ("And 4?", "number", 36)]), progress=False
        )
    )
    assert matrix.subjects == ["single_model", "voting", "fan_out"] and matrix.right[
        :, :, 0
    ].tolist() == [[True, False, False], [False] * 3]
    errors = [cells[0].error for cells in matrix.cells[0]]
    assert (
        errors[0] == ""
        and errors[1] == "Unparsed: no plan in it"
        and errors[2].startswith("EngineUnreachable: gone")
    )


def test_all_nine_patterns_are_asked(scripted):
    matrix = asyncio.run(
        capstone.run_all(Kit(scripted({"": "27"})), capstone.read_prompts([ROW]), progress=False)
    )
    assert matrix.subjects == list(systems.NINE)


def test_where_nothing_answers_it_raises_and_where_nothing_is_recorded(scripted):
    with pytest.raises(
        EngineError, match="No pattern answered any prompt. EngineUnreachable: gone"
    ):
        asyncio.run(
            capstone.run_all(
                Kit(scripted({"": EngineUnreachable("gone")})),
                capstone.read_prompts([ROW]),
                progress=False,
            )
        )
    with pytest.raises(NotRecorded, match="Nothing is wrong with yours.*kit.recorded.*own-01"):
        asyncio.run(
            capstone.run_all(
                mlkit.connect(engine="replay"),
                capstone.read_prompts([("Nobody ever asked this?", "number", 1)]),
                progress=False,
            )
        )


# Patterns of one's own


def tried(own, answers=None):
    """The nine and own patterns on one prompt, all calls answered "27"."""
    ask = Scripted(answers or {"": "27"})
    return asyncio.run(capstone.run_all(Kit(ask), capstone.read_prompts([ROW]), False, own))


class Shouts:
    async def run(self, ask, prompt):
        return await ask(Member("m"), prompt, role="shout")


async def counts(ask, prompt):
    """A function that gives text."""
    return f"{len((await ask(Member('m'), prompt, role='count')).text)}{7}"


def test_own_patterns_stand_beside_the_nine_as_functions_and_as_objects():
    measured = tried({"mine": counts, "shouts": Shouts(), "bound": Shouts().run})
    assert measured.subjects == [*systems.NINE, "mine", "shouts", "bound"]
    cells = [measured.cell(name, "own-01") for name in ("mine", "shouts", "bound")]
    assert [cell.text for cell in cells] == ["27", "27", "27"] and all(c.right for c in cells)
    assert [len(cell.calls) for cell in cells] == [1, 1, 1]


async def gives_nothing(ask, prompt):
    await ask(Member("m"), prompt)


async def breaks(ask, prompt):
    return {}[prompt]


class NotAsync:
    def run(self, ask, prompt):
        return "27"


@pytest.mark.filterwarnings("ignore:.*That answer of a pattern counts as wrong")
@pytest.mark.parametrize(
    "pattern, error",
    [
        (gives_nothing, "SettingError: A pattern gave None; give a text"),
        (breaks, "KeyError: "),
    ],
)
def test_what_an_own_pattern_raises_is_a_wrong_answer_that_says_why(pattern, error):
    cell = tried({"mine": pattern}).cell("mine", "own-01")
    assert not cell.right and cell.error.startswith(error)


@pytest.mark.parametrize(
    "own, words",
    [
        ({"voting": counts}, "'voting' has the name of one of the nine"),
        ({"mine": Shouts}, "'mine' is a class. Give one of it:  Shouts"),
        ({"mine": "a text"}, "'mine' is 'a text'. Give an async function"),
        ({"mine": lambda ask, prompt: "27"}, "does not wait for its calls. Write:  async def"),
        ({"mine": NotAsync()}, "does not wait for its calls"),
    ],
)
def test_what_is_no_pattern_is_refused_before_anything_is_asked(own, words, scripted):
    ask = scripted({"": "27"})
    with pytest.raises(SettingError, match=f"^Your pattern .*{words.split('(')[0]}"):
        asyncio.run(capstone.run_all(Kit(ask), capstone.read_prompts([ROW]), False, own))
    assert not ask.asked


def test_an_own_pattern_that_asks_what_nobody_recorded_says_so():
    with pytest.raises(NotRecorded, match="only to what the nine ask"):
        asyncio.run(
            capstone.run_all(
                mlkit.connect(engine="replay"),
                capstone.read_prompts(capstone.example())[:1],
                False,
                {"mine": counts},
            )
        )
