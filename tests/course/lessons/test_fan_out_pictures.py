"""The pictures of notebook 04: two models on one machine, and the best of n."""

import pytest
from course import timings
from course.lessons import fan_out_pictures as pictures

from mlkit.ask import Failure, Member, Reply
from mlkit.charts.look import MEMBERS
from mlkit.errors import EngineError
from mlkit.trace import Call

COUNTS = {"large": [0, 5, 2], "small": [0, 0, 1]}


def asked_at_once(*read):
    member = Member("m")
    replies = [Reply("", member, prompt_seconds=one, output_seconds=1.0) for one in read]
    return [Call(n, "sample", member, reply) for n, reply in enumerate(replies)]


def test_each_server_reads_the_prompt_once_as_long_as_the_slowest_did():
    calls = asked_at_once(0.8, 0.1, 0.1)
    calls.append(Call(3, "sample", Member("m"), Failure(EngineError("late"), 0.5)))
    for servers, read in ((1, [0.8, 0.1, 0.1]), (2, [0.8, 0.8, 0.1]), (4, [0.8, 0.8, 0.8])):
        told = pictures.read_by_each(calls, servers)
        assert [call.reply.prompt_seconds for call in told[:3]] == read
        assert told[3] == calls[3]
    draw = pictures.when(calls[:3], "here")
    assert draw(1).reading.startswith("3 calls: 4.0 s, ")  # 0.8 + 0.1 + 0.1 + 3
    assert draw(3).reading.startswith("3 calls: 1.8 s, ")
    assert pictures.read_by_each([], 2) == []


def test_each_way_of_sharing_has_the_median_of_its_repeats(monkeypatch):
    timed = [
        timings.Shared(n, way, seconds, 64)
        for way, all_seconds in (("in turn", (2, 3, 1)), ("at once", (40, 20, 90)), ("one", (1,)))
        for n, seconds in enumerate(all_seconds)
    ]
    header = timings.load_lanes()[0]
    monkeypatch.setattr(timings, "load_lanes", lambda: (header, timed))
    chart = pictures.lanes()
    assert chart.rows[:2] == [("in turn", 2, 1, 3), ("at once", 40, 20, 90)]
    assert chart.reading == (
        "Both models at once: 20 times as long as one after the other; with one thread each: 0.5"
        " times"
    )


def test_every_repeat_is_a_point_on_an_axis_of_times_and_its_machine_is_named():
    figure = pictures.lanes().figure
    assert len(figure.data[0].x) == len(timings.load_lanes()[1])
    assert figure.layout.xaxis.type == "log" and max(figure.data[0].x) < 100
    assert "2 cores" in figure.layout.annotations[0].text.replace("<br>", " ")


def test_the_best_of_n_is_the_mean_over_texts_for_each_model():
    rows = pictures.best_rows(COUNTS)
    assert [(row.model, row.samples) for row in rows[4:6]] == [("large", 5), ("small", 1)]
    two, five, one = rows[1], rows[4], rows[5]
    assert two.share_right == pytest.approx((0 + 1 + 0.7) / 3)
    assert five.share_right == pytest.approx(2 / 3)
    assert one.share_right == pytest.approx(0.2 / 3)
    assert all(row.low <= row.share_right <= row.high for row in rows)


def test_the_chosen_number_is_larger_and_alone_has_an_interval():
    chart = pictures.best_of(COUNTS, 0.4, "here")(2)
    large, small = chart.figure.data
    assert (large.line.color, small.line.color) == (MEMBERS["large"], MEMBERS["small"])
    assert list(large.marker.size) == [7, 14, 7, 7, 7]
    known = [share for share in large.error_y.array if share == share]
    assert known == [pytest.approx(chart.rows[1].high - chart.rows[1].share_right)]
    assert list(small.x) == pytest.approx([1.07, 2.07, 3.07, 4.07, 5.07])
    (line,) = chart.figure.layout.shapes
    assert line.y0 == 0.4 and "one answer of large 40%" in str(chart.figure.layout.annotations)
    assert chart.reading == (
        "The best of 2 by a checker: large 57%, small 13% right; one by chance: large 47%, small 7%"
    )
