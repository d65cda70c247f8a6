"""Notebook 05: ticks, the recorded votes, what counts as the same, exercises and quiz."""

import asyncio
from collections import Counter
from itertools import combinations, pairwise
from typing import Any

import nbformat
import numpy as np
import pytest
from course.lessons import benches, voting, voting_pictures
from course.studies import triage_members, votes

import mlkit
from mlkit import paths
from mlkit.ask import Reply
from mlkit.measure.stats import condorcet, difference
from mlkit.models import list_prices
from mlkit.parsing import plain
from mlkit.widgets.lessons import check, quiz
from tests.course.lessons.answers import stub

APART = {"A": "✘✓✓✘✓", "B": "✓✘✓✘✓", "C": "✓✓✘✓✘"}
CLOSE = {"A": "✘✓✘✓✓", "B": "✘✘✓✓✓", "C": "✓✘✘✓✓"}


@pytest.fixture(scope="module")
def kit() -> Any:
    return mlkit.connect(engine="replay")


@pytest.fixture(scope="module")
def shown(kit) -> Any:
    return asyncio.run(voting.recorded(kit))


def prose(cell_id: str) -> str:
    notebook = nbformat.read(paths.notebooks() / "05_voting.ipynb", as_version=4)
    return next(cell.source for cell in notebook.cells if cell.id == cell_id)


# By hand


def test_ticks_show_each_voter_the_majority_and_who_errs_together():
    *voters, majority, last = voting_pictures.ticks(APART).splitlines()
    assert voters[0].split() == ["A", *"✘✓✓✘✓", "3", "of", "5"] and len(voters) == 3
    assert majority.split() == ["majority", *"✓✓✓✘✓", "4", "of", "5"]
    assert last == "both err: AB 1, AC 0, BC 0; mean error correlation -0.39"
    *_, majority, _ = voting_pictures.ticks(voting.FIVE).splitlines()
    assert majority.split()[1:9] == [*"✘✓✓✘✘✓✓✓"]  # three of five, not two
    *_, majority, last = voting_pictures.ticks(CLOSE).splitlines()
    assert majority.endswith("2 of 5")
    assert last == "both err: AB 1, AC 1, BC 1; mean error correlation 0.17"


def test_the_notebook_counts_the_correlation_of_a_and_b_as_it_is():
    assert (
        "(0.2 − 0.16) / (0.4 × 0.6) = 0.17" in prose("correlation")
        and APART["A"] in prose("ticks")
        and CLOSE["C"] in prose("ticks")
    )
    right = np.array([[mark == "✓" for mark in APART[name]] for name in "AB"]).T
    assert votes.correlation(right) == pytest.approx((0.2 - 0.16) / (0.4 * 0.6))


def test_majorities_are_condorcets():
    three = 0.6**3 + 3 * 0.6**2 * 0.4
    assert f"1: 60%, 3: {three:.0%}, 5: 68%" in voting_pictures.majorities(0.6)
    assert "51: 7%" in voting_pictures.majorities(0.4)


# What is built


@pytest.mark.parametrize(
    "voters, expected",
    [
        ([("large", 5)], "refund (3 of 5)"),
        ([("large", 3)], "refund (2 of 3)"),
        ([("small", 5)], "order (3 of 5)"),
        ([("large", 3), ("small", 2)], "order (3 of 5)"),
    ],
)
def test_the_vote_of_the_cell_and_each_edit_is_recorded(kit, voters, expected):
    members = [voting.sample(kit, size, n) for size, count in voters for n in range(count)]
    names: dict[str, Any] = {"mlkit": mlkit, "plain": plain}
    exec(prose("build").partition("\n\n\n")[0], names)
    task = voting.message()
    said = asyncio.run(names["voting"](kit.ask, members, task.input))
    assert said.startswith(expected) and task.gold == "refund"


def test_the_edits_stand_in_the_notebook():
    edits = prose("edits")
    for one in ("from `range(5)` to `range(3)`", 'from `"large"` to `"small"`', "Two of these"):
        assert one in edits
    assert 'for n in range(3)] + [lesson.sample(kit, "small", n) for n in range(2)]' in edits


