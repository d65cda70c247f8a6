"""A class on one server:  uv run python -m tests.live.classroom [LEARNERS] [SECONDS]

Each learner asks the small model on Ollama for 16 tokens, thinks for a minute on average, and asks
again. Prints how many answers came, how many failed, and how long learners waited, beside what
notebook 10's traffic says of one server with so many questions, and how far the two lie apart.
"""

import asyncio
import sys
import time
from dataclasses import replace
from random import Random
from statistics import mean, median, pstdev, quantiles

from course.lessons.choosing_pictures import wait_within

import mlkit
from mlkit.errors import EngineError

THINK_SECONDS = 60
PAUSE_SECONDS = 2  # before each question of a learner who is alone


async def main(learners: int, lasts_seconds: float) -> None:
    kit = mlkit.connect(cast="solo", engine="ollama")
    member = replace(kit.cast.small, max_tokens=16)
    engine = kit.engine.ask  # past the lanes: each learner has a kit of their own
    drawn, took, failed = Random(1), [], []

    async def ask() -> float:
        number = drawn.randrange(10**5, 10**6)
        started = time.monotonic()
        await engine(member, f"Learner {number}: name a part of a bicycle, and what it is for.")
        return time.monotonic() - started

    async def learn() -> None:
        await asyncio.sleep(drawn.uniform(0, THINK_SECONDS))
        while time.monotonic() < ends:
            try:
                took.append(await ask())
            except EngineError as error:
                failed.append(error)
            thinks = drawn.expovariate(1 / THINK_SECONDS)
            await asyncio.sleep(min(thinks, max(0.0, ends - time.monotonic())))

    await ask()  # loads the model
    alone = []
    for _ in range(20):
        await asyncio.sleep(PAUSE_SECONDS)
        alone.append(await ask())
    service = mean(alone)
    spread = pstdev(alone) / service
    print(f"alone: {service:.2f} s an answer ({min(alone):.2f} to {max(alone):.2f})")
    ends = time.monotonic() + lasts_seconds
    await asyncio.gather(*(learn() for _ in range(learners)))
    offered = (len(took) + len(failed)) / lasts_seconds * service
    *_, p95 = quantiles(took, n=20)
    print(f"{learners} learners, {lasts_seconds:.0f} s: {len(took)} answers, {len(failed)} failed")
    print(f"server busy {offered:.0%}")
    for name, share, measured in (("median", 0.5, median(took)), ("p95", 0.95, p95)):
        predicted = wait_within(share, offered, 1, service, spread) + service
        apart = f"{measured / predicted - 1:+.0%}"
        print(f"{name}: {measured:.2f} s, by the formula {predicted:.2f} s: measured is {apart}")
    for error in failed[:3]:
        print(error)


if __name__ == "__main__":
    numbers = [float(one) for one in sys.argv[1:]] or [40, 300]
    asyncio.run(main(int(numbers[0]), numbers[1]))
