"""How any prompt is asked, in the roles that the article names."""

from course.shop.desk import EXPRESSION, KIND, MESSAGES
from course.shop.instruction import Instruction, assigned, plan, reviewed

ANY_PROMPT = {
    "answer": Instruction(
        "Answer with the answer alone, in as few words as possible: no sentence, no reason."
    ),
    "request": Instruction(
        "Name the kind of request. Answer with one word: repair, order, refund, advice or"
        " complaint.",
        MESSAGES,
        8,
    ),
    "facts": Instruction(
        "List the facts that matter for answering, one short line each: every number with what it"
        " stands for.",
        {
            "Request: Please send 2 bells at $5 and 1 lock at $20 to my office.\nclassify:"
            " order": "bells: 2 at $5 each\nlock: 1 at $20\ndeliver to: office"
        },
        96,
    ),
    "reason": Instruction(
        "Answer the request from the facts. Write the calculation in one short line, if there is"
        " one, then the answer."
    ),
    "any kind": Instruction(
        KIND,
        {
            "Write a Python expression for the area of a circle.": "code",
            "A helmet is $60 with 10% off. What do two cost?": "math",
            "Write a short poem about a bell.": "creative",
            "When does the shop open on Sunday?": "general",
            "Fix this line: for i in range(10) print(i)": "code",
            "I buy 3 bells at $5. What do I pay?": "math",
            "Invent a name for a new bike.": "creative",
            "What is a derailleur?": "general",
        },
        2,
    ),
    "work out": Instruction("Write the calculation in one short line, then the answer."),
    "python": Instruction(
        "Write one Python expression that does what is asked. Nothing else: no name, no assignment,"
        " no explanation."
    ),
    "judge": Instruction(
        "You compare answers to one question. Reply with the letter of the best answer, and nothing"
        " else.",
        {
            "Question: What is 2 + 3?\n\nAnswer A: It is a sum.\n\nAnswer B: 5": "B",
            "Question: Name a colour.\n\nAnswer A: Red.\n\nAnswer B: I cannot.\n\nAnswer C:"
            " Yes.": "A",
        },
        2,
    ),
    "plan": Instruction(
        'Split the request into the fewest steps. Each step has a type, a prompt, and in "needs"'
        " the numbers of the earlier steps whose results it uses. Types: search finds a rule or a"
        " price in the shop handbook; math does one calculation; code writes one line of Python."
        " Write compact JSON.",
        {
            "What do 3 bells and 2 locks cost together?": plan(
                ("search", "price of a bell", []),
                ("search", "price of a lock", []),
                ("math", "3 bells plus 2 locks, total price", [1, 2]),
            ),
            "Until when can I bring back a helmet?": plan(
                ("search", "days to return a helmet", [])
            ),
            "Write a Python expression for the price of n lamps at p dollars each.": plan(
                ("code", "expression for n lamps at p dollars each", [])
            ),
        },
        256,
    ),
    "step": Instruction(
        EXPRESSION,
        {
            "3 bells plus 2 locks, total price\n\nprice of a bell: A bell costs $5.\nprice of a"
            " lock: Locks are $20.": "3*5 + 2*20",
            "a $60 helmet with 10% off": "60 * 0.9",
        },
        48,
    ),
    "synthesize": Instruction(
        "Answer the request in one or two sentences, from the results only. If a result failed, say"
        " what is unknown."
    ),
    "assign": Instruction(
        'Split the request into one task for each worker who is needed. Workers: "general"'
        ' explains, plans and calculates; "coder" writes Python. A simple request is one task.'
        " Write compact JSON.",
        {
            "Explain what a mean is, and write it in Python.": assigned(
                general="explain what a mean is in two sentences",
                coder="write a Python expression for the mean of a list x",
            ),
            "What is a derailleur?": assigned(general="explain what a derailleur is"),
        },
        192,
    ),
    "work": Instruction("Do the task in at most three sentences."),
    "review": Instruction(
        'You check the work of your workers and combine it into one answer. List in "redo" only'
        ' work that is wrong or missing, with the reason; when the work is good, "redo" is empty.'
        ' Put the combined answer in "answer".',
        {
            "Request: What is 15% of 60?\n\ngeneral: I like percentages.": reviewed(
                "15% of 60 is 9.", general="it gives no number; calculate 60 * 15 / 100"
            ),
            "Request: Explain what a mean is, and write it in Python.\n\ngeneral: It is the sum"
            " divided by how many there are.\n\ncoder: sum(x) / len(x)": reviewed(
                "A mean is the sum divided by how many there are. In Python: sum(x) / len(x)"
            ),
        },
        320,
    ),
}
