"""The interchange line: one comparison, and a preference on it, as a plain dictionary.

`parse_line` is the one place that checks what comes from outside; docs/formats.md describes the keys.
"""

from collections.abc import Mapping
from typing import Any, TypeAlias

import orjson

from firsthand import checks
from firsthand.errors import RecordError
from firsthand.flat import FlatAnnotator, FlatEntry, entry_of, json_object, known_annotator
from firsthand.records import (
    MAX_STRENGTH,
    Annotator,
    Entry,
    Message,
    Preference,
    Side,
    Source,
    Verdict,
    content_id,
    dump,
    text_length,
)

VERDICTS = tuple(verdict.value for verdict in Verdict)
SOURCES = tuple(source.value for source in Source)
SIDES = tuple(side.value for side in Side)
OTHER_SIDE = {"a": "b", "b": "a"}
COMPARISON_KEYS = frozenset(
    "prompt response_a response_b response_a_id response_b_id length_a length_b author_a author_b family_a family_b"
    " origin_a origin_b tags".split()
)
LINE_KEYS = COMPARISON_KEYS | frozenset(
    "annotator source simulated verdict strength p_a shown_first seconds rationale criteria judge gold"
    " created_at".split()
)
JUDGE_KEYS = frozenset("model family prompt_sha256 repeat swap_consistent".split())
MAX_INTEGER = 2**31 - 1
"""The largest whole number that every database keeps in an integer column."""

FlatResponse: TypeAlias = tuple[str, str | None, int | None, str | None]
"""A response's id, author, length (characters) and content (JSON; None where only the id is known)."""


def parse_line(line: Mapping[str, Any]) -> Entry:
    """Check one native interchange line (see docs/formats.md) and turn it into an Entry in canonical order.

    Keys outside LINE_KEYS are the caller's to report; keys of `judge` outside JUDGE_KEYS are kept in Preference.detail.
    Raises RecordError with what is wrong, the value received and what to do.
    """
    return entry_of(parse_flat(line))


def parse_flat(line: Mapping[str, Any]) -> FlatEntry:
    """`parse_line` without the records, which an import of a million lines has no use for."""
    try:
        return _parse(line)
    except orjson.JSONEncodeError as error:
        raise RecordError(f"the line holds a value that can't be kept as JSON: {error}") from None


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
        line[f"origin_{side}"] = response.origin
    line["tags"] = comparison.tags
    if entry.annotator and entry.preference:
        line |= _preference_keys(entry.annotator, entry.preference)
    return {key: value for key, value in line.items() if value is not None and value != {}}


def chat_messages(name: str, value: Any) -> list[Message]:
    """The chat messages of `value`: a text stands for one message of the user.

    Raises RecordError, which calls the value `name`, where it is neither.
    """
    if isinstance(value, str):
        return [{"role": "user", "content": checks.text(name, value)}]
    if not isinstance(value, list | tuple) or not value:
        raise RecordError(f"{name} is {checks.shown(value)}; expected a text or a list of {{role, content}} messages")
    return [_message(name, message) for message in value]


def checked_tags(value: Any) -> dict[str, str]:
    """Tags by name, none where `value` is None; raises RecordError where it holds anything but texts."""
    tags = checks.mapping("tags", value)
    for name, tag in tags.items():
        if not isinstance(tag, str):
            raise RecordError(f"tags.{name} is {checks.shown(tag)}; expected a text")
    return tags


def _parse(line: Mapping[str, Any]) -> FlatEntry:
    get = line.get
    prompt = dump(chat_messages("prompt", get("prompt")))
    first = _response("response_a", get("response_a"), "author_a", get("author_a")) or _known_by_id(line, "a")
    second = _response("response_b", get("response_b"), "author_b", get("author_b")) or _known_by_id(line, "b")
    if first[0] == second[0] or (first[3] is not None and first[3] == second[3]):
        raise RecordError("the two responses are the same text; there is nothing to compare")
    swap = first[0] > second[0]
    a, b = (second, first) if swap else (first, second)
    origin_a, origin_b = _origin("origin_a", get("origin_a")), _origin("origin_b", get("origin_b"))
    if swap:
        origin_a, origin_b = origin_b, origin_a
    prompt_id = content_id("prompt", prompt)
    id_ = content_id("comparison", prompt_id, a[0], b[0])
    tags = json_object(checked_tags(get("tags")))
    comparison = (id_, prompt_id, a[0], b[0], a[1], b[1], a[2], b[2], tags, a[3], b[3], origin_a, origin_b)
    annotator = preference = None
    if get("verdict") is not None:
        judge = get("judge") or {}
        if not isinstance(judge, dict):
            raise RecordError(
                f"judge is {checks.shown(judge)}; expected an object with model, family, prompt_sha256, repeat"
            )
        annotator = _annotator(line, judge)
        preference = _preference(line, judge, id_, annotator.name, swap)
    elif get("p_a") is not None:
        raise RecordError(
            f"p_a is {checks.shown(get('p_a'))} but there is no verdict; give one of {', '.join(VERDICTS)}"
        )
    return prompt, comparison, annotator, preference, _families(line)


