"""Notebook 00: its newer exercises (widgets/test_lessons.py has the first), its picture, and what
its text says of the recordings.
"""

import asyncio
import re
from typing import Any

import nbformat
import pytest
from course import record
from course.lessons import start_here

import mlkit
from mlkit import paths
from mlkit.ask import Failure, Member, Reply
from mlkit.engines.recordings import load_file
from mlkit.schedule import schedule
from mlkit.trace import Call
from mlkit.widgets.lessons import check
from tests.widgets.test_settings import executed


def wall(calls):
    ends = {}
    for call in calls:
        ends[call.id] = max((ends[number] for number in call.after), default=0.0) + call.seconds
    return max(ends.values())


def wall_from_the_end(calls):
    by_id = {call.id: call for call in calls}

    def end(number):
        return by_id[number].seconds + max([0, *map(end, by_id[number].after)])

    return sorted(map(end, by_id))[-1]


@pytest.mark.parametrize("answer", [wall, wall_from_the_end])
def test_the_critical_path_passes(answer):
    assert start_here.wall_seconds(answer).passed


def in_rounds(calls):
    """All calls that need nothing, then all that need something, round by round."""
    rounds = {}
    for call in calls:
        rounds[call.id] = max((rounds[number] + 1 for number in call.after), default=0)
    return sum(
        max(call.seconds for call in calls if rounds[call.id] == number)
        for number in set(rounds.values())
    )


def end_of_the_last_asked(calls):
    ends = {}
    for call in calls:
        ends[call.id] = max((ends[number] for number in call.after), default=0.0) + call.seconds
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
        (lambda calls: sum(call.seconds for call in calls), "how long one server takes"),
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


@pytest.mark.parametrize("per_million", [0.05, 0.5, 1.5])
@pytest.mark.parametrize("per_hour", [0.001, 0.3, 2.0])
def test_they_meet_where_both_cost_the_same_and_the_picture_shows_it(per_million, per_hour):
    meet = start_here.meeting(CALLS, per_million)
    costs = start_here.cost_rows(CALLS, per_million, per_hour)
    (at_meet,) = [cost for cost in costs if cost.dollars_per_hour == meet]
    assert at_meet.local == pytest.approx(at_meet.hosted)
    assert costs[-1].dollars_per_hour == 2 * max(meet, per_hour)


@pytest.mark.parametrize("seconds", [0.02, 0.3, 3.6, 360.0])
@pytest.mark.parametrize("per_million", [0.05, 0.1, 1.5])
def test_the_slider_reaches_the_hour_at_which_both_meet_on_any_machine(seconds, per_million):
    reply = Reply("", MEMBER, prompt_tokens=60, output_tokens=40, output_seconds=seconds)
    calls = [Call(0, "answer", MEMBER, reply)]
    control = start_here.hour_slider(calls, 1.5)
    assert control.value == 0.05 and control.max >= 0.1
    assert control.max + 1e-9 >= start_here.meeting(calls, per_million)


@pytest.mark.parametrize(
    "per_hour, verdict",
    [
        (2.0, "local costs 40 times as much; they meet at $0.05 an hour"),
        (0.05, "local costs no more; they meet at $0.05 an hour"),
        (0.001, "local costs no more"),
    ],
)
def test_the_reading_says_which_costs_more_and_where_they_meet(per_hour, verdict):
    assert verdict in start_here.local_or_hosted(CALLS, "here", 0.5, per_hour).reading


def test_the_figure_marks_the_chosen_hour_on_both_lines():
    chart = start_here.local_or_hosted(CALLS, "here", 0.5, 0.75)
    local, hosted, chosen = chart.figure.data
    assert tuple(chosen.y) == (local.y[local.x.index(0.75)], hosted.y[hosted.x.index(0.75)])
    assert [note.text for note in chart.figure.layout.annotations[:2]] == ["local", "hosted"]


# --- What the notebook says, on the recordings

CELLS = {
    cell.id: cell
    for cell in nbformat.read(paths.notebooks() / "00_start_here.ipynb", as_version=4).cells
}
FILE = load_file(paths.recordings("tiny") / "00_start_here.jsonl")


def ran(
    *ids: str, changes: tuple[tuple[str, str, str], ...] = (), last: str = ""
) -> dict[str, Any]:
    """What some cells leave behind, after the first; a change is a cell's id, a text, and the text
    that a learner puts in its place.
    """
    sources = {cell_id: CELLS[cell_id].source for cell_id in ("setup", *ids)}
    for cell_id, old, new in changes:
        assert sources[cell_id].count(old) == 1
        sources[cell_id] = sources[cell_id].replace(old, new)
    return asyncio.run(executed([*sources.values(), last]))


