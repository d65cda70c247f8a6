"""Which engine answers, and why: Ollama where it runs, else the weights that are here, else the
recordings.
"""

import datetime
import os
import platform
import re
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import httpx
from ollama._client import (
    _parse_host,
)  # how the client itself reads OLLAMA_HOST; it has no public name

from mlkit import paths, wrappers
from mlkit.engines.recordings import Header, Recording, load_folder
from mlkit.errors import EngineError, EngineUnreachable, MlkitError, ModelMissing, SettingError
from mlkit.models import CASTS, Cast, billions

ENGINES = ("auto", "ollama", "embedded", "replay")
_NUMBERS = {"MLKIT_LANES": 1, "MLKIT_TIMEOUT_SECONDS": 300.0}


@dataclass(frozen=True)
class Engine:
    """What answers, and where its answers come from."""

    kind: str  # "ollama", "embedded" or "replay"
    header: Header
    ask: wrappers.Engine
    recording: Recording | None = None  # what replay answers from
    why: str = ""  # where recordings stand in for a live engine: what each of those said
    way_to_live: str = ""  # and what to do about it
    unrecorded: str = ""  # the cast that was asked for, where the shipped recordings stand in
    qwens: tuple[str, ...] = ()  # what Ollama has instead of the cast's models, small ones first

    @property
    def live(self) -> bool:
        return self.kind != "replay"

    @property
    def source(self) -> str:
        """For the footer of a chart."""
        when = "live" if self.live else f"recorded {self.header.date}"
        whose = f" · cast {paths.SHIPPED}: yours has no recordings" if self.unrecorded else ""
        return f"{when} · {self.header.engine} · {self.header.machine}{whose}"


def choose(cast: Cast, engine: str = "auto", timeout_seconds: float = 300.0) -> Engine:
    """The engine to use: one of ENGINES, where "auto" takes the first that can answer.

    Raises an EngineError or RecordingError that says what to type where the one asked for cannot.
    """
    if engine == "replay":
        return _replay(cast)
    makers = {"ollama": _ollama, "embedded": _embedded}
    if engine in makers:
        return makers[engine](cast, timeout_seconds)
    _check(engine)
    failures: list[Exception] = []
    qwens: tuple[str, ...] = ()
    for maker in makers.values():
        try:
            return replace(maker(cast, timeout_seconds), qwens=qwens)
        except (MlkitError, OSError, ImportError) as error:
            failures.append(error)
            if isinstance(error, ModelMissing):
                qwens += error.qwens
    why = "; ".join(str(error).partition(". ")[0] for error in failures)
    way = _way_to_live(cast, failures)
    return replace(_replay(cast), why=why, way_to_live=way, qwens=qwens)


def _way_to_live(cast: Cast, failures: Sequence[Exception]) -> str:
    """What makes a live model answer here, after what the engines said."""
    run = "uv run mlkit" if shutil.which("uv") else "python -m mlkit"
    ways = [
        f"type %env {str(error).rpartition('Set it so: ')[2].strip()} in a cell"
        for error in failures
        if isinstance(error, SettingError)
    ]
    if ways:
        return ways[0]
    if any(isinstance(error, EngineUnreachable) for error in failures):
        ways.append("start Ollama")
    if any(isinstance(error, ModelMissing) for error in failures):
        named = "" if cast.name == "tiny" else f" --cast {_typed(cast)}"
        ways.append(f"type {run} pull{named} in a terminal")
    return ", or ".join(ways or [f"type {run} doctor in a terminal"])


def engine_set() -> str:
    """The engine that MLKIT_ENGINE asks for, or "auto". Raises EngineError for one unknown."""
    return _check(os.environ.get("MLKIT_ENGINE") or "auto")


def _check(engine: str) -> str:
    if engine not in ENGINES:
        raise EngineError(
            f"There is no engine {engine!r}. Take one of {', '.join(ENGINES)}:  MLKIT_ENGINE=auto"
        )
    return engine


def number(variable: str) -> int | float:
    """What MLKIT_LANES or MLKIT_TIMEOUT_SECONDS is set to, or its default where it is not set.
    Raises SettingError where that is no number of lanes or seconds.
    """
    default = _NUMBERS[variable]
    text = os.environ.get(variable, str(default)).strip()
    try:
        value = type(default)(text) if text.isascii() else 0
    except ValueError:
        value = 0
    if not 0 < value <= 1_000_000:
        kind = "a whole number" if isinstance(default, int) else "a number"
        raise SettingError(
            f"{variable} is {text[:40]!r}; it takes {kind} from above 0 to a million. Set it so: "
            f" {variable}={default:g}"
        )
    return value


def host() -> str:
    """Where Ollama is expected, as a URL: OLLAMA_HOST, or this machine. Raises SettingError where
    that is no address.
    """
    text = os.environ.get("OLLAMA_HOST", "").strip()
    try:
        address = _parse_host(text)
        fits = httpx.URL(address).scheme in ("http", "https") and not any(map(str.isspace, text))
    except (ValueError, httpx.InvalidURL):
        fits = False
    if not fits:
        raise SettingError(
            f"OLLAMA_HOST is {text[:80]!r}, which is no address. Set it so: "
            " OLLAMA_HOST=127.0.0.1:11434"
        )
    return address


