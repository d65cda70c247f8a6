"""The panels of notebook 08: name and controls -> its sentence, as (state, **settings)."""

SENTENCES: dict = {}
