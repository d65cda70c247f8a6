"""Exercise 3 of 01 to 10: the stored solution passes, each wrong answer has its own hint, and what
is right follows from the figures in the notebook.
"""

import ast
import re

import nbformat
import pytest
from course.lessons import decisions

from mlkit import paths
from mlkit.measure.stats import wilson
from mlkit.widgets.lessons import Verdict

WRONG = {
    "01": {"take": ("larger", "five", "now")},
    "02": {"take": ("4 examples", "pipeline", 12)},
    "03": {"take": ("one prompt", "router", True), "at_most": (15, 6, 8)},
    "04": {"take": ("one", "judge", "fuse"), "saves": (100, -0.08, "99.92")},
    "05": {"take": ("three members", "five samples", "a vote"), "try_next": ("D", "F", "C")},
    "06": {"costs": (140, 50, 0.725), "take": ("planner", "small alone", "small")},
    "07": {"workers": (1, 3, 4), "review": ("keep", "again", False)},
    "08": {"take": ("guessed", "learned", "equal", "majority")},
    "09": {"costs": (3.4, 3, 2.4), "take": ("2 of 3", "inside", "strong", "1 of 3")},
    "10": {"take": ("one model", "router", "supervisor", None), "sure": ("yes", "69%")},
}


def cells(number: str) -> dict[str, str]:
    (path,) = paths.notebooks().glob(f"{number}_*.ipynb")
    found = nbformat.read(path, as_version=4).cells
    return {cell.id: cell.source for cell in found if cell.id.startswith("third")}


def judged(number: str, answer: object) -> Verdict:
    """The verdict of the exercise that the notebook checks."""
    (name,) = re.findall(r"^check\(decisions\.(\w+), decision\)$", cells(number)["third"], re.M)
    return getattr(decisions, name)(answer)


def answer_in(source: str) -> dict[str, object]:
    (answer,) = re.findall(r"^decision = (\{.*\})$", source, re.M)
    return ast.literal_eval(answer)


@pytest.mark.parametrize("number", WRONG)
def test_the_stored_solution_passes_and_the_stub_is_told_that_it_is_one(number):
    stub, right = (answer_in(cells(number)[name]) for name in ("third", "third-solution"))
    assert list(stub) == list(right) == list(WRONG[number])
    assert judged(number, right).passed
    assert judged(number, stub) == (False, "Not judged yet: replace each ... with your answer.")
    assert "Give a dictionary" in judged(number, None).text


@pytest.mark.parametrize("number", WRONG)
def test_a_wrong_answer_is_refused_and_each_that_the_text_names_has_a_hint_of_its_own(number):
    right = answer_in(cells(number)["third-solution"])
    for entry, answers in WRONG[number].items():
        hints = [judged(number, right | {entry: wrong}) for wrong in answers]
        assert not any(hint.passed for hint in hints)
        named = set(re.findall(r'`"([^"]+)"`', cells(number)["third-text"])) & {*answers}
        texts = [hint.text for hint, wrong in zip(hints, answers, strict=True) if wrong in named]
        assert len({*texts}) == len(texts)
        assert not any("is none of" in text for text in texts)


@pytest.mark.parametrize("number", WRONG)
def test_what_is_no_answer_at_all_is_told_which_there_are(number):
    right = answer_in(cells(number)["third-solution"])
    named = set(re.findall(r'`"([^"]+)"`', cells(number)["third-text"]))
    for entry, one in right.items():
        said = judged(number, right | {entry: "7 or so"}).text
        if isinstance(one, str):
            (listed,) = re.findall(r"'7 or so' is none of (.*)\.$", said)
            assert {one} < set(re.findall(r'"([^"]+)"', listed)) <= named | {"now"}
        else:
            assert said == f"{entry}: '7 or so' is text. Give a number, without quotes or signs."


@pytest.mark.parametrize("number", WRONG)
def test_the_right_answer_stands_in_the_text_as_one_of_several(number):
    text, right = cells(number)["third-text"], answer_in(cells(number)["third-solution"])
    for entry, one in right.items():
        if isinstance(one, str) and entry != "sure":
            assert f'`"{one}"`' in text


