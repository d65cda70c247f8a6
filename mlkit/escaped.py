"""Texts shown as they are: a function for each place that would read more into them."""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.text import Text

# The class of an element in which MathJax, old and new, looks for no mathematics.
NO_MATH = "tex2jax_ignore mathjax_ignore"
# Control characters, marks that turn the text around them (Boucher & Anderson 2021, "Trojan
# Source"), halves of a character, and what XML forbids.
_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]"
)


def printable(text: str) -> str:
    r"""For a terminal, or printed in a notebook: what has no form of its own is spelled out, as
    \x1b. Line breaks and tabs stay.
    """
    return _UNSEEN.sub(
        lambda found: found[0].encode("unicode_escape").decode(), text.replace("\r\n", "\n")
    )


def in_html(text: str) -> str:
    """For an element or an attribute. A dollar is still one for MathJax: use NO_MATH around it."""
    return html.escape(printable(text)).replace("$", "&#36;")


def in_plotly(text: str) -> str:
    """For a chart, where tags are read, and a pair of dollars as LaTeX."""
    return html.escape(printable(text), quote=False).replace("$", "&#36;")


def in_rich(text: str) -> Text:
    """For rich's console, which reads [red] and :bug: in a str."""
    from rich.text import Text  # here, because only the command line needs it

    return Text(printable(text))


def in_markdown(code: str) -> str:
    """For Markdown, as a block of Python: its fence is longer than any within."""
    fence = "`" * (1 + max(map(len, re.findall("`{2,}", code)), default=2))
    return f"{fence}python\n{printable(code).rstrip()}\n{fence}"
