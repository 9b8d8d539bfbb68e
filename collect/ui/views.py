"""What the page is told about an item: its texts as HTML, and nothing about who wrote them or why it is asked."""

from functools import lru_cache
from typing import Any

from firsthand.collect.serve_config import Rating
from firsthand.collect.ui.choices import choice_id
from firsthand.collect.ui.masking import found_names, hide_names, hide_names_shown, seen_text
from firsthand.collect.ui.text import LONGEST_MARKDOWN, as_html, escaped, numbered
from firsthand.collect.work.items import Item
from firsthand.collect.work.verdicts import Past
from firsthand.records import Comparison, Content, Message, Side

EXCERPT = 160
"""Characters of a prompt in the list of past answers."""


def item_view(item: Item, rating: Rating, *, known: bool) -> dict[str, Any]:
    """An item for the page; its lease alone where the page has the texts already."""
    return {"lease": item.lease} if known else _pair(item.lease, item.comparison, item.shown_first, rating)


def past_view(past: Past, rating: Rating) -> dict[str, Any]:
    """An answer that can be changed: its item, and what was said of it."""
    said = past.answer
    return {
        **_pair(past.lease, past.comparison, past.shown_first, rating),
        "excerpt": _excerpt(past.comparison.prompt, rating),
        "choice": choice_id(rating, said.verdict, said.strength),
        "criteria": {name: verdict.value for name, verdict in said.criteria.items() if name in rating.criteria},
        "rationale": said.rationale or "",
        "skip_reason": said.skip_reason,
        "flag": said.flag,
        "at": past.done_at,
    }


def turns_view(messages: list[Message], rating: Rating) -> list[dict[str, str]]:
    """The turns of a prompt with their texts as HTML; what a model said in them hides names as a response does."""
    return [
        {
            "role": _role(message, rating),
            "html": rendered(message["content"]) if _is_asked(message) else _text(message["content"], rating),
        }
        for message in messages
    ]


@lru_cache(maxsize=512)
def rendered(text: str, *, plain: bool = False) -> str:
    """`as_html`, remembered: a comparison is often rated by several people."""
    return as_html(text, plain=plain)


def _pair(lease: str, comparison: Comparison, shown_first: Side, rating: Rating) -> dict[str, Any]:
    sides = [comparison.a.content or "", comparison.b.content or ""]
    if shown_first is Side.B:
        sides.reverse()
    # What one of the two can't have, neither has: that one is Markdown must say nothing about which is better.
    plain = max(map(_longest, sides)) > LONGEST_MARKDOWN
    first, second = (_response(side, rating, plain=plain) for side in sides)
    return {
        "lease": lease,
        "prompt": turns_view(comparison.prompt, rating),
        "first": first,
        "second": second,
        "flagged": [_flagged(side, rating, plain=plain) for side in sides],
    }


def _response(content: Content, rating: Rating, *, plain: bool) -> str:
    if isinstance(content, str):
        return _text(content, rating, plain=plain)
    if len(content) == 1:
        return _text(content[0]["content"], rating, plain=plain)
    return "".join(
        f"<p><strong>{escaped(_role(message, rating))}</strong></p>{_text(message['content'], rating, plain=plain)}"
        for message in content
    )


def _text(text: str, rating: Rating, *, plain: bool = False) -> str:
    if rating.own_names_are != "masked":
        return rendered(text, plain=plain)
    return _masked(text, tuple(rating.own_names), plain=plain)


@lru_cache(maxsize=512)
def _masked(text: str, names: tuple[str, ...], *, plain: bool) -> str:
    # Before, where invisible characters are still there, and after, where escapes and entities are resolved.
    return hide_names_shown(rendered(hide_names(text, names), plain=plain), names)


def _is_asked(message: Message) -> bool:
    """Whether a turn of a prompt is what people ask, not what a model said."""
    return message["role"] in ("user", "system")


def _role(message: Message, rating: Rating) -> str:
    """Who speaks: free text of whoever made the file."""
    return numbered(_without_names(message["role"], rating))


def _without_names(text: str, rating: Rating) -> str:
    return hide_names(text, rating.own_names) if rating.own_names_are == "masked" else text


def _flagged(content: Content, rating: Rating, *, plain: bool) -> list[str]:
    """The names that readers of a response see."""
    if rating.own_names_are != "flagged":
        return []
    texts = [content] if isinstance(content, str) else [message["content"] for message in content]
    shown = "\0".join(seen_text(rendered(text, plain=plain)) for text in texts)
    return found_names(shown, rating.own_names)


def _longest(content: Content) -> int:
    return len(content) if isinstance(content, str) else max((len(m["content"]) for m in content), default=0)


def _excerpt(prompt: list[Message], rating: Rating) -> str:
    last = " ".join(prompt[-1]["content"].split()) if prompt else ""
    if prompt and not _is_asked(prompt[-1]):
        last = _without_names(last, rating)
    return last if len(last) <= EXCERPT else last[: EXCERPT - 1] + "…"
