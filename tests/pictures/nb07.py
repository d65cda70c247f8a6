"""The pictures that only notebook 07 draws."""

FIGURES: dict = {}
NAMED: dict = {}
SOURCED: dict = {}
