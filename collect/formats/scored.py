"""Scored responses (UltraFeedback style): one instruction, several completions with a score each.

Every two completions make a comparison; the higher score wins, equal scores are a tie. The score is the mean of the
aspects (`fine-grained_score`) where a completion has it, else `overall_score`: the published overall scores
of UltraFeedback hold tens that were read from ones.
"""

from collections.abc import Iterable, Mapping
from itertools import combinations
from typing import Any

from firsthand.collect.formats.form import Format, Line, alone
from firsthand.errors import RecordError

REQUIRED = frozenset({"instruction", "completions"})
SCORES = ("fine-grained_score", "overall_score")


def _convert(row: Mapping[str, Any]) -> Iterable[Line]:
    completions = row.get("completions")
    if not isinstance(completions, list) or len(completions) < 2:
        raise RecordError("completions is not a list of two or more; there is nothing to compare")
    for one, other in combinations(completions, 2):
        score, other_score = _score(one), _score(other)
        yield {
            "prompt": row.get("instruction"),
            "response_a": one.get("response"),
            "response_b": other.get("response"),
            "author_a": one.get("model"),
            "author_b": other.get("model"),
            "verdict": "a" if score > other_score else "b" if score < other_score else "tie",
            "criteria": {"score_chosen": max(score, other_score), "score_rejected": min(score, other_score)},
            "tags": {"dataset": row["source"]} if row.get("source") else {},
        }


def _score(completion: Any) -> float:
    if not isinstance(completion, Mapping):
        raise RecordError(f"completions holds {str(completion)[:80]!r}; expected an object with response and a score")
    value = next((completion[name] for name in SCORES if completion.get(name) is not None), None)
    if isinstance(value, bool) or not isinstance(value, int | float) or value != value:
        raise RecordError(f"a completion's score is {value!r}; expected a number in {' or '.join(SCORES)}")
    return float(value)


FORMAT = Format(
    name="scored",
    summary="instruction and completions, each with model, response and a score (UltraFeedback style)",
    matches=lambda row: row.keys() >= REQUIRED,
    required=REQUIRED,
    optional=frozenset({"source"}),
    converter=alone(_convert),
)
