"""The pictures that one notebook alone draws, a module for each: FIGURES as they are drawn from the
recordings, for tests/browser/test_gallery.py; NAMED with a text of a model, a person or a path in
the place of a name, and SOURCED with such a text as title or source, for tests/test_escaped.py.
"""

import asyncio
import importlib
import pkgutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any

from course import studies

import mlkit


@cache
def kit() -> Any:
    return mlkit.connect(engine="replay")


@cache
def study(name: str) -> Any:
    with ThreadPoolExecutor() as thread:  # Playwright keeps an event loop running in this one
        return thread.submit(asyncio.run, getattr(studies, name)(kit())).result()


def every(kind: str) -> dict[str, Callable[..., Any]]:
    """FIGURES, NAMED or SOURCED of all notebooks."""
    found: dict[str, Callable[..., Any]] = {}
    for module in pkgutil.iter_modules(__path__):
        found |= getattr(importlib.import_module(f"{__name__}.{module.name}"), kind)
    return found
