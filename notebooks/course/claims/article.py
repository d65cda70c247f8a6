"""The article's second table, by family of patterns; "variable" has no rank."""

CRITERIA = ("cost", "latency", "quality", "complexity")
CLAIMED = {
    "Single": ("lowest", "lowest", "variable", "lowest"),
    "Sequential": ("medium", "high", "high", "medium"),
    "Parallel": ("high", "low", "high", "medium"),
    "Hierarchical": ("high", "high", "highest", "high"),
    "Ensemble": ("highest", "medium", "highest", "highest"),
}
RANKS = {"lowest": 1, "low": 2, "medium": 3, "high": 4, "highest": 5, "variable": None}
UNITS = {"cost": "$ per 1,000", "latency": "seconds", "quality": "points", "complexity": "calls"}
