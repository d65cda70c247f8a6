"""Notebook 06: its exercises accept what is right and tell the usual mistakes what is missing; who
lost an order is told as a reader of its trace would; its edits are recorded, and its prose says
what they give.
"""

import ast
import asyncio
import contextlib
import inspect
import io
import json
import math
import re
from itertools import product
from types import SimpleNamespace
from typing import Any

import nbformat
import pytest
from course import orders, studies
from course.lessons import planner_executor as lesson

import mlkit
from mlkit import paths
from mlkit.ask import Failure
from mlkit.errors import Unparsed
from mlkit.kit import Kit
from mlkit.measure.matrix import Matrix
from mlkit.measure.stats import difference
from mlkit.patterns.planner_executor import Step
from mlkit.widgets.lessons import check, quiz
from tests.course.lessons.answers import passes, stub


def raises(*_):
    raise KeyError("math")


def right_executor(named, types, fallback):
    name = named.strip().lower() if isinstance(named, str) else ""
    return next((known for known in types if known.lower() == name), fallback)


EXECUTOR = [
    ("right", right_executor, "Right"),
    (
        "right, written otherwise",
        lambda n, t, f: next((one for one in t if one.upper() == str(n).strip().upper()), f),
        "Right",
    ),
    (
        "right, by a table",
        lambda n, t, f: {one.casefold(): one for one in t}.get(str(n).strip().casefold(), f),
        "Right",
    ),
    ("stub", stub, "Not written yet"),
    ("as it was", lambda n, t, f: n if n in t else f, "capital letter"),
    ("no strip", lambda n, t, f: n.lower() if n.lower() in t else f, "spaces around"),
    (
        "inside another word",
        lambda n, t, f: next((one for one in t if one in str(n).lower()), f),
        "parental",
    ),
    (
        "a part of a name",
        lambda n, t, f: next((one for one in t if str(n).strip().lower() in one), f),
        "A part of a name",
    ),
    (
        "fails on none",
        lambda n, t, f: n.strip().lower() if n.strip().lower() in t else f,
        "fails on the type None",
    ),
    ("nothing for unknown", lambda n, t, f: right_executor(n, t, None), "it gives nothing"),
    ("unknown ones pass", lambda n, t, f: str(n).strip().lower(), "does not go to the fallback"),
    (
        "written in",
        lambda n, t, f: right_executor(n, ("order", "rental"), "order"),
        "written into your code",
    ),
    (
        "the name as the model wrote it",
        lambda n, t, f: (
            n.strip().lower() if right_executor(n, t, None) else f  # not as it stands in types
        ),
        "types",
    ),
    (
        "the list in lower case alone",
        lambda n, t, f: next((one for one in t if str(n).strip().lower() == one), f),
        "may have capitals, too",
    ),
]


@pytest.mark.parametrize(
    "answer, hint", [case[1:] for case in EXECUTOR], ids=[case[0] for case in EXECUTOR]
)
def test_exercise_executor(answer, hint):
    passes(lesson.executor(answer), hint)


def right_break_even(planning, executing, alone):
    return executing / (alone - planning) if alone > planning else math.inf


def by_cases(planning, executing, alone):
    saved = alone - planning
    if saved <= 0:
        return float("inf")
    return executing * (1 / saved)


BREAK_EVEN = [
    ("right", right_break_even, "Right"),
    ("right, written otherwise", by_cases, "Right"),
    ("stub", stub, "Not written yet"),
    ("upside down", lambda p, e, a: (a - p) / e, "other way round"),
    ("planning left out", lambda p, e, a: e / a, "own tokens are missing"),
    ("one price", lambda p, e, a: (p + e) / a, "at one price"),
    ("nonsense", lambda p, e, a: p, "Write both costs down"),
    ("no infinity", lambda p, e, a: e / (a - p), "Give math.inf"),
    (
        "infinity at equal only",
        lambda p, e, a: math.inf if a == p else e / (a - p),
        "Give math.inf",
    ),
    ("written in", lambda p, e, a: 0.75 if a > p else math.inf, "written into your code"),
]


