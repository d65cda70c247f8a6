"""The panels of notebook 05: name and controls -> its sentence, as (state, **settings)."""

SENTENCES: dict = {}
