"""Notebook 02: its exercises, its quiz, what it reads out of pipelines, and what its text says."""

import ast
import asyncio
import re
from itertools import product
from statistics import fmean
from typing import Any

import nbformat
import pytest
from course import orders, studies, timings
from course.claims.page import CLAIMS
from course.lessons import benches, pipeline

import mlkit
from mlkit import paths, trace
from mlkit.ask import Failure
from mlkit.kit import Kit
from mlkit.measure.matrix import Matrix
from mlkit.measure.stats import difference
from mlkit.models import list_prices
from mlkit.widgets.lessons import check, quiz
from tests.course.lessons.answers import stub

TASKS = studies.order_tasks("test", half=True)
CASES = ("order-110", "order-129")  # of the notebook


@pytest.fixture(scope="module")
def kit() -> Kit:
    return mlkit.connect(engine="replay")


@pytest.fixture(scope="module")
def measured(kit) -> Matrix:
    return asyncio.run(pipeline.measured(kit))


@pytest.fixture(scope="module")
def cells() -> dict[str, str]:
    (path,) = paths.notebooks().glob("02_*.ipynb")
    return {cell.id: cell.source for cell in nbformat.read(path, as_version=4).cells}


# Exercise 1


def right_gate(request, calculation):
    amounts = set(re.findall(r"\$(\d+)", request))
    used = [number for number in re.findall(r"\d+(?:\.\d+)?", calculation) if number in amounts]
    return f"it uses {used[0]}" if used else ""


def by_words(request, calculation):
    named = {word.strip(".,;:?!") for word in request.split() if word.startswith("$")}
    for sign in "+-*/()":
        calculation = calculation.replace(sign, " ")
    return "; ".join(
        f"{number} is the customer's" for number in calculation.split() if f"${number}" in named
    )


def by_value(request, calculation):
    amounts = {float(amount) for amount in re.findall(r"\$(\d+)", request)}
    return (
        "the limit is in it"
        if amounts & {float(number) for number in re.findall(r"\d+\.?\d*", calculation)}
        else ""
    )


def with_pattern(pattern, numbers=None):
    """A gate that looks for each amount in its own way, or among numbers found in the
    calculation.
    """

    def answer(request, calculation):
        amounts = re.findall(r"\$(\d+)", request)
        if numbers:
            return "no" if set(amounts) & set(re.findall(numbers, calculation)) else ""
        return "no" if any(re.search(pattern % one, calculation) for one in amounts) else ""

    return answer


GATE = [
    ("right", right_gate, "Right"),
    ("right, by words", by_words, "Right"),
    ("right, by value", by_value, "Right"),
    ("stub", stub, "Not written yet"),
    ("prints", lambda *_: print("hm"), "Not written yet"),
    ("lets all pass", lambda *_: "", "60 - 65 passes"),
    ("refuses all", lambda *_: "no", "no 30 stands there"),
    ("says True", lambda request, text: bool(right_gate(request, text)), "gives a text"),
    ("complains or None", lambda request, text: right_gate(request, text) or None, "gives a text"),
    ("signed numbers", with_pattern("", r"-?\d+(?:\.\d+)?"), "without spaces"),
    (
        "split at spaces",
        lambda request, text: (
            "x" if set(re.findall(r"\$(\d+)", request)) & set(text.split()) else ""
        ),
        "without spaces",
    ),
    ("parts of numbers", with_pattern("%s"), "in 130"),
    ("beginnings of numbers", with_pattern(r"\b%s"), "in 300"),
    ("at word ends", with_pattern(r"\b%s\b"), "behind a point"),
    (
        "any number",
        lambda request, text: (
            "x" if set(re.findall(r"\d+", request)) & set(re.findall(r"[\d.]+", text)) else ""
        ),
        "14 miles",
    ),
    (
        "first amount only",
        lambda request, text: right_gate(request.partition("and")[0], text),
        "two amounts",
    ),
    (
        "needs an amount",
        lambda request, text: "x" if "$" not in request else right_gate(request, text),
        "names no amount",
    ),
    ("raises", lambda request, text: 1 / 0, "raised ZeroDivisionError"),
]
RECORDED = [
    ("At most $65.", "60 - 65", False),
    ("At most $65.", "60 * 2", False),
    ("At most $30.", "9 * 3", True),
    ("At most $30.", "30", True),
]