@pytest.mark.parametrize(
    "answer, hint", [case[1:] for case in BREAK_EVEN], ids=[case[0] for case in BREAK_EVEN]
)
def test_exercise_break_even(answer, hint):
    passes(lesson.break_even(answer), hint)


@pytest.mark.parametrize(
    "judge", [lesson.executor, lesson.break_even], ids=["executor", "break_even"]
)
def test_an_answer_that_raises_is_told_so(judge, capsys):
    check(judge, raises)
    assert "KeyError" in capsys.readouterr().out


def test_the_quiz_has_three_questions_with_one_right_choice_each_of_about_equal_length():
    quiz(*lesson.QUIZ)
    assert len(lesson.QUIZ) == 3
    for _, choices in lesson.QUIZ:
        lengths = [len(choice.text) for choice in choices]
        assert sum(choice.right for choice in choices) == 1 and all(one.why for one in choices)
        assert max(lengths) < 1.3 * min(lengths)


# One order


@pytest.fixture(scope="module")
def kit() -> Kit:
    return mlkit.connect(engine="replay")


@pytest.fixture(scope="module")
def whole(kit) -> Matrix:
    return asyncio.run(lesson.measured(kit))


HELMET, BIKES = (
    '{"things":[{"name":"helmet","pieces":5}],"days":1,"rule":"school"}',
    '{"things":[{"name":"cargo bike","pieces":2}],"days":3,"rule":"student"}',
)


def test_forms_are_added_up_and_what_is_no_form_is_left_out():
    forms = lesson.forms_in([HELMET, "no form", Failure(Unparsed("none")), BIKES])
    both = lesson.add_up(forms)
    assert [row["name"] for row in both["things"]] == ["helmet", "cargo bike"]
    assert (both["days"], both["rule"]) == (3, "school")
    assert lesson.add_up([]) == {"things": [], "days": 1, "rule": "none"}
    assert lesson.add_up_named(forms, "five Helmets")["things"] == forms[0]["things"]


@pytest.mark.parametrize(
    "thing, text, there",
    [
        ("gears", "mend 1 gear", True),
        ("tune-up", "Tune up my bike", True),
        ("city bike", "a bike in the City", True),
        ("city bike", "a cargo bike", False),
        ("backpack", "take it back", False),
    ],
)
def test_a_thing_is_named_by_all_its_words(thing, text, there):
    assert lesson.named(thing, text) == there


def test_a_trace_has_all_that_was_written_and_what_each_form_comes_to(whole):
    run = whole.cell("planner-executor", "order-085").run
    said = lesson.trace(lesson.order("order-085"), run).splitlines()
    assert [line.split()[0] for line in said] == "request plan step step merge answer".split()
    assert said[1].endswith("}]}") and said[2].endswith("= $24") and said[3].endswith("= $130")
    assert said[-1].endswith("$24, right is $154")
    assert "no form" in lesson.trace(
        lesson.order("order-085"), SimpleNamespace(calls=[], result="")
    )


def test_what_a_member_is_told_has_the_format_of_its_answer(kit):
    pattern = orders.planner_executor(kit.cast)
    member = pattern.members["order"]
    parts = dict(lesson.told("order executor", member).parts())
    assert parts["instructions"] == member.system and len(parts) == 2 + 2 * len(member.shots)
    assert json.loads(parts["format of its answer"]) == json.loads(member.schema)
    parts = dict(lesson.told("planner", pattern.planner, pattern.plan_format).parts())
    assert json.loads(parts["format of its answer"]) == pattern.plan_format


