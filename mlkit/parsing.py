"""Read labels, numbers and objects in what models wrote: tolerant of form, strict about doubt.

Each reader first drops `<think>...</think>`. What can be read in two ways is Unparsed, not guessed.
"""

import json
import re
from collections.abc import Collection
from itertools import islice
from math import isfinite
from typing import Any, NamedTuple

from mlkit.ask import Reply, without_thinking
from mlkit.errors import Unparsed, quoted
from mlkit.numbers import numbers_in, places, spelled, whole_number
from mlkit.ties import highest, reaches

# The label mass (and the router's certainty) below which no label was meant. On the tasks to fit on
# (routing and triage as recorded) the least certain label has .27, the least mass is .60; the same
# answers read with labels that were never asked for reach .09. This is the middle: sqrt(.09 x .27).
FLOOR = 0.15

# Letters that words are parted by, in scripts that have spaces: no word of Chinese, Japanese, Thai
# or Korean needs a space before or after it.
_LETTER = (
    r"[^\W\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff"
    r"\U00020000-\U0003ffff]|[\u0300-\u036f\u0900-\u0dff]"
)
_NO = (
    r"(?:(?<!\w)(?:no|nope|not|non|nobody|none|never|neither|nor|without|cannot|(?:is|do|ca)nt|nicht"
    r"|keine?[nmrs]?|ohne|pas|aucun|sin|nunca|não|niet|geen|ikke|değil|не|нет|ليس|لا|instead of"
    r"|rather than|other than|except|anything but)(?!\w)|n['’]t\b|[不非没沒无無未≠])"
)
_SENTENCE_ENDS = re.compile("[.;!?\n。；！？]")
# "not a refund", but not "No, a refund"; and "refund? No", "a refund it is not", "refund is wrong"
_DENIED = re.compile(rf"(?!no(?:pe)? ?,){_NO}")
_DENIES = re.compile(
    r"[ ?:=\"'-]{0,9}(?:it )?(?:is|was|are|does|do|did|would|could|should|must|can|ca|ist|est)? ?"
    rf"(?:{_NO}|(?:be )?(?:the )?(?:wrong|false|incorrect|falsch|faux)(?!\w))"
    rf"|[ (–—]{{1,3}}(?:{_NO}|wrong|false)\W{{0,9}}\Z|"  # not "refund (no bill)"
    r"\w{0,3} ?(?:ない|ありません|違|아니|아닙)"
)
_PART = re.compile(r"a[^\S\n]+(?!is\b|was\b)\w|(?<=\w[/&.'’])|\w{1,2}[/&.'’]\w")
_MOST_NAMES = 999  # a text that names labels more often settles on none
_QUOTES = " \"'`*_~«»‹›“”„‘’‚「」『』《》【】"
_DRESS = _QUOTES + "\t\r\n.,;:!?…。，、；：！？"
_LIST_MARK = (  # no minus, no decimals, and no "3. May"
    r"(?:[-–—*•·◦>] (?!\W*[\d¼-¾⅐-⅞])|\(?(?:\d\d?|\w)\) |(?:\d\d?|[a-d])\. (?!\W*[\d¼-¾⅐-⅞]"
    r"|(?:jan\w*|feb\w*|m[aä]r(?:ch|z)?|apr(?:il)?|ma[iy]|ju[nl][eiy]?|aug(?:ust)?|sep\w*ber|sep|o[ck]t"
    r"(?:ober)?|nov(?:ember)?|de[cz](?:ember)?)\b))?"
)
_LEAD_IN = re.compile(
    rf"\A{_LIST_MARK}(?:(?:(?:so|thus|therefore),? )?(?:the |my |final )*answer\**"
    rf"(?: is)?[:=]?\** )?{_LIST_MARK}"
)
_WRAPPED = re.compile(r"(?:\(?(\w)\)|\(([^()\d]+)\)|\[([^\[\]]+)\]|\$*\\boxed\{(.*)\}\$*)\.?")


