import json
import math
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mlkit.ask import Member, Reply
from mlkit.errors import Unparsed
from mlkit.parsing import label_in, most_likely, number_in, object_in

LABELS = ("code", "math", "creative", "general")
MEMBER = Member("m")


@pytest.mark.parametrize(
    "text", ["math", "Math.", " MATH\n", "The label is: math", "'math'", "**math**"]
)
def test_a_label_is_found_however_it_is_dressed(text):
    assert label_in(text, LABELS) == "math"


@pytest.mark.parametrize(
    "text, why",
    [("", "none"), ("poetry", "none"), ("mathematics", "none"), ("math or code", "code and math")],
)
def test_a_label_in_doubt_is_refused(text, why):
    with pytest.raises(Unparsed, match=why):
        label_in(text, LABELS)


@pytest.mark.parametrize(
    "text",
    [
        "42",
        "42.",
        "42.0",
        "The answer is 42",
        "$42",
        "3 x 4 = 12, and 30 more.\nTotal: 42",
        "First 12. Then 30. That makes 42.",
        r"of 6 services is \boxed{42}.",
        "6 at 7. Answer: 42 dollars",
        "42 is right. Yes, 42.",
    ],
)
def test_a_number_is_found_however_it_is_written(text):
    assert number_in(text) == 42


@pytest.mark.parametrize(
    "text, number",
    [("1,234.50", 1234.5), ("-3", -3), (".5", 0.5), ("2e3", 2000), ("$1,000,000", 1e6)],
)
def test_numbers_keep_their_value(text, number):
    assert number_in(text) == number


@pytest.mark.parametrize(
    "text, why", [("", "none"), ("forty-two", "none"), ("the answer is 12 or 13", "12, 13 compete")]
)
def test_a_number_in_doubt_is_refused(text, why):
    with pytest.raises(Unparsed, match=why):
        number_in(text)


@given(st.floats(allow_nan=False, allow_infinity=False, width=32))
def test_any_number_python_writes_is_read_back(number):
    assert math.isclose(number_in(f"Answer: {number!r}"), number)


json_objects = st.dictionaries(
    st.text(),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    ),
)


@given(json_objects)
def test_an_object_is_found_in_fences_and_chatter(value):
    assert object_in(f"Sure!\n```json\n{json.dumps(value)}\n```\nAnything else?") == value


@pytest.mark.parametrize(
    "text, why", [("", "no '{'"), ('{"a": 1', "delimiter"), ("[1, 2]", "no '{'")]
)
def test_what_is_no_object_is_refused(text, why):
    with pytest.raises(Unparsed, match=why):
        object_in(text)


def first_object(text):
    """What object_in gives, written as plainly as can be: try each brace in turn. Slow."""
    problem = "there is no '{'"
    for start in (n for n, character in enumerate(text) if character == "{"):
        try:
            return json.JSONDecoder().raw_decode(text, start)[0]
        except ValueError as error:
            problem = str(error)
    return problem


PIECES = (
    """{ } [ ] " : , \\ \\" \\u00e9 0 01 1 -2.5e3 . - true false null NaN -Infinity a é {"a": "k":
{} [] [{ }} ": "}" {" "{" \0 \x1f \u2028""".split()
    + [" ", "\n", "\t", "\r", "\xa0"]
)


@given(st.lists(st.sampled_from(PIECES), max_size=40).map("".join))
@settings(max_examples=1000)
def test_it_is_the_first_brace_from_which_json_can_be_read(text):
    expected = first_object(text)
    if isinstance(expected, dict):
        assert repr(object_in(text)) == repr(expected)  # repr: nan is not nan
    else:
        with pytest.raises(Unparsed) as refused:
            object_in(text)
        assert expected in str(refused.value)


def test_a_megabyte_of_braces_is_refused_at_once():
    started = time.perf_counter()
    with pytest.raises(Unparsed, match="property name"):
        object_in("{" * 1_000_000)
    assert time.perf_counter() - started < 3  # .02 s; with each brace tried, 12 s


def test_many_numbers_are_refused_in_few_words():
    with pytest.raises(Unparsed, match="0, 1, 2, 3, 4, 5, 6, 7, 8 compete") as refused:
        number_in(" ".join(map(str, range(1000))))
    assert len(str(refused.value)) < 300


@pytest.mark.parametrize("text", ['{"a":' * 100 + "1" + "}" * 100, '{"a":' + "[" * 100_000])
def test_what_is_nested_too_deep_is_refused_on_every_python_alike(text):
    with pytest.raises(Unparsed, match="more than 99 deep"):
        object_in(f"Here: {text}")
    assert object_in(text[5:-1] if text.endswith("}") else "{}") is not None


def test_the_likeliest_label_counts_all_its_spellings():
    reply = Reply(
        "math", MEMBER, choices={"code": 0.3, "math": 0.25, "Math": 0.2, " math": 0.05, "the": 0.1}
    )
    label, confidence, mass, measured = most_likely(reply, LABELS)
    assert (label, measured) == ("math", True)
    assert confidence == pytest.approx(0.5 / 0.8)
    assert mass == pytest.approx(0.8)


def test_without_probabilities_the_text_decides_and_says_so():
    assert most_likely(Reply("Math.", MEMBER), LABELS) == ("math", 1.0, 1.0, False)


def test_labels_that_begin_alike_are_refused_if_it_matters():
    with pytest.raises(ValueError, match="rename"):
        most_likely(Reply("re", MEMBER, choices={"re": 0.9}), ("repair", "refund"))
    assert (
        most_likely(
            Reply("repair", MEMBER, choices={"repair": 0.9, "re": 0.01}), ("repair", "refund")
        ).label
        == "repair"
    )


def test_no_label_among_the_likeliest_words_is_refused():
    with pytest.raises(Unparsed, match="none is among"):
        most_likely(Reply("I cannot", MEMBER, choices={"I": 0.9, "": 0.05}), LABELS)
