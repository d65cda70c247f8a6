"""Read labels, numbers and objects in what models wrote: tolerant of form, strict about doubt."""

import json
import re
from collections.abc import Collection
from itertools import islice
from typing import Any, NamedTuple

from mlkit.ask import Reply
from mlkit.errors import Unparsed
from mlkit.ties import highest

_LEAD_IN = re.compile(r"^(?:so,? |thus,? |therefore,? )?(?:the |my |final )*answer(?: is)?[:=]? ")
_NUMBER = re.compile(
    r"(?<![\w.,])[-+]?\$?(?:(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?|\.\d+)(?:[eE][-+]?\d+)?"
)
_MOST_BRACES = 99  # an object begins before; trying each of a million braces would take minutes
_DEEPEST = 99  # no answer needs more, and Pythons differ in how deep they can read


# Labels


def label_in(text: str, labels: Collection[str]) -> str:
    """The one label that the text names, in any case. Raises Unparsed for none, or several."""
    named = [
        label
        for label in labels
        if re.search(rf"(?<!\w){re.escape(label)}(?!\w)", text, re.IGNORECASE)
    ]
    if len(named) == 1:
        return named[0]
    found = f"it names {' and '.join(named)}" if named else "it names none of them"
    raise Unparsed(
        f"Expected one of {', '.join(labels)}; {found}: {quoted(text)}. "
        "Ask for one word only, and show an example of each label."
    )


class Likely(NamedTuple):
    """The likeliest label of an answer."""

    label: str
    confidence: float  # its probability among the labels, in [0, 1]
    mass: float  # probability that the answer is any of the labels, in [0, 1]
    measured: bool  # False where the engine gave no probabilities: then the label is all there is

    @property
    def certainty(self) -> float:
        """The label's probability among everything that the model could have said, in [0, 1]."""
        return self.confidence * self.mass


def most_likely(reply: Reply, labels: Collection[str]) -> Likely:
    """The likeliest of the labels, judged by the first token of the answer.

    Raises ValueError where a likely first token begins two of the labels, because it cannot tell
    them apart, and Unparsed where the answer names no label and no probability says otherwise.
    """
    if not reply.choices:
        return Likely(label_in(reply.text, labels), 1.0, 1.0, measured=False)
    shares = dict.fromkeys(labels, 0.0)
    for token, probability in reply.choices.items():
        word = token.strip().lower()
        begun = [label for label in labels if word and label.lower().startswith(word)]
        if len(begun) == 1:
            shares[begun[0]] += probability
        elif begun and probability > 0.05:
            raise ValueError(
                f"labels {' and '.join(begun)} both begin with the token {token!r}; rename one of"
                " them"
            )
    mass = sum(shares.values())
    if not mass:
        raise Unparsed(
            f"Expected one of {', '.join(labels)}; none is among the likeliest first words: "
            f"{quoted(reply.text)}. Ask for one word only, and show an example of each label."
        )
    label = highest(shares, shares.__getitem__)
    return Likely(label, shares[label] / mass, min(mass, 1.0), measured=True)


def most_likely_or_none(reply: Reply, labels: Collection[str]) -> Likely:
    """As `most_likely`; where the answer names no label, one that is "" with certainty 0."""
    try:
        return most_likely(reply, labels)
    except Unparsed:
        return Likely("", 0.0, 0.0, measured=bool(reply.choices))


# Numbers, and answers that can be counted


def number_in(text: str) -> float:
    """The one number in the text, else after its last "answer" or \\boxed, else in its last line,
    else in its last sentence.

    Raises Unparsed where there is none, or where two different ones compete ("12 or 13").
    """
    marked = [match[1] for match in re.finditer(r"(?:answer|\\boxed\b)(.*)", text, re.IGNORECASE)]
    last_line = text.strip().rpartition("\n")[2]
    last_sentence = re.split(r"(?<=[.!?])\s", last_line.strip())[-1]
    for part in dict.fromkeys((text, *marked[-1:], last_line, last_sentence)):
        found = {float(re.sub(r"[$,]", "", number)) for number in _NUMBER.findall(part)}
        if len(found) == 1:
            return found.pop()
    listed = ", ".join(f"{number:g}" for number in sorted(found)[:9])
    problem = f"{listed} compete" if found else "there is none"
    raise Unparsed(f"Expected one number; {problem}: {quoted(text)}. Ask for the number alone.")


def plain(text: str) -> str:
    """The answer as it is counted: "42", "$42.00." and "The answer is 42" become the same."""
    words = _LEAD_IN.sub("", " ".join(text.casefold().split())).strip(" .,;:!?\"'`*")
    return f"{float(re.sub(r'[$,]', '', words)):.12g}" if _NUMBER.fullmatch(words) else words


# Objects


def object_in(text: str) -> dict[str, Any]:
    """The first JSON object in the text, whatever stands around it. Raises Unparsed for none."""
    problem = "there is no '{'"
    for brace in islice(re.finditer("{", text), _MOST_BRACES):
        try:
            found: dict[str, Any] = json.JSONDecoder().raw_decode(text, brace.start())[0]
            too_deep = _depth(found) > _DEEPEST
        except ValueError as error:
            problem = str(error)
            continue
        except RecursionError:
            too_deep = True
        if too_deep:
            raise Unparsed(
                f"Expected a JSON object; it is more than {_DEEPEST} deep: {quoted(text)}. Ask for"
                " a flat one, and pass its schema as `format`."
            )
        return found
    raise Unparsed(
        f"Expected a JSON object; {problem}: {quoted(text)}. Pass the schema as `format`, and raise"
        " max_tokens if the answer was cut off."
    )


def _depth(value: Any) -> int:
    if not isinstance(value, dict | list):
        return 0
    return 1 + max(map(_depth, value.values() if isinstance(value, dict) else value), default=0)


def rows_schema(key: str, row: dict[str, Any], most: int, *texts: str) -> dict[str, Any]:
    """The JSON schema of an object with a list of rows under `key`, and further texts beside it."""
    rows = {
        "type": "array",
        "maxItems": most,
        "items": {"type": "object", "properties": row, "required": list(row)},
    }
    return {
        "type": "object",
        "properties": {key: rows} | {text: {"type": "string"} for text in texts},
        "required": [key, *texts],
    }


def rows_in(
    text: str, key: str, field: str, most: int
) -> tuple[dict[int, dict[str, Any]], list[str]]:
    """The first `most` rows under `key` with a text in `field`, by position from 1; and what was
    left out, and why.
    """
    try:
        listed = object_in(text).get(key)
    except Unparsed as error:
        return {}, [str(error)]
    if not isinstance(listed, list) or not listed:
        return {}, [f'There is no list of "{key}".']
    left_out = []
    if len(listed) > most:
        left_out.append(f"{len(listed)} {key} are too many; the first {most} are kept.")
    rows = {}
    for number, row in enumerate(listed[:most], 1):
        if isinstance(row, dict) and isinstance(row.get(field), str) and row[field].strip():
            rows[number] = row | {field: row[field].strip()}
        else:
            left_out.append(f"Number {number} of the {key} has no {field} and is left out.")
    return rows, left_out


# Messages


def quoted(value: object) -> str:
    """A value as Python writes it, its middle left out where it is long: for messages."""
    try:
        text = value if isinstance(value, str) else repr(value)
    except (ValueError, RecursionError):  # a number of 5,000 digits; a list in a list in a list ...
        return f"a {type(value).__name__} too large to show"
    cut = text if len(text) <= 120 else f"{text[:60]} ... {text[-50:]}"
    return repr(cut) if isinstance(value, str) else cut
