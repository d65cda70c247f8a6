"""Labels, votes and objects: found however they are dressed, refused where there is doubt."""

import json

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mlkit.ask import Member, Reply
from mlkit.errors import Unparsed
from mlkit.parsing import (
    FLOOR,
    label_in,
    most_likely,
    most_likely_or_none,
    number_in,
    object_in,
    plain,
    rows_in,
    without_thinking,
)

LABELS = ("code", "math", "creative", "general")
TOXIC = ("toxic", "non-toxic")
MEMBER = Member("m")

# Thinking


@pytest.mark.parametrize(
    "text, rest",
    [
        ("<think>code?</think>math", "math"),
        ("math<think>or code", "math"),
        ("is it code?</think>math", "math"),
        ("<think>a<think>b</think>c</think>math", "math"),
        ("<THINK>\ncode\n</Think>\nmath", "math"),
        ("<think>math", ""),
        ("math", "math"),
    ],
)
def test_thoughts_are_dropped_closed_or_not(text, rest):
    assert without_thinking(text).strip() == rest


@given(st.text(), st.lists(st.sampled_from(["<think>", "</think>", "x", " "])).map("".join))
def test_no_thought_and_no_tag_is_left(words, thoughts):
    assert "think>" not in without_thinking(thoughts).lower()
    assert without_thinking(f"<think>{thoughts.replace('<', '')}</think>{words}").strip() == (
        without_thinking(words).strip()
    )


def test_every_reader_drops_them_first():
    assert label_in("<think>code</think>math", LABELS) == "math"
    assert number_in("<think>12</think>13") == 13
    assert plain("<think>12</think>13") == "13"
    assert object_in('<think>{"a": 1}</think>{"a": 2}', "a") == ({"a": 2}, [])
    assert rows_in('<think>{"a": []}</think>{"a": [{"b": "c"}]}', "a", "b", 9)[0] == {1: {"b": "c"}}
    assert most_likely(Reply("<think>code</think>math", MEMBER), LABELS).label == "math"


# Labels


@pytest.mark.parametrize(
    "text, labels, label",
    [
        *((text, LABELS, "math") for text in ("math", "Math.", " MATH\n", "The label is: math")),
        *((text, LABELS, "math") for text in ("'math'", "**math**", "- math", "A) math", "«math»")),
        *((text, LABELS, "math") for text in ("math。", "„math“", "1. math", "__math__", "(math)")),
        ("c++", ("c", "c++"), "c++"),
        ("It is C++.", ("c", "c++"), "c++"),
        ("C", ("c", "c++"), "c"),
        ("non-toxic", TOXIC, "non-toxic"),
        ("It is non-toxic.", TOXIC, "non-toxic"),
        ("toxic", TOXIC, "toxic"),
        ("no refund", ("refund", "no refund"), "no refund"),
        ("no", ("yes", "no"), "no"),
        ("No, a refund.", ("refund", "order"), "refund"),
        ("答案是数学", ("数学", "代码"), "数学"),
        ("答案是math。", LABELS, "math"),
        ("答えは数学です", ("数学", "代码"), "数学"),
        ("환불입니다", ("환불", "주문"), "환불"),
        ("Это ВОЗВРАТ.", ("возврат", "заказ"), "возврат"),
        ("A", ("A", "B"), "A"),
        ("(a)", ("A", "B"), "A"),
        ("Answer: A", ("A", "B"), "A"),
        ("A is better.", ("A", "B"), "A"),
        ("No. It is a refund.", ("refund", "order"), "refund"),
        ("It is nothing but a refund.", ("refund", "order"), "refund"),
        ("No, it is not.", ("yes", "no"), "no"),
        ("No it is not", ("yes", "no"), "no"),
        ("数学です", ("数学", "代码"), "数学"),
        ("Refund (no receipt)", ("refund", "order"), "refund"),
        ("Refund – the parcel never arrived", ("refund", "order"), "refund"),
        ("4, I think", ("4", "5"), "4"),
    ],
)
def test_a_label_is_found_however_it_is_dressed(text, labels, label):
    assert label_in(text, labels) == label