def _message(name: str, value: Any) -> Message:
    if not isinstance(value, dict) or not isinstance(value.get("role"), str):
        raise RecordError(f"{name} holds {checks.shown(value)}; expected a message with role and content")
    return {
        "role": checks.text(f"{name}'s role", value["role"]),
        "content": checks.text(f"{name}'s content", value.get("content")),
    }


def _response(name: str, value: Any, author_name: str, author: Any) -> FlatResponse | None:
    """One side's response; None where the line does not hold it.

    Its id is over author and content, so that equal texts of two authors stay apart. One assistant's message is the
    same response as its text.
    """
    author = checks.optional_text(author_name, author) or None
    if isinstance(value, str):
        content = checks.text(name, value)
        return content_id("response", author or "", content), author, len(content), dump(content)
    if isinstance(value, list | tuple):
        messages = chat_messages(name, value)
        if len(messages) == 1 and messages[0]["role"] == "assistant":
            return _response(name, messages[0]["content"], author_name, author)
        encoded = dump(messages)
        return content_id("response", author or "", encoded), author, text_length(messages), encoded
    if value is None:
        return None
    raise RecordError(f"{name} is {checks.shown(value)}; expected a text or a list of messages")


def _known_by_id(line: Mapping[str, Any], side: str) -> FlatResponse:
    id_ = line.get(f"response_{side}_id")
    if id_ is None:
        raise RecordError(f"response_{side} is missing; expected a text or a list of messages")
    length = line.get(f"length_{side}")
    return (
        checks.text(f"response_{side}_id", id_),
        line.get(f"author_{side}") or None,
        None if length is None else checks.whole(f"length_{side}", length, 0, MAX_INTEGER),
        None,
    )


def _origin(name: str, value: Any) -> str | None:
    origin = None if value is None else checks.mapping(name, value)
    return dump(origin) if origin else None


def _annotator(line: Mapping[str, Any], judge: Mapping[str, Any]) -> FlatAnnotator:
    source, simulated = line.get("source") or ("synthetic" if judge else None), line.get("simulated")
    if source is None:
        raise RecordError(
            "a verdict without a source; say whether people or a model gave it: source = human or synthetic, "
            "on the line or with --source"
        )
    model = checks.optional_text("judge.model", judge.get("model"))
    return known_annotator(
        checks.optional_text("annotator", line.get("annotator")) or model or "anonymous",
        checks.word("source", source, SOURCES),
        model,
        False if simulated is None else checks.flag("simulated", simulated),
        checks.optional_text("judge.family", judge.get("family")),
    )


def _preference(
    line: Mapping[str, Any], judge: Mapping[str, Any], comparison_id: str, annotator: str, swap: bool
) -> tuple[Any, ...]:
    """The line's preference as PREFERENCE_VALUES; the sides exchanged where `swap`."""
    get = line.get
    verdict = checks.word("verdict", get("verdict"), VERDICTS)
    p_a = None if (p_a := get("p_a")) is None else checks.number("p_a", p_a, high=1.0)
    if p_a is not None and ((verdict == "a" and p_a < 0.5) or (verdict == "b" and p_a > 0.5)):
        raise RecordError(f"verdict is {verdict!r} but p_a, the probability that A is better, is {p_a}")
    shown_first = "" if (side := get("shown_first")) is None else checks.word("shown_first", side, SIDES)
    if swap:
        verdict, shown_first = OTHER_SIDE.get(verdict, verdict), OTHER_SIDE.get(shown_first, shown_first)
        p_a = None if p_a is None else 1.0 - p_a
    prompt_sha256, repeat, swap_consistent, detail = _asked(judge) if judge else ("", 0, None, "{}")
    return (
        comparison_id,
        annotator,
        verdict,
        p_a,
        None if (strength := get("strength")) is None else checks.whole("strength", strength, 1, MAX_STRENGTH),
        shown_first,
        None if (seconds := get("seconds")) is None else checks.number("seconds", seconds),
        checks.optional_text("rationale", get("rationale")),
        json_object(checks.mapping("criteria", get("criteria"))),
        prompt_sha256,
        repeat,
        swap_consistent,
        False if (gold := get("gold")) is None else checks.flag("gold", gold),
        None if (created_at := get("created_at")) is None else checks.moment("created_at", created_at),
        detail,
    )


def _asked(judge: Mapping[str, Any]) -> tuple[str, int, bool | None, str]:
    """How the judge was asked: its prompt's hash, the repeat, whether both orders agreed, and what else it recorded."""
    repeat, consistent = judge.get("repeat"), judge.get("swap_consistent")
    detail = {key: value for key, value in judge.items() if key not in JUDGE_KEYS and value is not None}
    return (
        checks.optional_text("judge.prompt_sha256", judge.get("prompt_sha256")) or "",
        0 if repeat is None else checks.whole("judge.repeat", repeat, 0, MAX_INTEGER),
        None if consistent is None else checks.flag("judge.swap_consistent", consistent),
        json_object(detail),
    )


def _families(line: Mapping[str, Any]) -> dict[str, str]:
    families = {}
    for author, family in (("author_a", "family_a"), ("author_b", "family_b")):
        if line.get(family) and line.get(author):
            families[line[author]] = checks.text(family, line[family])
    return families


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
