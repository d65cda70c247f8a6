"""What notebook 07 reads out of recorded work, and its picture of seconds."""

import ast
import asyncio
import re
from dataclasses import replace
from types import SimpleNamespace

import nbformat
import numpy as np
import pytest
from course import studies, timings
from course.lessons import supervisor_worker_pictures as pictures
from course.shop.price_list import joined, total_of

import mlkit
from mlkit import paths
from mlkit.measure.matrix import Matrix
from mlkit.measure.stats import difference

CELLS = {
    cell.id: cell
    for cell in nbformat.read(paths.notebooks() / "07_supervisor_worker.ipynb", as_version=4).cells
}
TIMES = pictures.Timed(own=12.0, work=4.0, path=15.0, source="here")


@pytest.fixture(scope="module")
def kit():
    return mlkit.connect(engine="replay")


@pytest.fixture(scope="module")
def orders(kit):
    return asyncio.run(pictures.measured(kit))


@pytest.fixture(scope="module")
def fresh(kit):
    return asyncio.run(pictures.others(kit))


def guarded():
    """The repair, as it stands on the page."""
    names: dict = {}
    for node in ast.parse(CELLS["repair"].source).body:
        if isinstance(node, ast.FunctionDef):
            exec(ast.unparse(node), names)
    return names["guarded"]


def column(matrix, name):
    return matrix.column(name) > 0


def test_each_way_is_the_one_that_was_studied(kit, orders):
    variants = asyncio.run(studies.orders_and_variants(kit))
    assert list(orders.subjects) == list(pictures.STUDIED) and len(orders.tasks) == 48
    for way, study in pictures.STUDIED.items():
        if study in variants.subjects:
            assert (orders.column(way) == variants.column(study)).all(), way
    members = asyncio.run(studies.order_members(kit))
    for task in orders.tasks[::9]:
        known = members.cell("large, all examples", task.id)
        assert orders.cell("all examples", task.id).answer == known.answer


def test_the_other_orders_are_the_48_test_orders_that_are_not_on_the_page(kit, orders, fresh):
    every = asyncio.run(studies.orders(kit))
    ids, other = ({task.id for task in one.tasks} for one in (orders, fresh))
    assert not ids & other and ids | other == {task.id for task in every.tasks}
    for task in fresh.tasks[::9]:
        for way, study in (("1 round", "supervisor_worker"), ("large alone", "single_model")):
            assert fresh.cell(way, task.id).answer == every.cell(study, task.id).answer


def test_the_table_says_what_each_part_won_and_lost(orders, fresh):
    head, first, *lines, _ = pictures.parts(orders, fresh).splitlines()
    assert head.split() == "adds way without it right tokens won lost points".split()
    alone = orders.of(["large alone"])
    assert first.split()[2:] == [str(alone.right.sum()), f"{alone.tokens.mean():,.0f}"]
    for line, (part, way, before, _) in zip(lines, pictures.PARTS, strict=True):
        now, then = column(orders, way), column(orders, before)
        change = difference(now, then)
        mean, low, high = (f"{100 * value:+z.0f}" for value in change[:3])
        won, lost = (now > then).sum(), (then > now).sum()
        assert [line[:17].strip(), line[17:31].strip(), line[31:44].strip()] == [part, way, before]
        tokens = f"{orders.of([way]).tokens.mean():,.0f}"
        told = [str(now.sum()), tokens, str(won), str(lost), mean, f"({low}", "to", f"{high})"]
        assert line[44:].split() == told


def test_the_last_line_of_the_table_has_all_96_orders(kit, orders, fresh):
    every = asyncio.run(studies.orders(kit))
    now, then = column(every, "supervisor_worker"), column(every, "single_model")
    told = pictures.parts(orders, fresh).splitlines()[-1]
    points = difference(
        *(
            np.concatenate([column(one, way) for one in (orders, fresh)])
            for way in ("1 round", "large alone")
        )
    )
    mean, low, high = (f"{100 * value:+z.0f}" for value in points[:3])
    counts = [now.sum(), f"{every.of(['supervisor_worker']).tokens.mean():,.0f}"]
    counts += [(now > then).sum(), (then > now).sum(), mean, f"({low}", "to", f"{high})"]
    assert told.startswith("all of it, on 96 1 round       large alone")
    assert told[44:].split() == [*map(str, counts)] and points.below and points.n == 96


def clear(a, b) -> bool:
    gain = difference(a, b)
    return gain.above or gain.below


