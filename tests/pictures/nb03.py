"""The pictures that only notebook 03 draws."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from course.lessons import router
from course.lessons.router_pictures import threshold_chart

from tests.pictures import kit


def _desk() -> router.Desk:
    with ThreadPoolExecutor() as thread:  # Playwright keeps an event loop running in this one
        return thread.submit(asyncio.run, router.measured(kit())).result()


ITEMS = np.array([(0.5, True, True, False)])
FIGURES = {"threshold": lambda: threshold_chart(*_desk().decided(0.49, "general")).figure}
NAMED = {"threshold, fallback": lambda text: threshold_chart(ITEMS, 0.5, text, 0.5, "here")}
SOURCED = {"threshold": lambda text: threshold_chart(ITEMS, 0.5, "general", 0.5, text)}
