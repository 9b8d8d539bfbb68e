"""How good people find A over B in each comparison, from their votes alone.

The affinity model without a judge (affinity.py): delta_i ~ Normal(m_i, tau^2) with m_i from the authors' strengths and
lengths. The posterior mean E(delta_i | votes) prices in both: three votes of three for a strong author say more than
the same votes for a weak one.
"""

from dataclasses import dataclass, replace

import numpy as np

from firsthand.bootstrap import FloatArray
from firsthand.evaluate.audit.affinity import design, fit, shared_numbers
from firsthand.evaluate.audit.detectors.said import length_column
from firsthand.evaluate.audit.likelihood import SIDES, nodes_for, standard_normal
from firsthand.evaluate.audit.ordered import slopes
from firsthand.evaluate.audit.table import AuditTable


@dataclass(frozen=True, slots=True)
class Quality:
    """What people's votes say of N comparisons.

    mean: (N,), E(delta_i | votes) in people's log-odds, NaN where nobody voted. slope: (N, P), how it moves with the
    parameters of m_i, Var(delta_i | votes) / tau^2 times their columns. covariance: (P, P), of those parameters.
    """

    mean: FloatArray
    slope: FloatArray
    covariance: FloatArray


def posterior_quality(table: AuditTable) -> Quality | None:
    """The quality of each comparison; None where the fit does not converge."""
    silent = replace(table, judged=table.judged.where(np.zeros(len(table.judged), np.bool_)))
    given = design(silent, 0, {}, {"length": length_column(table)})
    found = fit(given)
    if not found.converged:
        return None
    shared = shared_numbers(given, found.value)
    points, log_weights = standard_normal(nodes_for(shared))
    parameters = given.by_mean.shape[1]
    mean = given.by_mean @ found.value[:parameters]
    delta = mean + shared.spread * points[:, None]
    people = given.given.people
    log_likelihood = sum(
        slopes(delta + side * shared.rater_pull, shared.width, people[:, place]).value
        for place, side in enumerate(SIDES)
        if people[:, place].any()
    )
    log_posterior = log_likelihood + log_weights[:, None]
    posterior = np.exp(log_posterior - log_posterior.max(axis=0))
    posterior /= posterior.sum(axis=0)
    expected = (posterior * delta).sum(axis=0)
    variance = (posterior * (delta - expected) ** 2).sum(axis=0)
    quality, slope = np.full(len(table), np.nan), np.zeros((len(table), parameters))
    quality[given.pair] = expected
    slope[given.pair] = (variance / shared.spread**2)[:, None] * given.by_mean
    return Quality(quality, slope, found.covariance[:parameters, :parameters])
