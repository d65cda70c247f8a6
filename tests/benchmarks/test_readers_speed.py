"""Twice as much of a model's text takes about twice the time to read, whatever stands in it: 1 MB
that was written to keep a reader busy must not stop a notebook.

Run alone:  uv run pytest -m benchmark -s tests/benchmarks/test_readers_speed.py
"""

import time

import pytest

from mlkit import parsing
from mlkit.errors import MlkitError
from mlkit.measure import graders, tools
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
    "spoken": graders.spoken,
    "short_right": lambda text: graders.short_right(text, {"accept": ["bell"], "reject": ["x"]}),
    "broken_constraints": lambda text: graders.broken_constraints(text, RULES),
}


@pytest.mark.parametrize("reader", READERS)
def test_twice_the_text_takes_at_most_three_times_as_long(reader: str) -> None:
    def seconds(text: str) -> float:
        def read() -> None:
            try:
                READERS[reader](text)
            except MlkitError:
                pass

        # 10 ms for 50 KB are no danger at 1 MB, and below it the clock's noise decides.
        return max(best_seconds(read, rounds=2), 0.01)

    def ratio(text: str) -> float:
        """Measured again where it is too large: what else runs here may have had its share."""
        twice = text + text
        found = seconds(twice) / seconds(text)
        return found if found <= 3 else min(seconds(twice) / seconds(text) for _ in range(3))

    started, worst = time.perf_counter(), (0.0, "")
    for piece in PIECES:
        for beginning in BEGINNINGS:
            text = beginning + piece * (50_000 // len(piece))
            worst = max(worst, (ratio(text), beginning + piece))
    print(
        f"\n{reader:<20} {worst[0]:.1f} x with {worst[1]!r}, {time.perf_counter() - started:.1f} s"
    )
    assert worst[0] <= 3
