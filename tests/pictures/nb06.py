"""The pictures that only notebook 06 draws."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any

from course.lessons import planner_executor as lesson

from tests.pictures import kit


@cache
def measured() -> Any:
    with ThreadPoolExecutor() as thread:  # Playwright keeps an event loop running in this one
        return thread.submit(asyncio.run, lesson.measured(kit())).result()


FIGURES: dict = {
    f"planner_executor-{ratio}": lambda ratio=ratio: (
        lesson.chart(measured(), ratio, kit().source).figure
    )
    for ratio in (1, 4.5, 20)
}
NAMED: dict = {}
SOURCED: dict = {"planner-executor": lambda text: lesson.chart(measured(), 4.5, text)}
