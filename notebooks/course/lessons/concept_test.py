"""Ten questions on combining models, asked before the first notebook and after the last.

Explanations come after the last.
"""

from mlkit.widgets.lessons import questions

TEST = questions(
    """
Your app answers 80% of its questions well. What do you try first?
- Several models that vote
> A better prompt is cheaper, and often does as much: notebook 01.
+ A better prompt for the model you have
> Cheapest to try, and often enough: notebook 01.
- The largest model you can pay
> A better prompt is cheaper, and often does as much: notebook 01.

Three steps in a row are right in 90% of the cases each, and err independently. How often is the
end right?
- 90%
> All three must be right: .9 x .9 x .9 = .73. Notebook 02.
+ about 73%
> All three must be right: .9 x .9 x .9. Notebook 02.
- about 97%
> More steps mean more that can go wrong, not less: notebook 02.

A router sends easy questions to a small model. What can it never be better than?
- The large model alone
> It can: where the small model is right and the large one is wrong. Notebook 03.
- A coin toss between the two
> It should be better than that; the coin is the least to beat. Notebook 03.
+ A choice that knows who will be right
> That is the oracle, and no way of choosing beats it: notebooks 01 and 03.

You ask three models at the same time, each on a server of its own. How long do you wait?
+ As long as for the slowest
> All must have answered: notebook 04.
- As long as for the fastest
> Only if you use the first answer and drop the others: notebook 04.
- As long as for all three in a row
> That is what one server for all of them would take: notebook 04.

Five voters are each right in 40% of the cases, one of two answers is right, and they err
independently. Their majority is right
- more often than 40%
> Below one half a majority makes things worse: notebook 05.
- in 40%
> Below one half a majority makes things worse: notebook 05.
+ less often than 40%
> Below one half a majority makes things worse: notebook 05.

When does asking ten copies of one model, all at temperature 0 and with the same prompt, help?
- Whenever the model is right in more than half of the cases
> Ten times the same answer is one vote: notebook 05.
+ Never
> Ten times the same answer is one vote: notebook 05.
- When the question is hard
> Ten times the same answer is one vote: notebook 05.

A planner writes a plan with 200 steps, one of them for a tool that you do not have. The program
should
- do what the plan says
> A plan is a model's text: data to be checked, never orders. Notebook 06.
+ check and cap the plan before it does anything
> A plan is a model's text, so it is checked: notebook 06.
- ask for another plan until one is good
> That may never end; cap and repair instead. Notebook 06.

A supervisor takes 60% of the time itself; its workers share the rest. With very many workers you
are at most
+ 1.7 times as fast
> 1 / 0.6: the part that nobody shares is the limit. Notebook 07.
- 2.5 times as fast
> That is 1 / 0.4; the limit is the part that is not shared, 1 / 0.6. Notebook 07.
- as many times as fast as there are workers
> Only if the supervisor took no time at all: notebook 07.

Three models vote, and you accept what reaches 70% agreement. How many must agree?
- two of three
> Two of three are 67%, which is less than 70%: notebook 09.
+ all three
> Two of three are 67%, which is less than 70%: notebook 09.
- that depends on their weights
> Here each vote counts the same; 67% is less than 70%. Notebook 09.

A pattern is right on 26 of 32 questions, one model alone on 23 of 32. What do you know?
- The pattern is better by 9 points
> 32 questions cannot say that: the interval of the difference holds 0. Notebooks 01 and 10.
- The pattern is better, but it may be by less
> Not even this is known: the interval of the difference holds 0. Notebooks 01 and 10.
+ Not yet which one is better
> The interval of the difference holds 0: ask more questions. Notebooks 01 and 10.
"""
)
