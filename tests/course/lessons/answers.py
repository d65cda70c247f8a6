"""What the tests of several lessons hand in, and how they look at the verdict."""

from mlkit.widgets.lessons import Verdict


def stub(*_: object) -> None: ...


def passes(verdict: Verdict, hint: str) -> None:
    """The hint is in the verdict; only with "Right" the answer is."""
    assert hint in verdict.text and verdict.passed == (hint == "Right")
