"""When the calls of a run would start and end on k servers."""

from collections.abc import Sequence

from mlkit.ties import lowest
from mlkit.trace import Call


def schedule(calls: Sequence[Call], servers: int | None = None) -> list[tuple[float, float]]:
    """When each call would start and end, in seconds, if only servers and `after` held it up.

    `servers=k`: k servers share the calls; None: as many servers as it takes. List scheduling:
    whichever call can start first does (ties: in the order asked), and no server idles while a call
    is ready: max(critical path, sum/k) <= end <= sum/k + (1 - 1/k) x critical path (Graham 1969).
    """
    if servers is not None and servers < 1:
        raise ValueError(f"servers is {servers}; it takes at least one")
    free = [0.0] * (servers or len(calls))  # when each server is
    times: dict[int, tuple[float, float]] = {}

    def start(call: Call) -> float:
        ready = max((times[before][1] for before in call.after), default=0.0)
        return max(ready, min(free))

    waiting = sorted(calls, key=lambda call: call.id)
    while waiting:
        able = [call for call in waiting if call.after <= times.keys()]
        if not able:
            raise ValueError(
                "the calls wait for each other in a circle, or for a call that is not among them"
            )
        call = lowest(able, start)
        begin, end = start(call), start(call) + call.seconds
        times[call.id] = (begin, end)
        free[lowest(range(len(free)), free.__getitem__)] = end
        waiting.remove(call)
    return [times[call.id] for call in calls]
