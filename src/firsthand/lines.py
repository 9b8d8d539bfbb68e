"""The interchange line: one comparison, and a preference on it, as a plain dictionary.

`parse_line` is the one place that checks what comes from outside; docs/formats.md describes the keys.
"""

import math
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import lru_cache, partial
from typing import Any, TypeAlias

import orjson

from firsthand.errors import RecordError
from firsthand.records import (
    MAX_STRENGTH,
    Annotator,
    Comparison,
    Content,
    Entry,
    Message,
    Preference,
    Response,
    Side,
    Source,
    Verdict,
    content_id,
    dump,
    text_length,
)

VERDICTS = {verdict.value: verdict for verdict in Verdict}
SOURCES = {source.value: source for source in Source}
SIDES = {side.value: side for side in Side}
RESPONSE_KEYS = {side: (f"author_{side}", f"response_{side}") for side in "ab"}
COMPARISON_KEYS = frozenset(
    "prompt response_a response_b response_a_id response_b_id length_a length_b author_a author_b family_a family_b"
    " tags".split()
)
LINE_KEYS = COMPARISON_KEYS | frozenset(
    "annotator source simulated verdict strength p_a shown_first seconds rationale criteria judge gold"
    " created_at".split()
)
JUDGE_KEYS = frozenset("model family prompt_sha256 repeat swap_consistent".split())


def parse_line(line: Mapping[str, Any]) -> Entry:
    """Check one native interchange line (see docs/formats.md) and turn it into an Entry in canonical order.

    Keys outside LINE_KEYS are the caller's to report; keys of `judge` outside JUDGE_KEYS are kept in Preference.detail.
    Raises RecordError with what is wrong, the value received and what to do.
    """
    try:
        return _parse(line)
    except UnicodeEncodeError as error:
        raise RecordError(
            f"a text holds a lone surrogate at character {error.start}; it is not valid Unicode"
        ) from None


def as_line(entry: Entry) -> dict[str, Any]:
    """The native interchange line of `entry`: the inverse of `parse_line`, absent values left out."""
    comparison = entry.comparison
    line: dict[str, Any] = {"prompt": comparison.prompt}
    for side, response in (("a", comparison.a), ("b", comparison.b)):
        if response.content is None:
            line |= {f"response_{side}_id": response.id, f"length_{side}": response.length}
        else:
            line[f"response_{side}"] = response.content
        line[f"author_{side}"] = response.author
        if response.author is not None:
            line[f"family_{side}"] = entry.families.get(response.author)
    line["tags"] = comparison.tags
    if entry.annotator and entry.preference:
        line |= _preference_keys(entry.annotator, entry.preference)
    return {key: value for key, value in line.items() if value is not None and value != {}}


def _parse(line: Mapping[str, Any]) -> Entry:
    prompt = _messages("prompt", line.get("prompt"))
    first = _response(line, "a")
    second = _response(line, "b")
    if first.id == second.id or (first.content is not None and first.content == second.content):
        raise RecordError("the two responses are the same text; there is nothing to compare")
    prompt_id = content_id("prompt", dump(prompt))
    swap = first.id > second.id
    annotator, preference = _preference(line, swap)
    if swap:
        first, second = second, first
    comparison = Comparison(
        id=content_id("comparison", prompt_id, first.id, second.id),
        prompt_id=prompt_id,
        prompt=prompt,
        a=first,
        b=second,
        tags=_tags(line.get("tags")),
    )
    return Entry(comparison, annotator, preference, _families(line))


def _messages(name: str, value: Any) -> list[Message]:
    """The chat messages of `value`: a text stands for one message of the user."""
    if isinstance(value, str):
        return [{"role": "user", "content": _text(name, value)}]
    if not isinstance(value, list | tuple) or not value:
        raise RecordError(f"{name} is {_shown(value)}; expected a text or a list of {{role, content}} messages")
    return [_message(name, message) for message in value]


def _message(name: str, value: Any) -> Message:
    if not isinstance(value, dict) or not isinstance(value.get("role"), str):
        raise RecordError(f"{name} holds {_shown(value)}; expected a message with role and content")
    return {"role": value["role"], "content": _text(f"{name}'s content", value.get("content"))}


