"""What a GGUF weights file says about its model. The format: docs/gguf.md of
github.com/ggml-org/ggml.
"""

import functools
import math
import mmap
import struct
from pathlib import Path
from typing import Any

from mlkit.errors import WeightsError

FORMATS = {
    0: "B",
    1: "b",
    2: "H",
    3: "h",
    4: "I",
    5: "i",
    6: "f",
    7: "?",
    10: "Q",
    11: "q",
    12: "d",
}  # of numbers
TEXT, ARRAY = 8, 9


def context_tokens(file: Path) -> int:
    """The longest context that the model was trained on."""
    info = metadata(file)
    return info[f"{info['general.architecture']}.context_length"]


@functools.cache
def metadata(file: Path) -> dict[str, Any]:
    """The metadata of a GGUF file, as Ollama shows it: None for arrays. Raises WeightsError where
    it is none.
    """
    try:
        with (
            file.open("rb") as stream,
            mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as data,
        ):
            return _Gguf(data).metadata()
    except (OSError, ValueError, KeyError, IndexError, struct.error) as error:
        raise WeightsError(
            f"{file} is damaged or not a GGUF file. Fetch it again with:  uv run mlkit pull"
        ) from error


class _Gguf:
    """Reads a GGUF file from its beginning."""

    def __init__(self, data: mmap.mmap) -> None:
        self._data, self._at = data, 0

    def metadata(self) -> dict[str, Any]:
        if self._data[:4] != b"GGUF":
            raise ValueError("not GGUF")
        self._at = 8  # after the magic number and the version
        tensors, pairs = self._number("Q"), self._number("Q")
        info = {self._text(): self._value(self._number("I")) for _ in range(pairs)}
        info["general.parameter_count"] = sum(self._parameters() for _ in range(tensors))
        hidden = {"general.name", "tokenizer.chat_template"}
        return {key: value for key, value in sorted(info.items()) if key not in hidden}

    def _number(self, form: str) -> Any:
        (value,) = struct.unpack_from(f"<{form}", self._data, self._at)
        self._at += struct.calcsize(form)
        return (
            int(value) if isinstance(value, float) and value.is_integer() else value
        )  # as Go writes them in JSON

    def _text(self) -> str:
        size = self._number("Q")
        self._at += size
        return self._data[self._at - size : self._at].decode()

    def _value(self, kind: int) -> Any:
        if kind == TEXT:
            return self._text()
        return self._skip_array() if kind == ARRAY else self._number(FORMATS[kind])

    def _skip_array(self) -> None:
        kind, count = self._number("I"), self._number("Q")
        if kind != TEXT:
            self._at += count * struct.calcsize(FORMATS[kind])
            return
        size_at, at = struct.Struct("<Q").unpack_from, self._at
        for _ in range(count):  # the vocabulary: 300,000 texts, so no detours
            at += 8 + size_at(self._data, at)[0]
        self._at = at

    def _parameters(self) -> int:
        """The number of parameters in the next tensor."""
        self._text()
        shape = [self._number("Q") for _ in range(self._number("I"))]
        self._number("I"), self._number("Q")  # its type and place
        return math.prod(shape)
