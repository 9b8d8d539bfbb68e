"""Files to import, and what became of them."""

import json
from pathlib import Path
from typing import Any

from firsthand.collect.importing import Options, Summary, import_file
from firsthand.store import Store


def line(number: int = 0, **values: Any) -> dict[str, Any]:
    content = {"prompt": f"question {number}", "response_a": "one", "response_b": "two"}
    return content | {"annotator": "ann", "source": "human", "verdict": "a"} | values


def write_lines(path: Path, lines: list[Any]) -> Path:
    """A JSONL file; texts are written as they are."""
    path.write_text("".join(f"{item if isinstance(item, str) else json.dumps(item)}\n" for item in lines), "utf-8")
    return path


def take(store: Store, path: Path, **options: Any) -> Summary:
    return import_file(store, str(path), Options(**options))


def rejected(summary: Summary) -> list[dict[str, Any]]:
    assert summary.rejected_file is not None
    return [json.loads(text) for text in Path(summary.rejected_file).read_text("utf-8").splitlines()]
