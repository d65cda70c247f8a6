"""All nine patterns on one kind of work: composite orders, whose total follows from the shop's
handbook.

`nine(cast)` gives them by name; `orders(kit)` measures them, their members, and what they must
beat.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from course.shop import asked, paragraphs
from mlkit import paths
from mlkit.ask import Ask, Member, Reply
from mlkit.errors import Unparsed
from mlkit.kit import Kit
from mlkit.measure import tasks
from mlkit.measure.matrix import Matrix, Subject, measure, merged, seed_for
from mlkit.measure.tasks import Task
from mlkit.measure.tools import ToolError, arithmetic, search
from mlkit.models import Cast
from mlkit.parsing import label_in
from mlkit.patterns.consensus_ensemble import ConsensusEnsemble
from mlkit.patterns.fan_out import ModelFanOut
from mlkit.patterns.pipeline import ModelPipeline, Stage
from mlkit.patterns.planner_executor import PlannerExecutor
from mlkit.patterns.router import ModelRouter
from mlkit.patterns.single_model import SingleModel
from mlkit.patterns.supervisor_worker import SupervisorWorker
from mlkit.patterns.voting import ModelVoting
from mlkit.patterns.weighted_ensemble import WeightedEnsemble
from mlkit.trace import Pattern

# The word that names each queue, and the topic of its paragraph in the handbook.
TOPICS = {
    "repair": "repair",
    "order": "order",
    "rental": "rental",
    "refund": "refund",
    "delivery": "delivery",
    "trade": "trade-in",
}
QUEUE = (
    "Name what the customer wants. Answer with one word: repair (work on their own bike), order"
    " (buy parts or accessories), rental (use a bike of the shop), refund (give back bought goods),"
    " delivery (transport of things), or trade (hand over a used bike)."
)
QUEUE_SHOTS = (
    (
        "My wheel wobbles, please true it, and bring it to my flat if all that stays under $90.",
        "repair",
    ),
    ("Send me 3 bells and 2 locks, if that stays under $60.", "order"),
    ("I need one tandem for 2 days, my budget is $100.", "rental"),
    (
        "This jacket was never worn, I have the receipt. I bring it back if I get at least $50.",
        "refund",
    ),
    ("Please bring the two parcels I paid for to my office, for at most $20.", "delivery"),
    ("You can have my old folding bike if you give me $50 for it.", "trade"),
)
# Worked examples for each queue, with the handbook's own prices: with invented ones, members took
# the examples' prices.
SHOTS = {
    "repair": (
        ("A gear adjustment and a puncture repair, please, if that stays under $50.", "24 + 14"),
        ("A gear adjustment by tonight, so express, if it is at most $40.", "24 * 1.25"),
    ),
    "order": (
        ("Send me 2 pumps and 3 inner tubes, if that stays under $90.", "2 * 26 + 3 * 7"),
        ("We are a school and need 5 lamps, for at most $95.", "5 * 22 * 0.8"),
    ),
    "rental": (
        (
            "I need one tandem and two child seats for 2 days, my budget is $100.",
            "34 * 2 + 2 * 5 * 2",
        ),
        ("One cargo bike for one day on my student card, for at most $35.", "40 * 0.75"),
    ),
    "refund": (
        ("I bring back a pair of shoes, unused and with the receipt, if I get at least $65.", "72"),
        (
            (
                "The gloves were never worn, but I bought them 40 days ago. I return them if I get"
                " at least $10."
            ),
            "18 * 0.5",
        ),
    ),
    "delivery": (
        ("Please bring two bikes and one parcel, for at most $70.", "2 * 26 + 8"),
        ("Can you bring two parcels at 7 pm, for at most $30?", "2 * 8 * 1.5"),
    ),
    "trade": (
        ("You can have my folding bike with a basket if you give me $90 for it.", "90 + 10"),
        ("I trade in my folding bike for cash, if I get at least $70.", "90 * 0.8"),
    ),
}
TANDEM, TANDEM_TOTAL = SHOTS["rental"][0]
LATE, LATE_TOTAL = SHOTS["delivery"][1]
TANDEM_PRICES = "tandem: $34 a day, 1 piece, 2 days\nchild seat: $5 a day, 2 pieces, 2 days"
LATE_PRICES = "parcel: $8 each, 2 pieces\ndelivery after 6 pm: 50 percent more"
EXTRACT = (
    "List every price and every rule of the handbook that the request needs, one short line each,"
    " with the number of pieces or days from the request. Nothing else.\n\nHandbook:\n\n"
)
EXTRACT_SHOTS = (
    (f"Request: {TANDEM}\nclassify: rental", TANDEM_PRICES),
    (f"Request: {LATE}\nclassify: delivery", LATE_PRICES),
)
REASON = (
    "Write the total in dollars as one arithmetic expression with numbers only. No words, no units,"
    " no equals sign."
)
REASON_SHOTS = (
    (f"Request: {TANDEM}\nclassify: rental\nextract: {TANDEM_PRICES}", TANDEM_TOTAL),
    (f"Request: {LATE}\nclassify: delivery\nextract: {LATE_PRICES}", LATE_TOTAL),
)
ONE_PROMPT = (
    "First name what the customer wants. Then list the prices and rules that the request needs. In"
    " the last line, write the total as one arithmetic expression with numbers only: no words, no"
    " units, no equals sign.\n\nHandbook:\n\n"
)
ONE_PROMPT_SHOTS = (
    (TANDEM, f"rental\n{TANDEM_PRICES}\n{TANDEM_TOTAL}"),
    (LATE, f"delivery\n{LATE_PRICES}\n{LATE_TOTAL}"),
)
BARE = (
    "Which calculation gives the total of this request, by the rules of the handbook? Reply with"
    " the calculation alone: numbers, and + - * / and brackets. Do not write its result, and no"
    " equals sign.\n\nHandbook:\n\n"
)
PLAN = (
    'Split the request into the fewest steps. Each step has a type, a prompt, and in "needs" the'
    " numbers of the earlier steps whose results it uses. Types: search finds a price or a rule in"
    " the shop handbook; math does one calculation, and its prompt names all that counts: pieces,"
    " days, and what changes the price. Write compact JSON."
)
PLAN_SHOTS = (
    (
        TANDEM,
        (
            '{"steps":[{"type":"search","prompt":"rental price of a tandem","needs":[]},'
            '{"type":"search","prompt":"rental price of a child seat","needs":[]},'
            '{"type":"math","prompt":"1 tandem and 2 child seats, each for 2 days","needs":[1,2]}]}'
        ),
    ),
    (
        LATE,
        (
            '{"steps":[{"type":"search","prompt":"delivery of a parcel after 6 pm","needs":[]},'
            '{"type":"math","prompt":"delivery of 2 parcels after 6 pm","needs":[1]}]}'
        ),
    ),
    (
        SHOTS["order"][1][0],
        (
            '{"steps":[{"type":"search","prompt":"price of a lamp, school discount on an'
            ' order","needs":[]},{"type":"math","prompt":"5 lamps with the school'
            ' discount","needs":[1]}]}'
        ),
    ),
)
TOTAL = (
    "Write the total as one number or one arithmetic expression, from the results only. Nothing"
    " else."
)
TOTAL_SHOTS = (
    (
        (
            "Request: Send me 3 bells and 2 locks, if that stays under $60.\n\nResults:\nprice of a"
            " bell: A bell costs $5.\nprice of a lock: Locks are $20.\n3 bells plus 2 locks, total"
            " price: 55"
        ),
        "55",
    ),
)
WORK = (
    "Do the task from the handbook: write the prices and rules that it needs, then the amount as an"
    " arithmetic expression. One line each, nothing else.\n\nHandbook:\n\n"
)
WORK_SHOTS = (
    (
        f"price of 2 child seats for 2 days\n\nIt is part of this request: {TANDEM}",
        "child seat: $5 a day\n2 * 5 * 2",
    ),
    (
        f"price of bringing two parcels at 7 pm\n\nIt is part of this request: {LATE}",
        "parcel: $8 each\nafter 6 pm: 50 percent more\n2 * 8 * 1.5",
    ),
)
ASSIGN = (
    "Split the request into one task for each worker who is needed: anna and ben both know the"
    " handbook and can price things. A simple request is one task. Write compact JSON."
)
ASSIGN_SHOTS = (
    (
        "I need one tandem and two child seats for 2 days, my budget is $100.",
        (
            '{"assignments":[{"worker":"anna","task":"price of one tandem for 2 days"},'
            '{"worker":"ben","task":"price of 2 child seats for 2 days"}]}'
        ),
    ),
    (
        "My wheel is bent, please make it straight if that is under $40.",
        '{"assignments":[{"worker":"anna","task":"price of straightening a wheel"}]}',
    ),
)
REVIEW = (
    'You check the work of your workers. List in "redo" only work that is wrong or missing, with'
    ' the reason; when the work is good, "redo" is empty. Put the total of the whole request into'
    ' "answer", as one arithmetic expression with numbers only.'
)
REVIEW_SHOTS = (
    (
        (
            "Request: I need one tandem and two child seats for 2 days, my budget is $100.\n\nanna:"
            " tandem: $34 a day\n34 * 2\n\nben: child seat: $5 a day\n2 * 5 * 2"
        ),
        '{"redo":[],"answer":"34 * 2 + 2 * 5 * 2"}',
    ),
    (
        (
            "Request: My wheel is bent, please make it straight if that is under $40.\n\nanna: I"
            " can help with wheels."
        ),
        '{"redo":[{"worker":"anna","why":"it gives no price"}],"answer":"28"}',
    ),
)


def handbook() -> str:
    return "\n\n".join(paragraphs().values())


def with_handbook(member: Member, name: str = "") -> Member:
    """The member with the whole handbook in its system message."""
    shots = tuple(shot for pair in SHOTS.values() for shot in pair)
    order = asked(member, "order")
    return replace(
        order,
        system=f"{order.system}\n\nHandbook:\n\n{handbook()}",
        shots=shots,
        name=name or member.name,
    )


def with_paragraph(member: Member, queue: str) -> Member:
    """The member with one paragraph of the handbook: what a specialist knows."""
    order = asked(member, "order")
    return replace(
        order, system=f"{order.system}\n\n{paragraphs()[TOPICS[queue]]}", shots=SHOTS[queue]
    )


def bare(member: Member) -> Member:
    """The member with the whole handbook, asked another way: other words, and no examples."""
    return replace(
        member, system=BARE + handbook(), shots=(), max_tokens=48, name=f"{member.name}, bare"
    )


@dataclass(frozen=True)
class LookUp:
    """Search the handbook, and put what was found before the prompt."""

    member: Member
    find: Callable[[str], str]

    async def run(self, ask: Ask, prompt: str) -> Reply:
        return await ask(self.member, f"{self.find(prompt)}\n\nRequest: {prompt}", role="answer")


@dataclass(frozen=True)
class LastLine:
    """Ask a member that thinks first, and take the last line of what it wrote."""

    member: Member

    async def run(self, ask: Ask, prompt: str) -> Reply:
        reply = await ask(self.member, prompt, role="answer")
        return replace(reply, text=reply.text.strip().rpartition("\n")[2])


def known_queue(text: str) -> str:
    """The check after the first stage: what is wrong with a queue's name, or ""."""
    try:
        return "" if label_in(text, TOPICS) else "it is empty"
    except Unparsed:
        return f"it must be one of {', '.join(TOPICS)}"


