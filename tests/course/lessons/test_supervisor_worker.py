"""The exercises, the quiz and the formats of notebook 07; its cells, as a learner edits them."""

import ast
import asyncio
import heapq
import json
import math
import re
from typing import Any

import nbformat
import pytest
from course import home
from course.lessons import benches
from course.lessons import supervisor_worker as checks
from course.lessons import supervisor_worker_pictures as pictures

import mlkit
from mlkit import paths
from mlkit.widgets.lessons import check

CELLS = {
    cell.id: cell.source
    for cell in nbformat.read(paths.notebooks() / "07_supervisor_worker.ipynb", as_version=4).cells
}


@pytest.fixture(scope="module")
def kit():
    return mlkit.connect(engine="replay")


@pytest.fixture(scope="module")
def orders(kit):
    return asyncio.run(pictures.measured(kit))


def defined(kit, *cells: str, **names: Any) -> dict[str, Any]:
    """What cells define, and the constants of the cell before them."""
    play = benches.play("supervisor_worker", kit)
    names |= {"json": json, "mlkit": mlkit, "lesson": checks, "play": play}
    for node in ast.parse(CELLS["told"]).body:
        if isinstance(node, ast.Assign) and node.targets[0].id in ("PIECE", "REFUSED"):
            exec(ast.unparse(node), names)
    for cell in cells:
        exec(CELLS[cell], names)
    return names


# The cells that build the pattern

BUILD = ("build-assign", "build-review", "build")
EDITS = ["0 rounds", "2 rounds", "two workers", "one worker", "with the list"]


def test_every_edit_that_the_page_names_is_tried_here_and_stands_on_the_bench(kit):
    told, _, answers = CELLS["run-read"].partition("**Edits")[2].partition("<details>")
    assert re.findall('`"([^"]*)"`', told) == ["1 round", *EDITS]
    assert sorted(re.findall('`"([^"]*)"`', answers)) == sorted(EDITS)
    offered = benches.play("supervisor_worker", kit).controls["who"].options
    assert (
        {*EDITS, "1 round", "large alone"} == {*offered} == {*pictures.STUDIED} - {"all examples"}
    )
    assert 'office = play.build("1 round")' in CELLS["run"].splitlines()[0]


@pytest.mark.parametrize("way", ["1 round", *EDITS])
def test_what_the_learner_builds_answers_as_the_kit_does_on_the_case(kit, orders, way):
    names = defined(kit, *BUILD, office=benches.play("supervisor_worker", kit).build(way))
    case = orders.of(id="order-087").tasks[0]
    run = asyncio.run(kit.run(names["supervise"], case.input))
    measured = orders.cell(way, case.id)
    assert case.answer(run.result) == measured.answer
    roles = [call.role.removeprefix("work ") for call in measured.calls]
    assert [call.role for call in run.calls] == roles


def test_the_page_says_of_the_case_what_was_recorded(orders):
    answers = {way: orders.cell(way, "order-087").answer for way in ["1 round", *EDITS]}
    told = {"with the list": "94", "2 rounds": "58", "one worker": "0", "1 round": "58"}
    assert answers == told | {"0 rounds": "87", "two workers": "87"}
    said = 'Only `"with the list"`: its second review drops the false rule. `"0 rounds"` and'
    assert (
        f'{said} `"two workers"` get 87, `"2 rounds"` 58, `"one worker"` 0.' in (CELLS["run-read"])
    )
    reviews = [
        call for call in orders.cell("with the list", "order-087").calls if call.role == "review"
    ]
    assert ["after 30 days" in call.reply.text for call in reviews] == [True, False]
    assert orders.of(id="order-087").tasks[0].gold["total"] == 94 and answers["1 round"] == "58"
    assert orders.of(id="order-087").tasks[0].input in CELLS["case-text"]
    assigned, *_ = orders.cell("1 round", "order-087").calls
    assert "bought 50 days ago" in assigned.reply.text
    assert "50 days" in assigned.member.shots[1][0]


def test_what_is_taken_home_answers_as_the_kit_does(kit, orders):
    names = defined(kit, "home")
    pattern = benches.play("supervisor_worker", kit).build("1 round")
    team: dict[str, Any] = {
        "assign": home.as_dict(pattern.supervisor),
        "review": home.as_dict(pattern.reviewer),
        "workers": {name: home.as_dict(member) for name, member in pattern.workers.items()},
    }
    for name in ("order-087", "order-014", "order-084"):
        case = orders.of(id=name).tasks[0]
        text = asyncio.run(names["at_home"](home.client(kit), team, case.input))
        assert case.answer(text) == orders.cell("1 round", name).answer


def test_what_is_shown_of_a_member_is_all_that_it_is_told_with_its_format(kit):
    pattern = benches.play("supervisor_worker", kit).build("1 round")
    *views, reviewer = checks.shown(pattern)
    supervisor, ben, anna = views
    assert [one.member.name for one in (supervisor, ben, reviewer)] == [
        "the supervisor",
        "ben",
        "the reviewer",
    ]
    formats = [json.loads(dict(one.parts())["format of its answer"]) for one in (ben, reviewer)]
    assert formats == [
        json.loads(pattern.workers["ben"].schema),
        checks.reviewing(pattern.reviewer, pattern.workers),
    ]
    assert supervisor.format == checks.assigning(pattern.workers)
    told = (pattern.supervisor, pattern.workers["ben"], pattern.reviewer)
    for one, of in zip((supervisor, ben, reviewer), told, strict=True):
        assert (one.member.system, one.member.shots) == (of.system, of.shots)
    assert anna.data.startswith("<details") and " open" not in anna.data.split(">")[0]
    format_of_anna = anna.data.rpartition("<summary>")[2]
    assert "luggage rack" in format_of_anna and "lamp" not in format_of_anna


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
            "For [] it should give {}",
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
        (lambda *asked: faster(*asked[:3], 2), "it should give"),
    ],
)
def test_a_wrong_speed_up_gets_a_hint_that_names_what_is_wrong(answer, hint):
    verdict = checks.times_as_fast(answer)
    assert not verdict.passed and hint in verdict.text


def broken(*_):
    raise KeyError("anna")


@pytest.mark.parametrize("judge", [checks.assignments, checks.times_as_fast])
def test_an_answer_that_raises_is_told_so(judge, capsys):
    check(judge, broken)
    assert capsys.readouterr().out.startswith("✗ Your code raised KeyError: 'anna'\n")


def test_the_quiz_has_three_questions_with_one_right_choice_each_and_a_reason_for_all():
    assert len(checks.QUIZ) == 3 and math.isclose(10 / 6, 1.7, abs_tol=0.05)
    for _, choices in checks.QUIZ:
        assert sum(choice.right for choice in choices) == 1
        assert all(len(choice.why) > 20 for choice in choices)
        lengths = [len(choice.text) for choice in choices]
        assert max(lengths) - min(lengths) <= 10
