"""The panels of notebook 03: name and controls -> its sentence, as (state, **settings)."""

SENTENCES: dict = {}
