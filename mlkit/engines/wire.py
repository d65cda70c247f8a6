"""How Ollama speaks: what it takes, how it refuses, and how it describes models and answers
(version 0.24).
"""

import json
import re
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from mlkit.engines import gguf, weights
from mlkit.errors import WeightsError

JSON = dict[str, Any]

NEVER = "9999-12-31T23:59:59Z"
TEMPLATE = """{{- range .Messages }}<|im_start|>{{ .Role }}
{{ .Content }}<|im_end|>
{{ end }}<|im_start|>assistant
"""
# Ollama's names of options, the types it wants, llama.cpp's names, and Ollama's defaults
# (api/types.go), always sent because llama.cpp has others. An option that is not listed is ignored,
# as Ollama ignores it.
OPTIONS: Mapping[str, tuple[str, str, Any]] = {
    "num_ctx": ("integer", "num_ctx", 4096),
    "num_predict": ("integer", "n_predict", -1),
    "stop": ("array", "stop", []),
    "temperature": ("float32", "temperature", 0.8),
    "seed": ("integer", "seed", -1),
    "top_k": ("integer", "top_k", 40),
    "top_p": ("float32", "top_p", 0.9),
    "min_p": ("float32", "min_p", 0.0),
    "typical_p": ("float32", "typical_p", 1.0),
    "repeat_last_n": ("integer", "repeat_last_n", 64),
    "repeat_penalty": ("float32", "repeat_penalty", 1.1),
    "presence_penalty": ("float32", "presence_penalty", 0.0),
    "frequency_penalty": ("float32", "frequency_penalty", 0.0),
}
# Go's types, as they stand in the messages about malformed bodies.
GO_TYPES = {
    dict: "object",
    list: "array",
    str: "string",
    bool: "bool",
    int: "number",
    float: "number",
}
FIELDS: Mapping[str, tuple[type, str]] = {
    "model": (str, "string"),
    "messages": (list, "[]api.Message"),
    "options": (dict, "map[string]interface {}"),
    "stream": (bool, "bool"),
    "logprobs": (bool, "bool"),
    "top_logprobs": (int, "int"),
}
SCHEMA_TYPES = {"object", "array", "string", "number", "integer", "boolean", "null"}
QUANTISATIONS = {
    0: "F32",
    1: "F16",
    2: "Q4_0",
    7: "Q8_0",
    14: "Q4_K_S",
    15: "Q4_K_M",
    17: "Q5_K_M",
    18: "Q6_K",
}


class Refused(Exception):
    """An HTTP error in Ollama's words."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


def body(path: str, raw: bytes) -> JSON:
    """A request's body, checked. Raises Refused (400)."""
    if not raw.strip():
        raise Refused(400, "missing request body")
    kind = f"{path.rpartition('/')[2].title()}Request"
    try:
        found = json.loads(raw)
        _check_type(found, dict, "value", f"api.{kind}")
        for name, (wanted, go_name) in FIELDS.items():
            _check_type(found.get(name), wanted, f"struct field {kind}.{name}", go_name)
        for message in found.get("messages") or []:
            _check_type(message, dict, f"struct field {kind}.messages", "api.Alias")
            for name in ("role", "content"):
                _check_type(
                    message.get(name), str, f"struct field {kind}.messages.{name}", "string"
                )
        _check_texts(found)
    except (ValueError, RecursionError) as error:
        raise Refused(400, f"invalid JSON: {error}") from error
    return {name: value for name, value in found.items() if value is not None}


def _check_type(value: Any, wanted: type, place: str, go_name: str) -> None:
    if value is not None and type(value) is not wanted:
        raise Refused(
            400, f"json: cannot unmarshal {GO_TYPES[type(value)]} into Go {place} of type {go_name}"
        )


def _check_texts(value: Any) -> None:
    """No NUL (C ends a text there) and no half of a surrogate pair (it is no character): Ollama
    would alter them.
    """
    if isinstance(value, str):
        if "\0" in value or re.search("[\ud800-\udfff]", value):
            raise Refused(
                400, "text holds a NUL or a lone surrogate, which is no character; remove it"
            )
    elif isinstance(value, dict):
        _check_texts([*value, *value.values()])
    elif isinstance(value, list):
        for part in value:
            _check_texts(part)


