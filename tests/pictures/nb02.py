"""The pictures that only notebook 02 draws."""

FIGURES: dict = {}
NAMED: dict = {}
SOURCED: dict = {}
