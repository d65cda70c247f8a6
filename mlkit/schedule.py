"""When the calls of a run would start and end on k servers, or on one server for each model."""

from collections.abc import Callable, Hashable, Sequence

from mlkit.ties import lowest
from mlkit.trace import Call


def schedule(
    calls: Sequence[Call],
    servers: int | None = None,
    place: Callable[[Call], Hashable] | None = None,
) -> list[tuple[float, float]]:
    """When each call would start and end, in seconds, if nothing but servers and `after` held it
    up.

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
    shared = [0.0] * servers if servers else []
    placed: dict[Hashable, float] = {}
    times: dict[int, tuple[float, float]] = {}

    def start(call: Call) -> float:
        ready = max((times[before][1] for before in call.after), default=0.0)
        return max(ready, min(shared, default=0.0), placed.get(place(call), 0.0) if place else 0.0)

    waiting = sorted(calls, key=lambda call: call.id)
    while waiting:
        able = [call for call in waiting if call.after <= times.keys()]
        if not able:
            raise ValueError(
                "the calls wait for each other in a circle, or for a call that is not among them"
            )
        first = lowest(able, start)
        begin = start(first)
        end = begin + first.seconds
        times[first.id] = (begin, end)
        if shared:
            shared[lowest(range(len(shared)), shared.__getitem__)] = end
        if place:
            placed[place(first)] = end
        waiting.remove(first)
    return [times[call.id] for call in calls]
