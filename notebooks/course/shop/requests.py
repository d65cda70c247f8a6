"""How requests become forms. Tried on `fit` requests only."""

import json

from course.shop.instruction import Instruction, assigned, plan, reviewed
from course.shop.price_list import form

FORM = (
    "Fill in the form for the customer's request: the things with their number of pieces, the days"
    " (1 unless things are rented), and the rule that changes a price, or none. Write compact JSON."
)
LATE = "Mend my flat tyre today, as express, and sell me two lamps."
BOTH = "On my student card: a cargo bike for one day. And a lamp to buy."
BACK = "The jacket was never worn, but I bought it 50 days ago."
TANDEM = "I need one tandem and two child seats for 2 days, my budget is $100."
BIKES = "Please bring two bikes and one parcel, for at most $70."
TOURING = "I have a touring bike for you, and hope for at least $100."
PUMPS = "Send me two pumps and a bell, up to $70."
WHEEL = "Could you true one wheel of mine? It may cost $30 at most."
# Worked examples, by department, and of requests that span two.
EXAMPLES = {
    "repair": {
        WHEEL: form(("wheel", 1)),
        "A gear adjustment by tonight, so express, if it is at most $40.": form(
            ("gears", 1), rule="express"
        ),
    },
    "order": {
        "We are a school and need 5 tyres, for at most $130.": form(("tyre", 5), rule="school"),
        PUMPS: form(("pump", 2), ("bell", 1)),
    },
    "rental": {TANDEM: form(("tandem", 1), ("child seat", 2), days=2)},
    "refund": {
        BACK: form(("jacket", 1), rule="after 30 days"),
        "These shoes were never worn, the receipt is in the box.": form(("shoes", 1)),
    },
    "delivery": {
        BIKES: form(("bike", 2), ("parcel", 1)),
        "One parcel at 7 pm, please.": form(("parcel", 1), rule="after 6 pm"),
    },
    "trade": {
        "My folding bike has a basket. I give you both, for cash.": form(
            ("folding bike", 1), ("basket", 1), rule="cash"
        ),
        TOURING: form(("touring bike", 1)),
    },
    "several": {
        "Adjust my brakes, and I buy a lock.": form(("brakes", 1), ("lock", 1)),
        BOTH: form(("cargo bike", 1), ("lamp", 1), rule="student"),
    },
}
OTHER_EXAMPLES = {
    "repair": {"Can you repair a puncture for me? At most $20.": form(("puncture", 1))},
    "order": {
        "Two lamps and a chain, please.": form(("lamp", 2), ("chain", 1)),
        "Our school needs two pumps.": form(("pump", 2), rule="school"),
    },
    "rental": {
        "We rent a cargo bike for 4 days.": form(("cargo bike", 1), days=4),
        "I am a student: one city bike for 2 days.": form(("city bike", 1), days=2, rule="student"),
    },
    "refund": {
        "The saddle is unused, but I have no receipt.": form(("saddle", 1), rule="no receipt")
    },
    "delivery": {
        "My home trainer should come at 9 pm.": form(("home trainer", 1), rule="after 6 pm")
    },
    "trade": {
        "You get my road bike with its luggage rack.": form(("road bike", 1), ("luggage rack", 1))
    },
    "several": {"A helmet to buy, and please do my gears.": form(("helmet", 1), ("gears", 1))},
}
DOES = {
    "repair": "work on their own bike",
    "order": "buy parts",
    "rental": "use a bike of the shop",
    "refund": "give back bought goods",
    "delivery": "transport of things",
    "trade": "hand over a used bike",
    "several": "two of these at once",
}
_LISTED = ", ".join(f"{name} ({what})" for name, what in DOES.items())
_TYPES = ", ".join(f"{name} ({what})" for name, what in DOES.items() if name != "several")


def _plan(**prompts: str) -> str:
    return plan(*((name, prompt, []) for name, prompt in prompts.items()))


