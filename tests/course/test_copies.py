"""A learner's own copies: made once, never written over, and told apart from another edition."""

import json
from pathlib import Path

import pytest
from course import copies

from mlkit import edition, paths
from mlkit.errors import SettingError, WriteError


@pytest.fixture
def home(tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv("MLKIT_COPIES", str(tmp_path / "ü and a space"))
    return tmp_path / "ü and a space"


@pytest.fixture
def clone(tmp_path, monkeypatch) -> Path:
    """A clone of two small notebooks."""
    folder = tmp_path / "clone"
    (folder / "images").mkdir(parents=True)
    (folder / "images" / "00.svg").write_text("<svg/>")
    (folder / "GLOSSARY.md").write_text("# Glossary")
    for name in ("00_start", "03_router"):
        cell = {"cell_type": "code", "source": ["1 + 1"], "outputs": [], "metadata": {}}
        (folder / f"{name}.ipynb").write_text(json.dumps({"cells": [cell], "metadata": {}}))
    monkeypatch.setattr(paths, "notebooks", lambda: folder)
    return folder


def change(notebook: Path, source: str) -> None:
    node = json.loads(notebook.read_text())
    node["cells"][0]["source"] = [source]
    notebook.write_text(json.dumps(node))


def test_all_notebooks_are_copied_with_their_pictures_and_the_glossary(home):
    assert copies.make() == [home / "00_start_here.ipynb"]
    names = {path.name for path in paths.series()}
    assert {path.name for path in home.glob("*.ipynb")} == names
    pictures = {path.name for path in (paths.notebooks() / "images").iterdir()}
    assert {path.name for path in (home / "images").iterdir()} == pictures
    assert (home / "GLOSSARY.md").is_file()
    copied, original = (
        edition.read(at / "00_start_here.ipynb") for at in (home, paths.notebooks())
    )
    # The line of the first cell is about the machine it ran on: a copy has not run yet.
    line = next(cell for cell in original["cells"] if cell["id"] == "setup")
    assert line["outputs"]
    line["outputs"], line["execution_count"] = [], None
    assert copied["cells"] == original["cells"]


def test_a_copy_is_never_written_over(home, clone):
    copies.make()
    change(home / "03_router.ipynb", "mine")
    change(clone / "03_router.ipynb", "of another edition")
    copies.make()
    assert edition.read(home / "03_router.ipynb")["cells"][0]["source"] == ["mine"]


def test_a_fresh_copy_stands_beside_the_old_ones(home, clone):
    copies.make()
    change(home / "03_router.ipynb", "mine")
    assert copies.make(["3"]) == [home / "03_router-2.ipynb"]
    assert copies.make(["03"]) == [home / "03_router-3.ipynb"]
    assert edition.read(home / "03_router-2.ipynb")["cells"][0]["source"] == ["1 + 1"]
    assert edition.read(home / "03_router.ipynb")["cells"][0]["source"] == ["mine"]


def test_pictures_of_a_read_only_clone_can_be_replaced(home, clone):
    for path in (clone / "images" / "00.svg", clone / "images", clone / "GLOSSARY.md"):
        path.chmod(path.stat().st_mode & ~0o222)
    copies.make()
    copied = [home / "images" / "00.svg", home / "images", home / "GLOSSARY.md"]
    assert [path.name for path in copied if not path.stat().st_mode & 0o200] == []
    (clone / "images").chmod(0o755)  # so that it can be thrown away
    (home / "GLOSSARY.md").write_text("of another edition")
    copies.make()
    assert (home / "GLOSSARY.md").read_text() == "# Glossary"


def test_two_folders_in_one_home_are_two_learners_work(tmp_path, monkeypatch, clone):
    ours, theirs = tmp_path / "ours", tmp_path / "theirs"
    for place in (ours, theirs, ours):
        monkeypatch.setenv("MLKIT_COPIES", str(place))
        assert copies.make() == [place / "00_start.ipynb"]
        change(place / "03_router.ipynb", f"of {place.name}")
    assert copies.make(["03"]) == [ours / "03_router-2.ipynb"]
    assert not (theirs / "03_router-2.ipynb").exists()
    change(clone / "03_router.ipynb", "of another edition")
    for place in (ours, theirs):
        assert edition.read(place / "03_router.ipynb")["cells"][0]["source"] == [f"of {place.name}"]
        monkeypatch.setenv("JPY_SESSION_NAME", str(place / "03_router.ipynb"))
        assert "another edition of 03_router" in edition.behind()


def test_a_notebook_that_is_not_there_is_one_line(home, clone):
    with pytest.raises(SettingError, match="no notebook '77'. Take one of 00, 03"):
        copies.make(["77"])


def test_a_folder_that_cannot_be_written_is_one_line(tmp_path, monkeypatch, clone):
    (tmp_path / "file").write_text("a file")
    monkeypatch.setenv("MLKIT_COPIES", str(tmp_path / "file"))
    with pytest.raises(WriteError, match="MLKIT_COPIES=/another/folder"):
        copies.make()


def test_without_a_setting_they_are_in_the_home(tmp_path, monkeypatch):
    monkeypatch.delenv("MLKIT_COPIES", raising=False)
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    assert copies.folder() == tmp_path / "mlkit-notebooks"


class TestEdition:
    def open(self, notebook: Path, monkeypatch) -> str:
        """What the setup line says in a kernel that belongs to this notebook."""
        monkeypatch.setenv("JPY_SESSION_NAME", str(notebook))
        return edition.behind()

    def test_of_the_same_edition_there_is_nothing_to_say(self, home, clone, monkeypatch):
        copies.make()
        change(home / "03_router.ipynb", "what the learner wrote")
        assert self.open(home / "03_router.ipynb", monkeypatch) == ""
        assert self.open(clone / "03_router.ipynb", monkeypatch) == ""

    def test_a_copy_of_another_edition_is_named_with_the_way_to_a_new_one(
        self, home, clone, monkeypatch
    ):
        copies.make()
        change(clone / "03_router.ipynb", "of another edition")
        said = self.open(home / "03_router.ipynb", monkeypatch)
        assert "another edition of 03_router" in said and "mlkit lab --fresh 03" in said
        (fresh,) = copies.make(["03"])
        assert self.open(fresh, monkeypatch) == ""

    def test_on_a_hub_the_way_to_a_new_one_starts_no_second_lab(self, home, clone, monkeypatch):
        monkeypatch.setenv("JUPYTERHUB_USER", "ada")
        copies.make()
        change(clone / "03_router.ipynb", "of another edition")
        said = self.open(home / "03_router.ipynb", monkeypatch)
        assert "mlkit copies --fresh 03" in said and "mlkit lab" not in said

    @pytest.mark.parametrize("text", ["", "{", "[]", '{"metadata": {"mlkit": 3}}'])
    def test_what_is_no_copy_says_nothing(self, tmp_path, monkeypatch, text):
        notebook = tmp_path / "mine.ipynb"
        notebook.write_text(text)
        assert self.open(notebook, monkeypatch) == ""

    def test_without_a_notebook_there_is_nothing_to_say(self, monkeypatch):
        monkeypatch.delenv("JPY_SESSION_NAME", raising=False)
        assert edition.behind() == ""


def test_outputs_do_not_make_another_edition(clone):
    node = edition.read(clone / "00_start.ipynb")
    before = edition.edition(node)
    node["cells"][0]["outputs"] = [{"output_type": "stream", "name": "stdout", "text": "2"}]
    assert edition.edition(node) == before
    node["cells"][0]["source"] = ["1 + 2"]
    assert edition.edition(node) != before
