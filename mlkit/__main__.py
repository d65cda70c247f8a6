"""`python -m mlkit` is the same as `mlkit`."""

from mlkit.cli import app

app()
