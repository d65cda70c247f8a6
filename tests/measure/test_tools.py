"""Tools: what they find and compute, and that no text makes them do anything else."""

import time
import warnings
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlkit.measure.tools import ToolError, arithmetic, python_expression, search

HANDBOOK = [
    "Inner tubes cost $6 each, tyres $32 and chains $24.",
    "Members of the club get 10% off parts.",
    "Helmets can be returned within 14 days, all else within 30.",
]


@pytest.fixture(scope="module")
def find(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], str]:
    file = tmp_path_factory.mktemp("shop") / "handbook.md"
    file.write_text("\n\n".join(HANDBOOK) + "\n\n  \n")
    return search(file)


@pytest.mark.parametrize(
    ("query", "paragraph"),
    [("price of a tyre", 0), ("how long to return a helmet", 2), ("club member", 1), ("CHAIN", 0)],
)
def test_search_finds_the_paragraph(find: Callable[[str], str], query: str, paragraph: int) -> None:
    assert find(query) == HANDBOOK[paragraph]


@pytest.mark.parametrize("query", ["", "zebra", "the of a", "?!"])
def test_search_says_when_nothing_fits(find: Callable[[str], str], query: str) -> None:
    with pytest.raises(ToolError, match="Nothing in the handbook fits"):
        find(query)


@pytest.mark.parametrize("handbook", ["", "\n\n  ", "the of"])
def test_an_empty_handbook_is_refused(tmp_path: Path, handbook: str) -> None:
    (tmp_path / "handbook.md").write_text(handbook)
    with pytest.raises(ValueError, match=r"handbook\.md has no paragraphs"):
        search(tmp_path / "handbook.md")


@given(st.text(max_size=50))
def test_search_survives_any_query(find: Callable[[str], str], query: str) -> None:
    try:
        assert find(query)
    except ToolError:
        pass


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("3*5 + 2*20", "55"),
        ("60 * 0.9", "54"),
        ("`$4 × 3`", "12"),
        ("7 // 2 + 7 % 2", "4"),
        ("min(3, 2) + max(1, 2) - abs(-1)", "3"),
        ("2**10", "1024"),
        ("round(2.567, 1)", "2.6"),
        ("0.1 + 0.2", "0.3"),
        ("-5", "-5"),
        ("55 =", "55"),
        ("10 ÷ 4", "2.5"),
        ("5 − 7", "-2"),
        ("€4 × £3", "12"),
        ("-$5", "-5"),
        ("1_000 * 2", "2000"),
        ("<think>7 * 7</think>6 * 7", "42"),
    ],
)
def test_arithmetic(expression: str, value: str) -> None:
    assert arithmetic(expression) == value


@pytest.mark.parametrize(
    "expression",
    [
        "",
        "the total",
        "x + 1",
        "1/0",
        "1,200 * 2",
        "[1] * 9",
        "'a' * 999999999",
        'f"{1:>999999999}"',
        '"%999999999d" % 1',
        "True",
        "nan",
        "1j",
        "__import__('os').system('true')",
        "(1).__class__.__bases__",
        "lambda: 1",
        "open('x')",
        "print(1)",
        "max(range(9))",
        "eval('1')",
        "2**101",
        "9**9**9**9",
        "(((2**99)**99)**99)",
        "(-1)**0.5",
        "1e300 * 1e300",
        "1 << 10",
        "round(5, -10**9)",
        "9" * 201,
        "+".join(90 * "1"),
        "a = 1",
        "1; 2",
        "1\n2",
        "(" * 190,
        "5%",
        "15% of 60",
        "<think>1 + 1",
        "5$3",
        "1,5",
        "12k",
        "½",
    ],
)
def test_anything_else_is_refused_at_once_in_words(expression: str) -> None:
    started = time.perf_counter()
    with pytest.raises(ToolError):
        arithmetic(expression)
    assert (
        time.perf_counter() - started < 1.0
    )  # the loosest limit that still catches a power or a round that runs away


@given(st.text(alphabet="0123456789+-*/%().,e minroudabsx", max_size=40))
def test_any_text_gives_a_number_or_a_tool_error(text: str) -> None:
    try:
        float(arithmetic(text))
    except ToolError:
        pass


@pytest.mark.parametrize("code", ["1if n else 2", r"'\d' == n", "1if 1else 2", "0x1for n"])
def test_what_a_model_spells_oddly_warns_nobody(code: str) -> None:
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        for work_out in (lambda: python_expression(code)({"n": 1}), lambda: arithmetic(code)):
            try:
                work_out()
            except ToolError:
                continue
    assert warned == []


def test_an_oddly_spelled_expression_still_has_its_value() -> None:
    assert python_expression("1if n else 2")({"n": 0}) == 2