def has_numbers(text: str) -> str:
    return "" if any(character.isdigit() for character in text) else "it names no price"


def can_be_worked_out(text: str) -> str:
    try:
        return "" if arithmetic(text) else "it is empty"
    except ToolError:
        return "it is not one arithmetic expression with numbers only"


def pipeline(
    cast: Cast, retries: int = 0, keep_original: bool = True, classifier: Member | None = None
) -> ModelPipeline:
    """The small model names the queue, the general one extracts prices and rules, the large one
    writes the calculation.
    """
    classify = replace(classifier or cast.small, system=QUEUE, shots=QUEUE_SHOTS, max_tokens=4)
    extract = replace(cast.general, system=EXTRACT + handbook(), shots=EXTRACT_SHOTS, max_tokens=96)
    reason = replace(cast.large, system=REASON, shots=REASON_SHOTS, max_tokens=48)
    return ModelPipeline(
        (
            Stage("classify", classify, "", known_queue, retries),
            Stage("extract", extract, "", has_numbers, retries),
            Stage("reason", reason, "", can_be_worked_out, retries),
        ),
        keep_original,
    )


def router(cast: Cast, threshold: float = 0.0) -> ModelRouter:
    """The small model names the queue; its specialist is the large model that knows the queue's
    paragraph.
    """
    classifier = replace(cast.small, system=QUEUE, shots=QUEUE_SHOTS, max_tokens=4)
    specialists = {queue: with_paragraph(cast.large, queue) for queue in TOPICS}
    return ModelRouter(classifier, specialists, "order", threshold)