@pytest.mark.parametrize(
    "answer, shown", [case[1:] for case in GATE], ids=[case[0] for case in GATE]
)
def test_exercise_gate(answer, shown, capsys):
    check(pipeline.gate(RECORDED), answer)
    assert_shown(shown, capsys)


def assert_shown(shown, capsys):
    out = capsys.readouterr().out
    assert shown in out
    assert ("✓" in out) == (shown == "Right")


def test_a_right_gate_is_counted_on_what_was_recorded(measured):
    assert "1 of 2 wrong ones and 1 of 2 right ones" in pipeline.gate(RECORDED)(right_gate).text
    said = pipeline.gate(pipeline.forms(measured))(right_gate).text
    right = int(measured.column("pipeline").sum())
    assert f"0 of {len(TASKS) - right} wrong ones and 0 of {right} right ones" in said


# Exercise 2


def in_a_loop(stage_right, total_right, then):
    counts = {True: [0, 0], False: [0, 0]}
    for stage, total in zip(stage_right, total_right):
        counts[stage][0] += total
        counts[stage][1] += 1
    (good, of_good), (bad, of_bad) = counts[True], counts[False]
    return then * good / of_good + (of_good + of_bad - then) * bad / of_bad


def rounded(*args):
    return round(in_a_loop(*args))


PROMISED = [
    ("right", in_a_loop, "Right"),
    ("right, the kit's own", pipeline.promised, "Right"),
    ("stub", stub, "Not written yet"),
    ("text", lambda *_: "3 orders", "gives str"),
    ("a share", lambda s, t, n: in_a_loop(s, t, n) / len(s), "not their share"),
    ("the right ones only", lambda s, t, n: n * 1.0, "One with a wrong stage"),
    ("as it is", lambda s, t, n: float(sum(t)), "If the stage is right for all"),
    ("rounded down", lambda *args: float(int(in_a_loop(*args))), "keep the fraction"),
    ("another number", lambda s, t, n: in_a_loop(s, t, n) + (n == 4), "1 of 3"),
    ("none is none", lambda s, t, n: in_a_loop(s, t, n) if n else 0.0, "wrong on all orders"),
    ("rounded", rounded, "keep the fraction"),
    ("raises", lambda s, t, n: 1 / 0, "raised ZeroDivisionError"),
]


@pytest.mark.parametrize(
    "answer, shown", [case[1:] for case in PROMISED], ids=[case[0] for case in PROMISED]
)
def test_exercise_promised(answer, shown, capsys):
    check(pipeline.replaced([True, False], [True, False], 1, 1), answer)
    assert_shown(shown, capsys)


def test_the_promise_is_that_of_the_recordings_and_is_not_kept(measured, cells):
    stage, totals, then, after = pipeline.classifiers(measured)
    assert sum(totals) == measured.column("pipeline").sum() > after
    assert after == measured.column("pipeline, one model").sum()
    said = pipeline.replaced(stage, totals, then, after)(in_a_loop).text
    promise = in_a_loop(stage, totals, then)
    assert promise > sum(totals) + 5
    assert f"departments of {sum(stage)} of {len(TASKS)} orders" in said and f"of {then}." in said
    assert f"promises {promise:.1f} right totals instead of {sum(totals)}" in said
    assert said.endswith(f"measured with the large one: {after}.")
    gain = difference(measured.column("pipeline, one model"), measured.column("pipeline"))
    promised = (promise - sum(totals)) / len(TASKS)
    assert promised > gain.high
    solution = cells["promised-solution"]
    assert f"promises {promise:.1f} right totals, {100 * promised:+.0f} points" in solution
    assert f"Measured: {after}, which is {gain.points()}. " in solution
    assert f"{100 * promised:+.0f} lies outside the interval: the promise is refuted" in solution


