"""FINDINGS.md is what the recordings say: regenerated and compared. Each rule is seen on both
sides, and a changed answer behind a claim changes what was measured.
"""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from math import nan
from types import SimpleNamespace

import nbformat
import numpy as np
import pytest
from course import studies, systems, timings
from course.claims import members, page, patterns
from course.claims.article import CLAIMED, CRITERIA, RANKS
from course.claims.page import CLAIMS
from course.claims.verdicts import Claim, Finding, Measured, least, raised, verdict, within
from course.studies import desk_and_triage

import mlkit
from mlkit import paths
from mlkit.measure.matrix import Matrix, merged
from mlkit.measure.stats import Mean

NEED_TIMES = {"C2a", "C2b", "C10", "C14 quality", "C14 cost", "C14 latency"} | {
    f"C16 {column}" for column in CRITERIA
}


@pytest.fixture(scope="module")
def kit():
    return mlkit.connect(engine="replay")


@pytest.fixture(scope="module", autouse=True)
def measured_once():
    """What a study gives is put together once for all tests."""
    found = {}

    def once(name, study):
        async def remembered(kit):
            if name not in found:
                found[name] = await study(kit)
            return found[name]

        return remembered

    with pytest.MonkeyPatch.context() as patch:
        for name in ("desk", "specialists", "routing", "triage", "samples", "texts", "meanings"):
            patch.setattr(studies, name, once(name, getattr(studies, name)))
        for name in ("picking", "order_members", "orders", "orders_and_variants", "order_samples"):
            patch.setattr(studies, name, once(name, getattr(studies, name)))
        yield


def said(kit, name: str) -> str:
    return verdict(asyncio.run(CLAIMS[name].measure(kit)))


# The page


@pytest.fixture(scope="module")
def found(kit, measured_once) -> dict[str, Finding]:
    return {id_: asyncio.run(claim.found(kit)) for id_, claim in CLAIMS.items()}


@pytest.fixture(scope="module")
def told(kit, measured_once) -> str:
    return asyncio.run(page.page(kit))


def test_the_page_is_what_the_recordings_say(told):
    assert told == (paths.data() / "FINDINGS.md").read_text(encoding="utf-8"), (
        "type:  uv run mlkit findings"
    )


def test_every_claim_has_a_row_in_order():
    rows = [
        line.split(" | ")[0].strip("| ")
        for line in (paths.data() / "FINDINGS.md").read_text(encoding="utf-8").splitlines()
        if line.startswith("| C")
    ]
    assert rows == list(CLAIMS)
    numbers = [int(name[1:].split()[0].rstrip("ab")) for name in CLAIMS]
    assert numbers == sorted(numbers) and set(numbers) == set(range(1, 17))


def test_the_rule_stands_before_the_value(kit, told):
    for claim in CLAIMS.values():
        assert claim.rule.startswith("Supported if") and claim.rule.endswith(".")
    assert "| id | claim | rule | value | interval | n | verdict |" in told
    found = asyncio.run(CLAIMS["C3"].measure(kit))
    row = "| C3 | {0.words} | {0.rule} | {1.value} | {2} | 48 | **{3}** |"
    interval = Finding(CLAIMS["C3"], found).interval
    assert row.format(CLAIMS["C3"], found, interval, verdict(found)) in told


def test_the_page_says_which_seconds_tokens_oracle_and_equal_budget(told):
    head = told.partition("| id |")[0]
    for word in ("wall seconds", "work seconds", "tokens", "oracle", "equal budget"):
        assert f"\n| {word} | " in head


def test_claims_about_latency_wait_for_latencies(kit, monkeypatch):
    monkeypatch.setattr(timings, "file", lambda name, cast: paths.data() / "nowhere")
    found = {name: asyncio.run(claim.found(kit)) for name, claim in CLAIMS.items()}
    waiting = {name for name, one in found.items() if "mlkit record latency" in one.measured.value}
    assert waiting == NEED_TIMES
    assert {verdict(found[name].measured) for name in waiting} == {"not measured yet"}
    told = asyncio.run(page.page(kit))
    assert "Latencies: not measured yet." in told and "second table, as claimed" not in told


# The verdict


