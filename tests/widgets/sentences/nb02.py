"""The panels of notebook 02: name and controls -> its sentence, as (state, **settings)."""

SENTENCES: dict = {}