# Who lost an order: read in the traces, by hand
LOST = {
    "order-081": "",
    "order-011": "plan",  # a repair that nobody wants
    "order-014": "step",  # ten in the morning became after 6 pm
    "order-017": "merge",
    "order-036": "plan",  # for a school
    "order-039": "plan",  # a lamp from the examples
    "order-043": "step",  # 6 weeks became days
    "order-045": "plan",  # the van in place of the bike
    "order-047": "plan",
    "order-058": "step",  # a tune-up became brakes
    "order-062": "plan",  # half a dozen became twelve
    "order-065": "plan",  # 6 tandems
    "order-070": "merge",
    "order-082": "step",
    "order-085": "merge",
    "order-108": "plan",
    "order-114": "merge",
    "order-129": "plan",  # no bell was wanted
    "order-138": "plan",  # the receipt
    "order-140": "plan",  # the road bike stays
    "order-142": "plan",  # no parcel
}


@pytest.mark.parametrize("order", LOST)
def test_who_lost_an_order(order, whole):
    cell = whole.cell("planner-executor", order)
    assert lesson.lost_in(lesson.order(order), cell) == LOST[order]


@pytest.mark.parametrize(
    "prompts, found",
    [
        ({"order": "buy 5 helmets for a school", "rental": "2 cargo bikes for one day"}, []),
        ({"order": "buy five helmets, school", "rental": "both cargo bikes"}, []),
        ({"order": "buy 4 helmets for a school", "rental": "2 cargo bikes"}, ["helmet"]),
        ({"order": "buy 15 helmets for a school", "rental": "2 cargo bikes"}, ["helmet"]),
        ({"order": "buy 5 helmets", "rental": "2 cargo bikes"}, ["school"]),
        ({"order": "5 helmets, 1 lock, school", "rental": "2 cargo bikes"}, ["lock"]),
        ({"order": "5 helmets for a school"}, ["cargo bike"]),
        ({"order": "5 helmets for a school", "delivery": "2 cargo bikes"}, None),
    ],
)
def test_what_a_plan_leaves_out_or_adds(prompts, found):
    steps = [Step(n, kind, prompt) for n, (kind, prompt) in enumerate(prompts.items(), 1)]
    faults = lesson.plan_faults(lesson.order("order-108"), steps)
    assert faults == found if found is not None else {"cargo bike", "delivery"} <= {*faults}


def test_the_days_of_a_rental_must_be_said():
    task = lesson.order("order-092")  # a folding bike in trade, a city bike for 5 days
    trade, words = Step(1, "trade", "1 folding bike"), ("1 city bike for 5 days", "1 city bike")
    told, untold = (lesson.plan_faults(task, [trade, Step(2, "rental", word)]) for word in words)
    assert (told, untold) == ([], ["days"])


# All orders


def test_the_table_of_faults_counts_every_order_once(whole):
    said = lesson.where_orders_die(whole)
    right, plan, rule, step, merge = map(int, re.findall(r"^ *\(?(\d+)", said, re.M))
    assert right == whole.column("planner-executor").sum()
    assert right + plan + step + merge == len(whole.tasks) == 96
    cells = [row[0][0] for row in whole.of(["planner-executor"]).cells]
    lost = [lesson.lost_in(*pair) for pair in zip(whole.tasks, cells)]
    assert (plan, step, merge) == tuple(map(lost.count, ("plan", "step", "merge")))
    assert plan > (right + plan + step + merge - right) / 2 and rule > plan / 2  # as the text says


def test_the_ways_stand_under_their_names(kit, whole):
    nine, members = asyncio.run(studies.orders(kit)), asyncio.run(studies.order_members(kit))
    samples = asyncio.run(studies.order_samples(kit))
    counts = dict(zip(whole.subjects, whole.right[:, :, 0].sum(axis=0)))
    assert counts == {
        "large alone": nine.column("single_model").sum(),
        "planner-executor": nine.column("planner_executor").sum(),
        "large, all examples": members.of(split="test").column("large, all examples").sum(),
        "large, 5 samples": samples.column("large, 5 samples").sum(),
    }
    rows = lesson.table(whole).splitlines()[1:]
    for row, name in zip(rows, whole.subjects, strict=True):
        mean = whole.of([name]).tokens.mean()
        assert f"{counts[name]} of 96" in row and f"{mean:,.0f}" in row
        assert ("points" in row) == (name != "planner-executor")


