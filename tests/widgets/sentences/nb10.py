"""The panels of notebook 10: name and controls -> its sentence, as (state, **settings)."""

SENTENCES: dict = {}