def label_in(text: str, labels: Collection[str]) -> str:
    """The one label that the text names, in any case and script; of "c" and "c++", the longer.

    Raises Unparsed for none, for several, and for one that is denied ("not a refund").
    """
    said = without_thinking(text).replace("!=", "≠").casefold().strip(_DRESS)
    found = list(islice(naming(labels).finditer(said), _MOST_NAMES))
    doubt = len(found) == _MOST_NAMES or any(map(in_doubt, found))
    names = [label for label in labels if label.casefold() in {named[0] for named in found}]
    if len(names) == 1 and not doubt:
        return names[0]
    problem = f"it names {' and '.join(names) or 'none of them'}"
    problem += ", and denies or blurs it" if doubt else ""
    raise Unparsed(
        f"Expected one of {', '.join(labels)}; {problem}: {quoted(text)}. "
        "Ask for one word only, and show an example of each label."
    )


def naming(labels: Collection[str]) -> re.Pattern[str]:
    """What finds the labels in a casefolded text as whole words; of "c" and "c++", the longer."""
    longest = sorted({label.casefold() for label in labels} - {""}, key=len, reverse=True)
    any_of = "|".join(map(re.escape, longest))
    return re.compile(
        rf"(?<!{_LETTER})(?<!\w[-'’])(?<!\d[.,](?=\d))(?:{any_of})(?!{_LETTER}|-\w|[.,]\d|[+#](?!\w))"
    )


def in_doubt(named: re.Match[str]) -> bool:
    """Whether what was found is denied there, or something else, as the a of "a bell" and "n/a"."""
    said, (start, end) = named.string, named.span()
    before = _SENTENCE_ENDS.split(said[max(start - 99, 0) : start])[-1]
    after = not _DENIED.fullmatch(named[0]) and _DENIES.match(said, end)  # "No, it is not" is a no
    part = end - start < 3 and _PART.match(said, start)
    return bool(_DENIED.search(before) or after or part)


class Likely(NamedTuple):
    """The likeliest label of an answer."""

    label: str  # "" where there is none
    confidence: float  # its probability among the labels, in [0, 1]
    mass: float  # probability that the answer is any of the labels, in [0, 1]
    measured: bool  # False where the engine gave no probabilities: then the label is all there is

    @property
    def certainty(self) -> float:
        """The label's probability among everything that the model could have said, in [0, 1]."""
        return self.confidence * self.mass


def most_likely(reply: Reply, labels: Collection[str]) -> Likely:
    """The likeliest of the labels, judged by the first token of the answer.

    Raises Unparsed where their mass is below FLOOR, where a likely first token begins two of them,
    because it cannot tell them apart, or where there are no probabilities and no label in the text.
    """
    if not reply.choices:
        return Likely(label_in(reply.text, labels), 1.0, 1.0, measured=False)
    shares = label_shares(reply, labels)
    whole = sum(shares.values())
    mass = min(whole, 1.0)
    if not reaches(mass, FLOOR):
        raise Unparsed(
            f"Expected one of {', '.join(labels)}; they have {mass:.0%} of the probability of the"
            f" first word, and below {FLOOR:.0%} none was meant: {quoted(reply.text)}. Ask for one"
            " word only, show an example of each label, and rename two that begin alike."
        )
    label = highest(shares, shares.__getitem__)
    return Likely(label, shares[label] / whole, mass, measured=True)


def most_likely_or_none(reply: Reply, labels: Collection[str]) -> Likely:
    """As `most_likely`; where the answer names no label, one that is "" with certainty 0."""
    try:
        return most_likely(reply, labels)
    except Unparsed:
        mass = min(sum(label_shares(reply, labels).values()), 1.0)
        return Likely("", 0.0, mass, measured=bool(reply.choices))


