"""The panels of notebook 00: name and controls -> its sentence, as (state, **settings)."""

SENTENCES: dict = {}
