"""The shop's work: tasks with their right answers, and graders that judge a model's text without
running it.
"""

import json
import math
import random
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mlkit import paths
from mlkit.errors import MlkitError, Unparsed
from mlkit.measure.tools import MAX_SIZE, ToolError, arithmetic, python_expression
from mlkit.parsing import label_in, number_in, object_in, plain, quoted

QUEUES = ("repair", "order", "refund", "advice", "complaint")
KINDS = ("code", "math", "creative", "general")
ANSWER_WORDS = 12  # a short answer with more words than this is not a short answer
DRAWS = 20  # hidden inputs for a Python expression
_CENT = 0.005


class TaskError(MlkitError):
    """A task file is missing, or a line of it is not a task."""


@dataclass(frozen=True)
class Task:
    """One item: what is asked, and what is right. `split` is "fit" (to choose settings on) or
    "test" (to report on).
    """

    id: str
    kind: str  # "math", "code", "general", "creative", "triage" or "order"
    level: str
    split: str
    input: str
    grader: str  # one of GRADERS
    gold: Any  # what its grader compares with
    notes: Mapping[str, Any] = field(
        default_factory=dict, compare=False
    )  # whatever else its line says

    def right(self, text: str) -> bool:
        """Whether a model's text answers it. Any text at all may come; none of it is run."""
        try:
            return bool(GRADERS[self.grader].right(text, self.gold))
        except (Unparsed, ToolError):
            return False

    def answer(self, text: str) -> str:
        """The text in a form in which equal answers are equal, for counting votes. Raises Unparsed
        where it has none.
        """
        try:
            return GRADERS[self.grader].answer(text)
        except ToolError as error:
            raise Unparsed(str(error)) from None


def load(name: str, folder: Path | None = None) -> list[Task]:
    """All tasks of one file: "desk", "triage" or "orders". Raises TaskError with file, line and
    what is wrong.
    """
    path = (folder or paths.data() / "tasks") / f"{name}.jsonl"
    if not path.is_file():
        raise TaskError(
            f"There is no task file {path.name}. Get it back with:  git checkout -- data/tasks"
        )
    tasks: dict[str, Task] = {}
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        try:
            task = _task(json.loads(line))
        except (ValueError, TypeError, LookupError, AttributeError, RecursionError) as error:
            problem = f"has no {error}" if isinstance(error, KeyError) else str(error)
            raise TaskError(
                f"{path.name}, line {number}: {problem}. Mend the line; data/README.md shows the"
                " format."
            ) from None
        if task.id in tasks:
            raise TaskError(
                f"{path.name}, line {number}: the id {task.id!r} stands there twice. Give each task"
                " its own."
            )
        tasks[task.id] = task
    if not tasks:
        raise TaskError(
            f"{path.name} holds no tasks. Get it back with:  git checkout -- data/tasks"
        )
    return list(tasks.values())


def _task(line: Mapping[str, Any]) -> Task:
    texts = {name: line[name] for name in ("id", "kind", "level", "split", "input", "grader")}
    if not all(isinstance(value, str) and value.strip() for value in texts.values()):
        raise ValueError(
            "id, kind, level, split, input and grader must be texts, and none of them empty"
        )
    if line["split"] not in ("fit", "test"):
        raise ValueError(f"split is {line['split']!r}; it is fit or test")
    if line["grader"] not in GRADERS:
        raise ValueError(
            f"there is no grader {line['grader']!r}; choose one of {', '.join(GRADERS)}"
        )
    if problem := GRADERS[line["grader"]].problem(line["gold"]):
        raise ValueError(f"gold {problem}")
    known = {"id", "kind", "level", "split", "input", "grader", "gold"}
    notes = {name: value for name, value in line.items() if name not in known}
    return Task(**texts, gold=line["gold"], notes=notes)


def paragraphs() -> dict[str, str]:
    """The shop's handbook, paragraph by paragraph, by topic: the words before its first colon, in
    lower case.
    """
    texts = re.split(r"\n\s*\n", (paths.data() / "handbook.md").read_text(encoding="utf-8").strip())
    return {text.partition(":")[0].lower(): text for text in texts if not text.startswith("#")}


# Graders


@dataclass(frozen=True)
class Grader:
    """`right(text, gold)` judges, `answer(text)` gives the countable form, `problem(gold)` says
    what gold may not be.
    """

    right: Callable[[str, Any], bool]
    answer: Callable[[str], str]
    problem: Callable[[Any], str]


def number_right(text: str, gold: float) -> bool:
    """The one number that the text settles on is gold, to the cent."""
    return abs(number_in(text) - gold) < _CENT