POINTS = re.compile(r"([+-]\d+) points? \(([+-]\d+) to ([+-]\d+)\)")


def table(number: str) -> list[dict[str, str]]:
    """The rows of the first table of figures, by the names of their columns; the way is ""."""
    rows = [
        [entry.strip() for entry in line.strip("|").split("|")]
        for line in re.findall(r"^\|.*\|$", cells(number)["third-text"].split("- `")[0], re.M)
    ]
    head, _, *rest = rows
    return [dict(zip(head, row, strict=True)) for row in rest if len(row) == len(head)]


@pytest.mark.parametrize("number", [number for number in WRONG if number != "07"])
def test_points_are_the_difference_of_the_counts_and_lie_in_their_interval(number):
    rows = [row for row in table(number) if row.get("right", "").isdigit()]
    (items,) = re.findall(r"on the same (\d+) ", cells(number)["third-text"], re.I)
    first, *others = (int(row["right"]) for row in rows)
    assert others and not POINTS.search(str(rows[0]))
    for row, right in zip(rows[1:], others, strict=True):
        points, low, high = map(int, POINTS.search(str(row)).groups())
        assert points == pytest.approx(100 * (right - first) / int(items))
        assert low <= points <= high


def test_the_numbers_that_are_right_follow_from_the_figures():
    right = {number: answer_in(cells(number)["third-solution"]) for number in WRONG}
    rows = {number: {row[""]: row for row in table(number)} for number in WRONG if number != "07"}
    rule = '`"rule"`: keywords name the kind'
    known, ruled = (int(rows["03"][way]["right"]) for way in ("the kind always known", rule))
    assert right["03"]["at_most"] == pytest.approx(100 * (known - ruled) / 200)
    costs = [
        1000 * 0.5 * (1 - int(row["right"]) / 200) + float(row["dollars per 1,000"])
        for way, row in rows["04"].items()
        if "judge" not in way
    ]
    assert right["04"]["saves"] == pytest.approx(costs[0] - costs[1])
    tokens = [re.findall(r"[\d,]+", row["tokens"]) for row in rows["06"].values()]
    (alone,), (planning, steps), _ = [[int(n.replace(",", "")) for n in one] for one in tokens]
    assert right["06"]["costs"] == pytest.approx(100 * (4 * planning + steps) / (4 * alone))
    escalated = float(rows["09"]['`"3 of 3"` cheap votes must agree']["escalated"].strip("%"))
    assert right["09"]["costs"] == pytest.approx(3 + escalated / 100 * 6)
    for row in rows["10"].values():
        share = wilson(int(row["right"]), 100)
        assert row["95% interval"] == f"{share.low:.0%} to {share.high:.0%}"


def test_two_workers_are_the_fewest_that_keep_the_20_seconds():
    text, right = cells("07")["third-text"], answer_in(cells("07")["third-solution"])
    named = r"take (\d+) seconds at .* in (\d+) .* in (\d+)\. .*four pieces of (\d+) "
    limit, assigns, reviews, each = map(int, re.search(named, text).groups())
    seconds = {n: assigns + -(-4 // n) * each + reviews for n in (1, 2, 3, 4)}
    assert right["workers"] == min(n for n, one in seconds.items() if one <= limit)
    repaired, spoilt = map(int, re.search(r"repaired (\d+) and spoilt (\d+)", text).groups())
    assert f"{100 * (repaired - spoilt) / 200:+.0f} point " in text


def test_learned_weights_are_the_majority_and_the_guessed_ones_are_a_alone():
    weights = {row[""]: row["weights of A, B, C"] for row in table("08")}
    guessed, learned = (
        [float(one) for one in weights[f'`"{name}"`'].split(",")] for name in ("guessed", "learned")
    )
    assert 2 * max(guessed) > sum(guessed) and guessed.index(max(guessed)) == 0
    assert 2 * max(learned) < sum(learned) and learned.index(max(learned)) == 0
