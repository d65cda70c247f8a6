"""An expected error is one line in a notebook, and every error of ours can be caught as one."""

from IPython.core.interactiveshell import InteractiveShell

from mlkit import errors


def test_a_notebook_shows_one_line_and_no_traceback(capsys):
    shell = InteractiveShell()
    shell.run_cell(
        "from mlkit.errors import ModelMissing\nraise ModelMissing('No such model. Type:  uv run"
        " mlkit pull')"
    )
    shown = capsys.readouterr().out.strip()
    assert shown == "ModelMissing: No such model. Type:  uv run mlkit pull"


def test_every_error_is_an_mlkit_error():
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type)]
    assert len(kinds) > 8 and all(issubclass(kind, errors.MlkitError) for kind in kinds)


def test_a_key_is_kept_out_of_a_message_and_a_word_in_the_place_of_one_is_not(monkeypatch):
    monkeypatch.setenv("OLLAMA_API_KEY", "sk-of-our-own")
    monkeypatch.setenv("OPENAI_API_KEY", "ollama")  # as one writes where none is wanted
    said = errors.keyless(ValueError("Bearer sk-of-our-own; see ollama.com"))
    assert said == "Bearer ***; see ollama.com"
