"""Read labels, numbers and objects out of what models wrote, and count answers. Tolerant of form,
strict about doubt.
"""

import json
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from mlkit.ask import Failure, Member, Reply
from mlkit.errors import Unparsed
from mlkit.ties import highest

_LEAD_IN = re.compile(r"^(?:so,? |thus,? |therefore,? )?(?:the |my |final )*answer(?: is)?[:=]? ")
_NUMBER = re.compile(
    r"(?<![\w.,])[-+]?\$?(?:(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?|\.\d+)(?:[eE][-+]?\d+)?"
)

_GAP = r"[ \t\n\r]*+"
_STRING = r'"[^"\\\x00-\x1f]*+(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[^"\\\x00-\x1f]*+)*+"'
_VALUE = (
    rf"(?:[{{\[]|{_STRING}|-?(?:Infinity|(?:0|[1-9][0-9]*+)(?:\.[0-9]++)?(?:[eE][-+]?[0-9]++)?)"
    "|NaN|true|false|null)"
)
# What may come next in a JSON object and in a list. It depends on the character before.
_NEXT = {
    "{": re.compile(
        rf"(?<=\{{){_GAP}\}}|(?<=[{{,]){_GAP}{_STRING}{_GAP}:|(?<=:){_GAP}{_VALUE}"
        rf"|(?<![{{,:]){_GAP}[,}}]"
    ),
    "[": re.compile(rf"(?<=\[){_GAP}\]|(?<=[\[,]){_GAP}{_VALUE}|(?<![\[,]){_GAP}[,\]]"),
}
_OPENING = re.compile(rf'\{{(?={_GAP}["}}])')
_DEEPEST = 99  # no answer needs more, and Pythons differ in how deep they can read


class Likely(NamedTuple):
    """The likeliest label. Where the engine gives no probabilities, `measured` is False and the
    label is all there is.
    """

    label: str
    confidence: float  # its probability among the labels, in [0, 1]
    mass: float  # probability that the answer is any of the labels, in [0, 1]
    measured: bool

    @property
    def certainty(self) -> float:
        """The label's probability among everything that the model could have said, in [0, 1]."""
        return self.confidence * self.mass


def label_in(text: str, labels: Collection[str]) -> str:
    """The one label that the text names, in any case. Raises Unparsed where it names none, or more
    than one.
    """
    named = [
        label
        for label in labels
        if re.search(rf"(?<!\w){re.escape(label)}(?!\w)", text, re.IGNORECASE)
    ]
    if len(named) != 1:
        found = f"it names {' and '.join(named)}" if named else "it names none of them"
        raise Unparsed(
            f"Expected one of {', '.join(labels)}; {found}: {quoted(text)}. "
            "Ask for one word only, and show an example of each label."
        )
    return named[0]


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
    competing = (
        f"{', '.join(f'{number:g}' for number in sorted(found)[:9])} compete"
        if found
        else "there is none"
    )
    raise Unparsed(f"Expected one number; {competing}: {quoted(text)}. Ask for the number alone.")


def object_in(text: str) -> dict[str, Any]:
    """The first JSON object in the text, code fences and chatter around it or not. Raises Unparsed
    where there is none.
    """
    read, problem, hopeless = json.JSONDecoder().raw_decode, "there is no '{'", set[int]()
    for start in (match.start() for match in _OPENING.finditer(text)):
        if start not in hopeless:
            if not (unclosed := _unclosed(text, start)):
                with suppress(ValueError):  # a number of more digits than Python reads
                    return read(text, start)[0]
            hopeless.update(unclosed)
    try:
        if "{" in text:
            read(text, text.rindex("{"))
    except ValueError as error:
        problem = str(error)
    raise Unparsed(
        f"Expected a JSON object; {problem}: {quoted(text)}. Pass the schema as `format`, and raise"
        " max_tokens if the answer was cut off."
    )


def _unclosed(text: str, start: int) -> list[int]:
    """Where the brackets stand that are open when the object from `start` on stops being JSON; none
    if it never does.

    From none of them can an object be read: to know it keeps `object_in` from reading a long text
    again for each brace. Raises Unparsed where too many are open.
    """
    opened, place = [start], start + 1
    while opened and (part := _NEXT[text[opened[-1]]].match(text, place)):
        place = part.end()
        if text[place - 1] in "{[":
            opened.append(place - 1)
        elif text[place - 1] in "}]":
            opened.pop()
        if len(opened) > _DEEPEST:
            raise Unparsed(
                f"Expected a JSON object; it is more than {_DEEPEST} deep: {quoted(text)}. Ask for"
                " a flat one, and pass its schema as `format`."
            )
    return opened


