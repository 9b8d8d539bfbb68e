"""The affinity of every generation: each model is held against people as the audit holds a judge (affinity.py).

A model's verdict on a comparison is a probability, s(score of A - score of B); people's votes say how good the
responses are. So gamma, the model's log-odds for the target beyond quality, and kappa, how strongly
it follows quality, are told apart, whatever the judge that it learned from is like.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.special import expit

from firsthand.bootstrap import FloatArray
from firsthand.evaluate.audit.affinity import design, fit
from firsthand.evaluate.audit.table import AuditTable, B, Votes
from firsthand.evaluate.audit.targets import Target
from firsthand.evaluate.audit.testable import FEWEST_PROMPTS, Refusal, no_people, no_target
from firsthand.evaluate.generations.outcome import Generation, gap_of
from firsthand.evaluate.generations.series import Series

LONGER = "longer responses"
"""The target whose affinity is a taste for length beyond people's."""


@dataclass(frozen=True, slots=True)
class Affinities:
    """A loop's affinities in log-odds over its generations, and its sharpness (G,)."""

    series: Series
    sharpness: FloatArray


def as_judge(anchor: AuditTable, gap: FloatArray) -> tuple[AuditTable, float]:
    """The anchor with a model's verdicts in place of the judge's, and the scale that its gaps were divided by.

    The log-odds of the verdicts are the gaps at a mean square of 1. As the gaps are known, any scale gives the same
    gamma and kappa times that scale; this one is where votes tell most, neither all even nor all certain.
    """
    scale = float(np.sqrt((gap**2).mean())) or 1.0
    pairs = np.arange(len(anchor))
    p_a, nothing = expit(gap / scale), np.zeros(len(anchor), np.int64)
    votes = Votes(pairs, nothing, np.where(gap >= 0, 0, B).astype(np.int64), nothing, p_a)
    return replace(anchor, judges=("each generation",), judged=votes, models={}, families={}), scale


def refusal(anchor: AuditTable, target: Target | None, model: Generation) -> Refusal | None:
    """Why the affinity for `target` (None: for longer responses) can't be told from the anchor, if it can't."""
    table, _ = as_judge(anchor, gap_of(model))
    table = table if target is None else table.attributed()
    missing = no_people(table, 0) or (None if target is None else no_target(table, 0, target))
    if missing is not None or target is not None:
        return missing
    prompts = len(np.unique(table.prompt))
    if prompts < FEWEST_PROMPTS:
        return Refusal(
            f"The anchor has {prompts} prompts; errors are told from the differences between prompts, and "
            f"{FEWEST_PROMPTS} are needed.",
            "Take a larger anchor.fraction, or let people rate more prompts.",
        )
    return None


def affinities(anchor: AuditTable, target: Target | None, models: Sequence[Generation]) -> Affinities | None:
    """The affinities of the models of one loop, in their order; None where a fit did not converge."""
    found = [_affinity(anchor, target, gap_of(model)) for model in models]
    known = [one for one in found if one is not None]
    if len(known) < len(found):
        return None
    value, influence, sharpness = zip(*known, strict=True)
    return Affinities(Series(np.array(value), np.stack(influence, axis=1)), np.array(sharpness))


def length_covariate(table: AuditTable) -> dict[str, FloatArray]:
    """The difference of the logarithms of the lengths, A minus B, at a mean square of 1; none where all are 0."""
    difference = np.nan_to_num(np.log1p(table.length[:, 0]) - np.log1p(table.length[:, 1]))
    scale = float(np.sqrt((difference**2).mean())) if len(difference) else 0.0
    return {"length": difference / scale} if scale > 0 else {}


def _affinity(anchor: AuditTable, target: Target | None, gap: FloatArray) -> tuple[float, FloatArray, float] | None:
    """A model's affinity, what each prompt adds to it, and its sharpness."""
    table, scale = as_judge(anchor, gap)
    table = table if target is None else table.attributed()
    columns = {} if target is None else {target.name: target.sign(table)}
    # One slope for all generations: a figure is only compared with others that were made in the same way.
    found = fit(design(table, 0, columns, length_covariate(table), one_slope=True))
    place = found.names.index("taste for length" if target is None else f"affinity for {target.name}")
    if not found.converged:
        return None
    return scale * float(found.value[place]), scale * found.influence[:, place], scale * found.of("sharpness")[0]
