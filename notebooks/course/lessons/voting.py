"""Notebook 05: votes on the recordings, ticks and crosses, exercises and quiz."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import combinations
from random import Random
from typing import Any, NamedTuple

import numpy as np

from course import studies
from course.shop import member_for
from course.studies.votes import ALIKE, best_first, correlation, typical, voted
from mlkit.ask import Member
from mlkit.charts import trade_off
from mlkit.errors import Unparsed
from mlkit.kit import Kit
from mlkit.measure import stats, tasks
from mlkit.measure.matrix import Matrix, agreed, seed_for
from mlkit.measure.tasks import Task
from mlkit.models import Prices
from mlkit.ties import lowest, reaches
from mlkit.widgets.exercises import Exercise, against, cases, judgement
from mlkit.widgets.lessons import Verdict, questions


def message() -> Task:
    """The message that is sorted in the notebook."""
    return studies.with_id(tasks.load("triage"), "triage-90")


def sample(kit: Kit, size: str, number: int) -> Member:
    """A voter: the model of a size, told the queues, with a seed of its own for the message."""
    voter = member_for(kit.cast.members[size], "triage")
    seed = seed_for(message(), number)
    return replace(voter, temperature=0.7, seed=seed, name=f"{size}, sample {number + 1}")


class Vote(NamedTuple):
    """A vote on a kind of task; shares are in [0, 1]."""

    voters: str
    right: np.ndarray  # of each voter on each item: shape (n, voters)
    won: np.ndarray  # whether the vote is right, (n,)
    one: np.ndarray  # whether one call without chance is, of the first voter's model: (n,)

    @property
    def correlation(self) -> float:
        """How much its voters err together."""
        return correlation(self.right)

    @property
    def gain(self) -> stats.Difference:
        """Over one call."""
        return stats.difference(self.won, self.one)

    @property
    def over_a_voter(self) -> stats.Difference:
        """Over the average voter."""
        return stats.difference(self.won, self.right.mean(axis=1))


class Recorded(NamedTuple):
    triage: Matrix  # test messages; three members, the best on fit first
    samples: Matrix  # five for each test message
    texts: Matrix  # five of the large model for each text
    vectors: Mapping[str, np.ndarray]  # of these texts, by task: (5, d)
    orders: Mapping[str, Matrix]  # test orders, by the name of their vote: three members each
    votes: list[Vote]


def _vote(voters: str, matrix: Matrix, one: np.ndarray) -> Vote:
    """Of members that were asked once, or of one member's samples."""
    answers, right = (each.reshape(len(each), -1) for each in (matrix.answers, matrix.right))
    return Vote(voters, right, voted(answers, right), one)


async def recorded(kit: Kit) -> Recorded:
    """All votes that were recorded, on messages, sums, free texts and orders."""
    triage = best_first(await studies.triage(kit)).of(split="test")
    samples, texts = await studies.samples(kit), (await studies.texts(kit)).of(["large"])
    vectors, pool = await studies.meanings(kit), await studies.order_members(kit)
    sums = (await studies.desk(kit)).of(kind="math", split="test")
    votes = [_vote("messages: three members", triage, triage.column("large"))]
    for kind, name, asked, way in (
        ("triage", "messages", triage, ""),
        ("math", "sums", sums, " by kind"),
    ):
        for size in ("large", "small"):
            five = samples.of([size], kind=kind)
            votes.append(_vote(f"{name}: five of {size}", five, asked.column(size + way)))
    right, winners = texts.right[:, 0], typical_of(texts, vectors)[0]
    one = (await studies.picking(kit)).column("one answer")
    votes.append(Vote("texts: five of large", right, right[range(len(right)), winners], one))
    one, fit = pool.of(split="test").column("large"), pool.of(split="fit")
    shops, trios = pool.subjects[:3], combinations(pool.subjects, 3)
    unlike = lowest(trios, lambda three: correlation(fit.of(three).right[:, :, 0]))
    orders = {
        "orders: the shop's voters": pool.of(shops, split="test"),
        "orders: chosen on fit": best_first(pool.of(unlike)).of(split="test"),
    }
    votes += [_vote(name, matrix, one) for name, matrix in orders.items()]
    return Recorded(triage, samples, texts, vectors, orders, votes)