def test_each_sample_has_a_seed_and_a_name_of_its_own(kit):
    some = [voting.sample(kit, size, n) for size in ("small", "large") for n in range(5)]
    assert len({one.seed for one in some}) == 5 and len({one.name for one in some}) == 10
    assert {one.temperature for one in some} == {0.7}


def test_on_the_bench_five_seldom_answer_messages_otherwise_than_the_first(kit):
    play = benches.play("voting", kit)

    async def winner(voters, prompt):
        return (await kit.run(play.build(voters, "tidied", "off"), prompt)).result.vote.winner

    for prompt in play.prompts[:4]:
        assert asyncio.run(winner(1, prompt)) == asyncio.run(winner(5, prompt))
    assert "on these messages, five seldom answer otherwise" in prose("bench-text")


# The recorded votes


def test_the_votes_are_those_of_arithmetic(shown):
    """Counted by hand for the two that need least: three members, and five samples on sums."""
    three = shown.votes[0]
    for row, task, won in zip(shown.triage.cells, shown.triage.tasks, three.won, strict=True):
        said = [cell.answer for (cell,) in row]
        most = Counter(one for one in said if one).most_common(1)[0][0]
        assert won == (most == task.gold)
    assert shown.triage.subjects[0] == "large" and len(shown.triage.tasks) == 64
    sums = shown.samples.of(["small"], kind="math")
    vote = next(one for one in shown.votes if one.voters == "sums: five of small")
    for row, right, won in zip(sums.cells, vote.right, vote.won, strict=True):
        values = [cell.answer for cell in row[0]]
        most = max(values, key=lambda one: (one is not None, values.count(one) * (one is not None)))
        assert won == any(cell.right for cell in row[0] if cell.answer == most)
        assert list(right) == [cell.right for cell in row[0]]


def test_the_rows_are_the_eight_that_the_notebook_counts(shown):
    assert [one.voters for one in shown.votes] == [
        "messages: three members",
        "messages: five of large",
        "messages: five of small",
        "sums: five of large",
        "sums: five of small",
        "texts: five of large",
        "orders: the shop's voters",
        "orders: chosen on fit",
    ]
    assert [one.right.shape[1] for one in shown.votes] == [3, 5, 5, 5, 5, 5, 3, 3]
    assert [len(one.one) for one in shown.votes] == [64, 64, 64, 22, 22, 44, 96, 96]


def test_a_vote_is_compared_with_one_call_and_with_its_average_voter():
    right = np.array([[1, 1, 0]] * 30 + [[0, 0, 1]] * 10, bool)
    vote = voting.Vote("x", right, right.sum(axis=1) > 1, np.zeros(40, bool))
    assert vote.gain == difference(vote.won, vote.one)
    assert vote.over_a_voter.mean == pytest.approx(0.75 - (60 + 10) / 120)
    assert voting_pictures.found([vote]).splitlines() == [
        "clearly better than one call: 1 of 1 votes",
        "   x                        +75.0 points (+62.5 to +87.5, n 40)",
        "clearly better than their average voter: 1 of 1 votes",
        "   x                        +16.7 points (+8.3 to +25.0, n 40)",
    ]
    *heads, row = voting_pictures.table([vote]).splitlines()
    assert [head.split("  ")[-1] for head in heads] == [
        "vote minus one call,",
        "points (95% interval)",
    ]
    assert row.split()[:5] == ["x", "40", "0.0%", "58.3%", "75.0%"]
    assert row.endswith("  +75.0 (+62.5 to +87.5)")
    same = vote._replace(one=vote.won)
    assert voting_pictures.table([same]).endswith("  0 (same items right)")
    assert "0 of 1" in voting_pictures.found([same]).splitlines()[0]


def test_no_row_of_the_table_is_wider_than_a_narrow_page(shown):
    assert max(map(len, voting_pictures.table(shown.votes).splitlines())) <= 84


