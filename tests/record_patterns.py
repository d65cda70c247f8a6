"""Makes data/recordings/tiny/patterns.jsonl, on which tests/test_replayed_patterns.py stands:
python -m tests.record_patterns

Asks a running Ollama what tests/live/test_patterns.py asks; can be stopped and started again.
"""

import asyncio

import mlkit
from mlkit import paths
from mlkit.engines.choose import Engine
from mlkit.engines.journal import Journal
from tests.live.test_patterns import PROMPTS, pattern_for

if __name__ == "__main__":
    path = paths.recordings("tiny") / "patterns.jsonl"
    journals: list[Journal] = []

    def keep(cast: object, engine: Engine) -> Journal:
        journals.append(Journal(path, engine.header))
        return journals[0]

    kit = mlkit.connect("tiny", engine="ollama", keep=keep)

    async def record() -> None:
        for name, prompt in PROMPTS.items():
            run = await kit.run(pattern_for(name, kit.cast), prompt)
            print(f"{name}: {len(run.calls)} calls, {run.wall_seconds:.1f} s")

    asyncio.run(record())
    journals[0].finish()
