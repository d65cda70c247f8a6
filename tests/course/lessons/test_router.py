"""Notebook 03: routers of recorded parts, the cells that its text tells of, and its exercises: they
accept what is right, and tell a stub and the usual mistakes what is missing.
"""

import ast
import asyncio
import re
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import nbformat
import numpy as np
import pytest
from course import home, studies, systems
from course.lessons import benches, router
from course.lessons.router_pictures import queues, threshold_chart
from course.shop import KINDS, member_for

import mlkit
from mlkit import paths
from mlkit.kit import Kit
from mlkit.patterns.router import ModelRouter
from mlkit.widgets.lessons import check, quiz
from tests.course.lessons.answers import passes, stub

NOTEBOOK = paths.notebooks() / "03_router.ipynb"


@pytest.fixture(scope="module")
def kit() -> Kit:
    return mlkit.connect(engine="replay")


@pytest.fixture(scope="module")
def desk(kit) -> router.Desk:
    return asyncio.run(router.measured(kit))


CELLS = {cell.id: cell for cell in nbformat.read(NOTEBOOK, as_version=4).cells}


@pytest.fixture(scope="module")
def cells(kit, desk) -> SimpleNamespace:
    """What the cells that build define, with the edit that the text proposes where one is given."""

    def define(old: str = "", new: str = "") -> dict[str, Any]:
        names = {"kit": kit, "desk": desk, "KINDS": KINDS, "member_for": member_for}
        names |= {"told": lambda *_: None, "print": lambda *_, **__: None}
        for cell_id in ("rule", "specialists", "build", "break", "repair", "home"):
            assert cell_id != "build" or old in CELLS[cell_id].source
            exec(CELLS[cell_id].source.replace(old, new) if old else CELLS[cell_id].source, names)
        return names

    return SimpleNamespace(define=define, **define())


def keyword_rule(prompt):
    words = {"Python": "code", "$": "math", "word": "creative"}
    return next((kind for word, kind in words.items() if word in prompt), "general")


# --- Routers of recorded parts


def test_a_router_of_parts_is_the_router_itself_in_all_that_is_counted(kit, desk):
    routed = desk.routed("small")
    for task in desk.every.tasks[::9]:
        n = desk.every.tasks.index(task)
        run = asyncio.run(kit.run(systems.desk_router(kit.cast), task.input))
        assert desk.sent("small")[n] == run.result.specialist
        assert routed.right[n] == task.right(run.result.text)
        replies = [call.reply for call in run.calls]
        assert routed.tokens[n] == sum(one.prompt_tokens + one.output_tokens for one in replies)
        loaded = sum(one.load_seconds for one in replies if one.load_seconds > 0.5)
        busy = sum(one.seconds for one in replies) - loaded
        assert routed.seconds[n] == pytest.approx(busy)
        assert len(run.calls) == 2


def test_an_outcome_takes_for_each_task_the_subject_that_is_named(desk):
    mixed = router.outcome(desk.every, desk.kinds)
    for kind in KINDS:
        here = desk.kinds == kind
        assert list(mixed.right[here]) == list(desk.every.column(kind)[here])
        assert list(mixed.tokens[here]) == list(router.outcome(desk.every, kind).tokens[here])
    assert router.gain(mixed, mixed).startswith("+0 points")
    ruled = desk.ruled(lambda prompt: "code")
    assert list(ruled.right) == list(desk.every.column("code"))


def test_the_numbers_are_those_of_the_claims(kit, desk):
    sent, right = asyncio.run(studies.routed(kit))
    assert list(desk.sent("small")) == list(sent)
    assert list(desk.routed("small").right) == list(right)