def test_what_the_notebook_says_of_the_votes_is_so(shown):
    """The sentences that stand without a number: each would be wrong on other recordings."""
    assert "On no task here does it clearly know better than one call" in prose("why")
    assert not any(one.gain.above for one in shown.votes)
    assert "vote can know better than its average voter" in prose("why")
    assert any(one.over_a_voter.above for one in shown.votes)
    assert "No correlation is 0" in prose("why")
    assert all(votes.correlation(one.right) > 0.1 for one in shown.votes)
    assert "less alike is not enough: `chosen on fit` has a weak member" in prose("why")
    shops, chosen = shown.votes[-2:]
    assert votes.correlation(chosen.right) < voting.correlation(shops.right)
    assert chosen.gain.mean < shops.gain.mean
    assert chosen.right.mean(axis=0).min() < 0.3 < shops.right.mean(axis=0).min()
    assert "wins much of that back, in no case clearly more" in prose("why")
    texts = shown.votes[5]
    assert f"{100 * texts.gain.mean:+.1f} points, cannot tell" in prose("meaning-text")
    assert texts.voters.startswith("texts")
    assert not texts.gain.above and not texts.gain.below
    assert "Word for word no text had a majority" in prose("meaning-text")
    said = [Counter(cell.text for cell in row[0]) for row in shown.texts.cells]
    assert all(max(count.values()) < 3 for count in said)
    lower = [one.right.mean() < one.one.mean() for one in shown.votes]
    assert "mostly makes the average voter worse than one call" in prose("why")
    # Only the small model's samples on messages are as good as its one call.
    assert lower.count(False) == 1 and not lower[2]


def test_the_chart_is_read_as_it_is(shown):
    ways = {name: (right, price) for name, right, _, price, _ in voting.ways(shown, list_prices())}
    assert "The vote of three members is highest, at three times the dollars" in prose("table-text")
    best, price = ways["vote of three members"]
    assert best == max(right for right, _ in ways.values())
    assert 2.8 < price / ways["large"][1] < 3.3
    three = ways["vote of three samples, large"][0]
    assert f"right on {three}, one call on {ways['large'][0]}" in prose("table-text")
    below = {*ways} - {"large", "vote of three members"}
    assert below == {
        "small",
        "large, rules",
        "vote of three samples, large",
        "vote of five samples, large",
    }
    assert all(ways[name][0] < ways["large"][0] for name in below)
    assert ways["large"][0] == shown.triage.column("large").sum()
    large = shown.samples.of(["large"], kind="triage")
    assert ways["vote of five samples, large"][1] == pytest.approx(
        1000 * large.dollars(list_prices()).sum() / 64
    )


def test_the_budget_counts_tokens_of_a_message(shown):
    of_three = sum(cell.tokens for row in shown.triage.cells for (cell,) in row) / 64
    large = shown.samples.of(["large"], kind="triage")
    samples = sum(cell.tokens for row in large.cells for cell in row[0][:3]) / 64
    said = voting.budget(shown)
    assert f"vote of three members {of_three:.0f}" in said
    assert f"vote of three samples {samples:.0f}" in said and "large 189" in said
    three = large.answers[:, 0, :3], large.right[:, 0, :3]
    more = difference(shown.votes[0].won, votes.voted(*three))
    assert f"minus three samples: {more.points()}" in said
    assert "clearly above three samples of `large`" in prose("table-text") and more.above
    alone = shown.triage.of(["large"]).seconds
    assert f"large {np.median(alone):.2f}, vote" in said and np.median(alone) < 0.8 * alone.mean()
    prices = list_prices()
    assert "Both models have one list price" in prose("table-text")
    assert len({prices[shown.triage.cells[0][n][0].run.calls[0].member.model] for n in (0, 1)}) == 1


