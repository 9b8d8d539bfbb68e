"""Stores to measure."""

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from firsthand.records import parse_line
from firsthand.store import Outcome, Store

Vote = dict[str, Any]
Fill = Callable[[Iterable[Vote]], Store]


@pytest.fixture
def fill(store: Store) -> Fill:
    """Adds interchange lines to the store; each needs only what the test is about."""

    def add(votes: Iterable[Vote]) -> Store:
        lines = [{"response_a": "first", "response_b": "second", "source": "human", **vote} for vote in votes]
        outcomes = store.add([parse_line(line) for line in lines])
        refused = [outcome for outcome in outcomes if not isinstance(outcome, Outcome)]
        assert not refused, refused
        return store

    return add


@pytest.fixture
def pandalm_votes(shared_data: Path) -> list[Vote]:
    """The three raters' votes of the PandaLM test set, its six rows without a text left out."""
    rows = json.loads((shared_data / "pandalm/data/testset-v1.json").read_text(encoding="utf-8"))
    verdicts = ("tie", "a", "b")
    return [
        {
            "prompt": f"{row['instruction']}\n{row['input']}",
            "response_a": row["response1"],
            "response_b": row["response2"],
            "author_a": row["cmp_key"].split("_")[0],
            "author_b": row["cmp_key"].split("_")[1],
            "annotator": f"annotator{number}",
            "verdict": verdicts[row[f"annotator{number}"]],
        }
        for row in rows
        if isinstance(row["response1"], str) and isinstance(row["response2"], str)
        for number in (1, 2, 3)
    ]