def _text(name: str, value: Any) -> str:
    if not isinstance(value, str):
        raise RecordError(f"{name} is {_shown(value)}; expected a text")
    if "\x00" in value:
        raise RecordError(f"{name} holds a NUL character; the text was probably read in the wrong encoding")
    return value


def _optional_text(name: str, value: Any) -> str | None:
    return None if value is None else _text(name, value)


def _response(line: Mapping[str, Any], side: str) -> Response:
    """One side's response; its id is over author and content, so that equal texts of two authors stay apart."""
    author_key, response_key = RESPONSE_KEYS[side]
    author = _optional_text(author_key, line.get(author_key)) or None
    value = line.get(response_key)
    content: Content
    if isinstance(value, str):
        content = encoded = _text(response_key, value)
    elif isinstance(value, list | tuple):
        content = _messages(response_key, value)
        encoded = dump(content)
    elif value is None and line.get(f"{response_key}_id") is not None:
        return _response_by_id(line, side, author)
    else:
        raise RecordError(f"{response_key} is {_shown(value)}; expected a text or a list of messages")
    return Response(content_id("response", author or "", encoded), content, author, text_length(content))


def _response_by_id(line: Mapping[str, Any], side: str, author: str | None) -> Response:
    length = line.get(f"length_{side}")
    if length is not None and (isinstance(length, bool) or not isinstance(length, int) or length < 0):
        raise RecordError(f"length_{side} is {_shown(length)}; expected a number of characters")
    return Response(_text(f"response_{side}_id", line[f"response_{side}_id"]), None, author, length)


def _preference(line: Mapping[str, Any], swap: bool) -> tuple[Annotator | None, Preference | None]:
    """The line's annotator and preference, if it holds a verdict; the sides exchanged where `swap`."""
    if line.get("verdict") is None:
        if line.get("p_a") is not None:
            raise RecordError(f"p_a is {_shown(line['p_a'])} but there is no verdict; give one of {_words(VERDICTS)}")
        return None, None
    judge = line.get("judge") or {}
    if not isinstance(judge, dict):
        raise RecordError(f"judge is {_shown(judge)}; expected an object with model, family, prompt_sha256, repeat")
    checks, judge_checks = PREFERENCE_CHECKS, JUDGE_CHECKS
    values = {key: check(key, line[key]) for key, check in checks.items() if line.get(key) is not None}
    for key, value in judge.items():
        if key in judge_checks and value is not None:
            values[key] = judge_checks[key](f"judge.{key}", value)
    detail = {key: value for key, value in judge.items() if key not in JUDGE_KEYS and value is not None}
    verdict, p_a = values["verdict"], values.get("p_a")
    if p_a is not None and ((verdict is Verdict.A and p_a < 0.5) or (verdict is Verdict.B and p_a > 0.5)):
        raise RecordError(f"verdict is {verdict.value!r} but p_a, the probability that A is better, is {p_a}")
    if swap:
        _exchange_sides(values)
    return _annotator(line, judge), Preference(**values, detail=detail)


def _exchange_sides(values: dict[str, Any]) -> None:
    values["verdict"] = values["verdict"].swapped()
    if "p_a" in values:
        values["p_a"] = 1.0 - values["p_a"]
    if "shown_first" in values:
        values["shown_first"] = values["shown_first"].swapped()


def _annotator(line: Mapping[str, Any], judge: Mapping[str, Any]) -> Annotator:
    model = _optional_text("judge.model", judge.get("model"))
    source = line.get("source") or (Source.SYNTHETIC if judge else None)
    if source is None:
        raise RecordError(
            "a verdict without a source; say whether people or a model gave it: source = human or synthetic, "
            "on the line or with --source"
        )
    return _known_annotator(
        _optional_text("annotator", line.get("annotator")) or model or "anonymous",
        _word("source", source, SOURCES),
        model,
        _optional_text("judge.family", judge.get("family")),
        _flag("simulated", False if line.get("simulated") is None else line["simulated"]),
    )


_known_annotator = lru_cache(maxsize=4096)(Annotator)


