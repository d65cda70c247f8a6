"""Another processor gives other last bits. What we print may not hang on them.

A copy of the kit's data is made in which every recorded vector and probability differs by a
relative 1e-12, and in which the products that make a cosine are added in another order. All
notebooks, the findings and the tests of statistics must say the same on it. (That choices among
probabilities do not hang on the order of adding is in tests/test_ties.py.)
"""

import json
import math
import os
import random
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from mlkit import paths
from mlkit.engines.recordings import Exchange, Recording, load_file, save

pytestmark = pytest.mark.perturbation

SIZE = 1e-12
ON_RECORDINGS = ("claims", "measure", "replayed_patterns", "stats", "studies", "systems")


def perturbed(response: dict[str, Any], chance: random.Random, order: list[int]) -> dict[str, Any]:
    """The response with other last bits, and with its vectors turned round."""
    response = json.loads(json.dumps(response))
    if vectors := response.get("embeddings"):
        assert {len(vector) for vector in vectors} == {len(order)}
        response["embeddings"] = [
            [vector[n] * (1 + SIZE * chance.uniform(-1, 1)) for n in order] for vector in vectors
        ]
    for token in response.get("logprobs") or ():
        for choice in token.get("top_logprobs", ()):
            choice["logprob"] += math.log1p(SIZE * chance.uniform(-1, 1))
    return response


def perturb(folder: Path, seed: int) -> None:
    chance = random.Random(seed)
    order = list(range(896))  # the length of a vector of the small model
    chance.shuffle(order)
    for file in sorted(folder.rglob("*.jsonl")):
        recording = load_file(file)
        exchanges = [
            Exchange(
                one.path,
                one.request,
                perturbed(one.response, random.Random(f"{seed} {key}"), order),
            )
            for key, one in recording.exchanges.items()
        ]
        save(file, Recording(recording.header, {one.key: one for one in exchanges}))


@pytest.mark.parametrize("seed", range(3))
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
        ]
        + [f"tests/test_{name}.py" for name in ON_RECORDINGS],
        cwd=root,
        env=os.environ | {"MLKIT_ROOT": str(root), "PYTEST_ADDOPTS": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-6000:]
