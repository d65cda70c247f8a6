"""Where things lie on this machine."""

import os
from pathlib import Path


def root() -> Path:
    """The folder that holds notebooks/ and data/: the clone this package runs from, or
    MLKIT_ROOT.
    """
    return Path(os.environ.get("MLKIT_ROOT") or Path(__file__).resolve().parents[1])


def data() -> Path:
    return root() / "data"


def recordings(cast: str) -> Path:
    return data() / "recordings" / cast


def notebooks() -> Path:
    return root() / "notebooks"


def concept_scores() -> Path:
    """Where a learner's two scores of the concept test are kept: on this machine, and nowhere
    else.
    """
    return Path.home() / ".cache" / "mlkit" / "concept_test.json"
