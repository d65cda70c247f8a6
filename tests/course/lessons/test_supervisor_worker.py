"""The exercises, the quiz and the picture of notebook 07, and what it reads out of work."""

import heapq
import math
from math import isnan, nan

import pytest
from course.lessons import supervisor_worker as checks

from mlkit.widgets.lessons import check


def test_what_a_worker_names_stands_before_the_colons_without_totals():
    assert checks.items("shoes: $72\ngloves: $18\n72 + 18\ntotal: $90") == {
        "shoes",
        "gloves",
    }
    assert checks.items("28 * 2") == set()


# Exercise 1


def one_owner(rows, workers):
    tasks, seen = {worker: [] for worker in workers}, set()
    for worker, task in rows:
        if task.strip().lower() in seen:
            continue
        seen.add(task.strip().lower())
        if worker not in tasks:
            worker = min(workers, key=lambda one: len(tasks[one]))
        tasks[worker].append(task)
    return tasks


def one_owner_without_empty_lists(rows, workers):
    tasks = {}
    for worker, task in rows:
        task = task.strip()
        if task.casefold() in [one.casefold() for pieces in tasks.values() for one in pieces]:
            continue
        owner = (
            worker
            if worker in workers
            else sorted(workers, key=lambda one: len(tasks.get(one, ())))[0]
        )
        tasks[owner] = (*tasks.get(owner, ()), task)
    return tasks


@pytest.mark.parametrize("answer", [one_owner, one_owner_without_empty_lists])
def test_one_owner_for_each_piece_passes(answer):
    assert checks.assignments(answer).passed


def rule(same=lambda task: task.strip().lower(), everyone=True, owner=None):
    """One owner, but for one difference."""

    def answer(rows, workers):
        tasks = {worker: [] for worker in workers}
        for worker, task in rows:
            doubles = sum(tasks.values(), []) if everyone or worker not in tasks else tasks[worker]
            if same(task) in map(same, doubles):
                continue
            if worker not in tasks:
                worker = (
                    owner(workers, tasks)
                    if owner
                    else min(workers, key=lambda one: len(tasks[one]))
                )
            tasks[worker].append(task)
        return tasks

    return answer


def keeps_doubles(rows, workers):
    tasks = {worker: [] for worker in workers}
    for worker, task in rows:
        tasks[worker if worker in tasks else workers[0]].append(task)
    return tasks


def last_wins(rows, workers):
    return {worker: [task] for worker, task in rows}


def always_the_least_busy(rows, workers):
    return one_owner([("nobody", task) for _, task in rows], workers)


def doubles_of_unknown(rows, workers):
    tasks = one_owner([row for row in rows if row[0] in workers], workers)
    for worker, task in rows:
        if worker not in workers:
            tasks[min(workers, key=lambda one: len(tasks[one]))].append(task)
    return tasks


@pytest.mark.parametrize(
    "answer, hint",
    [
        (lambda rows, workers: None, "Not written yet"),
        (lambda rows, workers: ..., "Not written yet"),
        (lambda rows, workers: rows, "Give a dictionary"),
        (lambda rows, workers: {"anna": "price of a bell"}, "Give a dictionary"),
        (last_wins, "Does the second one replace"),
        (always_the_least_busy, "both needed"),
        (keeps_doubles, "does it twice"),
        (rule(everyone=False), "whoever has it"),
        (rule(same=lambda task: task), "without capitals"),
        (rule(owner=lambda workers, tasks: workers[0]), "that is ben"),
        (
            rule(
                owner=lambda workers, tasks: min(reversed(workers), key=lambda one: len(tasks[one]))
            ),
            "among equals",
        ),
        (rule(owner=lambda workers, tasks: workers[bool(tasks["anna"])]), "count again"),
        (doubles_of_unknown, "doubles of unknown"),
        (
            lambda rows, workers: one_owner(rows, workers) if rows else {"carla": ["x"]},
            "no such worker",
        ),
        (
            lambda rows, workers: one_owner(rows, workers) if rows else {"anna": ["everything"]},
            "Without rows",
        ),
    ],
)
def test_a_wrong_rule_gets_a_hint_that_names_what_is_wrong(answer, hint):
    verdict = checks.assignments(answer)
    assert not verdict.passed and hint in verdict.text


