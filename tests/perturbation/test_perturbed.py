"""Another processor gives other last bits. What we print may not hang on them.

A copy of the kit's data is made in which every recorded vector and probability differs by a
relative 1e-12, and in which the products that make a cosine are added in another order. All
notebooks, the findings and the tests of statistics must say the same on it. (That choices among
probabilities do not hang on the order of adding is in tests/test_ties.py.)
"""

import os
import random
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mlkit import paths
from mlkit.engines.recordings import Recording, load_file, save

pytestmark = pytest.mark.perturbation

SIZE = 1e-12
ON_RECORDINGS = (
    "tests/course/test_claims.py",
    "tests/course/test_studies.py",
    "tests/course/test_systems.py",
    "tests/measure/test_matrix.py",
    "tests/measure/test_stats.py",
    "tests/test_replayed_patterns.py",
)


def perturbed(answer: Any, chance: random.Random, order: list[int]) -> Any:
    """The answer with other last bits, and with its vectors turned round."""
    if isinstance(answer, np.ndarray):
        assert answer.shape[1] == len(order)
        shaken = [[1 + SIZE * chance.uniform(-1, 1) for _ in order] for _ in answer]
        return answer[:, order] * shaken
    return replace(
        answer,
        choices={
            token: share * (1 + SIZE * chance.uniform(-1, 1))
            for token, share in answer.choices.items()
        },
    )


def perturb(folder: Path, seed: int) -> None:
    chance = random.Random(seed)
    order = list(range(896))  # the length of a vector of the small model
    chance.shuffle(order)
    for file in sorted(folder.rglob("*.jsonl")):
        recording = load_file(file)
        answers = {
            asked: perturbed(answer, random.Random(f"{seed} {asked}"), order)
            for asked, answer in recording.answers.items()
        }
        save(file, Recording(recording.header, answers))


@pytest.mark.parametrize("seed", range(2))
def test_all_outputs_are_the_same_on_another_processor(seed, tmp_path):
    root = tmp_path / "kit"
    ignore = shutil.ignore_patterns(".ipynb_checkpoints", "__pycache__")
    for name in ("data", "notebooks", "tests"):
        shutil.copytree(paths.root() / name, root / name, ignore=ignore)
    shutil.copy(paths.root() / "pyproject.toml", root)
    perturb(root / "data/recordings", seed)
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-n",
            "2",
            "--dist",
            "loadfile",
            "--tb=short",
            "notebooks",
            *ON_RECORDINGS,
        ],
        cwd=root,
        env=os.environ | {"MLKIT_ROOT": str(root), "PYTEST_ADDOPTS": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-6000:]