def planner_executor(cast: Cast) -> PlannerExecutor:
    """The large model plans and writes the total; steps search the handbook, or have the general
    model write a calculation.
    """
    math = asked(cast.general, "order")
    rental, delivery = (paragraphs()[topic] for topic in ("rental", "delivery"))
    shots = (
        (
            (
                "1 tandem and 2 child seats, each for 2 days\n\nrental price of a tandem:"
                f" {rental}\nrental price of a child seat: {rental}"
            ),
            TANDEM_TOTAL,
        ),
        (
            f"delivery of 2 parcels after 6 pm\n\ndelivery of a parcel after 6 pm: {delivery}",
            LATE_TOTAL,
        ),
    )
    return PlannerExecutor(
        planner=replace(cast.large, system=PLAN, shots=PLAN_SHOTS, max_tokens=256),
        synthesizer=replace(cast.large, system=TOTAL, shots=TOTAL_SHOTS, max_tokens=48),
        members={"math": replace(math, shots=shots)},
        tools={"search": search(paths.data() / "handbook.md"), "math": arithmetic},
    )


def supervisor_worker(cast: Cast, rounds: int = 1) -> SupervisorWorker:
    """The large model assigns and reviews; two workers that know the handbook price the pieces."""
    worker = replace(cast.general, system=WORK + handbook(), shots=WORK_SHOTS, max_tokens=72)
    return SupervisorWorker(
        replace(cast.large, system=ASSIGN, shots=ASSIGN_SHOTS, max_tokens=160),
        replace(cast.large, system=REVIEW, shots=REVIEW_SHOTS, max_tokens=160),
        {"anna": worker, "ben": worker},
        rounds,
    )