# Exercise 2


def faster(assign, pieces, review, workers):
    free = [0.0] * workers
    for piece in pieces:
        free[free.index(min(free))] += piece
    return (assign + sum(pieces) + review) / (assign + max(free) + review)


def faster_with_a_heap(assign, pieces, review, workers):
    free = [0] * workers
    for piece in pieces:
        heapq.heappush(free, heapq.heappop(free) + piece)
    alone = sum([assign, *pieces, review])
    return float(alone / (alone - sum(pieces) + sorted(free)[-1]))


@pytest.mark.parametrize("answer", [faster, faster_with_a_heap])
def test_the_speed_up_of_pieces_passes(answer):
    assert checks.times_as_fast(answer).passed


def amdahl(assign, pieces, review, workers):
    return (assign + sum(pieces) + review) / (assign + sum(pieces) / workers + review)


def unlimited(assign, pieces, review, workers):
    return (assign + sum(pieces) + review) / (assign + max(pieces) + review)


def dealt_out(assign, pieces, review, workers):
    return (assign + sum(pieces) + review) / (
        assign + max(sum(pieces[n::workers]) for n in range(workers)) + review
    )


@pytest.mark.parametrize(
    "answer, hint",
    [
        (lambda assign, pieces, review, workers: None, "Not written yet"),
        (lambda assign, pieces, review, workers: ..., "Not written yet"),
        (lambda assign, pieces, review, workers: "1.5", "a number of times"),
        (lambda assign, pieces, review, workers: True, "a number of times"),
        (lambda assign, pieces, review, workers: workers, "own seconds stay"),
        (lambda *asked: 1 / faster(*asked), "how many times slower"),
        (lambda assign, pieces, review, workers: assign + max(pieces) + review, "in seconds"),
        (
            lambda assign, pieces, review, workers: faster(assign, pieces, 0, workers),
            "two jobs is missing",
        ),
        (lambda assign, pieces, review, workers: 1.0, "nothing is gained"),
        (amdahl, "A piece cannot be cut"),
        (unlimited, "one of them has two"),
        (dealt_out, "free first"),
        (lambda *asked: 17, "it gives 17"),
        (
            lambda assign, pieces, review, workers: (
                faster(assign, pieces, review, 2) if len(pieces) > 1 else 1.0
            ),
            "4 workers it gives",
        ),
    ],
)
def test_a_wrong_speed_up_gets_a_hint_that_names_what_is_wrong(answer, hint):
    verdict = checks.times_as_fast(answer)
    assert not verdict.passed and hint in verdict.text


# Exercise 3

judge = checks.judged(right=9, wrong_sent_back=7, repaired=0, parted=False)
RIGHT = {"tells": "not shown", "ceiling": 16, "rounds": "none"}


@pytest.mark.parametrize(
    "answer", [RIGHT, dict(rounds="none", ceiling=9 + 7.0, tells="not" + " shown")]
)
def test_the_right_judgement_passes(answer):
    assert judge(answer).passed


@pytest.mark.parametrize(
    "answer, hint",
    [
        (None, "Give a dictionary"),
        (..., "Give a dictionary"),
        ({"tells": "shown"}, "Give a dictionary"),
        ({"tells": ..., "ceiling": ..., "rounds": ...}, "Not judged yet"),
        (RIGHT | {"tells": "yes"}, "is none of 'shown', "),
        (RIGHT | {"tells": "shown"}, "do they overlap"),
        (RIGHT | {"ceiling": 32}, "never repaired"),
        (RIGHT | {"ceiling": 7}, "one group of two"),
        (RIGHT | {"ceiling": 9}, "one group of two"),
        (RIGHT | {"rounds": 2}, "rounds: 2 is none of"),
        (RIGHT | {"rounds": "two"}, "What did the rounds"),
        (RIGHT | {"rounds": "more"}, "same reason"),
    ],
)
def test_a_wrong_judgement_gets_a_hint_that_names_what_is_wrong(answer, hint):
    verdict = judge(answer)
    assert not verdict.passed and hint in verdict.text