@pytest.mark.parametrize(
    "text, labels",
    [
        *(
            (text, ("refund", "order"))
            for text in ("no refund", "not a refund", "Not really refund")
        ),
        *(
            (text, ("refund", "order"))
            for text in ("It isn't a refund", "no “refund”", "refund? No")
        ),
        *((text, ("refund", "order")) for text in ("a refund it is not", "order, not refund")),
        *((text, ("refund", "order")) for text in ("!= refund", "It is ≠ refund", "!=refund")),
        *((text, ("refund", "order")) for text in ("refund_request", "pre-refund", "refunds")),
        ("It is not about a refund.", ("refund", "order")),
        ("non-toxic", ("toxic", "safe")),
        ("non toxic", ("toxic", "safe")),
        ("c#", ("c", "c++")),
        ("不是数学", ("数学", "代码")),
        ("数学或代码", ("数学", "代码")),
        ("café", ("cafe", "bar")),
        ("cafe\u0301", ("cafe", "bar")),
        *(
            (text, ("A", "B"))
            for text in ("A refund", "A or B", "n/a", "N/A", "Q&A", "A's", "at 9 a.m.")
        ),
        ("1.5", ("1", "2")),
        *(
            (text, ("refund", "order"))
            for text in (
                "This is not, I think, a refund",
                "This is not in any way, shape or form a refund",
                "not: refund",
                "no: refund",
                "anything but refund",
                "everything except refund",
                "refund is wrong",
                "refund: false",
                "refund=no",
                "refund? nope",
                "refund? No, an invoice",
                "sin refund",
                "niet refund",
                "ikke refund",
                "aucun refund",
                "keinen refund",
                "nunca refund",
                "não refund",
                "refund değil",
                "refund can't be right",
                "refund must not be chosen",
                "refund would be wrong",
                "refund is the wrong label",
                "refund ist falsch",
                "refund (no)",
                "refund – no",
                "it isnt a refund",
                "Nobody wants a refund",
                '{"refund": false}',
            )
        ),
        ("1,000", ("1", "2")),
        ("1,2", ("1", "2")),
        ("数学は違います", ("数学", "代码")),
        ("не математика", ("математика", "код")),
        ("数学ではない", ("数学", "代码")),
        ("数学ではありません", ("数学", "代码")),
        ("수학이 아닙니다", ("수학", "코드")),
        ("ليس رياضيات", ("رياضيات", "برمجة")),
    ],
)
def test_a_label_that_is_denied_or_blurred_is_refused(text, labels):
    with pytest.raises(Unparsed):
        label_in(text, labels)


@pytest.mark.parametrize(
    "text, why",
    [("", "none"), ("poetry", "none"), ("mathematics", "none"), ("math or code", "code and math")],
)
def test_a_label_in_doubt_is_refused(text, why):
    with pytest.raises(Unparsed, match=why):
        label_in(text, LABELS)


WORDS = st.text(st.characters(categories=["L"]), min_size=1, max_size=9)
FRAMES = ("{}", "{}.", "- {}", "A) {}", "«{}»", "“{}”", "**{}**", "{}。", "Answer: {}", "\n{}\n")


@given(st.sampled_from(LABELS), st.sampled_from(FRAMES), st.sampled_from(FRAMES))
def test_dress_changes_neither_a_label_nor_a_vote(label, frame, other):
    assert label_in(frame.format(label.upper()), LABELS) == label
    assert plain(frame.format(label)) == plain(other.format(label.title())) == label


@given(
    st.sampled_from(LABELS),
    st.sampled_from(["no", "not", "not a", "never", "isn't", "without", "except"]),
    st.sampled_from([" ", ": ", " the ", " “", " really, truly ", ": well, "]),
)
def test_a_denied_label_is_never_read(label, denial, between):
    for text in (
        f"{denial}{between}{label}",
        f"It is {denial}{between}{label}.",
        f"{label}? {denial.split()[0]}",
    ):
        with pytest.raises(Unparsed):
            label_in(text, LABELS)


@given(st.lists(WORDS, max_size=3), st.sets(WORDS, min_size=1, max_size=4))
def test_any_text_gives_a_label_that_stands_in_it_or_unparsed(words, labels):
    try:
        label = label_in(" ".join(words), labels)
    except Unparsed:
        return
    assert label.casefold() in " ".join(words).casefold()


# The likeliest label


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
    cut_off = Reply("re", MEMBER, choices={"re": 0.9}, done_reason="length")
    with pytest.raises(Unparsed, match="rename"):
        most_likely(cut_off, ("repair", "refund"))
    assert most_likely_or_none(cut_off, ("repair", "refund")) == ("", 0, 0, True)
    for some in (0.01, 0.3):
        reply = Reply("repair", MEMBER, choices={"repair": 0.5, "re": some})
        assert most_likely(reply, ("repair", "refund")).label == "repair"
    reply = Reply("repair", MEMBER, choices={"repair": 0.4, "refund": 0.15, "re": 0.3})
    with pytest.raises(Unparsed, match="rename"):
        most_likely(reply, ("repair", "refund"))