def test_the_trade_off_has_the_best_single_specialist_and_what_it_is_compared_with(desk):
    best = max(KINDS, key=lambda kind: desk.every.share(kind))
    assert best == "code"
    guess = SimpleNamespace(value=None)
    panel = desk.trade_off(keyword_rule, guess)
    assert [point.pattern for point in panel.chart.rows] == [
        *("small in one way", "large in one way", "code for all", "rule", "router")
    ]
    drawn = {one.text.rpartition(" ")[0]: one.y for one in panel.chart.figure.layout.annotations}
    grades = np.array([desk.every.column(kind) for kind in KINDS])
    own = np.mean([grades[KINDS.index(kind), n] for n, kind in enumerate(desk.kinds)])
    assert drawn["oracle"] == pytest.approx(grades.max(axis=0).mean())
    assert drawn["kind always known"] == pytest.approx(own)
    assert drawn["random specialist"] == pytest.approx(grades.mean())
    assert "your guess" not in drawn
    guess.value = 70
    annotations = desk.trade_off(keyword_rule, guess).chart.figure.layout.annotations
    assert {one.text: one.y for one in annotations}["your guess 70%"] == 0.7


def test_a_rule_is_counted_on_fit_and_on_test(desk):
    all_code = lambda prompt: "code"  # noqa: E731
    right = int(desk.every.column("code").sum())
    assert desk.counted(all_code) == (
        f"kinds named right: 11 of 44 on fit, 22 of 88 on test; answered right: {right} of 88"
    )
    misnamed = desk.misnamed(all_code)
    assert len(misnamed) == 33 and all(len(row) <= 88 for row in misnamed)
    assert "general, not code: Question: What does a gear adjustment cost?" in misnamed


def test_the_rivals_are_compared_in_pairs_and_counted(desk):
    rows = desk.gains(keyword_rule).splitlines()
    alone, right = desk.alone.column("large"), desk.routed("small").right
    found = [int(n) for row in rows[:4] for n in re.findall(r": +([+-]\d+) points", row)]
    routed, ruled = 100 * right.mean(), 100 * desk.ruled(keyword_rule).right.mean()
    assert found == [
        round(routed - 100 * alone.mean()),
        round(routed - ruled),
        round(100 * desk.routed("large").right.mean() - routed),
        round(100 * (desk.known.right.mean() - alone.mean())),
    ]
    assert rows[4] == "tasks sent right: 53 by the small classifier, 61 by the large"
    assert re.fullmatch(r"tokens a prompt: router \d{3}, one way \d{3}", rows[5])


def test_what_a_repair_gains_is_told_beside_what_was_and_beside_one_model(desk):
    all_code = lambda prompt: "code"  # noqa: E731
    after, alone = desk.gained(keyword_rule, all_code).splitlines()
    assert router.gain(desk.ruled(keyword_rule), desk.ruled(all_code)) in after
    assert router.gain(desk.ruled(keyword_rule), router.outcome(desk.alone, "large")) in alone


def test_the_threshold_is_chosen_on_fit_alone(desk):
    likely, tasks = desk.likely("small", "fit"), desk.named.of(split="fit").tasks
    right = {one.certainty: one.label == task.kind for one, task in zip(likely, tasks)}
    chosen = desk.chosen(0.8)

    def share(threshold):
        kept = [good for sure, good in right.items() if sure >= threshold]
        return sum(kept) / len(kept)

    exact = next(sure for sure in sorted(right) if share(sure) >= 0.8)
    assert chosen == round(exact, 2) and share(chosen) >= 0.8
    assert desk.chosen(1.0) > chosen
    assert all(one.split == "fit" for one in tasks) and len(tasks) == 44


def test_where_prompts_go_is_told_in_full(desk):
    head, *rows = desk.astray("small").splitlines()
    assert head.split() == ["kind", *(word for kind in KINDS for word in ("to", kind))]
    counts = {
        row.split()[0]: [int(n) for n in re.findall(r"(\d+): \d+ right", row)] for row in rows
    }
    rights = sum(int(n) for row in rows for n in re.findall(r": (\d+) right", row))
    assert {kind: sum(row) for kind, row in counts.items()} == dict.fromkeys(KINDS, 22)
    at_home = sum(row[KINDS.index(kind)] for kind, row in counts.items())
    assert at_home == (desk.sent("small") == desk.kinds).sum()
    assert rights == desk.routed("small").right.sum()