@pytest.mark.parametrize(
    ("low", "high", "expected"),
    [
        (0.1, 0.2, "supported"),
        (-0.2, -0.1, "contradicted"),
        (-0.1, 0.1, "cannot tell"),
        (0.0, 0.0, "cannot tell"),
        # A last bit on the other side of 0 is 0, at both ends.
        (1e-15, 0.2, "cannot tell"),
        (-0.2, -1e-15, "cannot tell"),
        (nan, nan, "not measured yet"),
    ],
)
def test_the_verdict_follows_from_the_interval(low, high, expected):
    assert verdict(Measured("", 1, low, high)) == expected


def test_a_rule_may_have_another_line_than_0():
    found = Measured("+3.", 9, -4.0, 5.0, "points", -5.0)
    assert verdict(found) == "supported"
    assert verdict(found._replace(line=-4.0)) == "cannot tell"
    assert verdict(found._replace(line=5.5)) == "contradicted"
    assert Finding(CLAIMS["C1"], found).interval == "-4 to +5 points: above -5"
    share = Measured("", 9, 60.0, 70.0, "%", 50.0)
    assert Finding(CLAIMS["C10"], share).interval == "60 to 70 %: above 50"
    computed = Measured("", 0, -0.03, -0.03, "of the votes")
    assert Finding(CLAIMS["C12"], computed).interval == "-0.03 of the votes: below 0"


def test_a_margin_shifts_both_ends():
    assert raised(Mean(0.0, -0.02, 0.03, 9)) == pytest.approx(Mean(0.05, 0.03, 0.08, 9))


@pytest.mark.parametrize(
    ("value", "low", "high"),
    [
        (Mean(3.0, 2.9, 3.2, 9), 0.4, 0.6),  # holds the target: at best it is there
        (Mean(5.0, 4.5, 5.5, 9), -1.9, -0.9),
        (Mean(1.0, 0.5, 1.5, 9), -1.9, -0.9),
        (Mean(3.5, 3.2, 4.0, 9), -0.4, 0.4),
    ],
)
def test_near_enough_is_a_distance(value, low, high):
    assert within(value, 3, 0.6)[1:3] == pytest.approx((low, high))


def test_of_two_conditions_the_worse_one_counts():
    met, open_, missed = Mean(2, 1, 3, 9), Mean(0, -1, 1, 5), Mean(-2, -3, -1, 7)
    assert least(met, open_) == Mean(0, -1, 1, 5)
    assert least(met, missed, open_) == Mean(-2, -3, -1, 5)


def test_a_finding_shows_the_rule_before_the_value():
    claim = Claim("C0", 1, "It helps.", "Supported if it helps.", members.c12)
    assert str(Finding(claim, Measured("+3.", 9, 1.25, 5.0))) == (
        "C0. It helps.\nSupported if it helps.\n+3.\n-> supported (+1.25 to +5 points: above 0)"
    )


# Each rule on both sides


def regraded(matrix: Matrix, right: Callable[[int, str, int], bool | None]) -> Matrix:
    """The same measurement with other grades by item, subject and sample; None leaves one alone."""

    def other(n, task, subject, sample, cell):
        good = right(n, subject, sample)
        if good is None:
            return cell
        gold = task.gold if isinstance(task.gold, str) else "all right"
        answer = gold if good else "nothing like it"
        call, *rest = cell.calls
        reply = replace(call.reply, text=answer, choices={})
        run = replace(cell.run, calls=(replace(call, reply=reply), *rest))
        return replace(cell, right=good, answer=answer, run=run)

    cells = [
        [
            [other(n, task, subject, sample, cell) for sample, cell in enumerate(samples)]
            for subject, samples in zip(matrix.subjects, row, strict=True)
        ]
        for n, (task, row) in enumerate(zip(matrix.tasks, matrix.cells, strict=True))
    ]
    return Matrix(matrix.tasks, matrix.subjects, cells)


@pytest.fixture
def grades(monkeypatch):
    """Lets a study give other grades."""

    def set_to(study: str, right: Callable[[int, str, int], bool | None]) -> None:
        measure = getattr(studies, study)

        async def other(kit):
            return regraded(await measure(kit), right)

        monkeypatch.setattr(studies, study, other)

    return set_to