def server_models() -> tuple[str, dict[str, str]]:
    """The version of the Ollama server, and its models with the digests of their weights.

    Raises EngineUnreachable where nothing that speaks Ollama's language answers.
    """
    version, models = server_tags()
    return version, _digests(models)


def _digests(models: list[dict[str, Any]]) -> dict[str, str]:
    return {model["name"]: model["digest"] for model in models}


def server_tags(timeout_seconds: float = 2.0) -> tuple[str, list[dict[str, Any]]]:
    """The version of the Ollama server, and what it says of its models: name, digest and size in
    bytes, among other things.
    """
    address = host()
    try:
        # With a transport of its own, as it is asked later: past any proxy.
        transport = httpx.HTTPTransport()
        with httpx.Client(base_url=address, transport=transport, timeout=timeout_seconds) as client:
            version = client.get("/api/version").raise_for_status().json()["version"]
            models = client.get("/api/tags").raise_for_status().json()["models"]
        return version, [
            model | {"name": str(model["name"]), "digest": str(model["digest"])} for model in models
        ]
    except (httpx.HTTPError, OSError, ValueError, KeyError, TypeError) as error:
        raise EngineUnreachable(
            f"No Ollama answers at {address} ({type(error).__name__}). Start it with:  ollama serve"
            "   or take another engine:  MLKIT_ENGINE=auto"
        ) from None


def has(model: str, available: Mapping[str, str]) -> bool:
    """Whether a server has the model."""
    return _digest(model, available) is not None


def _digest(model: str, available: Mapping[str, str]) -> str | None:
    """Ollama writes a name without a tag as name:latest, and does not mind capitals."""
    lower = {name.lower(): digest for name, digest in available.items()}
    return lower.get(model.lower(), lower.get(f"{model}:latest".lower()))


def _qwens(models: list[dict[str, Any]]) -> tuple[str, ...]:
    """The Qwens on a server that can chat, the smallest first: by the billions in their names, else
    by their bytes (about 0.6 gigabytes a billion). Those that only stand for a cloud are left out.
    """
    found = [
        (billions(model["name"]) or (model.get("size") or 0) / 0.6e9, model["name"])
        for model in models
        if re.match(r"qwen(?!.*(embed|rerank|cloud))", model["name"], re.IGNORECASE)
    ]
    return tuple(name for _, name in sorted(found))


def _ollama(cast: Cast, timeout_seconds: float) -> Engine:
    from mlkit.engines.ollama import Chat  # here: the client costs more than all else

    version, models = server_tags()
    available = _digests(models)
    missing = [model for model in cast.models if not has(model, available)]
    if missing:
        raise ModelMissing(
            f"The Ollama at {host()} does not have {' and '.join(missing)}. "
            f"Fetch with:  uv run mlkit pull --cast {_typed(cast)}",
            _qwens(models),
        )
    digests = {model: _digest(model, available) or "" for model in cast.models}
    ask = Chat(host(), httpx.AsyncHTTPTransport(), timeout_seconds)
    return Engine("ollama", _header(f"Ollama {version}", digests), ask)


def _embedded(cast: Cast, timeout_seconds: float) -> Engine:
    from mlkit.engines import weights

    missing = weights.missing(cast.models)
    if missing:
        raise ModelMissing(
            f"The weights of {' and '.join(missing)} are not on this machine. "
            f"Fetch with:  uv run mlkit pull --cast {_typed(cast)}"
        )
    import xllamacpp

    from mlkit.engines.embedded import Embedded

    digests = {model: weights.WEIGHTS[model].sha256 for model in cast.models}
    files = {model: weights.path(model) for model in cast.models}
    ask = Embedded(files, timeout_seconds=timeout_seconds)
    return Engine("embedded", _header(f"llama.cpp {xllamacpp.__version__}", digests), ask)


def _replay(cast: Cast) -> Engine:
    shown = paths.recorded(cast.name)
    recording = load_folder(paths.recordings(shown))
    unrecorded = cast.name if shown != cast.name else ""
    ask = wrappers.Replay(recording.answers, recording.missing)
    return Engine("replay", recording.header, ask, recording, unrecorded=unrecorded)


def _typed(cast: Cast) -> str:
    """A cast as it is typed in a shell, where a comma may part words."""
    return cast.name if cast.name in CASTS else f'"{cast.name}"'


def _header(engine: str, digests: Mapping[str, str]) -> Header:
    return Header(engine, dict(digests), machine(), datetime.date.today().isoformat())


def machine() -> str:
    """What kind of machine this is, in words that name nobody: "2 cores, 24 GiB, x86_64, no
    GPU".
    """
    import psutil

    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    gpu = (
        "NVIDIA GPU"
        if shutil.which("nvidia-smi")
        else "Apple GPU"
        if platform.machine() == "arm64"
        else "no GPU"
    )
    return (
        f"{cores} cores, {psutil.virtual_memory().total / 2**30:.0f} GiB, {platform.machine()},"
        f" {gpu}"
    )
