"""The pictures that only notebook 04 draws."""

from course.lessons import fan_out_pictures as pictures

from tests.pictures import kit, study


def counts():
    right = study("texts").of(["large", "small"]).right.sum(axis=2)
    return {"large": right[:, 0].tolist(), "small": right[:, 1].tolist()}


FIGURES: dict = {
    "04 lanes": lambda: pictures.lanes().figure,
    "04 best of n": lambda: pictures.best_of(counts(), 0.7, kit().source)(2).figure,
    "04 best of n, one": lambda: pictures.best_of(counts(), 0.7, kit().source)(1).figure,
    "04 best of n, all": lambda: pictures.best_of(counts(), 0.7, kit().source)(5).figure,
}
NAMED: dict = {
    "04 best of n": lambda text: pictures.best_of({text: [1, 2]}, 0.7, "here")(2),
}
SOURCED: dict = {
    "04 best of n, source": lambda text: pictures.best_of({"large": [1, 2]}, 0.7, text)(2),
}
