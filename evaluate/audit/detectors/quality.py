"""How good people find A over B in each comparison, from their votes alone.

The affinity model without a judge (affinity.py): delta_i ~ Normal(m_i, tau^2) with m_i from the authors' strengths and
lengths. The posterior mean E(delta_i | votes) prices in both: three votes of three for a strong author say more than
the same votes for a weak one.
"""

from dataclasses import replace

import numpy as np

from firsthand.evaluate.audit.affinity import design, fit, shared_numbers
from firsthand.evaluate.audit.detectors.said import length_column, people_counts
from firsthand.evaluate.audit.likelihood import SIDES, nodes_for, standard_normal
from firsthand.evaluate.audit.ordered import slopes
from firsthand.evaluate.audit.table import AuditTable
from firsthand.evaluate.bootstrap import FloatArray

LEAST_DOUBLED = 30
"""Comparisons with two people's votes without which tau can't be told from noise."""


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
    shared = shared_numbers(given, found.value)
    points, log_weights = standard_normal(nodes_for(shared))
    mean = given.by_mean @ found.value[: given.by_mean.shape[1]]
    delta = mean[:, None] + shared.spread * points
    people = given.given.people
    log_likelihood = sum(
        slopes(delta + side * shared.rater_pull, shared.width, people[:, place]).value
        for place, side in enumerate(SIDES)
        if people[:, place].any()
    )
    log_posterior = log_likelihood + log_weights
    posterior = np.exp(log_posterior - log_posterior.max(axis=1, keepdims=True))
    quality = np.full(len(table), np.nan)
    seen = people_counts(table).sum(axis=1) > 0
    quality[seen] = (posterior * delta).sum(axis=1) / posterior.sum(axis=1)
    return quality
