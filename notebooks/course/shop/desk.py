"""How the tasks of the desk and of triage are asked. Tried on `fit` tasks only."""

from course.shop.instruction import Instruction

PARAGRAPH = (
    "Opening hours: the shop is open from 9 am to 6 pm, Monday to Saturday, and closed on Sunday. "
    "The workshop closes one hour before the shop."
)
EXPRESSION = (
    "Write the calculation as one arithmetic expression with numbers only. No words, no units,"
    " no equals sign."
)
KIND = "Name the kind of task. Answer with one word: code, math, creative or general."
MESSAGES = {
    "My gears slip on every hill, can you look at them?": "repair",
    "Please send 2 bells and 1 lock to my office.": "order",
    "The pump broke after a week and I want my money back.": "refund",
    "Which tyres are best for gravel?": "advice",
    "Nobody called me back, for the third time!": "complaint",
}

DESK = {
    "math": Instruction(
        EXPRESSION,
        {
            "A rider buys 2 gloves at $15 each and a bell at $8. What is the total in"
            " dollars?": "2 * 15 + 8",
            "Four friends share a bill of 2 pumps at $25 each and 6 tubes at $7 each. How many"
            " dollars does each pay?": "(2 * 25 + 6 * 7) / 4",
            "A jacket costs $80 and socks cost $12. Ira buys 1 jacket and 3 pairs of socks with 20%"
            " off everything. How many dollars does Ira pay?": "(80 + 3 * 12) * (1 - 0.20)",
            "The shop has 30 pedals, sells 12 of them, and then 3 boxes of 10 pedals arrive. How"
            " many pedals does it have now?": "30 - 12 + 3 * 10",
        },
        48,
    ),
    "code": Instruction(
        "Write one Python expression that does what is asked, with the variables it names. Nothing"
        " else: no name, no assignment, no explanation.",
        {
            "Write a Python expression for the cost of n bells at p dollars each. Use the variables"
            " n and p.": "n * p",
            "Write a Python expression for the price p with a discount of d percent. Use the"
            " variables p and d.": "p * (1 - d / 100)",
            "Write a Python expression for a bill of b dollars: from 100 dollars on, 10 dollars are"
            " taken off. Use the variable b.": "b - 10 if b >= 100 else b",
        },
        48,
    ),
    "general": Instruction(
        "Answer the question from the text, in at most five words. No sentence, no reason.",
        {
            f"{PARAGRAPH}\n\nQuestion: On which day is the shop closed?": "Sunday",
            f"{PARAGRAPH}\n\nQuestion: When does the workshop close on Friday?": "5 pm",
            f"{PARAGRAPH}\n\nQuestion: Can I visit the shop on Monday at 8 am?": "no",
        },
        16,
    ),
    "creative": Instruction(
        "Write exactly the text that is asked for, and nothing else: no title, no quotation marks,"
        " no explanation. Keep every rule that is given: words to use, words to avoid, number of"
        " words, number of lines.",
        {
            "Write a slogan for a bike lock. Mention the word safe. At most 8"
            " words.": "Lock it once, and ride home safe.",
            "Write two lines for a sign about a spring sale. Mention the word tyre. Do not use the"
            " word cheap. At most 16 words.": ("Spring is here.\nA fresh tyre takes you there."),
        },
        72,
    ),
    "all": Instruction(
        "You are the help desk of a bike shop. For a sum, write one arithmetic expression with"
        " numbers only. For code, write one Python expression. For a question about a text, answer"
        " in at most five words. For a text to write, write it and nothing else, and keep every"
        " rule.",
        {
            "A rider buys 2 gloves at $15 each and a bell at $8. What is the total in"
            " dollars?": "2 * 15 + 8",
            "Write a Python expression for the price p with a discount of d percent. Use the"
            " variables p and d.": "p * (1 - d / 100)",
            f"{PARAGRAPH}\n\nQuestion: When does the workshop close on Friday?": "5 pm",
            "Write a slogan for a bike lock. Mention the word safe. At most 8"
            " words.": "Lock it once, and ride home safe.",
        },
        72,
    ),
    "prose": Instruction(
        "Solve the problem step by step, then give the answer as a number in the last line.",
        max_tokens=320,
    ),
    "kind": Instruction(
        KIND,
        {
            "Write a Python expression for the area of a circle with radius r.": "code",
            "A helmet is $60 with 10% off. What do two cost?": "math",
            "Write a short poem about a bell.": "creative",
            f"{PARAGRAPH}\n\nQuestion: Is the shop open on Sunday?": "general",
            "Give one line of Python that adds the prices a and b.": "code",
            "I buy 3 bells at $5. What do I pay?": "math",
            "Invent a slogan for a new bike, at most 6 words.": "creative",
            "Rental: a bike is $18 a day.\n\nQuestion: What does a bike cost for a day?": "general",
        },
        2,
    ),
    "triage": Instruction(
        "Name the queue for the customer's message. Answer with one word: repair, order, refund,"
        " advice or complaint.",
        MESSAGES,
        4,
    ),
    "rules": Instruction(
        "Name the queue for the customer's message, by what the customer wants done next, whatever"
        " else it tells. repair: the shop is to mend or adjust something. order: to buy something,"
        " or to hear about an order. refund: money back, or to return something. advice: to know"
        " what to choose or how to do something. complaint: unhappy, and asks for nothing else."
        " Answer with one word: repair, order, refund, advice or complaint.",
        {
            "Two weeks without my bike, and the wheel still wobbles. Please true it.": "repair",
            "Your mechanic was rude to me, and I will tell my friends.": "complaint",
            "I bought the red helmet. How do I set the strap?": "advice",
        },
        4,
    ),
}
