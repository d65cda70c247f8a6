"""Exercise 3 of 01 to 10: the figures of a job are given; why a way is taken, or is not."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from mlkit.widgets.exercises import Case, cases, judgement
from mlkit.widgets.lessons import Verdict

TEXT = "{args[0]}: {got!r} is text. Give a number, without quotes or signs."


def _decision(text: str) -> Callable[[Any], Verdict]:
    entries, _, praise = text.strip().rpartition("\n\n")
    return judgement([_with_choices(case) for case in cases(entries)], praise)


def _with_choices(case: Case) -> Case:
    """A case that says what may be answered, where something else was."""
    if not isinstance(case.right, str):
        return replace(case, known={str: TEXT, **case.known})
    choices = ", ".join(sorted(f'"{word}"' for word in {case.right, *case.known}))
    return replace(case, hint=f"{{args[0]}}: {{got!r}} is none of {choices}.")


one_model = _decision("""
"take" -> "prompt"
"now": It is cheap. But a way at the same price is shown to be right more often.
"larger": It is shown to help, for four times the dollars. What else is, for no more dollars?
"five": Its interval holds 0: for five times the dollars no gain is shown.

Right. The prompt costs nothing. Now the larger model, asked with it, would have to beat it.
""")

pipeline = _decision("""
"take" -> "12 examples"
"4 examples": It costs least. But 12 examples are shown to be right more often, within 3 seconds.
"pipeline": Three stages wait for each other: what do they take? What do as many
tokens buy in one call?

Right. Seconds of stages add up, and without stages the same tokens buy as much.
""")

router = _decision("""
"take" -> "rule"
"one prompt": The rule is clearly above it, and takes fewer tokens.
"router": Its point more than the rule is not shown (the interval holds 0), for twice the tokens.

"at_most" -> 7
{got} is not it. How many points lie between the way that you take and the kind always known?
15: That is from one prompt on. You have the rule by now.
14: That is prompts. 14 of 200 are how many points?
6: That is from the router on. Which way did you take?
0.07: In points: times 100.

Right. What a perfect classifier could add is known before you pay for a better one.
""")

fan_out = _decision("""
"take" -> "checker"
"one": Its calls cost least. But count what its wrong texts cost.
"judge": Its gain is not shown: the interval holds 0. And a program can tell here what is right.

"saves" -> 99.92
{got} is not it. For each of the two ways: the calls of 1,000 texts, plus $0.50 for each wrong one.
100: That is what is saved on mistakes. The checker's calls cost more: take that off.
100.08: The checker's calls cost more: take that off.
99.9: To the cent: what do the calls cost more?

Right. Five times the price of a call is little beside that of a mistake.
""")

voting = _decision("""
"take" -> "one call"
"three members": Its interval holds 0: for three times the dollars no gain is shown.
"five samples": It costs most, and is right less often than one call.

"try_next" -> "E"
"D": It is right most often. But it errs on nearly the same messages as A, so it seldom helps A.
"F": It errs with A no more often than by chance, but on most messages. Few votes are right.

Right. A good voter is often right, and errs with the others hardly more than by chance.
""")

planner_executor = _decision("""
"costs" -> 72.5
{got} is not it. In percent: plan, merge and large alone at 4 a token, the steps at 1.
73: Nearly: do not round.
72: Nearly: do not round.
140: You compared tokens. They do not all have the same price.

"take" -> "large alone"
"planner": It costs less. But its interval reaches down to -11 points, below your -5.
"small alone": It costs least. But its whole interval lies below -5 points: too much is lost.

Right. Cheaper is half of your rule; the other half was not shown.
""")

supervisor_worker = _decision("""
"workers" -> 2
With {got!r}: 3 seconds, all pieces of the busiest worker, then 5. At most 20? Do fewer keep it,
too?

"review" -> "drop"
"keep": 12 repaired, 10 spoilt: the interval holds 0. Nothing is shown for its tokens.
"again": It would repair and spoil again, and take more than the 20 seconds.

Right. Workers shorten only the pieces, and a review has to repair more than it spoils.
""")

weighted_ensemble = _decision("""
"take" -> "A alone"
"guessed": A has more than half of all weight: that is A alone, at three times the dollars.
"learned": Its interval holds 0: for three times the dollars no gain is shown.
"equal": The learned weights are the majority, too: the same winners, and no gain shown.

Right. A weight matters only where it changes who wins.
""")

consensus_ensemble = _decision("""
"costs" -> 5.4
{got} is not it. Every message pays three votes, and 40% of them a strong answer as well.
3.4: A strong answer costs 6 votes, not one.

"take" -> "3 of 3"
"2 of 3": It costs least. But its whole interval lies below -5 points: too much is lost.
"inside": It gives what strong says alone, and pays for the votes as well.
"strong": 3 of 3 costs less, and its whole interval lies above -5 points, as you want it.

Right. Here strong answers are expensive enough, and the whole interval keeps your limit.
""")

choosing = _decision("""
"take" -> "vote"
"one model": The simplest, but it breaks a limit: 71% is less than 75%.
"router": It breaks a limit: 74% is less than 75%.
"supervisor": Right most often, but too expensive and too slow. Limits come first.

"sure" -> "no"
"yes": Its gain is shown. But is the limit kept? Its share may be as low as 69%.

Right. The card says both: taken, and not sure. More prompts would tell.
""")
