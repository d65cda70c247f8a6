"""The pictures that only notebook 03 draws."""

FIGURES: dict = {}
NAMED: dict = {}
SOURCED: dict = {}
