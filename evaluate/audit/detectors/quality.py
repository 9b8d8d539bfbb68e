"""How good people find A over B in each comparison, from their votes alone.

The affinity model without a judge (affinity.py): delta_i ~ Normal(m_i, tau^2) with m_i from the authors' strengths and
lengths. The posterior mean E(delta_i | votes) prices in both: three votes of three for a strong author say more than
the same votes for a weak one.
"""

from dataclasses import replace

import numpy as np

from firsthand.evaluate.audit.affinity import design, fit
from firsthand.evaluate.audit.detectors.said import length_column, people_counts
from firsthand.evaluate.audit.likelihood import SIDES
from firsthand.evaluate.audit.ordered import slopes
from firsthand.evaluate.audit.table import AuditTable
from firsthand.evaluate.bootstrap import FloatArray

LEAST_DOUBLED = 30
"""Comparisons with two people's votes without which tau can't be told from noise."""
_NODES, _WEIGHTS = np.polynomial.hermite_e.hermegauss(21)


def doubled(table: AuditTable) -> int:
    """How many comparisons two people voted on."""
    return int((people_counts(table).sum(axis=1) >= 2).sum())


def posterior_quality(table: AuditTable) -> FloatArray | None:
    """E(delta_i | people's votes) in people's log-odds: (N,), NaN where nobody voted; None where the fit fails."""
    silent = replace(table, judged=table.judged.where(np.zeros(len(table.judged), np.bool_)))
    given = design(silent, 0, {}, {"length": length_column(table)})
    found = fit(given)
    if not found.converged:
        return None
    number = dict(zip(found.names, found.value, strict=True))
    width = float(np.exp(number["log_width"])) if given.free[found.names.index("log_width")] else 0.0
    mean = given.by_mean @ found.value[: given.by_mean.shape[1]]
    delta = mean[:, None] + np.exp(number["log_spread"]) * _NODES
    people = given.given.people
    log_likelihood = sum(
        slopes(delta + side * number["rater_pull"], width, people[:, place]).value
        for place, side in enumerate(SIDES)
        if people[:, place].any()
    )
    posterior = np.exp(log_likelihood - np.max(log_likelihood, axis=1, keepdims=True)) * _WEIGHTS
    quality = np.full(len(table), np.nan)
    seen = people_counts(table).sum(axis=1) > 0
    quality[seen] = (posterior * delta).sum(axis=1) / posterior.sum(axis=1)
    return quality