# --- What the text of the notebook says


def test_the_eight_by_hand_are_as_the_answer_below_them_says(desk):
    rows = [line.split() for line in desk.eight().splitlines()[1:]]
    sure = [float(row[0]) for row in rows]
    right = [row[2] == row[3] for row in rows]
    assert len(rows) == 8 and sure == sorted(sure, reverse=True)
    at = {least: [good for one, good in zip(sure, right) if one >= least] for least in (0.5, 0.8)}
    assert (len(at[0.5]), sum(at[0.5])) == (5, 4) and at[0.8] == [True, True]
    assert all(float(row[1]) >= float(row[0]) for row in rows)
    answer = CELLS["eight-text"].source
    assert "At 0.5 the last three go; of the five labels kept, four are right." in answer
    assert set(router.EIGHT) <= {task.id for task in desk.fit}


def test_the_learners_reading_of_a_label_is_the_kits(desk, cells):
    """Where any label was meant."""
    for who in ("small", "large"):
        named = desk.named.of([who])
        for (row,), (likely,) in zip(named.cells, (row[0] for row in named.likely(KINDS))):
            label, certainty = cells.likeliest(row[0].calls[0].reply.choices)
            assert certainty == pytest.approx(likely.certainty, abs=0.01)
            assert label == likely.label


def answer_of(cells: SimpleNamespace, names: dict[str, Any], prompt: str) -> str:
    return asyncio.run(names["kit"].run(names["my_router"], prompt)).result


EDITS = [
    ("examples=8", "examples=4"),
    ("examples=8", "examples=0"),
    ("kit.cast.small", "kit.cast.large"),
    ("threshold=0.15", "threshold=0.5"),
]


def test_the_case_goes_wrong_as_the_text_says_and_the_rule_says_math_too(cells):
    said = answer_of(cells, vars(cells), cells.task.input)
    assert said.startswith("math (") and said.endswith("math answers: 16")
    assert cells.by_keyword(cells.task.input) == "math" and cells.task.kind == "general"
    assert not cells.task.right("16") and "$" in cells.task.input


@pytest.mark.parametrize("old, new", EDITS)
def test_each_edit_that_the_text_names_is_recorded_and_rescues_the_question(cells, old, new):
    for word in re.split("[=]", old)[:1]:
        assert f"`{old}` to " in CELLS["edits"].source and word in CELLS["build"].source
    names = cells.define(old, new)
    text = answer_of(cells, names, names["task"].input).partition("answers: ")[2]
    assert names["task"].right(text)


def test_what_breaks_the_rule_on_fit_is_what_the_text_tells_of(desk, cells):
    """Eight of eleven are questions about a text; small names six of those wrong, too."""
    broken = [task for task in desk.fit if cells.by_keyword(task.input) != task.kind]
    questions = [task for task in broken if task.kind == "general"]
    assert (len(broken), len(questions)) == (11, 8)
    assert all("\n\nQuestion: " in task.input and "$" in task.input for task in questions)
    assert sum(desk.named.cell("small", task.id).answer != "general" for task in questions) == 6
    printed = "".join(output.get("text", "") for output in CELLS["break"].outputs)
    assert printed.count("general, not math: Question: ") == 8
    assert printed.count("math, not general: ") == 3


def test_the_repair_moves_the_numbers_and_its_last_step_names_all_kinds(desk, cells):
    def named(rule):
        return int(re.match(r"kinds named right: (\d+) of 44", desk.counted(rule))[1])

    before, after = named(cells.by_keyword), named(cells.repaired_rule)
    last = lambda prompt: cells.repaired_rule(prompt, "math")  # noqa: E731
    assert before < after < named(last) == 44
    assert desk.counted(last).endswith(" 88 of 88 on test; answered right: 61 of 88")
    assert desk.known.right.sum() == 61 and CELLS["repair"].source.count('="general"') == 1
    for row in desk.gained(cells.repaired_rule, cells.by_keyword).splitlines():
        assert int(re.search(r"interval \+(\d+)", row)[1]) > 0  # "clearly better than"


