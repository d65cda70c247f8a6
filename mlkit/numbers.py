"""Numbers as people and models write them: read right, or said to be unclear.

A comma before exactly three digits parts thousands where it can ("1,234"), any other one decimals
("1,23"). A point parts decimals ("1.234"), except before a decimal comma ("1.234,5") or where there
are two of it ("1.234.567"). Thousands may also be parted by ', _ or a no-break space. Read, too,
are fractions (½, 1½, 3/4, 1 3/4, \\frac{3}{4}), "12k", "2 million", any minus, and a currency on
either side.
"""

import re
from collections.abc import Iterator
from itertools import islice
from math import isfinite, nan
from unicodedata import numeric

_MOST_NUMBERS = 999  # a text with more of them settles on none
_SPELLINGS = str.maketrans(
    "−－﹣‐‑‒―˗➖⁄٫．٬’\u202f\u2009", "---------/..,'\xa0\xa0", "\u200b\u200e\u200f\ufeff"
)
_SCALES = {"k": 1e3, "thousand": 1e3, "million": 1e6, "billion": 1e9, "trillion": 1e12}
_DIGIT = re.compile("[\\d¼-¾⅐-⅞]")
_SIGNS = re.compile(r"[-+]?(?:[$€£¥₹] ?-?)?\.?\Z")  # what may stand before it
_NUMBER = re.compile(
    r"""(?<!\w) (?P<sign>(?<![)\]])[-+])? (?:[$€£¥₹]\ ?(?P<minus>-)?)?
    (?P<digits>(?:\d++\ )?\d++/\d++|(?:\d++\ ?)?[¼-¾⅐-⅞]
      |(?:\d++(?:[.,'_\xa0]\d++)*+|\.\d++)(?:e[-+]?\d++)?)
    (?:\ ?(?P<scale>k|thousand|million|billion|trillion)s?\b)? (?:\ ?[$€£¥₹])?
    # It goes on, as "12x10", "5^2", "12:30", "3 and a half", "5 is wrong"; "5 m" may be millions.
    (?P<more>[\w^⁻?]|[.,:/]\d|\ [万亿]|\ (?:m|mn|mil|mille|mln|mio|millionen|bn|b|mrd|milliarden?|t
      |тыс|tausend|hundred(?:s|ths)?|thousandths|dozens?|lakhs?|crores?|grand|(?:thousand|million|billion)s?
      |squared|cubed|(?:is|was)\ (?:wrong|false|incorrect)|(?:and\ )?(?:an?\ )?(?:half|thirds?
      |quarters?|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|\w+teen
      |(?:twen|thir|for|fif|six|seven|eigh|nine)ty))\b)?""",
    re.VERBOSE | re.IGNORECASE,
)
# How a number may be written, and which mark parts its decimals. The first that fits is taken.
_FORMS = (
    (re.compile(r"[1-9]\d{0,2}(?:,\d{3})+(?:\.\d+)?"), "."),  # 1,234 and 1,234.5
    (re.compile(r"[1-9]\d{0,2}(?:['_\xa0]\d{3})+(?:\.\d+)?"), "."),  # 1'234.5
    (re.compile(r"[1-9]\d{0,2}(?:['_\xa0]\d{3})+,\d+"), ","),  # 1'234,5
    (re.compile(r"[1-9]\d{0,2}(?:(?:\.\d{3})+,\d+|(?:\.\d{3}){2,})"), ","),  # 1.234,5
    (re.compile(r"\d+,\d+"), ","),  # 1,5
)
# What makes a number unclear that stands right behind it, or, of a minus, behind its dress.
_BLURRED = re.compile(
    r"(?i:[.,/^]|√ ?|(?:[-–—±⁻]|(?:n't|(?<!\w)(?:no|not|never|nicht|keine?|pas|не|any\w* but"
    r"|all but|minus|negative)) (?:be )?)(?:\s|[a-z]*[\\{(\[*\"'`_$€£¥₹])*)\Z"
)
_OPERATORS = ("", "+", "-", "–", "—", "*", "**", "×", "x", "·", "÷", "/", ":", "^", "%")
_FRACTION = re.compile(r"\\[dt]?frac\{(\d+)\}\{(\d+)\}")
_BOXED = re.compile(r"(?:(?<![-–—])[-–—±⁻][\s$(]*)?\\boxed\{(?:[^{}]|\{[^{}]*\})*\}")
# A closing remark is no answer: "Let me know if you need 1 more example!"
_REMARK = re.compile(r"(?i)(?:\A|(?<=[.!?] ))(?:let me know|feel free|would you)[^.!?]*[.!?]?\Z")
_FORMULA = re.compile(r"\\(?!boxed|text|left|right|quad)[a-z]", re.IGNORECASE)


