"""Showing text that a model wrote: as Markdown, code and formulas, and never as anything that runs or loads."""

import html
import re

import nh3
from markdown_it import MarkdownIt

from firsthand.collect.ui.code import CODE_CLASSES, highlighted
from firsthand.collect.ui.formulas import MATHML_ATTRIBUTES, MATHML_TAGS, add_formulas

TAGS = frozenset("p br hr em strong s code pre span blockquote ul ol li table thead tbody tr th td h3 h4 h5 h6".split())
LONGEST_MARKDOWN = 50_000
"""Characters; a longer text is shown as it was written, since parsing it would hold up everybody else."""

DEEPEST_HEADING = 6
_CONTROLS = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
_TURNS_DIRECTION = re.compile(r"[\u202a-\u202e\u2066-\u2069]")

# HTML, images and links stay the characters the model wrote: nothing is fetched, nothing can be followed.
_markdown = (
    MarkdownIt("commonmark", {"html": False, "breaks": True, "highlight": highlighted})
    .enable(["table", "strikethrough"])
    .disable(["image", "link", "autolink", "reference"])
)
add_formulas(_markdown)
_cleaner = nh3.Cleaner(
    tags=set(TAGS | MATHML_TAGS),
    attributes={"ol": {"start"}, **MATHML_ATTRIBUTES},
    allowed_classes={"span": set(CODE_CLASSES)},
    link_rel=None,
)


def as_html(text: str, *, plain: bool = False) -> str:
    """HTML of a Markdown text: only the tags of TAGS and MathML, no attribute that could style, name or lead.

    Characters that turn the direction of writing, and control characters, are shown by their number instead of acting.
    A text that shall be `plain`, or has more than LONGEST_MARKDOWN characters, becomes one `pre` of what was written.
    """
    text = numbered(text)
    if plain or len(text) > LONGEST_MARKDOWN:
        return f"<pre>{escaped(text)}</pre>"
    tokens = _markdown.parse(text)
    for token in tokens:
        if token.type in ("heading_open", "heading_close"):
            # The page's own headings are of levels 1 and 2.
            token.tag = f"h{min(DEEPEST_HEADING, int(token.tag[1]) + 2)}"
    # Once more: an entity becomes its character only here.
    return numbered(_cleaner.clean(_markdown.renderer.render(tokens, _markdown.options, {})))


def numbered(text: str) -> str:
    """`text` with characters that turn the direction of writing, and control characters, shown by their number."""
    return _TURNS_DIRECTION.sub(_number_of, _CONTROLS.sub(_number_of, text))


def escaped(text: str) -> str:
    """`text` as HTML that shows it, and is nothing else."""
    return html.escape(text)


def _number_of(match: re.Match[str]) -> str:
    return f"[U+{ord(match[0]):04X}]"
