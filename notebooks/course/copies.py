"""A learner's own copies of the notebooks, outside the clone, so that it can be updated."""

import itertools
import json
import os
from collections.abc import Sequence
from pathlib import Path

from mlkit import edition, paths
from mlkit.errors import SettingError

ROOM = "Take another folder:  MLKIT_COPIES=/another/folder"


def folder() -> Path:
    """Where the copies are: MLKIT_COPIES, else mlkit-notebooks in the user's home."""
    if set_to := os.environ.get("MLKIT_COPIES"):
        return Path(set_to).expanduser().resolve()
    try:
        return Path.home() / "mlkit-notebooks"
    except RuntimeError:
        return paths.cache() / "notebooks"


def make(numbers: Sequence[str] = ()) -> list[Path]:
    """Copy each notebook that has no copy yet; a copy that is there stays as it is. Gives the
    notebook to open: 00, or else the new copies of the notebooks with these numbers, such as "03".
    Raises WriteError where the folder cannot be written, SettingError for an unknown number.
    """
    originals = paths.series()
    place = folder()
    with paths.writing(place, ROOM):
        uncopied = [each for each in originals if not (place / each.name).exists()]
    for original in uncopied:
        _copy(original, place / original.name)
    fresh = [_copy(_named(number, originals), None) for number in numbers]
    # These hold nothing of the learner's: always those of the kit, as files that can be written.
    for file in (paths.notebooks() / "GLOSSARY.md", *(paths.notebooks() / "images").iterdir()):
        if file.is_file():
            paths.write(place / file.relative_to(paths.notebooks()), file.read_bytes(), ROOM)
    return fresh or [place / originals[0].name]


def _named(number: str, originals: Sequence[Path]) -> Path:
    by_number = {original.name.partition("_")[0]: original for original in originals}
    if number.zfill(2) not in by_number:
        raise SettingError(f"There is no notebook {number!r}. Take one of {', '.join(by_number)}.")
    return by_number[number.zfill(2)]


def _copy(original: Path, copy: Path | None) -> Path:
    """Copy a notebook, with the edition that it is of; without `copy`, under the next free name."""
    names = (folder() / f"{original.stem}-{n}.ipynb" for n in itertools.count(2))
    place = copy or next(name for name in names if not name.exists())
    node = edition.read(original)
    for cell in node["cells"]:
        if cell.get("id") == "setup":  # what it says is true of this machine once it has run here
            cell["outputs"], cell["execution_count"] = [], None
    node["metadata"][edition.KEY] = {"notebook": original.stem, "edition": edition.edition(node)}
    return paths.write(place, json.dumps(node, ensure_ascii=False, indent=1) + "\n", ROOM)