def test_a_sum_and_an_order_are_shown_and_who_votes_on_orders(shown):
    said = voting_pictures.examples(shown, voting.ALIKE).splitlines()
    assert said[0].startswith("sum: Theo") and said[1].endswith("counted as 770; right: 770")
    assert said[2].startswith("order: ") and said[3].endswith('"none"}')
    assert said[4] == "   counted by its total in dollars: 40; right: 40"
    assert said[5:7] == [
        "orders: the shop's voters: large · large, other examples · large, rule first",
        "orders: chosen on fit: large · large, other examples · small, all examples",
    ]
    assert max(map(len, said[3:])) < 90 and said[-1].startswith("texts: ") and " 0.9 " in said[-1]


def test_the_printed_similarities_agree_with_the_groups(shown):
    vectors = shown.vectors["text-18"]
    near = (vectors @ vectors.T).round(3) >= 0.9
    assert ".round(3), similar(vectors, 0.9)" in prose("meaning")
    assert not near[4, :4].any() and near[2, [0, 1]].all() and near[1, 3]


def test_the_edit_of_going_deeper_is_of_the_line_that_stands_there():
    assert "p, rho = 0.7, 0.0\n" in prose("worth")
    assert "Change `0.7, 0.0` to `0.7, 0.5`" in prose("deeper")
    gains = [condorcet(0.7, 15, rho) - 0.7 for rho in (0.0, 0.5)]
    assert gains[1] < gains[0] / 5  # most of the gain is gone


# What counts as the same


def test_the_text_that_speaks_for_the_largest_group_wins(shown):
    winners, shares = voting.typical_of(shown.texts, shown.vectors, 0.9)
    place = [task.id for task in shown.texts.tasks].index("text-18")
    assert (winners[place], shares[place]) == (2, 0.8)
    assert voting.typical_of(shown.texts, shown.vectors, 0.95)[1][place] == 0.4
    assert set(voting.typical_of(shown.texts, shown.vectors, -1.0)[1]) == {1.0}


def test_the_notebook_names_the_row_of_texts(shown):
    assert "shown.votes[5]" in prose("explore")
    assert shown.votes[5].voters.startswith("texts")


def test_strangers_fall_and_winners_stay_near_one_call(shown):
    steps = [voting_pictures.Step(*row) for row in voting.ladder(shown)]
    for one, other in pairwise(steps):
        assert one.majority >= other.majority and one.strangers >= other.strangers
    vectors = [shown.vectors[task.id] for task in shown.texts.tasks]
    pairs = [float(a @ b) for one, other in combinations(vectors, 2) for a in one for b in other]
    assert steps[10].threshold == 0.8
    assert steps[10].strangers == pytest.approx(np.mean([pair > 0.8 - 1e-9 for pair in pairs]))
    alone = shown.votes[5].one.mean()
    assert "Everywhere the winner keeps the rules about as often as one call" in prose(
        "explore-read"
    )
    assert all(abs(step.keeps - alone) < 0.06 for step in steps)
    assert "To the right some strangers stay" in prose("explore-read")
    assert steps[-1].threshold == 0.98 and steps[-1].strangers > 0.03


def test_the_picture_reads_the_setting():
    rows = [(0.8, 0.9, 0.2, 0.6), (0.9, 0.5, 0.1, 0.7)]
    chart = voting_pictures.similarity(rows, 0.9, 0.65, "here")
    assert chart.reading == (
        "At 0.90: 50% of the tasks have a majority, 10% of the strangers pass as one, and 70%"
        " of all winners keep the rules (one call: 65%)"
    )
    assert "At 0.80: 90%" in voting_pictures.similarity(rows, 0.8, 0.65, "here").reading
    other = voting_pictures.similarity(rows[::-1], 0.8, 0.65, "here")
    assert other.reading.startswith("At 0.80: 90%")
    majority, strangers, keeps, alone = chart.figure.data
    assert majority.y == (0.9, 0.5) and strangers.y == (0.2, 0.1) and keeps.y == (0.6, 0.7)
    assert set(alone.y) == {0.65} and majority.x == (0.8, 0.9)
    assert chart.figure.layout.shapes[0].x0 == 0.9


