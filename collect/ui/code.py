"""Colouring the code in a response; the colours are the page's, by the classes of CODE_CLASSES."""

from functools import lru_cache

from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexer import Lexer
from pygments.lexers import find_lexer_class_by_name
from pygments.token import STANDARD_TYPES

LANGUAGES = frozenset(
    "bash c c++ console cpp cs csharp css diff go html http ini java javascript js json jsx kotlin latex lua "
    "markdown matlab php powershell py python r rb rs ruby rust scala sh shell sql swift toml ts tsx typescript "
    "xml yaml yml".split()
)
"""Only these are coloured: a text chooses the lexer that reads it, and not every lexer is safe from a hostile one."""

LONGEST_CODE = 10_000
"""Characters of a block that is still coloured."""

PREFIX = "code-"
CODE_CLASSES = frozenset(PREFIX + name for name in STANDARD_TYPES.values() if name)

_formatter = HtmlFormatter(nowrap=True, classprefix=PREFIX)


def highlighted(code: str, language: str, _attributes: str) -> str:
    """HTML of `code` with spans for its tokens; empty, which means "as it is", where it is not to be coloured."""
    if language.lower() not in LANGUAGES or len(code) > LONGEST_CODE:
        return ""
    return str(highlight(code, _lexer(language.lower())(stripnl=False), _formatter))


@lru_cache(maxsize=len(LANGUAGES))
def _lexer(language: str) -> type[Lexer]:
    """The library looks through all its lexers for one."""
    return find_lexer_class_by_name(language)
