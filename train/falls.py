"""Whether agreement has fallen since an earlier checkpoint: a test at every evaluation, with one error rate for all.

The same held-out prompts are read at every evaluation ("look"). a_t is the agreement of look t, averaged over prompts;
the hypothesis is that it never falls, so that every contrast a_s - a_t with s < t is at most 0. Comparing with the best
earlier look by its interval would not do: the best is best partly by luck, and every look is another chance to err.

Look t compares itself with every earlier look at once, by M_t = max_s T_st with the score statistic

    T_st = sum_g D_g / sqrt(sum_g D_g^2),   D_g = right_g(s) - right_g(t) of prompt g,

and the looks share alpha evenly, as Lan and DeMets (1983) spend it: of all runs without a fall, at most alpha t / (T-1)
may have been called falling by look t of 0 to T-1. The critical value c_t is the one that leaves so few of 10,000
simulated runs above it: their agreements come from the normal law with the covariance of the looks so far, as observed
over prompts, which accounts for how alike neighbouring looks are. That law is one of many prompts;
tests/calibration/test_false_alarms_of_grounding.py measures what it gives for few.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from firsthand.bootstrap import SEED, FloatArray

DRAWS = 10_000
UNCHANGED = 1e-5
"""Two looks whose difference varies less than this over prompts gave the same verdicts."""


@dataclass(frozen=True, slots=True)
class Fall:
    """What one look says.

    since: the earlier look from which the fall is clearest. drop: the fall in agreement since then, a share of one; at
    least `low` of it is real, for all looks at once. visible: the smallest drop this look could have shown. shown: the
    drop is beyond chance. low and visible are None where no verdict changed, or where alpha is spent.
    """

    since: int
    drop: float
    low: float | None
    visible: float | None
    shown: bool


def find_falls(right: FloatArray, planned: int, alpha: float, draws: int = DRAWS, seed: int = SEED) -> list[Fall]:
    """What each look but the first says, from right (looks, prompts), the share of each prompt's rows that were right.

    planned: how many looks the run will have, fixed beforehand; what a look says does not depend on later ones. A look
    beyond that number can show nothing.
    """
    looks, prompts = right.shape
    covariance = np.atleast_2d(np.cov(right, bias=True)) + UNCHANGED**2 / 10 * np.eye(looks)
    normal = np.random.default_rng(seed).standard_normal((looks, draws))
    simulated = np.linalg.cholesky(covariance) @ normal
    crossed = np.zeros(draws, np.bool_)
    found = []
    for look in range(1, looks):
        differences = right[:look] - right[look]
        spread = _spread(covariance, look)
        changed = spread > UNCHANGED
        statistic = np.full(look, -np.inf)
        score = np.sqrt(prompts * np.mean(differences[changed] ** 2, axis=1))
        statistic[changed] = prompts * differences[changed].mean(axis=1) / score
        reached = _highest(simulated, spread, changed, look)
        share = alpha * min(1.0, look / max(planned - 1, 1))
        critical = _critical_value(reached, crossed, int(share * draws))
        crossed |= reached >= critical
        found.append(_fall(differences, statistic, critical))
    return found


def rise_shown(earlier: FloatArray, later: FloatArray, alpha: float) -> bool:
    """Whether agreement rose from one look to another, by the score statistic of one pair: (prompts,) each."""
    from scipy.stats import norm

    differences = later - earlier
    squares = float(np.sum(differences**2))
    return squares > 0 and float(differences.sum()) / np.sqrt(squares) > float(norm.isf(alpha))


def _spread(covariance: FloatArray, look: int) -> FloatArray:
    """Standard deviation over prompts of the differences between each earlier look and this one: (look,)."""
    own = np.diag(covariance)
    between: FloatArray = np.sqrt(np.maximum(own[:look] + own[look] - 2 * covariance[:look, look], 0.0))
    return between


def _highest(simulated: FloatArray, spread: FloatArray, changed: npt.NDArray[np.bool_], look: int) -> FloatArray:
    """max_s of the simulated statistics of a look: (draws,)."""
    if not changed.any():
        return np.full(simulated.shape[1], -np.inf)
    contrasts = (simulated[:look] - simulated[look])[changed] / spread[changed, None]
    highest: FloatArray = contrasts.max(axis=0)
    return highest


def _critical_value(reached: FloatArray, crossed: npt.NDArray[np.bool_], allowed: int) -> float:
    """What so many of the draws reach that, with those which crossed at an earlier look, `allowed` have crossed."""
    more = allowed - int(crossed.sum())
    return float(np.sort(reached[~crossed])[-more]) if more > 0 else np.inf


def _fall(differences: FloatArray, statistic: FloatArray, critical: float) -> Fall:
    since = len(statistic) - 1 - int(statistic[::-1].argmax())  # the latest of equals
    drop = float(differences[since].mean())
    if not np.isfinite(statistic[since]) or not np.isfinite(critical):
        return Fall(since, drop, None, None, False)
    visible = critical * float(np.sqrt(np.mean(differences[since] ** 2) / differences.shape[1]))
    return Fall(since, drop, drop - visible, visible, bool(statistic[since] > critical))
