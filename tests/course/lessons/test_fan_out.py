"""The exercises, the quiz and the helpers of notebook 04."""

import heapq
import re
from dataclasses import replace
from types import SimpleNamespace

import pytest
from course.lessons import fan_out

from mlkit.ask import Member, Reply
from mlkit.measure.matrix import Cell, Matrix
from mlkit.measure.stats import difference
from mlkit.models import Price
from mlkit.trace import Call, Run
from mlkit.widgets.lessons import check, quiz
from tests.course.lessons.answers import stub


def smallest(texts, broken):
    return min(
        (text for text in texts if text is not None),
        key=lambda text: len(broken(text)),
        default=None,
    )


def by_sorting(texts, broken):
    came = sorted((len(broken(text)), n) for n, text in enumerate(texts) if text is not None)
    return texts[came[0][1]] if came else None


def most(texts, broken):
    return max(
        (text for text in texts if text is not None),
        key=lambda text: len(broken(text)),
        default=None,
    )


def last_of_equals(texts, broken):
    return min(
        (text for text in reversed(texts) if text is not None),
        key=lambda text: len(broken(text)),
        default=None,
    )


def forgets_failures(texts, broken):
    return min(texts, key=lambda text: len(broken(text)))


def nothing_for_nobody(texts, broken):
    return min((text for text in texts if text is not None), key=lambda text: len(broken(text)))


def empty_is_nothing(texts, broken):
    return min(
        (text for text in texts if text is not None and broken(text)),
        key=lambda text: len(broken(text)),
        default=None,
    )


def only_perfect(texts, broken):
    came = [text for text in texts if text is not None]
    best = min(came, key=lambda text: len(broken(text)), default=None)
    return best if best is not None and len(broken(best)) < 3 else None


def gives_up_with_failures(texts, broken):
    return None if None in texts else smallest(texts, broken)


FEWEST = [
    ("right", smallest, "✓ Right"),
    ("right, by sorting", by_sorting, "✓ Right"),
    ("stub", stub, "Not written yet"),
    ("the most broken", most, "How many rules does that one break"),
    ("the first", lambda texts, broken: texts[0], "How many rules does that one break"),
    ("last among equals", last_of_equals, "Among equals, the first"),
    ("no complaint is no text", empty_is_nothing, "empty list of complaints"),
    ("refuses a poor one", only_perfect, "still the best there is"),
    ("checks failed members", forgets_failures, "failed has no text to check"),
    ("one failure, no answer", gives_up_with_failures, "The others still count"),
    ("raises for nobody", nothing_for_nobody, "raised ValueError"),
    (
        "an empty text for nobody",
        lambda texts, broken: smallest(texts, broken) or "",
        "There is nothing to pick",
    ),
    ("a place", lambda texts, broken: texts.index(smallest(texts, broken)), "not its place"),
    ("raises", lambda texts, broken: texts["best"], "raised TypeError"),
]


@pytest.mark.parametrize(
    "answer, shown", [case[1:] for case in FEWEST], ids=[case[0] for case in FEWEST]
)
def test_exercise_fewest(answer, shown, capsys):
    check(fan_out.fewest, answer)
    assert shown in " ".join(capsys.readouterr().out.split())


def on_a_list(seconds, machines):
    free = [0.0] * machines
    for one in seconds:
        free[free.index(min(free))] += one
    return max(free)


def on_a_heap(seconds, machines):
    free, last = [0.0] * machines, 0.0
    for one in seconds:
        last = max(last, end := heapq.heappop(free) + one)
        heapq.heappush(free, end)
    return last


def in_turn(seconds, machines):
    return max(sum(seconds[first::machines]) for first in range(machines))


def in_batches(seconds, machines):
    return sum(max(seconds[first : first + machines]) for first in range(0, len(seconds), machines))


def longest_first(seconds, machines):
    return on_a_list(sorted(seconds, reverse=True), machines)


def to_the_busiest(seconds, machines):
    free = [0.0] * machines
    for n, one in enumerate(seconds):
        place = n if n < machines else free.index(max(free))
        free[place] += one
    return max(free)


def without_idle_machines(seconds, machines):
    return on_a_list(seconds, machines) if machines <= len(seconds) else sum(seconds)


def no_members(seconds, machines):
    return on_a_list(seconds, machines) if seconds else max(seconds)


FINISHED = [
    ("right", on_a_list, "✓ Right"),
    ("right, on a heap", on_a_heap, "✓ Right"),
    ("stub", stub, "Not written yet"),
    (
        "slowest",
        lambda seconds, machines: max(seconds),
        "only where each member has a machine of its own",
    ),
    ("sum", lambda seconds, machines: sum(seconds), "single machine"),
    ("shared out", lambda seconds, machines: sum(seconds) / machines, "cut in two"),
    ("in turn", in_turn, "free first"),
    ("in batches", in_batches, "free first"),
    ("longest first", longest_first, "order of the members is kept"),
    ("to the busiest", to_the_busiest, "free first"),
    ("idle machines", without_idle_machines, "stay idle"),
    ("raises for nobody", no_members, "no members there is nothing to wait for"),
    ("a text", lambda seconds, machines: "5 s", "it gave str"),
    ("raises", lambda seconds, machines: seconds[10], "raised IndexError"),
]


