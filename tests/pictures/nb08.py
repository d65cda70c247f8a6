"""The pictures that only notebook 08 draws."""

from course.lessons import weighted_ensemble_pictures as pictures

from tests.pictures import kit, study


def _ways(mix, source):
    return pictures.four_ways(study("triage").of(pictures.TEAM, split="test"), mix, source)


FIGURES: dict = {
    "four-ways": lambda: _ways((0.2, 0.2, 0.6), kit().source).figure,
}
NAMED: dict = {}
SOURCED: dict = {
    "four ways, source": lambda text: _ways((1, 1, 1), text),
}