def test_the_mass_that_exercise_1_tells_of_was_measured(desk):
    reply = desk.named.cell("small", "general-03").calls[0].reply
    assert reply.text.strip() == "repair"
    n = [task.id for task in desk.every.tasks].index("general-03")
    assert round(desk.likely("small")[n].mass, 2) == 0.35
    assert "its mass was 0.35" in CELLS["exercise-1"].source
    assert min(one.mass for one in desk.likely("small", "fit")) >= 0.5  # "no fit task"


def test_why_one_more_is_sent_right_than_named_right(desk):
    """As the text before the table of examples says: the fallback is the right one, by luck."""
    likely = dict(zip((task.id for task in desk.every.tasks), desk.likely("small")))
    unsure = [task_id for task_id, one in likely.items() if one.certainty < 0.15]
    named = sum(one.label == kind for one, kind in zip(likely.values(), desk.kinds))
    assert unsure == ["general-03"] and named == 52
    assert (desk.sent("small") == desk.kinds).sum() == 53


def test_what_the_chart_is_said_to_show_it_shows(desk):
    """The blue line climbs, the orange one falls; with the other fallback to that model's share."""
    rows = {
        fallback: threshold_chart(*desk.decided(0.5, fallback)).rows
        for fallback in ("general", "large in one way")
    }
    first, last = rows["general"][0], rows["general"][-1]
    labels = [row.labels_right for row in rows["general"] if row.kept]
    assert labels[0] < 0.65 < 0.95 < labels[-1]
    kept = [row.kept_answers_right for row in rows["general"] if row.kept]
    assert kept[0] < 0.65 < 0.9 < kept[-1]
    assert last.answers_right < first.answers_right - 0.2
    assert rows["large in one way"][-1].answers_right == pytest.approx(desk.alone.share("large"))


def test_the_bench_has_the_case_of_the_page_with_each_classifier(kit, cells):
    play = benches.play("router", kit)
    options = play.controls["classifier"].options
    assert len(options) == 4
    for who in options:
        for prompt in (cells.task.input, *play.prompts):
            pattern = play.build(classifier=who, threshold=0.0, fallback="general")
            assert asyncio.run(kit.run(pattern, prompt)).result.text
    large = play.build("large, 8 examples", 0.5, "code")
    assert (large.classifier, large.threshold, large.fallback) == (
        *(member_for(kit.cast.large, "kind"), 0.5, "code"),
    )
    few = play.build("small, 4 examples", 0.0, "code").classifier
    assert few == member_for(kit.cast.small, "kind", 4)


def test_taken_home_it_gives_what_the_kit_gives(kit, desk, cells):
    def way_of(member):
        fields = ("model", "system", "examples", "tokens")
        return dict(zip(fields, (member.model, member.system, member.shots, member.max_tokens)))

    classifier, client = member_for(kit.cast.small, "kind"), home.client(kit)
    ways = {kind: way_of(member) for kind, member in cells.specialists.items()}
    for task in desk.every.tasks[::11]:
        taken = cells.routed(client, way_of(classifier), ways, task.input, "general")
        label, text = asyncio.run(taken)
        kits = asyncio.run(kit.run(ModelRouter(classifier, cells.specialists), task.input)).result
        assert (label or "", text) == (kits.label, kits.text)


def test_the_cell_to_take_home_knows_nothing_of_the_kit():
    tree = ast.parse(CELLS["home"].source)
    imported = [
        name.name for node in ast.walk(tree) if isinstance(node, ast.Import) for name in node.names
    ]
    assert imported == ["math"] and "mlkit" not in CELLS["home"].source
    assert len([line for line in CELLS["home"].source.splitlines() if line.strip()]) <= 30


def test_the_claims_are_shown_with_their_rule_before_the_value():
    for cell_id in ("claims", "claim-triage"):
        printed = "".join(output.text for output in CELLS[cell_id].outputs)
        assert printed.index("Supported if") < printed.index("-> ")


