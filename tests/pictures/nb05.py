"""The pictures that only notebook 05 draws."""

from course.lessons import voting_pictures

from tests.pictures import kit

LADDER = [(0.8, 0.9, 0.2, 0.6), (0.9, 0.5, 0.1, 0.7)]

FIGURES: dict = {
    "similarity": lambda: voting_pictures.similarity(LADDER, 0.9, 0.65, kit().source).figure
}
NAMED: dict = {}
SOURCED: dict = {
    "similarity": lambda text: voting_pictures.similarity(LADDER, 0.9, 0.65, text),
}
