"""What a judge's or a panel's part of a job came to."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, fields
from typing import Any

from firsthand.collect.judge.questions import Backlog
from firsthand.records import Entry, Side
from firsthand.store.calls import ANSWER, Call


@dataclass(slots=True)
class Report:
    """Counts of one annotator; verdicts: rows written in this run.

    judged_before, judged: units (a comparison, once in each order) with verdicts before and from this run; left: those
    without. consistent: judged units whose orders agree. first_chosen: verdicts for the response shown first, ties
    half. outside: the sum over verdicts of the probability outside the answer words. reused: answers found in the
    journal. requests: attempts included. examples: a message of each kind of failure. reasons: why units were left
    where no call failed. stopped: why the run ended early.
    """

    name: str
    method: str | None = None
    prompt_sha256: str = ""
    comparisons: int = 0
    without_text: int = 0
    units: int = 0
    judged_before: int = 0
    judged: int = 0
    verdicts: int = 0
    consistent: int = 0
    first_chosen: float = 0.0
    outside: float = 0.0
    calls: int = 0
    reused: int = 0
    requests: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost: float | None = None
    seconds: float = 0.0
    models: list[str] = field(default_factory=list)
    failures: Counter[str] = field(default_factory=Counter)
    examples: dict[str, str] = field(default_factory=dict)
    reasons: Counter[str] = field(default_factory=Counter)
    stopped: str | None = None

    @property
    def done(self) -> int:
        """Units that have their verdicts."""
        return self.judged_before + self.judged

    @property
    def left(self) -> int:
        """Units met that are still without a verdict."""
        return self.units - self.done

    def take(self, backlog: Backlog) -> None:
        """Take over what was met while questions were listed."""
        self.comparisons, self.without_text = backlog.comparisons, backlog.without_text
        self.units, self.judged_before, self.reused = backlog.units, backlog.judged_before, backlog.reused

    def count_call(self, call: Call) -> None:
        """Count a call, what it used, and how it failed."""
        self.calls += 1
        self.prompt_tokens += call.prompt_tokens or 0
        self.completion_tokens += call.completion_tokens or 0
        if call.cost is not None:
            self.cost = (self.cost or 0.0) + call.cost
        if call.outcome != ANSWER:
            self.failures[call.outcome] += 1
            self.examples.setdefault(call.outcome, call.reply["message"])

    def count_left(self, reason: str, units: int = 1) -> None:
        """Count units that stay without a verdict though no call failed."""
        if units:
            self.reasons[reason] += units

    def count_verdicts(self, entries: Iterable[Entry]) -> None:
        """Count a unit's verdicts."""
        self.judged += 1
        preferences = [entry.preference for entry in entries if entry.preference]
        self.verdicts += len(preferences)
        self.consistent += preferences[0].swap_consistent is True
        for preference in preferences:
            self.outside += preference.detail.get("outside", 0.0)
            if preference.shown_first in (Side.A, Side.B):
                self.first_chosen += _first_chosen(preference.verdict.value, preference.shown_first.value)
            model = preference.detail.get("endpoint_model")
            if model is not None and model not in self.models:
                self.models.append(model)

    def as_json(self) -> dict[str, Any]:
        """For `--json`."""
        # Not asdict: it makes a Counter of a Counter's items.
        return {**{field.name: getattr(self, field.name) for field in fields(self)}, "left": self.left}


def _first_chosen(verdict: str, first: str) -> float:
    return 0.5 if verdict not in ("a", "b") else float(verdict == first)