def test_what_the_notebook_asks_and_its_edits_ask_is_what_is_recorded():
    """All of it, and no more: `mlkit record --check` runs the same in a kernel."""
    memory: dict[Any, Any] = {}
    keep = "kit = mlkit.connect(engine='replay', keep=lambda *_: memory)"
    cells = [CELLS["setup"].source, keep, *(CELLS[cell_id].source for cell_id in ("ask", "many"))]
    names = asyncio.run(executed(["memory = {}", *cells, record.EDITS["00_start_here"]]))
    memory = names["memory"]
    assert memory.keys() == FILE.answers.keys() and len(memory) == 40


@pytest.mark.parametrize("who", ["small", "large"])
@pytest.mark.parametrize("subjects", ["brakes, tyres, lights", "chain, saddle, helmet", None])
def test_what_a_learner_is_told_to_change_in_the_note_is_recorded(who, subjects):
    change = ("note", "brakes, tyres, lights", subjects or "brakes, lights")
    model = ("many", "writer=member", f"writer=kit.cast.{who}")
    note = ran("ask", "many", "note", changes=(change, model))["note"]
    *parts, title = note.calls
    assert note.result == "\n\n".join(
        [title.reply.text, "\n".join(call.reply.text for call in parts)]
    )
    assert not any(call.reply.cut_off for call in note.calls)
    assert len(parts) == len(change[2].split(", "))
    within = [len(call.reply.text.split()) <= 12 for call in parts]
    assert all(within) if who == "large" else not any(within)
    for old in ('"brakes, tyres, lights"', "writer=member"):
        assert f"`{old}` to `" in CELLS["note-text"].source


@pytest.mark.parametrize("who", ["small", "large"])
def test_the_whole_notebook_follows_the_model_of_its_first_call(who):
    ids = ("ask", "waterfall", "many", "note", "break", "repair")
    names = ran(*ids, changes=(("ask", "kit.cast.small", f"kit.cast.{who}"),))
    assert {call.member.model for call in names["note"].calls} == {
        getattr(names["kit"].cast, who).model
    }
    assert names["cut"].result.cut_off and names["run"].result.text.startswith(
        names["cut"].result.text
    )
    sentences = len(re.findall(r"\.", names["run"].result.text))
    assert sentences == (2 if who == "large" else 5)


def test_each_machine_that_can_help_visibly_does():
    calls = ran("ask", "many", "note")["note"].calls
    one, two, three, four = (
        max(end for _, end in schedule(calls, machines)) for machines in (1, 2, 3, 4)
    )
    assert two < 0.75 * one and three < 0.8 * two and four == three
    *parts, title = (call.seconds for call in calls)
    assert three == pytest.approx(max(parts) + title)


@pytest.mark.parametrize(
    "caps, cut_off, written",
    [("(8, 24)", True, 32), ("(8, 24, 128)", False, 125), ("(128,)", False, 93)],
)
def test_the_repair_is_whole_once_the_cap_is_high_enough(caps, cut_off, written):
    names = ran("ask", "repair", changes=(("repair", "(8, 24)", caps),))
    assert names["repaired"].result.startswith(f"cut off: {cut_off}, ")
    assert sum(call.reply.output_tokens for call in names["repaired"].calls) == written
    assert f"`caps={caps}`" in CELLS["repair-read"].source


def test_the_sum_of_section_3_is_cut_off_and_can_be_chosen():
    names = ran("ask", last="offered = kit.recorded_prompts(member)")
    assert {*names["offered"]} == {names["question"], *start_here.TRIED}
    kit = mlkit.connect(engine="replay")
    for member in (kit.cast.small, kit.cast.large):
        assert asyncio.run(kit.ask(member, start_here.TRIED[0])).cut_off


def test_the_list_price_is_where_the_first_slider_starts_and_hosts_differ_as_far_as_it_goes():
    prices = mlkit.models.list_prices()
    kit = mlkit.connect(engine="replay")
    assert {*prices[kit.cast.small.model], *prices[kit.cast.large.model]} == {0.10}
    assert "0.10, 0.05, 1.50, 0.05" in CELLS["cost"].source
    assert "hour_slider(run.calls, 1.50)" in CELLS["cost"].source
