"""When the calls of a run would start and end on k servers, or on one server for each model."""

from collections import defaultdict
from collections.abc import Callable, Hashable, Sequence

from mlkit.ties import lowest
from mlkit.trace import Call


def schedule(
    calls: Sequence[Call],
    servers: int | None = None,
    place: Callable[[Call], Hashable] | None = None,
) -> list[tuple[float, float]]:
    """When each call would start and end, in seconds, if only servers and `after` held it up.

    `servers=k`: k servers share the calls. `place`: each call runs on the server it names, for
    example `lambda call: call.member.model` for one machine per model. Neither: as many servers as
    it takes. List scheduling: whichever call can start first does (ties: in the order asked), and
    no server idles while a call is ready, so max(critical path, sum/k) <= end <= sum/k + (1 - 1/k)
    x critical path (Graham 1969).
    """
    if servers is not None and servers < 1:
        raise ValueError(f"servers is {servers}; it takes at least one")
    if servers is not None and place is not None:
        raise ValueError("give servers (shared by all) or place (one for each), not both")
    many = servers or (1 if place else len(calls))
    # When each server is free, by place; without places all servers are at one.
    free: defaultdict[Hashable, list[float]] = defaultdict(lambda: [0.0] * many)
    at = {call.id: free[place(call) if place else ""] for call in calls}
    times: dict[int, tuple[float, float]] = {}

    def start(call: Call) -> float:
        ready = max((times[before][1] for before in call.after), default=0.0)
        return max(ready, min(at[call.id]))

    waiting = sorted(calls, key=lambda call: call.id)
    while waiting:
        able = [call for call in waiting if call.after <= times.keys()]
        if not able:
            raise ValueError(
                "the calls wait for each other in a circle, or for a call that is not among them"
            )
        call = lowest(able, start)
        end = start(call) + call.seconds + getattr(call.reply, "server_queue_seconds", 0.0)
        times[call.id] = (start(call), end)
        at[call.id][lowest(range(many), at[call.id].__getitem__)] = end
        waiting.remove(call)
    return [times[call.id] for call in calls]
