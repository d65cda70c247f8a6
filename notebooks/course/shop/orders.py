"""How orders are asked: requests whose total follows from the shop's handbook."""

from course.shop.instruction import Instruction

# The word that names each queue, and the topic of its paragraph in the handbook.
TOPICS = {
    "repair": "repair",
    "order": "order",
    "rental": "rental",
    "refund": "refund",
    "delivery": "delivery",
    "trade": "trade-in",
}
# Three requests that go through all stages, and what the stages make of two of them.
TANDEM = "I need one tandem and two child seats for 2 days, my budget is $100."
TANDEM_PRICES = "tandem: $34 a day, 1 piece, 2 days\nchild seat: $5 a day, 2 pieces, 2 days"
TANDEM_TOTAL = "34 * 2 + 2 * 5 * 2"
LATE = "Can you bring two parcels at 7 pm, for at most $30?"
LATE_PRICES = "parcel: $8 each, 2 pieces\ndelivery after 6 pm: 50 percent more"
LATE_TOTAL = "2 * 8 * 1.5"
SCHOOL = "We are a school and need 5 lamps, for at most $95."
TOTAL = (
    "Write the total in dollars as one arithmetic expression with numbers only. No words, no units,"
    " no equals sign."
)
# Worked examples for each queue, with the handbook's own prices: with invented ones, members took
# the examples' prices.
EXAMPLES = {
    "repair": {
        "A gear adjustment and a puncture repair, please, if that stays under $50.": "24 + 14",
        "A gear adjustment by tonight, so express, if it is at most $40.": "24 * 1.25",
    },
    "order": {
        "Send me 2 pumps and 3 inner tubes, if that stays under $90.": "2 * 26 + 3 * 7",
        SCHOOL: "5 * 22 * 0.8",
    },
    "rental": {
        TANDEM: TANDEM_TOTAL,
        "One cargo bike for one day on my student card, for at most $35.": "40 * 0.75",
    },
    "refund": {
        "I bring back a pair of shoes, unused and with the receipt, if I get at least $65.": "72",
        "The gloves were never worn, but I bought them 40 days ago. I return them if I get at"
        " least $10.": "18 * 0.5",
    },
    "delivery": {
        "Please bring two bikes and one parcel, for at most $70.": "2 * 26 + 8",
        LATE: LATE_TOTAL,
    },
    "trade": {
        "You can have my folding bike with a basket if you give me $90 for it.": "90 + 10",
        "I trade in my folding bike for cash, if I get at least $70.": "90 * 0.8",
    },
}
# Where the handbook has to be known, systems.py adds it to the system message.
ORDERS = {
    "order": Instruction(
        TOTAL,
        {
            "Prices: a bell costs $5. Locks are $20. Members pay 10% less.\n\nRequest: Send me 3"
            " bells and 2 locks, if that stays under $60.": "3 * 5 + 2 * 20",
            "Rental: a tandem is $30 a day and a helmet $3 a day.\n\nRequest: I need one tandem"
            " and two helmets for 2 days, my budget is $100.": "2 * 30 + 2 * 2 * 3",
            "Sale: last year's jackets are $80, with 25% off in June.\n\nRequest: It's June: put"
            " one of last year's jackets aside, if it costs less than $70.": "80 * (1 - 0.25)",
        },
        48,
    ),
    "order queue": Instruction(
        "Name what the customer wants. Answer with one word: repair (work on their own bike), order"
        " (buy parts or accessories), rental (use a bike of the shop), refund (give back bought"
        " goods), delivery (transport of things), or trade (hand over a used bike).",
        {
            "My wheel wobbles, please true it, and bring it to my flat if all that stays under"
            " $90.": "repair",
            "Send me 3 bells and 2 locks, if that stays under $60.": "order",
            "I need one tandem for 2 days, my budget is $100.": "rental",
            "This jacket was never worn, I have the receipt. I bring it back if I get at least"
            " $50.": "refund",
            "Please bring the two parcels I paid for to my office, for at most $20.": "delivery",
            "You can have my old folding bike if you give me $50 for it.": "trade",
        },
        4,
    ),
    "order facts": Instruction(
        "List every price and every rule of the handbook that the request needs, one short line"
        " each, with the number of pieces or days from the request. Nothing else.",
        {
            f"Request: {TANDEM}\nclassify: rental": TANDEM_PRICES,
            f"Request: {LATE}\nclassify: delivery": LATE_PRICES,
        },
        96,
    ),
    "order total": Instruction(
        TOTAL,
        {
            f"Request: {TANDEM}\nclassify: rental\nextract: {TANDEM_PRICES}": TANDEM_TOTAL,
            f"Request: {LATE}\nclassify: delivery\nextract: {LATE_PRICES}": LATE_TOTAL,
        },
        48,
    ),
    "order in one prompt": Instruction(
        "First name what the customer wants. Then list the prices and rules that the request needs."
        " In the last line, write the total as one arithmetic expression with numbers only: no"
        " words, no units, no equals sign.",
        {
            TANDEM: f"rental\n{TANDEM_PRICES}\n{TANDEM_TOTAL}",
            LATE: f"delivery\n{LATE_PRICES}\n{LATE_TOTAL}",
        },
        128,
    ),
    "order, bare": Instruction(
        "Which calculation gives the total of this request, by the rules of the handbook? Reply"
        " with the calculation alone: numbers, and + - * / and brackets. Do not write its result,"
        " and no equals sign.",
        max_tokens=48,
    ),
    "order plan": Instruction(
        'Split the request into the fewest steps. Each step has a type, a prompt, and in "needs"'
        " the numbers of the earlier steps whose results it uses. Types: search finds a price or a"
        " rule in the shop handbook; math does one calculation, and its prompt names all that"
        " counts: pieces, days, and what changes the price. Write compact JSON.",
        {
            TANDEM: (
                '{"steps":[{"type":"search","prompt":"rental price of a tandem","needs":[]},'
                '{"type":"search","prompt":"rental price of a child seat","needs":[]},'
                '{"type":"math","prompt":"1 tandem and 2 child seats, each for 2 days",'
                '"needs":[1,2]}]}'
            ),
            LATE: (
                '{"steps":[{"type":"search","prompt":"delivery of a parcel after 6 pm","needs":[]},'
                '{"type":"math","prompt":"delivery of 2 parcels after 6 pm","needs":[1]}]}'
            ),
            SCHOOL: (
                '{"steps":[{"type":"search","prompt":"price of a lamp, school discount on an'
                ' order","needs":[]},{"type":"math","prompt":"5 lamps with the school'
                ' discount","needs":[1]}]}'
            ),
        },
        256,
    ),
    "order from results": Instruction(
        "Write the total as one number or one arithmetic expression, from the results only. Nothing"
        " else.",
        {
            "Request: Send me 3 bells and 2 locks, if that stays under $60.\n\nResults:\nprice of"
            " a bell: A bell costs $5.\nprice of a lock: Locks are $20.\n3 bells plus 2 locks,"
            " total price: 55": "55",
        },
        48,
    ),
    "order work": Instruction(
        "Do the task from the handbook: write the prices and rules that it needs, then the amount"
        " as an arithmetic expression. One line each, nothing else.",
        {
            "price of 2 child seats for 2 days\n\nIt is part of this request:"
            f" {TANDEM}": "child seat: $5 a day\n2 * 5 * 2",
            "price of bringing two parcels at 7 pm\n\nIt is part of this request:"
            f" {LATE}": "parcel: $8 each\nafter 6 pm: 50 percent more\n2 * 8 * 1.5",
        },
        72,
    ),
    "order assign": Instruction(
        "Split the request into one task for each worker who is needed: anna and ben both know the"
        " handbook and can price things. A simple request is one task. Write compact JSON.",
        {
            TANDEM: (
                '{"assignments":[{"worker":"anna","task":"price of one tandem for 2 days"},'
                '{"worker":"ben","task":"price of 2 child seats for 2 days"}]}'
            ),
            "My wheel is bent, please make it straight if that is under $40.": (
                '{"assignments":[{"worker":"anna","task":"price of straightening a wheel"}]}'
            ),
        },
        160,
    ),
    "order review": Instruction(
        'You check the work of your workers. List in "redo" only work that is wrong or missing,'
        ' with the reason; when the work is good, "redo" is empty. Put the total of the whole'
        ' request into "answer", as one arithmetic expression with numbers only.',
        {
            f"Request: {TANDEM}\n\nanna: tandem: $34 a day\n34 * 2\n\nben: child seat: $5 a"
            " day\n2 * 5 * 2": '{"redo":[],"answer":"34 * 2 + 2 * 5 * 2"}',
            "Request: My wheel is bent, please make it straight if that is under $40.\n\nanna: I"
            " can help with wheels.": (
                '{"redo":[{"worker":"anna","why":"it gives no price"}],"answer":"28"}'
            ),
        },
        160,
    ),
}
