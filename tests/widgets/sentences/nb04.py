"""The panels of notebook 04: name and controls -> its sentence, as (state, **settings)."""

SENTENCES: dict = {}
