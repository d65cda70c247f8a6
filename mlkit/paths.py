"""Where things lie on this machine."""

import os
import re
from pathlib import Path

SHIPPED = "tiny"  # the cast whose recordings come with the kit


def root() -> Path:
    """The folder that holds notebooks/ and data/: the clone this package runs from, or
    MLKIT_ROOT.
    """
    return Path(os.environ.get("MLKIT_ROOT") or Path(__file__).resolve().parents[1])


def data() -> Path:
    return root() / "data"


def recordings(cast: str) -> Path:
    """The folder of a cast's recordings, whether it is there or not."""
    return data() / "recordings" / re.sub(r"[^\w.=,-]", "_", cast)


def recorded(cast: str) -> str:
    """The cast whose recordings are shown for this one: its own where there are some, else those
    that come with the kit.
    """
    return cast if any(recordings(cast).glob("*.jsonl")) else SHIPPED


def notebooks() -> Path:
    return root() / "notebooks"


def concept_scores() -> Path:
    """Where a learner's two scores of the concept test are kept: on this machine, and nowhere
    else.
    """
    return Path.home() / ".cache" / "mlkit" / "concept_test.json"