def label_shares(reply: Reply, labels: Collection[str]) -> dict[str, float]:
    """The probability of the first tokens that begin each label; 0 where that decides nothing."""
    shares = dict.fromkeys(labels, 0.0)
    said = reply.said.casefold().strip(_DRESS)
    named = naming(labels).match(said)
    whole = named[0] if named and not in_doubt(named) else ""
    words = {token: token.casefold().strip(_DRESS) for token in reply.choices}
    taken = max((word for word in words.values() if said.startswith(word)), key=len, default="")
    in_two: list[tuple[float, list[str]]] = []
    for token, probability in reply.choices.items():
        begun = [label for label in labels if _begins(words[token], label.casefold())]
        if taken and words[token] == taken:
            # It goes on in the text: "math" of "mathematics" begins no label.
            cut = [label for label in begun if reply.cut_off and label.casefold().startswith(said)]
            begun = cut or [label for label in begun if label.casefold() == whole]
        if len(begun) == 1:
            shares[begun[0]] += probability
        elif begun and probability > 0.05:
            in_two.append((probability, begun))
    winner = highest(shares, shares.__getitem__)
    for probability, begun in in_two:  # refused only where it could decide
        rivals = [shares[label] for label in begun if label != winner]
        if any(reaches(rival + probability, shares[winner]) for rival in rivals):
            return dict.fromkeys(labels, 0.0)
    return shares


def _begins(word: str, label: str) -> bool:
    """Whether a word is the label or its beginning; an article is the beginning of none."""
    return word == label or (word not in ("", "a", "an", "the", "i") and label.startswith(word))


def number_in(text: str) -> float:
    """The one number in the text, else in \\boxed{}, else after its last "answer", else in its last
    line, else in its last sentence. numbers.py says how it may be written.

    Raises Unparsed where there is none, where two different ones compete ("12 or 13"), and where
    it is unclear which it is ("12:30", "5m", "3 - 3", "- 5", "not 5").
    """
    compete: set[float] = set()
    for part, settles in places(spelled(without_thinking(text))):
        found, unclear = numbers_in(part)
        if len(found) == 1 and not unclear:
            return found.pop()
        compete = found or compete
        if settles and (found or unclear):
            break
    listed = ", ".join(f"{number:g}" for number in sorted(compete)[:9])
    problem = f"{listed} compete" if len(compete) > 1 else "there is none that is clear"
    raise Unparsed(f"Expected one number; {problem}: {quoted(text)}. Ask for the number alone.")


def plain(text: str) -> str:
    """The answer as it is counted: "42", "$42.00." and "The answer is 42" become the same, and so
    do "refund", "- refund", "A) refund" and «refund». Nothing is left out of "A" itself.
    """
    words = " ".join(without_thinking(text).casefold().split()).strip(_QUOTES)
    words = _LEAD_IN.sub("", words).strip(_QUOTES)
    if wrapped := _WRAPPED.fullmatch(words):
        words = "".join(filter(None, wrapped.groups()))
    value = whole_number(spelled(words.rstrip(_DRESS)))
    return f"{value + 0:.12g}" if isfinite(value) else words.strip(_DRESS)


_DEEPEST = 99  # no answer needs more, and Pythons differ in how deep they can read
_MOST_BRACES = 99  # an object begins before; trying each of a million braces would take minutes
_MOST_MENDED = 100_000  # characters
_BREAKS = str.maketrans({"\n": "\\n", "\r": "\\r", "\t": "\\t"})
_STRING = re.compile(r'"(?:[^"\\]++|\\.)*+"?', re.DOTALL)
_COMMA = re.compile(rf"({_STRING.pattern})|,(?=\s*[}}\]])", re.DOTALL)