@pytest.mark.parametrize(
    "answer, shown", [case[1:] for case in FINISHED], ids=[case[0] for case in FINISHED]
)
def test_exercise_finished(answer, shown, capsys):
    check(fan_out.finished, answer)
    assert shown in " ".join(capsys.readouterr().out.split())


RESULTS = {
    "three": difference([1, 1, 0, 0] * 5, [1, 0, 1, 0] * 5),
    "five": difference([1] * 20, [0, 0, 0, 1] * 5),
    "judge": difference([0] * 20, [1, 1, 1, 0] * 5),
}
TRUTH = {"three": "not shown", "five": "better", "judge": "worse"}
JUDGED = [
    ("right", TRUTH, "✓ Right"),
    ("right, in another order", dict(reversed(TRUTH.items())), "✓ Right"),
    ("stub", dict.fromkeys(TRUTH, ...), "Not judged yet"),
    ("half a stub", TRUTH | {"judge": ...}, "Not judged yet"),
    ("likely is shown", TRUTH | {"three": "better"}, "holds 0, or ends there"),
    ("too careful", TRUTH | {"five": "not shown"}, "one side of 0"),
    ("the wrong side", TRUTH | {"judge": "better"}, "On which side"),
    ("another word", TRUTH | {"five": "good"}, "is none of"),
    ("None", None, "Give a dictionary"),
    ("one missing", {"three": "not shown"}, "Give a dictionary"),
]


@pytest.mark.parametrize(
    "answer, shown", [case[1:] for case in JUDGED], ids=[case[0] for case in JUDGED]
)
def test_exercise_judged(answer, shown, capsys):
    check(fan_out.judged(RESULTS), answer)
    assert shown in " ".join(capsys.readouterr().out.split())


def test_hints_give_no_answer_away():
    hints = [
        shown for cases in (FEWEST, FINISHED) for _, _, shown in cases if not shown.startswith("✓")
    ]
    assert not any(re.search(r"\b5\b|min\(", hint) for hint in hints)


def test_quiz_has_three_questions_with_one_right_choice_and_a_reason_each():
    assert len(fan_out.QUIZ) == 3
    quiz(*fan_out.QUIZ)  # refuses a question without exactly one right choice
    assert all(choice.why.endswith((".", "?")) for _, choices in fan_out.QUIZ for choice in choices)


def test_samples_become_calls_of_one_fan_out_without_loading():
    def cell(text):
        reply = Reply(text, Member("m"), load_seconds=1.0, output_seconds=2.0)
        return SimpleNamespace(calls=[Call(0, "answer", Member("m"), reply, frozenset({7}))])

    calls = fan_out.as_fan_out([cell("a"), cell("b")])
    assert [(call.id, call.role, call.after, call.seconds) for call in calls] == [
        (0, "answer 1", frozenset(), 2.0),
        (1, "answer 2", frozenset(), 2.0),
    ]
    assert [call.reply for call in calls] == [
        replace(call.reply, load_seconds=0.0) for call in calls
    ]


def test_the_best_of_some_answers_adds_up_tokens_and_dollars_and_waits_for_the_slowest():
    def cell(right, seconds):
        call = Call(
            0,
            "answer",
            Member("m"),
            Reply("", Member("m"), prompt_tokens=8, output_tokens=2, output_seconds=seconds),
        )
        return Cell(right, None, Run(None, (call,), 0.0))

    matrix = Matrix(
        ["one", "two"],
        ["m"],
        [[[cell(False, 1.0), cell(True, 3.0)]], [[cell(False, 2.0), cell(False, 2.0)]]],
    )
    both, first = fan_out.BestOf(matrix, 2), fan_out.BestOf(matrix)
    assert (both.right.tolist(), first.right.tolist()) == ([True, False], [False, False])
    assert (both.tokens, first.tokens) == (40, 20)
    assert both.dollars({"m": Price(1e5, 1e6)}) == pytest.approx(4 * (0.8 + 2))
    assert (both.seconds("each"), both.seconds("all"), first.seconds("all")) == (2.5, 4.0, 1.5)


def test_members_count_as_samples_do():
    cells = [Cell(right, None, Run(None, (), 0.0)) for right in (False, True)]
    assert fan_out.BestOf(
        Matrix(["one"], ["a", "b"], [[[cell] for cell in cells]])
    ).right.tolist() == [True]
