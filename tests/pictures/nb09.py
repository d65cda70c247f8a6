"""The pictures that only notebook 09 draws."""

FIGURES: dict = {}
NAMED: dict = {}
SOURCED: dict = {}
