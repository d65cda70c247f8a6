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