BALLOTS = ["order", "- refund", "A) refund", "refund.", "order"]
FORMS = [
    (str, "2 x 'order', 1 x '- refund', 1 x 'A) refund', 1 x 'refund.'; 0 spoilt"),
    (lambda text: text.strip("-. "), "2 x 'order', 2 x 'refund', 1 x 'A) refund'; 0 spoilt"),
    (plain, "3 x 'refund', 2 x 'order'; 0 spoilt"),
    (benches.value_of, "no vote counts; 5 spoilt"),
    (lambda text: None, "no vote counts; 5 spoilt"),
]


@pytest.mark.parametrize("form, expected", FORMS)
def test_ballots_are_counted_by_their_form_and_each_repair_moves_them(form, expected):
    assert voting.counted(BALLOTS, form) == expected
    assert f"ballots = {BALLOTS!r}".replace("'", '"') in prose("break")


def test_only_the_value_moves_the_sums(shown):
    as_written = voting.on_sums(shown, str)
    assert as_written == voting.on_sums(shown, plain)
    assert voting.on_sums(shown, lambda text: text.strip("-. ")) == as_written
    texts = [
        [cell.text for cell in row[0]] for row in shown.samples.of(["large"], kind="math").cells
    ]
    most = sum(max(map(row.count, row)) > 2 for row in texts)
    assert as_written.startswith(f"{most} of {len(texts)} sums have a majority")
    by_value = voting.on_sums(shown, benches.value_of)
    assert int(by_value.split()[0]) > int(as_written.split()[0])
    right = int(by_value.split()[-1])
    vote = next(v for v in shown.votes if v.voters == "sums: five of large")
    assert right == vote.won.sum()
    assert f"{right} are right: the {vote.won.mean():.1%} of section 6" in prose("repair")
    for number, edit in enumerate(('.strip("-. ")', "plain(text)", "benches.value_of(text)"), 1):
        assert edit in prose("repair").split(f"\n{number}. ")[1].splitlines()[0]


# Exercises


def by_hand(answers):
    counts = Counter(one for one in answers if one is not None).most_common(2)
    if not counts or (len(counts) == 2 and counts[0][1] == counts[1][1]):
        return None
    return counts[0][0]


def more_than_half(answers):
    return next((one for one in answers if answers.count(one) > len(answers) / 2), None)


def with_nobody_forgotten(answers):
    votes = [one for one in answers if one is not None]
    most = max(map(votes.count, votes))
    leaders = {one for one in votes if votes.count(one) == most}
    return leaders.pop() if len(leaders) == 1 else None


def with_none_counted(answers):
    counts = Counter(answers).most_common(2)
    tied = len(counts) == 2 and counts[0][1] == counts[1][1]
    return None if not counts or tied else counts[0][0]


def only_pairs_of_leaders(answers):
    """Right on all that is listed, wrong where three lead."""
    counts = Counter(one for one in answers if one is not None).most_common()
    tied = len(counts) == 2 and counts[0][1] == counts[1][1]
    return None if not counts or tied or len(answers) == len(counts) else counts[0][0]


WINNER = [
    ("right", by_hand, "Right"),
    ("stub", stub, "Not written yet"),
    ("first answer", lambda answers: answers[0], "How often"),
    ("first in a tie", lambda answers: Counter(answers).most_common(1)[0][0], "is a tie"),
    ("alphabet", lambda answers: max(sorted(set(answers)), key=answers.count), "is a tie"),
    ("more than half", more_than_half, "need not"),
    ("None counted", with_none_counted, "no candidate either"),
    ("nobody voted", with_nobody_forgotten, "raises an error"),
    ("a word", lambda answers: by_hand(answers) or "nobody", "is a tie"),
    ("nobody", lambda answers: by_hand(answers) if any(answers) else "nobody", "nobody has voted"),
    ("leaders", only_pairs_of_leaders, "is a tie"),
    ("raises", lambda answers: 1 / 0, "raised ZeroDivisionError"),
    ("prints", print, "Not written yet"),
]


