"""The pictures that only notebook 06 draws."""

FIGURES: dict = {}
NAMED: dict = {}
SOURCED: dict = {}
