"""What a way to train costs: once, to train, and for every response."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from firsthand.evaluate.policies.journal import Written


@dataclass(frozen=True, slots=True)
class Training:
    """What a training run took, as far as it wrote it down; a resumed run's seconds are those since it was resumed.

    tokens: of the batches, with both responses of each pair; precision: fp32, bf16 or fp16.
    """

    rows: int | None
    seconds: float | None
    tokens: int | None
    precision: str


@dataclass(frozen=True, slots=True)
class Answering:
    """What one response took. candidates: written for it; tokens: written; read: by the writer and by the reward model.

    seconds: of writing and picking; cost: US dollars, None without a price.
    """

    responses: int
    candidates: int
    tokens: float
    read: float
    seconds: float
    cost: float | None


def answering_cost(written: Written | None, candidates: int) -> Answering | None:
    """The means over the responses of an author; None where the journal holds none."""
    if written is None or not written.answers:
        return None
    responses = len(written.answers) if candidates == 1 else sum(written.picks.values())
    return Answering(
        responses=responses,
        candidates=candidates,
        tokens=written.tokens / responses,
        read=written.read / responses,
        seconds=written.seconds / responses,
        cost=None if written.cost is None else written.cost / responses,
    )


def training_cost(folder: Path) -> Training:
    """What the run in `folder` wrote down."""
    record, metrics = (_read(folder / name) for name in ("training.json", "metrics.json"))
    history: list[dict[str, Any]] = metrics.get("history", [])
    ended: dict[str, Any] = next((entry for entry in reversed(history) if "train_runtime" in entry), {})
    tokens = ended.get("num_tokens")
    return Training(
        rows=record.get("counts", {}).get("rows", {}).get("train"),
        seconds=ended.get("train_runtime"),
        tokens=None if tokens is None else int(tokens),
        precision=str(record.get("precision", "")),
    )


def _read(path: Path) -> dict[str, Any]:
    """The JSON object in `path`; empty where there is none."""
    try:
        return dict(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return {}