def test_the_page_reads_the_table_right(orders):
    alone = column(orders, "large alone")
    for way in ("one worker", "two workers", "0 rounds", "1 round", "2 rounds", "with the list"):
        assert column(orders, way).sum() < alone.sum()
        assert orders.of([way]).tokens.mean() > orders.of(["large alone"]).tokens.mean()
    assert difference(column(orders, "one worker"), alone).below
    assert difference(column(orders, "1 round"), alone).high == 0  # clear only with 96 orders
    assert not clear(column(orders, "all examples"), alone)
    costs = [orders.of([way]).tokens.mean() for way in ("two workers", "one worker", "1 round")]
    assert costs == sorted(costs) and orders.of(["all examples"]).tokens.mean() < costs[-1]
    for way, before in (("two workers", "one worker"), ("0 rounds", "two workers")):
        assert not clear(column(orders, way), column(orders, before))
    assert not clear(column(orders, "with the list"), column(orders, "1 round"))
    try_again = difference(column(orders, "1 round"), column(orders, "0 rounds"))
    assert 48 * try_again.mean == pytest.approx(1) and try_again.low == 0
    assert (column(orders, "2 rounds") == column(orders, "1 round")).all()


def test_the_chart_shows_the_ways_that_the_notebook_names():
    assert {"large alone", "one worker", "all examples"} < {*pictures.SHOWN}


def test_answers_as_they_were_count_as_they_were_measured(orders):
    for way in ("0 rounds", "1 round", "with the list", "two workers", "one worker"):
        found = pictures.decided(orders, way)
        assert (found.right == column(orders, way)).all()
        workers = "one worker" if way == "one worker" else "two workers"
        assert (found.joined == column(orders, workers)).all()


def test_the_guard_lets_a_review_spoil_nothing_and_gains_nothing_on_fresh_orders(orders, fresh):
    counts: dict = {}
    for way, matrix in (("with the list", orders), ("1 round", orders), ("1 round", fresh)):
        before, after = pictures.decided(matrix, way), pictures.decided(matrix, way, guarded())
        assert not (after.joined & ~after.right).any() and (before.joined & ~before.right).any()
        counts[way, matrix is fresh] = before.right.sum(), after.right.sum()
        assert pictures.compared(matrix, way, guarded()).splitlines() == [
            f"large alone: {column(matrix, 'large alone').sum()} of 48 right",
            f"as recorded: {before}",
            f"guarded:     {after}",
        ]
    assert counts["with the list", False] == (21, 23) and counts["1 round", False] == (23, 25)
    assert counts["1 round", True] == (16, 16)
    first_form = pictures.decided(orders, "with the list", lambda answer, forms: forms[0])
    assert first_form.right.sum() == 20
    told = "*1 round*: 23 become 25. `forms[0]`: 20, for the second worker's things are lost."
    assert told in CELLS["repair-text"].source
    assert column(fresh, "large alone").sum() < column(orders, "large alone").sum()


def test_on_fresh_orders_the_guard_saves_one_and_takes_back_what_the_review_had_found(fresh):
    before, after = (pictures.decided(fresh, "1 round", *rule).right for rule in ((), (guarded(),)))
    (saved,), (lost,) = np.flatnonzero(after > before), np.flatnonzero(before > after)
    cell = fresh.cell("1 round", fresh.tasks[lost].id)
    rule = fresh.tasks[lost].gold["rule"]
    *_, work, review = cell.calls
    assert rule != "none" and saved != lost
    assert f'"rule":"{rule}"' in review.reply.text and '"rule":"none"' in work.reply.text


def test_a_rule_that_no_worker_named_is_dropped_and_no_other():
    answer = {"things": ["any"], "rule": "cash"}
    forms = [{"rule": "school"}, {"rule": "student"}]
    assert guarded()(answer, forms) == {"things": ["any"], "rule": "none"}
    for rule in ("school", "student", "none"):
        assert guarded()(answer | {"rule": rule}, forms)["rule"] == rule


def test_a_rule_sees_the_review_and_the_last_forms_of_the_workers(orders):
    seen = []
    one = orders.of(["1 round"], id="order-087")
    pictures.decided(one, "1 round", lambda answer, forms: seen.append((answer, forms)) or answer)
    ((answer, forms),) = seen
    assert answer["rule"] == "after 30 days"
    assert [[thing["name"] for thing in form["things"]] for form in forms] == [
        ["shoes", "lamp"],
        ["luggage rack"],
    ]
    (cell,) = one.cells[0][0]
    texts = [call.reply.text for call in cell.calls if call.role.startswith("work")]
    (task,) = one.tasks
    task = replace(task, gold=task.gold | {"total": float(total_of(joined(texts[:2])))})
    assert pictures.decided(Matrix([task], ["1 round"], one.cells), "1 round").joined[0]


def test_counts_are_told_in_one_line():
    grades = np.array([True, True, False, False]), np.array([True, False, True, True])
    told = "3 of 4 right: 2 with the forms only joined, + 2 repaired, - 1 spoilt"
    assert str(pictures.Decided(*grades)) == told


def test_the_page_says_how_the_case_was_spoilt(orders):
    cell = orders.cell("with the list", "order-015")
    *_, work, review = cell.calls
    assert '"none"' in work.reply.text and '"cash"' in review.reply.text and not cell.right
    assert CELLS["break"].source == 'print(pictures.case(orders, "with the list", "order-015"))'
    wanted, _, assign, anna, last, known, answer = pictures.case(
        orders, "with the list", "order-015"
    ).splitlines()
    assert wanted == "I want to trade in my touring bike." and assign.startswith("assign     {")
    assert anna == f"anna       {work.reply.text}" and last == f"review     {review.reply.text}"
    assert known.startswith("trade: road bike,") and "rules: cash (the end" in known
    assert answer == "answer: 88 · right is 110"


