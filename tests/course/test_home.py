"""A cell to take home shows for how long a live client has been asked; it is asked as ever."""

import asyncio
from dataclasses import replace
from typing import Any

from course import home

from mlkit.kit import connect
from mlkit.progress import Calls


def test_a_live_client_is_asked_as_ever_and_shown_while_it_answers(monkeypatch):
    shown: list[Calls] = []

    class Cell:
        async def __aenter__(self) -> Calls:
            shown.append(Calls())
            return shown[-1]

        async def __aexit__(self, *_: Any) -> None:
            pass

    class Client:
        async def chat(self, **asked: Any) -> dict[str, Any]:
            (call,) = shown[-1]
            assert call.state == "waiting" and call.member.model == "m"
            return asked

    monkeypatch.setattr(home, "shown_in_cell", Cell)
    monkeypatch.setattr("mlkit.engines.ollama.connection", lambda address: Client())
    kit = connect(engine="replay")
    live = replace(kit, engine=replace(kit.engine, kind="ollama"))
    said = asyncio.run(home.client(live).chat("m", [{"role": "user"}], think=False))
    assert said == {"model": "m", "messages": [{"role": "user"}], "think": False}
    assert isinstance(home.client(kit), home.StandIn)  # at once: nothing to show
