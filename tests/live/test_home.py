"""A take-home cell asks the same way on each engine: Ollama's client, or what stands in for it."""

import asyncio
import json

import pytest
from course import home

import mlkit
from mlkit.ask import Member

pytestmark = pytest.mark.live
SCHEMA = {"type": "object", "properties": {"age": {"type": "integer"}}, "required": ["age"]}


@pytest.mark.parametrize("engine", ["ollama", "embedded"])
def test_a_form_is_kept_and_the_likeliest_tokens_come_along(engine):
    kit = mlkit.connect(engine=engine)
    plain = home.as_dict(Member(kit.cast.small.model, "Answer with yes or no.", max_tokens=16))

    async def asked():
        client = home.client(kit)
        turns = [*plain["messages"], {"role": "user", "content": "A man of 40: is he an adult?"}]
        how = {"model": plain["model"], "think": False, "options": plain["options"]}
        return (
            await client.chat(messages=turns, format=SCHEMA, **how),
            await client.chat(messages=turns, logprobs=True, top_logprobs=20, **how),
        )

    form, word = asyncio.run(asked())
    assert isinstance(json.loads(form["message"]["content"])["age"], int)
    likeliest = word["logprobs"][0]["top_logprobs"]
    assert len(likeliest) == 20 and all(one["logprob"] <= 0 for one in likeliest)
    assert word["message"]["content"].lower().startswith(likeliest[0]["token"].strip().lower())