def test_the_example_of_exercise_2_is_worked_out_right(cells):
    assert pipeline.promised([True, True, False, False], [True, False, False, False], 3) == 1.5
    assert "`then=3`: 3 x 50% + 1 x 0% = 1.5" in cells["promised-text"]


def test_the_quiz_has_three_questions_whose_choices_are_about_as_long():
    assert len(pipeline.QUIZ) == 3
    for _, choices in pipeline.QUIZ:
        assert sum(choice.right for choice in choices) == 1
        lengths = [len(choice.text) for choice in choices]
        assert max(lengths) - min(lengths) <= 6
    quiz(*pipeline.QUIZ)


# What the learner builds


def built(cells: dict[str, str], kit: Kit, **edits: str) -> dict[str, Any]:
    """The names that the cell `build` leaves behind, edited as the text says."""
    classify, extract, reason = pipeline.members(kit.cast)
    names: dict[str, Any] = {"classify": classify, "extract": extract, "reason": reason}
    source = cells["build"]
    for name, value in edits.items():
        assert re.search(rf"\b{name}=\w+", source)
        source = re.sub(rf"\b{name}=\w+", f"{name}={value}", source)
    exec(compile(ast.parse(source), "build", "exec"), names)
    return names


@pytest.mark.parametrize("keep_original, retries", [*product((True, False), (0, 1, 2))])
def test_the_learners_pipeline_asks_what_the_kits_class_asks(kit, cells, keep_original, retries):
    mine = built(cells, kit, keep_original=str(keep_original), retries=str(retries))["three_stages"]
    kits = orders.pipeline(kit.cast, retries, keep_original)
    # with retries the kit tries the last stage again as well, which the learner does not
    ids = [task.id for task in TASKS] if not retries else CASES
    for task_id in ids:
        request = pipeline.order(task_id).input
        ours, theirs = (asyncio.run(trace.run(kit.ask, one, request)) for one in (mine, kits))
        assert [call.reply.text for call in ours.calls] == [
            call.reply.text for call in theirs.calls
        ]
        assert ours.result == theirs.result.text


@pytest.mark.parametrize("retries", ["1", "2"])
def test_the_learners_pipeline_with_retries_is_recorded_on_every_order(kit, cells, retries):
    mine = built(cells, kit, retries=retries)["three_stages"]
    right = asyncio.run(pipeline.on_orders(kit, mine))
    assert len(right) == len(TASKS) and all(type(one) is bool for one in right)


def test_the_case_shows_both_riddles(kit, cells):
    named, once = built(cells, kit), built(cells, kit, retries="1")
    order = pipeline.order("order-110")
    assert len(order.notes["departments"]) == 2 and order.gold["rule"] != "none"
    run = asyncio.run(trace.run(kit.ask, named["three_stages"], order.input))
    assert named["gate"](run.calls[1].reply.text) and order.right(run.result)
    again = asyncio.run(trace.run(kit.ask, once["three_stages"], order.input))
    assert again.calls[2].reply.text == "1 tandem\n1 lamp" and order.right(again.result)
    assert len(again.calls) == 4 and "`1 tandem` and `1 lamp`" in cells["odd-answer"]
    assert not named["gate"](again.calls[2].reply.text)


def test_the_gate_is_not_asked_without_retries_and_would_let_section_8_pass(kit, cells):
    forgets = built(cells, kit, keep_original="False")
    asked, gate = [], forgets["gate"]
    forgets["gate"] = lambda things: asked.append(things) or gate(things)
    order = pipeline.order("order-110")
    run = asyncio.run(trace.run(kit.ask, forgets["three_stages"], order.input))
    listed = run.calls[1].reply.text
    assert listed == "1 rental\n1 order" and not asked and gate(listed) == ""
    assert all(f'"{line}"' in pipeline.QUIZ[1][0] for line in listed.splitlines())


