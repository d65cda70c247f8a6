"""Which engine answers, and why: Ollama where it runs, else weights, else recordings."""

import datetime
import os
import platform
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from mlkit import paths, wrappers
from mlkit.engines.recordings import Header, Recording, load_folder
from mlkit.engines.request import SAMPLING
from mlkit.errors import (
    EngineError,
    EngineUnreachable,
    MlkitError,
    ModelMissing,
    SettingError,
    typed,
)
from mlkit.models import CASTS, Cast

ENGINES = ("auto", "ollama", "embedded", "hosted", "replay")
# Where Linux writes what a container may use, in bytes: cgroups of version 2 and 1.
_CGROUP = Path("/sys/fs/cgroup")
LIMITS = [_CGROUP / "memory.max", _CGROUP / "memory" / "memory.limit_in_bytes"]
_NUMBERS = {"MLKIT_LANES": 1, "MLKIT_TIMEOUT_SECONDS": 300.0}


@dataclass(frozen=True)
class Engine:
    """What answers, and where its answers come from."""

    kind: str  # "ollama", "embedded", "hosted" or "replay"
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
    """The engine to use, of ENGINES: "auto" is the first that can answer. Raises MlkitError."""
    if engine == "replay":
        return _replay(cast)
    makers = {"ollama": _ollama, "embedded": _embedded, "hosted": _hosted}
    if engine != "auto":
        return makers[engine](cast, timeout_seconds)
    failures: list[Exception] = []
    qwens: tuple[str, ...] = ()
    for kind in ("ollama", "embedded") if cast.models else ("hosted",):
        try:
            return replace(makers[kind](cast, timeout_seconds), qwens=qwens)
        except (MlkitError, OSError, ImportError) as error:
            failures.append(error)
            if isinstance(error, ModelMissing):
                qwens += error.qwens
    why = "; ".join(str(error).partition(". ")[0] for error in failures)
    way = _way_to_live(cast, failures)
    return replace(_replay(cast), why=why, way_to_live=way, qwens=qwens)


def _way_to_live(cast: Cast, failures: Sequence[Exception]) -> str:
    """What makes a live model answer here, after what the engines said."""
    kinds = {type(error): error for error in failures}
    if SettingError in kinds:  # its message ends with the line to set
        return f"type %env {str(kinds[SettingError]).rpartition(': ')[2].strip()} in a cell"
    ways = ["start Ollama"] if "ollama serve" in str(kinds.get(EngineUnreachable)) else []
    ways += [f"type {_pull(cast)} in a terminal"] if ModelMissing in kinds else []
    return ", or ".join(ways or [f"type {typed('doctor')} in a terminal"])


def _pull(cast: Cast) -> str:
    """The command that fetches a cast, as it is typed in a shell, where a comma may part words."""
    quoted = cast.name if cast.name in CASTS else f'"{cast.name}"'
    return typed(f"pull --cast {quoted}")


def engine_set(engine: str | None = None) -> str:
    """The engine asked for, here or else in MLKIT_ENGINE, or "auto". Raises EngineError."""
    engine = engine or os.environ.get("MLKIT_ENGINE") or "auto"
    if engine not in ENGINES:
        raise EngineError(
            f"There is no engine {engine!r}. Take one of {', '.join(ENGINES)}:  MLKIT_ENGINE=auto"
        )
    return engine


def number(variable: str) -> int | float:
    """What MLKIT_LANES or MLKIT_TIMEOUT_SECONDS is set to, or its default. Raises SettingError."""
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


def cast_for(engine: str) -> Cast:
    """Who plays unless told: tiny; in this process solo, where only its model is here or fits."""
    from mlkit.engines.weights import missing

    tiny, solo = CASTS["tiny"], CASTS["solo"]
    if engine != "embedded" or missing(solo.models):
        return tiny
    return solo if missing(tiny.models) or memory_lacks(tiny) else tiny