def ways(shown: Recorded, prices: Prices) -> list[trade_off.Way]:
    """The members alone and their votes on the messages; three samples take the tokens of three."""
    large = shown.samples.of(["large"], kind="triage")
    found = trade_off.ways(shown.triage, prices)
    votes = {"vote of three members": shown.triage}
    for count, word in ((3, "three"), (5, "five")):
        cells = [[row[0][:count]] for row in large.cells]
        votes[f"vote of {word} samples, large"] = replace(large, cells=cells)
    for name, matrix in votes.items():
        each = (part.sum() / len(matrix.tasks) for part in (matrix.dollars(prices), matrix.seconds))
        found.append(trade_off.way(name, _vote(name, matrix, np.zeros(0)).won, *each))
    return found


def budget(shown: Recorded) -> str:
    """The best member, the vote of three, and its equal budget: what they take, who is right."""
    large, n = shown.samples.of(["large"], kind="triage"), len(shown.triage.tasks)
    samples = replace(large, cells=[[row[0][:3]] for row in large.cells])
    alone, three = shown.triage.of(["large"]), shown.triage.tokens.sum() / n
    more = stats.difference(shown.votes[0].won, _vote("", samples, np.zeros(0)).won)
    seconds = np.median(alone.seconds), np.median(samples.seconds.sum(axis=(1, 2)))
    return (
        f"tokens a message: large {alone.tokens.mean():.0f}, vote of three members {three:.0f},"
        f" vote of three samples {samples.tokens.sum() / n:.0f} (equal budget)\n"
        f"vote of three members minus three samples: {more.points()}\n"
        "seconds: the chart has means, and a few slow calls lift that of large;\n"
        f"   medians: large {seconds[0]:.2f}, vote of three samples {seconds[1]:.2f}"
    )


def typical_of(
    texts: Matrix, vectors: Mapping[str, np.ndarray], threshold: float = ALIKE
) -> tuple[np.ndarray, np.ndarray]:
    """For each task, which text speaks for the largest group, and the group's share: (n,) each."""
    found = [typical(vectors[task.id], threshold) for task in texts.tasks]
    return np.array([winner for winner, _ in found]), np.array([share for _, share in found])


def ladder(shown: Recorded) -> list[tuple[float, ...]]:
    """What each threshold gives, with the fields of voting_pictures.Step."""
    right, vectors = shown.texts.right[:, 0], list(shown.vectors.values())
    strangers = np.concatenate([(a @ b.T).ravel() for a, b in combinations(vectors, 2)])
    steps = []
    for threshold in (n / 100 for n in range(60, 100, 2)):
        winners, shares = typical_of(shown.texts, shown.vectors, threshold)
        kept = right[range(len(right)), winners]
        passing = reaches(strangers, threshold)
        steps.append((threshold, *(float(one.mean()) for one in (shares > 0.5, passing, kept))))
    return steps


def _form_or_none(form: Callable[[str], str], text: str) -> str | None:
    """The form in which a text is counted; None for one that is spoilt."""
    try:
        return form(text) or None
    except Unparsed:
        return None


def counted(texts: Sequence[str], form: Callable[[str], str]) -> str:
    """How many votes each form has, the winner first, and how many votes are spoilt."""
    forms = [_form_or_none(form, text) for text in texts]
    tally = Counter(one for one in forms if one is not None).most_common()
    votes = ", ".join(f"{count} x {one!r}" for one, count in tally)
    return f"{votes or 'no vote counts'}; {forms.count(None)} spoilt"


def on_sums(shown: Recorded, form: Callable[[str], str]) -> str:
    """Five samples of the large model on all sums, counted by their form."""
    sums = shown.samples.of(["large"], kind="math")
    forms = [[_form_or_none(form, cell.text) for cell in row[0]] for row in sums.cells]
    answers = np.array(forms, dtype=object)
    most, right = agreed(answers)[1] > 0.5, voted(answers, sums.right[:, 0])
    return (
        f"{most.sum()} of {len(most)} sums have a majority (else the largest group wins);"
        f" right on {right.sum()}"
    )


