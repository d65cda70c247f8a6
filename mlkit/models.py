"""Who plays which role (casts), and what tokens cost (prices)."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from mlkit import paths
from mlkit.ask import Failure, Member
from mlkit.errors import SettingError
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
        """The different models that must be on this machine or its server, in the order of the
        roles.
        """
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


def cast_named(name: str) -> Cast:
    """One of CASTS. Raises SettingError for a name that is none."""
    if name not in CASTS:
        raise SettingError(
            f"there is no cast {name!r}; choose one of {', '.join(CASTS)}:  MLKIT_CAST=tiny"
        )
    return CASTS[name]


class Price(NamedTuple):
    """US dollars per million tokens."""

    prompt: float
    output: float


Prices = Mapping[str, Price]


def list_prices() -> dict[str, Price]:
    """What a hosted server would charge for these models; data/prices.json names source and
    date.
    """
    stored = json.loads((paths.data() / "prices.json").read_text())
    return {model: Price(**price) for model, price in stored["dollars_per_million_tokens"].items()}


def cost_dollars(calls: Iterable[Call], prices: Prices) -> float:
    """What the calls would cost at these prices. Failed calls cost nothing. Raises KeyError for a
    model without price.
    """
    total = 0.0
    for call in calls:
        if isinstance(call.reply, Failure):
            continue
        price = prices[call.member.model]
        total += call.reply.prompt_tokens * price.prompt + call.reply.output_tokens * price.output
    return total / 1e6
