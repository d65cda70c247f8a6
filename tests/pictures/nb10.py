"""The pictures that only notebook 10 draws."""

FIGURES: dict = {}
NAMED: dict = {}
SOURCED: dict = {}