def spelled(text: str) -> str:
    """The text with one sign for each thing: "−5" has a minus, and \\frac{3}{4} is 3/4."""

    def divided(fraction: re.Match[str]) -> str:
        whole = fraction.string[fraction.start() - 1 : fraction.start()]  # of 2\frac{1}{2}
        return f"{' ' if whole.isdigit() else ''}{fraction[1]}/{fraction[2]}"

    return _FRACTION.sub(divided, text.translate(_SPELLINGS))


def places(text: str) -> Iterator[tuple[str, bool]]:
    """Where its number may stand, from wide to narrow; True for what is said to be the answer."""
    before, _, last_line = text.strip().rpartition("\n")
    text = f"{before}\n{_REMARK.sub('', last_line)}".strip()
    yield text, False
    yield "\n".join(_BOXED.findall(text)), True
    answer = re.match(r".*answer\b([^\n]*)", text, re.IGNORECASE | re.DOTALL)
    yield answer[1] if answer else "", True
    last_line = text.rpartition("\n")[2]
    last_sentence = re.split(r"(?<=[.!?])\s", last_line.strip())[-1]
    yield from ((part, False) for part in dict.fromkeys((last_line, last_sentence)) if part != text)


def numbers_in(text: str) -> tuple[set[float], bool]:
    """The different numbers in a text, and whether there are any that cannot be read for sure."""
    found: set[float] = set()
    unclear, end = bool(_FORMULA.search(text)), -1
    for count, match in enumerate(islice(_each(text), _MOST_NUMBERS), 1):
        unclear |= count == _MOST_NUMBERS
        if match is None:
            continue
        start, value = match.start(), _value(match)
        joined = end >= 0 and text[end:start].strip(" ").casefold() in _OPERATORS
        blurred = bool(_BLURRED.search(text, max(start - 24, 0), start))
        if isfinite(value):
            found.add(value)
        unclear |= blurred or joined or not isfinite(value)
        end = match.end()
    return found, unclear


def _each(text: str) -> Iterator[re.Match[str] | None]:
    """What looks like a number, one after the other; None for what does not, as the 4 of "A4"."""
    end = 0
    while digit := _DIGIT.search(text, end):
        start = digit.start()
        signs = _SIGNS.search(text, max(start - 4, end), start)
        at = signs.start() if signs else start
        number = _NUMBER.match(text, at) or _NUMBER.match(text, start)
        yield number
        end = number.end() if number else start + 1


def whole_number(text: str) -> float:
    """The number that the text is, and nothing else; nan where it is none, or unclear."""
    number = _NUMBER.fullmatch(text)
    return _value(number) if number else nan


def _value(number: re.Match[str]) -> float:
    """What a number that was found says; nan where that is unclear."""
    if number["more"] or (number["sign"] and number["minus"]):
        return nan
    value = _size(number["digits"])
    if number["scale"]:
        value = round(value * _SCALES[number["scale"].casefold()], 6)
    return -value if "-" in (number["sign"], number["minus"]) else value


def _size(digits: str) -> float:
    """The value of digits with their marks; nan where they are grouped as no number is."""
    if "/" in digits:
        whole, _, parts = digits.rpartition(" ")
        top, bottom = map(float, parts.split("/"))
        proper = bottom > (top if whole else 0)
        return float(whole or 0) + top / bottom if proper else nan
    if not digits[-1].isdigit():
        return float(digits[:-1] or 0) + numeric(digits[-1])
    for form, point in _FORMS:
        if form.fullmatch(digits):
            return float(re.sub(rf"[^\d{point}]", "", digits).replace(",", "."))
    return float(digits) if re.fullmatch(r"(?:\d+|\d*\.\d+)(?:e[-+]?\d+)?", digits.lower()) else nan
