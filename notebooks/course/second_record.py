"""Records the second edition beside the first, until one commit switches:

uv run python -m course.second_record              what there is to record, and how long it takes
uv run python -m course.second_record orders ...   these, one after the other
"""

import sys

from course.record import record_study
from course.second_studies import SECOND
from course.studies import STUDIES
from mlkit import paths
from mlkit.engines import choose
from mlkit.engines.journal import journal_of
from mlkit.engines.recordings import load_file
from mlkit.models import CASTS

FOLDER = paths.recordings("second")
# What the first edition measured and the second measures again, with the sampling of today; then
# what is new. Minutes on two cores, by the pilots.
MINUTES = {
    "order_members": 25,
    "orders": 45,
    "order_variants": 40,
    "order_samples": 20,
    "desk": 15,
    "specialists": 10,
    "routing": 5,
    "triage": 8,
    "samples": 15,
    "examples": 15,
    "judge": 3,
    "free_texts": 20,
    "picking": 10,
    "rewriting": 15,
    "classifiers": 4,
    "own": 15,
}
EVERY = {**STUDIES, **SECOND}


def plan() -> None:
    """What is recorded, and how long the rest takes."""
    left = 0
    for name, minutes in MINUTES.items():
        path = FOLDER / f"{name}.jsonl"
        state = f"about {minutes} minutes"
        if path.is_file():
            answers = load_file(path).answers.values()
            took = sum(getattr(answer, "seconds", 0.0) for answer in answers) / 60
            state = f"{len(answers)} answers, {took:.0f} minutes of work"
        elif journal_of(path).is_file():
            state += ", begun"
        left += 0 if path.is_file() else minutes
        print(f"{name:<16} {state}")
    print(f"left: about {left} minutes")


def main(names: list[str]) -> None:
    """Record these studies, each until it is complete."""
    if not names:
        plan()
        return
    engine = choose.choose(CASTS["tiny"], "ollama")
    for name in names:
        made = record_study(EVERY[name], FOLDER / f"{name}.jsonl", engine, CASTS["tiny"])
        print(f"{name}: {len(made.answers)} answers", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