def test_what_the_text_says_of_the_first_claim_is_what_was_counted(desk):
    rows = desk.wrongly_sent().splitlines()
    wrong, mine, own = map(int, re.match(r"(\d+) .*: (\d+) right; .*: (\d+),", rows[0]).groups())
    others, right = map(int, re.match(r"(\d+) tasks sent right: (\d+)", rows[1]).groups())
    left, anyway = map(int, re.match(r".* in all: (\d+); .*: (\d+)$", rows[2]).groups())
    assert wrong + others == 88 and left == 88 - mine - right and anyway == 88 - own - right
    shares = [round(100 * n / of) for n, of in ((own, wrong), (right, others))]
    assert f"({shares[0]}% right by their own" in CELLS["claims-read"].source
    assert f"the others {shares[1]}%" in CELLS["claims-read"].source
    assert f"{anyway} answers are wrong instead of {left}" in CELLS["claims-read"].source
    assert 0 < right / others - own / wrong < own / wrong - mine / wrong  # "the smaller part"


def test_each_level_of_the_second_job_has_a_message_and_both_shares(kit):
    text = asyncio.run(queues(kit))
    rows = text.splitlines()
    assert [row.split()[0] for row in rows[::2]] == ["clear", "distractor", "hard"]
    for row, message in zip(rows[::2], rows[1::2]):
        assert re.search(r", 2[12] messages, named right: small \d+%, large \d+%$", row)
        assert re.fullmatch(r'  ".+" goes to [a-z]+', message)


# --- The exercises


def raises(*_):
    raise KeyError("math")


def right_route(label, certainty, mass, threshold=0.6):
    if mass < 0.5:
        return "person"
    return label if label in KINDS and certainty >= threshold else "general"


ROUTE: list[tuple[str, Callable[..., Any], str]] = [
    ("right", right_route, "Right"),
    (
        "right, written otherwise",
        lambda label, c, m, t=0.6: (
            "person" if not m >= 0.5 else "general" if label not in KINDS or c < t else label
        ),
        "Right",
    ),
    ("stub", stub, "Not written yet"),
    (
        "as it was",
        lambda label, c, m, t=0.6: label if label in KINDS and c >= t else "general",
        "Look at the mass",
    ),
    (
        "certainty before mass",
        lambda label, c, m, t=0.6: (
            label if label in KINDS and c >= t else "person" if m < 0.5 else "general"
        ),
        "before you look at the certainty",
    ),
    (
        "mass only where unsure, and threshold one half",
        lambda label, c, m, t=0.6: (
            "person" if c < 0.5 and m < 0.5 and c < t else right_route(label, c, max(m, 0.5), t)
        ),
        "before you look at the certainty",
    ),
    (
        "times the mass once more",
        lambda label, c, m, t=0.6: right_route(label, c * m, m, t),
        "takes >=",
    ),
    (
        "unknown labels pass",
        lambda label, c, m, t=0.6: "person" if m < 0.5 else label if c >= t else "general",
        "nobody covers",
    ),
    (
        "unsure to a person",
        lambda label, c, m, t=0.6: (
            "person" if m < 0.5 or c < t else label if label in KINDS else "general"
        ),
        "it goes to the fallback",
    ),
    (
        "unknown first",
        lambda label, c, m, t=0.6: "general" if label not in KINDS else right_route(label, c, m, t),
        "order of your tests",
    ),
    (
        "above, not at",
        lambda label, c, m, t=0.6: (
            "person" if m < 0.5 else label if label in KINDS and c > t else "general"
        ),
        ">=",
    ),
    (
        "mass at one half",
        lambda label, c, m, t=0.6: "person" if m <= 0.5 else right_route(label, c, m, t),
        "not below 0.5",
    ),
    (
        "threshold written in",
        lambda label, c, m, t=0.6: right_route(label, c, m, min(t, 0.6)),
        "written into your code",
    ),
    ("everything to a person", lambda label, c, m, t=0.6: "person", "Only a low mass"),
    ("wrong specialist", lambda label, c, m, t=0.6: "code", "specialist of its own"),
]