def only(*winners: str, losers: tuple[str, ...]) -> Callable[[int, str, int], bool | None]:
    return lambda n, subject, sample: subject in winners if subject in winners + losers else None


SIDES = ["supported", "contradicted"]


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize(
    ("claim", "study", "one", "other"),
    [
        ("C1", "desk", "small by kind", "large"),
        ("C3", "orders_and_variants", "pipeline", "pipeline, one model"),
        ("C5", "triage", "small", "large"),
        ("C14 cost", "orders", "router", "single_model"),
    ],
)
def test_one_way_against_another(kit, grades, claim, study, one, other, side):
    """All are like the one, except for the other: who is compared with another is found out."""
    better = side == "supported"
    grades(study, lambda n, subject, sample: better if subject != other else not better)
    assert said(kit, claim) == side


@pytest.mark.parametrize(
    ("claim", "study", "both"),
    [
        ("C1", "desk", ("small by kind", "large")),
        ("C5", "triage", ("small", "large")),
        ("C14 cost", "orders", ("router", "single_model")),
    ],
)
def test_as_good_is_good_enough(kit, grades, claim, study, both):
    grades(study, only(*both, losers=()))
    assert said(kit, claim) == "supported"


@pytest.mark.parametrize(
    ("planning", "doing", "right", "expected"),
    [
        (20, 90, ("planner_executor", "single_model"), "supported"),
        (20, 90, ("single_model",), "contradicted"),
        (90, 90, ("planner_executor",), "contradicted"),  # it saves nothing
    ],
)
def test_a_planner_pays_where_it_saves_and_is_as_good(
    kit, grades, monkeypatch, planning, doing, right, expected
):
    """Tokens of planning and doing, of 100 that the large model takes; doing costs 1/4.5 each."""

    def spent(orders, name, counts):
        pattern = planning if counts("plan") else doing
        return np.full(len(orders.tasks), 100.0 if name == "single_model" else pattern)

    monkeypatch.setattr(patterns, "_tokens", spent)
    grades("orders", lambda n, subject, sample: subject in right)
    assert said(kit, "C9") == expected


def test_two_groups_are_compared_by_newcombes_method(kit, monkeypatch):
    """56 of 70 against 48 of 80: Newcombe 1998, table II, example (a), method 10."""
    tasks = [SimpleNamespace(kind="code")] * 150
    sent = np.array(["code"] * 70 + ["math"] * 80)
    right = np.array([1.0] * 56 + [0.0] * 14 + [1.0] * 48 + [0.0] * 32)

    async def specialists(kit):
        return SimpleNamespace(tasks=tasks)

    async def routed(kit):
        return sent, right

    monkeypatch.setattr(studies, "specialists", specialists)
    monkeypatch.setattr(studies, "routed", routed)
    found = asyncio.run(CLAIMS["C4"].measure(kit))
    assert (found.low, found.high) == pytest.approx((5.24, 33.39), abs=0.005)


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("claim", ["C4", "C14 mixed work", "C15a", "C15b"])
def test_routing(kit, grades, monkeypatch, claim, side):
    routed = studies.routed
    gains = (side == "supported") != (claim == "C15a")

    async def other(kit):
        sent, right = await routed(kit)
        kinds = [task.kind for task in (await studies.specialists(kit)).tasks]
        return sent, (sent == kinds) == gains if claim == "C4" else np.full(len(right), gains)

    monkeypatch.setattr(studies, "routed", other)
    if claim != "C4":
        grades("desk", lambda n, subject, sample: not gains)
    assert said(kit, claim) == side


@pytest.mark.parametrize(
    ("samples", "one", "expected"),
    [((4,), False, "supported"), ((4,), True, "cannot tell"), ((), True, "contradicted")],
)
def test_the_best_of_five(kit, grades, monkeypatch, samples, one, expected):
    async def meanings(kit):  # four alike, the fifth different
        tasks = (await studies.texts(kit)).tasks
        return {task.id: np.array([[1.0, 0.0]] * 4 + [[0.0, 1.0]]) for task in tasks}

    monkeypatch.setattr(studies, "meanings", meanings)
    grades("texts", lambda n, subject, sample: sample in samples)
    grades("picking", lambda n, subject, sample: one)
    assert said(kit, "C6a") == expected


