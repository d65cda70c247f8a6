"""The price list, and the form that an order becomes: the model reads, the program counts.

A form is JSON: {"things": [{"name": "bell", "pieces": 2}], "days": 1, "rule": "school"}. A rule
belongs to a department, and changes the prices of that department's things alone; days count for
things that are rented.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from course.shop.instruction import compact
from mlkit.errors import Unparsed
from mlkit.parsing import object_in, quoted

NO_RULE = "none"
# Dollars, for one piece; a rental's for one day. By department.
PRICES: Mapping[str, Mapping[str, int]] = {
    "repair": {"puncture": 14, "brakes": 20, "gears": 24, "wheel": 28, "tune-up": 80},
    "order": {
        "bell": 9,
        "inner tube": 7,
        "chain": 24,
        "pump": 26,
        "lamp": 22,
        "lock": 30,
        "tyre": 32,
        "helmet": 45,
    },
    "rental": {"city bike": 18, "tandem": 34, "cargo bike": 40, "child seat": 5},
    "refund": {"jacket": 60, "shoes": 72, "gloves": 18, "backpack": 50, "saddle": 44},
    "delivery": {"parcel": 8, "home trainer": 15, "bike": 26},
    "trade": {
        "road bike": 160,
        "mountain bike": 130,
        "touring bike": 110,
        "folding bike": 90,
        "basket": 10,
        "luggage rack": 15,
    },
}
# What a rule makes of a price, by department.
RULES: Mapping[str, Mapping[str, float]] = {
    "repair": {"express": 1.25},
    "order": {"school": 0.8},
    "rental": {"student": 0.75},
    "refund": {"no receipt": 0.8, "after 30 days": 0.5},
    "delivery": {"after 6 pm": 1.5, "over 10 miles": 1.4},
    "trade": {"cash": 0.8},
}
DEPARTMENTS = tuple(PRICES)
_DEPARTMENT = {thing: name for name, prices in PRICES.items() for thing in prices}


def department(thing: str) -> str:
    """Whose a thing is."""
    return _DEPARTMENT[thing]


def catalogue() -> str:
    """What there is: each department's things and rules."""
    return "\n".join(
        f"{name}: {', '.join(PRICES[name])}; rules: {', '.join(RULES[name])}"
        for name in DEPARTMENTS
    )


def form_schema(departments: Iterable[str] = DEPARTMENTS) -> dict[str, Any]:
    """The JSON schema of a form for the things and rules of some departments."""
    names = [thing for name in departments for thing in PRICES[name]]
    rules = [rule for name in departments for rule in RULES[name]]
    thing = {"name": {"enum": names}, "pieces": {"type": "integer"}}
    row = {"type": "object", "properties": thing, "required": list(thing)}
    form = {
        "things": {"type": "array", "items": row, "maxItems": 5},
        "days": {"type": "integer"},
        "rule": {"enum": [NO_RULE, *rules]},
    }
    return {"type": "object", "properties": form, "required": list(form)}


def form(*things: tuple[str, int], days: int = 1, rule: str = NO_RULE) -> str:
    """A form as compact JSON: the things, each with its pieces."""
    rows = [{"name": name, "pieces": pieces} for name, pieces in things]
    return compact({"things": rows, "days": days, "rule": rule})


def dollars(order: Mapping[str, Any]) -> float:
    """What a form comes to. Raises KeyError, TypeError or ValueError for what is no form."""
    total = 0.0
    for row in order["things"]:
        name, pieces, days = row["name"], row["pieces"], order["days"]
        if not all(type(count) is int and 0 < count < 1000 for count in (pieces, days)):
            raise ValueError(f"{pieces} pieces for {days} days")
        whose = department(name)
        factor = RULES[whose].get(order["rule"], 1.0)
        total += PRICES[whose][name] * pieces * (days if whose == "rental" else 1) * factor
    return round(total, 2)


def total_of(text: str) -> str:
    """What the form in a text comes to, in dollars. Raises Unparsed where there is no form."""
    return f"{dollars(_order_in(text)):.12g}"


def _order_in(text: str) -> dict[str, Any]:
    """The form in a text. Raises Unparsed where there is none."""
    order, notes = object_in(text, "things")
    if any("the last is read" in note for note in notes):
        raise Unparsed(f"Expected one form, and these differ: {quoted(text)}. Ask for one only.")
    try:
        dollars(order)
        return order
    except (LookupError, TypeError, ValueError, AttributeError):
        raise Unparsed(
            f"Expected a form of the shop: {quoted(text)}. Show an example of one in the shots."
        ) from None


def fault(text: str) -> str:
    """What is wrong with a form, whatever was wanted, or "": nothing in it, rule or days idle."""
    try:
        order = _order_in(text)
    except Unparsed:
        return "it is not a form of the shop"
    whose = {department(row["name"]) for row in order["things"]}
    if not whose:
        return "there is nothing on it"
    if order["rule"] != NO_RULE and not any(order["rule"] in RULES[name] for name in whose):
        return f"the rule {order['rule']} changes nothing on it"
    if order["days"] > 1 and "rental" not in whose:
        return "it has days, but nothing that is rented"
    return ""


def add_up(forms: Sequence[Mapping[str, Any]], request: str = "") -> dict[str, Any]:
    """One form from several: all things, the most days, the first rule."""
    rules = [form["rule"] for form in forms if form["rule"] != NO_RULE]
    return {
        "things": [thing for form in forms for thing in form["things"]],
        "days": max((form["days"] for form in forms), default=1),
        "rule": rules[0] if rules else NO_RULE,
    }


def joined(texts: Iterable[str]) -> str:
    """The forms in some texts as one, by `add_up`; texts that are no form are left out."""
    return compact(add_up([_order_in(text) for text in texts if not fault(text)]))
