r"""Formulas in a text: LaTeX between \( \), \[ \] or $$ $$ becomes MathML; a single $ is a dollar."""

import re
from collections.abc import Sequence
from html import unescape
from typing import Any
from xml.etree.ElementTree import tostring

from latex2mathml import exceptions
from latex2mathml.converter import Converter
from markdown_it import MarkdownIt
from markdown_it.common.utils import escapeHtml
from markdown_it.renderer import RendererProtocol
from markdown_it.rules_block import StateBlock
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token

MATHML_TAGS = frozenset(
    "math menclose mfrac mi mmultiscripts mn mo mover mpadded mphantom mroot mrow ms mspace msqrt mstyle msub msubsup "
    "msup mtable mtd mtext mtr munder munderover".split()
)
MATHML_ATTRIBUTES = {
    "math": {"display"},
    "mo": {"stretchy", "fence", "form", "largeop", "movablelimits", "separator", "symmetric"},
    "mi": {"mathvariant"},
    "mover": {"accent"},
    "munder": {"accentunder"},
    "mfrac": {"linethickness"},
    "mtable": {"columnalign", "rowspacing", "columnspacing", "columnlines", "rowlines"},
    "mspace": {"width"},
    "mtd": {"columnalign"},
    "mstyle": {"displaystyle", "scriptlevel"},
}
LONGEST_FORMULA = 2_000
"""Characters; and MOST_LINES is the most lines. Looking no further for its end, a text is read in linear time."""

MOST_LINES = 40
DEEPEST_NESTING = 40

_CLOSING = {"\\(": "\\)", "\\[": "\\]", "$$": "$$"}
_DEFINES = re.compile(r"\\(?:re|provide)?newcommand|\\def|\\let|\\gdef|\\edef|\\xdef|\\DeclareMathOperator|\\newenv")
# What latex2mathml 3.81 raises on broken input, as random formulas showed.
_BROKEN: tuple[type[Exception], ...] = (
    *(error for error in vars(exceptions).values() if isinstance(error, type) and issubclass(error, Exception)),
    StopIteration,
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    RecursionError,
)


def add_formulas(markdown: MarkdownIt) -> None:
    """Let `markdown` read formulas; their MathML is as trustworthy as the text it came from: sanitise it."""
    markdown.block.ruler.before("fence", "formula", _read_block, {"alt": ["paragraph", "blockquote", "list"]})
    markdown.inline.ruler.before("escape", "formula", _read_inline)
    markdown.add_render_rule("formula", _render)


def mathml(latex: str, display: str) -> str | None:
    r"""MathML of a formula, `display` block or inline; None where it is broken, too long, too deep, or defines macros.

    Macros are left out because a few lines of them can stand for gigabytes of formula.
    """
    if len(latex) > LONGEST_FORMULA or _nesting(latex) > DEEPEST_NESTING or _DEFINES.search(latex):
        return None
    try:
        tree = Converter(display=display).convert_to_element(latex)
    except _BROKEN:
        return None
    for element in tree.iter():
        # The library's texts hold character references beside what the model wrote.
        element.text = unescape(element.text or "")
    return tostring(tree, encoding="unicode")


def _nesting(latex: str) -> int:
    depth = deepest = 0
    for mark in re.findall(r"[{}^_]|\\left|\\begin|\\right|\\end", latex):
        depth += -1 if mark in ("}", "\\right", "\\end") else 1
        deepest = max(deepest, depth)
    return deepest


def _read_block(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    r"""A formula that begins a line with \[ or $$ and ends one with its counterpart, before any blank line."""
    first = state.src[state.bMarks[start] + state.tShift[start] : state.eMarks[start]]
    opening = first[:2]
    if opening not in ("\\[", "$$") or state.is_code_block(start):
        return False
    closing = _CLOSING[opening]
    lines: list[str] = []
    for number in range(start, min(end, start + MOST_LINES)):
        if number > start and (state.isEmpty(number) or state.sCount[number] < state.blkIndent):
            return False
        line = state.src[state.bMarks[number] + state.tShift[number] : state.eMarks[number]].rstrip()
        line = line[2:] if number == start else line
        if closing in line:
            if not line.endswith(closing) or line.index(closing) != len(line) - 2:
                return False
            if not silent:
                _push(state.push("formula", "math", 0), "\n".join([*lines, line[:-2]]), first[:2], closing)
                state.line = number + 1
            return True
        lines.append(line)
    return False


def _read_inline(state: StateInline, silent: bool) -> bool:
    opening = state.src[state.pos : state.pos + 2]
    if opening not in _CLOSING:
        return False
    start = state.pos + 2
    end = state.src.find(_CLOSING[opening], start, min(state.posMax, start + LONGEST_FORMULA))
    if end <= start:
        return False
    if not silent:
        _push(state.push("formula", "math", 0), state.src[start:end], opening, _CLOSING[opening])
    state.pos = end + 2
    return True


def _push(token: Token, latex: str, opening: str, closing: str) -> None:
    token.content = latex
    token.markup = opening
    token.info = closing


def _render(_self: RendererProtocol, tokens: Sequence[Token], index: int, _options: Any, _env: Any) -> str:
    token = tokens[index]
    found = mathml(token.content.strip(), "inline" if token.markup == "\\(" else "block")
    return found or f"<code>{escapeHtml(token.markup + token.content + token.info)}</code>"
