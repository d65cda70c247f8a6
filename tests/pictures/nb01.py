"""The pictures that only notebook 01 draws."""

from course.lessons import one_model_pictures as pictures

from tests.pictures import study

RIGHT = [True, False, True, True]


def _small_by_kind() -> list[bool]:
    return list(study("desk").of(split="test").column("small by kind") > 0)


FIGURES = {
    "draws": lambda: pictures.draws_chart(_small_by_kind(), "small by kind", "here").figure,
    "examples": lambda: pictures.examples_chart(study("examples"), 4, "here").figure,
}
NAMED = {"draws": lambda text: pictures.draws_chart(RIGHT, text, "here")}
SOURCED = {"draws": lambda text: pictures.draws_chart(RIGHT, "a way", text)}
