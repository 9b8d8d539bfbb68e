"""What a loop left to be measured: every generation of every loop and its twin, on one anchor that people judged."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from firsthand.bootstrap import FloatArray
from firsthand.evaluate.audit.table import AuditTable
from firsthand.evaluate.audit.targets import Target

TWIN = 0.0
"""The ratio of the human-only twin."""


@dataclass(frozen=True, slots=True)
class Generation:
    """One model.

    ratio: the share of judged rows of its loop, TWIN for the human-only twin. generation: 0 is the model that all loops
    start from; it has the ratio TWIN. human_rows, synthetic_rows: of its mix. gap: (M,), the score of A minus that of B
    on each of the anchor's M comparisons, in log-odds; None for generation 0, which has learned from nobody. diversity:
    measure -> (P,), of each probe prompt, NaN where it can't be measured; higher is more diverse.
    words: the mean length of its responses to them, in words; None where it writes none.
    """

    ratio: float
    generation: int
    seed: int
    human_rows: int
    synthetic_rows: int
    gap: FloatArray | None
    diversity: Mapping[str, FloatArray] = field(default_factory=dict)
    words: float | None = None


@dataclass(frozen=True, slots=True)
class Loops:
    """Everything that a run measured.

    anchor: the comparisons that nothing was trained on, with the votes of people and the verdicts of `judge`. own: the
    authors of the judge's own kind, None where there are none. models: of every seed generation 0, and of every ratio,
    the twin's too, the generations from 1. facts: what the page tells of the run. exact: ratio -> measure -> (G + 1,),
    the true curves of a simulated world, empty for real models. collapses_at: the ratio from which a simulated world
    collapses, None where no ratio does. warnings: sentences on what a reader must not overlook.
    """

    anchor: AuditTable
    judge: str
    own: Target | None
    models: tuple[Generation, ...]
    engine: str
    facts: Mapping[str, Any] = field(default_factory=dict)
    exact: Mapping[float, Mapping[str, FloatArray]] = field(default_factory=dict)
    collapses_at: float | None = None
    warnings: tuple[str, ...] = ()

    def ratios(self) -> list[float]:
        """The loops' ratios, without the twin's."""
        return sorted({model.ratio for model in self.models} - {TWIN})

    def seeds(self) -> list[int]:
        """The seeds."""
        return sorted({model.seed for model in self.models})

    def generations(self) -> list[int]:
        """The trained generations, 1 to G."""
        return sorted({model.generation for model in self.models} - {0})

    def of(self, ratio: float, seed: int) -> list[Generation]:
        """The trained generations of one loop, in their order."""
        found = [model for model in self.models if (model.ratio, model.seed) == (ratio, seed) and model.generation]
        return sorted(found, key=lambda model: model.generation)

    def first(self, seed: int) -> Generation:
        """Generation 0."""
        return next(model for model in self.models if model.seed == seed and not model.generation)


def gap_of(model: Generation) -> FloatArray:
    """The gap of a trained generation."""
    if model.gap is None:
        raise AssertionError("generation 0 has no gap")
    return model.gap