def test_gates_after_every_stage_save_one_order_that_the_learners_gate_loses(kit, cells):
    mine = built(cells, kit, retries="1")["three_stages"]
    kits = orders.pipeline(kit.cast, 1)
    ours = asyncio.run(pipeline.on_orders(kit, mine))
    runs = [asyncio.run(kit.run(kits, task.input)).result for task in TASKS]
    theirs = [task.right(run.text) for task, run in zip(TASKS, runs)]
    (saved,) = (n for n, (a, b) in enumerate(zip(ours, theirs)) if a != b)
    assert theirs[saved] and runs[saved].stages[2].tries == 2
    said = f"({sum(theirs)}; with your gate alone, {sum(ours)})"
    assert said in cells["explore-read"]


def test_the_last_stage_is_told_what_large_alone_is_told(kit, cells):
    reason, alone = pipeline.members(kit.cast)[2], orders.order_voters(kit.cast)[0]
    assert reason == alone and "what *large alone* is told" in cells["told-text"]


def test_the_forms_under_the_bench_are_those_of_the_menu(kit, cells):
    gold = {task.input: task.gold for task in TASKS}
    said = []
    for number, request in enumerate(benches.play("pipeline", kit).prompts, len(CASES) + 1):
        form = gold[request]
        row = ", ".join(f"{one['pieces']} {one['name']}" for one in form["things"])
        row += f"; {form['days']} days" * (form["days"] > 1)
        said.append(f"{number}. {row}" + f"; {form['rule']}" * (form["rule"] != "none"))
    assert re.findall(r"^\d+[.] .*$", cells["bench-right"], re.MULTILINE) == said
    assert "from the third order on" in cells["bench-right"]  # before them, CASES


def test_a_retry_that_mends_half_a_list_spoils_the_second_order(measured):
    before, after = (measured.cell(name, "order-129") for name in ("pipeline", "pipeline, 1 retry"))
    assert before.right and not after.right
    assert "lamp" in before.text and "lamp" not in after.text


def test_the_bench_runs_with_every_setting_on_every_prompt(kit, cells):
    play = benches.play("pipeline", kit)
    prompts = [*(pipeline.order(task_id).input for task_id in CASES), *play.prompts]
    assert all(f'"{task_id}"' in cells["case"] + cells["bench"] for task_id in CASES)
    settings = product(("pipeline", "large alone"), (0, 1, 2), ("yes", "no"))
    for prompt, (way, retries, keep_original) in product(prompts, settings):
        run = asyncio.run(trace.run(kit.ask, play.build(way, retries, keep_original), prompt))
        assert not [call for call in run.calls if isinstance(call.reply, Failure)]
        assert (len(run.calls) == 1) == (way == "large alone")
    assert play.build("pipeline", 2, "no") == orders.pipeline(kit.cast, 2, False)


# What is read out of pipelines


@pytest.mark.parametrize(
    "form, said",
    [
        (
            '{"things":[{"name":"tandem","pieces":2},{"name":"lamp","pieces":1}],"days":3,'
            '"rule":"student"}',
            "2 tandem at $34 x 3 days x 0.75 (student) + 1 lamp at $22 = $175",
        ),
        (
            {"things": [{"name": "wheel", "pieces": 1}], "days": 1, "rule": "none"},
            "1 wheel at $28 = $28",
        ),
        (
            {"things": [{"name": "wheel", "pieces": 2}], "days": 2, "rule": "express"},
            "2 wheel at $28 x 1.25 (express) = $70",
        ),
        ({"things": [], "days": 1, "rule": "none"}, "nothing = $0"),
    ],
)
def test_a_bill_shows_how_a_form_comes_to_its_total(form, said):
    assert pipeline.bill(form) == said