@pytest.mark.parametrize(
    "text, labels",
    [
        ("c", ("c", "c++")),
        ("1", ("1", "10")),
        ("ab", ("ab", "abc")),
        ("No refund.", ("refund", "no refund")),
    ],
)
def test_a_text_that_is_a_label_counts_for_that_label_alone(text, labels):
    reply = Reply(text, MEMBER, choices={text.split()[0]: 0.95})
    assert most_likely(reply, labels)[1:3] == (1.0, 0.95)


@pytest.mark.parametrize("max_tokens_ended_it", [True, False])
def test_the_beginning_of_a_label_counts_where_the_text_was_cut_off_in_it(max_tokens_ended_it):
    done = "length" if max_tokens_ended_it else "stop"
    reply = Reply("refu", MEMBER, choices={"ref": 0.9}, done_reason=done)
    likely = most_likely_or_none(reply, ("refund", "order"))
    assert likely.label == ("refund" if max_tokens_ended_it else "")


@given(st.sampled_from(LABELS), st.integers(1, 8), st.booleans())
def test_a_word_that_begins_like_a_label_gives_it_nothing(label, length, cut_off):
    """Where the text goes on after it: it is a whole other word."""
    word = label[:length]
    done = "length" if cut_off else "stop"
    reply = Reply(f"{word.title()} more words", MEMBER, choices={word: 0.9}, done_reason=done)
    assert most_likely_or_none(reply, LABELS).label == (label if word == label else "")


def test_no_label_among_the_likeliest_words_is_refused():
    with pytest.raises(Unparsed, match="have 0% of the probability"):
        most_likely(Reply("I cannot", MEMBER, choices={"I": 0.9, "": 0.05}), LABELS)


@pytest.mark.parametrize(
    "text, choices, labels",
    [
        ("Answer B", {"Answer": 0.9, "A": 0.06, "B": 0.02}, ("A", "B")),
        ("mathematics", {"mathematics": 0.9, "code": 0.05}, LABELS),
        ("mathematics", {"math": 0.9, "code": 0.05}, LABELS),
        ("a refund", {"a": 0.7, "refund": 0.1}, ("advice", "refund")),
        ("reflection", {"ref": 0.8, "order": 0.1}, ("refund", "order")),
        ('"refund"', {'"': 0.8, "order": 0.1}, ("refund", "order")),
        ("In this case it is", {"In": 0.8, "refund": 0.1}, ("information", "refund")),
        ("No, it is spam", {"No": 0.7, "spam": 0.1}, ("spam", "normal")),
        ("or repair", {"or": 0.8, "repair": 0.1}, ("repair", "order")),
        ("ad hoc", {"ad": 0.5, "order": 0.1}, ("advice", "order")),
        ("For this message: spam", {"For": 0.8, "spam": 0.1}, ("formal", "spam")),
        ("A better one is B", {"A": 0.8, "B": 0.1}, ("A", "B")),
        ("Refund? No", {"Ref": 0.8, "order": 0.1}, ("refund", "order")),
    ],
)
def test_a_token_that_only_dresses_a_label_gives_nothing_to_another(text, choices, labels):
    likely = most_likely_or_none(Reply(text, MEMBER, choices=choices), labels)
    assert (likely.label, likely.certainty) == ("", 0.0)
    assert likely.mass == pytest.approx(sum(choices.values()) - max(choices.values()))


def test_a_beginning_that_was_not_taken_counts_for_its_label():
    reply = Reply("refund", MEMBER, choices={"ref": 0.5, "com": 0.3, "refund": 0.1})
    likely = most_likely(reply, ("refund", "complaint"))
    assert (likely.label, likely.mass) == ("refund", pytest.approx(0.9))


@given(st.floats(0, 1), st.floats(0, 1))
def test_below_the_floor_of_label_mass_there_is_no_label(one, other):
    choices = {"code": one / 2, "math": other / 2}
    likely = most_likely_or_none(Reply("code", MEMBER, choices=choices), LABELS)
    assert likely.measured and likely.mass == pytest.approx(one / 2 + other / 2)
    if abs(likely.mass - FLOOR) > 1e-6:
        assert bool(likely.label) == (likely.mass > FLOOR)


