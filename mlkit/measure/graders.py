"""Graders: programs that judge a model's text without running it."""

import json
import math
import random
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mlkit.measure.tools import MAX_SIZE, ToolError, arithmetic, python_expression
from mlkit.numbers import numbers_in, spelled, whole_number
from mlkit.parsing import in_doubt, label_in, number_in, plain, quoted, without_thinking

ANSWER_WORDS, ANSWER_CHARACTERS = 12, 1_000  # a short answer with more is not a short answer
DRAWS = 20  # hidden inputs for a Python expression
_CENT = 0.005


@dataclass(frozen=True)
class Grader:
    """How one kind of answer is judged."""

    right: Callable[[str, Any], bool]  # of a text and gold
    answer: Callable[[str], str]  # a text in countable form
    problem: Callable[[Any], str]  # what gold may not be; "" where nothing is wrong


def number_right(text: str, gold: float) -> bool:
    """The one number that the text settles on is gold, to the cent."""
    return abs(number_in(text) - gold) < _CENT


def expression_right(text: str, gold: float) -> bool:
    """The text is one arithmetic expression, and its value is gold, to the cent."""
    return abs(float(arithmetic(text)) - gold) < _CENT


def _not_a_number(gold: Any) -> str:
    if isinstance(gold, int | float) and not isinstance(gold, bool) and abs(gold) <= MAX_SIZE:
        return ""
    return f"is {quoted(gold)}; this grader takes a number, of at most 30 digits"


def python_right(text: str, gold: Mapping[str, Any]) -> bool:
    """The text is a Python expression that gives what gold's gives on 20 hidden inputs."""
    answer, truth = python_expression(text), python_expression(gold["expression"])
    return all(_same(answer(inputs), truth(inputs)) for inputs in draws(gold["variables"]))


def draws(variables: Mapping[str, Mapping[str, Sequence[Any]]]) -> list[dict[str, Any]]:
    """The same 20 inputs each time: a whole number of a range, ends included, or one of a list."""
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


def _not_python(gold: Any) -> str:
    if not isinstance(gold, dict) or not {"expression", "variables"} <= gold.keys():
        return 'is not {"expression": ..., "variables": ...}'
    try:
        given = python_right(gold["expression"], gold)
    except (ToolError, TypeError, ValueError, AttributeError, RecursionError) as error:
        return f"cannot be worked out on its own variables ({error})"
    return "" if given else "is a value that its own expression does not give, as nan"


def label_grader(labels: Sequence[str]) -> Grader:
    """The text names the right one of these labels, and no other."""
    return Grader(
        lambda text, gold: label_in(text, labels) == gold,
        lambda text: label_in(text, labels),
        lambda gold: (
            "" if isinstance(gold, str) and gold.strip() else f"is {quoted(gold)}, no text"
        ),
    )


def short_right(text: str, gold: Mapping[str, Sequence[str]]) -> bool:
    """At most 12 words, one of `accept` among them, and none of `reject`: a hedge is wrong."""
    if len(text := without_thinking(text)) > ANSWER_CHARACTERS:
        return False
    words = spoken(text)
    return (
        len(words.split()) <= ANSWER_WORDS
        and any(_gives(text, words, phrase) for phrase in gold["accept"])
        and not any(_says(words, phrase) for phrase in gold.get("reject", ()))
    )


def spoken(text: str) -> str:
    """Lower case, without punctuation and articles: "The 30  days." becomes "30 days". Signs stay,
    and an "a" that stands last: it is an answer.
    """
    said = without_thinking(text).lower().replace("'", "").replace("−", "-")
    words = re.findall(r"[^\W\d_]++|\d++(?:[.,:]\d++)*+|(?<!\w)-\d++(?:[.,:]\d++)*+", said)
    last = [word for word in words[-1:] if word == "a"]
    kept = [word for word in words if word not in {"a", "an", "the"}] + last
    return re.sub(r",(?=\d{3}(?!\d))", "", " ".join(kept))  # of thousands only: not of 1,5