@pytest.mark.parametrize(
    "answer, hint", [case[1:] for case in ROUTE], ids=[case[0] for case in ROUTE]
)
def test_exercise_route(answer, hint):
    passes(router.route(answer), hint)


def lowest(certainties, right, least):
    for threshold in sorted(certainties):
        kept = [good for sure, good in zip(certainties, right) if sure >= threshold]
        if sum(kept) / len(kept) >= least:
            return threshold
    return 1.0


def of_those(certainties, right, least, keep, order=sorted, none=1.0):
    for threshold in order(certainties):
        kept = [good for sure, good in zip(certainties, right) if keep(sure, threshold)]
        if kept and sum(kept) / len(kept) >= least:
            return threshold
    return none


def from_the_top(certainties, right, least):
    """Goes down until it is too few for the first time."""
    found = 1.0
    for threshold in sorted(set(certainties), reverse=True):
        kept = [good for sure, good in zip(certainties, right) if sure >= threshold]
        if sum(kept) / len(kept) < least:
            return found
        found = threshold
    return found


def one_by_one(certainties, right, least):
    """Parts labels of the same certainty."""
    pairs = sorted(zip(certainties, right), key=lambda pair: -pair[0])
    found = 1.0
    for n, (sure, _) in enumerate(pairs, 1):
        if sum(good for _, good in pairs[:n]) / n >= least:
            found = sure
    return found


def in_order(certainties, right, least):
    """Takes the certainties to be sorted."""
    for n in range(len(certainties), 0, -1):
        if sum(right[:n]) / n >= least:
            return certainties[n - 1]
    return 1.0


THRESHOLD: list[tuple[str, Callable[..., Any], str]] = [
    ("right", lowest, "Right"),
    (
        "right, written otherwise",
        lambda sure, right, least: min(
            (
                one
                for one in sure
                if np.mean([good for other, good in zip(sure, right) if other >= one]) >= least
            ),
            default=1,
        ),
        "Right",
    ),
    ("stub", stub, "Not written yet"),
    ("the highest", lambda c, r, x: max(c), "Take the lowest threshold"),
    ("the least", lambda c, r, x: min(c), "three of four are right"),
    (
        "the share of all",
        lambda c, r, x: next(
            (t for t in sorted(c) if sum(g for s, g in zip(c, r) if s >= t) / len(c) >= x), 1.0
        ),
        "that are kept, not by all",
    ),
    (
        "above, not at",
        lambda c, r, x: of_those(c, r, x, lambda sure, threshold: sure > threshold),
        "three of four",
    ),
    (
        "more than, not at least",
        lambda c, r, x: next(
            (t for t in sorted(c) if np.mean([g for s, g in zip(c, r) if s >= t]) > x), 1.0
        ),
        '"at least" takes >=',
    ),
    ("from the top", from_the_top, "do not stop at the first"),
    ("one by one", one_by_one, "kept together"),
    ("in the order given", in_order, "in any order"),
    (
        "nothing where none is enough",
        lambda c, r, x: of_those(c, r, x, lambda s, t: s >= t, none=None),
        "Then give 1.0",
    ),
]


@pytest.mark.parametrize(
    "answer, hint", [case[1:] for case in THRESHOLD], ids=[case[0] for case in THRESHOLD]
)
def test_exercise_threshold(answer, hint):
    passes(router.threshold(answer), hint)


@pytest.mark.parametrize("judge", [router.route, router.threshold], ids=["route", "threshold"])
def test_an_answer_that_raises_is_told_so(judge, capsys):
    check(judge, raises)
    assert "✗ Your code raised KeyError" in capsys.readouterr().out


def test_the_quiz_has_three_questions_each_with_one_right_choice_of_about_the_same_length():
    assert len(router.QUIZ) == 3
    for _, choices in router.QUIZ:
        assert [choice.right for choice in choices].count(True) == 1
        assert all(choice.why for choice in choices)
        lengths = [len(choice.text) for choice in choices]
        assert max(lengths) - min(lengths) <= 8
    quiz(*router.QUIZ)
