"""Who plays which role (casts), and what tokens cost (prices)."""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from math import log
from typing import NamedTuple

from mlkit import paths
from mlkit.ask import Failure, Member
from mlkit.errors import SettingError
from mlkit.ties import highest, lowest
from mlkit.trace import Call


@dataclass(frozen=True)
class Cast:
    """The members that notebooks ask, by role, so that no notebook names a model."""

    name: str
    small: Member  # classifies
    general: Member  # answers most things
    coder: Member  # writes code
    large: Member  # reasons, plans, reviews
    writer: Member  # writes prose

    @property
    def members(self) -> dict[str, Member]:
        return {role: getattr(self, role) for role in ROLES}

    @property
    def models(self) -> list[str]:
        """The different models that must be on this machine or its server."""
        models = dict.fromkeys(member.model for member in self.members.values())
        return [model for model in models if not model.startswith(HOSTED)]


HOSTED = ("claude:", "openai:")  # models that live elsewhere; see engines/hosted.py
ROLES = ("small", "general", "coder", "large", "writer")


def _cast(name: str, *models: str) -> Cast:
    return Cast(
        name, *(Member(model, name=role) for role, model in zip(ROLES, models, strict=True))
    )


CASTS = {
    cast.name: cast
    for cast in (
        _cast("tiny", "qwen2.5-coder:0.5b", *4 * ["qwen2.5-coder:1.5b"]),
        # One model plays all: for Binder, and for laptops with little memory.
        _cast("solo", *5 * ["qwen2.5-coder:0.5b"]),
        # A generation of today, about tiny's size: 1.0 and 2.7 GB (ollama.com/library/qwen3.5).
        _cast("current", "qwen3.5:0.8b", *4 * ["qwen3.5:2b"]),
        _cast(
            "laptop", "qwen2.5:1.5b", "qwen2.5:7b", "qwen2.5-coder:7b", "qwen2.5:14b", "qwen2.5:7b"
        ),
        _cast(
            "workstation",
            "qwen2.5:1.5b",
            "qwen2.5:7b",
            "qwen2.5-coder:7b",
            "qwen2.5:32b",
            "claude:claude-sonnet-5-5",
        ),
    )
}


def cast_named(text: str) -> Cast:
    """One of CASTS by its name, or the cast that a text spells out: "small=MODEL,large=MODEL", and
    any other role of ROLES. Who is not named is played by the large model.

    Raises SettingError. Quotes around it are taken off: some shells keep them.
    """
    text = text.strip().strip("\"'").strip()
    if text in CASTS:
        return CASTS[text]
    pairs = [[part.strip() for part in pair.partition("=")] for pair in text.split(",")]
    playing = {role: model for role, _, model in pairs}
    if problem := _problem(text, pairs):
        raise SettingError(
            f"MLKIT_CAST, --cast or connect() says {text!r}: {problem}; choose one of"
            f' {", ".join(CASTS)}, or name models:  MLKIT_CAST="small=qwen3:1.7b,large=qwen3:8b"'
        )
    large = playing.get("large") or playing["small"]
    name = ",".join(f"{role}={model}" for role, model in playing.items())
    return _cast(name, *(playing.get(role, large) for role in ROLES))


def _problem(text: str, pairs: list[list[str]]) -> str:
    """What is wrong with a cast that is spelled out, or ""."""
    if "=" not in text:
        return f"there is no cast {text!r}"
    roles = [role for role, *_ in pairs]
    for role, _, model in pairs:
        if role not in ROLES:
            return f"there is no role {role!r} among {', '.join(ROLES)}"
        if not model:
            return f"it names no model for {role}"
        if roles.count(role) > 1:
            return f"it names {role} twice"
    return "" if {"small", "large"} & {*roles} else "it names neither small nor large"


class Price(NamedTuple):
    """US dollars per million tokens."""

    prompt: float
    output: float


Prices = Mapping[str, Price]


def list_prices() -> dict[str, Price]:
    """What a host would charge for these models; data/prices.json names source and date."""
    stored = json.loads((paths.data() / "prices.json").read_text())
    return {model: Price(**price) for model, price in stored["dollars_per_million_tokens"].items()}


def cost_dollars(calls: Iterable[Call], prices: Prices) -> float:
    """What the calls would cost at these prices, of models or of members by name. A model without
    one costs what `priced_like` says, a failed call nothing. Raises KeyError where that has no
    price either.
    """
    total = 0.0
    for call in calls:
        if isinstance(call.reply, Failure):
            continue
        model = call.member.model
        price = prices.get(call.member.name) or prices.get(model) or prices[priced_like(model)]
        total += call.reply.prompt_tokens * price.prompt + call.reply.output_tokens * price.output
    return total / 1e6


@cache
def priced_like(model: str) -> str:
    """The listed model whose price a model has: its own, of another Claude the highest, of all
    others that of the listed Qwen nearest in size (the largest, where the name does not tell).
    """
    listed = list_prices()
    if model in listed:
        return model
    if model.startswith("claude:"):
        return highest(
            [one for one in listed if one.startswith("claude:")], lambda one: listed[one].output
        )
    qwens = [one for one in listed if billions(one)]
    if not (size := billions(model)):
        return highest(qwens, billions)
    return lowest(qwens, lambda one: abs(log(billions(one) / size)))


def plain_name(model: str) -> str:
    """A name as Ollama compares it: capitals, "library/" and ":latest" make no difference."""
    name = model.lower().removeprefix("library/")
    return name if ":" in name.rpartition("/")[2] else f"{name}:latest"


def billions(model: str) -> float:
    """How many billion parameters a model's name says that it has; 0 where it says nothing."""
    size = re.search(r"(\d+(?:\.\d+)?)b\b", model, re.IGNORECASE)
    return float(size[1]) if size else 0.0