def _gives(text: str, words: str, phrase: str) -> bool:
    """A phrase is in the text and not denied; one that is a number may be written in any way."""
    found, unclear = numbers_in(spelled(text))
    if math.isfinite(number := whole_number(spelled(phrase))):
        hedged = len(found) > 1 and " or " in words
        return number in found and not hedged and not unclear
    named = re.finditer(rf"(?<!\w){re.escape(phrase.casefold())}(?!\w)", text.casefold())
    return _says(words, phrase) and not any(map(in_doubt, named))


def _says(words: str, phrase: str) -> bool:
    return f" {spoken(phrase)} " in f" {words} "


def _not_short(gold: Any) -> str:
    given = gold if isinstance(gold, dict) else {}
    accept, reject = given.get("accept"), given.get("reject", [])
    if not accept or not _are_texts(accept) or not _are_texts(reject):
        return 'is not {"accept": [texts], "reject": [texts]}'
    if not all(map(spoken, accept)):
        return "accepts an answer without a word"
    for phrase in accept:
        words = spoken(phrase)
        if len(words.split()) > ANSWER_WORDS or any(_says(words, no) for no in reject):
            return (
                f"accepts {quoted(phrase)}, which its own reject refuses, or which has more than"
                f" {ANSWER_WORDS} words"
            )
    return ""


def _are_texts(value: Any) -> bool:
    listed = isinstance(value, Iterable) and not isinstance(value, str)
    return listed and all(isinstance(text, str) for text in value)


_RULES = {"mentions": list, "forbidden": list, "min_words": int, "max_words": int, "lines": int}


def broken_constraints(text: str, gold: Mapping[str, Any]) -> list[str]:
    """Which constraints a text breaks, a phrase each; an empty text breaks one, too."""
    text = without_thinking(text)
    words, lines = spoken(text), [line for line in text.splitlines() if line.strip()]
    missing = [word for word in gold.get("mentions", ()) if not _mentions(words, word)]
    said = [word for word in gold.get("forbidden", ()) if _mentions(words, word)]
    broken = [] if text.strip() else ["it is empty"]
    broken += [f"it does not mention {word}" for word in missing]
    broken += [f"it says {word}" for word in said]
    count = len(text.split())
    if not gold.get("min_words", 0) <= count <= gold.get("max_words", math.inf):
        broken.append(f"it has {count} words")
    if len(lines) != gold.get("lines", len(lines)):
        broken.append("it has 1 line" if len(lines) == 1 else f"it has {len(lines)} lines")
    return broken


def _mentions(words: str, word: str) -> bool:
    return _says(words, word) or _says(words, f"{word}s")


def _not_constraints(gold: Any) -> str:
    if not isinstance(gold, dict) or not gold or not gold.keys() <= _RULES.keys():
        return f"is not an object of {', '.join(_RULES)}"
    for name, value in gold.items():
        if type(value) is not _RULES[name] or not (type(value) is int or _are_texts(value)):
            return f"has a {name} of the wrong type"
    mentions, forbidden = gold.get("mentions", []), gold.get("forbidden", [])
    lines = gold.get("lines", 1)
    fewest, most = max(gold.get("min_words", 1), lines, 1), gold.get("max_words", math.inf)
    for word in (*mentions, *forbidden):
        if not spoken(word):
            return f"has a text without a word: {quoted(word)}"
    for word in mentions:
        for no in forbidden:
            if _mentions(spoken(word), no):
                return f"mentions {quoted(word)} and forbids {quoted(no)}"
    if lines < 1:
        return f"wants {lines} lines"
    if fewest > most:
        return f"cannot be kept: no text has {fewest} words or more and {most} or fewer"
    return ""


GRADERS: Mapping[str, Grader] = {
    "number": Grader(number_right, lambda text: f"{number_in(text):.12g}", _not_a_number),
    "expression": Grader(expression_right, arithmetic, _not_a_number),
    "python": Grader(python_right, plain, _not_python),
    "short": Grader(short_right, spoken, _not_short),
    "constraints": Grader(
        lambda text, gold: not broken_constraints(text, gold), plain, _not_constraints
    ),
}