def test_the_vote_by_meaning_is_the_equal_budget(kit, grades):
    grades("texts", lambda n, subject, sample: True)
    grades("picking", lambda n, subject, sample: False)
    assert said(kit, "C6a") == "cannot tell"  # the vote is right without a checker, too


@pytest.mark.parametrize(
    ("winners", "expected"),
    [(("judge",), "supported"), (("one answer",), "contradicted"), ((), "cannot tell")],
)
def test_a_judge_must_beat_one_answer(kit, grades, winners, expected):
    grades("picking", lambda n, subject, sample: subject in winners)
    assert said(kit, "C6b") == expected


TEAMS = {
    "C7a": ("triage", ["small", "large", "large, rules"]),
    "C7b": ("order_members", ["large", "large, other examples", "large, rule first"]),
}


@pytest.mark.parametrize("side", SIDES)
@pytest.mark.parametrize("claim", TEAMS)
def test_a_majority(kit, grades, claim, side):
    study, team = TEAMS[claim]
    tasks = asyncio.run(getattr(studies, study)(kit)).tasks

    def right(n, subject, sample):
        if subject not in team:
            return False
        if side == "supported" or tasks[n].split == "fit":
            return n % 4 != team.index(subject)  # never two wrong together
        return subject == "large"

    def best_on_fit(n, subject, sample):
        return True if subject == "large" and tasks[n].split == "fit" else right(n, subject, sample)

    grades(study, right if side == "supported" else best_on_fit)
    assert said(kit, claim) == side


def test_three_voters_are_needed(kit, grades):
    two = ("large", "small, all examples")
    grades("order_members", lambda n, subject, sample: subject in two)
    found = asyncio.run(CLAIMS["C7b"].found(kit))
    assert verdict(found.measured) == "not measured yet" and found.interval == ""


def test_voters_with_unlike_errors_are_chosen_on_fit(kit, grades):
    """Two that err together are not both among the three."""
    tasks = asyncio.run(studies.order_members(kit)).tasks
    # where n % 4 is this
    errs = {"large": 0, "large, rule first": 0, "large, other examples": 1}
    errs |= {"large, all examples": 2, "small, all examples": 2}

    def right(n, subject, sample):
        if tasks[n].split == "test" and subject == "large, rule first":
            return False
        return n % 4 != errs[subject]

    grades("order_members", right)
    assert said(kit, "C7b") == "supported"


@pytest.mark.parametrize(
    ("texts", "vectors", "expected"),
    [
        ("abcde", np.ones((5, 1)), "supported"),
        ("aaaaa", np.eye(5), "contradicted"),
        ("aaaaa", np.ones((5, 1)), "cannot tell"),
    ],
)
def test_a_majority_by_meaning(kit, monkeypatch, texts, vectors, expected):
    written = asyncio.run(studies.texts(kit))
    cells = [
        [[replace(cell, answer=text) for cell, text in zip(cells, texts)] for cells in row]
        for row in written.cells
    ]

    async def other(kit):
        return Matrix(written.tasks, written.subjects, cells)

    async def meanings(kit):
        return {task.id: vectors for task in written.tasks}

    monkeypatch.setattr(studies, "texts", other)
    monkeypatch.setattr(studies, "meanings", meanings)
    assert said(kit, "C8") == expected


@pytest.mark.parametrize("side", SIDES)
def test_learned_weights(kit, grades, side):
    """All are equally good on fit: learned, two of them outvote the first; the article's cannot."""
    triage = asyncio.run(studies.triage(kit))
    first = triage.subjects[0]

    def right(n, subject, sample):
        if triage.tasks[n].split == "fit":
            return n % 2 == 0
        return (subject != first) == (side == "supported")

    grades("triage", right)
    assert said(kit, "C11") == side


def test_two_thirds_are_less_than_the_threshold(kit):
    found = asyncio.run(CLAIMS["C12"].found(kit))
    assert verdict(found.measured) == "contradicted" and found.measured.n == 0
    assert "3 of 3" in found.measured.value


