"""Numbers: read right however they are written, or refused; never another number."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlkit.errors import Unparsed
from mlkit.numbers import numbers_in
from mlkit.parsing import number_in, plain

READ = {
    "−5": -5,
    "-$5": -5,
    "➖5": -5,
    "36 millimeters": 36,
    "nothing but 36": 36,
    "36 was not in the list": 36,
    "The total is\n\n---\n\n\\boxed{36}": 36,
    "-\u200e5": -5,
    "The answer is 42.\nPlease check the 2 answers above.": 42,
    "It is 42. Let me know if you need 1 more example!": 42,
    "6 x 7 is\n42.\nFeel free to ask 2 more questions": 42,
    "It is 42.\n\nWould you like 3 more?": 42,
    "Would you like it? It is 42.": 42,
    r"We get \boxed{12\text{ km}} for 3 laps.": 12,
    "$-5": -5,
    "x=-3": -3,
    "+5": 5,
    "1,23": 1.23,
    "0,123": 0.123,
    "1,234": 1234,
    "1,234.5": 1234.5,
    "1,000,000": 1e6,
    "1.234": 1.234,
    "1.234,5": 1234.5,
    "1.234.567": 1234567,
    "1234,567": 1234.567,
    "1'234": 1234,
    "1’234,5": 1234.5,
    "1\u202f234": 1234,
    "1_000": 1000,
    "½": 0.5,
    "1½": 1.5,
    "1 ½": 1.5,
    "-½": -0.5,
    "3/4": 0.75,
    "3⁄4": 0.75,
    "1 3/4": 1.75,
    r"\frac{3}{4}": 0.75,
    r"-\dfrac{3}{4}": -0.75,
    r"2\frac{1}{2}": 2.5,
    r"\boxed{42}": 42,
    r"\boxed{\frac{1}{2}}": 0.5,
    r"3 \times 14 is \boxed{42}": 42,
    "12k": 12_000,
    "12K": 12_000,
    "1.5 k": 1500,
    "2 million": 2e6,
    "$1.5 billion": 1.5e9,
    "3 thousand": 3000,
    "€42": 42,
    "42 €": 42,
    "42€": 42,
    "$ 42": 42,
    "£.50": 0.5,
    "¥1,200": 1200,
    "$42$": 42,
    "2e3": 2000,
    ".5": 0.5,
    "٤٢": 42,
    "٣٫٥": 3.5,
    "5%": 5,
    "A4 sheets: 5": 5,
    "<think>7</think>42": 42,
    "7</think>42": 42,
    "<think>7</think>42<think>8": 42,
    "Answer: 12 or 13?\nThe answer: 13": 13,
    **dict.fromkeys(("\u20105", "\u20115", "\u20125", "\u20155", "-\u200b5", "\ufeff-5"), -5),
    "12\u200b": 12,
    "1_000_000": 1e6,
    "12 thousand": 12_000,
    "over 10 miles": 10,
    "5 empty boxes": 5,
    r"\text{5}": 5,
    "**5**": 5,
    "(5)": 5,
    "US$5": 5,
}
REFUSED = (
    *("", "forty-two", "A4", "x10", "<think>42", "12 or 13", "the answer is 12 or 13"),
    *("1,2,3", "1,23,456", "12,34.5", "1.2.3", "1,234,5", "1,000,00", "5 005", "12 000"),
    *("12:30", "12:12", "2024-05-01", "3-5", "10-10", "10–10", "1/2/3", "1/0", "1/2.5", "5'10"),
    *("3 - 3", "3 + 3", "3*3", "3^3", "3 × 3", "10x10", "2π", "√2", r"\sqrt{2}", r"3 \times "),
    *("5m", "5M", "$5 m", "5 bn", "2 dozen", "3 and a half", "5kg", "12kg", "3rd", "5²", "½½"),
    *(
        "- 5",
        "–5",
        "Total: - 5",
        "COVID-19",
        "not 5",
        "it isn't 5",
        "minus 5",
        "negative 5",
        "1e400",
        "9" * 400,
    ),
    *(r"-\$5", r"−\$5", r"-\boxed{5}", r"-\text{5}", "-**5**", "- **5**", "-(5)", "-US$5", "±5"),
    *("-`5`", '-"5"', "–$5", "not **5**", "minus $5", "⁻5", "10⁻⁵", r"3 - \boxed{5}"),
    *("5 Millionen", "5 mln", "$1.5 mil", "5 万", "5 тыс", "5 and half", "5 and a third"),
    *("1,000_000", "1_00", "12 thousand five hundred", "12 thousand and twenty"),
    *("-\xa05", "–\u202f5", r"-$\boxed{5}$", r"-(\boxed{5})", "5 is wrong", "The answer is 5? No"),
    *("It can't be 5", "never 5", "anything but 5", "kein 5", "не 5", "2 dozens", "3 quarters"),
    *("1 thousand million", "5 hundredths", "5 lakhs", "5 Tausend", "5 squared", "√ 16"),
    "Let me know if you need 1 more example!",
    *(r"\frac{x}{2}", r"\frac12", "Answer: 12:30\nin 5 minutes", "Answer: 3-5\nor 2 each"),
)


@pytest.mark.parametrize("text, number", READ.items())
def test_a_number_is_read_right(text, number):
    assert number_in(text) == pytest.approx(number, rel=1e-12)


@pytest.mark.parametrize("text", REFUSED)
def test_a_number_that_is_unclear_is_refused(text):
    with pytest.raises(Unparsed):
        number_in(text)


def test_what_competes_is_named_in_few_words():
    with pytest.raises(Unparsed, match="12, 13 compete"):
        number_in("12 or 13")
    with pytest.raises(Unparsed, match="0, 1, 2, 3, 4, 5, 6, 7, 8 compete") as refused:
        number_in(", ".join(map(str, range(999))))
    assert len(str(refused.value)) < 300


WHOLE = st.integers(0, 10**9)
DECIMALS = st.one_of(st.just(""), st.integers(0, 9999).map(lambda n: f".{n:04}"))
SCALES = ("k", "thousand", "million", "millions", "billion", "trillion")
MINUS = ["-", "−", "\u2010", "\u2011", "\u2012", "\u2015", "-\u200b"]
SIGNS = st.sampled_from(["", "+", *MINUS])
MONEY = st.sampled_from([("", ""), ("$", ""), ("€", ""), ("", " €"), ("", "£")])


def written(number, thousands):
    return f"{number:,}".replace(",", thousands)


@given(WHOLE, DECIMALS, SIGNS, MONEY, st.sampled_from(["", ",", "'", "_", "\xa0"]))
def test_any_way_of_writing_a_number_gives_it_back(whole, decimals, sign, money, thousands):
    text = f"{sign}{money[0]}{written(whole, thousands)}{decimals}{money[1]}"
    number = float(f"{whole}{decimals}") * (-1 if sign in MINUS else 1)
    assert number_in(text) == number_in(f"It is {text}.") == number
    assert thousands == "\xa0" or plain(text) == plain(f"The answer is {text}.") == plain(
        str(number)
    )


@given(WHOLE, st.integers(0, 99), st.sampled_from([".", "'", "\xa0"]))
def test_a_decimal_comma_after_grouped_thousands(whole, cents, thousands):
    assert number_in(f"{written(whole, thousands)},{cents:02}") == float(f"{whole}.{cents:02}")


@given(st.integers(0, 999), st.integers(0, 99), st.integers(1, 99))
def test_fractions_give_their_quotient(whole, top, bottom):
    assert number_in(f"{top}/{bottom}") == number_in(rf"\frac{{{top}}}{{{bottom}}}") == top / bottom
    if top < bottom:
        mixed = whole + top / bottom
        assert number_in(f"{whole} {top}/{bottom}") == pytest.approx(mixed)


MARKUP = st.sampled_from(
    ["", " ", "\\", "(", "[", "*", "**", "`", '"', "$", "US$", r"\$", r"\boxed{", r"\text{", "_"]
)


@given(st.integers(1, 999), st.sampled_from([*MINUS, "–", "—", "±", "⁻"]), MARKUP, MARKUP)
def test_a_minus_is_never_lost_whatever_stands_before_the_digits(number, minus, one, other):
    try:
        assert number_in(f"It is {minus}{one}{other}{number}") == -number
    except Unparsed:
        pass


LETTERS = st.text(st.characters(categories=["L"]), min_size=1, max_size=4)


@given(WHOLE, LETTERS.filter(lambda text: text.casefold() not in SCALES))
def test_letters_that_are_glued_to_a_number_make_it_unclear(number, letters):
    for text in (f"{number}{letters}", f"{letters}{number}"):
        with pytest.raises(Unparsed):
            number_in(text)


@given(WHOLE, WHOLE, st.sampled_from(["+", "-", "−", "–", "*", "×", "x", ":", "^", " - ", " / "]))
def test_two_numbers_with_an_operator_between_them_are_not_one(one, other, operator):
    with pytest.raises(Unparsed):
        number_in(f"{one}{operator}{other}")


@given(st.text(max_size=60))
def test_any_text_gives_a_number_or_unparsed(text):
    try:
        assert abs(number_in(text)) < float("inf")
    except Unparsed:
        pass


@pytest.mark.parametrize(
    ("text", "numbers", "unclear"),
    [
        ("The Shimano 105 costs 60.", {105.0, 60.0}, False),  # "no" is the end of a word
        ("piano 2", {2.0}, False),
        ("no 5", {5.0}, True),
    ],
)
def test_a_denial_is_a_word_of_its_own(text: str, numbers: set[float], unclear: bool) -> None:
    assert numbers_in(text) == (numbers, unclear)