def check_chat(request: JSON) -> None:
    """What Ollama refuses in a chat before it looks for the model."""
    name = request.get("model")
    if not 0 <= request.get("top_logprobs", 0) <= 20:
        raise Refused(400, "top_logprobs must be between 0 and 20")
    if not name:
        raise Refused(400, "model is required")
    if not re.fullmatch(r"[\w.:/-]+", name):
        raise Refused(400, "invalid model name")


def texts(request: JSON) -> list[str]:
    """What is to be embedded: one text or many."""
    given = request.get("input", [])
    found = ([given] if given else []) if isinstance(given, str) else given
    if not isinstance(found, list) or not all(isinstance(text, str) for text in found):
        raise Refused(400, "invalid input type")
    return found


def options(request: JSON) -> JSON:
    """Ollama's options under llama.cpp's names, every one of them given."""
    given = request.get("options") or {}
    return {
        name: _option(key, kind, default if given.get(key) is None else given[key])
        for key, (kind, name, default) in OPTIONS.items()
    }


def _option(key: str, kind: str, value: Any) -> Any:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not (isinstance(value, list) if kind == "array" else number):
        raise Refused(500, f'option "{key}" must be of type {kind}')
    if kind == "array" and not all(isinstance(text, str) for text in value):
        raise Refused(500, f'option "{key}" must be of an array of strings')
    if number and not abs(value) < 2**31:  # NaN and infinity as well; a seed has 32 bits
        raise Refused(400, f'option "{key}" is {value}, which is out of range')
    return int(value) if kind == "integer" else value


def question(request: JSON) -> JSON:
    """A chat request as llama.cpp takes it."""
    if request.get("think"):
        raise Refused(400, f'"{request["model"]}" does not support thinking')
    asked = options(request) | {
        "prompt": prompt(request.get("messages", [])),
        "stream": True,
        "return_progress": True,
    }
    asked["n_predict"] = (
        asked["n_predict"] if asked["n_predict"] > 0 else -1
    )  # 0, too, means: no limit
    schema = _schema(request.get("format"))
    asked |= {} if schema is None else {"json_schema": schema}
    return asked | (
        {"n_probs": max(1, request.get("top_logprobs", 0))} if request.get("logprobs") else {}
    )


def prompt(messages: list[JSON]) -> str:
    """Messages as ChatML (TEMPLATE). Neighbours with the same role become one, as in Ollama."""
    turns: list[tuple[str, str]] = []
    for message in messages:
        role, content = message.get("role") or "", message.get("content") or ""
        if turns and turns[-1][0] == role != "tool":
            content = f"{turns.pop()[1]}\n\n{content}"
        turns.append((role, content))
    return (
        "".join(f"<|im_start|>{role}\n{content}<|im_end|>\n" for role, content in turns)
        + "<|im_start|>assistant\n"
    )


def _schema(wanted: Any) -> JSON | None:
    if wanted in (None, ""):
        return None
    if wanted == "json":
        return {"type": "object"}
    if not isinstance(wanted, dict):
        given = json.dumps(json.dumps(wanted))
        raise Refused(
            500, f'invalid format: {given}; expected "json" or a valid JSON Schema object'
        )
    return _closed(wanted)


