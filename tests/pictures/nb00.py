"""The pictures that only notebook 00 draws."""

FIGURES: dict = {}
NAMED: dict = {}
SOURCED: dict = {}