def most_likely(reply: Reply, labels: Collection[str]) -> Likely:
    """The likeliest of the labels, judged by the first token of the answer.

    Raises ValueError where a likely first token begins two of the labels, because it cannot tell
    them apart, and Unparsed where the answer names no label and no probability says otherwise.
    """
    if not reply.choices:
        return Likely(label_in(reply.text, labels), 1.0, 1.0, measured=False)
    shares = dict.fromkeys(labels, 0.0)
    for token, probability in reply.choices.items():
        begun = [
            label
            for label in labels
            if token.strip() and label.lower().startswith(token.strip().lower())
        ]
        if len(begun) > 1 and probability > 0.05:
            raise ValueError(
                f"labels {' and '.join(begun)} both begin with the token {token!r}; rename one of"
                " them"
            )
        if len(begun) == 1:
            shares[begun[0]] += probability
    mass = sum(shares.values())
    if not mass:
        raise Unparsed(
            f"Expected one of {', '.join(labels)}; none is among the likeliest first words: "
            f"{quoted(reply.text)}. Ask for one word only, and show an example of each label."
        )
    label = highest(shares, shares.__getitem__)
    return Likely(label, shares[label] / mass, min(mass, 1.0), measured=True)


def likeliest(reply: Reply, labels: Collection[str]) -> Likely:
    """How a router reads its classifier: as `most_likely`, and a Likely without label where the
    answer names none.
    """
    try:
        return most_likely(reply, labels)
    except Unparsed:
        return Likely("", 0.0, 0.0, measured=bool(reply.choices))


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
    left_out = (
        [f"{len(listed)} {key} are too many; the first {most} are kept."]
        if len(listed) > most
        else []
    )
    rows = {}
    for number, row in enumerate(listed[:most], 1):
        if isinstance(row, dict) and isinstance(row.get(field), str) and row[field].strip():
            rows[number] = row | {field: row[field].strip()}
        else:
            left_out.append(f"Number {number} of the {key} has no {field} and is left out.")
    return rows, left_out


def plain(text: str) -> str:
    """The answer in a form that can be counted: "42", "$42.00." and "The answer is 42" become the
    same.
    """
    words = _LEAD_IN.sub("", " ".join(text.casefold().split())).strip(" .,;:!?\"'`*")
    return f"{float(re.sub(r'[$,]', '', words)):.12g}" if _NUMBER.fullmatch(words) else words


def answer_in(reply: Reply | Failure, normalise: Callable[[str], str]) -> str | None:
    """What a member answered, in a form that can be counted; None where nothing came, or nothing
    that can be read.
    """
    try:
        return normalise(reply.text) or None if isinstance(reply, Reply) else None
    except Unparsed:
        return None


@dataclass(frozen=True)
class Vote:
    """How a vote went. `winner` is None where nobody answered."""

    winner: str | None
    count: int  # votes for the winner
    of: int  # members asked, failed ones too
    tie: bool  # True where others had as many votes, and the first member's answer won
    tally: dict[str, int]


def vote(answers: Sequence[str | None]) -> Vote:
    """Count the answers; the most common wins, the first given among equals. None is a member that
    did not answer.
    """
    tally = dict(Counter(answer for answer in answers if answer is not None))
    count = max(tally.values(), default=0)
    leaders = [answer for answer in tally if tally[answer] == count]
    return Vote(leaders[0] if leaders else None, count, len(answers), len(leaders) > 1, tally)


def nothing_usable(replies: Iterable[Reply | Failure]) -> Exception:
    """The error for when no member gave an answer that counts: the first failure's own, where there
    is one.
    """
    errors = [reply.error for reply in replies if isinstance(reply, Failure)]
    texts = ", ".join(quoted(reply.text) for reply in replies if isinstance(reply, Reply))
    return (
        errors[0]
        if errors
        else Unparsed(
            f"No member gave an answer that counts: {texts}. Show an example of an "
            "answer in the members' shots."
        )
    )


def check_members(members: Sequence[Member]) -> None:
    """Raise ValueError where there are no members, or where two would always answer the same."""
    if not members:
        raise ValueError(
            "there are no members; give at least one, for example Member('qwen2.5-coder:0.5b')"
        )
    if len({replace(member, name="same") for member in members}) < len(members):
        raise ValueError(
            "two members are the same, so they would agree whatever is asked; give each its own"
            " model, system message, shots, or seed with a temperature above 0"
        )


def quoted(value: object) -> str:
    """A value as Python writes it, its middle left out where it is long: for messages."""
    try:
        text = value if isinstance(value, str) else repr(value)
    except (ValueError, RecursionError):  # a number of 5,000 digits; a list in a list in a list ...
        return f"a {type(value).__name__} too large to show"
    cut = text if len(text) <= 120 else f"{text[:60]} ... {text[-50:]}"
    return repr(cut) if isinstance(value, str) else cut