def _most_common(answers: list[str | None]) -> str | None:
    votes = Counter(answer for answer in answers if answer is not None)
    first = [answer for answer, count in votes.items() if count == max(votes.values())]
    return first[0] if len(first) == 1 else None


def _drawn_votes(seeded: Random) -> tuple[list[str | None]]:
    return (seeded.choices(["order", "refund", "repair", None], k=seeded.randint(0, 6)),)


# `winner(answers)`: the most common answer; None in a tie or where nobody voted; a None among them
# is no vote.
winner = Exercise(
    cases("""
["order", "refund", "refund"] -> "refund"
Two voters say refund and one says order: you give {got!r}. How often does each answer occur?

["refund", "refund", "order", "repair", "advice"] -> "refund"
Two of five say refund, and nobody else agrees with anybody. The most common answer wins; it need
not have more than half.

["refund", "order"] -> None
["order", "refund", "repair"] -> None
["order", "order", "refund", "refund", "repair"] -> None
{args[0]} is a tie, and you give {got!r}. Here the order of the voters, or the alphabet, has
decided. The rule says something else.

[None, None, "repair"] -> "repair"
[None, None, 'repair'] has one vote, for repair. An answer that could not be read is no vote, and it
is no candidate either.

[None, None] -> None
[] -> None
With {args[0]} nobody has voted, and you give {got!r}.
ValueError: With {args[0]} nobody has voted, and your function raises an error. What does the rule
say?
IndexError: With {args[0]} nobody has voted, and your function raises an error. What does the rule
say?
""")
    + against(_most_common, _drawn_votes),
    'Right. A rule that says "tie" aloud lets you decide what a tie is worth: a person, or a'
    " stronger model.",
)

FIVE = {"A": "✘✓✘✘✓✓✓✓", "B": "✘✓✓✓✘✓✓✓", "C": "✘✓✓✘✘✓✓✓", "D": "✓✓✘✘✘✓✓✘", "E": "✓✘✓✓✘✘✘✓"}
_judge = judgement(
    cases("""
"trio" -> "BDE"
{got!r} is not it. Give three letters of A to E; two ticks are a majority of them.
"ABC": A, B and C are right most often, each alone. But count their majority: who helps them on the
first message?
"ABE": A, B and E err together least often. But count their majority, message by message: another
three are right more often.
"""),
    praise="Right. D and E are the weakest, and yet they help: they rescue message 1, where B errs;"
    " only message 5 is lost. Being good and being unlike count together.",
)


def judged(trio: Any) -> Verdict:
    """Which three of FIVE have the best majority, as letters in any order."""
    if isinstance(trio, str | tuple | list | set | frozenset):
        letters = "".join(map(str, trio)).upper()
        trio = "".join(sorted(one for one in letters if one.isalpha()))
    return _judge({"trio": trio})


QUIZ = questions("""
Many voters, each right in 40% of the cases. There are two answers, and their errors are
independent. What does a larger vote do?
- It gets better: many heads know more than one.
> That needs heads that are right more often than not. These agree on the wrong answer.
+ It gets worse: the error becomes more certain.
> With two answers, all who are wrong agree. The vote makes the wrong answer certain.
- It stays at 40%: errors and luck cancel out.
> Only if the voters were all alike, that is, if their errors correlated by 1.

Five calls of the same model with the same prompt, temperature 0.7 and the same seed give five
equal answers. What do you know?
- The model is sure of this.
> The five calls threw the same dice. They had to agree, whatever the model thinks.
+ As much as after one call.
> Same model, same prompt, same seed: one vote, paid for five times.
- The answer is likely right.
> Nothing was learned about that. And even voters that throw their own dice can agree on an error.

Five free texts; by embeddings, three mean the same. What follows for the text in their middle?
- It keeps the rules of the task.
> Nobody has looked at the rules. Similarity sees that texts are alike, not that they are right.
- It is the best text of the five.
> It is the most typical. A text that stands out, for good or bad, never wins such a vote.
+ It is typical of what was written.
> Similarity finds the common text. Whether it is any good, a checker must say.
""")
