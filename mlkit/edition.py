"""Which edition of a notebook is open: a learner's copy may be older than the kit it runs on."""

import hashlib
import json
import os
from pathlib import Path
from typing import Any

from mlkit import paths
from mlkit.errors import typed

KEY = "mlkit"  # of a copy's metadata: {"notebook": "03_router", "edition": "1f0c6a2b"}


def edition(notebook: dict[str, Any]) -> str:
    """Eight characters that change when a cell of the notebook does; its outputs do not count."""
    cells = [(cell["cell_type"], "".join(cell["source"])) for cell in notebook["cells"]]
    return hashlib.sha256(json.dumps(cells).encode()).hexdigest()[:8]


def read(path: Path) -> dict[str, Any]:
    """A notebook as its file has it. Raises OSError or ValueError where there is none."""
    return json.loads(path.read_text(encoding="utf-8"))


def behind() -> str:
    """A warning where this kernel's notebook is a copy of another edition than the kit's, or ""."""
    try:  # Jupyter's server tells a kernel which notebook it belongs to; others do not
        copied = read(Path(os.environ.get("JPY_SESSION_NAME", "")))["metadata"][KEY]
        name, of = copied["notebook"], copied["edition"]
        now = edition(read(paths.notebooks() / f"{Path(name).name}.ipynb"))
    except (OSError, ValueError, KeyError, TypeError):  # no copy, or it is being written
        return ""
    if of == now:
        return ""
    fresh = fresh_copy(name.partition("_")[0])
    return f" · this is a copy of another edition of {name} than the kit's; a new one:  {fresh}"


def fresh_copy(number: str) -> str:
    """What to type for a new copy of a notebook. On a JupyterHub nobody reaches a second Lab."""
    on_hub = any(name.startswith("JUPYTERHUB_") for name in os.environ)
    return typed(f"{'copies' if on_hub else 'lab'} --fresh {number}")
