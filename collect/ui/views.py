"""What the page is told about an item: its texts as HTML, and nothing about who wrote them or why it is asked."""

from functools import lru_cache
from typing import Any

from firsthand.collect.serve_config import Rating
from firsthand.collect.ui.choices import choice_id
from firsthand.collect.ui.masking import found_names, hide_names
from firsthand.collect.ui.text import LONGEST_MARKDOWN, as_html, escaped
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
        "excerpt": _excerpt(past.comparison.prompt),
        "choice": choice_id(rating, said.verdict, said.strength),
        "criteria": {name: verdict.value for name, verdict in said.criteria.items() if name in rating.criteria},
        "rationale": said.rationale or "",
        "skip_reason": said.skip_reason,
        "flag": said.flag,
        "at": past.done_at,
    }


def turns_view(messages: list[Message]) -> list[dict[str, str]]:
    """Chat messages with their texts as HTML."""
    return [{"role": message["role"], "html": rendered(message["content"])} for message in messages]


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
        "prompt": turns_view(comparison.prompt),
        "first": first,
        "second": second,
        "flagged": [_flagged(side, rating) for side in sides],
    }


def _response(content: Content, rating: Rating, *, plain: bool) -> str:
    if isinstance(content, str):
        return _text(content, rating, plain=plain)
    if len(content) == 1:
        return _text(content[0]["content"], rating, plain=plain)
    return "".join(
        f"<p><strong>{escaped(message['role'])}</strong></p>{_text(message['content'], rating, plain=plain)}"
        for message in content
    )


def _text(text: str, rating: Rating, *, plain: bool) -> str:
    if rating.own_names_are == "masked":
        text = hide_names(text, rating.own_names)
    return rendered(text, plain=plain)


def _flagged(content: Content, rating: Rating) -> list[str]:
    return found_names(_whole(content), rating.own_names) if rating.own_names_are == "flagged" else []


def _longest(content: Content) -> int:
    return len(content) if isinstance(content, str) else max((len(m["content"]) for m in content), default=0)


def _whole(content: Content) -> str:
    return content if isinstance(content, str) else "\n".join(message["content"] for message in content)


def _excerpt(prompt: list[Message]) -> str:
    last = " ".join(prompt[-1]["content"].split()) if prompt else ""
    return last if len(last) <= EXCERPT else last[: EXCERPT - 1] + "…"
