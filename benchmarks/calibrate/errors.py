"""Three ways to tell the error of an affinity, on the same worlds, to see which of them holds its level.

All rest on one fit with two slopes. *sandwich*: the estimate +- t se, se from the scores summed by prompt, t with one
degree of freedom less than there are prompts: what the audit prints. *bootstrap*: the 2.5 and 97.5 % quantiles of the
estimates of DRAWS fits to as many prompts drawn with replacement. *likelihood ratio*: 2 (l(gamma) - l(0)) against
chi-squared with one degree of freedom, which takes comparisons of one prompt for independent.
"""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
from scipy.stats import chi2
from scipy.stats import t as student

from calibrate.methods import Method, Outcome, covariates_of, own_side
from firsthand.bootstrap import SEED, percentile_interval
from firsthand.evaluate.audit.affinity import Design, design, fit
from firsthand.evaluate.audit.table import AuditTable

DRAWS = 100
LEVEL = 0.05
NAME = "affinity for own"


def sandwich(table: AuditTable) -> Outcome | None:
    """The interval that the audit prints."""
    found = fit(_design(table))
    estimate, error = found.of(NAME)
    if not found.converged or not np.isfinite(error):
        return None
    reach = float(student.isf(LEVEL / 2, len(np.unique(table.prompt)) - 1)) * error
    return Outcome(estimate, estimate - reach, estimate + reach, error)


def bootstrap(table: AuditTable) -> Outcome | None:
    """The percentile interval over prompts, the model fitted anew to every draw."""
    given = _design(table)
    found = fit(given)
    if not found.converged:
        return None
    chance = np.random.default_rng(SEED)
    prompts = int(given.prompt.max()) + 1
    drawn = [
        fit(_drawn(given, np.bincount(chance.integers(0, prompts, prompts), minlength=prompts)), near=found).of(NAME)[0]
        for _ in range(DRAWS)
    ]
    estimates = np.array(drawn)
    low, high = percentile_interval(estimates, 1 - LEVEL)
    return Outcome(found.of(NAME)[0], low, high, float(estimates.std(ddof=1)))


def likelihood_ratio(table: AuditTable) -> Outcome | None:
    """The test of gamma = 0 that knows of no prompts."""
    given = _design(table)
    found = fit(given)
    null = fit(replace(given, free=given.free & (np.array(given.names) != NAME)), near=found)
    if not (found.converged and null.converged):
        return None
    ratio = 2 * (found.log_likelihood - null.log_likelihood)
    return Outcome(found.of(NAME)[0], flagged=bool(ratio > chi2.isf(LEVEL, 1)))


ERRORS: Mapping[str, Method] = {"sandwich": sandwich, "bootstrap": bootstrap, "likelihood ratio": likelihood_ratio}


def _design(table: AuditTable) -> Design:
    return design(table, 0, {"own": own_side(table)}, covariates_of(table))


def _drawn(given: Design, times: np.ndarray) -> Design:
    """The contributions of each prompt as often as it was drawn: times (prompts,)."""
    often = times[given.prompt]
    rows = np.flatnonzero(often)
    part = given.part(rows)
    return replace(part, given=replace(part.given, weight=part.given.weight * often[rows]))