REQUESTS = {
    "form": Instruction(FORM, {}, 120),
    "department": Instruction(
        f"Name the department for the customer's request. Answer with one word: {_LISTED}.",
        {
            request: name
            for number in (0, 1)
            for name, shown in EXAMPLES.items()
            for request in list({**shown, **OTHER_EXAMPLES[name]})[number : number + 1]
        },
        4,
    ),
    "departments": Instruction(
        f"Name the departments that the customer's request needs. Departments: {_TYPES}. Answer"
        " with their names only.",
        {
            WHEEL: "repair",
            BOTH: "rental, order",
            BACK: "refund",
            "Adjust my brakes, and I buy a lock.": "repair, order",
            "One parcel at 7 pm, please.": "delivery",
            TOURING: "trade",
        },
        12,
    ),
    "things": Instruction(
        "List the things that the request is about, one line each, with their number of pieces."
        " Nothing else.",
        {
            WHEEL: "1 wheel",
            TANDEM: "1 tandem\n2 child seat",
            "Adjust my brakes, and I buy a lock.": "1 brakes\n1 lock",
            BIKES: "2 bike\n1 parcel",
        },
        48,
    ),
    "in one prompt": Instruction(
        "For the customer's request, name the departments, then the things with their number of"
        " pieces, then the days (1 unless things are rented), and the rule that changes a price, or"
        " none. Write compact JSON.",
        {},
        160,
    ),
    "order plan": Instruction(
        "Split the customer's request into one step for each department that it needs; most need"
        f" one. Types: {_TYPES}. A step's prompt says what that department is to do, with numbers,"
        ' days and rules; "needs" is empty. Write compact JSON.',
        {
            BOTH: _plan(rental="rent 1 cargo bike for 1 day, student card", order="buy 1 lamp"),
            WHEEL: _plan(repair="true 1 wheel"),
            TANDEM: _plan(rental="rent 1 tandem and 2 child seats for 2 days"),
            BIKES: _plan(delivery="bring 2 bikes and 1 parcel"),
            TOURING: _plan(trade="take in trade 1 touring bike"),
            BACK: _plan(refund="take back 1 jacket, bought 50 days ago"),
            PUMPS: _plan(order="buy 2 pumps and 1 bell"),
            LATE: _plan(repair="mend 1 puncture, express", order="buy 2 lamps"),
        },
        160,
    ),
    "from results": Instruction(
        "Put the forms of the steps together into one form for the whole request. Write compact"
        " JSON.",
        {
            f"Request: {BOTH}\n\nResults:\nrent 1 cargo bike for 1 day, student card: "
            f"{form(('cargo bike', 1), rule='student')}\nbuy 1 lamp: {form(('lamp', 1))}": (
                EXAMPLES["several"][BOTH]
            ),
            f"Request: {BACK}\n\nResults:\ntake back 1 jacket, bought 50 days ago: "
            f"{EXAMPLES['refund'][BACK]}": EXAMPLES["refund"][BACK],
        },
        120,
    ),
    "fuse": Instruction(
        "Several clerks filled in the form for the same request, and may have erred. Fill in the"
        " right form. Write compact JSON.",
        {
            f"Question: {BOTH}\n\nAnswer A: {form(('cargo bike', 1), rule='student')}\n\nAnswer B: "
            f"{form(('cargo bike', 1), ('lamp', 1))}": EXAMPLES["several"][BOTH],
        },
        120,
    ),
    "fuse texts": Instruction(
        "You get a task and several texts that were written for it. Write the one text that keeps"
        " every rule of the task, with the best of them. Nothing else.",
        {
            "Question: Write a slogan for a bike lock. Mention the word safe. At most 8 words."
            "\n\nAnswer A: Lock it and forget it.\n\nAnswer B: Your bike is safe with our locks,"
            " at home and anywhere in town.": "Lock it once, and it is safe.",
        },
        72,
    ),
    "check text": Instruction(
        "Check whether the text keeps every rule of the task: words to use, words to avoid, number"
        " of words, number of lines. Answer yes, or no and what is wrong, in one short sentence.",
        {
            "Task: Write a slogan for a bike lock. Mention the word safe. At most 8 words.\n\nText:"
            " Lock it once, and ride home safe.": "yes",
            "Task: Write a slogan for a bell. Do not use the word loud. At most 6 words.\n\nText:"
            " Loud and clear.": "no, it says loud",
            "Task: Write two lines about spring. At most 10 words.\n\nText: Spring is"
            " here.": "no, it has 1 line",
        },
        32,
    ),
    "order assign": Instruction(
        "Split the customer's request into one task for each worker who is needed; most need one."
        " anna does repairs, rentals and trade-ins; ben does orders, refunds and deliveries. Keep"
        " numbers, days and rules. Write compact JSON.",
        {
            BOTH: assigned(anna="rent 1 cargo bike for 1 day, student card", ben="buy 1 lamp"),
            BACK: assigned(ben="take back 1 jacket, bought 50 days ago"),
            TANDEM: assigned(anna="rent 1 tandem and 2 child seats for 2 days"),
        },
        160,
    ),
    "order review": Instruction(
        'You check the forms of your workers. List in "redo" only work that is wrong or missing,'
        ' with the reason; when the work is good, "redo" is empty. Put the form for the whole'
        ' request into "answer".',
        {
            f"Request: {BOTH}\n\nanna: {form(('cargo bike', 1), rule='student')}\n\nben: "
            f"{form(('lamp', 1))}": reviewed(json.loads(EXAMPLES["several"][BOTH])),
            f"Request: {BACK}\n\nben: {form(('jacket', 1))}": reviewed(
                json.loads(EXAMPLES["refund"][BACK]), ben="it was bought more than 30 days ago"
            ),
        },
        200,
    ),
}