# Votes


@pytest.mark.parametrize(
    "text, answer",
    [
        *((text, "refund") for text in ("refund", "- refund", "A) refund", "«refund»", "refund。")),
        *(
            (text, "refund")
            for text in ("Refund!", "1. refund", "(b) Refund", "„refund“", "* refund")
        ),
        *((text, "refund") for text in ("2. refund", "a. refund", "10) refund", "B. Refund")),
        *(
            (text, "refund")
            for text in ("– refund", "◦ refund", "[refund]", "(refund)", "[Refund].")
        ),
        *((text, "refund") for text in ("**Answer:** refund", "**Answer**: refund", "1) (refund)")),
        *((text, "5") for text in ("A) 5", "(b) 5", "**Answer:** 5", "Answer: $5")),
        *((text, "refund") for text in ("Answer: - refund", r"\boxed{refund}", "「refund」")),
        *((text, "a") for text in ("A", "a", "A.", "A)", "(A)", "The answer is A", "Answer: A")),
        *((text, "-5") for text in ("-5", "−5", "-5.0", "−$5")),
        *((text, "0.5") for text in ("½", "1/2", ".5", "0,5", r"\frac{1}{2}")),
        ("12k", "12000"),
        ("- 5", "- 5"),  # a list's dash, or a minus
        ("- $5", "- $5"),
        ("- ½", "- ½"),
        ("- **5**", "- **5"),
        ("(12)", "(12)"),  # an accountant's minus
        ("1. 5", "1. 5"),
        ("3. Mai", "3. mai"),
        ("1. Juni", "1. juni"),
        ("1. maintenance", "maintenance"),  # which begins like a month
        ("1. decline", "decline"),
        ("12:30", "12:30"),
        ("c++", "c++"),
    ],
)
def test_equal_answers_are_one_vote(text, answer):
    assert plain(text) == answer


@given(st.text(max_size=40))
def test_what_is_plain_stays_plain(text):
    once = plain(text)
    assert once == once.strip() and "think>" not in once
    assert once or not any(character.isalnum() for character in without_thinking(text))


# Objects

PLAIN_OBJECTS = st.dictionaries(
    st.text(),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
        max_leaves=6,
    ),
    max_size=4,
).filter(lambda value: "think>" not in json.dumps(value).lower())
FENCED = "Sure {so}!\n```json\n%s\n```\nAnything else?"
AROUND = "What stands around the object is left out."


@given(PLAIN_OBJECTS, st.integers())
def test_an_object_is_found_in_fences_and_chatter(value, steps):
    value = value | {"steps": steps}
    assert object_in(json.dumps(value), "steps") == (value, [])
    assert object_in(FENCED % json.dumps(value), "steps") == (value, [AROUND])
    assert object_in(f"[{json.dumps({'plan': value})}]", "steps")[0] == value


@given(PLAIN_OBJECTS, PLAIN_OBJECTS)
def test_of_several_objects_the_last_with_the_key_is_read(one, other):
    one, other = (
        {name: value for name, value in each.items() if name != "a"} for each in (one, other)
    )
    text = f"{json.dumps({'a': 1})} {json.dumps(one)} {json.dumps({'a': 2})} {json.dumps(other)}"
    found, notes = object_in(text, "a")
    if not any(isinstance(each, dict | list) for value in (one, other) for each in value.values()):
        assert (found, notes) == ({"a": 2}, ['2 objects have "a"; the last is read.'])


@pytest.mark.parametrize(
    "text, found, note",
    [
        ('{"a": [1, 2,],}', {"a": [1, 2]}, "A comma before"),
        ('{"a": "x,]",}', {"a": "x,]"}, "A comma before"),
        ('{"a": "one\ntwo"}', {"a": "one\ntwo"}, "A line break"),
        ('{"a": "one\r\ntwo"}', {"a": "one\r\ntwo"}, "A line break"),
        ('{"a": "one\ttwo"}', {"a": "one\ttwo"}, "A line break"),
        ('Here: {"a": 1} Bye', {"a": 1}, "What stands around"),
        ('```json\n{"a": 1,}\n```', {"a": 1}, "A comma before"),
        ('{"b": 1} {"a": 2} {"a": 3}', {"a": 3}, "2 objects"),
    ],
)
def test_what_is_repaired_is_noted(text, found, note):
    value, notes = object_in(text, "a")
    assert value == found
    assert any(each.startswith(note) for each in notes)