def expression_right(text: str, gold: float) -> bool:
    """The text is one arithmetic expression, and its value is gold, to the cent."""
    return abs(float(arithmetic(text)) - gold) < _CENT


def python_right(text: str, gold: Mapping[str, Any]) -> bool:
    """The text is a Python expression that gives what gold's gives on 20 hidden inputs. Nothing of
    it is executed.
    """
    answer, truth = python_expression(text), python_expression(gold["expression"])
    return all(_same(answer(inputs), truth(inputs)) for inputs in draws(gold["variables"]))


def draws(variables: Mapping[str, Mapping[str, Sequence[Any]]]) -> list[dict[str, Any]]:
    """The same 20 inputs each time: a whole number from a range (both ends count), or one of a
    list.
    """
    chance = random.Random(json.dumps(variables, sort_keys=True))
    return [
        {name: _draw(chance, name, rule) for name, rule in variables.items()} for _ in range(DRAWS)
    ]


def _draw(chance: random.Random, name: str, rule: Mapping[str, Sequence[Any]]) -> Any:
    match rule:
        case {"range": [int(low), int(high)]} if low <= high:
            return chance.randint(low, high)
        case {"one_of": [_, *_] as values}:
            return chance.choice(values)
    raise ValueError(
        f'{name} is neither {{"range": [low, high]}}, two whole numbers, nor {{"one_of": [values]}}'
    )


def _same(one: Any, other: Any) -> bool:
    numbers = isinstance(one, int | float) and isinstance(other, int | float)
    # A whole number of any length would not fit into a float.
    ordinary = numbers and abs(one) < 1e300 and abs(other) < 1e300
    return math.isclose(one, other, rel_tol=1e-6, abs_tol=1e-9) if ordinary else one == other


def label_grader(labels: Sequence[str]) -> Grader:
    """The text names the right one of these labels, and no other."""
    return Grader(
        lambda text, gold: label_in(text, labels) == gold,
        lambda text: label_in(text, labels),
        lambda gold: "" if gold in labels else f"is {gold!r}; choose one of {', '.join(labels)}",
    )


def fields_right(text: str, gold: Mapping[str, Any]) -> bool:
    """The text holds a JSON object with every field of gold; numbers as numbers, texts in any
    case.
    """
    found = object_in(text)
    return all(
        name in found and plain(str(found[name])) == plain(str(value))
        for name, value in gold.items()
    )


def short_right(text: str, gold: Mapping[str, Sequence[str]]) -> bool:
    """At most 12 words, one of `accept` among them, and none of `reject`: a hedge names both, and
    is wrong.
    """
    words = spoken(text)
    return (
        len(words.split()) <= ANSWER_WORDS
        and any(_says(words, phrase) for phrase in gold["accept"])
        and not any(_says(words, phrase) for phrase in gold.get("reject", ()))
    )


def spoken(text: str) -> str:
    """Lower case, without punctuation and articles, spaces folded: "The 30 days." becomes "30
    days".
    """
    words = re.findall(r"\d+(?:[.,:]\d+)*|[^\W\d_]+", text.lower().replace("'", ""))
    return " ".join(word.replace(",", "") for word in words if word not in ("a", "an", "the"))


def _says(words: str, phrase: str) -> bool:
    return f" {spoken(phrase)} " in f" {words} "


def constraints_right(text: str, gold: Mapping[str, Any]) -> bool:
    """The text keeps every constraint."""
    return bool(text.strip()) and not broken_constraints(text, gold)


def broken_constraints(text: str, gold: Mapping[str, Any]) -> list[str]:
    """Which constraints a text breaks, a phrase each: what a checker can tell a model."""
    words, lines = spoken(text), [line for line in text.splitlines() if line.strip()]
    broken = [
        f"it does not mention {word}"
        for word in gold.get("mentions", ())
        if not _mentions(words, word)
    ]
    broken += [f"it says {word}" for word in gold.get("forbidden", ()) if _mentions(words, word)]
    count = len(text.split())
    if not gold.get("min_words", 0) <= count <= gold.get("max_words", math.inf):
        broken.append(f"it has {count} words")
    if len(lines) != gold.get("lines", len(lines)):
        broken.append(f"it has {len(lines)} line{'s' * (len(lines) != 1)}")
    return broken


def _mentions(words: str, word: str) -> bool:
    return _says(words, word) or _says(words, f"{word}s")


def order_right(text: str, gold: Mapping[str, Any]) -> bool:
    """The text is one expression for the order's total."""
    return expression_right(text, gold["total"])


