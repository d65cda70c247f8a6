"""The pictures that only notebook 05 draws."""

FIGURES: dict = {}
NAMED: dict = {}
SOURCED: dict = {}
