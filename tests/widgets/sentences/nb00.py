"""The panels of notebook 00: name and controls -> its sentence, as (state, **settings)."""

from typing import Any

from tests.widgets.sentences import Expected, shared, tokens


def machines(state: Any, servers: int) -> Expected:
    return shared(state.names["note"].calls, state, servers)


def host_or_own(state: Any, dollars_per_million: float, dollars_per_hour: float) -> Expected:
    calls = state.names["run"].calls
    seconds = sum(call.reply.prompt_seconds + call.reply.output_seconds for call in calls)
    local = 1000 * seconds * dollars_per_hour / 3600
    hosted = tokens(calls) * dollars_per_million / 1000
    said: Expected = ["local costs no more"]
    if local > hosted * (1 + 1e-9):
        said = ["local costs", local / hosted, "times as much"]
    meet = 3.6 * hosted / seconds
    return [dollars_per_hour, local, 1000, hosted, *said, "they meet", meet]


SENTENCES = {
    "00 servers": machines,
    "00 dollars_per_million, dollars_per_hour": host_or_own,
}