def members(cast: Cast) -> tuple[Member, ...]:
    """Those who vote: the large model, the large model asked another way, and the small one, all
    with the handbook.
    """
    return (
        with_handbook(cast.large, "large"),
        bare(cast.large),
        with_handbook(cast.small, "small"),
    )


def nine(cast: Cast) -> dict[str, Pattern]:
    """The nine patterns on orders, by the name of their file."""
    voters = members(cast)
    return {
        "single_model": SingleModel(voters[0]),
        "pipeline": pipeline(cast),
        "router": router(cast),
        "fan_out": ModelFanOut(voters, lambda text: not can_be_worked_out(text)),
        "voting": ModelVoting(voters, arithmetic_or_plain),
        "planner_executor": planner_executor(cast),
        "supervisor_worker": supervisor_worker(cast),
        "weighted_ensemble": WeightedEnsemble(
            voters,
            (0.5, 0.3, 0.2),
            lambda reply: float(not can_be_worked_out(reply.text)),
            arithmetic_or_plain,
        ),
        "consensus_ensemble": ConsensusEnsemble(voters, voters[0], 0.7, arithmetic_or_plain),
    }


def arithmetic_or_plain(text: str) -> str:
    """The value of the calculation; one that cannot be worked out is a spoilt vote."""
    try:
        return arithmetic(text)
    except ToolError as error:
        raise Unparsed(str(error)) from None


def others(cast: Cast) -> dict[str, Pattern]:
    """What the nine are compared with: other settings, and fewer or no stages."""
    one_prompt = replace(
        cast.large, system=ONE_PROMPT + handbook(), shots=ONE_PROMPT_SHOTS, max_tokens=128
    )
    return {
        "pipeline, forgets": pipeline(cast, keep_original=False),
        "pipeline, 1 retry": pipeline(cast, 1),
        "pipeline, 2 retries": pipeline(cast, 2),
        "pipeline, one model": pipeline(cast, classifier=cast.large),
        "one prompt": LastLine(one_prompt),
        "supervisor, 0 rounds": supervisor_worker(cast, 0),
        "supervisor, 2 rounds": supervisor_worker(cast, 2),
    }


def five_samples(cast: Cast) -> Subject:
    """The large model votes with itself: what as many tokens as a vote of several members would buy
    from one.
    """
    large = replace(with_handbook(cast.large, "large"), temperature=0.7)
    return lambda task, sample: ModelVoting(
        tuple(replace(large, seed=seed_for(task, n)) for n in range(5)), arithmetic_or_plain
    )


async def orders(kit: Kit, progress: bool = False) -> Matrix:
    """Everything above on the 32 test orders, and before it the members alone."""
    test = [task for task in tasks.load("orders") if task.split == "test"]
    alone = await members_alone(kit, progress)
    patterns = {
        name: _same(pattern) for name, pattern in (nine(kit.cast) | others(kit.cast)).items()
    }
    patterns["large, 5 samples"] = five_samples(kit.cast)
    return merged(
        alone.of(split="test"),
        await measure(
            kit.ask, patterns, test, 1, "orders" if progress else "", len(test), kit.recording
        ),
    )


async def members_alone(kit: Kit, progress: bool = False) -> Matrix:
    """The voters, and the large model with less in reach (no handbook, what a search finds, the
    right paragraph), on all orders.
    """
    cast = kit.cast
    top_two = search(paths.data() / "handbook.md", 2)
    patterns = {member.name: _same(SingleModel(member)) for member in members(cast)} | {
        "no handbook": _same(SingleModel(asked(cast.large, "order"))),
        "search": _same(LookUp(asked(cast.large, "order"), top_two)),
        "right paragraph": lambda task, sample: SingleModel(
            with_paragraph(cast.large, queue(task))
        ),
    }
    return await measure(
        kit.ask, patterns, tasks.load("orders"), 1, "members" if progress else "", 48, kit.recording
    )


def _same(pattern: Pattern) -> Subject:
    return lambda task, sample: pattern


def queue(task: Task) -> str:
    """The word in TOPICS for an order's queue."""
    return task.gold["queue"].partition("_")[0]