def object_in(text: str, key: str) -> tuple[dict[str, Any], list[str]]:
    """The JSON object in the text that has the key, of different ones the last; and what was left
    out or repaired for it, a sentence each.

    Raises Unparsed where there is none.
    """
    text = without_thinking(text).strip()
    notes: list[str] = []
    found, problem = _objects(text, key)
    if not found and f'"{key}"' in text and len(text) < _MOST_MENDED:
        body = text[text.find("{") :]
        unbroken = _STRING.sub(lambda string: string[0].translate(_BREAKS), body)
        mended = _COMMA.sub(lambda match: match[1] or "", unbroken)
        found, _ = _objects(mended, key)
        notes += ["A line break inside a text is written out."] if unbroken != body else []
        notes += ["A comma before a closing bracket is left out."] if mended != unbroken else []
    if not found:
        raise Unparsed(
            f"Expected a JSON object; {problem}: {quoted(text)}. Pass the schema as `format`, and"
            " raise max_tokens if the answer was cut off."
        )
    if any(each != found[-1] for each in found):
        notes.append(f'{len(found)} objects have "{key}"; the last is read.')
    elif not (text.startswith("{") and text.endswith("}")):
        notes.append("What stands around the object is left out.")
    return found[-1], notes


def _objects(text: str, key: str) -> tuple[list[dict[str, Any]], str]:
    """The outermost objects with the key, and what is wrong where there are none."""
    found: list[dict[str, Any]] = []
    problem = f'none has "{key}"' if "{" in text else "there is no '{'"
    if f'"{key}"' not in text:
        return found, problem
    end, patience = 0, 2 * len(text)  # how many characters may be read again
    for _ in range(_MOST_BRACES):
        start = text.find("{", end)
        if start < 0 or patience < 0:
            return found, problem
        try:
            value, end = json.JSONDecoder().raw_decode(text, start)
            found += _holders(value, key)
        except ValueError as error:  # no JSON, or a number of more digits than Python reads
            problem, end = str(error), start + 1
            patience -= getattr(error, "pos", len(text)) - start
            if text.find(f'"{key}"', start) > 0:  # so what came before was not the last
                found = []
        except RecursionError:
            return [], f"it is more than {_DEEPEST} deep"
    return [], f"there are more than {_MOST_BRACES} braces"


def _holders(value: Any, key: str, depth: int = 1) -> list[dict[str, Any]]:
    """The outermost objects in a value that have the key. Raises RecursionError below 99 levels."""
    if depth > _DEEPEST:
        raise RecursionError
    values = value.values() if isinstance(value, dict) else value
    inner = [each for each in values if isinstance(each, dict | list)]
    found = [holder for each in inner for holder in _holders(each, key, depth + 1)]
    return [value] if isinstance(value, dict) and key in value else found


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
    left out or repaired, and why. Of a text that was cut off, the whole rows.
    """
    try:
        found, notes = object_in(text, key)
        listed = found[key]
    except Unparsed as error:
        listed = _whole_rows(without_thinking(text), key)
        if not listed:
            return {}, [str(error)]
        notes = [f"It is cut off; the {len(listed)} whole {key} are kept."]
    if not isinstance(listed, list) or not listed:
        return {}, [*notes, f'There is no list of "{key}".']
    if len(listed) > most:
        notes.append(f"{len(listed)} {key} are too many; the first {most} are kept.")
    rows = {}
    for number, row in enumerate(listed[:most], 1):
        if isinstance(row, dict) and isinstance(row.get(field), str) and row[field].strip():
            rows[number] = row | {field: row[field].strip()}
        else:
            notes.append(f"Number {number} of the {key} has no {field} and is left out.")
    return rows, notes


def _whole_rows(text: str, key: str) -> list[dict[str, Any]]:
    """The objects in the last list under a key that ends before it is closed; [] for any other."""
    rows: list[dict[str, Any]] = []
    end = len(text)
    for opened in re.finditer(rf'"{re.escape(key)}"\s*:\s*\[', text):
        end = opened.end()
    while (brace := re.compile(r"[\s,]*\{").match(text, end)) and len(rows) < _MOST_BRACES:
        try:
            row, end = json.JSONDecoder(strict=False).raw_decode(text, brace.end() - 1)
        except (ValueError, RecursionError) as error:
            rest = text[getattr(error, "pos", 0) :]
            return rows if "Unterminated" in str(error) or not re.search('["}\\]]', rest) else []
        rows.append(row)
    return [] if "}" in text[end:] else rows
