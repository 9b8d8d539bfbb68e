"""Scored responses (UltraFeedback style): one instruction, several completions with a score each.

Every two completions make a comparison; the higher score wins, equal scores are a tie. The score is the mean of the
aspects (`fine-grained_score`) where every completion of the row has it, else `overall_score`: the published overall
scores of UltraFeedback hold tens that were read from ones. The two are never compared with each other: aspects run to
5, overall scores to 10.
"""

import math
from collections.abc import Iterable, Mapping
from itertools import combinations
from typing import Any

from firsthand import checks
from firsthand.collect.formats.form import Format, Line, alone
from firsthand.errors import RecordError

REQUIRED = frozenset({"instruction", "completions"})
SCORES = ("fine-grained_score", "overall_score")


def _convert(row: Mapping[str, Any]) -> Iterable[Line]:
    completions = row.get("completions")
    if not isinstance(completions, list) or len(completions) < 2:
        raise RecordError("completions is not a list of two or more; there is nothing to compare")
    score_name = _shared_score(completions)
    for one, other in combinations(completions, 2):
        score, other_score = _score(one, score_name), _score(other, score_name)
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


def _shared_score(completions: list[Any]) -> str:
    """The first of SCORES that all completions have."""
    for completion in completions:
        if not isinstance(completion, Mapping):
            raise RecordError(
                f"completions holds {str(completion)[:80]!r}; expected an object with response and a score"
            )
    for name in SCORES:
        if all(completion.get(name) is not None for completion in completions):
            return name
    raise RecordError(f"no score is given for every completion; expected {' or '.join(SCORES)} in all of them")


def _score(completion: Mapping[str, Any], name: str) -> float:
    return checks.number(f"a completion's {name}", completion[name], low=-math.inf)


FORMAT = Format(
    name="scored",
    summary="instruction and completions, each with model, response and a score (UltraFeedback style)",
    matches=lambda row: row.keys() >= REQUIRED,
    required=REQUIRED,
    optional=frozenset({"source"}),
    converter=alone(_convert),
)
