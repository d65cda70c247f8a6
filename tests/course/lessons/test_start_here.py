"""The newer exercises of notebook 00 (widgets/test_lessons.py has the first), and its picture."""

import pytest
from course.lessons import start_here

from mlkit.ask import Failure, Member, Reply
from mlkit.trace import Call
from mlkit.widgets.lessons import check


def wall(calls):
    ends = {}
    for call in calls:
        ends[call.id] = max((ends[id] for id in call.after), default=0.0) + call.seconds
    return max(ends.values())


def wall_from_the_end(calls):
    by_id = {call.id: call for call in calls}

    def end(id):
        return by_id[id].seconds + max([0, *map(end, by_id[id].after)])

    return sorted(map(end, by_id))[-1]


@pytest.mark.parametrize("answer", [wall, wall_from_the_end])
def test_the_critical_path_passes(answer):
    assert start_here.wall_seconds(answer).passed


def in_rounds(calls):
    """All calls that need nothing, then all that need something, round by round."""
    rounds = {}
    for call in calls:
        rounds[call.id] = max((rounds[id] + 1 for id in call.after), default=0)
    return sum(
        max(call.seconds for call in calls if rounds[call.id] == number)
        for number in set(rounds.values())
    )


def end_of_the_last_asked(calls):
    ends = {}
    for call in calls:
        ends[call.id] = max((ends[id] for id in call.after), default=0.0) + call.seconds
    return ends[calls[-1].id]


def slowest_plus_last(calls):
    return max(call.seconds for call in calls[:-1]) + calls[-1].seconds


@pytest.mark.parametrize(
    "answer, hint",
    [
        (lambda calls: None, "Not written yet"),
        (lambda calls: ..., "Not written yet"),
        (lambda calls: "7 s", "it gave str"),
        (lambda calls: True, "it gave bool"),
        (lambda calls: sum(call.seconds for call in calls), "how long one machine takes"),
        (lambda calls: max(call.seconds for call in calls), "longest call alone"),
        (lambda calls: max(call.seconds for call in calls if not call.after), "is missing"),
        (lambda calls: calls[0].seconds + calls[-1].seconds, "not for the first one"),
        (
            lambda calls: min(call.seconds for call in calls) + calls[-1].seconds,
            "not for the quickest",
        ),
        (slowest_plus_last, "nothing runs together"),
        (end_of_the_last_asked, "the one that ends last"),
        (in_rounds, "a whole round"),
        (lambda calls: 7, "You get 7"),
    ],
)
def test_a_wrong_wall_time_gets_a_hint_that_names_what_is_wrong(answer, hint):
    verdict = start_here.wall_seconds(answer)
    assert not verdict.passed and hint in verdict.text


def test_an_answer_that_raises_is_told_so(capsys):
    check(start_here.wall_seconds, lambda calls: calls[99].seconds)
    assert "✗ Your code raised IndexError" in capsys.readouterr().out


# 100 tokens at $1 a million are $0.0001; an hour of 2-second runs holds 1,800 of them, which the
# host sells for $0.18.
judge = start_here.own_machine(
    tokens=100, busy_seconds=2.0, dollars_per_million=1.0, dollars_per_hour=0.15
)
RIGHT = {"always_busy": "machine", "half_idle": "host", "meet_at": 0.09}


@pytest.mark.parametrize(
    "answer",
    [RIGHT, {"meet_at": 1800 * 1e-4 / 2, "half_idle": "ho" + "st", "always_busy": "machine"}],
)
def test_the_right_judgement_passes(answer):
    assert judge(answer).passed


@pytest.mark.parametrize(
    "answer, hint",
    [
        (None, "Give a dictionary"),
        (..., "Give a dictionary"),
        ({"always_busy": "machine"}, "Give a dictionary"),
        (dict.fromkeys(RIGHT, ...), "Not judged yet"),
        (RIGHT | {"always_busy": "host"}, "seconds of one fit into it"),
        (RIGHT | {"always_busy": True}, "is none of 'machine', 'host'"),
        (RIGHT | {"half_idle": "machine"}, "works or waits"),
        (RIGHT | {"meet_at": "0.09"}, "it is str"),
        (RIGHT | {"meet_at": 0.18}, "works all the time"),
        (RIGHT | {"meet_at": 0.36}, "cost more, so its hour"),
        (RIGHT | {"meet_at": 0.000025}, "dollars for a second"),
        (RIGHT | {"meet_at": 1.0}, "do not cost the same"),
    ],
)
def test_a_wrong_judgement_gets_a_hint_that_names_what_is_wrong(answer, hint):
    verdict = judge(answer)
    assert not verdict.passed and hint in verdict.text


def test_the_judge_follows_what_was_measured():
    dear = start_here.own_machine(100, 2.0, 1.0, 0.50)
    assert dear({"always_busy": "host", "half_idle": "host", "meet_at": 0.09}).passed
    assert "seconds of one" in dear(RIGHT).text


MEMBER = Member("m")
CALLS = [
    Call(
        0,
        "answer",
        MEMBER,
        Reply("", MEMBER, prompt_tokens=60, output_tokens=40, load_seconds=9.0, output_seconds=3.6),
    )
]


def test_local_is_paid_by_the_second_and_hosted_by_the_token():
    costs = {cost.dollars_per_hour: cost for cost in start_here.cost_rows(CALLS, 0.5, 0.3)}
    assert costs[0.3].local == pytest.approx(1000 * 3.6 / 3600 * 0.3)
    assert costs[0.3].hosted == pytest.approx(1000 * 100 * 0.5 / 1e6)
    assert costs[0.0].local == 0


def test_a_call_that_failed_costs_its_seconds_and_no_tokens():
    failed = Call(1, "answer", MEMBER, Failure(TimeoutError(), seconds=2.0))
    costs = {cost.dollars_per_hour: cost for cost in start_here.cost_rows([*CALLS, failed], 0.5, 1)}
    assert costs[1].local == pytest.approx(1000 * 5.6 / 3600)
    assert costs[1].hosted == pytest.approx(1000 * 100 * 0.5 / 1e6)


def test_they_meet_where_both_cost_the_same():
    costs = start_here.cost_rows(CALLS, 0.5, 0.3)
    meet = start_here.break_even(costs)
    at_meet = next(
        cost for cost in start_here.cost_rows(CALLS, 0.5, meet) if cost.dollars_per_hour == meet
    )
    assert at_meet.local == pytest.approx(at_meet.hosted)


@pytest.mark.parametrize(
    "per_hour, verdict",
    [
        (2.0, "local costs more, 40 times as much"),
        (0.0, "local costs no more"),
        (0.05, "local costs no more"),
    ],
)
def test_the_reading_says_which_costs_more(per_hour, verdict):
    assert verdict in start_here.local_or_hosted(CALLS, "here", 0.5, per_hour).reading


def test_the_figure_marks_the_chosen_hour_on_both_lines():
    chart = start_here.local_or_hosted(CALLS, "here", 0.5, 0.75)
    local, hosted, chosen = chart.figure.data
    assert tuple(chosen.y) == (local.y[local.x.index(0.75)], hosted.y[hosted.x.index(0.75)])
