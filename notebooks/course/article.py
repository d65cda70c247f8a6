"""The article's systems, filled from a cast: `article.voting(kit.cast)`.

Each function gives one pattern, with the roles that the article names. The prompts stand beside it,
to be read and changed; they were tried on the smallest cast.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

from mlkit.ask import Member
from mlkit.models import Cast
from mlkit.patterns.consensus_ensemble import ConsensusEnsemble
from mlkit.patterns.fan_out import ModelFanOut
from mlkit.patterns.pipeline import ModelPipeline, Stage
from mlkit.patterns.planner_executor import PlannerExecutor
from mlkit.patterns.router import ModelRouter
from mlkit.patterns.single_model import SingleModel
from mlkit.patterns.supervisor_worker import SupervisorWorker
from mlkit.patterns.voting import ModelVoting
from mlkit.patterns.weighted_ensemble import WeightedEnsemble

ANSWER_ONLY = "Answer with the answer alone, in as few words as possible: no sentence, no reason."
EXPRESSION = (
    "Write the calculation as one arithmetic expression with numbers only. No words, no units, no"
    " equals sign."
)
EXPRESSION_SHOTS = (
    (
        (
            "3 bells plus 2 locks, total price\n\nprice of a bell: A bell costs $5.\nprice of a"
            " lock: Locks are $20."
        ),
        "3*5 + 2*20",
    ),
    ("a $60 helmet with 10% off", "60 * 0.9"),
)
PYTHON = (
    "Write one Python expression that does what is asked. Nothing else: no name, no assignment, no"
    " explanation."
)


def single_model(cast: Cast) -> SingleModel:
    """The general model answers."""
    return SingleModel(cast.general)


# Pipeline

QUEUE = (
    "Name the kind of request. Answer with one word: repair, order, refund, advice or complaint."
)
QUEUE_SHOTS = (
    ("My gears slip on every hill, can you look at them?", "repair"),
    ("Please send 2 bells and 1 lock to my office.", "order"),
    ("The pump broke after a week and I want my money back.", "refund"),
    ("Which tyres are best for gravel?", "advice"),
    ("Nobody called me back, for the third time!", "complaint"),
)
EXTRACT = (
    "List the facts that matter for answering, one short line each: every number with what it"
    " stands for."
)
EXTRACT_SHOTS = (
    (
        "Request: Please send 2 bells at $5 and 1 lock at $20 to my office.\nclassify: order",
        "bells: 2 at $5 each\nlock: 1 at $20\ndeliver to: office",
    ),
)
REASON = (
    "Answer the request from the facts. Write the calculation in one short line, if there is one,"
    " then the answer."
)


def pipeline(cast: Cast, keep_original: bool = True) -> ModelPipeline:
    """The small model classifies, the general one extracts the facts, the large one reasons."""
    classify = replace(cast.small, system=QUEUE, shots=QUEUE_SHOTS, max_tokens=8)
    extract = replace(cast.general, system=EXTRACT, shots=EXTRACT_SHOTS, max_tokens=96)
    reason = replace(cast.large, system=REASON)
    return ModelPipeline(
        (Stage("classify", classify), Stage("extract", extract), Stage("reason", reason)),
        keep_original,
    )


# Router

ROUTE = "Name the kind of task. Answer with one word: code, math, creative or general."
WORK_OUT = "Write the calculation in one short line, then the answer."
ROUTE_SHOTS = (
    ("Write a Python expression for the area of a circle.", "code"),
    ("A helmet is $60 with 10% off. What do two cost?", "math"),
    ("Write a short poem about a bell.", "creative"),
    ("When does the shop open on Sunday?", "general"),
    ("Fix this line: for i in range(10) print(i)", "code"),
    ("I buy 3 bells at $5. What do I pay?", "math"),
    ("Invent a name for a new bike.", "creative"),
    ("What is a derailleur?", "general"),
)


def router(cast: Cast, threshold: float = 0.0) -> ModelRouter:
    """The small model classifies; coder, large model, writer and general model are the
    specialists.
    """
    specialists = {
        "code": replace(cast.coder, system=PYTHON),
        "math": replace(cast.large, system=WORK_OUT),
        "creative": cast.writer,
        "general": cast.general,
    }
    classifier = replace(cast.small, system=ROUTE, shots=ROUTE_SHOTS, max_tokens=2)
    return ModelRouter(classifier, specialists, threshold=threshold)


# Fan-out

MANNERS = (
    "You are a helpful assistant. Answer in one or two sentences.",
    "You are a careful expert. Name the one thing that matters most, in one or two sentences.",
    "You are a friendly shop assistant. Answer in one or two plain sentences, and give an example.",
)
JUDGE = (
    "You compare answers to one question. Reply with the letter of the best answer, and nothing"
    " else."
)
JUDGE_SHOTS = (
    ("Question: What is 2 + 3?\n\nAnswer A: It is a sum.\n\nAnswer B: 5", "B"),
    ("Question: Name a colour.\n\nAnswer A: Red.\n\nAnswer B: I cannot.\n\nAnswer C: Yes.", "A"),
)


def fan_out(cast: Cast, judged: bool = False) -> ModelFanOut:
    """The general, the large and the writing model, each in its own manner; `judged`: the large one
    picks the best.
    """
    asked = zip((cast.general, cast.large, cast.writer), MANNERS, strict=True)
    judge = replace(cast.large, system=JUDGE, shots=JUDGE_SHOTS, max_tokens=2)
    return ModelFanOut(
        tuple(replace(member, system=manner) for member, manner in asked), judge if judged else None
    )


# Planner-executor

PLAN = (
    'Split the request into the fewest steps. Each step has a type, a prompt, and in "needs" the'
    " numbers of the earlier steps whose results it uses. Types: search finds a rule or a price in"
    " the shop handbook; math does one calculation; code writes one line of Python. Write compact"
    " JSON."
)
PLAN_SHOTS = (
    (
        "What do 3 bells and 2 locks cost together?",
        (
            '{"steps":[{"type":"search","prompt":"price of a bell","needs":[]},'
            '{"type":"search","prompt":"price of a lock","needs":[]},'
            '{"type":"math","prompt":"3 bells plus 2 locks, total price","needs":[1,2]}]}'
        ),
    ),
    (
        "Until when can I bring back a helmet?",
        '{"steps":[{"type":"search","prompt":"days to return a helmet","needs":[]}]}',
    ),
    (
        "Write a Python expression for the price of n lamps at p dollars each.",
        (
            '{"steps":[{"type":"code","prompt":"expression for n lamps at p dollars'
            ' each","needs":[]}]}'
        ),
    ),
)
SYNTHESIZE = (
    "Answer the request in one or two sentences, from the results only. If a result failed, say"
    " what is unknown."
)


def planner_executor(
    cast: Cast, search: Callable[[str], str], arithmetic: Callable[[str], str]
) -> PlannerExecutor:
    """The large model plans and synthesizes; code goes to the coder, math to the general model and
    a calculator.
    """
    return PlannerExecutor(
        planner=replace(cast.large, system=PLAN, shots=PLAN_SHOTS, max_tokens=256),
        synthesizer=replace(cast.large, system=SYNTHESIZE),
        members={
            "code": replace(cast.coder, system=PYTHON),
            "math": replace(cast.general, system=EXPRESSION, shots=EXPRESSION_SHOTS, max_tokens=48),
        },
        tools={"search": search, "math": arithmetic},
    )


# Supervisor-worker

ASSIGN = (
    'Split the request into one task for each worker who is needed. Workers: "general" explains,'
    ' plans and calculates; "coder" writes Python. A simple request is one task. Write compact'
    " JSON."
)
ASSIGN_SHOTS = (
    (
        "Explain what a mean is, and write it in Python.",
        (
            '{"assignments":[{"worker":"general","task":"explain what a mean is in two sentences"},'
            '{"worker":"coder","task":"write a Python expression for the mean of a list x"}]}'
        ),
    ),
    (
        "What is a derailleur?",
        '{"assignments":[{"worker":"general","task":"explain what a derailleur is"}]}',
    ),
)
REVIEW = (
    'You check the work of your workers and combine it into one answer. List in "redo" only work'
    ' that is wrong or missing, with the reason; when the work is good, "redo" is empty. Put the'
    ' combined answer in "answer".'
)
REVIEW_SHOTS = (
    (
        "Request: What is 15% of 60?\n\ngeneral: I like percentages.",
        (
            '{"redo":[{"worker":"general","why":"it gives no number; calculate 60 * 15 /'
            ' 100"}],"answer":"15% of 60 is 9."}'
        ),
    ),
    (
        (
            "Request: Explain what a mean is, and write it in Python.\n\ngeneral: It is the sum"
            " divided by how many there are.\n\ncoder: sum(x) / len(x)"
        ),
        (
            '{"redo":[],"answer":"A mean is the sum divided by how many there are. In Python:'
            ' sum(x) / len(x)"}'
        ),
    ),
)


def supervisor_worker(cast: Cast, rounds: int = 1) -> SupervisorWorker:
    """The large model assigns and reviews; the general model and the coder work."""
    brief = "Do the task in at most three sentences."
    return SupervisorWorker(
        replace(cast.large, system=ASSIGN, shots=ASSIGN_SHOTS, max_tokens=192),
        replace(cast.large, system=REVIEW, shots=REVIEW_SHOTS, max_tokens=320),
        {
            "general": replace(cast.general, system=brief),
            "coder": replace(cast.coder, system=PYTHON),
        },
        rounds,
    )


# Voting and the ensembles


def voting(cast: Cast) -> ModelVoting:
    """The general, the large and the writing model vote."""
    return ModelVoting(_samples(cast.general, cast.large, cast.writer))


def weighted_ensemble(cast: Cast, weights: Sequence[float] = (0.5, 0.3, 0.2)) -> WeightedEnsemble:
    """The large, the writing and the general model, with the article's weights."""
    return WeightedEnsemble(_samples(cast.large, cast.writer, cast.general), weights)


def consensus_ensemble(cast: Cast, threshold: float = 0.7) -> ConsensusEnsemble:
    """The large, the writing and the general model vote; where they differ, the large one, a voter,
    is asked again.
    """
    voters = _samples(cast.large, cast.writer, cast.general)
    return ConsensusEnsemble(voters, voters[0], threshold)


def saving_consensus(cast: Cast, threshold: float = 0.7) -> ConsensusEnsemble:
    """The version that can save money: the small model votes three times, and only a split asks the
    large one.
    """
    return ConsensusEnsemble(
        _samples(*3 * [cast.small]), replace(cast.large, system=ANSWER_ONLY), threshold
    )


def _samples(*members: Member) -> tuple[Member, ...]:
    """Members that sample, each with its own seed, so that one model asked three times differs from
    itself.
    """
    return tuple(
        replace(member, system=ANSWER_ONLY, temperature=0.7, seed=seed, max_tokens=48)
        for seed, member in enumerate(members, 1)
    )
