"""The pictures that only notebook 08 draws."""

FIGURES: dict = {}
NAMED: dict = {}
SOURCED: dict = {}
