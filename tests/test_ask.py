import asyncio
import inspect

import pytest

from mlkit.ask import Failure, Member, together


def test_a_member_is_named_after_its_model_unless_told():
    assert Member("qwen").name == "qwen"
    assert Member("qwen", name="small").name == "small"


@pytest.mark.parametrize(
    "wrong, word",
    [
        ({"model": ""}, "needs a model"),
        ({"temperature": 2.1}, "from 0"),
        ({"temperature": float("nan")}, "from 0"),
        ({"max_tokens": 0}, "at least 1"),
    ],
)
def test_a_wrong_member_fails_when_it_is_built(wrong, word):
    with pytest.raises(ValueError, match=word):
        Member(**({"model": "m"} | wrong))


async def _give(value, after=0):
    for _ in range(after):
        await asyncio.sleep(0)
    if isinstance(value, Exception):
        raise value
    return value


def test_together_keeps_the_order_and_puts_a_failure_in_place():
    lost = ValueError("lost")
    first, failed, last = asyncio.run(_all(_give(1, after=9), _give(lost), _give(3)))
    assert (first, last) == (1, 3)
    assert isinstance(failed, Failure) and failed.error is lost


async def _all(*awaitables, limit=None):
    return await together(*awaitables, limit=limit)


def test_together_of_nothing_is_nothing():
    assert asyncio.run(_all()) == []


def test_together_runs_at_most_limit_at_a_time():
    running = most = 0

    async def count():
        nonlocal running, most
        running += 1
        most = max(most, running)
        for _ in range(5):
            await asyncio.sleep(0)
        running -= 1

    asyncio.run(_all(*(count() for _ in range(7)), limit=3))
    assert most == 3


def test_without_a_limit_all_run_at_once():
    async def meet():
        arrived = 0
        everyone = asyncio.Event()

        async def guest():
            nonlocal arrived
            arrived += 1
            if arrived == 5:
                everyone.set()
            await everyone.wait()

        async with asyncio.timeout(5):
            return await together(*(guest() for _ in range(5)))

    assert asyncio.run(meet()) == [None] * 5


def test_cancelling_together_cancels_every_branch():
    ended = []

    async def branch(number, started):
        started.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.append(number)

    async def main():
        started = [asyncio.Event() for _ in range(2)]
        waiting = branch(2, asyncio.Event())
        task = asyncio.create_task(
            together(*(branch(n, started[n]) for n in range(2)), waiting, limit=2)
        )
        await asyncio.gather(*(event.wait() for event in started))
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        # Python warns, at some later moment, of a coroutine that is neither awaited nor closed.
        assert inspect.getcoroutinestate(waiting) == inspect.CORO_CLOSED

    asyncio.run(main())
    assert sorted(ended) == [0, 1]
