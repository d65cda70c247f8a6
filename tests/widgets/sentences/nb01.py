"""The panels of notebook 01: name and controls -> its sentence, as (state, **settings)."""

SENTENCES: dict = {}
