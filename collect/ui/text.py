"""Showing text that a model wrote: as Markdown, and as nothing that could run, load or lead anywhere."""

import nh3
from markdown_it import MarkdownIt

from firsthand.records import Content

TAGS = frozenset(
    "p br hr em strong s code pre blockquote ul ol li table thead tbody tr th td h3 h4 h5 h6 section".split()
)
DEEPEST_HEADING = 6

# HTML, images and links stay the characters the model wrote: nothing is fetched, nothing can be followed.
_markdown = (
    MarkdownIt("commonmark", {"html": False, "breaks": True})
    .enable(["table", "strikethrough"])
    .disable(["image", "link", "autolink", "reference"])
)


def as_html(content: Content) -> str:
    """HTML of a text or of chat messages that holds the tags of TAGS and no attribute but an ordered list's start."""
    if isinstance(content, str):
        return _safe(content)
    if len(content) == 1:
        return _safe(content[0]["content"])
    return "".join(f"<p><strong>{nh3.clean_text(m['role'])}</strong></p>{_safe(m['content'])}" for m in content)


def _safe(text: str) -> str:
    tokens = _markdown.parse(text)
    for token in tokens:
        if token.type in ("heading_open", "heading_close"):
            # The page's own headings are of levels 1 and 2.
            token.tag = f"h{min(DEEPEST_HEADING, int(token.tag[1]) + 2)}"
    rendered = _markdown.renderer.render(tokens, _markdown.options, {})
    return nh3.clean(rendered, tags=set(TAGS), attributes={"ol": {"start"}}, link_rel=None)
