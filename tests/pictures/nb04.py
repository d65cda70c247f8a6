"""The pictures that only notebook 04 draws."""

FIGURES: dict = {}
NAMED: dict = {}
SOURCED: dict = {}
