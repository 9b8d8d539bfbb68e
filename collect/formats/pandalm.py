"""PandaLM's test set: three people on every item, and the files in which a judge answers the same items.

A judge's file holds no texts: it joins with testset-v1.json by idx.
"""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from firsthand.collect.formats.form import Convert, Format, Line, alone
from firsthand.collect.rows import open_rows
from firsthand.errors import InputError, RecordError

RATERS = ("annotator1", "annotator2", "annotator3")
REQUIRED = frozenset({"idx", "cmp_key", "instruction", "response1", "response2", *RATERS})
TEST_SET = "testset-v1.json"
VERDICTS = {0: "tie", 1: "a", 2: "b", "Tie": "tie", "1": "a", "2": "b"}
"""The files write a tie as 0 or "Tie". Words that are not here go on as they are, and are refused."""
JUDGES = {"gpt": "gpt-3.5-turbo", "pandalm": "PandaLM-7B"}
"""Prefix of a judge file's columns: the judge that answered."""


def _convert(row: Mapping[str, Any]) -> Iterable[Line]:
    comparison = _comparison(row)
    for rater in RATERS:
        yield comparison | {"annotator": rater, "source": "human", "verdict": _verdict(row.get(rater))}


def _comparison(row: Mapping[str, Any]) -> Line:
    instruction, context = row.get("instruction"), row.get("input")
    authors = str(row.get("cmp_key")).split("_")
    if len(authors) != 2:
        raise RecordError(f"cmp_key is {row.get('cmp_key')!r}; expected the two models, as in 'bloom-7b_opt-7b'")
    return {
        "prompt": f"{instruction}\n\n{context}" if isinstance(instruction, str) and context else instruction,
        "response_a": row.get("response1"),
        "response_b": row.get("response2"),
        "author_a": authors[0],
        "author_b": authors[1],
        "tags": {"app": row["motivation_app"]} if row.get("motivation_app") else {},
    }


def _verdict(value: Any) -> Any:
    known = isinstance(value, int | str) and not isinstance(value, bool)
    return VERDICTS.get(value, value) if known else str(value)


def _judge_converter(path: Path | None, others: Sequence[Path]) -> Convert:
    items = {str(row.get("idx")): row for row in _test_set(path, others)}

    def convert(row: Mapping[str, Any]) -> Iterable[Line]:
        item = items.get(str(row["idx"]))
        if item is None:
            raise RecordError(f"idx is {row.get('idx')!r}, which {TEST_SET} does not hold")
        prefix = next((prefix for prefix in JUDGES if f"{prefix}_result" in row), None)
        if prefix is None:
            raise RecordError(f"no column {' or '.join(f'{prefix}_result' for prefix in JUDGES)}")
        yield _comparison(item) | {
            "annotator": JUDGES[prefix],
            "source": "synthetic",
            "judge": {"model": JUDGES[prefix]},
            "verdict": _verdict(row[f"{prefix}_result"]),
            "shown_first": "a",
            "rationale": row.get(f"{prefix}_reason") or None,
        }

    return convert


def _test_set(path: Path | None, others: Sequence[Path]) -> list[Mapping[str, Any]]:
    """The items that a judge's file answers: from a test set named in the same command, or beside the file."""
    for other in [*others, *([path.parent / TEST_SET] if path else [])]:
        if other.is_file() and other != path:
            with open_rows(other) as opened:
                rows = [row.values for row in opened.rows]
                if any(row.keys() >= REQUIRED for row in rows):
                    return rows
    where = path or "this dataset"
    raise InputError(f"{where}: a PandaLM judge's file holds no texts; name the files, {TEST_SET} among them")


def _matches_judge(row: Mapping[str, Any]) -> bool:
    return "idx" in row and any(f"{prefix}_result" in row for prefix in JUDGES)


FORMAT = Format(
    name="pandalm",
    summary="PandaLM's test set: instruction, input, response1, response2, annotator1 to 3",
    matches=lambda row: row.keys() >= REQUIRED,
    required=REQUIRED,
    optional=frozenset({"input", "motivation_app"}),
    converter=alone(_convert),
)
JUDGE_FORMAT = Format(
    name="pandalm-judge",
    summary=f"a judge's answers to it: idx, gpt_result or pandalm_result (joined with {TEST_SET} by idx)",
    matches=_matches_judge,
    required=frozenset({"idx"}),
    optional=frozenset({*(f"{prefix}_{part}" for prefix in JUDGES for part in ("result", "reason"))}),
    converter=_judge_converter,
)