@pytest.mark.parametrize(
    ("values", "expected"),
    [((0, 1, 2), "supported"), ((0, 1, 1), "cannot tell"), ((0, 2, 1), "contradicted")],
)
@pytest.mark.parametrize(("claim", "place"), [("C13a", 1), ("C13b", 0)])
def test_the_ladder(kit, monkeypatch, claim, place, values, expected):
    async def ladder(kit):
        return [
            tuple(np.full(20, value if n == place else 0) for n in range(3)) for value in values
        ]

    monkeypatch.setattr(members, "_ladder", ladder)
    assert said(kit, claim) == expected


def test_a_rung_asks_the_large_model_where_too_few_agree(kit, grades):
    grades("samples", lambda n, subject, sample: sample == 0 or n % 2 == 0)  # 1 or 3 right of 3
    grades("triage", only("large", losers=()))
    rungs = asyncio.run(members._ladder(kit))
    even = np.arange(len(rungs[0][0])) % 2 == 0
    assert [list(right) for right, *_ in rungs[:2]] == [list(even)] * 2
    assert rungs[2][0].all() and list(rungs[2][2]) == list(~even)
    assert ((rungs[2][1] > rungs[1][1]) == ~even).all()


@pytest.mark.parametrize("side", SIDES)
def test_the_best_pattern(kit, grades, side):
    alone = ("single_model", "large, 5 samples")
    for study in ("orders", "order_samples"):
        grades(study, lambda n, subject, sample: (subject in alone) == (side == "contradicted"))
    assert said(kit, "C14 quality") == side


def test_the_best_pattern_must_beat_an_equal_budget(kit, grades):
    for study in ("orders", "order_samples"):
        grades(study, lambda n, subject, sample: subject != "single_model")
    assert said(kit, "C14 quality") == "cannot tell"


def test_the_best_pattern_is_not_chosen_on_the_orders_it_is_reported_on(kit, grades):
    lucky = {"router": 0, "pipeline": 1}  # each right on its half only
    for study in ("orders", "order_samples"):
        grades(study, lambda n, subject, sample: n % 2 == lucky.get(subject, 2))
    assert said(kit, "C14 quality") == "cannot tell"


def orders_of_families(values: dict[str, float]):
    async def by_family(kit):
        return {column: {one: np.full(9, v) for one, v in values.items()} for column in CRITERIA}

    return by_family


@pytest.mark.parametrize(("sign", "expected"), [(1, "supported"), (-1, "contradicted")])
@pytest.mark.parametrize("column", CRITERIA)
def test_a_column_of_the_second_table(kit, monkeypatch, column, sign, expected):
    ranks = {family: RANKS[words[CRITERIA.index(column)]] for family, words in CLAIMED.items()}
    values = {family: sign * (rank or 0) for family, rank in ranks.items()}
    monkeypatch.setattr(patterns, "by_family", orders_of_families(values))
    assert said(kit, f"C16 {column}") == expected


def test_one_pair_the_other_way_round_contradicts_a_column(kit, monkeypatch):
    values = dict.fromkeys(CLAIMED, 0.0) | {"Single": 1, "Sequential": 0.5, "Parallel": 3}
    values |= {"Hierarchical": 3, "Ensemble": 4}
    monkeypatch.setattr(patterns, "by_family", orders_of_families(values))
    found = asyncio.run(CLAIMS["C16 cost"].measure(kit))
    assert verdict(found) == "contradicted"
    assert found.value == "8 of 9 pairs stand in this order; least of all single and sequential."


# Rules about time


@pytest.fixture
def times(monkeypatch):
    """Lets the timing run give other times."""
    header, runs = timings.load_latency()

    def set_to(other: Callable[[timings.Timed], timings.Timed]) -> None:
        monkeypatch.setattr(
            timings, "load_latency", lambda cast: (header, [other(run) for run in runs])
        )

    return set_to


@pytest.mark.parametrize(
    ("factor", "expected"),
    [(1.05, "supported"), (0.95, "supported"), (1.3, "contradicted"), (0.7, "contradicted")],
)
def test_times_add_up(kit, times, factor, expected):
    times(
        lambda run: replace(
            run, wall_seconds=factor * sum(call.seconds for call in run.calls) or 1.0
        )
    )
    assert said(kit, "C2a") == expected


