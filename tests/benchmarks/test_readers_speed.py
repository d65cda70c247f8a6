"""1 MB of a model's text is read within .3 s, whatever stands in it: a text that was written to
keep a reader busy must not stop a notebook. A reader that is not linear takes minutes for it.

Run alone:  uv run pytest -m benchmark -s tests/benchmarks/test_readers_speed.py
"""

import time

import pytest

from mlkit import parsing
from mlkit.ask import Member, Reply
from mlkit.errors import MlkitError
from mlkit.measure import graders, tools
from tests.benchmarks.timing import best_seconds

pytestmark = pytest.mark.benchmark
LENGTH, SECONDS = 1_000_000, 0.3
# Each is close to what some reader looks for, and is repeated.
PIECES = (
    r"""{ {" {"a": [{"a": {"a":1, {"a":"{ {"k":"v","k": {\" ":{" {"":{"x [ " \ ` ( 9 1,111 9e $ - .
* answer \boxed \boxed{ \frac{ \frac{1}{ é ½ 1½ 1/ 1_ 1' e1 <think> </think> {"b":1}, "a":[ {"a":1}
数学 不 , + x1""".split()
    + ["1 ", "1 1 ", ".5 ", "the ", "code ", "no code ", "not ", "a ", " ", "\n", "x\n", ". a"]
    + ["{} {x ", "3 x ", "1\xa0", '"a":"\n",']
)
BEGINNINGS = ("", '{"a":"', '{"a":[{"b":"c"},', "1 code ")
LABELS = ("a", "code", "math", "数学")
RULES = {"mentions": ["bell"], "forbidden": ["x y"], "min_words": 2, "max_words": 9, "lines": 2}
READERS = {
    "without_thinking": parsing.without_thinking,
    "object_in": lambda text: parsing.object_in(text, "a"),
    "rows_in": lambda text: parsing.rows_in(text, "a", "b", 3),
    "number_in": parsing.number_in,
    "label_in": lambda text: parsing.label_in(text, LABELS),
    "most_likely": lambda text: parsing.most_likely(
        Reply(text, Member("m"), choices={"code": 0.5}), LABELS
    ),
    "plain": parsing.plain,
    "arithmetic": tools.arithmetic,
    "python_expression": tools.python_expression,
    "spoken": graders.spoken,
    "short_right": lambda text: graders.short_right(text, {"accept": ["bell"], "reject": ["x"]}),
    "broken_constraints": lambda text: graders.broken_constraints(text, RULES),
}


@pytest.mark.parametrize("reader", READERS)
def test_a_megabyte_is_read_at_once(reader: str) -> None:
    def seconds(text: str) -> float:
        def read() -> None:
            try:
                READERS[reader](text)
            except MlkitError:
                pass

        found = best_seconds(read, rounds=1)
        # Measured again where it is slow: what else runs here may have had its share.
        return found if found < SECONDS / 2 else min(found, best_seconds(read, rounds=2))

    started, worst = time.perf_counter(), (0.0, "")
    for piece in PIECES:
        for beginning in BEGINNINGS:
            text = beginning + piece * (LENGTH // len(piece))
            worst = max(worst, (seconds(text), beginning + piece))
    print(
        f"\n{reader:<20} {worst[0]:.3f} s with {worst[1]!r}, {time.perf_counter() - started:.0f} s"
    )
    assert worst[0] < SECONDS