@pytest.mark.parametrize("answer, shown", [one[1:] for one in WINNER], ids=[w[0] for w in WINNER])
def test_exercise_winner(answer, shown, capsys):
    check(voting.winner, answer)
    said = " ".join(capsys.readouterr().out.split())
    assert shown in said and ("✓" in said) == (shown == "Right")


def test_the_three_are_the_best_and_no_shortcut_finds_them():
    right = {name: np.array([mark == "✓" for mark in row]) for name, row in voting.FIVE.items()}
    trios = ["".join(three) for three in combinations(right, 3)]
    wins = {three: int((sum(right[one] for one in three) > 1).sum()) for three in trios}
    assert [three for three in trios if wins[three] == max(wins.values())] == ["BDE"]
    assert (wins["BDE"], wins["ABC"], wins["ABE"]) == (7, 5, 6)
    pairs = [~right[a] & ~right[b] for a, b in combinations("BDE", 2)]
    assert [list(np.flatnonzero(pair) + 1) for pair in pairs] == [[5]] * 3
    assert "only on message 5, all three at once" in prose("trio-solution")
    assert sorted(right, key=lambda one: -right[one].sum())[:3] == ["B", "A", "C"]
    both = {
        three: sum((~right[a] & ~right[b]).sum() for a, b in combinations(three, 2))
        for three in trios
    }
    assert [three for three in trios if both[three] == min(both.values())] == ["ABE"]


TRIO = [
    ("BDE", "Right"),
    ("e, d, b", "Right"),
    (("D", "B", "E"), "Right"),
    ({"B", "D", "E"}, "Right"),
    (["B", "E", "D"], "Right"),
    (..., "Not judged yet"),
    (None, "Not judged yet"),
    ("ABC", "on the first message"),
    ("EBA", "err together least"),
    ("BCE", "'BCE' is not it"),
    ("BDDE", "is not it"),
    ("BE", "is not it"),
    ("ABCDE", "is not it"),
    (7, "7 is not it"),
    (["B", 3], "is not it"),
]


@pytest.mark.parametrize("answer, shown", TRIO)
def test_exercise_trio(answer, shown, capsys):
    check(voting.judged, answer)
    said = " ".join(capsys.readouterr().out.split())
    assert shown in said and ("✓" in said) == (shown == "Right")


def test_the_quiz_has_three_questions_with_choices_of_equal_length_each_explained():
    assert len(voting.QUIZ) == 3
    for _, choices in voting.QUIZ:
        assert sum(choice.right for choice in choices) == 1
        assert all(choice.why for choice in choices)
        lengths = [len(choice.text) for choice in choices]
        assert max(lengths) - min(lengths) < 10
    quiz(*voting.QUIZ)


# At home


def test_the_members_are_told_as_the_notebook_says(kit):
    members = triage_members(kit)
    assert len(members["large"].shots) == len(members["small"].shots) == 5
    assert members["large, rules"].system != members["large"].system


def test_at_home_a_failure_or_another_word_is_no_vote(kit):
    names: dict[str, Any] = {}
    exec(prose("home"), names)

    class Client:
        def __init__(self) -> None:
            self.said = iter(["Refund.", "order", "a refund", RuntimeError("down"), "refund"])

        async def chat(self, *_: Any, **__: Any) -> dict[str, Any]:
            if isinstance(said := next(self.said), Exception):
                raise said
            return {"message": {"content": said}}

    assert asyncio.run(names["vote"](Client(), "x", range(5))) == ("refund", 2)
    assert asyncio.run(names["vote"](Client(), "x", [])) == (None, 0)


def test_at_home_the_prompt_is_the_shops(kit):
    names: dict[str, Any] = {}
    exec(prose("home"), names)
    member = voting.sample(kit, "large", 0)
    assert (names["SYSTEM"], names["MODEL"]) == (member.system, member.model)
    assert isinstance(asyncio.run(kit.ask(member, voting.message().input)), Reply)
