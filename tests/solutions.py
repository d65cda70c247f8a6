"""The notebooks with their exercises done: each stub replaced by the solution that is stored."""

import ast
import re
from pathlib import Path

import nbformat


def solved(notebook: Path) -> list[str]:
    """The code cells. Raises StopIteration for a stub without a solution."""
    cells = nbformat.read(notebook, as_version=4).cells
    text = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    blocks = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    short = re.findall(r"^`(\{.*?\})`", text, re.MULTILINE)  # a judgement, without its name
    return [_filled(cell.source, blocks, short) for cell in cells if cell.cell_type == "code"]


def _filled(source: str, blocks: list[str], short: list[str]) -> str:
    lines, done = source.splitlines(), set[str]()
    stubs = [node for node in ast.parse(source).body if _is_stub(node)]
    for node in reversed(stubs):
        name = node.name if isinstance(node, ast.FunctionDef) else node.targets[0].id
        assigned = [f"{name} = {one}" for one in short]
        solution = next(
            block
            for block in [*blocks, *assigned]
            if re.search(rf"^(?:def {name}\(|{name} = )", block, re.MULTILINE)
        )
        # one block may stand for two stubs
        lines[node.lineno - 1 : node.end_lineno] = [] if solution in done else [solution]
        done.add(solution)
    return "\n".join(lines)


def _is_stub(node: ast.stmt) -> bool:
    return isinstance(node, ast.FunctionDef | ast.Assign) and any(
        isinstance(part, ast.Constant) and part.value is ... for part in ast.walk(node)
    )