@pytest.mark.parametrize("merge", [lesson.add_up, lesson.add_up_named])
def test_what_a_merge_moves(merge, whole):
    before, of, after, mended, broken = map(int, re.findall(r"\d+", lesson.moved(whole, merge))[:5])
    moved = []
    for task, ((cell,),) in zip(whole.tasks, whole.of(["planner-executor"]).cells):
        form = merge(lesson.forms_in(cell.run.result.results), task.input)
        moved.append((bool(cell.right), task.right(json.dumps(form))))
    assert (before, of) == (sum(first for first, _ in moved), 96)
    assert after == sum(then for _, then in moved)
    assert (mended, broken) == (moved.count((False, True)), moved.count((True, False)))


def test_the_parts_of_the_cost(whole):
    alone, plan, merge, steps = lesson.parts(whole, 2.0)
    assert alone.cost == 1 and plan.cost == plan.tokens / alone.tokens
    assert steps.cost == pytest.approx(steps.tokens / alone.tokens / 2)
    every = whole.of(["planner-executor"]).tokens.mean()
    assert plan.tokens + merge.tokens + steps.tokens == pytest.approx(every)


# The notebook


@pytest.fixture(scope="module")
def notebook() -> dict[str, str]:
    cells = nbformat.read(paths.notebooks() / "06_planner_executor.ipynb", 4).cells
    return {cell.id: cell.source for cell in cells}


def edited(source: str, *, sees: bool = False, small: bool = False, program: str = "") -> str:
    """The cell that builds the pattern, changed as the text below it says."""
    first, rest = source.split("\n", 1)
    assert first.endswith("= pattern.members, False") and "    prompt = " in rest
    first = first.replace("False", "True") if sees else first
    first = first.replace("pattern.members", "small") if small else first
    return f"{first}\n" + (rest.replace("    prompt =", f"    {program}\n    prompt =", 1))