def test_what_is_no_form_has_no_bill():
    assert "form" in pipeline.bill("rental") and "$" not in pipeline.bill("rental")


@pytest.mark.parametrize("task", TASKS, ids=lambda task: task.id)
def test_the_bill_of_the_right_form_comes_to_the_right_total(task):
    assert pipeline.bill(task.gold).endswith(f"= ${task.gold['total']:.12g}")
    assert pipeline.order(task.id) == task


def test_stages_are_graded_exactly(measured):
    grades = pipeline.stage_grades(measured, "pipeline")
    staged = dict(zip([task.id for task in TASKS], zip(*grades.values())))
    assert staged["order-110"] == (True, False)  # it wrote: rental
    assert staged["order-010"] == (True, True)  # it wrote: 1 wheel
    assert staged["order-057"][1] is False  # it wrote 1 wheel of 2
    assert staged["order-016"] == (False, False)
    listed = pipeline.stage_grades(measured, "pipeline, 1 retry")["extract"]
    assert dict(zip([task.id for task in TASKS], listed))["order-110"] is True


def test_the_table_has_a_line_for_each_way_and_what_the_pipeline_gains(measured):
    head, *rows = pipeline.table(measured).splitlines()
    assert head.endswith(f"(95%, n {len(TASKS)})") and max(map(len, (head, *rows))) < 70
    assert [row[:14].strip() for row in rows] == list(pipeline.WAYS)
    for row, name in zip(rows, pipeline.WAYS.values()):
        one = measured.of([name])
        right, tokens, seconds = row[14:].split()[:3]
        assert int(right) == one.right.sum()
        assert float(seconds) == pytest.approx(one.seconds.mean(), abs=0.005)
        assert int(tokens.replace(",", "")) == round(one.tokens.mean())
        gain = difference(measured.column("pipeline"), measured.column(name))
        mean, low, high = (f"{100 * share:+z.0f}" for share in gain[:3])
        assert row.endswith(f"  {mean} points ({low} to {high})") == (name != "pipeline")


def test_the_budget_is_equal(measured):
    budget, piped = (measured.of([name]).tokens.mean() for name in (pipeline.MORE, "pipeline"))
    assert budget == pytest.approx(piped, rel=0.05)


def test_times_are_those_of_the_timing_run(kit, cells):
    head, alone, *stages = pipeline.times(timings.load_latency()[1]).splitlines()
    assert alone.startswith("large alone, answer (large)") and len(stages) == 3
    alone_read, *_ = (float(number) for number in alone[30:].split())
    read = [float(row[30:].split()[0]) for row in stages]
    seconds = [float(row[30:].split()[2]) for row in (alone, *stages)]
    assert all(one > alone_read for one in read)  # what section 13 says
    runs = timings.load_latency()[1]
    asked = [call for run in runs if run.pattern == "single_model" for call in run.calls]
    assert not any(call.member.shots for call in asked)  # what section 7 says
    for pattern, spent in (("single_model", seconds[:1]), ("pipeline", seconds[1:])):
        waited = fmean(run.wall_seconds for run in runs if run.pattern == pattern)
        assert sum(spent) == pytest.approx(waited, rel=0.03)
    said = cells["deeper-read"]
    assert f"{sum(seconds[1:]) / seconds[0]:.1f} times as long" in said
    claimed = asyncio.run(CLAIMS["C2b"].found(kit)).measured.value.split()[0]
    assert f"The claim's {claimed} is the mean" in said
    (read, written, took), (more, wrote, longer) = (row[30:].split() for row in stages[:2])
    assert f"*small* needs {took} s for {read} read and {written} written" in said
    assert f"{longer} s for {more} and {wrote}." in said


