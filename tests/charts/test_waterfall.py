import pytest

from mlkit.ask import Failure, Member, Reply
from mlkit.charts import waterfall
from mlkit.models import Price
from mlkit.trace import Call

MEMBER = Member("m", name="small")


def call(number: int, role: str, output_seconds: float, after=(), **times: float) -> Call:
    reply = Reply(
        "", MEMBER, prompt_tokens=10, output_tokens=5, output_seconds=output_seconds, **times
    )
    return Call(number, role, MEMBER, reply, frozenset(after))


CALLS = [
    call(0, "first", 2.0, load_seconds=1.0),
    call(1, "second", 3.0, prompt_seconds=0.5),
    call(2, "last", 1.0, after=(0, 1)),
]


def test_on_one_server_calls_queue_and_end_after_the_sum():
    bars = waterfall.rows(CALLS, servers=1)
    assert [(bar.call, bar.phase, bar.start_seconds, bar.seconds) for bar in bars] == [
        ("1  first", "load", 0, 1),
        ("1  first", "output", 1, 2),
        ("2  second", "queue", 0, 3),
        ("2  second", "prompt", 3, 0.5),
        ("2  second", "output", 3.5, 3),
        ("3  last", "output", 6.5, 1),
    ]


def test_on_two_servers_nothing_queues():
    bars = waterfall.rows(CALLS, servers=2)
    assert "queue" not in {bar.phase for bar in bars}
    assert max(bar.start_seconds + bar.seconds for bar in bars) == 4.5


def test_waiting_at_a_server_is_drawn_and_holds_up_who_comes_after():
    waited = [call(0, "first", 2.0, server_queue_seconds=4.0), call(1, "next", 1.0, after=(0,))]
    bars = waterfall.rows(waited, servers=1)
    assert [(bar.call, bar.phase, bar.start_seconds, bar.seconds) for bar in bars] == [
        ("1  first", "queue", 0, 4),
        ("1  first", "output", 4, 2),
        ("2  next", "output", 6, 1),
    ]
    assert sum(one.seconds for one in waited) == 3  # work is what servers do


def test_a_failed_call_is_drawn_with_the_time_it_took():
    failed = Call(0, "vote 1", MEMBER, Failure(RuntimeError("gone"), 4.0))
    assert waterfall.rows([failed], servers=1) == [("1  vote 1", "failed", 0, 4.0, 0)]


def test_the_figure_draws_every_bar_where_the_rows_say():
    bars = waterfall.rows(CALLS, servers=1)
    figure = waterfall.chart(CALLS, "here", {"m": Price(1.0, 2.0)}).figure
    drawn = [
        (trace.y[i], trace.base[i], trace.x[i])
        for trace in figure.data
        for i in range(len(trace.x))
    ]
    assert sorted(drawn) == sorted((bar.call, bar.start_seconds, bar.seconds) for bar in bars)
    assert figure.layout.annotations[0].text == "Source: here"


def test_the_title_tells_wall_time_cost_and_where_most_time_went():
    chart = waterfall.chart(CALLS, "here", {"m": Price(1.0, 2.0)}, servers=1)
    assert chart.reading == (
        "3 calls: 7.5 s, $0.06 per 1,000 prompts; 80% of the models' time went to writing the"
        " answer"
    )
    assert "".join(chart.figure.layout.title.text.split("<br>")).replace("&#36;", "$").replace(
        " ", ""
    ) == chart.reading.replace(" ", "")


def test_nothing_asked_makes_a_chart_that_says_so():
    figure = waterfall.chart([], "here", {}).figure
    assert "Nothing was asked" in figure.layout.title.text


@pytest.mark.parametrize("role", ["<b>bold</b>", "$x$ and $y$"])
def test_names_are_shown_as_text_never_as_html_or_latex(role):
    figure = waterfall.chart([call(0, role, 1.0)], "here", {"m": Price(1.0, 2.0)}).figure
    assert "<b>" not in figure.to_json() and "$x$" not in figure.to_json()


def test_thinking_is_drawn_as_its_estimated_share_of_the_writing():
    thought = call(0, "answer", 5.0, thinking="hm", thinking_tokens=2)
    bars = waterfall.rows([thought], servers=1)
    assert [(bar.phase, bar.start_seconds, bar.seconds, bar.tokens) for bar in bars] == [
        ("thinking", 0, 2.0, 2),
        ("output", 2.0, 3.0, 3),
    ]
    names = [
        trace.name for trace in waterfall.chart([thought], "here", {"m": Price(1, 2)}).figure.data
    ]
    assert names == ["thinking (estimated)", "writing the answer"]