def test_the_judge_follows_what_was_measured():
    better = checks.judged(right=9, wrong_sent_back=20, repaired=5, parted=True)
    assert better({"tells": "shown", "ceiling": 29, "rounds": "two"}).passed
    assert "do not overlap" in better({"tells": "not shown", "ceiling": 29, "rounds": "two"}).text
    assert (
        "Something was repaired" in better({"tells": "shown", "ceiling": 29, "rounds": "none"}).text
    )


def broken(*_):
    raise KeyError("anna")


@pytest.mark.parametrize("judge", [checks.assignments, checks.times_as_fast])
def test_an_answer_that_raises_is_told_so(judge, capsys):
    check(judge, broken)
    assert capsys.readouterr().out.startswith("✗ Your code raised KeyError: 'anna'\n")


def test_the_quiz_has_three_questions_with_one_right_choice_each_and_a_reason_for_all():
    assert len(checks.QUIZ) == 3 and math.isclose(1 / 0.6, 1.7, abs_tol=0.05)
    for _, choices in checks.QUIZ:
        assert sum(choice.right for choice in choices) == 1
        assert all(len(choice.why) > 20 for choice in choices)


# The picture

MEASURED = {2: (1.4, 1.2, 1.7), 12: (2.5, nan, nan)}


def test_rows_follow_amdahl_and_hold_what_was_measured():
    speeds = checks.rows(0.25, MEASURED, most=4)
    assert [speed.workers for speed in speeds] == [1, 2, 3, 4, 12]
    assert [speed.times_expected for speed in speeds] == pytest.approx([1, 1.6, 2, 16 / 7, 3.2])
    assert speeds[1][2:] == (1.4, 1.2, 1.7) and isnan(speeds[0].times)


def test_the_figure_draws_curve_limit_and_measured_points():
    figure = checks.chart(0.25, "here", MEASURED, most=4).figure
    curve, limit, measured = figure.data
    assert curve.x == (1, 2, 3, 4, 12) and curve.y[-1] == pytest.approx(3.2)
    assert (
        limit.y == (4, 4) and limit.name == "limit, 4.0 times" and figure.layout.yaxis.range[1] > 4
    )
    assert measured.x == (2, 12) and measured.y == (1.4, 2.5)
    assert measured.y[0] + measured.error_y.array[0] == pytest.approx(1.7)
    assert measured.y[0] - measured.error_y.arrayminus[0] == pytest.approx(1.2)
    assert isnan(measured.error_y.array[1])


@pytest.mark.parametrize("serial_share", [0, 0.01])
def test_a_limit_far_off_is_not_drawn(serial_share):
    assert [trace.name for trace in checks.chart(serial_share, "here", {}).figure.data] == [
        "by Amdahl's law",
        "measured",
    ]


def test_the_reading_tells_the_most_workers_the_limit_and_the_measurement():
    assert (
        checks.chart(0.25, "here", {2: (1.4, 1.2, 1.7)}).reading
        == "With 25% of the time the supervisor's own, 8 workers are 2.9 times as fast as one; no"
        " number of them beats 4.0; measured with 2: 1.4"
    )
    assert checks.chart(0, "here", {}).reading.endswith("8 workers are 8.0 times as fast as one")


def test_one_number_and_a_hundred_numbers_of_workers_are_drawn():
    assert checks.chart(0.25, "here", {}, most=1).figure.data[0].y == (1,)
    assert len(checks.chart(0.25, "here", {}, most=100).figure.data[0].x) == 100


def test_a_serial_share_that_cannot_be_is_refused():
    with pytest.raises(ValueError, match=r"in \[0, 1\]"):
        checks.chart(1.5, "here", {})
