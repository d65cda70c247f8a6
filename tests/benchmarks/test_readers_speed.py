"""Twice as much of a model's text takes about twice the time to read, whatever stands in it: 1 MB
that was written to keep a reader busy must not stop a notebook.

Run alone:  uv run pytest -m benchmark -s tests/benchmarks/test_readers_speed.py
"""

import time

import pytest

from mlkit import parsing, tasks, tools
from mlkit.errors import MlkitError
from tests.benchmarks.timing import best_seconds

pytestmark = pytest.mark.benchmark
# Each is close to what some reader looks for, and is repeated.
PIECES = (
    """{ {" {"a": [{"a": {"a":1, {"a":"{ {"k":"v","k": {\\" ":{" {"":{"x
[ " \\ ` ( 9 1,111 9e $ - . *
answer \\boxed é""".split()
    + ["1 ", ".5 ", "the ", "code ", " ", "\n", "x\n", ". a", "{} {x "]
)
BEGINNINGS = ("", "1", '{"a":"', '{"a":[')
RULES = {"mentions": ["bell"], "forbidden": ["x y"], "min_words": 2, "max_words": 9, "lines": 2}
READERS = {
    "object_in": parsing.object_in,
    "rows_in": lambda text: parsing.rows_in(text, "a", "b", 3),
    "number_in": parsing.number_in,
    "label_in": lambda text: parsing.label_in(text, ("code", "math")),
    "plain": parsing.plain,
    "arithmetic": tools.arithmetic,
    "python_expression": tools.python_expression,
    "spoken": tasks.spoken,
    "short_right": lambda text: tasks.short_right(text, {"accept": ["bell"], "reject": ["x"]}),
    "broken_constraints": lambda text: tasks.broken_constraints(text, RULES),
}


@pytest.mark.parametrize("reader", READERS)
def test_twice_the_text_takes_at_most_three_times_as_long(reader: str) -> None:
    def seconds(text: str) -> float:
        def read() -> None:
            try:
                READERS[reader](text)
            except MlkitError:
                pass

        return best_seconds(read, rounds=3)

    started, worst = time.perf_counter(), (0.0, "")
    for piece in PIECES:
        for beginning in BEGINNINGS:
            short, long = (beginning + piece * (size // len(piece)) for size in (50_000, 100_000))
            # What takes under a millisecond is the clock's noise, and no danger at any size.
            ratio = max(seconds(long), 0.001) / max(seconds(short), 0.001)
            worst = max(worst, (ratio, beginning + piece))
    print(
        f"\n{reader:<20} {worst[0]:.1f} x with {worst[1]!r}, {time.perf_counter() - started:.1f} s"
    )
    assert worst[0] <= 3