@pytest.mark.parametrize(
    ("factor", "expected"), [(3, "supported"), (5, "contradicted"), (2, "contradicted")]
)
def test_three_times_the_seconds(kit, times, factor, expected):
    """Prompt by prompt: one that takes long takes long in both."""
    seconds = {task.id: 1.0 + n for n, task in enumerate(timings.prompts())}
    times(
        lambda run: replace(
            run, wall_seconds=seconds[run.task] * (factor if run.pattern == "pipeline" else 1)
        )
    )
    found = asyncio.run(CLAIMS["C2b"].measure(kit))
    assert verdict(found) == expected and found.value.startswith(f"{factor}.0 times one answer")


@pytest.mark.parametrize(
    ("supervisor", "workers", "expected"),
    # Of two workers that each take 1.5 of 2 + 1.5 seconds, only one is on the critical path.
    [(1.0, 1.5, "supported"), (1.0, 3.0, "contradicted"), (1.0, 2.0, "cannot tell")],
)
def test_the_critical_path(kit, times, supervisor, workers, expected):
    def other(run):
        calls = tuple(
            replace(
                call,
                reply=replace(
                    call.reply,
                    queue_seconds=0.0,
                    load_seconds=0.0,
                    prompt_seconds=0.0,
                    output_seconds=supervisor if call.role in patterns.SUPERVISING else workers,
                ),
            )
            for call in run.calls
        )
        return replace(run, calls=calls)

    header, runs = timings.load_latency()
    one = next(
        run
        for run in runs
        if run.pattern == "supervisor_worker"
        and [call.role.split()[0] for call in run.calls] == ["assign", "work", "work", "review"]
    )
    times(lambda run: other(replace(run, calls=one.calls) if run.pattern == one.pattern else run))
    assert said(kit, "C10") == expected


@pytest.mark.parametrize(
    ("factor", "as_right", "expected"),
    [(0.5, True, "supported"), (2, True, "contradicted"), (0.5, False, "contradicted")],
)
def test_the_fastest_pattern(kit, times, grades, factor, as_right, expected):
    times(lambda run: replace(run, wall_seconds=factor if run.pattern != "single_model" else 1.0))
    grades("orders", lambda n, subject, sample: as_right or subject == "single_model")
    assert said(kit, "C14 latency") == expected


def test_a_family_has_the_means_of_its_patterns(kit):
    found = asyncio.run(patterns.by_family(kit))
    orders, walls = asyncio.run(studies.orders(kit)), patterns.wall_seconds(kit)
    names = systems.FAMILIES["Hierarchical"]
    of = orders.of(names)
    assert found["latency"]["Hierarchical"].mean() == pytest.approx(
        np.mean([walls[name].mean() for name in names])
    )
    assert found["quality"]["Hierarchical"].mean() == pytest.approx(of.right.mean())
    assert found["complexity"]["Hierarchical"].mean() == pytest.approx(of.calls.mean())
    prices = patterns.list_prices()
    assert found["cost"]["Hierarchical"].mean() == pytest.approx(1000 * of.dollars(prices).mean())


# What was measured hangs on the answers


def flipped(matrix: Matrix, one: int) -> Matrix:
    """The same measurement with one answer of the first subject the other way, wrong if it was
    right.
    """

    def other(task, cell):
        gold = task.gold if isinstance(task.gold, str) else None
        answer = "nothing like it" if cell.right else gold
        call, *rest = cell.calls
        reply = replace(call.reply, text=answer or "", choices={})
        run = replace(cell.run, calls=(replace(call, reply=reply), *rest))
        return replace(cell, right=not cell.right, answer=answer, run=run)

    cells = [
        [[other(task, cell) for cell in row[0]] if n == one else row[0], *row[1:]]
        for n, (task, row) in enumerate(zip(matrix.tasks, matrix.cells, strict=True))
    ]
    return Matrix(matrix.tasks, matrix.subjects, cells)


SUBJECTS = {
    "C1": "small by kind",
    "C3": "pipeline, one model",
    "C4": "code",
    "C6a": "large",
    "C6b": "judge",
    "C8": "large",
    "C9": "planner_executor",
    "C13a": "small",
    "C13b": "small",
    "C15b": "large",
    "C14 quality": "fan_out",
    "C14 cost": "router",
    "C14 mixed work": "large",
    "C15a": "large by kind",
    "C16 quality": "fan_out",
}  # the subject whose answers change, where it is not the first


