"""Ten questions on combining models, in a beginner's words: asked at the start of the series and
after the last notebook. Explanations come after the last.
"""

from mlkit.widgets.lessons import questions

TEST = questions("""
Your app answers 80% of its questions well. What do you try first?
- Several models that vote on each answer
> A better prompt is cheaper, and often does as much: notebook 01.
+ A better prompt for the model you have
> Cheapest to try, and often enough: notebook 01.
- The largest model that you can pay for
> A better prompt is cheaper, and often does as much: notebook 01.

A job has three steps. Each of them is done right in 90% of the cases, whatever the others do. How
often are all three right?
- in 90% of cases
> All three must be right: .9 x .9 x .9 = .73. Notebook 02.
+ in about 73%
> All three must be right: .9 x .9 x .9. Notebook 02.
- in about 97%
> More steps mean more that can go wrong, not less: notebook 02.

A program sends each question either to a small model or to a large one. What can it never be
better than?
- The large model, asked everything
> It can: where the small model is right and the large one is wrong. Notebook 03.
- A coin that chooses between the two
> It should be better than that; the coin is the least to beat. Notebook 03.
+ A choice that knows who will be right
> That is the oracle, and no way of choosing beats it: notebooks 01 and 03.

You ask three models at the same time, each on a machine of its own, and you need all three answers.
How long do you wait?
+ As long as the slowest takes
> All must have answered: notebook 04.
- As long as the fastest takes
> Only if you use the first answer and drop the others: notebook 04.
- As long as all three take in a row
> That is what one machine for all of them would take: notebook 04.

Five people vote yes or no. Each is right in 40% of the cases, whatever the others say. How often is
their majority right?
- More often than 40%
> Below one half a majority makes things worse: notebook 05.
- In 40% of the cases
> Below one half a majority makes things worse: notebook 05.
+ Less often than 40%
> Below one half a majority makes things worse: notebook 05.

A model is set so that the same question always gets the same answer. When does it help to ask ten
times, and to take the answer that comes most often?
- When it is mostly right
> Ten times the same answer is one vote: notebook 05.
+ Never, for any question
> Ten times the same answer is one vote: notebook 05.
- When the question is hard
> Ten times the same answer is one vote: notebook 05.

A model writes a plan for your program: 200 steps, one of them with a tool that you do not have. The
program should
- do the steps of the plan one by one
> A plan is a model's text: data to be checked, never orders. Notebook 06.
+ check and shorten the plan first
> A plan is a model's text, so it is checked: notebook 06.
- ask for plans until one is good
> That may never end; cap and repair instead. Notebook 06.

A boss does 60% of a job alone; the rest can be shared among helpers. However many helpers there
are, the job is done at most
+ 1.7 times as fast
> 1 / 0.6: the part that nobody shares is the limit. Notebook 07.
- 2.5 times as fast
> That is 1 / 0.4; the limit is the part that is not shared, 1 / 0.6. Notebook 07.
- 40 times as fast
> Only if nearly all of the job could be shared: the boss's part is the limit. Notebook 07.

Three models vote. You accept an answer if at least 70% of the votes are for it. How many must
agree?
- two of the three
> Two of three are 67%, which is less than 70%: notebook 09.
+ all of the three
> Two of three are 67%, which is less than 70%: notebook 09.
- one of the three
> One of three is 33%, which is far less than 70%: notebook 09.

Three models together are right on 26 of 32 questions, one model alone on 23 of the same 32. What do
you know?
- Three are better, by 3 in every 32
> 32 questions cannot say that: the interval of the difference holds 0. Notebooks 01 and 10.
- Three are better, perhaps by less
> Not even this is known: the interval of the difference holds 0. Notebooks 01 and 10.
+ Not yet which of them is better
> The interval of the difference holds 0: ask more questions. Notebooks 01 and 10.
""")
