"""The pictures that only notebook 01 draws."""

FIGURES: dict = {}
NAMED: dict = {}
SOURCED: dict = {}