@pytest.mark.parametrize(
    ("claim", "study"),
    [
        ("C1", "desk"),
        ("C3", "orders_and_variants"),
        ("C4", "specialists"),
        ("C5", "triage"),
        ("C6a", "picking"),
        ("C6a", "texts"),
        ("C6b", "picking"),
        ("C7a", "triage"),
        ("C7b", "order_members"),
        ("C8", "texts"),
        ("C9", "orders"),
        ("C11", "triage"),
        ("C13a", "samples"),
        ("C13b", "samples"),
        ("C14 mixed work", "desk"),
        ("C14 mixed work", "specialists"),
        ("C14 quality", "orders"),
        ("C14 quality", "order_samples"),
        ("C14 cost", "orders"),
        ("C15a", "desk"),
        ("C15b", "desk"),
        ("C16 quality", "orders"),
    ],
)
def test_one_other_answer_gives_another_row(kit, found, monkeypatch, claim, study):
    """On one of the first test tasks: not on each the subject is the one that counts."""
    before = found[claim].measured
    measure = getattr(studies, study)
    measured = asyncio.run(measure(kit))
    test = [n for n, task in enumerate(measured.tasks) if task.split == "test"]

    async def other(kit):
        first = SUBJECTS.get(claim, "large" if study == "triage" else measured.subjects[0])
        first = next(
            name for name in (first, "large", measured.subjects[0]) if name in measured.subjects
        )
        rest = [name for name in measured.subjects if name != first]
        return flipped(measured.of([first, *rest]), one).of(measured.subjects)

    for module in (studies, desk_and_triage):  # where `routed` takes the specialists from
        if hasattr(module, study):
            monkeypatch.setattr(module, study, other)
    for place in test[:: max(1, len(test) // 24)]:
        one = place
        if asyncio.run(CLAIMS[claim].measure(kit)) != before:
            return
    pytest.fail("no other answer changes the row")


@pytest.mark.parametrize("claim", ["C14 cost", "C16 cost", "C16 complexity"])
def test_one_call_less_gives_another_row(kit, found, monkeypatch, claim):
    before, measured = found[claim].measured, asyncio.run(studies.orders(kit))
    name = {"C14 cost": "router", "C16 cost": "voting"}.get(claim, "supervisor_worker")
    one = measured.of([name])
    first, *rest = one.cells
    cell = replace(first[0][0], run=replace(first[0][0].run, calls=first[0][0].calls[1:]))
    fewer = replace(one, cells=[[[cell]], *rest])
    others = measured.of([each for each in measured.subjects if each != name])

    async def orders(kit):
        return merged(others, fewer).of(measured.subjects)

    monkeypatch.setattr(studies, "orders", orders)
    assert asyncio.run(CLAIMS[claim].measure(kit)) != before


@pytest.mark.parametrize(
    ("claim", "pattern"),
    [
        ("C2a", "pipeline"),
        ("C2b", "pipeline"),
        ("C10", "supervisor_worker"),
        ("C14 latency", "voting"),
        ("C16 latency", "voting"),
    ],
)
def test_one_other_time_gives_another_row(kit, found, times, claim, pattern):
    before = found[claim].measured
    _, runs = timings.load_latency()
    chosen = next(run for run in runs if run.pattern == pattern and not run.error)

    def slower(run: timings.Timed) -> timings.Timed:
        if run != chosen:
            return run
        first, *rest = run.calls
        reply = replace(first.reply, output_seconds=first.seconds + 9)
        return replace(
            run, wall_seconds=2 * run.wall_seconds, calls=(replace(first, reply=reply), *rest)
        )

    times(slower)
    assert asyncio.run(CLAIMS[claim].measure(kit)) != before


@pytest.mark.parametrize("claim", CLAIMS)
def test_a_claims_notebook_prints_its_row_each_time_it_runs(found, claim):
    """So that an answer which changes the row turns the notebook red."""
    notebook = next(paths.notebooks().glob(f"{CLAIMS[claim].notebook:02}_*.ipynb"))
    row = repr(str(found[claim]))[1:-1]
    cells = [cell for cell in nbformat.read(notebook, 4).cells if cell.cell_type == "code"]
    printed = {cell.source: str(cell.outputs) for cell in cells if ".found(kit" in cell.source}
    assert any(row in output for output in printed.values())
