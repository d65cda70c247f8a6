"""mlkit: learn how to combine language models. In a notebook: `kit = mlkit.connect()`."""

from mlkit.ask import Ask, Embed, Failure, Member, Reply, together
from mlkit.errors import MlkitError
from mlkit.kit import Kit, connect
from mlkit.schedule import schedule
from mlkit.trace import Call, Run

__version__ = "0.1.0"
