"""Preferences in the shapes that Argilla 2 and Label Studio import.

Argilla: a JSON array that `rg.Dataset.records.from_json` reads. Fields prompt (chat), response_a, response_b
(text); question `preference` with the labels a, b, tie, both_bad; people's verdicts are responses, one judge's verdict
is the suggestion. Users are UUIDs made from the annotators' names.

Label Studio: a JSON array of tasks for
    <Pairwise name="preference" toName="response_a,response_b"/>
    <Text name="response_a" value="$response_a"/> <Text name="response_b" value="$response_b"/>
People's verdicts are annotations, judges' are predictions; a tie selects neither side.
"""

import uuid
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Any

from firsthand.records import Annotator, Comparison, Content, Entry, Message, Preference, Source, Verdict

NO_TEXT = "the texts of the responses are not known"
SELECTED = {Verdict.A: "left", Verdict.B: "right"}
Vote = tuple[Annotator, Preference]


def argilla_records(entries: Iterable[Entry], left_out: Counter[str]) -> Iterator[dict[str, Any]]:
    """One record a comparison; counts in `left_out` the verdicts that Argilla has no place for.

    `entries` come by comparison, as Store.entries gives them.
    """
    for comparison, votes in _by_comparison(entries, left_out):
        people: dict[str, dict[str, str]] = {}
        suggestion: dict[str, Any] | None = None
        for annotator, preference in votes:
            if preference.verdict is Verdict.SKIP:
                left_out["verdict skip: no answer"] += 1
            elif annotator.source is Source.HUMAN:
                if annotator.name in people:
                    left_out["a second verdict of one person: Argilla takes one"] += 1
                else:
                    user = str(uuid.uuid5(uuid.NAMESPACE_OID, annotator.name))
                    people[annotator.name] = {"value": preference.verdict.value, "user_id": user}
            elif suggestion is None:
                score = _confidence(preference)
                suggestion = {"value": preference.verdict.value, "score": score, "agent": annotator.name}
            else:
                left_out["a second judge's verdict: Argilla takes one suggestion"] += 1
        yield {
            "id": comparison.id,
            "fields": {
                "prompt": comparison.prompt,
                "response_a": _text(comparison.a.content),
                "response_b": _text(comparison.b.content),
            },
            "metadata": _metadata(comparison),
            "responses": {"preference": list(people.values())} if people else {},
            "suggestions": {"preference": suggestion} if suggestion else {},
            "vectors": {},
        }


def label_studio_tasks(entries: Iterable[Entry], left_out: Counter[str]) -> Iterator[dict[str, Any]]:
    """One task a comparison; every verdict has a place, `left_out` counts comparisons without texts.

    `entries` come by comparison, as Store.entries gives them.
    """
    for comparison, votes in _by_comparison(entries, left_out):
        people = [vote for vote in votes if vote[0].source is Source.HUMAN]
        judges = [vote for vote in votes if vote[0].source is Source.SYNTHETIC]
        yield {
            "data": {
                "comparison_id": comparison.id,
                "prompt": _text(comparison.prompt),
                "response_a": _text(comparison.a.content),
                "response_b": _text(comparison.b.content),
                **_metadata(comparison),
            },
            "annotations": [_annotation(annotator, preference) for annotator, preference in people],
            "predictions": [_prediction(annotator, preference) for annotator, preference in judges],
        }


def _by_comparison(entries: Iterable[Entry], left_out: Counter[str]) -> Iterator[tuple[Comparison, list[Vote]]]:
    for _, group in groupby(entries, key=lambda entry: entry.comparison.id):
        same = list(group)
        comparison = same[0].comparison
        votes = [(entry.annotator, entry.preference) for entry in same if entry.annotator and entry.preference]
        if comparison.a.content is None or comparison.b.content is None:
            left_out[NO_TEXT] += max(len(votes), 1)
        else:
            yield comparison, votes


def _annotation(annotator: Annotator, preference: Preference) -> dict[str, Any]:
    return {
        "result": _result(preference),
        "lead_time": preference.seconds,
        "was_cancelled": preference.verdict is Verdict.SKIP,
        "ground_truth": preference.gold,
        "meta": {"annotator": annotator.name, "verdict": preference.verdict.value},
    }


def _prediction(annotator: Annotator, preference: Preference) -> dict[str, Any]:
    return {
        "model_version": annotator.name,
        "score": _confidence(preference),
        "result": _result(preference),
        "meta": {"verdict": preference.verdict.value},
    }


def _result(preference: Preference) -> list[dict[str, Any]]:
    selected = SELECTED.get(preference.verdict)
    if selected is None:
        return []
    item = {"from_name": "preference", "to_name": "response_a", "type": "pairwise", "value": {"selected": selected}}
    return [item]


def _confidence(preference: Preference) -> float | None:
    return None if preference.p_a is None else max(preference.p_a, 1 - preference.p_a)


def _metadata(comparison: Comparison) -> dict[str, str]:
    """Who wrote the responses, and the tags: each under a name of its own, whatever it is called."""
    authors = {"author_a": comparison.a.author, "author_b": comparison.b.author}
    tags = {f"tag_{name}": tag for name, tag in comparison.tags.items()}
    return {name: author for name, author in authors.items() if author} | tags


def _text(content: Content | list[Message] | None) -> str:
    """A text; an exchange with its speakers before each message."""
    if isinstance(content, list):
        if len(content) == 1:
            return content[0]["content"]
        return "\n\n".join(f"{message['role']}: {message['content']}" for message in content)
    return content or ""
