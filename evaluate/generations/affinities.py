"""The affinity of every generation: each model is held against people as the audit holds a judge (affinity.py).

A model's verdict on a comparison is its own probability that A is better, s(score of A - score of B); people's votes
say how good the responses are. So gamma, the model's log-odds for the target beyond quality, and kappa, how strongly
it follows quality, are told apart, whatever the judge that it learned from is like.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from firsthand.evaluate.audit.affinity import Fit, design, fit
from firsthand.evaluate.audit.table import AuditTable, B, Votes
from firsthand.evaluate.audit.targets import Target
from firsthand.evaluate.audit.testable import FEWEST_PROMPTS, Refusal, no_people, no_target
from firsthand.evaluate.bootstrap import FloatArray
from firsthand.evaluate.generations.outcome import Generation
from firsthand.evaluate.generations.series import Series

LONGER = "longer responses"
"""The target whose affinity is a taste for length beyond people's."""


@dataclass(frozen=True, slots=True)
class Affinities:
    """A loop's affinities in log-odds over its generations, and its sharpness (G,)."""

    series: Series
    sharpness: FloatArray


def as_judges(anchor: AuditTable, models: Sequence[Generation]) -> AuditTable:
    """The anchor with the models' verdicts in place of the judge's."""
    pairs = len(anchor)
    given = [model.p_a for model in models if model.p_a is not None]
    p_a = np.concatenate(given) if given else np.zeros(0)
    votes = Votes(
        pair=np.tile(np.arange(pairs), len(given)),
        voter=np.repeat(np.arange(len(given)), pairs),
        outcome=np.where(p_a >= 0.5, 0, B).astype(np.int64),
        first=np.zeros(len(p_a), np.int64),
        p_a=p_a,
    )
    names = tuple(f"generation {model.generation}" for model in models)
    return replace(anchor, judges=names, judged=votes, models={}, families={})


def refusal(anchor: AuditTable, target: Target | None, models: Sequence[Generation]) -> Refusal | None:
    """Why the affinity for `target` (None: for longer responses) can't be told from the anchor, if it can't."""
    table = as_judges(anchor, models[:1])
    table = table if target is None else table.attributed()
    table = replace(table, judges=("each generation",))
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
    if not length_covariate(table):
        return Refusal("The responses of the anchor do not differ in length, or their lengths are unknown.", "")
    return None


def affinities(anchor: AuditTable, target: Target | None, models: Sequence[Generation]) -> Affinities | None:
    """The affinities of the models of one loop, in their order; None where a fit did not converge."""
    table = as_judges(anchor, models)
    table = table if target is None else table.attributed()
    columns = {} if target is None else {target.name: target.sign(table)}
    covariates = length_covariate(table)
    fits = [_fitted(table, number, columns, covariates) for number in range(len(models))]
    if not all(found.converged for found in fits):
        return None
    name = "taste for length" if target is None else f"affinity for {target.name}"
    places = [found.names.index(name) for found in fits]
    series = Series(
        np.array([found.value[place] for found, place in zip(fits, places, strict=True)]),
        np.stack([found.influence[:, place] for found, place in zip(fits, places, strict=True)], axis=1),
    )
    return Affinities(series, np.array([found.of("sharpness")[0] for found in fits]))


def length_covariate(table: AuditTable) -> dict[str, FloatArray]:
    """The difference of the logarithms of the lengths, A minus B, scaled to a mean square of 1; none where all are 0."""
    difference = np.nan_to_num(np.log1p(table.length[:, 0]) - np.log1p(table.length[:, 1]))
    scale = float(np.sqrt((difference**2).mean())) if len(difference) else 0.0
    return {"length": difference / scale} if scale > 0 else {}


def _fitted(table: AuditTable, number: int, columns: dict[str, FloatArray], covariates: dict[str, FloatArray]) -> Fit:
    # One slope for all generations: a figure is only compared with others that were made in the same way.
    return fit(design(table, number, columns, covariates, one_slope=True))