def test_seconds_are_means_of_the_timing_run():
    def call(role, seconds, number, *after):
        return SimpleNamespace(
            role=role, seconds=seconds, id=number, reply=None, after=frozenset(after)
        )

    header = SimpleNamespace(date="today", engine="E", machine="M")
    calls = (call("assign", 2.0, 0), call("work a", 3.0, 1, 0), call("work b", 1.0, 2, 0))
    runs = [
        SimpleNamespace(pattern="supervisor_worker", calls=(*calls, call("review", 4.0, 3, 1, 2))),
        SimpleNamespace(pattern="supervisor_worker", calls=(call("assign", 6.0, 0),)),
        SimpleNamespace(pattern="router", calls=(call("assign", 99.0, 0),)),
    ]
    assert pictures.timed((header, runs)) == (6.0, 2.0, 7.5, "timed today · E · M")


def test_the_picture_keeps_the_supervisors_seconds_and_shares_out_the_workers():
    chart = pictures.chart(TIMES)
    curve, stays, measured = chart.figure.data
    assert curve.x == tuple(range(1, 9)) and curve.y[:3] == (16, 14, pytest.approx(12 + 4 / 3))
    assert {*stays.y} == {12.0} and (measured.x, measured.y) == ((2,), (15.0,))
    assert chart.figure.layout.yaxis.range[1] > 16
    said = "Pieces 1 times as long: 16.0 s with 1 worker, 12.5 s with 8; the supervisor's own 12.0"
    assert chart.reading == f"{said} s stay; measured with 2: 15.0 s"
    longer = pictures.chart(TIMES, 10)
    assert longer.figure.data[0].y[0] == 52 and len(longer.figure.data) == 2


@pytest.mark.parametrize("times", [TIMES, pictures.timed(timings.load_latency())])
def test_from_the_length_that_is_told_on_eight_workers_save_half(times):
    half, under = (
        float(number) for number in re.findall(r"[\d.]+(?= times)", pictures.lengths(times))
    )
    for longer, saved in ((half - 0.1, False), (half + 0.1, True)):
        rows = pictures.chart(times, longer).rows
        assert (rows[-1].seconds <= rows[0].seconds / 2) == saved
    for longer, below in ((under - 0.1, False), (under + 0.1, True)):
        path = times.own + longer * (times.path - times.own)  # the workers' part of it grows
        assert (times.own / path < 0.5) == below
    assert 1 < half < 30  # the slider has it


def test_the_page_says_of_the_timed_office_what_was_timed():
    runs = [run for run in timings.load_latency()[1] if run.pattern == "supervisor_worker"]
    pieces = [
        len({call.role for call in run.calls if call.role.startswith("work")}) for run in runs
    ]
    assert pieces.count(1) > len(runs) / 3  # "many prompts have only one piece"
    assert len({call.member.model for run in runs for call in run.calls}) == 1
    assert len({run.task for run in runs}) == 20


def test_the_smallest_loop_is_no_better_than_its_first_text(kit):
    head, first, loop, alike, any_right, passed = asyncio.run(pictures.loop(kit)).splitlines()
    assert head.split() == ["44", "texts", "right", "tokens"]
    one = asyncio.run(studies.picking(kit)).of(["one answer"])
    assert first.split()[-2:] == [str(one.right.sum()), f"{one.tokens.mean():,.0f}"]
    written = asyncio.run(studies.rewriting(kit)).of(["large, checked"])
    assert loop.split()[-2:] == [str(written.right.sum()), f"{written.tokens.mean():,.0f}"]
    samples = asyncio.run(studies.texts(kit)).of(["large"]).right[:, 0, :3]
    assert int(any_right.split()[-2]) == samples.any(axis=1).sum()
    assert samples.all(axis=1).sum() <= int(alike.split()[-2]) <= samples.any(axis=1).sum()
    results = [(task, row[0][0].run.result) for task, row in zip(written.tasks, written.cells)]
    yes = [(task, one) for task, one in results if one.found[0].lower().startswith("yes")]
    wrong = [one for task, one in yes if not task.right(one.written[0])]
    assert passed == f"The checker passes {len(yes)} first texts; {len(wrong)} of these are wrong."


def test_the_text_most_like_the_others_is_picked(kit, monkeypatch):
    """Where the second of three points the way the others share, it is the second's grade."""
    samples = asyncio.run(studies.texts(kit)).of(["large"])
    vectors = np.array([[1, 0], [0.8, 0.6], [0, 1], [0, 1], [0, 1]])

    async def meanings(kit):
        return {task.id: vectors for task in samples.tasks}

    monkeypatch.setattr(studies, "meanings", meanings)
    alike = asyncio.run(pictures.loop(kit)).splitlines()[3]
    assert int(alike.split()[-2]) == samples.right[:, 0, 1].sum()
