"""A class on one server:  uv run python -m tests.live.classroom [LEARNERS] [SECONDS]

Each learner asks the small model on Ollama for 16 tokens, thinks for a minute on average, and asks
again. Prints how many answers came, how many failed, and how long learners waited, beside what
notebook 10's traffic says of one server with so many questions.
"""

import asyncio
import sys
import time
from dataclasses import replace
from math import log
from random import Random
from statistics import mean, median, quantiles

from course.lessons.choosing_pictures import p95_wait

import mlkit
from mlkit.errors import EngineError

THINK_SECONDS = 60


async def main(learners: int, lasts_seconds: float) -> None:
    kit = mlkit.connect(cast="solo", engine="ollama")
    member = replace(kit.cast.small, max_tokens=16)
    engine = kit.engine.ask  # past the lanes: each learner has a kit of their own
    drawn, took, failed = Random(1), [], []
    ends = time.monotonic() + lasts_seconds

    async def ask(number: int) -> float:
        started = time.monotonic()
        await engine(member, f"Learner {number}: name a part of a bicycle, and what it is for.")
        return time.monotonic() - started

    async def learn(number: int) -> None:
        await asyncio.sleep(drawn.uniform(0, THINK_SECONDS))
        while time.monotonic() < ends:
            try:
                took.append(await ask(drawn.randrange(10**6)))
            except EngineError as error:
                failed.append(error)
            await asyncio.sleep(drawn.expovariate(1 / THINK_SECONDS))

    await ask(0)  # loads the model
    alone = [await ask(number) for number in range(1, 11)]
    service = mean(alone)
    print(f"alone: {service:.2f} s an answer ({min(alone):.2f} to {max(alone):.2f})")
    started = time.monotonic()
    await asyncio.gather(*(learn(number) for number in range(learners)))
    offered = (len(took) + len(failed)) / (time.monotonic() - started) * service
    *_, p95 = quantiles(took, n=20)
    print(f"{learners} learners, {lasts_seconds:.0f} s: {len(took)} answers, {len(failed)} failed")
    waits = max(0.0, log(offered / 0.5) * service / (1 - offered)) if offered < 1 else float("inf")
    print(f"server busy {offered:.0%}; median {median(took):.2f} s, p95 {p95:.2f} s")
    predicted = p95_wait(offered, 1, service)
    print(f"by the formula: median {waits + service:.2f} s, p95 {predicted + service:.2f} s")
    for error in failed[:3]:
        print(error)


if __name__ == "__main__":
    numbers = [float(one) for one in sys.argv[1:]] or [40, 300]
    asyncio.run(main(int(numbers[0]), numbers[1]))
