import pytest

from mlkit.ask import Failure, Member, Reply
from mlkit.charts import local_or_hosted
from mlkit.trace import Call

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
    costs = {cost.dollars_per_hour: cost for cost in local_or_hosted.rows(CALLS, 0.5, 0.3)}
    assert costs[0.3].local == pytest.approx(1000 * 3.6 / 3600 * 0.3)
    assert costs[0.3].hosted == pytest.approx(1000 * 100 * 0.5 / 1e6)
    assert costs[0.0].local == 0


def test_a_call_that_failed_costs_its_seconds_and_no_tokens():
    failed = Call(1, "answer", MEMBER, Failure(TimeoutError(), seconds=2.0))
    costs = {cost.dollars_per_hour: cost for cost in local_or_hosted.rows([*CALLS, failed], 0.5, 1)}
    assert costs[1].local == pytest.approx(1000 * 5.6 / 3600)
    assert costs[1].hosted == pytest.approx(1000 * 100 * 0.5 / 1e6)


def test_they_meet_where_both_cost_the_same():
    costs = local_or_hosted.rows(CALLS, 0.5, 0.3)
    meet = local_or_hosted.break_even(costs)
    at_meet = next(
        cost for cost in local_or_hosted.rows(CALLS, 0.5, meet) if cost.dollars_per_hour == meet
    )
    assert at_meet.local == pytest.approx(at_meet.hosted)


@pytest.mark.parametrize(
    "per_hour, verdict",
    [
        (2.0, "local is dearer, 40 times as much"),
        (0.0, "local is not dearer"),
        (0.05, "local is not dearer"),
    ],
)
def test_the_reading_says_which_is_dearer(per_hour, verdict):
    assert verdict in local_or_hosted.chart(CALLS, "here", 0.5, per_hour).reading


def test_the_figure_marks_the_chosen_hour_on_both_lines():
    chart = local_or_hosted.chart(CALLS, "here", 0.5, 0.75)
    local, hosted, chosen = chart.figure.data
    assert tuple(chosen.y) == (local.y[local.x.index(0.75)], hosted.y[hosted.x.index(0.75)])
