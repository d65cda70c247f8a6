"""The pictures that only notebook 07 draws."""

from course import timings
from course.lessons import supervisor_worker_pictures as pictures

FIGURES: dict = {
    "workers": lambda: pictures.chart(pictures.timed(timings.load_latency())).figure,
    "workers, longer pieces": lambda: (
        pictures.chart(pictures.timed(timings.load_latency()), 12).figure
    ),
}
NAMED: dict = {}
SOURCED: dict = {
    "workers, source": lambda text: pictures.chart(pictures.Timed(12.0, 4.0, 15.0, text)),
}