def test_what_is_overheard_is_what_each_stage_reads_and_writes(kit, cells):
    forgets = built(cells, kit, keep_original="False")["three_stages"]
    said = asyncio.run(pipeline.overheard(kit, forgets, pipeline.order("order-110").input))
    heard = [block.splitlines() for block in re.split(r"\n(?=\w)", said)]
    assert [head for head, *_ in heard] == [
        f"{role} {what}"
        for role in ("classify", "extract", "reason")
        for what in ("reads", "writes")
    ]
    assert heard[2][1:] == heard[1][1:] and heard[4][1:] == heard[3][1:]  # the last output alone


# What the text says


def test_numbers_and_findings_in_the_text_are_those_of_the_recordings(measured, kit, cells):
    right = {name: int(measured.column(name).sum()) for name in measured.subjects}
    lists = {
        name: sum(pipeline.stage_grades(measured, name)["extract"])
        for name in ("pipeline, forgets", "pipeline", "pipeline, 1 retry", "pipeline, 2 retries")
    }
    forgets, kept = right["pipeline, forgets"], right["pipeline"]
    assert f"from {forgets} to {kept} of {len(TASKS)}" in cells["repair"]
    assert f"recordings of {len(TASKS)} orders" in cells["bench-read"]
    alone = orders.order_voters(kit.cast)[0]
    assert f"{len(alone.shots)} examples" in cells["bench-read"]
    more = next(one for one in orders.order_pool(kit.cast) if one.name == pipeline.MORE)
    assert f"large alone with {len(more.shots)} examples" in cells["bench-read"]
    assert "four examples" in cells["odd"] and len(pipeline.members(kit.cast)[1].shots) == 4
    ends = [
        difference(measured.column("pipeline"), measured.column(name)).points().count("to +0,")
        for name in pipeline.WAYS.values()
        if name != "pipeline"
    ]
    assert "Two intervals end at +0" in cells["table-read"] and sum(ends) == 2
    assert f"than steps: {right[pipeline.MORE]} to {kept}" in cells["table-read"]
    assert right[pipeline.MORE] > kept and right["single_model"] > kept
    assert lists["pipeline, 1 retry"] > lists["pipeline"] > lists["pipeline, forgets"] == 0
    assert forgets == 0  # no list is right, and no total
    assert lists["pipeline, 2 retries"] == lists["pipeline, 1 retry"]
    assert right["pipeline, 2 retries"] == right["pipeline, 1 retry"] <= kept
    seconds = measured.of(["pipeline", "single_model"]).seconds.mean(axis=(0, 2))
    listed = f"{lists['pipeline'] / len(TASKS):.0%} of the lists are right"
    assert f"{listed}, and {kept / len(TASKS):.0%} of the totals" in cells["explore-text"]
    assert "about twice as long" in cells["deeper-read"] and 1.8 < seconds[0] / seconds[1] < 2.2
    assert "the orders about twice" in cells["explore-text"]
    assert kit.cast.general.model == kit.cast.large.model != kit.cast.small.model
    prices = list_prices()  # "Both models have the same list price."
    assert prices[kit.cast.small.model] == prices[kit.cast.large.model]


def test_the_text_quotes_the_claims_and_their_verdicts(kit, cells):
    said = re.sub(r" \(the time to the answer\)|> ", "", cells["idea"])
    found = {name: asyncio.run(CLAIMS[name].found(kit)) for name in ("C2a", "C2b", "C3")}
    for name, one in found.items():
        assert f"**{name}.** {one.claim.words}" in said
    assert "2.4 to 3.6" in CLAIMS["C2b"].rule and "2.4 to 3.6" in cells["idea"]
    assert "five times" in cells["explore-text"] and found["C2b"].measured.value.startswith("5.")
    assert str(found["C3"]).count("-> cannot tell")
    # What is left to the rule's limit: 10% minus what the stages' share is away from 100%.
    left = 10 - abs(100 - float(re.search(r"([\d.]+)%", found["C2a"].measured.value)[1]))
    assert found["C2a"].measured.low - 0.1 < left < found["C2a"].measured.high + 0.1
    assert "10%" in CLAIMS["C2a"].rule and "C2a: of its 10%" in cells["table-read"]
