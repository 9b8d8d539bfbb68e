"""QA-feedback: four predictions of one model to a question, compared by people two by two."""

from collections.abc import Iterable, Mapping
from itertools import combinations
from typing import Any

from firsthand.collect.formats.form import Format, Line, alone
from firsthand.errors import RecordError

PREDICTIONS = ("prediction 1", "prediction 2", "prediction 3", "prediction 4")
REQUIRED = frozenset({"question", "preference", *PREDICTIONS})
PAIRS = tuple(combinations(PREDICTIONS, 2))
"""The order of `preference`: 1v2, 1v3, 1v4, 2v3, 2v4, 3v4."""
VERDICTS = {0: "tie", 1: "a", 2: "b"}


def _convert(row: Mapping[str, Any]) -> Iterable[Line]:
    choices = row.get("preference")
    if not isinstance(choices, list) or len(choices) != len(PAIRS):
        raise RecordError(f"preference is {str(choices)[:80]}; expected {len(PAIRS)} verdicts")
    prompt = _prompt(row)
    for (one, other), choice in zip(PAIRS, choices, strict=True):
        known = isinstance(choice, int) and not isinstance(choice, bool)
        yield {
            "prompt": prompt,
            "response_a": row.get(one),
            "response_b": row.get(other),
            "source": "human",
            "verdict": VERDICTS.get(choice, choice) if known else str(choice),
        }


def _prompt(row: Mapping[str, Any]) -> Any:
    """The question with its passages, as people saw it: each passage under its title."""
    passages = row.get("passages") or []
    if not isinstance(passages, list) or not all(isinstance(passage, list) and passage for passage in passages):
        raise RecordError("passages is not a list of passages, each a title and its sentences")
    parts = [f"{title}\n{' '.join(map(str, sentences))}" for title, *sentences in passages]
    question = row["question"]
    return "\n\n".join([*parts, question]) if parts and isinstance(question, str) else question


FORMAT = Format(
    name="qa-feedback",
    summary="question, passages, prediction 1 to 4 and six preferences between them",
    matches=lambda row: row.keys() >= REQUIRED,
    required=REQUIRED,
    optional=frozenset({"passages"}),
    converter=alone(_convert),
)