def memory_lacks(cast: Cast) -> str:
    """Why a cast does not fit into the memory that this process may use, or ""."""
    from mlkit.engines.weights import pinned_for

    # Its weights, what computes with them, and a notebook's own needs.
    weights = sum(pinned_for(model).size_bytes for model in cast.models)
    needed, here = 1.3 * weights + 0.4e9, memory_bytes()
    if needed <= here:
        return ""
    return f"{' and '.join(cast.models)} need {needed / 1e9:.1f} GB of memory, of {here / 1e9:.1f}"


def check_memory(cast: Cast) -> None:
    """Raises SettingError where `memory_lacks` something for this cast."""
    if lacks := memory_lacks(cast):
        raise SettingError(f"{lacks}. Play with the small one alone:  MLKIT_CAST=solo")


def memory_bytes() -> int:
    """How much memory may be used here: a container is often given less than its machine has."""
    import psutil

    said = [file.read_text().strip() for file in LIMITS if file.is_file()]
    return min([psutil.virtual_memory().total, *(int(limit) for limit in said if limit.isdigit())])


def _ollama(cast: Cast, timeout_seconds: float) -> Engine:
    # Here: the client costs more than all else.
    from mlkit.engines import ollama
    from mlkit.engines.address import host

    address = host()
    server = ollama.find(address)
    digests = {model: server.digest(model) for model in cast.models}
    if missing := [model for model, digest in digests.items() if digest is None]:
        raise ModelMissing(
            f"The Ollama at {address} does not have {' and '.join(missing)}. "
            f"Fetch with:  {_pull(cast)}",
            server.qwens,
        )
    header = _header(f"Ollama {server.version}", {m: d for m, d in digests.items() if d})
    return Engine("ollama", header, ollama.Ollama(address, timeout_seconds))


def _embedded(cast: Cast, timeout_seconds: float) -> Engine:
    from mlkit.engines import weights

    check_memory(cast)  # first: what does not fit is not to be fetched
    if missing := weights.missing(cast.models):
        raise ModelMissing(
            f"The weights of {' and '.join(missing)} are not on this machine. "
            f"Fetch with:  {_pull(cast)}"
        )
    import xllamacpp

    from mlkit.engines.embedded import Embedded

    digests = {model: weights.pinned_for(model).sha256 for model in cast.models}
    files = {model: weights.path(model) for model in cast.models}
    ask = Embedded(files, timeout_seconds=timeout_seconds)
    return Engine("embedded", _header(f"llama.cpp {xllamacpp.__version__}", digests), ask)


def _hosted(cast: Cast, timeout_seconds: float) -> Engine:
    """For a cast of hosted members alone: no model on this machine answers."""
    from mlkit.engines.hosted import missing

    if why := missing(cast.large.model):
        raise EngineError(why)
    if cast.models:
        raise SettingError(f"Nobody hosts {' and '.join(cast.models)}. Set:  MLKIT_ENGINE=auto")
    hosts = sorted({member.model.partition(":")[0] for member in cast.members.values()})
    header = replace(_header(f"hosted ({', '.join(hosts)})", {}), machine="machines of the host")
    said = "All models of this cast are hosted. With one on this machine:  MLKIT_CAST=tiny"
    return Engine("hosted", header, wrappers.Replay({}, lambda asked: EngineError(said)))


def _replay(cast: Cast) -> Engine:
    shown = paths.recorded(cast.name)
    recording = load_folder(paths.recordings(shown))
    unrecorded = cast.name if shown != cast.name else ""
    ask = wrappers.Replay(recording.answers, recording.missing)
    return Engine("replay", recording.header, ask, recording, unrecorded=unrecorded)


def _header(engine: str, digests: Mapping[str, str]) -> Header:
    sampling = ", ".join(f"{name} {value:g}" for name, value in SAMPLING.items())
    return Header(engine, dict(digests), machine(), datetime.date.today().isoformat(), sampling)


def machine() -> str:
    """What kind of machine this is, naming nobody: "2 cores, 24 GiB, x86_64, no GPU"."""
    import psutil

    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    gpu = "no GPU"
    if shutil.which("nvidia-smi"):
        gpu = "NVIDIA GPU"
    elif platform.machine() == "arm64":
        gpu = "Apple GPU"
    gib = psutil.virtual_memory().total / 2**30
    return f"{cores} cores, {gib:.0f} GiB, {platform.machine()}, {gpu}"
