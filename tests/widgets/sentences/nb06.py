"""The panels of notebook 06: name and controls -> its sentence, as (state, **settings)."""

SENTENCES: dict = {}
