"""The files to watch while training runs: metrics.jsonl and progress.html, rewritten at every evaluation."""

import dataclasses
import json
from pathlib import Path
from typing import Any

from transformers import TrainerCallback

from firsthand.train.folder import write_text
from firsthand.train.grounding import HUMAN, Grounding
from firsthand.train.progress_page import RunState, progress_page

PAGE, METRICS = "progress.html", "metrics.jsonl"


class Live(TrainerCallback):
    """Writes both files on the first process; it comes after Grounding, whose verdict they show."""

    def __init__(self, title: str, grounding: Grounding, out: Path) -> None:
        self._title = title
        self._grounding = grounding
        self._out = out
        self._finished = False

    def on_train_begin(self, _args: Any, state: Any, _control: Any, **_: Any) -> None:
        """A page to open before the first evaluation."""
        self._finished = False
        self._write(state)

    def on_evaluate(self, _args: Any, state: Any, _control: Any, **_: Any) -> None:
        """What is new, while it runs."""
        self._write(state)

    def on_train_end(self, _args: Any, state: Any, _control: Any, **_: Any) -> None:
        """The page stands still from now on."""
        self._finished = True
        self._write(state)

    def _write(self, state: Any) -> None:
        if not state.is_world_process_zero:
            return
        rows = metric_rows(state.log_history, self._grounding)
        write_text(self._out / METRICS, "".join(json.dumps(row) + "\n" for row in rows))
        tone, sentence = self._verdict()
        page = progress_page(RunState(self._title, rows, state.max_steps, self._finished, tone, sentence))
        write_text(self._out / PAGE, page)

    def _verdict(self) -> tuple[str, str]:
        """The tone of the page's style, and one sentence."""
        grounding = self._grounding
        if HUMAN not in grounding.prompts:
            return "open", "The mix holds out no pairs that people labelled, so agreement with people is not measured."
        if grounding.turn is not None:
            return "bad", f"At step {grounding.turn.step:,}: {grounding.turn.sentence(grounding.config.alpha)}."
        if not grounding.falls:
            return "open", "Too early to tell: a fall needs two evaluations to be seen."
        last = grounding.falls[-1]
        seen = "" if last.visible is None else f" A fall of {100 * last.visible:.1f} points would have been seen."
        return "good", f"No fall of agreement with people is shown in {len(grounding.looks.steps)} evaluations.{seen}"


def metric_rows(history: list[dict[str, Any]], grounding: Grounding) -> list[dict[str, Any]]:
    """One row a step with everything that was logged at it; `grounding` is what that evaluation showed (falls.Fall)."""
    rows: dict[int, dict[str, Any]] = {}
    for entry in history:
        rows.setdefault(entry["step"], {"step": entry["step"]}).update(entry)
    steps = grounding.looks.steps
    for look, fall in enumerate(grounding.falls, start=1):
        if steps[look] in rows:
            rows[steps[look]]["grounding"] = {**dataclasses.asdict(fall), "since": steps[fall.since]}
    return [rows[step] for step in sorted(rows)]