def ran(source: str, kit: Kit) -> str:
    """What a cell prints."""
    pattern = orders.planner_executor(kit.cast)
    small = {name: orders.specialist(kit.cast.small, name) for name in pattern.members}
    names: dict[str, Any] = {"kit": kit, "json": json, "mlkit": mlkit, "lesson": lesson}
    names |= {"pattern": pattern, "small": small, "case": lesson.order("order-108")}
    compiled = compile(source, "a cell", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        running = eval(compiled, names)
        if inspect.isawaitable(running):
            asyncio.run(running)
    return printed.getvalue()


@pytest.mark.parametrize("sees, small, program", list(product((0, 1), repeat=3)))
def test_every_edit_is_recorded_and_gives_what_the_text_says(sees, small, program, notebook, kit):
    (line,) = re.findall(r"put `(return .*)`:", notebook["edits"])
    source = edited(notebook["build"], sees=sees, small=small, program=line if program else "")
    said = ran(source, kit)
    answer = re.search(r"answer +\$(\S+), right is \$260", said)[1]
    assert ("merge" in said) != program
    expected = {(0, 0, 0): "225", (1, 0, 0): "180", (0, 0, 1): "305", (1, 0, 1): "260"}
    assert answer == expected.get((sees, small, program), answer)
    assert (answer == "260") == ((sees, small, program) == (1, 0, 1))
    if sees and not small:
        assert '"rule":"school"' in said and '"rule":"student"' in said


def test_the_pattern_in_the_cell_asks_what_the_kit_asks(notebook, kit, whole):
    said = ran(notebook["build"], kit)
    run = whole.cell("planner-executor", "order-108").run
    for call in run.calls:
        assert call.reply.text.strip() in said


def test_the_repair_moves_the_number_to_what_the_text_says(notebook, whole):
    body = notebook["repair"].partition("\n\n\nprint")[0]
    assert body.splitlines()[2].startswith("    # things")
    for source, same in ((body, lesson.add_up), (body.replace("# ", ""), lesson.add_up_named)):
        names: dict[str, Any] = {"lesson": lesson}
        exec(source, names)
        assert lesson.moved(whole, names["merge"]) == lesson.moved(whole, same)
    (right,) = re.findall(r"and (\d+) are right, a clear gain", notebook["repair-text"])
    assert f"your program {right}:" in lesson.moved(whole, lesson.add_up_named)
    low = re.search(r"interval ([+-]\d+)", lesson.moved(whole, lesson.add_up_named))[1]
    assert int(low) > 0


def test_the_text_on_all_executors_says_what_the_table_says(notebook, kit):
    said = asyncio.run(lesson.variants(kit))
    rows = {
        name.strip(): [int(count) for count in counts.split()]
        for name, counts in re.findall(r"^([a-z-][a-z -]+?) {2,}(\d.*)$", said, re.M)
    }
    half = asyncio.run(studies.orders_and_variants(kit))
    for name, counts in rows.items():
        studied = name.replace("planner-executor", "planner_executor")
        assert counts[0] == half.column(studied).sum() and len(counts) == 3
    assert len(rows) == 4
    assert rows["executors see the request"][0] <= rows["planner-executor"][0]
    repaired = (rows["executors see the request"][2], rows["planner-executor"][2])
    assert "{} and {}, too few".format(*repaired) in notebook["variants-text"]
    small = ("small executors see the request", "small executors")
    assert repaired[0] > repaired[1] and rows[small[0]][2] <= rows[small[1]][2]  # large ones alone
    model = (rows["small executors"][0], rows["planner-executor"][0])
    assert "{} and {}".format(*model) in notebook["variants-text"]
    (alone,) = map(int, re.findall(r"in one call: (\d+)", said))
    best = max(row[2] for row in rows.values())
    gain, low, high = map(
        int, re.findall(r"large alone: ([-+]\d+) .* ([-+]\d+) to ([-+]\d+)", said)[0]
    )
    assert gain == round(100 * (best - alone) / 48) and low < 0 < high <= 3


def test_the_repaired_merge_is_still_clearly_worse_than_the_large_model_alone(whole):
    repaired = lesson.grades(whole, "planner-executor", lesson.add_up_named)
    assert difference(repaired, whole.column("large alone")).high < -0.05  # the rule's margin


def test_no_recorded_plan_needed_a_repair_as_the_text_says(whole):
    cells = [row[0][0] for row in whole.of(["planner-executor"]).cells]
    assert not any(cell.run.result.repairs for cell in cells)


def test_no_price_ratio_is_high_enough_with_the_merge_and_one_is_without(whole, notebook):
    alone, plan, merge, steps = (round(part.tokens) for part in lesson.parts(whole, 4.5))
    assert right_break_even(plan + merge, steps, alone) == math.inf
    assert f"break_even({plan}, {steps}, {alone})" in notebook["solution-break-even"]
    without = f"is {right_break_even(plan, steps, alone):.1f}."
    assert without in notebook["solution-break-even"] and float(without[3:6]) < 4.5


def test_the_bench_offers_the_order_that_the_text_names_and_one_way_finds_its_rule(notebook, kit):
    (prompt,) = re.findall(r'Choose "([^"]+)"', notebook["class-text"])
    half = asyncio.run(studies.orders_and_variants(kit))
    (task,) = [task for task in half.tasks if task.input == prompt]
    ways = ("planner_executor", "executors see the request", "small executors", "single_model")
    assert [half.cell(way, task.id).right for way in ways] == [False, False, False, True]
