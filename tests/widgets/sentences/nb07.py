"""The panels of notebook 07: name and controls -> its sentence, as (state, **settings)."""

SENTENCES: dict = {}
