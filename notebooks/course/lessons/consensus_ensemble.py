"""Notebook 09: exercises and quiz."""

from collections import Counter
from math import inf
from random import Random

from mlkit.widgets.exercises import Case, Exercise, against, cases, not_number
from mlkit.widgets.lessons import questions


def _with_lead(answers: list[str | None], threshold: float, lead: int) -> str | None:
    votes = Counter(answer for answer in answers if answer is not None).most_common(2)
    (winner, count), (_, second) = (*votes, (None, 0), (None, 0))[:2]
    return winner if count / len(answers) >= threshold and count - second >= lead else None


def _drawn_ballot(seeded: Random) -> tuple[list[str | None], float, int]:
    answers = seeded.choices(["a", "b", "c", None], (6, 2, 1, 1), k=seeded.randint(1, 7))
    return answers, seeded.choice((0.25, 0.5, 0.7, 1.0)), seeded.randint(1, 4)


# `lead`: as `decide`, but the winner also needs `lead` votes more than any other answer.
lead = Exercise(
    cases("""
["a", "a", "a"], 0.7, 2 -> "a"
Where all three say 'a', you give {got!r}. Give the answer itself, or None to escalate.
None: Not written yet, or it escalates always: where all three agree, give back their answer.

["a", "a", "b", "c", "d"], 0.7, 1 -> None
Two of five reach no threshold of 0.7. The lead comes on top of the old rule; it does not replace
it.

["a", "b"], 0.5, 1 -> None
One vote each is a lead of nothing. Is the answer that came first preferred?

["a", "a", "a", "b", "b"], 0.6, 2 -> None
Three against two is a lead of one. Is the winner's own count compared with `lead`? A lead is a
difference.

["a", "a", None], 0.7, 1 -> None
Two of three do not reach 0.7. A member that failed still counts among all.

["a", "a", None], 0.6, 2 -> "a"
None is no rival: a member that failed votes for nothing. Two against nothing is a lead of two.

["a", "a", "a", "b", "b"], 0.6, 1 -> "a"
Three of five reach 0.6, and they are one ahead, which is enough where one is asked for.

["a", "a", "a", "b", "c"], 0.6, 2 -> "a"
The others do not add up: they disagree with each other. What counts is the largest of them.

[None, None, None], 0.7, 1 -> None
Where nobody answered there is no answer to give. That, too, is a case for the strong model.
""")
    + against(_with_lead, _drawn_ballot),
    "Right. A stricter rule escalates more: safer answers, and a higher bill.",
)

_HOPELESS = (
    "Right, but for one case: if everything is escalated the votes are paid for nothing, and no"
    " price is high enough. Give back math.inf there."
)

# `price_ratio(voters, escalated)`: from how many times the price of one cheap vote on the strong
# model must cost, so that votes and escalations together cost no more than the strong model alone.
price_ratio = Exercise(
    [
        *cases(
            """
3, 0.4 -> 5.0
For three voters and 40% escalated you get {got:.4g}. Let a vote cost 1 and a strong answer r. The
ensemble pays all votes, and r for the escalated share. Set that equal to r.
3.0: The votes are paid for on every message, also on those that are escalated in the end. You seem
to pay them only where they agree.
1.666666667: That is right for one voter. All voters are paid.
7.5: You divide by the share that is escalated. What the strong model is spared is the rest.
0.2: That is a vote's price as a share of the strong model's. The question is how many times as
expensive the strong one must be.
1.8: More escalation should make the ratio higher, and yours falls. Write down the two costs and set
them equal.
3.4: That is what the ensemble costs where a vote and a strong answer have the same price. Find the
price at which it equals the strong model alone.

1, 0.5 -> 2.0
Right for three voters, but not for one. Is their number written into the code?
"""
        ),
        Case((3, 1.0), inf, _HOPELESS, {ZeroDivisionError: _HOPELESS}),
        *against(
            lambda voters, escalated: voters / (1 - escalated) if escalated < 1 else inf,
            lambda seeded: (seeded.randint(1, 9), seeded.randint(0, 20) / 20),
        ),
    ],
    "Right. Below this ratio the ensemble costs more than the model that it spares.",
    {not_number: "It should give a number of times; it gave {kind}."},
)

QUIZ = questions("""
Four members vote, and the threshold is 0.7. How many must agree?
- Any two.
> Two of four are 0.5, and that is less than 0.7.
+ Any three.
> Three of four are 0.75, the first share that reaches 0.7. A threshold always means a whole number
of votes.
- All four.
> Four reach it as well, but three are enough: 0.75 is more than 0.7.

Three models vote. Where not all three agree, one of them, which always answers the same, is asked
again. What comes out?
- What most of the three say.
> Only where all three agree. Elsewhere the one that is asked again decides.
- More than any one could say.
> No new answer comes in: the last word has a model that spoke already.
+ What that one says alone.
> If all agree, its answer wins; if not, its answer is taken. The other two are paid and never
change anything.

All five samples of one model agree. What do you know?
- Their common answer is very likely to be right.
> You read a message on which five of five were wrong. How often that is so must be measured.
+ The model would most likely say the same again.
> Samples of one model share its mistakes. How often it is right when it agrees, you must measure.
- Nothing at all, since one model was asked.
> It tells something: the model is sure. It is only less than it looks.
""")
