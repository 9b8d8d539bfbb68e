"""Makes mtbench.jsonl.gz from a CSV: python -m firsthand.evaluate.audit.example.make human_gpt_comparison.csv.

Of each comparison it keeps the question's number and category, the turn, who wrote the responses, how long they are and
the verdicts; no prompt, response or rationale.
"""

import csv
import gzip
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import orjson

from firsthand.collect.formats.form import LeftOut
from firsthand.collect.formats.mtbench import FORMAT
from firsthand.records import text_length

LONGEST_CELL = 2**24
"""Characters."""


def make(source: Path, target: Path) -> int:
    """Write the lines of `source` to `target`; returns how many. Equal input gives equal bytes."""
    csv.field_size_limit(LONGEST_CELL)
    with source.open(encoding="utf-8", newline="") as opened:
        found = (orjson.dumps(line, option=orjson.OPT_SORT_KEYS) for line in _lines(csv.DictReader(opened)))
        lines = list(dict.fromkeys(found))
    target.write_bytes(gzip.compress(b"\n".join(lines) + b"\n", mtime=0))
    return len(lines)


def _lines(rows: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """The votes as native lines; a verdict of GPT-4 comes as often as people voted on its comparison."""
    convert = FORMAT.converter(None, ())
    for row in rows:
        for line in convert(row):
            if not isinstance(line, LeftOut):
                yield _without_texts(line, row["question_id"])


def _without_texts(line: dict[str, Any], question: str) -> dict[str, Any]:
    kept = {key: value for key, value in line.items() if key not in ("prompt", "response_a", "response_b")}
    kept["prompt"] = f"MT-bench question {question}"
    for side in ("a", "b"):
        kept[f"response_{side}_id"] = f"mt-bench {question}.{line['tags']['turn']} {line[f'author_{side}']}"
        kept[f"length_{side}"] = text_length(line[f"response_{side}"])
    return kept


if __name__ == "__main__":
    made = make(Path(sys.argv[1]), Path(__file__).with_name("mtbench.jsonl.gz"))
    sys.stdout.write(f"{made} lines\n")