def _closed(schema: Any) -> Any:
    """A schema whose objects have the named properties only, as Ollama reads it.

    Raises Refused where a type is unknown: llama.cpp would ignore such a schema, and answer without
    one.
    """
    if isinstance(schema, list):
        return [_closed(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    kinds = schema.get("type", [])
    if any(kind not in SCHEMA_TYPES for kind in ([kinds] if isinstance(kinds, str) else kinds)):
        raise Refused(500, "invalid JSON schema in format")
    closed = {key: _closed_part(key, value) for key, value in schema.items()}
    return {"additionalProperties": False} | closed if "properties" in schema else closed


def _closed_part(key: str, value: Any) -> Any:
    if key in ("enum", "const"):
        return value
    if key in ("properties", "$defs", "definitions"):
        return {name: _closed(part) for name, part in value.items()}
    return _closed(value)


def line(chunk: JSON) -> bytes:
    return json.dumps(chunk).encode() + b"\n"


def chunk(request: JSON, content: str, **more: Any) -> JSON:
    """A piece of a chat's answer."""
    return {
        "model": request["model"],
        "created_at": _iso(datetime.now(UTC)),
        "message": {"role": "assistant", "content": content},
    } | more


def piece(item: JSON, body: JSON, started: int, load: int) -> JSON | None:
    """One of llama.cpp's items as Ollama says it; None where it only tells how far the prompt is
    read.
    """
    if "error" in item:
        raise refusal(item["error"])
    choice = item["choices"][0]
    if reason := choice["finish_reason"]:
        return chunk(body, "", done=True, done_reason=reason, **durations(item, started, load))
    odds = logprobs(choice, body.get("top_logprobs", 0)) if body.get("logprobs") else {}
    return chunk(body, choice["text"], done=False, **odds) if choice["text"] or odds else None


def joined(chunks: list[JSON]) -> JSON:
    """A streamed answer as one object."""
    odds = [token for chunk in chunks for token in chunk.get("logprobs", [])]
    text = "".join(chunk["message"]["content"] for chunk in chunks)
    return (
        chunks[-1]
        | {"message": {"role": "assistant", "content": text}}
        | ({"logprobs": odds} if odds else {})
    )


def durations(last: JSON, started: int, load: int) -> JSON:
    """What an answer took, from llama.cpp's last item: nanoseconds, and tokens (of the prompt:
    cached ones, too).
    """
    timings = last["timings"]
    return {
        "total_duration": time.monotonic_ns() - started,
        "load_duration": load,
        "prompt_eval_count": last["usage"]["prompt_tokens"],
        "prompt_eval_duration": int(timings["prompt_ms"] * 1e6),
        "eval_count": timings["predicted_n"],
        "eval_duration": int(timings["predicted_ms"] * 1e6),
    }


def logprobs(choice: JSON, top: int) -> JSON:
    """Log-probabilities (before sampling) of the tokens in an item of llama.cpp. The end of an
    answer is no token.
    """
    tokens = [token for token in (choice["logprobs"] or {}).get("content", []) if token["bytes"]]
    odds = [
        _odds(token)
        | ({"top_logprobs": [_odds(other) for other in token["top_logprobs"][:top]]} if top else {})
        for token in tokens
    ]
    return {"logprobs": odds} if odds else {}


def _odds(token: JSON) -> JSON:
    return {key: token[key] for key in ("token", "logprob", "bytes")}


def refusal(error: JSON) -> Refused:
    """llama.cpp's error in Ollama's words."""
    if error.get("type") == "exceed_context_size_error":
        return Refused(400, "the input length exceeds the context length")
    if "cannot be empty" in error["message"]:
        return Refused(500, "Failed to create new sequence: no input provided")
    return Refused(500, error["message"])


def summary(name: str, file: Path) -> JSON:
    """A model as /api/tags and /api/ps list it."""
    return {
        "name": name,
        "model": name,
        "size": file.stat().st_size,
        "digest": weights.sha256(file),
        "details": _details(file),
    }


def show(file: Path) -> JSON:
    """A model as /api/show describes it, without its tensors."""
    modelfile = f'FROM {file.name}\nTEMPLATE """{TEMPLATE}"""\n'
    return {
        "modelfile": modelfile,
        "template": TEMPLATE,
        "details": _details(file),
        "model_info": _info(file),
        "capabilities": ["completion"],
        "modified_at": modified(file),
    }


def modified(file: Path) -> str:
    return _iso(datetime.fromtimestamp(file.stat().st_mtime, UTC))


def _iso(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")


def _details(file: Path) -> JSON:
    info = _info(file)
    family, count = info["general.architecture"], info["general.parameter_count"]
    size = f"{count / 1e9:.1f}B" if count >= 1e9 else f"{count / 1e6:.2f}M"
    return {
        "parent_model": "",
        "format": "gguf",
        "family": family,
        "families": [family],
        "parameter_size": size,
        "quantization_level": QUANTISATIONS.get(info.get("general.file_type", -1), "unknown"),
    }


def _info(file: Path) -> JSON:
    try:
        return gguf.metadata(file)
    except WeightsError as error:
        raise Refused(500, str(error)) from error
