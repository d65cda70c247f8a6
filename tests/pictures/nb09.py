"""The pictures that only notebook 09 draws."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

from course.lessons import consensus_ensemble_pictures as pictures

from tests.pictures import kit


def _threshold(voters, guess, source):
    with ThreadPoolExecutor() as thread:  # Playwright keeps an event loop running in this one
        found = thread.submit(asyncio.run, pictures.measured(kit())).result()
    return pictures.threshold_chart(found, guess, source, 0.7, voters)


FIGURES: dict = {
    "thresholds": lambda: _threshold(3, None, kit().source).figure,
    "thresholds, guess": lambda: _threshold(5, 75, kit().source).figure,
}
NAMED: dict = {}
SOURCED: dict = {"thresholds, source": lambda text: _threshold(3, None, text)}
