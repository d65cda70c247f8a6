"""Notebooks are tests: run on the recordings, every cell must print what is stored in it."""

import os
import tempfile
from typing import Any

import pytest
from nbval import plugin
from nbval.plugin import IPyNbCell, IPyNbFile

FIGURES = (
    "image/png",
    "application/vnd.plotly.v1+json",
    "application/vnd.jupyter.widget-view+json",
)

# Kernels work in a folder of their own, gone when this process ends: a decision card that stands
# beside the notebooks is the learner's.
_ELSEWHERE = tempfile.TemporaryDirectory()
_kernel = plugin.RunningKernel
plugin.RunningKernel = lambda name, cwd, **options: _kernel(name, _ELSEWHERE.name, **options)


def pytest_collectstart(collector: pytest.Collector) -> None:
    if isinstance(collector, IPyNbFile):
        if not collector.config.option.nbval_lax:  # stored outputs are of the recordings
            _forget_what_is_set_here()
        # Ours to judge: a picture's bytes may change, but a picture may not vanish.
        collector.skip_compare = tuple(set(collector.skip_compare) - {*FIGURES, "text/html"})


def _forget_what_is_set_here() -> None:
    ours = ("MLKIT_CAST", "MLKIT_LANES", "MLKIT_TIMEOUT_SECONDS")
    for name in [name for name in os.environ if name in ours or name.startswith("BINDER_")]:
        del os.environ[name]
    os.environ["MLKIT_ENGINE"] = "replay"


def pytest_itemcollected(item: pytest.Item) -> None:
    if isinstance(item, IPyNbCell):
        compare = item.compare_outputs
        item.compare_outputs = lambda now, stored, skip_compare=None: compare(
            [_masked(output, pictures=_pictures(stored)) for output in now],
            [_masked(output) for output in stored],
            skip_compare,
        )


def _pictures(outputs: list[Any]) -> bool:
    return any("image/png" in output.get("data", {}) for output in outputs)


def _masked(output: Any, pictures: bool = True) -> Any:
    """The output with one word for any kind of picture; or none, as stored."""
    data = output.get("data", {})
    if not any(mime in data for mime in FIGURES):
        return output
    kept = {mime: value for mime, value in data.items() if mime not in FIGURES}
    masked = output.copy()
    masked["data"] = kept | ({"figure": "shown"} if pictures else {})
    return masked
