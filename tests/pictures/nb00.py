"""The pictures that only notebook 00 draws."""

from course.lessons import start_here

from mlkit.ask import Member, Reply
from mlkit.trace import Call

MEMBER = Member("m")
REPLY = Reply("", MEMBER, prompt_tokens=36, output_tokens=93, output_seconds=2.2)
CALLS = [Call(0, "answer", MEMBER, REPLY)]

FIGURES = {
    "local or hosted": lambda: start_here.local_or_hosted(CALLS, "here", 0.1, 0.05).figure,
    "local or hosted, far": lambda: start_here.local_or_hosted(CALLS, "here", 1.5, 0.002).figure,
}
NAMED: dict = {}
SOURCED = {"local or hosted": lambda text: start_here.local_or_hosted(CALLS, text, 0.1, 0.05)}
