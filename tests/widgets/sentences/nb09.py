"""The panels of notebook 09: name and controls -> its sentence, as (state, **settings)."""

SENTENCES: dict = {}
