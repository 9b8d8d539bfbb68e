"""What the page is told of the site's configuration: its words, its choices and their keys."""

from importlib.resources import files
from typing import Any

import yaml

from firsthand.collect.serve_config import PracticePair, Rating
from firsthand.collect.ui.choices import choices_json
from firsthand.collect.ui.text import as_html

CRITERION_KEYS = ("qwe", "asd", "zxc", "rty")
"""Keys of A, no difference and B, for each criterion: its row on the keyboard."""

_assets = files("firsthand.collect.ui") / "assets"


def page_settings(rating: Rating) -> dict[str, Any]:
    """Everything that the script needs to build the page, the same for all raters; texts as HTML."""
    return {
        "title": rating.title,
        "consent": {
            "version": rating.consent.version,
            "html": _words(rating.consent.text, "consent.md"),
        },
        "instructions": _words(rating.instructions, "instructions.md"),
        "thanks": _words(rating.thanks, "thanks.md"),
        "practice": [_practice_view(pair) for pair in practice_pairs(rating)],
        "choices": choices_json(rating),
        "criteria": [
            {"name": name, "keys": list(keys)} for name, keys in zip(rating.criteria, CRITERION_KEYS, strict=False)
        ],
        "rationale": rating.rationale,
        "skip_reasons": rating.skip_reasons,
        "flag_reasons": rating.flag_reasons,
        "break_after_minutes": rating.break_after_minutes,
    }


def practice_pairs(rating: Rating) -> tuple[PracticePair, ...]:
    """The pairs of the practice round: the site's, or the page's own."""
    if rating.practice is not None:
        return rating.practice
    own = yaml.safe_load((_assets / "practice.yaml").read_text(encoding="utf-8"))
    return tuple(PracticePair.model_validate(pair) for pair in own)


def _practice_view(pair: PracticePair) -> dict[str, Any]:
    return {
        "prompt": [{"role": "user", "html": as_html(pair.prompt)}],
        "first": as_html(pair.response_a),
        "second": as_html(pair.response_b),
        "flagged": [[], []],
        "expected": pair.expected,
        "why": pair.why,
    }


def _words(own: str, file: str) -> str:
    return as_html(own or (_assets / file).read_text(encoding="utf-8"))