def _preference_keys(annotator: Annotator, preference: Preference) -> dict[str, Any]:
    judge = {
        "model": annotator.model,
        "family": annotator.family,
        "prompt_sha256": preference.prompt_sha256 or None,
        "repeat": preference.repeat or None,
        "swap_consistent": preference.swap_consistent,
        **preference.detail,
    }
    return {
        "annotator": annotator.name,
        "source": annotator.source.value,
        "simulated": annotator.simulated or None,
        "verdict": preference.verdict.value,
        "strength": preference.strength,
        "p_a": preference.p_a,
        "shown_first": preference.shown_first.value or None,
        "seconds": preference.seconds,
        "rationale": preference.rationale,
        "criteria": preference.criteria,
        "judge": {key: value for key, value in judge.items() if value is not None},
        "gold": preference.gold or None,
        "created_at": preference.created_at,
    }


def _families(line: Mapping[str, Any]) -> dict[str, str]:
    families = {}
    for author, family in (("author_a", "family_a"), ("author_b", "family_b")):
        if line.get(author) and line.get(family):
            families[line[author]] = _text(family, line[family])
    return families


def _tags(value: Any) -> dict[str, str]:
    tags = _mapping("tags", value)
    for name, tag in tags.items():
        if not isinstance(tag, str):
            raise RecordError(f"tags.{name} is {_shown(tag)}; expected a text")
    return tags


def _mapping(name: str, value: Any) -> dict[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise RecordError(f"{name} is {_shown(value)}; expected names and values")
    kept = {key: item for key, item in value.items() if item is not None}
    for key in kept:
        if not isinstance(key, str):
            raise RecordError(f"{name} is {_shown(value)}; expected names that are texts")
    return kept


def _word(name: str, value: Any, words: dict[str, Any]) -> Any:
    word = words.get(value) if isinstance(value, str) else None
    if word is None:
        raise RecordError(f"{name} is {_shown(value)}; expected one of {_words(words)}")
    return word


def _words(words: dict[str, Any]) -> str:
    return ", ".join(word for word in words if word)


def _number(name: str, value: Any, low: float = 0.0, high: float = math.inf) -> float:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not number or not (math.isfinite(value) and low <= value <= high):
        limits = f"from {low:g} to {high:g}" if high < math.inf else f"of at least {low:g}"
        raise RecordError(f"{name} is {_shown(value)}; expected a number {limits}")
    return float(value)


def _whole(name: str, value: Any, low: int, high: int) -> int:
    number = _number(name, value, low, high)
    if not number.is_integer():
        raise RecordError(f"{name} is {_shown(value)}; expected a whole number from {low} to {high}")
    return int(number)


def _flag(name: str, value: Any) -> bool:
    if not isinstance(value, bool):
        raise RecordError(f"{name} is {_shown(value)}; expected true or false")
    return value


def _time(name: str, value: Any) -> str:
    try:
        moment = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        raise RecordError(f"{name} is {_shown(value)}; expected a time such as 2026-11-22T10:00:00Z") from None
    if moment.tzinfo is not None and moment.tzinfo is not UTC:
        moment = moment.astimezone(UTC)
    return moment.isoformat(timespec="microseconds").removesuffix("+00:00") + "Z"


def _shown(value: Any) -> str:
    """A short picture of a received value, as JSON writes it, for an error message."""
    if value is None:
        return "missing"
    try:
        text = orjson.dumps(value).decode()
    except TypeError:
        text = repr(value)
    if isinstance(value, float) and math.isnan(value):
        text = "NaN"
    return text if len(text) <= 80 else text[:77] + "..."


Check: TypeAlias = Callable[[str, Any], Any]
"""Takes a key's name and its value, returns the value as the record keeps it or raises RecordError."""
PREFERENCE_CHECKS: dict[str, Check] = {
    "verdict": partial(_word, words=VERDICTS),
    "p_a": partial(_number, high=1.0),
    "strength": partial(_whole, low=1, high=MAX_STRENGTH),
    "shown_first": partial(_word, words=SIDES),
    "seconds": _number,
    "rationale": _text,
    "criteria": _mapping,
    "gold": _flag,
    "created_at": _time,
}
JUDGE_CHECKS: dict[str, Check] = {
    "prompt_sha256": _text,
    "repeat": partial(_whole, low=0, high=2**31 - 1),
    "swap_consistent": _flag,
}