def decision(text: str, gold: Mapping[str, Any]) -> str:
    """What follows from the total: "go" where it keeps the customer's limit, "ask" where it does
    not, or cannot be read.
    """
    try:
        total = float(arithmetic(text))
    except ToolError:
        return "ask"
    return (
        "go"
        if (total >= gold["limit"] if gold["limit_is"] == "min" else total <= gold["limit"])
        else "ask"
    )


def _not_a_number(gold: Any) -> str:
    number = isinstance(gold, int | float) and not isinstance(gold, bool)
    return (
        ""
        if number and abs(gold) <= MAX_SIZE
        else f"is {quoted(gold)}; this grader takes a number, of at most 30 digits"
    )


def _not_python(gold: Any) -> str:
    if not isinstance(gold, dict) or not {"expression", "variables"} <= gold.keys():
        return 'is not {"expression": ..., "variables": ...}'
    try:
        given = python_right(gold["expression"], gold)
    except (ToolError, TypeError, ValueError, AttributeError, RecursionError) as error:
        return f"cannot be worked out on its own variables ({error})"
    return "" if given else "is a value that its own expression does not give, as nan"


def _not_short(gold: Any) -> str:
    if (
        not isinstance(gold, dict)
        or not _texts(gold.get("accept"))
        or not gold["accept"]
        or not _texts(gold.get("reject", []))
    ):
        return 'is not {"accept": [texts], "reject": [texts]}'
    if not all(map(spoken, gold["accept"])):
        return "accepts an answer without a word"
    for phrase in gold["accept"]:
        if not short_right(phrase, {"accept": [phrase], "reject": gold.get("reject", [])}):
            return (
                f"accepts {quoted(phrase)}, which its own reject refuses, or which has more than"
                f" {ANSWER_WORDS} words"
            )
    return ""


def _not_constraints(gold: Any) -> str:
    known = {"mentions": list, "forbidden": list, "min_words": int, "max_words": int, "lines": int}
    if not isinstance(gold, dict) or not gold or not gold.keys() <= known.keys():
        return f"is not an object of {', '.join(known)}"
    wrong = [
        name
        for name, value in gold.items()
        if type(value) is not known[name] or not (type(value) is int or _texts(value))
    ]
    return f"has a {wrong[0]} of the wrong type" if wrong else _unkeepable(gold)


def _unkeepable(gold: Mapping[str, Any]) -> str:
    """Why no text can keep these rules; empty where one can."""
    mentions, forbidden = gold.get("mentions", []), gold.get("forbidden", [])
    lines = gold.get("lines", 1)
    fewest, most = max(gold.get("min_words", 1), lines, 1), gold.get("max_words", math.inf)
    wordless = [word for word in (*mentions, *forbidden) if not spoken(word)]
    clash = [(one, no) for one in mentions for no in forbidden if _mentions(spoken(one), no)]
    if wordless:
        return f"has a text without a word: {quoted(wordless[0])}"
    if clash:
        return f"mentions {quoted(clash[0][0])} and forbids {quoted(clash[0][1])}"
    if lines < 1:
        return f"wants {lines} lines"
    return f"cannot be kept: no text has {fewest} words or more and {most} or fewer" * (
        fewest > most
    )


def _not_order(gold: Any) -> str:
    if (
        not isinstance(gold, dict)
        or not {"queue", "fields", "total", "limit", "limit_is", "decision"} <= gold.keys()
    ):
        return "is not an object of queue, fields, total, limit, limit_is and decision"
    if problem := _not_a_number(gold["total"]) or _not_a_number(gold["limit"]):
        return problem
    derived = decision(str(gold["total"]), gold)
    return (
        ""
        if gold["decision"] == derived
        else f"says {gold['decision']!r}, but its total and limit say {derived!r}"
    )


def _texts(value: Any) -> bool:
    return (
        isinstance(value, Iterable)
        and not isinstance(value, str)
        and all(isinstance(text, str) for text in value)
    )


GRADERS: Mapping[str, Grader] = {
    "number": Grader(number_right, lambda text: f"{number_in(text):.12g}", _not_a_number),
    "expression": Grader(expression_right, arithmetic, _not_a_number),
    "python": Grader(python_right, plain, _not_python),
    "label": label_grader(QUEUES),
    "kind": label_grader(KINDS),
    "fields": Grader(
        fields_right,
        plain,
        lambda gold: "" if isinstance(gold, dict) and gold else "is not an object of fields",
    ),
    "short": Grader(short_right, spoken, _not_short),
    "constraints": Grader(constraints_right, plain, _not_constraints),
    "order": Grader(order_right, arithmetic, _not_order),
}
