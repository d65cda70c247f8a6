"""What can go wrong, as one tree. Each message says what happened, and ends with what to type."""

import os
import shutil

from mlkit.escaped import printable


def typed(command: str) -> str:
    """A command of mlkit as one types it here: "uv run mlkit pull", or without uv."""
    return f"{'uv run mlkit' if shutil.which('uv') else 'python -m mlkit'} {command}"


def keyless(error: Exception) -> str:
    """What a server says went wrong, cut short, without our keys in it."""
    said = str(getattr(error, "error", "") or getattr(error, "message", error))
    for name in ("OLLAMA_API_KEY", "ANTHROPIC_API_KEY", "OPENAI_API_KEY"):
        key = os.environ.get(name, "").strip()
        if len(key) >= 8:  # a shorter one is no secret, and may be a word of the message
            said = said.replace(key, "***")
    return said[:200]


def quoted(value: object) -> str:
    """A value as Python writes it, its middle left out where it is long: for messages."""
    try:
        text = value if isinstance(value, str) else repr(value)
    except (ValueError, RecursionError):  # a number of 5,000 digits; a list in a list in a list ...
        return f"a {type(value).__name__} too large to show"
    cut = text if len(text) <= 120 else f"{text[:60]} ... {text[-50:]}"
    return repr(cut) if isinstance(value, str) else cut


class MlkitError(Exception):
    """The root of the tree. In a notebook it shows as one line, not as a traceback."""

    def _render_traceback_(self) -> list[str]:  # the hook IPython asks before it draws a traceback
        return [f"{type(self).__name__}: {printable(str(self))}"]


class SettingError(MlkitError, ValueError):
    """A variable such as MLKIT_LANES, or an argument, says what cannot be meant."""


class WriteError(MlkitError):
    """Something could not be written where it belongs."""


class EngineError(MlkitError):
    """A model engine could not answer."""


class EngineUnreachable(EngineError):
    """Nothing answers at the engine's address, or it went away in the middle of an answer."""


class EngineTimeout(EngineError):
    """The engine took longer than the timeout."""


class EngineBusy(EngineError):
    """The engine refused the call because too many are waiting already."""


class ModelMissing(EngineError):
    """The engine answers, but does not have this model. `qwens` are those it has, small first."""

    def __init__(self, message: str, qwens: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.qwens = qwens


class BadPrompt(MlkitError, ValueError):
    """A prompt that no engine can answer faithfully: empty, too long, or not text."""


class Unparsed(MlkitError, ValueError):
    """A model's text did not hold what was asked for (a label, a number, an object)."""


class RecordingError(MlkitError):
    """A recording is missing, damaged, or in use."""


class NotRecorded(RecordingError):
    """A question that no recording answers."""


class WeightsError(MlkitError):
    """Model weights could not be fetched, or are not the files they should be."""


class ExportError(MlkitError):
    """A chart could not be written as a picture."""