def test_strict_json_is_not_repaired():
    text = json.dumps({"a": "a,]\n<b> ```json {,}"})
    assert object_in(text, "a") == (json.loads(text), [])


@pytest.mark.parametrize(
    "text, why",
    [
        ("", "no '{'"),
        ('{"a": 1', "delimiter"),
        ("[1, 2]", "no '{'"),
        ('{"b": 1}', 'none has "a"'),
        ('{"a": 1} {"a": ', "Expecting value"),
        ('{"a": 1}' * 100, "more than 99 braces"),
    ],
)
def test_what_is_no_object_is_refused(text, why):
    with pytest.raises(Unparsed, match=why):
        object_in(text, "a")


@pytest.mark.parametrize("text", ['{"a":' * 100 + "1" + "}" * 100, '{"a":' + "[" * 100_000])
def test_what_is_nested_too_deep_is_refused_on_every_python_alike(text):
    with pytest.raises(Unparsed, match="more than 99 deep"):
        object_in(f"Here: {text}", "a")
    assert object_in('{"a":' * 99 + "1" + "}" * 99, "a")


PIECES = (
    """{ } [ ] " : , \\ \\" \\u00e9 0 01 1 -2.5e3 . - true false null NaN é {"a": "k":
{} [] [{ }} ": "}" {" {"a":1} {"a":[{"b":"c"} <think> </think> \0 \x1f \u2028""".split()
    + [" ", "\n", "\t", "\r", "\xa0", "9" * 5000]
)


@given(st.lists(st.sampled_from(PIECES), max_size=40).map("".join))
@example('{"a":' + "9" * 5000 + "}")
def test_any_text_gives_an_object_with_the_key_or_unparsed(text):
    try:
        assert "a" in object_in(text, "a")[0]
    except Unparsed:
        pass


ROW = {"b": "c"}


@given(
    st.lists(st.text(st.characters(categories=["L", "P", "Z"]), min_size=1), max_size=5),
    st.sampled_from([[], {}, {"n": [1, {"m": "}"}]}, "f'{x}'", True, None, -1.5]),
    st.data(),
)
def test_of_a_list_that_is_cut_off_the_whole_rows_are_kept(texts, beside, data):
    """Wherever it is cut off: in a text, a brace in one, in a finished object of the last row."""
    texts = [text for text in texts if text.strip() and "think>" not in text]
    rows = [json.dumps({"c": beside, "b": text, "d": beside}) for text in texts]
    whole = json.dumps({"a": [json.loads(row) for row in rows]})
    cut = whole[: data.draw(st.integers(whole.index("[") + 1, len(whole) - 1))]
    ends = [whole.index("[") + 1 + len(", ".join(rows[:n])) for n in range(1, len(rows) + 1)]
    kept = sum(end <= len(cut) for end in ends)
    found, notes = rows_in(cut, "a", "b", 9)
    assert [row["b"] for row in found.values()] == [text.strip() for text in texts[:kept]]
    assert notes == [f"It is cut off; the {kept} whole a are kept."] if kept else notes


@pytest.mark.parametrize(
    "last",
    [
        """{"type":"math","prompt":"print(f'{x}') and then""",
        """{"type":"math","needs":{"n":1},"prompt":"b""",
        """{"type":"math","needs":[{}], """,
        """{"type":"math","ready":tru""",
        """{"prompt":"b\\u00""",
        """{"prompt":"b\\""",
    ],
)
def test_a_brace_in_the_step_that_is_cut_off_does_not_lose_those_before_it(last):
    rows, notes = rows_in('{"steps":[{"prompt":"a"},' + last, "steps", "prompt", 9)
    assert rows == {1: {"prompt": "a"}}
    assert notes == ["It is cut off; the 1 whole steps are kept."]


def test_a_list_that_is_broken_in_the_middle_is_refused():
    for broken in ('{"b" "d"}, {"b": "e"}]}', '{"b" "d"}]}', '{"b" 1}', '{"b": "c"e"}]}'):
        rows, notes = rows_in('{"a": [{"b": "c"}, ' + broken, "a", "b", 9)
        assert rows == {} and "delimiter" in notes[0]


def test_a_cut_off_list_is_not_passed_over_for_an_example_before_it():
    rows, _ = rows_in('{"a": [{"b": "example"}]} Now: {"a": [{"b": "c"}, {"b": "d', "a", "b", 9)
    assert rows == {1: ROW}
