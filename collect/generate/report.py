"""What a run of `collect generate` came to."""

from collections import Counter
from dataclasses import dataclass, field, fields
from typing import Any

from firsthand.store.calls import ANSWER, Call


@dataclass(slots=True)
class ModelReport:
    """One model's part.

    wanted: responses that the job asks of it; known: of these, those that the journal held already; answered: those
    that this run brought. requests: attempts included. failures: calls without an answer by kind, examples: a message
    of each kind. cut: answers of this run that ended at max_tokens. stopped: why the model was given up.
    """

    name: str
    wanted: int = 0
    known: int = 0
    answered: int = 0
    requests: int = 0
    cut: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    cost: float | None = None
    failures: Counter[str] = field(default_factory=Counter)
    examples: dict[str, str] = field(default_factory=dict)
    stopped: str | None = None

    @property
    def left(self) -> int:
        """Responses that are still to be written."""
        return self.wanted - self.known - self.answered

    def count(self, call: Call) -> None:
        """Count a call of this run."""
        self.prompt_tokens += call.prompt_tokens or 0
        self.completion_tokens += call.completion_tokens or 0
        if call.cost is not None:
            self.cost = (self.cost or 0.0) + call.cost
        if call.outcome == ANSWER:
            self.answered += 1
            self.cut += call.reply["finish"] == "length"
        else:
            self.failures[call.outcome] += 1
            self.examples.setdefault(call.outcome, call.reply["message"])


@dataclass(slots=True)
class PairReport:
    """The comparisons.

    added, known: by whether the store held them. picked: responses picked from candidates in this run. waiting: prompts
    that wait for more responses. left_out: pairs, responses and prompts that make no comparison, by reason.
    """

    added: int = 0
    known: int = 0
    picked: int = 0
    waiting: int = 0
    left_out: Counter[str] = field(default_factory=Counter)


@dataclass(slots=True)
class Report:
    """A run's counts; budget: what was used, where it ended the run."""

    prompts: int
    unreadable: Counter[str]
    models: list[ModelReport]
    pairs: PairReport
    budget: str | None = None

    def as_json(self) -> dict[str, Any]:
        """For `--json`."""
        models = [{**_values(model), "left": model.left} for model in self.models]
        return {**_values(self), "models": models, "pairs": _values(self.pairs)}


def _values(counts: Any) -> dict[str, Any]:
    # Not asdict: it makes a Counter of a Counter's items.
    return {field.name: getattr(counts, field.name) for field in fields(counts)}
