"""Tools that patterns may call, from text to text: search in a handbook, and arithmetic."""

import ast
import re
import warnings
from collections.abc import Callable, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import simpleeval

from mlkit.errors import MlkitError
from mlkit.parsing import without_thinking

# They stand in every paragraph and would outweigh the one word that matters in a short query.
_STOP_WORDS = frozenset(
    """a an and are as at be been but by can could do does did for from had has have how i if in is
    it its me my no not of on or our shall should that the their them there they this to was we were
    what when where which who will with would you your""".split()
)
_MAX_CHARACTERS = 200
_MAX_NODES = 60
_MAX_EXPONENT = 100
MAX_SIZE = 1e30
_SIGNS = str.maketrans("$€£×÷−", "   */-")


class ToolError(MlkitError):
    """A tool could not do what it was asked."""


def search(handbook: Path) -> Callable[[str], str]:
    """A function that gives the paragraph that fits a query best, by BM25 (Robertson 1994).

    `handbook` is a text file whose paragraphs are parted by empty lines.
    """
    import bm25s  # here, because it costs more than all of `import mlkit`

    parts = re.split(r"\n\s*\n", handbook.read_text(encoding="utf-8"))
    paragraphs = [part.strip() for part in parts if _words(part)]
    if not paragraphs:
        raise ValueError(f"{handbook.name} has no paragraphs; part them by empty lines")
    index = bm25s.BM25()
    index.index([_words(paragraph) for paragraph in paragraphs], show_progress=False)

    def find(query: str) -> str:
        found, scores = index.retrieve([_words(query)], k=1, show_progress=False)
        if scores[0, 0] <= 0:
            raise ToolError(
                f"Nothing in the handbook fits {query[:80]!r}. Search for words that it uses."
            )
        return paragraphs[found[0, 0]]

    return find


def _words(text: str) -> list[str]:
    """What a text is about, without the plural's s: "bells" finds "bell"."""
    words = [word for word in re.findall(r"\w+", text.lower()) if word not in _STOP_WORDS]
    return [word[:-1] if len(word) > 3 and word.endswith("s") else word for word in words]


def arithmetic(expression: str) -> str:
    """The value of one arithmetic expression: numbers, + - * / // % **, and min, max, round, abs.
    Nothing else is run.

    Raises ToolError for anything else, and for what is too long or too large to compute at once.
    """
    text = without_thinking(expression).strip().strip("`").translate(_SIGNS)
    text = text.strip().rstrip("=. \n")
    value = _evaluator(text, _ARITHMETIC)({})
    if type(value) not in (int, float) or not abs(value) <= MAX_SIZE:
        raise ToolError(f"{text[:60]!r} does not give a number of ordinary size.")
    return f"{value:.12g}"


def python_expression(text: str) -> Callable[[Mapping[str, Any]], Any]:
    """A function of the variables' values that works out one Python expression: arithmetic,
    comparisons, and, or, not, `a if b else c`, and min, max, round, abs, sum, len, int, float,
    bool. Nothing else is run: called with anything else, it raises ToolError.
    """
    code = without_thinking(text).strip().strip("`").removeprefix("python\n").strip()
    return _evaluator(code, _PYTHON)


class _Grammar(NamedTuple):
    """What an expression may hold."""

    name: str
    nodes: tuple[type[ast.AST], ...]
    operators: Mapping[type[ast.AST], Callable[..., Any]]
    functions: Mapping[str, Callable[..., Any]]


def _evaluator(code: str, grammar: _Grammar) -> Callable[[Mapping[str, Any]], Any]:
    """What one expression gives, as a function of its variables, which may raise ToolError."""
    evaluator = simpleeval.EvalWithCompoundTypes(grammar.operators)
    # Set, not passed on: it would add list, tuple, dict and set.
    evaluator.functions = grammar.functions

    def value(variables: Mapping[str, Any]) -> Any:
        evaluator.names = dict(variables)
        try:
            return evaluator.eval(code, _tree(code, grammar.name, grammar.nodes).body)
        except ToolError:
            raise
        # The text is a model's, and a calculator must survive whatever it holds.
        except Exception as error:
            raise ToolError(
                f"{code[:80]!r} is not arithmetic ({type(error).__name__}: {error}). "
                f"Ask for one expression with {grammar.name} only."
            ) from None

    return value


@lru_cache(maxsize=1000)
def _tree(code: str, name: str, allowed: tuple[type[ast.AST], ...]) -> ast.Expression:
    """The tree of one short expression. Raises ToolError where it holds more than is allowed."""
    if len(code) > _MAX_CHARACTERS or "#" in code:
        raise ToolError(f"{code[:60]!r} is too long, or has a comment. Ask for one expression.")
    with warnings.catch_warnings():
        # of odd spellings (`1if n else 2`): a model's, not the reader's
        warnings.simplefilter("ignore")
        tree = ast.parse(code, mode="eval")
    nodes = list(ast.walk(tree))
    if len(nodes) > _MAX_NODES or not all(isinstance(node, allowed) for node in nodes):
        raise ToolError(
            f"{code[:60]!r} holds something else than {name}; ask for one expression with"
            f" {name} only."
        )
    return tree


def _power(base: float, exponent: float) -> float:
    if abs(exponent) > _MAX_EXPONENT:
        raise ToolError(f"{base:g} to the power of {exponent:g} is too large to compute here.")
    return base**exponent


def _round(value: float, digits: int = 0) -> float:
    if abs(digits) > _MAX_EXPONENT:  # round(5, -10**9) would compute a number of a billion digits
        raise ToolError(f"Rounding to {digits:g} digits is more than is done here.")
    return round(value, digits)


def _numbers_only(operation: Callable[..., Any]) -> Callable[..., Any]:
    """A text times a number would take unlimited memory, and no formula needs it."""

    def checked(*values: Any) -> Any:
        if not all(isinstance(value, int | float) and abs(value) <= MAX_SIZE for value in values):
            raise ToolError("Arithmetic takes numbers of ordinary size only.")
        return operation(*values)

    return checked


# simpleeval's own, but for the power; bit operations are left out.
_CALCULATIONS: dict[type[ast.AST], Callable[..., Any]] = {
    node: simpleeval.DEFAULT_OPERATORS[node]
    for node in (ast.Add, ast.Sub, ast.Mult, ast.Div, ast.FloorDiv, ast.Mod, ast.USub, ast.UAdd)
} | {ast.Pow: _power}
_COMPARISONS: dict[type[ast.AST], Callable[..., Any]] = {
    node: compare
    for node, compare in simpleeval.DEFAULT_OPERATORS.items()
    if issubclass(node, ast.cmpop | ast.Not)
}
_ARITHMETIC = _Grammar(
    "numbers",
    (
        *(ast.Expression, ast.BinOp, ast.UnaryOp, ast.Call, ast.Name, ast.Constant, ast.Load),
        *(ast.operator, ast.unaryop),
    ),
    {node: _numbers_only(calculation) for node, calculation in _CALCULATIONS.items()},
    {"min": min, "max": max, "round": _round, "abs": abs},
)
_PYTHON = _Grammar(
    "arithmetic and conditions",
    (
        *_ARITHMETIC.nodes,
        *(ast.BoolOp, ast.Compare, ast.IfExp, ast.List, ast.Tuple, ast.boolop, ast.cmpop),
    ),
    {**_ARITHMETIC.operators, **_COMPARISONS},
    {**_ARITHMETIC.functions, "sum": sum, "len": len, "int": int, "float": float, "bool": bool},
)
