"""Ways in their order, who keeps limits, what is gained, and own counts from lists and files."""

import asyncio
import tempfile
from math import isnan
from pathlib import Path

import numpy as np
import pytest
from course import capstone, ways
from course.ways import Limits, Way, read_counts
from hypothesis import given, settings
from hypothesis import strategies as st

from mlkit.measure.stats import difference
from mlkit.measure.tasks import TaskError
from mlkit.models import list_prices
from tests.course.test_capstone import ROW, Kit


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
    matrix = asyncio.run(capstone.run_all(Kit(ask), capstone.read_prompts([ROW]), progress=False))
    found = {way.pattern: way for way in ways.ways(matrix, list_prices())}
    assert next(iter(found)) == "single_model" and found["router"].calls == 2
    assert [way.calls for way in found.values()] == sorted(way.calls for way in found.values())
    assert found["single_model"] == Way(
        "single_model", 1, 1, pytest.approx(0.011), 2.0, 1.0, 1, (True,)
    )
    assert (
        found["voting"].seconds == 6
        and found["pipeline"].instructions == 3
        and found["voting"].instructions == 1
    )
    assert list(found).index("voting") < list(found).index(
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
    matrix = asyncio.run(
        capstone.run_all(Kit(split), capstone.read_prompts([ROW] * 3), progress=False)
    )
    calls = {way.pattern: way.calls for way in ways.ways(matrix, list_prices())}
    assert calls["consensus_ensemble"] == pytest.approx(10 / 3) and calls["pipeline"] == 3
    assert list(calls).index("consensus_ensemble") < list(calls).index(
        "pipeline"
    )  # fewer instructions


def test_limits_let_through_who_keeps_them_and_say_what_others_break():
    assert [way.pattern for way in ways.survivors(WAYS, LIMITS)] == ["router"] and ways.survivors(
        WAYS, Limits()
    ) == WAYS
    assert [ways.why_not(way, LIMITS) for way in WAYS] == [
        "30% right is less than 50%",
        "",
        "$0.40 per 1,000 is more than $0.10",
    ]
    assert (
        ways.why_not(WAYS[2], Limits(0.1, 1.5, 0.8))
        == "$0.40 per 1,000 is more than $0.10; 2.0 s is more than 1.5 s; 70% right is less"
        " than 80%"
    )
    assert ways.why_not(way("on the edge", 5, 0.1, 3.0), LIMITS) == ""
    # Shown with as few digits as here, both numbers would be the same.
    assert (
        ways.why_not(way("just beyond", 3, 0.501, 12.04), Limits(0.5, 12.0, 0.304))
        == "a little more than $0.50 per 1,000; a little more than 12.0 s; a little less than 30%"
        " right"
    )
    assert (
        str(LIMITS) == "at most $0.10 per 1,000 prompts, at most 3.0 s a prompt, at least 50% right"
        and str(Limits()) == "none"
    )


def test_wall_seconds_take_the_place_of_work_seconds_where_there_are_some(scripted):
    matrix = asyncio.run(
        capstone.run_all(Kit(scripted({"": "27"})), capstone.read_prompts([ROW]), progress=False)
    )
    clock = {"router": np.array([2.0, 5.0])}
    found = {way.pattern: way for way in ways.ways(matrix, list_prices(), clock)}
    assert found["router"].seconds == 3.5 and isnan(found["voting"].seconds)
    assert found["router"].spread == pytest.approx(1.5 / 3.5)


def test_one_model_is_what_the_others_must_beat_or_the_first():
    assert ways.baseline(WAYS[::-1]) == WAYS[0] and ways.baseline(WAYS[1:]) == WAYS[1]


def test_a_gain_is_paired_where_the_grades_are_known_and_wider_from_counts():
    paired = ways.gain(WAYS[1], WAYS[0])
    assert paired == difference(WAYS[1].grades, WAYS[0].grades)
    counts = ways.gain(WAYS[1]._replace(grades=()), WAYS[0])
    assert counts.mean == paired.mean and counts.low < paired.low and counts.high > paired.high


def test_a_gain_from_counts_is_newcombes():
    # Newcombe 1998, table II, (a): 56/70 - 48/80
    gain = ways.gain(Way("a", 56, 70, 0, 0), Way("b", 48, 80, 0, 0))
    assert gain[:3] == pytest.approx((0.2, 0.0524, 0.3339), abs=5e-5) and gain.n == 70


@pytest.mark.parametrize(
    "mine, other, words",
    [
        ("1111111111", "0000000000", "clearly better"),
        ("0000000000", "1111111111", "clearly worse"),
        ("1110000000", "1110000000", "right on the same prompts"),
        ("1111000000", "0111000000", "the interval holds 0, so no difference is shown"),
        ("1111000000", "1011100000", "the interval holds 0, so no difference is shown"),
    ],
)
def test_a_gain_is_told_in_words_that_fit_its_interval(mine, other, words):
    one, two = ([grade == "1" for grade in grades] for grades in (mine, other))
    assert ways.told(difference(one, two)).endswith(f": {words}")


# Own counts

HEAD = "way,right,of,dollars,seconds\n"
ONE = Way("one", 60, 96, 0.076, 1.6)


def csv(tmp_path: Path, text: str, encoding: str = "utf-8") -> Path:
    file = tmp_path / "counts.csv"
    file.write_bytes(text.encode(encoding))
    return file


def counts_of(file: Path) -> list[tuple]:
    return [way[:5] for way in read_counts(file)]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize(
    "text",
    [
        HEAD + "one,60,96,0.076,1.6\n",
        "note;Way; right ;OF;dollars;seconds\r\nmine;one;60;96;0,076;1,6\r\n;;;;;\r\n",
        "way\tright\tof\tdollars\tseconds\none\t60\t96\t$0.076\t1,6\n",
        HEAD + 'one,60,96,"0,076","1,6"\n',
        "sep=;\n" + HEAD.replace(",", ";") + " one ;60,0;96;0,076;1.6\n",
    ],
)
def test_what_spreadsheets_write_is_read(tmp_path, text, encoding):
    assert counts_of(csv(tmp_path, text, encoding)) == [ONE[:5]]


def test_counts_can_be_typed_in_and_go_in_the_order_in_which_they_stand():
    typed = read_counts([("zwei", 2, 3, 1, 0), dict(zip(ways.COLUMNS, ONE[:5], strict=True))])
    assert [way[:5] for way in typed] == [("zwei", 2, 3, 1.0, 0.0), ONE[:5]]
    assert isnan(typed[0].calls) and typed[0].grades == ()
    assert ways.survivors(typed, Limits(least=0.6)) == typed


@pytest.mark.parametrize(
    "row, words",
    [
        ("one,60,96,0,076,1.6", "it has more cells than the first line. Put a cell that holds a"),
        ("one,97,96,1,1", "right is '97'. Write a whole number from 0 to 96"),
        ("one,-1,96,1,1", "right is '-1'"),
        ("one,6.5,96,1,1", "right is '6.5'"),
        ("one,60,0,1,1", "of is '0'. Write a whole number from 1"),
        ("one,sixty,96,1,1", "right is 'sixty'"),
        ("one,60,96,cheap,1", "dollars is 'cheap'. Write a number from 0 on, as 0.25 or 0,25"),
        ("one,60,96,-1,1", "dollars is '-1'"),
        ("one,60,96,1,", "seconds is ''"),
        ("one,60,96,0,076", "seconds is '076'"),
        ('one,60,96,"1,234",1', "dollars is '1,234', which may be 1234 or 1.234"),
        ("one,60,96,inf,1", "dollars is 'inf'"),
        (" ,60,96,1,1", "way is ' '. Write a name there"),
        ("zero,60,96,1,1", "'zero' stands there twice"),
        ('"one,60,96,1,1', "unexpected end of data"),
    ],
)
def test_what_is_wrong_in_a_line_is_told_with_the_line(tmp_path, row, words):
    file = csv(tmp_path, f"{HEAD}zero,1,2,0.1,1\n\n{row}\n")
    with pytest.raises(TaskError) as error:
        read_counts(file)
    assert str(error.value).startswith("counts.csv, line 4: ") and words in str(error.value)


@pytest.mark.parametrize(
    "counts, words",
    [
        ([], "0 ways in the list; give 1 to 20"),
        ([(f"way {n}", 1, 2, 1, 1) for n in range(21)], "21 ways in the list"),
        ([("one", 1, 2, 1)], "row 1: it is ('one', 1, 2, 1); wanted is (way, right, of"),
        (["one"], "row 1: it is 'one'"),
        ([{"way": "one"}], "row 1: found 'way'; wanted are way, right, of, dollars and seconds."),
        ([("one", True, 2, 1, 1)], "row 1: right is True"),
        ([("one", 1, 2, None, 1)], "row 1: dollars is None"),
        ([("one", 1, 2, float("nan"), 1)], "row 1: dollars is nan"),
        ([("one", 1, 10**400, 1, 1)], "row 1: of is 1000"),
        ([(None, 1, 2, 1, 1)], "row 1: way is None"),
        (None, "None holds no counts"),
        (b"x", "b'x' holds no counts"),
        (5, "5 holds no counts"),
    ],
)
def test_what_is_wrong_in_a_list_is_told_with_its_row(counts, words):
    with pytest.raises(TaskError) as error:
        read_counts(counts)
    assert words in str(error.value)


def test_a_file_that_is_not_there_or_no_text_is_told(tmp_path):
    with pytest.raises(TaskError, match="^There is no file"):
        read_counts(tmp_path / "none.csv")
    with pytest.raises(TaskError, match="is no text in UTF-8 or UTF-16. Save it .* CSV UTF-8"):
        read_counts(csv(tmp_path, HEAD + "für,60,96,1,1\n", "latin-1"))
    with pytest.raises(TaskError, match="^counts.csv, line 1: found .*Missing: seconds."):
        read_counts(csv(tmp_path, "way,right,of,dollars\none,60,96,1\n"))


@given(
    st.binary(max_size=80)
    | st.lists(st.text(',;\t"\n=|9.s- ') | st.just("one,6,9,1,2\n")).map(
        lambda texts: (HEAD + "".join(texts)).encode()
    )
)
@settings(max_examples=300)
def test_any_file_is_ways_or_a_task_error(data):
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "counts.csv"
        file.write_bytes(data)
        try:
            found = read_counts(file)
        except TaskError:
            return
        assert all(0 <= way.right <= way.of and way.seconds >= 0 for way in found)
